"""A trip to an API: what is asked, for which metrics, and what its answer is made into.

Belongs here: asks, pages into one answer, evidence. Does not: what is asked (each connector), HTTP, threads.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, Final, TypeAlias, TypeVar

from connectors.api.keys import Paging
from connectors.api.paging import Ask, Following, Page, read_pages, refuse_more
from connectors.api.times import Times
from connectors.contract import Flag, MetricRequest, ReadFailure, Window
from connectors.errors import ConfigError, ConnectorError
from connectors.http.client import HttpClient
from connectors.http.meanings import Judge, refuse
from connectors.http.requests import HttpAnswer, HttpRequest
from connectors.http.settings import HttpLimits
from connectors.points import Rows
from connectors.reading import Asked, failure
from connectors.zones import zone

ThingT = TypeVar("ThingT")
_REFUSED: Final = 400


@dataclass(frozen=True, slots=True)
class Stretch:
    """What is asked for a stretch of time that begins at an instant."""

    start: datetime
    ask: Ask


@dataclass(frozen=True, slots=True)
class Answer:
    """The rows of all pages; for each, the start of the stretch and the ask that it came of; flags of all."""

    rows: list[Any]
    starts: list[datetime]
    asks: list[Ask]
    flags: frozenset[Flag] = frozenset()


@dataclass(frozen=True, slots=True)
class Found:
    """What one page holds: rows, and quality flags of the whole answer.

    `rows` need not be what the API calls so: whatever `Trip.table` makes a table of. `remaining` is what the page says
    is left of the API's budgets, where headers do not say it.
    """

    rows: list[Any]
    flags: frozenset[Flag] = frozenset()
    remaining: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trip:
    """What is asked at once, one stretch after another, and serves one or many metrics. See `connectors.reading.Fetch`.

    `find` takes what counts out of a page's JSON; `table` makes of an answer the rows of one metric, with the columns
    that points want. `meaning` is what evidence says of how the answer is understood, besides what was asked. `own` is
    what would be asked for one metric alone, where a trip asks for many at once: evidence of one is not of others.

    `find` and `table` raise a ConnectorError where the answer is not of the promised shape. A TransientError of `find`
    asks again.

    A trip for many metrics has `serving`, which makes the trip for some of them: where the API refuses all because of
    one (status 400), they are asked for by halves until the others have their answers. `flags` tells what is to be said
    of one metric alone, where an answer says more than of all.

    `since` is the start of the first period that an answer tells one metric of, where that is not the window's. From
    `until` on, the answer would be of a later period; see `connectors.api.snapshots`.
    """

    stretches: tuple[Stretch, ...]
    find: Callable[[Any], Found]
    table: Callable[[Answer, MetricRequest], Rows]
    paging: Paging | Following | None = None
    meaning: str = ""
    whole: bool = False
    api_version: str | None = None
    own: Callable[[MetricRequest], tuple[Stretch, ...]] | None = None
    requests: list[MetricRequest] = field(default_factory=list)
    serving: "Callable[[Sequence[MetricRequest]], Trip] | None" = None
    flags: Callable[[Answer, MetricRequest], frozenset[Flag]] = lambda answer, _: answer.flags
    since: Callable[[Answer, MetricRequest], datetime | None] = lambda _, __: None
    until: datetime | None = None

    @property
    def identity(self) -> str:
        """Metrics whose trips have the same are served by one."""
        asked = "\n".join(stretch.ask.identity for stretch in self.stretches)
        return f"{self.meaning} {self.paging!r} {self.until} {asked}"

    def bound(self, client: HttpClient, caps: HttpLimits, judge: Judge = refuse) -> "BoundTrip":
        """The trip as it is made."""
        return BoundTrip(self, client, caps, judge)

    def asked(self, request: MetricRequest) -> Asked:
        """What evidence says: the first request in full, and how many more there are."""
        asks = [stretch.ask for stretch in (self.own(request) if self.own else self.stretches)]
        shown = [shown_ask(ask) for ask in asks]
        text = shown[0] if shown else "nothing"
        if len(asks) > 1:
            text += f"\n-- and {len(asks) - 1} more, for other periods"
        if self.meaning:
            text += f"\n-- {self.meaning}"
        options = request.options.model_dump(mode="json")
        identity = json.dumps([shown, self.api_version, options], sort_keys=True)
        digest = hashlib.sha256(identity.encode()).hexdigest()
        return Asked(text, digest, whole=self.whole, api_version=self.api_version)


Outcome: TypeAlias = tuple[Trip, Answer] | ConnectorError
"""The trip that served a metric, which may be one for fewer metrics, and its answer; or why there is none."""
Outcomes: TypeAlias = Mapping[str, Outcome]
"""By metric."""


@dataclass(frozen=True, slots=True)
class BoundTrip:
    """A trip, the client that makes it, and what judges its answers."""

    trip: Trip
    client: HttpClient
    caps: HttpLimits
    judge: Judge = refuse

    @property
    def requests(self) -> Sequence[MetricRequest]:
        """The metrics it serves."""
        return self.trip.requests

    def fetch(self) -> Outcomes:
        """Go, to the last page of the last stretch."""
        return self._outcomes(self.trip)

    def rows(self, outcomes: Outcomes, request: MetricRequest) -> Rows:
        """One metric's rows."""
        trip, answer = _answered(outcomes, request)
        return trip.table(answer, request)

    def flags(self, outcomes: Outcomes, request: MetricRequest) -> frozenset[Flag]:
        """What the API says of the quality of its answer."""
        trip, answer = _answered(outcomes, request)
        return trip.flags(answer, request)

    def since(self, outcomes: Outcomes, request: MetricRequest) -> datetime | None:
        """The start of the first period that the answer tells of."""
        trip, answer = _answered(outcomes, request)
        return trip.since(answer, request)

    def asked(self, request: MetricRequest) -> Asked:
        """See `Trip.asked`."""
        return self.trip.asked(request)

    def _outcomes(self, trip: Trip) -> dict[str, Outcome]:
        outcome: Outcome
        try:
            outcome = trip, self._answer(trip)
        except ConnectorError as error:
            if error.status == _REFUSED and (halves := _halves(trip)):
                return {metric: told for half in halves for metric, told in self._outcomes(half).items()}
            outcome = error
        return dict.fromkeys((request.metric for request in trip.requests), outcome)

    def _answer(self, trip: Trip) -> Answer:
        if trip.until is not None and self.client.now() >= trip.until:
            raise ConfigError(
                "The API tells only what is so now, and the newest period that is asked for is over for longer than a"
                " period. It has no history: leave it out of backfills and of runs as of the past."
            )
        answer, flags = Answer([], [], []), set[Flag]()
        for stretch in trip.stretches:
            for page in read_pages(lambda ask: self._page(trip, ask), stretch.ask, trip.paging, self.caps):
                answer.rows.extend(page.rows)
                answer.starts.extend([stretch.start] * len(page.rows))
                answer.asks.extend([page.ask] * len(page.rows))
                flags |= page.flags
            refuse_more(len(answer.rows), self.caps)
        return replace(answer, flags=frozenset(flags))

    def _page(self, trip: Trip, ask: Ask) -> Page:
        def parse(answer: HttpAnswer) -> Page:
            document = answer.json()
            found = trip.find(document)
            self.client.note_remaining(found.remaining)
            return Page(ask, found.rows, document, answer.headers, found.flags)

        return self.client.send(sent(ask), parse, self.judge)


def _answered(outcomes: Outcomes, request: MetricRequest) -> tuple[Trip, Answer]:
    outcome = outcomes[request.metric]
    if isinstance(outcome, ConnectorError):
        raise outcome
    return outcome


def _halves(trip: Trip) -> tuple[Trip, ...]:
    """Trips for the first and the other half of its metrics; none where there is one metric, or no such trip."""
    middle = len(trip.requests) // 2
    if trip.serving is None or not middle:
        return ()
    return trip.serving(trip.requests[:middle]), trip.serving(trip.requests[middle:])


Plan = Callable[[Iterable[MetricRequest], Window], Iterator[Trip | ReadFailure]]
"""The trips that serve requests in a window, and the requests that cannot be asked, each request once."""


def one_by_one(trip_of: Callable[[MetricRequest, Window], Trip]) -> Plan:
    """The plan by which each metric has a trip of its own, but what is asked alike is asked once."""

    def plan(requests: Iterable[MetricRequest], window: Window) -> Iterator[Trip | ReadFailure]:
        served: dict[str, Trip] = {}
        for request in requests:
            try:
                trip = trip_of(request, window)
            except ConnectorError as error:
                yield failure(request, error)
            else:
                served.setdefault(trip.identity, trip).requests.append(request)
        yield from served.values()

    return plan


def for_window(request: MetricRequest, window: Window, ask: Callable[[Times], Ask]) -> tuple[Stretch, ...]:
    """One stretch: the whole window, in the zone of the metric."""
    return (Stretch(window.start, ask(_times(request, window.start, window.end))),)


def for_periods(request: MetricRequest, window: Window, ask: Callable[[Times], Ask]) -> tuple[Stretch, ...]:
    """A stretch for each period of the window.

    Raises:
        ConfigError: nobody said which periods there are.
    """
    return tuple(Stretch(start, ask(times)) for start, times in times_of_periods(request, window).items())


def times_of_periods(request: MetricRequest, window: Window) -> dict[datetime, Times]:
    """Each period of the window in the zone of the metric, by its start.

    Raises:
        ConfigError: nobody said which periods there are.
    """
    return {start: _times(request, start, end) for start, end in periods(request, window)}


def periods(request: MetricRequest, window: Window) -> list[tuple[datetime, datetime]]:
    """Start and end of each period of the window.

    Raises:
        ConfigError: nobody said which there are.
    """
    if not request.boundaries and window.start < window.end:
        raise ConfigError("It asks for each period, and is not told which there are. Leave out each.")
    return list(pairwise(request.boundaries))


def _times(request: MetricRequest, start: datetime, end: datetime) -> Times:
    there = zone(request.timezone)
    return Times(start.astimezone(there), end.astimezone(there))


def sent(ask: Ask) -> HttpRequest:
    """An ask as the request that it is."""
    body = None if ask.body is None else _json(ask.body)
    return replace(ask.request, params=tuple(ask.params.items()), body=body)


def shown_ask(ask: Ask) -> str:
    """An ask for people: method, address, body. No login is in it."""
    body = "" if ask.body is None else f"\n{_json(ask.body).decode()}"
    return f"{ask.request.method} {sent(ask).address}{body}"


def chunks(things: Sequence[ThingT], size: int) -> Iterator[Sequence[ThingT]]:
    """As many at a time as an API takes at once."""
    return (things[start : start + size] for start in range(0, len(things), size))


def _json(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
