"""A trip for many metrics, of which some are refused."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from math import ceil, log2

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import create_model

from connectors.api.paging import Ask
from connectors.api.trips import Found, Stretch, Trip, chunks
from connectors.contract import MetricRequest
from connectors.errors import AuthError, ConfigError, ConnectorError, TransientError
from connectors.http.requests import HttpAnswer, HttpRequest
from connectors.http.settings import HttpLimits
from connectors.points import table

START = datetime(2026, 1, 1, tzinfo=UTC)
OPTIONS = create_model("Options")()
METRICS = st.lists(st.integers(0, 40), unique=True, min_size=1, max_size=40)


@dataclass
class Client:
    """Answers a list of numbers with the list, unless some of them are refused, or the server is away for one."""

    bad: frozenset[int]
    down: frozenset[int] = frozenset()
    status: int = 400
    error: type[ConnectorError] = ConfigError
    asked: list[list[int]] = field(default_factory=list)

    def send(self, request, parse, judge):
        numbers = json.loads(request.body)["numbers"]
        self.asked.append(numbers)
        if self.bad & {*numbers}:
            error = self.error("refused")
            error.status = self.status
            raise error
        if self.down & {*numbers}:
            raise TransientError("away")
        return parse(HttpAnswer(200, {}, request.body))

    def note_remaining(self, remaining):
        pass


def request(number):
    return MetricRequest(str(number), "day", "UTC", (), OPTIONS, ())


def trip(requests):
    numbers = [int(it.metric) for it in requests]
    return Trip(
        (Stretch(START, Ask(HttpRequest("POST", "https://api.example/"), {}, {"numbers": numbers})),),
        find=lambda document: Found(document["numbers"]),
        # The place of a metric's answer is its place among those that were asked for with it.
        table=lambda answer, it: table({"value": [answer.rows[numbers.index(int(it.metric))]]}),
        requests=list(requests),
        serving=trip,
    )


def outcomes(client, numbers):
    """By metric its value, or the kind of its error."""
    made = trip([request(number) for number in numbers]).bound(client, HttpLimits())
    answer = made.fetch()
    found = {}
    for it in made.requests:
        try:
            found[int(it.metric)] = made.rows(answer, it)["value"].item()
        except ConnectorError as error:
            found[int(it.metric)] = type(error)
    return found


@given(METRICS, st.frozensets(st.integers(0, 40)))
def test_what_is_refused_is_refused_alone_and_everything_else_has_its_own_answer(numbers, bad):
    client = Client(bad)
    assert outcomes(client, numbers) == {number: ConfigError if number in bad else number for number in numbers}
    refused = len(bad & {*numbers})
    assert len(client.asked) <= 1 + 2 * refused * ceil(log2(max(len(numbers), 2)))


@given(METRICS, st.frozensets(st.integers(0, 40)), st.integers(0, 40))
def test_a_server_that_goes_away_between_halves_loses_no_half_before(numbers, bad, down):
    client = Client(bad, frozenset({down}))
    found = outcomes(client, numbers)
    assert all(found[number] is ConfigError for number in bad & {*numbers} if found[number] is not TransientError)
    answered = {number for asked in client.asked if not {*asked} & (bad | {down}) for number in asked}
    assert {number for number, told in found.items() if told == number and not isinstance(told, type)} == answered


@pytest.mark.parametrize(("status", "error"), [(404, ConfigError), (401, AuthError), (403, AuthError)])
def test_what_is_refused_for_all_is_asked_once(status, error):
    client = Client(frozenset({3}), status=status, error=error)
    assert set(outcomes(client, range(9)).values()) == {error}
    assert len(client.asked) == 1


@pytest.mark.parametrize(("count", "sizes"), [(0, []), (1, [1]), (5, [5]), (6, [5, 1]), (12, [5, 5, 2])])
def test_chunks_hold_all_in_order(count, sizes):
    found = list(chunks(list(range(count)), 5))
    assert [len(it) for it in found] == sizes
    assert [number for it in found for number in it] == list(range(count))
