"""Backfills of a server through Dagster: what goes on, and what knows no past."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from connectors.catalogue import load_connectors
from okr_pipeline.application.workspace import open_for_writing
from okr_pipeline.orchestration.launch import run_history_job, run_main_job
from okr_pipeline_tests.connectors.http.server import Server, json_reply
from okr_pipeline_tests.shops import Shop, orders_on, write_shop

BEGINNING, FIRST, LAST = date(2025, 1, 1), date(2025, 2, 14), date(2025, 5, 16)


@pytest.fixture
def shop():
    return Shop(BEGINNING, LAST)


@pytest.fixture
def workspace(shop, tmp_path):
    with Server(shop) as server:
        project = write_shop(tmp_path, server.url, as_of=LAST, first=BEGINNING, size=100)
        yield open_for_writing(project / "config", store_url=f"sqlite:///{tmp_path}/okr.db")


@pytest.fixture
def workspace_on_each(workspace, store_url):
    return open_for_writing(workspace.config_dir, store_url=store_url)


def newest_score(workspace):
    row = workspace.store.key_result_scores(LAST).to_dict("records")[0]
    return row["value"], row["status"], row["reason"]


def told(workspace, outcome):
    return workspace.store.run(outcome.run_id)["summary"]["observed/shop"]


def test_days_of_two_quarters_are_backfilled_in_two_requests_and_go_on_where_they_stopped(workspace, shop, tmp_path):
    """Of days whose cycle has closed: only those of the five weeks after are scored, too, which costs more than reading."""
    year = workspace.config_dir / "okrs/year.yaml"
    year.write_text(year.read_text().replace("ends: 2025-12-31", "ends: 2025-01-20"))
    workspace = open_for_writing(workspace.config_dir, store_url=f"sqlite:///{tmp_path}/okr.db")
    shop.fault = lambda number, seen: json_reply({}, 401) if number == 2 else None
    broken = told(workspace, run_history_job(workspace, FIRST, LAST))
    [failure] = broken["failures"]
    assert failure["metrics"] == ["orders"]
    assert failure["cause"].endswith(" To be read: from 2025-03-31 22:00 to 2025-05-16 22:00 UTC.")
    assert (broken["new"], broken["traffic"]["requests"]) == (46, 2)
    resumed = told(workspace, run_history_job(workspace, FIRST, LAST))
    assert [seen.params["from"] for seen in shop.asked] == ["2025-02-14", "2025-04-01", "2025-04-01"]
    assert (resumed["new"], resumed["failures"]) == (46, [])
    assert (broken["goes_on_from"], resumed["goes_on_from"]) == (None, "2025-03-31 22:00:00+00:00")
    observed = workspace.store.observations()["value"]
    assert observed.tolist() == [orders_on(FIRST + timedelta(days=day)) for day in range(92)]
    scored = workspace.store.key_result_scores()["as_of_date"].tolist()
    assert scored == [str(FIRST + timedelta(days=day)) for day in range(10)]


def test_a_source_that_knows_no_past_is_not_asked_and_says_so_and_stays_as_it_was(workspace_on_each, shop, monkeypatch):
    workspace = workspace_on_each
    run_main_job(workspace)
    before, asked = newest_score(workspace), len(shop.asked)
    rest = load_connectors()["rest"]

    class Snapshots:
        open = staticmethod(rest.open)

        @staticmethod
        def describe():
            return replace(rest.describe(), history=False)

    monkeypatch.setattr("okr_pipeline.application.reading.load_connectors", lambda: {"rest": Snapshots()})
    outcome = run_history_job(workspace, LAST - timedelta(days=9), LAST - timedelta(days=3))
    assert told(workspace, outcome)["failures"] == [
        {
            "metrics": ["orders"],
            "cause": "source shop (rest) tells what is so when it is asked, and nothing of days that have"
            " passed. They cannot be read again; let okr run every day, and what it records stays.",
        }
    ]
    assert len(shop.asked) == asked
    assert workspace.store.metric_states()["status"].tolist() == ["ok"]
    assert newest_score(workspace) == before
