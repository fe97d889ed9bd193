"""Grids: the boundaries of the periods of one grain in one calendar, as sorted arrays.

Belongs here: which period an instant falls in, for many instants at once. Does not: what calendars are (model).

Period `i` of a grid is `[bounds[i], bounds[i + 1])`; a window of periods is `[low, high)` in such numbers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np

from okr_pipeline.model.calendar import Calendar, Grain
from okr_pipeline.scoring.arrays import HOUR, Floats, Integers, instant_of, microseconds

_WEEK: Final = 7 * 24 * HOUR


@dataclass(frozen=True, slots=True)
class Grid:
    """The period boundaries of a grain over a stretch of time."""

    calendar: Calendar
    grain: Grain
    bounds: Integers


@dataclass(frozen=True, slots=True)
class Grids:
    """Several grids; `flat` holds the boundaries of all, those of grid `g` from `offsets[g]` on."""

    each: tuple[Grid, ...]
    flat: Integers
    offsets: Integers


@lru_cache(maxsize=64)
def build_grid(calendar: Calendar, grain: Grain, start: int, end: int) -> Grid:
    """The periods that cover `[start, end]`, and one more on either side.

    Kept, because a command that scores two definitions or instants lays out the same stretch of time again.
    """
    first = calendar.period_containing(instant_of(start), grain).start
    before = calendar.period_containing(instant_of(microseconds(first) - 1), grain).start
    after = calendar.period_containing(instant_of(end), grain).end
    bounds = calendar.boundaries(before, instant_of(microseconds(after) + 1), grain)
    made = np.array([microseconds(bound) for bound in bounds], dtype=np.int64)
    made.flags.writeable = False
    return Grid(calendar, grain, made)


def join_grids(grids: list[Grid]) -> Grids:
    """Grids that can be looked up together."""
    lengths = [len(grid.bounds) for grid in grids]
    flat = np.concatenate([np.zeros(0, dtype=np.int64), *(grid.bounds for grid in grids)])
    return Grids(tuple(grids), flat, np.cumsum([0, *lengths])[:-1].astype(np.int64))


def ended_periods(grids: Grids, grid: Integers, moments: Integers) -> Integers:
    """For each instant, the number of the period that it falls in: all before have ended by then."""
    numbers = np.zeros(len(moments), dtype=np.int64)
    for rows, bounds in _by_grid(grids, grid):
        numbers[rows] = np.searchsorted(bounds, moments[rows], "right") - 1
    return np.maximum(numbers, 0)


def first_periods(grids: Grids, grid: Integers, moments: Integers) -> Integers:
    """For each instant, the number of the first period that starts at or after it."""
    numbers = np.zeros(len(moments), dtype=np.int64)
    for rows, bounds in _by_grid(grids, grid):
        numbers[rows] = np.searchsorted(bounds, moments[rows], "left")
    return numbers


def bounds_at(grids: Grids, grid: Integers, number: Integers) -> Integers:
    """The start of the period of that number, which is the end of the one before."""
    if not len(grids.flat):
        return np.zeros(len(number), dtype=np.int64)
    cells = np.minimum(grids.offsets[grid] + number, len(grids.flat) - 1)
    return np.asarray(grids.flat[cells], dtype=np.int64)


def weeks_at(grids: Grids, grid: Integers, number: Integers) -> Floats:
    """The weeks since the first bound at the start of the period of that number, of grids of whole weeks."""
    first = grids.flat[grids.offsets[grid]]
    return np.asarray(np.rint((bounds_at(grids, grid, number) - first) / _WEEK), dtype=np.float64)


def local_days(days: Grid, since: Integers, moments: Integers) -> Floats:
    """Instants in days since the start of some day of a grid: whole at local midnights, also of 23-hour days.

    >>> from datetime import datetime, UTC
    >>> hour = 3_600_000_000
    >>> start, end = datetime(2013, 3, 10, 5, tzinfo=UTC), datetime(2013, 3, 12, tzinfo=UTC)
    >>> days = build_grid(Calendar("America/New_York"), Grain.DAY, microseconds(start), microseconds(end))
    >>> (local_days(days, np.array([1, 1]), days.bounds[1] + np.array([0, 23]) * hour)).tolist()
    [0.0, 1.0]
    """
    number = np.clip(np.searchsorted(days.bounds, moments, "right") - 1, 0, len(days.bounds) - 2)
    start, end = days.bounds[number], days.bounds[number + 1]
    return np.asarray(number - since + (moments - start) / (end - start), dtype=np.float64)


def _by_grid(grids: Grids, grid: Integers) -> Iterator[tuple[Integers | slice, Integers]]:
    if len(grids.each) == 1:
        yield slice(None), grids.each[0].bounds
        return
    for number, each in enumerate(grids.each):
        rows = np.flatnonzero(grid == number)
        if len(rows):
            yield rows, each.bounds
