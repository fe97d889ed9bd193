"""What an API tells only as it is now: a balance, a number of subscriptions.

Belongs here: the one period that it stands for, and until when. Does not: asking.

What is so now is the value of the period that ended last, until the next one ends: a run in the morning tells the value
of the day before, some hours late. It is never told of an earlier period, so that a backfill cannot write the balance
of today into last year, and periods that are not told are not taken for gone. Only hours and days are told: the value
of a month would be of whatever day it is first asked for.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from connectors.api.trips import periods
from connectors.contract import MetricRequest, Window
from connectors.errors import ConfigError
from connectors.zones import zone


@dataclass(frozen=True, slots=True)
class Newest:
    """The period that ended last, and the instant at which the next one ends."""

    start: datetime
    until: datetime


def newest(request: MetricRequest, window: Window) -> Newest | None:
    """The last period of a window; None where there is none.

    Raises:
        ConfigError: its grain is longer than a day.
    """
    if request.grain not in ("hour", "day"):
        raise ConfigError(
            f"It tells only what is so now, which is not the value of a {request.grain}."
            " Write grain: day and rollup: last; longer windows then have the value of their last day."
        )
    found = periods(request, window)
    if not found:
        return None
    start, end = found[-1]
    if request.grain == "hour":
        return Newest(start, end + timedelta(hours=1))
    there = end.astimezone(zone(request.timezone))
    # Arithmetic on a civil time is civil: the day may have 23 hours.
    return Newest(start, there + timedelta(days=1))


def of_newest(request: MetricRequest) -> MetricRequest:
    """The request as if its last period were the only one."""
    return replace(request, boundaries=request.boundaries[-2:])
