"""The main job on the example: what a user sees when running it once, twice, over history and with a source down."""

import json

import pytest

from okr_pipeline.store import open_store
from okr_pipeline_tests.end_to_end.conftest import SAID

PAGE = "scorecards/2013-W20/index.html"


def test_a_run_says_what_it_read_and_refused_and_where_its_scorecard_is(example_run):
    said = (example_run.directory / SAID).read_text()
    assert "Read       warehouse" in said
    assert "wind_speed" in said
    assert str(example_run.directory / PAGE) in said


def test_a_second_run_changes_nothing_but_run_tables(scored_example):
    page = scored_example.directory / PAGE
    store, published = open_store(scored_example.store_url), page.read_bytes()
    before = store.dump()

    again = scored_example.okr("run")

    assert store.dump() == before
    assert page.read_bytes() == published
    assert again.stdout.count("nothing changed") == 2
    assert "none changed" in again.stdout


def test_status_lists_the_alerts_that_are_open(example_run):
    firing = open_store(example_run.store_url).alert_states()
    firing = firing[firing["state"].isin(["firing", "recovering"])]
    told = json.loads(example_run.okr("status", "--json").stdout)["open_alerts"]
    assert len(told) > 0
    assert {it["key_result"] for it in told} == set(firing["key_result"])
    assert json.loads(example_run.okr("status", "--json", "--as-of", "2013-04-30").stdout)["open_alerts"] == []


def test_status_says_the_same_as_what_the_run_recorded(example_run, example_status):
    recorded = open_store(example_run.store_url).key_result_scores().set_index("key_result")
    assert set(recorded.index) == set(example_status)
    for key_result, row in example_status.items():
        assert recorded.loc[key_result, "status"] == row["status"]
        if row["progress"] is not None:
            assert recorded.loc[key_result, "progress"] == row["progress"]


@pytest.mark.parametrize(
    "key_result",
    ["2013-Q2/delay-minutes", "2013-Q2/jfk-launches", "2013-Q2/ewr-full-weeks", "2013-05-sprint/calm-hours"],
)
def test_a_key_result_of_any_measure_can_be_explained(example_run, example_status, key_result):
    told = json.loads(example_run.okr("explain", key_result, "--json").stdout)
    status = {
        name: fact for name, fact in example_status[key_result].items() if name not in ("last_check_in", "checked_in")
    }
    assert told["record"] == status
    assert told["steps"]
    assert told["queries"]
    assert told["observations"]


def test_a_value_is_recomputed_from_the_rows_that_explain_it(example_run, example_status):
    told = json.loads(example_run.okr("explain", "2013-Q2/departure-delay", "--json").stdout)
    rows = told["observations"]
    mean = sum(row["value"] * row["weight"] for row in rows) / sum(row["weight"] for row in rows)
    assert mean == pytest.approx(example_status["2013-Q2/departure-delay"]["value"], abs=1e-12)
    assert "SELECT" in told["queries"][0]["request"]


def test_the_same_question_has_the_same_answer_when_asked_as_of_then_and_as_known_then(example_run, example_status):
    recorded = open_store(example_run.store_url).key_result_scores()
    known_at = str(recorded["recorded_at"].max().isoformat())
    told = json.loads(example_run.okr("status", "--as-of", "2013-05-19", "--known-at", known_at, "--json").stdout)
    assert {row["id"]: row for row in told["key_results"]} == example_status


def test_history_can_be_rebuilt_and_told_as_of_any_day_and_published_days_stay(scored_example):
    example = scored_example
    published = open_store(example.store_url).key_result_scores().drop(columns=["recorded_at"])
    done = example.okr("backfill", "--from", "2013-05-17", "--to", "2013-05-19")
    assert "3 days reconstructed" in done.stdout
    assert "1 of them keeps the scores" in done.stdout
    recorded = open_store(example.store_url).key_result_scores()
    assert {str(day) for day in recorded["as_of_date"]} == {"2013-05-17", "2013-05-18", "2013-05-19"}
    kept = recorded[recorded["as_of_date"].astype(str) == "2013-05-19"].drop(columns=["recorded_at"])
    assert kept.reset_index(drop=True).equals(published)
    told = json.loads(example.okr("status", "--as-of", "2013-05-17", "--json").stdout)
    assert told["as_of"] == "2013-05-18T04:00:00.000000Z"


def test_a_source_that_fails_leaves_the_others_right(example, example_status):
    (example.directory / "config" / "data" / "weather.parquet").write_bytes(b"not a parquet file")
    done = example.okr("run", code=1)
    said = " ".join(done.stdout.split())
    assert "not read precipitation, visibility, wind_speed: " in said
    assert said.count("weather.parquet") == 1
    told = {row["id"]: row for row in json.loads(example.okr("status", "--json").stdout)["key_results"]}
    unread = {id_ for id_, row in told.items() if row["reason"] == "source_failed"}
    assert unread == {"2013-Q2/lga-wind", "2013/newark-wind"}
    for key_result in set(told) - unread:
        assert told[key_result]["progress"] == example_status[key_result]["progress"]
