"""Weeks, months, quarters and years of civil and fiscal calendars, day by day."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from okr_pipeline.model.calendar import GRAIN_HOURS, Calendar, Duration, Grain, Period
from okr_pipeline.model.fiscal import WeekYear

DAY = timedelta(days=1)
RETAIL = WeekYear("4-5-4", weekday=5, month=1, rule="nearest")


def midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def test_every_week_from_1970_to_2100_is_that_of_the_iso_calendar():
    """The fifty-third ones, too, and those that belong to the year before or after."""
    calendar, wrong = Calendar(), []
    for year in range(1970, 2101):
        for week in range(1, date(year, 12, 28).isocalendar().week + 1):
            monday = midnight(date.fromisocalendar(year, week, 1))
            inside = (monday, monday + 7 * DAY - timedelta(microseconds=1))
            if any(calendar.period_containing(it, Grain.WEEK) != Period(monday, monday + 7 * DAY) for it in inside):
                wrong.append((year, week))
    assert wrong == []


@pytest.mark.parametrize("year", [1970, 1976, 1981, 1987, 1992, 1998, 2004, 2009, 2015, 2020, 2026, 2032])
def test_a_year_with_week_53_has_53_weeks_by_thursdays(year):
    first, last = date.fromisocalendar(year, 1, 1), date.fromisocalendar(year, 53, 7)
    assert len(Calendar().boundaries(midnight(first), midnight(last), Grain.WEEK)) - 1 == 53


FISCAL = [
    # fiscal year starts, date, first day of its quarter, first day of the next
    ((1, 1), "2024-02-29", "2024-01-01", "2024-04-01"),
    ((1, 1), "2024-12-31", "2024-10-01", "2025-01-01"),
    ((2, 1), "2013-12-31", "2013-11-01", "2014-02-01"),
    ((2, 1), "2013-01-31", "2012-11-01", "2013-02-01"),
    ((4, 6), "2024-04-05", "2024-01-06", "2024-04-06"),  # the British tax year
    ((4, 6), "2024-04-06", "2024-04-06", "2024-07-06"),
    ((7, 1), "2013-12-29", "2013-10-01", "2014-01-01"),
    ((10, 1), "2024-02-29", "2024-01-01", "2024-04-01"),
    ((11, 30), "2024-02-28", "2023-11-30", "2024-02-29"),  # a quarter that starts on leap day
    ((11, 30), "2024-02-29", "2024-02-29", "2024-05-30"),
    ((11, 30), "2023-02-28", "2023-02-28", "2023-05-30"),
    ((12, 31), "2024-12-30", "2024-09-30", "2024-12-31"),
    ((12, 31), "2024-12-31", "2024-12-31", "2025-03-31"),
]


@pytest.mark.parametrize(("starts", "day", "first", "after"), FISCAL)
def test_quarters_are_counted_from_the_start_of_the_fiscal_year(starts, day, first, after):
    quarter = Calendar(fiscal_year_starts=starts).period_containing(midnight(date.fromisoformat(day)), Grain.QUARTER)
    assert quarter == Period(midnight(date.fromisoformat(first)), midnight(date.fromisoformat(after)))


@pytest.mark.parametrize("starts", sorted({case[0] for case in FISCAL}))
def test_a_fiscal_year_has_four_quarters_in_leap_years_too(starts):
    calendar = Calendar(fiscal_year_starts=starts)
    for year in range(1999, 2030):
        first, after = date(year, *starts), date(year + 1, *starts)
        bounds = calendar.boundaries(midnight(first), midnight(after), Grain.QUARTER)
        assert (bounds[0], len(bounds), bounds[-1]) == (midnight(first), 5, midnight(after))


YEARS_BEFORE = [
    # calendar, first, last, a year before
    (Calendar(), "2013-04-01", "2013-06-30", "2012-04-01", "2012-06-30"),
    (Calendar(), "2013-02-01", "2013-02-28", "2012-02-01", "2012-02-29"),
    (Calendar(), "2012-02-01", "2012-02-29", "2011-02-01", "2011-02-28"),
    (Calendar(), "2012-02-01", "2012-02-28", "2011-02-01", "2011-02-28"),
    (Calendar(), "2012-02-29", "2012-03-31", "2011-02-28", "2011-03-31"),
    (Calendar(), "2012-01-01", "2012-12-31", "2011-01-01", "2011-12-31"),
    (Calendar(week_year=RETAIL), "2023-01-29", "2024-02-03", "2022-01-30", "2023-01-28"),
    (Calendar(week_year=RETAIL), "2024-02-04", "2025-02-01", "2023-01-29", "2024-02-03"),
    (Calendar(week_year=RETAIL), "2024-02-04", "2024-05-04", "2023-01-29", "2023-04-29"),
    (Calendar(week_year=RETAIL), "2024-01-28", "2024-02-03", "2023-01-28", "2023-01-28"),
    (Calendar(week_year=RETAIL), "2024-02-11", "2024-02-17", "2023-02-05", "2023-02-11"),
]


@pytest.mark.parametrize(("calendar", "first", "last", "first_before", "last_before"), YEARS_BEFORE)
def test_a_year_before_has_the_same_months(calendar, first, last, first_before, last_before):
    before = calendar.year_before(date.fromisoformat(first), date.fromisoformat(last))
    assert before == (date.fromisoformat(first_before), date.fromisoformat(last_before))


def test_a_civil_calendar_keeps_weeks_and_clocks_and_begins_in_january():
    retail = Calendar("America/New_York", RETAIL.week_starts, week_year=RETAIL)
    assert retail.civil() == Calendar("America/New_York", RETAIL.week_starts)
    assert retail.in_zone("Asia/Tokyo") == Calendar("Asia/Tokyo", RETAIL.week_starts, week_year=RETAIL)
    assert retail.in_zone(None) is retail


@pytest.mark.parametrize("grain", list(Grain))
@pytest.mark.parametrize("year", [None, RETAIL, WeekYear("13x4", weekday=6, month=8, rule="nearest")])
def test_no_period_is_longer_than_the_longest(grain, year):
    calendar = Calendar(week_year=year)
    span = 40 if grain is Grain.HOUR else 366 * 30
    bounds = calendar.boundaries(midnight(date(2000, 1, 1)), midnight(date(2000, 1, 1)) + span * DAY, grain)
    longest = max(b - a for a, b in pairwise(bounds))
    assert longest == timedelta(hours=calendar.longest_hours(grain))


def test_nominal_lengths_are_those_of_civil_months():
    assert (Duration(1, "months").hours, GRAIN_HOURS[Grain.MONTH]) == (730.5, 744)
    assert str(Duration(1, "months")) == "1 month"
