"""What saved Insights reports say.

Belongs here: requests and rows of reports. Does not: events (`trips`).

A report has a range, an interval and a zone of its own, which only people change. What it says is taken where these are
the metric's: each of its periods from the beginning of its range on, and nothing of those before.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from connectors.api.paging import Ask
from connectors.api.trips import Answer, Found, Stretch, Trip, periods
from connectors.contract import MetricRequest, Window
from connectors.errors import ConfigError, ContractError, DataError, metric_key
from connectors.http.requests import HttpRequest, shown
from connectors.points import table

if TYPE_CHECKING:
    import pandas as pd

    from connectors.mixpanel import MixpanelRequest, MixpanelSettings

_SECOND: Final = timedelta(seconds=1)


def report_trip(settings: "MixpanelSettings", request: MetricRequest, window: Window, bookmark_id: int) -> Trip:
    """The trip for a saved report, which is the same for all windows."""
    if request.dimensions:
        raise ConfigError("A report is read one series at a time. Remove dimensions, and name its series.")
    params = {"project_id": str(settings.project_id), "bookmark_id": str(bookmark_id)}
    ask = Ask(HttpRequest("GET", f"{settings.base_url}/insights"), params, None)
    return Trip(
        (Stretch(window.start, ask),) if periods(request, window) else (),
        _found,
        partial(_table, window),
        since=lambda answer, _: _instant(answer.rows[0]["from"]) if answer.rows else None,
    )


def _found(document: Any) -> Found:
    series, span = (document.get("series"), document.get("date_range")) if isinstance(document, dict) else (None, None)
    if not isinstance(series, dict) or not isinstance(span, dict):
        raise ContractError(
            "Mixpanel gives no report with series and a range. Correct ", metric_key("bookmark_id"), "."
        )
    return Found([{"series": series, "from": span.get("from_date"), "to": span.get("to_date")}])


def _table(window: Window, answer: Answer, request: MetricRequest) -> "pd.DataFrame":
    if not answer.rows:
        return table({"period": [], "value": []})
    [report] = answer.rows
    first, last = _instant(report["from"]), _instant(report["to"])
    if last + _SECOND < window.end:
        raise DataError(
            f"The report ends at {last:%Y-%m-%d %H:%M}, before what is to be read. Let its range go up to today."
        )
    values = _values(report["series"], cast("MixpanelRequest", request.options).series)
    told = {at: value for at, value in values.items() if max(first, window.start) <= at < window.end}
    wanted = [start for start in request.boundaries[:-1] if start >= first]
    if sorted(told) != wanted:
        raise DataError(
            f"The report's periods are not those of the metric: it has {len(told)} from {first:%Y-%m-%d} on, not"
            f" {len(wanted)}. Let the report be by {request.grain} and in the zone {request.timezone}."
        )
    return table({"period": wanted, "value": [told[start] for start in wanted]})


def _values(series: Mapping[str, Any], name: str | None) -> dict[datetime, Any]:
    if name is None and len(series) != 1:
        raise ConfigError(f"The report has the series {_listed(series)}. Name one of them as series.")
    if name is not None and name not in series:
        raise ConfigError(
            f"The report has no series {name}; it has {_listed(series)}. Correct ", metric_key("series"), "."
        )
    values = series[name] if name is not None else next(iter(series.values()))
    if not isinstance(values, dict) or any(isinstance(value, dict | list) for value in values.values()):
        raise ContractError("The report is broken down, or is no line of values. Save it as a line without breakdown.")
    return {_instant(at): value for at, value in values.items()}


def _listed(series: Mapping[str, Any]) -> str:
    return ", ".join(map(shown, list(series)[:12])) or "none"


def _instant(text: Any) -> datetime:
    try:
        instant = datetime.fromisoformat(str(text))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ContractError(f"The report has the time {shown(repr(text))}, which is no instant. Ask Mixpanel why.")
    return instant
