"""A sql source: many metrics read from one database.

Belongs here: queries into fetches, the row cap, the check. Does not: threads and evidence (`connectors.reading`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pandas as pd
from sqlalchemy.engine import URL, make_url

from connectors.contract import Caution, Context, DataPointBatch, MetricRequest, ReadFailure, Source, Window
from connectors.errors import ConnectorError, DataError
from connectors.reading import Asked, failure, read_concurrently
from connectors.sql.database import Database, open_database
from connectors.sql.failures import translated
from connectors.sql.statement import Statement, statement

if TYPE_CHECKING:
    from connectors.sql import SqlRequest, SqlSettings


def open_source(settings: "SqlSettings", context: Context) -> Source:
    """A source over the database of the settings; nothing is connected yet.

    Raises:
        ConfigError: the URL cannot be read, its kind is unknown, or its driver is not installed.
    """
    text = settings.url.get_secret_value()
    database = open_database(text, context.project_dir, settings.statement_timeout, settings.concurrency)
    return SqlSource(database, make_url(text), settings.max_rows, settings.concurrency)


@dataclass(frozen=True, slots=True)
class SqlSource:
    """See `connectors.contract.Source`."""

    database: Database
    url: URL
    max_rows: int
    concurrency: int

    def read(self, requests: Iterable[MetricRequest], window: Window) -> Iterator[DataPointBatch | ReadFailure]:
        """The points of each metric; equal queries are run once."""
        served: dict[str, tuple[Statement, list[MetricRequest]]] = {}
        for request in requests:
            try:
                asked = statement(_query(request), self.database.dialect, self.database.placeholder, window)
            except ConnectorError as error:
                yield failure(request, error)
            else:
                served.setdefault(asked.fingerprint, (asked, []))[1].append(request)
        yield from self._fetched(served.values(), window)

    def check(self) -> tuple[Caution, ...]:
        """Whether the database answers, and whether the login can do more than read."""
        with translated(self.database, self.url):
            self.database.connect()
            return tuple(Caution(message) for message in self.database.cautions())

    def close(self) -> None:
        """Give connections back."""
        self.database.close()

    def _fetched(
        self, served: Iterable[tuple[Statement, list[MetricRequest]]], window: Window
    ) -> Iterator[DataPointBatch | ReadFailure]:
        fetches = [_QueryFetch(self, asked, requests) for asked, requests in served]
        # One look first, so that a thousand metrics of a database that is away do not each wait for it.
        if fetches and (error := self._unreachable()):
            yield from (failure(request, error) for fetch in fetches for request in fetch.requests)
        else:
            yield from read_concurrently(fetches, window, self.concurrency)

    def _unreachable(self) -> ConnectorError | None:
        try:
            with translated(self.database, self.url):
                self.database.connect()
        except ConnectorError as error:
            return error
        return None


@dataclass(frozen=True, slots=True)
class _QueryFetch:
    source: SqlSource
    statement: Statement
    requests: Sequence[MetricRequest]

    def fetch(self) -> pd.DataFrame:
        cap = self.source.max_rows
        with translated(self.source.database, self.source.url):
            frame = self.source.database.fetch(self.statement.sql, self.statement.parameters, limit=cap + 1)
        if len(frame) > cap:
            raise DataError(
                f"The query gives more than {cap:,} rows, and rows are never cut off."
                " Aggregate to one row per period and combination of dimensions, or raise max_rows of the source."
            )
        return frame

    def rows(self, answer: pd.DataFrame, request: MetricRequest) -> pd.DataFrame:  # noqa: ARG002 - all metrics get all rows
        return answer

    def asked(self, request: MetricRequest) -> Asked:
        return Asked(_query(request).strip(), self.statement.fingerprint, whole=self.statement.whole)


def _query(request: MetricRequest) -> str:
    return cast("SqlRequest", request.options).query
