"""A run: one execution of the main job, known by one id in the store, in Dagster and in every row it wrote.

Belongs here: what a run is and what it leaves to be told of it, step by step. Does not: the steps.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from okr_pipeline.application.amending import amendments_frame
from okr_pipeline.application.renaming import require_later_names
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.config.archive import dump
from okr_pipeline.store.batch import Batch
from okr_pipeline.store.runs import Run as StoredRun


@dataclass(frozen=True, slots=True)
class Run:
    """Who writes, and the instant it speaks about. `kind` tells a live run from the rebuilding of history."""

    id: str
    as_of: datetime
    kind: Literal["run", "backfill"] = "run"
    dagster_run_id: str | None = None


def note(batch: Batch, workspace: Workspace, run: Run) -> None:
    """Note that a run writes in this batch, and by which configuration.

    Raises:
        LostHistory: it has ids that what was applied meanwhile renamed.
    """
    require_names(workspace)
    note_applied(batch, workspace, run)


def require_names(workspace: Workspace) -> None:
    """Require that nothing which is named was renamed by what was applied meanwhile.

    To be asked before a batch writes: SQLite lets nobody read beside a transaction that outgrew its memory, not even
    itself.

    Raises:
        LostHistory: something was.
    """
    if workspace.store.applied_version() != workspace.configuration.version:
        require_later_names(workspace)


def note_applied(batch: Batch, workspace: Workspace, run: Run) -> None:
    """`note` in a batch that has asked for the names before."""
    version = workspace.configuration.version
    note_run(batch, workspace, run)
    if batch.record_configuration(version, lambda: dump(workspace.configuration), run_id=run.id):
        applied = amendments_frame(workspace.configuration)
        batch.record_amendments(applied, config_version=version, run_id=run.id)


def note_run(batch: Batch, workspace: Workspace, run: Run) -> None:
    """Note that a run goes on."""
    version = workspace.configuration.version
    batch.start_run(
        StoredRun(run.id, run.kind, as_of=run.as_of, config_version=version, dagster_run_id=run.dagster_run_id)
    )


def note_step(batch: Batch, run: Run, step: str, facts: Mapping[str, object], *, in_part: bool = False) -> None:
    """Add what a step did to the run's summary; a run with a step done in part is partial."""
    batch.add_step(run.id, step, facts, status="partial" if in_part else "done")
