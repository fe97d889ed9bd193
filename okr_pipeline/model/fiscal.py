"""Week years: fiscal years of 52 or 53 whole weeks, and where they, their quarters and months begin.

Belongs here: dates. Does not: instants and zones (calendar), fiscal years that are calendar months (calendar).
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from itertools import accumulate, pairwise
from typing import Final, Literal, TypeAlias, get_args

WeekPattern: TypeAlias = Literal["4-4-5", "4-5-4", "5-4-4", "13x4"]
Stretch: TypeAlias = Literal["month", "quarter", "year"]

WEEK_PATTERNS: Final[tuple[WeekPattern, ...]] = get_args(WeekPattern)
MONTH_WEEKS: Final[Mapping[WeekPattern, tuple[int, ...]]] = {
    "4-4-5": (4, 4, 5) * 4,
    "4-5-4": (4, 5, 4) * 4,
    "5-4-4": (5, 4, 4) * 4,
    "13x4": (4,) * 13,
}
"""The weeks of each month of a year of 52 weeks."""

_FIRST_OF_QUARTER: Final = (0, 3, 6, 9)
"""The months that quarters begin with; of thirteen, the last quarter has four."""


@dataclass(frozen=True, slots=True)
class WeekYear:
    """A fiscal year of whole weeks, as retailers keep it.

    It ends on a `weekday` (0 for Monday to 6 for Sunday): the `last` one in a `month`, or the one `nearest` to that
    month's last day, which may lie in the next month. Years are numbered by the year that this `month` lies in.
    `long_month` is the number of the month that a 53rd week is added to; by default the last.
    """

    pattern: WeekPattern
    weekday: int
    month: int
    rule: Literal["last", "nearest"]
    long_month: int | None = None

    @property
    def week_starts(self) -> int:
        """The weekday that its weeks start on."""
        return (self.weekday + 1) % 7

    @property
    def months(self) -> int:
        """How many months it has: 12, or 13."""
        return len(MONTH_WEEKS[self.pattern])

    def number_of(self, day: date) -> int:
        """The number of the year that a date falls in.

        >>> WeekYear("4-5-4", weekday=5, month=1, rule="nearest").number_of(date(2023, 1, 29))
        2024
        """
        number = day.year - 1
        while _last_day(self, number) < day:
            number += 1
        return number

    def starts(self, number: int, stretch: Stretch) -> Sequence[date]:
        """The first days of a year's months or quarters, or its own, and that of the next year."""
        return _starts(self, number)[stretch]

    def first_day(self, day: date, stretch: Stretch) -> date:
        """The first day of the month, quarter or year that a date falls in."""
        starts = self.starts(self.number_of(day), stretch)
        return starts[bisect_right(starts, day) - 1]

    def next_first_day(self, day: date, stretch: Stretch) -> date:
        """The first day of the month, quarter or year after the one that a date falls in."""
        starts = self.starts(self.number_of(day), stretch)
        return starts[bisect_right(starts, day)]

    def add_months(self, day: date, months: int) -> date:
        """The same day of a month some months away, or that month's last day where it is shorter.

        >>> WeekYear("4-4-5", weekday=5, month=9, rule="last").add_months(date(2022, 10, 23), 1)
        datetime.date(2022, 11, 20)
        """
        number = self.number_of(day)
        starts = self.starts(number, "month")
        month = bisect_right(starts, day) - 1
        years, moved = divmod(month + months, self.months)
        there = self.starts(number + years, "month")
        return min(there[moved] + (day - starts[month]), there[moved + 1] - timedelta(days=1))

    def most_weeks(self, stretch: Literal["month", "quarter"]) -> int:
        """The weeks of the longest month or quarter that can be."""
        weeks = _month_weeks(self, 53)
        if stretch == "month":
            return max(weeks)
        return max(sum(weeks[first:after]) for first, after in pairwise((*_FIRST_OF_QUARTER, self.months)))


def _last_day(year: WeekYear, number: int) -> date:
    end = _end_of_month(number, year.month)
    before = timedelta(days=(end.weekday() - year.weekday) % 7)
    # Seven days are odd, so one of two weekdays is always nearer.
    late = year.rule == "nearest" and before > timedelta(days=3)
    return end - before + timedelta(days=7 if late else 0)


def _end_of_month(year: int, month: int) -> date:
    return date(year + month // 12, month % 12 + 1, 1) - timedelta(days=1)


@lru_cache(maxsize=1024)
def _starts(year: WeekYear, number: int) -> Mapping[Stretch, tuple[date, ...]]:
    first = _last_day(year, number - 1) + timedelta(days=1)
    weeks = (_last_day(year, number) - first).days // 7 + 1
    months = [first + timedelta(weeks=passed) for passed in accumulate(_month_weeks(year, weeks), initial=0)]
    quarters = [months[month] for month in _FIRST_OF_QUARTER]
    return {"month": tuple(months), "quarter": (*quarters, months[-1]), "year": (first, months[-1])}


def _month_weeks(year: WeekYear, weeks: int) -> list[int]:
    of_months = list(MONTH_WEEKS[year.pattern])
    of_months[(year.long_month or year.months) - 1] += weeks - sum(of_months)
    return of_months
