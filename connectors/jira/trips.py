"""What Jira is asked, and what its answers mean.

Belongs here: requests and rows of `jira`. Does not: its keys, or sums by period (`api.tallies`).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, cast

from connectors.api.keys import BodyTokenPaging, Paging
from connectors.api.paging import Ask
from connectors.api.source import Api
from connectors.api.tallies import Entry, added_up
from connectors.api.times import Times
from connectors.api.trips import Answer, Found, Trip, for_periods, for_window, one_by_one, periods
from connectors.contract import Flag, MetricRequest, Window
from connectors.errors import ConfigError, ContractError, DataError, metric_key
from connectors.http.requests import HttpRequest, shown
from connectors.jira import API_VERSION
from connectors.numbers import meant
from connectors.points import table
from connectors.zones import zone

if TYPE_CHECKING:
    import pandas as pd

    from connectors.jira import JiraRequest, JiraSettings

_PAGES: Final = Paging(
    body_token=BodyTokenPaging(
        key="nextPageToken",
        next="nextPageToken",
        more="isLast == `false` || isLast == `null` && nextPageToken != `null`",
    )
)
_MOST_ISSUES: Final = 1_000
_OTHER_ZONES: Final = timedelta(days=2)
"""Dates of JQL are in the zone of the account, which may be 26 hours from the metric's."""


def api(settings: "JiraSettings") -> Api:
    """Jira as a source asks it."""
    url = f"{settings.base_url}/rest/api/{API_VERSION}"
    count = HttpRequest("POST", f"{url}/search/approximate-count")
    search = HttpRequest("POST", f"{url}/search/jql")

    def trip(request: MetricRequest, window: Window) -> Trip:
        options = _options(request)
        if options.issues is not None:
            return _listing(request, window, search)
        jql = options.count or ""
        stretches = for_periods(request, window, lambda times: Ask(count, {}, {"jql": times.filled(jql)}))
        return Trip(stretches, _counted, _table_of_counts, api_version=API_VERSION)

    return Api(one_by_one(trip), HttpRequest("GET", f"{url}/myself"))


def _options(request: MetricRequest) -> "JiraRequest":
    return cast("JiraRequest", request.options)


def _counted(document: Any) -> Found:
    count = document.get("count") if isinstance(document, dict) else None
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise ContractError(f"Jira counts {shown(repr(count))} issues, which is no number. Ask Atlassian what changed.")
    return Found([count], frozenset({"approximate"}))


def _table_of_counts(answer: Answer, _: MetricRequest) -> "pd.DataFrame":
    return table({"period": answer.starts, "value": answer.rows})


def _listing(request: MetricRequest, window: Window, search: HttpRequest) -> Trip:
    """All issues of the window at once, each put into its period here."""
    options = _options(request)
    periods(request, window)  # it is told which there are
    fields = _Fields(options.date or "", options.sum)
    return Trip(
        for_window(request, window, lambda times: Ask(search, {}, _body(options, fields, times))),
        find=_listed,
        table=lambda answer, asked: added_up(fields.all_entries(answer.rows), asked),
        flags=lambda answer, asked: fields.flags(answer.rows, asked),
        paging=_PAGES,
        meaning=f"each by its {fields.date}, " + (f"{fields.sum} added up" if fields.sum else "counted"),
        api_version=API_VERSION,
    )


def _body(options: "JiraRequest", fields: "_Fields", times: Times) -> dict[str, Any]:
    first, after = times.start - _OTHER_ZONES, times.end + _OTHER_ZONES
    name = f"cf[{fields.date.removeprefix('customfield_')}]" if fields.date.startswith("custom") else fields.date
    jql = f'({options.issues}) AND {name} >= "{first:%Y-%m-%d}" AND {name} < "{after:%Y-%m-%d}"'
    return {"jql": jql, "fields": fields.asked, "maxResults": _MOST_ISSUES}


@dataclass(frozen=True, slots=True)
class _Fields:
    """What is looked at of an issue: its date, and the number that is added up."""

    date: str
    sum: str | None

    @property
    def asked(self) -> list[str]:
        return [self.date] if self.sum is None else [self.date, self.sum]

    def flags(self, issues: list[Any], request: MetricRequest) -> frozenset[Flag]:
        """Incomplete where an issue of the metric's periods lacks its number."""
        starts = request.boundaries or (datetime.max.replace(tzinfo=UTC),)
        lacking = (_instant(it.at, request) for it in self.entries(issues) if it.amount is None)
        return frozenset({"incomplete"} if any(starts[0] <= at < starts[-1] for at in lacking) else ())

    def all_entries(self, issues: list[Any]) -> Iterator[Entry]:
        """The entries of all pages together.

        Raises:
            ConfigError: the number is in none of them, so there is no such field.
        """
        if self.sum is not None and issues and not any(self.sum in it["fields"] for it in issues):
            raise ConfigError(
                f"No issue has a field {self.sum}. Correct ", metric_key("sum"), ", or let the account see it."
            )
        return self.entries(issues)

    def entries(self, issues: list[Any]) -> Iterator[Entry]:
        """Each issue once, also where it moved from one page to another meanwhile."""
        for issue in {it["id"]: it["fields"] for it in issues}.values():
            yield Entry(_date(issue, self.date), Fraction(1) if self.sum is None else _number(issue, self.sum))


def _listed(document: Any) -> Found:
    issues = document.get("issues") if isinstance(document, dict) else None
    if not isinstance(issues, list) or not all(map(_is_issue, issues)):
        raise ContractError("Jira lists no issues where they should be. Ask Atlassian what changed.")
    return Found(issues)


def _is_issue(issue: Any) -> bool:
    return isinstance(issue, dict) and isinstance(issue.get("id"), str) and isinstance(issue.get("fields"), dict)


def _date(fields: Mapping[str, Any], name: str) -> datetime | date:
    text = str(fields.get(name))
    try:
        read = date.fromisoformat(text) if len(text) == len("2026-01-31") else datetime.fromisoformat(text)
    except ValueError:
        read = None
    if read is None or (isinstance(read, datetime) and read.tzinfo is None):
        raise DataError(
            f"An issue's {name} is {shown(text)}, which names no instant or day. Correct ", metric_key("date"), "."
        )
    return read


def _instant(at: datetime | date, request: MetricRequest) -> datetime:
    return at if isinstance(at, datetime) else datetime(at.year, at.month, at.day, tzinfo=zone(request.timezone))


def _number(fields: Mapping[str, Any], name: str) -> Fraction | None:
    number = fields.get(name)
    if number is None:
        return None
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise DataError(
            f"An issue's {name} is {shown(repr(number))}, which is no number. Correct ", metric_key("sum"), "."
        )
    return Fraction(meant(number))
