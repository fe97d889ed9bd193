"""Outlooks: what of a key result's end is observed and what its history says of the rest.

Belongs here: the value at the end as a distribution, bounded by what such values can be. Does not: predictions of
series (predicting), which periods those are of (horizons, histories), what an outlook means for a target (forecasting).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from itertools import repeat
from typing import Final, TypeVar

import numpy as np

from okr_pipeline.model.score import Family
from okr_pipeline.scoring.arrays import Booleans, Floats, Integers, fold
from okr_pipeline.scoring.definitions import Definitions, Kind, Reducer
from okr_pipeline.scoring.grids import bounds_at, ended_periods, weeks_at
from okr_pipeline.scoring.histories import (
    FAMILIES,
    PER_CADENCE,
    Laid,
    Shape,
    alike_together,
    families,
    is_by_week,
    is_pointwise,
    is_total,
    lay_out,
    lay_out_cadences,
    remembered,
    shape_of,
)
from okr_pipeline.scoring.horizons import Horizon, horizons
from okr_pipeline.scoring.outliers import total
from okr_pipeline.scoring.predicting import Histories, predict
from okr_pipeline.scoring.rollups import count_inside, roll_up
from okr_pipeline.scoring.told import days_between
from okr_pipeline.scoring.tracks import Tracks
from okr_pipeline.scoring.wandering import Asked
from okr_pipeline.scoring.years import Yearly, yearly

LEAST_HISTORY: Final = 8
"""How many observed steps a forecast needs: days, weeks, periods of a cadence."""
FARTHEST: Final = 12
"""How many times its history a forecast looks ahead at most."""
_WIDTHS: Final = {Family.STOCK: 1.1, Family.FLOW: 1.03, Family.RATIO: 1.1, Family.SHARE: 0.95}
"""What spreads are multiplied by, so that the interval held four fifths of the ends of series it was tuned on."""
_CHUNK: Final = 2048
"""How many series are laid out at once: so many fit a processor's cache."""
_RECENT: Final = 56
_BELIEVED: Final = 0.5
"""How far earlier years are believed where a forecast says that it has a season."""
_CAPS: Final = {"ratio": 1.0, "percent": 100.0}


@dataclass(frozen=True, slots=True)
class Outlook:
    """Columns, one row for each of the key results `rows` that have a forecast.

    The value at the end is (`held` + `coming` · x) / `whole`, where x, the mean of what is still to come, is
    distributed around `mean` within `[least, most]`. `extreme`: +1 and -1 where it is the largest or smallest of the
    value so far, `held`, and of `periods` ones to come, each distributed so; else 0. `summed`: the value is a sum.
    `periods`: still to come; `left`: local days until the last of them ends. `history`: observed steps.
    """

    rows: Integers
    held: Floats
    coming: Floats
    whole: Floats
    mean: Floats
    spread: Floats
    freedom: Floats
    least: Floats
    most: Floats
    extreme: Floats
    periods: Floats
    left: Floats
    history: Floats
    summed: Booleans
    seasonal: Booleans
    trending: Booleans


def outlooks(definitions: Definitions, tracks: Tracks, rows: Integers, as_of: int) -> Iterator[Outlook]:
    """Those of key results that have a series, without those whose history is thin."""
    cadence = definitions.key_results.kind[rows] == Kind.CADENCE
    with np.errstate(all="ignore"):
        for shape, alike in _by_shape(definitions, rows[~cadence]):
            found = horizons(definitions, tracks, alike, as_of)
            every = chosen(found, found.last - found.first >= LEAST_HISTORY)
            newest = remembered(tracks, every, shape)
            order = alike_together(definitions, tracks, newest)
            if len(order):
                yield _outlook(definitions, tracks, chosen(every, order), chosen(newest, order), shape)
        if cadence.any():
            yield _cadence_outlook(definitions, tracks, rows[cadence], as_of)


def _by_shape(definitions: Definitions, rows: Integers) -> Iterator[tuple[Shape, Integers]]:
    pointwise = is_pointwise(definitions, rows)
    shapes = [shape_of(each.grain, pointwise=single) for each in definitions.grids.each for single in (False, True)]
    for shape in dict.fromkeys(shapes):
        alike = np.array([it == shape for it in shapes], dtype=np.bool_)
        yield shape, rows[alike[definitions.key_results.grid[rows] * 2 + pointwise]]


@dataclass(frozen=True, slots=True)
class _Learnt:
    """Columns, one row for each series: what its history says.

    The first five are of the periods asked for, as of `Predicted`. `history`: observed steps; `typical`: what a step
    weighs, gaps included, of late; `weight`: what all weigh. `lowest` and `highest`: of a step so far.
    """

    mean: Floats
    spread: Floats
    freedom: Floats
    seasonal: Booleans
    trending: Booleans
    history: Floats
    typical: Floats
    weight: Floats
    lowest: Floats
    highest: Floats


def _learnt(laid: Laid, season: int, stock: Booleans, asked: Asked) -> _Learnt:
    made, count = predict(Histories(laid.value, laid.weight, season, stock), asked), laid.value.shape[1]
    begun = np.minimum(len(laid.weight) - np.argmax(laid.weight > 0, axis=0), _RECENT)
    return _Learnt(
        mean=made.mean,
        spread=made.spread,
        freedom=made.freedom,
        seasonal=made.seasonal,
        trending=made.trending,
        history=np.broadcast_to(total((laid.weight > 0).astype(np.float64)), count),
        typical=np.broadcast_to(total(laid.weight[-_RECENT:]) / begun, count),
        weight=np.broadcast_to(total(laid.weight), count),
        lowest=laid.least,
        highest=laid.most,
    )


def _all_learnt(definitions: Definitions, tracks: Tracks, horizon: Horizon, shape: Shape, asked: Asked) -> _Learnt:
    """What is learnt of series, in parts that fit a processor's cache."""
    stock = families(definitions, horizon.rows) == FAMILIES.index(Family.STOCK)
    found = []
    for start in range(0, len(stock), _CHUNK):
        part = slice(start, start + _CHUNK)
        laid = lay_out(definitions, tracks, chosen(horizon, part), shape)
        found.append(_learnt(laid, shape.season, stock[part], chosen(asked, part)))
    return _joined(found)


def _joined(parts: Sequence[_Learnt]) -> _Learnt:
    return _Learnt(*(np.concatenate([getattr(it, each.name) for it in parts]) for each in fields(_Learnt)))


def _with_years(made: _Learnt, told: Yearly) -> _Learnt:
    """What earlier years tell in place of what is learnt, as far as they are believed; the errors of both go along."""
    at, belief = told.places, told.belief
    means, spreads, seasonal = made.mean.copy(), made.spread.copy(), made.seasonal.copy()
    means[at] += belief * (told.mean - means[at])
    spreads[at] += belief * (told.spread - spreads[at])
    seasonal[at] |= belief > _BELIEVED
    return replace(made, mean=means, spread=spreads, seasonal=seasonal)


def _outlook(definitions: Definitions, tracks: Tracks, every: Horizon, horizon: Horizon, shape: Shape) -> Outlook:
    """Outlooks of one shape. `horizon` is what is remembered of `every`."""
    rows, steps = horizon.rows, np.maximum(horizon.until - horizon.ahead, 0) / shape.step
    pointwise, summed = is_pointwise(definitions, rows), is_total(definitions, rows)
    extreme, done = _extremes(definitions, rows, pointwise), steps == 0
    asked = _asked(horizon, shape, pointwise, extreme)
    made = _all_learnt(definitions, tracks, horizon, shape, asked)
    if shape.step == 1:
        made = _with_years(made, yearly(definitions, tracks, every, asked, made.spread**2))
    held, weight = _held(definitions, tracks, horizon, made)
    coming = np.where(summed, 1.0, made.typical) * steps
    if (by_week := is_by_week(definitions, rows)).any():
        coming = np.where(by_week, _weeks_to_come(definitions, horizon), coming)
    most_of_step = np.where(definitions.key_results.kind[rows] == Kind.BASELINE, float(shape.step), 1.0)
    least, most = _bounds(definitions, rows, made, most_of_step)
    outlook = Outlook(
        rows=rows,
        held=np.select([pointwise & ~done & (extreme == 0), pointwise | summed], [0.0, held], held * weight),
        coming=np.where(pointwise, np.where(done, 0.0, 1.0), coming),
        whole=np.where(pointwise | summed, 1.0, np.maximum(weight + coming, 1e-300)),
        mean=np.clip(made.mean, least, most),
        spread=made.spread * _widths(definitions, rows),
        freedom=made.freedom,
        least=least,
        most=most,
        extreme=np.where(done, 0.0, extreme),
        periods=np.where(pointwise & (extreme == 0), horizon.until, horizon.until - horizon.ahead).astype(np.float64),
        left=_days_left(definitions, horizon),
        history=made.history,
        summed=summed,
        seasonal=made.seasonal,
        trending=made.trending,
    )
    outlook = _humbled(outlook, _is_share(definitions, rows), steps, most_of_step)
    return chosen(outlook, (made.history >= LEAST_HISTORY) & (horizon.until <= FARTHEST * shape.step * made.history))


def _cadence_outlook(definitions: Definitions, tracks: Tracks, rows: Integers, as_of: int) -> Outlook:
    """That of cadences, whose series are whether each of their periods was met."""
    of, grids = definitions.key_results, definitions.grids
    now = np.minimum(np.where(of.waits[rows], as_of - of.closes[rows], as_of), of.end[rows])
    high, last = ended_periods(grids, of.per[rows], now), ended_periods(grids, of.per[rows], of.end[rows])
    laid, held, counted = lay_out_cadences(definitions, tracks, rows, high)
    until, nothing, all_of_it = np.maximum(last - high, 0).astype(np.float64), np.zeros(len(rows)), np.ones(len(rows))
    no = np.zeros(len(rows), dtype=np.bool_)
    made = _learnt(laid, PER_CADENCE.season, no, Asked(nothing, np.maximum(until, 1.0)))
    ended = bounds_at(grids, of.per[rows], high)
    outlook = Outlook(
        rows=rows,
        held=held,
        coming=until,
        whole=np.maximum(counted + until, 1.0),
        mean=np.clip(made.mean, 0.0, 1.0),
        spread=made.spread * _widths(definitions, rows),
        freedom=made.freedom,
        least=nothing,
        most=all_of_it,
        extreme=nothing,
        periods=until,
        left=days_between(definitions, ended, bounds_at(grids, of.per[rows], last)),
        history=made.history,
        summed=no,
        seasonal=made.seasonal,
        trending=made.trending,
    )
    outlook = _humbled(outlook, ~no, until, all_of_it)
    return chosen(outlook, (made.history >= LEAST_HISTORY) & (until <= FARTHEST * made.history))


def _asked(horizon: Horizon, shape: Shape, pointwise: Booleans, extreme: Floats) -> Asked:
    """What is asked of a series: all that is to come, the last period, or for the largest one in the middle."""
    middle = (horizon.ahead + horizon.until) // 2
    last = np.maximum(horizon.until - 1, 0)
    ahead = np.where(pointwise, np.where(extreme != 0, middle, last), horizon.ahead)
    until = np.where(pointwise, ahead + 1, np.maximum(horizon.until, horizon.ahead + 1))
    return Asked(ahead / shape.step, until / shape.step)


def _held(definitions: Definitions, tracks: Tracks, horizon: Horizon, learnt: _Learnt) -> tuple[Floats, Floats]:
    """The value of what the window at the end holds already, 0 if nothing, and what that weighs."""
    of, rows, first, last = definitions.key_results, horizon.rows, horizon.held_first, horizon.held_last
    observed = (last - first).astype(np.float64)
    value = roll_up(definitions, tracks, of.view[rows], of.reducer[rows], first, last)
    kept = np.flatnonzero((of.reducer[rows] == Reducer.IN_BAND) & (observed > 0))
    inside = count_inside(tracks, first[kept], last[kept], of.low[rows[kept]], of.high[rows[kept]])
    value[kept] = inside / observed[kept]
    value = np.where(of.kind[rows] == Kind.BASELINE, observed, value)
    value = np.where(observed > 0, np.nan_to_num(value * of.scale[rows]), 0.0)
    weights, heavy = observed.copy(), np.flatnonzero(of.reducer[rows] == Reducer.WEIGHTED_MEAN)
    weights[heavy] = fold(np.add, tracks.weight, first[heavy], last[heavy])
    taken = np.maximum((horizon.last - horizon.first).astype(np.float64), 1.0)
    by_parts = observed * learnt.weight / taken
    reducer = of.reducer[rows]
    return value, np.select([reducer == Reducer.WEIGHTED_MEAN, reducer == Reducer.PARTS], [weights, by_parts], observed)


def _bounds(definitions: Definitions, rows: Integers, learnt: _Learnt, most_of_step: Floats) -> tuple[Floats, Floats]:
    """Between what the mean of steps must lie: a count is never below 0, nor a share above 1, if none was so far."""
    of, units = definitions.key_results, definitions.labels["unit"][rows]
    share = _is_share(definitions, rows)
    caps = np.fromiter(map(_CAPS.get, units, repeat(np.inf)), np.float64, len(rows)) * of.scale[rows]
    least, most = np.where(learnt.lowest >= 0, 0.0, -np.inf), np.where(learnt.highest <= 0, 0.0, np.inf)
    capped = (learnt.lowest >= 0) & (learnt.highest <= caps)
    return least, np.where(share, most_of_step, np.where(capped, np.minimum(most, caps), most))


def _is_share(definitions: Definitions, rows: Integers) -> Booleans:
    return np.asarray(families(definitions, rows) == FAMILIES.index(Family.SHARE), dtype=np.bool_)


def _widths(definitions: Definitions, rows: Integers) -> Floats:
    return np.array([_WIDTHS[it] for it in FAMILIES])[families(definitions, rows)]


def _extremes(definitions: Definitions, rows: Integers, pointwise: Booleans) -> Floats:
    reducer = definitions.key_results.reducer[rows]
    return np.where(pointwise, (reducer == Reducer.MAX).astype(np.float64) - (reducer == Reducer.MIN), 0.0)


def _weeks_to_come(definitions: Definitions, horizon: Horizon) -> Floats:
    grid, next_one = definitions.key_results.grid[horizon.rows], horizon.newest + 1
    until = np.maximum(horizon.until, horizon.ahead)
    ends = [weeks_at(definitions.grids, grid, next_one + number) for number in (horizon.ahead, until)]
    return ends[1] - ends[0]


def _days_left(definitions: Definitions, horizon: Horizon) -> Floats:
    grid = definitions.key_results.grid[horizon.rows]
    ended = bounds_at(definitions.grids, grid, horizon.newest + 1)
    return days_between(definitions, ended, bounds_at(definitions.grids, grid, horizon.newest + 1 + horizon.until))


def _humbled(outlook: Outlook, share: Booleans, steps: Floats, most: Floats) -> Outlook:
    """Shares as if one more step had been observed, half good: what never happened may yet. `most`: all of a step."""
    mean = (outlook.mean / most * outlook.history + 0.5) / (outlook.history + 1)
    least = np.maximum(mean * (1 - mean), 0.0) * (1 / np.maximum(steps, 1.0) + 1 / np.maximum(outlook.history, 1.0))
    return replace(
        outlook,
        mean=np.where(share, mean * most, outlook.mean),
        spread=np.where(share, np.maximum(outlook.spread, np.sqrt(least) * most), outlook.spread),
    )


_Columns = TypeVar("_Columns", Horizon, Outlook, Asked)


def chosen(columns: _Columns, rows: Booleans | Integers | slice) -> _Columns:
    """Some rows of columns."""
    return type(columns)(**{each.name: getattr(columns, each.name)[rows] for each in fields(columns)})
