"""What Cube's answers mean, and which metrics one trip serves.

Belongs here: rows, pages and errors of `cube`. Does not: its keys, or what is asked (`queries`).
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from connectors.api.paging import Ask, Page, Progress
from connectors.api.source import Api
from connectors.api.trips import Answer, Found, Stretch, Trip
from connectors.contract import Flag, MetricRequest, ReadFailure, Window
from connectors.cube import API_VERSION
from connectors.cube.queries import MOST_ROWS, Shape, measures_of, members_of, options_of, shape_of
from connectors.errors import ConnectorError, ContractError, source_key
from connectors.http.meanings import Working, refuse
from connectors.http.requests import HttpAnswer, HttpRequest, shown
from connectors.points import missing_column, table
from connectors.reading import failure
from connectors.texts import number_of

if TYPE_CHECKING:
    import pandas as pd

    from connectors.cube import CubeSettings

_WORKING: Final = "Continue wait"
_PAUSE: Final = timedelta(seconds=1)
_PATIENCE: Final = source_key("patience")
_LONGEST_ERROR: Final = 1_000


def api(settings: "CubeSettings") -> Api:
    """Cube as a source asks it."""
    url = f"{settings.base_url}/{API_VERSION}"
    asked = _Asked(HttpRequest("POST", f"{url}/load"))
    return Api(asked.plan, HttpRequest("GET", f"{url}/meta"), judge=judge)


def judge(answer: HttpAnswer, now: datetime) -> None:
    """While it works, Cube answers after some seconds that it does, and wants to be asked again."""
    if answer.status == 200 and len(answer.body) < _LONGEST_ERROR and _error(answer) == _WORKING:
        working = Working(f"Cube still works on the answer. Run again later, or raise {_PATIENCE}.", _PAUSE)
        working.key = _PATIENCE
        raise working
    refuse(answer, now)


def _error(answer: HttpAnswer) -> object:
    with suppress(ConnectorError):
        document = answer.json()
        return document.get("error") if isinstance(document, dict) else None
    return None


@dataclass(frozen=True, slots=True)
class _Asked:
    """The API at its address."""

    load: HttpRequest

    def plan(self, requests: Iterable[MetricRequest], window: Window) -> Iterator[Trip | ReadFailure]:
        """One trip for all metrics of one shape."""
        served: dict[Shape, list[MetricRequest]] = {}
        for request in requests:
            try:
                served.setdefault(shape_of(request, window), []).append(request)
            except ConnectorError as error:
                yield failure(request, error)
        yield from (self.trip(shape, those, window) for shape, those in served.items())

    def trip(self, shape: Shape, requests: Sequence[MetricRequest], window: Window) -> Trip:
        """The trip for metrics of a shape."""
        measures = measures_of(requests)
        return Trip(
            tuple(self._stretch(shape, measures, start, end) for start, end in shape.stretches),
            find=lambda document: _found(document, window),
            table=lambda answer, request: _table(answer, request, shape),
            paging=_following,
            api_version=API_VERSION,
            requests=list(requests),
            serving=lambda those: self.trip(shape, those, window),
            own=lambda request: self.trip(shape, [request], window).stretches,
        )

    def _stretch(self, shape: Shape, measures: Iterable[str], start: datetime, end: datetime) -> Stretch:
        return Stretch(start, Ask(self.load, {}, {"query": shape.query(measures, start, end)}))


def _following(first: Ask, page: Page, progress: Progress) -> Ask | None:
    """Cube says nothing of more rows: a full page may be the last."""
    if len(page.rows) < MOST_ROWS:
        return None
    query = (first.body or {})["query"]
    return first.with_key("query", {**query, "offset": progress.rows})


def _found(document: Any, window: Window) -> Found:
    """The rows of an answer, alone or in a list of results.

    Raises:
        ContractError: there are none.
    """
    result = document
    if isinstance(document, dict) and isinstance(document.get("results"), list) and len(document["results"]) == 1:
        [result] = document["results"]
    rows = result.get("data") if isinstance(result, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        said = document.get("error") if isinstance(document, dict) else None
        told = f", it says: {shown(said).rstrip('.')}" if isinstance(said, str) else ""
        raise ContractError(f"The answer holds no rows of a query{told}. Check ", source_key("base_url"), ".")
    return Found(rows, _flags(result.get("lastRefreshTime"), window))


def _flags(refreshed: Any, window: Window) -> frozenset[Flag]:
    """Cached is what was computed before the window was over."""
    if refreshed is None:
        return frozenset()
    try:
        is_old = datetime.fromisoformat(refreshed) < window.end
    except (TypeError, ValueError):
        raise ContractError(
            f"lastRefreshTime is {shown(repr(refreshed))}, which is no instant. Check ", source_key("base_url"), "."
        ) from None
    return frozenset({"cached"}) if is_old else frozenset()


def _table(answer: Answer, request: MetricRequest, shape: Shape) -> "pd.DataFrame":
    options, rows = options_of(request), answer.rows
    columns = {"value": options.measure, **members_of(request)}
    if options.weight is not None:
        columns["weight"] = options.weight
    frame = {name: _column(rows, column) for name, column in columns.items()}
    for name in {"value", "weight"} & frame.keys():
        frame[name] = [number_of(value) if isinstance(value, str) else value for value in frame[name]]
    return table({"period": _periods(answer, shape), **frame})


def _periods(answer: Answer, shape: Shape) -> list[Any]:
    """Local times of the query's zone; those of hours are in UTC, and say so."""
    if not shape.granularity:
        return list(answer.starts)
    texts = _column(answer.rows, shape.period)
    return [f"{text}Z" for text in texts] if shape.granularity == "hour" and shape.timezone == "UTC" else texts


def _column(rows: Sequence[dict[str, Any]], column: str) -> list[Any]:
    for row in rows:
        if column not in row:
            raise missing_column(column, list(map(shown, row)))
    return [row[column] for row in rows]
