from datetime import timedelta

import pytest

from connectors.durations import duration_text, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("500ms", 0.5), ("60s", 60), ("5 m", 300), ("1h", 3600), (timedelta(seconds=2), 2)]
)
def test_a_duration_reads_as_written(text, seconds):
    assert parse_duration(text).total_seconds() == seconds
    assert parse_duration(duration_text(parse_duration(text))).total_seconds() == seconds


@pytest.mark.parametrize("text", ["", "0s", "-1s", "60", 60, "1d", "1.5s", "s", "1s\n2s", None, "9999999999h"])
def test_anything_else_is_refused_with_examples(text):
    with pytest.raises(ValueError, match="60s"):
        parse_duration(text)
