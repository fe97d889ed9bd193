"""Runs and the configurations they applied.

Belongs here: when a run began and ended and how, and every version of the definitions. Does not: what a run wrote.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

import pandas as pd
import sqlalchemy as sa

from okr_pipeline.store import bulk
from okr_pipeline.store.schema import config_versions, runs

RunStatus: TypeAlias = Literal["running", "done", "partial", "failed"]


@dataclass(frozen=True, slots=True)
class Run:
    """One execution. `kind` is the command or job: run, backfill, refresh."""

    run_id: str
    kind: str
    as_of: datetime | None = None
    config_version: str | None = None
    dagster_run_id: str | None = None


def start(connection: sa.Connection, run: Run, at: datetime) -> None:
    """Note that a run began; a run that was noted already goes on under the same id."""
    values = {
        "run_id": run.run_id, "kind": run.kind, "status": "running", "started_at": at, "as_of": run.as_of,
        "config_version": run.config_version, "dagster_run_id": run.dagster_run_id,
    }  # fmt: skip
    insert = bulk.dialect_insert(connection, runs).values(values)
    again = {"status": "running", "finished_at": None}
    connection.execute(insert.on_conflict_do_update(index_elements=["run_id"], set_=again))


def add_step(
    connection: sa.Connection, run_id: str, step: str, facts: Mapping[str, object], status: RunStatus, at: datetime
) -> None:
    """Add what one step did to a run's summary; once a step was partial, the run stays partial.

    Raises:
        KeyError: no such run.
    """
    row = connection.execute(sa.select(runs.c.summary).where(runs.c.run_id == run_id)).first()
    if row is None:
        raise KeyError(run_id)
    summary = json.loads(row.summary or "{}")
    summary[step] = {**facts, "status": status}
    partial = any(told["status"] == "partial" for told in summary.values())
    ended = {"status": "partial" if partial else status, "finished_at": at, "summary": json.dumps(summary, default=str)}
    connection.execute(runs.update().where(runs.c.run_id == run_id).values(ended))


def read(connection: sa.Connection, limit: int) -> pd.DataFrame:
    """The newest runs first; `summary` is JSON text."""
    return bulk.fetch(connection, sa.select(runs).order_by(runs.c.started_at.desc(), runs.c.run_id).limit(limit))


def read_one(connection: sa.Connection, run_id: str) -> dict[str, Any] | None:
    """One run, its columns by name and its summary as a mapping."""
    row = connection.execute(sa.select(runs).where(runs.c.run_id == run_id)).mappings().first()
    return None if row is None else {**row, "summary": json.loads(row["summary"] or "{}")}


def record_configuration(
    connection: sa.Connection, version: str, document: Callable[[], str], *, run_id: str, at: datetime
) -> bool:
    """Append a version of the definitions unless it is the newest already; whether it was."""
    if applied_version(connection) == version:
        return False
    values = {"recorded_at": at, "version": version, "run_id": run_id, "document": document()}
    connection.execute(config_versions.insert().values(values))
    return True


def applied_version(connection: sa.Connection) -> str | None:
    """The version of the definitions applied last."""
    newest = sa.select(config_versions.c.version).order_by(config_versions.c.recorded_at.desc()).limit(1)
    return connection.execute(newest).scalar_one_or_none()


def latest_configuration(connection: sa.Connection, known_at: datetime | None) -> tuple[str, str] | None:
    """Version and document of the definitions applied last, by an instant."""
    statement = sa.select(config_versions.c.version, config_versions.c.document)
    if known_at is not None:
        statement = statement.where(config_versions.c.recorded_at <= known_at)
    row = connection.execute(statement.order_by(config_versions.c.recorded_at.desc()).limit(1)).first()
    return None if row is None else (row.version, row.document)


def configurations(connection: sa.Connection) -> list[tuple[datetime, str]]:
    """When each configuration was applied, and its version, the newest first."""
    of = config_versions
    rows = connection.execute(sa.select(of.c.recorded_at, of.c.version).order_by(of.c.recorded_at.desc()))
    return [(row.recorded_at, row.version) for row in rows]


def configuration(connection: sa.Connection, version: str) -> str | None:
    """The document of a version."""
    statement = sa.select(config_versions.c.document).where(config_versions.c.version == version).limit(1)
    return connection.execute(statement).scalar_one_or_none()
