"""What Google Analytics answers, and the rows that a metric has in it.

Belongs here: reports as they come, their metadata, numbers and periods. Does not: what is asked (`reports`, `trips`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from connectors.api.paging import refuse_more
from connectors.api.trips import Found
from connectors.contract import Flag, MetricRequest
from connectors.errors import AuthError, ConfigError, ContractError
from connectors.http.requests import shown
from connectors.http.settings import HttpLimits
from connectors.zones import zone

_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_FLAGS: Final[Mapping[str, Flag]] = {
    "samplingMetadatas": "sampled",
    "subjectToThresholding": "thresholded",
    "dataLossFromOtherRow": "incomplete",
    "dataTruncationReasons": "truncated",
}
_BUDGETS: Final = {
    "tokensPerDay": "tokens per day",
    "tokensPerHour": "tokens per hour",
    "tokensPerProjectPerHour": "tokens per hour of the project",
}
_SAME_ZONE_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class Report:
    """One page of a report: columns of dimensions and of metrics by name, and how many rows it has altogether."""

    dimensions: tuple[str, ...]
    metrics: tuple[str, ...]
    rows: list[tuple[list[str], list[str]]]
    count: int
    metadata: Mapping[str, Any]


def found(document: Any, caps: HttpLimits) -> Found:
    """The reports of an answer, and what they say is left of the property's quota.

    Raises:
        ContractError: there are none. DataError: they have more rows than the caps.
    """
    reports = _listed(document, "reports")
    if not reports:
        raise ContractError("The answer holds no reports. Ask Google what changed.")
    read = [_report(it) for it in reports]
    refuse_more(max(it.count for it in read), caps)
    return Found(list(read), remaining=_remaining(reports[-1]))


def _report(it: Any) -> Report:
    dimensions, metrics = _names(it, "dimensionHeaders"), _names(it, "metricHeaders")
    metadata, count = it.get("metadata"), it.get("rowCount", 0)
    if not isinstance(metadata, dict) or not isinstance(metadata.get("timeZone"), str):
        raise ContractError("The answer does not tell the time zone of the property. Ask Google what changed.")
    if isinstance(count, bool) or not isinstance(count, int):
        raise ContractError(f"The answer's rowCount is {shown(repr(count))}, no number. Ask Google what changed.")
    rows = [(_values(row, "dimensionValues"), _values(row, "metricValues")) for row in _listed(it, "rows")]
    if any((len(members), len(values)) != (len(dimensions), len(metrics)) for members, values in rows):
        raise ContractError("A row of the answer has other columns than its headers say. Ask Google what changed.")
    return Report(dimensions, metrics, rows, count, metadata)


def _listed(it: Any, key: str) -> list[Any]:
    listed = it.get(key, []) if isinstance(it, dict) else None
    if not isinstance(listed, list):
        raise ContractError(f"The answer has no list of {key}. Ask Google what changed.")
    return listed


def _names(it: Any, key: str) -> tuple[str, ...]:
    return tuple(_text(header, "name") for header in _listed(it, key))


def _values(row: Any, key: str) -> list[str]:
    return [_text(value, "value") for value in _listed(row, key)]


def _text(it: Any, key: str) -> str:
    text = it.get(key, "") if isinstance(it, dict) else None
    if not isinstance(text, str):
        raise ContractError(f"The answer holds a {key} that is no text. Ask Google what changed.")
    return text


def _remaining(report: Mapping[str, Any]) -> dict[str, int]:
    quota = report.get("propertyQuota")
    told = {budget: quota.get(name) for name, budget in _BUDGETS.items()} if isinstance(quota, dict) else {}
    # A number that is zero is left out of the answer.
    left = {budget: it.get("remaining", 0) for budget, it in told.items() if isinstance(it, dict)}
    return {budget: number for budget, number in left.items() if isinstance(number, int)}


def whole(pages: Iterable[Report]) -> list[tuple[list[str], list[str]]]:
    """The rows of all pages of one report.

    Raises:
        ContractError: they are not as many as it says.
    """
    pages = list(pages)
    rows = [row for page in pages for row in page.rows]
    told = sorted({page.count for page in pages})
    if told != [len(rows)]:
        raise ContractError(
            f"The report announces {told[-1]:,} rows and gives {len(rows):,}. Some may have come while it was read: run"
            " again."
        )
    return rows


def flags_of(reports: Iterable[Report]) -> frozenset[Flag]:
    """What the metadata say of the quality of reports."""
    return frozenset(flag for it in reports for name, flag in _FLAGS.items() if it.metadata.get(name))


def refuse_other(report: Report, request: MetricRequest, columns: tuple[str, ...], names: tuple[str, ...]) -> None:
    """Refuse what was not asked for.

    Raises:
        ContractError: it has other columns. ConfigError: its days are not the metric's. AuthError: the login must not
            see what is measured, and gets something else in its place.
    """
    if tuple(it for it in report.dimensions if it != "dateRange") != columns or not {*names} <= {*report.metrics}:
        raise ContractError("The report has other columns than were asked for. Ask Google what changed.")
    theirs = str(report.metadata["timeZone"])
    if not _is_same_zone(theirs, request.timezone, request.boundaries):
        raise ConfigError(
            f"The days of the property are those of {shown(theirs)}, and the metric's those of {request.timezone}."
            " Set the time zone of the metric, or that of the property."
        )
    for name in names:
        if name in _restricted(report):
            raise AuthError(
                f"The login must not see {name}, which Google Analytics keeps from its role. Give it the right to see"
                " cost and revenue."
            )


def _restricted(report: Report) -> set[str]:
    told = report.metadata.get("schemaRestrictionResponse")
    listed = _listed(told, "activeMetricRestrictions") if isinstance(told, dict) else []
    return {_text(it, "metricName") for it in listed}


def _is_same_zone(theirs: str, ours: str, starts: tuple[datetime, ...]) -> bool:
    """Whether clocks show the same in two zones, about these instants: many a zone has more names than one."""
    if theirs == ours or not starts:
        return True
    try:
        there, here = zone(theirs), zone(ours)
    except (OSError, ValueError):
        return False
    year = [starts[0] + timedelta(days=days) for days in range(_SAME_ZONE_DAYS)]
    return all(it.astimezone(there).utcoffset() == it.astimezone(here).utcoffset() for it in (*starts, *year))


def number(text: str) -> Any:
    """A value as a number, or the text that is none."""
    if not _NUMBER.fullmatch(text):
        return text
    return int(text) if text.lstrip("-").isdecimal() else float(text)


def period(member: str, dimension: str) -> Any:
    """A member of a dimension of time as the day or the hour that begins there, or the text that is none.

    >>> period("20130309", "date"), period("2013030914", "dateHour"), period("201310", "isoYearIsoWeek")
    (datetime.date(2013, 3, 9), datetime.datetime(2013, 3, 9, 14, 0), datetime.date(2013, 3, 4))
    """
    try:
        match dimension:
            case "isoYearIsoWeek":
                return date.fromisocalendar(int(member[:4]), int(member[4:]), 1)
            case "dateHour":
                return datetime.strptime(member, "%Y%m%d%H")  # noqa: DTZ007 - its zone is the metric's
            case "yearMonth":
                return date(int(member[:4]), int(member[4:]), 1)
            case _:
                return date(int(member[:4]), int(member[4:6]), int(member[6:]))
    except ValueError:
        return member


def is_doubled(start: Any, timezone: str) -> bool:
    """Whether an hour comes twice, as clocks go back: Google Analytics adds both up under one name."""
    if not isinstance(start, datetime):
        return False
    local = start.replace(tzinfo=zone(timezone))
    return local.utcoffset() != local.replace(fold=1).utcoffset()
