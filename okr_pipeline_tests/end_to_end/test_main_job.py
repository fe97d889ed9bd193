"""The main job on the example: what a user sees when running it once, twice, and against another store."""

import json

import pytest

from okr_pipeline.store import open_store


def test_a_run_reads_scores_alerts_and_writes_the_scorecard(example, example_store_url):
    done = example.okr("run", code=None, store=example_store_url)
    assert done.returncode in (0, 1), done.stderr
    assert "Read       warehouse" in done.stdout
    assert "Scores" in done.stdout
    page = example.directory / "scorecards" / "2013-W20" / "index.html"
    assert str(page) in done.stdout.replace("\n", "")
    assert "Harbour Air" in page.read_text()


def test_a_second_run_changes_nothing_but_run_tables(example, example_store_url):
    example.okr("run", code=None, store=example_store_url)
    store = open_store(example_store_url or f"sqlite:///{example.directory}/.okr/okr.db")
    first = store.dump()
    page = (example.directory / "scorecards" / "2013-W20" / "index.html").read_bytes()

    again = example.okr("run", code=None, store=example_store_url)

    assert store.dump() == first
    assert (example.directory / "scorecards" / "2013-W20" / "index.html").read_bytes() == page
    assert "nothing changed" in again.stdout
    assert "none changed" in again.stdout


def test_status_says_the_same_as_what_the_run_recorded(example_run, example_status):
    store = open_store(f"sqlite:///{example_run.directory}/.okr/okr.db")
    recorded = store.key_result_scores().set_index("key_result")
    assert set(recorded.index) == set(example_status)
    for key_result, row in example_status.items():
        assert recorded.loc[key_result, "status"] == row["status"]
        if row["progress"] is not None:
            assert recorded.loc[key_result, "progress"] == row["progress"]


def test_every_key_result_can_be_explained(example_run, example_status):
    for key_result in list(example_status)[::5]:
        told = json.loads(example_run.okr("explain", key_result, "--json").stdout)
        assert told["record"]["status"] == example_status[key_result]["status"]
        assert told["steps"]


def test_a_value_is_recomputed_from_the_rows_that_explain_it(example_run, example_status):
    told = json.loads(example_run.okr("explain", "2013-Q2/departure-delay", "--json").stdout)
    rows = told["observations"]
    mean = sum(row["value"] * row["weight"] for row in rows) / sum(row["weight"] for row in rows)
    assert mean == pytest.approx(example_status["2013-Q2/departure-delay"]["value"], abs=1e-12)
    assert "SELECT" in told["queries"][0]["request"]


def test_history_can_be_rebuilt_and_told_as_of_any_day(example):
    example.okr("run", code=None)
    done = example.okr("backfill", "--from", "2013-05-01", "--to", "2013-05-04", code=None)
    assert "4 days reconstructed" in done.stdout
    store = open_store(f"sqlite:///{example.directory}/.okr/okr.db")
    days = store.key_result_scores()["as_of_date"].unique()
    assert {"2013-05-01", "2013-05-02", "2013-05-03", "2013-05-04", "2013-05-19"} <= {str(day) for day in days}
    told = json.loads(example.okr("status", "--as-of", "2013-05-04", "--json").stdout)
    assert told["as_of"] == "2013-05-05T04:00:00.000000Z"


def test_a_source_that_fails_leaves_the_others_right(example, example_status):
    (example.directory / "config" / "data" / "weather.parquet").write_bytes(b"not a parquet file")
    done = example.okr("run", code=1)
    assert "not read" in done.stdout
    told = {row["id"]: row for row in json.loads(example.okr("status", "--json").stdout)["key_results"]}
    unread = {id_ for id_, row in told.items() if row["reason"] == "source_failed"}
    assert unread
    for key_result in set(told) - unread:
        assert told[key_result]["progress"] == example_status[key_result]["progress"]
