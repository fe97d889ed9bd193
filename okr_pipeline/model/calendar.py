"""Calendars: which instants bound a period of a grain in a time zone.

Belongs here: civil time and half-open periods `[start, end)`, one at a time and as boundary lists.
Does not: windows of key results (scoring), extraction windows (application).

Instants are aware datetimes in UTC; days, weeks, months and quarters are those of the calendar's zone, so a day has
23 or 25 hours when the clocks change.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

DurationUnit: TypeAlias = Literal["hours", "days", "weeks", "months"]

_HOURS_PER_UNIT: dict[str, float] = {"hours": 1, "days": 24, "weeks": 168, "months": 730.5}


class Grain(StrEnum):
    """The length of a metric's period."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True)
class Duration:
    """A count of civil units, as `36h`, `2d`, `trailing 28 days` are written."""

    count: int
    unit: DurationUnit

    @property
    def hours(self) -> float:
        """Nominal length in hours: a day is 24, a month 730.5. For ages and thresholds, not for calendars."""
        return self.count * _HOURS_PER_UNIT[self.unit]

    def __str__(self) -> str:
        return f"{self.count} {self.unit if self.count != 1 else self.unit[:-1]}"


@dataclass(frozen=True, slots=True)
class Period:
    """A half-open stretch of time `[start, end)`, both aware and in UTC."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class Calendar:
    """Civil time of a project or a metric.

    `week_starts` is 0 for Monday to 6 for Sunday; `fiscal_year_starts` is (month, day) and moves the quarters.
    """

    timezone: str = "UTC"
    week_starts: int = 0
    fiscal_year_starts: tuple[int, int] = (1, 1)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def start_of_day(self, day: date) -> datetime:
        """The first instant of a local date, also where midnight is skipped by a clock change.

        >>> Calendar("America/New_York").start_of_day(date(2013, 3, 11)).isoformat()
        '2013-03-11T04:00:00+00:00'
        """
        local = datetime.combine(day, time(), self.zone)
        instant = local.astimezone(UTC)
        if instant.astimezone(self.zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            return instant
        return _first_instant_at_or_after(day, self.zone)

    def end_of_day(self, day: date) -> datetime:
        """The instant at which a local date is over: the start of the next."""
        return self.start_of_day(day + timedelta(days=1))

    def date_of(self, instant: datetime) -> date:
        """The local date that contains an instant."""
        return instant.astimezone(self.zone).date()

    def last_date_before(self, instant: datetime) -> date:
        """The local date that contains the last moment before an instant: the date an `as_of` speaks about."""
        return self.date_of(instant - timedelta(microseconds=1))

    def period_containing(self, instant: datetime, grain: Grain) -> Period:
        """The period of a grain that an instant falls in."""
        if grain is Grain.HOUR:
            start = _floor_hour(instant, self.zone)
            return Period(start, start + timedelta(hours=1))
        first = self._first_day(self.date_of(instant), grain)
        return Period(self.start_of_day(first), self.start_of_day(self._next_first_day(first, grain)))

    def boundaries(self, start: datetime, end: datetime, grain: Grain) -> list[datetime]:
        """Sorted period starts from the period containing `start` up to the first boundary at or after `end`.

        Consecutive pairs are the periods that cover `[start, end)`.

        >>> days = Calendar("America/New_York").boundaries(
        ...     datetime(2013, 3, 10, 5, tzinfo=UTC), datetime(2013, 3, 11, 4, tzinfo=UTC), Grain.DAY)
        >>> (days[1] - days[0]).total_seconds() / 3600
        23.0
        """
        return list(self._boundaries(start, end, grain))

    def shift(self, instant: datetime, duration: Duration, *, back: bool = False) -> datetime:
        """An instant moved by a civil duration: days keep the local wall clock, hours are elapsed time."""
        sign = -1 if back else 1
        if duration.unit == "hours":
            return instant + timedelta(hours=sign * duration.count)
        local = instant.astimezone(self.zone)
        if duration.unit == "months":
            moved = add_months(local.date(), sign * duration.count)
        else:
            moved = local.date() + timedelta(days=sign * duration.count * (7 if duration.unit == "weeks" else 1))
        if local.time() == time():
            return self.start_of_day(moved)
        return datetime.combine(moved, local.time(), self.zone).astimezone(UTC)

    def _boundaries(self, start: datetime, end: datetime, grain: Grain) -> Iterator[datetime]:
        if grain is Grain.HOUR:
            instant = _floor_hour(start, self.zone)
            while instant < end:
                yield instant
                instant += timedelta(hours=1)
            yield instant
            return
        first = self._first_day(self.date_of(start), grain)
        instant = self.start_of_day(first)
        while instant < end:
            yield instant
            first = self._next_first_day(first, grain)
            instant = self.start_of_day(first)
        yield instant

    def _first_day(self, day: date, grain: Grain) -> date:
        match grain:
            case Grain.WEEK:
                return day - timedelta(days=(day.weekday() - self.week_starts) % 7)
            case Grain.MONTH:
                return day.replace(day=1)
            case Grain.QUARTER:
                return self._quarter_start(day)
            case _:
                return day

    def _next_first_day(self, first: date, grain: Grain) -> date:
        match grain:
            case Grain.WEEK:
                return first + timedelta(days=7)
            case Grain.MONTH:
                return add_months(first, 1)
            case Grain.QUARTER:
                return self._quarter_start(add_months(first, 3) + timedelta(days=3))
            case _:
                return first + timedelta(days=1)

    def _quarter_start(self, day: date) -> date:
        month, day_of_month = self.fiscal_year_starts
        year_start = _safe_date(day.year, month, day_of_month)
        if year_start > day:
            year_start = _safe_date(day.year - 1, month, day_of_month)
        starts = (add_months(year_start, 3 * quarter) for quarter in (3, 2, 1, 0))
        return next(start for start in starts if start <= day)


def add_months(day: date, months: int) -> date:
    """A date some months away, at the last day of the month where the day does not exist.

    >>> add_months(date(2013, 1, 31), 1)
    datetime.date(2013, 2, 28)
    """
    index = day.year * 12 + day.month - 1 + months
    return _safe_date(index // 12, index % 12 + 1, day.day)


def _safe_date(year: int, month: int, day: int) -> date:
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


def _floor_hour(instant: datetime, zone: ZoneInfo) -> datetime:
    offset = instant.astimezone(zone).utcoffset() or timedelta()
    local = instant.astimezone(UTC) + offset
    return local.replace(minute=0, second=0, microsecond=0) - offset


def _first_instant_at_or_after(day: date, zone: ZoneInfo) -> datetime:
    """The first instant whose local date is `day` or later, where local midnight does not exist."""
    low = datetime.combine(day, time(), UTC) - timedelta(hours=30)
    high = low + timedelta(hours=60)
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle.astimezone(zone).date() >= day:
            high = middle
        else:
            low = middle
    return high
