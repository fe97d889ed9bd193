"""SQLite files as a source.

Belongs here: opening them so that only reading is possible. Does not: translating errors.

`:window_start` and `:window_end` are bound as text in UTC, `YYYY-MM-DD HH:MM:SS`, the form of SQLite's `datetime()`.
Where they are compared they are whole days, `YYYY-MM-DD`, the end rounded up: texts are compared letter by letter, and
a day is less than each of its times, whether these are written with a blank or a T.
"""

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import pandas as pd

from connectors.sql.database import Database, Opening, existing_file
from connectors.sql.rows import Caps, gathered
from connectors.sql.statement import Bound
from connectors.watching import Watch

_READING: Final = frozenset({sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE})
_REACHING_FUNCTIONS: Final = frozenset(
    {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "zipfile", "fsdir", "eval"}
)
_INSTRUCTIONS_BETWEEN_CLOCK_LOOKS: Final = 10_000
_LONGEST_LOCK_WAIT: Final = timedelta(seconds=10)
_MOST_BYTES_OF_A_VALUE: Final = 1_000_000_000


def open_sqlite(opening: Opening) -> Database:
    """The file of a URL such as `sqlite:///data/orders.db`; it need not exist before it is read."""
    return _Sqlite(opening)


@dataclass(frozen=True, slots=True)
class _Sqlite:
    opening: Opening
    dialect: str = "sqlite"
    driver_errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def written(self, bound: Bound) -> str:
        return f":{bound.name}_day" if bound.compared else f":{bound.name}"

    def connect(self, at_once: int = 1) -> None:  # noqa: ARG002 - each fetch opens the file
        # SQLite looks into the file only when it first needs it.
        with self._session() as connection:
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchall()

    def fetch(
        self,
        sql: str,
        parameters: Mapping[str, datetime],
        caps: Caps,
        watch: Watch,
        metrics: Sequence[str] = (),  # noqa: ARG002 - its log knows no tags
    ) -> pd.DataFrame:
        bound = _bound(parameters)
        with self._session() as connection, watch.over(connection.interrupt):
            # No value is made that the caps would refuse: one alone could fill the memory.
            connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, min(caps.size, _MOST_BYTES_OF_A_VALUE))
            cursor = connection.execute(sql, bound)
            return gathered([column[0] for column in cursor.description], cursor, caps)

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
        # The watch interrupts from its own thread; nothing else is shared.
        connection = sqlite3.connect(
            f"{path.as_uri()}?mode=ro", uri=True, timeout=lock_wait, isolation_level=None, check_same_thread=False
        )
        try:
            connection.set_authorizer(_authorize)
            connection.set_progress_handler(_clock(timeout), _INSTRUCTIONS_BETWEEN_CLOCK_LOOKS)
            yield connection
        finally:
            connection.close()


def _bound(parameters: Mapping[str, datetime]) -> dict[str, str]:
    instants = {name: instant.astimezone(UTC) for name, instant in parameters.items()}
    almost_a_day = timedelta(days=1, microseconds=-1)
    days = {name: instant + almost_a_day * (name == "window_end") for name, instant in instants.items()}
    return {name: f"{instant:%Y-%m-%d %H:%M:%S}" for name, instant in instants.items()} | {
        f"{name}_day": f"{day:%Y-%m-%d}" for name, day in days.items()
    }


def _clock(timeout: timedelta) -> Callable[[], bool]:
    deadline = time.monotonic() + timeout.total_seconds()
    return lambda: time.monotonic() > deadline


def _authorize(action: int, _: str | None, function: str | None, *_where: str | None) -> int:
    """What SQLite asks before it does anything: reading is allowed, and no function that reaches a file."""
    if action in _READING:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and str(function).lower() not in _REACHING_FUNCTIONS:
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY
