"""Backtesting on a project's store: what is recorded, and what is only shown."""

import json
from datetime import date, timedelta

import pytest
from typer.testing import CliRunner, Result

from okr_pipeline.application.backtesting import measured
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.cli.main import app
from okr_pipeline_tests.projects import OKRS, PROJECT, Small


@pytest.fixture
def tried(small: Small) -> Small:
    """Thirteen weeks of about ten a day, and a promise of the last eleven days."""
    first = date(2025, 11, 1)
    small.write({first + timedelta(days=day): 8 + day % 5 for day in range(92)})
    small.put("project.yaml", PROJECT.format(as_of="2026-01-31").replace("2026-01-01", "2025-01-01"))
    small.put(
        "okrs/q1.yaml",
        OKRS.replace(
            "{accumulate: {to: 900}}", "{accumulate: {to: 110}}\n        starts: 2026-01-21\n        ends: 2026-01-31"
        ),
    )
    small.observe()
    workspace = small.open()
    score_and_record(workspace, Run("scores", workspace.as_of()))
    return small


def backtest(small: Small, *options: str) -> Result:
    where = ["--config", str(small.directory / "config"), "--store", small.store_url]
    return CliRunner().invoke(app, ["forecast", "backtest", *where, "--json", *options])


def test_what_was_known_then_is_replayed_and_not_recorded(tried: Small) -> None:
    known = tried.open().store.known_until()
    assert known is not None
    then = json.loads(backtest(tried, "--known-at", known.isoformat()).stdout)["calibration"]
    assert measured(tried.open()) == []
    now = json.loads(backtest(tried).stdout)["calibration"]
    assert [it["family"] for it in now] == ["flow"]
    assert [{**it, "recorded_at": None} for it in measured(tried.open())] == [{**it, "recorded_at": None} for it in now]
    assert then == [{name: it[name] for name in it if name != "recorded_at"} for it in now]


def test_nothing_was_applied_before_the_first_run(tried: Small) -> None:
    refused = backtest(tried, "--known-at", "2020-01-01")
    assert "holds no scores known by then" in str(refused.exception)


def test_no_store_is_made_where_there_is_none(tried: Small) -> None:
    missing = tried.directory / "elsewhere.db"
    where = ["--config", str(tried.directory / "config"), "--store", f"sqlite:///{missing}"]
    refused = CliRunner().invoke(app, ["forecast", "backtest", *where])
    assert "There is no store at" in str(refused.exception)
    assert not missing.exists()
