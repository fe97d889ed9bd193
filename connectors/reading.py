"""Reading many metrics at once, of which some share one fetch.

Belongs here: threads, timing, evidence, and that one failed metric never loses the others. Does not: how rows are got.
"""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain, islice
from queue import Empty, SimpleQueue
from typing import Any, Final, Protocol, TypeAlias, TypeVar, runtime_checkable

import numpy as np

from connectors.contract import DataPointBatch, Evidence, Flag, MetricRequest, ReadFailure, Window
from connectors.errors import ConnectorError, reworded
from connectors.points import PlainRows, Rows, joined_points, response_hashes, shape, within

AnswerT = TypeVar("AnswerT")
_Outcome = DataPointBatch | ReadFailure
_MOST_ROWS: Final = 100_000
_MOST_PARTS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for one metric: `request` to read, without secrets; `fingerprint` a hash of it and the bounds."""

    request: str
    fingerprint: str
    whole: bool
    api_version: str | None = None


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

    def rows(self, answer: AnswerT, request: MetricRequest) -> Rows:
        """One metric's rows of the answer, with the columns that `to_points` wants.

        Raises:
            ConnectorError: for this metric.
        """
        ...

    def flags(self, answer: AnswerT, request: MetricRequest) -> frozenset[Flag]:
        """What the source says of the quality of one metric's values."""
        ...

    def asked(self, request: MetricRequest) -> Asked:
        """What was asked for one metric."""
        ...


@runtime_checkable
class Partial(Protocol):
    """A fetch whose answer may tell of less than the window, as where an API forgets."""

    def since(self, answer: Any, request: MetricRequest) -> datetime | None:
        """The start of the first period that one metric's answer tells of; None where that is the window's."""
        ...


def read_concurrently(
    fetches: Iterable[Fetch[AnswerT]], window: Window, concurrency: int, cancel: Callable[[], None] = lambda: None
) -> Iterator[DataPointBatch | ReadFailure]:
    """The points or the failure of every metric of every fetch, each once.

    At most `concurrency` fetches run at a time, and as many answers wait to be taken. Answers are made into points
    many at a time, which costs a fraction of one by one. Where a read is left half way or interrupted, `cancel` is
    called before what still runs is waited for.
    """
    parts: list[_Part] = []
    rows = 0
    for arrival in _arrivals(fetches, concurrency, cancel):
        for outcome in arrival:
            if isinstance(outcome, ReadFailure):
                yield outcome
            else:
                parts.append(outcome)
                rows += len(outcome.rows)
        if rows >= _MOST_ROWS or len(parts) >= _MOST_PARTS:
            yield from _batches(parts, window)
            parts, rows = [], 0
    yield from _batches(parts, window)


def failure(request: MetricRequest, error: ConnectorError) -> ReadFailure:
    """A metric's failure, with its id in front of the message."""
    named = reworded(error, f"Metric {request.metric}: {error}")
    named.metric = request.metric
    return ReadFailure(request.metric, named)


@dataclass(frozen=True, slots=True)
class _Part:
    """One metric's rows of an answer, not yet points."""

    request: MetricRequest
    rows: Rows
    flags: frozenset[Flag]
    asked: Asked
    since: datetime | None
    fetched_at: datetime
    elapsed_seconds: float


_Arrival = list[_Part | ReadFailure]
_Todo: TypeAlias = "SimpleQueue[Fetch[AnswerT] | None]"
"""Fetches to be made; None sends a thread home."""


def _arrivals(fetches: Iterable[Fetch[AnswerT]], concurrency: int, cancel: Callable[[], None]) -> Iterator[_Arrival]:
    """What became of each fetch, as it comes.

    By queues, not futures: to wait for the first of forty futures takes longer than to read most answers.
    """
    waiting = iter(fetches)
    todo: _Todo[AnswerT] = SimpleQueue()
    arrived: SimpleQueue[_Arrival | BaseException] = SimpleQueue()
    crew: list[threading.Thread] = []
    done_with_all = False
    try:
        ahead = _hand_out(waiting, 2 * concurrency, todo)
        crew.extend(threading.Thread(target=_work, args=(todo, arrived)) for _ in range(min(concurrency, ahead)))
        for thread in crew:
            thread.start()
        while ahead:
            arrival = arrived.get()
            if isinstance(arrival, BaseException):
                raise arrival
            yield arrival
            ahead += _hand_out(waiting, 1, todo) - 1
        done_with_all = True
    finally:
        if not done_with_all:
            cancel()
        _dismiss(crew, todo)


def _hand_out(waiting: Iterator[Fetch[AnswerT]], most: int, todo: "_Todo[AnswerT]") -> int:
    """Hand out so many fetches, or all there are: how many."""
    handed_out = 0
    for fetch in islice(waiting, most):
        todo.put(fetch)
        handed_out += 1
    return handed_out


def _work(todo: "_Todo[AnswerT]", arrived: "SimpleQueue[_Arrival | BaseException]") -> None:
    while (fetch := todo.get()) is not None:
        try:
            arrived.put(_arrival(fetch))
        except BaseException as error:  # noqa: BLE001 - whoever reads raises it
            arrived.put(error)


def _dismiss(crew: Sequence[threading.Thread], todo: "_Todo[AnswerT]") -> None:
    """Let no more fetches begin, and wait for those that did."""
    with suppress(Empty):
        while True:
            todo.get_nowait()
    for _ in crew:
        todo.put(None)
    for thread in crew:
        if thread.ident is not None:
            thread.join()


def _arrival(fetch: Fetch[AnswerT]) -> _Arrival:
    fetched_at, started = datetime.now(UTC), time.monotonic()
    try:
        answer = fetch.fetch()
    except ConnectorError as error:
        return [failure(request, error) for request in fetch.requests]
    elapsed = time.monotonic() - started
    return [_part(fetch, answer, request, fetched_at, elapsed) for request in fetch.requests]


def _part(
    fetch: Fetch[AnswerT], answer: AnswerT, request: MetricRequest, fetched_at: datetime, elapsed: float
) -> _Part | ReadFailure:
    try:
        rows, flags = fetch.rows(answer, request), fetch.flags(answer, request)
        if isinstance(rows, PlainRows):
            flags |= rows.flags
        since = fetch.since(answer, request) if isinstance(fetch, Partial) else None
        return _Part(request, rows, flags, fetch.asked(request), since, fetched_at, elapsed)
    except ConnectorError as error:
        return failure(request, error)


def _batches(parts: Iterable[_Part], window: Window) -> Iterator[_Outcome]:
    groups: dict[Hashable, list[_Part]] = defaultdict(list)
    for part in parts:
        groups[part.asked.whole, shape(part.request, part.rows)].append(part)
    for group in groups.values():
        yield from _batch(group, window)


def _batch(parts: list[_Part], window: Window) -> Iterator[_Outcome]:
    try:
        points = joined_points([(part.request, part.rows) for part in parts])
    except ConnectorError as error:
        # One by one, the good ones are saved, and the error names the row of its own metric.
        one_by_one = (
            [_batch([part], window) for part in parts] if len(parts) > 1 else [[failure(parts[0].request, error)]]
        )
        yield from chain.from_iterable(one_by_one)
        return
    owners = np.repeat(np.arange(len(parts)), [len(part.rows) for part in parts])
    if not parts[0].asked.whole:
        inside = within(points["period_start"], window)
        points, owners = points[inside].reset_index(drop=True), owners[inside]
    counts = np.bincount(owners, minlength=len(parts)).tolist()
    evidence = {
        part.request.metric: _evidence(part, count, digest)
        for part, count, digest in zip(parts, counts, response_hashes(points, counts), strict=True)
    }
    flags = {part.request.metric: part.flags for part in parts if part.flags}
    yield DataPointBatch(points, evidence, flags)


def _evidence(part: _Part, count: int, digest: str) -> Evidence:
    return Evidence(
        request=part.asked.request,
        fingerprint=part.asked.fingerprint,
        response_hash=digest,
        row_count=count,
        fetched_at=part.fetched_at,
        elapsed_seconds=part.elapsed_seconds,
        whole=part.asked.whole,
        api_version=part.asked.api_version,
        since=part.since,
    )
