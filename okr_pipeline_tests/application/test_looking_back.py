"""How far back a judgement looks: the same after years as after months, and never so near that silence is missed."""

import sqlite3
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from okr_pipeline.application.observing import observe
from okr_pipeline.application.runs import Run
from okr_pipeline.model.calendar import Period

FIRST = date(2024, 1, 1)
SOURCES = 'sources: {sheets: {connector: sql, url: "sqlite:///kpis.db"}}\n'
QUERY = """\
    query: >-
      SELECT day AS period, value FROM kpis
      WHERE day >= date(:window_start, '+2 hours') AND day < date(:window_end, '+2 hours')
    restates: 3d
"""


class Asked:
    """A store that notes from when on observations of any metric were asked for."""

    def __init__(self, store):
        self._store, self.starts = store, []

    def __getattr__(self, name):
        return getattr(self._store, name)

    def observations(self, metrics=None, start=None, end=None, known_at=None):
        if metrics is None or metrics:
            self.starts.append(start)
        return self._store.observations(metrics, start, end, known_at)


@pytest.fixture
def store_url(tmp_path):
    """One kind of store: nothing here depends on it."""
    return f"sqlite:///{tmp_path / 'okr.db'}"


@pytest.fixture
def project(small):
    metrics = (small.directory / "config/metrics/signups.yaml").read_text()
    lines = [line for line in metrics.splitlines(keepends=True) if "file:" not in line and "columns:" not in line]
    small.put("metrics/signups.yaml", "".join(lines) + QUERY)
    small.put("sources/sheets.yaml", SOURCES)
    small.put("project.yaml", (small.directory / "config/project.yaml").read_text().replace("2026-01-01", "2024-01-01"))
    with sqlite3.connect(small.directory / "kpis.db") as connection:
        connection.execute("CREATE TABLE kpis (day TEXT, value REAL)")
    return small


def bring(project, first, last):
    days = [(str(first + timedelta(days=step)), 10) for step in range((last - first).days + 1)]
    with sqlite3.connect(project.directory / "kpis.db") as connection:
        connection.executemany("INSERT INTO kpis VALUES (?, ?)", days)


def observed(project, day, *, since=None):
    """What a run at the end of a day found, and from when on it asked for what was stored; `since`: a backfill."""
    workspace = project.open()
    asked = Asked(workspace.store)
    as_of = datetime(day.year, day.month, day.day, 23, 30, tzinfo=UTC)
    run = Run(f"run-{day}", as_of)
    window = None if since is None else Period(datetime(since.year, since.month, since.day, tzinfo=UTC), as_of)
    return observe(replace(workspace, store=asked), "sheets", run=run, window=window), asked.starts


def test_two_years_of_history_are_not_read_to_judge_a_day(project):
    bring(project, FIRST, date(2026, 1, 29))
    observed(project, date(2026, 1, 29), since=FIRST)
    assert len(project.open().store.observations()) > 700
    bring(project, date(2026, 1, 30), date(2026, 1, 30))
    report, starts = observed(project, date(2026, 1, 30))
    assert (report.recorded, report.restated, report.refused) == (1, 0, ())
    window, history = (datetime(2026, 1, 30, tzinfo=UTC) - start for start in starts)
    assert window < timedelta(days=4)
    assert timedelta(days=100) < history < timedelta(days=200)


def test_what_is_as_it_was_is_compared_with_its_window_alone(project):
    bring(project, FIRST, date(2026, 1, 30))
    observed(project, date(2026, 1, 30), since=FIRST)
    report, [start] = observed(project, date(2026, 1, 30))
    assert (report.rows_read, report.recorded, len(report.checks)) == (3, 0, 0)
    assert datetime(2026, 1, 30, tzinfo=UTC) - start < timedelta(days=4)


def test_a_newest_day_that_is_still_without_its_value_is_told_again(project):
    bring(project, FIRST, date(2026, 1, 29))
    with sqlite3.connect(project.directory / "kpis.db") as connection:
        connection.execute("INSERT INTO kpis VALUES ('2026-01-30', NULL)")
    observed(project, date(2026, 1, 30), since=FIRST)
    report, _ = observed(project, date(2026, 1, 30))
    assert (report.rows_read, report.recorded) == (3, 0)
    assert report.checks["rule"].tolist() == ["no_value"]


def test_a_metric_all_of_whose_rows_came_empty_is_told_until_one_has_a_value(project):
    with sqlite3.connect(project.directory / "kpis.db") as connection:
        connection.executemany("INSERT INTO kpis VALUES (?, NULL)", [("2026-01-27",), ("2026-01-28",), ("2026-01-29",)])
    report, _ = observed(project, date(2026, 1, 29), since=FIRST)
    assert report.checks["rule"].tolist() == ["no_value"]
    assert (
        report.checks["detail"]
        .item()
        .startswith("none of the 3 rows that came has a value, and none is stored; look at")
    )
    bring(project, date(2026, 1, 30), date(2026, 1, 30))
    report, _ = observed(project, date(2026, 1, 30))
    assert "no_value" not in report.checks["rule"].tolist()


def test_a_metric_that_fell_silent_long_ago_is_still_told_to_be_stale(project):
    bring(project, FIRST, date(2024, 6, 30))
    observed(project, date(2026, 1, 29), since=FIRST)
    report, starts = observed(project, date(2026, 1, 30))
    assert None in starts
    assert report.checks["rule"].tolist() == ["fresh"]
