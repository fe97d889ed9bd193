"""Views: the track that each key result reads, made of the series that match it.

Belongs here: members combined, formulas, quarantined periods taken out. Does not: which rows are observed at all
(series), windows and roll-ups.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from okr_pipeline.model.formula import Formula
from okr_pipeline.scoring.arrays import Booleans, Floats, Integers, fold
from okr_pipeline.scoring.definitions import Definitions, View
from okr_pipeline.scoring.rows import (
    FILLED,
    PERIOD_BITS,
    PERIOD_MASK,
    Rows,
    appended,
    computed_rows,
    numbered_anew,
    selected,
)
from okr_pipeline.scoring.series import Index, Member, Where, located, numbers_of, observed_rows, series_of, with_zeros
from okr_pipeline.scoring.tracks import Tracks


def build_tracks(definitions: Definitions, observations: pd.DataFrame, quarantine: pd.DataFrame) -> Tracks:
    """The tracks of every view. Frames are as `model.frames` says; their order does not matter."""
    rows, members = observed_rows(definitions, observations)
    rows, members = with_zeros(definitions, rows, members)
    rows, members = _with_derived(definitions, rows, members)
    index = Index(members)
    rows, tracks = _with_views(definitions, rows, index)
    blocked = _blocked(definitions, quarantine)
    rows, tracks = _without_blocked(rows, tracks, blocked)
    rows, tracks, part_tracks = _with_parts(definitions, rows, tracks)
    tracks = np.where(tracks < 0, rows.count, tracks)
    return Tracks(
        key=rows.key,
        value=np.append(rows.value, 0.0),
        weight=np.append(np.where(rows.weight > 0, rows.weight, 0.0), 0.0),
        first=np.searchsorted(rows.key, np.arange(rows.count + 2, dtype=np.int64) << PERIOD_BITS),
        track=tracks,
        part_tracks=part_tracks,
        blocked=blocked,
    )


@dataclass(frozen=True, slots=True)
class RowsBehind:
    """The rows of a frame by series, so that those behind any view are found without trying each row.

    `period` is every row's number on the grid of its metric. The rows of series `n` that have a value are those of
    `order` between `firsts[n]` and `firsts[n + 1]`.
    """

    definitions: Definitions
    period: Integers
    order: Integers
    firsts: Integers
    index: Index
    by_id: Mapping[str, int]

    def of(self, view: int) -> Integers:
        """The places of the rows that have a value which a view can be made of, sorted."""
        facts = self.definitions.views[view]
        sources = _with_source(self.definitions, facts, self.by_id)
        series = [found for source in sources for found in self.index.matching(source, facts.where)]
        places = [self.order[self.firsts[each] : self.firsts[each + 1]] for each in series]
        return np.sort(np.concatenate([np.zeros(0, dtype=np.int64), *places]))


def rows_behind(definitions: Definitions, frame: pd.DataFrame) -> RowsBehind:
    """The rows of an `OBSERVATIONS` frame, to be asked for those behind a view."""
    metric, period = located(definitions, frame)
    series, members = series_of(metric, frame["dimensions"])
    valued = np.flatnonzero(np.isfinite(numbers_of(frame, "value")))
    order = valued[np.argsort(series[valued], kind="stable")]
    firsts = np.searchsorted(series[order], np.arange(len(members) + 1))
    by_id = {each.id: number for number, each in enumerate(definitions.metrics)}
    return RowsBehind(definitions, period, order, firsts, Index(members), by_id)


def _with_derived(definitions: Definitions, rows: Rows, members: list[Member]) -> tuple[Rows, list[Member]]:
    """Series of the metrics that a formula makes period by period, one for each member that all parts have."""
    by_id = {each.id: number for number, each in enumerate(definitions.metrics)}
    derived = {view.metric for view in definitions.views if view.shape is None} & {
        number for number, each in enumerate(definitions.metrics) if each.shape is not None
    }
    numbers: dict[int, dict[Where, int]] = {}
    for number, member in enumerate(members) if derived else ():
        if member.made_for != "view":
            numbers.setdefault(member.metric, {})[member.where] = number
    made: dict[Formula, list[tuple[Member, list[int]]]] = {}
    for metric in sorted(derived):
        facts = definitions.metrics[metric]
        parts = [numbers.get(by_id[part], {}) for part in facts.parts]
        if facts.shape is not None and parts:
            common = sorted(set.intersection(*(set(part) for part in parts)))
            pairs = [(Member(metric, it), [part[it] for part in parts]) for it in common]
            made.setdefault(facts.shape, []).extend(pairs)
    members = list(members)
    for shape, pairs in made.items():
        if pairs:
            series = np.array([parts for _, parts in pairs], dtype=np.int64)
            rows = appended(rows, computed_rows(rows, shape, series)[0], len(pairs))
        members += [member for member, _ in pairs]
    return rows, members


def _with_views(definitions: Definitions, rows: Rows, index: Index) -> tuple[Rows, Integers]:
    """For each view its track: the only series that matches, or a new track of all that do, combined."""
    matching = [index.matching(view.metric, view.where) if view.shape is None else [] for view in definitions.views]
    tracks = np.full(len(matching), -1, dtype=np.int64)
    combined: dict[str, list[int]] = {}
    for view, series in enumerate(matching):
        if len(series) == 1:
            tracks[view] = series[0]
        else:
            combined.setdefault(definitions.metrics[definitions.views[view].metric].across, []).append(view)
    for across, views in combined.items():
        tracks[views] = rows.count + np.arange(len(views))
        rows = appended(rows, _across(rows, across, [matching[view] for view in views]), len(views))
    return rows, tracks


def _across(rows: Rows, across: str, groups: Sequence[Sequence[int]]) -> Rows:
    """The members of each group as one track. Where they cannot be combined, a period with several is none."""
    firsts = np.searchsorted(rows.key, np.arange(rows.count + 1, dtype=np.int64) << PERIOD_BITS)
    members = np.array([series for group in groups for series in group], dtype=np.int64)
    group = np.repeat(np.arange(len(groups)), [len(each) for each in groups])
    single = numbered_anew(rows, firsts, members)
    key = (group[single.key >> PERIOD_BITS] << PERIOD_BITS) + (single.key & PERIOD_MASK)
    order = np.argsort(key, kind="stable")
    order = order[_counts(key[order], single.weight[order] == FILLED)]
    key, value, weight = key[order], single.value[order], single.weight[order]
    first, last = _runs(key)
    value, weight = _combined(across, value, np.where(weight > 0, weight, 0.0), first, last)
    known = np.isfinite(value)
    return Rows(key[first][known], value[known], weight[known], len(groups))


def _counts(key: Integers, filled: Booleans) -> Booleans:
    """A zero that was filled in counts only where no member of its period has a value, and then once."""
    first, last = _runs(key)
    real = fold(np.add, np.append(~filled, False).astype(np.float64), first, last)
    alone = np.zeros(len(key), dtype=np.bool_)
    alone[first[real == 0]] = True
    return ~filled | alone


def _runs(key: Integers) -> tuple[Integers, Integers]:
    """Where each run of equal keys begins and ends."""
    if not len(key):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    edges = np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1], [True]]))
    return edges[:-1], edges[1:]


def _combined(across: str, value: Floats, weight: Floats, first: Integers, last: Integers) -> tuple[Floats, Floats]:
    total = fold(np.add, np.append(weight, 0.0), first, last)
    alone = last - first == 1
    match across:
        case "sum":
            return fold(np.add, np.append(value, 0.0), first, last), total
        case "weighted_mean":
            with np.errstate(all="ignore"):
                mean = fold(np.add, np.append(value * weight, 0.0), first, last) / total
            return np.where(alone, value[first], mean), total
        case "last":
            return value[last - 1], weight[last - 1]
        case _:
            return np.where(alone, value[first], np.nan), total


def _blocked(definitions: Definitions, quarantine: pd.DataFrame) -> Integers:
    """Keys of (view, period) that a quarantined row is in."""
    if not len(quarantine):
        return np.zeros(0, dtype=np.int64)
    metric, period = located(definitions, quarantine)
    series, members = series_of(metric, quarantine["dimensions"])
    order = np.argsort(series, kind="stable")
    edges = np.searchsorted(series[order], np.arange(len(members) + 1))
    index = Index(members)
    by_id = {each.id: number for number, each in enumerate(definitions.metrics)}
    keys = [
        (np.int64(view) << PERIOD_BITS) + period[order[edges[found] : edges[found + 1]]]
        for view, facts in enumerate(definitions.views)
        for part in _with_source(definitions, facts, by_id)
        for found in index.matching(part, facts.where)
    ]
    return np.unique(np.concatenate([np.zeros(0, dtype=np.int64), *keys]))


def _with_source(definitions: Definitions, view: View, by_id: Mapping[str, int]) -> list[int]:
    facts = definitions.metrics[view.metric]
    return [view.metric] if facts.shape is None else [by_id[part] for part in facts.parts]


def _without_blocked(rows: Rows, tracks: Integers, blocked: Integers) -> tuple[Rows, Integers]:
    """Views that have quarantined periods get a track of their own, without them."""
    views = np.unique(blocked >> PERIOD_BITS)
    views = views[tracks[views] >= 0]
    if not len(views):
        return rows, tracks
    firsts = np.searchsorted(rows.key, np.arange(rows.count + 1, dtype=np.int64) << PERIOD_BITS)
    copied = numbered_anew(rows, firsts, tracks[views])
    view_keys = (views[copied.key >> PERIOD_BITS] << PERIOD_BITS) + (copied.key & PERIOD_MASK)
    kept = selected(copied, np.flatnonzero(~np.isin(view_keys, blocked)))
    tracks = tracks.copy()
    tracks[views] = rows.count + np.arange(len(views))
    return appended(rows, kept, len(views)), tracks


def _with_parts(definitions: Definitions, rows: Rows, tracks: Integers) -> tuple[Rows, Integers, Integers]:
    """Tracks of views that are computed from rolled-up parts: the formula per period, and each part on its periods."""
    groups: dict[Formula, list[int]] = {}
    for view, facts in enumerate(definitions.views):
        if facts.shape is not None and facts.parts:
            groups.setdefault(facts.shape, []).append(view)
    width = max((len(view.parts) for view in definitions.views), default=0)
    tracks, part_tracks = tracks.copy(), np.full((len(tracks), max(width, 1)), -1, dtype=np.int64)
    for shape, views in groups.items():
        parts = np.array([[tracks[part] for part in definitions.views[view].parts] for view in views], dtype=np.int64)
        whole, columns = computed_rows(rows, shape, parts)
        tracks[views] = rows.count + np.arange(len(views))
        rows = appended(rows, whole, len(views))
        for slot, column in enumerate(columns):
            part_tracks[views, slot] = rows.count + np.arange(len(views))
            rows = appended(rows, column, len(views))
    return rows, tracks, part_tracks
