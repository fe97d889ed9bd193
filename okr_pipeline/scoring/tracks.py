"""Tracks: the rows of every view, and how windows are looked up in them.

Belongs here: binary searches. Does not: how tracks are made (views).
"""

from dataclasses import dataclass

import numpy as np

from okr_pipeline.scoring.arrays import Floats, Integers
from okr_pipeline.scoring.rows import PERIOD_BITS, PERIOD_MASK
from okr_pipeline.scoring.told import NOTHING_TOLD, Told


@dataclass(frozen=True, slots=True)
class Tracks:
    """Rows with their index. `value`, `weight`: one cell more than rows, so that every range has an end.

    `track[v]` is the track of view `v`. Where it is computed from rolled-up parts, `part_tracks[v, n]` is that of its
    n-th part, with rows for the periods that all parts have, else -1. `told` is what people told beside.
    `first[t]` is the first row of track `t`. `blocked`: sorted (view, period) keys of quarantined periods.
    """

    key: Integers
    value: Floats
    weight: Floats
    first: Integers
    track: Integers
    part_tracks: Integers
    blocked: Integers
    told: Told = NOTHING_TOLD


def rows_before(tracks: Tracks, track: Integers, period: Integers) -> Integers:
    """For each track, the row at which the periods from a number on begin.

    Where no period is missing before, that is as many rows after the track's first; only elsewhere it is searched for.
    """
    wanted = (track << PERIOD_BITS) + period
    if not len(tracks.key):
        return np.zeros(wanted.shape, dtype=np.int64)
    begin, last = tracks.first[track], len(tracks.key) - 1
    since = tracks.key[np.minimum(begin, last)] & PERIOD_MASK
    rows = np.clip(begin + period - since, begin, tracks.first[track + 1])
    found = (rows == 0) | (tracks.key[np.maximum(rows - 1, 0)] < wanted)
    found &= (rows > last) | (tracks.key[np.minimum(rows, last)] >= wanted)
    rows[~found] = np.searchsorted(tracks.key, wanted[~found])
    return np.asarray(rows, dtype=np.int64)


def periods_of(tracks: Tracks, rows: Integers) -> Integers:
    """The numbers of the periods that rows stand for."""
    return tracks.key[rows] & PERIOD_MASK


def track_of(tracks: Tracks, view: Integers) -> Integers:
    """The track of each view; for view -1 one without rows."""
    none = len(tracks.first) - 2
    return np.where(view < 0, none, tracks.track[view]) if len(tracks.track) else np.full(view.shape, none)


def newest_blocked(tracks: Tracks, view: Integers, low: Integers, high: Integers) -> Integers:
    """For each view, its newest quarantined period in `[low, high)`, or -1."""
    if not len(tracks.blocked):
        return np.full(len(view), -1, dtype=np.int64)
    found = np.searchsorted(tracks.blocked, (view << PERIOD_BITS) + high) - 1
    keys = tracks.blocked[np.maximum(found, 0)]
    inside = (found >= 0) & (keys >= (view << PERIOD_BITS) + low) & (view >= 0)
    return np.where(inside, keys & PERIOD_MASK, -1)
