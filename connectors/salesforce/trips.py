"""What Salesforce is asked, and what its answers mean.

Belongs here: requests, pages, rows and errors of `salesforce`. Does not: its keys, or which SOQL there is (`queries`).
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from connectors.api.paging import Ask, Page, Progress
from connectors.api.source import Api
from connectors.api.times import Times
from connectors.api.trips import Answer, Found, Trip, for_periods, for_window, one_by_one
from connectors.contract import MetricRequest, Window
from connectors.errors import ConfigError, ContractError, metric_key
from connectors.http.meanings import Busy, refuse
from connectors.http.requests import HttpAnswer, HttpRequest, shown
from connectors.points import column_names, columns_there, table
from connectors.salesforce import API_VERSION

if TYPE_CHECKING:
    import pandas as pd

    from connectors.salesforce import SalesforceRequest, SalesforceSettings

_AN_HOUR: Final = timedelta(hours=1)
"""The limit of a day is one of the last 24 hours, and nothing says when there is room again."""
_LIMIT: Final = "REQUEST_LIMIT_EXCEEDED"
_PASSING: Final = ("QUERY_TIMEOUT", "SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION", "UNABLE_TO_LOCK_ROW")


def api(settings: "SalesforceSettings") -> Api:
    """Salesforce as a source asks it."""
    url = f"{settings.base_url}/services/data/v{API_VERSION}"
    query = HttpRequest("GET", f"{url}/query")

    def trip(request: MetricRequest, window: Window) -> Trip:
        options = _options(request)
        column_names(request, options.columns)

        def ask(times: Times) -> Ask:
            return Ask(query, {"q": times.filled(options.query)}, None)

        stretches = for_window if options.each == "window" else for_periods
        return Trip(stretches(request, window, ask), _found, _table, paging=_following, api_version=API_VERSION)

    return Api(one_by_one(trip), HttpRequest("GET", f"{url}/limits"), judge=_judge)


def _options(request: MetricRequest) -> "SalesforceRequest":
    return cast("SalesforceRequest", request.options)


def _found(document: Any) -> Found:
    records = document.get("records") if isinstance(document, dict) else None
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ContractError("Salesforce gives no records where they should be. Ask Salesforce what changed.")
    return Found([{name: value for name, value in record.items() if name != "attributes"} for record in records])


def _following(first: Ask, page: Page, progress: Progress) -> Ask | None:
    """The rest is at an address of the answer until it is done, and then as much must be there as was announced."""
    done, total, url = (page.document.get(name) for name in ("done", "totalSize", "nextRecordsUrl"))
    if not isinstance(done, bool) or isinstance(total, bool) or not isinstance(total, int):
        raise ContractError("Salesforce does not say whether the answer is whole. Ask Salesforce what changed.")
    if done and progress.rows != total:
        raise ContractError(
            f"The answer announces {total:,} rows and gives {progress.rows:,}. Run again; if it stays so, ask"
            " Salesforce."
        )
    if done:
        return None
    if not isinstance(url, str) or not page.rows:
        raise ContractError("The answer announces more, and leads nowhere. Run again; if it stays so, ask Salesforce.")
    return first.moved(url)


def _table(answer: Answer, request: MetricRequest) -> "pd.DataFrame":
    options, rows = _options(request), answer.rows
    names = column_names(request, options.columns)
    if options.each == "period":
        del names["period"]
    there = list(dict.fromkeys(key for row in rows for key in row)) or list(names.values())
    columns = columns_there(names, options.columns, there)
    frame = {name: [row.get(column) for row in rows] for name, column in columns.items()}
    return table(frame | ({"period": answer.starts} if options.each == "period" else {}))


def _judge(answer: HttpAnswer, now: datetime) -> None:
    """Salesforce says what an error means by a code in its answer.

    Raises:
        Busy: a limit is reached, or it may pass. ConfigError: the query is wrong. ConnectorError: as `refuse`.
    """
    if answer.status >= 400:
        for code, message in _errors(answer):
            said = f"Salesforce says {shown(code)}: {shown(message).rstrip('.')}."
            if code == _LIMIT:
                raise Busy(f"{said} Run again later.", None if "concurrent" in message.lower() else _AN_HOUR)
            if code in _PASSING:
                raise Busy(f"{said} Run again later; if it stays so, ask for less at a time.", None)
            if answer.status == 400:
                raise ConfigError(f"{said} Correct ", metric_key("query"), ".")
    refuse(answer, now)


def _errors(answer: HttpAnswer) -> Iterator[tuple[str, str]]:
    """Code and message of each error; none where the answer is not of that form."""
    if b'"errorCode"' not in answer.body:
        return
    document = answer.json()
    for error in document if isinstance(document, list) else []:
        if isinstance(error, dict):
            yield str(error.get("errorCode")), str(error.get("message"))
