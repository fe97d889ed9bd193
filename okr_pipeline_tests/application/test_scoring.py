"""Recording scores: what is new for a date, what stays, and what a reconstruction may not touch."""

from datetime import UTC, date, datetime, timedelta

import pytest

from okr_pipeline.application.gathering import evaluate, gather
from okr_pipeline.application.observing import observe
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scoring import score_and_record, score_history
from okr_pipeline_tests.projects import Small, january

NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def small(small_on_each):
    return small_on_each


def test_an_hour_later_with_no_new_period_nothing_is_recorded(small):
    small.observe("first")
    workspace = small.open()
    assert len(score_and_record(workspace, Run("first", NOON)).changed_key_results) == 1
    later = score_and_record(workspace, Run("second", NOON + timedelta(hours=1)))
    assert later.changed_key_results.empty
    assert later.changed_objectives.empty


def test_a_new_value_changes_the_score_of_the_same_date_by_a_revision(small):
    small.observe("first")
    score_and_record(small.open(), Run("first", NOON))
    small.write(january() | {date(2026, 1, 29): 40})
    workspace = small.open()
    observe(workspace, "sheets", run=Run("second", NOON))
    changed = score_and_record(workspace, Run("second", NOON)).changed_key_results
    assert changed["value"].tolist() == [330.0]
    assert changed["previous_status"].tolist() == ["on_track"]


def test_a_score_is_reproduced_from_what_was_known_when_it_was_made(small):
    small.observe("first")
    workspace = small.open()
    score_and_record(workspace, Run("first", NOON))
    known_at = workspace.store.key_result_scores()["known_at"].iloc[0].to_pydatetime()
    before = gather(workspace, NOON, known_at=known_at).observations
    small.write(january() | {date(2026, 1, 29): 40})
    observe(small.open(), "sheets", run=Run("second", NOON))
    assert gather(workspace, NOON, known_at=known_at).observations.equals(before)


def test_a_reconstruction_fills_dates_without_scores_and_leaves_the_others(small):
    small.observe("first")
    workspace = small.open()
    score_and_record(workspace, Run("live", NOON))
    ends = [workspace.project.calendar.end_of_day(date(2026, 1, day)) for day in (29, 30, 31)]
    assert score_history(workspace, Run("past", ends[-1], "backfill"), ends) == 2
    recorded = workspace.store.key_result_scores().set_index("as_of_date")
    assert recorded["reconstructed"].astype(bool).tolist() == [True, True, False]
    assert recorded["value"].tolist() == [290.0, 300.0, 300.0]


def test_a_baseline_is_fixed_and_taken_anew_when_its_definition_changes(small):
    change = (
        "measure: {change: {by: +10%}}\n        over: trailing 5 days\n"
        "        starts: 2026-01-11\n        ends: 2026-01-31"
    )
    okrs = (small.directory / "config/okrs/q1.yaml").read_text()
    small.put("okrs/q1.yaml", okrs.replace("measure: {accumulate: {to: 900}}", change))
    small.observe("first")
    score_and_record(small.open(), Run("first", NOON))
    small.put("okrs/q1.yaml", okrs.replace("measure: {accumulate: {to: 900}}", change.replace("5 days", "10 days")))
    score_and_record(small.open(), Run("second", NOON))
    assert small.open().store.baselines()["value"].tolist() == [50.0, 100.0]
    assert small.open().store.key_result_scores()["baseline"].tolist() == [100.0]


def test_a_key_result_keeps_its_grade_long_after_its_end(tmp_path, store_url):
    project = Small(tmp_path, store_url, as_of=date(2026, 12, 31)).write(january(10, last=90))
    project.observe()
    workspace = project.open()
    for day in (date(2026, 3, 31), date(2026, 4, 10), date(2026, 12, 31)):
        as_of = workspace.project.calendar.end_of_day(day)
        row = evaluate(workspace.configuration, gather(workspace, as_of), as_of).key_results.iloc[0]
        assert (row["value"], row["status"], row["reason"]) == (900.0, "achieved", None), day
