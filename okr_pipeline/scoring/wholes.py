"""Wholes: the outlooks of key results that are the sum of others.

Belongs here: which parts a whole is foreseen from, and their outlooks added up. Does not: those of its parts
(outlooks), how far their errors add up (dependence), values (contributions).
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, Final

import numpy as np

from okr_pipeline.model.score import Reason
from okr_pipeline.scoring.arrays import Booleans, Floats, Integers, gathered, grouped, spread
from okr_pipeline.scoring.definitions import NO_REASON, REASON, Definitions
from okr_pipeline.scoring.dependence import Errors, joint_scale
from okr_pipeline.scoring.grids import bounds_at, ended_periods
from okr_pipeline.scoring.outlooks import Outlook, outlooks
from okr_pipeline.scoring.standing import Standing, chosen_key_results
from okr_pipeline.scoring.told import days_between
from okr_pipeline.scoring.tracks import Tracks, periods_of, rows_before, track_of

_NOTHING_YET: Final = REASON[Reason.NO_PERIOD_ENDED]
_NEVER: Final = np.iinfo(np.int64).max
_SURE: Final = 60.0
"""The freedom of what has no error."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Pairs: key result `part`, which has a metric, adds to `whole` through as many sums as there are.

    Sorted by whole, then by the name of the part, so that no order of key results moves a digit.
    """

    whole: Integers
    part: Integers


def is_whole(definitions: Definitions) -> Booleans:
    """Whether a key result's value is the sum of others."""
    wholes = np.zeros(len(definitions.key_results.start), dtype=np.bool_)
    wholes[definitions.sums.parent] = True
    return wholes


def parts_of(definitions: Definitions, wholes: Integers) -> Parts:
    """What the values of wholes are made of, down to what is observed."""
    summed, order = is_whole(definitions), np.argsort(definitions.sums.parent, kind="stable")
    parent, child = definitions.sums.parent[order], definitions.sums.child[order]
    whole, part = wholes, wholes
    while summed[part].any():
        inner = np.flatnonzero(summed[part])
        first, last = (np.searchsorted(parent, part[inner], side) for side in ("left", "right"))
        owner, rows = spread(first, last)
        whole = np.concatenate([whole[~summed[part]], whole[inner[owner]]])
        part = np.concatenate([part[~summed[part]], child[rows]])
    names = np.unique(definitions.labels["key_result"][part], return_inverse=True)[1]
    sort = np.lexsort((names, whole))
    return Parts(whole[sort], part[sort])


def unforeseen(definitions: Definitions, tracks: Tracks, standing: Standing, parts: Integers, as_of: int) -> Integers:
    """The reason of each part that its metric tells of nothing; `NO_REASON` where none is against a forecast.

    A part that has not started, or of which no period has ended, is foreseen like any other.
    """
    of, known = definitions.key_results, standing.measured.reason[parts]
    moments = np.full(len(parts), as_of, dtype=np.int64)
    track, high = track_of(tracks, of.view[parts]), ended_periods(definitions.grids, of.grid[parts], moments)
    newest = periods_of(tracks, np.maximum(rows_before(tracks, track, high) - 1, 0)) if len(tracks.key) else high
    age = as_of - bounds_at(definitions.grids, of.grid[parts], newest + 1)
    silent = (as_of <= of.start[parts]) & (age > of.fresh[parts])
    return np.where(known != _NOTHING_YET, known, np.where(silent, REASON[Reason.STALE], NO_REASON))


def joined(found: Sequence[Outlook], count: int) -> Outlook:
    """Outlooks as columns with a row for every key result; `rows` is -1 where it has none."""
    columns: dict[str, Any] = {
        each.name: np.zeros(count, dtype=_DTYPES.get(each.name, np.float64)) for each in fields(Outlook)
    }
    columns["rows"] -= 1
    for outlook in found:
        for name, column in columns.items():
            column[outlook.rows] = getattr(outlook, name)
    return Outlook(**columns)


_DTYPES: Final = {"rows": np.int64, "summed": np.bool_, "seasonal": np.bool_, "trending": np.bool_}


def added_up(
    definitions: Definitions, tracks: Tracks, standing: Standing, parts: Parts, of: Outlook, as_of: int
) -> Outlook:
    """The outlooks of wholes, every part of which has one in `of` or has ended.

    What is to come of a whole is a single amount, whose error is that of its series as far as these err together; its
    periods are days, from where it is known to the end of the last of its parts. Parts that nobody has written down yet
    bring nothing.
    """
    wholes, place = np.unique(parts.whole, return_inverse=True)
    part, known = parts.part, standing.measured.reason[parts.part] == NO_REASON
    final = np.where(known, standing.measured.value[part], 0.0)
    coming = np.where(of.rows[part] >= 0, of.coming[part], 0.0)
    to_come = coming > 0
    series = _series(definitions, tracks, Parts(parts.whole[to_come], part[to_come]), of, as_of)
    mine, variance = np.searchsorted(wholes, series.whole), series.scale**2

    def added(cells: Floats) -> Floats:
        return gathered(place, np.where(to_come, cells, 0.0), len(wholes))

    end, history = np.full(len(wholes), -_NEVER), np.full(len(wholes), np.inf)
    np.maximum.at(end, place[to_come], definitions.key_results.end[part[to_come]])
    np.minimum.at(history, place[to_come], of.history[part[to_come]])
    known_until = standing.measured.period_end[wholes]
    left = days_between(definitions, known_until, np.where(added(coming) > 0, end, known_until).astype(np.int64))
    doubt = gathered(mine, variance / series.freedom, len(wholes))
    return Outlook(
        rows=wholes,
        held=gathered(place, np.where(of.rows[part] >= 0, of.held[part], final), len(wholes)),
        coming=(added(coming) > 0).astype(np.float64),
        whole=np.ones(len(wholes)),
        mean=added(coming * of.mean[part]),
        spread=joint_scale(definitions, tracks, series, wholes, as_of),
        freedom=np.where(doubt > 0, gathered(mine, variance, len(wholes)) / doubt, _SURE),
        least=added(coming * of.least[part]),
        most=added(coming * of.most[part]),
        extreme=np.zeros(len(wholes)),
        periods=left,
        left=left,
        history=history,
        summed=np.ones(len(wholes), dtype=np.bool_),
        seasonal=added(of.seasonal[part].astype(np.float64)) > 0,
        trending=added(of.trending[part].astype(np.float64)) > 0,
    )


def _series(definitions: Definitions, tracks: Tracks, parts: Parts, of: Outlook, as_of: int) -> Errors:
    """The errors of the series that are still to come of wholes.

    Parts that follow one another in one series err as one that lasts from the first day to the last of them.
    """
    first, place = grouped(parts.whole, definitions.key_results.view[parts.part])
    coming = gathered(place, of.coming[parts.part], len(first))
    scale, freedom = coming * of.spread[parts.part[first]], of.freedom[parts.part[first]]
    several = np.flatnonzero(np.bincount(place) > 1)
    if len(several):
        lasting = _lasting(definitions, parts, place, several)
        for outlook in outlooks(lasting, tracks, np.arange(len(several)), as_of):
            scale[several[outlook.rows]] = coming[several[outlook.rows]] * outlook.spread
            freedom[several[outlook.rows]] = outlook.freedom
    return Errors(parts.part[first], parts.whole[first], scale, freedom)


def _lasting(definitions: Definitions, parts: Parts, place: Integers, several: Integers) -> Definitions:
    """A key result for each series of several parts, from the start of the first to the end of the last."""
    of, count = definitions.key_results, int(place.max()) + 1
    start, end = np.full(count, _NEVER), np.full(count, -_NEVER)
    np.minimum.at(start, place, of.start[parts.part])
    np.maximum.at(end, place, of.end[parts.part])
    rows = parts.part[grouped(place)[0][several]]
    key_results = replace(chosen_key_results(of, rows), start=start[several], end=end[several])
    return replace(definitions, key_results=key_results, labels={"unit": definitions.labels["unit"][rows]})
