"""Trino as a source.

Belongs here: queries of its client. Does not: translating errors.

`:window_start` and `:window_end` are written as TIMESTAMP literals in UTC, and the session is in UTC: a `timestamp with
time zone` column is an instant, a `timestamp` column is compared as UTC and read as civil time. Trino has no read-only
session: what a query may do is up to the first look, to its place inside a FROM, and to the login's rights.
"""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

import trino
from trino.sqlalchemy.dialect import TrinoDialect

from connectors.sql.database import Database, Opening
from connectors.sql.warehouse import PROGRAM, Question, Warehouse, chunks, options_of, slug

_OPTIONS: Final = ("access_token", "roles", "http_scheme")
_ANSWER_SECONDS: Final = 30
_TRIES: Final = 3
_NAMED_METRICS: Final = 20


def open_trino(opening: Opening) -> Database:
    """The catalog and schema of a URL such as `trino://reader:secret@host:443/catalog/schema`.

    Raises:
        ConfigError: the URL has an option that is not known.
    """
    options_of(opening, *_OPTIONS)
    errors = (trino.exceptions.Error, trino.exceptions.HttpError, OSError, ValueError)
    return Warehouse("trino", errors, lambda: _opened(opening), _literal)


def _literal(name: str, instant: datetime) -> str:  # noqa: ARG001 - it is bound by its place
    return f"TIMESTAMP '{instant:%Y-%m-%d %H:%M:%S.%f} UTC'"


@dataclass(slots=True, repr=False)
class _Session:
    """Trino keeps no session; what would be one is said with each query, its tags among them."""

    opening: Opening
    cursor: Any = field(default=None, init=False)

    def rows(self, question: Question) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        cursor = self.cursor = _connected(self.opening, question.metrics).cursor()
        cursor.execute(question.sql)
        return [str(column[0]) for column in cursor.description], chunks(cursor)

    def stop(self) -> None:
        with contextlib.suppress(Exception):
            if self.cursor is not None:
                self.cursor.cancel()

    def close(self) -> None:
        if self.cursor is not None:
            self.cursor.connection.close()


def _opened(opening: Opening) -> _Session:
    """A session that was answered once: Trino is told of a login only with a query."""
    session = _Session(opening)
    list(session.rows(Question("SELECT 1", {}, []))[1])
    return session


def _connected(opening: Opening, metrics: Sequence[str]) -> Any:
    _, arguments = TrinoDialect().create_connect_args(opening.url)  # type: ignore[no-untyped-call]
    seconds = f"{max(1, round(opening.statement_timeout.total_seconds()))}s"
    return trino.dbapi.connect(  # type: ignore[no-untyped-call]
        **{
            **arguments,
            **({"http_scheme": str(scheme)} if (scheme := opening.url.query.get("http_scheme")) else {}),
            "source": PROGRAM,
            "client_tags": [PROGRAM, *(slug(metric) for metric in metrics[:_NAMED_METRICS])],
            "session_properties": {"query_max_execution_time": seconds, "query_max_run_time": seconds},
            "timezone": "UTC",
            "request_timeout": _ANSWER_SECONDS,
            "max_attempts": _TRIES,
        }
    )
