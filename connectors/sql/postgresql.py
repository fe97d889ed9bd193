"""PostgreSQL servers as a source.

Belongs here: sessions that can only read, and what the login could do besides. Does not: translating errors.

A superuser's sessions read as the role `pg_read_all_data` (PostgreSQL 14 or newer), which can neither reach files nor
end other sessions; where row security would hide rows from that role, a query fails.

`:window_start` and `:window_end` are bound as timestamptz. The session's time zone is UTC, so a `timestamp` column is
compared as UTC.
"""

import os
import socket
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import chain
from typing import Final, cast

import pandas as pd
import psycopg
from psycopg import capabilities
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import SQLAlchemyError

from connectors.errors import ConfigError
from connectors.sql.database import Database, Opening
from connectors.sql.rows import Caps, gathered
from connectors.sql.statement import Bound
from connectors.watching import Watch

_Connection = psycopg.Connection[tuple[object, ...]]
_Cursor = psycopg.RawCursor[tuple[object, ...]]

_DRIVERS: Final = ("postgresql", "postgres", "postgresql+psycopg")
_CONNECT_SECONDS: Final = 10
_CANCEL_SECONDS: Final = 1
_ROWS_OF_A_CHUNK: Final = 100
_FIRST_WITH_READING_ROLE: Final = 140_000
_GRACE: Final = timedelta(milliseconds=500)
"""The server stops a query itself, and says so better; this is for one that does not answer."""
KEEPALIVE: Final = {
    # A server that vanished is noticed within a minute; by default it takes two hours.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
}


def open_postgresql(opening: Opening) -> Database:
    """The database of a URL such as `postgresql://reader:secret@host/name`.

    Raises:
        ConfigError: the URL asks for another driver than psycopg.
    """
    if opening.url.drivername not in _DRIVERS:
        raise ConfigError(
            f"The url asks for the driver {opening.url.drivername}, and PostgreSQL is read with psycopg."
            " Write postgresql://…"
        )
    return _PostgreSql(opening, _engine(opening))


@dataclass(frozen=True, slots=True, repr=False)
class _PostgreSql:
    opening: Opening
    engine: Engine
    dialect: str = "postgres"
    driver_errors: tuple[type[Exception], ...] = (psycopg.Error, SQLAlchemyError)

    def written(self, bound: Bound) -> str:
        return f"${bound.position}"

    def connect(self, at_once: int = 1) -> None:  # noqa: ARG002 - the pool opens more when they are needed
        """Connect anew: to ask an idle connection whether it is alive could take for ever, and connecting does not."""
        self.engine.dispose()
        with self._session() as connection, _cursor(connection, self.opening) as cursor:
            cursor.execute("SELECT 1")

    def fetch(
        self,
        sql: str,
        parameters: Mapping[str, datetime],
        caps: Caps,
        watch: Watch,
        metrics: Sequence[str] = (),  # noqa: ARG002 - its log knows no tags
    ) -> pd.DataFrame:
        # A WITH that changes rows is refused inside a FROM. There is no LIMIT: the planner would take it for a wish to
        # see the first rows soon, and sort a hundred million of them rather than sum them up as they come. What is too
        # much is cancelled while it arrives.
        inside = f"SELECT * FROM (\n{sql}\n) AS metric"
        with (
            self._session() as connection,
            watch.over(stopping(connection), _GRACE),
            _cursor(connection, self.opening) as cursor,
        ):
            return _gathered(cursor, inside, list(parameters.values()), caps)

    def cautions(self) -> tuple[str, ...]:
        with self._session() as connection, _cursor(connection, self.opening, as_itself=True) as cursor:
            return tuple(str(row[0]) for row in cursor.execute(_WRITABLE.encode()).fetchall())

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _session(self) -> Iterator[_Connection]:
        """A connection of the pool, which rolls back whatever it leaves open."""
        pooled = self.engine.raw_connection()
        try:
            connection = pooled.driver_connection
            assert isinstance(connection, psycopg.Connection)  # noqa: S101 - the engine was made with this driver
            yield connection
        except psycopg.Error:
            if pooled.driver_connection is not None and pooled.driver_connection.closed:
                pooled.invalidate()
            raise
        finally:
            pooled.close()


@contextmanager
def _cursor(connection: _Connection, opening: Opening, *, as_itself: bool = False) -> Iterator[_Cursor]:
    """A cursor in a read-only transaction."""
    with psycopg.RawCursor(connection) as cursor:
        cursor.execute("; ".join(_preparations(connection, opening, as_itself=as_itself)).encode())
        yield cursor


def _preparations(connection: _Connection, opening: Opening, *, as_itself: bool) -> Iterator[str]:
    """What holds for one transaction, whatever an earlier query did to the session."""
    yield "SET LOCAL TIME ZONE 'UTC'"
    yield f"SET LOCAL statement_timeout = {round(opening.statement_timeout.total_seconds() * 1_000)}"
    # Texts are read as `connectors.sql.statement` has read them.
    yield "SET LOCAL standard_conforming_strings = on"
    superuser = connection.info.parameter_status("is_superuser") == "on"
    if superuser and not as_itself and connection.info.server_version >= _FIRST_WITH_READING_ROLE:
        yield "SET LOCAL row_security = off"
        yield "SET LOCAL ROLE pg_read_all_data"


def _gathered(cursor: _Cursor, sql: str, bounds: Sequence[datetime], caps: Caps) -> pd.DataFrame:
    """The rows as they come: a cursor by itself keeps all of them in memory."""
    size = _ROWS_OF_A_CHUNK if capabilities.has_stream_chunked() else 1
    stream = cast("Generator[tuple[object, ...], None, None]", cursor.stream(sql.encode(), bounds, size=size))
    # Left half way, it would hold the connection for as long as an error refers to it.
    with closing(stream):
        first = next(stream, None)
        if first is not None:
            return gathered(_names(cursor), chain([first], stream), caps)
    # Of a stream that was empty, not even the columns are known.
    cursor.execute(f"{sql} LIMIT 0".encode(), bounds)
    return gathered(_names(cursor), [], caps)


def _names(cursor: _Cursor) -> list[str]:
    return [column.name for column in cursor.description or ()]


def stopping(connection: _Connection) -> Callable[[], None]:
    """Asks the server to cancel what runs, and after a while hangs up on a server that does not listen."""
    asked: list[float] = []

    def stop() -> None:
        asked.append(time.monotonic())
        try:
            if asked[-1] - asked[0] > _CANCEL_SECONDS:
                _hang_up(connection.fileno())
            else:
                connection.cancel_safe(timeout=_CANCEL_SECONDS)
        except (psycopg.Error, OSError):
            # It has ended meanwhile, or is hung up on next time.
            return

    return stop


def _hang_up(descriptor: int) -> None:
    """End a connection that another thread waits for."""
    with socket.socket(fileno=os.dup(descriptor)) as line:
        line.shutdown(socket.SHUT_RDWR)


def _engine(opening: Opening) -> Engine:
    url = opening.url.set(drivername="postgresql+psycopg")
    arguments = {"connect_timeout": _CONNECT_SECONDS, **KEEPALIVE, "application_name": "okr-pipeline"}
    given = {name: value for name, value in arguments.items() if name not in url.query}
    engine = create_engine(
        url,
        pool_size=opening.concurrency,
        max_overflow=0,
        hide_parameters=True,
        connect_args={**given, "options": _options(url)},
    )

    @event.listens_for(engine, "connect")
    def _read_only(connection: _Connection, _record: object) -> None:
        connection.read_only = True

    return engine


def _options(url: URL) -> str:
    given = url.query.get("options", "")
    return " ".join([*([given] if isinstance(given, str) else given), "-c default_transaction_read_only=on"]).strip()


_WRITABLE: Final = """
WITH writable AS (
    SELECT format('%I.%I', namespace.nspname, class.relname) AS name
    FROM pg_catalog.pg_class AS class JOIN pg_catalog.pg_namespace AS namespace ON namespace.oid = class.relnamespace
    WHERE class.relkind IN ('r', 'p', 'v', 'm', 'f')
      AND namespace.nspname <> 'information_schema' AND namespace.nspname NOT LIKE 'pg\\_%'
      AND (has_table_privilege(class.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
           OR has_any_column_privilege(class.oid, 'INSERT, UPDATE'))
), creatable AS (
    SELECT format('schema %I', nspname) AS name FROM pg_catalog.pg_namespace
    WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\\_%' AND has_schema_privilege(oid, 'CREATE')
    UNION ALL
    SELECT format('database %I', current_database()) WHERE has_database_privilege(current_database(), 'CREATE')
), findings AS (
    SELECT 'is a superuser' AS finding FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolsuper
    UNION ALL
    SELECT format('can change %s%s', min(name), CASE WHEN count(*) > 1 THEN format(' and %s more', count(*) - 1) END)
    FROM writable HAVING count(*) > 0
    UNION ALL
    SELECT format('can reach files and programs of the server as a member of %s', string_agg(role, ', ' ORDER BY role))
    FROM unnest(ARRAY['pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program']) AS role
    WHERE NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user)
      AND pg_has_role(current_user, role, 'MEMBER')
    HAVING count(*) > 0
    UNION ALL
    SELECT format('can create objects in %s', string_agg(name, ', ' ORDER BY name)) FROM creatable HAVING count(*) > 0
)
SELECT format('The login %I %s. Metrics are read in read-only transactions, but a role that can only SELECT is safer:'
              ' give it CONNECT, USAGE and SELECT, and nothing else.', current_user, finding) AS message
FROM findings
"""
