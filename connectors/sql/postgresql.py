"""PostgreSQL servers as a source.

Belongs here: sessions that can only read, and what the login could do besides. Does not: translating errors.

`:window_start` and `:window_end` are bound as timestamptz. The session's time zone is UTC, so a `timestamp` column is
compared as UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pandas as pd
import psycopg
from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Engine
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import PoolProxiedConnection

from connectors.errors import ConfigError
from connectors.sql.database import Database, Opening
from connectors.sql.sqlite import rows_to_frame

_DRIVERS: Final = ("postgresql", "postgres", "postgresql+psycopg")
_CONNECT_SECONDS: Final = 10
_KEEPALIVE: Final = {
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


@dataclass(frozen=True, slots=True)
class _PostgreSql:
    opening: Opening
    engine: Engine
    dialect: str = "postgres"
    driver_errors: tuple[type[Exception], ...] = (psycopg.Error, SQLAlchemyError)

    def placeholder(self, name: str, position: int) -> str:  # noqa: ARG002 - PostgreSQL knows positions
        return f"${position}"

    def connect(self) -> None:
        self.fetch("SELECT 1", {}, limit=1)

    def fetch(self, sql: str, parameters: Mapping[str, datetime], limit: int) -> pd.DataFrame:
        # The driver keeps a whole result in memory, so the server has to stop at the limit. A WITH that changes rows is
        # refused inside a FROM; a text with parameters is sent by the protocol that takes one statement only.
        bounded = f"SELECT * FROM (\n{sql}\n) AS metric LIMIT ${len(parameters) + 1}::bigint"
        return self._run(bounded, [*parameters.values(), limit])

    def cautions(self) -> tuple[str, ...]:
        rows = self._run(_WRITABLE, [])
        return tuple(str(message) for message in rows["message"])

    def close(self) -> None:
        self.engine.dispose()

    def _run(self, sql: str, parameters: list[object]) -> pd.DataFrame:
        pooled = self.engine.raw_connection()
        try:
            return _read(pooled, sql, parameters, self.opening)
        finally:
            pooled.close()


def _engine(opening: Opening) -> Engine:
    url = opening.url.set(drivername="postgresql+psycopg")
    arguments = {"connect_timeout": _CONNECT_SECONDS, **_KEEPALIVE, "application_name": "okr-pipeline"}
    given = {name: value for name, value in arguments.items() if name not in url.query}
    engine = create_engine(
        url,
        pool_size=opening.concurrency,
        max_overflow=0,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={**given, "options": _options(url)},
    )

    @event.listens_for(engine, "connect")
    def _read_only(connection: psycopg.Connection[tuple[object, ...]], _record: object) -> None:
        connection.read_only = True

    return engine


def _options(url: URL) -> str:
    given = url.query.get("options", "")
    return " ".join([*([given] if isinstance(given, str) else given), "-c default_transaction_read_only=on"]).strip()


def _read(pooled: PoolProxiedConnection, sql: str, parameters: list[object], opening: Opening) -> pd.DataFrame:
    """Run one statement in a read-only transaction, which the pool rolls back."""
    connection = pooled.driver_connection
    assert isinstance(connection, psycopg.Connection)  # noqa: S101 - the engine was made with this driver
    milliseconds = round(opening.statement_timeout.total_seconds() * 1_000)
    with psycopg.RawCursor(connection) as cursor:
        cursor.execute(f"SET LOCAL TIME ZONE 'UTC'; SET LOCAL statement_timeout = {milliseconds}".encode())
        cursor.execute(sql.encode(), parameters)
        return rows_to_frame([column.name for column in cursor.description or ()], cursor.fetchall())


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
    SELECT format('can create objects in %s', string_agg(name, ', ' ORDER BY name)) FROM creatable HAVING count(*) > 0
)
SELECT format('The login %I %s. Metrics are read in read-only transactions, but a role that can only SELECT is safer:'
              ' give it CONNECT, USAGE and SELECT, and nothing else.', current_user, finding) AS message
FROM findings
"""
