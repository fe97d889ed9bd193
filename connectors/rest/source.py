"""A rest source: many metrics read from one API.

Belongs here: requests into fetches, rows into columns. Does not: pages, HTTP, threads and evidence.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import pairwise
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
from connectors.rest.paging import Ask, Page, read_pages, refuse_more
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
                stretches = self._asks(request, window)
            except ConnectorError as error:
                yield failure(request, error)
            else:
                fetch = _PagesFetch(self.client, self.settings, stretches, request)
                served.setdefault(fetch.identity, fetch).requests.append(request)
        yield from read_concurrently(served.values(), window, self.settings.concurrency, self.client.cancel)

    def check(self) -> tuple[Caution, ...]:
        """Whether the API answers, and takes the login; a caution where everybody on the way can read that."""
        request = HttpRequest("GET", self.settings.base_url + self.settings.check_path, headers=self._headers())
        if self.settings.check_path:
            self.client.send(request, lambda answer: answer)
        else:
            # There need be nothing to read at the beginning of all addresses.
            self.client.check(request)
        if self.settings.auth is None or self.settings.base_url.startswith("https:"):
            return ()
        return (Caution("The login is sent without encryption. Let the server speak https."),)

    def close(self) -> None:
        """Stop what a read that was left half way still asks, and close connections."""
        self.client.close()

    def _headers(self) -> dict[str, str]:
        version = self.settings.api_version or ""
        return {name: value.replace("{api_version}", version) for name, value in self.settings.headers.items()}

    def _asks(self, request: MetricRequest, window: Window) -> tuple["_Stretch", ...]:
        """What is asked: of the whole window, or of each of its periods."""
        if _options(request).each == "window":
            return (self._stretch(request, window.start, window.end),)
        if not request.boundaries and window.start < window.end:
            raise ConfigError("It asks for each period, and is not told which there are. Leave out each.")
        return tuple(self._stretch(request, start, end) for start, end in pairwise(request.boundaries))

    def _stretch(self, request: MetricRequest, start: datetime, end: datetime) -> "_Stretch":
        options, there = _options(request), zone(request.timezone)
        times = Times(start.astimezone(there), end.astimezone(there))
        url = self.settings.base_url + _below(times.filled(options.path))
        params = {name: times.filled(_param(value)) for name, value in options.params.items()}
        body = None if options.body is None else times.filled_in(options.body)
        return _Stretch(start, Ask(HttpRequest(options.method, url, headers=self._headers()), params, body))


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What is asked for a stretch of time that begins at an instant."""

    start: datetime
    ask: Ask


@dataclass(frozen=True, slots=True)
class Answer:
    """Rows, and for each the start of the stretch that it was asked for."""

    rows: list[Any]
    starts: list[datetime]


@dataclass(frozen=True, slots=True)
class _PagesFetch:
    client: HttpClient
    settings: "RestSettings"
    stretches: tuple[_Stretch, ...]
    first: MetricRequest
    requests: list[MetricRequest] = field(default_factory=list)

    @property
    def identity(self) -> str:
        """Metrics whose fetches have the same are served by one."""
        options = _options(self.first)
        asked = "\n".join(stretch.ask.identity for stretch in self.stretches)
        return f"{options.method} {options.each} {options.rows} {options.paging!r} {asked}"

    def fetch(self) -> Answer:
        paging = _options(self.first).paging or self.settings.paging
        answer = Answer([], [])
        for stretch in self.stretches:
            for page in read_pages(self._page, stretch.ask, paging, self.settings):
                answer.rows.extend(page.rows)
                answer.starts.extend([stretch.start] * len(page.rows))
            refuse_more(len(answer.rows), self.settings)
        return answer

    def rows(self, answer: Answer, request: MetricRequest) -> pd.DataFrame:
        options, rows = _options(request), answer.rows
        names = column_names(request, options.columns)
        if options.each == "period":
            del names["period"]
        there = list(dict.fromkeys(key for row in rows for key in row)) or list(names.values())
        columns = columns_there(names, options.columns, there)
        for name in ("period", "value"):
            _refuse_lacking(rows, columns.get(name))
        frame = {name: [row.get(column) for row in rows] for name, column in columns.items()}
        frame["period"] = (
            answer.starts if options.each == "period" else _periods(frame["period"], options.period_format)
        )
        frame["value"] = _divided(frame["value"], options.divide_by)
        return pd.DataFrame({name: _objects(values) for name, values in frame.items()}, index=range(len(rows)))

    def asked(self, request: MetricRequest) -> Asked:
        options = _options(request)
        asked = [_shown(stretch.ask, options.method) for stretch in self.stretches]
        text = asked[0] if asked else "nothing"
        if len(asked) > 1:
            text += f"\n-- and {len(asked) - 1} more, one for each period"
        text += f"\n-- rows: {options.rows}"
        identity = json.dumps([asked, self.settings.api_version, options.model_dump(mode="json")], sort_keys=True)
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


def _shown(ask: Ask, method: str) -> str:
    body = "" if ask.body is None else f"\n{_json(ask.body).decode()}"
    return f"{method} {_request(ask).address}{body}"


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
        raise DataError(f"The period {shown(str(value))} is not written as {form}. Correct period_format.") from None


def _divided(values: list[Any], by: int) -> list[Any]:
    if by == 1:
        return values
    return [value / by if isinstance(value, int | float) and not isinstance(value, bool) else value for value in values]


def _objects(values: Sequence[Any]) -> Any:
    objects = np.empty(len(values), dtype=object)
    objects[:] = values
    return objects
