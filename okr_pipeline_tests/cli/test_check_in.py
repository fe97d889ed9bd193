"""`okr check-in`: what it records, what it refuses, and what status then says."""

import json
import os
import pty
import subprocess

import pytest

from okr_pipeline_tests.commands import okr_command, run_okr
from okr_pipeline_tests.projects import OKRS, Small, january

MANUAL = """\
      talks:
        title: Talk to ten customers
        owner: sales@small.example
        measure: {manual: {from: 0, to: 10}}
"""
ID = "2026-Q1/talks"


@pytest.fixture
def project(tmp_path, usual_store) -> Small:
    small = Small(tmp_path, usual_store(tmp_path)).write(january())
    small.put("okrs/q1.yaml", OKRS + MANUAL)
    return small


@pytest.fixture
def okr(project):
    def execute(*arguments, env=None, **more):
        return run_okr(
            *arguments, cwd=project.directory, env={"OKR_STORE_URL": project.store_url} | (env or {}), **more
        )

    return execute


def told(project):
    frame = project.open().store.check_ins()
    return frame[["subject", "on_date", "author", "value", "note", "revision"]].values.tolist()


def test_a_check_in_is_recorded_once_and_its_correction_is_a_revision(okr, project):
    done = okr("check-in", "talks", "--value", "4", "--note", "Four", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["subject"], said["on"], said["author"]) == (ID, "2026-01-31", "sales@small.example")
    assert (said["written"], said["revision"]) == (True, 1)
    again = okr("check-in", "talks", "--value", "4", "--note", "Four")
    assert again.stdout.startswith("Nothing new")
    okr("check-in", "talks", "--value", "5")
    assert told(project) == [[ID, "2026-01-31", "sales@small.example", 5.0, "Four", 2]]
    assert "Taken back" in okr("check-in", "talks", "--withdraw").stdout
    assert told(project) == []
    assert okr("check-in", "talks", "--withdraw").stdout.endswith("was taken back already.\n")
    done = okr("check-in", "talks", "--withdraw", "--author", "nobody")
    assert (done.returncode, "to take back" in done.stderr) == (2, True)


def test_status_counts_it_at_once_and_a_run_records_the_score(okr, project):
    assert okr("run").returncode == 0
    before = project.open().store.known_until()
    okr("check-in", ID, "--value", "4", "--confidence", "0.7", "--on", "2026-01-30")
    row = next(it for it in json.loads(okr("status", "--json").stdout)["key_results"] if it["id"] == ID)
    assert (row["value"], row["progress"], row["confidence"], row["status"]) == (4.0, 0.4, 0.7, "on_track")
    assert row["last_check_in"] == {
        "on": "2026-01-30",
        "author": "sales@small.example",
        "value": 4.0,
        "confidence": 0.7,
        "note": None,
        "finding": None,
    }
    explained = json.loads(okr("explain", ID, "--json").stdout)
    assert [(it["on_date"], it["value"], it["revision"]) for it in explained["check_ins"]] == [("2026-01-30", 4.0, 1)]
    shown = okr("status").stdout
    assert "Checked in as often as agreed: 1 of 2 running key results" in shown
    assert "2026-Q1/talks, 2026-01-30, sales@small.example, 70\u202f% confident: no note" in shown
    known = json.loads(okr("status", "--json", "--known-at", before.isoformat()).stdout)
    assert next(it for it in known["key_results"] if it["id"] == ID)["reason"] == "no_observation"
    then = json.loads(okr("status", "--json", "--as-of", "2026-01-29").stdout)
    assert next(it for it in then["key_results"] if it["id"] == ID)["value"] is None
    assert okr("run").returncode == 0
    recorded = project.open().store.key_result_scores(key_results=[ID])
    assert recorded["value"].tolist() == [4.0]


def test_files_are_taken_by_a_run_and_taken_back_when_they_leave_a_check_in_out(okr, project):
    line = "  - {key_result: 2026-Q1/talks, on: 2026-01-%s, value: %s}\n"
    project.put("check_ins/q1.yaml", "check_ins:\n" + line % ("20", 2) + line % ("27", 3))
    assert okr("run").returncode == 0
    assert [row[3] for row in told(project)] == [2.0, 3.0]
    assert okr("run").returncode == 0
    assert len(project.open().store.check_in_revisions()) == 2
    project.put("check_ins/q1.yaml", "check_ins:\n" + line % ("20", 2))
    assert okr("run").returncode == 0
    assert [row[3] for row in told(project)] == [2.0]
    row = next(it for it in json.loads(okr("status", "--json").stdout)["key_results"] if it["id"] == ID)
    assert row["value"] == 2.0


MOOD = "metrics: {mood: {survey: true, grain: week, unit: score, better: higher, rollup: mean}}"


def test_an_answer_to_a_survey_is_an_observation_after_a_run(okr, project):
    project.put("metrics/mood.yaml", MOOD)
    done = okr("check-in", "--metric", "mood", "--value", "4", "--on", "2026-01-23", "--author", "ada")
    assert (done.returncode, done.stdout) == (
        0,
        "Answered: mood on 2026-01-23 by ada. The next `okr run` counts it, once its period has ended.\n",
    ), done.stderr
    ran = okr("run")
    assert ran.returncode == 0, ran.stderr
    observed = project.open().store.observations(["mood"])
    assert observed[["value", "weight", "revision"]].values.tolist() == [[4.0, 1.0, 1.0]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--metric", "mod", "--value", "4", "--author", "a"], "There is no metric 'mod'. Did you mean mood?"),
        (["--metric", "signups", "--value", "4", "--author", "a"], "Metric 'signups' is no survey."),
        (["--metric", "mood", "--value", "4"], "An answer needs its author"),
        (["--metric", "mood", "--note", "Fine", "--author", "a"], "The check-in has no value."),
        (["talks", "--metric", "mood", "--value", "4"], "A check-in is about a key result or a survey, and both"),
        (["--value", "4"], "A check-in is about a key result or a survey, and neither is given."),
    ],
)
def test_what_may_not_be_answered_exits_2_and_records_nothing(okr, project, arguments, said):
    project.put("metrics/mood.yaml", MOOD)
    done = okr("check-in", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(said)
    assert told(project) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["talk", "--value", "4"], "There is no key result 'talk'. Did you mean 2026-Q1/talks?"),
        (["talks"], "The check-in says nothing."),
        (["talks", "--value", "nan"], "--value nan is not a number that can be scored."),
        (["talks", "--confidence", "60"], "--confidence 60 is not between 0 and 1."),
        (["talks", "--value", "1", "--on", "2025-12-31"], "--on: 2025-12-31 is outside 2026-01-01 to 2026-03-31."),
        (["talks", "--value", "1", "--on", "yesterday"], "--on 'yesterday' is not a date."),
        (["signups", "--value", "1"], "--value: key result '2026-Q1/signups' reads metric 'signups'."),
    ],
)
def test_what_may_not_be_said_exits_2_and_records_nothing(okr, project, arguments, said):
    done = okr("check-in", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(said)
    assert told(project) == []


def test_a_configuration_that_cannot_be_written_is_no_hindrance(okr, project):
    for path in sorted((project.directory / "config").rglob("*")):
        path.chmod(0o555 if path.is_dir() else 0o444)
    done = okr("check-in", "talks", "--value", "4")
    assert done.returncode == 0, done.stderr
    assert len(told(project)) == 1


def typed(okr, *arguments, lines):
    """The command on a terminal where somebody types some lines."""
    ours, theirs = pty.openpty()
    os.write(ours, "".join(f"{line}\n" for line in lines).encode())
    done = okr(*arguments, stdin=theirs)
    os.close(ours)
    os.close(theirs)
    return done


def test_on_a_terminal_what_is_not_given_is_asked_for(okr, project):
    done = typed(okr, "check-in", "talks", lines=["6", "0.5", "Half way", "", ""])
    assert done.returncode == 0, done.stderr
    assert told(project) == [[ID, "2026-01-31", "sales@small.example", 6.0, "Half way", 1]]


def test_on_a_terminal_an_answer_and_its_author_are_asked_for(okr, project):
    project.put("metrics/mood.yaml", MOOD)
    assert typed(okr, "check-in", "--metric", "mood", lines=["4", "Sun", "ada"]).returncode == 0
    assert told(project) == [["mood", "2026-01-31", "ada", 4.0, "Sun", 1]]


def test_on_a_terminal_a_wrong_answer_is_asked_for_again(okr, project):
    done = typed(okr, "check-in", "talks", lines=["six", "nan", "6", "60", "0.6", "Half way", "", ""])
    assert done.returncode == 0, done.stderr
    for said in ("'six' is not a number", "nan is not a number that can be scored", "60 is not between 0 and 1"):
        assert said in done.stderr
    assert told(project) == [[ID, "2026-01-31", "sales@small.example", 6.0, "Half way", 1]]
    project.put("metrics/mood.yaml", MOOD)
    done = typed(okr, "check-in", "--metric", "mood", lines=["", "good", "4", "", "", "ada"])
    assert (done.returncode, told(project)[1][:4]) == (0, ["mood", "2026-01-31", "ada", 4.0]), done.stderr


def test_on_a_terminal_a_day_that_nothing_can_be_said_of_is_refused_before_anything_is_asked_for(okr, project):
    done = typed(okr, "check-in", "talks", "--on", "2025-12-31", lines=[])
    assert (done.returncode, done.stderr[:33]) == (2, "--on: 2025-12-31 is outside 2026-")


def test_on_a_terminal_an_end_of_input_records_nothing(okr, project):
    done = typed(okr, "check-in", "talks", lines=["6", "\x04"])
    assert (done.returncode, done.stderr.splitlines()[-1], told(project)) == (2, "Nothing was recorded.", [])


def test_two_at_once_are_both_recorded(okr, project):
    project.open()
    running = [
        subprocess.Popen(
            [*okr_command(), "check-in", "talks", "--value", str(n), "--author", f"a{n}"],
            cwd=project.directory,
            env={**os.environ, "OKR_STORE_URL": project.store_url},
            stdout=subprocess.DEVNULL,
        )
        for n in range(4)
    ]
    assert [it.wait(timeout=300) for it in running] == [0, 0, 0, 0]
    assert [(row[2], row[3]) for row in told(project)] == [(f"a{n}", float(n)) for n in range(4)]
