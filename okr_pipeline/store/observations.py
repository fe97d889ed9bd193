"""Observations: the value of a series for a period, every revision of it, and what was known when.

Belongs here: writing revisions, and reading the current values or those of an instant. Does not: refused values
(`quarantine`), or what a value means (scoring).

`observations` holds the newest revision of each key, `past_observations` those that it replaced: each revision is one
row. A change moves the row that it replaces in the same transaction, by a writer whose turn it is.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import sqlalchemy as sa

from okr_pipeline.model.frames import OBSERVATIONS
from okr_pipeline.store import batches, bulk, columns, series, stamps
from okr_pipeline.store.errors import StoreUnavailable
from okr_pipeline.store.schema import observations, past_observations
from okr_pipeline.store.schema import series as series_table

_KEY: Final = ["series_id", "period_start"]
_CONTENT: Final = ["period_end", "value", "weight", "flags"]


@dataclass(frozen=True, slots=True)
class Selection:
    """Rows of these metrics (None: all), with periods starting in `[start, end)`, as known at an instant."""

    metrics: Collection[str] | None = None
    start: datetime | None = None
    end: datetime | None = None
    known_at: datetime | None = None

    def periods(self, column: sa.Column[Any]) -> sa.ColumnElement[bool]:
        """The condition on a period's start."""
        after = sa.true() if self.start is None else column >= self.start
        return sa.and_(after, sa.true() if self.end is None else column < self.end)


def record(connection: sa.Connection, points: pd.DataFrame, *, run_id: str, recorded_at: datetime) -> int:
    """A new revision of every row that differs from the current one; how many.

    Rows without a value withdraw what there is, and are nothing where there is nothing.

    Raises:
        ValueError: two rows for one key.
    """
    if points.empty:
        return 0
    rows = _content(connection, points)
    stamp = stamps.of(connection, recorded_at, run_id)
    is_new = (rows["series_id"] > _last_series(connection)).to_numpy()
    count = _replace(connection, _changes(connection, rows[~is_new]), stamp) if not is_new.all() else 0
    added = rows[is_new & rows["value"].notna().to_numpy()].assign(revision=1, stamp_id=stamp.number)
    count += bulk.insert(connection, observations, added)
    if count:
        stamps.note(connection, stamp)
    return count


def withdraw(connection: sa.Connection, keys: pd.DataFrame, *, run_id: str, recorded_at: datetime) -> int:
    """A revision without a value for every key that has one; how many."""
    if keys.empty:
        return 0
    rows = _keys(connection, keys)
    if rows.empty:
        return 0
    stamp = stamps.of(connection, recorded_at, run_id)
    count = _replace(connection, _withdrawals(connection, rows), stamp)
    if count:
        stamps.note(connection, stamp)
    return count


def read(connection: sa.Connection, selection: Selection, wanted: Sequence[str] = OBSERVATIONS) -> pd.DataFrame:
    """OBSERVATIONS as known at `selection.known_at`, or now; withdrawn ones with NaN; sorted by name and period.

    `wanted` names those columns that are needed; most of the time goes into moving each cell.
    """
    listed = series.names(connection, selection.metrics)
    if not _is_all_known(connection, selection.known_at):
        return _named(connection, _newest(_every_revision(connection, listed, selection)), listed)[list(wanted)]
    needed = {*_KEY, *wanted} | ({"stamp_id"} if {"recorded_at", "run_id"} & {*wanted} else set())
    moved = [column for column in observations.columns if column.name in needed]
    statement = _rows(connection, observations, listed, selection).order_by(*_columns(observations, _KEY))
    return _named(connection, bulk.fetch(connection, statement.with_only_columns(*moved)), listed)[list(wanted)]


def revisions(connection: sa.Connection, selection: Selection) -> pd.DataFrame:
    """Every revision recorded by `selection.known_at`, in OBSERVATIONS' columns; sorted by name, period, revision."""
    listed = series.names(connection, selection.metrics)
    return _named(connection, _every_revision(connection, listed, selection), listed)[list(OBSERVATIONS)]


def coverage(connection: sa.Connection) -> pd.DataFrame:
    """One row per metric with values, and how far they reach.

    `metric`, `first_period_start`, `newest_period_start`, `newest_period_end`, and `periods`: how many distinct ones.
    """
    names, rows = series_table, observations
    statement = (
        sa.select(
            names.c.metric,
            sa.func.min(rows.c.period_start).label("first_period_start"),
            sa.func.max(rows.c.period_start).label("newest_period_start"),
            sa.func.max(rows.c.period_end).label("newest_period_end"),
            sa.func.count(rows.c.period_start.distinct()).label("periods"),
        )
        .select_from(rows.join(names, names.c.series_id == rows.c.series_id))
        .where(rows.c.value.is_not(None))
        .group_by(names.c.metric)
        .order_by(names.c.metric)
    )
    return bulk.fetch(connection, statement).astype({"metric": "str", "periods": "i8"})


def reach(connection: sa.Connection, selection: Selection) -> pd.DataFrame:
    """One row per metric of which any row is selected: how far they reach, and when the last of them was recorded.

    Periods that go on beyond the end of the selection are left out: nothing is known of them by then.
    `metric`, `newest_period_end`, `newest_value_end` (NaT where all are withdrawn), `recorded_at`; sorted by metric.
    """
    if _is_all_known(connection, selection.known_at):
        rows = _reach_of_series(connection, selection)
    else:
        known = read(connection, selection)
        if selection.end is not None:
            known = known[known["period_end"] <= selection.end]
        rows = known.assign(newest_period_end=known["period_end"], newest_value_end=_ends_of_values(known))
    return rows.groupby("metric")[["newest_period_end", "newest_value_end", "recorded_at"]].max().reset_index()


def _reach_of_series(connection: sa.Connection, selection: Selection) -> pd.DataFrame:
    """The same for each series, worked out where the rows are."""
    names, rows = series_table, observations
    ended = sa.true() if selection.end is None else rows.c.period_end <= selection.end
    of_series = sa.and_(rows.c.series_id == names.c.series_id, selection.periods(rows.c.period_start), ended)
    listed = series.names(connection, selection.metrics)
    statement = (
        sa.select(
            names.c.series_id,
            sa.func.max(rows.c.period_end).label("newest_period_end"),
            sa.func.max(sa.case((rows.c.value.is_not(None), rows.c.period_end))).label("newest_value_end"),
            sa.func.max(rows.c.stamp_id).label("stamp_id"),
        )
        .select_from(names.join(rows, of_series))
        .where(series.among(connection, names.c.series_id, listed, selection.metrics))
        .group_by(names.c.series_id)
    )
    return series.with_names(stamps.signed(connection, bulk.fetch(connection, statement)), listed)


def _ends_of_values(rows: pd.DataFrame) -> pd.Series:
    return rows["period_end"].where(rows["value"].notna())


def _content(connection: sa.Connection, points: pd.DataFrame) -> pd.DataFrame:
    points = points.reset_index(drop=True)
    rows = _keys(connection, points, create=True)
    rows["period_end"] = columns.instants(points["period_end"]).loc[rows.index]
    for name in ("value", "weight"):
        rows[name] = pd.to_numeric(points[name]).astype("f8").loc[rows.index] if name in points else np.nan
    rows["flags"] = points["flags"].fillna("").loc[rows.index] if "flags" in points else ""
    has_value = rows["value"].notna()
    return rows.assign(weight=rows["weight"].where(has_value), flags=rows["flags"].where(has_value, ""))


def _keys(connection: sa.Connection, frame: pd.DataFrame, *, create: bool = False) -> pd.DataFrame:
    frame = frame.reset_index(drop=True)
    numbers = series.numbered(connection, frame, create=create)
    starts = columns.instants(frame["period_start"])
    if starts.isna().any():
        raise ValueError(f"{int(starts.isna().sum())} rows have no period_start, so they are no observations")
    order = np.lexsort((starts.dt.tz_localize(None).to_numpy(), numbers.to_numpy()))
    rows = pd.DataFrame({"series_id": numbers, "period_start": starts}).iloc[order].dropna(subset="series_id")
    if rows.duplicated().any():
        twice = frame.loc[rows.index[rows.duplicated().to_numpy()][0]]
        raise ValueError(f"{twice['metric']} {twice['dimensions']} has two rows for the period {twice['period_start']}")
    return rows.astype({"series_id": "i8"})


def _last_series(connection: sa.Connection) -> int:
    """The largest number of a series that has observations; what is beyond need not be compared."""
    largest = sa.select(sa.func.coalesce(sa.func.max(observations.c.series_id), 0))
    return int(connection.execute(largest).scalar_one())


def _changes(connection: sa.Connection, rows: pd.DataFrame) -> sa.Select[Any]:
    """Those of some rows that differ, with the revision that there is yet, 0 for none."""
    given, current = bulk.given(connection, observations, rows), observations
    differs = sa.or_(*(given.c[name].is_distinct_from(current.c[name]) for name in _CONTENT))
    is_new = sa.and_(current.c.series_id.is_(None), given.c.value.is_not(None))
    return (
        sa.select(*_columns(given, [*_KEY, *_CONTENT]), sa.func.coalesce(current.c.revision, 0).label("revision"))
        .select_from(given.outerjoin(current, _same_key(given, current)))
        .where(sa.or_(is_new, sa.and_(current.c.series_id.is_not(None), differs)))
    )


def _withdrawals(connection: sa.Connection, keys: pd.DataFrame) -> sa.Select[Any]:
    """Those of some keys that have a value, without it."""
    given, current = bulk.given(connection, observations, keys), observations
    nothing = {"value": sa.null().cast(sa.Double), "weight": sa.null().cast(sa.Double), "flags": sa.literal("")}
    return (
        sa.select(
            *_columns(given, _KEY),
            current.c.period_end,
            *(content.label(name) for name, content in nothing.items()),
            current.c.revision,
        )
        .select_from(given.join(current, _same_key(given, current)))
        .where(current.c.value.is_not(None))
    )


def _replace(connection: sa.Connection, changes: sa.Select[Any], stamp: stamps.Stamp) -> int:
    """Move the rows that change to the past, and put in their place what follows their revision.

    Raises:
        StoreUnavailable: somebody who did not wait for the turn changed them at the same time.
    """
    names = [column.name for column in observations.columns]

    def move(changed: sa.FromClause) -> sa.Insert:
        replaced = sa.select(observations).select_from(changed.join(observations, _same_key(changed, observations)))
        return past_observations.insert().from_select(names, replaced.order_by(*_columns(changed, _KEY)))

    def put(changed: sa.FromClause) -> sa.Insert:
        values = {**changed.c, "revision": changed.c.revision + 1, "stamp_id": sa.literal(stamp.number)}
        rows = sa.select(*(values[name] for name in names)).where(sa.true()).order_by(*_columns(changed, _KEY))
        insert = bulk.dialect_insert(connection, observations).from_select(names, rows)
        updates = {name: insert.excluded[name] for name in names if name not in _KEY}
        follows = observations.c.revision == insert.excluded.revision - 1
        upsert: sa.Insert = insert.on_conflict_do_update(index_elements=_KEY, set_=updates, where=follows)
        return upsert

    found, _, written = bulk.write_found(connection, changes.order_by(*changes.selected_columns[:2]), move, put)
    if written != found:
        raise StoreUnavailable("Observations were changed by a writer that did not wait for its turn. Try again.")
    return found


def _same_key(one: sa.FromClause, other: sa.FromClause) -> sa.ColumnElement[bool]:
    return sa.and_(*(one.c[name] == other.c[name] for name in _KEY))


def _columns(table: sa.FromClause, names: Sequence[str]) -> list[sa.ColumnElement[Any]]:
    return [table.c[name] for name in names]


def _rows(connection: sa.Connection, table: sa.Table, listed: pd.DataFrame, selection: Selection) -> sa.Select[Any]:
    return sa.select(table).where(
        series.among(connection, table.c.series_id, listed, selection.metrics), selection.periods(table.c.period_start)
    )


def _every_revision(connection: sa.Connection, listed: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    """Every revision as known at an instant, sorted by key and revision."""
    parts = [_rows(connection, table, listed, selection) for table in (observations, past_observations)]
    if selection.known_at is not None:
        last = stamps.known(connection, selection.known_at)
        parts = [part.where(part.selected_columns.stamp_id <= last) for part in parts]
    rows = pd.concat([bulk.fetch(connection, part) for part in parts], ignore_index=True)
    return rows.sort_values([*_KEY, "revision"], ignore_index=True)


def _named(connection: sa.Connection, rows: pd.DataFrame, listed: pd.DataFrame) -> pd.DataFrame:
    """Names in place of numbers, as far as there are any."""
    return series.with_names(stamps.signed(connection, rows) if "stamp_id" in rows else rows, listed)


def _is_all_known(connection: sa.Connection, known_at: datetime | None) -> bool:
    """Whether nothing was recorded after an instant, so that the current rows are the answer."""
    if known_at is None:
        return True
    newest = batches.newest_recorded_at(connection)
    return newest is None or known_at >= newest


def _newest(rows: pd.DataFrame) -> pd.DataFrame:
    """The last revision of each key, of rows sorted by key and revision."""
    return rows[~rows.duplicated(_KEY, keep="last").to_numpy()].reset_index(drop=True)
