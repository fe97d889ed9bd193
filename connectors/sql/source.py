"""A sql source: many metrics read from one database.

Belongs here: queries into fetches, their caps and their watch, the check. Does not: threads and evidence
(`connectors.reading`).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Final, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
from sqlalchemy.engine import URL, make_url

from connectors.contract import Caution, Context, DataPointBatch, Flag, MetricRequest, ReadFailure, Source, Window
from connectors.errors import ConfigError, ConnectorError
from connectors.points import (
    Rows,
    SharedRows,
    column_names,
    columns_there,
    member_text,
    missing_column,
    nearest_name,
)
from connectors.reading import Asked, failure, read_concurrently
from connectors.sql import is_name
from connectors.sql.database import Database, open_database
from connectors.sql.failures import translated
from connectors.sql.rows import Caps
from connectors.sql.statement import Statement, statement
from connectors.watching import Watch
from connectors.zones import zone

if TYPE_CHECKING:
    from connectors.sql import SqlRequest, SqlSettings

_NOWHERE: Final = np.empty(0, dtype=np.intp)


def open_source(settings: "SqlSettings", context: Context) -> Source:
    """A source over the database of the settings; nothing is connected yet.

    Raises:
        ConfigError: the URL cannot be read, its kind is unknown, or its driver is not installed.
    """
    text = settings.url.get_secret_value()
    database = open_database(text, context.project_dir, settings.statement_timeout, settings.concurrency)
    return SqlSource(database, make_url(text), settings)


@dataclass(slots=True, repr=False)
class SqlSource:
    """See `connectors.contract.Source`."""

    database: Database
    url: URL = field(repr=False)
    settings: "SqlSettings"
    _watch: Watch | None = field(default=None, init=False)

    def read(self, requests: Iterable[MetricRequest], window: Window) -> Iterator[DataPointBatch | ReadFailure]:
        """The points of each metric; equal queries are run once."""
        asked_for: dict[str, list[MetricRequest]] = {}
        for request in requests:
            try:
                asked_for.setdefault(self._query(request), []).append(request)
            except ConnectorError as error:
                yield failure(request, error)
        served: dict[str, tuple[Statement, list[MetricRequest]]] = {}
        for query, those in asked_for.items():
            try:
                asked = self._statement(query, by_every_clock(window, {request.timezone for request in those}))
            except ConnectorError as error:
                yield from (failure(request, error) for request in those)
            else:
                served.setdefault(asked.fingerprint, (asked, []))[1].extend(those)
        yield from self._fetched(served.values(), window)

    def check(self) -> tuple[Caution, ...]:
        """Whether the database answers, and whether the login can do more than read."""
        with translated(self.database, self.url):
            self.database.connect()
            return tuple(Caution(message) for message in self.database.cautions())

    def close(self) -> None:
        """Stop what a read that was left half way still runs, and give connections back."""
        if self._watch is not None:
            self._watch.cancel()
        self.database.close()

    def _statement(self, query: str, window: Window) -> Statement:
        return statement(query, self.database.dialect, self.database.written, window)

    def _query(self, request: MetricRequest) -> str:
        """The metric's own query, or the one that it names."""
        query, shared = _options(request).query, self.settings.queries
        if not is_name(query):
            return query
        if query.strip() not in shared:
            raise ConfigError(f"There is no query {query.strip()} in the source. {nearest_name(query.strip(), shared)}")
        return shared[query.strip()]

    def _fetched(
        self, served: Iterable[tuple[Statement, list[MetricRequest]]], window: Window
    ) -> Iterator[DataPointBatch | ReadFailure]:
        watch = self._watch = Watch(self.settings.statement_timeout)
        fetches = [_QueryFetch(self, watch, asked, requests) for asked, requests in served]
        # One look first, so that a thousand metrics of a database that is away do not each wait for it.
        if fetches and (error := self._unreachable(min(len(fetches), self.settings.concurrency))):
            yield from (failure(request, error) for fetch in fetches for request in fetch.requests)
        else:
            with watch:
                yield from read_concurrently(fetches, window, self.settings.concurrency, watch.cancel)

    def _unreachable(self, at_once: int) -> ConnectorError | None:
        try:
            with translated(self.database, self.url):
                self.database.connect(at_once)
        except ConnectorError as error:
            return error
        return None


def by_every_clock(window: Window, timezones: Iterable[str]) -> Window:
    """The window, and what its bounds are on clocks of these zones, as if those were in UTC.

    Columns of instants are compared with the window, columns of dates and civil times with what clocks show: a bound
    that is right for one is hours off for the other, and would leave out a day. What was asked for too much is left
    out when it has come.
    """
    clocks = [zone(it) for it in timezones]
    starts, ends = (
        [bound, *(bound.astimezone(clock).replace(tzinfo=UTC) for clock in clocks)]
        for bound in (window.start, window.end)
    )
    return Window(min(starts), max(ends))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a query gave. What many metrics ask of it by the same columns is found once for all."""

    frame: pd.DataFrame
    _named: dict[tuple[tuple[str, str], ...], pd.DataFrame] = field(default_factory=dict)
    _places: dict[tuple[str, ...], dict[tuple[str, ...], npt.NDArray[np.intp]]] = field(default_factory=dict)

    def named(self, names: Mapping[str, str]) -> pd.DataFrame:
        """Its columns under other names: each with the one that it is taken from."""
        taken = tuple(names.items())
        if taken not in self._named:
            self._named[taken] = pd.DataFrame({name: self.frame[column] for name, column in taken})
        return self._named[taken]

    def places_with(self, values: Mapping[str, str]) -> npt.NDArray[np.intp]:
        """Where columns, at least one, have these values, compared as members of dimensions are: as text.

        Raises:
            ContractError: there is no such column.
        """
        columns = tuple(sorted(values))
        if columns not in self._places:
            self._places[columns] = _places_of(self.frame, columns)
        return self._places[columns].get(tuple(values[name] for name in columns), _NOWHERE)


def _places_of(frame: pd.DataFrame, columns: tuple[str, ...]) -> dict[tuple[str, ...], npt.NDArray[np.intp]]:
    texts = {}
    for column in columns:
        if column not in frame.columns:
            raise missing_column(column, list(frame.columns))
        codes, members = pd.factorize(frame[column])
        # Code -1 is null, which no text is equal to.
        texts[column] = np.array([*map(member_text, members), None], dtype=object).take(codes)
    groups = pd.DataFrame(texts).groupby(list(columns), sort=False).indices
    return {key if isinstance(key, tuple) else (key,): np.asarray(places) for key, places in groups.items()}


@dataclass(frozen=True, slots=True)
class _QueryFetch:
    source: SqlSource
    watch: Watch
    statement: Statement
    requests: Sequence[MetricRequest]

    def fetch(self) -> Answer:
        source, asked = self.source, self.statement
        caps = Caps(source.settings.max_rows, source.settings.max_bytes)
        with translated(source.database, source.url):
            metrics = [request.metric for request in self.requests]
            return Answer(source.database.fetch(asked.sql, asked.parameters, caps, self.watch, metrics))

    def rows(self, answer: Answer, request: MetricRequest) -> Rows:
        options = _options(request)
        if not options.columns and not options.rows:
            return answer.frame
        names = columns_there(column_names(request, options.columns), options.columns, list(answer.frame.columns))
        frame = answer.named(names)
        return SharedRows(frame, answer.places_with(options.rows)) if options.rows else frame

    def flags(self, answer: Answer, request: MetricRequest) -> frozenset[Flag]:  # noqa: ARG002 - a database tells none
        return frozenset()

    def asked(self, request: MetricRequest) -> Asked:
        options, text, fingerprint = _options(request), self.statement.text, self.statement.fingerprint
        if options.columns or options.rows:
            taken = json.dumps({"columns": options.columns, "rows": options.rows}, sort_keys=True)
            text += "".join(f"\n-- the rows with {column} = {value}" for column, value in options.rows.items())
            fingerprint = hashlib.sha256(f"{fingerprint}{taken}".encode()).hexdigest()
        return Asked(text, fingerprint, whole=self.statement.whole)


def _options(request: MetricRequest) -> "SqlRequest":
    return cast("SqlRequest", request.options)
