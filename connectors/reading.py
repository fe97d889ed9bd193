"""Reading many metrics at once, of which some share one fetch.

Belongs here: threads, timing, evidence, and that one failed metric never loses the others. Does not: how rows are got.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Generic, Protocol, TypeVar

import pandas as pd

from connectors.contract import DataPointBatch, Evidence, MetricRequest, ReadFailure, Window
from connectors.errors import ConnectorError
from connectors.points import response_hash, to_points, within

AnswerT = TypeVar("AnswerT")
_Outcome = DataPointBatch | ReadFailure


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for one metric: `request` to read, without secrets; `fingerprint` a hash of it and the bounds."""

    request: str
    fingerprint: str
    whole: bool


class Fetch(Protocol[AnswerT]):
    """One trip to a source, whose answer serves one or many metrics."""

    @property
    def requests(self) -> Sequence[MetricRequest]:
        """The metrics it serves, at least one."""
        ...

    def fetch(self) -> AnswerT:
        """Go. Called once, in a thread of its own.

        Raises:
            ConnectorError: for all metrics; the message need not name them.
        """
        ...

    def rows(self, answer: AnswerT, request: MetricRequest) -> pd.DataFrame:
        """One metric's rows of the answer, with the columns that `to_points` wants.

        Raises:
            ConnectorError: for this metric.
        """
        ...

    def asked(self, request: MetricRequest) -> Asked:
        """What was asked for one metric."""
        ...


def read_concurrently(
    fetches: Iterable[Fetch[AnswerT]], window: Window, concurrency: int
) -> Iterator[DataPointBatch | ReadFailure]:
    """The points or the failure of every metric of every fetch, each once, in the order in which they arrive.

    At most `concurrency` fetches run at a time, and as many answers wait to be taken.
    """
    waiting = iter(fetches)
    with ThreadPoolExecutor(concurrency, thread_name_prefix="read") as pool:
        running: set[Future[list[_Outcome]]] = set()
        try:
            while True:
                room = 2 * concurrency - len(running)
                running |= {pool.submit(_outcomes, fetch, window) for fetch in islice(waiting, room)}
                if not running:
                    return
                done, running = wait(running, return_when=FIRST_COMPLETED)
                for future in done:
                    yield from future.result()
        finally:
            pool.shutdown(cancel_futures=True)


def failure(request: MetricRequest, error: ConnectorError) -> ReadFailure:
    """A metric's failure, with its id in front of the message."""
    # Not copy.copy: it calls the class again, and the constructor of QuotaExhausted wants more than a message.
    named = type(error).__new__(type(error))
    named.__dict__.update(error.__dict__)
    named.args = (f"Metric {request.metric}: {error}",)
    return ReadFailure(request.metric, named)


@dataclass(frozen=True, slots=True)
class _Arrival(Generic[AnswerT]):
    answer: AnswerT
    fetched_at: datetime
    elapsed_seconds: float


def _outcomes(fetch: Fetch[AnswerT], window: Window) -> list[_Outcome]:
    fetched_at, started = datetime.now(UTC), time.monotonic()
    try:
        answer = fetch.fetch()
    except ConnectorError as error:
        return [failure(request, error) for request in fetch.requests]
    arrival = _Arrival(answer, fetched_at, time.monotonic() - started)
    return [_outcome(fetch, request, arrival, window) for request in fetch.requests]


def _outcome(fetch: Fetch[AnswerT], request: MetricRequest, arrival: _Arrival[AnswerT], window: Window) -> _Outcome:
    try:
        points = to_points(fetch.rows(arrival.answer, request), request)
    except ConnectorError as error:
        return failure(request, error)
    asked = fetch.asked(request)
    if not asked.whole:
        points = within(points, window)
    evidence = Evidence(
        request=asked.request,
        fingerprint=asked.fingerprint,
        response_hash=response_hash(points),
        row_count=len(points),
        fetched_at=arrival.fetched_at,
        elapsed_seconds=arrival.elapsed_seconds,
        whole=asked.whole,
    )
    return DataPointBatch(points, {request.metric: evidence})
