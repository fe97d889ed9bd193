"""A year of daily runs: whether a run's time and memory, and what each run leaves on disk, stay as they are.

Run as `python benchmarks/year.py [metrics] [days]`. Needs libfaketime (Debian: apt-get install faketime), under which
every run believes in a day of 2026 of its own. Each morning brings a day of values and restates one in a hundred of
the three days before. All runs happen in one process, so that memory which is never given back shows.

Per month it prints the median CPU seconds of a run, the resident memory, what the store holds and how it grew per row
written, and what Dagster's log takes.
"""

import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

FIRST = date(2026, 1, 2)
MONTH = 30
TABLES = ("observations", "past_observations", "key_result_score_revisions", "objective_score_revisions")
PRELOAD = "/usr/lib/{}-linux-gnu/faketime/libfaketime.so.1"


def main(metrics: int, days: int) -> None:
    """Start anew under a clock that can be set, and print a line a month."""
    if "FAKETIME_TIMESTAMP_FILE" not in os.environ:
        return under_another_clock()
    with tempfile.TemporaryDirectory() as directory:
        print(f"{metrics:,} metrics, {metrics:,} key results a quarter, {days} daily runs, SQLite store")
        print("month   CPU s/run   RSS MB   store MB   rows written   bytes/row   Dagster MB")
        before = Measured(0, 0, 0, 0, 0)
        for month, measured in enumerate(measured_months(Path(directory), metrics, days), 1):
            rows = measured.rows - before.rows
            print(
                f"{month:5}{measured.cpu_seconds:12.2f}{measured.rss / 2**20:9.0f}{measured.store / 2**20:11.1f}"
                f"{rows:15,}{(measured.store - before.store) / max(rows, 1):12.0f}{measured.dagster / 2**20:13.1f}",
                flush=True,
            )
            before = measured
    return None


@dataclass(frozen=True, slots=True)
class Measured:
    """After a month: CPU seconds of its median run, bytes of memory, store and Dagster's log, rows written."""

    cpu_seconds: float
    rss: int
    store: int
    rows: int
    dagster: int


def measured_months(directory: Path, metrics: int, days: int) -> Iterator[Measured]:
    """One line for each `MONTH` of runs."""
    from company import Company, build_warehouse, replace_days, values_of, write_project

    warehouse = f"sqlite:///{directory / 'warehouse.db'}"
    company = Company(metrics, metrics, days=1, last=FIRST - timedelta(days=1), quarters=4, live=True)
    config = write_project(directory, company, warehouse)
    import pandas as pd

    build_warehouse(warehouse, values_of(company, pd.DatetimeIndex([pd.Timestamp(company.last)])))
    costs: list[float] = []
    for number in range(days):
        today = FIRST + timedelta(days=number)
        set_clock(today)
        replace_days(warehouse, morning(company, today))
        costs.append(run(config))
        if len(costs) == MONTH or number == days - 1:
            yield measured(directory, costs)
            costs = []


def morning(company, today: date):
    """Yesterday's values, and those of the three days before with one in a hundred restated."""
    import pandas as pd
    from company import values_of

    frames = []
    for back in range(1, 5):
        day = pd.DatetimeIndex([pd.Timestamp(today - timedelta(days=back))])
        rows = values_of(company, day)
        if back > 1:
            restated = values_of(company, day, edition=back)
            hit = (rows.index + back + today.toordinal()) % 100 == 0
            rows["value"] = rows["value"].where(~hit, restated["value"])
        frames.append(rows)
    return pd.concat(frames)


def run(config: Path) -> float:
    """The main job; its CPU seconds."""
    from okr_pipeline.application.workspace import open_for_writing
    from okr_pipeline.orchestration.launch import run_main_job

    started = cpu_seconds()
    outcome = run_main_job(open_for_writing(config))
    assert not outcome.failures, outcome.failures
    return cpu_seconds() - started


def measured(directory: Path, costs: list[float]) -> Measured:
    """What there is now."""
    import sqlalchemy as sa

    store = directory / ".okr" / "okr.db"
    with sa.create_engine(f"sqlite:///{store}").connect() as connection:
        rows = sum(connection.scalar(sa.text(f"SELECT count(*) FROM {table}")) or 0 for table in TABLES)
    rss = int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    log = sum(path.stat().st_size for path in (directory / ".okr" / "dagster").rglob("*") if path.is_file())
    return Measured(statistics.median(costs), rss, store.stat().st_size, rows, log)


def cpu_seconds() -> float:
    """Of this process, all threads."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def set_clock(day: date) -> None:
    """It is six in the morning of this day, and as much later as this program has run."""
    Path(os.environ["FAKETIME_TIMESTAMP_FILE"]).write_text(f"@{day} 06:00:00\n")
    while datetime.now(UTC).date() != day:
        time.sleep(0.05)


def under_another_clock() -> None:
    """This program again, under libfaketime."""
    library = PRELOAD.format(os.uname().machine)
    if not Path(library).exists():
        raise SystemExit(f"{library} is missing. Install it (Debian: apt-get install faketime).")
    with tempfile.NamedTemporaryFile("w", suffix=".clock") as clock:
        Path(clock.name).write_text(f"@{FIRST} 06:00:00\n")
        environment = os.environ | {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": clock.name,
            "FAKETIME_CACHE_DURATION": "1",
            "TZ": "UTC",
        }
        environment.pop("DAGSTER_HOME", None)
        os.spawnve(os.P_WAIT, sys.executable, [sys.executable, *sys.argv], environment)


if __name__ == "__main__":
    main(*(int(number) for number in (sys.argv[1:] + ["1000", "365"][len(sys.argv) - 1 :])))
