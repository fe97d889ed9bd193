"""A run that another one overtakes: wherever it was, what is recorded in the end is what the newest files say."""

import shutil

import pytest

from okr_pipeline_tests.durability import tasks, truths, world
from okr_pipeline_tests.durability.processes import call, start
from okr_pipeline_tests.durability.watching import Committed

SOURCES = ("left", "shared")


@pytest.fixture
def seeded(tmp_path):
    """A project that was run on version 0 of its files."""
    seeded = tmp_path / "seeded"
    world.write_project(seeded, 0)
    call(tasks.run_once, seeded, f"sqlite:///{seeded}/.okr/okr.db", 0, "before", SOURCES)
    return seeded


@pytest.mark.slow
def test_a_run_that_is_overtaken_before_a_write_decides_anew(seeded, tmp_path):
    """The files change and another run comes and goes right before each of its writes, when all was decided."""
    for position in last_calls_before_writes(seeded, tmp_path / "calls"):
        assert_one_truth(seeded, tmp_path / str(position), position)


@pytest.mark.soak
def test_a_run_that_is_overtaken_anywhere_decides_anew(seeded, tmp_path):
    for position in range(1, len(outside_calls(seeded, tmp_path / "calls")) + 1):
        assert_one_truth(seeded, tmp_path / str(position), position)


def assert_one_truth(seeded, project, position):
    shutil.copytree(seeded, project)
    world.write_project(project, 1)
    url = f"sqlite:///{project}/.okr/okr.db"
    assert call(tasks.overtake, project, url, 1, SOURCES, position)
    workspace = world.open_project(project, url)
    problems = [
        *truths.untrue(workspace.store, 2, SOURCES),
        *truths.stale(workspace, world.as_of(2)),
        *truths.outdated(workspace, world.as_of(2)),
        *truths.unpublished(workspace),
        *truths.duplicated(workspace.store),
        *truths.damaged(workspace.store),
    ]
    workspace.store.close()
    assert not problems, position


def outside_calls(seeded, project) -> list[tuple[object, object]]:
    """The calls of a run that are made while no batch is open, each with what follows it."""
    shutil.copytree(seeded, project)
    world.write_project(project, 1)
    child = start(tasks.run_once, project, f"sqlite:///{project}/.okr/okr.db", 1, "run", SOURCES)
    child.end()
    pairs = zip(child.heard, [*child.heard[1:], "the end"], strict=True)
    return [(said, following) for said, following in pairs if tasks.is_outside(said)]


def last_calls_before_writes(seeded, project) -> list[int]:
    """The numbers of those that a batch of decisions follows, and of the last commit, which the files follow.

    Such a batch begins by looking whether what was read still holds.
    """
    calls = outside_calls(seeded, project)
    commits = [number for number, (said, _) in enumerate(calls, 1) if isinstance(said, Committed)]
    decided = [number for number, (_, following) in enumerate(calls, 1) if str(following).startswith("during.")]
    assert len(decided) == len(SOURCES) + len(("scores", "alerts", "health", "scorecard"))
    return [*decided, commits[-1]]
