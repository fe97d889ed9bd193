"""Observations: the value of a series for a period, every revision of it, and what was known when.

Belongs here: writing revisions, and reading the current values or those of an instant. Does not: refused values
(`quarantine`), or what a value means (scoring).

`observations` holds the newest revision of each key and `observation_revisions` all of them; both are written in one
transaction, by a writer whose turn it is.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import sqlalchemy as sa

from okr_pipeline.model.frames import OBSERVATIONS
from okr_pipeline.store import batches, bulk, series
from okr_pipeline.store.schema import observation_revisions, observations
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
    staged = bulk.stage(connection, observations, _content(connection, points))
    current = observations
    differs = sa.or_(*(staged.c[name].is_distinct_from(current.c[name]) for name in _CONTENT))
    is_new = sa.and_(current.c.series_id.is_(None), staged.c.value.is_not(None))
    changes = sa.select(
        *(staged.c[name] for name in [*_KEY, *_CONTENT]),
        (sa.func.coalesce(current.c.revision, 0) + 1).label("revision"),
    ).where(sa.or_(is_new, sa.and_(current.c.series_id.is_not(None), differs)))
    joined = staged.outerjoin(current, _same_key(staged, current))
    return _append(connection, changes.select_from(joined), staged, run_id, recorded_at)


def withdraw(connection: sa.Connection, keys: pd.DataFrame, *, run_id: str, recorded_at: datetime) -> int:
    """A revision without a value for every key that has one; how many."""
    if keys.empty:
        return 0
    staged = bulk.stage(connection, observations, _keys(connection, keys))
    current = observations
    changes = (
        sa.select(
            staged.c.series_id,
            staged.c.period_start,
            current.c.period_end,
            sa.null().cast(sa.Double).label("value"),
            sa.null().cast(sa.Double).label("weight"),
            sa.literal("").label("flags"),
            (current.c.revision + 1).label("revision"),
        )
        .select_from(staged.join(current, _same_key(staged, current)))
        .where(current.c.value.is_not(None))
    )
    return _append(connection, changes, staged, run_id, recorded_at)


def read(connection: sa.Connection, selection: Selection) -> pd.DataFrame:
    """OBSERVATIONS as known at `selection.known_at`, or now; withdrawn ones with NaN; sorted by name and period."""
    listed = series.names(connection, selection.metrics)
    if _is_all_known(connection, selection.known_at):
        rows = bulk.fetch(connection, _rows(observations, listed, selection))
    else:
        rows = _newest(bulk.fetch(connection, _rows(observation_revisions, listed, selection)))
    return series.with_names(rows, listed)[list(OBSERVATIONS)]


def revisions(connection: sa.Connection, selection: Selection) -> pd.DataFrame:
    """Every revision recorded by `selection.known_at`, in OBSERVATIONS' columns; sorted by name, period, revision."""
    listed = series.names(connection, selection.metrics)
    rows = bulk.fetch(connection, _rows(observation_revisions, listed, selection))
    return series.with_names(rows, listed)[list(OBSERVATIONS)]


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


def _content(connection: sa.Connection, points: pd.DataFrame) -> pd.DataFrame:
    points = points.reset_index(drop=True)
    rows = _keys(connection, points, create=True)
    rows["period_end"] = bulk.instants(points["period_end"]).loc[rows.index]
    for name in ("value", "weight"):
        rows[name] = pd.to_numeric(points[name]).astype("f8").loc[rows.index] if name in points else np.nan
    rows["flags"] = points["flags"].fillna("").loc[rows.index] if "flags" in points else ""
    has_value = rows["value"].notna()
    return rows.assign(weight=rows["weight"].where(has_value), flags=rows["flags"].where(has_value, ""))


def _keys(connection: sa.Connection, frame: pd.DataFrame, *, create: bool = False) -> pd.DataFrame:
    frame = frame.reset_index(drop=True)
    numbers = series.numbered(connection, frame, create=create)
    starts = bulk.instants(frame["period_start"])
    if starts.isna().any():
        raise ValueError(f"{int(starts.isna().sum())} rows have no period_start, so they are no observations")
    order = np.lexsort((starts.dt.tz_localize(None).to_numpy(), numbers.to_numpy()))
    rows = pd.DataFrame({"series_id": numbers, "period_start": starts}).iloc[order].dropna(subset="series_id")
    if rows.duplicated().any():
        twice = frame.loc[rows.index[rows.duplicated().to_numpy()][0]]
        raise ValueError(f"{twice['metric']} {twice['dimensions']} has two rows for the period {twice['period_start']}")
    return rows.astype({"series_id": "i8"})


def _append(
    connection: sa.Connection, changes: sa.Select[Any], staged: sa.Table, run_id: str, recorded_at: datetime
) -> int:
    stamps = [sa.literal(recorded_at, type_=observations.c.recorded_at.type).label("recorded_at")]
    rows = changes.add_columns(*stamps, sa.literal(run_id).label("run_id")).order_by(*(staged.c[name] for name in _KEY))
    names = [column.name for column in rows.selected_columns]
    appended = bulk.written(connection, observation_revisions.insert().from_select(names, rows))
    if appended:
        _carry_forward(connection, staged, names, recorded_at)
    return appended


def _carry_forward(connection: sa.Connection, staged: sa.Table, names: list[str], recorded_at: datetime) -> None:
    """Make the revision that follows the current one current, for the staged keys that have one."""
    news, current = observation_revisions, observations
    joined = staged.join(news, _same_key(staged, news)).outerjoin(current, _same_key(staged, current))
    follows = news.c.revision == sa.func.coalesce(current.c.revision, 0) + 1
    rows = (
        sa.select(*(news.c[name] for name in names))
        .select_from(joined)
        .where(news.c.recorded_at == recorded_at, follows)
        .order_by(*(news.c[name] for name in _KEY))
    )
    statement = bulk.dialect_insert(connection, current).from_select(names, rows)
    updates = {name: statement.excluded[name] for name in names if name not in _KEY}
    is_newer = statement.excluded.revision > current.c.revision
    connection.execute(statement.on_conflict_do_update(index_elements=_KEY, set_=updates, where=is_newer))


def _same_key(one: sa.Table, other: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(*(one.c[name] == other.c[name] for name in _KEY))


def _rows(table: sa.Table, listed: pd.DataFrame, selection: Selection) -> sa.Select[Any]:
    statement = sa.select(table).where(
        series.among(table.c.series_id, listed, selection.metrics), selection.periods(table.c.period_start)
    )
    if selection.known_at is not None:
        statement = statement.where(table.c.recorded_at <= selection.known_at)
    return statement.order_by(*table.primary_key.columns)


def _is_all_known(connection: sa.Connection, known_at: datetime | None) -> bool:
    """Whether nothing was recorded after an instant, so that the current rows are the answer."""
    if known_at is None:
        return True
    newest = batches.newest_recorded_at(connection)
    return newest is None or known_at >= newest


def _newest(rows: pd.DataFrame) -> pd.DataFrame:
    """The last revision of each key, of rows sorted by key and revision."""
    return rows[~rows.duplicated(_KEY, keep="last").to_numpy()]
