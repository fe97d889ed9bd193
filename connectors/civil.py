"""Periods as calendars without settings have them, which are all that some sources know.

Belongs here: whether periods are such. Does not: making periods.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Final

from connectors.contract import MetricRequest
from connectors.zones import zone

_BEGINS: Final[Mapping[str, Callable[[date], bool]]] = {
    "week": lambda day: day.isoweekday() == 1,
    "month": lambda day: day.day == 1,
    "quarter": lambda day: day.day == 1 and day.month % 3 == 1,
}


def are_civil(request: MetricRequest) -> bool:
    """Whether weeks begin on Monday, months on their first, quarters with January, April, July and October.

    Hours and days always are.
    """
    begins = _BEGINS.get(request.grain)
    there = zone(request.timezone)
    return begins is None or all(begins(start.astimezone(there).date()) for start in request.boundaries)
