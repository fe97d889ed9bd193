"""Contributions: the values of key results that are the sum of others.

Belongs here: adding children up into parents, and what is known of the sum. Does not: who contributes
(model.contribution).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from okr_pipeline.model.contribution import Contributors, is_summed
from okr_pipeline.model.okr import KeyResult
from okr_pipeline.model.score import Reason
from okr_pipeline.scoring.arrays import NO_INSTANT, Booleans, Integers
from okr_pipeline.scoring.definitions import NO_REASON, REASON, Definitions, Sums
from okr_pipeline.scoring.values import Values

_NOTHING_YET = REASON[Reason.NO_PERIOD_ENDED]


def compile_sums(key_results: Sequence[KeyResult], contributors: Contributors) -> Sums:
    """The pairs of child and summed parent among key results, those of the lowest parents first."""
    rows = {it.full_id: row for row, it in enumerate(key_results)}
    pairs = [
        (_height(it, contributors), rows[child.full_id], row)
        for row, it in enumerate(key_results)
        if is_summed(it)
        for child in contributors.get(it.full_id, ())
    ]
    columns = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 3)
    return Sums(height=columns[:, 0], child=columns[:, 1], parent=columns[:, 2])


def add_up(definitions: Definitions, values: Values, as_of: Integers) -> Values:
    """Summed key results with the sum of what contributes to them.

    A child that has not started, or of which no period has ended, has added nothing yet. One that is unknown makes the
    sum unknown: part of a sum is not a smaller sum. The sum speaks up to where the last of its open children does.
    """
    if not len(definitions.sums.child):
        return values
    values = replace(values, **{name: getattr(values, name).copy() for name in _FILLED})
    for child, parent in _levels(definitions.sums):
        _add_level(definitions, values, as_of, child, parent)
    return values


def any_of_parts(definitions: Definitions, column: Booleans) -> Booleans:
    """A fact that holds of a sum where it holds of any of its parts."""
    if not len(definitions.sums.child):
        return column
    column = column.copy()
    for child, parent in _levels(definitions.sums):
        np.logical_or.at(column, parent, column[child])
    return column


_FILLED = ("value", "reason", "period_end", "window_end", "observed", "expected", "straddling", "any_ended")


def _add_level(definitions: Definitions, values: Values, as_of: Integers, child: Integers, parent: Integers) -> None:
    of, rows = definitions.key_results, np.unique(parent)
    begun = (as_of[parent] > of.start[child]) & (values.reason[child] != _NOTHING_YET)
    known = begun & (values.reason[child] == NO_REASON)
    for name in ("value", "observed", "expected", "straddling"):
        column = getattr(values, name)
        column[rows] = 0.0
        np.add.at(column, parent[known], column[child[known]])
    reason = np.full(len(of.start), len(REASON), dtype=np.int64)
    np.minimum.at(reason, parent[begun & ~known], values.reason[child[begun & ~known]])
    some = np.zeros(len(of.start), dtype=np.bool_)
    some[parent[begun]] = True
    values.any_ended[rows] = some[rows]
    values.reason[rows] = np.where(
        reason[rows] < len(REASON), reason[rows], np.where(some[rows], NO_REASON, _NOTHING_YET)
    )
    values.window_end[rows] = np.minimum(as_of, of.end)[rows]
    values.period_end[rows] = _known_until(definitions, values, as_of, child, parent)[rows]


def _known_until(
    definitions: Definitions, values: Values, as_of: Integers, child: Integers, parent: Integers
) -> Integers:
    """The end of the newest period that all open children know; the instant itself where none is open."""
    of, until = definitions.key_results, np.minimum(as_of, definitions.key_results.end)
    open_ = (as_of[parent] > of.start[child]) & (as_of[parent] < of.end[child])
    seen = np.where(values.period_end[child] == NO_INSTANT, of.start[child], values.period_end[child])
    np.minimum.at(until, parent[open_], seen[open_])
    return until


def _levels(sums: Sums) -> Iterator[tuple[Integers, Integers]]:
    for height in np.unique(sums.height):
        rows = sums.height == height
        yield sums.child[rows], sums.parent[rows]


def _height(key_result: KeyResult, contributors: Contributors) -> int:
    children = (it for it in contributors.get(key_result.full_id, ()) if is_summed(it))
    return 1 + max((_height(it, contributors) for it in children), default=0)
