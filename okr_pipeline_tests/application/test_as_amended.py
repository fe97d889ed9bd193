"""Whatever is told beside a score is told of key results as amendments have made them by that day."""

import pytest
import yaml

from okr_pipeline.application.explaining import explain
from okr_pipeline.application.observing import observe
from okr_pipeline.application.reviewing import review_cycle, write_draft
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scoping import metrics_with_source
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.application.telling import status
from okr_pipeline.application.trust import source_trust
from okr_pipeline_tests.projects import OKRS

MORE = """\
metrics:
  trials:
    {source: sheets, file: trials.csv, columns: {period: day, value: trials}, grain: day, unit: count, better: higher,
     rollup: sum}
  share: {formula: trials / signups, grain: day, unit: ratio, better: higher}
"""
CHANGED = """\
        amendments: [{on: 2026-01-20, reason: Fair in March, author: "cmo@small.example", %s}]
"""


@pytest.fixture
def project(small):
    days = "\n".join(f"2026-01-{day:02d},5" for day in range(1, 32))
    small.put("data/trials.csv", f"day,trials\n{days}\n")
    small.put("metrics/more.yaml", MORE)
    return small


def amended(project, changes, as_of=None):
    """The project with its key result amended, and the workspace of a run of it."""
    project.put("okrs/q1.yaml", OKRS + CHANGED % changes)
    workspace = project.open()
    it = Run("run", as_of or workspace.as_of())
    observe(workspace, "sheets", run=it)
    score_and_record(workspace, it)
    return workspace


def told(workspace):
    return status(workspace, as_of=workspace.as_of())


def test_the_plan_that_was_asked_for_last_is_the_one_that_is_missed(project):
    [row] = told(amended(project, "pace: seasonal"))["paced_otherwise"]
    assert (row["asked"], row["applied"]) == ("seasonal", "linear")
    assert not told(amended(project, "pace: front_loaded"))["paced_otherwise"]


def test_no_check_in_is_due_of_what_an_amendment_has_paused(project):
    project.put(
        "check_ins/q1.yaml",
        'check_ins: [{key_result: 2026-Q1/signups, on: 2026-01-05, author: "a@b.example", note: Well}]\n',
    )
    found = told(amended(project, "state: paused"))
    assert found["key_results"][0]["checked_in"] is None
    assert found["check_ins"] is None


def test_the_source_that_failed_is_that_of_the_metric_it_reads_now(project):
    workspace = amended(project, "metric: trials")
    for name in ("signups", "trials"):
        (project.directory / f"config/data/{name}.csv").unlink()
    observe(workspace, "sheets", run=Run("failing", workspace.as_of()))
    assert told(workspace)["key_results"][0]["failure"]["metric"] == "trials"
    shown = explain(workspace, "signups", as_of=workspace.as_of())
    assert "metric trials: not read since" in " ".join(step.how for step in shown.steps)


@pytest.mark.parametrize(
    ("changes", "drafted"),
    [
        ("to: 1200, weight: 3", {"measure": {"accumulate": {"to": 1200}}, "weight": 3.0, "metric": "signups"}),
        ("metric: trials", {"measure": {"accumulate": {"to": 900}}, "metric": "trials"}),
    ],
)
def test_what_carries_over_is_drafted_as_it_was_promised_last(project, changes, drafted):
    workspace = amended(project, changes)
    end = workspace.project.calendar.end_of_day(workspace.configuration.cycles["2026-Q1"].ends)
    cycle, found = review_cycle(workspace, "2026-Q1", as_of=end)
    write_draft(workspace, cycle, found, project.directory / "draft.yaml")
    draft = yaml.safe_load((project.directory / "draft.yaml").read_text())
    written = draft["objectives"]["grow"]["key_results"]["signups"]
    assert written == written | drafted


def test_a_review_says_why_an_amendment_paused_it(project):
    workspace = amended(project, "state: paused")
    _, found = review_cycle(workspace, "2026-Q1", as_of=workspace.as_of())
    assert found.key_results[0].explanation == "paused: Fair in March"


def test_a_draft_leaves_out_the_steps_that_a_metric_says_are_done(project):
    """Each day has ten sign-ups, so that the second step is done and the third is not."""
    when = "when: {metric: signups, at_least: %d}"
    steps = f"[{{title: One}}, {{title: Two, {when % 9}}}, {{title: Three, {when % 11}}}, {{title: Four, done_on: 2026-01-05}}]"
    short = OKRS.replace("2026-03-31", "2026-01-30").replace("        metric: signups\n", "")
    project.put("okrs/q1.yaml", short.replace("{accumulate: {to: 900}}", f"{{milestones: {steps}}}"))
    workspace = project.open()
    run = Run("run", workspace.as_of())
    observe(workspace, "sheets", run=run)
    score_and_record(workspace, run)
    cycle, found = review_cycle(workspace, "2026-Q1", as_of=workspace.as_of())
    assert found.key_results[0].steps_done == ("Two", "Four")
    write_draft(workspace, cycle, found, project.directory / "draft.yaml")
    [written] = yaml.safe_load((project.directory / "draft.yaml").read_text())["objectives"]["grow"][
        "key_results"
    ].values()
    assert [it["title"] for it in written["measure"]["milestones"]] == ["One", "Three"]


@pytest.mark.parametrize(
    ("changes", "kind"), [("to: 1200", "amendment"), ("state: paused", "paused"), ("state: cancelled", "cancelled")]
)
def test_a_review_reflects_on_what_was_amended_and_why(project, changes, kind):
    workspace = amended(project, changes)
    _, found = review_cycle(workspace, "2026-Q1", as_of=workspace.as_of())
    [told] = found.reflections
    assert (str(told.on), told.kind, told.author, told.text) == (
        "2026-01-20",
        kind,
        "cmo@small.example",
        "Fair in March",
    )


@pytest.mark.parametrize("changes", ["to: 1200", "metric: share, measure: {reach: {from: 0, to: 1}}"])
def test_a_source_counts_the_key_results_that_are_made_of_it_by_formulas_too(project, changes):
    workspace = amended(project, changes)
    quarantine = workspace.store.quarantine()
    [source] = source_trust(workspace, workspace.as_of(), known_at=workspace.as_of(), quarantine=quarantine)
    assert source.key_results == 1
    [key_result] = workspace.configuration.key_results()
    read = set(metrics_with_source(workspace.configuration, key_result, {}))
    assert read == ({"signups"} if changes == "to: 1200" else {"signups", "trials"})
