"""Numbers that are rounded once, judged by fractions, which are not rounded at all."""

import json
import math
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.api.expressions import found
from connectors.http.bodies import read_json
from connectors.numbers import Written, mean, quotient, total

DIGITS = st.decimals(min_value=-(10**18), max_value=10**18, places=6, allow_nan=False).map(str)
MONEY = st.lists(DIGITS, min_size=1, max_size=30)


@given(DIGITS, st.integers(1, 10_000))
def test_a_quotient_is_the_nearest_float_to_what_was_meant(digits, by):
    assert quotient(Written(digits), by) == float(Fraction(digits) / by)


@given(MONEY)
def test_a_sum_and_a_mean_are_the_nearest_floats_to_what_was_meant(digits):
    numbers = [Written(text) for text in digits]
    meant = sum(map(Fraction, digits))
    assert total(numbers) == float(meant)
    assert mean(numbers) == float(meant / len(digits))


@given(MONEY, st.randoms())
def test_no_sum_depends_on_the_order(digits, chance):
    numbers = [Written(text) for text in digits]
    shuffled = chance.sample(numbers, len(numbers))
    assert total(numbers) == total(shuffled)


@given(DIGITS)
def test_it_is_the_float_that_it_was_before(digits):
    number = Written(digits)
    assert (number, hash(number), repr(number), json.dumps(number)) == (
        float(digits), hash(float(digits)), repr(float(digits)), json.dumps(float(digits)),
    )  # fmt: skip
    assert isinstance(number, float)


@pytest.mark.parametrize(
    ("written", "expression", "value"),
    [
        ("[0.1, 0.2]", "sum(@)", 0.3),
        ("[0.1, 0.2]", "avg(@)", 0.15),
        ("[1, 2]", "sum(@)", 3),
        ("[]", "sum(@)", 0),
        ("[]", "avg(@)", None),
        ('["0.1", "0.2"]', "sum([*].to_number(@))", 0.3),
        ('[{"a": 0.1}, {"a": 0.2}, {"a": 9.5}]', "sum([?a < `1`].a)", 0.3),
        ('[{"a": 2.5}, {"a": 1.5}]', "sort_by(@, &a)[0].a", 1.5),
        ("[1.5, 2.5]", "max(@)", 2.5),
        ("[1.5]", "[0] == `1.5`", True),
        ("1.5", "type(@)", "number"),
        ("-1.5", "abs(@)", 1.5),
        ('"12345678901234567.89"', "to_number(@)", 12345678901234567.89),
        ('"n/a"', "to_number(@)", None),
        ("[9007199254740993, 0.5]", "sum(@)", 9007199254740993.5),
    ],
)
def test_expressions_add_what_was_written(written, expression, value):
    assert found(expression, read_json(written.encode())) == value


@pytest.mark.parametrize(
    ("written", "by", "value"),
    [
        ("1999", 100, 19.99),
        ("12345678901234567.89", 100, 123456789012345.6789),
        ("0.1", 3, 1 / 30),
        ("9007199254740993", 1000, 9007199254740.993),
        ("1e-400", 7, 0.0),
        ("1e-999999999", 7, 0.0),
        ("1.7976931348623157e308", 1, 1.7976931348623157e308),
    ],
)
def test_numbers_of_every_size_are_divided_at_once(written, by, value):
    assert quotient(read_json(written.encode()), by) == value


@pytest.mark.parametrize("written", ["1e400", "-1e400", "1e999999999"])
def test_a_number_larger_than_any_float_is_refused(written):
    with pytest.raises(Exception, match="too large"):
        read_json(written.encode())
    assert not math.isfinite(float(written))
