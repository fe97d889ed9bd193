"""Key results under every status rule, and a project that chose another rule than the default."""

from datetime import date

import pytest

from okr_pipeline.application.comparing_rules import compare_rules
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.application.telling import Filter
from okr_pipeline.model.status_rule import STATUS_RULES
from okr_pipeline_tests.projects import PROJECT, Small, january


@pytest.fixture
def slow(tmp_path, store_url, with_schema, done_once) -> Small:
    """Eight sign-ups a day where ten are planned: 0.8 of the plan, 6.9 points below it."""
    return done_once(Small(tmp_path, with_schema(store_url)).write(january(8)), Small.observe)


def compared(project: Small, **also: object) -> dict:
    workspace = project.open()
    return compare_rules(workspace, as_of=workspace.as_of(), **also)


def test_each_rule_is_told_with_what_differs_from_the_projects(slow):
    told = compared(slow)
    assert [it["name"] for it in told["rules"]] == list(STATUS_RULES)
    (row,) = told["key_results"]
    assert row["statuses"] == {
        "pace": "at_risk",
        "viva": "at_risk",
        "engagedly": "on_track",
        "upraise": "at_risk",
        "mooncamp": "at_risk",
        "leankit": "on_track",
        "zokri": "on_track",
        "google": "on_track",
    }
    assert row["differing"] == ["engagedly", "leankit", "zokri", "google"]
    assert (told["judged"], told["mixed"], told["mixed_share"]) == (1, 1, 1.0)


def test_what_all_rules_agree_on_is_not_mixed(tmp_path, store_url):
    project = Small(tmp_path, store_url).write(january(10))
    project.observe()
    told = compared(project)
    assert (told["key_results"][0]["differing"], told["mixed"], told["mixed_share"]) == ([], 0, 0.0)


def test_what_is_unknown_is_not_counted_as_judged(tmp_path, store_url):
    told = compared(Small(tmp_path, store_url).write(january(10)))
    assert told["key_results"][0]["statuses"] == dict.fromkeys(STATUS_RULES, "unknown")
    assert (told["judged"], told["mixed_share"]) == (0, None)


def test_a_comparison_can_be_narrowed_like_the_status(slow):
    assert compared(slow, only=Filter(owner="nobody@small.example"))["key_results"] == []
    assert compared(slow, only=Filter(level="team"))["key_results"] == []


@pytest.mark.parametrize(("rule", "status"), [("viva", "at_risk"), ("leankit", "on_track")])
def test_the_rule_that_a_project_chose_judges_and_is_recorded_with_each_score(slow, rule, status):
    slow.put("project.yaml", PROJECT.format(as_of=slow.as_of) + f"status_rule: {rule}\n")
    workspace = slow.open()
    score_and_record(workspace, Run("scored", workspace.as_of()))
    scores = workspace.store.key_result_scores((date(2026, 1, 31), date(2026, 1, 31)))
    assert scores[["status", "status_rule"]].to_numpy().tolist() == [[status, rule]]
    objectives = workspace.store.objective_scores((date(2026, 1, 31), date(2026, 1, 31)))
    assert objectives[["status", "status_rule"]].to_numpy().tolist() == [[status, rule]]
