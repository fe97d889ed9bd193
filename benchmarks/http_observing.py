"""The whole way of a rest source beside its peers: 1,000 requests of 50 ms, 20 at a time, read, judged and upserted.

    python benchmarks/http_observing.py [rounds]

The server of `http_client.py` answers 1,000 metrics of 31 days. The use case `observe` reads them, has Great
Expectations judge them and upserts them, with history, evidence and run state in the same transaction, into an empty
store. dlt loads into one table of an empty database and judges nothing: by its rest_api, whose resources go one after
another, and by a resource of one's own whose requests are deferred to threads, which is as fast as it goes. rest_api's
seconds are those of 100 requests, scaled tenfold. Contestants take turns, and medians are printed: wall time, which the
goal is about, and CPU seconds, the database server's among them. What imports take is not counted.

Last it prints what a declared rate limit was used to, in turns a second, and how often the server had to say 429.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from contest import PEERS, cpu_seconds
from http_client import CONCURRENCY, COUNT, LIMIT_SECONDS, served

from connectors.http.client import HttpClient
from connectors.http.requests import HttpAnswer, HttpRequest
from connectors.http.settings import HttpSettings
from okr_pipeline.application.observing import observe
from okr_pipeline.application.runs import Run
from okr_pipeline.application.workspace import open_for_writing
from okr_pipeline.model.calendar import Period
from okr_pipeline_tests.conftest import create_cluster, destroy_cluster
from okr_pipeline_tests.connectors.http.server import Reply, Seen, Server, json_reply

PEER = Path(__file__).with_name("dlt_http.py")
PEER_WAYS = {"dlt, deferred requests": 1, "dlt rest_api": 10}
JANUARY = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
ROWS = 31 * COUNT
ALLOWED, PER_SECONDS, LIMITED_SECONDS = 100, 4.0, 12.0

PROJECT = """\
name: Measured
timezone: UTC
as_of: 2026-02-01
history_starts: 2026-01-01
"""
SOURCE = """\
sources:
  api: {{connector: rest, base_url: "{address}", allow_private_hosts: true, concurrency: {concurrency}}}
"""
METRIC = """\
  m{number}:
    source: api
    path: /{number}
    rows: data
    grain: day
    unit: count
    better: higher
    rollup: sum
    expect: {{min: 0, max: 100000, max_change: 9}}
"""


def main(rounds: int) -> None:
    print(f"{COUNT:,} requests of 50 ms, {CONCURRENCY} at a time; the least that they can take is {LIMIT_SECONDS:g} s")
    address, stop = served()
    try:
        with server() as (new_database, postmaster), tempfile.TemporaryDirectory() as directory:
            places = {
                "SQLite": (lambda: f"sqlite:///{directory}/{uuid4().hex}.db", None),
                "PostgreSQL": (new_database, postmaster),
            }
            for name, (new_url, process) in places.items():
                contest(name, address, new_url, process, rounds)
    finally:
        stop()
    limited()


def contest(name: str, address: str, new_url: Callable[[], str], process: int | None, rounds: int) -> None:
    contestants = {"okr observe": lambda: observed(address, new_url(), process)}
    if PEERS.exists():
        contestants |= {
            way: lambda way=way, scaled=scaled: peer(way, address, new_url(), process, scaled)
            for way, scaled in PEER_WAYS.items()
        }
    else:
        print(f"dlt is missing: there is no {PEERS}. `make bench` makes it.")
    taken = {way: [] for way in contestants}
    observed(address, new_url(), process)  # what is imported when it is first needed is there now
    for _ in range(rounds):
        for way, contestant in contestants.items():
            taken[way].append(contestant())
    print(f"\n{name:<24}{'wall':>8}{'of limit':>10}{'CPU':>8}")
    for way, results in taken.items():
        wall, cpu = (statistics.median(part) for part in zip(*results, strict=True))
        print(f"{way:<24}{wall:>8.2f}{wall / LIMIT_SECONDS:>9.2f}×{cpu:>8.2f}")


def observed(address: str, url: str, process: int | None) -> tuple[float, float]:
    """The use case on a new project and an empty store."""
    with tempfile.TemporaryDirectory() as directory:
        workspace = open_for_writing(written(Path(directory), address), store_url=url)
        run = Run(str(uuid4()), workspace.as_of(), "backfill")
        wall, cpu = time.perf_counter(), cpu_seconds(process)
        report = observe(workspace, "api", run=run, window=JANUARY)
        taken = time.perf_counter() - wall, cpu_seconds(process) - cpu
        assert not report.in_part, report.failures or report.refused
        assert report.recorded == ROWS, report.recorded
        workspace.store.close()
    return taken


def written(directory: Path, address: str) -> Path:
    config = directory / "config"
    for name in ("sources", "metrics"):
        (config / name).mkdir(parents=True)
    (config / "project.yaml").write_text(PROJECT)
    (config / "sources" / "all.yaml").write_text(SOURCE.format(address=address, concurrency=CONCURRENCY))
    metrics = "".join(METRIC.format(number=number) for number in range(COUNT))
    (config / "metrics" / "all.yaml").write_text(f"metrics:\n{metrics}")
    return config


def peer(way: str, address: str, url: str, process: int | None, scaled: int) -> tuple[float, float]:
    """dlt in its own environment, which it has imported before it begins."""
    arguments = [way, address, str(COUNT // scaled), str(CONCURRENCY), url, str(process or 0)]
    done = subprocess.run([PEERS, PEER, *arguments], capture_output=True, check=False, text=True)
    assert done.returncode == 0, done.stderr
    wall, cpu, rows = json.loads(done.stdout.splitlines()[-1])
    assert rows == ROWS // scaled, rows
    return wall * scaled, cpu * scaled


@contextmanager
def server() -> Iterator[tuple[Callable[[], str], int]]:
    """How a new database on a private server is made, and the server's process."""
    cluster = create_cluster()

    def new_database() -> str:
        name = f"contest_{uuid4().hex}"
        engine = sa.create_engine(cluster.url, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
        with engine.connect() as connection:
            connection.exec_driver_sql(f"CREATE DATABASE {name}")
        return cluster.url.set(database=name).render_as_string(hide_password=False)

    try:
        postmaster = int((cluster.directory / "data" / "postmaster.pid").read_text().splitlines()[0])
        yield new_database, postmaster
    finally:
        destroy_cluster(cluster)


class Limiter:
    """A server that allows so many requests in any stretch of time, says 429 to those beyond, and remembers when."""

    def __init__(self) -> None:
        self.arrivals: deque[float] = deque()
        self.every: list[float] = []
        self.refused, self.most = 0, 0

    def __call__(self, seen: Seen) -> Reply:  # noqa: ARG002 - whatever it asks
        now = time.monotonic()
        while self.arrivals and self.arrivals[0] <= now - PER_SECONDS:
            self.arrivals.popleft()
        self.arrivals.append(now)
        self.every.append(now)
        self.most = max(self.most, len(self.arrivals))
        if len(self.arrivals) > ALLOWED:
            self.refused += 1
            return json_reply({}, 429, {"Retry-After": "1"})
        return json_reply({"data": []})


def limited() -> None:
    """As many requests as go through in some stretches of the limit, beside as many as it allows."""
    limiter = Limiter()
    settings = {"allow_private_hosts": True, "concurrency": CONCURRENCY}
    limit = {"requests": ALLOWED, "per": f"{PER_SECONDS:g}s"}
    with Server(limiter) as api, tempfile.TemporaryDirectory() as directory, ThreadPoolExecutor(CONCURRENCY) as pool:
        client = HttpClient(HttpSettings(base_url=api.url, rate_limit=limit, **settings), Path(directory))
        requests = [
            HttpRequest("GET", f"{api.url}/{number}")
            for number in range(round(ALLOWED * LIMITED_SECONDS / PER_SECONDS))
        ]
        list(pool.map(lambda request: client.send(request, HttpAnswer.json), requests))
        client.close()
    # A stretch's requests may come at its beginning: beginnings are what is compared.
    took = limiter.every[-ALLOWED] - limiter.every[0]
    least = PER_SECONDS * (len(requests) / ALLOWED - 1)
    print(f"\nA rate limit of {ALLOWED} in {PER_SECONDS:g} s, {len(requests):,} requests:")
    print(f"used to {least / took:.1%}; at most {limiter.most} arrived in any {PER_SECONDS:g} s;", end=" ")
    print(f"{limiter.refused / len(limiter.every):.2%} of answers were 429")


if __name__ == "__main__":
    os.environ["PYTHONWARNINGS"] = "ignore"
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
