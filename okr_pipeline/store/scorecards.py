"""Scorecard snapshots: the content of each weekly scorecard, in every revision.

Belongs here: keeping them. Does not: making (application) or drawing them (rendering).
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import pandas as pd
import sqlalchemy as sa

from okr_pipeline.store import bulk
from okr_pipeline.store.schema import scorecard_snapshots as table

_SUMMARY: Final = (
    "week", "revision", "snapshot_hash", "schema_version", "as_of", "config_version", "run_id", "recorded_at",
    "headline", "counts",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Scorecard:
    """A snapshot to keep. `week` is an ISO week label, `content` its JSON, with `headline` and `counts` in it."""

    week: str
    snapshot_hash: str
    schema_version: int
    content: str
    as_of: datetime
    config_version: str
    run_id: str
    headline: str
    counts: tuple[tuple[str, int], ...]


def save(connection: sa.Connection, scorecard: Scorecard, at: datetime) -> bool:
    """Append a revision unless the week's newest has the same hash; whether it was."""
    statement = sa.select(table.c.revision, table.c.snapshot_hash).where(table.c.week == scorecard.week)
    newest = connection.execute(statement.order_by(table.c.revision.desc()).limit(1)).first()
    if newest is not None and newest.snapshot_hash == scorecard.snapshot_hash:
        return False
    revision = 1 if newest is None else newest.revision + 1
    values: dict[str, Any] = {name: getattr(scorecard, name) for name in scorecard.__dataclass_fields__}
    values["counts"] = json.dumps(scorecard.counts)
    connection.execute(table.insert().values(**values, revision=revision, recorded_at=at))
    return True


def read(connection: sa.Connection, known_at: datetime | None) -> pd.DataFrame:
    """The newest revision of each week, without its content, with `counts` as JSON; sorted by week."""
    statement = sa.select(*(table.c[name] for name in _SUMMARY)).order_by(table.c.week, table.c.revision)
    if known_at is not None:
        statement = statement.where(table.c.recorded_at <= known_at)
    return bulk.fetch(connection, statement).drop_duplicates("week", keep="last", ignore_index=True)


def content(connection: sa.Connection, week: str, known_at: datetime | None) -> str | None:
    """The JSON of a week's newest snapshot."""
    statement = sa.select(table.c.content).where(table.c.week == week)
    if known_at is not None:
        statement = statement.where(table.c.recorded_at <= known_at)
    return connection.execute(statement.order_by(table.c.revision.desc()).limit(1)).scalar_one_or_none()
