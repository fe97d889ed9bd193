"""The connection to a store: how SQLite and PostgreSQL are set up, how a transaction begins, and what is tried again.

Belongs here: engines, sessions' settings, the writers' lock, retries of lost connections and unsure commits. Does not:
tables, statements about them, or errors' words (`errors`).

Writers take turns. SQLite can have one at a time anyway (`BEGIN IMMEDIATE`: a writer that begins by reading would meet
"database is locked" half way, unretryably). On PostgreSQL a transaction-scoped advisory lock does the same: it makes
revision numbers and the order of `recorded_at` right without a lock per row, lets an unsure commit be settled for
certain, and costs little, because a batch is written in a second and sources are read outside of it.
"""

import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, TypeVar

import sqlalchemy as sa

from okr_pipeline.store.errors import StoreMissing, StoreUnavailable, StoreUnsupported, driver_errors, translated
from okr_pipeline.store.place import secrets_of

T = TypeVar("T")

WRITERS_LOCK: Final = 0x6F6B72  # "okr"
BUSY_TIMEOUT_SECONDS: Final = 30
_SERVER_DELAYS_SECONDS: Final = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0)
_FILE_DELAYS_SECONDS: Final = (0.05, 0.2)  # each attempt has already waited for the lock
_POOL_SIZE: Final = 5


class Database:
    """An engine that is made on first use. Safe to share between threads, not between processes after a fork."""

    def __init__(self, url: str | sa.URL, sleep: Callable[[float], None]) -> None:
        self.url = _parsed(url)
        self.secrets = secrets_of(self.url)
        self.place = self.secrets.hidden(self.url.render_as_string(hide_password=True))
        self._sleep = sleep
        self._engine: sa.Engine | None = None
        self._answered = False

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    @property
    def path(self) -> Path | None:
        """The file of a SQLite store."""
        return Path(str(self.url.database)) if self.is_sqlite else None

    @property
    def engine(self) -> sa.Engine:
        if self._engine is None:
            self._engine = _sqlite_engine(self.url) if self.is_sqlite else _postgres_engine(self.url)
        return self._engine

    def close(self) -> None:
        """Give connections back; the next use opens new ones, and keeps the statements that were compiled."""
        if self._engine is not None:
            self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A read-only transaction in which every statement sees the same committed state.

        Raises:
            StoreError: whatever the driver says, translated.
        """
        options: dict[str, Any] = {}
        if not self.is_sqlite:
            options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.translating(), self._connection(options) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction that no other writer shares; committed at the end, rolled back on an exception.

        Raises:
            StoreError: whatever the driver says, translated.
        """
        with self.translating(), self._connection({"okr_writes": True}) as connection, connection.begin():
            if not self.is_sqlite:
                take_turn(connection)
            yield connection

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Errors of drivers as errors of the store, which hold no password, nor do the frames they come from."""
        with self.secrets.kept():
            try:
                yield
            except driver_errors() as error:
                raise translated(error, self.place) from error

    def retrying(self, work: Callable[[], T]) -> T:
        """What `work` returns, tried again while the store is locked or lost; `work` must be safe to repeat.

        A server that has never answered this process is not waited for: the URL is as likely wrong.
        """
        for delay in _FILE_DELAYS_SECONDS if self.is_sqlite else _SERVER_DELAYS_SECONDS:
            try:
                return work()
            except StoreUnavailable:
                if not self._answered:
                    raise
            self._sleep(delay * random.uniform(0.5, 1.5))  # noqa: S311 - spreads writers, guards no secret
        return work()

    @contextmanager
    def _connection(self, options: dict[str, Any]) -> Iterator[sa.Connection]:
        if self.path is not None and not self.path.exists():
            raise StoreMissing(
                f"There is no store at {self.place}. Make one with `okr run`, or an empty one with `okr store upgrade`."
            )
        with self.engine.connect().execution_options(**options) as connection:
            self._answered = True
            yield connection


def take_turn(connection: sa.Connection) -> None:
    """Wait until every other writer of a PostgreSQL store has ended; held until the transaction ends."""
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS_LOCK})")


def _parsed(url: str | sa.URL) -> sa.URL:
    try:
        parsed = sa.make_url(url)
    except (sa.exc.ArgumentError, ValueError):
        raise StoreUnsupported(
            "The store's URL cannot be read. Write it as sqlite:///path/okr.db or postgresql://…"
        ) from None
    backend = parsed.get_backend_name()
    if backend == "postgresql":
        return parsed.set(drivername="postgresql+psycopg")
    if backend != "sqlite":
        raise StoreUnsupported(f"A store cannot be kept in {backend}: use sqlite:///path/okr.db or postgresql://…")
    if not parsed.database or parsed.database == ":memory:":
        raise StoreUnsupported("A store in memory is gone when the program ends: name a file, sqlite:///path/okr.db")
    return parsed


def _sqlite_engine(url: sa.URL) -> sa.Engine:
    # A statement that is kept keeps what was bound to it last: of a large scorecard hundreds of megabytes.
    arguments = {"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False, "cached_statements": 0}
    engine = sa.create_engine(url, connect_args=arguments, hide_parameters=True)
    sa.event.listen(engine, "connect", _set_up_sqlite)
    sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _postgres_engine(url: sa.URL) -> sa.Engine:
    given = url.query.get("options", "")
    options = f"{given if isinstance(given, str) else ' '.join(given)} -c timezone=UTC -c datestyle=ISO".strip()
    arguments = {"options": options, "application_name": "okr", "connect_timeout": 10}
    return sa.create_engine(
        url, connect_args=arguments, hide_parameters=True, pool_pre_ping=True, pool_size=_POOL_SIZE, pool_use_lifo=True
    )


def _set_up_sqlite(connection: Any, _record: object) -> None:
    # The driver would begin transactions by itself, late, and not at all before DDL; `_begin_sqlite` does it.
    connection.isolation_level = None
    for pragma in ("foreign_keys=ON", "synchronous=FULL", "journal_mode=DELETE", "temp_store=MEMORY"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("okr_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
