"""A store that is asked once answers as the store did."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from okr_pipeline.application.gathering import gather
from okr_pipeline.application.remembering import remembering
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scoring import score_and_record


@pytest.fixture
def workspace(small):
    small.observe("first")
    workspace = small.open()
    score_and_record(workspace, Run("first", workspace.as_of()))
    return workspace


def test_one_question_has_one_answer_whatever_is_written_meanwhile(workspace):
    store = remembering(workspace.store)
    known, scores = store.known_until(), store.key_result_scores()
    score_and_record(workspace, Run("second", datetime(2026, 1, 30, 23, tzinfo=UTC)))
    assert store.known_until() == known != workspace.store.known_until()
    assert store.key_result_scores() is scores
    assert len(workspace.store.key_result_scores()) > len(scores)


def test_other_questions_have_other_answers(workspace):
    store = remembering(workspace.store)
    first, day = store.observations({"signups"}), datetime(2026, 1, 10, tzinfo=UTC)
    assert store.observations(["signups"]) is first
    assert len(store.observations(["signups"], day)) < len(first)
    assert len(store.observations(metrics=["nothing"])) == 0
    assert store.place == workspace.store.place


def test_what_scores_are_made_of_is_the_same(workspace):
    asked = replace(workspace, store=remembering(workspace.store))
    one, other = gather(workspace, workspace.as_of()), gather(asked, workspace.as_of())
    assert other.observations.equals(one.observations)
    assert (other.known_at, other.failed_metrics) == (one.known_at, one.failed_metrics)
