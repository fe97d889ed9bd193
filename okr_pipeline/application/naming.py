"""Taking names: what was renamed has its new id in the store before a step of a run reads it there.

Belongs here: doing that once, together with the configuration that says so. Does not: which things were renamed
(renaming).
"""

from okr_pipeline.application.renaming import baselines_renamed, record_renames, renames_to_take
from okr_pipeline.application.runs import Run, note_applied, note_run, require_names
from okr_pipeline.application.turns import require_same, settled
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.store.batch import Batch


def take_names(workspace: Workspace, run: Run) -> None:
    """Give what the configuration says was renamed its new id in the store, and apply the configuration, at once.

    Writes nothing where that was done, and where nothing is said to be renamed.

    Raises:
        LostHistory: two histories would become one.
    """
    if any(it.former for it in workspace.configuration.renames):
        settled(lambda: _take_names(workspace, run))


def _take_names(workspace: Workspace, run: Run) -> None:
    store = workspace.store
    log, fixed = store.renames(), store.baselines()
    names = renames_to_take(workspace).names
    if not names:
        return
    baselines = baselines_renamed(store, names)

    def record(batch: Batch) -> None:
        require_same(log, store.renames())
        require_same(fixed, store.baselines())
        require_names(workspace)
        note_run(batch, workspace, run)
        record_renames(batch, workspace, names, baselines, run.id)
        note_applied(batch, workspace, run)

    store.write(record)
