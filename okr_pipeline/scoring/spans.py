"""Spans: the instants that bound a key result, and the stretch before it that a baseline is taken from.

Belongs here: civil dates into instants. Does not: how far into the span a score looks (windows).
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

from okr_pipeline.model.calendar import Calendar, Duration, Grain
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.okr import AT_START, Accumulate, Change, KeyResult, Reach, RelativeTarget
from okr_pipeline.scoring.arrays import HOUR, instant_of, microseconds


@dataclass(frozen=True, slots=True)
class Spans:
    """Instants of a configuration's dates, each worked out once."""

    configuration: Configuration
    _days: dict[date, int] = field(default_factory=dict)
    _stretches: dict[tuple[Calendar, Grain, int, Duration], tuple[int, int]] = field(default_factory=dict)

    def start_of_day(self, day: date) -> int:
        """The instant at which a date starts in the project's zone."""
        if day not in self._days:
            self._days[day] = microseconds(self.configuration.project.calendar.start_of_day(day))
        return self._days[day]

    def end_of_day(self, day: date) -> int:
        """The instant at which a date is over in the project's zone."""
        return self.start_of_day(day + timedelta(days=1))

    def of(self, key_result: KeyResult) -> tuple[int, int]:
        """From the start of a key result's first day to the end of its last."""
        return self.start_of_day(key_result.starts), self.end_of_day(key_result.ends)

    def before(self, key_result: KeyResult) -> tuple[int, int]:
        """The stretch whose value a key result is measured from; empty, at its start, where it needs none.

        The newest period before the start is looked for as far back as the metric's freshness allows. A trailing
        stretch ends with the last whole period before the start, as trailing windows do.
        """
        start, _ = self.of(key_result)
        match key_result.measure:
            case Accumulate(to=RelativeTarget(of="previous_cycle")):
                return self.start_of_day(key_result.starts - _length(key_result)), start
            case Accumulate(to=RelativeTarget()):
                first, last = self._calendar_of(key_result).year_before(key_result.starts, key_result.ends)
                return self.start_of_day(first), self.end_of_day(last)
        if not starts_from_measurement(key_result) or key_result.metric is None:
            return start, start
        metric = self.configuration.metrics[key_result.metric]
        if key_result.over.kind == "latest":
            return start - reach_back(metric, self.configuration.calendar_of(metric)), start
        if key_result.over.length is None:
            return start, start
        return self._trailing(self.configuration.calendar_of(metric), metric.grain, start, key_result.over.length)

    def _calendar_of(self, key_result: KeyResult) -> Calendar:
        """The calendar of what a key result measures; the project's, where that is no metric."""
        if key_result.metric is None:
            return self.configuration.project.calendar
        return self.configuration.calendar_of(self.configuration.metrics[key_result.metric])

    def _trailing(self, calendar: Calendar, grain: Grain, start: int, length: Duration) -> tuple[int, int]:
        key = (calendar, grain, start, length)
        if key not in self._stretches:
            anchor = calendar.period_containing(instant_of(start), grain).start
            self._stretches[key] = microseconds(calendar.shift(anchor, length, back=True)), microseconds(anchor)
        return self._stretches[key]


def starts_from_measurement(key_result: KeyResult) -> bool:
    """Whether a key result says `from: at_start`."""
    return isinstance(key_result.measure, Reach | Change) and key_result.measure.from_ == AT_START


def reach_back(metric: Metric, calendar: Calendar) -> int:
    """How long before an instant the newest fresh period of a metric can start, in microseconds."""
    return int((metric.freshness_hours + calendar.longest_hours(metric.grain)) * HOUR)


def _length(key_result: KeyResult) -> timedelta:
    return key_result.ends - key_result.starts + timedelta(days=1)
