"""A store that tells of every call: the seam through which a run is followed, stopped and killed at any point.

Belongs here: passing calls on and telling of them. Does not: what is then done (tasks).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, Final

BEFORE_COMMIT: Final = "before COMMIT"


@dataclass(frozen=True)
class Committed:
    """A batch that `Store.write` has returned from: when it was recorded, and what each of its verbs said it wrote."""

    recorded_at: datetime
    wrote: tuple[tuple[str, int], ...]
    steps: tuple[tuple[str, str], ...]


@dataclass
class WatchedBatch:
    """A batch that tells of every verb."""

    batch: Any
    tell: Callable[[object], None]
    wrote: list[tuple[str, int]] = field(default_factory=list)
    steps: list[tuple[str, str]] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.batch, name)
        return self._watched(name, attribute) if callable(attribute) else attribute

    def _watched(self, name: str, verb: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(verb)
        def watched(*arguments: Any, **named: Any) -> Any:
            result = verb(*arguments, **named)
            if result is not None:
                self.wrote.append((name, int(result) if isinstance(result, int) else len(result)))
            if name == "add_step":
                self.steps.append((arguments[0], arguments[1]))
            self.tell(f"batch.{name}")
            return result

        return watched


@dataclass
class WatchedStore:
    """A store that tells of every call after it was made, of every COMMIT before it is sent and after it was answered.

    Calls that are made while a batch is open are told as `during.<name>`.
    """

    store: Any
    tell: Callable[[object], None]
    in_batch: bool = False

    def write(self, work: Callable[[Any], Any], **named: Any) -> Any:
        batches: list[WatchedBatch] = []

        def watched(batch: Any) -> Any:
            self.in_batch = True
            batches.append(WatchedBatch(batch, self.tell))
            result = work(batches[-1])
            self.tell(BEFORE_COMMIT)
            return result

        try:
            result = self.store.write(watched, **named)
        finally:
            self.in_batch = False
        last = batches[-1]
        self.tell(Committed(last.batch.recorded_at, tuple(last.wrote), tuple(last.steps)))
        return result

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self.store, name)
        if not callable(attribute):
            return attribute

        @wraps(attribute)
        def watched(*arguments: Any, **named: Any) -> Any:
            result = attribute(*arguments, **named)
            self.tell(f"{'during.' if self.in_batch else ''}{name}")
            return result

        return watched
