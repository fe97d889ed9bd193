"""Evidence: how metrics were read and what checks said of them.

Belongs here: the state of each metric's last read, the reads that changed something, and check outcomes. Does not: the
values (observations, quarantine).
"""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final

import numpy as np
import pandas as pd
import sqlalchemy as sa

from okr_pipeline.model.frames import CHECK_RESULTS
from okr_pipeline.store import bulk
from okr_pipeline.store.schema import (
    alert_transitions,
    baselines,
    check_in_revisions,
    check_outcomes,
    config_versions,
    key_result_score_revisions,
    metric_health_revisions,
    metric_reads,
    metric_states,
    objective_score_revisions,
    read_outcomes,
    renames,
    review_events,
)

_READ_COLUMNS: Final = (
    "metric", "request", "fingerprint", "response_hash", "row_count", "window_start", "window_end", "fetched_at",
    "whole", "flags",
)  # fmt: skip
_UNMET: Final = ("failed", "errored")


def touch_metrics(connection: sa.Connection, states: pd.DataFrame, recorded_at: datetime) -> int:
    """Set the state of some metrics: `metric` and any other columns of metric_states, the rest stays as it was.

    A metric that is new and has no `status` given is ok. Returns how many rows differ from before.
    """
    if "status" not in states:
        states = states.assign(status="ok")
    _record_outcomes(connection, states, recorded_at)
    return bulk.upsert(connection, metric_states, states)


def failing_metrics(connection: sa.Connection, known_at: datetime | None) -> frozenset[str]:
    """The metrics whose newest read, by an instant, failed."""
    return frozenset(connection.execute(_failed(known_at, read_outcomes.c.metric)).scalars())


def failed_reads(connection: sa.Connection, known_at: datetime | None) -> list[dict[str, Any]]:
    """Of each metric whose newest read, by an instant, failed: `metric`, `error`, and `since` when it fails so."""
    of = read_outcomes
    told = _failed(known_at, of.c.metric, of.c.error, of.c.recorded_at.label("since"))
    return [dict(row) for row in connection.execute(told.order_by(of.c.metric)).mappings()]


def _failed(known_at: datetime | None, *columns: sa.ColumnElement[Any]) -> sa.Select[Any]:
    of = read_outcomes
    newest = sa.select(of.c.metric, sa.func.max(of.c.recorded_at).label("recorded_at")).group_by(of.c.metric)
    if known_at is not None:
        newest = newest.where(of.c.recorded_at <= known_at)
    last = newest.subquery()
    is_last = sa.and_(of.c.metric == last.c.metric, of.c.recorded_at == last.c.recorded_at)
    return sa.select(*columns).select_from(of.join(last, is_last)).where(of.c.status == "failed")


def _record_outcomes(connection: sa.Connection, states: pd.DataFrame, recorded_at: datetime) -> None:
    """Note which metrics can be read no longer, or again, or fail for another reason.

    That one can be read at first is nothing to note.
    """
    failing = {row["metric"]: row["error"] for row in failed_reads(connection, None)}
    failed = states["status"] == "failed"
    if not failing and not failed.any():
        return
    turned = states[(states["metric"].isin(failing) != failed) | (failed & _other_error(states, failing))]
    told = turned.reindex(columns=["metric", "status", "error"]).assign(recorded_at=pd.Timestamp(recorded_at))
    bulk.insert(connection, read_outcomes, told.sort_values("metric"))


def _other_error(states: pd.DataFrame, failing: Mapping[str, str | None]) -> "pd.Series[bool]":
    if "error" not in states:
        return pd.Series(data=False, index=states.index)
    return states["metric"].isin(failing) & (states["metric"].map(failing) != states["error"])


def read_metric_states(connection: sa.Connection) -> pd.DataFrame:
    """One row per metric that was ever read, sorted."""
    return bulk.fetch(connection, sa.select(metric_states).order_by(metric_states.c.metric))


def record_reads(connection: sa.Connection, reads: pd.DataFrame, *, run_id: str, recorded_at: datetime) -> int:
    """Append reads that changed something: `metric`, `request`, `fingerprint`, … as in metric_reads."""
    rows = reads[list(_READ_COLUMNS)].assign(run_id=run_id, recorded_at=pd.Timestamp(recorded_at))
    return _append(connection, metric_reads, "read_id", rows)


def read_reads(connection: sa.Connection, metric: str | None, known_at: datetime | None) -> pd.DataFrame:
    """Reads that changed something, newest first."""
    statement = sa.select(metric_reads).order_by(metric_reads.c.read_id.desc())
    if known_at is not None:
        statement = statement.where(metric_reads.c.recorded_at <= known_at)
    return bulk.fetch(connection, statement if metric is None else statement.where(metric_reads.c.metric == metric))


def changed_at(connection: sa.Connection) -> datetime | None:
    """When anything that scores, alerts and scorecards are made of last changed.

    Every read that changed, refused, released or withdrew a value left its evidence, so the values need no scan. A read
    that fails, or fails for another reason, is told of, too.
    """
    newest = [
        connection.execute(sa.select(sa.func.max(table.c.recorded_at))).scalar_one()
        for table in (
            metric_reads,
            read_outcomes,
            config_versions,
            baselines,
            alert_transitions,
            check_in_revisions,
            review_events,
            renames,
        )
    ]
    return max((at for at in newest if at is not None), default=None)


def recorded_of(connection: sa.Connection, day: date) -> datetime | None:
    """When scores or health of a date were last recorded."""
    newest = [
        connection.execute(sa.select(sa.func.max(table.c.recorded_at)).where(table.c.as_of_date == day)).scalar_one()
        for table in (key_result_score_revisions, objective_score_revisions, metric_health_revisions)
    ]
    return max((at for at in newest if at is not None), default=None)


def record_checks(
    connection: sa.Connection, outcomes: pd.DataFrame, *, source: str | None, run_id: str, recorded_at: datetime
) -> int:
    """Append CHECK_RESULTS of one source."""
    stamps = {"source": source, "run_id": run_id, "recorded_at": pd.Timestamp(recorded_at)}
    return _append(connection, check_outcomes, "outcome_id", outcomes[list(CHECK_RESULTS)].assign(**stamps))


def read_checks(
    connection: sa.Connection, *, run_id: str | None, metric: str | None, latest: bool, known_at: datetime | None
) -> pd.DataFrame:
    """Check outcomes in the order they were recorded; with `latest`, those of each metric's newest judgement only."""
    table = check_outcomes
    conditions = [table.c.recorded_at <= known_at] if known_at is not None else []
    if run_id is not None:
        conditions.append(table.c.run_id == run_id)
    if metric is not None:
        conditions.append(table.c.metric == metric)
    statement = sa.select(table).where(*conditions).order_by(table.c.outcome_id)
    if not latest:
        return bulk.fetch(connection, statement)
    if metric is not None:
        newest_of_metric = sa.select(sa.func.max(table.c.recorded_at)).where(*conditions).scalar_subquery()
        return bulk.fetch(connection, statement.where(table.c.recorded_at == newest_of_metric))
    if not conditions:
        return bulk.fetch(connection, _of_newest_judgements())
    rows = bulk.fetch(connection, statement)
    newest = rows["recorded_at"].groupby(rows["metric"]).transform("max")
    return rows[(rows["recorded_at"] == newest).to_numpy()].reset_index(drop=True)


def read_unmet_checks(connection: sa.Connection) -> pd.DataFrame:
    """The outcomes of each metric's newest judgement that failed, or whose rule broke."""
    unmet = check_outcomes.c.status.in_(_UNMET)
    return bulk.fetch(connection, _of_newest_judgements().where(unmet))


def _of_newest_judgements() -> sa.Select[Any]:
    """The outcomes of each metric's newest judgement, in the order they were recorded."""
    table, judged = check_outcomes, _judged().subquery()
    is_newest = sa.and_(table.c.metric == judged.c.metric, table.c.recorded_at == judged.c.recorded_at)
    return sa.select(table).select_from(table.join(judged, is_newest)).order_by(table.c.outcome_id)


def _judged() -> sa.Select[Any]:
    """Each metric and when it was judged last, by one look into the index each, however many judgements there are."""
    table, later, of_metric = check_outcomes, check_outcomes.alias(), check_outcomes.alias()
    first = sa.select(sa.func.min(table.c.metric).label("metric")).cte("judged", recursive=True)
    following = sa.select(sa.func.min(later.c.metric)).where(later.c.metric > first.c.metric).scalar_subquery()
    metrics = first.union_all(sa.select(following).where(first.c.metric.is_not(None)))
    newest = sa.select(sa.func.max(of_metric.c.recorded_at)).where(of_metric.c.metric == metrics.c.metric)
    return sa.select(metrics.c.metric, newest.scalar_subquery().label("recorded_at")).where(
        metrics.c.metric.is_not(None)
    )


def _append(connection: sa.Connection, table: sa.Table, number: str, rows: pd.DataFrame) -> int:
    if rows.empty:
        return 0
    first = bulk.next_number(connection, table.c[number])
    return bulk.insert(connection, table, rows.assign(**{number: np.arange(first, first + len(rows))}))
