"""Calendars: which instants bound a period of a grain in a time zone.

Belongs here: civil time and half-open periods `[start, end)`, one at a time and as boundary lists.
Does not: windows of key results (scoring), extraction windows (application), years of whole weeks (fiscal).

Instants are aware datetimes in UTC; days, weeks, months and quarters are those of the calendar's zone. The periods of a
grain follow each other without gap or overlap, whatever the clocks do:

- A day starts at the first instant of its date: it has 23 or 25 hours when the clocks change, and may start at 01:00.
  A date that a zone skipped is no day.
- An hour starts when the clock strikes, and an hour that happens twice is two. Where clocks change by half an hour, an
  hour is cut off at the change.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Literal, TypeAlias
from zoneinfo import ZoneInfo

from okr_pipeline.model.fiscal import WeekYear
from okr_pipeline.model.zones import zone

DurationUnit: TypeAlias = Literal["hours", "days", "weeks", "months"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY, _HOUR, _INSTANT = timedelta(days=1), timedelta(hours=1), timedelta(microseconds=1)
_LATER_HOURS = [number * _HOUR for number in range(1, 24)]
_HOURS_PER_UNIT: dict[str, float] = {"hours": 1, "days": 24, "weeks": 168, "months": 730.5}


class Grain(StrEnum):
    """The length of a metric's period."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


GRAIN_HOURS: Mapping[Grain, float] = {
    Grain.HOUR: 1,
    Grain.DAY: 24,
    Grain.WEEK: 168,
    Grain.MONTH: 744,
    Grain.QUARTER: 2208,
}
"""Length of the longest ordinary period of a grain, in hours, for ages."""


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

    `week_starts` is 0 for Monday to 6 for Sunday; `fiscal_year_starts` is (month, day) and moves the quarters. With a
    `week_year` months and quarters are those of its weeks instead.
    """

    timezone: str = "UTC"
    week_starts: int = 0
    fiscal_year_starts: tuple[int, int] = (1, 1)
    week_year: WeekYear | None = None

    @property
    def zone(self) -> ZoneInfo:
        return zone(self.timezone)

    def in_zone(self, timezone: str | None) -> "Calendar":
        """The same calendar by the clocks of another zone; by its own where that is None."""
        return self if timezone in (None, self.timezone) else replace(self, timezone=timezone)

    def civil(self) -> "Calendar":
        """The same weeks and clocks with the months and quarters that begin in January."""
        return replace(self, fiscal_year_starts=(1, 1), week_year=None)

    def bounding(self, grain: Grain) -> dict[str, object]:
        """What of the calendar bounds the periods of a grain: where it changes, they are others.

        >>> Calendar("Asia/Tokyo", week_starts=6).bounding(Grain.DAY)
        {'timezone': 'Asia/Tokyo'}
        """
        match grain:
            case Grain.WEEK:
                more: dict[str, object] = {"week_starts": self.week_starts}
            case Grain.MONTH:
                more = {"fiscal_year": self.week_year}
            case Grain.QUARTER:
                more = {"fiscal_year": self.week_year or self.fiscal_year_starts}
            case _:
                more = {}
        return {"timezone": self.timezone, **more}

    def start_of_day(self, day: date) -> datetime:
        """The first instant of a local date, also where midnight is skipped by a clock change, or happens twice.

        >>> Calendar("America/New_York").start_of_day(date(2013, 3, 11)).isoformat()
        '2013-03-11T04:00:00+00:00'
        """
        return _start_of_day(self.timezone, day)

    def end_of_day(self, day: date) -> datetime:
        """The instant at which a local date is over: the start of the next."""
        return self.start_of_day(day + _DAY)

    def date_of(self, instant: datetime) -> date:
        """The date of the day that an instant falls in.

        It is the date that clocks show, but where they are turned back over midnight: a day that has begun goes on.
        """
        local = instant.astimezone(self.zone)
        following = local.date() + _DAY
        # Only the second time that a clock shows something can be after the start of the next day.
        return following if local.fold and instant >= self.start_of_day(following) else local.date()

    def last_date_before(self, instant: datetime) -> date:
        """The local date that contains the last moment before an instant: the date an `as_of` speaks about."""
        return self.date_of(instant - _INSTANT)

    def instant_at(self, local: datetime) -> datetime:
        """The instant at which clocks show a date and time.

        Raises:
            ValueError: they show it twice, or never.
        """
        first, second = (local.replace(tzinfo=self.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
        if first != second:
            found = "happens twice" if first < second else "never happens"
            raise ValueError(f"{local:%Y-%m-%d %H:%M} {found} in {self.timezone}, as clocks change")
        return first

    def period_containing(self, instant: datetime, grain: Grain) -> Period:
        """The period of a grain that an instant falls in."""
        if grain is Grain.HOUR:
            start = _start_of_hour(instant, self.zone)
            return Period(start, _end_of_hour(start, self.zone))
        first = self._first_day(self.date_of(instant), grain)
        start = self.start_of_day(first)
        return Period(start, self._next(first, start, grain)[1])

    def boundaries(self, start: datetime, end: datetime, grain: Grain) -> list[datetime]:
        """Sorted period starts from the period containing `start` up to the first boundary at or after `end`.

        Consecutive pairs are the periods that cover `[start, end)`.

        >>> days = Calendar("America/New_York").boundaries(
        ...     datetime(2013, 3, 10, 5, tzinfo=UTC), datetime(2013, 3, 11, 4, tzinfo=UTC), Grain.DAY)
        >>> (days[1] - days[0]).total_seconds() / 3600
        23.0
        """
        return list(self._boundaries(start, end, grain))

    def longest_hours(self, grain: Grain) -> float:
        """The hours of the longest ordinary period of a grain, clock changes left aside."""
        if self.week_year is not None and grain in (Grain.MONTH, Grain.QUARTER):
            return 168 * self.week_year.most_weeks("month" if grain is Grain.MONTH else "quarter")
        return GRAIN_HOURS[grain]

    def shift(self, instant: datetime, duration: Duration, *, back: bool = False) -> datetime:
        """An instant moved by a civil duration: hours are elapsed time, all others keep the wall clock.

        The start of a day moves to the start of a day, at whatever time days start. A time that clocks skip there is
        moved on by what they skip; of one that they show twice it is the first.
        """
        count = -duration.count if back else duration.count
        if duration.unit == "hours" or not count:
            return instant + count * _HOUR
        local = instant.astimezone(self.zone)
        if instant != self.start_of_day(local.date()):
            moved = self._moved(local.date(), count, duration.unit)
            return datetime.combine(moved, local.time().replace(fold=0), self.zone).astimezone(UTC)
        # After a skipped date two dates start at once: what ends there ends with the first, what starts is the second.
        day = self.last_date_before(instant) + _DAY if back else local.date()
        return self.start_of_day(self._moved(day, count, duration.unit))

    def add_months(self, day: date, months: int) -> date:
        """A date some months away, at the last day of the month where the day does not exist.

        >>> Calendar().add_months(date(2013, 1, 31), 1)
        datetime.date(2013, 2, 28)
        """
        return add_months(day, months) if self.week_year is None else self.week_year.add_months(day, months)

    def starts_on(self, day: date, grain: Grain) -> bool:
        """Whether a period of a grain of days or longer starts on a date."""
        return self._first_day(day, grain) == day

    def year_before(self, first: date, last: date) -> tuple[date, date]:
        """The same stretch of days a year earlier, both ends included; the end of a month stays the end of a month.

        >>> [str(day) for day in Calendar().year_before(date(2013, 2, 1), date(2013, 2, 28))]
        ['2012-02-01', '2012-02-29']
        """
        months = 12 if self.week_year is None else self.week_year.months
        after = last + _DAY
        if self._first_day(after, Grain.MONTH) == after:
            return self.add_months(first, -months), self.add_months(after, -months) - _DAY
        return self.add_months(first, -months), self.add_months(last, -months)

    def _boundaries(self, start: datetime, end: datetime, grain: Grain) -> Iterator[datetime]:
        if grain is Grain.HOUR:
            yield from _hours(start, end, self.zone)
            return
        first = self._first_day(self.date_of(start), grain)
        instant = self.start_of_day(first)
        while instant < end:
            yield instant
            first, instant = self._next(first, instant, grain)
        yield instant

    def _next(self, first: date, start: datetime, grain: Grain) -> tuple[date, datetime]:
        """First day and start of the period after the one of a first day and start; a skipped day is passed over."""
        while True:
            first = self._next_first_day(first, grain)
            following = self.start_of_day(first)
            if following > start:
                return first, following

    def _moved(self, day: date, count: int, unit: DurationUnit) -> date:
        if unit == "months":
            return self.add_months(day, count)
        return day + count * _DAY * (7 if unit == "weeks" else 1)

    def _first_day(self, day: date, grain: Grain) -> date:
        match grain:
            case Grain.WEEK:
                return day - timedelta(days=(day.weekday() - self.week_starts) % 7)
            case Grain.MONTH:
                return day.replace(day=1) if self.week_year is None else self.week_year.first_day(day, "month")
            case Grain.QUARTER:
                return self._quarter_start(day) if self.week_year is None else self.week_year.first_day(day, "quarter")
            case _:
                return day

    def _next_first_day(self, first: date, grain: Grain) -> date:
        match grain:
            case Grain.WEEK:
                return first + timedelta(days=7)
            case Grain.MONTH | Grain.QUARTER if self.week_year is not None:
                return self.week_year.next_first_day(first, "month" if grain is Grain.MONTH else "quarter")
            case Grain.MONTH:
                return add_months(first, 1)
            case Grain.QUARTER:
                return self._quarter_start(add_months(first, 3) + timedelta(days=3))
            case _:
                return first + _DAY

    def _quarter_start(self, day: date) -> date:
        month, day_of_month = self.fiscal_year_starts
        year_start = _safe_date(day.year, month, day_of_month)
        if year_start > day:
            year_start = _safe_date(day.year - 1, month, day_of_month)
        starts = (add_months(year_start, 3 * quarter) for quarter in (3, 2, 1, 0))
        return next(start for start in starts if start <= day)


def add_months(day: date, months: int) -> date:
    """A date some calendar months away, at the last day of the month where the day does not exist."""
    index = day.year * 12 + day.month - 1 + months
    return _safe_date(index // 12, index % 12 + 1, day.day)


def _safe_date(year: int, month: int, day: int) -> date:
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


@lru_cache(maxsize=16_384)
def _start_of_day(timezone: str, day: date) -> datetime:
    """Each day of some forty years is worked out once: key results, periods and cycles share most of theirs."""
    clocks = zone(timezone)
    local = datetime.combine(day, time(), clocks)
    instant = local.astimezone(UTC)
    if instant.astimezone(clocks).replace(tzinfo=None) == local.replace(tzinfo=None):
        return instant
    return _first(instant - 2 * _DAY, instant + 2 * _DAY, lambda it: it.astimezone(clocks).date() >= day)


def _hours(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    for instant in _hours_from(_start_of_hour(start, zone), zone):
        yield instant
        if instant >= end:
            return


def _hours_from(instant: datetime, zone: ZoneInfo) -> Iterator[datetime]:
    """The starts of hours from one on, without end: those of a day at once where clocks strike alike at its ends."""
    while True:
        yield instant
        part = _part_of_hour(instant, zone)
        strikes = not (instant - _EPOCH + part) % _HOUR
        if strikes and _part_of_hour(instant + _DAY, zone) == part:
            yield from (instant + hours for hours in _LATER_HOURS)
            instant += _DAY
        else:
            instant = _end_of_hour(instant, zone)


def _start_of_hour(instant: datetime, zone: ZoneInfo) -> datetime:
    """When the clock last struck, or was last changed by a part of an hour."""
    part = _part_of_hour(instant, zone)
    struck = instant.astimezone(UTC) - (instant - _EPOCH + part) % _HOUR
    if _part_of_hour(struck, zone) == part:
        return struck
    return _first(struck, instant, lambda it: _part_of_hour(it, zone) == part)


def _end_of_hour(start: datetime, zone: ZoneInfo) -> datetime:
    """When the clock next strikes, or is changed by a part of an hour."""
    part = _part_of_hour(start, zone)
    strikes = start + _HOUR - (start - _EPOCH + part) % _HOUR
    if _part_of_hour(strikes - _INSTANT, zone) == part:
        return strikes
    return _first(start, strikes, lambda it: _part_of_hour(it, zone) != part)


def _part_of_hour(instant: datetime, zone: ZoneInfo) -> timedelta:
    """What an offset from UTC has beyond whole hours: clocks of equal parts strike together."""
    return (instant.astimezone(zone).utcoffset() or timedelta()) % _HOUR


def _first(low: datetime, high: datetime, is_after: Callable[[datetime], bool]) -> datetime:
    """The second of a clock change: the first that is after it, where `low` is not and `high` is."""
    low, high = (it.astimezone(UTC).replace(microsecond=0) for it in (low, high))
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if is_after(middle):
            high = middle
        else:
            low = middle
    return high
