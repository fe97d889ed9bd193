"""Processes that start at once with everything imported, tell what they do, and can be killed in the middle of it.

Belongs here: starting, hearing, killing. Does not: what they do (tasks).

Importing Dagster and Great Expectations costs seconds, so a fork server imports them once and forks each process. A
process has its own connections, files and locks, because none are open when it is forked.
"""

import multiprocessing
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any, Final

MOST_SECONDS: Final = 120
"""Far more than anything here takes: what is not done by then hangs."""

_started: "list[Child]" = []
FORKS: Final = multiprocessing.get_context("forkserver")
"""Makes processes of the one server that has imported everything; commands are forked from it, too."""
FORKS.set_forkserver_preload(["pytest", "okr_pipeline_tests.durability.warm"])


class Hung(AssertionError):  # noqa: N818 - it names what became of a process
    """A process said nothing for longer than it may take."""


class Failed(AssertionError):  # noqa: N818
    """A process ended by an error; the message is its traceback."""


@dataclass
class Child:
    """A running process. `heard` is all it has told so far: the names of its calls and what it committed."""

    process: Any
    pipe: Connection
    heard: list[object] = field(default_factory=list)
    result: object = None
    has_ended: bool = False

    def hear(self, seconds: float = MOST_SECONDS) -> bool:
        """Whether it told something within so many seconds; False at once when it has ended."""
        if not self.pipe.poll(seconds):
            return False
        try:
            kind, said = self.pipe.recv()
        except (EOFError, ConnectionResetError):
            self.has_ended = True
            return False
        if kind == "failed":
            self.process.join(MOST_SECONDS)
            raise Failed(said)
        if kind == "done":
            self.result, self.has_ended = said, True
            return False
        self.heard.append(said)
        return True

    def kill(self) -> bool:
        """Kill it with signal 9 and hear its last words; False when it had ended by itself before."""
        self.process.kill()
        while self.hear():
            pass
        self.process.join(MOST_SECONDS)
        self.pipe.close()
        return bool(self.process.exitcode == -9)

    def end(self) -> object:
        """What its task returns.

        Raises:
            Failed: it ended by an error, or was killed.
            Hung: it does not end.
        """
        while self.hear():
            pass
        self.process.join(MOST_SECONDS)
        if self.process.exitcode is None:
            self.process.kill()
            raise Hung(f"after {self.heard[-3:]}")
        self.pipe.close()
        if self.process.exitcode != 0:
            raise Failed(f"exit {self.process.exitcode} after {self.heard[-3:]}")
        return self.result


def start(task: Callable[..., object], *arguments: object) -> Child:
    """Start `task(pipe, *arguments)` in a process of its own; `task` must be importable."""
    ours, theirs = FORKS.Pipe()
    process = FORKS.Process(target=_perform, args=(theirs, task, arguments), daemon=True)
    process.start()
    theirs.close()
    _started.append(Child(process, ours))
    return _started[-1]


def start_doomed(
    watch: Callable[[Callable[[], None]], object], task: Callable[..., object], *arguments: object
) -> Child:
    """The same with a watcher in another thread, which is handed what kills the process.

    A process may get as far as the watcher waits for before whoever starts it is told that it is there; so the kill
    waits for that.
    """
    started: Future[Child] = Future()

    def kill() -> None:
        started.result(MOST_SECONDS).process.kill()

    watch(kill)
    started.set_result(start(task, *arguments))
    return started.result()


def call(task: Callable[..., object], *arguments: object) -> Any:
    """What a task returns, run in a process of its own."""
    return start(task, *arguments).end()


def kill_all_started() -> None:
    """Kill what still runs of all that was started, which is something only where a test failed."""
    while _started:
        child = _started.pop().process
        child.kill()
        child.join(MOST_SECONDS)


def first_to_tell(children: list[Child], seconds: float = MOST_SECONDS) -> list[Child]:
    """Those of some processes that have something to tell, waiting for the first."""
    ready = wait([child.pipe for child in children], seconds)
    return [child for child in children if child.pipe in ready]


def _perform(pipe: Connection, task: Callable[..., object], arguments: tuple[object, ...]) -> None:
    try:
        pipe.send(("done", task(pipe, *arguments)))
    except BaseException:
        pipe.send(("failed", traceback.format_exc()))
        raise
