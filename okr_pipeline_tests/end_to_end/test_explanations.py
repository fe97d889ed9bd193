"""Explanations of the example: every number of every key result and objective, as `okr status` has it."""

import re
from itertools import pairwise

import pytest

from okr_pipeline.application.explaining import explain
from okr_pipeline.application.telling import status
from okr_pipeline.application.workspace import Workspace, open_applied
from okr_pipeline.model.explanation import Explanation
from okr_pipeline.rendering.explanation_page import explanation_markdown
from okr_pipeline_tests.arithmetic import check_explanation, near

BESIDE = ("last_check_in", "checked_in")
"""What `okr status` tells beside the score of a key result."""


@pytest.fixture(scope="module")
def workspace(example_run) -> Workspace:
    return open_applied(example_run.directory / "config", store_url=example_run.store_url)[0]


@pytest.fixture(scope="module")
def explained(workspace) -> dict[str, Explanation]:
    """Everything there is, explained, by id."""
    told = status(workspace, as_of=workspace.as_of())
    names = [it["id"] for it in (*told["key_results"], *told["objectives"])]
    return {name: explain(workspace, name, as_of=workspace.as_of()) for name in names}


def test_what_is_explained_alone_is_what_status_says_beside_all_others(workspace, explained):
    told = status(workspace, as_of=workspace.as_of())
    rows = {it["id"]: it for it in (*told["key_results"], *told["objectives"])}
    assert {name: it.record for name, it in explained.items()} == {
        name: {column: fact for column, fact in row.items() if column not in BESIDE} for name, row in rows.items()
    }


def test_every_step_is_arithmetic_that_comes_to_the_score_it_explains(explained):
    assert sum(check_explanation(it) for it in explained.values()) > 300


def test_every_value_is_recomputed_from_the_rows_that_are_shown(explained):
    """Where a key result's value is a sum or a weighted mean of a metric with a source, the rows alone give it."""
    checked = 0
    for it in explained.values():
        rollup = it.metrics[0]["rollup"] if len(it.metrics) == 1 else None
        rows = [row for row in it.observations if row["value"] is not None]
        if it.record.get("measure") in ("reach", "change") and it.record["value"] is not None and rows:
            if rollup == "weighted_mean":
                moment = sum(row["value"] * row["weight"] for row in rows)
                assert near(moment / sum(row["weight"] for row in rows), it.record["value"]), it.id
                checked += 1
        elif it.record.get("measure") in ("accumulate", "limit") and rows:
            assert near(sum(row["value"] for row in rows), it.record["value"]), it.id
            checked += 1
    assert checked >= 8


def test_scores_climb_level_by_level_to_the_highest_objective(explained):
    """An objective that counts in another is a member of it with the very score that its own level comes to."""
    climbed = 0
    for it in explained.values():
        for below, above in pairwise(it.levels):
            [member] = [row for row in above.members if row["id"] == below.objective]
            score = next(step.result for step in below.steps if step.what == "score")
            assert member["score"] == score, (it.id, above.objective)
            climbed += 1
        assert all(explained[level.objective].steps[0] == level.steps[0] for level in it.levels)
    assert climbed >= 10


def test_a_page_of_markdown_has_a_line_for_every_step_and_no_python_in_it(explained):
    for it in explained.values():
        page = explanation_markdown(it)
        assert page.startswith("# ")
        for step in it.steps:
            assert f"| {step.what} |" in page
        assert not re.search(r"\{'|\bNone\b|\bnan\b|Timestamp|<[A-Z]\w+\.", page), it.id
