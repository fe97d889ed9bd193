"""What clocks showed, found by looking at them every minute.

Belongs here: an enumeration of local time that knows nothing of calendars. Does not: any expectation.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)
ODD_ZONES = (
    "Europe/Berlin",
    "America/New_York",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "Europe/Dublin",
    "America/Havana",
    "America/Sao_Paulo",
    "Antarctica/Troll",
)


def minutes(first: date, last: date) -> Iterator[datetime]:
    """Every minute in UTC from before a date begins anywhere to after another ends everywhere."""
    instant = datetime(first.year, first.month, first.day, tzinfo=UTC) - timedelta(hours=16)
    end = datetime(last.year, last.month, last.day, tzinfo=UTC) + timedelta(hours=40)
    while instant < end:
        yield instant
        instant += MINUTE


def stretches(
    zone: str, first: date, last: date, shown: Callable[[datetime], object]
) -> list[tuple[object, datetime, datetime]]:
    """Stretches during which the clocks of a zone show the same, less the first and the last, which are cut off."""
    clock = ZoneInfo(zone)
    groups = [
        (what, list(group)) for what, group in groupby(minutes(first, last), lambda it: shown(it.astimezone(clock)))
    ]
    return [(what, group[0], group[-1] + MINUTE) for what, group in groups[1:-1]]


def days_shown(zone: str, first: date, last: date) -> list[tuple[object, datetime, datetime]]:
    """The dates that clocks show, each from its first to after its last minute."""
    return stretches(zone, first, last, lambda local: local.date())


def hours_shown(zone: str, first: date, last: date) -> list[tuple[object, datetime, datetime]]:
    """The hours that clocks show, apart where they show the same hour again after having been turned back."""
    return stretches(zone, first, last, lambda local: (local.date(), local.hour, local.utcoffset()))
