"""Databricks SQL warehouses as a source.

Belongs here: sessions of its connector. Does not: translating errors.

`:window_start` and `:window_end` are written as TIMESTAMP literals in UTC, and the session is in UTC: a TIMESTAMP
column is an instant, a TIMESTAMP_NTZ column is read as civil time. Databricks has no read-only session: what a query
may do is up to the first look, to its place inside a FROM, and to the login's grants.
"""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from databricks import sql
from databricks.sqlalchemy.base import DatabricksDialect
from urllib3.exceptions import HTTPError

from connectors.sql.database import Database, Opening
from connectors.sql.warehouse import PROGRAM, Question, Warehouse, chunks, options_of

_OPTIONS: Final = ("http_path", "catalog", "schema")
_TRIES: Final = 3


def open_databricks(opening: Opening) -> Database:
    """The warehouse of a URL such as `databricks://token:dapi…@host?http_path=/sql/1.0/warehouses/1&catalog=main`.

    Raises:
        ConfigError: the URL has an option that is not known.
    """
    options_of(opening, *_OPTIONS)
    # Where it has tried again in vain, the connector lets the error of what it speaks HTTP with through.
    errors = (sql.exc.Error, HTTPError, OSError, ValueError)
    return Warehouse("databricks", errors, lambda: _opened(opening), _literal)


def _literal(name: str, instant: datetime) -> str:  # noqa: ARG001 - it is bound by its place
    return f"TIMESTAMP '{instant:%Y-%m-%dT%H:%M:%S.%f}Z'"


@dataclass(slots=True, repr=False)
class _Session:
    connection: Any
    cursor: Any = field(default=None, init=False)

    def rows(self, question: Question) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        cursor = self.cursor = self.connection.cursor()
        cursor.execute(question.sql, query_tags={"program": PROGRAM, "metrics": ",".join(question.metrics)[:120]})
        return [str(column[0]) for column in cursor.description], chunks(cursor)

    def stop(self) -> None:
        with contextlib.suppress(Exception):
            if self.cursor is not None:
                self.cursor.cancel()

    def close(self) -> None:
        with contextlib.suppress(sql.exc.Error):
            self.connection.close()


def _opened(opening: Opening) -> _Session:
    _, arguments = DatabricksDialect().create_connect_args(opening.url)  # type: ignore[no-untyped-call]
    seconds = max(1, round(opening.statement_timeout.total_seconds()))
    session = {"timezone": "UTC", "statement_timeout": str(seconds), "ansi_mode": "true"}
    return _Session(
        sql.connect(
            **arguments,
            session_configuration=session,
            user_agent_entry=PROGRAM,
            enable_telemetry=False,
            _socket_timeout=seconds + 10,
            _retry_stop_after_attempts_count=_TRIES,
            _retry_stop_after_attempts_duration=seconds,
        )
    )
