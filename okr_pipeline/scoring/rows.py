"""Rows: sorted columns of (track, period) → value, weight, and the steps that make new ones of them.

Belongs here: taking, numbering anew, joining and computing rows. Does not: where they come from (series), which are
combined into what (views).

A row's key is the number of its track in the upper bits and of its period in its grid in the lower, so that one
binary search finds the rows of any window of any track.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from okr_pipeline.model.formula import Formula
from okr_pipeline.scoring.arrays import Floats, Integers, spread
from okr_pipeline.scoring.formulas import computed

PERIOD_BITS: Final = 32
PERIOD_MASK: Final = (1 << PERIOD_BITS) - 1
FILLED: Final = -1.0
"""The weight of a zero that was filled in; a row without a weight has NaN."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Observed rows, sorted by key; `count` is one more than the highest track."""

    key: Integers
    value: Floats
    weight: Floats
    count: int


def selected(rows: Rows, taken: Integers) -> Rows:
    """Some of the rows, as they are numbered."""
    return Rows(rows.key[taken], rows.value[taken], rows.weight[taken], rows.count)


def appended(rows: Rows, more: Rows, count: int) -> Rows:
    """Rows with `count` more tracks after them."""
    if not len(more.key):
        return Rows(rows.key, rows.value, rows.weight, rows.count + count)
    return Rows(
        np.concatenate([rows.key, more.key + (np.int64(rows.count) << PERIOD_BITS)]),
        np.concatenate([rows.value, more.value]),
        np.concatenate([rows.weight, more.weight]),
        rows.count + count,
    )


def merged(rows: Rows, more: Rows) -> Rows:
    """Rows with others of the same tracks among them."""
    key = np.concatenate([rows.key, more.key])
    order = np.argsort(key, kind="stable")
    value, weight = np.concatenate([rows.value, more.value]), np.concatenate([rows.weight, more.weight])
    return Rows(key[order], value[order], weight[order], more.count)


def numbered_anew(rows: Rows, firsts: Integers, tracks: Integers) -> Rows:
    """The rows of some tracks, numbered anew from 0."""
    owner, taken = spread(firsts[tracks], firsts[tracks + 1])
    return Rows(
        (owner << PERIOD_BITS) + (rows.key[taken] & PERIOD_MASK),
        rows.value[taken],
        rows.weight[taken],
        len(tracks),
    )


def computed_rows(rows: Rows, shape: Formula, parts: Integers) -> tuple[Rows, list[Rows]]:
    """A formula over tracks, one for each row of `parts`, and the rows of each part in the periods that all have."""
    firsts = np.searchsorted(rows.key, np.arange(rows.count + 1, dtype=np.int64) << PERIOD_BITS)
    columns = [numbered_anew(rows, firsts, parts[:, slot]) for slot in range(parts.shape[1])]
    common = columns[0].key
    for column in columns[1:]:
        common = np.intersect1d(common, column.key, assume_unique=True)
    columns = [selected(column, np.searchsorted(column.key, common)) for column in columns]
    value = computed(shape, [column.value for column in columns], len(common))
    known = np.flatnonzero(np.isfinite(value))
    return Rows(common[known], value[known], np.full(len(known), np.nan), len(parts)), columns
