"""What GitHub is asked, and what its answers mean.

Belongs here: requests, rows and limits of `github`. Does not: its keys, or GraphQL (`queries`).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from connectors.api.paging import Ask
from connectors.api.source import Api
from connectors.api.times import Times
from connectors.api.trips import Answer, Found, Stretch, Trip, for_periods, one_by_one, times_of_periods
from connectors.contract import MetricRequest, ReadFailure, Window
from connectors.errors import ConnectorError, ContractError, reworded
from connectors.github import API_VERSION
from connectors.github.queries import Searches, answers, is_limited, whole_count
from connectors.http.meanings import Busy, refuse
from connectors.http.requests import HttpAnswer, HttpRequest, shown
from connectors.http.waits import asked_wait
from connectors.points import table
from connectors.reading import failure

if TYPE_CHECKING:
    import pandas as pd

    from connectors.github import GithubRequest, GithubSettings

_HEADERS: Final = {"X-GitHub-Api-Version": API_VERSION, "Accept": "application/vnd.github+json"}
_LEAST_WAIT: Final = timedelta(minutes=1)
"""Where GitHub refuses for now and does not say for how long, it wants at least this."""


def api(settings: "GithubSettings") -> Api:
    """GitHub as a source asks it."""
    probe = HttpRequest("GET", f"{settings.base_url}/meta", headers=_HEADERS)
    if settings.api == "rest":
        return Api(one_by_one(_Rest(settings.base_url).trip), probe, judge=_judge)
    # With GitHub Enterprise Server the one is at /api/v3, the other at /api/graphql.
    url = f"{settings.base_url.removesuffix('/v3')}/graphql"
    return Api(_GraphQl(HttpRequest("POST", url), settings.batch).plan, probe, judge=_judge)


@dataclass(frozen=True, slots=True)
class _Rest:
    """One search in a request."""

    base_url: str

    def trip(self, request: MetricRequest, window: Window) -> Trip:
        stretches = for_periods(request, window, lambda times: self._ask(_search(request, times)))
        return Trip(stretches, _counted, _table_of_stretches, api_version=API_VERSION)

    def _ask(self, search: str) -> Ask:
        request = HttpRequest("GET", f"{self.base_url}/search/issues", headers=_HEADERS)
        return Ask(request, {"q": search, "per_page": "1"}, None)


@dataclass(frozen=True, slots=True)
class _GraphQl:
    """Many searches in a request: those of metrics that fit into one go together."""

    request: HttpRequest
    batch: int

    def plan(self, requests: Iterable[MetricRequest], window: Window) -> Iterator[Trip | ReadFailure]:
        """Metrics in their order; one with more periods than fit goes alone, in many requests."""
        together: list[MetricRequest] = []
        searches: list[str] = []
        for request in requests:
            try:
                own = list(_searches(request, window).values())
            except ConnectorError as error:
                yield failure(request, error)
                continue
            if together and len(set(searches) | set(own)) > self.batch:
                yield self._trip(together, searches, window)
                together, searches = [], []
            together.append(request)
            searches += own
        if together:
            yield self._trip(together, searches, window)

    def _trip(self, requests: list[MetricRequest], texts: list[str], window: Window) -> Trip:
        searches = Searches.of(texts)
        bodies = searches.bodies(self.batch)
        return Trip(
            tuple(Stretch(window.start, Ask(self.request, {}, body)) for body in bodies),
            find=lambda document: Found(list(answers(document).items())),
            table=lambda answer, request: self._table(searches, answer, _searches(request, window)),
            own=lambda request: for_periods(request, window, lambda times: self._alone(_search(request, times))),
            requests=requests,
        )

    def _alone(self, search: str) -> Ask:
        return Ask(self.request, {}, next(Searches.of([search]).bodies(1)))

    def _table(self, searches: Searches, answer: Answer, own: dict[datetime, str]) -> "pd.DataFrame":
        found = dict(answer.rows)
        try:
            counts = [searches.count(text, found) for text in own.values()]
        except ConnectorError as error:
            raise reworded(error, f"{self.request.place}: {error}") from None
        return table({"period": list(own), "value": counts})


def _search(request: MetricRequest, times: Times) -> str:
    return times.filled(cast("GithubRequest", request.options).search)


def _searches(request: MetricRequest, window: Window) -> dict[datetime, str]:
    """The search of each period, by its start."""
    return {start: _search(request, times) for start, times in times_of_periods(request, window).items()}


def _counted(document: Any) -> Found:
    told = document if isinstance(document, dict) else {}
    incomplete = told.get("incomplete_results")
    if not isinstance(incomplete, bool):
        raise ContractError(
            f"GitHub says {shown(repr(incomplete))} of whether its results are incomplete. Ask GitHub what changed."
        )
    return Found([whole_count(told.get("total_count"))], frozenset({"incomplete"} if incomplete else ()))


def _table_of_stretches(answer: Answer, _: MetricRequest) -> "pd.DataFrame":
    return table({"period": answer.starts, "value": answer.rows})


def _judge(answer: HttpAnswer, now: datetime) -> None:
    """GitHub says that a limit is reached with a status, or with an error inside an answer that is otherwise good.

    Raises:
        Busy: it is. ConnectorError: as `refuse`.
    """
    if _is_limit(answer):
        said = "retry-after" in answer.headers or answer.headers.get("x-ratelimit-remaining") == "0"
        wait = asked_wait(answer.headers, now) if said else None
        raise Busy("GitHub's limit of requests is reached. Run again later.", wait or _LEAST_WAIT)
    refuse(answer, now)


def _is_limit(answer: HttpAnswer) -> bool:
    if answer.status == 200:
        return b'"RATE_LIMIT' in answer.body and is_limited(answer.json())
    return answer.status in (403, 429) and b"rate limit" in answer.body.lower()
