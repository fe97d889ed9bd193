import re
from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from okr_pipeline.rendering.numbers import UNKNOWN, age, count, percent, points, quantity, shown_unit

SHARES = st.floats(-50, 50, allow_nan=False)
VALUES = st.floats(-1e14, 1e14, allow_nan=False).filter(lambda value: value == 0 or abs(value) > 1e-5)


def plain(text: str) -> str:
    return text.replace("\u202f", " ").replace("\xa0", " ").replace("−", "-")


@pytest.mark.parametrize(
    ("value", "unit", "shown"),
    [
        (15.24, "minutes", "15.2 min"),
        (15.0, "minutes", "15 min"),
        (14.96, "minutes", "15.0 min"),
        (9.996, "minutes", "10.0 min"),
        (4.375, "hours", "4.38 h"),
        (4.365, "hours", "4.36 h"),
        (2.675, "score", "2.68"),
        (0.125, "score", "0.125"),
        (0.0, "count", "0"),
        (-0.0, "count", "0"),
        (-3.0, "score", "-3"),
        (1234.0, "count", "1,234"),
        (336776.0, "flights", "336,776 flights"),
        (12300.0, "seats", "12,300 seats"),
        (999_999.6, "count", "1,000,000"),
        (1_104_318.0, "seats", "1.10M seats"),
        (2_000_000.0, "seats", "2M seats"),
        (3.2e9, "count", "3.2B"),
        (0.000123, "score", "0.000123"),
        (1.5e-9, "score", "1.50e-9"),
        (1.5e21, "count", "1.50e21"),
        (0.724, "share", "72.4 %"),
        (0.9, "share", "90 %"),
        (1.0, "share", "100 %"),
        (0.99951, "share", "99.95 %"),
        (0.9999999999999999, "share", "100 %"),
        (0.0004, "share", "0.04 %"),
        (72.41, "percent", "72.4 %"),
        (3.2, "ratio", "3.2"),
        (10.0, "points", "10 pts"),
        (5.0, "periods", "5 periods"),
        (1.0, "periods", "1 period"),
        (4_242_000.0, "currency:USD", "$4.24M"),
        (1_200_000.0, "currency:USD", "$1.2M"),
        (1234.5, "currency:EUR", "€1,234"),
        (12.5, "currency:GBP", "£12.50"),
        (12.0, "currency:GBP", "£12"),
        (-12.345, "currency:USD", "-$12.34"),
        (99.0, "currency:CHF", "99 CHF"),
        (5.0, "<script>", "5 <script>"),
        (None, "minutes", "–"),
    ],
)
def test_values_are_shown_in_their_unit(value, unit, shown):
    assert plain(quantity(value, unit)) == shown


@pytest.mark.parametrize(
    ("value", "target", "unit", "shown"),
    [
        (14.996, 15.0, "minutes", "14.996 min"),
        (15.0, 15.0, "minutes", "15 min"),
        (399.7, 400.0, "flights", "399.7 flights"),
        (0.7998, 0.8, "share", "79.98 %"),
        (1_999_900.0, 2_000_000.0, "currency:USD", "$1.9999M"),
        (-15.004, 15.0, "count", "-15.0"),
        (14.999999999999998, 15.0, "minutes", "15.0 min"),
    ],
)
def test_a_value_never_reads_as_the_target_it_does_not_equal(value, target, unit, shown):
    assert plain(quantity(value, unit, apart_from=target)) == shown


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (0.0, "0 %"),
        (0.404, "40 %"),
        (0.405, "40 %"),
        (0.415, "42 %"),
        (-0.31, "-31 %"),
        (-2.4, "-240 %"),
        (12.345, "1,234 %"),
        (0.004, "0.4 %"),
        (0.0004, "<0.1 %"),
        (-0.0004, "-<0.1 %"),
        (0.996, "99.6 %"),
        (0.9996, ">99.9 %"),
        (1 - 1e-12, "100 %"),
        (1.0, "100 %"),
        (1.004, "100 %"),
        (None, "–"),
    ],
)
def test_shares_are_shown_in_whole_percent_but_for_the_edges(share, shown):
    assert plain(percent(share)) == shown


@pytest.mark.parametrize(
    ("gap", "shown"),
    [(0.0, "0 pts"), (1e-17, "0 pts"), (-0.1371, "-14 pts"), (0.125, "+12 pts"), (0.135, "+14 pts"), (-0.004, "-0.4 pts"), (0.0098, "+1 pts"), (-12.0, "-1,200 pts"), (None, "–")],
)  # fmt: skip
def test_gaps_are_signed_points(gap, shown):
    assert plain(points(gap)) == shown


@pytest.mark.parametrize(
    ("hours", "shown"),
    [(0.0, "<1 h"), (0.99, "<1 h"), (1.0, "1 h"), (20.4, "20 h"), (47.9, "48 h"), (48.0, "2 d"), (60.0, "2 d"), (84.0, "4 d"), (216.0, "9 d"), (30000.0, "1,250 d"), (None, "–")],
)  # fmt: skip
def test_ages_are_hours_up_to_two_days(hours, shown):
    assert plain(age(hours)) == shown


@pytest.mark.parametrize(
    ("measure", "unit", "target", "baseline", "shown"),
    [
        ("maintain", "minutes", 0.9, None, "share"),
        ("cadence", "count", 1.0, None, "share"),
        ("milestones", None, 1.0, None, "share"),
        ("baseline", "score", 8.0, None, "periods"),
        ("reach", "ratio", 0.8, 0.7, "share"),
        ("reach", "ratio", 3.0, 0.7, "ratio"),
        ("reach", "ratio", None, None, "share"),
        ("reach", "minutes", 10.0, 15.0, "minutes"),
        ("accumulate", None, 10.0, None, "count"),
    ],
)
def test_the_measure_decides_whether_a_value_is_a_share(measure, unit, target, baseline, shown):
    assert shown_unit(measure, unit, target=target, baseline=baseline) == shown


def test_counts_have_thousands():
    assert (count(0), count(336776)) == ("0", "336,776")


@settings(deadline=None)
@given(SHARES)
def test_percent_is_within_half_a_point_of_the_share(share):
    shown = Decimal(re.sub(r"[ %<>,]", "", plain(percent(share))))
    assert abs(shown - Decimal(repr(share)) * 100) <= Decimal("0.5")


@settings(deadline=None)
@given(SHARES)
def test_a_share_short_of_the_whole_is_never_the_whole(share):
    assume(abs(share - 1) > 1e-6)
    assert (plain(percent(share)) == "100 %") == (1 < share <= 1.005)


@settings(deadline=None)
@given(VALUES)
def test_values_keep_three_digits(value):
    text = plain(quantity(value, "score"))
    scale = {"M": 1e6, "B": 1e9, "T": 1e12}.get(text[-1], 1)
    shown = float(text.rstrip("MBT").replace(",", "")) * scale
    assert shown == pytest.approx(value, rel=0.005, abs=5e-7)


@settings(deadline=None)
@given(VALUES, VALUES)
def test_the_larger_value_never_reads_smaller(one, other):
    low, high = sorted((one, other))
    read = [float(plain(quantity(value, "percent")).rstrip(" %").replace(",", "")) for value in (low, high)]
    assert read[0] <= read[1]


@pytest.mark.parametrize("form", [percent, points, age, lambda value: quantity(value, "count")])
def test_unknown_is_a_dash_and_never_zero(form):
    assert form(None) == UNKNOWN != form(0.0)
