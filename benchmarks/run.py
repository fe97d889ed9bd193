"""The whole run, as a process from start to end: 1,000 metrics of 90 days and 1,000 key results, then much more.

Run as `python benchmarks/run.py [small|large|all]`. The peer is a dlt pipeline that does extraction and loading alone:
no validation, no history of revisions, no scores, no alerts, no page. Both read the same table `kpi`.

CPU seconds of the process, its children and, where there is one, the database server; memory is the most the process
held. `imports` is what loading the libraries alone costs, great_expectations included where new values are judged.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from company import Company, build_warehouse, values, write_project
from contest import PEERS, server_cpu_seconds

from okr_pipeline_tests.conftest import create_cluster, destroy_cluster

SMALL = Company(metrics=1_000, key_results=1_000)
APART = Company(metrics=1_000, key_results=1_000, shared=False)
LARGE = Company(metrics=10_000, key_results=50_000)
OKR = Path(sys.executable).with_name("okr")
PEER = Path(__file__).with_name("dlt_load.py")
READING = "import okr_pipeline.orchestration.launch, okr_pipeline.cli.report"
JUDGING = READING + "; import great_expectations"


@dataclass(frozen=True, slots=True)
class Cost:
    """What a process took: CPU seconds with its children and the server, wall seconds, bytes of memory at most."""

    cpu: float
    wall: float
    memory: int


def main(which: str) -> None:
    """Both sizes, or one."""
    cluster = create_cluster()
    pid = int((cluster.directory / "data" / "postmaster.pid").read_text().split()[0])
    try:
        if which in ("small", "all"):
            small(cluster.url, pid)
        if which in ("large", "all"):
            large()
    finally:
        destroy_cluster(cluster)


def small(server: sa.URL, pid: int) -> None:
    """From PostgreSQL into PostgreSQL and from DuckDB into SQLite, beside the peer."""
    print(f"{SMALL.metrics:,} metrics × {SMALL.days} days, {SMALL.key_results:,} key results; CPU seconds")
    print(f"{'':<44}{'first':>8}{'imports':>9}{'beyond':>8}{'again':>8}{'imports':>9}{'beyond':>8}{'MB':>6}")
    judging, reading = imports(JUDGING), imports(READING)
    for name, company, warehouse, store in (
        ("ours, PostgreSQL → PostgreSQL", SMALL, database(server), database(server)),
        ("ours, DuckDB → SQLite", SMALL, None, None),
        ("ours, a query per metric, DuckDB → SQLite", APART, None, None),
    ):
        with project(company, warehouse) as directory:
            first, again = run(directory, store, pid), run(directory, store, pid)
            print_row(name, first, judging, again, reading)
    if not PEERS.exists():
        print("dlt is not installed: `make bench` installs it")
        return
    bare = imports("import dlt, dlt.destinations, sqlalchemy", PEERS)
    for form in ("a query per metric", "one query"):
        with project(SMALL, warehouse := database(server)):
            target, state = database(server), tempfile.mkdtemp(prefix="okr-dlt-")
            command = [str(PEERS), str(PEER), warehouse, target, form, state]
            first, again = cost(command, pid=pid), cost(command, pid=pid)
            print_row(f"dlt, extract and load only, {form}", first, bare, again, bare)


def large() -> None:
    """Ten thousand metrics and fifty thousand key results, DuckDB into SQLite."""
    print(f"{LARGE.metrics:,} metrics × {LARGE.days} days, {LARGE.key_results:,} key results; DuckDB → SQLite")
    with project(LARGE, None) as directory:
        for name in ("first", "again"):
            found = run(directory, None, None)
            print(f"{name:<8}{found.cpu:9.1f} CPU s{found.wall:9.1f} wall s{found.memory / 2**20:9.0f} MB", flush=True)


def print_row(name: str, first: Cost, first_imports: float, again: Cost, again_imports: float) -> None:
    """One contestant."""
    figures = [first.cpu, first_imports, first.cpu - first_imports, again.cpu, again_imports, again.cpu - again_imports]
    widths = (8, 9, 8, 8, 9, 8)
    columns = "".join(f"{figure:>{width}.2f}" for figure, width in zip(figures, widths, strict=True))
    print(f"{name:<44}{columns}{max(first.memory, again.memory) / 2**20:>6.0f}", flush=True)


@contextmanager
def project(company: Company, warehouse: str | None) -> Iterator[Path]:
    """A directory with the company's configuration; its warehouse is a DuckDB file unless said otherwise."""
    with tempfile.TemporaryDirectory(prefix="okr-bench-") as name:
        directory = Path(name)
        url = warehouse or f"duckdb:///{directory / 'warehouse.duckdb'}"
        build_warehouse(url, values(company))
        write_project(directory, company, url)
        yield directory


def run(directory: Path, store: str | None, pid: int | None) -> Cost:
    """`okr run`."""
    options = ["--store", store] if store else []
    return cost([str(OKR), "run", "--config", str(directory / "config"), *options], pid=pid)


def imports(statement: str, python: Path = Path(sys.executable)) -> float:
    """CPU seconds to import, the least of three, the bytecode being warm."""
    return min(cost([str(python), "-c", statement]).cpu for _ in range(3))


def cost(command: list[str], *, pid: int | None = None) -> Cost:
    """Run a command to its end; its output is shown only if it fails."""
    server: Callable[[], float] = (lambda: server_cpu_seconds(pid)) if pid else (lambda: 0.0)
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before, started = server(), time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert process.stdout is not None
    output = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} failed:\n{output}")
    return Cost(used.ru_utime + used.ru_stime + server() - before, time.monotonic() - started, used.ru_maxrss * 1024)


def database(server: sa.URL) -> str:
    """A new, empty database."""
    name = f"bench_{uuid4().hex}"
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "{name}"')
    return server.set(database=name).render_as_string(hide_password=False)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    main(sys.argv[1] if len(sys.argv) > 1 else "all")
