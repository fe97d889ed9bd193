"""A limit holds in every stretch of time, whoever asks, and is used to the full."""

import re
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.errors import ConfigError
from connectors.http.budgets import Budget, budget_of
from connectors.http.settings import HttpSettings

TAKE = """
import sys
from pathlib import Path
from connectors.http.budgets import Budget
budget = Budget(Path(sys.argv[1]), "api", 7, 10.0, clock=lambda: 1000.0)
print(*(budget.take(1e6) for _ in range(60)))
"""


@settings(deadline=None, max_examples=50)
@given(
    requests=st.integers(1, 5), seconds=st.floats(0.5, 50), pauses=st.lists(st.floats(0, 30), min_size=1, max_size=30)
)
def test_no_stretch_has_more_turns_than_the_limit_and_none_waits_in_vain(tmp_path_factory, requests, seconds, pauses):
    now = [1_000.0]
    budget = Budget(tmp_path_factory.mktemp("budget") / "b.db", "api", requests, seconds, clock=lambda: now[0])
    turns = []
    for pause in pauses:
        now[0] += pause
        turns.append(now[0] + budget.take(longest=1e9))
        before = turns[-1 - requests] if len(turns) > requests else None
        earliest = now[0] if before is None else max(now[0], before + seconds)
        assert turns[-1] == pytest.approx(earliest)
    for first, after in zip(turns, turns[requests:], strict=False):
        assert after - first >= seconds - 1e-6


def test_who_would_wait_too_long_takes_no_turn(tmp_path):
    budget = Budget(tmp_path / "b.db", "api", 1, 60, clock=lambda: 1_000.0)
    assert [budget.take(30), budget.take(30), budget.take(30), budget.take(60), budget.take(60)] == [0, 60, 60, 60, 120]


def test_budgets_of_other_names_are_apart(tmp_path):
    first, second = (Budget(tmp_path / "b.db", name, 1, 60, clock=lambda: 1_000.0) for name in ("a", "b"))
    assert [first.take(0), second.take(0)] == [0, 0]


URL = "https://api.shop.example"
LIMIT = {"requests": 1, "per": "1m"}
KEY = {"token_url": f"{URL}/token", "client_id": "okr"}


@pytest.mark.parametrize(
    ("first", "second", "together"),
    [
        ({}, {}, True),
        ({}, {"auth": {"bearer": "one"}}, False),
        ({"auth": {"bearer": "one"}}, {"auth": {"bearer": "one"}, "concurrency": 3}, True),
        ({"auth": {"bearer": "one"}}, {"auth": {"bearer": "two"}}, False),
        ({"auth": {"bearer": "one"}}, {"auth": {"bearer": "one"}, "base_url": f"{URL}/v2"}, False),
        ({"auth": {"api_key": {"key": "one", "header": "X-Key"}}}, {"auth": {"api_key": {"key": "two", "header": "X-Key"}}}, False),
        ({"auth": {"basic": {"username": "one"}}}, {"auth": {"basic": {"username": "two"}}}, False),
        ({"auth": {"google_service_account": {"key_file": "a", "scopes": ["x"]}}}, {"auth": {"google_service_account": {"key_file": "a", "scopes": ["y"]}}}, True),
        ({"auth": {"google_service_account": {"key_file": "a", "scopes": ["x"]}}}, {"auth": {"google_service_account": {"key_file": "b", "scopes": ["x"]}}}, False),
        ({"auth": {"client_credentials": {**KEY, "client_secret": "one"}}}, {"auth": {"client_credentials": {**KEY, "client_secret": "one", "scope": "read"}}}, True),
        ({"auth": {"refresh_token": {**KEY, "refresh_token": "one"}}}, {"auth": {"refresh_token": {**KEY, "refresh_token": "two"}}}, False),
    ],
)  # fmt: skip
def test_who_logs_in_alike_at_one_address_shares_a_budget(tmp_path, first, second, together):
    budgets = [
        budget_of(HttpSettings(**{"base_url": URL, "rate_limit": LIMIT, **given}), tmp_path)
        for given in (first, second)
    ]
    assert all(budget is not None for budget in budgets)
    assert (budgets[0].name == budgets[1].name) is together


def test_the_name_of_a_budget_tells_nothing_of_the_login(tmp_path):
    budget = budget_of(HttpSettings(base_url=URL, rate_limit=LIMIT, auth={"bearer": "hunter2hunter2"}), tmp_path)
    budget.take(0)
    assert re.fullmatch(r"https://api\.shop\.example [0-9a-f]{4}", budget.name)
    assert b"hunter2" not in budget.path.read_bytes()


def test_a_request_that_was_late_makes_no_more_than_the_limit_of_the_next_stretch(tmp_path):
    settings = HttpSettings(base_url=URL, rate_limit={"requests": 100, "per": "10s"})
    budget = replace(budget_of(settings, tmp_path), clock=lambda: 1_000.0)
    turns = [1_000.0 + budget.take(longest=1e9) for _ in range(1_000)]
    late = 0.3  # on its way; those that follow are there at once
    for first, after in zip(turns, turns[100:], strict=False):
        assert after - (first + late) > 10
    used = (turns[-1] - turns[0]) / 10 * 100 / 900
    assert 1 / used >= 0.95


def test_without_a_rate_limit_there_is_no_budget(tmp_path):
    assert budget_of(HttpSettings(base_url=URL), tmp_path) is None


def test_a_clock_that_was_set_back_locks_nobody_out(tmp_path):
    now = [1e9]
    budget = Budget(tmp_path / "b.db", "api", 1, 60, clock=lambda: now[0])
    budget.take(0)
    now[0] -= 1e6
    assert budget.take(0) == 0


def test_processes_share_it(tmp_path):
    command = [sys.executable, "-c", TAKE, str(tmp_path / "b.db")]
    running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    waits = sorted(float(wait) for one in running for wait in one.communicate()[0].split())
    assert [one.returncode for one in running] == [0, 0, 0]
    assert waits == [10.0 * (place // 7) for place in range(180)]


def test_a_file_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "b.db").write_text("no database at all, and long enough to be looked at as one" * 100)
    with pytest.raises(ConfigError, match="budget of requests cannot be kept"):
        Budget(tmp_path / "b.db", "api", 1, 60).take(0)
