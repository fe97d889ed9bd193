"""Reading a project's history over a gate that closes after so many requests or pages, and again once it is open.

Belongs here: the gate, and what must be equal after every interruption. Does not: servers and projects, which each
test brings.

A gate stands before any HTTP server, one of ours or a real one; a project is told the gate's address in its place.
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from okr_pipeline.application.observing import Observed, observe
from okr_pipeline.application.runs import Run
from okr_pipeline.application.workspace import Workspace, open_for_writing
from okr_pipeline.model.calendar import Period
from okr_pipeline.store import open_store
from okr_pipeline_tests.connectors.http.forwarding import forwarded
from okr_pipeline_tests.connectors.http.server import Reply, Seen, reply
from okr_pipeline_tests.durability import truths

MakeProject = Callable[[Path], object]
"""Writes a project whose one source is read over the gate into a directory."""


@dataclass
class Gate:
    """An answer of `Server` that passes requests on to `upstream`. Closed, it says that the service is unavailable.

    `opens_for` is how many requests it lets through, None for all; `passed` counts them.
    """

    upstream: str
    opens_for: int | None = None
    passed: int = 0
    on_pass: Callable[[int], None] = field(default=lambda number: None, repr=False)

    def __call__(self, seen: Seen) -> Reply:
        if self.opens_for is not None and self.passed >= self.opens_for:
            return reply(503, b"closed")
        self.passed += 1
        self.on_pass(self.passed)
        return forwarded(self.upstream, seen)


class Opens(Protocol):
    """A gate before any kind of server, which counts in whatever it passes: requests, or pages of rows."""

    opens_for: int | None
    passed: int


def read_history(workspace: Workspace, run_id: str, window: Period | None) -> Observed:
    """What a run reads of the project's one source: what is lacking, or a window again."""
    [source] = workspace.configuration.sources
    run = Run(run_id, workspace.as_of(), "run" if window is None else "backfill")
    return observe(workspace, source, run=run, window=window)


@dataclass(frozen=True)
class Interruption:
    """One read that was interrupted after `requests`, and the one that went on, which took `more`."""

    requests: int
    more: int


def interrupted_everywhere(
    make_project: MakeProject,
    gate: Opens,
    directory: Path,
    window: Period | None = None,
    *,
    without: tuple[str, ...] = (),
) -> list[Interruption]:
    """Read it whole, then interrupt it at every request and go on; each store must equal the one that was read whole.

    `without` are tables of what was asked rather than of what is known.
    """
    empty = _empty_store(directory / "empty.db")
    whole = _project(make_project, directory / "whole", empty)
    gate.opens_for, gate.passed = None, 0
    assert not read_history(whole, "whole", window).failures
    requests, true = gate.passed, _content(whole, without)
    found = []
    for number in range(requests):
        broken = _project(make_project, directory / f"after {number}", empty)
        gate.opens_for, gate.passed = number, 0
        assert read_history(broken, "broken", window).failures, f"not interrupted after {number}"
        gate.opens_for, gate.passed = None, 0
        assert not read_history(broken, "resumed", window).failures
        assert _content(broken, without) == true, f"another store after {number} requests"
        assert not truths.duplicated(broken.store)
        found.append(Interruption(number, gate.passed))
        broken.store.close()
    whole.store.close()
    return found


def year_before(end: datetime) -> Period:
    """The window of 365 days that end at an instant."""
    return Period(end - timedelta(days=365), end.astimezone(UTC))


def _empty_store(path: Path) -> Path:
    store = open_store(f"sqlite:///{path}")
    store.upgrade()
    store.close()
    return path


def _project(make_project: MakeProject, directory: Path, empty: Path) -> Workspace:
    """A project with a copy of an empty store: to copy one takes a hundredth of what it takes to make it."""
    make_project(directory)
    shutil.copyfile(empty, directory / "okr.db")
    return open_for_writing(directory / "config", store_url=f"sqlite:///{directory}/okr.db")


def _content(workspace: Workspace, without: tuple[str, ...]) -> str:
    lines = truths.content_of(workspace.store).splitlines()
    # That a metric could not be read, and then could again, is a fact of the one store alone.
    left_out = ("read_outcomes ", *(f"{table} " for table in without))
    return "\n".join(line for line in lines if not line.startswith(left_out))
