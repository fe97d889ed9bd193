"""A rest source: many metrics read from one API.

Belongs here: requests into fetches, rows into columns. Does not: pages, HTTP, threads and evidence.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
import pandas as pd

from connectors.contract import Caution, Context, DataPointBatch, MetricRequest, ReadFailure, Source, Window
from connectors.errors import ConfigError, ConnectorError, ContractError, DataError
from connectors.http.client import Clock, HttpClient
from connectors.http.requests import HttpAnswer, HttpRequest, shown
from connectors.points import column_names, columns_there
from connectors.reading import Asked, failure, read_concurrently
from connectors.rest.expressions import found
from connectors.rest.paging import Ask, Page, read_pages
from connectors.rest.times import Times
from connectors.zones import zone

if TYPE_CHECKING:
    from connectors.rest.keys import RestRequest, RestSettings

_SECONDS_OF: Final = {"epoch": 1, "epoch_ms": 1_000}


def open_source(settings: "RestSettings", context: Context, clock: Clock | None = None) -> Source:
    """A source over the API of the settings; nothing is asked yet."""
    return RestSource(HttpClient(settings, context.project_dir / ".okr", clock), settings)


@dataclass(frozen=True, slots=True, repr=False)
class RestSource:
    """See `connectors.contract.Source`. What metrics ask alike is asked once."""

    client: HttpClient
    settings: "RestSettings"

    def read(self, requests: Iterable[MetricRequest], window: Window) -> Iterator[DataPointBatch | ReadFailure]:
        """The points of each metric inside the window."""
        served: dict[str, _PagesFetch] = {}
        for request in requests:
            try:
                column_names(request, _options(request).columns)
            except ConnectorError as error:
                yield failure(request, error)
            else:
                fetch = _PagesFetch(self.client, self.settings, self._ask(request, window), request)
                served.setdefault(fetch.identity, fetch).requests.append(request)
        yield from read_concurrently(served.values(), window, self.settings.concurrency, self.client.cancel)

    def check(self) -> tuple[Caution, ...]:
        """Whether the API answers, and takes the login."""
        request = HttpRequest("GET", self.settings.base_url + self.settings.check_path, headers=self._headers())
        try:
            self.client.send(request, lambda answer: answer)
        except (ConfigError, ContractError):
            # It answers and knows the login; there need be nothing to read at the beginning of all addresses.
            if self.settings.check_path:
                raise
        return ()

    def close(self) -> None:
        """Stop what a read that was left half way still asks, and close connections."""
        self.client.close()

    def _headers(self) -> dict[str, str]:
        version = self.settings.api_version or ""
        return {name: value.replace("{api_version}", version) for name, value in self.settings.headers.items()}

    def _ask(self, request: MetricRequest, window: Window) -> Ask:
        options = _options(request)
        there = zone(request.timezone)
        times = Times(window.start.astimezone(there), window.end.astimezone(there))
        url = self.settings.base_url + _below(times.filled(options.path))
        params = {name: times.filled(_param(value)) for name, value in options.params.items()}
        body = None if options.body is None else times.filled_in(options.body)
        return Ask(HttpRequest(options.method, url, headers=self._headers()), params, body)


@dataclass(frozen=True, slots=True)
class _PagesFetch:
    client: HttpClient
    settings: "RestSettings"
    ask: Ask
    first: MetricRequest
    requests: list[MetricRequest] = field(default_factory=list)

    @property
    def identity(self) -> str:
        """Metrics whose fetches have the same are served by one."""
        options = _options(self.first)
        return f"{options.method} {self.ask.identity} {options.rows} {options.paging!r}"

    def fetch(self) -> list[Any]:
        options = _options(self.first)
        pages = read_pages(self._page, self.ask, options.paging or self.settings.paging, self.settings)
        return [row for page in pages for row in page.rows]

    def rows(self, answer: list[Any], request: MetricRequest) -> pd.DataFrame:
        options = _options(request)
        names = column_names(request, options.columns)
        there = list(dict.fromkeys(key for row in answer for key in row)) or list(names.values())
        columns = columns_there(names, options.columns, there)
        frame = {name: [row.get(column) for row in answer] for name, column in columns.items()}
        frame["period"] = _periods(frame["period"], options.period_format)
        frame["value"] = _divided(frame["value"], options.divide_by)
        return pd.DataFrame({name: _objects(values) for name, values in frame.items()}, index=range(len(answer)))

    def asked(self, request: MetricRequest) -> Asked:
        options = _options(request)
        text = f"{options.method} {_request(self.ask).address}"
        text += "" if self.ask.body is None else f"\n{_json(self.ask.body).decode()}"
        text += f"\n-- rows: {options.rows}"
        identity = json.dumps([text, self.settings.api_version, options.model_dump(mode="json")], sort_keys=True)
        digest = hashlib.sha256(identity.encode()).hexdigest()
        return Asked(text, digest, whole=False, api_version=self.settings.api_version)

    def _page(self, ask: Ask) -> Page:
        expression = _options(self.first).rows

        def parse(answer: HttpAnswer) -> Page:
            document = answer.json()
            return Page(_rows(found(expression, document), expression, document), document, answer.headers)

        return self.client.send(_request(ask), parse)


def _options(request: MetricRequest) -> "RestRequest":
    return cast("RestRequest", request.options)


def _request(ask: Ask) -> HttpRequest:
    body = None if ask.body is None else _json(ask.body)
    return replace(ask.request, params=tuple(ask.params.items()), body=body)


def _json(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


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
        raise ContractError(f"rows: {expression} finds nothing in the answer; {there}. Correct rows.")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise ContractError(
            f"rows: {expression} does not give mappings. Give each row names, as in data[].{{period: day, value: n}}."
        )
    return rows


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
        raise DataError(f"The period {shown(str(value))} is not written as {form}. Correct period_format.") from None


def _divided(values: list[Any], by: int) -> list[Any]:
    if by == 1:
        return values
    return [value / by if isinstance(value, int | float) and not isinstance(value, bool) else value for value in values]


def _objects(values: Sequence[Any]) -> Any:
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects
