"""The rows of one metric, out of reports that serve many.

Belongs here: which reports are a metric's, their rows as a table. Does not: what one report says (`answers`).
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

from connectors.api.paging import Ask
from connectors.api.trips import Answer
from connectors.contract import Flag, MetricRequest
from connectors.errors import ContractError
from connectors.google_analytics.answers import (
    Report,
    flags_of,
    is_doubled,
    number,
    period,
    refuse_other,
    whole,
)
from connectors.google_analytics.reports import Group, measured, options_of
from connectors.points import table

if TYPE_CHECKING:
    import pandas as pd

_OF_A_PAGE = frozenset({"limit", "offset"})


def table_of(answer: Answer, request: MetricRequest, group: Group) -> "pd.DataFrame":
    """The metric's rows. An hour that comes twice is left out: its two values are one number.

    Raises:
        ConnectorError: the reports are not what was asked for.
    """
    rows = [row for row in _rows(answer, request, group) if not is_doubled(row[0], request.timezone)]
    names = ["period", *request.dimensions, "value", *(["weight"] if options_of(request).weight else [])]
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return table(dict(zip(names, columns, strict=True)))


def flags_for(answer: Answer, request: MetricRequest, group: Group) -> frozenset[Flag]:
    """What is to be said of the metric's values; that they are incomplete where an hour was left out, too."""
    flags = flags_of(report for _, reports in _reports(answer, group) for report in reports)
    doubled = request.grain == "hour" and any(
        is_doubled(row[0], request.timezone) for row in _rows(answer, request, group)
    )
    return flags | {"incomplete"} if doubled else flags


def pairs(ask: Ask, reports: Sequence[Report]) -> list[tuple[dict[str, Any], Report]]:
    """Each report that was asked for, and the one that came.

    Raises:
        ContractError: they are not as many.
    """
    asked = (ask.body or {})["requests"]
    if len(asked) != len(reports):
        raise ContractError(f"{len(asked)} reports were asked for, and {len(reports)} came. Ask Google what changed.")
    return list(zip(asked, reports, strict=True))


def _reports(answer: Answer, group: Group) -> list[tuple[dict[str, Any], list[Report]]]:
    """Each report of a group as it was asked for, and its pages."""
    own: list[tuple[dict[str, Any], list[Report]]] = [(body, []) for body in group.bodies()]
    for _, page in groupby(zip(answer.asks, answer.rows, strict=True), key=lambda pair: id(pair[0])):
        asks, reports = zip(*page, strict=True)
        for asked, report in pairs(asks[0], reports):
            body = {key: value for key, value in asked.items() if key not in _OF_A_PAGE}
            for wanted, pages in own:
                if wanted == body:
                    pages.append(report)
    return own


def _rows(answer: Answer, request: MetricRequest, group: Group) -> Iterator[tuple[Any, ...]]:
    """Period, members in the order of the metric's dimensions, value, and weight if it has one."""
    names = [options_of(request).metric, *filter(None, [options_of(request).weight])]
    starts = {it.name: it.start for it in group.shape.ranges}
    for body, pages in _reports(answer, group):
        for page in pages:
            refuse_other(page, request, group.shape.columns, measured(request))
        only = body["dateRanges"][0]["name"]
        places = [pages[0].dimensions.index(name) for name in group.shape.dimensions]
        values = [pages[0].metrics.index(name) for name in names]
        for members, told in whole(pages):
            start = _start(members, pages[0], group, starts, only)
            yield start, *(members[place] for place in places), *(number(told[place]) for place in values)


def _start(members: list[str], report: Report, group: Group, starts: dict[str, Any], only: str) -> Any:
    if group.shape.time is not None:
        return period(members[report.dimensions.index(group.shape.time)], group.shape.time)
    if "dateRange" not in report.dimensions:
        return starts[only]
    name = members[report.dimensions.index("dateRange")]
    if name not in starts:
        raise ContractError("The report has a range that was not asked for. Ask Google what changed.")
    return starts[name]
