"""What was promised changes by amendment: written, recorded, or not at all."""

import json
import re
from datetime import date

import pytest

from okr_pipeline.application.amending import Amending, continued
from okr_pipeline.application.errors import UnamendedChange
from okr_pipeline.application.explaining import explain
from okr_pipeline.application.observing import observe
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.application.telling import status
from okr_pipeline_tests.projects import OKRS

TODAY = date(2026, 1, 31)
MEASURE = "measure: {accumulate: {to: 900}}"
WRITTEN = '        amendments: [{on: 2026-01-20, to: 950, reason: Fair in March, author: "cmo@small.example"}]\n'


def run(project, number=1, amending=None):
    """What `okr run` does to the store, and the workspace that it did it with."""
    workspace = continued(project.open(), today=TODAY, amending=amending)
    it = Run(f"run-{number}", workspace.as_of())
    observe(workspace, "sheets", run=it)
    score_and_record(workspace, it)
    return workspace


@pytest.fixture
def ran(small, done_once):
    """The small project after one run."""
    return done_once(small, run)


def told(project):
    workspace = run(project, 9)
    [it] = status(workspace, as_of=workspace.as_of())["key_results"]
    return it["target"], it["original_target"], it["progress"], it["original_progress"]


def promise(project, old, new):
    project.put("okrs/q1.yaml", OKRS.replace(old, new))


def pasted(text, message):
    """The file with what a refusal says to write, in place of the keys with those names."""
    lines = [line for line in message.splitlines() if line.startswith("        ")]
    keys = [line.split(":")[0] + ":" for line in lines if re.match(r" {8}\w", line)]
    kept = [line for line in text.splitlines() if not line.startswith(tuple(keys))]
    return "\n".join([*kept, *lines]) + "\n"


def refusal(project, amending=None):
    with pytest.raises(UnamendedChange) as raised:
        continued(project.open(), today=TODAY, amending=amending)
    return str(raised.value)


@pytest.mark.parametrize(
    ("old", "new", "what", "target"),
    [
        (MEASURE, "measure: {accumulate: {to: 950}}", "target", 950),
        (MEASURE, MEASURE + "\n        weight: 3", "weight", 900),
        (MEASURE, MEASURE + "\n        ends: 2026-03-15", "dates", 900),
        (MEASURE, "measure: {reach: {from: 0, to: 30}}\n        over: trailing 7 days", "mapping and target", 30),
    ],
)
def test_a_silent_change_is_refused_with_the_amendment_that_works_when_pasted(ran, old, new, what, target):
    promise(ran, old, new)
    message = refusal(ran)
    assert f"config/okrs/q1.yaml:9:7: key result '2026-Q1/signups': its {what} changed" in message
    ran.put("okrs/q1.yaml", pasted((ran.directory / "config/okrs/q1.yaml").read_text(), message))
    assert told(ran)[:2] == (target, 900)


def test_nothing_is_written_by_a_run_that_is_refused(ran):
    workspace = ran.open()
    before = workspace.store.dump(run_tables=True)
    promise(ran, "to: 900", "to: 950")
    refusal(ran)
    assert workspace.store.dump(run_tables=True) == before


def test_a_written_amendment_is_applied_and_kept_with_who_and_why(ran):
    promise(ran, MEASURE, f"{MEASURE}\n{WRITTEN.rstrip()}")
    assert told(ran) == (950, 900, 310 / 950, 310 / 900)
    [row] = ran.open().store.amendments().to_dict("records")
    assert {name: row[name] for name in ("key_result", "number", "effective_on", "author", "reason", "run_id")} == {
        "key_result": "2026-Q1/signups", "number": 1, "effective_on": "2026-01-20", "author": "cmo@small.example",
        "reason": "Fair in March", "run_id": "run-9",
    }  # fmt: skip
    assert (json.loads(row["before"]), json.loads(row["after"])) == (
        {"measure": {"kind": "accumulate", "to": 900.0}},
        {"measure": {"kind": "accumulate", "to": 950.0}},
    )
    assert not row["recorded"]


def test_a_recorded_change_is_kept_by_the_store_and_the_next_run_changes_nothing(ran):
    promise(ran, "to: 900", "to: 950")
    run(ran, 2, Amending("Fair in March", "cmo"))
    assert told(ran) == (950, 900, 310 / 950, 310 / 900)
    store = ran.open().store
    before = store.dump()
    run(ran, 3)
    assert store.dump() == before
    [row] = store.amendments().to_dict("records")
    assert (row["author"], row["reason"], row["recorded"], row["run_id"]) == ("cmo", "Fair in March", True, "run-2")


def test_the_owner_answers_for_a_change_of_no_author(ran):
    promise(ran, "to: 900", "to: 950")
    run(ran, 2, Amending("Fair in March"))
    assert ran.open().store.amendments()["author"].tolist() == ["growth@small.example"]


def test_what_was_recorded_may_be_written_down_later(ran):
    promise(ran, "to: 900", "to: 950")
    run(ran, 2, Amending("Fair in March", "cmo"))
    line = "amendments: [{on: 2026-01-31, to: 950, reason: Fair in March, author: cmo}]"
    promise(ran, MEASURE, f"{MEASURE}\n        {line}")
    assert told(ran) == (950, 900, 310 / 950, 310 / 900)
    assert len(ran.open().store.amendments()) == 1


def test_to_take_back_what_was_recorded_is_a_change_too(ran):
    promise(ran, "to: 900", "to: 950")
    run(ran, 2, Amending("Fair in March", "cmo"))
    promise(ran, "to: 900", "to: 900")
    message = refusal(ran)
    assert '  - {on: 2026-01-31, to: 950, reason: "Fair in March", author: cmo}' in message
    assert "  - {on: 2026-02-01, to: 900, reason: " in message
    ran.put("okrs/q1.yaml", pasted((ran.directory / "config/okrs/q1.yaml").read_text(), message))
    assert told(ran)[0] == 950, "as of January 31st"


def test_on_one_day_only_one_change_can_be_recorded(ran):
    promise(ran, "to: 900", "to: 950")
    run(ran, 2, Amending("Fair in March"))
    promise(ran, "to: 900", "to: 990")
    message = refusal(ran, Amending("Again"))
    assert "cannot be recorded as of 2026-01-31. The nearest day on which it can be amended is 2026-02-01" in message


@pytest.mark.parametrize("amending", [None, Amending("Tidy")])
def test_an_applied_amendment_cannot_be_removed_or_changed(ran, amending):
    promise(ran, MEASURE, f"{MEASURE}\n{WRITTEN.rstrip()}")
    run(ran, 2)
    promise(ran, MEASURE, f"{MEASURE}\n{WRITTEN.rstrip().replace('Fair in March', 'No reason')}")
    message = refusal(ran, amending)
    assert "its amendments are not those that were applied" in message
    ran.put("okrs/q1.yaml", pasted((ran.directory / "config/okrs/q1.yaml").read_text(), message))
    assert told(ran) == (950, 900, 310 / 950, 310 / 900)


def test_before_any_score_was_published_a_promise_is_free_to_change(small):
    small.as_of = date(2025, 12, 31)
    small.write({date(2025, 12, 30): 1})
    workspace = continued(small.open())
    score_and_record(workspace, Run("run-1", workspace.as_of()))
    promise(small, "to: 900", "to: 950")
    assert continued(small.open()).configuration.version != workspace.configuration.version


def test_what_is_no_promise_changes_as_it_is_written(ran):
    promise(ran, "title: Win 900 sign-ups", "title: Win new people\n        initiatives: [A fair]\n        grace: 0.2")
    assert told(ran) == (900, 900, 310 / 900, 310 / 900)


def test_an_explanation_tells_every_amendment(ran):
    promise(ran, MEASURE, f"{MEASURE}\n{WRITTEN.rstrip()}")
    workspace = run(ran, 2)
    [it] = explain(workspace, "signups", as_of=workspace.as_of()).amendments
    assert (it["on"], it["reason"], it["author"], it["holds"]) == (
        "2026-01-20", "Fair in March", "cmo@small.example", True,
    )  # fmt: skip


PART = """\
      part:
        title: Win 300 of them
        owner: growth@small.example
        metric: signups
        measure: {accumulate: {to: 300}}
        contributes_to: signups
"""


def test_a_metric_that_is_gone_is_put_back_since_no_amendment_says_so(small):
    small.put("okrs/q1.yaml", OKRS + PART)
    run(small)
    small.put("okrs/q1.yaml", OKRS.replace("        metric: signups\n", "") + PART)
    for message in (refusal(small), refusal(small, Amending("Others count now", "cmo"))):
        assert "it reads no metric any more, which no amendment can say. A sum of others is another promise" in message
        assert message.count("metric: signups") == 1
        assert "amendments:" not in message
    small.put("okrs/q1.yaml", OKRS + PART)
    run(small, 2)
