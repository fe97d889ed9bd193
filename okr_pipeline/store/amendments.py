"""Amendments as they were applied: who changed what of a key result, when, why, by which run and configuration.

Belongs here: appending and reading them. Does not: what holds on a day (the configuration that was applied says it).
"""

from datetime import datetime
from typing import Final

import pandas as pd
import sqlalchemy as sa

from okr_pipeline.store import bulk
from okr_pipeline.store.schema import amendments, key_result_score_revisions

_KEY: Final = ["key_result", "number"]
_CONTENT: Final = ("effective_on", "author", "reason", "before", "after")


def record(
    connection: sa.Connection, frame: pd.DataFrame, *, config_version: str, run_id: str, recorded_at: datetime
) -> int:
    """Append those that differ from the newest under their number: the same, written down later, is not new."""
    if frame.empty:
        return 0
    kept = read(connection, None).drop_duplicates(_KEY, keep="last").set_index(_KEY)
    found = kept.reindex(pd.MultiIndex.from_frame(frame[_KEY]))
    same = pd.Series(True, index=frame.index)
    for name in _CONTENT:
        same &= frame[name].astype(str).to_numpy() == found[name].astype(str).to_numpy()
    news = frame[~same].assign(config_version=config_version, run_id=run_id, recorded_at=pd.Timestamp(recorded_at))
    return bulk.insert(connection, amendments, news.sort_values(_KEY))


def read(connection: sa.Connection, known_at: datetime | None) -> pd.DataFrame:
    """Every amendment that was recorded, by key result and number, the newest of a number last."""
    statement = sa.select(amendments).order_by(amendments.c.key_result, amendments.c.number, amendments.c.recorded_at)
    if known_at is not None:
        statement = statement.where(amendments.c.recorded_at <= known_at)
    return bulk.fetch(connection, statement)


def published(connection: sa.Connection) -> frozenset[str]:
    """Full ids of the key results of which a score was recorded after they had started."""
    of = key_result_score_revisions
    started = sa.select(of.c.key_result).where(of.c.status != "not_started").distinct()
    return frozenset(connection.execute(started).scalars())
