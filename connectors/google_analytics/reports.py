"""Reports that Google Analytics is asked for.

Belongs here: which report serves a metric, and which metrics share one. Does not: sending (`trips`), or what comes of
it (`answers`).

A report has rows by a dimension of time, or one number for each of up to four ranges of days. What is distinct is asked
for in ranges: people of a week are not those of its days added up. So are periods that the calendar of Google Analytics
does not have, such as quarters and fiscal months.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

from connectors.api.trips import chunks, periods
from connectors.contract import MetricRequest, Window
from connectors.errors import ConfigError
from connectors.google_analytics import EXPRESSIONS
from connectors.points import nearest_name
from connectors.zones import zone

if TYPE_CHECKING:
    from connectors.google_analytics import AnalyticsRequest

MOST_METRICS: Final = 10
MOST_RANGES: Final = 4
_TIMES: Final = {"hour": "dateHour", "day": "date", "week": "isoYearIsoWeek", "month": "yearMonth"}
_PEOPLE: Final = frozenset({"activeUsers", "totalUsers", "active1DayUsers", "active7DayUsers", "active28DayUsers"})
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Range:
    """Days that are asked for together, both included, and the period that they are, if they are one."""

    first: date
    last: date
    start: datetime

    @property
    def name(self) -> str:
        """What the answer calls it."""
        return f"p{self.first:%Y%m%d}"


@dataclass(frozen=True, slots=True)
class Shape:
    """What metrics of one report have in common. `time` is its dimension of time, if there is one."""

    property_id: int
    time: str | None
    dimensions: tuple[str, ...]
    filter: str
    currency: str | None
    ranges: tuple[Range, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """Every dimension that is asked for."""
        return self.dimensions if self.time is None else (self.time, *self.dimensions)


@dataclass(frozen=True, slots=True)
class Group:
    """Metrics of one shape, and all that is to be measured for them: no more than a report takes."""

    shape: Shape
    measured: tuple[str, ...]
    requests: tuple[MetricRequest, ...]

    def bodies(self) -> list[dict[str, Any]]:
        """The reports, without how much of them is asked for at a time."""
        return [_body(self, some) for some in chunks(self.shape.ranges, MOST_RANGES)]


def options_of(request: MetricRequest) -> "AnalyticsRequest":
    """The keys of the metric."""
    return cast("AnalyticsRequest", request.options)


def measured(request: MetricRequest) -> tuple[str, ...]:
    """What is measured for a metric: its value, and its weight if it has one."""
    options = options_of(request)
    return tuple(dict.fromkeys(it for it in (options.metric, options.weight) if it is not None))


def groups_of(requests: Iterable[MetricRequest], window: Window, default: int) -> Iterator[Group]:
    """As few groups as serve the requests, in the order in which they came."""
    by_shape: dict[Shape, list[MetricRequest]] = {}
    for request in requests:
        by_shape.setdefault(shape_of(request, window, default), []).append(request)
    for shape, alike in by_shape.items():
        yield from _packed(shape, alike)


def shape_of(request: MetricRequest, window: Window, default: int) -> Shape:
    """The shape of the report that serves a metric.

    Raises:
        ConfigError: it cannot be asked for as the metric says.
    """
    options = options_of(request)
    _refuse_added_people(request)
    within = periods(request, window)
    time = _time(request, within)
    return Shape(
        options.property or default,
        time,
        _dimensions(request),
        json.dumps(_expression(options.filter), sort_keys=True),
        options.currency,
        tuple(_ranges(request, within, whole=time is not None)),
    )


def _packed(shape: Shape, requests: Iterable[MetricRequest]) -> Iterator[Group]:
    group = Group(shape, (), ())
    for request in requests:
        names = tuple(dict.fromkeys((*group.measured, *measured(request))))
        if len(names) > MOST_METRICS:
            yield group
            group, names = Group(shape, (), ()), measured(request)
        group = Group(shape, names, (*group.requests, request))
    yield group


def _body(group: Group, ranges: Iterable[Range]) -> dict[str, Any]:
    shape, expression = group.shape, json.loads(group.shape.filter)
    body: dict[str, Any] = {
        "dateRanges": [{"startDate": f"{it.first}", "endDate": f"{it.last}", "name": it.name} for it in ranges],
        "metrics": [{"name": name} for name in group.measured],
        "keepEmptyRows": True,
        "returnPropertyQuota": True,
    }
    if shape.columns:
        body["dimensions"] = [{"name": name} for name in shape.columns]
        # Without an order, the pages of a report need not be of one report.
        body["orderBys"] = [{"dimension": {"dimensionName": name}} for name in shape.columns]
    if expression is not None:
        body["dimensionFilter"] = expression
    if shape.currency is not None:
        body["currencyCode"] = shape.currency
    return body


def _refuse_added_people(request: MetricRequest) -> None:
    name = options_of(request).metric
    if name in _PEOPLE and request.additivity == "additive":
        raise ConfigError(
            f"{name} counts people, each once in a period, so those of days do not add up to those of a week."
            " Write 'additivity: distinct'."
        )


def _dimensions(request: MetricRequest) -> tuple[str, ...]:
    columns = options_of(request).columns
    for name in columns:
        if name not in request.dimensions:
            raise ConfigError(
                f"columns names {name}, which is no dimension of the metric. {nearest_name(name, request.dimensions)}"
            )
    return tuple(columns.get(name) or name for name in request.dimensions)


def _expression(given: Mapping[str, Any]) -> Any:
    if not given or set(given) & set(EXPRESSIONS):
        return given or None
    conditions = [{"filter": {"fieldName": name, **_condition(wanted)}} for name, wanted in given.items()]
    return conditions[0] if len(conditions) == 1 else {"andGroup": {"expressions": conditions}}


def _condition(wanted: Any) -> dict[str, Any]:
    if isinstance(wanted, list):
        return {"inListFilter": {"values": wanted, "caseSensitive": True}}
    return {"stringFilter": {"matchType": "EXACT", "value": wanted, "caseSensitive": True}}


def _time(request: MetricRequest, within: list[tuple[datetime, datetime]]) -> str | None:
    """The dimension whose members are the periods, if there is one and they may come of it."""
    if request.grain in ("hour", "day"):
        return _TIMES[request.grain]
    if request.additivity in ("distinct", "snapshot") or request.grain == "quarter":
        return None
    starts = [start.astimezone(zone(request.timezone)).date() for start, _ in within]
    ends = [end.astimezone(zone(request.timezone)).date() for _, end in within]
    civil = _is_civil_week if request.grain == "week" else _is_civil_month
    return _TIMES[request.grain] if all(map(civil, starts, ends)) else None


def _is_civil_week(start: date, end: date) -> bool:
    return start.weekday() == 0 and end - start == 7 * _DAY


def _is_civil_month(start: date, end: date) -> bool:
    return start.day == 1 and end == (start.replace(day=28) + 4 * _DAY).replace(day=1)


def _ranges(request: MetricRequest, within: list[tuple[datetime, datetime]], *, whole: bool) -> Iterator[Range]:
    if whole and within:
        within = [(within[0][0], within[-1][1])]
    for start, end in within:
        there = zone(request.timezone)
        last = (end - timedelta(microseconds=1)).astimezone(there)
        yield Range(start.astimezone(there).date(), last.date(), start)
