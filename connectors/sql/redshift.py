"""Redshift as a source.

Belongs here: sessions by PostgreSQL's protocol that Redshift takes. Does not: translating errors.

`:window_start` and `:window_end` are written as TIMESTAMPTZ. The session is in UTC, so a TIMESTAMP column is compared
as UTC and read as civil time. Queries are run in read-only transactions, by the protocol that takes one statement only.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any, Final

import psycopg

from connectors.sql.database import Database, Opening
from connectors.sql.postgresql import KEEPALIVE, stopping
from connectors.sql.warehouse import PROGRAM, Question, Warehouse, options_of, slug

_OPTIONS: Final = ("sslmode", "sslrootcert")
_PORT: Final = 5439
_CONNECT_SECONDS: Final = 10


def open_redshift(opening: Opening) -> Database:
    """The database of a URL such as `redshift://reader:secret@cluster.region.redshift.amazonaws.com/shop`.

    Raises:
        ConfigError: the URL has an option that is not known.
    """
    options_of(opening, *_OPTIONS)
    return Warehouse("redshift", (psycopg.Error,), lambda: _Session(_connected(opening), opening), _literal)


def _literal(name: str, instant: datetime) -> str:  # noqa: ARG001 - it is bound by its place
    return f"TIMESTAMPTZ '{instant:%Y-%m-%d %H:%M:%S.%f}+00'"


@dataclass(slots=True, repr=False)
class _Session:
    connection: psycopg.Connection[tuple[object, ...]]
    opening: Opening
    _stop: Callable[[], None] | None = field(default=None, init=False)

    def rows(self, question: Question) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        self._stop = stopping(self.connection)
        # Whatever an earlier query left open or changed ends here.
        self.connection.rollback()
        cursor = psycopg.RawCursor(self.connection)
        cursor.execute("SET timezone TO 'UTC'")
        cursor.execute(
            f"SET statement_timeout TO {round(self.opening.statement_timeout.total_seconds() * 1_000)}".encode()
        )
        sql = f"/* {PROGRAM}: {', '.join(map(slug, question.metrics))[:1_000]} */ {question.sql}".encode()
        arriving: Iterator[tuple[object, ...]] = cursor.stream(sql)
        first = next(arriving, None)
        if first is None:
            # Of a stream that was empty, not even the columns are known.
            cursor.execute(sql)
        names = [column.name for column in cursor.description or ()]
        return names, chain([first], arriving) if first is not None else ()

    def stop(self) -> None:
        if self._stop is not None:
            self._stop()

    def close(self) -> None:
        with contextlib.suppress(psycopg.Error):
            self.connection.close()


def _connected(opening: Opening) -> psycopg.Connection[tuple[object, ...]]:
    url = opening.url
    settings: dict[str, Any] = {"sslmode": "require", **url.query, **KEEPALIVE}
    connection = psycopg.connect(
        host=url.host,
        port=url.port or _PORT,
        user=url.username,
        password=str(url.password) if url.password is not None else None,
        dbname=url.database,
        connect_timeout=_CONNECT_SECONDS,
        application_name=PROGRAM,
        client_encoding="utf8",
        prepare_threshold=None,
        **settings,
    )
    connection.read_only = True
    return connection
