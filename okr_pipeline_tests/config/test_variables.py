"""`${VAR}` and `${VAR:-default}`: filled in, named when missing, never shown."""

import pytest

from okr_pipeline.config.problem import ConfigurationError
from okr_pipeline.config.variables import expand_settings, expand_text, has_clear_password, is_clear_secret

ENVIRON = {"USER": "okr", "EMPTY": "", "SECRET": "canary"}


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("${USER}", "okr"), ("a ${USER} b ${USER}", "a okr b okr"), ("${NONE:-x}", "x"), ("${EMPTY:-x}", "x"), ("${NONE:-}", ""),
        ("${USER:-x}", "okr"), ("$USER", "$USER"), ("$", "$"), ("{USER}", "{USER}"), ("${NONE:-a:-b}", "a:-b"), ("", ""),
    ],
)  # fmt: skip
def test_variables_are_filled_in(text, expanded):
    assert expand_text(text, ENVIRON) == expanded


def test_what_a_variable_holds_is_not_filled_in_again():
    assert expand_text("${A}", {"A": "${B}", "B": "b"}) == "${B}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("${NONE}", "environment variable NONE is not set"), ("${EMPTY}", "environment variable EMPTY is empty"),
        ("${SECRET} ${NONE}", "environment variable NONE is not set"), ("${", "written wrongly"), ("${SECRET", "written wrongly"),
        ("${A-B}", "written wrongly"), ("${}", "written wrongly"), ("${A:-${B}}", "written wrongly"), ("${1A}", "written wrongly"),
    ],
)  # fmt: skip
def test_a_variable_that_cannot_be_filled_in_is_named_and_no_value_is(text, said):
    with pytest.raises(ConfigurationError, match=said) as caught:
        expand_text(text, ENVIRON)
    assert "canary" not in str(caught.value)


def test_settings_are_filled_in_at_any_depth_and_kept_otherwise():
    settings = {"a": "${USER}", "b": {"c": ["${USER}", 1, None, True]}, "d": 2.5}
    assert expand_settings(settings, ENVIRON) == {"a": "okr", "b": {"c": ["okr", 1, None, True]}, "d": 2.5}
    assert settings["a"] == "${USER}"


@pytest.mark.parametrize(
    ("text", "clear"),
    [
        ("${KEY}", False), ("Bearer ${KEY}", False), ("${A}${B}", False), ("", False), ("${KEY:-}", False), ("hunter2", True),
        ("${KEY:-hunter2}", True), ("duckdb:///a.duckdb", False), ("${URL:-duckdb:///a.duckdb}", False), ("postgresql://db/okr", False),
        ("postgresql://okr@db/okr", False), ("postgresql://okr:hunter2@db/okr", True), ("postgresql://okr:${PW}@db/okr", False),
        ("postgresql://okr:x${PW}@db/okr", True), ("postgresql://okr:hun/ter@2@db/okr", True), ("${URL:-postgresql://o:p@db/o}", True),
        ("postgresql://db:5432/okr?password=hunter2", True), ("postgresql://db:5432/okr?password=${PW}", False),
        ("https://x.example/?api_key=abc", True), ("https://x.example:8080/a@b", False),
    ],
)  # fmt: skip
def test_a_secret_written_in_clear_is_seen(text, clear):
    assert is_clear_secret(text) is clear


def test_an_ordinary_setting_may_be_any_text_but_an_address_with_a_password():
    assert not has_clear_password("hunter2")
    assert has_clear_password("https://okr:hunter2@example.org")
