"""The generated company as a project: its files and databases, its configuration, and a run of it.

Belongs here: tables into CSV, Parquet, SQLite and DuckDB, the YAML of a careful user, the steps of the main job.
Does not: what is true (company), what goes wrong (catalogue).
"""

import io
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from okr_pipeline.application.alerts import raise_alerts
from okr_pipeline.application.observing import Observed, observe
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scorecards import write_scorecard
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.application.workspace import Workspace, open_for_writing
from okr_pipeline.cli.report import tell_run
from okr_pipeline_tests.faults.company import KPIS, ZONE, Company, Kpi, Table

SOURCES = ("sheets", "lake", "crm", "warehouse")
_SOURCE_OF = {"csv": "sheets", "parquet": "lake", "sqlite": "crm", "duckdb": "warehouse"}
_PROJECT = f"""\
name: Faulty
timezone: {ZONE}
store: sqlite:///.okr/okr.db
history_starts: 2024-01-01
"""
_SOURCES = """\
sources:
  sheets: {connector: files, path: data/}
  lake: {connector: files, path: lake/}
  crm: {connector: sql, url: "sqlite:///crm.db"}
  warehouse: {connector: sql, url: "duckdb:///warehouse.duckdb"}
"""
_LATE = "closes_after: 2d, restates: 14d"
_SOON = {"day": "closes_after: 1d", "hour": "closes_after: 1d", "week": "restates: 28d", "month": "restates: 90d"}
_OF_SALES = "better: higher, expect: {min: 1, anomaly: {value: 5, severity: block}}"
_SALES = {
    "orders": (
        "count(*) AS value",
        f"dimensions: [country], {_OF_SALES}, unit: count, rollup: sum",
        "accumulate: {to: 50000}",
        "country, ",
    ),
    "sales": (
        "sum(amount) AS value",
        f"{_OF_SALES}, unit: 'currency:EUR', rollup: sum",
        "accumulate: {to: 2000000}",
        "",
    ),
    "order_value": (
        "avg(amount) AS value, count(*) AS weight",
        f"{_OF_SALES}, unit: 'currency:EUR', rollup: weighted_mean, additivity: ratio",
        "reach: {from: 35, to: 45}",
        "",
    ),
}
METRICS: tuple[str, ...] = (*(kpi.id for kpi in KPIS), *_SALES)
BY_ID: Mapping[str, Kpi] = {kpi.id: kpi for kpi in KPIS}


def source_of(metric: str) -> str:
    """The source that a metric is read from."""
    return _SOURCE_OF[BY_ID[metric].storage] if metric in BY_ID else "warehouse"


@dataclass
class Place:
    """A project's directory, and where each table of it is kept."""

    directory: Path

    def build(self, company: Company, years: Iterable[int] = (2025,)) -> "Place":
        """Everything of a company, and its configuration."""
        self.put("config/project.yaml", _PROJECT)
        self.put("config/sources/all.yaml", _SOURCES)
        self.put("config/metrics/all.yaml", "metrics:\n" + "".join(map(_metric, KPIS)) + "".join(map(_sale, _SALES)))
        for year in years:
            self.put(f"config/okrs/{year}.yaml", _okrs(year))
        for kpi in KPIS:
            self.write(kpi.id, company.tables[kpi.id])
        self.write_sales(company.sales)
        return self

    def copied(self, directory: Path) -> "Place":
        """The same elsewhere."""
        shutil.copytree(self.directory, directory)
        return Place(directory)

    def put(self, name: str, text: str) -> None:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def file(self, metric: str) -> Path:
        """The file of a metric that is kept in one."""
        kpi = BY_ID[metric]
        folder = "data" if kpi.storage == "csv" else "lake"
        return self.directory / "config" / folder / f"{metric}.{kpi.storage}"

    def write(self, metric: str, table: Table) -> None:
        """A metric's table, in place of what is there."""
        kpi = BY_ID[metric]
        if kpi.storage in ("csv", "parquet"):
            path = self.file(metric)
            path.parent.mkdir(parents=True, exist_ok=True)
            dated = table.assign(period=_dates(table["period"]))
            dated.to_csv(path, index=False) if kpi.storage == "csv" else dated.to_parquet(path, index=False)
        elif kpi.storage == "sqlite":
            with closing(sqlite3.connect(self.directory / "crm.db")) as connection, connection:
                connection.execute("PRAGMA synchronous=OFF")
                dated = table.assign(period=_dates(table["period"]))
                kinds = {name: "NUMERIC" for name in ("value", "weight") if name in dated}
                dated.to_sql(metric, connection, index=False, if_exists="replace", dtype=kinds)
        else:
            self.to_warehouse(metric, table)

    def write_sales(self, sales: Table) -> None:
        self.to_warehouse("all_sales", sales)

    def to_warehouse(self, name: str, table: Table) -> None:
        import duckdb

        with duckdb.connect(str(self.directory / "warehouse.duckdb")) as connection:
            connection.register("frame", table)
            connection.execute(f"CREATE OR REPLACE TABLE {name} AS SELECT * FROM frame")

    def configure(self, change: Callable[[str], str]) -> None:
        """Change the metrics' YAML."""
        path = self.directory / "config/metrics/all.yaml"
        path.write_text(change(path.read_text()))

    def open(self) -> Workspace:
        return open_for_writing(self.directory / "config")


@dataclass(frozen=True)
class Told:
    """What a run did: what each source came to, the key results' scores by metric, and what was printed."""

    observed: Mapping[str, Observed]
    scores: pd.DataFrame
    text: str
    code: int


def run(place: Place, day: str, *, run_id: str | None = None, whole: bool = True) -> Told:
    """The main job as of the end of a day; `whole` False leaves out alerts and scorecard."""
    workspace = place.open()
    run = Run(run_id or f"run-{day}", workspace.as_of(day))
    observed = {source: observe(workspace, source, run=run) for source in SOURCES}
    scores = score_and_record(workspace, run).scores.key_results
    if whole:
        raise_alerts(workspace, run)
        write_scorecard(workspace, run)
    printed = io.StringIO()
    with redirect_stdout(printed):
        code = tell_run(workspace, run.id, [])
    return Told(observed, scores, printed.getvalue(), code)


def late(table: Table, kpi: Kpi, day: pd.Timestamp) -> Table:
    """A table as it was known at the end of a day, some of whose last values are not complete."""
    age = (day - table["period"]).dt.days
    lacking = (age == 0) * kpi.late_share + (age == 1) * kpi.late_share / 2
    values = table["value"] * (1 - lacking)
    return table.assign(value=values.round() if table["value"].dtype.kind == "i" else values)


def _dates(periods: "pd.Series[pd.Timestamp]") -> Iterable[str]:
    days = periods.dt.strftime("%Y-%m-%d")
    return days.where(periods.dt.hour == 0, periods.dt.strftime("%Y-%m-%dT%H:%M"))


def _metric(kpi: Kpi) -> str:
    lines = [f"{kpi.id}: {{source: {_SOURCE_OF[kpi.storage]}, grain: {kpi.grain}, {kpi.keys}"]
    if kpi.dimensions:
        lines.append(f"dimensions: [{', '.join(kpi.dimensions)}]")
    lines.append(_LATE if kpi.late_share else _SOON[kpi.grain])
    lines.append(_request(kpi))
    return "  " + ", ".join(lines) + "}\n"


def _request(kpi: Kpi) -> str:
    if kpi.storage in ("csv", "parquet"):
        return f"file: {kpi.id}.{kpi.storage}"
    zone = "UTC" if kpi.grain == "hour" else ZONE
    instant = f"timezone('{zone}', period)"
    if kpi.storage == "sqlite":
        within = "datetime(period) >= datetime(:window_start) AND datetime(period) < datetime(:window_end)"
        return f'query: "SELECT * FROM {kpi.id} WHERE {within}"'
    shown = instant if kpi.grain == "hour" else "CAST(period AS DATE)"
    columns = f"{shown} AS period, * EXCLUDE (period)"
    return f'query: "SELECT {columns} FROM {kpi.id} WHERE {instant} >= :window_start AND {instant} < :window_end"'


def _sale(metric: str) -> str:
    value, keys, _, dimensions = _SALES[metric]
    groups = "1, 2" if dimensions else "1"
    return (
        f'  {metric}: {{source: warehouse, grain: day, {keys}, closes_after: 1d, query: "SELECT '
        f"CAST(timezone('{ZONE}', timezone('UTC', sold_at)) AS DATE) AS period, {dimensions}{value} FROM all_sales "
        "WHERE timezone('UTC', sold_at) >= :window_start AND timezone('UTC', sold_at) < :window_end "
        f'GROUP BY {groups}"}}\n'
    )


def _okrs(year: int) -> str:
    measures = {kpi.id: (kpi.measure, kpi.over) for kpi in KPIS}
    measures |= {
        metric: (measure, "latest" if "reach" in measure else None) for metric, (_, _, measure, _) in _SALES.items()
    }
    key_results = "".join(
        f"      {metric}: {{title: About {metric}, owner: it@faulty.example, metric: {metric}, measure: {{{measure}}}"
        f"{f', over: {over}' if over else ''}}}\n"
        for metric, (measure, over) in measures.items()
    )
    return (
        f"cycle: {{id: Y{year}, starts: {year}-01-01, ends: {year}-12-31}}\n"
        "objectives:\n  all:\n    title: Everything\n    owner: it@faulty.example\n    level: company\n"
        f"    intent: committed\n    key_results:\n{key_results}"
    )
