"""Laws of every calendar: periods follow each other without gap or overlap, in every zone and at every grain."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_pipeline.model.calendar import Calendar, Duration, Grain
from okr_pipeline.model.fiscal import MONTH_WEEKS, WEEK_PATTERNS, WeekYear
from okr_pipeline.model.zones import zone_names
from okr_pipeline_tests.model.clocks import ODD_ZONES

MICROSECOND = timedelta(microseconds=1)
law = settings(max_examples=40, deadline=None)

zones = st.one_of(st.sampled_from(ODD_ZONES), st.sampled_from(sorted(zone_names())))
weekdays = st.integers(0, 6)
week_years = st.builds(
    WeekYear,
    pattern=st.sampled_from(WEEK_PATTERNS),
    weekday=weekdays,
    month=st.integers(1, 12),
    rule=st.sampled_from(["last", "nearest"]),
    long_month=st.none() | st.integers(1, 12),
)
fiscal_starts = st.dates(date(2013, 1, 1), date(2013, 12, 31)).map(lambda day: (day.month, day.day))
calendars = st.builds(
    Calendar,
    timezone=zones,
    week_starts=weekdays,
    fiscal_year_starts=fiscal_starts,
    week_year=st.none() | week_years,
)
instants = st.datetimes(datetime(1970, 1, 3), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
grains = st.sampled_from(list(Grain))


@law
@given(calendars, instants, grains)
def test_every_instant_is_in_the_one_period_that_contains_it(calendar, instant, grain):
    period = calendar.period_containing(instant, grain)
    assert period.start <= instant < period.end
    for inside in (period.start, period.start + (period.end - period.start) / 2, period.end - MICROSECOND):
        assert calendar.period_containing(inside, grain) == period


@law
@given(calendars, instants, grains)
def test_the_next_period_starts_where_one_ends_and_the_previous_of_it_is_the_same(calendar, instant, grain):
    period = calendar.period_containing(instant, grain)
    following = calendar.period_containing(period.end, grain)
    assert following.start == period.end
    assert calendar.period_containing(following.start - MICROSECOND, grain) == period


@law
@given(calendars, instants, st.timedeltas(timedelta(0), timedelta(days=40)), grains)
def test_boundaries_are_the_periods_one_after_the_other(calendar, start, length, grain):
    end = start + min(length, timedelta(days=3)) if grain is Grain.HOUR else start + length
    bounds = calendar.boundaries(start, end, grain)
    walked = [calendar.period_containing(start, grain).start]
    while walked[-1] < end:
        walked.append(calendar.period_containing(walked[-1], grain).end)
    assert bounds == walked


@law
@given(calendars, instants)
def test_longer_periods_begin_where_days_do_and_a_date_names_its_day(calendar, instant):
    day = calendar.period_containing(instant, Grain.DAY)
    assert calendar.start_of_day(calendar.date_of(instant)) == day.start
    assert calendar.end_of_day(calendar.date_of(instant)) <= day.end
    for grain in (Grain.WEEK, Grain.MONTH, Grain.QUARTER):
        longer = calendar.period_containing(instant, grain)
        assert longer.start <= day.start < day.end <= longer.end
        assert calendar.period_containing(longer.start, Grain.DAY).start == longer.start


@law
@given(calendars, instants)
def test_a_quarter_is_whole_months_and_a_month_of_a_week_year_is_whole_weeks(calendar, instant):
    if calendar.week_year is None:
        calendar = calendar.civil()
    else:
        calendar = Calendar(calendar.timezone, calendar.week_year.week_starts, week_year=calendar.week_year)
    quarter = calendar.period_containing(instant, Grain.QUARTER)
    months = calendar.boundaries(quarter.start, quarter.end, Grain.MONTH)
    assert (months[0], months[-1]) == (quarter.start, quarter.end)
    assert len(months) - 1 in ((3, 4) if calendar.week_year and calendar.week_year.months == 13 else (3,))
    if calendar.week_year is not None:
        weeks = calendar.boundaries(quarter.start, quarter.end, Grain.WEEK)
        assert set(months) <= set(weeks)
        assert weeks[-1] == quarter.end


@law
@given(calendars, instants, st.integers(1, 30), st.sampled_from(["days", "weeks", "months"]))
def test_the_start_of_a_day_moves_to_the_start_of_a_day(calendar, instant, count, unit):
    start = calendar.period_containing(instant, Grain.DAY).start
    for back in (True, False):
        moved = calendar.shift(start, Duration(count, unit), back=back)
        assert calendar.period_containing(moved, Grain.DAY).start == moved


@law
@given(calendars, instants, st.integers(1, 13))
def test_the_start_of_a_month_moves_by_months_to_the_start_of_a_month(calendar, instant, count):
    month = calendar.period_containing(instant, Grain.MONTH).start
    back = calendar.shift(month, Duration(count, "months"), back=True)
    assert len(calendar.boundaries(back, month, Grain.MONTH)) == count + 1


@law
@given(calendars, st.dates(date(1971, 1, 1), date(2099, 1, 1)), st.integers(0, 400))
def test_a_year_before_neighbouring_stretches_are_neighbours(calendar, first, count):
    """What follows a stretch a year before follows it: no day is lost or counted twice, leap day and week 53 included."""
    months = Calendar(week_year=calendar.week_year)
    start = months.date_of(
        months.period_containing(datetime(first.year, first.month, first.day, tzinfo=UTC), Grain.MONTH).start
    )
    end = months.date_of(
        months.period_containing(months.start_of_day(start + timedelta(days=count)), Grain.MONTH).start
    )
    before = months.year_before(start, end - timedelta(days=1))
    after = months.year_before(end, end + timedelta(days=40))
    assert after[0] - before[1] == timedelta(days=1)


@law
@given(week_years, st.integers(1971, 2099))
def test_a_week_year_has_52_or_53_weeks_of_the_pattern(year, number):
    months, (first, after) = year.starts(number, "month"), year.starts(number, "year")
    weeks = [(later - earlier).days // 7 for earlier, later in pairwise(months)]
    pattern = list(MONTH_WEEKS[year.pattern])
    if (after - first).days == 371:
        pattern[(year.long_month or year.months) - 1] += 1
    assert weeks == pattern
    assert sum(weeks) in (52, 53)
    assert year.starts(number + 1, "year")[0] == after
    assert (after - timedelta(days=1)).weekday() == year.weekday
    assert max(weeks) <= year.most_weeks("month")


@pytest.mark.parametrize("week_starts", range(7))
def test_weeks_start_on_the_day_that_is_configured(week_starts):
    week = Calendar(week_starts=week_starts).period_containing(datetime(2024, 2, 29, tzinfo=UTC), Grain.WEEK)
    assert week.start.weekday() == week_starts
    assert week.end - week.start == timedelta(days=7)
