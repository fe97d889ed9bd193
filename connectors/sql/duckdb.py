"""DuckDB files as a source.

Belongs here: opening them so that only their own tables can be read. Does not: translating errors.

`:window_start` and `:window_end` are bound as TIMESTAMPTZ, in a session in UTC. Where they are compared they are
written as TIMESTAMP, which is the same instant to a TIMESTAMPTZ column; a TIMESTAMP or DATE column that is compared
with TIMESTAMPTZ is converted row by row, by a library of calendars, and no block of rows is passed over.
"""

import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb
import pandas as pd

from connectors.errors import ConfigError
from connectors.sql.database import Database, Opening, existing_file
from connectors.sql.rows import Caps, gathered_arrow
from connectors.sql.statement import Bound
from connectors.watching import Watch

_CONFIGURATION: Final = {
    # Without these a query could read files, and the variables of this very program.
    "enable_external_access": "false",
    "python_enable_replacements": "false",
    # Nothing is loaded that was not part of DuckDB when it was installed.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
    # What does not fit into memory is not written beside the file that is read.
    "temp_directory": str(Path(tempfile.gettempdir()) / "okr-duckdb"),
    "max_temp_directory_size": "10GB",
    "memory_limit": "50%",
}
_ROWS_OF_A_BATCH: Final = 10_000
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
    # DuckDB refuses two calls on one connection at a time, and making and closing cursors are calls.
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def written(self, bound: Bound) -> str:
        return f"TIMESTAMP '{bound.instant:%Y-%m-%d %H:%M:%S.%f}'" if bound.compared else f"${bound.name}"

    def connect(self, at_once: int = 1) -> None:  # noqa: ARG002 - one instance serves all
        """Open the file if it is not; all threads read through cursors of this one connection."""
        with self._cursor():
            pass

    def fetch(
        self,
        sql: str,
        parameters: Mapping[str, datetime],
        caps: Caps,
        watch: Watch,
        metrics: Sequence[str] = (),  # noqa: ARG002 - its log knows no tags
    ) -> pd.DataFrame:
        with self._cursor() as cursor, watch.over(cursor.interrupt), _own_errors():
            names = _one_select(cursor, sql).named_parameters
            relation = cursor.sql(sql, params={name: parameters[name] for name in names})
            return gathered_arrow(relation.limit(caps.enough).to_arrow_reader(_ROWS_OF_A_BATCH), caps)

    def cautions(self) -> tuple[str, ...]:
        """None: that the file could be written is no property of a login, and it is opened read-only."""
        return ()

    def close(self) -> None:
        with self._lock:
            if self._instance is not None:
                self._instance.close()
                self._instance = None

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Each thread needs one of its own."""
        with self._lock:
            if self._instance is None:
                path = existing_file(self.opening, "Build the warehouse first, or point the url to where it is.")
                self._instance = _open_locked(str(path))
            cursor = self._instance.cursor()
        try:
            yield cursor
        finally:
            with self._lock:
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


def _one_select(cursor: duckdb.DuckDBPyConnection, sql: str) -> duckdb.Statement:
    """What DuckDB's own parser says that it would run: unlike other drivers, its runs every statement of a text."""
    statements = cursor.extract_statements(sql)
    if [found.type for found in statements] != [duckdb.StatementType.SELECT]:
        kinds = ", ".join(found.type.name for found in statements) or "nothing"
        raise ConfigError(f"DuckDB reads the query as {kinds}, and a metric only reads. Keep a single SELECT.")
    return statements[0]


@contextmanager
def _own_errors() -> Iterator[None]:
    """While rows stream, Arrow raises DuckDB's errors as errors of the system, with their kind in the text."""
    try:
        yield
    except OSError as error:
        kind = str(error).partition(" Error:")[0].title().replace(" ", "")
        raise getattr(duckdb, f"{kind}Exception", duckdb.Error)(str(error)) from None
