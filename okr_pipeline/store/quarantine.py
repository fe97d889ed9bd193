"""Quarantine: delivered values that a blocking rule refused, while nothing has replaced them.

Belongs here: opening and closing rows, and what was refused at an instant. Does not: the rules (quality).

A row is open from `recorded_at` until `released_at`. The same value refused again for the same rule writes nothing;
another one closes the row as superseded and opens the next. One key has one open row at most.
"""

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final

import pandas as pd
import sqlalchemy as sa

from okr_pipeline.model.frames import QUARANTINE, SERIES_KEY
from okr_pipeline.store import bulk, series
from okr_pipeline.store.observations import Selection
from okr_pipeline.store.schema import quarantine
from okr_pipeline.store.schema import series as names

_KEY: Final = ["series_id", "period_start"]
_SAME: Final = ["value", "raw_value", "rule"]
_DELIVERED: Final = ("period_start", "period_end", "value", "raw_value", "rule", "reason", "rules_version")


def refuse(connection: sa.Connection, refused: pd.DataFrame, *, run_id: str, recorded_at: datetime) -> int:
    """Open a row for each refused value that is not open already; how many.

    `refused` has the columns of QUARANTINE up to `reason`, and may have `rules_version`. Of rows for one key the first
    counts.
    """
    if refused.empty:
        return 0
    rows = _numbered(connection, refused, create=True)
    open_rows = _open(connection, rows)
    again = rows.merge(open_rows, on=_KEY, how="left", suffixes=("", "_open"), indicator=True)
    is_open = (again["_merge"] == "both").to_numpy()
    is_same = is_open & _equal(again)
    _close(connection, again.loc[is_open & ~is_same, _KEY], "superseded", run_id, recorded_at)
    news = rows[~is_same].assign(recorded_at=pd.Timestamp(recorded_at), run_id=run_id)
    return bulk.insert(connection, quarantine, news)


def release(
    connection: sa.Connection, keys: pd.DataFrame, *, resolution: str, run_id: str, recorded_at: datetime
) -> int:
    """Close the open rows of some keys (`metric`, `dimensions`, `period_start`); how many."""
    if keys.empty:
        return 0
    rows = _numbered(connection, keys[list(SERIES_KEY)], create=False)
    return _close(connection, rows[_KEY], resolution, run_id, recorded_at)


def read(connection: sa.Connection, selection: Selection) -> pd.DataFrame:
    """QUARANTINE as it was at `selection.known_at`, or is now; sorted by name and period."""
    listed = series.names(connection, selection.metrics)
    columns = (quarantine.c[name] for name in QUARANTINE if name in quarantine.c)
    statement = sa.select(quarantine.c.series_id, *columns).where(
        series.among(connection, quarantine.c.series_id, listed, selection.metrics),
        selection.periods(quarantine.c.period_start),
        _was_open(selection.known_at),
    )
    rows = bulk.fetch(connection, statement.order_by(*quarantine.primary_key.columns))
    return series.with_names(rows, listed)


def count_open(connection: sa.Connection, metrics: Collection[str]) -> int:
    """How many rows of some metrics are open."""
    rows = quarantine.join(names, names.c.series_id == quarantine.c.series_id)
    is_of_metrics = bulk.is_one_of(connection, names.c.metric, [str(metric) for metric in metrics])
    statement = sa.select(sa.func.count()).select_from(rows).where(is_of_metrics, quarantine.c.released_at.is_(None))
    return int(connection.execute(statement).scalar_one())


def _was_open(known_at: datetime | None) -> sa.ColumnElement[bool]:
    still_open = quarantine.c.released_at.is_(None)
    if known_at is None:
        return still_open
    return sa.and_(quarantine.c.recorded_at <= known_at, sa.or_(still_open, quarantine.c.released_at > known_at))


def _numbered(connection: sa.Connection, frame: pd.DataFrame, *, create: bool) -> pd.DataFrame:
    frame = frame.reset_index(drop=True)
    rows = frame[[name for name in _DELIVERED if name in frame]]
    rows.insert(0, "series_id", series.numbered(connection, frame, create=create))
    rows = rows.dropna(subset="series_id").astype({"series_id": "i8"})
    return rows.drop_duplicates(_KEY).sort_values(_KEY, ignore_index=True)


def _open(connection: sa.Connection, rows: pd.DataFrame) -> pd.DataFrame:
    """Key and content of the open rows of some series."""
    listed = pd.DataFrame({"series_id": rows["series_id"].unique()})
    statement = sa.select(*(quarantine.c[name] for name in [*_KEY, *_SAME])).where(
        series.among(connection, quarantine.c.series_id, listed, ()), quarantine.c.released_at.is_(None)
    )
    return bulk.fetch(connection, statement)


def _equal(pairs: pd.DataFrame) -> Any:
    """Row by row, whether what was delivered is what is open already."""
    same = pd.Series(True, index=pairs.index)
    for name in _SAME:
        one, other = pairs[name], pairs[f"{name}_open"]
        same &= (one == other).fillna(False).astype(bool) | (one.isna() & other.isna())
    return same.to_numpy()


def _close(connection: sa.Connection, keys: pd.DataFrame, resolution: str, run_id: str, at: datetime) -> int:
    if keys.empty:
        return 0
    given = bulk.given(connection, quarantine, keys)
    is_given = sa.exists().where(*(given.c[name] == quarantine.c[name] for name in _KEY))
    statement = quarantine.update().where(quarantine.c.released_at.is_(None), is_given)
    closed = statement.values(released_at=at, released_by_run=run_id, resolution=resolution)
    return bulk.written(connection, closed)
