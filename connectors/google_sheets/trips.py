"""What Google Sheets is asked, and which of its cells are a metric's rows.

Belongs here: requests and tables of `google_sheets`. Does not: its keys, or what one cell says (`cells`).
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, cast

from connectors.api.google import judge
from connectors.api.paging import Ask, refuse_more
from connectors.api.source import Api
from connectors.api.trips import Answer, Found, Plan, Stretch, Trip, chunks
from connectors.contract import MetricRequest, ReadFailure, Window
from connectors.errors import ConnectorError, ContractError
from connectors.google_sheets import API_VERSION
from connectors.google_sheets.cells import columns_of, table_of
from connectors.http.requests import HttpRequest, with_params
from connectors.http.settings import HttpLimits
from connectors.points import column_names, columns_there, table
from connectors.reading import failure

if TYPE_CHECKING:
    import pandas as pd

    from connectors.google_sheets import SheetsRequest, SheetsSettings

_MOST_RANGES: Final = 50
_RENDERED: Final = {
    "majorDimension": "ROWS",
    "valueRenderOption": "UNFORMATTED_VALUE",
    "dateTimeRenderOption": "SERIAL_NUMBER",
}


def api(settings: "SheetsSettings") -> Api:
    """Google Sheets as a source asks it."""
    sheets = f"{settings.base_url}/{API_VERSION}/spreadsheets"
    probe = HttpRequest("GET", f"{sheets}/{settings.spreadsheet}", (("fields", "spreadsheetId"),))
    return Api(_plan(sheets, settings), probe, judge=judge)


def _plan(sheets: str, settings: "SheetsSettings") -> Plan:
    """One trip for as many ranges of a spreadsheet as an address can hold."""

    def plan(requests: Iterable[MetricRequest], window: Window) -> Iterator[Trip | ReadFailure]:
        places: dict[str, dict[str, list[MetricRequest]]] = {}
        for request in requests:
            try:
                column_names(request, _options(request).columns)
            except ConnectorError as error:
                yield failure(request, error)
            else:
                ranges = places.setdefault(_options(request).spreadsheet or settings.spreadsheet, {})
                ranges.setdefault(_options(request).range, []).append(request)
        for spreadsheet, ranges in places.items():
            url = f"{sheets}/{spreadsheet}/values:batchGet"
            for some in chunks(list(ranges.values()), _MOST_RANGES):
                yield _trip(url, settings, window, list(chain.from_iterable(some)))

    return plan


def _trip(url: str, caps: HttpLimits, window: Window, requests: Sequence[MetricRequest]) -> Trip:
    ranges = list(dict.fromkeys(_options(request).range for request in requests))
    address = with_params(url, tuple(("ranges", name) for name in ranges))

    def made(answer: Answer, request: MetricRequest) -> "pd.DataFrame":
        return _table(answer.rows[ranges.index(_options(request).range)], request)

    return Trip(
        (Stretch(window.start, Ask(HttpRequest("GET", address), _RENDERED, None)),),
        find=lambda document: Found(_values(document, len(ranges), caps)),
        table=made,
        whole=True,
        api_version=API_VERSION,
        requests=list(requests),
        serving=partial(_trip, url, caps, window),
        own=lambda request: _trip(url, caps, window, [request]).stretches,
    )


def _values(document: Any, count: int, caps: HttpLimits) -> list[Any]:
    """The cells of each range, in the order that they were asked for in."""
    ranges = document.get("valueRanges") if isinstance(document, dict) else None
    if not isinstance(ranges, list) or len(ranges) != count or not all(isinstance(it, dict) for it in ranges):
        raise ContractError(
            f"The answer does not hold the {count} ranges that were asked for. Ask Google what changed."
        )
    found = [it.get("values", []) for it in ranges]
    refuse_more(sum(len(values) for values in found if isinstance(values, list)), caps)
    return found


def _table(values: Any, request: MetricRequest) -> "pd.DataFrame":
    names, rows = table_of(values)
    given = _options(request).columns
    columns = columns_there(column_names(request, given), given, names)
    return table(columns_of(rows, {name: names.index(column) for name, column in columns.items()}))


def _options(request: MetricRequest) -> "SheetsRequest":
    return cast("SheetsRequest", request.options)
