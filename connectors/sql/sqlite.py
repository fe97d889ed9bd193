"""SQLite files as a source.

Belongs here: opening them so that only reading is possible. Does not: translating errors.

`:window_start` and `:window_end` are bound as text in UTC, `YYYY-MM-DD HH:MM:SS`, the form of SQLite's `datetime()`:
compare `datetime(column)` with them where a column holds other forms.
"""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import pandas as pd

from connectors.sql.database import Database, Opening, existing_file

_READING: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_REACHING_FUNCTIONS: Final = frozenset({"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "zipfile"})
_INSTRUCTIONS_BETWEEN_CLOCK_LOOKS: Final = 10_000
_LONGEST_LOCK_WAIT: Final = timedelta(seconds=10)


def open_sqlite(opening: Opening) -> Database:
    """The file of a URL such as `sqlite:///data/orders.db`; it need not exist before it is read."""
    return _Sqlite(opening)


@dataclass(frozen=True, slots=True)
class _Sqlite:
    opening: Opening
    dialect: str = "sqlite"
    driver_errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def placeholder(self, name: str, position: int) -> str:  # noqa: ARG002 - SQLite knows names
        return f":{name}"

    def connect(self) -> None:
        # SQLite looks into the file only when it first needs it.
        self.fetch("SELECT count(*) FROM sqlite_schema", {}, limit=1)

    def fetch(self, sql: str, parameters: Mapping[str, datetime], limit: int) -> pd.DataFrame:
        bound = {name: f"{instant.astimezone(UTC):%Y-%m-%d %H:%M:%S}" for name, instant in parameters.items()}
        with self._session() as connection:
            cursor = connection.execute(sql, bound)
            return rows_to_frame([column[0] for column in cursor.description], cursor.fetchmany(limit))

    def cautions(self) -> tuple[str, ...]:
        """None: that the file could be written is no property of a login, and the authorizer refuses it."""
        return ()

    def close(self) -> None:
        """Nothing stays open."""

    @contextmanager
    def _session(self) -> Iterator[sqlite3.Connection]:
        path = existing_file(self.opening, "Point the url to the database, or create it first.")
        timeout = self.opening.statement_timeout
        lock_wait = min(timeout, _LONGEST_LOCK_WAIT).total_seconds()
        connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, timeout=lock_wait, isolation_level=None)
        try:
            deadline = time.monotonic() + timeout.total_seconds()
            connection.set_authorizer(_authorize)
            connection.set_progress_handler(lambda: time.monotonic() > deadline, _INSTRUCTIONS_BETWEEN_CLOCK_LOOKS)
            yield connection
        finally:
            connection.close()


def rows_to_frame(names: list[str], rows: list[tuple[object, ...]]) -> pd.DataFrame:
    """Driver rows as columns of Python objects, with None for null."""
    columns = np.empty((len(rows), len(names)), dtype=object)
    if rows:
        columns[:] = rows
    return pd.DataFrame(columns, columns=pd.Index(names, dtype=object), dtype=object)


def _authorize(action: int, _: str | None, function: str | None, *_where: str | None) -> int:
    """What SQLite asks before it does anything: reading is allowed, and no function that reaches a file."""
    if action in _READING:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and str(function).lower() not in _REACHING_FUNCTIONS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
