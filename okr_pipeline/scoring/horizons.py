"""Horizons: what of a key result's end is still to come, how much of it has been observed, and where history begins.

Belongs here: the window at the end, split at the newest observed period; how far back a forecast looks.
Does not: what the periods to come will bring (predicting), the periods of a cadence (cadences).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from okr_pipeline.model.calendar import Grain
from okr_pipeline.scoring.arrays import HOUR, Integers
from okr_pipeline.scoring.definitions import Definitions
from okr_pipeline.scoring.grids import bounds_at, ended_periods, first_periods
from okr_pipeline.scoring.rollups import counted_tracks
from okr_pipeline.scoring.tracks import Tracks, periods_of, rows_before, track_of
from okr_pipeline.scoring.windows import window_starts

_DAY: Final = 24 * HOUR
LOOKED_AT: Final[Mapping[Grain, int]] = {
    Grain.HOUR: 28 * _DAY,
    Grain.DAY: 1187 * _DAY,
    Grain.WEEK: 1187 * _DAY,
    Grain.MONTH: 1187 * _DAY,
    Grain.QUARTER: 1461 * _DAY,
}
"""How long before a key result's start a forecast looks for what is stored: three years, and a quarter of a year."""


@dataclass(frozen=True, slots=True)
class Horizon:
    """Columns, one row for each of the key results `rows`.

    `[first, last)` are the rows of `track` that there are to learn from, `newest` the period of the last or -1.
    `[held_first, held_last)` are the rows of the view's counted track that are in the window at the end already.
    `[ahead, until)` are the periods of that window still to come, counted from 0 after the newest; `whole` is how many
    periods the window has. `low` is its first period.
    """

    rows: Integers
    track: Integers
    first: Integers
    last: Integers
    held_first: Integers
    held_last: Integers
    newest: Integers
    low: Integers
    ahead: Integers
    until: Integers
    whole: Integers


def horizons(definitions: Definitions, tracks: Tracks, rows: Integers, as_of: int) -> Horizon:
    """The horizons of key results that have a metric, as of an instant before their end."""
    of, grids = definitions.key_results, definitions.grids
    grid, end = of.grid[rows], of.end[rows]
    now = np.minimum(np.where(of.waits[rows], as_of - of.closes[rows], as_of), end)
    high, last_period = ended_periods(grids, grid, now), ended_periods(grids, grid, end)
    low = first_periods(grids, grid, window_starts(definitions, bounds_at(grids, grid, last_period), rows))
    track, counted = track_of(tracks, of.view[rows]), counted_tracks(tracks, of.view[rows], of.reducer[rows])
    since = first_periods(grids, grid, looks_from(definitions)[rows])
    first, last = rows_before(tracks, track, since), rows_before(tracks, track, high)
    any_row = last > first
    newest = np.where(any_row, periods_of(tracks, np.maximum(last - 1, 0)) if len(tracks.key) else -1, -1)
    return Horizon(
        rows=rows,
        track=track,
        first=first,
        last=last,
        held_first=rows_before(tracks, counted, low),
        held_last=rows_before(tracks, counted, np.maximum(high, low)),
        newest=newest,
        low=low,
        ahead=np.maximum(low - newest - 1, 0),
        until=np.maximum(last_period - newest - 1, 0),
        whole=np.maximum(last_period - low, 0),
    )


def looks_from(definitions: Definitions) -> Integers:
    """For each key result, the instant before which a forecast looks at nothing."""
    reach = np.array([*(LOOKED_AT[each.grain] for each in definitions.grids.each), 0], dtype=np.int64)
    return definitions.key_results.start - reach[definitions.key_results.grid]
