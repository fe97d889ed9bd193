"""DuckDB files as a source.

Belongs here: opening them so that only their own tables can be read. Does not: translating errors.

`:window_start` and `:window_end` are bound as TIMESTAMPTZ. The session's time zone is UTC.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import duckdb
import pandas as pd

from connectors.errors import ConfigError
from connectors.points import from_arrow
from connectors.sql.database import Database, Opening, existing_file

_CONFIGURATION: Final = {
    # Without these a query could read files, and the variables of this very program.
    "enable_external_access": "false",
    "python_enable_replacements": "false",
}
_OPENING = threading.Lock()


def open_duckdb(opening: Opening) -> Database:
    """The file of a URL such as `duckdb:///.okr/warehouse.duckdb`; it need not exist before it is read."""
    return _DuckDb(opening)


@dataclass(slots=True)
class _DuckDb:
    opening: Opening
    dialect: str = "duckdb"
    driver_errors: tuple[type[Exception], ...] = (duckdb.Error,)
    _instance: duckdb.DuckDBPyConnection | None = field(default=None, init=False)

    def placeholder(self, name: str, position: int) -> str:  # noqa: ARG002 - DuckDB knows names
        return f"${name}"

    def connect(self) -> None:
        """Open the file if it is not; all threads read through cursors of this one connection."""
        if self._instance is None:
            path = existing_file(self.opening, "Build the warehouse first, or point the url to where it is.")
            self._instance = _open_locked(str(path))

    def fetch(self, sql: str, parameters: Mapping[str, datetime], limit: int) -> pd.DataFrame:
        self.connect()
        with self._cursor() as cursor:
            _refuse_all_but_one_select(cursor, sql)
            relation = cursor.sql(sql, params=dict(parameters))
            return from_arrow(relation.limit(limit).to_arrow_table())

    def cautions(self) -> tuple[str, ...]:
        """None: the file is opened read-only."""
        return ()

    def close(self) -> None:
        if self._instance is not None:
            self._instance.close()
            self._instance = None

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor that is interrupted at the statement timeout."""
        assert self._instance is not None  # noqa: S101 - fetch connects first
        cursor = self._instance.cursor()
        timer = threading.Timer(self.opening.statement_timeout.total_seconds(), cursor.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield cursor
        finally:
            timer.cancel()
            cursor.close()


def _open_locked(path: str) -> duckdb.DuckDBPyConnection:
    """A read-only instance in UTC whose settings no query can change.

    One process has one instance per file, so a second source of the file finds its settings made and locked. The time
    zone cannot be among the settings given at opening: the extension that knows zones is loaded only afterwards.
    """
    with _OPENING:
        connection = duckdb.connect(path, read_only=True, config=dict(_CONFIGURATION))
        locked = connection.execute("SELECT current_setting('lock_configuration')").fetchone()
        if locked != (True,):
            connection.execute("SET GLOBAL TimeZone = 'UTC'")
            connection.execute("SET lock_configuration = true")
        return connection


def _refuse_all_but_one_select(cursor: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Ask DuckDB's own parser what it would run: unlike other drivers, its runs every statement of a text."""
    types = [found.type for found in cursor.extract_statements(sql)]
    if types != [duckdb.StatementType.SELECT]:
        kinds = ", ".join(kind.name for kind in types) or "nothing"
        raise ConfigError(f"DuckDB reads the query as {kinds}, and a metric only reads. Keep a single SELECT.")
