"""The arrays that scoring's columns are, and the few steps that all of it takes on them.

Belongs here: array types, instants as integers, ranges of rows, sums over segments. Does not: anything about OKRs.

An instant is int64 microseconds since 1970 in UTC; `NO_INSTANT` is none.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats: TypeAlias = npt.NDArray[np.float64]
Integers: TypeAlias = npt.NDArray[np.int64]
Booleans: TypeAlias = npt.NDArray[np.bool_]
Texts: TypeAlias = npt.NDArray[np.object_]

NO_INSTANT: Final = int(np.iinfo(np.int64).min)
HOUR: Final = 3_600_000_000
ROUNDING: Final = 1e-12
"""Shares that differ by less are equal: 0.1 added ten times is all of 1, and 0.45 of 0.5 is 0.9 of the plan."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(instant: datetime) -> int:
    """An aware instant as an integer."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def instant_of(moment: int) -> datetime:
    """An integer as an aware instant in UTC."""
    return _EPOCH + timedelta(microseconds=int(moment))


def stamps(moments: Integers) -> pd.DatetimeIndex:
    """Integers as a column of instants; `NO_INSTANT` becomes NaT."""
    return pd.DatetimeIndex(moments.view("datetime64[us]"), tz="UTC")


def moments_of(column: "pd.Series[pd.Timestamp]") -> Integers:
    """A column of aware instants as integers, whatever its unit; null becomes `NO_INSTANT`."""
    if not isinstance(column.dtype, pd.DatetimeTZDtype):
        column = pd.to_datetime(column, utc=True)
    return column.dt.tz_convert("UTC").dt.as_unit("us").to_numpy(dtype="datetime64[us]").view(np.int64)


def texts(values: Iterable[object]) -> Texts:
    """Values as a column of objects, never guessed to be anything else."""
    values = list(values)
    column = np.empty(len(values), dtype=object)
    column[:] = values
    return column


def spread(first: Integers, last: Integers) -> tuple[Integers, Integers]:
    """Every row of many ranges `[first, last)`, with the number of the range it is of.

    >>> [it.tolist() for it in spread(np.array([5, 2]), np.array([7, 3]))]
    [[0, 0, 1], [5, 6, 2]]
    """
    counts = np.maximum(last - first, 0)
    owner = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    return owner, np.arange(len(owner)) - before[owner] + first[owner]


def gathered(place: Integers, cells: Floats, count: int) -> Floats:
    """The sum of the cells of each of `count` places, in their order.

    >>> gathered(np.array([1, 0, 1]), np.array([1.0, 2.0, 4.0]), 3).tolist()
    [2.0, 5.0, 0.0]
    """
    return np.asarray(np.bincount(place, cells, count), dtype=np.float64)


def grouped(*columns: Integers) -> tuple[Integers, Integers]:
    """The first row of each group of equal rows, and every row's group; groups are counted as they first come up.

    >>> [it.tolist() for it in grouped(np.array([7, 3, 7]), np.array([0, 0, 0]))]
    [[0, 1], [0, 1, 0]]
    """
    _, first, place = np.unique(np.stack(columns), axis=1, return_index=True, return_inverse=True)
    order = np.argsort(first)
    return first[order].astype(np.int64), np.argsort(order)[place.ravel()].astype(np.int64)


def fold(operation: np.ufunc, column: Floats, first: Integers, last: Integers) -> Floats:
    """One operation over each of many row ranges; `column` has one cell more than rows. Empty ranges give 0.

    A range's result depends on its own rows alone, to the last bit, whatever other ranges are asked for.

    >>> fold(np.add, np.array([1.0, 2.0, 4.0, 0.0]), np.array([1, 0, 2]), np.array([3, 3, 2])).tolist()
    [6.0, 7.0, 0.0]
    """
    if not len(first):
        return np.zeros(0)
    order = np.argsort(first, kind="stable")
    edges = np.empty(2 * len(first), dtype=np.int64)
    edges[::2], edges[1::2] = first[order], last[order]
    folded = np.empty(len(first))
    with np.errstate(all="ignore"):
        folded[order] = operation.reduceat(column[: edges.max() + 1], edges)[::2]
    folded[last <= first] = 0.0
    return folded
