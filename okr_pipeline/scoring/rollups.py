"""Roll-ups: ranges of rows into one value each.

Belongs here: sum, mean, weighted mean, last, min, max, and formulas of rolled-up parts, over row ranges.
Does not: which rows are in a window (windows).
"""

from collections.abc import Callable, Mapping

import numpy as np

from okr_pipeline.scoring.arrays import Floats, Integers, fold, spread
from okr_pipeline.scoring.definitions import Definitions, Reducer
from okr_pipeline.scoring.formulas import computed
from okr_pipeline.scoring.tracks import Tracks, track_of


def counted_tracks(tracks: Tracks, view: Integers, reducer: Integers) -> Integers:
    """The track whose rows are the observed periods of a roll-up: for one from parts, the periods that all have."""
    track = track_of(tracks, view)
    rows = np.flatnonzero((reducer == Reducer.PARTS) & (view >= 0))
    parts = tracks.part_tracks[view[rows], 0]
    track[rows] = np.where(parts >= 0, parts, track[rows])
    return track


def roll_up(
    definitions: Definitions, tracks: Tracks, view: Integers, reducer: Integers, first: Integers, last: Integers
) -> Floats:
    """The value of each row range `[first, last)` of a view's counted track; NaN where it is empty or not finite."""
    values = np.full(len(view), np.nan)
    filled = last > first
    with np.errstate(all="ignore"):
        for code, rolled in _ROLLED.items():
            rows = np.flatnonzero(filled & (reducer == code))
            if len(rows):
                values[rows] = rolled(tracks, first[rows], last[rows])
        rows = np.flatnonzero(filled & (reducer == Reducer.PARTS))
        if len(rows):
            values[rows] = _of_parts(definitions, tracks, view[rows], first[rows], last[rows])
    values[~np.isfinite(values)] = np.nan
    return values


def roll_up_parts(
    definitions: Definitions, tracks: Tracks, view: Integers, first: Integers, last: Integers
) -> list[Floats]:
    """The value of each part of views of one formula, over row ranges of their counted tracks."""
    tracks_of_parts, parts = tracks.part_tracks[view], definitions.view_parts[view]
    columns = []
    for slot in range(int((parts[0] >= 0).sum())):
        moved = tracks.first[tracks_of_parts[:, slot]] - tracks.first[tracks_of_parts[:, 0]]
        reducer = definitions.view_reducer[parts[:, slot]]
        columns.append(roll_up(definitions, tracks, parts[:, slot], reducer, first + moved, last + moved))
    return columns


def count_inside(tracks: Tracks, first: Integers, last: Integers, low: Floats, high: Floats) -> Floats:
    """How many rows of each range have a value in `[low, high]`."""
    owner, rows = spread(first, last)
    value = tracks.value[rows]
    inside = ((value >= low[owner]) & (value <= high[owner])).astype(np.float64)
    return np.bincount(owner, weights=inside, minlength=len(first)).astype(np.float64)


def _sum(tracks: Tracks, first: Integers, last: Integers) -> Floats:
    return fold(np.add, tracks.value, first, last)


def _mean(tracks: Tracks, first: Integers, last: Integers) -> Floats:
    return fold(np.add, tracks.value, first, last) / (last - first)


def _weighted_mean(tracks: Tracks, first: Integers, last: Integers) -> Floats:
    """Σ value·weight / Σ weight: rows without weight add nothing; NaN where there is no weight at all."""
    low, high = int(first.min()), int(last.max())
    moment = np.append(tracks.value[low:high] * tracks.weight[low:high], 0.0)
    weight = fold(np.add, tracks.weight, first, last)
    return fold(np.add, moment, first - low, last - low) / weight


def _last(tracks: Tracks, _first: Integers, last: Integers) -> Floats:
    return tracks.value[last - 1]


def _min(tracks: Tracks, first: Integers, last: Integers) -> Floats:
    return fold(np.minimum, tracks.value, first, last)


def _max(tracks: Tracks, first: Integers, last: Integers) -> Floats:
    return fold(np.maximum, tracks.value, first, last)


def _of_parts(definitions: Definitions, tracks: Tracks, view: Integers, first: Integers, last: Integers) -> Floats:
    """Each part rolled up by its own rule over the same periods, then the formula."""
    values = np.full(len(view), np.nan)
    shapes = definitions.view_shape[view]
    for number in np.unique(shapes[shapes >= 0]):
        rows = np.flatnonzero(shapes == number)
        columns = roll_up_parts(definitions, tracks, view[rows], first[rows], last[rows])
        values[rows] = computed(definitions.shapes[number], columns, len(rows))
    return values


_ROLLED: Mapping[Reducer, Callable[[Tracks, Integers, Integers], Floats]] = {
    Reducer.SUM: _sum,
    Reducer.MEAN: _mean,
    Reducer.WEIGHTED_MEAN: _weighted_mean,
    Reducer.LAST: _last,
    Reducer.MIN: _min,
    Reducer.MAX: _max,
}
