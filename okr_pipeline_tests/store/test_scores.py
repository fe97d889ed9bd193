import math
from datetime import UTC, date, datetime

import pandas as pd
import pytest

from okr_pipeline.model.frames import KEY_RESULT_SCORES, OBJECTIVE_SCORES

FRIDAY = date(2013, 5, 17)


def key_results(**changes):
    row = dict.fromkeys(KEY_RESULT_SCORES)
    row |= {
        "objective": "c/o", "cycle": "c", "status": "on_track", "progress": 0.5, "provisional": True,
        "observed_periods": 28, "value_period_end": pd.Timestamp("2013-05-17", tz="UTC"),
    }  # fmt: skip
    return pd.DataFrame([row | {"key_result": name} | changes for name in ("c/b", "c/a")])


def objectives(**changes):
    row = dict.fromkeys(OBJECTIVE_SCORES) | {"objective": "c/o", "cycle": "c", "status": "on_track", "coverage": 1.0}
    return pd.DataFrame([row | changes])


def record(store, frame, on=FRIDAY, run_id="r", hour=0, **stamp):
    stamp = {"config_version": "v", "known_at": datetime(2020, 1, 1, hour, tzinfo=UTC), **stamp}
    stamp |= {"as_of": datetime(2013, 5, 18, hour, tzinfo=UTC), "as_of_date": on, "run_id": run_id}

    def work(batch):
        is_key_result = "key_result" in frame
        verb = batch.record_key_result_scores if is_key_result else batch.record_objective_scores
        return verb(frame, **stamp)

    return store.write(work)


def test_scores_are_read_back_in_the_columns_of_the_contract(store):
    record(store, key_results())
    record(store, objectives())
    frame = store.key_result_scores(FRIDAY)
    assert tuple(frame.columns[: len(KEY_RESULT_SCORES)]) == KEY_RESULT_SCORES
    assert frame["key_result"].tolist() == ["c/a", "c/b"]
    assert frame.loc[0, ["progress", "observed_periods", "provisional", "as_of_date"]].tolist() == [
        0.5,
        28,
        True,
        "2013-05-17",
    ]
    assert frame["reason"].tolist() == [None, None]
    assert str(frame["value_period_end"].dtype) == "datetime64[us, UTC]"
    assert tuple(store.objective_scores(FRIDAY).columns[: len(OBJECTIVE_SCORES)]) == OBJECTIVE_SCORES


@pytest.mark.parametrize(
    "same",
    [
        pytest.param({"hour": 3}, id="computed later"),
        pytest.param({"config_version": "w"}, id="other definitions, same result"),
        pytest.param({"reconstructed": True}, id="replayed"),
        pytest.param({"changes": {"expected_progress_now": 0.9}}, id="the plan at a later hour"),
        pytest.param({"changes": {"last_good_age_hours": 7.0}}, id="age alone"),
    ],
)
def test_what_says_the_same_is_not_written_again(store, same):
    record(store, key_results())
    before = store.dump()
    same = dict(same)
    assert record(store, key_results(**same.pop("changes", {})), **same).empty
    assert store.dump() == before


@pytest.mark.parametrize(
    "changes",
    [
        {"progress": math.nextafter(0.5, 1)},
        {"progress": None, "status": "unknown", "reason": "stale"},
        {"provisional": False},
        {"observed_periods": 27},
        {"value_period_end": pd.Timestamp("2013-05-16", tz="UTC")},
        {"target": 10.0},
        {"title": "Other words"},
    ],
    ids=", ".join,
)
def test_what_says_something_else_is_a_new_revision(store, changes):
    first = store.known_until()
    record(store, key_results())
    known = store.known_until()
    changed = record(store, key_results(**changes).iloc[:1])
    assert changed["key_result"].tolist() == ["c/b"]
    assert store.key_result_scores(FRIDAY)["revision"].tolist() == [1, 2]
    assert store.key_result_scores(FRIDAY, known_at=known)["revision"].tolist() == [1, 1]
    assert store.key_result_scores(FRIDAY, known_at=first).empty


def test_the_same_score_on_another_date_is_another_row(store):
    record(store, key_results())
    assert len(record(store, key_results(), on=date(2013, 5, 18))) == 2
    assert len(store.key_result_scores()) == 4
    assert len(store.key_result_scores((FRIDAY, date(2013, 5, 18)), key_results=["c/a"])) == 2
    assert store.key_result_scores(date(2013, 5, 19)).empty


def test_what_was_scored_in_some_days_and_known_then_is_listed(store):
    record(store, key_results(), on=date(2013, 5, 18))
    known = store.recorded_of(date(2013, 5, 18))
    record(store, key_results().assign(key_result=["c/c", "c/d"]))
    assert store.scored_key_results(FRIDAY, date(2013, 5, 18)) == ["c/a", "c/b", "c/c", "c/d"]
    assert store.scored_key_results(FRIDAY, FRIDAY) == ["c/c", "c/d"]
    assert store.scored_key_results(FRIDAY, date(2013, 5, 18), known) == ["c/a", "c/b"]


def test_a_baseline_is_fixed_once(store):
    def fix(value, definition="one"):
        columns = {"key_result": ["c/a", "c/b"], "definition": definition, "value": [value, math.nan]}
        frame = pd.DataFrame(columns)
        return store.write(lambda batch: batch.fix_baselines(frame, run_id="r"))

    before = store.known_until()
    assert [fix(1.0), fix(2.0)] == [1, 0]
    assert store.baselines()[["key_result", "value"]].to_dict("records") == [{"key_result": "c/a", "value": 1.0}]
    assert store.baselines(known_at=before).empty
    assert fix(3.0, "another") == 1
    assert store.baselines()["definition"].tolist() == ["one", "another"]
