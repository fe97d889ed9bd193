"""What started processes do: the steps of a run in the run's order, whole commands, and reading.

Belongs here: tasks, each `task(pipe, …)`, that tell their calls through the pipe. Does not: killing or judging them.
"""

import contextlib
import hashlib
import io
import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

from okr_pipeline.application.alerts import raise_alerts
from okr_pipeline.application.health import review_metrics
from okr_pipeline.application.observing import observe
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scorecards import write_scorecard
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.application.workspace import Workspace, open_for_writing
from okr_pipeline.cli import main
from okr_pipeline.model.calendar import Period
from okr_pipeline_tests.durability import world
from okr_pipeline_tests.durability.interrupting import read_history
from okr_pipeline_tests.durability.watching import BEFORE_COMMIT, Committed, WatchedStore

Step = Callable[[Workspace, Run], object]


def steps_of(sources: Sequence[str]) -> list[Step]:
    """What the assets of the main job do, in its order."""
    observing: list[Step] = [
        lambda workspace, run, source=source: observe(workspace, source, run=run)  # type: ignore[misc]
        for source in sources
    ]
    return [*observing, score_and_record, raise_alerts, review_metrics, write_scorecard]


def run_once(
    pipe: Any,
    directory: Path,
    store_url: str,
    version: int,
    run_id: str = "run",
    sources: Sequence[str] = world.SOURCES,
) -> None:
    """One run over some sources that tells of each call of the store."""
    workspace = watched(world.open_project(directory, store_url), lambda call: pipe.send(("heard", call)))
    for step in steps_of(sources):
        step(workspace, Run(run_id, world.as_of(version)))
    workspace.store.close()


def read_window(pipe: Any, directory: Path, store_url: str, start: datetime, end: datetime) -> None:
    """Backfill a window of a project's one source."""
    workspace = open_for_writing(directory / "config", store_url=store_url)
    assert not read_history(workspace, uuid4().hex, Period(start, end)).failures


def run_on_and_on(
    pipe: Any, directory: Path, store_url: str, version: int, run_id: str, sources: Sequence[str], first_step: int
) -> None:
    """Run after run until killed, beginning in the middle of one as a process does that has been running for long."""
    workspace = watched(world.open_project(directory, store_url), lambda call: pipe.send(("heard", call)))
    steps = steps_of(sources)
    for position in count(first_step):
        lap, step = divmod(position, len(steps))
        steps[step](workspace, Run(f"{run_id}-{lap}", world.as_of(version)))


def run_to_death(pipe: Any, directory: Path, store_url: str, version: int, sources: Sequence[str], call: int) -> None:
    """A run that dies at once after so many calls of the store, like one that is killed there."""
    calls = count(1)

    def die(said: object) -> None:
        if next(calls) == call:
            os._exit(9)

    workspace = watched(world.open_project(directory, store_url), die)
    for step in steps_of(sources):
        step(workspace, Run("doomed", world.as_of(version)))
    workspace.store.close()


def photograph(
    pipe: Any, directory: Path, store_url: str, version: int, sources: Sequence[str], album: Path
) -> list[tuple[str, int]]:
    """A run that copies its files after every call of the store and before every file it puts in place.

    What is on disk then is what a process killed there leaves. Equal pictures are kept once: told are, call by call,
    its name and the number of its picture in the album.
    """
    taken: dict[str, int] = {}
    calls: list[tuple[str, int]] = []

    def click(said: object) -> None:
        picture = _fingerprint(directory)
        if picture not in taken:
            taken[picture] = len(taken)
            shutil.copytree(directory, album / str(taken[picture]))
        calls.append((said if isinstance(said, str) else "after COMMIT", taken[picture]))

    def on_event(event: str, _: object) -> None:
        if event == "os.rename":
            click("before a file is put in place")

    workspace = watched(world.open_project(directory, store_url), click)
    sys.addaudithook(on_event)
    for step in steps_of(sources):
        step(workspace, Run("photographed", world.as_of(version)))
    workspace.store.close()
    return calls


def command(pipe: Any, directory: Path, *arguments: str) -> tuple[int, str]:
    """A command as `okr` runs it, in a project directory: its exit code and what it printed."""
    os.chdir(directory)
    sys.argv = ["okr", *arguments]
    printed, code = io.StringIO(), 0
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            main()
        except SystemExit as stop:
            code = int(stop.code or 0)
    return code, printed.getvalue()


def command_that_tells(pipe: Any, directory: Path, *arguments: str) -> tuple[int, str]:
    """The same, telling whenever it opens or renames a file or a database: that is how far it has come."""

    def on_event(event: str, _: object) -> None:
        if event in ("open", "os.rename", "os.mkdir", "sqlite3.connect"):
            pipe.send(("heard", event))

    sys.addaudithook(on_event)
    return command(pipe, directory, *arguments)


def watched(workspace: Workspace, tell: Callable[[object], None]) -> Workspace:
    """The same project, its store telling of every call."""
    return replace(workspace, store=WatchedStore(workspace.store, tell))  # type: ignore[arg-type]


def overtake(pipe: Any, directory: Path, store_url: str, version: int, sources: Sequence[str], call: int) -> bool:
    """A run on a version during which, after a call of the store outside of a batch, the files change to the next
    version and another run begins and ends; whether there was such a call.
    """
    calls = count(1)

    def overtaken(said: object) -> None:
        if is_outside(said) and next(calls) == call:
            world.write_project(directory, version + 1)
            other = world.open_project(directory, store_url)
            for step in steps_of(sources):
                step(other, Run("overtaking", world.as_of(version + 1)))
            other.store.close()

    workspace = watched(world.open_project(directory, store_url), overtaken)
    for step in steps_of(sources):
        step(workspace, Run("overtaken", world.as_of(version)))
    workspace.store.close()
    return next(calls) > call


def is_outside(said: object) -> bool:
    """Whether a call that was told was made while no batch was open."""
    return isinstance(said, Committed) or not str(said).startswith(("batch.", "during.", BEFORE_COMMIT))


def _fingerprint(directory: Path) -> str:
    """A hash of every file of a store and of its scorecards."""
    digest = hashlib.blake2b()
    for path in sorted(path for place in (".okr", "scorecards") for path in (directory / place).rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(directory).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()
