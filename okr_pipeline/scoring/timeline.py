"""Calendar facts: every instant that days, periods and windows begin at, written out.

With them a score can be worked out again without a calendar, a time zone or a fiscal year.

Belongs here: the dates and instants that key results look at. Does not: what is counted between them (windows, pace).
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from okr_pipeline.model.amending import defined_on, originally
from okr_pipeline.model.calendar import Calendar, Duration, Grain
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.earlier import previous_cycle, year_ago
from okr_pipeline.model.formula import references
from okr_pipeline.model.holidays import business_days
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.okr import Accumulate, Cadence, KeyResult, Milestones, RelativeTarget
from okr_pipeline.scoring.arrays import HOUR, instant_of, microseconds
from okr_pipeline.scoring.spans import Spans, reach_back

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Trailing:
    """Where a window of some length begins that ends at an instant, by a metric's calendar."""

    metric: str
    length: str
    ends: datetime
    starts: datetime


@dataclass(frozen=True, slots=True)
class Earlier:
    """The stretch of days that a key result of a metric is compared with: `of` previous_cycle or year_ago."""

    metric: str
    of: str
    first: date
    last: date
    first_before: date
    last_before: date


@dataclass(frozen=True, slots=True)
class Timeline:
    """Calendar facts of a configuration as of an instant.

    `days`: the start of each date in the project's zone. `periods`: by metric and grain the starts of its periods, in
    order; each ends where the next starts. `business_days`: those of `days` that are. `longest_hours`: by metric, the
    hours of its longest ordinary period.
    """

    days: Mapping[date, datetime]
    periods: Mapping[str, Mapping[str, Sequence[datetime]]]
    longest_hours: Mapping[str, float]
    trailing: Sequence[Trailing]
    earlier: Sequence[Earlier]
    business_days: Sequence[date]


def timeline(configuration: Configuration, as_of: datetime) -> Timeline:
    """The calendar facts that every key result's score as of an instant needs, as promised first and as of that day."""
    spans, day = Spans(configuration), configuration.project.calendar.last_date_before(as_of)
    variants = [kind for it in configuration.key_results() for kind in (originally(it), defined_on(it, day))]
    reading = [(it, metric) for it in variants for metric in _read_by(configuration, it)]
    stretch = _stretch(spans, reading, variants, as_of)
    grains = {(metric.id, metric.grain) for _, metric in reading}
    grains |= {(metric.id, it.measure.per) for it, metric in reading if isinstance(it.measure, Cadence)}
    days = _days(configuration.project.calendar, stretch, _named_days(configuration, variants))
    return Timeline(
        days=days,
        periods=_periods(configuration, grains, *stretch),
        longest_hours={
            metric.id: configuration.calendar_of(metric).longest_hours(metric.grain) for _, metric in reading
        },
        trailing=list(dict.fromkeys(_trailing(configuration, spans, variants, as_of))),
        earlier=list(dict.fromkeys(_earlier(configuration, variants))),
        business_days=[day for day in days if business_days(configuration.project.holidays, day, 1)[0]],
    )


def _read_by(configuration: Configuration, key_result: KeyResult) -> Iterator[Metric]:
    """The metrics that a key result reads, with the parts of those that are derived."""
    pending = [key_result.metric] if key_result.metric is not None else []
    if isinstance(key_result.measure, Milestones):
        pending += [item.when.metric for item in key_result.measure.items if item.when is not None]
    while pending:
        metric = configuration.metrics[pending.pop()]
        yield metric
        pending += references(metric.formula) if metric.formula is not None else ()


def _stretch(
    spans: Spans, reading: Iterable[tuple[KeyResult, Metric]], variants: Iterable[KeyResult], as_of: datetime
) -> tuple[datetime, datetime]:
    """From the earliest to the latest instant that anything looks at."""
    earliest = [min(*spans.of(it), *spans.before(it)) for it in variants]
    earliest += [
        min(spans.of(it)[0], spans.before(it)[0]) - reach_back(metric, spans.configuration.calendar_of(metric))
        for it, metric in reading
    ]
    latest = [spans.of(it)[1] for it in variants]
    moment, reading = microseconds(as_of), list(reading)
    closed = [moment - int(metric.closes_after.hours * HOUR) for _, metric in reading]
    return instant_of(min([moment, *closed, *earliest])), instant_of(max([moment, *latest]) + 24 * HOUR)


def _named_days(configuration: Configuration, variants: Iterable[KeyResult]) -> Iterator[date]:
    """The dates that definitions name, which may lie anywhere."""
    for cycle in configuration.cycles.values():
        yield from (cycle.starts, cycle.ends)
    for it in variants:
        yield from (point.on for point in it.pace.checkpoints)
        for item in it.measure.items if isinstance(it.measure, Milestones) else ():
            yield from (day for day in (item.due, item.done_on) if day is not None)


def _days(calendar: Calendar, stretch: tuple[datetime, datetime], named: Iterable[date]) -> dict[date, datetime]:
    """Every date of a stretch, and those that are named with the date after."""
    first, last = calendar.date_of(stretch[0]) - _DAY, calendar.date_of(stretch[1]) + 2 * _DAY
    dates = {first + number * _DAY for number in range((last - first).days + 1)}
    dates |= {day + after * _DAY for day in named for after in (0, 1)}
    return {day: calendar.start_of_day(day) for day in sorted(dates)}


def _periods(
    configuration: Configuration, grains: Iterable[tuple[str, Grain]], start: datetime, end: datetime
) -> dict[str, dict[str, list[datetime]]]:
    found: dict[str, dict[str, list[datetime]]] = {}
    for name, grain in sorted(grains):
        calendar = configuration.calendar_of(configuration.metrics[name])
        before = calendar.period_containing(calendar.period_containing(start, grain).start - _DAY / 24, grain).start
        found.setdefault(name, {})[grain.value] = calendar.boundaries(
            before, calendar.period_containing(end, grain).end + _DAY / 24, grain
        )
    return found


def _trailing(
    configuration: Configuration, spans: Spans, variants: Iterable[KeyResult], as_of: datetime
) -> Iterator[Trailing]:
    """Windows that end with the last whole period before now, before the end, and before the start."""
    for it in variants:
        if it.metric is None or it.over.length is None:
            continue
        metric = configuration.metrics[it.metric]
        calendar, (start, end) = configuration.calendar_of(metric), spans.of(it)
        for moment in _window_ends(configuration, it, as_of, end):
            yield _window(calendar, metric, it.over.length, moment)
        yield _window(calendar, metric, it.over.length, instant_of(start))


def _window_ends(configuration: Configuration, it: KeyResult, as_of: datetime, end: int) -> Iterator[datetime]:
    """The instants up to which it looks, whether or not its metric waits for its periods to close."""
    pending, closes = [it.metric], 0
    while pending:
        metric = configuration.metrics[str(pending.pop())]
        closes = max(closes, int(metric.closes_after.hours * HOUR))
        pending += references(metric.formula) if metric.formula is not None else ()
    for moment in {microseconds(as_of), microseconds(as_of) - closes}:
        yield instant_of(min(moment, end))


def _window(calendar: Calendar, metric: Metric, length: Duration, moment: datetime) -> Trailing:
    ends = calendar.period_containing(moment, metric.grain).start
    return Trailing(metric.id, str(length), ends, calendar.shift(ends, length, back=True))


def _earlier(configuration: Configuration, variants: Iterable[KeyResult]) -> Iterator[Earlier]:
    for it in variants:
        match it.measure:
            case Accumulate(to=RelativeTarget(of=of)) if it.metric is not None:
                metric = configuration.metrics[it.metric]
                calendar = configuration.calendar_of(metric)
                if of == "previous_cycle":
                    stretch = previous_cycle(calendar, it.starts, it.ends)
                else:
                    stretch = year_ago(calendar, it.starts, it.ends, metric.grain)
                yield Earlier(it.metric, of, it.starts, it.ends, *stretch)
