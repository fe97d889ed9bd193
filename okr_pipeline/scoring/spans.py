"""Spans: the instants that bound a key result, and the earlier stretches that it is compared with.

Belongs here: civil dates into instants. Does not: how far into the span a score looks (windows).
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np

from okr_pipeline.model.calendar import Calendar, Duration, Grain
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.earlier import earlier_years, previous_cycle, year_ago
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.okr import AT_START, Accumulate, Change, KeyResult, Reach, RelativeTarget
from okr_pipeline.scoring.arrays import HOUR, Integers, instant_of, microseconds


@dataclass(frozen=True, slots=True)
class Spans:
    """Instants of a configuration's dates, each worked out once."""

    configuration: Configuration
    _days: dict[date, int] = field(default_factory=dict)
    _spans: dict[tuple[date, date], tuple[int, int]] = field(default_factory=dict)
    _stretches: dict[tuple[Calendar, Grain, int, Duration], tuple[int, int]] = field(default_factory=dict)
    _earlier: dict[tuple[Calendar, date, date], tuple[Integers, Integers]] = field(default_factory=dict)

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
        dates = key_result.starts, key_result.ends
        found = self._spans.get(dates)
        if found is None:
            found = self._spans[dates] = self.start_of_day(dates[0]), self.end_of_day(dates[1])
        return found

    def before(self, key_result: KeyResult) -> tuple[int, int]:
        """The stretch whose value a key result is measured from; empty, at its start, where it needs none.

        The newest period before the start is looked for as far back as the metric's freshness allows. A trailing
        stretch ends with the last whole period before the start, as trailing windows do.
        """
        start, _ = self.of(key_result)
        match key_result.measure:
            case Accumulate(to=RelativeTarget(of="previous_cycle")):
                first, _ = previous_cycle(self._periods_of(key_result)[0], key_result.starts, key_result.ends)
                return self.start_of_day(first), start
            case Accumulate(to=RelativeTarget()):
                calendar, grain = self._periods_of(key_result)
                first, last = year_ago(calendar, key_result.starts, key_result.ends, grain)
                return self.start_of_day(first), min(self.end_of_day(last), start)
        if not starts_from_measurement(key_result) or key_result.metric is None:
            return start, start
        return self._window_before(key_result, start)

    def earlier(self, key_result: KeyResult) -> tuple[Integers, Integers]:
        """The starts and ends of the days of earlier years that its season is taken from: a row a year, a column a day.

        A date that the zone skipped is no day of the span, and of an earlier year one without length.
        """
        calendar, _ = self._periods_of(key_result)
        key = (calendar, key_result.starts, key_result.ends)
        if key not in self._earlier:
            every = (key_result.starts + timedelta(days=n) for n in range(_length(key_result).days))
            days = [day for day in every if self.start_of_day(day) < self.end_of_day(day)]
            years = earlier_years(calendar, days or [key_result.starts])
            starts = [[self.start_of_day(day) for day in year] for year in years]
            ends = [[self.end_of_day(day) for day in year] for year in years]
            self._earlier[key] = np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64)
        return self._earlier[key]

    def season_from(self, key_result: KeyResult) -> int:
        """The earliest instant that its season looks at; its start, where its plan has none."""
        start, _ = self.of(key_result)
        if not has_season(key_result):
            return start
        first = int(self.earlier(key_result)[0].min())
        return first if is_flow(key_result) else self._window_before(key_result, first)[0]

    def _window_before(self, key_result: KeyResult, moment: int) -> tuple[int, int]:
        """The window of its value just before an instant."""
        calendar, grain = self._periods_of(key_result)
        if key_result.metric is None or key_result.over.kind == "cycle":
            return moment, moment
        if key_result.over.length is None:
            return moment - reach_back(self.configuration.metrics[key_result.metric], calendar), moment
        return self._trailing(calendar, grain, moment, key_result.over.length)

    def _periods_of(self, key_result: KeyResult) -> tuple[Calendar, Grain]:
        """Calendar and grain of what a key result measures; the project's days, where that is no metric."""
        if key_result.metric is None:
            return self.configuration.project.calendar, Grain.DAY
        metric = self.configuration.metrics[key_result.metric]
        return self.configuration.calendar_of(metric), metric.grain

    def _trailing(self, calendar: Calendar, grain: Grain, start: int, length: Duration) -> tuple[int, int]:
        key = (calendar, grain, start, length)
        if key not in self._stretches:
            anchor = calendar.period_containing(instant_of(start), grain).start
            self._stretches[key] = microseconds(calendar.shift(anchor, length, back=True)), microseconds(anchor)
        return self._stretches[key]


def starts_from_measurement(key_result: KeyResult) -> bool:
    """Whether a key result says `from: at_start`."""
    return isinstance(key_result.measure, Reach | Change) and key_result.measure.from_ == AT_START


def has_season(key_result: KeyResult) -> bool:
    """Whether its plan follows earlier years; a sum of others has none of its own."""
    shaped = isinstance(key_result.measure, Reach | Change | Accumulate)
    return shaped and key_result.pace.kind == "seasonal" and key_result.metric is not None


def is_flow(key_result: KeyResult) -> bool:
    """Whether a value is a sum since the start, whose season is that of its parts; else it is a level."""
    return isinstance(key_result.measure, Accumulate) or key_result.over.kind == "cycle"


def reach_back(metric: Metric, calendar: Calendar) -> int:
    """How long before an instant the newest fresh period of a metric can start, in microseconds."""
    return int((metric.freshness_hours + calendar.longest_hours(metric.grain)) * HOUR)


def _length(key_result: KeyResult) -> timedelta:
    return key_result.ends - key_result.starts + timedelta(days=1)
