"""Forecasting: where key results will stand at their end, how sure that is, and what it would take.

Belongs here: which key results have a forecast, the interval of the value at the end, the chance to reach the target,
and the reasons why there is none. Does not: how the value at the end is distributed (outlooks), frames (scores).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from okr_pipeline.model.score import Family, Reason, Refusal
from okr_pipeline.scoring.arrays import ROUNDING, Booleans, Floats, Integers, Texts, texts
from okr_pipeline.scoring.definitions import NO_REASON, Definitions, KeyResults, Kind, Reducer, State
from okr_pipeline.scoring.distributions import student_at, student_below
from okr_pipeline.scoring.histories import FAMILIES, families
from okr_pipeline.scoring.measures import progress_of
from okr_pipeline.scoring.outlooks import Outlook, chosen, outlooks
from okr_pipeline.scoring.standing import Standing, chosen_key_results
from okr_pipeline.scoring.tracks import Tracks
from okr_pipeline.scoring.wholes import Parts, added_up, is_whole, joined, parts_of, unforeseen

NO_FAMILY: Final = -1
REFUSALS: Final = (*(it.value for it in Reason), *(it.value for it in Refusal))
"""The words of refusals; those of reasons have the reasons' codes."""
INTERVAL: Final = 0.8
"""The share of ends that lie between low and high."""
_REFUSED: Final = {refusal: len(Reason) + code for code, refusal in enumerate(Refusal)}
_NEAR: Final = 1e-9
"""How far from its target, in shares of it, a value counts as there: sums of rates are not exact."""
_LATEST: Final = 10


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


def forecast(definitions: Definitions, tracks: Tracks, standing: Standing, as_of: int) -> Forecasts:
    """Forecasts of all key results that are open and known as of an instant, from what was observed by then."""
    refusal, summed = _refusals(definitions, standing, as_of), is_whole(definitions)
    asked = np.flatnonzero((refusal == NO_REASON) & ~summed)
    parts = parts_of(definitions, np.flatnonzero((refusal == NO_REASON) & summed))
    refusal[asked] = _REFUSED[Refusal.THIN_HISTORY]
    needed, made = np.unique(parts.part[as_of < definitions.key_results.end[parts.part]]), no_forecasts(refusal)
    found, told = [], np.isin(np.arange(len(refusal)), asked)
    with np.errstate(all="ignore"):
        for outlook in outlooks(definitions, tracks, np.union1d(asked, needed), as_of):
            _tell(definitions, standing, chosen(outlook, told[outlook.rows]), made)
            found.append(outlook)
        if len(parts.whole):
            _tell_wholes(definitions, tracks, standing, parts, found, made, as_of)
    return made


def methods_of(made: Forecasts) -> Texts:
    """What each forecast is made of, in words: `flow with weekday season`; None where there is none."""
    parts = made.seasonal.astype(np.int64) + 2 * made.trending
    words = texts([*(_method(family, place) for family in FAMILIES for place in range(4)), None])
    return np.asarray(words[np.where(made.family == NO_FAMILY, len(words) - 1, made.family * 4 + parts)], dtype=object)


def _refusals(definitions: Definitions, standing: Standing, as_of: int) -> Integers:
    """The most telling reason why a key result has no forecast, but for thin history."""
    of = definitions.key_results
    found = [
        (~standing.judged.started, list(Reason).index(Reason.NOT_STARTED)),
        (of.state == State.PAUSED, _REFUSED[Refusal.PAUSED]),
        (of.state == State.CANCELLED, _REFUSED[Refusal.CANCELLED]),
        (as_of >= of.end, _REFUSED[Refusal.ENDED]),
        ((of.view < 0) & ~is_whole(definitions), _REFUSED[Refusal.NO_SERIES]),
        (np.isnan(standing.progress), standing.reason),
    ]
    codes = [np.broadcast_to(np.asarray(code, dtype=np.int64), len(of.start)) for _, code in found]
    return np.asarray(np.select([mask for mask, _ in found], codes, NO_REASON), dtype=np.int64)


def no_forecasts(refusal: Integers) -> Forecasts:
    """None of as many key results, for these reasons."""
    count = len(refusal)

    def unknown() -> Floats:
        return np.full(count, np.nan)

    def no() -> Booleans:
        return np.zeros(count, dtype=np.bool_)

    numbers = (unknown() for _ in range(9))
    return Forecasts(refusal, np.full(count, NO_FAMILY, dtype=np.int64), no(), no(), no(), *numbers)


def _tell(definitions: Definitions, standing: Standing, of: Outlook, made: Forecasts) -> None:
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


def _tell_wholes(
    definitions: Definitions,
    tracks: Tracks,
    standing: Standing,
    parts: Parts,
    found: Sequence[Outlook],
    made: Forecasts,
    as_of: int,
) -> None:
    """Sums of outlooks, written into forecasts; where a part that is open has none, the most telling reason."""
    of, nothing = joined(found, len(made.refusal)), len(REFUSALS)
    against = unforeseen(definitions, tracks, standing, parts.part, as_of)
    against = np.where((against == NO_REASON) & (of.rows[parts.part] < 0), _REFUSED[Refusal.THIN_HISTORY], against)
    open_ = (as_of < definitions.key_results.end[parts.part]) & (against != NO_REASON)
    refusal = np.full(len(made.refusal), nothing)
    np.minimum.at(refusal, parts.whole[open_], against[open_])
    refused = np.unique(parts.whole[open_])
    made.refusal[refused] = refusal[refused]
    kept = refusal[parts.whole] == nothing
    if kept.any():
        known = Parts(parts.whole[kept], parts.part[kept])
        _tell(definitions, standing, added_up(definitions, tracks, standing, known, of, as_of), made)


def _method(family: Family, place: int) -> str:
    parts = [word for bit, word in ((1, "season"), (2, "trend")) if place & bit]
    return f"{family.value} with {' and '.join(parts)}" if parts else family.value


def _at(of: Outlook, share: float) -> Floats:
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


def _aim(keys: KeyResults, of: Outlook, base: Floats, target: Floats) -> _Aim:
    """Shares of periods reach their target half a period before, as halves do not occur."""
    direction = np.where(keys.sign == 0, target - base, keys.sign)
    upward = np.where(keys.kind <= Kind.CHANGE, direction >= 0, keys.kind != Kind.LIMIT)
    counted = (keys.reducer == Reducer.IN_BAND) | (keys.kind == Kind.CADENCE)
    whole = (np.ceil(target * of.whole - 1e-9) - 0.5) / of.whole
    return _Aim(np.where(counted & (of.coming > 0), whole, target), upward)


def _chance(of: Outlook, aim: _Aim) -> Floats:
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


def _share_below(of: Outlook, target: Floats) -> Floats:
    """The share of ends whose value is below a target."""
    needed = np.where(of.extreme == 0, (target * of.whole - of.held) / of.coming, target)
    apart = needed - of.mean
    bent = np.where(of.spread > 0, apart / of.spread, np.sign(apart) * np.inf)
    single = np.where(np.isfinite(bent), student_below(np.nan_to_num(bent), of.freedom), (bent > 0).astype(np.float64))
    largest = np.where(target > of.held, single**of.periods, 0.0)
    smallest = np.where(target > of.held, 1.0, 1 - (1 - single) ** of.periods)
    return np.select([of.extreme > 0, of.extreme < 0], [largest, smallest], single)


def _required(keys: KeyResults, of: Outlook, value: Floats, target: Floats) -> Floats:
    """What each period to come must bring for the target: its value where those add up or average, else the change."""
    adds = of.summed | ~np.isin(keys.reducer, (Reducer.LAST, Reducer.MIN, Reducer.MAX))
    each = (target * of.whole - of.held) / np.where(of.summed, of.periods, of.coming)
    needed = np.where(adds, each, (target - value) / of.periods)
    return _finite(np.where(of.periods > 0, needed, np.nan))


def _buffer(keys: KeyResults, of: Outlook, now: Floats, progress: Floats, target: Floats) -> Floats:
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
