"""What is well with a store and what is not.

Belongs here: checks that read. Does not: repairs.

Each check is one query that finds what must not be there. Nothing here needs pandas.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Literal

import sqlalchemy as sa

from okr_pipeline.store import versions
from okr_pipeline.store.engine import Database
from okr_pipeline.store.errors import StoreError
from okr_pipeline.store.schema import (
    batches,
    metadata,
    observations,
    past_observations,
    quarantine,
    runs,
    series,
    stamps,
)

_UNFINISHED_AFTER: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check. `message` of what is not ok says what, why it matters and what to do."""

    check: str
    status: Literal["ok", "warn", "error"]
    message: str


def examine(database: Database) -> tuple[Finding, ...]:
    """Every finding, in the order of the checks; later ones are left out where the store cannot be read at all."""
    try:
        with database.reading() as connection:
            versions.require_current(connection, database.place)
    except StoreError as error:
        return (Finding("schema", "error", str(error)),)
    findings = [Finding("schema", "ok", f"schema {versions.REVISIONS[-1]}, current")]
    for name, check in _CHECKS.items():
        findings += _checked(database, name, check)
    return (*findings, *_writable(database))


def _checked(database: Database, name: str, check: "Check") -> Iterator[Finding]:
    try:
        with database.reading() as connection:
            problems = list(check(connection))
    except StoreError as error:
        problems = [Finding(name, "error", str(error))]
    yield from problems or [Finding(name, "ok", "nothing found")]


Check = Callable[[sa.Connection], Iterator[Finding]]


def _integrity(connection: sa.Connection) -> Iterator[Finding]:
    if connection.dialect.name != "sqlite":
        return
    for row in connection.exec_driver_sql("PRAGMA integrity_check(10)"):
        if row[0] != "ok":
            yield Finding("integrity", "error", f"The file is damaged: {row[0]}. Restore a copy.")


def _foreign_keys(connection: sa.Connection) -> Iterator[Finding]:
    if connection.dialect.name != "sqlite":
        return
    for row in connection.exec_driver_sql("PRAGMA foreign_key_check"):
        what = f"A row of {row[0]} names a row of {row[2]} that is gone"
        yield Finding("foreign_keys", "error", f"{what}. Restore a copy.")


def _tables(connection: sa.Connection) -> Iterator[Finding]:
    missing = sorted(set(metadata.tables) - set(sa.inspect(connection).get_table_names()))
    if missing:
        yield Finding("tables", "error", f"Tables are gone: {', '.join(missing)}. Restore a copy.")


def _follow_their_past(connection: sa.Connection) -> Iterator[Finding]:
    past = (
        sa.select(
            past_observations.c.series_id,
            past_observations.c.period_start,
            sa.func.max(past_observations.c.revision).label("newest"),
            sa.func.count().label("revisions"),
        )
        .group_by(past_observations.c.series_id, past_observations.c.period_start)
        .subquery()
    )
    same_key = sa.and_(past.c.series_id == observations.c.series_id, past.c.period_start == observations.c.period_start)
    revisions = sa.func.coalesce(past.c.revisions, 0)
    breaks = sa.or_(observations.c.revision != revisions + 1, past.c.newest != past.c.revisions)
    broken = observations.outerjoin(past, same_key)
    gone = past.outerjoin(observations, same_key)
    for rows, condition, what in (
        (gone, observations.c.series_id.is_(None), "observations are gone that have past revisions"),
        (broken, breaks, "observations do not follow their past revisions"),
    ):
        count = connection.execute(sa.select(sa.func.count()).select_from(rows).where(condition)).scalar_one()
        if count:
            yield Finding("current_observations", "error", f"{count} {what}. Scores may be wrong: restore a copy.")


def _orphans(connection: sa.Connection) -> Iterator[Finding]:
    for table in metadata.sorted_tables:
        if "series_id" in table.c and table is not series:
            yield from _orphans_of(connection, table, table.c.series_id, series.c.series_id)
        if "stamp_id" in table.c and table is not stamps:
            yield from _orphans_of(connection, table, table.c.stamp_id, stamps.c.stamp_id)
        if "run_id" in table.c and table is not runs:
            yield from _orphans_of(connection, table, table.c.run_id, runs.c.run_id)
        if "recorded_at" in table.c and table is not batches:
            yield from _orphans_of(connection, table, table.c.recorded_at, batches.c.recorded_at)


def _orphans_of(
    connection: sa.Connection, table: sa.Table, column: sa.Column[Any], owner: sa.Column[Any]
) -> Iterator[Finding]:
    named = sa.select(column.label("name")).where(column.is_not(None)).distinct().subquery()
    orphaned = sa.select(sa.func.count()).select_from(named).where(~sa.exists().where(owner == named.c.name))
    count = connection.execute(orphaned).scalar_one()
    if count:
        what = f"{count} values of {table.name}.{column.name} are not in {owner.table.name}"
        yield Finding("orphans", "error", f"{what}, so those rows cannot be explained. Restore a copy.")


def _quarantine(connection: sa.Connection) -> Iterator[Finding]:
    keys = (quarantine.c.series_id, quarantine.c.period_start)
    twice = sa.select(*keys).where(quarantine.c.released_at.is_(None)).group_by(*keys).having(sa.func.count() > 1)
    count = connection.execute(sa.select(sa.func.count()).select_from(twice.subquery())).scalar_one()
    if count:
        yield Finding("quarantine", "error", f"{count} periods are quarantined twice. Restore a copy.")


def _unfinished_runs(connection: sa.Connection) -> Iterator[Finding]:
    newest = connection.execute(sa.select(sa.func.max(batches.c.recorded_at))).scalar_one()
    if newest is None:
        return
    unfinished = sa.select(runs.c.run_id, runs.c.started_at).where(
        runs.c.status == "running", runs.c.started_at < newest - _UNFINISHED_AFTER
    )
    for row in connection.execute(unfinished.order_by(runs.c.started_at)):
        message = f"Run {row.run_id} began at {row.started_at.isoformat()} and never ended: it was probably killed."
        yield Finding("unfinished_runs", "warn", f"{message} What it committed is whole; run again to do the rest.")


_CHECKS: Final[dict[str, Check]] = {
    "integrity": _integrity,
    "foreign_keys": _foreign_keys,
    "tables": _tables,
    "current_observations": _follow_their_past,
    "orphans": _orphans,
    "quarantine": _quarantine,
    "unfinished_runs": _unfinished_runs,
}


def _writable(database: Database) -> Iterator[Finding]:
    reason = _unwritable_file(database) if database.path is not None else _unwritable_tables(database)
    if reason:
        yield Finding("writable", "error", f"This login cannot write the store: {reason}. Runs will fail.")
    else:
        yield Finding("writable", "ok", "this login can write")


def _unwritable_file(database: Database) -> str | None:
    path = database.path
    if path is None or not path.exists():
        return "there is no file"
    if not os.access(path, os.W_OK):
        return f"{path} is read-only"
    # The journal is made beside the file.
    return None if os.access(path.parent, os.W_OK | os.X_OK) else f"nothing can be created in {path.parent}"


def _unwritable_tables(database: Database) -> str | None:
    with database.reading() as connection:
        if connection.exec_driver_sql("SELECT pg_is_in_recovery()").scalar_one():
            return "the server is a standby"
        may = sa.func.has_table_privilege
        refused = [
            name for name in metadata.tables if not connection.execute(sa.select(may(name, "INSERT"))).scalar_one()
        ]
    return f"no INSERT on {', '.join(refused)}" if refused else None
