"""Work in a child process that shares nothing with the test but its memory as it was.

Belongs here: forking, killing at a step, waiting for each other over pipes. Does not: expectations.
"""

import os
import resource
import select
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from okr_pipeline.store import Store, open_store

KILLED = 9
FAILED = 1
WAIT_SECONDS = 60


@dataclass(frozen=True)
class Signal:
    """A moment that one process waits for and another brings about."""

    reads: int
    writes: int

    @classmethod
    def new(cls) -> "Signal":
        return cls(*os.pipe())

    def give(self) -> None:
        os.write(self.writes, b".")

    def wait(self) -> None:
        """Raises TimeoutError where the other process came to nothing."""
        if not select.select([self.reads], [], [], WAIT_SECONDS)[0]:
            raise TimeoutError
        os.read(self.reads, 1)


def start(work: Callable[[], int | None]) -> int:
    """A child that works and exits with what `work` returns; its process id. An exception is printed and exits 1."""
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        return child
    code = FAILED
    try:
        code = work() or 0
    except BaseException:  # noqa: BLE001 - the child must not return into pytest
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)
    raise AssertionError


def exit_code(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def run(work: Callable[[], int | None]) -> int:
    return exit_code(start(work))


def killed(url: str, work: Callable[[Store], object], step: int) -> int:
    """Die at a step of some work on a store, or exit with 0: its steps are statements, the commit, and its return.

    SQLite gets a cache of a few pages, so that what is not committed is in the file already.
    """

    def child() -> int:
        store = open_store(url)
        steps = Steps(step)
        engine = store._database.engine
        if store._database.is_sqlite:
            sa.event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA cache_size = 10"))
        sa.event.listen(engine, "before_cursor_execute", lambda *_: steps.take())
        sa.event.listen(engine, "commit", lambda *_: steps.take())
        work(store)
        steps.take()
        return 0

    return run(child)


def count_steps(url: str, work: Callable[[Store], object]) -> int:
    """How many steps some work has; it is rolled back, and so not done."""
    reads, writes = os.pipe()

    def child() -> int:
        store = open_store(url)
        steps = Steps(0)

        def report(_: sa.Connection) -> None:
            os.write(writes, str(steps.taken).encode())
            os._exit(KILLED)

        sa.event.listen(store._database.engine, "before_cursor_execute", lambda *_: steps.take())
        sa.event.listen(store._database.engine, "commit", report)
        work(store)
        return 0

    assert run(child) == KILLED
    os.close(writes)
    with os.fdopen(reads) as told:
        return int(told.read()) + 2


def limited(work: Callable[[], int | None], *, bytes_of_a_file: int) -> int:
    """Work where no file can become larger than that, as on a full disk."""

    def child() -> int | None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_of_a_file, bytes_of_a_file))
        return work()

    return run(child)


class Steps:
    """Counts, and kills the process at one."""

    def __init__(self, last: int) -> None:
        self.taken = 0
        self._last = last

    def take(self) -> None:
        self.taken += 1
        if self.taken == self._last:
            os._exit(KILLED)


_FILE_EVENTS = {"sqlite3.connect", "os.link", "os.rename", "os.remove", "os.chmod", "os.mkdir"}


def killed_at_a_file(work: Callable[[], object], step: int) -> int:
    """Die before some work touches its n-th file, or exit with 0."""

    def child() -> int:
        steps = Steps(step)
        sys.addaudithook(lambda event, _: steps.take() if event in _FILE_EVENTS else None)
        work()
        return 0

    return run(child)
