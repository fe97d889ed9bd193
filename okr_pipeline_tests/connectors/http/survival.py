"""What every HTTP connector must live through, whatever it asks: one line in `test_survival.py` per connector.

Belongs here: every fault, and 500 hostile answers, against a connector. Does not: the faults themselves (faults).
"""

import json
import resource
import threading
import time
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar, Protocol

import pytest

from connectors.contract import Connector, DataPointBatch, Metered, MetricRequest, ReadFailure, Source
from connectors.errors import ConnectorError, QuotaExhausted
from connectors.http.client import Clock
from okr_pipeline_tests.connectors.conformance import MARCH, SECRET, midnight
from okr_pipeline_tests.connectors.http.faults import FAULTS, hostile
from okr_pipeline_tests.connectors.http.server import Reply, Seen, Server, reply

HOSTILE = 500
TIMEOUT = "20s"
SHORT_SECONDS = 0.4
SHORTEST_SECONDS = 0.1
MOST_BYTES = 8_000_000
"""The cap of most connectors here, which costs less to reach than the one that sources have."""
GRACE_SECONDS = 2
MOST_GROWTH_KB = 200 * 1024


class FastClock:
    """A clock that jumps over every wait, and remembers it."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self._lock = threading.Lock()

    def clock(self) -> Clock:
        return Clock(
            monotonic=lambda: time.monotonic() + sum(self.slept),
            now=lambda: datetime.now(UTC) + timedelta(seconds=sum(self.slept)),
            chance=lambda: 0.5,
            sleep=self._sleep,
        )

    def _sleep(self, _: threading.Event, seconds: float) -> None:
        with self._lock:
            self.slept.append(seconds)


class HttpSubject(Protocol):
    """A connector and what a server would rightly say to it."""

    connector: Connector
    method: str
    good: bytes
    values: tuple[float, ...]

    def over(self, url: str, clock: Clock, **settings: Any) -> Source:
        """The connector over a server, with SECRET as its login."""

    def request(self, metric: str, number: int = 0) -> MetricRequest:
        """Requests of other numbers are asked apart, and say theirs."""

    def number(self, seen: Seen) -> int:
        """The number that a request says."""


class Survival:
    """The tests. A subclass names a `subject`."""

    subject: ClassVar[type]

    @pytest.fixture
    def it(self, request: pytest.FixtureRequest) -> HttpSubject:
        return self.subject(request)

    @pytest.mark.parametrize("name", FAULTS)
    def test_a_fault_that_stays_is_a_typed_error_of_its_metric(self, it, name):
        fault, clock = FAULTS[name], FastClock()
        with Server(lambda seen: fault.make(it.good)) as server:
            began = time.monotonic()
            outcome = read(it, server, clock, name, SHORTEST_SECONDS)
            took = time.monotonic() - began
            asked = len(server.seen)
        assert isinstance(outcome, ReadFailure), outcome
        wanted = fault.posted if it.method == "POST" and fault.posted else fault.error
        assert type(outcome.error) is wanted, outcome.error
        assert str(outcome.error).startswith(f"Metric amount: {it.method} 127.0.0.1:{server.port}/")
        assert SECRET not in f"{outcome.error!r} {outcome.error.__cause__} {outcome.error.__context__}"
        if "slow" in name:
            assert took <= asked * SHORTEST_SECONDS + GRACE_SECONDS
        if "100 MB" in name or "bomb" in name:
            assert "max_bytes" in str(outcome.error)
        if isinstance(outcome.error, QuotaExhausted):
            assert outcome.error.until >= datetime.now(UTC) + timedelta(seconds=fault.waits - 1)

    @pytest.mark.parametrize("name", [name for name, fault in FAULTS.items() if fault.passes])
    def test_a_fault_that_passes_is_waited_for(self, it, name):
        fault, clock = FAULTS[name], FastClock()
        with Server(lambda seen: fault.make(it.good) if len(server.seen) == 1 else reply(200, it.good)) as server:
            outcome = read(it, server, clock, name)
            assert len(server.seen) == 2
        assert isinstance(outcome, DataPointBatch), outcome
        assert tuple(sorted(outcome.points["value"])) == it.values
        assert sum(clock.slept) >= fault.waits

    def test_what_it_asks_is_counted(self, it):
        clock = FastClock()
        fault, left = FAULTS["500"], {"X-RateLimit-Remaining": "17"}
        with Server(lambda seen: fault.make(it.good) if len(server.seen) == 1 else reply(200, it.good, left)) as server:
            source = it.over(server.url, clock.clock())
            list(source.read([one_day(it, "amount")], MARCH))
            source.close()
        assert isinstance(source, Metered)
        cost = source.traffic()
        assert (cost.requests, cost.retries, cost.remaining) == (2, 1, {"requests": 17})
        assert cost.received_bytes >= len(it.good)
        assert cost.waited_seconds == sum(clock.slept) > 0

    def test_a_server_that_asks_for_a_day_is_asked_once(self, it):
        with Server(lambda seen: FAULTS["429, a day"].make(it.good)) as server:
            source = it.over(server.url, FastClock().clock(), concurrency=1)
            outcomes = list(source.read([one_day(it, str(number), number) for number in range(20)], MARCH))
            source.close()
            assert len(server.seen) == 1
        assert [type(outcome.error) for outcome in outcomes] == [QuotaExhausted] * 20

    def test_a_server_that_is_away_is_not_tried_again_for_each_metric(self, it):
        with Server(lambda seen: FAULTS["500"].make(it.good)) as server:
            source = it.over(server.url, FastClock().clock(), concurrency=1)
            outcomes = list(source.read([one_day(it, str(number), number) for number in range(20)], MARCH))
            source.close()
            assert len(server.seen) <= 20 + 4
        assert all(isinstance(outcome, ReadFailure) for outcome in outcomes)

    def test_a_read_that_is_left_ends_at_once_though_the_server_is_slow(self, it):
        begun = threading.Event()

        def answer(seen: Seen) -> Reply:
            if it.number(seen) == 0:
                return reply(200, it.good)
            begun.set()
            return FAULTS["slow body"].make(it.good)

        with Server(answer) as server:
            source = it.over(server.url, FastClock().clock(), request_timeout="60s")
            reading = source.read(
                [one_day(it, "a"), *(one_day(it, str(number), number) for number in range(1, 9))], MARCH
            )
            thread = threading.Thread(target=lambda: list(reading), daemon=True)
            thread.start()
            assert begun.wait(10)
            source.close()
            thread.join(5)
            assert not thread.is_alive()

    def test_hostile_answers_lose_no_other_metric_and_no_memory(self, it):
        def answer(seen: Seen) -> Reply:
            number = it.number(seen)
            return reply(200, it.good) if number == HOSTILE else hostile(number, it.good)

        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with Server(answer) as server:
            source = it.over(server.url, FastClock().clock(), attempts=1, concurrency=8, patience="24h")
            outcomes = list(source.read([one_day(it, str(number), number) for number in range(HOSTILE + 1)], MARCH))
            source.close()
        failed = {outcome.metric: outcome.error for outcome in outcomes if isinstance(outcome, ReadFailure)}
        [batch] = [outcome for outcome in outcomes if isinstance(outcome, DataPointBatch)]
        assert sorted(failed, key=int) == [str(number) for number in range(HOSTILE)]
        assert all(isinstance(error, ConnectorError) for error in failed.values())
        assert all(str(error).startswith(f"Metric {metric}: {it.method} 127.0.0.1") for metric, error in failed.items())
        assert SECRET not in json.dumps([repr(error) for error in failed.values()])
        assert list(batch.evidence) == [str(HOSTILE)]
        assert tuple(sorted(batch.points["value"])) == it.values
        assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < MOST_GROWTH_KB


def one_day(it: HttpSubject, metric: str, number: int = 0) -> MetricRequest:
    """A request that one ask answers, also where each day is asked for."""
    return replace(it.request(metric, number), boundaries=(midnight(date(2013, 3, 9)), midnight(date(2013, 3, 10))))


def read(
    it: HttpSubject, server: Server, clock: FastClock, name: str, short: float = SHORT_SECONDS
) -> DataPointBatch | ReadFailure:
    """What is slow gets little time; what is not gets more than it needs on a busy machine."""
    slow = {"request_timeout": f"{short * 1_000:.0f}ms", "attempts": 2}
    settings = slow if "slow" in name else {"request_timeout": TIMEOUT}
    source = it.over(server.url, clock.clock(), **settings)
    try:
        [outcome] = source.read([one_day(it, "amount")], MARCH)
    finally:
        source.close()
    return outcome
