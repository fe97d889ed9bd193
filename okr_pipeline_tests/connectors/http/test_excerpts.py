"""What people see of an answer: its beginning, laid out, and no secret of it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.http.excerpts import excerpt

SECRET = "s3cret/of+somebody"


def test_json_has_a_line_for_each_value_and_its_letters():
    assert excerpt('{"a": [1.50, "ü"], "b": {}}'.encode(), []) == '{\n  "a": [\n    1.5,\n    "ü"\n  ],\n  "b": {}\n}'


@pytest.mark.parametrize(
    ("body", "shown"),
    [(b"", ""), (b"plain\ntext\t\x00", "plain\ntext  "), (b"\xff\xfe", "\ufffd\ufffd"), (b"[" * 10_000, "[" * 159 + "…"), (b'{"a": ', '{"a": ')],
)  # fmt: skip
def test_what_is_no_json_is_shown_as_it_is_but_printable(body, shown):
    assert excerpt(body, []) == shown


def test_a_long_answer_is_cut_in_both_directions():
    lines = excerpt(json.dumps([{"text": "x" * 1_000} for _ in range(100_000)]).encode(), []).splitlines()
    assert len(lines) == 41
    assert lines[-1] == "…"
    assert all(len(line) <= 160 for line in lines)


@given(st.integers(0, 21_000), st.sampled_from([json.dumps, lambda it: it[0], lambda it: "\n".join([*it[0], it[1]])]))
def test_a_secret_is_hidden_wherever_it_stands(before, write):
    body = write(["." * before + SECRET, SECRET]).encode()
    shown = excerpt(body, [SECRET])
    assert not any(SECRET[:length] in shown for length in range(4, len(SECRET) + 1))
