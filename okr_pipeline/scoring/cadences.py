"""Cadences: which of the ended periods of a length had enough in them.

Belongs here: the sums of a cadence's periods. Does not: the grain periods of other measures (windows).
"""

from dataclasses import dataclass

import numpy as np

from okr_pipeline.scoring.arrays import Booleans, Floats, Integers, fold, spread
from okr_pipeline.scoring.definitions import Definitions
from okr_pipeline.scoring.grids import bounds_at, ended_periods, first_periods
from okr_pipeline.scoring.tracks import Tracks, periods_of, rows_before, track_of


@dataclass(frozen=True, slots=True)
class Cadences:
    """Columns, one row per asked key result: periods met and counted, ended up to the newest observed, in the span.

    `start`, `end` bound the newest counted period.
    """

    met: Integers
    counted: Integers
    expected: Integers
    ended: Integers
    whole: Integers
    start: Integers
    end: Integers


@dataclass(frozen=True, slots=True)
class CadencePeriods:
    """The periods of cadences that ended, one row each.

    `owner`: of which of the asked key results. `number`: which period. `total`: its sum. `met`: that is enough.
    `counted`: met, or without gaps and so known not to be.
    """

    owner: Integers
    number: Integers
    total: Floats
    met: Booleans
    counted: Booleans
    closes: Integers


def kept_cadences(definitions: Definitions, tracks: Tracks, rows: Integers, until: Integers) -> Cadences:
    """The cadences of key results, each until an instant.

    A period whose sum already is enough is met, gaps or not. With gaps and too small a sum it is not counted.
    """
    of, grids = definitions.key_results, definitions.grids
    per, grid = of.per[rows], of.grid[rows]
    low, high = first_periods(grids, per, of.start[rows]), ended_periods(grids, per, until)
    periods = cadence_periods(definitions, tracks, rows, low, high)
    owner, number, met, counted = periods.owner, periods.number, periods.met, periods.counted
    track = track_of(tracks, of.view[rows])
    seen = counted | (periods.closes <= _newest_end(definitions, tracks, track, grid, until)[owner])
    newest = np.full(len(rows), -1, dtype=np.int64)
    np.maximum.at(newest, owner[counted], number[counted])
    return Cadences(
        met=np.bincount(owner[met], minlength=len(rows)),
        counted=np.bincount(owner[counted], minlength=len(rows)),
        expected=np.bincount(owner[seen], minlength=len(rows)),
        ended=np.maximum(high - low, 0),
        whole=np.maximum(ended_periods(grids, per, of.end[rows]) - low, 0),
        start=bounds_at(grids, per, np.maximum(newest, 0)),
        end=bounds_at(grids, per, newest + 1),
    )


def cadence_periods(
    definitions: Definitions, tracks: Tracks, rows: Integers, low: Integers, high: Integers
) -> CadencePeriods:
    """The periods `[low, high)` of the cadence of each key result."""
    of, grids = definitions.key_results, definitions.grids
    per, grid = of.per[rows], of.grid[rows]
    owner, number = spread(low, high)
    opens, closes = bounds_at(grids, per[owner], number), bounds_at(grids, per[owner], number + 1)
    first_period, last_period = first_periods(grids, grid[owner], opens), ended_periods(grids, grid[owner], closes)
    track = track_of(tracks, of.view[rows])
    first = rows_before(tracks, track[owner], first_period)
    last = rows_before(tracks, track[owner], last_period)
    total = fold(np.add, tracks.value, first, last)
    met = (last > first) & (total >= of.low[rows][owner])
    counted = met | ((last > first) & (last - first == last_period - first_period))
    return CadencePeriods(owner, number, total, met, counted, closes)


def _newest_end(definitions: Definitions, tracks: Tracks, track: Integers, grid: Integers, until: Integers) -> Integers:
    last = rows_before(tracks, track, ended_periods(definitions.grids, grid, until))
    if not len(tracks.key):
        return np.zeros(len(track), dtype=np.int64)
    ended = bounds_at(definitions.grids, grid, periods_of(tracks, np.maximum(last - 1, 0)) + 1)
    return np.where(last > tracks.first[track], ended, np.iinfo(np.int64).min)
