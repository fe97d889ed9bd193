"""Whole `okr run` processes, killed anywhere from their first file to their last: the next one ends as if none had been."""

import random
import time
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

import pytest

from okr_pipeline_tests.durability import tasks, truths, world
from okr_pipeline_tests.durability.killing import HEADER, SEED, Doomed, Tally, kill_all
from okr_pipeline_tests.durability.processes import Child, start

VERSIONS = (0, 8)
"""Each is another day, so that the killed runs have news to tell."""


@pytest.mark.slow
@pytest.mark.parametrize("kills", [10, pytest.param(100, marks=pytest.mark.soak)])
def test_killed_commands_leave_what_the_next_one_finishes(kills, store_url, undisturbed, tmp_path):
    """So many kills on a day of news, which a run then finishes that nobody kills."""
    chance, tally, project = random.Random(SEED + kills), Tally(), tmp_path / "project"
    assert okr_run(project, store_url, VERSIONS[0]).end()[0] == 0
    for version in VERSIONS[1:]:
        killed = 0
        while killed < kills:
            doomed = okr_run(project, store_url, version)
            event = chance.randint(1, int(0.9 * undisturbed.events))
            seconds = chance.uniform(0, 2 * undisturbed.pace)
            killed += kill_all([Doomed(doomed, event, lambda said: True, seconds)])
            workspace = world.open_project(project, store_url)
            tally.add("torn", truths.torn(workspace))
            tally.add("damaged", truths.damaged(workspace.store))
            workspace.store.close()
        tally.kills += killed
        assert okr_run(project, store_url, version).end()[0] == 0
    workspace = world.open_project(project, store_url)
    tally.add("lost", truths.untrue(workspace.store, VERSIONS[-1]))
    tally.add("duplicated", truths.duplicated(workspace.store))
    tally.add("stale", truths.stale(workspace, world.as_of(VERSIONS[-1])))
    tally.add("stale", truths.outdated(workspace, world.as_of(VERSIONS[-1])))
    tally.add("stale", truths.unpublished(workspace))
    content = truths.content_of(workspace.store)
    workspace.store.close()
    print(HEADER)  # noqa: T201 - pytest -rP shows it
    print(tally.row(store_url.split(":")[0].split("+")[0], "`okr run`"))  # noqa: T201
    assert not any(tally.problems.values()), (f"OKR_KILL_SEED={SEED}", tally.problems)
    assert content == undisturbed.content


@dataclass(frozen=True)
class Undisturbed:
    """What the same days leave in a store when nobody is killed.

    `events`: how many files and databases a run opens on a day of news, which a first run, that makes them, does more
    often; `pace`: the seconds between two of them, as they are in the middle.
    """

    content: str
    events: int
    pace: float


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory) -> Undisturbed:
    """The same days, and nobody is killed."""
    project = tmp_path_factory.mktemp("undisturbed")
    url = f"sqlite:///{project}/.okr/okr.db"
    for version in VERSIONS:
        events, pace = measured(okr_run(project, url, version))
    workspace = world.open_project(project, url)
    content = truths.content_of(workspace.store)
    workspace.store.close()
    return Undisturbed(content, events, pace)


def okr_run(project: Path, store_url: str, version: int) -> Child:
    world.write_project(project, version)
    world.fix_date(project, version)
    return start(tasks.command_that_tells, project, "run", "--store", store_url)


def measured(child: Child) -> tuple[int, float]:
    """How many files and databases a run opens, and the seconds between two of them, as they are in the middle."""
    at = [time.monotonic()]
    while child.hear():
        at.append(time.monotonic())
    assert child.end()[0] == 0
    return len(child.heard), median(after - before for before, after in pairwise(at))
