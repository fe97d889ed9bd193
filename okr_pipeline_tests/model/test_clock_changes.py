"""Days and hours when the clocks change, beside what the clocks of that place showed minute by minute."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from okr_pipeline.model.calendar import Calendar, Duration, Grain, Period
from okr_pipeline_tests.model.clocks import days_shown, hours_shown

HOUR = timedelta(hours=1)

CHANGES = [
    # zone, date, hours of that day, its first instant in UTC, why
    ("Europe/Berlin", "2024-03-31", 23, "2024-03-30T23:00", "spring forward at 02:00"),
    ("Europe/Berlin", "2024-10-27", 25, "2024-10-26T22:00", "fall back at 03:00"),
    ("America/New_York", "2013-03-10", 23, "2013-03-10T05:00", "spring forward"),
    ("America/New_York", "2013-11-03", 25, "2013-11-03T04:00", "fall back"),
    ("America/Santiago", "2024-09-08", 23, "2024-09-08T04:00", "midnight is skipped: the day starts at 01:00"),
    ("America/Santiago", "2024-04-06", 25, "2024-04-06T03:00", "its last hour happens twice"),
    ("America/Sao_Paulo", "2018-11-04", 23, "2018-11-04T03:00", "midnight is skipped: the day starts at 01:00"),
    ("America/Sao_Paulo", "2018-02-17", 25, "2018-02-17T02:00", "its last hour happens twice"),
    ("Australia/Lord_Howe", "2024-10-06", 23.5, "2024-10-05T13:30", "half an hour forward"),
    ("Australia/Lord_Howe", "2024-04-07", 24.5, "2024-04-06T13:00", "half an hour back"),
    ("Asia/Kolkata", "2024-03-31", 24, "2024-03-30T18:30", "half an hour off UTC, no change"),
    ("Asia/Kathmandu", "2024-03-31", 24, "2024-03-30T18:15", "a quarter off UTC, no change"),
    ("Pacific/Apia", "2011-12-29", 24, "2011-12-29T10:00", "the day before the one that was skipped"),
    ("Pacific/Apia", "2011-12-31", 24, "2011-12-30T10:00", "the day after the one that was skipped"),
    ("Africa/Casablanca", "2024-03-10", 25, "2024-03-09T23:00", "back for Ramadan"),
    ("Africa/Casablanca", "2024-04-14", 23, "2024-04-14T00:00", "forward after Ramadan"),
    ("Africa/El_Aaiun", "2023-03-19", 25, "2023-03-18T23:00", "back for Ramadan"),
    ("Africa/El_Aaiun", "2023-04-23", 23, "2023-04-23T00:00", "forward after Ramadan"),
    ("Europe/Dublin", "2024-03-31", 23, "2024-03-31T00:00", "to standard time, which is that of summer by Irish law"),
    ("Europe/Dublin", "2024-10-27", 25, "2024-10-26T23:00", "to winter time, which Irish law puts an hour behind"),
    ("America/Havana", "2024-03-10", 23, "2024-03-10T05:00", "midnight is skipped"),
    ("America/Havana", "2024-11-03", 25, "2024-11-03T04:00", "midnight happens twice"),
    ("Antarctica/Troll", "2024-03-31", 22, "2024-03-31T00:00", "two hours forward"),
    ("Antarctica/Troll", "2024-10-27", 26, "2024-10-26T22:00", "two hours back"),
    ("Asia/Beirut", "2024-03-31", 23, "2024-03-30T22:00", "midnight is skipped"),
    ("Atlantic/Azores", "2024-10-27", 25, "2024-10-27T00:00", "midnight happens twice"),
    ("America/Caracas", "2016-05-01", 23.5, "2016-05-01T04:30", "another half hour, at 02:30"),
    ("Asia/Pyongyang", "2018-05-04", 23.5, "2018-05-03T15:30", "half an hour forward at 23:30"),
]
IDS = [f"{zone} {day}" for zone, day, *_ in CHANGES]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(("zone", "day", "hours", "start", "why"), CHANGES, ids=IDS)
def test_a_day_has_the_hours_that_the_clocks_give_it(zone, day, hours, start, why):
    period = Calendar(zone).period_containing(at(start), Grain.DAY)
    assert period == Period(at(start), at(start) + hours * HOUR), why
    assert Calendar(zone).start_of_day(date.fromisoformat(day)) == at(start), why


@pytest.mark.parametrize(("zone", "day", "hours", "start", "why"), CHANGES, ids=IDS)
def test_days_are_the_stretches_in_which_clocks_show_one_date(zone, day, hours, start, why):
    around = date.fromisoformat(day) - timedelta(days=1), date.fromisoformat(day) + timedelta(days=1)
    shown, calendar = days_shown(zone, *around), Calendar(zone)
    assert calendar.boundaries(shown[0][1], shown[-1][2], Grain.DAY) == [*(it[1] for it in shown), shown[-1][2]]
    for shown_date, begins, ends in shown:
        for instant in (begins, begins + HOUR, ends - HOUR, ends - timedelta(microseconds=1)):
            assert calendar.period_containing(instant, Grain.DAY) == Period(begins, ends)
            assert calendar.date_of(instant) == shown_date
        assert calendar.last_date_before(ends) == shown_date


@pytest.mark.parametrize(("zone", "day", "hours", "start", "why"), CHANGES, ids=IDS)
def test_hours_are_the_stretches_in_which_clocks_show_one_hour(zone, day, hours, start, why):
    around = date.fromisoformat(day), date.fromisoformat(day)
    shown, calendar = hours_shown(zone, *around), Calendar(zone)
    assert calendar.boundaries(shown[0][1], shown[-1][2], Grain.HOUR) == [*(it[1] for it in shown), shown[-1][2]]
    for _, begins, ends in shown:
        for instant in (begins, begins + (ends - begins) / 3, ends - timedelta(microseconds=1)):
            assert calendar.period_containing(instant, Grain.HOUR) == Period(begins, ends)


@pytest.mark.parametrize(("zone", "day", "hours", "start", "why"), CHANGES, ids=IDS)
def test_hours_of_many_days_are_those_that_each_of_them_has_alone(zone, day, hours, start, why):
    calendar, since = Calendar(zone), at(start) - timedelta(days=3, minutes=17)
    bounds = calendar.boundaries(since, since + timedelta(days=6), Grain.HOUR)
    assert bounds[0] <= since < bounds[1]
    assert [calendar.period_containing(it, Grain.HOUR) for it in bounds[:-1]] == [
        Period(begins, ends) for begins, ends in pairwise(bounds)
    ]


@pytest.mark.parametrize(("zone", "day", "hours", "start", "why"), CHANGES, ids=IDS)
def test_the_hours_of_a_day_fill_it(zone, day, hours, start, why):
    calendar = Calendar(zone)
    period = calendar.period_containing(at(start), Grain.DAY)
    inside = calendar.boundaries(period.start, period.end, Grain.HOUR)
    assert (inside[0], inside[-1]) == (period.start, period.end)
    assert len(inside) - 1 == {23.5: 24, 24.5: 25}.get(hours, hours)


def test_a_day_whose_first_half_hour_is_skipped_with_the_last_of_the_day_before_starts_there():
    """Toronto went from 23:30 to 00:30."""
    start = Calendar("America/Toronto").start_of_day(date(1919, 3, 31))
    assert start == at("1919-03-31T04:30")
    assert Calendar("America/Toronto").last_date_before(start) == date(1919, 3, 30)


def test_an_hour_that_happens_twice_is_two_periods():
    night = Calendar("Europe/Berlin").boundaries(at("2024-10-26T23:30"), at("2024-10-27T02:00"), Grain.HOUR)
    assert night == [at(f"2024-10-{hour}:00") for hour in ("26T23", "27T00", "27T01", "27T02")]
    assert [it.astimezone(Calendar("Europe/Berlin").zone).hour for it in night] == [1, 2, 2, 3]


def test_where_clocks_change_by_half_an_hour_an_hour_is_cut_off_at_the_change():
    lord_howe = Calendar("Australia/Lord_Howe")
    spring = lord_howe.boundaries(at("2024-10-05T14:30"), at("2024-10-05T17:00"), Grain.HOUR)
    assert [(b - a) / HOUR for a, b in pairwise(spring)] == [1, 0.5, 1]
    autumn = lord_howe.boundaries(at("2024-04-06T14:00"), at("2024-04-06T16:30"), Grain.HOUR)
    assert [(b - a) / HOUR for a, b in pairwise(autumn)] == [1, 0.5, 1]


def test_a_date_that_the_zone_skipped_is_no_day():
    apia = Calendar("Pacific/Apia")
    around = apia.boundaries(apia.start_of_day(date(2011, 12, 28)), apia.start_of_day(date(2012, 1, 1)), Grain.DAY)
    assert [apia.date_of(it).day for it in around] == [28, 29, 31, 1]
    assert apia.start_of_day(date(2011, 12, 30)) == apia.start_of_day(date(2011, 12, 31))


@pytest.mark.parametrize(
    ("zone", "first", "until", "days"),
    [
        ("Pacific/Kiritimati", date(1994, 12, 1), date(1995, 2, 1), 61),
        ("Pacific/Kwajalein", date(1993, 8, 1), date(1993, 9, 1), 30),
        ("Australia/Lord_Howe", date(2024, 1, 1), date(2025, 1, 1), 366),
        ("Antarctica/Troll", date(2024, 3, 31), date(2024, 10, 27), 210),
        ("UTC", date(2024, 1, 1), date(2024, 1, 1), 0),
    ],
)
def test_days_are_counted_as_the_zone_has_them(zone, first, until, days):
    calendar = Calendar(zone)
    bounds = calendar.boundaries(calendar.start_of_day(first), calendar.start_of_day(until), Grain.DAY)
    assert len(bounds) - 1 == days


def test_the_week_month_and_quarter_around_a_skipped_day_are_whole():
    apia = Calendar("Pacific/Apia", week_starts=4)
    skipped = apia.start_of_day(date(2011, 12, 31))
    assert apia.period_containing(skipped, Grain.WEEK) == Period(skipped, apia.start_of_day(date(2012, 1, 6)))
    december = apia.period_containing(skipped, Grain.MONTH)
    assert (december.end - december.start) == timedelta(days=30)


def test_where_clocks_are_turned_back_over_midnight_the_day_that_has_begun_goes_on():
    """Newfoundland went back from 00:01 to 23:01, so that a minute of Sunday came before the end of Saturday."""
    calendar = Calendar("America/St_Johns")
    sunday = Period(at("2010-11-07T02:30"), at("2010-11-08T03:30"))
    shown = [(at(f"2010-11-07T{hour}"), day) for hour, day in (("02:30", 7), ("02:31", 6), ("03:29", 6), ("03:30", 7))]
    assert [instant.astimezone(calendar.zone).day for instant, _ in shown] == [day for _, day in shown]
    assert {calendar.date_of(instant) for instant, _ in shown} == {date(2010, 11, 7)}
    assert {calendar.period_containing(instant, Grain.DAY) for instant, _ in shown} == {sunday}
    assert calendar.last_date_before(sunday.start) == date(2010, 11, 6)
    hours = calendar.boundaries(sunday.start, sunday.end, Grain.HOUR)
    assert {later - earlier for earlier, later in pairwise(hours)} == {HOUR}


@pytest.mark.parametrize(
    ("zone", "local", "expected"),
    [
        ("Europe/Berlin", "2024-10-27T01:59", "2024-10-26T23:59"),
        ("Europe/Berlin", "2024-10-27T02:30", "happens twice"),
        ("Europe/Berlin", "2024-03-31T02:30", "never happens"),
        ("Europe/Berlin", "2024-03-31T03:00", "2024-03-31T01:00"),
        ("America/Havana", "2024-11-03T00:00", "happens twice"),
        ("America/Santiago", "2024-09-08T00:00", "never happens"),
        ("Australia/Lord_Howe", "2024-10-06T02:15", "never happens"),
        ("Australia/Lord_Howe", "2024-04-07T01:45", "happens twice"),
        ("Pacific/Apia", "2011-12-30T12:00", "never happens"),
        ("Africa/Casablanca", "2024-03-10T02:30", "happens twice"),
        ("Europe/Dublin", "2024-10-27T01:30", "happens twice"),
    ],
)
def test_a_local_time_names_an_instant_unless_it_happens_twice_or_never(zone, local, expected):
    calendar, naive = Calendar(zone), datetime.fromisoformat(local)
    if expected not in ("happens twice", "never happens"):
        assert calendar.instant_at(naive) == at(expected)
        return
    with pytest.raises(ValueError, match=f"{local.replace('T', ' ')} {expected} in {zone}, as clocks change"):
        calendar.instant_at(naive)


@pytest.mark.parametrize(
    ("zone", "instant", "length", "moved"),
    [
        # The start of a day moves to the start of a day, at whatever time days start.
        ("America/Santiago", "2024-09-08T04:00", Duration(7, "days"), "2024-09-01T04:00"),
        ("America/Santiago", "2024-09-09T03:00", Duration(1, "days"), "2024-09-08T04:00"),
        ("America/Havana", "2024-11-03T04:00", Duration(1, "weeks"), "2024-10-27T04:00"),
        ("America/Havana", "2024-11-04T05:00", Duration(1, "days"), "2024-11-03T04:00"),
        ("Pacific/Apia", "2011-12-30T10:00", Duration(1, "days"), "2011-12-29T10:00"),
        ("Pacific/Apia", "2011-12-31T10:00", Duration(1, "days"), "2011-12-30T10:00"),
        ("Pacific/Apia", "2011-12-31T10:00", Duration(7, "days"), "2011-12-25T10:00"),
        ("Europe/Berlin", "2024-03-31T22:00", Duration(1, "days"), "2024-03-30T23:00"),
        # Other times keep the wall clock, hours are elapsed.
        ("Europe/Berlin", "2024-03-31T10:00", Duration(1, "days"), "2024-03-30T11:00"),
        ("Europe/Berlin", "2024-03-31T10:00", Duration(24, "hours"), "2024-03-30T10:00"),
        ("Europe/Berlin", "2024-04-01T00:30", Duration(1, "days"), "2024-03-31T01:30"),
        ("Europe/Berlin", "2024-10-28T01:30", Duration(1, "days"), "2024-10-27T00:30"),
        ("Europe/Berlin", "2024-10-27T01:30", Duration(0, "days"), "2024-10-27T01:30"),
        ("Europe/Berlin", "2024-10-27T01:30", Duration(1, "days"), "2024-10-26T00:30"),
        ("UTC", "2012-02-29T00:00", Duration(12, "months"), "2011-02-28T00:00"),
        ("UTC", "2013-02-28T00:00", Duration(12, "months"), "2012-02-28T00:00"),
        ("UTC", "2012-03-01T00:00", Duration(12, "months"), "2011-03-01T00:00"),
    ],
)
def test_moving_back_by_days_keeps_the_wall_clock(zone, instant, length, moved):
    assert Calendar(zone).shift(at(instant), length, back=True) == at(moved)


def test_a_time_that_clocks_skip_is_moved_on_by_what_they_skip():
    berlin = Calendar("Europe/Berlin")
    assert berlin.shift(at("2024-03-30T01:30"), Duration(1, "days")) == at("2024-03-31T01:30")
    assert berlin.instant_at(datetime(2024, 3, 31, 3, 30)) == at("2024-03-31T01:30")  # noqa: DTZ001 - civil time
