"""Stamps: when and by which run rows were written, numbered so that a million rows about it stay small.

Belongs here: an instant and a run ↔ one number. Does not: when a batch is recorded (`batches`).

Numbers grow with the instants. So what was known at an instant is what has a number up to some number.
"""

from dataclasses import dataclass
from datetime import datetime

import pandas as pd
import sqlalchemy as sa

from okr_pipeline.store import bulk
from okr_pipeline.store.schema import stamps


@dataclass(frozen=True, slots=True)
class Stamp:
    """The number of an instant and a run, and whether it is noted already."""

    number: int
    recorded_at: datetime
    run_id: str
    is_noted: bool


def of(connection: sa.Connection, recorded_at: datetime, run_id: str) -> Stamp:
    """The stamp of what a batch writes for a run; only the batch of that instant may ask."""
    known = sa.select(stamps.c.stamp_id).where(stamps.c.recorded_at == recorded_at, stamps.c.run_id == run_id)
    found: int | None = connection.execute(known).scalar_one_or_none()
    number = bulk.next_number(connection, stamps.c.stamp_id) if found is None else found
    return Stamp(number, recorded_at, run_id, found is not None)


def note(connection: sa.Connection, stamp: Stamp) -> None:
    """Keep a stamp that rows were written with."""
    if not stamp.is_noted:
        values = {"stamp_id": stamp.number, "recorded_at": stamp.recorded_at, "run_id": stamp.run_id}
        connection.execute(stamps.insert().values(values))


def known(connection: sa.Connection, known_at: datetime) -> int:
    """The largest number that was given by an instant, 0 where none was."""
    largest = sa.select(sa.func.coalesce(sa.func.max(stamps.c.stamp_id), 0)).where(stamps.c.recorded_at <= known_at)
    return int(connection.execute(largest).scalar_one())


def signed(connection: sa.Connection, rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with `recorded_at` and `run_id` in place of `stamp_id`."""
    numbers = rows["stamp_id"]
    listed = sa.select(stamps)
    if len(rows):
        listed = listed.where(stamps.c.stamp_id.between(int(numbers.min()), int(numbers.max())))
    found = bulk.fetch(connection, listed)
    places = pd.Index(found["stamp_id"]).get_indexer(pd.Index(numbers))
    told = {name: found[name].take(places).set_axis(rows.index) for name in ("recorded_at", "run_id")}
    return rows.drop(columns="stamp_id").assign(**told)
