"""Renames: what was under one id goes on under another, and that it was renamed is kept.

Belongs here: the rows that name a thing, and giving them its new id. Does not: which thing was renamed (application).

A rename changes the names of rows and nothing else of them: what they say, when they were recorded and by which run is
as it was. So everything that reads the store, views among it, finds a history under one id, that of now. What was
published as a whole, snapshots of scorecards and summaries of runs, is left as it was.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import pandas as pd
import sqlalchemy as sa

from okr_pipeline.store import bulk
from okr_pipeline.store import schema as tables
from okr_pipeline.store.schema import baselines, renames

_OWN: Final[Mapping[str, tuple[sa.Column[Any], ...]]] = {
    "metric": (
        tables.series.c.metric,
        tables.metric_states.c.metric,
        tables.read_outcomes.c.metric,
        tables.metric_reads.c.metric,
        tables.check_outcomes.c.metric,
        tables.metric_health_revisions.c.metric,
        tables.review_events.c.metric,
        tables.check_in_revisions.c.subject,
    ),
    "objective": (tables.objective_score_revisions.c.objective,),
    "key_result": (
        tables.key_result_score_revisions.c.key_result,
        tables.baselines.c.key_result,
        tables.amendments.c.key_result,
        tables.check_in_revisions.c.subject,
        tables.alert_states.c.key_result,
        tables.alert_transitions.c.key_result,
    ),
}
"""By kind, the columns whose rows are about the thing that they name."""

_MENTIONS: Final[Mapping[str, tuple[sa.Column[Any], ...]]] = {
    "metric": (tables.key_result_score_revisions.c.metric,),
    "objective": (tables.key_result_score_revisions.c.objective, tables.objective_score_revisions.c.parent),
    "key_result": (tables.objective_score_revisions.c.worst_key_result,),
}
"""By kind, the columns of rows about another thing that name it, too."""

_CYCLES: Final[Mapping[str, tuple[sa.Column[Any], sa.Column[Any]]]] = {
    "objective": (tables.objective_score_revisions.c.objective, tables.objective_score_revisions.c.cycle),
    "key_result": (tables.key_result_score_revisions.c.key_result, tables.key_result_score_revisions.c.cycle),
}
"""By kind, the column of full ids, and the one that has the cycle alone."""


def record(
    connection: sa.Connection, frame: pd.DataFrame, *, config_version: str, run_id: str, recorded_at: datetime
) -> int:
    """Give every row about `former_id` of a `kind` its `new_id`, and keep that; how many were renamed.

    Nothing may be under a new id yet.
    """
    if frame.empty:
        return 0
    for kind, pairs in frame.groupby("kind"):
        given = bulk.given(connection, renames, pairs[["former_id", "new_id"]])
        for column in (*_OWN[str(kind)], *_MENTIONS[str(kind)]):
            connection.execute(_renaming(column, given))
        _move(connection, str(kind), pairs)
    rows = frame.assign(config_version=config_version, run_id=run_id, recorded_at=pd.Timestamp(recorded_at))
    return bulk.insert(connection, renames, rows.sort_values(["kind", "former_id"]))


def rebase(connection: sa.Connection, frame: pd.DataFrame) -> int:
    """Give baselines (`key_result`, `definition`) the definition that they have under new names; how many.

    `new_definition` tells it.
    """
    if frame.empty:
        return 0
    statement = (
        baselines.update()
        .where(baselines.c.key_result == sa.bindparam("its"), baselines.c.definition == sa.bindparam("was"))
        .values(definition=sa.bindparam("is_now"))
    )
    columns = ["key_result", "definition", "new_definition"]
    pairs = frame[columns].itertuples(index=False, name=None)
    connection.execute(statement, [{"its": its, "was": was, "is_now": is_now} for its, was, is_now in pairs])
    return len(frame)


def read(connection: sa.Connection, after: datetime | None) -> pd.DataFrame:
    """`kind`, `former_id`, `new_id` and when, by which run and configuration, the oldest first."""
    statement = sa.select(renames).order_by(renames.c.recorded_at, renames.c.kind, renames.c.former_id)
    return bulk.fetch(connection, statement if after is None else statement.where(renames.c.recorded_at > after))


def in_use(connection: sa.Connection, kind: str, ids: Collection[str]) -> frozenset[str]:
    """Those of some ids that any row is about."""
    asked = sorted(ids)
    return (
        frozenset(name for column in _OWN[kind] for name in _found(connection, column, asked)) if asked else frozenset()
    )


def _found(connection: sa.Connection, column: sa.Column[Any], ids: list[str]) -> Iterator[str]:
    named = sa.select(column).where(bulk.is_one_of(connection, column, ids)).distinct()
    yield from connection.execute(named).scalars()


def _move(connection: sa.Connection, kind: str, pairs: pd.DataFrame) -> None:
    """Give rows of what went into another cycle the id of that."""
    new = pairs["new_id"].str.partition("/")[0]
    moved = pairs["new_id"][(pairs["former_id"].str.partition("/")[0] != new).to_numpy()]
    if kind not in _CYCLES or moved.empty:
        return
    own, cycle = _CYCLES[kind]
    given = bulk.given(connection, renames, pd.DataFrame({"former_id": moved, "new_id": new[moved.index]}))
    now = sa.select(given.c.new_id).where(given.c.former_id == own).scalar_subquery()
    connection.execute(sa.update(own.table).where(own.in_(sa.select(given.c.former_id))).values({cycle: now}))


def _renaming(column: sa.Column[Any], given: sa.FromClause) -> sa.Update:
    new = sa.select(given.c.new_id).where(given.c.former_id == column).scalar_subquery()
    return sa.update(column.table).where(column.in_(sa.select(given.c.former_id))).values({column: new})
