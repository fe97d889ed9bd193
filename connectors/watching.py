"""Stopping calls that take too long or are no longer wanted, from another thread.

Belongs here: deadlines and cancellation of what blocks inside a driver. Does not: how one kind of call is stopped.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from types import TracebackType
from typing import Final, Self

from connectors.errors import TransientError

_SECONDS_BETWEEN_STOPS: Final = 0.1
_SECONDS_TO_END: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class _Call:
    stop: Callable[[], None]
    deadline: float


class Watch:
    """Watches the calls of one read. Leaving it ends its thread.

    >>> with Watch(timedelta(seconds=60)) as watch:
    ...     with watch.over(lambda: print("stop!")):
    ...         pass
    """

    def __init__(self, timeout: timedelta) -> None:
        self._timeout = timeout.total_seconds()
        self._changed = threading.Condition()
        self._calls: set[_Call] = set()
        self._cancelled = self._left = False
        self._thread: threading.Thread | None = None
        self._wakes_at = float("inf")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        with self._changed:
            self._left = True
            self._changed.notify()

    @contextmanager
    def over(self, stop: Callable[[], None], grace: timedelta = timedelta(0)) -> Iterator[None]:
        """Watch the call that is made inside.

        Once the timeout and the grace are over, or after `cancel`, `stop` is called again and again until the call
        ends: one that is just about to begin does not hear the first. `stop` must not raise, and is never called after
        the end.

        Raises:
            TransientError: the watch was cancelled before.
        """
        call = _Call(stop, time.monotonic() + self._timeout + grace.total_seconds())
        self._add(call)
        try:
            yield
        finally:
            with self._changed:
                self._calls.discard(call)
                if self._cancelled:
                    self._changed.notify_all()

    def cancel(self) -> None:
        """Stop every call, now and from now on, and wait a while until all have ended."""
        with self._changed:
            self._cancelled = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._calls, _SECONDS_TO_END)

    def _add(self, call: _Call) -> None:
        with self._changed:
            if self._cancelled:
                raise TransientError("The read was cancelled. Run again.")
            self._calls.add(call)
            if self._thread is None:
                self._thread = threading.Thread(target=self._look_after, name="watch", daemon=True)
                self._thread.start()
            if call.deadline < self._wakes_at:
                self._changed.notify()

    def _look_after(self) -> None:
        with self._changed:
            while not self._left:
                now = time.monotonic()
                due = [call for call in self._calls if self._cancelled or call.deadline <= now]
                for call in due:
                    call.stop()
                next_at = min((call.deadline for call in self._calls), default=float("inf"))
                self._wakes_at = now + _SECONDS_BETWEEN_STOPS if due else next_at
                self._changed.wait(min(self._wakes_at - time.monotonic(), threading.TIMEOUT_MAX))
