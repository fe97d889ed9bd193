from datetime import UTC, date, datetime

import pandas as pd
import pytest
from sqlalchemy import text

from okr_pipeline.model.frames import KEY_RESULT_SCORES, OBJECTIVE_SCORES

AS_OF = datetime(2013, 5, 18, 4, tzinfo=UTC)


@pytest.fixture
def filled(store, points):
    scores = dict.fromkeys(KEY_RESULT_SCORES) | {
        "key_result": "c/a", "objective": "c/o", "cycle": "c", "status": "behind", "provisional": True,
        "value_period_end": pd.Timestamp(AS_OF),
    }  # fmt: skip
    objective = dict.fromkeys(OBJECTIVE_SCORES) | {"objective": "c/o", "cycle": "c", "status": "unknown"}
    stamp = {
        "as_of": AS_OF, "as_of_date": date(2013, 5, 17), "known_at": AS_OF, "run_id": "r", "config_version": "v",
    }  # fmt: skip
    outcome = {"metric": "m", "rule": "max", "family": "rows", "status": "failed", "severity": "block", "detail": None}
    states = [
        {"rule": "behind", "state": state, "streak": 1, "last_evaluated_as_of": AS_OF, "since": AS_OF}
        for state in ("ok", "pending", "firing")
    ]

    def work(batch):
        batch.record_observations(points({0: 1, 1: 2, -400 * 365: 3}, weight=5), run_id="r")
        batch.withdraw(points({0: 0}), run_id="r")
        batch.quarantine(points({1: 9}).assign(rule="max", reason="big"), run_id="r")
        for progress in (0.25, 0.5):
            batch.record_key_result_scores(pd.DataFrame([scores | {"progress": progress}]), **stamp)
        batch.record_objective_scores(pd.DataFrame([objective]), **stamp)
        batch.record_checks(pd.DataFrame([outcome | {"rows_checked": 3, "rows_failed": 1}]), source="s", run_id="r")
        alerts = pd.DataFrame([row | {"key_result": f"c/{row['state']}"} for row in states])
        batch.record_alerts(alerts, alerts.assign(as_of=AS_OF).iloc[:0], run_id="r")
        for content in ("{}", "[]"):
            batch.save_scorecard(
                week="2013-W20", snapshot_hash=content, schema_version=1, content=content, as_of=AS_OF,
                config_version="v", run_id="r", headline="All well.",
                counts=(("on_track", 2),),
            )  # fmt: skip

    store.write(work)
    return store


def rows(store, view):
    with store._database.reading() as connection:
        return [dict(row) for row in connection.execute(text(f"SELECT * FROM {view}")).mappings()]


def shown(store, instant):
    """An instant as the view of this backend shows it."""
    return instant.strftime("%Y-%m-%dT%H:%M:%S.%fZ") if store._database.is_sqlite else instant


def test_metric_observations_shows_values_and_marks_what_no_score_uses(filled):
    found = sorted(rows(filled, "metric_observations"), key=lambda row: row["value"])
    assert [(row["metric"], row["value"], row["weight"], bool(row["quarantined"])) for row in found] == [
        ("m", 2.0, 5.0, True),
        ("m", 3.0, 5.0, False),
    ]
    assert {row["run_id"] for row in found} == {"r"}
    assert {row["recorded_at"] for row in found} == {shown(filled, filled.known_until())}
    assert found[0]["period_start"] == shown(filled, datetime(2013, 1, 2, tzinfo=UTC))
    assert str(found[1]["period_start"]).startswith("1613-")


def test_key_result_progress_shows_the_newest_revision_per_date(filled):
    (row,) = rows(filled, "key_result_progress")
    assert (row["key_result"], row["progress"], row["revision"], str(row["as_of_date"])) == (
        "c/a",
        0.5,
        2,
        "2013-05-17",
    )
    assert set(KEY_RESULT_SCORES) <= set(row)
    assert row["value_period_end"] == shown(filled, AS_OF)
    assert row["window_start"] is None


def test_objective_scores_shows_every_column_of_the_contract(filled):
    (row,) = rows(filled, "objective_scores")
    assert set(OBJECTIVE_SCORES) <= set(row)
    assert row["score"] is None


def test_open_alerts_leaves_out_what_is_ok_or_pending(filled):
    assert [(row["key_result"], row["since"]) for row in rows(filled, "open_alerts")] == [
        ("c/firing", shown(filled, AS_OF))
    ]


def test_check_results_shows_counts(filled):
    (row,) = rows(filled, "check_results")
    assert (row["source"], row["rule"], row["rows_failed"]) == ("s", "max", 1)


def test_scorecards_shows_the_newest_revision_of_a_week(filled):
    (row,) = rows(filled, "scorecards")
    assert (row["week"], row["revision"], row["content"]) == ("2013-W20", 2, "[]")


@pytest.mark.postgres
def test_views_and_tables_state_units_in_comments(postgres_url):
    from okr_pipeline.store import open_store

    store = open_store(postgres_url)
    store.upgrade()
    wanted = text("SELECT col_description(CAST(:relation AS regclass), attnum) FROM pg_attribute"
                  " WHERE attrelid = CAST(:relation AS regclass) AND attname = :column")  # fmt: skip
    with store._database.reading() as connection:
        for relation in ("key_result_progress", "key_result_score_revisions"):
            comment = connection.execute(wanted, {"relation": relation, "column": "last_good_age_hours"}).scalar_one()
            assert comment == "hours"
    store.close()
