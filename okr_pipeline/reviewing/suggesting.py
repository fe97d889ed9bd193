"""Suggestions: what KPIs say for the next cycle, and what outcomes say for KPIs' bands.

Belongs here: their rules. Does not: the scores they read.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

import pandas as pd

from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.metric import Better, Metric
from okr_pipeline.model.okr import Cycle, KeyResult
from okr_pipeline.model.review import Grade, Suggestion
from okr_pipeline.model.score import Status
from okr_pipeline.reviewing.asking import HELD, TREND

MOSTLY_HELD: Final = 0.8
"""A band that held for a smaller share of the periods calls for a key result."""
GOES_ON: Final = frozenset({Status.MISSED, Status.PARTIAL, Status.PAUSED, Status.UNKNOWN})
"""What carries over into the next cycle."""
WORSE: Final = 0.1
"""A value that is worse than that of the stretch before by a larger share is named."""


def suggest(
    configuration: Configuration, cycle: Cycle, grades: tuple[Grade, ...], kpis: pd.DataFrame, *, ended: bool = True
) -> tuple[Suggestion, ...]:
    """Suggestions by metric; `kpis` are the scores of `kpi_questions`. What is unknown says nothing."""
    answers = kpis.set_index("key_result") if len(kpis) else kpis
    graded, on_all = {it.id: it for it in grades}, _on_all(configuration)
    found: list[Suggestion] = []
    for metric in configuration.metrics.values():
        asked = {
            name: _numbers(answers, f"review/{prefix}{metric.id}")
            for name, prefix in (("trend", TREND), ("held", HELD))
        }
        about = [graded[it.full_id] for it in on_all[metric.id] if it.cycle == cycle.id and it.full_id in graded]
        todo = _goes_on(configuration, cycle, on_all[metric.id]) or _todo(about, ended=ended)
        won = any(it.status == Status.ACHIEVED for it in about)
        found += _of_metric(metric, asked["trend"], asked["held"].get("value"), todo, won=won)
    return tuple(found)


def _on_all(configuration: Configuration) -> Mapping[str, Sequence[KeyResult]]:
    """By metric the key results on all of its members."""
    found: defaultdict[str, list[KeyResult]] = defaultdict(list)
    for it in configuration.key_results():
        if it.metric and not it.where:
            found[it.metric].append(it)
    return found


def _of_metric(
    metric: Metric, trend: Mapping[str, float | None], held: float | None, todo: str, *, won: bool
) -> Iterator[Suggestion]:
    value, before = trend.get("value"), trend.get("baseline")
    if held is not None and held < MOSTLY_HELD:
        text = f"inside its healthy band ({_band(metric)}) for {held * 100:.0f} % of its periods: {todo}"
        yield Suggestion(metric.id, "outside", text, held, before, value)
    elif value is not None and before is not None and before > 0 and _worse(metric, value, before) > WORSE:
        change = _worse(metric, value, before)
        numbers = f"{before:.6g} to {value:.6g}{_each(metric)}"
        text = f"{change * 100:.0f} % worse than in the days before the cycle, {numbers}: watch it"
        yield Suggestion(metric.id, "worse", text, held, before, value)
    if won and held == 1 and value is not None:
        yield from _tighter(metric, value, before, held)


def _todo(about: Sequence[Grade], *, ended: bool) -> str:
    """What to do about a band that did not hold, by whether a key result of the cycle is about it."""
    pursued = [it for it in about if it.status not in (Status.PAUSED, Status.CANCELLED)]
    if not pursued:
        return "make it a key result"
    if not ended:
        return f"{pursued[0].id} is about it"
    over = [it for it in pursued if it.status in GOES_ON]
    return f"{over[0].id} carries over" if over else f"make it a key result again, as {pursued[0].id} was"


def _goes_on(configuration: Configuration, cycle: Cycle, on_all: Sequence[KeyResult]) -> str | None:
    """The first of the key results on all of a metric that is pursued beyond the cycle; None where none is."""
    for it in on_all:
        if it.state == "active" and configuration.cycles[it.cycle].ends > cycle.ends:
            return f"{it.full_id} is about it"
    return None


def _tighter(metric: Metric, value: float, before: float | None, held: float) -> Iterator[Suggestion]:
    """Where a key result was achieved and the band held throughout, half of the room that is left in it.

    Sums are over the cycle and bands per period, so only metrics whose values do not add up are judged.
    """
    bound = _bound(metric)
    if bound is None or metric.rollup == "sum":
        return
    side, limit = bound
    if (limit - value if side == "max" else value - limit) <= 0:
        return
    proposed = float(f"{(limit + value) / 2:.3g}")
    text = (
        f"its key result was achieved and its band held throughout: {side} {proposed:g} in place of {limit:g}"
        " keeps what was won"
    )
    yield Suggestion(metric.id, "tighter", text, held, before, value, proposed)


def _bound(metric: Metric) -> tuple[str, float] | None:
    """The bound of the healthy band on the bad side."""
    if metric.healthy is None:
        return None
    if metric.better is Better.LOWER and metric.healthy.max is not None:
        return "max", metric.healthy.max
    if metric.better is Better.HIGHER and metric.healthy.min is not None:
        return "min", metric.healthy.min
    return None


def _worse(metric: Metric, value: float, before: float) -> float:
    """By which share of the value before it is worse; negative where it is better, 0 where neither is."""
    change = (value - before) / before
    return {Better.LOWER: change, Better.HIGHER: -change, Better.IN_BAND: 0.0}[metric.better]


def _each(metric: Metric) -> str:
    """What a value is of where sums were asked by their mean a period."""
    if metric.rollup != "sum":
        return ""
    return " an hour" if metric.grain is Grain.HOUR else f" a {metric.grain.value}"


def _band(metric: Metric) -> str:
    if metric.healthy is None:
        return "none"
    bounds = (("min", metric.healthy.min), ("max", metric.healthy.max))
    return ", ".join(f"{name} {bound:g}" for name, bound in bounds if bound is not None)


def _numbers(answers: pd.DataFrame, name: str) -> dict[str, float | None]:
    if name not in answers.index:
        return {}
    row = answers.loc[name]
    return {column: None if pd.isna(row[column]) else float(row[column]) for column in ("value", "baseline")}
