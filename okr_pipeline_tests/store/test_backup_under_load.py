"""Backups that are taken while other processes write: each is the store as one of its batches left it."""

import os
import selectors
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count

import pandas as pd
import pytest

from okr_pipeline.store import open_store
from okr_pipeline.store.runs import Run

WRITERS = ("a", "b")
BACKUPS = 2
SERIES = 20
DAY_ZERO = datetime(2026, 1, 1, tzinfo=UTC)


class Writers:
    """Processes that write batch after batch, and after each its writer's name and how many it has written."""

    def __init__(self, url: str) -> None:
        reads, writes = os.pipe()
        command = [sys.executable, "-c", f"from {__name__} import write_until_told; write_until_told()", url]
        self._processes = [subprocess.Popen([*command, name], stdin=subprocess.PIPE, stdout=writes) for name in WRITERS]
        os.close(writes)
        self._told = os.fdopen(reads)
        self.written: dict[str, int] = {}

    def go_on(self, beyond: dict[str, int]) -> None:
        """Wait until one has committed more batches than that."""
        while all(self.written.get(name, 0) <= beyond.get(name, 0) for name in WRITERS):
            self._hear(self._told.readline())

    def stop(self) -> None:
        """Let each finish its batch."""
        for process in self._processes:
            process.stdin.close()
        for line in self._told:
            self._hear(line)
        assert [process.wait() for process in self._processes] == [0, 0]

    def kill(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait()
        self._told.close()

    def _hear(self, line: str) -> None:
        name, number = line.split()
        self.written[name] = int(number)


@pytest.fixture
def writers(store_url):
    store = open_store(store_url)
    store.upgrade()
    store.close()
    writers = Writers(store_url)
    yield writers
    writers.kill()


def test_each_backup_is_the_store_as_a_batch_left_it(store_url, writers, tmp_path):
    store = open_store(store_url)
    copies = []
    for number in range(BACKUPS):
        writers.go_on(beyond=batches_of(copies[-1]) if copies else {})
        copies.append(opened(store.backup(tmp_path / f"{number}.db")))
    writers.stop()
    assert batches_of(store) == writers.written
    known = [it.known_until() for it in copies]
    assert known == sorted(set(known))
    for copy in copies:
        assert_is_committed_state(copy, store)
    assert copies[-1].dump() == replayed(batches_of(copies[-1]), tmp_path / "again.db")
    for it in (store, *copies):
        it.close()


def opened(backup):
    """The backup as a store, which is what was said of it."""
    copy = open_store(f"sqlite:///{backup.path}")
    assert copy.known_until() == backup.known_until
    assert len(copy.observations()) == backup.rows_of["observations"]
    return copy


def assert_is_committed_state(copy, store):
    known = {"known_at": copy.known_until()}
    assert [it for it in copy.doctor() if it.status != "ok"] == []
    pd.testing.assert_frame_equal(copy.observations(), store.observations(**known))
    pd.testing.assert_frame_equal(copy.revisions(), store.revisions(**known))
    pd.testing.assert_frame_equal(copy.quarantine(), store.quarantine(**known))


def replayed(batches, path) -> str:
    """The dump of a store in which each writer wrote so many batches, one after the other."""
    store = open_store(f"sqlite:///{path}")
    store.upgrade()
    for name, written in batches.items():
        store.write(lambda batch, name=name: batch.start_run(Run(name, "run")))
        for number in range(written):
            store.write(partial(write_batch, name=name, number=number))
    try:
        return store.dump()
    finally:
        store.close()


def batches_of(store) -> dict[str, int]:
    """How many batches of each writer a store holds: each restates the first of its periods."""
    revisions = store.revisions().groupby("metric")["revision"].max()
    return {name: int(revisions[name]) for name in WRITERS if name in revisions}


def write_batch(batch, name, number):
    """Every series of a writer gets the number of the batch, its last one is withdrawn or comes back."""
    starts = pd.Series([DAY_ZERO + timedelta(days=day) for day in range(SERIES)], dtype="datetime64[us, UTC]")
    values = pd.Series([float(number)] * SERIES)
    values[SERIES - 1] = float("nan") if number % 2 else float(number)
    points = pd.DataFrame(
        {
            "metric": name, "dimensions": "{}", "period_start": starts, "period_end": starts + timedelta(days=1),
            "value": values, "weight": 1.0, "raw_value": None, "flags": "",
        }
    )  # fmt: skip
    refused = points.head(1).assign(rule="maximum", reason=f"refused {number}")
    keys = points[["metric", "dimensions", "period_start"]]
    batch.record_observations(points.dropna(subset="value"), run_id=name)
    batch.withdraw(keys.tail(1) if number % 2 else keys.head(0), run_id=name)
    batch.release(keys.head(1), resolution="superseded", run_id=name)
    batch.quarantine(refused[[*keys, "period_end", "value", "raw_value", "rule", "reason"]], run_id=name)


def write_until_told():
    """The writers' program."""
    url, name = sys.argv[1:]
    told = selectors.DefaultSelector()
    told.register(sys.stdin, selectors.EVENT_READ)
    store = open_store(url)
    store.write(lambda batch: batch.start_run(Run(name, "run")))
    for number in count():
        store.write(partial(write_batch, name=name, number=number))
        sys.stdout.write(f"{name} {number + 1}\n")
        sys.stdout.flush()
        if told.select(timeout=0):
            return
