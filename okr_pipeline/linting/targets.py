"""One key result's measure, beside its metric and beside what is known of it.

Belongs here: rules of measures and targets. Does not: titles, rules across key results (shape).
"""

from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise
from typing import Final

from okr_pipeline.linting.findings import Facts, Finding, FirstForecast
from okr_pipeline.linting.measures import SHARES, figure
from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.metric import Band, Better, Metric, Rollup
from okr_pipeline.model.okr import (
    Accumulate,
    Cadence,
    Change,
    Intent,
    KeyResult,
    Maintain,
    Milestones,
    Objective,
    Points,
    Reach,
    Share,
)
from okr_pipeline.model.score import Reason

LEAST_EARLIER: Final = 4
"""How many earlier stretches it takes to say what a metric does by itself."""

CERTAIN_CHANCE: Final = 0.95
POSSIBLE_CHANCE: Final = 0.05
"""A forecast of the first days says what happens by itself. With the one a target is certain, with the other it is not
hopeless, wherever it lies. A smaller chance alone says nothing: it is what a stretch is for."""
HOPELESS_TIMES: Final = 3.0
"""As many times of what a metric may bring by itself are beyond what anybody believes."""

MARGIN: Final = 0.95
"""What is proposed to a committed share of events, or of so many periods that one is less than a twentieth of them."""

CERTAIN_SHARE: Final = 0.75
HOPELESS_RANGES: Final = 3.0
MOST_OFF: Final = 0.1
"""How far a written baseline may be from where the metric started, as a share of the way to the target."""


def lint_targets(configuration: Configuration, facts: Facts) -> Iterator[Finding]:
    """Every rule of one key result's measure."""
    for objective in configuration.objectives.values():
        for it in objective.key_results:
            if it.state == "cancelled":
                continue
            metric = configuration.metrics.get(it.metric or "")
            yield from _undated(it)
            yield from _without_margin(configuration, objective, it)
            if metric is not None:
                for rule in _BESIDE_METRIC:
                    yield from rule(it, metric)
                yield from _beside_facts(it, metric, facts)


def _undated(it: KeyResult) -> Iterator[Finding]:
    if not isinstance(it.measure, Milestones) or len(it.measure.items) < 2:
        return
    dated = [item for item in it.measure.items if item.due and item.due < it.ends]
    if not dated and not any(item.when or item.done_on for item in it.measure.items):
        what = f"all {len(it.measure.items)} steps are due on its last day"
        yield _at(it, "undated-milestones", what, "Write `due:` at the steps that must be done before", "milestones")


def _without_margin(configuration: Configuration, objective: Objective, it: KeyResult) -> Iterator[Finding]:
    if objective.intent is not Intent.COMMITTED or not isinstance(it.measure, Maintain | Cadence):
        return
    periods = _periods(configuration, it)
    if it.measure.share < 1 and (periods is None or it.measure.share * periods <= periods - 1):
        return
    one = f"one {it.measure.per.value}" if isinstance(it.measure, Cadence) else f"one of its {it.measure.of}"
    what = f"is committed, and {one} that is missed breaks it for good"
    share = MARGIN if periods is None else min(MARGIN, 100 * (periods - 1) // max(periods, 1) / 100)
    rewrite = f"Write `share: {share:g}`, or make" if share > 0 else "Make"
    yield _at(it, "committed-without-margin", what, f"{rewrite} the intent aspirational")


def _periods(configuration: Configuration, it: KeyResult) -> int | None:
    """How many whole periods a share is of; None of events, whose number nobody knows before."""
    metric = configuration.metrics.get(it.metric or "")
    if metric is None or (isinstance(it.measure, Maintain) and it.measure.of == "events"):
        return None
    grain = it.measure.per if isinstance(it.measure, Cadence) else metric.grain
    project = configuration.project.calendar
    start, end = project.start_of_day(it.starts), project.end_of_day(it.ends)
    bounds = metric.calendar_in(project).boundaries(start, end, grain)
    return sum(start <= first and last <= end for first, last in pairwise(bounds))


def _relative(it: KeyResult, metric: Metric) -> Iterator[Finding]:
    if isinstance(it.measure, Change) and isinstance(it.measure.by, Share) and metric.unit in SHARES:
        share = it.measure.by.value * 100
        what = f"changes '{metric.id}', a share, by {share:+g} % of itself"
        rewrite = f"If points were meant, write `by: {share:+g} points`; if not, say so under `suppress`"
        yield _at(it, "relative-percentage", what, rewrite, "change", "by")


def _in_band(it: KeyResult, metric: Metric) -> Iterator[Finding]:
    if metric.better is Better.IN_BAND and isinstance(it.measure, Reach | Change):
        band = metric.healthy or Band(0.0, 1.0)
        bounds = ", ".join(
            f"{name}: {bound:g}" for name, bound in (("min", band.min), ("max", band.max)) if bound is not None
        )
        what = f"should reach a value of '{metric.id}', which is best inside a band"
        yield _at(it, "in-band-target", what, f"Write `measure: {{maintain: {{{bounds}, share: 0.9}}}}`")


def _last_day(it: KeyResult, metric: Metric) -> Iterator[Finding]:
    short = metric.grain in {Grain.HOUR, Grain.DAY} and metric.rollup is not Rollup.LAST
    if isinstance(it.measure, Reach | Change) and it.over.kind == "latest" and short:
        what = f"is judged by the newest {metric.grain.value} of '{metric.id}' alone"
        yield Finding("last-day-decides", "key_result", it.full_id, (), what, "Write `over: trailing 28 days`")


def _beyond_healthy(it: KeyResult, metric: Metric) -> Iterator[Finding]:
    if not isinstance(it.measure, Reach) or metric.healthy is None or it.where or it.over.kind == "cycle":
        return
    band, to = metric.healthy, it.measure.to
    bound = (
        band.max
        if band.max is not None and to > band.max
        else band.min
        if band.min is not None and to < band.min
        else None
    )
    if bound is not None:
        what = f"aims at {figure(to, metric)}, and '{metric.id}' is healthy up to {figure(bound, metric)}"
        what = what if to > bound else what.replace("up to", "from")
        rewrite = f"Aim at {figure(bound, metric)} or better, or move the metric's `healthy` band"
        yield _at(it, "beyond-healthy", what, rewrite, "reach", "to")


_BESIDE_METRIC: Final[tuple[Callable[[KeyResult, Metric], Iterator[Finding]], ...]] = (
    _relative,
    _in_band,
    _last_day,
    _beyond_healthy,
)


_NOT_FRESH: Final[Mapping[str, str]] = {
    Reason.SOURCE_FAILED: "whose source could not be read",
    Reason.NO_OBSERVATION: "which has no value in its window",
    Reason.STALE: "whose values are too old",
}
"""Why a metric has no fresh values, by the reason of its key result."""


def _beside_facts(it: KeyResult, metric: Metric, facts: Facts) -> Iterator[Finding]:
    if it.full_id in facts.unread:
        what = f"reads '{metric.id}', {_NOT_FRESH[facts.unread[it.full_id]]}"
        rewrite = "Mend its source, or pause it with `state: paused` and a reason"
        yield Finding("stale-metric", "key_result", it.full_id, ("metric",), what, rewrite)
    start = facts.at_start.get(it.full_id)
    if start is not None and isinstance(it.measure, Reach | Change):
        yield from _beside_start(it, metric, start, facts)
    elif it.full_id in facts.forecasts:
        yield from _beside_forecast(it, metric, facts.forecasts[it.full_id])


def _beside_start(it: KeyResult, metric: Metric, start: float, facts: Facts) -> Iterator[Finding]:
    """A target, and a written baseline, beside where the metric stood before the start."""
    measure = it.measure
    if not isinstance(measure, Reach | Change):
        return
    open_start = isinstance(measure.from_, str)
    origin = start if isinstance(measure.from_, str) else measure.from_
    target = _target(it, origin)
    if target is None:
        return
    done = (start - origin) / (target - origin) if target != origin else 0.0
    stood = f"'{metric.id}' was at {figure(start, metric)} before the start"
    if done >= 1 or (open_start and _is_beyond(metric, start, target)):
        rewrite = "Aim further, or keep it as a KPI with a `healthy` band"
        yield _at(it, "met-at-start", f"aims at {figure(target, metric)}, and {stood}", rewrite, measure.kind)
        return
    yield from _beside_itself(it, metric, target, (start, *facts.earlier.get(it.full_id, ())), facts)
    if abs(done) > MOST_OFF:
        rewrite = f"Write `from: {start:.6g}`, or `from: at_start`"
        yield _at(
            it, "baseline-off", f"starts from {figure(origin, metric)}, and {stood}", rewrite, measure.kind, "from"
        )


def _beside_forecast(it: KeyResult, metric: Metric, forecast: FirstForecast) -> Iterator[Finding]:
    """A target beside what would have come of it by itself, as seen from its first days.

    A band or a budget is meant to hold, and that a metric will have been observed is no target.
    """
    chance, times = forecast.chance, forecast.target / forecast.high if forecast.high > 0 else 0.0
    if chance >= CERTAIN_CHANCE and isinstance(it.measure, Reach | Change | Accumulate | Cadence):
        said = "more than 99 %" if chance > 0.99 else f"{100 * chance:.0f} %"
        what = f"had a chance of {said} in its first days, by forecast"
        yield _at(it, "certain", what, _FURTHER, it.measure.kind)
    elif isinstance(it.measure, Accumulate) and times > HOPELESS_TIMES:
        what = f"asks '{metric.id}' for {times:.1f} times what it may bring by itself, {figure(forecast.high, metric)}"
        yield _at(it, "hopeless", what, _NEARER, it.measure.kind)


_FURTHER: Final = "Aim where it does not go by itself, or keep it as a KPI with a `healthy` band"
_NEARER: Final = "Aim nearer, or give it longer; what will be so different, say under `suppress`"


def _beside_itself(
    it: KeyResult, metric: Metric, target: float, stood: tuple[float, ...], facts: Facts
) -> Iterator[Finding]:
    """A target beside what the metric does by itself: as forecast, else as it did in earlier stretches.

    `stood` is where it was before the start, and before that.
    """
    forecast = facts.forecasts.get(it.full_id)
    if forecast is not None:
        yield from _beside_forecast(it, metric, forecast)
    if len(stood) > LEAST_EARLIER:
        if forecast is None:
            yield from _met_earlier(it, metric, target, stood)
        if forecast is None or forecast.chance < POSSIBLE_CHANCE:
            yield from _beyond_range(it, metric, target, stood)


def _met_earlier(it: KeyResult, metric: Metric, target: float, stood: tuple[float, ...]) -> Iterator[Finding]:
    earlier = stood[1:]
    met = sum((value - target) * (target - stood[0]) >= 0 for value in earlier)
    if met >= CERTAIN_SHARE * len(earlier):
        what = f"aims at {figure(target, metric)}, where '{metric.id}' was in {met} of {len(earlier)} earlier stretches"
        yield _at(it, "certain", what, _FURTHER, it.measure.kind)


def _beyond_range(it: KeyResult, metric: Metric, target: float, stood: tuple[float, ...]) -> Iterator[Finding]:
    reach = max(stood) - min(stood)
    if abs(target - stood[0]) > HOPELESS_RANGES * reach > 0:
        times = abs(target - stood[0]) / reach
        what = f"asks '{metric.id}' for {times:.1f} times the range that it moved in over {len(stood)} stretches"
        yield _at(it, "hopeless", what, _NEARER, it.measure.kind)


def _target(it: KeyResult, origin: float) -> float | None:
    match it.measure:
        case Reach(_, to):
            return to
        case Change(Share(value)):
            return origin * (1 + value)
        case Change(Points(value)):
            return origin + value
        case _:
            return None


def _is_beyond(metric: Metric, start: float, target: float) -> bool:
    """Whether a metric that starts where it is measured from is already past its target, by its good direction."""
    if metric.better is Better.HIGHER:
        return start >= target
    return metric.better is Better.LOWER and start <= target


def _at(it: KeyResult, rule: str, what: str, rewrite: str, *keys: str) -> Finding:
    return Finding(rule, "key_result", it.full_id, ("measure", *keys), what, rewrite)
