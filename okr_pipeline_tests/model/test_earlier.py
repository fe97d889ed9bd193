"""What a stretch of days is compared with: months with months, weeks with weeks, dates with dates."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_pipeline.model.calendar import Calendar, Grain
from okr_pipeline.model.earlier import earlier_years, previous_cycle, whole_months, year_ago
from okr_pipeline.model.fiscal import WeekYear

CIVIL, TAX = Calendar(), Calendar(fiscal_year_starts=(4, 6))
RETAIL = Calendar(week_starts=6, week_year=WeekYear("4-5-4", weekday=5, month=1, rule="nearest"))
DAY = timedelta(days=1)
law = settings(max_examples=40, deadline=None)


def stretch(text: str) -> tuple[date, date]:
    first, last = text.split(" to ")
    return date.fromisoformat(first), date.fromisoformat(last)


@pytest.mark.parametrize(
    ("says", "calendar", "given_", "expected"),
    [
        ("a day", CIVIL, "2013-03-01 to 2013-03-01", "2013-02-28 to 2013-02-28"),
        ("a week", CIVIL, "2013-04-01 to 2013-04-07", "2013-03-25 to 2013-03-31"),
        ("a fortnight", CIVIL, "2013-05-13 to 2013-05-26", "2013-04-29 to 2013-05-12"),
        ("a month of 28 days after one of 31", CIVIL, "2013-02-01 to 2013-02-28", "2013-01-01 to 2013-01-31"),
        ("a quarter of 90 days after one of 92", CIVIL, "2013-01-01 to 2013-03-31", "2012-10-01 to 2012-12-31"),
        ("a year after a leap year", CIVIL, "2013-01-01 to 2013-12-31", "2012-01-01 to 2012-12-31"),
        ("eighteen months", CIVIL, "2012-07-01 to 2013-12-31", "2011-01-01 to 2012-06-30"),
        ("months from the middle of one are days", CIVIL, "2013-04-15 to 2013-07-14", "2013-01-14 to 2013-04-14"),
        ("a quarter of a tax year", TAX, "2024-07-06 to 2024-10-05", "2024-04-06 to 2024-07-05"),
        ("a fiscal quarter after one of 14 weeks", RETAIL, "2024-02-04 to 2024-05-04", "2023-10-29 to 2024-02-03"),
        ("a fiscal year after one of 53 weeks", RETAIL, "2024-02-04 to 2025-02-01", "2023-01-29 to 2024-02-03"),
        ("four weeks that are no fiscal month", RETAIL, "2024-02-11 to 2024-03-09", "2024-01-14 to 2024-02-10"),
    ],
)
def test_the_cycle_before(says: str, calendar: Calendar, given_: str, expected: str) -> None:
    assert previous_cycle(calendar, *stretch(given_)) == stretch(expected), says


@pytest.mark.parametrize(
    ("says", "calendar", "grain", "given_", "expected"),
    [
        ("a day", CIVIL, Grain.HOUR, "2013-03-01 to 2013-03-01", "2012-03-01 to 2012-03-01"),
        ("a leap day", CIVIL, Grain.DAY, "2012-02-29 to 2012-02-29", "2011-02-28 to 2011-02-28"),
        ("a week by weekdays", CIVIL, Grain.DAY, "2013-04-01 to 2013-04-07", "2012-04-02 to 2012-04-08"),
        ("a fortnight by weekdays", CIVIL, Grain.HOUR, "2013-05-13 to 2013-05-26", "2012-05-14 to 2012-05-27"),
        ("ten days by dates", CIVIL, Grain.DAY, "2013-04-01 to 2013-04-10", "2012-04-01 to 2012-04-10"),
        ("February by its ends", CIVIL, Grain.DAY, "2013-02-01 to 2013-02-28", "2012-02-01 to 2012-02-29"),
        ("a quarter by months", CIVIL, Grain.DAY, "2013-04-01 to 2013-06-30", "2012-04-01 to 2012-06-30"),
        ("a quarter of weeks by weeks", CIVIL, Grain.WEEK, "2013-04-01 to 2013-06-30", "2012-04-02 to 2012-07-01"),
        ("a quarter of months by months", CIVIL, Grain.MONTH, "2013-04-01 to 2013-06-30", "2012-04-01 to 2012-06-30"),
        ("a fiscal quarter with week 53", RETAIL, Grain.WEEK, "2024-11-03 to 2025-02-01", "2023-10-29 to 2024-02-03"),
        ("two fiscal weeks by fiscal weeks", RETAIL, Grain.DAY, "2024-02-04 to 2024-02-17", "2023-01-29 to 2023-02-11"),
    ],
)
def test_a_year_ago(says: str, calendar: Calendar, grain: Grain, given_: str, expected: str) -> None:
    assert year_ago(calendar, *stretch(given_), grain) == stretch(expected), says


@law
@given(st.sampled_from([CIVIL, TAX, RETAIL]), st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.integers(1, 800))
def test_earlier_days_are_in_order_and_all_before_the_first(calendar: Calendar, first: date, length: int) -> None:
    days = [first + number * DAY for number in range(length)]
    years = earlier_years(calendar, days)
    assert len(years) == 3
    for year in years:
        assert len(year) == length
        assert year[-1] < first
        assert all(later >= day - 6 * DAY for day, later in pairwise(year))
    assert years[0][0] > years[1][0] > years[2][0]


@law
@given(st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.integers(1, 56))
def test_short_stretches_keep_their_weekdays(first: date, length: int) -> None:
    days = [first + number * DAY for number in range(length)]
    for year in earlier_years(CIVIL, days):
        assert [day.weekday() for day in year] == [day.weekday() for day in days]


@law
@given(st.sampled_from([CIVIL, TAX, RETAIL]), st.dates(date(2000, 1, 1), date(2040, 1, 1)), st.integers(1, 800))
def test_the_cycle_before_ends_where_this_one_starts(calendar: Calendar, first: date, length: int) -> None:
    last = first + (length - 1) * DAY
    before, end = previous_cycle(calendar, first, last)
    assert end == first - DAY
    months = whole_months(calendar, first, last)
    assert months or (end - before) == (last - first)
