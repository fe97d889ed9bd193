"""A company of any size to measure with: a warehouse of daily KPIs, and the project that scores key results on them.

Belongs here: generated data and configuration. Does not: measuring.

Every metric has its own query on one table `kpi (metric, day, value)`; key results take the measures in turn.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import sqlalchemy as sa

CYCLE_STARTS, CYCLE_ENDS = date(2026, 1, 1), date(2026, 3, 31)
_METRICS_PER_FILE = 1_000
_OBJECTIVES_PER_FILE = 250
_KEY_RESULTS_PER_OBJECTIVE = 4

_PROJECT = """\
name: Generated
timezone: UTC
as_of: {as_of}
history_starts: {first}
"""
_SOURCES = """\
sources:
  warehouse: {{connector: sql, url: "{url}"}}
"""
_METRIC = """\
  {id}:
    name: KPI {number}
    owner: team-{team}@generated.example
    source: warehouse
    query: >-
      SELECT day AS period, value FROM kpi
      WHERE metric = '{id}' AND day >= :window_start AND day < :window_end
    grain: day
    unit: count
    better: higher
    rollup: sum
    restates: 3d
    freshness: 3d
    expect: {{min: 0, max: 100000, max_change: 9}}
"""
_CYCLE = "cycle: {{id: 2026-Q1, starts: {starts}, ends: {ends}}}\nobjectives:\n"
_OBJECTIVE = """\
  o{number:05d}:
    title: Be better at the thing {number}
    owner: team-{team}@generated.example
    level: team
    intent: committed
    key_results:
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
    """How large it is, and its last whole day."""

    metrics: int
    key_results: int
    days: int = 90
    last: date = CYCLE_ENDS

    @property
    def first(self) -> date:
        """The first day of its history."""
        return self.last - timedelta(days=self.days - 1)


def values(company: Company, seed: int = 20260101) -> pd.DataFrame:
    """`metric`, `day`, `value`: one row per metric and day, around 100 with a weekly season."""
    generator = np.random.default_rng(seed)
    days = pd.date_range(company.first, company.last, freq="D")
    season = 10 * np.sin(2 * np.pi * days.dayofweek.to_numpy() / 7)
    level = generator.uniform(80, 120, (company.metrics, 1))
    noise = generator.normal(0, 5, (company.metrics, company.days))
    matrix = np.round(level + season + noise, 2)
    names = np.array([f"m{number:05d}" for number in range(company.metrics)])
    return pd.DataFrame(
        {
            "metric": np.repeat(names, company.days),
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
    if engine.dialect.name == "duckdb":
        with engine.begin() as connection:
            driver = connection.connection.driver_connection
            driver.register("frame", frame)
            driver.execute("INSERT INTO kpi SELECT metric, CAST(day AS DATE), value FROM frame")
    else:
        with engine.begin() as connection:
            _insert(connection, frame)
            connection.exec_driver_sql("CREATE INDEX IF NOT EXISTS kpi_metric ON kpi (metric, day)")
    engine.dispose()


def _insert(connection: sa.Connection, frame: pd.DataFrame) -> None:
    driver = connection.connection.driver_connection
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
    (config / "project.yaml").write_text(_PROJECT.format(as_of=company.last, first=company.first))
    (config / "sources" / "warehouse.yaml").write_text(_SOURCES.format(url=warehouse_url))
    for number, text in enumerate(_metric_files(company)):
        (config / "metrics" / f"kpis{number:02d}.yaml").write_text(text)
    for number, text in enumerate(_objective_files(company)):
        (config / "okrs" / f"q1-{number:02d}.yaml").write_text(text)
    return config


def _metric_files(company: Company) -> Iterator[str]:
    for start in range(0, company.metrics, _METRICS_PER_FILE):
        numbers = range(start, min(start + _METRICS_PER_FILE, company.metrics))
        yield "metrics:\n" + "".join(
            _METRIC.format(id=f"m{number:05d}", number=number, team=number % 40) for number in numbers
        )


def _objective_files(company: Company) -> Iterator[str]:
    objectives = -(-company.key_results // _KEY_RESULTS_PER_OBJECTIVE)
    head = _CYCLE.format(starts=CYCLE_STARTS, ends=CYCLE_ENDS)
    for start in range(0, objectives, _OBJECTIVES_PER_FILE):
        numbers = range(start, min(start + _OBJECTIVES_PER_FILE, objectives))
        yield head + "".join(_objective(company, number) for number in numbers)


def _objective(company: Company, number: int) -> str:
    first = number * _KEY_RESULTS_PER_OBJECTIVE
    key_results = range(first, min(first + _KEY_RESULTS_PER_OBJECTIVE, company.key_results))
    return _OBJECTIVE.format(number=number, team=number % 40) + "".join(
        _KEY_RESULT.format(
            number=it, metric=it % company.metrics, team=number % 40, measure=_MEASURES[it % len(_MEASURES)]
        )
        for it in key_results
    )
