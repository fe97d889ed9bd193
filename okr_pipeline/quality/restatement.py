"""How a delivery compares with what is stored of the same periods.

Belongs here: what came again, what did not, and what came again as another value; one row per metric.
Does not: judging it (rules).

A source may correct values: for as long as a period is not settled it changes freely, and later now and then. It may
not lose a good part of what it had, nor change its past on a broad front, nor tell of the same periods in another unit.
Where it does, it is the delivery that is doubted and not what was recorded.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from okr_pipeline.quality import seasons
from okr_pipeline.quality.completeness import Windows, delivered_values
from okr_pipeline.quality.delivery import Delivery
from okr_pipeline.quality.neighbours import Floats, Ints
from okr_pipeline.quality.rules import Mask

Column: TypeAlias = npt.NDArray[Any]
"""Counts, shares or µs, by metric."""

_FEW_LOST: Final = 3
"""Fewer lost values than these are corrections, unless nothing came."""
_FEW_CHANGED: Final = 4
"""Fewer changed values than these are corrections, unless `restated: 0` allows none."""
_MUCH: Final = 0.2
_ONE_FACTOR: Final = 5e-4
"""How much the ratios of new to old values may differ when all were multiplied by one number and rounded."""
_NEARLY_ALL: Final = 0.9
_SAME: Final = 1e-9
_HOUR_US: Final = 3_600_000_000


def restatement_columns(
    delivery: Delivery, windows: Windows, *, whole: Collection[str], redefined: Collection[str]
) -> pd.DataFrame:
    """One row per metric.

    `stored_values`, `kept_values`: values of the history in the stretch that was read, and those that came again; for a
    metric in `whole`, that stretch begins with the first period delivered. `kept_share` is NaN without any, and 1 where
    so few are lost that they are corrections; `lost_tail` says that the newest periods are lost and no newer one came.
    `restated_share`: of the settled values that were read again, those that changed or are gone, with `settled_values`
    and `restated_values`. `rewritten_share`: of the closed values that came again (`closed_values`), those that changed
    by more than a fifth (`rewritten_values`), or 1 where nearly all were multiplied by `factor`. `new_series`: series
    of a known metric that were never seen. `first_lost`, `first_restated`, `first_rewritten`: µs of the first such
    period, -1 for none. Nothing is compared of metrics in `redefined`.
    """
    matched, lost = _match(delivery), _lost(delivery, windows, whole)
    compared = ~np.isin(delivery.thresholds.ids.astype(str), list(redefined))
    columns = _kept(delivery, windows, whole) | _changed(delivery, matched, lost) | _new_series(delivery)
    frame = pd.DataFrame(columns)
    judged = ["kept_share", "restated_share", "rewritten_share"]
    frame.loc[~compared, judged] = np.nan
    frame.loc[~compared, ["new_series", "lost_tail"]] = 0
    return frame


@dataclass(frozen=True, slots=True)
class _Matched:
    """Values that came again: by match, the metric, the old and the new value, and the period in µs."""

    metric: Ints
    old: Floats
    new: Floats
    start: Ints
    end: Ints


def _match(delivery: Delivery) -> _Matched:
    """Each stored value beside the delivered one; of several for a key the last counts, and `unique` refuses all."""
    rows = np.flatnonzero(delivery.keyed & np.isfinite(delivery.value))
    order = np.argsort(delivery.stored_key, kind="stable")
    keys = delivery.stored_key[order]
    if not len(keys) or not len(rows):
        none = np.zeros(0, dtype=np.int64)
        return _Matched(none, np.zeros(0), np.zeros(0), none, none)
    place = np.minimum(np.searchsorted(keys, delivery.key[rows]), len(keys) - 1)
    found = keys[place] == delivery.key[rows]
    rows, stored = rows[found], order[place[found]]
    ends = delivery.points["period_end"].to_numpy(dtype="datetime64[us]").view(np.int64)
    return _Matched(
        delivery.metric[rows], delivery.stored_value[stored], delivery.value[rows], delivery.period[rows], ends[rows]
    )


def _changed(delivery: Delivery, matched: _Matched, lost: Ints) -> dict[str, Column]:
    size = len(delivery.thresholds.ids)
    frontier = _frontier(delivery)
    closes, settles = _waits(delivery)
    differs = np.abs(matched.new - matched.old) > _SAME * np.abs(matched.old)
    settled = matched.end + settles[matched.metric] <= frontier[matched.metric]
    closed = matched.end + closes[matched.metric] <= frontier[matched.metric]
    gone = lost[
        _stored_ends(delivery)[lost] + settles[delivery.stored_metric[lost]] <= frontier[delivery.stored_metric[lost]]
    ]
    changed = np.concatenate([matched.metric[settled & differs], delivery.stored_metric[gone]])
    since = np.concatenate([matched.start[settled & differs], delivery.stored_period[gone]])
    restated = np.bincount(changed, minlength=size)
    of_settled = np.bincount(matched.metric[settled & ~differs], minlength=size) + restated
    limit = delivery.thresholds.limits["restated"].to_numpy()
    counts = (restated >= _FEW_CHANGED) | (limit == 0)
    return _rewritten(matched, closed, size) | {
        "settled_values": of_settled,
        "restated_values": restated,
        "restated_share": np.where(counts, _share(restated, of_settled), np.where(of_settled > 0, 0.0, np.nan)),
        "first_restated": _first(changed, since, size),
    }


def _rewritten(matched: _Matched, closed: Mask, size: int) -> dict[str, Column]:
    """What became of the closed values that came again and are not 0 throughout."""
    rows = np.flatnonzero(closed & ((matched.old != 0) | (matched.new != 0)))
    metric, old, new = matched.metric[rows], matched.old[rows], matched.new[rows]
    count = np.bincount(metric, minlength=size)
    usual = pd.Series(np.abs(old)).groupby(metric).median().reindex(range(size)).to_numpy()
    much = np.abs(new - old) > _MUCH * np.fmax(np.abs(old), usual[metric])
    share = np.where(count >= _FEW_CHANGED, _share(np.bincount(metric[much], minlength=size), count), np.nan)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        ratio = np.where(old != 0, new / old, np.nan)
    middle = pd.Series(ratio).groupby(metric).median().reindex(range(size)).to_numpy()
    near = np.abs(ratio - middle[metric]) <= _ONE_FACTOR * np.abs(middle[metric])
    one = _share(np.bincount(metric[near], minlength=size), count) >= _NEARLY_ALL
    scaled = one & (count >= _FEW_CHANGED) & (np.abs(middle - 1) > 2 * _ONE_FACTOR) & np.isfinite(middle)
    changed = much | (scaled[metric] & near)
    return {
        "closed_values": count,
        "rewritten_values": np.bincount(metric[changed], minlength=size),
        "rewritten_share": np.where(scaled, 1.0, share),
        "factor": np.where(scaled, middle, np.nan),
        "first_rewritten": _first(metric[changed], matched.start[rows][changed], size),
    }


def _first(metric: Ints, period: Ints, size: int) -> Ints:
    first = np.full(size, np.iinfo(np.int64).max)
    np.minimum.at(first, metric, period)
    return np.where(first == np.iinfo(np.int64).max, -1, first)


def _frontier(delivery: Delivery) -> Ints:
    """By metric: the end of the newest stored period, up to which earlier reads got."""
    frontier = np.full(len(delivery.thresholds.ids), np.iinfo(np.int64).min)
    np.maximum.at(frontier, delivery.stored_metric, _stored_ends(delivery))
    return frontier


def _stored_ends(delivery: Delivery) -> Ints:
    return np.asarray(delivery.history["period_end"].to_numpy(dtype="datetime64[us]").view(np.int64))


def _waits(delivery: Delivery) -> tuple[Ints, Ints]:
    """By metric, in µs: how long after its end a period may change, and after how long it is settled."""
    metrics = delivery.definitions
    closes = [0.0 if it is None else it.closes_after.hours for it in metrics]
    settles = [0.0 if it is None else it.settled_after.hours for it in metrics]
    return (np.array(closes) * _HOUR_US).astype(np.int64), (np.array(settles) * _HOUR_US).astype(np.int64)


def _kept(delivery: Delivery, windows: Windows, whole: Collection[str]) -> dict[str, Column]:
    told = delivered_values(delivery) & delivery.keyed
    again = np.isin(delivery.stored_key, delivery.key[told])
    asked = (windows.starts, windows.ends)
    longer = _stretch(delivery, told, windows, whole)
    stored, kept = _count(delivery, again, *longer)
    came = np.bincount(delivery.metric[told], minlength=len(windows.starts)) > 0
    share = np.fmin(_believable(stored, kept, came), _believable(*_count(delivery, again, *asked), came))
    tail = _lost_tail(delivery, told, windows)
    return {
        "stored_values": stored,
        "kept_values": kept,
        "first_lost": _first_lost(delivery, ~again & _inside(delivery, *longer)),
        "kept_share": np.where(tail, 0.0, share),
        "lost_tail": tail.astype(np.int64),
    }


def _count(delivery: Delivery, again: Mask, starts: Ints, ends: Ints) -> tuple[Ints, Ints]:
    metric, inside, size = delivery.stored_metric, _inside(delivery, starts, ends), len(starts)
    return np.bincount(metric[inside], minlength=size), np.bincount(metric[inside & again], minlength=size)


def _inside(delivery: Delivery, starts: Ints, ends: Ints) -> Mask:
    metric, period = delivery.stored_metric, delivery.stored_period
    return np.asarray((period >= starts[metric]) & (period < ends[metric]))


def _stretch(delivery: Delivery, told: Mask, windows: Windows, whole: Collection[str]) -> tuple[Ints, Ints]:
    return np.minimum(windows.starts, _first_of_whole(delivery, told, whole)), windows.ends


def _lost(delivery: Delivery, windows: Windows, whole: Collection[str]) -> Ints:
    """The stored values that were asked for and did not come, of metrics of which others came."""
    told = delivered_values(delivery) & delivery.keyed
    came = np.bincount(delivery.metric[told], minlength=len(windows.starts)) > 0
    again = np.isin(delivery.stored_key, delivery.key[told])
    inside = _inside(delivery, *_stretch(delivery, told, windows, whole))
    return np.flatnonzero(inside & ~again & came[delivery.stored_metric])


def _first_lost(delivery: Delivery, lost: Mask) -> Ints:
    return _first(delivery.stored_metric[lost], delivery.stored_period[lost], len(delivery.thresholds.ids))


def _believable(stored: Ints, kept: Ints, came: Mask) -> Floats:
    """The share kept; 1 where the few that are lost may well be corrections, for others came."""
    share = _share(kept, stored)
    return np.where((stored - kept < _FEW_LOST) & came, 1.0, share)


def _first_of_whole(delivery: Delivery, told: Mask, whole: Collection[str]) -> Ints:
    first = np.full(len(delivery.thresholds.ids), np.iinfo(np.int64).max)
    np.minimum.at(first, delivery.metric[told], delivery.period[told])
    return np.where(np.isin(delivery.thresholds.ids.astype(str), list(whole)), first, np.iinfo(np.int64).max)


def _lost_tail(delivery: Delivery, told: Mask, windows: Windows) -> Mask:
    """Metrics whose newest stored period did not come, nor any newer one, although a newer one was asked for."""
    size, never = len(delivery.thresholds.ids), np.iinfo(np.int64).min
    there, stored = np.full(size, never), np.full(size, never)
    np.maximum.at(there, delivery.metric[told], delivery.period[told])
    metric, period = delivery.stored_metric, delivery.stored_period
    inside = (period >= windows.starts[metric]) & (period < windows.ends[metric])
    np.maximum.at(stored, metric[inside], period[inside])
    length = seasons.period_lengths(delivery.definitions)
    behind = np.where(stored > never, windows.ends - stored, 0) > 1.5 * length
    return np.asarray((there > never) & (stored > there) & behind)


def _new_series(delivery: Delivery) -> dict[str, Column]:
    size = len(delivery.thresholds.ids)
    series = np.unique(delivery.series[delivery.keyed])
    known = np.unique(delivery.stored_series)
    of_known = np.bincount(delivery.metric_of[known], minlength=size)
    of_new = np.bincount(delivery.metric_of[np.setdiff1d(series, known, assume_unique=True)], minlength=size)
    return {
        "known_series": of_known,
        "new_series": np.where(of_known > 0, of_new, 0).astype(np.float64),
    }


def _share(part: Ints, of: Ints) -> Floats:
    return np.asarray(np.divide(part, of, out=np.full(len(of), np.nan), where=of > 0))
