"""Windows: which periods of its view make a key result's value at an instant.

Belongs here: how far a score looks, what is expected there and what was observed. Does not: values (rollups).
"""

from dataclasses import dataclass

import numpy as np

from okr_pipeline.scoring.arrays import Booleans, Integers, instant_of, microseconds
from okr_pipeline.scoring.definitions import Base, Definitions, Window
from okr_pipeline.scoring.grids import bounds_at, ended_periods, first_periods
from okr_pipeline.scoring.rollups import counted_tracks
from okr_pipeline.scoring.tracks import Tracks, newest_blocked, periods_of, rows_before


@dataclass(frozen=True, slots=True)
class Windows:
    """Columns, one row per key result.

    `[start, end)` are instants, `[low, high)` the periods wholly inside and ended, `[first, last)` the rows observed
    there (of `latest`: the newest alone). `newest` is the period of the last row or -1; `blocked` the newest
    quarantined period in the window or -1. `expected` counts the periods up to the newest observed; `straddling`
    those that lie across an edge. `age`: microseconds since the end of the view's newest observed period, -1 if none.
    """

    start: Integers
    end: Integers
    low: Integers
    high: Integers
    first: Integers
    last: Integers
    newest: Integers
    observed: Integers
    expected: Integers
    straddling: Integers
    blocked: Integers
    age: Integers


def open_windows(definitions: Definitions, tracks: Tracks, as_of: Integers, opened: Integers | None = None) -> Windows:
    """The windows of all key results, each as of an instant of its own.

    They let go of what is old, and data ages, as of `opened`: an earlier instant shows what new data alone does.
    """
    of = definitions.key_results
    opened = as_of if opened is None else opened
    until = np.minimum(np.where(of.waits, as_of - of.closes, as_of), of.end)
    high = ended_periods(definitions.grids, of.grid, until)
    ended_at = bounds_at(definitions.grids, of.grid, high)
    opened_until = np.minimum(np.where(of.waits, opened - of.closes, opened), of.end)
    opened_at = bounds_at(definitions.grids, of.grid, ended_periods(definitions.grids, of.grid, opened_until))
    start = window_starts(definitions, opened_at, np.arange(len(of.start)))
    low = first_periods(definitions.grids, of.grid, start)
    high = np.maximum(high, low)
    track = counted_tracks(tracks, of.view, of.reducer)
    first, last = rows_before(tracks, track, low), rows_before(tracks, track, high)
    newest = np.where(last > first, periods_of(tracks, np.maximum(last - 1, 0)) if len(tracks.key) else -1, -1)
    latest = of.over == Window.LATEST
    first = np.where(latest & (last > first), last - 1, first)
    observed = last - first
    return Windows(
        start=start,
        end=np.where(of.over >= Window.TRAILING, np.maximum(ended_at, start), np.maximum(until, start)),
        low=low,
        high=high,
        first=first,
        last=last,
        newest=newest,
        observed=observed,
        expected=np.where(newest < 0, high - low, np.where(latest, 1, newest - low + 1)),
        straddling=_straddling(definitions, start, until, low, high),
        blocked=newest_blocked(tracks, of.view, low, high),
        age=_ages(definitions, tracks, track, as_of, opened),
    )


@dataclass(frozen=True, slots=True)
class BaseWindows:
    """Rows before the start, for the key results `rows`: observed ones, and how many periods there are."""

    rows: Integers
    first: Integers
    last: Integers
    observed: Integers
    expected: Integers
    followed: Booleans
    """Whether something newer than the window was observed, so that what is missing in it is not just late."""


def open_base_windows(definitions: Definitions, tracks: Tracks) -> BaseWindows:
    """The windows that baselines are taken from; they do not depend on the instant of a score.

    The newest period before the start counts where its age at the start is within the metric's freshness.
    """
    every = definitions.key_results
    rows = np.flatnonzero((every.base != Base.NONE) & (every.view >= 0))
    grid, view = every.grid[rows], every.view[rows]
    low = first_periods(definitions.grids, grid, every.base_start[rows])
    high = np.maximum(ended_periods(definitions.grids, grid, every.base_end[rows]), low)
    track = counted_tracks(tracks, view, every.reducer[rows])
    first, last = rows_before(tracks, track, low), rows_before(tracks, track, high)
    newest_only = every.base[rows] == Base.NEWEST
    newest = periods_of(tracks, np.maximum(last - 1, 0)) if len(tracks.key) else last * 0
    ended = bounds_at(definitions.grids, grid, newest + 1)
    last = np.where(newest_only & (every.base_end[rows] - ended > every.fresh[rows]), first, last)
    first = np.where(newest_only & (last > first), last - 1, first)
    blocked = newest_blocked(tracks, view, low, high)
    first = np.where(newest_only & (last > first) & (blocked > newest), last, first)
    return BaseWindows(
        rows=rows,
        first=first,
        last=last,
        observed=last - first,
        expected=np.where(newest_only, 1, high - low),
        followed=rows_before(tracks, track, high - 1) < tracks.first[track + 1],
    )


def moved_back(definitions: Definitions, over: Integers, moments: Integers) -> Integers:
    """Each instant moved back by the trailing length of a window."""
    pairs, place = np.unique(np.stack([over, moments]), axis=1, return_inverse=True)
    moved = np.array([_back(definitions, int(over) - Window.TRAILING, int(at)) for over, at in pairs.T], dtype=np.int64)
    return moved[place.ravel()]


def window_starts(definitions: Definitions, ended_at: Integers, chosen: Integers) -> Integers:
    """For the chosen key results, the start of the span, or of the trailing stretch that ends with a period's end."""
    of = definitions.key_results
    starts, over = of.start[chosen], of.over[chosen]
    rows = np.flatnonzero(over >= Window.TRAILING)
    if not len(rows):
        return starts
    starts[rows] = np.maximum(starts[rows], moved_back(definitions, over[rows], ended_at[rows]))
    return starts


def _back(definitions: Definitions, number: int, moment: int) -> int:
    trailing = definitions.trailing[number]
    return microseconds(trailing.calendar.shift(instant_of(moment), trailing.length, back=True))


def _straddling(definitions: Definitions, start: Integers, until: Integers, low: Integers, high: Integers) -> Integers:
    """How many periods have ended across the start of the window, or lie across the end of the span."""
    of = definitions.key_results
    at_start = (bounds_at(definitions.grids, of.grid, low) > start) & (until > start)
    at_end = (until >= of.end) & (bounds_at(definitions.grids, of.grid, high) < of.end)
    return (at_start.astype(np.int64) + at_end) * (of.view >= 0)


def _ages(definitions: Definitions, tracks: Tracks, track: Integers, as_of: Integers, opened: Integers) -> Integers:
    """At a key result's end its data stops ageing: what is finished does not go stale."""
    of = definitions.key_results
    last = rows_before(tracks, track, ended_periods(definitions.grids, of.grid, as_of))
    newest = periods_of(tracks, np.maximum(last - 1, 0)) if len(tracks.key) else last
    any_row = (last > tracks.first[track]) & (newest >= ended_periods(definitions.grids, of.grid, of.sees_from))
    ended = bounds_at(definitions.grids, of.grid, newest + 1)
    return np.where(any_row, np.maximum(np.minimum(opened, of.end) - ended, 0), -1)
