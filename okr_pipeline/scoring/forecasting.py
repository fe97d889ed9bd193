"""Forecasting: where key results will stand at their end, how sure that is, and what it would take.

Belongs here: which key results have a forecast, what is observed and what is predicted put together into the value at
the end, its interval, the chance to reach the target, and the reasons why there is none.
Does not: predictions of series (predicting), which periods those are of (horizons, histories), frames (scores).
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Final, TypeVar

import numpy as np

from okr_pipeline.model.score import Family, Reason, Refusal
from okr_pipeline.scoring.arrays import ROUNDING, Booleans, Floats, Integers, Texts, fold, texts
from okr_pipeline.scoring.definitions import NO_REASON, Definitions, KeyResults, Kind, Reducer, State
from okr_pipeline.scoring.distributions import student_at, student_below
from okr_pipeline.scoring.grids import bounds_at, ended_periods
from okr_pipeline.scoring.histories import (
    PER_CADENCE,
    Laid,
    Shape,
    is_pointwise,
    is_total,
    lay_out,
    lay_out_cadences,
    shape_of,
)
from okr_pipeline.scoring.horizons import Horizon, horizons
from okr_pipeline.scoring.measures import progress_of
from okr_pipeline.scoring.outliers import total
from okr_pipeline.scoring.predicting import Histories, predict
from okr_pipeline.scoring.rollups import count_inside, roll_up
from okr_pipeline.scoring.standing import Standing, chosen_key_results
from okr_pipeline.scoring.tracks import Tracks
from okr_pipeline.scoring.wandering import Asked

FAMILIES: Final = tuple(Family)
NO_FAMILY: Final = -1
REFUSALS: Final = (*(it.value for it in Reason), *(it.value for it in Refusal))
"""The words of refusals; those of reasons have the reasons' codes."""
LEAST_HISTORY: Final = 8
"""How many observed steps a forecast needs: days, weeks, periods of a cadence."""
FARTHEST: Final = 12
"""How many times its history a forecast looks ahead at most."""
INTERVAL: Final = 0.8
"""The share of ends that lie between low and high."""
_REFUSED: Final = {refusal: len(Reason) + code for code, refusal in enumerate(Refusal)}
_WIDTHS: Final = {Family.STOCK: 1.1, Family.FLOW: 1.03, Family.RATIO: 1.1, Family.SHARE: 0.95}
"""What spreads are multiplied by, so that the interval held four fifths of the ends of series it was tuned on."""
_CHUNK: Final = 2048
_RECENT: Final = 56
_DAY: Final = 86_400_000_000
_NEAR: Final = 1e-9
"""How far from its target, in shares of it, a value counts as there: sums of rates are not exact."""
_LATEST: Final = 10
_CAPS: Final = {"ratio": 1.0, "percent": 100.0}


@dataclass(frozen=True, slots=True)
class Forecasts:
    """Columns, one row per key result, NaN where there is no forecast; names and units as in the frame of scores.

    `refusal`: `NO_REASON` or a place in `REFUSALS`. `family`: `NO_FAMILY` or a place in `FAMILIES`. `complete`: every
    period has been observed. `seasonal`, `trending`: what beside the level the forecast is made of.
    """

    refusal: Integers
    family: Integers
    complete: Booleans
    seasonal: Booleans
    trending: Booleans
    value: Floats
    value_low: Floats
    value_high: Floats
    progress: Floats
    progress_low: Floats
    progress_high: Floats
    probability: Floats
    required_rate: Floats
    buffer_days: Floats


@dataclass(frozen=True, slots=True)
class _Outlook:
    """Columns, one row for each of the key results `rows` that have a forecast.

    The value at the end is (`held` + `coming` · x) / `whole`, where x, the mean of what is still to come, is
    distributed around `mean` within `[least, most]`. `extreme`: +1 and -1 where it is the largest or smallest of the
    value so far, `held`, and of `periods` ones to come, each distributed so; else 0. `summed`: the value is a sum.
    `periods`: still to come; `left`: days until the last of them ends. `history`: observed steps.
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


def forecast(definitions: Definitions, tracks: Tracks, standing: Standing, as_of: int) -> Forecasts:
    """Forecasts of all key results that are open and known as of an instant, from what was observed by then."""
    refusal = _refusals(definitions, standing, as_of)
    asked = np.flatnonzero(refusal == NO_REASON)
    refusal[asked] = _REFUSED[Refusal.THIN_HISTORY]
    with np.errstate(all="ignore"):
        found = [*_outlooks(definitions, tracks, asked, as_of), *_cadence_outlooks(definitions, tracks, asked, as_of)]
        made = _nothing(refusal)
        for outlook in found:
            _tell(definitions, standing, outlook, made)
    return made


def methods_of(made: Forecasts) -> Texts:
    """What each forecast is made of, in words: `flow with weekday season`; None where there is none."""
    parts = made.seasonal.astype(np.int64) + 2 * made.trending
    words = texts([*(_method(family, place) for family in FAMILIES for place in range(4)), None])
    return np.asarray(words[np.where(made.family == NO_FAMILY, len(words) - 1, made.family * 4 + parts)], dtype=object)


def families(definitions: Definitions, rows: Integers) -> Integers:
    """The family of key results: what their metrics' values are."""
    of = definitions.key_results
    reducer = np.append(definitions.view_reducer, Reducer.NONE)[of.view[rows]]
    share = (of.reducer[rows] == Reducer.IN_BAND) | (of.kind[rows] == Kind.CADENCE) | (of.kind[rows] == Kind.BASELINE)
    stock = (reducer == Reducer.LAST) | (reducer == Reducer.MIN) | (reducer == Reducer.MAX)
    places = [FAMILIES.index(it) for it in (Family.SHARE, Family.STOCK, Family.FLOW)]
    return np.select([share, stock, reducer == Reducer.SUM], places, FAMILIES.index(Family.RATIO))


def _refusals(definitions: Definitions, standing: Standing, as_of: int) -> Integers:
    """The most telling reason why a key result has no forecast, but for thin history."""
    of = definitions.key_results
    found = [
        (~standing.judged.started, list(Reason).index(Reason.NOT_STARTED)),
        (of.state == State.PAUSED, _REFUSED[Refusal.PAUSED]),
        (of.state == State.CANCELLED, _REFUSED[Refusal.CANCELLED]),
        (as_of >= of.end, _REFUSED[Refusal.ENDED]),
        ((of.view < 0) | _is_sum(definitions), _REFUSED[Refusal.NO_SERIES]),
        (np.isnan(standing.progress), standing.reason),
    ]
    codes = [np.broadcast_to(np.asarray(code, dtype=np.int64), len(of.start)) for _, code in found]
    return np.asarray(np.select([mask for mask, _ in found], codes, NO_REASON), dtype=np.int64)


def _is_sum(definitions: Definitions) -> Booleans:
    """Whether a key result's value is the sum of others."""
    parents = np.zeros(len(definitions.key_results.start), dtype=np.bool_)
    parents[definitions.sums.parent] = True
    return parents


def _outlooks(definitions: Definitions, tracks: Tracks, asked: Integers, as_of: int) -> Iterator[_Outlook]:
    """Those of every measure but cadences, by the shape of their series, in chunks that fit a processor's cache."""
    of = definitions.key_results
    rows = asked[of.kind[asked] != Kind.CADENCE]
    pointwise = is_pointwise(definitions, rows)
    shapes = [shape_of(each.grain, pointwise=single) for each in definitions.grids.each for single in (False, True)]
    for shape in dict.fromkeys(shapes):
        alike = np.array([it == shape for it in shapes], dtype=np.bool_)
        chosen = rows[alike[of.grid[rows] * 2 + pointwise]]
        for start in range(0, len(chosen), _CHUNK):
            every = horizons(definitions, tracks, chosen[start : start + _CHUNK], as_of)
            horizon = _chosen(every, every.last - every.first >= LEAST_HISTORY)
            if len(horizon.rows):
                yield _outlook(definitions, tracks, horizon, shape)


def _outlook(definitions: Definitions, tracks: Tracks, horizon: Horizon, shape: Shape) -> _Outlook:
    laid = lay_out(definitions, tracks, horizon, shape)
    rows, steps = horizon.rows, np.maximum(horizon.until - horizon.ahead, 0) / shape.step
    pointwise, summed, extreme = (
        is_pointwise(definitions, rows),
        is_total(definitions, rows),
        _extremes(definitions, rows),
    )
    done = steps == 0
    made = predict(_histories(definitions, rows, laid, shape), _asked(horizon, shape, pointwise, extreme))
    held, weight = _held(definitions, tracks, horizon, laid)
    coming = np.where(summed, 1.0, _typical(laid)) * steps
    most_of_step = np.where(definitions.key_results.kind[rows] == Kind.BASELINE, float(shape.step), 1.0)
    least, most = _bounds(definitions, rows, laid, most_of_step)
    history = _observed(laid)
    outlook = _Outlook(
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
        history=history,
        summed=summed,
        seasonal=made.seasonal,
        trending=made.trending,
    )
    outlook = _humbled(outlook, _is_share(definitions, rows), steps, most_of_step)
    return _chosen(outlook, (history >= LEAST_HISTORY) & (horizon.until <= FARTHEST * shape.step * history))


def _cadence_outlooks(definitions: Definitions, tracks: Tracks, asked: Integers, as_of: int) -> Iterator[_Outlook]:
    """Those of cadences, whose series are whether each of their periods was met."""
    of, grids = definitions.key_results, definitions.grids
    chosen = asked[of.kind[asked] == Kind.CADENCE]
    for start in range(0, len(chosen), _CHUNK):
        rows = chosen[start : start + _CHUNK]
        now = np.minimum(np.where(of.waits[rows], as_of - of.closes[rows], as_of), of.end[rows])
        high, last = ended_periods(grids, of.per[rows], now), ended_periods(grids, of.per[rows], of.end[rows])
        laid, held, counted = lay_out_cadences(definitions, tracks, rows, high)
        until = np.maximum(last - high, 0).astype(np.float64)
        asking = Asked(np.zeros(len(rows)), np.maximum(until, 1.0))
        made = predict(_histories(definitions, rows, laid, PER_CADENCE), asking)
        history = _observed(laid)
        ended = bounds_at(grids, of.per[rows], high)
        outlook = _Outlook(
            rows=rows,
            held=held,
            coming=until,
            whole=np.maximum(counted + until, 1.0),
            mean=np.clip(made.mean, 0.0, 1.0),
            spread=made.spread * _widths(definitions, rows),
            freedom=made.freedom,
            least=np.zeros(len(rows)),
            most=np.ones(len(rows)),
            extreme=np.zeros(len(rows)),
            periods=until,
            left=(bounds_at(grids, of.per[rows], last) - ended) / _DAY,
            history=history,
            summed=np.zeros(len(rows), dtype=np.bool_),
            seasonal=made.seasonal,
            trending=made.trending,
        )
        outlook = _humbled(outlook, np.ones(len(rows), dtype=np.bool_), until, np.ones(len(rows)))
        yield _chosen(outlook, (history >= LEAST_HISTORY) & (until <= FARTHEST * history))


def _histories(definitions: Definitions, rows: Integers, laid: Laid, shape: Shape) -> Histories:
    stock = families(definitions, rows) == FAMILIES.index(Family.STOCK)
    return Histories(laid.value, laid.weight, shape.season, stock)


def _asked(horizon: Horizon, shape: Shape, pointwise: Booleans, extreme: Floats) -> Asked:
    """What is asked of a series: all that is to come, the last period, or for the largest one in the middle."""
    middle = (horizon.ahead + horizon.until) // 2
    last = np.maximum(horizon.until - 1, 0)
    ahead = np.where(pointwise, np.where(extreme != 0, middle, last), horizon.ahead)
    until = np.where(pointwise, ahead + 1, np.maximum(horizon.until, horizon.ahead + 1))
    return Asked(ahead / shape.step, until / shape.step)


def _held(definitions: Definitions, tracks: Tracks, horizon: Horizon, laid: Laid) -> tuple[Floats, Floats]:
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
    by_parts = observed * total(laid.weight, len(rows)) / taken
    reducer = of.reducer[rows]
    return value, np.select([reducer == Reducer.WEIGHTED_MEAN, reducer == Reducer.PARTS], [weights, by_parts], observed)


def _observed(laid: Laid) -> Floats:
    return total((laid.weight > 0).astype(np.float64), laid.weight.shape[1])


def _typical(laid: Laid) -> Floats:
    """What a step weighs, gaps included, of late."""
    recent = laid.weight[-_RECENT:]
    begun = np.logical_or.accumulate(laid.weight > 0, axis=0)[-_RECENT:]
    return total(recent, recent.shape[1]) / np.maximum(total(begun.astype(np.float64), recent.shape[1]), 1.0)


def _bounds(definitions: Definitions, rows: Integers, laid: Laid, most_of_step: Floats) -> tuple[Floats, Floats]:
    """Between what the mean of steps must lie: a count is never below 0, nor a share above 1, if none was so far."""
    of, units = definitions.key_results, definitions.labels["unit"][rows]
    share = _is_share(definitions, rows)
    caps = np.array([_CAPS.get(unit, np.inf) for unit in units]) * of.scale[rows]
    least, most = np.where(laid.least >= 0, 0.0, -np.inf), np.where(laid.most <= 0, 0.0, np.inf)
    capped = (laid.least >= 0) & (laid.most <= caps)
    return least, np.where(share, most_of_step, np.where(capped, np.minimum(most, caps), most))


def _is_share(definitions: Definitions, rows: Integers) -> Booleans:
    return np.asarray(families(definitions, rows) == FAMILIES.index(Family.SHARE), dtype=np.bool_)


def _widths(definitions: Definitions, rows: Integers) -> Floats:
    return np.array([_WIDTHS[it] for it in FAMILIES])[families(definitions, rows)]


def _extremes(definitions: Definitions, rows: Integers) -> Floats:
    reducer = definitions.key_results.reducer[rows]
    signs = (reducer == Reducer.MAX).astype(np.float64) - (reducer == Reducer.MIN)
    return np.where(is_pointwise(definitions, rows), signs, 0.0)


def _days_left(definitions: Definitions, horizon: Horizon) -> Floats:
    grid = definitions.key_results.grid[horizon.rows]
    ended = bounds_at(definitions.grids, grid, horizon.newest + 1)
    return (bounds_at(definitions.grids, grid, horizon.newest + 1 + horizon.until) - ended) / _DAY


def _humbled(outlook: _Outlook, share: Booleans, steps: Floats, most: Floats) -> _Outlook:
    """Shares as if one more step had been observed, half good: what never happened may yet. `most`: all of a step."""
    mean = (outlook.mean / most * outlook.history + 0.5) / (outlook.history + 1)
    least = np.maximum(mean * (1 - mean), 0.0) * (1 / np.maximum(steps, 1.0) + 1 / np.maximum(outlook.history, 1.0))
    return replace(
        outlook,
        mean=np.where(share, mean * most, outlook.mean),
        spread=np.where(share, np.maximum(outlook.spread, np.sqrt(least) * most), outlook.spread),
    )


_Columns = TypeVar("_Columns", Horizon, _Outlook)


def _chosen(columns: _Columns, keep: Booleans) -> _Columns:
    return type(columns)(**{each.name: getattr(columns, each.name)[keep] for each in fields(columns)})


def _nothing(refusal: Integers) -> Forecasts:
    """No forecast yet, of as many key results."""
    count = len(refusal)

    def unknown() -> Floats:
        return np.full(count, np.nan)

    def no() -> Booleans:
        return np.zeros(count, dtype=np.bool_)

    numbers = (unknown() for _ in range(9))
    return Forecasts(refusal, np.full(count, NO_FAMILY, dtype=np.int64), no(), no(), no(), *numbers)


def _tell(definitions: Definitions, standing: Standing, of: _Outlook, made: Forecasts) -> None:
    """Outlooks as values, progress, chances, rates and days, written into forecasts."""
    keys = chosen_key_results(definitions.key_results, of.rows)
    base, target = standing.base[of.rows], standing.target[of.rows]
    values = [_at(of, share) for share in ((1 - INTERVAL) / 2, 0.5, (1 + INTERVAL) / 2)]
    low, middle, high = (progress_of(keys, it, base, target) for it in values)
    finite = (
        np.isfinite(values[0]) & np.isfinite(values[2]) & np.isfinite(low) & np.isfinite(middle) & np.isfinite(high)
    )
    numbers = {
        "value": values[1],
        "value_low": values[0],
        "value_high": values[2],
        "progress": middle,
        "progress_low": np.minimum(low, high),
        "progress_high": np.maximum(low, high),
        "probability": _chance(of, _aim(keys, of, base, target)),
        "required_rate": _required(keys, of, standing.value[of.rows], target),
        "buffer_days": _buffer(keys, of, standing.progress[of.rows], middle, target),
        "family": families(definitions, of.rows),
        "complete": of.coming == 0,
        "seasonal": of.seasonal,
        "trending": of.trending,
    }
    made.refusal[of.rows] = np.where(finite, NO_REASON, _REFUSED[Refusal.OUT_OF_RANGE])
    for name, cells in numbers.items():
        getattr(made, name)[of.rows[finite]] = cells[finite]


def _method(family: Family, place: int) -> str:
    parts = [word for bit, word in ((1, "season"), (2, "trend")) if place & bit]
    return f"{family.value} with {' and '.join(parts)}" if parts else family.value


def _at(of: _Outlook, share: float) -> Floats:
    """The value at the end that the share of all ends lies below."""
    single = np.full(len(of.rows), share)
    single = np.where(of.extreme > 0, share ** (1 / np.maximum(of.periods, 1)), single)
    single = np.where(of.extreme < 0, 1 - (1 - share) ** (1 / np.maximum(of.periods, 1)), single)
    come = np.clip(of.mean + of.spread * student_at(single, of.freedom), of.least, of.most)
    value = (of.held + of.coming * come) / of.whole
    value = np.where(of.extreme > 0, np.maximum(of.held, come), value)
    return np.where(of.extreme < 0, np.minimum(of.held, come), value)


@dataclass(frozen=True, slots=True)
class _Aim:
    """What is to be reached at the end, and whether from below."""

    target: Floats
    upward: Booleans


def _aim(keys: KeyResults, of: _Outlook, base: Floats, target: Floats) -> _Aim:
    """Shares of periods reach their target half a period before, as halves do not occur."""
    direction = np.where(keys.sign == 0, target - base, keys.sign)
    upward = np.where(keys.kind <= Kind.CHANGE, direction >= 0, keys.kind != Kind.LIMIT)
    counted = (keys.reducer == Reducer.IN_BAND) | (keys.kind == Kind.CADENCE)
    whole = (np.ceil(target * of.whole - 1e-9) - 0.5) / of.whole
    return _Aim(np.where(counted & (of.coming > 0), whole, target), upward)


def _chance(of: _Outlook, aim: _Aim) -> Floats:
    """The chance to reach the target: 0 or 1 only where nothing that may still come can change it.

    What a history of n steps says is never surer than one in 2·(n + 1).
    """
    edges = [(of.held + of.coming * bound) / of.whole for bound in (of.least, of.most)]
    edges = [np.where(of.coming > 0, edge, of.held / of.whole) for edge in edges]
    edges[0] = np.where(of.extreme > 0, of.held, np.where(of.extreme < 0, -np.inf, edges[0]))
    edges[1] = np.where(of.extreme < 0, of.held, np.where(of.extreme > 0, np.inf, edges[1]))
    margin = ROUNDING * np.maximum(np.abs(aim.target), 1e-300)
    near = _NEAR * np.maximum(np.abs(aim.target), np.abs((of.held + of.coming * of.mean) / of.whole))
    below = _share_below(of, np.where(aim.upward, aim.target - near, aim.target + near))
    chance = np.where(aim.upward, 1 - below, below)
    doubt = 0.5 / (of.history + 1)
    chance = np.clip(chance, doubt, 1 - doubt)
    sure = np.where(aim.upward, edges[0] >= aim.target - margin, edges[1] <= aim.target + margin)
    lost = np.where(aim.upward, edges[1] < aim.target - margin, edges[0] > aim.target + margin)
    return np.where(sure, 1.0, np.where(lost, 0.0, chance))


def _share_below(of: _Outlook, target: Floats) -> Floats:
    """The share of ends whose value is below a target."""
    needed = np.where(of.extreme == 0, (target * of.whole - of.held) / of.coming, target)
    apart = needed - of.mean
    bent = np.where(of.spread > 0, apart / of.spread, np.sign(apart) * np.inf)
    single = np.where(np.isfinite(bent), student_below(np.nan_to_num(bent), of.freedom), (bent > 0).astype(np.float64))
    largest = np.where(target > of.held, single**of.periods, 0.0)
    smallest = np.where(target > of.held, 1.0, 1 - (1 - single) ** of.periods)
    return np.select([of.extreme > 0, of.extreme < 0], [largest, smallest], single)


def _required(keys: KeyResults, of: _Outlook, value: Floats, target: Floats) -> Floats:
    """What each period to come must bring for the target: its value where those add up or average, else the change."""
    adds = of.summed | ~np.isin(keys.reducer, (Reducer.LAST, Reducer.MIN, Reducer.MAX))
    each = (target * of.whole - of.held) / np.where(of.summed, of.periods, of.coming)
    needed = np.where(adds, each, (target - value) / of.periods)
    return _finite(np.where(of.periods > 0, needed, np.nan))


def _buffer(keys: KeyResults, of: _Outlook, now: Floats, progress: Floats, target: Floats) -> Floats:
    """Days by which the target is reached early (negative: late), a budget lasts longer, or periods may still fail.

    What at its pace would be later than ten times the time that is left is never.
    """
    per_period, rate = of.left / of.periods, of.mean * of.coming / of.periods
    needed = np.where(rate > 0, np.maximum(target - of.held, 0.0) / rate, np.nan)
    summed = (of.periods - needed) * per_period * np.where(keys.kind == Kind.LIMIT, -1.0, 1.0)
    spare = (of.held + of.periods - np.ceil(target * of.whole - 1e-9)) * per_period
    way = np.where(progress > now, (1 - now) / (progress - now), np.nan)
    moving = np.where((now >= 1) & (progress >= 1), of.left, np.where(now < 1, of.left * (1 - way), np.nan))
    counted = (keys.reducer == Reducer.IN_BAND) | (keys.kind == Kind.CADENCE)
    totals = np.isin(keys.kind, (Kind.ACCUMULATE, Kind.LIMIT, Kind.BASELINE))
    days = np.select([counted, totals], [spare, summed], moving)
    return _finite(np.where(days < -_LATEST * of.left, np.nan, days))


def _finite(numbers: Floats) -> Floats:
    return np.where(np.isfinite(numbers), numbers, np.nan)
