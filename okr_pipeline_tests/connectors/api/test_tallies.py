"""Records added up by period."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel

from connectors.api.tallies import Entry, added_up
from connectors.contract import MetricRequest
from okr_pipeline_tests.connectors.conformance import ZONE, midnight

DAYS = [date(2013, 3, 9), date(2013, 3, 10), date(2013, 3, 11)]
BOUNDARIES = tuple(midnight(day) for day in (*DAYS, date(2013, 3, 12)))


class NoOptions(BaseModel):
    pass


def request(*dimensions, boundaries=BOUNDARIES):
    return MetricRequest("m", "day", ZONE, dimensions, NoOptions(), boundaries)


def summed(entries, *dimensions):
    frame = added_up(entries, request(*dimensions))
    return [tuple(row) for row in frame.astype(object).where(frame.notna(), None).itertuples(index=False)]


HOUR = timedelta(hours=1)
ONE = Fraction(1)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (BOUNDARIES[0], 9),
        (BOUNDARIES[1] - timedelta(microseconds=1), 9),
        (BOUNDARIES[1], 10),
        (BOUNDARIES[1] + 22 * HOUR, 10),
        (BOUNDARIES[1] + 23 * HOUR, 11),  # the clocks go forward on the tenth
        (datetime(2013, 3, 9, 23, tzinfo=UTC), 9),
        (date(2013, 3, 10), 10),
        (BOUNDARIES[0] - timedelta(microseconds=1), None),
        (BOUNDARIES[3], None),
        (date(2013, 3, 12), None),
    ],
)
def test_a_record_is_of_the_period_that_its_instant_or_day_is_in(at, day):
    counted = {start.astimezone(UTC).day: value for start, value in summed([Entry(at, ONE)])}
    assert counted == {9: 0.0, 10: 0.0, 11: 0.0} | ({day: 1.0} if day else {})


def test_a_metric_with_dimensions_has_rows_for_what_there_is():
    entries = [
        Entry(DAYS[0], ONE, ("b",)),
        Entry(DAYS[0], ONE, (None,)),
        Entry(DAYS[2], ONE, ("a",)),
        Entry(DAYS[0], ONE, ("b",)),
    ]
    assert summed(entries, "team") == [
        (BOUNDARIES[0], 1.0, None), (BOUNDARIES[0], 2.0, "b"), (BOUNDARIES[2], 1.0, "a"),
    ]  # fmt: skip
    assert summed([], "team") == []


def test_what_is_not_told_is_no_zero():
    entries = [Entry(DAYS[0], None), Entry(DAYS[1], None), Entry(DAYS[1], Fraction(3))]
    assert [value for _, value in summed(entries)] == [None, 3.0, 0.0]


def test_no_boundaries_are_no_periods():
    assert added_up([Entry(DAYS[0], ONE)], request(boundaries=())).empty


@settings(max_examples=30)
@given(st.lists(st.decimals(-(10**9), 10**9, places=3), max_size=50), st.randoms())
def test_the_order_of_records_moves_no_sum_and_it_is_rounded_once(amounts, chance):
    entries = [Entry(DAYS[0], Fraction(amount)) for amount in amounts]
    shuffled = chance.sample(entries, len(entries))
    first, again = (added_up(it, request()) for it in (entries, shuffled))
    pd.testing.assert_frame_equal(first, again)
    assert first["value"].iloc[0] == float(sum(amounts, Decimal(0)))
