"""The order of knowledge: one row per committed batch, each later than all before.

Belongs here: when a batch is recorded, and whether one was committed. Does not: what batches write (`batch`).

A reader that asks for what was known at some instant must get the same rows for ever. So `recorded_at` is fixed when a
writer's turn begins, and is later than that of every batch before, also where the clock was set back.
"""

from datetime import datetime, timedelta

import sqlalchemy as sa

from okr_pipeline.store.schema import batches


def begin(connection: sa.Connection, batch_id: str, now: datetime) -> datetime:
    """The `recorded_at` of a new batch, whose row proves its commit; only a writer whose turn it is may ask."""
    newest = newest_recorded_at(connection)
    recorded_at = now if newest is None else max(now, newest + timedelta(microseconds=1))
    connection.execute(batches.insert().values(batch_id=batch_id, recorded_at=recorded_at))
    return recorded_at


def newest_recorded_at(connection: sa.Connection) -> datetime | None:
    """When the newest committed batch was recorded."""
    newest: datetime | None = connection.execute(sa.select(sa.func.max(batches.c.recorded_at))).scalar_one()
    return newest


def is_committed(connection: sa.Connection, batch_id: str) -> bool:
    """Whether a batch of this id was committed. Certain only when asked by a writer whose turn it is."""
    found = sa.select(sa.literal(1)).where(batches.c.batch_id == batch_id)
    return connection.execute(found).first() is not None
