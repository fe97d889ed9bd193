"""From a file to a score in places with odd clocks and odd years: the right period, and a score as of the right end."""

from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest

from okr_pipeline_tests.calendars.places import Given, settle


def daily(first: str, last: str, value: object = 1) -> tuple[str, ...]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return tuple(f"{start + timedelta(days=number)},{value}" for number in range((end - start).days + 1))


def hourly(first: str, hours: int) -> tuple[str, ...]:
    """One a clock hour of UTC, written with its offset."""
    start = datetime.fromisoformat(first).replace(tzinfo=UTC)
    return tuple(f"{(start + timedelta(hours=number)).isoformat()},1" for number in range(hours))


def weekly(first: str, weeks: int, value: object = 1) -> tuple[str, ...]:
    start = date.fromisoformat(first)
    return tuple(f"{start + timedelta(weeks=number)},{value}" for number in range(weeks))


RETAIL = "timezone: America/New_York\nfiscal_year: {pattern: 4-5-4, ends: saturday nearest the end of january}"
APIA = Given(
    project="timezone: Pacific/Apia",
    metric="grain: day",
    span=("2011-12-26", "2012-01-04"),
    rows=(*daily("2011-12-26", "2011-12-29"), *daily("2011-12-31", "2012-01-04")),
)

CASES = {
    "days that start at 01:00": (
        Given(
            project="timezone: America/Santiago",
            metric="grain: day",
            span=("2024-09-06", "2024-09-15"),
            rows=daily("2024-09-06", "2024-09-10"),
        ),
        ["2024-09-06T04:00", "2024-09-07T04:00", "2024-09-08T04:00", "2024-09-09T03:00", "2024-09-10T03:00"],
        [
            ("2024-09-07", {"value": 2, "expected_progress": "2/10"}),
            # Half an hour before the day that starts at 01:00, by a clock that never showed midnight.
            ("2024-09-07T23:30", {"value": 1, "expected_progress": "1/10", "expected_progress_now": "95/480"}),
            ("2024-09-08", {"value": 3, "expected_progress": "3/10", "observed_periods": 3, "expected_periods": 3}),
        ],
    ),
    "an hour that happens twice": (
        Given(
            project="timezone: Europe/Berlin",
            metric="grain: hour",
            span=("2024-10-27", "2024-10-27"),
            rows=hourly("2024-10-26T22:00", 25),
        ),
        None,
        [
            ("2024-10-27", {"value": 25, "observed_periods": 25, "expected_periods": 25, "expected_progress": "1"}),
            ("2024-10-27T02:00+02:00", {"value": 2, "expected_periods": 2, "expected_progress": "2/25"}),
            ("2024-10-27T02:00+01:00", {"value": 3, "expected_periods": 3, "expected_progress": "3/25"}),
        ],
    ),
    "clocks changed by half an hour": (
        Given(
            project="timezone: Australia/Lord_Howe",
            metric="grain: hour",
            span=("2024-04-07", "2024-04-07"),
            # At 02:00 clocks go back to 01:30, so from there on hours start at half past in UTC.
            rows=(*hourly("2024-04-06T13:00", 3), *hourly("2024-04-06T15:30", 22)),
        ),
        None,
        [("2024-04-07", {"value": 25, "observed_periods": 25, "expected_periods": 25, "expected_progress": "1"})],
    ),
    "a skipped day": (
        APIA,
        [
            *(f"2011-12-{day}T10:00" for day in (26, 27, 28, 29, 30, 31)),
            *(f"2012-01-0{day}T10:00" for day in (1, 2, 3)),
        ],
        [
            ("2011-12-29", {"value": 4, "expected_progress": "4/9", "expected_periods": 4}),
            ("2011-12-30", {"value": 4, "expected_progress": "4/9", "expected_periods": 4}),
            ("2011-12-31", {"value": 5, "expected_progress": "5/9", "expected_periods": 5}),
            ("2012-01-04", {"value": 9, "expected_progress": "1", "observed_periods": 9, "expected_periods": 9}),
        ],
    ),
    "fiscal months, the last of them with week 53": (
        Given(
            project=RETAIL,
            metric="grain: month",
            span=("2023-10-29", "2024-02-03"),
            rows=("2023-10-29,1", "2023-11-26,2", "2023-12-31,4"),
        ),
        ["2023-10-29T04:00", "2023-11-26T05:00", "2023-12-31T05:00"],
        [
            ("2023-12-30", {"value": 3, "expected_periods": 2, "expected_progress": "63/98"}),
            # The thirteenth week is over, and the month is not.
            ("2024-01-27", {"value": 3, "expected_periods": 2}),
            ("2024-02-03", {"value": 7, "expected_periods": 3, "straddling_periods": 0, "expected_progress": "1"}),
        ],
    ),
    "a metric by the civil year in a company with fiscal weeks": (
        Given(
            project=RETAIL,
            metric="grain: month, year: civil",
            span=("2024-01-01", "2024-03-31"),
            rows=("2024-01-01,1", "2024-02-01,2", "2024-03-01,4"),
        ),
        ["2024-01-01T05:00", "2024-02-01T05:00", "2024-03-01T05:00"],
        [("2024-02-29", {"value": 3, "expected_periods": 2, "expected_progress": "60/91"})],
    ),
    "as much as in a quarter that had week 53": (
        Given(
            project=RETAIL,
            metric="grain: week",
            span=("2024-11-03", "2025-02-01"),
            rows=(*weekly("2023-10-29", 14, 10), *weekly("2024-11-03", 13, 10)),
            key_result="measure: {accumulate: {to: +0% of year_ago}}",
        ),
        None,
        [("2025-02-01", {"value": 130, "target": 140, "progress": "13/14"})],
    ),
}


@pytest.mark.parametrize(("given", "starts", "asked"), CASES.values(), ids=list(CASES))
def test_values_are_of_the_right_periods_and_scores_of_the_right_instants(tmp_path, given, starts, asked):
    place = settle(tmp_path, given)
    observed = place.observe(given.span[1])
    assert (observed.failures, observed.refused, observed.recorded) == ({}, (), len(given.rows))
    if starts is not None:
        assert place.starts() == starts
    for as_of, expected in asked:
        row = place.score(as_of)
        for name, wanted in expected.items():
            assert row[name] == pytest.approx(float(Fraction(wanted)), abs=1e-12), f"{name} as of {as_of}"


NO_HOUR = "happens twice or never in Europe/Berlin, as clocks change. Give hourly periods with a zone or in UTC."
NO_DAY = "never happened in Pacific/Apia, as clocks changed. Leave it out, or correct the metric's time zone."
NO_PERIOD = (
    "which cannot be read as a date or time."
    " Give the period's start as a date, a timestamp, or ISO 8601 text such as 2013-05-19."
)
UNNAMED = {
    "an hour that happens twice": (
        Given("timezone: Europe/Berlin", "grain: hour", ("2024-10-01", "2024-10-31"), ("2024-10-27T02:00,1",)),
        f"The period 2024-10-27 02:00:00 {NO_HOUR}",
    ),
    "an hour that never happens": (
        Given("timezone: Europe/Berlin", "grain: hour", ("2024-03-01", "2024-03-31"), ("2024-03-31T02:00,1",)),
        f"The period 2024-03-31 02:00:00 {NO_HOUR}",
    ),
    "a day that the zone skipped": (
        Given("timezone: Pacific/Apia", "grain: day", ("2011-12-01", "2011-12-31"), daily("2011-12-29", "2011-12-31")),
        f"The period 2011-12-30 00:00:00 {NO_DAY}",
    ),
    "a label of a fiscal month": (
        Given(RETAIL, "grain: month", ("2023-01-29", "2024-02-03"), ("FY2023-P01,1",)),
        f"Row 1 has the period 'FY2023-P01', {NO_PERIOD}",
    ),
}


@pytest.mark.parametrize(("given", "message"), UNNAMED.values(), ids=list(UNNAMED))
def test_a_period_that_names_no_instant_is_an_error_that_says_what_to_give(tmp_path, given, message):
    place = settle(tmp_path, given)
    failures = place.observe(given.span[1]).failures
    assert list(failures) == ["kpi"]
    assert message in failures["kpi"]


def test_a_value_within_a_period_is_refused_and_told_where_the_period_starts(tmp_path):
    civil = Given(RETAIL, "grain: month", ("2023-01-29", "2024-02-03"), ("2023-02-01,1",))
    [refused] = settle(tmp_path, civil).observe("2024-02-03").refused
    assert refused.rule == "period"
    assert refused.reason == (
        "2023-02-01 is not the start of a month in the metric's time zone; the month that it falls in starts at"
        " 2023-01-29: truncate to that, or correct timezone or grain"
    )
