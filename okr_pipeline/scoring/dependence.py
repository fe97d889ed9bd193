"""Dependence: how far the errors of several forecasts add up instead of cancelling out.

Belongs here: how series have moved together. Does not: the series' own forecasts (outlooks), sums of them (wholes).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from okr_pipeline.model.calendar import Grain
from okr_pipeline.scoring.arrays import Booleans, Floats, Integers, gathered, grouped, spread
from okr_pipeline.scoring.definitions import Definitions
from okr_pipeline.scoring.grids import ended_periods
from okr_pipeline.scoring.tracks import Tracks, periods_of, rows_before, track_of

_BLOCKS: Final = 27
"""How many blocks are looked back at: half a year of weeks, and the one before."""
_LENGTHS: Final = {Grain.HOUR: 168, Grain.DAY: 7}
_SUPPOSED: Final = 4.0
"""How many blocks without dependence are supposed beside those that were seen: few blocks say little of it."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Rows, one for each series of a sum: a key result of it, the sum, the scale and freedom of its error there."""

    key_result: Integers
    whole: Integers
    scale: Floats
    freedom: Floats


def joint_scale(definitions: Definitions, tracks: Tracks, of: Errors, wholes: Integers, as_of: int) -> Floats:
    """The scale of the error of each sum.

    Errors of one grain depend on each other as their series' changes from week to week do (of weekly and longer
    grains from period to period), but never cancel out more than independent ones do. Those of different grains are
    taken to be wrong together, which is the widest that they can be.
    """
    first, place = grouped(of.whole, definitions.key_results.grid[of.key_result])
    changes = of.scale[:, None] * _changes(definitions, tracks, of.key_result, as_of)
    together = np.zeros((len(first), _BLOCKS - 1))
    np.add.at(together, place, changes)
    apart = gathered(place, (changes * changes).sum(axis=1), len(first))
    alone = gathered(place, of.scale**2, len(first))
    supposed = _SUPPOSED * alone
    share = ((together * together).sum(axis=1) + supposed) / np.maximum(apart + supposed, 1e-300)
    scales = np.sqrt(alone * np.maximum(share, 1.0))
    return gathered(np.searchsorted(wholes, of.whole[first]), scales, len(wholes))


def _changes(definitions: Definitions, tracks: Tracks, rows: Integers, as_of: int) -> Floats:
    """The changes between neighbouring blocks of each series, the newest last, as shares of what is usual; else 0."""
    base = np.array([_LENGTHS.get(it.grain, 1) for it in definitions.grids.each])[definitions.key_results.grid[rows]]
    track = track_of(tracks, definitions.key_results.view[rows])
    low = (
        ended_periods(definitions.grids, definitions.key_results.grid[rows], np.full(len(rows), as_of)) // base
        - _BLOCKS
    )
    first = rows_before(tracks, track, np.maximum(low, 0) * base)
    last = rows_before(tracks, track, (low + _BLOCKS) * base)
    owner, cells = spread(first, last)
    block = periods_of(tracks, cells) // base[owner] - low[owner]
    sums, seen = np.zeros((len(rows), _BLOCKS)), np.zeros((len(rows), _BLOCKS), dtype=np.bool_)
    np.add.at(sums, (owner, block), tracks.value[cells])
    seen[owner, block] = True
    return _usual(np.diff(sums, axis=1), _inside(seen))


def _inside(seen: Booleans) -> Booleans:
    """Changes from one block to the next that are neither at the edge of what was seen nor beyond."""
    whole = np.logical_or.accumulate(seen, axis=1) & np.logical_or.accumulate(seen[:, ::-1], axis=1)[:, ::-1]
    whole[:, 1:-1] &= whole[:, :-2] & whole[:, 2:]
    return np.asarray(whole[:, 1:] & whole[:, :-1], dtype=np.bool_)


def _usual(changes: Floats, known: Booleans) -> Floats:
    kept = np.where(known, changes, 0.0)
    size = np.sqrt((kept * kept).sum(axis=1) / np.maximum(known.sum(axis=1), 1))
    return np.asarray(kept / np.where(size > 0, size, 1.0)[:, None], dtype=np.float64)
