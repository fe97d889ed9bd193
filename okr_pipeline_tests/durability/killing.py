"""Two writers of one store, killed at random, again and again, and what is left looked at each time.

Belongs here: when a writer is killed, and the judgement of a series of kills. Does not: what writers do (tasks).

The moment is told by what the writer has done, not by the clock alone, so that a slow machine kills at the same points
as a fast one: after so many calls of the store, and then within the time that a call took when nobody was killed. Every
other kill aims at a COMMIT, the shortest of the moments that matter, or at what just follows it.
"""

import math
import os
import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Final

from okr_pipeline.application.workspace import Workspace
from okr_pipeline_tests.durability import tasks, truths, world
from okr_pipeline_tests.durability.processes import MOST_SECONDS, Child, call, first_to_tell, start
from okr_pipeline_tests.durability.watching import BEFORE_COMMIT, Committed

SEED: Final = int(os.environ.get("OKR_KILL_SEED", "20130519"))
"""All chance comes from it, so that a failure can be had again, as far as two processes at once can."""
WRITERS: Final = (("left", "shared"), ("right", "shared"))
_STEPS: Final = 5
_VERSIONS_OF_A_PACE: Final = 100
"""After so many it is measured again: a machine does not stay as busy as it was for an hour."""
_MOST_CALLS: Final = 10
"""A writer is killed within so many calls, which is an eighth of a run; writers begin with any step of a run."""


@dataclass(frozen=True)
class Pace:
    """How many seconds a call of the store and a COMMIT take, in the middle of an undisturbed run."""

    call: float
    commit: float

    @classmethod
    def of(cls, directory: Path, store_url: str, version: int) -> "Pace":
        """As measured now, by a run on a version."""
        child, at = start(tasks.run_once, directory, store_url, version, f"measured-{version}"), [time.monotonic()]
        while child.hear():
            at.append(time.monotonic())
        child.end()
        took = [after - before for before, after in pairwise(at)]
        commits = [seconds for said, seconds in zip(child.heard, took, strict=True) if isinstance(said, Committed)]
        return cls(median(took), median(commits))


@dataclass
class Doomed:
    """A process, and when it is killed: so many seconds after it told, for the last of `calls` times, of such a call."""

    child: Child
    calls: int
    is_counted: Callable[[object], bool]
    seconds: float
    due: float = math.inf

    @classmethod
    def by_chance(cls, child: Child, chance: random.Random, pace: Pace) -> "Doomed":
        """Killed anywhere, or, every other time, while it commits or soon after."""
        if chance.random() < 0.5:
            return cls(child, chance.randint(1, _MOST_CALLS), lambda said: True, chance.uniform(0, 2 * pace.call))
        return cls(child, 1, lambda said: said == BEFORE_COMMIT, chance.uniform(0, 2.5 * pace.commit))

    def hear(self) -> None:
        """Note what it tells, and when it is therefore due."""
        if self.child.hear() and self.is_counted(self.child.heard[-1]):
            self.calls -= 1
            if self.calls == 0:
                self.due = time.monotonic() + self.seconds


def kill_all(doomed: list[Doomed]) -> int:
    """Kill each when it is due; how many had not ended by then."""
    alive, killed = list(doomed), 0
    while alive:
        first = min(alive, key=lambda it: it.due)
        for child in first_to_tell([it.child for it in alive], min(MOST_SECONDS, max(0, first.due - time.monotonic()))):
            next(it for it in alive if it.child is child).hear()
        for each in [it for it in alive if it.due <= time.monotonic() or it.child.has_ended]:
            killed += each.child.kill()
            alive.remove(each)
    return killed


@dataclass
class Tally:
    """What became of a series of kills."""

    kills: int = 0
    committed: int = 0
    problems: dict[str, list[str]] = field(default_factory=lambda: {kind: [] for kind in KINDS})
    fell: Counter[str] = field(default_factory=Counter)

    def add(self, kind: str, found: list[str]) -> None:
        self.problems[kind] += found

    def row(self, backend: str, what: str) -> str:
        """A line of the kill matrix."""
        counts = " | ".join(str(len(self.problems[kind])) for kind in KINDS)
        return f"| {backend} | {what} | {self.kills} | {self.committed} | {counts} |"


KINDS: Final = ("lost", "duplicated", "stale", "damaged", "torn")
HEADER: Final = f"| backend | killed | kills | commits kept | {' | '.join(KINDS)} |\n|{'---|' * (4 + len(KINDS))}"


def kill_writers(directory: Path, store_url: str, *, kills: int, seed: int) -> tuple[Tally, int]:
    """Kill so many writers, two at a time, while the files go from version to version; the last version."""
    chance, tally, version = random.Random(seed), Tally(), 0
    world.write_project(directory, version)
    workspace = world.open_project(directory, store_url)
    while tally.kills < kills:
        if version % _VERSIONS_OF_A_PACE == 0:
            pace = Pace.of(directory, store_url, version)
        version += 1
        for source in world.SOURCES:
            world.write_file(directory, source, version)
        _kill_two(workspace, store_url, version, chance, pace, tally)
        if version % 20 == 0:
            tally.add("duplicated", truths.duplicated(workspace.store))
    workspace.store.close()
    return tally, version


def judge_what_is_left(directory: Path, store_url: str, clean: Path, version: int, tally: Tally) -> None:
    """One undisturbed run on the killed store and one on a fresh one; both must then say the same.

    `clean` keeps the fresh store of a version for whoever judges next.
    """
    while not world.is_all_accepted(version):
        version += 1
    fresh_place = clean / str(version)
    places = {directory: store_url, fresh_place: f"sqlite:///{fresh_place}/okr.db"}
    for place in [directory] if fresh_place.exists() else places:
        world.write_project(place, version)
        call(tasks.run_once, place, places[place], version, "last")
    survivor, fresh = (world.open_project(place, url) for place, url in places.items())
    tally.add("lost", truths.untrue(survivor.store, version))
    tally.add("duplicated", truths.duplicated(survivor.store))
    tally.add("stale", truths.stale(survivor, world.as_of(version)))
    tally.add("stale", truths.outdated(survivor, world.as_of(version)))
    tally.add("stale", truths.unpublished(survivor))
    tally.add("stale", truths.different_scores(survivor, fresh, world.as_of(version)))
    tally.add("damaged", truths.damaged(survivor.store))
    tally.add("torn", truths.torn(survivor))
    survivor.store.close()
    fresh.store.close()


def _kill_two(
    workspace: Workspace, store_url: str, version: int, chance: random.Random, pace: Pace, tally: Tally
) -> None:
    doomed = [
        Doomed.by_chance(
            start(
                tasks.run_on_and_on, workspace.project_dir, store_url, version, f"{version}-{sources[0]}", sources,
                chance.randrange(_STEPS),
            ),
            chance,
            pace,
        )
        for sources in WRITERS
    ]  # fmt: skip
    tally.kills += kill_all(doomed)
    heard = [said for each in doomed for said in each.child.heard]
    committed = [said for said in heard if isinstance(said, Committed)]
    tally.committed += len(committed)
    tally.fell.update(_last_call(each.child) for each in doomed)
    tally.add("lost", truths.lost(workspace.store, committed))
    tally.add("damaged", truths.damaged_file(workspace.store))
    tally.add("torn", truths.torn(workspace))


def _last_call(writer: Child) -> str:
    said = writer.heard[-1] if writer.heard else "the start"
    return "a commit" if isinstance(said, Committed) else str(said)
