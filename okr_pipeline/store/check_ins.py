"""Check-ins: what people said, every revision of it, and what was known when.

Belongs here: appending what differs, and reading what was said as known at an instant. Does not: what it means for a
score (scoring), or whether it may be said (config).

Key: subject, day, author. A check-in by command and one in the files of the configuration may be about the same key.
Whoever speaks last is heard: files speak when they differ from what files said before, so that what was corrected by
command stays corrected until its file changes.
"""

from datetime import datetime
from typing import Final, Literal, TypeAlias

import pandas as pd
import sqlalchemy as sa

from okr_pipeline.model.frames import CHECK_INS
from okr_pipeline.store import bulk
from okr_pipeline.store.schema import check_in_revisions

Origin: TypeAlias = Literal["command", "files"]

_KEY: Final = ["subject", "on_date", "author"]
_CONTENT: Final = ["value", "confidence", "note", "finding", "withdrawn"]


def record(
    connection: sa.Connection, check_ins: pd.DataFrame, *, origin: Origin, run_id: str | None, recorded_at: datetime
) -> int:
    """Append a revision of each check-in (CHECK_INS up to `finding`) that says something new; how many.

    Where `withdrawn` is a column and true, it takes back what was said, and is nothing where nothing was.

    Raises:
        ValueError: two rows for one key.
    """
    rows = _content(check_ins)
    if rows.duplicated(_KEY).any():
        first = rows[rows.duplicated(_KEY)].iloc[0]
        raise ValueError(f"{first['author']} has two check-ins for {first['subject']} on {first['on_date']}")
    every = _every(connection, None)
    known = every[every["origin"] == "files"] if origin == "files" else every
    news = rows[~_says_the_same(rows, _newest(known))]
    revisions = _newest(every).set_index(_KEY)["revision"].reindex(pd.MultiIndex.from_frame(news[_KEY])).to_numpy()
    news = news.assign(
        origin=origin,
        revision=pd.Series(revisions, index=news.index).fillna(0).astype("i8") + 1,
        recorded_at=pd.Timestamp(recorded_at),
        run_id=run_id,
    )
    return bulk.insert(connection, check_in_revisions, news.sort_values(_KEY))


def read(connection: sa.Connection, known_at: datetime | None) -> pd.DataFrame:
    """CHECK_INS as known at an instant, or now, without those taken back; sorted by key."""
    newest = _newest(_every(connection, known_at))
    return newest.loc[~newest["withdrawn"].astype(bool), list(CHECK_INS)].reset_index(drop=True)


def revisions(connection: sa.Connection, known_at: datetime | None) -> pd.DataFrame:
    """Every revision in CHECK_INS' columns and `withdrawn`, sorted by key and revision."""
    return _every(connection, known_at)[[*CHECK_INS, "withdrawn"]]


def said_by_files(connection: sa.Connection) -> pd.DataFrame:
    """What files said last and did not take back, in CHECK_INS' columns."""
    every = _every(connection, None)
    newest = _newest(every[every["origin"] == "files"])
    return newest.loc[~newest["withdrawn"].astype(bool), list(CHECK_INS)].reset_index(drop=True)


def _content(check_ins: pd.DataFrame) -> pd.DataFrame:
    rows = check_ins[[name for name in (*_KEY, *_CONTENT) if name in check_ins]].reset_index(drop=True)
    if "withdrawn" not in rows:
        rows = rows.assign(withdrawn=False)
    numbers = {name: pd.to_numeric(rows[name]).astype("f8") for name in ("value", "confidence")}
    nothing = {name: rows[name].where(~rows["withdrawn"]) for name in ("note", "finding")}
    return rows.assign(**{name: number.where(~rows["withdrawn"]) for name, number in numbers.items()}, **nothing)


def _says_the_same(rows: pd.DataFrame, known: pd.DataFrame) -> "pd.Series[bool]":
    """Row by row, whether the newest revision says the same; a withdrawal of nothing changes nothing, too."""
    before = rows[_KEY].merge(known, on=_KEY, how="left", validate="one_to_one")
    is_there = before["revision"].notna()
    same = is_there.copy()
    for name in _CONTENT:
        one, other = rows[name], before[name]
        same &= (one == other).fillna(False).astype(bool) | (one.isna() & other.isna())
    return same | (~is_there & rows["withdrawn"].astype(bool))


def _every(connection: sa.Connection, known_at: datetime | None) -> pd.DataFrame:
    statement = sa.select(check_in_revisions).order_by(*check_in_revisions.primary_key.columns)
    if known_at is not None:
        statement = statement.where(check_in_revisions.c.recorded_at <= known_at)
    return bulk.fetch(connection, statement)


def _newest(rows: pd.DataFrame) -> pd.DataFrame:
    """The last revision of each key, of rows sorted by key and revision."""
    return rows[~rows.duplicated(_KEY, keep="last").to_numpy()].reset_index(drop=True)
