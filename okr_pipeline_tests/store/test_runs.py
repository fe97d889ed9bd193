from datetime import UTC, datetime

import pytest

from okr_pipeline.store.runs import Run

AS_OF = datetime(2013, 5, 19, 4, tzinfo=UTC)


def test_a_run_begins_and_ends_at_the_instants_of_its_batches(store):
    run = Run("x", "backfill", AS_OF, "v", "d")
    began = store.write(lambda batch: (batch.start_run(run), batch.recorded_at)[1])
    ended = store.write(
        lambda batch: (batch.add_step("x", "read", {"rows": 3}, status="partial"), batch.recorded_at)[1]
    )
    frame = store.runs()
    assert frame["run_id"].tolist() == ["x", "r"]
    row = frame.iloc[0]
    assert [row.kind, row.status, row.as_of, row.started_at, row.finished_at] == [
        "backfill",
        "partial",
        AS_OF,
        began,
        ended,
    ]
    assert store.run("x")["summary"] == {"read": {"rows": 3, "status": "partial"}}


def test_a_run_with_a_step_in_part_stays_partial_whatever_follows(store):
    for step, status in (("read", "partial"), ("score", "done")):
        store.write(lambda batch, step=step, status=status: batch.add_step("r", step, {}, status=status))
    told = store.run("r")
    assert told["status"] == "partial"
    assert list(told["summary"]) == ["read", "score"]
    assert store.run("nobody") is None


def test_a_run_that_goes_on_keeps_its_beginning(store):
    began = store.runs()["started_at"][0]
    store.write(lambda batch: batch.start_run(Run("r", "run")))
    assert store.runs()["started_at"].tolist() == [began]


def test_an_unknown_run_has_no_steps(store):
    with pytest.raises(KeyError):
        store.write(lambda batch: batch.add_step("nobody", "read", {}, status="done"))


def test_definitions_are_kept_when_they_change_also_back_again(store):
    def apply(version):
        return store.write(lambda batch: batch.record_configuration(version, lambda: f"of {version}", run_id="r"))

    assert store.latest_configuration() is None
    assert [apply("v1"), apply("v1")] == [True, False]
    known = store.known_until()
    assert [apply("v2"), apply("v1")] == [True, True]
    assert store.latest_configuration() == ("v1", "of v1")
    assert store.latest_configuration(known_at=known) == ("v1", "of v1")
    assert store.configuration("v2") == "of v2"
    assert store.configuration("v3") is None
