"""Raw rows stay in the warehouse: metrics summed over 100,000,000 orders, beside the SQL itself.

Run as `python benchmarks/warehouse.py [orders]`. A table `orders (placed, region, amount)` covers a year, in a DuckDB
file and, a tenth as long, on a PostgreSQL server. The limit sends one SELECT that sums it by day and region through the
bare driver and fetches what comes. A `sql` source sends the same for twenty metrics that share it, proves it to be one
that only reads, watches it, and makes points of it with evidence. The naive way fetches the orders and sums them in
pandas; its figures are those of a fiftieth, scaled.

Each contestant is a process of its own that has first asked for the empty day before, so that all that it needs is
imported; they take turns, and medians of three are printed: wall and CPU seconds, the server's among them, and by how
many megabytes the process grew at most. DuckDB runs in it, so that what it holds of the file is part of that.
"""

import multiprocessing
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import duckdb
import pandas as pd
import psycopg
import sqlalchemy as sa
from contest import cpu_seconds

from connectors.contract import Context, DataPointBatch, MetricRequest, Window
from connectors.sql import SqlRequest, SqlSettings
from connectors.sql.source import open_source
from okr_pipeline_tests.conftest import create_cluster, destroy_cluster

YEAR = Window(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
BEFORE = Window(YEAR.start - timedelta(days=1), YEAR.start)
DAYS, REGIONS, ROUNDS, NAIVE_PART = 365, 20, 3, 50
PART = Window(YEAR.start, YEAR.start + (YEAR.end - YEAR.start) / NAIVE_PART)
QUIET = "SET enable_progress_bar = false"
IN_UTC = "-c timezone=UTC"
SECONDS_OF_A_YEAR = DAYS * 86_400
ORDERS = "SELECT placed, region, amount FROM orders WHERE placed >= {starts} AND placed < {ends}"
SUMS = (
    "SELECT CAST(placed AS DATE) AS day, region, sum(amount) AS revenue FROM orders"
    " WHERE placed >= {starts} AND placed < {ends} GROUP BY 1, 2"
)
# Each order is later than the one before, as an application writes them; regions and amounts only look disordered.
COLUMNS = (
    f"TIMESTAMP '2025-01-01' + number * {SECONDS_OF_A_YEAR}.0 / {{orders}} * INTERVAL '1 second',"
    f" 'r' || (number * 7919 % {REGIONS}), (number * 104729 % 10000) / 100.0"
)


@dataclass(frozen=True, slots=True)
class Warehouse:
    """Where the orders are; `server` is the process that computes, None where that is our own."""

    url: str
    orders: int
    server: int | None = None


@dataclass(frozen=True, slots=True)
class Cost:
    """Of one contestant: seconds, bytes by which its process grew, rows that came out of the warehouse."""

    wall: float
    cpu: float
    grown: int
    rows: int


Contestant = Callable[[Warehouse, Window], int]
"""Reads a window of the warehouse and says how many rows came out of it."""


def main(orders: int) -> None:
    with tempfile.TemporaryDirectory(prefix="okr-bench-") as directory:
        contest("DuckDB", duckdb_warehouse(Path(directory) / "warehouse.duckdb", orders))
    cluster = create_cluster()
    try:
        contest("PostgreSQL", postgresql_warehouse(cluster.url, cluster.directory, orders // 10))
    finally:
        destroy_cluster(cluster)


def contest(name: str, warehouse: Warehouse) -> None:
    """All contestants on one warehouse."""
    contestants: dict[str, Contestant] = {
        "the SQL itself, bare driver": bare,
        "okr sql source, twenty metrics": source,
        "orders fetched, summed in pandas": naive,
    }
    taken: dict[str, list[Cost]] = {way: [] for way in contestants}
    for _ in range(ROUNDS):
        for way, contestant in contestants.items():
            taken[way].append(alone(partial(cost, contestant, warehouse)))
    for way, costs in taken.items():
        expected = warehouse.orders if contestants[way] is naive else DAYS * REGIONS
        assert {it.rows for it in costs} == {expected}, way
    print(f"\n{name}, {warehouse.orders:,} orders")
    print(f"{'':<34}{'wall':>8}{'':>9}{'CPU':>8}{'':>9}{'MB':>8}{'rows moved':>13}")
    walls, cpus = (
        {way: statistics.median(getattr(it, kind) for it in costs) for way, costs in taken.items()}
        for kind in ("wall", "cpu")
    )
    limit = next(iter(contestants))
    for way, costs in taken.items():
        wall, cpu = (f"{of[way]:>8.2f}{of[way] / of[limit]:>8.2f}×" for of in (walls, cpus))
        print(f"{way:<34}{wall}{cpu}{max(it.grown for it in costs) / 2**20:>8.0f}{costs[0].rows:>13,}")


def alone(work: Callable[[], Cost]) -> Cost:
    """In a new process, so that nothing is left there of those before."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work)


def cost(contestant: Contestant, warehouse: Warehouse) -> Cost:
    """What it takes; the naive one's is scaled to all orders."""
    contestant(warehouse, BEFORE)
    scale, window = (NAIVE_PART, PART) if contestant is naive else (1, YEAR)
    forget_most_memory()
    held, wall, cpu = memory("VmRSS"), time.perf_counter(), cpu_seconds(warehouse.server)
    rows = contestant(warehouse, window)
    taken = time.perf_counter() - wall, cpu_seconds(warehouse.server) - cpu
    return Cost(taken[0] * scale, taken[1] * scale, (memory("VmHWM") - held) * scale, rows * scale)


def memory(which: str) -> int:
    """Of this process, bytes: `VmRSS`, what it holds, or `VmHWM`, the most that it held since that was forgotten."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(which)) * 1024


def forget_most_memory() -> None:
    """What getrusage says begins with what the parent held, and cannot be set back."""
    Path("/proc/self/clear_refs").write_text("5")


def bare(warehouse: Warehouse, window: Window) -> int:
    """The statement, sent and fetched."""
    return len(fetched(warehouse, SUMS, window))


def source(warehouse: Warehouse, window: Window) -> int:
    """The statement as one query of a source, of which each metric takes its region."""
    query = SUMS.format(starts=":window_start", ends=":window_end")
    settings = SqlSettings(url=warehouse.url, queries={"revenue": query})
    columns = {"period": "day", "value": "revenue"}
    requests = [
        MetricRequest(
            f"m{number}", "day", "UTC", (), SqlRequest(query="revenue", columns=columns, rows={"region": f"r{number}"})
        )
        for number in range(REGIONS)
    ]
    with tempfile.TemporaryDirectory() as directory:
        opened = open_source(settings, Context(Path(directory), Path(directory)))
        found = list(opened.read(requests, window))
        opened.close()
    return sum(len(batch.points) for batch in found if isinstance(batch, DataPointBatch))


def naive(warehouse: Warehouse, window: Window) -> int:
    """The orders themselves."""
    columns = ["placed", "region", "amount"]
    orders = pd.DataFrame(fetched(warehouse, ORDERS, window), columns=columns)
    orders.groupby([pd.to_datetime(orders["placed"]).dt.date, "region"])["amount"].sum()
    return len(orders)


def fetched(warehouse: Warehouse, query: str, window: Window) -> list[tuple]:
    bounds = [window.start, window.end]
    if warehouse.server is None:
        bounds = [bound.replace(tzinfo=None) for bound in bounds]  # the type of the column, so that none is converted
        path = sa.make_url(warehouse.url).database or ""
        with duckdb.connect(path, read_only=True) as connection:
            connection.execute(QUIET)
            return connection.execute(query.format(starts="?", ends="?"), bounds).fetchall()
    with psycopg.connect(warehouse.url, options=IN_UTC) as connection:
        return connection.execute(query.format(starts="%s", ends="%s"), bounds).fetchall()


def duckdb_warehouse(path: Path, orders: int) -> Warehouse:
    with duckdb.connect(str(path)) as connection:
        connection.execute(QUIET)
        connection.execute("CREATE TABLE orders (placed TIMESTAMP, region VARCHAR, amount DOUBLE)")
        connection.execute(f"INSERT INTO orders SELECT {COLUMNS.format(orders=orders)} FROM range({orders}) t(number)")
    return Warehouse(f"duckdb:///{path}", orders)


def postgresql_warehouse(server: sa.URL, directory: Path, orders: int) -> Warehouse:
    url = server.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url, options=IN_UTC) as connection:
        connection.execute("CREATE TABLE orders (placed timestamptz, region text, amount double precision)")
        columns = COLUMNS.format(orders=orders)
        connection.execute(
            f"INSERT INTO orders SELECT {columns} FROM generate_series(0::bigint, {orders - 1}) t(number)"
        )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE INDEX orders_placed ON orders USING brin (placed)")
        connection.execute("VACUUM ANALYZE orders")
    return Warehouse(url, orders, int((directory / "data" / "postmaster.pid").read_text().split()[0]))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000_000)
