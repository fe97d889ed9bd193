"""What Google Analytics is asked at once, and the rows of each metric.

Belongs here: batches of reports, their pages, tables. Does not: which reports there are (`reports`), or what an answer
says (`answers`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from connectors.api.google import judge
from connectors.api.paging import Ask, Page, Progress
from connectors.api.source import Api
from connectors.api.trips import Stretch, Trip, chunks
from connectors.contract import MetricRequest, ReadFailure, Window
from connectors.errors import ConnectorError
from connectors.google_analytics import API_VERSION
from connectors.google_analytics.answers import found
from connectors.google_analytics.reports import Group, groups_of, shape_of
from connectors.google_analytics.rows import flags_for, pairs, table_of
from connectors.http.requests import HttpRequest
from connectors.reading import failure

if TYPE_CHECKING:
    from connectors.google_analytics import AnalyticsSettings

_MOST_REPORTS: Final = 5
_MOST_ROWS: Final = 100_000
_MOST_PIECES: Final = 800_000
"""Of JSON in one answer, so that it stays below what an HTTP answer may hold."""


def api(settings: "AnalyticsSettings") -> Api:
    """Google Analytics as a source asks it."""
    asked = _Asked(settings, f"{settings.base_url}/{API_VERSION}/properties")
    probe = HttpRequest("GET", f"{asked.properties}/{settings.property}/metadata")
    return Api(asked.plan, probe, judge=judge)


@dataclass(frozen=True, slots=True)
class _Asked:
    """The API as settings say where it is."""

    settings: "AnalyticsSettings"
    properties: str

    def plan(self, requests: Iterable[MetricRequest], window: Window) -> Iterator[Trip | ReadFailure]:
        """One trip for as many metrics of a property as a batch of reports serves."""
        good: list[MetricRequest] = []
        for request in requests:
            try:
                shape_of(request, window, self.settings.property)
            except ConnectorError as error:
                yield failure(request, error)
            else:
                good.append(request)
        for groups in _batches(groups_of(good, window, self.settings.property)):
            yield self.trip(groups, window)

    def trip(self, groups: Sequence[Group], window: Window) -> Trip:
        url = f"{self.properties}/{groups[0].shape.property_id}:batchRunReports"
        bodies = [body for group in groups for body in group.bodies()]
        asks = [Ask(HttpRequest("POST", url), {}, _batch(some)) for some in chunks(bodies, _MOST_REPORTS)]
        of = {request.metric: group for group in groups for request in group.requests}

        def serving(requests: Sequence[MetricRequest]) -> Trip:
            return self.trip(list(groups_of(requests, window, self.settings.property)), window)

        return Trip(
            tuple(Stretch(window.start, ask) for ask in asks),
            find=lambda document: found(document, self.settings),
            table=lambda answer, request: table_of(answer, request, of[request.metric]),
            flags=lambda answer, request: flags_for(answer, request, of[request.metric]),
            paging=_following,
            api_version=API_VERSION,
            requests=[request for group in groups for request in group.requests],
            serving=serving,
            own=lambda request: serving([request]).stretches,
        )


def _batches(groups: Iterable[Group]) -> Iterator[list[Group]]:
    """Groups of one property whose reports are one batch; one that needs more has batches of its own."""
    open_for: dict[int, list[Group]] = {}
    for group in groups:
        batch = open_for.setdefault(group.shape.property_id, [])
        if batch and sum(len(it.bodies()) for it in (*batch, group)) > _MOST_REPORTS:
            yield batch
            open_for[group.shape.property_id] = batch = []
        batch.append(group)
    yield from open_for.values()


def _batch(bodies: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A request for several reports, and for no more rows of each than one answer can hold."""
    pieces = max(6 + 2 * len(it.get("dimensions", ())) + 2 * len(it["metrics"]) for it in bodies)
    limit = min(_MOST_ROWS, _MOST_PIECES // (pieces * len(bodies)))
    return {"requests": [{**body, "limit": str(limit)} for body in bodies]}


def _following(_: Ask, page: Page, __: Progress) -> Ask | None:
    """The same reports from where they stopped, less those that are at their end."""
    rest = [
        {**asked, "offset": str(int(asked.get("offset", 0)) + len(report.rows))}
        for asked, report in pairs(page.ask, page.rows)
        if int(asked.get("offset", 0)) + len(report.rows) < report.count
    ]
    return page.ask.with_key("requests", rest) if rest else None
