from datetime import UTC, datetime

import pandas as pd

from okr_pipeline.model.frames import CHECK_RESULTS

NOON = pd.Timestamp("2013-05-18T12:00:00.123456Z")


def outcomes(*metrics, status="passed"):
    row = dict.fromkeys(CHECK_RESULTS) | {"rule": "max", "family": "rows", "status": status, "severity": "block"}
    return pd.DataFrame([row | {"metric": metric, "rows_checked": 3, "rows_failed": 0} for metric in metrics])


def touch(store, **columns):
    return store.write(lambda batch: batch.touch_metrics(pd.DataFrame(columns)))


def test_only_columns_that_are_given_change_a_metrics_state(store):
    touch(store, metric=["b", "a"], source="s", last_read_at=NOON, response_hash=["h1", "h2"], rules_version="v")
    touch(store, metric=["a"], status="failed", error="no answer")
    frame = store.metric_states()
    assert frame["metric"].tolist() == ["a", "b"]
    assert frame["status"].tolist() == ["failed", "ok"]
    assert frame["error"].tolist() == ["no answer", None]
    assert frame["response_hash"].tolist() == ["h2", "h1"]
    assert frame["last_read_at"].tolist() == [NOON, NOON]


def test_an_equal_state_is_not_written(store):
    assert touch(store, metric=["a"], last_read_at=NOON) == 1
    assert touch(store, metric=["a"], last_read_at=NOON) == 0


def test_the_latest_check_results_are_those_of_each_metrics_newest_judgement(store):
    for metrics, status in ((("a", "b"), "failed"), (("a",), "passed")):
        store.write(
            lambda batch, m=metrics, s=status: batch.record_checks(outcomes(*m, status=s), source="s", run_id="r")
        )
    latest = store.check_results()
    assert sorted(zip(latest["metric"], latest["status"], strict=True)) == [("a", "passed"), ("b", "failed")]
    assert store.check_results(metric="a", latest=False)["status"].tolist() == ["failed", "passed"]
    assert len(store.check_results(run_id="r", latest=False)) == 3
    assert store.check_results(run_id="none").empty
    assert set(CHECK_RESULTS) | {"run_id", "source", "recorded_at"} <= set(latest.columns)


def test_a_metric_that_was_not_judged_again_keeps_its_latest_check_results(store):
    rounds = [("a", "b", "c"), ("b",), ("c", "d")]
    for judged in rounds:
        store.write(lambda batch, judged=judged: batch.record_checks(outcomes(*judged), source="s", run_id="r"))
    latest = store.check_results()
    assert latest["metric"].tolist() == ["a", "b", "c", "d"]
    assert latest["recorded_at"].nunique() == 3
    assert store.check_results(metric="c")["metric"].tolist() == ["c"]
    assert len(store.check_results(latest=False)) == 6


def test_what_was_met_when_it_was_judged_last_is_not_unmet(store):
    for statuses in ({"a": "failed", "b": "errored", "c": "failed", "d": "passed"}, {"c": "passed", "d": "skipped"}):
        told = pd.concat([outcomes(metric, status=status) for metric, status in statuses.items()])
        store.write(lambda batch, told=told: batch.record_checks(told, source="s", run_id="r"))
    unmet = store.unmet_checks()
    assert list(zip(unmet["metric"], unmet["status"], strict=True)) == [("a", "failed"), ("b", "errored")]


def test_reads_keep_the_question_and_the_hash_of_the_answer(store):
    read = {
        "metric": "a", "request": "SELECT 'x,\n\"y\"'", "fingerprint": "f", "response_hash": "h", "row_count": 7,
        "window_start": NOON, "window_end": NOON, "fetched_at": NOON, "whole": False, "flags": "",
    }  # fmt: skip
    for count in (7, 8):
        store.write(lambda batch, n=count: batch.record_reads(pd.DataFrame([read | {"row_count": n}]), run_id="r"))
    frame = store.reads("a")
    assert frame["row_count"].tolist() == [8, 7]
    assert frame["request"].tolist() == [read["request"]] * 2
    assert frame["whole"].tolist() == [False, False]
    assert store.reads("b").empty


def test_the_newest_scorecard_of_a_week_is_kept_once_per_hash(store):
    def save(snapshot_hash, content):
        return store.write(
            lambda batch: batch.save_scorecard(
                week="2013-W20", snapshot_hash=snapshot_hash, schema_version=1, content=content,
                as_of=datetime(2013, 5, 18, tzinfo=UTC), config_version="v", run_id="r", headline="All well.",
                counts=(("on_track", 2),),
            )
        )  # fmt: skip

    assert [save("h1", "one"), save("h1", "one")] == [True, False]
    known = store.known_until()
    assert [save("h2", "two"), save("h1", "one")] == [True, True]
    assert store.scorecards()[["week", "revision"]].to_dict("records") == [{"week": "2013-W20", "revision": 3}]
    assert store.scorecard("2013-W20") == "one"
    assert store.scorecard("2013-W20", known_at=known) == "one"
    assert store.scorecard("2013-W21") is None


def test_a_failed_read_says_since_when_it_fails_for_its_newest_reason(store):
    def read(status, error):
        touch(store, metric=["x"], source=["wh"], status=[status], error=[error])
        return store.failed_reads()

    assert read("ok", None) == []
    (down,), (still,) = read("failed", "it is down"), read("failed", "it is down")
    assert store.changed_at() == down["since"]
    (refused,) = read("failed", "login refused")
    assert store.changed_at() == refused["since"]
    assert (down["metric"], down["error"], still) == ("x", "it is down", down)
    assert (refused["error"], refused["since"] > down["since"]) == ("login refused", True)
    assert [store.failed_reads(it["since"])[0]["error"] for it in (down, refused)] == ["it is down", "login refused"]
    assert read("ok", None) == []
    assert store.failing_metrics(refused["since"]) == {"x"}
