"""Where long windows are cut into legs, and how far a backfill got."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_pipeline.application.legs import Progress, cut
from okr_pipeline.model.calendar import Calendar, Grain, Period
from okr_pipeline_tests.model.clocks import ODD_ZONES

BERLIN = Calendar("Europe/Berlin")


def days(first, after_last, calendar=BERLIN):
    return Period(
        calendar.start_of_day(date.fromisoformat(first)), calendar.start_of_day(date.fromisoformat(after_last))
    )


@pytest.mark.parametrize(
    ("grain", "first", "after_last", "cuts"),
    [
        ("day", "2025-01-01", "2026-01-01", ["2025-04-01", "2025-07-01", "2025-10-01"]),
        ("day", "2025-01-15", "2026-01-15", ["2025-04-01", "2025-07-01", "2025-10-01"]),
        ("day", "2025-03-20", "2025-10-20", ["2025-07-01"]),
        ("day", "2025-03-25", "2025-04-03", []),
        ("day", "2025-02-01", "2025-04-03", []),
        ("day", "2025-01-01", "2025-01-01", []),
        ("hour", "2025-01-01", "2025-04-01", ["2025-02-01", "2025-03-01"]),
        ("hour", "2025-01-25", "2025-02-02", []),
        ("week", "2023-01-02", "2026-01-05", ["2024-01-01", "2024-12-30"]),
        ("month", "2015-01-01", "2026-01-01", []),
        ("quarter", "2015-01-01", "2026-01-01", []),
    ],
)
def test_a_long_window_is_cut_where_civil_months_quarters_and_years_begin(grain, first, after_last, cuts):
    legs = cut(days(first, after_last), Grain(grain), BERLIN)
    assert [str(BERLIN.date_of(leg.start)) for leg in legs[1:]] == cuts


@given(
    zone=st.sampled_from(ODD_ZONES),
    grain=st.sampled_from(Grain),
    first=st.dates(date(1990, 1, 1), date(2030, 1, 1)),
    length=st.integers(0, 1500),
)
def test_legs_follow_each_other_from_end_to_end_of_the_window_and_begin_with_periods(zone, grain, first, length):
    calendar = Calendar(zone)
    ends = (calendar.start_of_day(first), calendar.start_of_day(first + timedelta(days=length)))
    window = Period(*(calendar.period_containing(instant, grain).start for instant in ends))
    legs = cut(window, grain, calendar)
    assert (legs[0].start, legs[-1].end) == (window.start, window.end)
    assert all(one.end == two.start and one.start < one.end for one, two in pairwise(legs))
    assert all(calendar.period_containing(leg.start, grain).start == leg.start for leg in legs)


@given(first=st.dates(date(2000, 1, 1), date(2030, 1, 1)), moved=st.integers(0, 60))
def test_cuts_in_the_middle_stay_where_they_are_when_the_window_moves(first, moved):
    def cuts(start):
        window = Period(BERLIN.start_of_day(start), BERLIN.start_of_day(first + timedelta(days=800)))
        return {leg.start for leg in cut(window, Grain.DAY, BERLIN)[1:]}

    later = cuts(first + timedelta(days=moved))
    assert later <= cuts(first)
    assert len(later) >= 5


def test_progress_is_done_when_every_metric_was_read_to_its_end():
    first, second = cut(days("2025-01-01", "2025-06-30"), Grain.DAY, BERLIN)
    window = Period(first.start, second.end)
    begun = Progress(window, {"a": second.end, "b": second.end}, {})
    half = begun.after({"a": first, "b": first}).after({"a": second})
    assert (half.is_done, half.lacks("a", second), half.lacks("b", first), half.lacks("b", second)) == (
        False,
        False,
        False,
        True,
    )
    assert half.after({"b": second}).is_done
