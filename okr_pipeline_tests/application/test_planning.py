"""A plan says exactly what the next run does, and writes nothing."""

import json
import shutil
import subprocess
from dataclasses import asdict, replace
from datetime import date

import pytest

from okr_pipeline.application.alerts import raise_alerts
from okr_pipeline.application.committed import configuration_at
from okr_pipeline.application.errors import NothingApplied, UsageError
from okr_pipeline.application.planning import Plan, last_applied, plan
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.application.telling import key_result_records, objective_records
from okr_pipeline.cli.plan_pages import markdown
from okr_pipeline.config import ConfigurationError
from okr_pipeline_tests.projects import OKRS, PROJECT, Small, january

SECOND = """\
      visits:
        title: Win 400 more
        owner: growth@small.example
        metric: signups
        measure: {accumulate: {to: 400}}
"""
OTHER = """\
  other:
    title: Something else
    owner: ceo@small.example
    level: team
    intent: committed
    key_results:
      thousand:
        title: Win a thousand sign-ups
        owner: growth@small.example
        metric: signups
        measure: {accumulate: {to: 1000}}
"""
BOTH = OKRS + SECOND + OTHER


@pytest.fixture
def project(small: Small) -> Small:
    """Two objectives, applied once."""
    small.put("okrs/q1.yaml", BOTH)
    apply(small, "first")
    return small


def apply(small: Small, run_id: str) -> None:
    small.observe(run_id)
    workspace = small.open()
    score_and_record(workspace, Run(run_id, workspace.as_of()))
    raise_alerts(workspace, Run(run_id, workspace.as_of()))


def planned(small: Small) -> Plan:
    workspace = small.open()
    return plan(workspace, last_applied(workspace), against="what was last applied", as_of=workspace.as_of())


def test_nothing_changed_is_a_plan_of_nothing(project):
    made = planned(project)
    assert not made.has_changes
    assert (made.untouched_key_results, made.untouched_objectives) == (3, 2)
    assert "changes nothing" in markdown(made, "Europe/Berlin")


def test_planning_writes_nothing(project):
    before = project.open().store.dump(run_tables=True)
    project.put("okrs/q1.yaml", BOTH.replace("to: 900", "to: 500"))
    planned(project)
    assert project.open().store.dump(run_tables=True) == before


def test_the_next_run_does_what_the_plan_says_and_leaves_the_rest_byte_for_byte(project):
    old = recorded(project)
    project.put("okrs/q1.yaml", BOTH.replace("to: 900", "to: 400").replace("Something else", "Something other"))
    made = planned(project)
    assert [row["id"] for row in made.key_results] == ["2026-Q1/signups"]
    assert [row["id"] for row in made.objectives] == ["2026-Q1/grow", "2026-Q1/other"]
    apply(project, "second")
    new = recorded(project)
    for row in (*made.key_results, *made.objectives):
        assert row["before"] == old[row["id"]]
        assert row["after"] == new[row["id"]]
    moved = {row["id"] for row in (*made.key_results, *made.objectives)}
    assert {name for name in new if new[name] != old[name]} == moved
    assert rewritten(project) == moved


def test_alerts_move_as_planned(small):
    small.put("okrs/q1.yaml", BOTH)
    small.put("project.yaml", PROJECT.format(as_of="2026-01-27"))
    apply(small, "first")
    small.put("project.yaml", PROJECT.format(as_of="2026-01-31"))
    small.observe("second")  # the days since, so that the run has nothing new
    small.put("okrs/q1.yaml", BOTH.replace("to: 1000", "to: 5000"))
    made = planned(small)
    apply(small, "third")
    after = {row["key_result"]: row["state"] for row in small.open().store.alert_states().to_dict("records")}
    assert [(it["key_result"], it["before"], it["after"]) for it in made.alerts] == [
        ("2026-Q1/thousand", "ok", "firing")
    ]
    assert after["2026-Q1/thousand"] == "firing"


def test_added_and_removed_definitions_are_told(project):
    project.put("okrs/q1.yaml", OKRS + OTHER.replace("thousand", "million"))
    made = planned(project)
    assert {(row["id"], row["change"]) for row in made.key_results} == {
        ("2026-Q1/visits", "removed"), ("2026-Q1/thousand", "removed"), ("2026-Q1/million", "added"),
    }  # fmt: skip
    assert {(it["kind"], it["change"]) for it in made.definitions} == {
        ("key_result", "removed"),
        ("key_result", "added"),
    }


def test_what_a_new_metric_would_say_is_unknown_until_read(project):
    text = (project.directory / "config/metrics/signups.yaml").read_text()
    project.put("metrics/visits.yaml", text.replace("signups:", "visitors:", 1))
    project.put(
        "okrs/q1.yaml",
        BOTH.replace(
            "metric: signups\n        measure: {accumulate: {to: 400}}",
            "metric: visitors\n        measure: {accumulate: {to: 400}}",
        ),
    )
    made = planned(project)
    assert [(it["metric"], it["why"]) for it in made.reads] == [("visitors", "never read")]
    told = {row["id"]: row for row in (*made.key_results, *made.objectives)}
    assert told["2026-Q1/visits"]["unread"] == told["2026-Q1/grow"]["unread"] == ["visitors"]
    assert told["2026-Q1/visits"]["after"] is None
    assert "2026-Q1/other" not in told
    assert "unknown until read" in markdown(made, "Europe/Berlin")


def test_a_metric_that_is_asked_otherwise_is_unknown_until_read(project):
    text = (project.directory / "config/metrics/signups.yaml").read_text()
    shutil.copy(project.directory / "config/data/signups.csv", project.directory / "config/data/others.csv")
    project.put("metrics/signups.yaml", text.replace("signups.csv", "others.csv"))
    made = planned(project)
    assert [(it["metric"], it["why"]) for it in made.reads] == [("signups", "request changed")]
    assert {row["id"]: row["after"] for row in made.key_results} == dict.fromkeys(
        ("2026-Q1/signups", "2026-Q1/visits", "2026-Q1/thousand")
    )


def test_a_promise_that_changed_asks_for_a_reason_and_an_amendment_is_told(project):
    project.put("okrs/q1.yaml", BOTH.replace("to: 900", "to: 500"))
    made = planned(project)
    assert [(it["key_result"], [each["field"] for each in it["asks"]]) for it in made.amendments] == [
        ("2026-Q1/signups", ["measure"])
    ]
    amendment = "        amendments: [{on: 2026-01-20, to: 500, reason: Budget was cut, author: ceo@small.example}]\n"
    project.put("okrs/q1.yaml", BOTH.replace("{to: 900}}\n", "{to: 900}}\n" + amendment))
    made = planned(project)
    [told] = made.amendments
    assert told["asks"] == []
    assert told["recorded"][0]["reason"] == "Budget was cut"


def test_without_a_store_or_a_run_there_is_nothing_to_compare_with(small):
    workspace = small.open()
    with pytest.raises(NothingApplied, match="okr run"):
        last_applied(workspace)


def test_a_missing_store_is_said_to_be_missing(tmp_path):
    small = Small(tmp_path, f"sqlite:///{tmp_path / 'okr.db'}").write(january())
    workspace = small.open()
    (tmp_path / "okr.db").unlink()
    with pytest.raises(NothingApplied, match="There is no store"):
        last_applied(replace(workspace))


def test_a_commit_is_compared_with_by_its_own_files(project):
    commit(project)
    project.put("okrs/q1.yaml", BOTH.replace("to: 900", "to: 500"))
    workspace = project.open()
    before = configuration_at(workspace.config_dir, "HEAD")
    assert before.version == last_applied(workspace).version
    made = plan(workspace, before, against="HEAD", as_of=workspace.as_of())
    assert [row["id"] for row in made.key_results] == ["2026-Q1/signups"]
    assert json.loads(json.dumps(asdict(made)))["against"] == "HEAD"


def test_places_of_problems_name_the_commit(project):
    project.put("okrs/q1.yaml", BOTH.replace("metric: signups", "metric: signup"))
    commit(project)
    project.put("okrs/q1.yaml", BOTH)
    with pytest.raises(ConfigurationError) as caught:
        configuration_at(project.open().config_dir, "HEAD")
    assert all(str(it).startswith("HEAD:config/okrs/q1.yaml:") for it in caught.value.problems)


def test_what_is_no_repository_no_commit_or_not_in_it_is_said(project, tmp_path):
    with pytest.raises(UsageError, match="not in a git repository"):
        configuration_at(project.open().config_dir, "HEAD")
    commit(project)
    with pytest.raises(UsageError, match="no commit 'nowhere'"):
        configuration_at(project.open().config_dir, "nowhere")
    (project.directory / "elsewhere").mkdir()
    with pytest.raises(UsageError, match="no elsewhere/ at HEAD"):
        configuration_at(project.directory / "elsewhere", "HEAD")


def commit(small: Small) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@small.example"]
    for arguments in (["init", "-q"], ["add", "config"], [*who, "commit", "-q", "-m", "A"]):
        subprocess.run(["git", "-C", str(small.directory), *arguments], check=True, capture_output=True)


def recorded(small: Small) -> dict[str, dict]:
    """The newest recorded scores, in the words of a plan."""
    store, day = small.open().store, date(2026, 1, 31)
    stamps = ["as_of_date", "revision", "as_of", "known_at", "recorded_at", "run_id", "config_version", "reconstructed"]
    key_results = key_result_records(store.key_result_scores(day).drop(columns=stamps))
    objectives = objective_records(store.objective_scores(day).drop(columns=stamps))
    return {it["id"]: it for it in (*key_results, *objectives)}


def rewritten(small: Small) -> set[str]:
    """What has a second revision of its score."""
    store, day = small.open().store, date(2026, 1, 31)
    frames = (store.key_result_scores(day), "key_result"), (store.objective_scores(day), "objective")
    return {name for frame, own in frames for name in frame.loc[frame["revision"] > 1, own]}
