"""Durations, dates, amounts, windows and units, as they are written."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_pipeline.config import scalars
from okr_pipeline.config.problem import Refusal
from okr_pipeline.model.calendar import Duration
from okr_pipeline.model.okr import Over, Points, RelativeTarget, Share

READERS = [
    scalars.identifier, scalars.duration, scalars.positive_duration, scalars.over, scalars.day, scalars.month_and_day,
    scalars.week_start, scalars.timezone, scalars.unit, scalars.start_value, scalars.accumulated,
    lambda value: scalars.change_by(value, "count"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "duration"),
    [
        ("36h", Duration(36, "hours")), ("2d", Duration(2, "days")), ("4w", Duration(4, "weeks")), ("1 month", Duration(1, "months")),
        ("6 weeks", Duration(6, "weeks")), ("28 days", Duration(28, "days")), ("1 hour", Duration(1, "hours")), ("0h", Duration(0, "hours")),
    ],
)  # fmt: skip
def test_a_duration_is_a_number_and_a_unit(text, duration):
    assert scalars.duration(text) == duration


@pytest.mark.parametrize(
    "value", ["", "h", "3", 3, "3m", "60s", "-1d", "1.5d", "2 d d", "3 fortnights", None, True, [], "²d"]
)
def test_anything_else_is_no_duration(value):
    with pytest.raises(Refusal, match="is not a duration"):
        scalars.duration(value)


@pytest.mark.parametrize(
    ("value", "unit", "amount"),
    [
        ("+25%", "count", Share(0.25)), ("-15%", "ratio", Share(-0.15)), ("−15 %", "percent", Share(-0.15)), ("25%", "count", Share(0.25)),
        ("+10 points", "percent", Points(10)), ("+10 points", "score", Points(10)), ("+10 points", "points", Points(10)),
        ("+10 points", "ratio", Points(0.1)), ("-1 point", "ratio", Points(-0.01)), ("+300", "minutes", Points(300)),
        (300, "currency:USD", Points(300)), (-0.02, "ratio", Points(-0.02)),
    ],
)  # fmt: skip
def test_percent_is_relative_points_are_absolute_and_bare_numbers_are_in_the_unit(value, unit, amount):
    found = scalars.change_by(value, unit)
    assert type(found) is type(amount)
    assert found.value == pytest.approx(amount.value, abs=1e-15)


@pytest.mark.parametrize("unit", ["count", "minutes", "currency:USD", "flights"])
def test_points_of_another_unit_are_refused(unit):
    with pytest.raises(Refusal, match="is in points, but the metric is in"):
        scalars.change_by("+10 points", unit)


@pytest.mark.parametrize(
    ("value", "target"),
    [
        (20, 20.0), (2.5, 2.5), ("+20% of previous_cycle", RelativeTarget(0.2, "previous_cycle")),
        ("-5% of year_ago", RelativeTarget(-0.05, "year_ago")), ("+12.5 % of year_ago", RelativeTarget(0.125, "year_ago")),
    ],
)  # fmt: skip
def test_a_sum_reaches_a_number_or_more_than_an_earlier_stretch(value, target):
    assert scalars.accumulated(value) == target


@pytest.mark.parametrize(
    ("text", "over"),
    [
        ("latest", Over("latest")), ("cycle", Over("cycle")), ("trailing 28 days", Over("trailing", Duration(28, "days"))),
        ("trailing 6 weeks", Over("trailing", Duration(6, "weeks"))), ("trailing 36h", Over("trailing", Duration(36, "hours"))),
    ],
)  # fmt: skip
def test_a_window_is_latest_cycle_or_trailing(text, over):
    assert scalars.over(text) == over


@pytest.mark.parametrize("value", ["trailing", "trailing 0 days", "trailing x", "last 28 days", 28, None])
def test_anything_else_is_no_window(value):
    with pytest.raises(Refusal):
        scalars.over(value)


@given(st.integers(0, 1200), st.sampled_from(["h", "d", "w", " hours", " days", " weeks", " months"]))
def test_every_number_of_units_is_a_duration(count, unit):
    assert scalars.duration(f"{count}{unit}").count == count


@given(st.decimals(-999999, 999999, places=3), st.sampled_from(["%", " %", " points", "points", ""]))
def test_every_number_is_an_amount_of_its_kind(number, unit):
    found = scalars.change_by(f"{number:+}{unit}", "percent")
    assert isinstance(found, Share if "%" in unit else Points)
    assert found.value == float(number) / (100 if "%" in unit else 1)


@given(st.dates(date(1900, 1, 1), date(2200, 12, 31)))
def test_every_date_is_read_back(day):
    assert scalars.day(day.isoformat()) == day


@given(
    st.one_of(st.text(), st.integers(), st.floats(allow_nan=False), st.none(), st.booleans(), st.lists(st.text())),
    st.sampled_from(READERS),
)
def test_whatever_is_written_is_read_or_refused(value, reader):
    try:
        reader(value)
    except Refusal as refusal:
        said = refusal
    else:
        return
    assert said.what
    assert said.fix
