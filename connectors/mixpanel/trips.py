"""What Mixpanel is asked of events, and what its answers mean.

Belongs here: requests and rows of segmentation, and which metric asks for what. Does not: saved reports (`reports`).

Events are asked for by days and added up. People cannot be added up: they are asked for by days, by civil months, or
period by period, each as one interval of as many days.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, cast

from connectors.api.paging import Ask
from connectors.api.source import Api
from connectors.api.times import Times
from connectors.api.trips import Answer, Found, Trip, for_periods, for_window, one_by_one, periods
from connectors.contract import MetricRequest, Window
from connectors.errors import ConfigError, ContractError
from connectors.http.requests import HttpRequest, shown
from connectors.mixpanel.reports import report_trip
from connectors.points import table
from connectors.zones import zone

if TYPE_CHECKING:
    import pandas as pd

    from connectors.mixpanel import MixpanelRequest, MixpanelSettings

_MOST_MEMBERS: Final = 10_000
_DAY: Final = timedelta(days=1)


def api(settings: "MixpanelSettings") -> Api:
    """Mixpanel as a source asks it."""
    probe = HttpRequest("GET", f"{settings.base_url}/events/names?type=general&project_id={settings.project_id}")
    return Api(one_by_one(partial(_trip, settings)), probe)


def _trip(settings: "MixpanelSettings", request: MetricRequest, window: Window) -> Trip:
    options = cast("MixpanelRequest", request.options)
    if request.timezone != settings.timezone:
        raise ConfigError(
            f"Mixpanel's days begin in {settings.timezone}, and those of the metric in {request.timezone}."
            f" Write timezone: {settings.timezone} to the metric, or correct that of the source."
        )
    if options.bookmark_id is not None:
        return report_trip(settings, request, window, options.bookmark_id)
    _refuse_unasked(request, options)
    unit = _unit(request, options)
    stretches = for_periods if unit is None else for_window
    asked = stretches(request, window, partial(_ask, settings, options, unit))
    return Trip(asked if periods(request, window) else (), partial(_segments, options), _table)


def _refuse_unasked(request: MetricRequest, options: "MixpanelRequest") -> None:
    if request.grain == "hour":
        raise ConfigError("Mixpanel names hours by civil time, in which one comes twice a year. Write grain: day.")
    if len(request.dimensions) != (options.on is not None):
        raise ConfigError(
            f"An event is split by on, and the metric has {len(request.dimensions)} dimensions"
            f" {'with' if options.on else 'without'} it. Give it one dimension and on, or neither."
        )


def _unit(request: MetricRequest, options: "MixpanelRequest") -> str | None:
    """What Mixpanel counts by; None where each period is counted by itself."""
    if options.type == "general" or request.grain == "day":
        return "day"
    return "month" if request.grain == "month" and _are_civil_months(request) else None


def _are_civil_months(request: MetricRequest) -> bool:
    days = [_day(boundary, request) for boundary in request.boundaries]
    return all(one.day == after.day == 1 and (one + 31 * _DAY).replace(day=1) == after for one, after in pairwise(days))


def _ask(settings: "MixpanelSettings", options: "MixpanelRequest", unit: str | None, times: Times) -> Ask:
    first, after = times.start.date(), times.end.date()
    params = {
        "project_id": str(settings.project_id),
        "event": str(options.event),
        "from_date": str(first),
        "to_date": str(after - _DAY),
        "type": options.type,
        **({"interval": str((after - first).days)} if unit is None else {"unit": unit}),
        **({} if options.where is None else {"where": options.where}),
        **({} if options.on is None else {"on": options.on, "limit": str(_MOST_MEMBERS)}),
    }
    return Ask(HttpRequest("GET", f"{settings.base_url}/segmentation"), params, None)


def _segments(options: "MixpanelRequest", document: Any) -> Found:
    data = document.get("data") if isinstance(document, dict) else None
    series, values = (data.get("series"), data.get("values")) if isinstance(data, dict) else (None, None)
    if not isinstance(series, list) or not isinstance(values, dict) or not all(map(_is_segment, values.values())):
        raise ContractError("Mixpanel gives no series with values. Ask Mixpanel what changed.")
    if options.on is None and len(values) > 1:
        # Not by its name: that of a custom event is another in answers.
        raise ContractError("Mixpanel gives several segments of an event that is not split. Ask Mixpanel what changed.")
    cut = options.on is not None and len(values) >= _MOST_MEMBERS
    return Found([data], frozenset({"truncated"}) if cut else frozenset())


def _is_segment(segment: Any) -> bool:
    return isinstance(segment, dict) and all(
        isinstance(count, int | float) and not isinstance(count, bool) for count in segment.values()
    )


def _table(answer: Answer, request: MetricRequest) -> "pd.DataFrame":
    options = cast("MixpanelRequest", request.options)
    by_period = _unit(request, options) is None
    rows = [
        (start, member, value)
        for place, (start, end) in enumerate(pairwise(request.boundaries))
        for member, value in _counts(answer.rows[place if by_period else 0], _buckets(request, options, start, end))
    ]
    members = {name: [row[1] for row in rows] for name in request.dimensions}
    return table({"period": [row[0] for row in rows], "value": [row[2] for row in rows], **members})


def _buckets(request: MetricRequest, options: "MixpanelRequest", start: datetime, end: datetime) -> list[str]:
    """The days by which an answer names what a period is made of."""
    first, after = _day(start, request), _day(end, request)
    count = (after - first).days if _unit(request, options) == "day" else 1
    return [str(first + number * _DAY) for number in range(count)]


def _counts(data: Mapping[str, Any], buckets: list[str]) -> Iterator[tuple[str, float]]:
    """What each segment has in buckets; nothing where the answer leaves out a bucket altogether.

    Raises:
        ContractError: it has others than were asked for.
    """
    if not set(buckets) <= set(map(str, data["series"])):
        if data["values"]:
            told = ", ".join(map(shown, map(str, data["series"][:3])))
            raise ContractError(f"Mixpanel counts by {told}, …, and was asked for {buckets[0]}. Ask it what changed.")
        return
    for member, counts in data["values"].items():
        yield member, sum(counts.get(bucket, 0) for bucket in buckets)


def _day(instant: datetime, request: MetricRequest) -> date:
    return instant.astimezone(zone(request.timezone)).date()
