"""Series: observations as rows, one series for each metric and combination of dimensions.

Belongs here: which rows count as observed, where they lie on their metric's grid, zeros that a source leaves out.
Does not: which series a key result reads (views).
"""

import json
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np
import pandas as pd

from okr_pipeline.scoring.arrays import Floats, Integers, moments_of, spread
from okr_pipeline.scoring.definitions import Definitions
from okr_pipeline.scoring.grids import first_periods
from okr_pipeline.scoring.rows import FILLED, PERIOD_BITS, PERIOD_MASK, Rows, merged

Where: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Member:
    """One series: its metric's number and its dimensions.

    One that the source never had, and that is 0 throughout, was made for a formula whose other parts have it, or for
    a view that pins it. It is nobody else's: what one key result asks for must not be seen by another.
    """

    metric: int
    where: Where
    made_for: Literal["formula", "view"] | None = field(default=None, compare=False)


@dataclass(slots=True)
class Index:
    """Finds the series of a metric that match a `where`, without trying each."""

    members: Sequence[Member]
    _by_metric: dict[int, list[int]] = field(default_factory=dict)
    _by_names: dict[tuple[int, tuple[str, ...]], dict[tuple[str, ...], list[int]]] = field(default_factory=dict)

    def matching(self, metric: int, where: Where) -> list[int]:
        """The numbers of the series whose dimensions include all of `where`."""
        names = tuple(name for name, _ in where)
        if (metric, names) not in self._by_names:
            self._by_names[metric, names] = self._grouped(metric, names)
        return self._by_names[metric, names].get(tuple(value for _, value in where), [])

    def _grouped(self, metric: int, names: tuple[str, ...]) -> dict[tuple[str, ...], list[int]]:
        if not self._by_metric:
            for number, member in enumerate(self.members):
                self._by_metric.setdefault(member.metric, []).append(number)
        grouped: dict[tuple[str, ...], list[int]] = {}
        for number in self._by_metric.get(metric, []):
            dimensions = dict(self.members[number].where)
            exact = len(dimensions) == len(names) or self.members[number].made_for is None
            if exact and all(name in dimensions for name in names):
                grouped.setdefault(tuple(dimensions[name] for name in names), []).append(number)
        return grouped


def observed_rows(definitions: Definitions, frame: pd.DataFrame) -> tuple[Rows, list[Member]]:
    """The rows that have a value, and the series they are of, in the order of metric and dimensions' text."""
    metric, period = located(definitions, frame)
    value, weight = numbers_of(frame, "value"), numbers_of(frame, "weight")
    weighted = np.array([each.weighted for each in definitions.metrics] + [False])
    weight = np.where((weight > 0) & np.isfinite(weight), weight, np.nan)
    keep = (metric >= 0) & np.isfinite(value) & ~(weighted[metric] & np.isnan(weight))
    if not keep.all():
        frame, metric, period, value, weight = frame[keep], metric[keep], period[keep], value[keep], weight[keep]
    series, members = series_of(metric, frame["dimensions"])
    key = (series << PERIOD_BITS) + period
    if len(key) and not (key[1:] > key[:-1]).all():
        newest = _newest_of_each(key, frame)
        key, value, weight = key[newest], value[newest], weight[newest]
    return Rows(key, value, weight, len(members)), members


def with_zeros(definitions: Definitions, rows: Rows, members: list[Member]) -> tuple[Rows, list[Member]]:
    """Rows of 0 where a metric says `empty: zero`: from where it is first looked at to its newest period of any series.

    A series that some view or formula reads and that the source never had is 0 throughout.
    """
    zero = {number for number, each in enumerate(definitions.metrics) if each.zero and not each.weighted}
    series_metric = np.array([member.metric for member in members], dtype=np.int64)
    if not np.isin(series_metric, list(zero)).any():
        return rows, members
    newest = np.full(len(definitions.metrics), -1, dtype=np.int64)
    np.maximum.at(newest, series_metric[rows.key >> PERIOD_BITS], rows.key & PERIOD_MASK)
    members = [*members, *_never_seen(definitions, members, {number for number in zero if newest[number] >= 0})]
    filled = np.array([number for number, member in enumerate(members) if member.metric in zero], dtype=np.int64)
    metric = np.array([members[number].metric for number in filled], dtype=np.int64)
    grid = np.array([definitions.metrics[number].grid for number in metric], dtype=np.int64)
    low = first_periods(definitions.grids, grid, definitions.needed_from[metric])
    owner, period = spread(low, newest[metric] + 1)
    missing = np.setdiff1d((filled[owner] << PERIOD_BITS) + period, rows.key, assume_unique=True)
    added = Rows(missing, np.zeros(len(missing)), np.full(len(missing), FILLED), len(members))
    return merged(rows, added), members


def located(definitions: Definitions, frame: pd.DataFrame) -> tuple[Integers, Integers]:
    """The metric's number of each row, -1 where nobody reads it or it is not on the metric's grid, and its period's."""
    numbers = {each.id: number for number, each in enumerate(definitions.metrics) if each.shape is None}
    codes, names = pd.factorize(frame["metric"])
    metric = np.array([*(numbers.get(name, -1) for name in names), -1], dtype=np.int64)[codes]
    grid = np.array([*(each.grid for each in definitions.metrics), -1], dtype=np.int64)[metric]
    starts = moments_of(frame["period_start"])
    period = first_periods(definitions.grids, grid, starts)
    on_grid = np.zeros(len(frame), dtype=np.bool_)
    for number, each in enumerate(definitions.grids.each):
        rows = grid == number
        on_grid[rows] = each.bounds[np.minimum(period[rows], len(each.bounds) - 1)] == starts[rows]
    return np.where(on_grid, metric, -1), period


def numbers_of(frame: pd.DataFrame, column: str) -> Floats:
    """A column of numbers, of whatever type; what is no number is NaN."""
    return pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def series_of(metric: Integers, dimensions: "pd.Series[str]") -> tuple[Integers, list[Member]]:
    """The series of each row, and all series, in an order that is a function of what they are."""
    codes, names = pd.factorize(dimensions)
    order = np.argsort(np.asarray(names, dtype=object), kind="stable") if len(names) else np.zeros(0, dtype=np.int64)
    rank = np.empty(len(names) + 1, dtype=np.int64)
    rank[order] = np.arange(len(names))
    rank[-1] = len(names)
    combined, distinct = pd.factorize(metric * (len(names) + 1) + rank[codes])
    distinct = np.asarray(distinct, dtype=np.int64)
    place = np.empty(len(distinct), dtype=np.int64)
    ordered = np.argsort(distinct)
    place[ordered] = np.arange(len(distinct))
    wheres = [*(_where(names[number]) for number in order), ()]
    members = [
        Member(int(code) // (len(names) + 1), wheres[int(code) % (len(names) + 1)]) for code in distinct[ordered]
    ]
    return place[combined], members


def _where(text: str) -> Where:
    return tuple(sorted((name, str(value)) for name, value in json.loads(text).items()))


def _newest_of_each(key: Integers, frame: pd.DataFrame) -> Integers:
    """The rows that sort a column of keys; of equal ones the highest revision."""
    order = np.argsort(key, kind="stable")
    if not (key[order[1:]] == key[order[:-1]]).any():
        return np.asarray(order, dtype=np.int64)
    revision = numbers_of(frame, "revision") if "revision" in frame else np.zeros(len(key))
    order = np.lexsort((numbers_of(frame, "value"), revision, key))
    ordered = key[order]
    return np.asarray(order[np.append(ordered[1:] != ordered[:-1], True)], dtype=np.int64)


def _never_seen(definitions: Definitions, members: list[Member], zero: AbstractSet[int]) -> list[Member]:
    index, known = Index(members), set(members)
    by_id = {each.id: number for number, each in enumerate(definitions.metrics)}
    asked = []
    for each in definitions.metrics:
        parts = {by_id[part] for part in each.parts}
        filled = parts & zero
        wheres = {it.where for it in members if it.metric in parts} if filled else set()
        asked += [Member(part, where, "formula") for part in sorted(filled) for where in sorted(wheres)]
    unmatched = [it for it in definitions.views if not index.matching(it.metric, it.where)]
    asked += [Member(it.metric, it.where, "view") for it in unmatched]
    return [it for it in dict.fromkeys(asked) if it.metric in zero and it not in known]
