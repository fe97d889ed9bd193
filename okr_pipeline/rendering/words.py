"""Words: dates, instants, reasons and small sentences in plain English.

Belongs here: text that is not a figure. Does not: figures (numbers) or markup.
Month and day names are written out here, so that no locale of a machine changes a page.
"""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Final

from okr_pipeline.model.score import Reason, Status

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")

REASONS: Final[dict[str, str]] = {
    Reason.NOT_STARTED: "not started yet",
    Reason.SOURCE_FAILED: "source could not be read",
    Reason.QUARANTINED: "newest value was refused",
    Reason.NO_OBSERVATION: "no data in its window",
    Reason.STALE: "data too old",
    Reason.UNDEFINED_BASELINE: "no baseline to compare with",
    Reason.BELOW_COVERAGE: "too many periods missing",
    Reason.NO_PERIOD_ENDED: "no period has ended yet",
    Reason.OUT_OF_REACH: "can no longer be met",
}


def reason(code: str | None) -> str:
    """Why something is unknown or out of reach, in a few words.

    >>> reason("stale"), reason("some_new_reason"), reason(None)
    ('data too old', 'some new reason', 'reason not recorded')
    """
    if code is None:
        return "reason not recorded"
    return REASONS.get(code, code.replace("_", " "))


def status_word(status: str) -> str:
    """A status as people read it.

    >>> status_word("at_risk")
    'at risk'
    """
    return Status(status).word


def day(of: date) -> str:
    """A date.

    >>> day(date(2013, 5, 19))
    '19 May 2013'
    """
    return f"{of.day} {_MONTHS[of.month - 1]} {of.year}"


def short_day(of: date) -> str:
    """A date whose year is clear.

    >>> short_day(date(2013, 5, 19))
    '19 May'
    """
    return f"{of.day} {_MONTHS[of.month - 1]}"


def day_in(of: date, year: int) -> str:
    """A date, with its year only where that is another one.

    >>> day_in(date(2013, 5, 19), 2013), day_in(date(2012, 12, 30), 2013)
    ('19 May', '30 Dec 2012')
    """
    return short_day(of) if of.year == year else day(of)


def days(first: date, last: date) -> str:
    """A stretch of days, first and last included, without saying anything twice.

    >>> days(date(2013, 5, 13), date(2013, 5, 19)), days(date(2013, 4, 1), date(2013, 6, 30))
    ('13–19 May 2013', '1 Apr – 30 Jun 2013')
    """
    if first == last:
        return day(last)
    if (first.year, first.month) == (last.year, last.month):
        return f"{first.day}–{day(last)}"
    return f"{short_day(first) if first.year == last.year else day(first)} – {day(last)}"


def instant(at: datetime, zone: tzinfo) -> str:
    """An instant in a zone.

    >>> from datetime import UTC
    >>> instant(datetime(2013, 5, 20, 4, 5, tzinfo=UTC), UTC)
    '20 May 2013, 04:05'
    """
    local = at.astimezone(zone)
    return f"{day(local)}, {local:%H:%M}"


def moment(at: datetime, zone: tzinfo) -> str:
    """An instant where the end of a day reads as the day that ended, not as the midnight after it.

    >>> from datetime import UTC
    >>> moment(datetime(2013, 5, 20, tzinfo=UTC), UTC), moment(datetime(2013, 5, 20, 9, 30, tzinfo=UTC), UTC)
    ('the end of Sunday 19 May 2013', 'Monday 20 May 2013, 09:30')
    """
    local = at.astimezone(zone)
    if starts_day(at, zone):
        ended = last_day(at, zone)
        return f"the end of {_DAYS[ended.weekday()]} {day(ended)}"
    return f"{_DAYS[local.weekday()]} {instant(at, zone)}"


def start(at: datetime, zone: tzinfo) -> str:
    """When a period began: its day, and the time where that is not when the day did.

    >>> from datetime import UTC
    >>> start(datetime(2013, 5, 20, tzinfo=UTC), UTC), start(datetime(2013, 5, 20, 7, tzinfo=UTC), UTC)
    ('20 May 2013', '20 May 2013, 07:00')
    """
    local = at.astimezone(zone)
    return day(local) if starts_day(at, zone) else instant(at, zone)


def members(dimensions: str) -> str:
    """The members that canonical JSON of dimensions names; the text itself where it is no such JSON.

    >>> members('{"airport":"JFK","carrier":"B6"}'), members("{}")
    ('airport JFK, carrier B6', '')
    """
    try:
        named = json.loads(dimensions)
    except json.JSONDecodeError:
        return dimensions
    if not isinstance(named, dict):
        return dimensions
    return ", ".join(f"{name} {member}" for name, member in named.items())


def last_day(at: datetime, zone: tzinfo) -> date:
    """The local day that an instant belongs to, where the start of a day belongs to the day it ends."""
    return (at.astimezone(UTC) - timedelta(microseconds=1)).astimezone(zone).date()


def starts_day(at: datetime, zone: tzinfo) -> bool:
    """Whether a local day starts at an instant: mostly at midnight, but not where clocks skip or repeat it.

    >>> from okr_pipeline.model.zones import zone
    >>> starts_day(datetime(2024, 9, 8, 4, tzinfo=UTC), zone("America/Santiago"))
    True
    """
    return last_day(at, zone) != at.astimezone(zone).date()


def plural(number: int, one: str, many: str | None = None) -> str:
    """A number and its noun.

    >>> plural(1, "source"), plural(1200, "source"), plural(0, "is", "are")
    ('1 source', '1,200 sources', '0 are')
    """
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def listed(parts: Sequence[str]) -> str:
    """Parts as a sentence lists them.

    >>> listed(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join(filter(None, (", ".join(parts[:-1]), *parts[-1:])))


def first_of(names: Sequence[str], most: int) -> str:
    """Names, of many the first and how many are left.

    >>> first_of(["a", "b"], 2), first_of(["a", "b", *"c" * 1000], 2)
    ('a, b', 'a, b and 1,000 more')
    """
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
