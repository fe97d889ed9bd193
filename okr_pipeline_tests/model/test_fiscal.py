"""Fiscal years of 52 and 53 weeks, beside those that retailers and companies have published."""

from datetime import date, timedelta
from itertools import pairwise

import pandas as pd
import pytest

from okr_pipeline.model.fiscal import MONTH_WEEKS, WEEK_PATTERNS, WeekYear

SATURDAY, SUNDAY = 5, 6

NRF = WeekYear("4-5-4", weekday=SATURDAY, month=1, rule="nearest")
"""The 4-5-4 calendar of the National Retail Federation, which names a year by the one it starts in."""
APPLE = WeekYear("4-4-5", weekday=SATURDAY, month=9, rule="last", long_month=3)
"""Apple Inc., annual and quarterly reports: week 53 is in the first quarter; it publishes no months."""
COSTCO = WeekYear("13x4", weekday=SUNDAY, month=8, rule="nearest")
"""Costco Wholesale, annual and quarterly reports: thirteen periods, quarters of 12, 12, 12 and 16 or 17 weeks."""
INTEL = WeekYear("4-4-5", weekday=SATURDAY, month=12, rule="last")
"""Intel Corporation, annual reports."""
HOME_DEPOT = WeekYear("4-5-4", weekday=SUNDAY, month=1, rule="nearest")
"""The Home Depot, annual reports."""
CISCO = WeekYear("4-4-5", weekday=SATURDAY, month=7, rule="last")
"""Cisco Systems, annual reports."""

PUBLISHED = [
    # whose, last day of a fiscal year, its weeks
    (NRF, "2007-02-03", 53),
    (NRF, "2012-01-28", 52),
    (NRF, "2013-02-02", 53),
    (NRF, "2014-02-01", 52),
    (NRF, "2015-01-31", 52),
    (NRF, "2017-01-28", 52),
    (NRF, "2018-02-03", 53),
    (NRF, "2019-02-02", 52),
    (NRF, "2023-01-28", 52),
    (NRF, "2024-02-03", 53),
    (NRF, "2025-02-01", 52),
    (APPLE, "2017-09-30", 53),
    (APPLE, "2018-09-29", 52),
    (APPLE, "2020-09-26", 52),
    (APPLE, "2021-09-25", 52),
    (APPLE, "2022-09-24", 52),
    (APPLE, "2023-09-30", 53),
    (APPLE, "2024-09-28", 52),
    (COSTCO, "2022-08-28", 52),
    (COSTCO, "2023-09-03", 53),
    (COSTCO, "2024-09-01", 52),
    (INTEL, "2021-12-25", 52),
    (INTEL, "2022-12-31", 53),
    (INTEL, "2023-12-30", 52),
    (HOME_DEPOT, "2018-01-28", 52),
    (HOME_DEPOT, "2019-02-03", 53),
    (HOME_DEPOT, "2020-02-02", 52),
    (HOME_DEPOT, "2024-01-28", 52),
    (HOME_DEPOT, "2025-02-02", 53),
    (CISCO, "2016-07-30", 53),
    (CISCO, "2021-07-31", 53),
    (CISCO, "2022-07-30", 52),
    (CISCO, "2023-07-29", 52),
    (CISCO, "2024-07-27", 52),
]


@pytest.mark.parametrize(("year", "ends", "weeks"), PUBLISHED)
def test_a_year_ends_on_the_day_and_has_the_weeks_that_were_published(year, ends, weeks):
    last = date.fromisoformat(ends)
    first = year.first_day(last, "year")
    assert year.next_first_day(last, "year") == last + timedelta(days=1)
    assert (last - first).days + 1 == weeks * 7


def test_the_53_week_years_are_those_that_retailers_name():
    """Fiscal 2000, 2006, 2012, 2017 and 2023, as the federation's page on its calendar has them."""
    named = [number - 1 for number in range(2000, 2026) if _weeks(NRF.starts(number, "year")) == [53]]
    assert named == [2000, 2006, 2012, 2017, 2023]


def test_the_retail_months_of_fiscal_2023_are_the_published_ones():
    months = NRF.starts(2024, "month")
    starts = " ".join(f"{day:%m-%d}" for day in months[:-1])
    assert starts == "01-29 02-26 04-02 04-30 05-28 07-02 07-30 08-27 10-01 10-29 11-26 12-31"
    assert (months[0], months[-1]) == (date(2023, 1, 29), date(2024, 2, 4))
    assert _weeks(months) == [4, 5, 4, 4, 5, 4, 4, 5, 4, 4, 5, 5]


QUARTERS = [
    # whose, last days of the quarters of a year, their weeks
    (APPLE, ["2021-12-25", "2022-03-26", "2022-06-25", "2022-09-24"], [13, 13, 13, 13]),
    (APPLE, ["2022-12-31", "2023-04-01", "2023-07-01", "2023-09-30"], [14, 13, 13, 13]),
    (APPLE, ["2023-12-30", "2024-03-30", "2024-06-29", "2024-09-28"], [13, 13, 13, 13]),
    (COSTCO, ["2022-11-20", "2023-02-12", "2023-05-07", "2023-09-03"], [12, 12, 12, 17]),
    (COSTCO, ["2023-11-26", "2024-02-18", "2024-05-12", "2024-09-01"], [12, 12, 12, 16]),
    (NRF, ["2023-04-29", "2023-07-29", "2023-10-28", "2024-02-03"], [13, 13, 13, 14]),
]


@pytest.mark.parametrize(("year", "ends", "weeks"), QUARTERS)
def test_quarters_end_on_the_days_that_were_published(year, ends, weeks):
    days = [date.fromisoformat(day) for day in ends]
    assert [year.next_first_day(day, "quarter") - timedelta(days=1) for day in days] == days
    starts = [year.first_day(day, "quarter") for day in days]
    assert _weeks([*starts, days[-1] + timedelta(days=1)]) == weeks


@pytest.mark.parametrize("rule", ["last", "nearest"])
@pytest.mark.parametrize("month", range(1, 13))
def test_years_are_those_of_another_implementation(month, rule):
    """pandas has fiscal years of weeks, too: every weekday, from 1990 to 2060."""
    for weekday in range(7):
        year = WeekYear("4-4-5", weekday=weekday, month=month, rule=rule)
        other = pd.offsets.FY5253(weekday=weekday, startingMonth=month, variation=rule)
        ends = pd.date_range("1990-01-15", "2060-12-31", freq=other)
        ours = [year.starts(number, "year")[1] - timedelta(days=1) for number in range(1989, 2061)]
        assert [end.date() for end in ends] == [day for day in ours if ends[0].date() <= day <= ends[-1].date()]


def test_quarters_are_those_of_another_implementation():
    for long_quarter in (1, 2, 3, 4):
        year = WeekYear("5-4-4", weekday=SATURDAY, month=9, rule="last", long_month=3 * long_quarter)
        other = pd.offsets.FY5253Quarter(
            weekday=SATURDAY, startingMonth=9, variation="last", qtr_with_extra_week=long_quarter
        )
        ends = pd.date_range("2000-10-15", "2040-09-01", freq=other)
        assert [year.next_first_day(end.date(), "quarter") for end in ends] == [
            end.date() + timedelta(days=1) for end in ends
        ]
        assert [year.first_day(end.date(), "quarter") for end in ends[1:]] == [
            end.date() + timedelta(days=1) for end in ends[:-1]
        ]


@pytest.mark.parametrize("pattern", WEEK_PATTERNS)
def test_week_53_is_in_the_last_month_unless_told(pattern):
    long_year = WeekYear(pattern, weekday=SATURDAY, month=1, rule="nearest").starts(2024, "month")
    assert _weeks(long_year) == [*MONTH_WEEKS[pattern][:-1], MONTH_WEEKS[pattern][-1] + 1]


@pytest.mark.parametrize(
    ("day", "months", "moved"),
    [
        ("2023-01-29", 1, "2023-02-26"),
        ("2023-04-01", 1, "2023-04-29"),  # the last day of a month of five weeks, in one of four
        ("2024-02-03", 12, "2025-02-01"),  # the last day of week 53, in a year of 52
        ("2024-02-03", -12, "2023-01-28"),
        ("2023-01-28", 12, "2024-01-27"),
        ("2023-03-01", -3, "2022-11-30"),
        ("2023-01-29", -1, "2023-01-01"),
        ("2023-06-15", 0, "2023-06-15"),
    ],
)
def test_months_are_added_by_their_place_in_the_year(day, months, moved):
    assert NRF.add_months(date.fromisoformat(day), months) == date.fromisoformat(moved)


def test_a_december_week_may_be_of_a_year_that_ends_in_january():
    """A fiscal year that ends with December can end on a Saturday in January, three days late at most."""
    year = WeekYear("4-4-5", weekday=SATURDAY, month=12, rule="nearest")
    assert year.number_of(date(2020, 12, 31)) == 2020
    assert year.next_first_day(date(2020, 12, 31), "year") == date(2021, 1, 3)
    assert year.number_of(date(2021, 1, 2)) == 2020
    assert year.number_of(date(2021, 1, 3)) == 2021


def _weeks(starts: list[date]) -> list[float]:
    return [(after - first).days / 7 for first, after in pairwise(starts)]
