"""Histories: the rows that a forecast learns from, as columns of equal steps.

Belongs here: which values of a key result's rows a forecast is of, in steps of its grain or of days of hours.
Does not: horizons, predictions.
"""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np

from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.score import Family
from okr_pipeline.scoring.arrays import Booleans, Floats, Integers, spread
from okr_pipeline.scoring.cadences import cadence_periods
from okr_pipeline.scoring.definitions import Definitions, Kind, Reducer
from okr_pipeline.scoring.formulas import divisor_slot
from okr_pipeline.scoring.grids import first_periods, weeks_at
from okr_pipeline.scoring.horizons import Horizon, looks_from
from okr_pipeline.scoring.tracks import Tracks, periods_of, rows_before

FAMILIES: Final = tuple(Family)
_POINTWISE: Final = np.array([Reducer.LAST, Reducer.MIN, Reducer.MAX])
_WEIGHTED: Final = np.array([Reducer.WEIGHTED_MEAN, Reducer.PARTS])
_HOURS_OF_A_DAY: Final = 24
_OF_WEEKS: Final = (Grain.MONTH, Grain.QUARTER)
_TOTALS: Final = np.array([Kind.ACCUMULATE, Kind.LIMIT, Kind.BASELINE])


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

    `weight` has a single column where it is the same for all. `least` and `most`: the smallest and largest value of a
    step so far.
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


def is_by_week(definitions: Definitions, rows: Integers) -> Booleans:
    """Whether a sum is learnt by the week: that of months or quarters of a fiscal year of weeks.

    They have four weeks or five, and a year of 53 one more, which the calendar knows and no forecast has to guess.
    """
    uneven = [each.calendar.week_year is not None and each.grain in _OF_WEEKS for each in definitions.grids.each]
    keys = definitions.key_results
    counted = keys.kind[rows] == Kind.BASELINE
    return np.asarray(np.array(uneven)[keys.grid[rows]] & is_total(definitions, rows) & ~counted, dtype=np.bool_)


def families(definitions: Definitions, rows: Integers) -> Integers:
    """The family of key results: what their metrics' values are; those without a metric are sums."""
    of = definitions.key_results
    reducer = np.append(definitions.view_reducer, Reducer.NONE)[of.view[rows]]
    share = (of.reducer[rows] == Reducer.IN_BAND) | (of.kind[rows] == Kind.CADENCE) | (of.kind[rows] == Kind.BASELINE)
    stock = (reducer == Reducer.LAST) | (reducer == Reducer.MIN) | (reducer == Reducer.MAX)
    places = [FAMILIES.index(it) for it in (Family.SHARE, Family.STOCK, Family.FLOW)]
    flow = (reducer == Reducer.SUM) | (of.view[rows] < 0)
    return np.select([share, stock, flow], places, FAMILIES.index(Family.RATIO))


def remembered(tracks: Tracks, of: Horizon, shape: Shape) -> Horizon:
    """Horizons that look back no further than the longest series of a shape."""
    since = np.maximum(of.newest + 1 - shape.step * shape.longest, 0)
    return replace(of, first=np.maximum(of.first, rows_before(tracks, of.track, since)))


def alike_together(definitions: Definitions, tracks: Tracks, of: Horizon) -> Integers:
    """An order of remembered horizons in which those stand together that have gaps, weights, or about one length.

    What stands together is laid out together, faster the more it is alike.
    """
    length = of.newest + 1 - periods_of(tracks, of.first)
    weighted = np.isin(definitions.key_results.reducer[of.rows], _WEIGHTED)
    return np.lexsort((length, weighted, length != of.last - of.first)).astype(np.int64)


def lay_out(definitions: Definitions, tracks: Tracks, of: Horizon, shape: Shape) -> Laid:
    """The history of each remembered horizon, to which the length of those beside it adds empty steps alone.

    A step without observation has value and weight 0, but in a sum, where it counts. In a sum the first step counts
    only if all of it is history: a series that begins at noon has brought half a day's amount in it.
    """
    taken, known = _taken(tracks, of, shape)
    value, weight = _counted(definitions, tracks, of, taken, known)
    amounts, values, weights = value, value, weight
    if shape.step > 1 or np.isin(definitions.key_results.reducer[of.rows], _WEIGHTED).any():
        amounts, weights = _by_step(value * weight, shape.step), _by_step(weight, shape.step)
        with np.errstate(all="ignore"):
            values = np.where(weights > 0, amounts / weights, 0.0)
    total = is_total(definitions, of.rows)
    if total.any():
        began = _counts_from(definitions, of, amounts, weights) & _is_whole(tracks, of, shape, len(amounts))
        for before, row in pairwise(began):
            np.logical_or(before, row, out=row)
        values, weights = np.where(total, amounts, values), np.where(total, began, weights)
    weights = _of_all(weights)
    return Laid(values, weights, *_extremes(values, weights > 0))


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


def _taken(tracks: Tracks, of: Horizon, shape: Shape) -> tuple[Integers, Booleans]:
    """The row of each period of each series, the spare one where there is none; and whether there is one.

    As many whole seasons as the longest series reaches into. Whether there is one has a single column where it is the
    same for all.
    """
    length = of.newest + 1 - periods_of(tracks, of.first)
    lap, spare = shape.step * max(shape.season, 2), len(tracks.key)
    periods = -(-int(length.max()) // lap) * lap
    number, broken = np.arange(periods)[:, None], np.flatnonzero(length != of.last - of.first)
    if not len(broken):
        known = number >= periods - (length[:1] if (length == length[0]).all() else length)
        return np.where(known, number + (of.last - periods), spare), known
    taken = np.where(number >= periods - length, number + (of.last - periods), spare)
    taken[:, broken] = spare
    owner, rows = spread(of.first[broken], of.last[broken])
    taken[periods - 1 - of.newest[broken[owner]] + periods_of(tracks, rows), broken[owner]] = rows
    return taken, taken < spare


def _counted(
    definitions: Definitions, tracks: Tracks, of: Horizon, taken: Integers, known: Booleans
) -> tuple[Floats, Floats]:
    """What each row counts for its key result: its value, whether it is inside a band, or that there is one."""
    keys = definitions.key_results
    value, weight = tracks.value[taken], known.astype(np.float64)
    reducer, scale = keys.reducer[of.rows], keys.scale[of.rows]
    in_band, counted = reducer == Reducer.IN_BAND, keys.kind[of.rows] == Kind.BASELINE
    if in_band.any():
        inside = (value >= keys.low[of.rows]) & (value <= keys.high[of.rows]) & known
        value = np.where(in_band, inside, value)
    if counted.any():
        value = np.where(counted, known, value)
    if (by_week := is_by_week(definitions, of.rows)).any():
        value = np.where(by_week, value / _weeks(definitions, tracks, of, taken), value)
    if (reducer == Reducer.WEIGHTED_MEAN).any():
        weight = np.where(reducer == Reducer.WEIGHTED_MEAN, tracks.weight[taken], weight)
    if (reducer == Reducer.PARTS).any():
        weight = np.where(reducer == Reducer.PARTS, _divisors(definitions, tracks, of, taken, known), weight)
    return value if (scale == 1).all() else value * scale, weight


def _weeks(definitions: Definitions, tracks: Tracks, of: Horizon, taken: Integers) -> Floats:
    """How many weeks the period of each row has; 1 where there is none."""
    periods = periods_of(tracks, np.minimum(taken, len(tracks.key) - 1))
    grid = np.broadcast_to(definitions.key_results.grid[of.rows], periods.shape)
    weeks = weeks_at(definitions.grids, grid, periods + 1) - weeks_at(definitions.grids, grid, periods)
    return np.maximum(weeks, 1.0)


def _divisors(definitions: Definitions, tracks: Tracks, of: Horizon, taken: Integers, known: Booleans) -> Floats:
    """Of a quotient of two parts the part that divides, which is how much its periods weigh; else 1."""
    view = definitions.key_results.view[of.rows]
    slots = np.array([*(divisor_slot(shape) for shape in definitions.shapes), -1], dtype=np.int64)
    slot = slots[definitions.view_shape[view]]
    part = np.where(slot >= 0, tracks.part_tracks[view, np.maximum(slot, 0)], -1)
    periods = periods_of(tracks, np.minimum(taken, len(tracks.key) - 1))
    found = rows_before(tracks, np.maximum(part, 0), periods)
    weight = tracks.value[np.minimum(found, len(tracks.key) - 1)]
    return np.where((part >= 0) & (weight > 0), weight, 1.0) * known


def _by_step(rows: Floats, step: int) -> Floats:
    """The sums of each `step` rows that follow one another."""
    if step == 1:
        return rows
    blocks = rows.reshape(len(rows) // step, step, rows.shape[1])
    summed = np.zeros((len(blocks), rows.shape[1]))
    for place in range(step):
        summed += blocks[:, place]
    return summed


def _extremes(value: Floats, known: Booleans) -> tuple[Floats, Floats]:
    if known.shape[1] == 1:
        seen = value[known[:, 0]]
        return np.minimum.reduce(seen, axis=0, initial=np.inf), np.maximum.reduce(seen, axis=0, initial=-np.inf)
    least = np.minimum.reduce(np.where(known, value, np.inf), axis=0)
    return least, np.maximum.reduce(np.where(known, value, -np.inf), axis=0)


def _of_all(weight: Floats) -> Floats:
    """Weights in a single column if that is the same for all."""
    return weight[:, :1] if weight.shape[1] > 1 and (weight == weight[:, :1]).all() else weight


def _counts_from(definitions: Definitions, of: Horizon, amounts: Floats, weights: Floats) -> Booleans:
    """Which steps show that a series had begun: zeros that were filled in do not."""
    filled = np.array([*(each.zero for each in definitions.metrics), False])[definitions.key_results.metric[of.rows]]
    return np.asarray((weights > 0) & ((amounts != 0) | ~filled), dtype=np.bool_)


def _is_whole(tracks: Tracks, of: Horizon, shape: Shape, steps: int) -> Booleans:
    """Which steps lie in the history of their series from their first period on."""
    length = of.newest + 1 - periods_of(tracks, of.first)
    return np.asarray(np.arange(steps, 0, -1)[:, None] <= length // shape.step, dtype=np.bool_)
