"""Histories: the rows that a forecast learns from, as columns of equal steps.

Belongs here: which values of a key result's rows a forecast is of, in steps of its grain or of days of hours.
Does not: horizons, predictions.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from okr_pipeline.model.calendar import Grain
from okr_pipeline.scoring.arrays import Booleans, Floats, Integers, spread
from okr_pipeline.scoring.cadences import cadence_periods
from okr_pipeline.scoring.definitions import Definitions, Kind, Reducer
from okr_pipeline.scoring.formulas import divisor_slot
from okr_pipeline.scoring.grids import first_periods
from okr_pipeline.scoring.horizons import Horizon, looks_from
from okr_pipeline.scoring.tracks import Tracks, periods_of, rows_before

_POINTWISE: Final = (Reducer.LAST, Reducer.MIN, Reducer.MAX)
_HOURS_OF_A_DAY: Final = 24
_TOTALS: Final = (Kind.ACCUMULATE, Kind.LIMIT, Kind.BASELINE)


@dataclass(frozen=True, slots=True)
class Shape:
    """How series are laid out: periods per step, steps per season, and how many steps there are at most."""

    step: int
    season: int
    longest: int


BY_GRAIN: Final = {
    Grain.HOUR: Shape(_HOURS_OF_A_DAY, 7, 28),
    Grain.DAY: Shape(1, 7, 182),
    Grain.WEEK: Shape(1, 1, 104),
    Grain.MONTH: Shape(1, 1, 48),
    Grain.QUARTER: Shape(1, 1, 24),
}
HOURLY: Final = Shape(1, _HOURS_OF_A_DAY, 14 * _HOURS_OF_A_DAY)
PER_CADENCE: Final = Shape(1, 1, 104)
"""Shapes of series: by day of an hourly metric, unless single hours are asked for; of the periods of a cadence."""


@dataclass(frozen=True, slots=True)
class Laid:
    """Series side by side: a row for each step, the newest last, a column for each key result.

    `least` and `most`: the smallest and largest value of a step so far.
    """

    value: Floats
    weight: Floats
    least: Floats
    most: Floats


def shape_of(grain: Grain, *, pointwise: bool) -> Shape:
    """The shape of a grain's series; `pointwise` where the value at the end is that of single periods."""
    return HOURLY if pointwise and grain is Grain.HOUR else BY_GRAIN[grain]


def is_pointwise(definitions: Definitions, rows: Integers) -> Booleans:
    """Whether the value at the end is that of single periods: the last, the smallest or the largest."""
    single = np.isin(definitions.key_results.reducer[rows], _POINTWISE) & ~is_total(definitions, rows)
    return np.asarray(single, dtype=np.bool_)


def is_total(definitions: Definitions, rows: Integers) -> Booleans:
    """Whether the value at the end is a sum, in which a missing period is nothing."""
    of = definitions.key_results
    return np.asarray(np.isin(of.kind[rows], _TOTALS) | (of.reducer[rows] == Reducer.SUM), dtype=np.bool_)


def lay_out(definitions: Definitions, tracks: Tracks, of: Horizon, shape: Shape) -> Laid:
    """The history of each horizon. A step without observation has value and weight 0, but in a sum, where it counts."""
    count, periods = len(of.rows), shape.step * shape.longest
    first = np.maximum(of.first, rows_before(tracks, of.track, np.maximum(of.newest + 1 - periods, 0)))
    owner, taken = spread(first, of.last)
    back = (of.newest[owner] - periods_of(tracks, taken)) // shape.step
    steps = shape.longest  # always, so that no series depends on the length of those beside it
    value, weight = _counted(definitions, tracks, of, owner, taken)
    cell = (steps - 1 - back) * count + owner
    weights = _poured(cell, weight, steps, count, shape.step)
    amounts = _poured(cell, value * weight, steps, count, shape.step)
    with np.errstate(all="ignore"):
        values = np.where(weights > 0, amounts / weights, 0.0)
    total = is_total(definitions, of.rows)
    if total.any():
        began = np.logical_or.accumulate(_counts_from(definitions, of, amounts, weights), axis=0)
        values, weights = np.where(total, amounts, values), np.where(total, began.astype(np.float64), weights)
    known = weights > 0
    least = np.minimum.reduce(np.where(known, values, np.inf), axis=0)
    most = np.maximum.reduce(np.where(known, values, -np.inf), axis=0)
    return Laid(values, weights, least, most)


def lay_out_cadences(
    definitions: Definitions, tracks: Tracks, rows: Integers, high: Integers
) -> tuple[Laid, Floats, Floats]:
    """Which periods of cadences were met, up to `high`; and how many of the key result's were met and counted."""
    keys, count = definitions.key_results, len(rows)
    per = keys.per[rows]
    start = first_periods(definitions.grids, per, keys.start[rows])
    since = first_periods(definitions.grids, per, looks_from(definitions)[rows])
    low = np.maximum(np.maximum(since, high - PER_CADENCE.longest), 0)
    periods = cadence_periods(definitions, tracks, rows, low, high)
    known = np.flatnonzero(periods.counted)
    owner, met = periods.owner[known], periods.met[known].astype(np.float64)
    back = high[owner] - 1 - periods.number[known]
    steps = PER_CADENCE.longest
    value, weight = np.zeros((steps, count)), np.zeros((steps, count))
    value[steps - 1 - back, owner], weight[steps - 1 - back, owner] = met, 1.0
    inside = periods.number[known] >= start[owner]
    held = np.bincount(owner[inside], weights=met[inside], minlength=count).astype(np.float64)
    counted = np.bincount(owner[inside], minlength=count).astype(np.float64)
    return Laid(value, weight, np.zeros(count), np.ones(count)), held, counted


def _counted(
    definitions: Definitions, tracks: Tracks, of: Horizon, owner: Integers, taken: Integers
) -> tuple[Floats, Floats]:
    """What each row counts for its key result: its value, whether it is inside a band, or that there is one."""
    keys = definitions.key_results
    value, weight = tracks.value[taken], np.ones(len(taken))
    kind, reducer = keys.kind[of.rows], keys.reducer[of.rows]
    if (reducer == Reducer.IN_BAND).any():
        inside = (value >= keys.low[of.rows][owner]) & (value <= keys.high[of.rows][owner])
        value = np.where((reducer == Reducer.IN_BAND)[owner], inside, value)
    if (kind == Kind.BASELINE).any():
        value = np.where((kind == Kind.BASELINE)[owner], 1.0, value)
    if (reducer == Reducer.WEIGHTED_MEAN).any():
        weight = np.where((reducer == Reducer.WEIGHTED_MEAN)[owner], tracks.weight[taken], weight)
    if (reducer == Reducer.PARTS).any():
        weight = np.where((reducer == Reducer.PARTS)[owner], _divisors(definitions, tracks, of, owner, taken), weight)
    return value * keys.scale[of.rows][owner], weight


def _divisors(definitions: Definitions, tracks: Tracks, of: Horizon, owner: Integers, taken: Integers) -> Floats:
    """Of a quotient of two parts the part that divides, which is how much its periods weigh; else 1."""
    view = definitions.key_results.view[of.rows]
    slots = np.array([*(divisor_slot(shape) for shape in definitions.shapes), -1], dtype=np.int64)
    slot = slots[definitions.view_shape[view]]
    part = np.where(slot >= 0, tracks.part_tracks[view, np.maximum(slot, 0)], -1)[owner]
    found = np.minimum(rows_before(tracks, np.maximum(part, 0), periods_of(tracks, taken)), len(tracks.key) - 1)
    weight = tracks.value[found]
    return np.where((part >= 0) & (weight > 0), weight, 1.0)


def _poured(cell: Integers, amount: Floats, steps: int, count: int, step: int) -> Floats:
    if step > 1:
        return np.bincount(cell, weights=amount, minlength=steps * count).astype(np.float64).reshape(steps, count)
    poured = np.zeros(steps * count)
    poured[cell] = amount
    return poured.reshape(steps, count)


def _counts_from(definitions: Definitions, of: Horizon, amounts: Floats, weights: Floats) -> Booleans:
    """Which steps show that a series had begun: zeros that were filled in do not."""
    filled = np.array([*(each.zero for each in definitions.metrics), False])[definitions.key_results.metric[of.rows]]
    return np.asarray((weights > 0) & ((amounts != 0) | ~filled), dtype=np.bool_)
