"""A company of any size to measure with: a warehouse of daily KPIs, and the project that scores key results on them.

Belongs here: generated data and configuration. Does not: measuring.

All metrics are in one table `kpi (metric, day, value)`; key results take the measures in turn.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sa

QUARTERS = (
    ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
    ("2026-Q2", date(2026, 4, 1), date(2026, 6, 30)),
    ("2026-Q3", date(2026, 7, 1), date(2026, 9, 30)),
    ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
)
_METRICS_PER_FILE = 1_000
_OBJECTIVES_PER_FILE = 1_000
_KEY_RESULTS_PER_OBJECTIVE = 4

_PROJECT = """\
name: Generated
timezone: UTC
{as_of}history_starts: {first}
"""
_SOURCES = """\
sources:
  warehouse:
    connector: sql
    url: "{url}"
    queries:
      kpis: SELECT metric, day, value FROM kpi WHERE day >= :window_start AND day < :window_end
"""
_METRIC = """\
  {id}:
    name: KPI {number}
    owner: team-{team}@generated.example
    source: warehouse
    {query}
    grain: day
    unit: count
    better: higher
    rollup: sum
    restates: 3d
    freshness: 3d
    expect: {{min: 0, max: 100000, max_change: 9}}
"""
_SHARED = "query: kpis\n    rows: {{metric: {id}}}\n    columns: {{period: day}}"
_OWN = (
    "query: >-\n      SELECT day AS period, value FROM kpi"
    " WHERE metric = '{id}' AND day >= :window_start AND day < :window_end"
)
_CYCLE = "cycle: {{id: {id}, starts: {starts}, ends: {ends}}}\nobjectives:\n"
_OBJECTIVE = """\
  o{number:05d}:
    title: Be better at the thing {number}
    owner: team-{team}@generated.example
    level: team
    intent: committed
{parent}    key_results:
"""
_KEY_RESULT = """\
      k{number:05d}:
        title: Move KPI {metric} to where it should be
        owner: team-{team}@generated.example
        metric: m{metric:05d}
        {measure}
"""
_MEASURES = (
    "measure: {accumulate: {to: 9500}}",
    "over: trailing 7 days\n        measure: {reach: {from: 600, to: 800}}",
    "measure: {limit: {to: 12000}}",
    "measure: {maintain: {min: 60, max: 140, share: 0.9}}",
    "over: trailing 7 days\n        measure: {reach: {from: 650, to: 750}}",
)


@dataclass(frozen=True, slots=True)
class Company:
    """How large it is, its last whole day, and in how many quarters of 2026 it has so many key results.

    A live one has no fixed date: a run of it speaks about now. Its metrics share one query, or have one each. In a tree
    every objective's score counts in that of the first.
    """

    metrics: int
    key_results: int
    days: int = 90
    last: date = QUARTERS[0][2]
    quarters: int = 1
    live: bool = False
    shared: bool = True
    tree: bool = False

    @property
    def first(self) -> date:
        """The first day of its history."""
        return self.last - timedelta(days=self.days - 1)


def values(company: Company) -> pd.DataFrame:
    """`metric`, `day`, `value`: one row per metric and day, around 100 with a weekly season."""
    return values_of(company, pd.date_range(company.first, company.last, freq="D"))


def values_of(company: Company, days: pd.DatetimeIndex, *, edition: int = 0) -> pd.DataFrame:
    """The values of some days; of another edition they differ a little, as restated ones do."""
    generator = np.random.default_rng([20260101, days[0].toordinal(), edition])
    season = 10 * np.sin(2 * np.pi * days.dayofweek.to_numpy() / 7)
    level = 80 + 40 * (np.arange(company.metrics) * 0.618 % 1)
    noise = generator.normal(0, 5, (company.metrics, len(days)))
    matrix = np.round(level[:, None] + season + noise, 2)
    names = np.array([f"m{number:05d}" for number in range(company.metrics)])
    return pd.DataFrame(
        {
            "metric": np.repeat(names, len(days)),
            "day": np.tile(days.date, company.metrics),
            "value": matrix.ravel(),
        }
    )


def build_warehouse(url: str, frame: pd.DataFrame) -> None:
    """The table `kpi` with these rows, in place of what was there."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP TABLE IF EXISTS kpi")
        connection.exec_driver_sql("CREATE TABLE kpi (metric VARCHAR, day DATE, value DOUBLE PRECISION)")
    with engine.begin() as connection:
        _insert(connection, frame)
        if engine.dialect.name != "duckdb":
            connection.exec_driver_sql("CREATE INDEX IF NOT EXISTS kpi_metric ON kpi (metric, day)")
    engine.dispose()


def replace_days(url: str, frame: pd.DataFrame) -> None:
    """These rows in place of those that `kpi` has of the same days."""
    engine = sa.create_engine(url)
    days = ", ".join(f"'{day}'" for day in frame["day"].unique())
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM kpi WHERE day IN ({days})")
        _insert(connection, frame)
    engine.dispose()


def _insert(connection: sa.Connection, frame: pd.DataFrame) -> None:
    driver = connection.connection.driver_connection
    if connection.dialect.name == "duckdb":
        driver.register("frame", frame)
        driver.execute("INSERT INTO kpi SELECT metric, CAST(day AS DATE), value FROM frame")
        return
    rows = list(frame.assign(day=frame["day"].astype(str)).itertuples(index=False, name=None))
    if connection.dialect.name == "sqlite":
        driver.executemany("INSERT INTO kpi VALUES (?, ?, ?)", rows)
        return
    with driver.cursor() as cursor, cursor.copy("COPY kpi FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def write_project(directory: Path, company: Company, warehouse_url: str) -> Path:
    """The config directory of a project on that warehouse."""
    config = directory / "config"
    for name in ("sources", "metrics", "okrs"):
        (config / name).mkdir(parents=True, exist_ok=True)
    as_of = "" if company.live else f"as_of: {company.last}\n"
    (config / "project.yaml").write_text(_PROJECT.format(as_of=as_of, first=company.first))
    (config / "sources" / "warehouse.yaml").write_text(_SOURCES.format(url=warehouse_url))
    for number, text in enumerate(_metric_files(company)):
        (config / "metrics" / f"kpis{number:02d}.yaml").write_text(text)
    for number, text in enumerate(_objective_files(company)):
        (config / "okrs" / f"objectives{number:02d}.yaml").write_text(text)
    return config


def _metric_files(company: Company) -> Iterator[str]:
    query = _SHARED if company.shared else _OWN
    for start in range(0, company.metrics, _METRICS_PER_FILE):
        numbers = range(start, min(start + _METRICS_PER_FILE, company.metrics))
        yield "metrics:\n" + "".join(
            _METRIC.format(
                id=f"m{number:05d}", number=number, team=number % 40, query=query.format(id=f"m{number:05d}")
            )
            for number in numbers
        )


def _objective_files(company: Company) -> Iterator[str]:
    objectives = -(-company.key_results // _KEY_RESULTS_PER_OBJECTIVE)
    for quarter, starts, ends in QUARTERS[: company.quarters]:
        for start in range(0, objectives, _OBJECTIVES_PER_FILE):
            # A cycle is one file, and a file has an end: larger companies have a cycle for each division.
            division = f"-{start // _OBJECTIVES_PER_FILE:02d}" if objectives > _OBJECTIVES_PER_FILE else ""
            head = _CYCLE.format(id=f"{quarter}{division}", starts=starts, ends=ends)
            numbers = range(start, min(start + _OBJECTIVES_PER_FILE, objectives))
            top = f"{quarter}-00/o00000" if objectives > _OBJECTIVES_PER_FILE else "o00000"
            yield head + "".join(_objective(company, number, top) for number in numbers)


def _objective(company: Company, number: int, top: str) -> str:
    first = number * _KEY_RESULTS_PER_OBJECTIVE
    key_results = range(first, min(first + _KEY_RESULTS_PER_OBJECTIVE, company.key_results))
    above = f"    parent: {top}\n    contributes: {{weight: 1}}\n" if company.tree and number else ""
    return _OBJECTIVE.format(number=number, team=number % 40, parent=above) + "".join(
        _KEY_RESULT.format(
            number=it, metric=it % company.metrics, team=number % 40, measure=_MEASURES[it % len(_MEASURES)]
        )
        for it in key_results
    )
