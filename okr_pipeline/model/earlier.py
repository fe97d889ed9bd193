"""Earlier stretches: the cycle before, and the same days of earlier years.

Belongs here: dates. Does not: instants (scoring), what is made of their values (scoring).

What compares with a stretch of days depends on what it is made of. Whole months are compared with whole months, though
these have other lengths; whole weeks with whole weeks, so that Mondays meet Mondays; other days with the same dates.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import count, islice

from okr_pipeline.model.calendar import Calendar, Grain
from okr_pipeline.model.fiscal import WeekYear

MOST_YEARS = 3
"""How many earlier years tell of a season."""
LONGEST_BY_WEEKDAY = 56
"""In a stretch of at most so many days weekdays weigh more than dates."""

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)


def previous_cycle(calendar: Calendar, first: date, last: date) -> tuple[date, date]:
    """The stretch just before: as many months where it is of whole months or quarters, else as many days.

    >>> [str(day) for day in previous_cycle(Calendar(), date(2013, 1, 1), date(2013, 3, 31))]
    ['2012-10-01', '2012-12-31']
    """
    months = whole_months(calendar, first, last)
    before = calendar.add_months(first, -months) if months else first - (last - first + _DAY)
    return before, first - _DAY


def year_ago(calendar: Calendar, first: date, last: date, grain: Grain) -> tuple[date, date]:
    """The same stretch a year earlier: whole months a year before, whole weeks 52 weeks before, else the same dates.

    A metric of weeks is compared by weeks. The months and weeks of a week year are its own.

    >>> [str(day) for day in year_ago(Calendar(), date(2013, 5, 13), date(2013, 5, 26), Grain.DAY)]
    ['2012-05-14', '2012-05-27']
    """
    whole_weeks = (last - first + _DAY) % _WEEK == timedelta() and not whole_months(calendar, first, last)
    if calendar.week_year is None and (whole_weeks or grain is Grain.WEEK):
        back = _weeks(calendar, first, 1)
        return first - back, last - back
    return calendar.year_before(first, last)


def earlier_years(calendar: Calendar, days: Sequence[date]) -> list[list[date]]:
    """For each day of a stretch the day that it is compared with, in each of the newest years that are all before it.

    It is the same date, and 28 February for a 29th; in a short stretch the same weekday, a number of weeks before that
    is nearest to whole years; in a week year the same day of the same fiscal month, where week 53 is compared with the
    week before it.

    >>> [str(year[0]) for year in earlier_years(Calendar(), [date(2013, 5, 13)])]
    ['2012-05-14', '2011-05-16', '2010-05-10']
    """
    years = (_same_days(calendar, days, back) for back in count(1))
    return list(islice((year for year in years if year[-1] < days[0]), MOST_YEARS))


def whole_months(calendar: Calendar, first: date, last: date) -> int:
    """How many months a stretch is long, where it is of whole months or quarters of a calendar; else 0."""
    if not (calendar.starts_on(first, Grain.MONTH) or calendar.starts_on(first, Grain.QUARTER)):
        return 0
    after = last + _DAY
    ends = ((months, calendar.add_months(first, months)) for months in count(1))
    months, end = next((months, end) for months, end in ends if end >= after)
    return months if end == after else 0


def _same_days(calendar: Calendar, days: Sequence[date], years: int) -> list[date]:
    if calendar.week_year is not None:
        return [_same_fiscal_day(calendar.week_year, day, years) for day in days]
    if len(days) <= LONGEST_BY_WEEKDAY:
        back = _weeks(calendar, days[0], years)
        return [day - back for day in days]
    return [calendar.add_months(day, -12 * years) for day in days]


def _same_fiscal_day(year: WeekYear, day: date, years: int) -> date:
    there = year.add_months(day, -years * year.months)
    return there - timedelta(days=(there.weekday() - day.weekday()) % 7)


def _weeks(calendar: Calendar, day: date, years: int) -> timedelta:
    """The number of whole weeks that is nearest to some years before a date."""
    return _WEEK * round((day - calendar.add_months(day, -12 * years)) / _WEEK)
