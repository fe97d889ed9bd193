"""A plan says exactly what the next run does, and writes nothing."""

import json
import re
import shutil
import subprocess
from dataclasses import asdict, replace
from datetime import date
from random import Random

import pytest

from okr_pipeline.application.alerts import raise_alerts
from okr_pipeline.application.amending import Amending, continued
from okr_pipeline.application.check_ins import record_by_command
from okr_pipeline.application.committed import configuration_at
from okr_pipeline.application.errors import NothingApplied, UsageError
from okr_pipeline.application.observing import observe
from okr_pipeline.application.planning import Plan, last_applied, plan
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.application.telling import key_result_records, objective_records
from okr_pipeline.cli.plan_pages import markdown
from okr_pipeline.config.problem import ConfigurationError
from okr_pipeline.model.check_in import CheckIn
from okr_pipeline.model.metric import CHECK_INS
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
def project(small: Small, done_once) -> Small:
    """Two objectives, applied once."""
    return done_once(small, two_applied)


def two_applied(small: Small) -> None:
    small.put("okrs/q1.yaml", BOTH)
    apply(small, "first")


def apply(small: Small, run_id: str) -> None:
    workspace = small.open()
    day = workspace.project.calendar.last_date_before(workspace.as_of())
    workspace = continued(workspace, today=day, amending=Amending("Because"))
    observe(workspace, "sheets", run=Run(run_id, workspace.as_of()))
    score_and_record(workspace, Run(run_id, workspace.as_of()))
    raise_alerts(workspace, Run(run_id, workspace.as_of()))


def planned(small: Small) -> Plan:
    workspace = small.open()
    return plan(workspace, last_applied(workspace), against="what was last applied", as_of=workspace.as_of())


def test_nothing_changed_is_a_plan_of_nothing(project):
    made = planned(project)
    assert not made.has_changes
    assert (made.untouched_key_results, made.untouched_objectives) == (3, 2)
    page = markdown(made, "Europe/Berlin")
    assert "changes nothing" in page
    assert "3 key results and 2 objectives stay as they are" in page


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
        ("2026-Q1/thousand", "ok", "pending")
    ]
    assert after["2026-Q1/thousand"] == "pending"


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


def test_a_metric_of_which_no_period_has_ended_is_not_read_and_its_score_says_so(project):
    text = (project.directory / "config/metrics/signups.yaml").read_text()
    project.put("metrics/visits.yaml", text.replace("signups:", "visitors:", 1).replace("grain: day", "grain: month"))
    late = OTHER.replace("signups", "visitors").replace("measure:", "starts: 2026-01-15\n        measure:")
    project.put("okrs/q1.yaml", OKRS + SECOND + late)
    project.put("project.yaml", PROJECT.format(as_of="2026-01-30"))
    made = planned(project)
    assert made.reads == []
    (after,) = (row["after"] for row in made.key_results if row["id"] == "2026-Q1/thousand")
    assert (after["status"], after["reason"]) == ("unknown", "no_period_ended")


def test_a_survey_with_a_healthy_band_has_been_read_as_far_as_anybody_answered(small):
    survey = "{survey: true, owner: a@b.c, grain: week, unit: score, better: higher, rollup: mean, healthy: {min: 3}}"
    small.put("metrics/mood.yaml", f"metrics: {{mood: {survey}}}\n")
    small.put("project.yaml", "name: Small\ntimezone: Europe/Berlin\nas_of: 2026-01-20\n")
    record_by_command(small.open(), CheckIn("mood", date(2026, 1, 6), "ada", 2.0))
    apply(small, "first")
    observe(small.open(), CHECK_INS, run=Run("first", small.open().as_of()))
    mood = "{title: A mood of 4, owner: a@b.c, metric: mood, measure: {reach: {from: 3, to: 4}}}"
    small.put("okrs/q1.yaml", f"{OKRS}      mood: {mood}\n")
    made = planned(small)
    assert made.reads == []
    (after,) = (row["after"] for row in made.key_results if row["id"] == "2026-Q1/mood")
    assert after["value"] == 2


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


def test_what_a_run_recorded_and_nobody_wrote_down_is_no_change(project):
    """`okr run --amend` leaves the file as it is: it goes on as recorded, and a plan of it is a plan of nothing."""
    project.put("okrs/q1.yaml", BOTH.replace("to: 900", "to: 500"))
    apply(project, "second")
    made = planned(project)
    assert not made.has_changes
    assert made.amendments == []


def test_a_change_of_a_promise_is_scored_as_the_amendment_that_would_be_recorded(project):
    project.put("okrs/q1.yaml", BOTH.replace("to: 900", "to: 500"))
    [row] = planned(project).key_results
    assert (row["after"]["target"], row["after"]["original_target"]) == (500, 900)


def test_the_page_tells_forecasts(project):
    project.put("okrs/q1.yaml", BOTH.replace("to: 900", "to: 1200"))
    made = planned(project)
    [row] = made.key_results
    assert row["before"]["forecast"]["probability"] != row["after"]["forecast"]["probability"]
    page = markdown(made, "Europe/Berlin")
    assert "At end | Chance" in page
    assert re.search(r"\| 98.% → \S{1,2}.% \|", page.replace("\\", "")), page


def test_a_plan_tells_what_is_renamed_and_that_nothing_else_changes(project):
    renamed = BOTH.replace("      visits:\n", "      guests:\n        renamed_from: visits\n").replace(
        "  other:\n", "  another:\n    renamed_from: other\n"
    )
    project.put("okrs/q1.yaml", renamed)
    made = planned(project)
    assert made.has_changes
    assert [(it["kind"], it["former"], it["id"], it["known"]) for it in made.renames] == [
        ("objective", "2026-Q1/other", "2026-Q1/another", True),
        ("key_result", "2026-Q1/visits", "2026-Q1/guests", True),
    ]
    assert (made.key_results, made.objectives, made.definitions, made.alerts) == ([], [], [], [])
    assert "goes on" in markdown(made, "Europe/Berlin")
    apply(project, "second")
    assert rewritten(project) == set()
    assert not planned(project).has_changes


def test_a_plan_tells_that_a_cycle_is_renamed_and_that_nothing_else_changes(project):
    moved = BOTH.replace("{id: 2026-Q1, ", "{id: Q1, renamed_from: 2026-Q1, ")
    project.put("okrs/q1.yaml", moved)
    made = planned(project)
    assert {(it["kind"], it["former"], it["id"], it["known"]) for it in made.renames} == {
        (kind, f"2026-Q1/{name}", f"Q1/{name}", True)
        for kind, names in (("objective", ("grow", "other")), ("key_result", ("signups", "visits", "thousand")))
        for name in names
    }
    assert (made.key_results, made.objectives, made.definitions, made.alerts, made.alike) == ([], [], [], [], [])
    apply(project, "second")
    assert rewritten(project) == set()
    assert not planned(project).has_changes


def test_a_cycle_that_the_store_does_not_know_and_one_that_may_be_renamed_are_told(project):
    project.put("okrs/q1.yaml", BOTH.replace("{id: 2026-Q1, ", "{id: Q1, renamed_from: Q9, "))
    made = planned(project)
    assert made.renames == [{"kind": "cycle", "former": "Q9", "id": "Q1", "known": False}]
    assert made.alike == [{"kind": "cycle", "former": "2026-Q1", "id": "Q1"}]


def test_a_rename_beside_other_changes_is_told_under_the_new_id(project):
    project.put(
        "okrs/q1.yaml",
        BOTH.replace("      visits:\n", "      guests:\n        renamed_from: visits\n").replace("to: 400", "to: 300"),
    )
    made = planned(project)
    assert [row["id"] for row in made.key_results] == ["2026-Q1/guests"]
    assert [it["key_result"] for it in made.amendments] == ["2026-Q1/guests"]
    assert {(it["id"], it["field"]) for it in made.definitions} == {("2026-Q1/guests", "measure")}
    apply(project, "second")
    assert made.key_results[0]["after"] == recorded(project)["2026-Q1/guests"]


def test_a_former_id_that_the_store_does_not_know_and_what_may_be_renamed_are_told(project):
    project.put("okrs/q1.yaml", BOTH.replace("      visits:\n", "      guests:\n        renamed_from: visit\n"))
    made = planned(project)
    assert [(it["former"], it["known"]) for it in made.renames] == [("2026-Q1/visit", False)]
    assert made.alike == [{"kind": "key_result", "former": "2026-Q1/visits", "id": "2026-Q1/guests"}]
    assert "renamed\\_from" in markdown(made, "Europe/Berlin") or "renamed_from" in markdown(made, "Europe/Berlin")


NEW = """\
      half:
        title: Win {number}
        owner: growth@small.example
        metric: signups
        measure: {accumulate: {to: {number}}}
"""
EDITS = {
    "target": ("to: 900}", "to: {number}0}"),
    "another target": ("to: 400}", "to: {number}}"),
    "weight": ("        title: Win 400 more\n", "        title: Win 400 more\n        weight: {digit}\n"),
    "end": ("        title: Win a thousand sign-ups\n", "        title: Win a thousand sign-ups\n        ends: 2026-03-{day}\n"),
    "pace": ("        measure: {accumulate: {to: 900}}\n", "        measure: {accumulate: {to: 900}}\n        pace: back_loaded\n"),
    "coverage": ("        title: Win 400 more\n", "        title: Win 400 more\n        min_coverage: 1.0\n"),
    "grace": ("        title: Win a thousand sign-ups\n", "        title: Win a thousand sign-ups\n        grace: 0.0\n"),
    "intent": ("    level: team\n    intent: committed\n", "    level: team\n    intent: aspirational\n"),
    "parent": ("    level: team\n", "    level: team\n    parent: grow\n    contributes: {weight: {digit}}\n"),
    "pause": ("        title: Win 400 more\n", "        title: Win 400 more\n        state: paused\n        state_reason: Frost\n"),
    "rename": ("      visits:\n", "      guests:\n        renamed_from: visits\n"),
    "rename an objective": ("  other:\n", "  another:\n    renamed_from: other\n"),
    "a new one": ("      thousand:\n", NEW + "      thousand:\n"),
    "one less": (SECOND, ""),
    "a band": ("measure: {accumulate: {to: 1000}}", "measure: {maintain: {min: 10}}"),
}  # fmt: skip
"""Changes of a configuration; a `{number}`, `{digit}` or `{day}` is drawn."""


def drawn(rng: Random) -> str:
    """One to four changes at once."""
    text = BOTH
    for name in rng.sample(list(EDITS), rng.randint(1, 4)):
        old, new = EDITS[name]
        for mark, value in (
            ("{number}", rng.randint(100, 999)),
            ("{digit}", rng.randint(2, 9)),
            ("{day}", rng.randint(10, 31)),
        ):
            new = new.replace(mark, str(value))
        text = text.replace(old, new, 1)
    return text


@pytest.mark.parametrize("seed", [*range(8), *(pytest.param(it, marks=pytest.mark.soak) for it in range(8, 200))])
def test_whatever_changes_the_next_run_does_what_the_plan_says(lived, tmp_path, seed):
    """Scores, statuses, forecasts, alerts and amendments; nothing that the plan does not name is written anew."""
    rng = Random(seed)
    small = Small(tmp_path, f"sqlite:///{tmp_path}/okr.db")
    shutil.copytree(lived.directory / "config", tmp_path / "config")
    shutil.copy(lived.directory / "okr.db", tmp_path / "okr.db")
    small.put("okrs/q1.yaml", drawn(rng))
    before = small.open().store
    amendments, alerts = len(before.amendments()), states(small)
    made = planned(small)
    apply(small, "second")
    after = recorded(small)
    for row in (*made.key_results, *made.objectives):
        assert row["after"] == (None if row["change"] == "removed" else after[row["id"]])
    written_anew = {row["id"] for row in (*made.key_results, *made.objectives) if row["change"] == "changed"}
    assert rewritten(small) == written_anew
    assert len(small.open().store.amendments()) - amendments == sum(
        len(it["recorded"]) + bool(it["asks"]) for it in made.amendments
    )
    names = {it["former"]: it["id"] for it in made.renames}
    expected = {names.get(name, name): state for name, state in alerts.items()}
    expected |= {it["key_result"]: it["after"] for it in made.alerts}
    found = states(small)
    assert {name: state for name, state in expected.items() if state != "ok"} == {
        name: state for name, state in found.items() if state != "ok"
    }


def states(small: Small) -> dict[str, str]:
    frame = small.open().store.alert_states()
    return dict(zip(frame["key_result"], frame["state"], strict=True))


@pytest.fixture(scope="module")
def lived(tmp_path_factory) -> Small:
    """Two objectives, applied on two days, in a file."""
    directory = tmp_path_factory.mktemp("lived")
    small = Small(directory, f"sqlite:///{directory}/okr.db").write(january())
    small.put("okrs/q1.yaml", BOTH)
    small.put("project.yaml", PROJECT.format(as_of="2026-01-25"))
    apply(small, "earlier")
    small.put("project.yaml", PROJECT.format(as_of="2026-01-31"))
    apply(small, "first")
    return small


def test_the_page_tells_what_an_amendment_changes(project):
    amendment = "        amendments: [{on: 2026-01-20, to: 500, reason: Budget was cut, author: ceo@small.example}]\n"
    project.put("okrs/q1.yaml", BOTH.replace("{to: 900}}\n", "{to: 900}}\n" + amendment))
    assert (
        "| 2026-Q1/signups | 2026-01-20 | measure: {accumulate: {to: 500}} | Budget was cut | ceo@small.example |"
    ) in markdown(planned(project), "Europe/Berlin")


def test_what_is_judged_by_other_rules_is_told_and_not_called_unknown(project):
    project.expect = "{min: 0, max: 5}"
    project.write(january())
    project.put("okrs/q1.yaml", BOTH)
    made = planned(project)
    assert [(it["metric"], it["why"]) for it in made.reads] == [
        ("signups", "expect changed: what is read is judged anew")
    ]
    assert made.key_results == []
