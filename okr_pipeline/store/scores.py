"""Scores: what each key result and objective was, per date that the score speaks about, in every revision.

Belongs here: appending what changed, reading the newest or what was known at an instant, and baselines. Does not:
computing any of it (scoring).

A score's content is everything but when and by whom it was computed, and but what changes by the clock alone:
`expected_progress_now`, `last_good_age_hours`, and the ends of a window that moves with the instant (the periods it
holds are told by `value_period_start`, `value_period_end` and the counts). Equal content, floats compared exactly, is
not written again.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final, TypeAlias

import numpy as np
import pandas as pd
import sqlalchemy as sa

from okr_pipeline.store import bulk, columns
from okr_pipeline.store.schema import baselines, key_result_score_revisions, objective_score_revisions

Dates: TypeAlias = date | tuple[date, date] | None
"""One date, a first and a last date (both included), or all."""

_STAMPS: Final = (
    "as_of_date", "revision", "as_of", "known_at", "recorded_at", "run_id", "config_version", "reconstructed",
)  # fmt: skip
_BY_THE_CLOCK: Final = {"expected_progress_now", "last_good_age_hours", "window_start", "window_end"}
_LISTED: Final = 1_000


@dataclass(frozen=True, slots=True)
class Stamp:
    """When, from what knowledge and by which run and definitions scores were computed."""

    as_of: datetime
    as_of_date: date
    known_at: datetime
    run_id: str
    config_version: str
    reconstructed: bool = False


def record_key_results(connection: sa.Connection, scores: pd.DataFrame, stamp: Stamp, at: datetime) -> pd.DataFrame:
    """Append the key results (KEY_RESULT_SCORES) whose content is new for the date; those rows."""
    return _record(connection, key_result_score_revisions, scores, stamp, at)


def record_objectives(connection: sa.Connection, scores: pd.DataFrame, stamp: Stamp, at: datetime) -> pd.DataFrame:
    """Append the objectives (OBJECTIVE_SCORES) whose content is new for the date; those rows."""
    return _record(connection, objective_score_revisions, scores, stamp, at)


def read_key_results(
    connection: sa.Connection, dates: Dates, known_at: datetime | None, ids: Collection[str] | None
) -> pd.DataFrame:
    """KEY_RESULT_SCORES and the stamps, the newest revision per key result and date; sorted by date and id."""
    return _newest(connection, key_result_score_revisions, dates, known_at, ids)


def read_objectives(
    connection: sa.Connection, dates: Dates, known_at: datetime | None, ids: Collection[str] | None
) -> pd.DataFrame:
    """OBJECTIVE_SCORES and the stamps, the newest revision per objective and date; sorted by date and id."""
    return _newest(connection, objective_score_revisions, dates, known_at, ids)


def scored_in(connection: sa.Connection, first: date, last: date, known_at: datetime | None) -> list[str]:
    """The key results that have a score of a date from the first to the last, sorted."""
    table = key_result_score_revisions
    statement = sa.select(table.c.key_result).distinct().where(table.c.as_of_date.between(first, last))
    if known_at is not None:
        statement = statement.where(table.c.recorded_at <= known_at)
    return sorted(connection.execute(statement).scalars())


def first_published(connection: sa.Connection, key_result: str, known_at: datetime | None) -> pd.DataFrame:
    """`as_of`, `recorded_at`: when scores of a key result that are not reconstructed were recorded first, by date."""
    table = key_result_score_revisions
    statement = sa.select(table.c.as_of, table.c.recorded_at).where(
        table.c.key_result == key_result, table.c.reconstructed.is_(False), table.c.revision == 1
    )
    if known_at is not None:
        statement = statement.where(table.c.recorded_at <= known_at)
    return bulk.fetch(connection, statement.order_by(table.c.as_of_date))


def fix_baselines(connection: sa.Connection, frame: pd.DataFrame, *, run_id: str, recorded_at: datetime) -> int:
    """Record `key_result`, `definition`, `value`, `window_start`, `window_end` of those not fixed yet; how many."""
    if frame.empty:
        return 0
    key = ["key_result", "definition"]
    fixed = bulk.fetch(connection, sa.select(*(baselines.c[name] for name in key)))
    names = [*key, *(name for name in ("value", "window_start", "window_end") if name in frame)]
    known = pd.MultiIndex.from_frame(frame[key]).isin(pd.MultiIndex.from_frame(fixed[key]))
    news = frame.loc[~known & frame["value"].notna(), names]
    news = news.assign(recorded_at=pd.Timestamp(recorded_at), run_id=run_id).sort_values(key)
    return bulk.insert(connection, baselines, news)


def read_baselines(connection: sa.Connection, known_at: datetime | None) -> pd.DataFrame:
    """`key_result`, `definition`, `value`, `window_start`, `window_end`, `recorded_at`, `run_id`; sorted."""
    statement = sa.select(baselines).order_by(baselines.c.key_result, baselines.c.recorded_at)
    if known_at is not None:
        statement = statement.where(baselines.c.recorded_at <= known_at)
    return bulk.fetch(connection, statement)


def _record(
    connection: sa.Connection, table: sa.Table, scores: pd.DataFrame, stamp: Stamp, at: datetime
) -> pd.DataFrame:
    if scores.empty:
        return scores
    own = _own(table)
    scores = scores.sort_values(own, ignore_index=True)
    before = _newest(connection, table, stamp.as_of_date, None, None).set_index(own).reindex(scores[own])
    changed = ~_equal(table, scores, before)
    revisions = before["revision"].fillna(0).to_numpy().astype("i8") + 1
    bulk.insert(connection, table, _stamped(table, scores, stamp, at).assign(revision=revisions)[changed])
    return scores[changed].reset_index(drop=True)


def _stamped(table: sa.Table, scores: pd.DataFrame, stamp: Stamp, at: datetime) -> pd.DataFrame:
    return scores[[_own(table), *_content(table)]].assign(
        as_of_date=stamp.as_of_date.isoformat(),
        as_of=pd.Timestamp(stamp.as_of),
        known_at=pd.Timestamp(stamp.known_at),
        recorded_at=pd.Timestamp(at),
        run_id=stamp.run_id,
        config_version=stamp.config_version,
        reconstructed=stamp.reconstructed,
    )


def _equal(table: sa.Table, scores: pd.DataFrame, before: pd.DataFrame) -> "np.ndarray[Any, np.dtype[np.bool_]]":
    """Row by row, whether there is a revision already and its content is the same, missing equal to missing."""
    equal = before["revision"].notna().to_numpy(copy=True)
    rows = np.flatnonzero(equal)
    if not len(rows):
        return equal
    one, other = scores.iloc[rows], before.iloc[rows]
    for name in _content(table):
        if name not in _BY_THE_CLOCK:
            equal[rows] &= columns.equal(one[name], other[name], table.c[name])
    return equal


def _newest(
    connection: sa.Connection, table: sa.Table, dates: Dates, known_at: datetime | None, ids: Collection[str] | None
) -> pd.DataFrame:
    own = _own(table)
    statement = sa.select(*_columns(table)).where(_on(table.c.as_of_date, dates))
    if known_at is not None:
        statement = statement.where(table.c.recorded_at <= known_at)
    if ids is not None and len(ids) <= _LISTED:
        statement = statement.where(table.c[own].in_(list(ids)))
    rows = bulk.fetch(connection, statement.order_by(table.c.as_of_date, table.c[own], table.c.revision))
    if ids is not None and len(ids) > _LISTED:
        rows = rows[rows[own].isin(list(ids))]
    return rows[~rows.duplicated([own, "as_of_date"], keep="last").to_numpy()].reset_index(drop=True)


def _on(column: sa.Column[Any], dates: Dates) -> sa.ColumnElement[bool]:
    if dates is None:
        return sa.true()
    first, last = dates if isinstance(dates, tuple) else (dates, dates)
    return column.between(first, last)


def _own(table: sa.Table) -> str:
    """The name of the column that says whose score it is."""
    return next(iter(table.primary_key)).name


def _content(table: sa.Table) -> list[str]:
    return [column.name for column in table.columns if column.name not in {_own(table), *_STAMPS}]


def _columns(table: sa.Table) -> list[sa.Column[Any]]:
    """The frame's columns in its order, then the stamps."""
    return [table.c[name] for name in [_own(table), *_content(table), *_STAMPS]]
