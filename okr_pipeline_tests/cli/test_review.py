"""`okr review`: what it prints and writes, and what it never writes over."""

import json
from datetime import date

import pytest

from okr_pipeline_tests.commands import run_okr
from okr_pipeline_tests.projects import OKRS, Small, january

TALKS = "      talks: {title: Talks, owner: ann, measure: {manual: {from: 0, to: 10}}}\n"
LINE = "check_ins:\n  - {key_result: 2026-Q1/talks, on: 2026-03-27, value: 4, note: Four so far, author: ann}\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory, usual_store) -> Small:
    """A quarter after its end, sign-ups counted until the last day."""
    directory = tmp_path_factory.mktemp("quarter")
    small = Small(directory, usual_store(directory), as_of=date(2026, 4, 2)).write(january(last=91))
    small.put("okrs/q1.yaml", OKRS + TALKS)
    small.put("check_ins/q1.yaml", LINE)
    small.put("people.yaml", "people: {ann: {name: Ann Lee}}\n")
    assert okr_in(small, "run").returncode == 0
    return small


def okr_in(project, *arguments):
    return run_okr(*arguments, cwd=project.directory, env={"OKR_STORE_URL": project.store_url})


def test_the_cycle_that_ended_last_is_reviewed(project):
    done = okr_in(project, "review", "--json")
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert (told["cycle"], told["ended"], told["counts"]) == ("2026-Q1", True, {"achieved": 1, "missed": 1})
    assert [it["status"] for it in told["key_results"]] == ["achieved", "missed"]
    assert told["reflections"][0]["text"] == "Four so far"
    assert told["carry_over"] == [
        {"key_result": "2026-Q1/talks", "title": "Talks", "why": "short of the target, 40 % of the way"}
    ]
    table = okr_in(project, "review").stdout
    assert "review of 2026-Q1" in table
    assert any(
        line.split("Talks")[-1].split() == ["4", "10", "40", "%", "short", "of", "the", "target"]
        for line in table.splitlines()
        if "  Talks" in line
    )
    assert "2026-03-27 note, 2026-Q1/talks, Ann Lee: Four so far" in table


def test_as_of_and_known_at_review_what_was_then(project):
    then = json.loads(okr_in(project, "review", "2026-Q1", "--as-of", "2026-03-20", "--json").stdout)
    assert (then["ended"], then["reflections"], then["carry_over"]) == (False, [], [])


def test_page_and_draft_are_new_files_and_the_draft_is_valid(project):
    page, draft = project.directory / "review.md", project.directory / "config/okrs/q2.yaml"
    done = okr_in(project, "review", "--out", str(page), "--draft", str(draft))
    assert (done.returncode, done.stdout.split()) == (0, [str(page), str(draft)])
    assert page.read_text().startswith("# Review of 2026-Q1\n")
    assert "manual: {from: 4, to: 10}" in draft.read_text()
    assert okr_in(project, "validate").returncode == 0
    written = draft.read_text()
    again = okr_in(project, "review", "--draft", str(draft))
    assert (again.returncode, "is there already" in again.stderr, draft.read_text()) == (2, True, written)
    draft.unlink()


def test_what_cannot_be_reviewed_exits_2(project):
    for arguments, said in (
        (["2026-Q2"], "There is no cycle '2026-Q2'. Did you mean 2026-Q1?"),
        (["--as-of", "2026-02-01"], "No cycle has ended yet."),
        (["2026-Q1", "--as-of", "2026-02-01", "--draft", "x.yaml"], "Cycle 2026-Q1 runs until 2026-03-31"),
    ):
        done = okr_in(project, "review", *arguments)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr.startswith(said)
    assert not (project.directory / "x.yaml").exists()
