"""A property of Google Analytics: visits as they were logged, and reports of them in Google's own protocol buffers.

Belongs here: what the Data API documents of its answers. Does not: HTTP, or what a connector must make of them.
"""

# ruff: noqa: DTZ001 - visits are logged by the property's clocks

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from google.analytics.data_v1beta import types
from google.protobuf import json_format

MOST_REPORTS, MOST_METRICS, MOST_RANGES = 5, 10, 4
DIMENSIONS: Mapping[str, Callable[["Visit"], str]] = {
    "date": lambda it: f"{it.at:%Y%m%d}",
    "dateHour": lambda it: f"{it.at:%Y%m%d%H}",
    "isoYearIsoWeek": lambda it: "{}{:02}".format(*it.at.isocalendar()[:2]),
    "yearMonth": lambda it: f"{it.at:%Y%m}",
    "country": lambda it: it.country,
    "customEvent:team": lambda it: it.country,
}
METRICS: Mapping[str, Callable[[Sequence["Visit"]], float]] = {
    "eventCount": lambda visits: sum(it.amount for it in visits),
    "sessions": len,
    "activeUsers": lambda visits: len({it.user for it in visits}),
    **{f"customEvent:m{number}": lambda visits, number=number: len(visits) * number for number in range(20)},
}


@dataclass(frozen=True)
class Visit:
    """What a user did at a time of the property's clocks."""

    at: datetime
    amount: float = 1
    user: str = "u"
    country: str = "DE"


class RefusedError(Exception):
    """The API refuses a request, with its words."""


@dataclass
class Property:
    """Answers requests in JSON, strictly read as the message that they must be. `page` is the most rows it gives."""

    timezone: str = "America/New_York"
    visits: Sequence[Visit] = ()
    page: int = 250_000
    metadata: Mapping[str, Any] = field(default_factory=dict)
    quota: Mapping[str, Any] = field(
        default_factory=lambda: {
            "tokensPerDay": {"consumed": 1, "remaining": 199_000},
            "tokensPerHour": {"consumed": 1},
        }
    )

    def answer(self, body: bytes) -> dict[str, Any]:
        """A batch of reports."""
        batch = json_format.Parse(body, types.BatchRunReportsRequest.pb()())
        if not 1 <= len(batch.requests) <= MOST_REPORTS:
            raise RefusedError(f"There must be between 1 and 5 requests, not {len(batch.requests)}.")
        reports = [self.report(it) for it in batch.requests]
        answer = {"kind": "analyticsData#batchRunReports", "reports": reports}
        json_format.ParseDict(answer, types.BatchRunReportsResponse.pb()())
        return answer

    def report(self, it: Any) -> dict[str, Any]:
        """One report, in the JSON of its message: what is zero or empty is left out."""
        dimensions, metrics = [dimension.name for dimension in it.dimensions], [metric.name for metric in it.metrics]
        _refuse(it, dimensions, metrics)
        rows = [row for found in it.date_ranges for row in self._rows(it, found, dimensions, metrics)]
        rows.sort()
        several = ["dateRange"] if len(it.date_ranges) > 1 else []
        limit = min(it.limit or 10_000, self.page)
        document = {
            "dimensionHeaders": [{"name": name} for name in (*dimensions, *several)],
            "metricHeaders": [{"name": name, "type": "TYPE_FLOAT"} for name in metrics],
            "rows": [
                {"dimensionValues": [{"value": it} for it in members], "metricValues": [{"value": it} for it in values]}
                for members, values in rows[it.offset : it.offset + limit]
            ],
            "rowCount": len(rows),
            "metadata": {"currencyCode": it.currency_code or "USD", "timeZone": self.timezone, **self.metadata},
            "propertyQuota": self.quota if it.return_property_quota else {},
            "kind": "analyticsData#runReport",
        }
        return json_format.MessageToDict(json_format.ParseDict(document, types.RunReportResponse.pb()()))

    def _rows(self, it: Any, found: Any, dimensions: Sequence[str], metrics: Sequence[str]) -> list[Any]:
        first, last = date.fromisoformat(found.start_date), date.fromisoformat(found.end_date)
        assert first <= last, "Cannot be before start_date"
        groups = defaultdict(list)
        for visit in self.visits:
            if first <= visit.at.date() <= last and _passes(it.dimension_filter, visit):
                groups[tuple(DIMENSIONS[name](visit) for name in dimensions)].append(visit)
        several = (found.name,) if len(it.date_ranges) > 1 else ()
        numbers = {members: [METRICS[name](visits) for name in metrics] for members, visits in groups.items()}
        return [
            ((*members, *several), [f"{value:g}" for value in values])
            for members, values in numbers.items()
            if it.keep_empty_rows or any(values)
        ]


def days(*amounts: tuple[date, float, str]) -> list[Visit]:
    """A visit at noon for each day, amount and country."""
    return [
        Visit(datetime(day.year, day.month, day.day, 12), amount, country=country) for day, amount, country in amounts
    ]


def every_day(first: date, count: int, users: Iterable[str]) -> list[Visit]:
    """Each of the users on each of so many days."""
    starts = [datetime(first.year, first.month, first.day, 12) + timedelta(days=day) for day in range(count)]
    return [Visit(start, user=user) for start in starts for user in users]


def _refuse(it: Any, dimensions: Sequence[str], metrics: Sequence[str]) -> None:
    for kind, names, known in (("dimension", dimensions, DIMENSIONS), ("metric", metrics, METRICS)):
        for name in names:
            if name not in known:
                raise RefusedError(f"Field {name} is not a valid {kind}.")
    if not 1 <= len(metrics) <= MOST_METRICS or not 1 <= len(it.date_ranges) <= MOST_RANGES:
        raise RefusedError("Requests are limited to 10 metrics and 4 date ranges.")
    for order in it.order_bys:
        if order.dimension.dimension_name not in dimensions:
            raise RefusedError(f"The orderBy {order.dimension.dimension_name} is no dimension of the request.")


def _passes(expression: Any, visit: Visit) -> bool:
    match expression.WhichOneof("expr"):
        case None:
            return True
        case "and_group":
            return all(_passes(it, visit) for it in expression.and_group.expressions)
        case "not_expression":
            return not _passes(expression.not_expression, visit)
        case "filter":
            member = DIMENSIONS[expression.filter.field_name](visit)
            if expression.filter.WhichOneof("one_filter") == "in_list_filter":
                return member in expression.filter.in_list_filter.values
            return member == expression.filter.string_filter.value
        case other:
            raise AssertionError(other)
