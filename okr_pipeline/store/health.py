"""KPI health: how each metric stood against its band per date, and the events of its reviews.

Belongs here: appending what changed, which reviews are open. Does not: judging (scoring), deciding (application).
"""

from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
import sqlalchemy as sa

from okr_pipeline.model.frames import METRIC_HEALTH
from okr_pipeline.store import bulk, columns
from okr_pipeline.store.schema import metric_health_revisions, review_events
from okr_pipeline.store.scores import Dates, Stamp

_KEY: Final = ["metric", "dimensions"]
_CONTENT: Final = [name for name in METRIC_HEALTH if name not in _KEY]
_STAMPS: Final = ["as_of_date", "revision", "as_of", "known_at", "recorded_at", "run_id", "config_version"]
_EVENT: Final = ["review", *_KEY, "event", "since", "as_of", "value", "low", "high", "signal", "reason"]


def record_health(connection: sa.Connection, health: pd.DataFrame, stamp: Stamp, at: datetime) -> int:
    """Append METRIC_HEALTH rows whose content is new for the date, floats compared exactly; how many."""
    if health.empty:
        return 0
    health = health.sort_values(_KEY, ignore_index=True)
    before = health[_KEY].merge(_newest(connection, stamp.as_of_date, None), on=_KEY, how="left")
    same = before["revision"].notna().to_numpy(copy=True)
    for name in _CONTENT if same.any() else ():
        same &= columns.equal(health[name], before[name], metric_health_revisions.c[name])
    rows = health.assign(
        as_of_date=stamp.as_of_date.isoformat(),
        revision=(before["revision"].fillna(0) + 1).astype("i8"),
        as_of=pd.Timestamp(stamp.as_of),
        known_at=pd.Timestamp(stamp.known_at),
        recorded_at=pd.Timestamp(at),
        run_id=stamp.run_id,
        config_version=stamp.config_version,
    )
    return bulk.insert(connection, metric_health_revisions, rows[~same])


def read_health(connection: sa.Connection, dates: Dates, known_at: datetime | None) -> pd.DataFrame:
    """METRIC_HEALTH and the stamps, the newest revision per metric, members and date; sorted by date and these."""
    return _newest(connection, dates, known_at)


def record_events(connection: sa.Connection, events: pd.DataFrame, *, run_id: str, recorded_at: datetime) -> int:
    """Append `opened` and `closed` events of reviews; how many."""
    if events.empty:
        return 0
    first = bulk.next_number(connection, review_events.c.event_id)
    rows = events[_EVENT].assign(
        event_id=np.arange(first, first + len(events)), run_id=run_id, recorded_at=pd.Timestamp(recorded_at)
    )
    return bulk.insert(connection, review_events, rows)


def read_events(connection: sa.Connection, known_at: datetime | None) -> pd.DataFrame:
    """Every event recorded by an instant, in order."""
    statement = sa.select(review_events).order_by(review_events.c.event_id)
    if known_at is not None:
        statement = statement.where(review_events.c.recorded_at <= known_at)
    return bulk.fetch(connection, statement)


def judged_until(connection: sa.Connection) -> datetime | None:
    """The latest instant that health was recorded as of, looked for among the rows of the latest date alone."""
    of = metric_health_revisions.c
    last_date = sa.select(sa.func.max(of.as_of_date)).scalar_subquery()
    latest: datetime | None = connection.execute(
        sa.select(sa.func.max(of.as_of)).where(of.as_of_date == last_date)
    ).scalar_one()
    return latest


def open_reviews(connection: sa.Connection) -> pd.DataFrame:
    """Of open reviews `review`, `metric`, `dimensions`, `since`, the band, and the `as_of` of the run; sorted."""
    table, later = review_events, review_events.alias()
    newest = sa.select(sa.func.max(later.c.event_id)).where(
        later.c.metric == table.c.metric, later.c.dimensions == table.c.dimensions
    )
    columns = [table.c[name] for name in ("review", *_KEY, "since", "low", "high", "as_of")]
    statement = sa.select(*columns).where(table.c.event == "opened", table.c.event_id == newest.scalar_subquery())
    return bulk.fetch(connection, statement.order_by(table.c.metric, table.c.dimensions))


def _newest(connection: sa.Connection, dates: Dates, known_at: datetime | None) -> pd.DataFrame:
    table = metric_health_revisions
    statement = sa.select(*(table.c[name] for name in [*METRIC_HEALTH, *_STAMPS]))
    if dates is not None:
        first, last = dates if isinstance(dates, tuple) else (dates, dates)
        statement = statement.where(table.c.as_of_date.between(first, last))
    if known_at is not None:
        statement = statement.where(table.c.recorded_at <= known_at)
    order = (table.c.as_of_date, table.c.metric, table.c.dimensions, table.c.revision)
    rows = bulk.fetch(connection, statement.order_by(*order))
    return rows[~rows.duplicated([*_KEY, "as_of_date"], keep="last").to_numpy()].reset_index(drop=True)
