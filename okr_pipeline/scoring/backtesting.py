"""Backtesting: forecasts as they would have been made, beside what came of it, and how well they were calibrated.

Belongs here: key results moved back to where their end is known, and the measures of forecasts. Does not: storing them.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final

import numpy as np
import pandas as pd

from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.formula import references
from okr_pipeline.model.okr import Change, Intent, KeyResult, Level, Objective, Pace, Points, Reach
from okr_pipeline.model.score import Family
from okr_pipeline.scoring.arrays import Booleans, Floats, Integers, microseconds, moments_of, stamps, texts
from okr_pipeline.scoring.definitions import Definitions, Kind
from okr_pipeline.scoring.forecasting import NO_FAMILY, Forecasts, forecast
from okr_pipeline.scoring.histories import FAMILIES
from okr_pipeline.scoring.scores import prepare
from okr_pipeline.scoring.standing import Standing, stand

REPLAYS: Final = (
    "key_result", "as_of", "family", "value", "value_low", "value_high", "end_value", "probability", "reached", "ratio",
    "naive",
)  # fmt: skip
"""One row: a forecast as of a past instant. `end_value` and `reached` are what came of it, `ratio` the pace ratio then,
`naive` whether it would have been reached if a total had gone on as since the start, and all else had stayed."""

_STEP: Final = timedelta(days=7)
_BETWEEN_SPANS: Final = 28
_BEFORE: Final = 28
_MOST_SPANS: Final = 13
PACE_RULES: Final[Mapping[Family, tuple[float, float]]] = {
    Family.STOCK: (1.4, 1.0),
    Family.FLOW: (1.0, 40.0),
    Family.RATIO: (3.0, 0.4),
    Family.SHARE: (1.0, 8.0),
}
"""The plain rule that told best what became of series like those of each family: middle and steepness of a logistic of
the pace ratio, as `benchmarks/forecasting.py` finds them on the half that it tunes on."""


def replays(configuration: Configuration, observations: pd.DataFrame, as_of: datetime) -> pd.DataFrame:
    """A `REPLAYS` frame: each key result that has a series, moved back by whole weeks until its end is known.

    It is moved back further, four weeks at a time, as long as there are four weeks of history before. From where it
    goes is measured anew; budgets, sums and bands stay as they are. Forecasts are replayed for the end of every week,
    from what is known now of the time before.
    """
    moved = list(_moved(configuration, observations, as_of))
    if not moved:
        return pd.DataFrame(columns=list(REPLAYS))
    objective = Objective("replayed", "past", "", "", Level.TEAM, Intent.COMMITTED, tuple(moved))
    past = replace(configuration, cycles={}, objectives={objective.full_id: objective})
    prepared = prepare(past, observations, until=as_of)
    definitions, tracks, bases = prepared.definitions, prepared.tracks, prepared.bases
    end = stand(definitions, tracks, bases, microseconds(as_of), prepared.failed)
    frames = []
    for instant in _weeks(configuration, min(it.starts for it in moved), as_of):
        moment = microseconds(instant)
        then = stand(definitions, tracks, bases, moment, prepared.failed)
        frames.append(_replayed(definitions, forecast(definitions, tracks, then, moment), then, end, moment))
    return pd.concat(frames, ignore_index=True)


def calibration(replayed: pd.DataFrame) -> pd.DataFrame:
    """`family`, `forecasts`, `coverage`, `brier`, `brier_pace`, `brier_naive` of a `REPLAYS` frame, a row per family.

    Coverage is the share of ends inside the interval. A Brier score is the mean squared error of a chance.
    """
    rows = []
    for family, found in replayed.groupby("family", sort=True):
        reached = found["reached"].to_numpy(dtype=np.float64)
        rule = PACE_RULES[Family(str(family))]
        inside = (found["end_value"] >= found["value_low"]) & (found["end_value"] <= found["value_high"])
        rows.append(
            {
                "family": family,
                "forecasts": len(found),
                "coverage": float(inside.mean()),
                "brier": float(((found["probability"] - reached) ** 2).mean()),
                "brier_pace": float(((pace_chance(found["ratio"].to_numpy(), *rule) - reached) ** 2).mean()),
                "brier_naive": float(((found["naive"] - reached) ** 2).mean()),
            }
        )
    return pd.DataFrame(rows, columns=["family", "forecasts", "coverage", "brier", "brier_pace", "brier_naive"])


def pace_chance(ratio: Floats, middle: float, steepness: float) -> Floats:
    """What a plain rule makes of pace ratios: a chance that rises around a middle."""
    return np.asarray(1 / (1 + np.exp(-steepness * (np.clip(ratio, -3, 4) - middle))), dtype=np.float64)


def _moved(configuration: Configuration, observations: pd.DataFrame, as_of: datetime) -> Iterator[KeyResult]:
    first = _first_days(configuration, observations)
    today = configuration.project.calendar.last_date_before(as_of)
    for key_result in configuration.key_results():
        since = first.get(key_result.metric or "")
        if since is None or key_result.measure.kind in ("milestones", "manual"):
            continue
        weeks = max(0, -(-(key_result.ends - today).days // 7))
        for turn in range(_MOST_SPANS):
            back = timedelta(days=7 * weeks + _BETWEEN_SPANS * turn)
            if key_result.starts - back < since + timedelta(days=_BEFORE):
                break
            yield _back(key_result, back, turn)


def _back(key_result: KeyResult, back: timedelta, turn: int) -> KeyResult:
    measure = key_result.measure
    if isinstance(measure, Reach) and not isinstance(measure.from_, str) and key_result.over.kind != "cycle":
        measure = Change(Points(measure.to - measure.from_))
    return replace(
        key_result,
        id=f"{key_result.cycle}~{key_result.id}~{turn}",
        cycle="past",
        measure=measure,
        starts=key_result.starts - back,
        ends=key_result.ends - back,
        pace=Pace(),
        state="active",
        amendments=(),
        contributes_to=None,
    )


def _first_days(configuration: Configuration, observations: pd.DataFrame) -> dict[str, date]:
    """The day of the oldest observation behind each metric."""
    starts = pd.Series(moments_of(observations["period_start"])).groupby(observations["metric"].to_numpy()).min()
    days = {str(name): stamps(np.array([at]))[0].date() for name, at in starts.items()}
    behind = {
        it.id: [it.id] if it.formula is None else _parts(configuration, it.id) for it in configuration.metrics.values()
    }
    return {name: max(days[it] for it in parts) for name, parts in behind.items() if all(it in days for it in parts)}


def _parts(configuration: Configuration, metric: str) -> Sequence[str]:
    formula = configuration.metrics[metric].formula
    if formula is None:
        return [metric]
    return [part for it in references(formula) for part in _parts(configuration, it)]


def _weeks(configuration: Configuration, first: date, as_of: datetime) -> Iterator[datetime]:
    calendar, day = configuration.project.calendar, configuration.project.calendar.last_date_before(as_of)
    while day >= first:
        yield calendar.end_of_day(day)
        day -= _STEP


def _replayed(definitions: Definitions, made: Forecasts, then: Standing, end: Standing, moment: int) -> pd.DataFrame:
    of = definitions.key_results
    known = np.flatnonzero((made.family != NO_FAMILY) & ~np.isnan(end.progress))
    ratio = np.where(np.isnan(then.pace_ratio), np.sign(then.progress), then.pace_ratio)
    columns = {
        "key_result": definitions.labels["key_result"],
        "as_of": stamps(np.full(len(ratio), moment, dtype=np.int64)),
        "family": texts([*(it.value for it in FAMILIES), None])[made.family],
        "value": made.value,
        "value_low": made.value_low,
        "value_high": made.value_high,
        "end_value": end.value,
        "probability": made.probability,
        "reached": end.progress >= 1,
        "ratio": ratio,
        "naive": _naive(of.kind, then, (moment - of.start) / (of.end - of.start)),
    }
    return pd.DataFrame(columns, columns=list(REPLAYS)).iloc[known]


def _naive(kind: Integers, then: Standing, elapsed: Floats) -> Booleans:
    with np.errstate(all="ignore"):
        total = then.value / elapsed
    reached = np.select(
        [kind == Kind.ACCUMULATE, kind == Kind.LIMIT], [total >= then.target, total <= then.target], then.progress >= 1
    )
    return np.asarray(reached, dtype=np.bool_)
