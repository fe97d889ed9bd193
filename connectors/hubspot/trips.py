"""What HubSpot is asked, and what its answers mean.

Belongs here: requests and rows of `hubspot`. Does not: its keys, or adding up (`connectors.api.tallies`).

A search gives at most 10,000 results, however it is paged. Objects are therefore read in the order of their ids, each
page being a search of its own for ids above the last one: it has no ceiling, and no object comes twice or is passed
over though others come and go meanwhile.
"""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, cast

from connectors.api.paging import Ask, Page, Progress
from connectors.api.source import Api
from connectors.api.tallies import Entry, added_up
from connectors.api.times import Times
from connectors.api.trips import Answer, Found, Trip, for_periods, for_window, one_by_one, periods
from connectors.contract import MetricRequest, Window
from connectors.errors import ContractError, DataError
from connectors.http.meanings import Busy, refuse
from connectors.http.requests import HttpAnswer, HttpRequest, shown
from connectors.http.waits import asked_wait
from connectors.hubspot import API_VERSION
from connectors.points import table

if TYPE_CHECKING:
    import pandas as pd

    from connectors.hubspot import Filter, HubspotRequest, HubspotSettings

_ID: Final = "hs_object_id"
_PAGE: Final = 200
_NUMBER: Final = re.compile(r"-?[0-9]{1,40}(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?")
_NUMBER_OF_ID: Final = re.compile(r"[0-9]{1,19}")
_TOO_MANY: Final = 429
_POLICY: Final = re.compile(rb'"policyName"\s*:\s*"([A-Z_]{1,40})"')
_WAITS: Final = {
    "SECONDLY": timedelta(seconds=1),
    "TEN_SECONDLY_ROLLING": timedelta(seconds=10),
    "DAILY": timedelta(hours=1),
}
"""How long a limit lasts. A day ends at midnight in the account's own zone, which is not told: it is tried hourly."""
_TYPE_IDS: Final = {"deals": "0-3"}
"""HubSpot's own description names deals by their type; other objects go by their name."""


def api(settings: "HubspotSettings") -> Api:
    """HubSpot as a source asks it."""
    url = settings.base_url
    probe = HttpRequest("GET", f"{url}/account-info/{API_VERSION}/details")
    return Api(one_by_one(partial(_trip, url)), probe, judge=_judge)


def _judge(answer: HttpAnswer, now: datetime) -> None:
    """HubSpot tells in the body which of its limits was met, and seldom when to come again."""
    policy = _POLICY.search(answer.body) if answer.status == _TOO_MANY else None
    name = policy[1].decode() if policy else ""
    if name in _WAITS and asked_wait(answer.headers, now) is None:
        raise Busy(f"HubSpot's limit {name} is used up (status {_TOO_MANY}). Run again later.", _WAITS[name])
    refuse(answer, now)


def _trip(url: str, request: MetricRequest, window: Window) -> Trip:
    options = cast("HubspotRequest", request.options)
    search = HttpRequest(
        "POST", f"{url}/crm/{API_VERSION}/objects/{_TYPE_IDS.get(options.object, options.object)}/search"
    )
    if options.sum is None and not request.dimensions:
        stretches = for_periods(request, window, lambda times: _ask(search, options, times, (), 1))
        return Trip(stretches, _counted, _totals, api_version=API_VERSION)
    periods(request, window)
    wanted = dict.fromkeys((options.date, *filter(None, (options.sum,)), *request.dimensions))
    stretches = for_window(request, window, lambda times: _ask(search, options, times, tuple(wanted), _PAGE))
    return Trip(
        stretches if window.start < window.end else (),
        partial(_records, options.sum),
        _sums,
        paging=_above_last,
        meaning=f"{f'sum of {options.sum}' if options.sum else 'number'} by {options.date}",
        api_version=API_VERSION,
    )


def _ask(search: HttpRequest, options: "HubspotRequest", times: Times, properties: tuple[str, ...], size: int) -> Ask:
    first, after = (_written(instant, options.date_type) for instant in (times.start, times.end))
    filters = [
        {"propertyName": options.date, "operator": "GTE", "value": first},
        {"propertyName": options.date, "operator": "LT", "value": after},
        *map(_condition, options.filters),
    ]
    body = {
        "filterGroups": [{"filters": [*filters, _above(0)] if properties else filters}],
        "properties": list(properties),
        "sorts": [_ID],
        "limit": size,
        "after": "0",
    }
    return Ask(search, {}, body)


def _written(instant: datetime, date_type: str) -> str:
    """Milliseconds, as HubSpot compares; a day is kept there as its midnight in UTC."""
    kept = instant if date_type == "datetime" else datetime(instant.year, instant.month, instant.day, tzinfo=UTC)
    return str(int(kept.timestamp() * 1_000))


def _condition(it: "Filter") -> dict[str, Any]:
    return it.model_dump(mode="json", by_alias=True, exclude_none=True)


def _above(last: int) -> dict[str, str]:
    return {"propertyName": _ID, "operator": "GT", "value": str(last)}


def _above_last(first: Ask, page: Page, _: Progress) -> Ask | None:
    """The search for what follows the last id, where the total of this one was not yet all on its page."""
    if page.document["total"] <= len(page.rows):
        return None
    [group] = cast("Mapping[str, Any]", first.body)["filterGroups"]
    filters = [*group["filters"][:-1], _above(page.rows[-1]["id"])]
    return first.with_key("filterGroups", [{"filters": filters}])


def _counted(document: Any) -> Found:
    return Found([_total(document)])


def _totals(answer: Answer, _: MetricRequest) -> "pd.DataFrame":
    return table({"period": answer.starts, "value": answer.rows})


def _records(summed: str | None, document: Any) -> Found:
    """The objects of a page, which must be as many as its total promises."""
    total, results = _total(document), document.get("results")
    if not isinstance(results, list) or len(results) != min(total, _PAGE):
        given = f"{len(results):,} on its page" if isinstance(results, list) else "no list"
        raise ContractError(
            f"HubSpot announces {total:,} objects and gives {given}. Run again; if it stays so, ask HubSpot."
        )
    rows = [_record(it) for it in results]
    lacks = summed is not None and any(row.get(summed) in (None, "") for row in rows)
    return Found(rows, frozenset({"incomplete"}) if lacks else frozenset())


def _total(document: Any) -> int:
    total = document.get("total") if isinstance(document, dict) else None
    if not isinstance(total, int) or isinstance(total, bool) or total < 0:
        raise ContractError(
            f"HubSpot finds {shown(repr(total))} objects, which is no number. Ask HubSpot what changed."
        )
    return total


def _record(it: Any) -> Mapping[str, Any]:
    properties = it.get("properties") if isinstance(it, dict) else None
    if not isinstance(properties, dict) or not _NUMBER_OF_ID.fullmatch(str(it.get("id"))):
        raise ContractError("HubSpot gives an object without id or properties. Ask HubSpot what changed.")
    for name, value in properties.items():
        if not isinstance(value, str | None):
            raise ContractError(f"HubSpot gives a {shown(name)} that is no text. Ask HubSpot what changed.")
    return {**properties, "id": int(it["id"])}


def _sums(answer: Answer, request: MetricRequest) -> "pd.DataFrame":
    for one, next_one in pairwise(answer.rows):
        if next_one["id"] <= one["id"]:
            raise ContractError(
                f"HubSpot gives object {next_one['id']} after object {one['id']}, and was asked for the order of ids."
                " Run again; if it stays so, ask HubSpot."
            )
    return added_up(map(partial(_entry, request), answer.rows), request)


def _entry(request: MetricRequest, row: Mapping[str, Any]) -> Entry:
    options = cast("HubspotRequest", request.options)
    read = _day if options.date_type == "date" else _instant
    at = _read(row, options.date, read, "a time")
    amount = Fraction(1) if options.sum is None else _amount(row, options.sum)
    return Entry(at, amount, tuple(row.get(name) or None for name in request.dimensions))


def _amount(row: Mapping[str, Any], name: str) -> Fraction | None:
    return None if row.get(name) in (None, "") else _read(row, name, _number, "a number")


def _number(text: str) -> Fraction:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return Fraction(text)


def _read(row: Mapping[str, Any], name: str, read: Callable[[str], Any], kind: str) -> Any:
    try:
        return read(str(row.get(name)))
    except (ValueError, OverflowError):
        raise DataError(
            f"Object {row['id']} has the {name} {shown(repr(row.get(name)))}, which is not {kind}."
            f" Correct it in HubSpot, or name another property than {name}."
        ) from None


def _instant(text: str) -> datetime:
    if text.removeprefix("-").isdecimal():
        return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(text))
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError(text)
    return instant


def _day(text: str) -> date:
    return date.fromisoformat(text) if len(text) == len("2013-03-09") else _instant(text).astimezone(UTC).date()
