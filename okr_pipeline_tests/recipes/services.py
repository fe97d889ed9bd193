"""The services that recipes are for, as their documentation describes them: strict about what they are asked.

Belongs here: a fake of each over the same events. Does not: the services' own descriptions, of which there are none to
be had; what they do beyond their documentation nobody here knows.
"""

import json
import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any

from graphql import build_schema, graphql_sync

from okr_pipeline_tests.connectors.http.server import Reply, Seen, json_reply

MIDNIGHT = datetime(2026, 3, 23, tzinfo=UTC)
"""A Monday."""

EVENTS = tuple(
    MIDNIGHT + timedelta(hours=hours)
    for hours in (-0.0001, 0, 5, 23.9999, 24.5, 30, 47, 49, 49, 49.5, 150, 167.9, 168, 170, 200, 335.9, 336)
)
"""Instants of everything that happens: tickets, errors, visits, near the edges of days too; none on the fourth day."""


class UndocumentedError(Exception):
    """Nobody said that this may be asked."""


@dataclass(frozen=True)
class Service:
    """A service: the variables that its login is made of, what the header says then, and what it answers."""

    variables: Mapping[str, str]
    login: tuple[str, str]
    answers: Callable[[Seen], Any]

    def __call__(self, seen: Seen) -> Reply:
        name, value = self.login
        if seen.headers.get(name) != value:
            return json_reply({"error": f"who are you? {seen.headers.get(name)}"}, 401)
        try:
            return json_reply(self.answers(seen))
        except UndocumentedError as error:
            return json_reply({"error": f"not documented: {error}"}, 400)


def between(start: datetime, end: datetime) -> int:
    """How much happened from the first instant until before the second."""
    return sum(start <= event < end for event in EVENTS)


def on(day: date) -> int:
    return between(start := datetime(day.year, day.month, day.day, tzinfo=UTC), start + timedelta(days=1))


def wanted(given: object, documented: object) -> None:
    if given != documented:
        raise UndocumentedError(f"{given!r}, but {documented!r}")


def matched(pattern: str, text: str) -> re.Match[str]:
    if (match := re.fullmatch(pattern, text)) is None:
        raise UndocumentedError(f"{text!r}")
    return match


def body_of(seen: Seen) -> Any:
    wanted(seen.headers.get("content-type"), "application/json")
    return json.loads(seen.body)


def days(first: str, last: str) -> list[date]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=number) for number in range((end - start).days + 1)]


def zendesk(seen: Seen) -> Any:
    wanted((seen.method, seen.path, set(seen.params)), ("GET", "/api/v2/search/count", {"query"}))
    found = matched(r"type:ticket (created|solved)>=(\S+Z) \1<(\S+Z)", seen.params["query"])
    return {"count": between(datetime.fromisoformat(found[2]), datetime.fromisoformat(found[3]))}


def intercom(seen: Seen) -> Any:
    wanted((seen.method, seen.path), ("POST", "/conversations/search"))
    wanted(seen.headers.get("intercom-version"), "2.11")
    asked = body_of(seen)
    wanted((set(asked), asked["pagination"]), ({"query", "pagination"}, {"per_page": 1}))
    found = [event for event in EVENTS if _fits(asked["query"], int(event.timestamp()))]
    return {"type": "conversation.list", "conversations": found[:1] and [{"id": "1"}], "total_count": len(found)}


def _fits(query: Any, created_at: int) -> bool:
    wanted(set(query) | {"field"}, {"field", "operator", "value"})
    value = query["value"]
    match query["operator"]:
        case "AND" | "OR" as how:
            return (all if how == "AND" else any)(_fits(one, created_at) for one in value)
        case ">" | "<" | "=" as how:
            wanted((query["field"], type(value)), ("created_at", int))
            return {">": created_at >= value, "<": created_at <= value, "=": created_at == value}[how]
        case other:
            raise UndocumentedError(other)


def sentry(seen: Seen) -> Any:
    wanted((seen.method, seen.path), ("GET", "/api/0/organizations/shop/stats_v2/"))
    given = seen.params
    start, end = (datetime.fromisoformat(given.pop(name)) for name in ("start", "end"))
    fixed = {
        "field": "sum(quantity)",
        "groupBy": "outcome",
        "outcome": "accepted",
        "category": "error",
        "interval": "1d",
    }
    wanted(given, fixed)
    # It answers whole days, and the one that the end is in.
    starts = days(str(start.date()), str(end.date()))
    counts = [on(day) for day in starts]
    group = {
        "by": {"outcome": "accepted"},
        "totals": {"sum(quantity)": sum(counts)},
        "series": {"sum(quantity)": counts},
    }
    return {
        "start": f"{start:%Y-%m-%dT%H:%M:%SZ}", "end": f"{end:%Y-%m-%dT%H:%M:%SZ}",
        "intervals": [f"{day}T00:00:00Z" for day in starts], "groups": [group] if sum(counts) else [],
    }  # fmt: skip


@cache
def _gitlab_schema():
    return build_schema(
        """
        scalar Time
        enum MergeRequestState { merged closed opened all locked }
        type MergeRequestConnection { count: Int! }
        type Project { mergeRequests(state: MergeRequestState, mergedAfter: Time, mergedBefore: Time): MergeRequestConnection }
        type Query { project(fullPath: ID!): Project }
        """
    )


def gitlab(seen: Seen) -> Any:
    if seen.path == "/api/graphql":
        asked = body_of(seen)
        wanted((seen.method, set(asked)), ("POST", {"query", "variables"}))
        done = graphql_sync(_gitlab_schema(), asked["query"], _Root(), variable_values=asked["variables"])
        return {"data": done.data} | ({"errors": [str(it) for it in done.errors]} if done.errors else {})
    wanted((seen.method, seen.path), ("GET", "/api/v4/projects/1/issues_statistics"))
    wanted((set(seen.params), seen.params["scope"]), ({"created_after", "created_before", "scope"}, "all"))
    count = _merged_or_created(seen.params["created_after"], seen.params["created_before"])
    return {"statistics": {"counts": {"all": count, "closed": 0, "opened": count}}}


class _Root:
    def project(self, info, fullPath):  # noqa: N803 - GitLab's name
        return {"mergeRequests": self._merge_requests} if fullPath == "group/project" else None

    def _merge_requests(self, info, state, mergedAfter, mergedBefore):  # noqa: N803 - GitLab's names
        wanted(state, "merged")
        return {"count": _merged_or_created(mergedAfter, mergedBefore)}


def _merged_or_created(after: str, before: str) -> int:
    """Both bounds are included, so that what happens exactly at midnight counts on both days; nothing of ours does."""
    start, end = datetime.fromisoformat(after), datetime.fromisoformat(before)
    return sum(start <= event + timedelta(microseconds=1) <= end for event in EVENTS)


def pipedrive(seen: Seen) -> Any:
    wanted((seen.method, seen.path), ("GET", "/api/v1/deals/timeline"))
    given = seen.params
    day = date.fromisoformat(given.pop("start_date"))
    wanted(given, {"interval": "day", "amount": "1", "field_key": "won_time", "exclude_deals": "1"})
    count = on(day)
    values = {"EUR": count * 10.1} if count else {}
    totals = {
        "count": count,
        "values": values,
        "open_count": 0,
        "open_values": {},
        "won_count": count,
        "won_values": values,
    }
    # Its documentation shows a list, its description one mapping.
    period = {"period_start": f"{day} 00:00:00", "period_end": f"{day} 23:59:59", "totals": totals}
    return {"success": True, "data": [period] if day.day % 2 else period}


def plausible(seen: Seen) -> Any:
    wanted((seen.method, seen.path), ("POST", "/api/v2/query"))
    asked = body_of(seen)
    first, last = asked.pop("date_range")
    [metric] = asked.pop("metrics")
    wanted(
        (metric in ("visitors", "pageviews"), asked), (True, {"site_id": "shop.example", "dimensions": ["time:day"]})
    )
    rows = [{"dimensions": [str(day)], "metrics": [on(day)]} for day in days(first, last) if on(day)]
    return {"results": rows, "meta": {}, "query": {}}


def posthog(seen: Seen) -> Any:
    wanted((seen.method, seen.path), ("POST", "/api/projects/7/query/"))
    asked = body_of(seen)
    wanted((set(asked), asked["query"]["kind"]), ({"query"}, "HogQLQuery"))
    instants = r"timestamp >= toDateTime\('(\S+Z)'\) AND timestamp < toDateTime\('(\S+Z)'\)"
    what = r"SELECT (?:count\(\)|count\(DISTINCT person_id\)) FROM events WHERE (?:event = '\$pageview' AND )?"
    found = matched(what + instants, asked["query"]["query"])
    count = between(datetime.fromisoformat(found[1]), datetime.fromisoformat(found[2]))
    return {"columns": ["count()"], "results": [[count]], "types": [["count()", "UInt64"]], "hasMore": False}


def amplitude(seen: Seen) -> Any:
    wanted((seen.method, seen.path), ("GET", "/api/2/events/segmentation"))
    given = seen.params
    first, last = (str(datetime.strptime(given.pop(name), "%Y%m%d").date()) for name in ("start", "end"))  # noqa: DTZ007
    event = json.loads(given.pop("e"))
    wanted((set(event), set(given), given["i"]), ({"event_type"}, {"m", "i"}, "1"))
    wanted((event["event_type"], given["m"]) in (("Sign Up", "totals"), ("_active", "uniques")), documented=True)
    counts = [on(day) for day in days(first, last)]
    return {"data": {"series": [counts], "seriesLabels": [0], "xValues": [str(day) for day in days(first, last)]}}


def matomo(seen: Seen) -> Any:
    wanted((seen.method, seen.path), ("GET", "/index.php"))
    given = seen.params
    first, last = given.pop("date").split(",")
    wanted(given.pop("method") in ("VisitsSummary.getVisits", "VisitsSummary.getUniqueVisitors"), documented=True)
    wanted(given, {"module": "API", "format": "JSON", "idSite": "1", "period": "day"})
    return {str(day): on(day) for day in days(first, last)}


def _basic(user: str, password: str) -> tuple[str, str]:
    return "authorization", f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


_BEARER = ("authorization", "Bearer t0ken-of-a-reader")
_TOKEN = "t0ken-of-a-reader"
SERVICES: Mapping[str, Service] = {
    "zendesk": Service(
        {"ZENDESK_SUBDOMAIN": "shop", "ZENDESK_EMAIL": "me@shop.example", "ZENDESK_TOKEN": _TOKEN},
        _basic("me@shop.example/token", _TOKEN),
        zendesk,
    ),
    "intercom": Service({"INTERCOM_TOKEN": _TOKEN}, _BEARER, intercom),
    "sentry": Service({"SENTRY_ORGANIZATION": "shop", "SENTRY_TOKEN": _TOKEN}, _BEARER, sentry),
    "gitlab": Service({"GITLAB_TOKEN": _TOKEN}, _BEARER, gitlab),
    "pipedrive": Service({"PIPEDRIVE_COMPANY": "shop", "PIPEDRIVE_TOKEN": _TOKEN}, ("x-api-token", _TOKEN), pipedrive),
    "plausible": Service({"PLAUSIBLE_TOKEN": _TOKEN}, _BEARER, plausible),
    "posthog": Service({"POSTHOG_PROJECT": "7", "POSTHOG_KEY": _TOKEN}, _BEARER, posthog),
    "amplitude": Service({"AMPLITUDE_KEY": "key", "AMPLITUDE_SECRET": _TOKEN}, _basic("key", _TOKEN), amplitude),
    "matomo": Service({"MATOMO_URL": "https://matomo.shop.example", "MATOMO_TOKEN": _TOKEN}, _BEARER, matomo),
}
