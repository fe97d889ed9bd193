"""A small project on one CSV file, for tests that join the rooms."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from okr_pipeline.application.observing import Observed, observe
from okr_pipeline.application.runs import Run
from okr_pipeline.application.workspace import Workspace, open_for_writing

PROJECT = """\
name: Small
timezone: Europe/Berlin
as_of: {as_of}
history_starts: 2026-01-01
"""
SOURCES = """\
sources:
  sheets: {connector: files, path: data/}
"""
METRICS = """\
metrics:
  signups:
    name: Sign-ups
    owner: growth@small.example
    source: sheets
    file: signups.csv
    columns: {{period: day, value: signups}}
    grain: day
    unit: count
    better: higher
    rollup: sum
    freshness: 3d
    expect: {expect}
"""
OKRS = """\
cycle: {id: 2026-Q1, starts: 2026-01-01, ends: 2026-03-31}
objectives:
  grow:
    title: Be the first name people think of
    owner: ceo@small.example
    level: company
    intent: committed
    key_results:
      signups:
        title: Win 900 sign-ups
        owner: growth@small.example
        metric: signups
        measure: {accumulate: {to: 900}}
"""


@dataclass
class Small:
    """The project's files, and the steps of a run on them."""

    directory: Path
    store_url: str
    as_of: date = date(2026, 1, 31)
    expect: str = "{min: 0, max: 1000}"

    def write(self, values: dict[date, object]) -> "Small":
        """The CSV file with these values, and the configuration."""
        lines = ["day,signups", *(f"{day},{'' if value is None else value}" for day, value in sorted(values.items()))]
        self.put("data/signups.csv", "\n".join(lines) + "\n")
        self.put("project.yaml", PROJECT.format(as_of=self.as_of))
        self.put("sources/sheets.yaml", SOURCES)
        self.put("metrics/signups.yaml", METRICS.format(expect=self.expect))
        self.put("okrs/q1.yaml", OKRS)
        return self

    def put(self, name: str, text: str) -> None:
        path = self.directory / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def open(self) -> Workspace:
        return open_for_writing(self.directory / "config", store_url=self.store_url)

    def observe(self, run_id: str = "run") -> Observed:
        workspace = self.open()
        return observe(workspace, "sheets", run=Run(run_id, workspace.as_of()))


def january(value: object = 10, last: int = 31) -> dict[date, object]:
    return {date(2026, 1, 1) + timedelta(days=day): value for day in range(last)}


@pytest.fixture
def small(tmp_path: Path, usual_store: Callable[[Path], str], with_schema: Callable[[str], str]) -> Small:
    """January with ten sign-ups a day, on an empty store of the usual kind."""
    return Small(tmp_path, with_schema(usual_store(tmp_path))).write(january())


@pytest.fixture
def small_on_each(tmp_path: Path, store_url: str, with_schema: Callable[[str], str]) -> Small:
    """The same, once on each kind of store: for what is true because of how the store was asked."""
    return Small(tmp_path, with_schema(store_url)).write(january())
