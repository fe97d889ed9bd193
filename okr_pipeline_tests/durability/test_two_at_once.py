"""Commands at the same time on one project: none waits for ever, none fails for the other, and there is one truth."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from okr_pipeline.store import open_store, versions
from okr_pipeline_tests.durability import tasks, truths, world
from okr_pipeline_tests.durability.processes import Child, call, start

pytestmark = pytest.mark.slow
DAYS = (0, 8, 16)
"""Versions of the files, each with a day more than the one before."""
DONE, FAILED = 0, 3
ASKED = (["status", "--json"], ["explain", "2025/left", "--json"])


@pytest.fixture
def project(tmp_path):
    """A project whose date is that of the newest version of its files; nothing was run."""
    write(tmp_path / "project", DAYS[0])
    return tmp_path / "project"


def test_commands_at_the_same_time_leave_one_truth(project, store_url):
    """Two first runs, which make the store and Dagster's home; two runs on news, while ten others read; and a backfill."""
    assert_all_done([okr(project, store_url, "run") for _ in range(2)])
    assert_one_truth(project, store_url, DAYS[0])
    write(project, DAYS[1])
    runs = [okr(project, store_url, "run", task=tasks.command_that_tells), okr(project, store_url, "run")]
    answers = answers_during(runs, project, store_url)
    assert_one_truth(project, store_url, DAYS[1])
    assert_repeatable(answers, project, store_url)
    write(project, DAYS[2])
    past = ["--from", "2025-01-10", "--to", "2025-01-12"]
    assert_all_done([okr(project, store_url, "run"), okr(project, store_url, "backfill", *past)])
    assert_one_truth(project, store_url, DAYS[2])
    store = open_store(store_url)
    assert store.key_result_scores(date(2025, 1, 11))["reconstructed"].tolist() == [True] * 3
    store.close()


def test_a_run_and_an_upgrade_at_once_do_one_after_the_other(project, store_url):
    """The run may come first and find an old schema; then it says so and has done nothing. The next one is whole."""
    open_store(store_url).upgrade(versions.REVISIONS[0])
    run, upgrade = okr(project, store_url, "run"), okr(project, store_url, "store", "upgrade")
    assert_all_done([upgrade])
    code, said = run.end()
    assert code == DONE or (code == FAILED and "okr store upgrade" in said), said
    assert_all_done([okr(project, store_url, "run")])
    assert_one_truth(project, store_url, DAYS[0])


def answers_during(runs: list[Child], project: Path, store_url: str) -> list[tuple[int, str]]:
    """What ten processes are told that begin to read one after the other during the first of some runs, and after."""
    readers: list[Child] = []
    while runs[0].hear():
        if len(runs[0].heard) % 40 == 0 and len(readers) < 8:
            readers.append(okr(project, store_url, *ASKED[len(readers) % 2]))
    assert_all_done(runs)
    assert len(readers) == 8
    readers += [okr(project, store_url, *command) for command in ASKED]
    return [reader.end() for reader in readers]  # type: ignore[misc]


def assert_repeatable(answers: list[tuple[int, str]], project: Path, store_url: str) -> None:
    """Every answer is whole, and whoever asks later what was known at its instant is told the same."""
    assert {code for code, _ in answers} == {DONE}, answers
    statuses = [json.loads(said) for _, said in answers[::2]]
    for known_at in sorted({status["known_at"] for status in statuses})[-3:]:
        _, again = call(tasks.command, project, *ASKED[0], "--store", store_url, "--known-at", known_at)
        assert all(status == json.loads(again) for status in statuses if status["known_at"] == known_at)


def write(project: Path, version: int) -> None:
    world.write_project(project, version)
    world.fix_date(project, version)


def okr(project: Path, store_url: str, *command: str, task: Callable[..., object] = tasks.command) -> Child:
    return start(task, project, *command, "--store", store_url)


def assert_all_done(children: list[Child]) -> None:
    for code, said in [child.end() for child in children]:
        assert code == DONE, said


def assert_one_truth(project: Path, store_url: str, version: int) -> None:
    workspace = world.open_project(project, store_url)
    problems = [
        *truths.untrue(workspace.store, version),
        *truths.stale(workspace, world.as_of(version)),
        *truths.outdated(workspace, world.as_of(version)),
        *truths.unpublished(workspace),
        *truths.duplicated(workspace.store),
        *truths.damaged(workspace.store),
    ]
    workspace.store.close()
    assert not problems
