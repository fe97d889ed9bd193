"""How far back a metric must have been read for today's scores, and how far back they look.

Belongs here: what key results look at. Does not: what the store already has, restated history (application).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime

from okr_pipeline.model.amending import definitions_of
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.contribution import is_summed
from okr_pipeline.model.formula import references
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.okr import KeyResult, Milestones
from okr_pipeline.scoring.arrays import HOUR, NO_INSTANT, instant_of, microseconds
from okr_pipeline.scoring.horizons import LOOKED_AT
from okr_pipeline.scoring.spans import Spans, reach_back


def extraction_start(configuration: Configuration, metric_id: str, as_of: datetime) -> datetime:
    """The start of the earliest period of a metric that an open key result looks at, through formulas.

    It looks at its span, at the stretch before it that its baseline or target is taken from, and at the earlier years
    that its season is taken from, but for what lies before the project's `history_starts`, by each of its
    definitions, for its score by the first is told beside that by the last. A key result is open
    from its start until its metric closes after its end; a cancelled one is not. One that counts in a sum, or among
    milestones, is looked at as long as these are open, too, for they are of what it counted, whatever became of it.
    A metric that none reads is looked at as far back as it may be stale or restated. For many metrics
    `extraction_starts` reads the key results once.
    """
    return _start(configuration, metric_id, as_of, _needs(configuration, as_of))


def extraction_starts(configuration: Configuration, as_of: datetime) -> dict[str, datetime]:
    """`extraction_start` of every metric of a configuration."""
    needs = _needs(configuration, as_of)
    return {metric_id: _start(configuration, metric_id, as_of, needs) for metric_id in configuration.metrics}


def evaluation_start(configuration: Configuration, as_of: datetime) -> datetime:
    """The earliest instant that scores as of an instant look at; `as_of` where nothing has started.

    Unlike reading, a score needs the whole span of key results that are over, too: their grade is worked out from it,
    and so is the value of what they contribute to.
    """
    moment, spans = microseconds(as_of), Spans(configuration)
    defined = (each for it in configuration.key_results() for each in definitions_of(it))
    started = (it for it in defined if spans.of(it)[0] < moment)
    looked_at = (earliest for it in started for _, earliest in _read_metrics(configuration, it, spans))
    return instant_of(min(looked_at, default=moment))


def history_starts(configuration: Configuration, as_of: datetime) -> dict[str, datetime]:
    """By metric the earliest instant that forecasts as of an instant look at, where the store has it.

    Metrics that no forecast looks at are left out. What contributes by value is foreseen before it starts.
    """
    moment, spans, starts = microseconds(as_of), Spans(configuration), dict[str, int]()
    for key_result in (each for it in configuration.key_results() for each in definitions_of(it)):
        start, end = spans.of(key_result)
        begun = start < moment or key_result.contributes_to is not None
        if key_result.metric is not None and begun and moment < end:
            metric = configuration.metrics[key_result.metric]
            for each in _with_parts(configuration, metric):
                starts[each.id] = min(starts.get(each.id, start), start - LOOKED_AT[metric.grain])
    return {metric_id: instant_of(start) for metric_id, start in starts.items()}


def _start(configuration: Configuration, metric_id: str, as_of: datetime, needs: Mapping[str, int]) -> datetime:
    metric = configuration.metrics[metric_id]
    calendar = configuration.calendar_of(metric)
    idle = microseconds(as_of) - max(reach_back(metric, calendar), int(metric.restates.hours * HOUR))
    earliest = instant_of(needs.get(metric_id, idle))
    return calendar.period_containing(earliest, metric.grain).start


def _needs(configuration: Configuration, as_of: datetime) -> dict[str, int]:
    """For every metric that an open key result reads, the earliest instant that one looks at."""
    moment, spans, needs = microseconds(as_of), Spans(configuration), dict[str, int]()
    counted_until = _counted_until(configuration, spans)
    for key_result in (each for it in configuration.key_results() for each in definitions_of(it)):
        end = max(_pursued_until(key_result, spans), counted_until.get(key_result.contributes_to, NO_INSTANT))
        if moment <= spans.of(key_result)[0] or end == NO_INSTANT:
            continue
        for metric, earliest in _read_metrics(configuration, key_result, spans):
            if moment <= end + int(metric.closes_after.hours * HOUR):
                needs[metric.id] = min(needs.get(metric.id, earliest), earliest)
    return needs


def _pursued_until(key_result: KeyResult, spans: Spans) -> int:
    """The end of one that is not cancelled; else NO_INSTANT, which is before every other."""
    return NO_INSTANT if key_result.state == "cancelled" else spans.of(key_result)[1]


def _counted_until(configuration: Configuration, spans: Spans) -> dict[str | None, int]:
    """For every key result whose value is made of its parts', how long these count in it or in one above it."""
    wholes = {it.contributes_to for it in configuration.key_results() if it.contributes_to is not None}
    made: dict[str | None, KeyResult] = {
        it.full_id: it
        for it in (configuration.key_results() if wholes else ())
        if it.full_id in wholes and (is_summed(it) or isinstance(it.measure, Milestones))
    }
    found = dict[str | None, int]()
    for name, whole in made.items():
        line = [whole]
        while line[-1].contributes_to in made:
            line.append(made[line[-1].contributes_to])
        found[name] = max(_pursued_until(each, spans) for it in line for each in definitions_of(it))
    return found


def _read_metrics(configuration: Configuration, key_result: KeyResult, spans: Spans) -> Iterator[tuple[Metric, int]]:
    """Every metric that a key result reads, with the earliest instant it looks at."""
    start, _ = spans.of(key_result)
    if key_result.metric is not None:
        earliest = min(start, spans.before(key_result)[0], _season_from(configuration, key_result, spans))
        for each in _with_parts(configuration, configuration.metrics[key_result.metric]):
            yield each, earliest
    if isinstance(key_result.measure, Milestones):
        for item in key_result.measure.items:
            if item.when is not None:
                metric = configuration.metrics[item.when.metric]
                for each in _with_parts(configuration, metric):
                    yield each, start - reach_back(metric, configuration.calendar_of(metric))


def _season_from(configuration: Configuration, key_result: KeyResult, spans: Spans) -> int:
    """Where the earlier years of a seasonal plan begin, as far back as the project has history at all."""
    begins, earliest = configuration.project.history_starts, spans.season_from(key_result)
    return earliest if begins is None else max(earliest, spans.start_of_day(begins))


def _with_parts(configuration: Configuration, metric: Metric) -> Iterator[Metric]:
    yield metric
    for part in references(metric.formula) if metric.formula is not None else ():
        yield from _with_parts(configuration, configuration.metrics[part])
