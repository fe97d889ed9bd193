"""Sessions of a database or warehouse that are used again.

Belongs here: which session a fetch takes, and whether it is used again. Does not: opening one.
"""

import queue
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """What gives its connection back."""

    def close(self) -> None:
        """Must not raise."""
        ...


SessionT = TypeVar("SessionT", bound=Closable)


def _never(error: BaseException) -> bool:  # noqa: ARG001 - whatever it is
    return False


@dataclass(slots=True, repr=False)
class Pool(Generic[SessionT]):
    """Idle sessions, for many threads. `outlives` says after which errors one is used again."""

    opened: Callable[[], SessionT]
    outlives: Callable[[BaseException], bool] = _never
    _idle: "queue.SimpleQueue[SessionT]" = field(default_factory=queue.SimpleQueue, init=False)

    def renew(self, sessions: int = 1) -> None:
        """Open so many anew; those that were idle are closed."""
        self.close()
        for _ in range(sessions):
            self._idle.put(self.opened())

    def close(self) -> None:
        """Close all that are idle."""
        while True:
            try:
                self._idle.get_nowait().close()
            except queue.Empty:
                return

    @contextmanager
    def session(self) -> Iterator[SessionT]:
        """An idle session, or a new one; one that failed is not used again."""
        try:
            session = self._idle.get_nowait()
        except queue.Empty:
            session = self.opened()
        try:
            yield session
        except BaseException as error:
            if self.outlives(error):
                self._idle.put(session)
            else:
                session.close()
            raise
        self._idle.put(session)
