"""A rest source: what its YAML asks for, and what it makes of the answer.

Belongs here: keys into trips, rows into columns or records. Does not: pages, HTTP, threads and evidence, adding records
up (`connectors.api`).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any, Final, cast

from connectors.api.expressions import found
from connectors.api.paging import Ask
from connectors.api.source import Api, ApiSource
from connectors.api.tallies import Entry, sums
from connectors.api.times import Times
from connectors.api.trips import Answer, Found, Trip, for_periods, for_window, one_by_one, periods
from connectors.contract import Context, MetricRequest, Source, Window
from connectors.errors import ConfigError, ContractError, DataError, metric_key
from connectors.http.client import Clock, HttpClient
from connectors.http.requests import HttpRequest, shown
from connectors.numbers import meant, quotient
from connectors.points import PlainRows, column_names, columns_there, instants, table
from connectors.rest import CONNECTOR

if TYPE_CHECKING:
    from connectors.rest.keys import RestRequest, RestSettings

_SECONDS_OF: Final = {"epoch": 1, "epoch_ms": 1_000}


def open_source(settings: "RestSettings", context: Context, clock: Clock | None = None) -> Source:
    """A source over the API of the settings; nothing is asked yet."""
    declared = _Declared(settings)
    # Without a path of its own there need be nothing to read at the beginning of all addresses.
    api = Api(
        one_by_one(declared.trip), declared.request("GET", settings.check_path), answers=bool(settings.check_path)
    )
    client = HttpClient(settings, context.project_dir / ".okr", clock, witness=context.witness)
    return ApiSource(client, settings, api, CONNECTOR.describe())


@dataclass(frozen=True, slots=True)
class _Declared:
    """An API as its settings declare it."""

    settings: "RestSettings"

    def request(self, method: str, path: str) -> HttpRequest:
        version = self.settings.api_version or ""
        headers = {name: value.replace("{api_version}", version) for name, value in self.settings.headers.items()}
        return HttpRequest(method, self.settings.base_url + path, headers=headers)

    def trip(self, request: MetricRequest, window: Window) -> Trip:
        options = _options(request)
        column_names(request, options.columns)
        if options.add_up:
            periods(request, window)  # it is told which there are
        paging = options.paging or self.settings.paging
        if options.method != "POST" and paging is not None and paging.is_in_body:
            raise ConfigError("Its paging goes into the body, and a GET has none. Add 'method: POST'.")
        stretches = for_window if options.each == "window" else for_periods
        return Trip(
            stretches(request, window, partial(self._ask, options)),
            find=lambda document: Found(_rows(found(options.rows, document), options.rows, document)),
            table=_sums if options.add_up else _table,
            paging=paging,
            meaning=f"rows: {options.rows}{', added up' if options.add_up else ''}",
            api_version=self.settings.api_version,
        )

    def _ask(self, options: "RestRequest", times: Times) -> Ask:
        request = self.request(options.method, _below(times.filled(options.path)))
        params = {name: times.filled(_param(value)) for name, value in options.params.items()}
        return Ask(request, params, None if options.body is None else times.filled_in(options.body))


def _table(answer: Answer, request: MetricRequest) -> PlainRows:
    columns = _columns(answer.rows, answer.starts, request)
    columns["value"] = _divided(columns["value"], _options(request).divide_by)
    return PlainRows(columns)


def _sums(answer: Answer, request: MetricRequest) -> PlainRows:
    """The records added up; incomplete where one of the metric's periods does not say its value."""
    entries = _entries(answer, request)
    first, *_, last = request.boundaries
    lacks = any(it.amount is None and first <= it.at < last for it in entries)
    return PlainRows(sums(entries, request), frozenset({"incomplete"} if lacks else ()))


@dataclass(frozen=True, slots=True)
class _Entry(Entry):
    """A record whose day is read as the instant at which it begins."""

    at: datetime


def _entries(answer: Answer, request: MetricRequest) -> list[_Entry]:
    """The records, each with an id once, also where it moved from one page to another meanwhile.

    Raises:
        ContractError, DataError: one is none.
    """
    kept = {_identity(row, number, request): (row, answer.starts[number]) for number, row in enumerate(answer.rows)}
    columns = _columns([row for row, _ in kept.values()], [start for _, start in kept.values()], request)
    if kept and "weight" in columns:
        raise ContractError("Records that are added up have no weight. Leave weight out of rows, or add_up out.")
    amounts = [_amount(value, _options(request).divide_by) for value in columns["value"]]
    members = [[_member(it, name) for it in columns[name]] for name in request.dimensions]
    began = instants(table({"period": columns["period"]})["period"], request)
    return [
        _Entry(at.to_pydatetime(), amount, tuple(column[number] for column in members))
        for number, (at, amount) in enumerate(zip(began, amounts, strict=True))
    ]


def _identity(row: dict[str, Any], number: int, request: MetricRequest) -> object:
    return repr(row["id"]) if row.get("id") is not None and "id" not in request.dimensions else number


def _amount(value: Any, divide_by: int) -> Fraction | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise DataError(
            f"A record's value is {shown(repr(value))}, which is no number to add up. Correct ",
            metric_key("rows"),
            ": to_number() makes one of a text, and `1` counts records.",
        )
    return Fraction(meant(value)) / divide_by


def _member(value: Any, name: str) -> Any:
    if isinstance(value, list | dict):
        raise ContractError(
            f"A record's {name} is {shown(repr(value))}, which is no member. Correct ", metric_key("rows"), "."
        )
    return value


def _columns(rows: list[Any], starts: list[datetime], request: MetricRequest) -> dict[str, list[Any]]:
    """What the rows say of each column of a point, periods as they are read."""
    options = _options(request)
    names = column_names(request, options.columns)
    if options.each == "period":
        del names["period"]
    there = list(dict.fromkeys(key for row in rows for key in row)) or list(names.values())
    columns = columns_there(names, options.columns, there)
    for name in ("period", "value"):
        _refuse_lacking(rows, columns.get(name))
    found_there: dict[str, list[Any]] = {name: [row.get(column) for row in rows] for name, column in columns.items()}
    found_there["period"] = (
        list(starts) if options.each == "period" else _periods(found_there["period"], options.period_format)
    )
    return found_there


def _options(request: MetricRequest) -> "RestRequest":
    return cast("RestRequest", request.options)


def _param(value: str | int | bool) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _below(path: str) -> str:
    return path if not path or path.startswith("/") else f"/{path}"


def _rows(rows: Any, expression: str, document: Any) -> list[Any]:
    """The rows of a page.

    Raises:
        ContractError: there is nothing where they should be, or something else than rows.
    """
    if isinstance(rows, dict):
        rows = [rows]
    if rows is None:
        keys = ", ".join(map(shown, list(document)[:12])) if isinstance(document, dict) else ""
        there = f"its keys are {keys}" if keys else "it is no mapping with keys"
        raise ContractError(
            f"rows: {expression} finds nothing in the answer; {there}. Correct ", metric_key("rows"), "."
        )
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ContractError(
            f"rows: {expression} does not give mappings. Give each row names, as in data[].{{period: day, value: n}}."
        )
    return rows


def _refuse_lacking(rows: list[Any], column: str | None) -> None:
    """A row that is of another shape than others may be an error in the place of data."""
    for number, row in enumerate(rows, 1):
        if column is not None and column not in row:
            keys = ", ".join(map(shown, list(row)[:12]))
            raise ContractError(
                f"Row {number} of the answer has no {column}; it has {keys or 'nothing'}."
                f" Where the API leaves out what is null, say so in rows: {{value: {column}}}."
            )


def _periods(periods: list[Any], form: str) -> list[Any]:
    if form == "iso":
        return periods
    read = _of_epoch(_SECONDS_OF[form]) if form in _SECONDS_OF else lambda text: datetime.strptime(text, form)  # noqa: DTZ007 - its zone is the metric's
    return [_period(value, read, form) for value in periods]


def _of_epoch(units: int) -> Callable[[Any], datetime]:
    return lambda value: datetime.fromtimestamp(int(value) / units, UTC)


def _period(value: Any, read: Callable[[Any], datetime], form: str) -> datetime | None:
    if value is None:
        return None
    try:
        return read(value)
    except (ValueError, TypeError, OverflowError, OSError):
        raise DataError(
            f"The period {shown(str(value))} is not written as {form}. Correct ", metric_key("period_format"), "."
        ) from None


def _divided(values: list[Any], by: int) -> list[Any]:
    if by == 1:
        return values
    return [
        quotient(value, by) if isinstance(value, int | float) and not isinstance(value, bool) else value
        for value in values
    ]
