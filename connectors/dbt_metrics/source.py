"""A dbt project as a source: metrics into queries, tables into rows.

Belongs here: what MetricFlow is asked, and what its tables mean. Does not: running it (program), threads and evidence
(`connectors.reading`).
"""

import csv
import hashlib
import io
import json
import shlex
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias, cast

import pandas as pd

from connectors.civil import are_civil
from connectors.contract import Caution, Context, DataPointBatch, Flag, MetricRequest, ReadFailure, Source, Window
from connectors.dbt_metrics.program import Program, environment_with, written
from connectors.errors import ConfigError, ConnectorError, ContractError, DataError
from connectors.points import missing_column, nearest_name
from connectors.reading import Asked, failure, read_concurrently
from connectors.texts import number_of
from connectors.watching import Watch
from connectors.zones import zone

if TYPE_CHECKING:
    from connectors.dbt_metrics import DbtMetricsRequest, DbtMetricsSettings

_Table: TypeAlias = list[dict[str, str]]
Outcomes: TypeAlias = Mapping[str, "_Table | ConnectorError"]
"""By metric, the table that serves it, or why there is none."""
_CHECK: Final = ("health-checks",)


def open_source(settings: "DbtMetricsSettings", context: Context) -> Source:
    """A source over the dbt project of the settings; nothing runs yet."""
    there = context.project_dir
    profiles = None if settings.profiles_dir is None else there / settings.profiles_dir
    command = settings.command
    if "/" in command[0]:
        command = (str(there / command[0]), *command[1:])
    return DbtSource(Program(command, there / settings.project_dir, environment_with(profiles)), settings)


@dataclass(slots=True)
class DbtSource:
    """See `connectors.contract.Source`."""

    program: Program
    settings: "DbtMetricsSettings"
    _watch: Watch | None = field(default=None, init=False)

    def read(self, requests: Iterable[MetricRequest], window: Window) -> Iterator[DataPointBatch | ReadFailure]:
        """The points of each metric; those with equal dimensions and conditions come of one query."""
        served: dict[Query, list[MetricRequest]] = {}
        for request in requests:
            try:
                query = _query(request, window)
            except ConnectorError as error:
                yield failure(request, error)
            else:
                served.setdefault(query, []).append(request)
        watch = self._watch = Watch(self.settings.timeout)
        fetches = [_Fetch(self, watch, query, those) for query, those in served.items()]
        with watch:
            yield from read_concurrently(fetches, window, self.settings.concurrency, watch.cancel)

    def check(self) -> tuple[Caution, ...]:
        """Whether MetricFlow is there, and its warehouse answers."""
        with Watch(self.settings.timeout) as watch:
            self.program.run(_CHECK, watch)
        return ()

    def close(self) -> None:
        """End what a read that was left half way still runs."""
        if self._watch is not None:
            self._watch.cancel()


@dataclass(frozen=True, slots=True)
class Query:
    """What metrics must have in common to be asked for at once."""

    grain: str
    group_by: tuple[str, ...]
    where: tuple[str, ...]
    start: datetime
    last: datetime

    @property
    def period(self) -> str:
        return f"metric_time__{self.grain}"

    def arguments(self, metrics: Iterable[str]) -> list[str]:
        """The same in the words of MetricFlow, whose last second is included."""
        conditions = (word for text in self.where for word in ("--where", text))
        return [
            "query", "--metrics", ",".join(sorted(set(metrics))), "--group-by", ",".join([self.period, *self.group_by]),
            "--start-time", _written(self.start), "--end-time", _written(self.last), *conditions,
        ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Fetch:
    source: DbtSource
    watch: Watch
    query: Query
    requests: Sequence[MetricRequest]

    def fetch(self) -> Outcomes:
        """One query for all; where it is refused because of one of them, by halves."""
        outcome: _Table | ConnectorError
        try:
            outcome = self._table()
        except ConfigError as error:
            if middle := len(self.requests) // 2:
                halves = (replace(self, requests=those) for those in (self.requests[:middle], self.requests[middle:]))
                return {metric: told for half in halves for metric, told in half.fetch().items()}
            outcome = error
        return dict.fromkeys((request.metric for request in self.requests), outcome)

    def rows(self, outcomes: Outcomes, request: MetricRequest) -> pd.DataFrame:
        table = outcomes[request.metric]
        if isinstance(table, ConnectorError):
            raise table
        return _rows(table, self.query, request)

    def flags(self, outcomes: Outcomes, request: MetricRequest) -> frozenset[Flag]:  # noqa: ARG002 - there are none
        return frozenset()

    def asked(self, request: MetricRequest) -> Asked:
        arguments = self.query.arguments([_options(request).dbt_metric])
        identity = json.dumps([arguments, sorted(_members(request).items())])
        return Asked(f"mf {shlex.join(arguments)}", hashlib.sha256(identity.encode()).hexdigest(), whole=False)

    def _table(self) -> _Table:
        arguments = self.query.arguments(_options(request).dbt_metric for request in self.requests)
        with tempfile.TemporaryDirectory(prefix="okr-mf-") as directory:
            path = Path(directory) / "table.csv"
            self.source.program.run([*arguments, "--csv", str(path)], self.watch)
            table = _read(written(path))
        if len(table) > (most := self.source.settings.max_rows):
            raise DataError(f"The table has more than {most:,} rows, and rows are never cut off. Raise max_rows.")
        return table


def _query(request: MetricRequest, window: Window) -> Query:
    """What a metric asks for.

    Raises:
        ConfigError: MetricFlow does not know its periods, or it names dimensions that it has not.
    """
    if not are_civil(request):
        raise ConfigError(
            f"MetricFlow's {request.grain}s are those of the ordinary calendar, weeks from Monday, and the metric's are"
            " not. Set year: civil for the metric, or read days."
        )
    there = zone(request.timezone)
    # Across a change of clocks only arithmetic in UTC is right.
    last = (window.end.astimezone(UTC) - timedelta(seconds=1)).astimezone(there)
    members = _members(request)
    return Query(
        request.grain, tuple(sorted(members.values())), _options(request).where, window.start.astimezone(there), last
    )


def _members(request: MetricRequest) -> dict[str, str]:
    given = _options(request).group_by
    for name in given:
        if name not in request.dimensions:
            raise ConfigError(
                f"group_by names {name}, which is no dimension of the metric. {nearest_name(name, request.dimensions)}"
            )
    return {name: given.get(name, name) for name in request.dimensions}


def _rows(table: _Table, query: Query, request: MetricRequest) -> pd.DataFrame:
    """Where several metrics are asked for, those without a value are empty: alone, they would have no row."""
    columns = {"period": query.period, "value": _options(request).dbt_metric, **_members(request)}
    there = {name.lower(): name for name in (table[0] if table else columns.values())}
    for column in columns.values():
        if column.lower() not in there:
            raise missing_column(column, list(there.values()))
    found = {name: there[column.lower()] for name, column in columns.items()}
    value_column = found.pop("value")
    rows = [row for row in table if row[value_column] != ""]
    values = [number_of(row[value_column]) for row in rows]
    frame = {name: [row[column] or None for row in rows] for name, column in found.items()}
    return pd.DataFrame({**frame, "value": values}, dtype=object)


def _read(text: str) -> _Table:
    """The rows of a table.

    Raises:
        ContractError: it is none.
    """
    try:
        table = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise ContractError(f"MetricFlow's table cannot be read: {error}. Run again.") from None
    for number, row in enumerate(table, 1):
        if None in row or None in row.values():
            raise ContractError(f"Row {number} of MetricFlow's table is not as long as the first. Run again.")
    return table


def _written(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%S}"


def _options(request: MetricRequest) -> "DbtMetricsRequest":
    return cast("DbtMetricsRequest", request.options)
