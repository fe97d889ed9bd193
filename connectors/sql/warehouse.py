"""Warehouses as sources: what Snowflake, BigQuery, Databricks, Trino, ClickHouse and Redshift have in common.

Belongs here: one statement inside a FROM, caps, stopping. Does not: how one of them is spoken to (a module each), which
sessions are used again (`pooling`), or what its errors mean (`warehouse_failures`).

Each is spoken to by its own driver, with a URL as its SQLAlchemy dialect writes it.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

import pandas as pd

from connectors.errors import ConfigError
from connectors.sql.database import Opening
from connectors.sql.meanings import SLOW
from connectors.sql.pooling import Pool
from connectors.sql.rows import Caps, gathered
from connectors.sql.statement import Bound
from connectors.watching import Watch

PROGRAM: Final = "okr-pipeline"
_GRACE: Final = timedelta(milliseconds=500)
"""The warehouse stops a query itself, and says so better; this is for one that does not answer."""
_ROWS_OF_A_CHUNK: Final = 1_000


@dataclass(frozen=True, slots=True)
class Question:
    """One bounded statement, what it is bound to, and the metrics that it is for."""

    sql: str
    parameters: Mapping[str, datetime]
    metrics: Sequence[str]

    @property
    def tag(self) -> str:
        """What the warehouse's log of queries tells by.

        >>> Question("", {}, ["signups", "churn"]).tag
        'okr-pipeline: signups, churn'
        """
        return f"{PROGRAM}: {', '.join(self.metrics)}"[:1_000]


class Session(Protocol):
    """A session that reads in UTC. `stop` is called from another thread."""

    def rows(self, question: Question) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        """Names of columns, and rows as they come."""
        ...

    def stop(self) -> None:
        """End what runs, on the warehouse too; must not raise."""
        ...

    def close(self) -> None:
        """Give the connection back."""
        ...


@dataclass(slots=True, repr=False)
class Warehouse:
    """See `connectors.sql.database.Database`. `opened` connects; `literal` writes an instant in the warehouse's SQL."""

    dialect: str
    driver_errors: tuple[type[Exception], ...]
    opened: Callable[[], Session]
    literal: Callable[[str, datetime], str]
    _pool: Pool[Session] = field(init=False)

    def __post_init__(self) -> None:
        self._pool = Pool(self.opened)

    def written(self, bound: Bound) -> str:
        return self.literal(bound.name, bound.instant)

    def connect(self, at_once: int = 1) -> None:  # noqa: ARG002 - more are opened when they are needed
        self._pool.renew()

    def fetch(
        self, sql: str, parameters: Mapping[str, datetime], caps: Caps, watch: Watch, metrics: Sequence[str] = ()
    ) -> pd.DataFrame:
        # Inside a FROM nothing but a query stands, and the warehouse stops at the limit.
        bounded = f"SELECT * FROM (\n{sql}\n) AS metric LIMIT {caps.enough}"
        question = Question(bounded, parameters, metrics)
        with self._pool.session() as session, _stoppable(session) as stop, watch.over(stop, _GRACE):
            names, rows = session.rows(question)
            return gathered(names, rows, caps)

    def cautions(self) -> tuple[str, ...]:
        """None: what a login may do is told by no warehouse alike."""
        return ()

    def close(self) -> None:
        self._pool.close()


@contextmanager
def _stoppable(session: Session) -> Iterator[Callable[[], None]]:
    """What stops the session, after which nothing that it gave counts: some drivers end a stopped answer in silence.

    Raises:
        TransientError: it was stopped, however it ended.
    """
    stopped = threading.Event()

    def stop() -> None:
        stopped.set()
        session.stop()

    try:
        yield stop
    except Exception:
        if not stopped.is_set():
            raise
    if stopped.is_set():
        raise SLOW.error()


def chunks(cursor: Any) -> Iterator[Sequence[object]]:
    """The rows of a DB-API cursor as they come, with cells of numpy and pandas as Python's own."""
    while rows := cursor.fetchmany(_ROWS_OF_A_CHUNK):
        yield from rows


def options_of(opening: Opening, *known: str) -> dict[str, str]:
    """What stands after the `?` of a URL.

    Raises:
        ConfigError: something else does: an option that is not known may lift a limit.
    """
    if unknown := sorted(set(opening.url.query) - set(known)):
        raise ConfigError(
            f"The url has the option {', '.join(unknown)}, which is not known. Known are {', '.join(known)}."
        )
    return {name: str(value) for name, value in opening.url.query.items()}


def slug(text: str) -> str:
    """A text as labels take it: small letters, digits, dashes; at most 63.

    >>> slug("Sales.EU/net")
    'sales-eu-net'
    """
    return re.sub(r"[^a-z0-9_-]", "-", text.lower())[:63]
