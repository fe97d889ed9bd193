"""Finding what an id on the command line names.

Belongs here: full ids, bare ids, and the nearest of those that there are. Does not: what is told of them.
"""

from okr_pipeline.application.errors import UsageError
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.okr import KeyResult, Objective


def find(workspace: Workspace, identifier: str) -> KeyResult | Objective:
    """The key result or objective of a full id, or of a bare id where only one cycle has it.

    Raises:
        UsageError: there is none, or more than one; the nearest are named.
    """
    everything: dict[str, KeyResult | Objective] = {it.full_id: it for it in workspace.configuration.key_results()}
    everything |= {it.full_id: it for it in workspace.configuration.objectives.values()}
    if identifier in everything:
        return everything[identifier]
    matches = [full_id for full_id in everything if full_id.split("/", 1)[1] == identifier]
    if len(matches) == 1:
        return everything[matches[0]]
    if matches:
        raise UsageError(f"'{identifier}' is in more than one cycle. Write one of: {', '.join(sorted(matches))}.")
    renamed = [name for name in _ids_of_now(workspace, identifier) if name in everything]
    if renamed:
        raise UsageError(f"'{identifier}' was renamed. It goes on as {' or '.join(renamed)}.")
    from rapidfuzz import process

    near = [match for match, _, _ in process.extract(identifier, everything.keys(), limit=3, score_cutoff=50)]
    hint = f"Did you mean {' or '.join(near)}?" if near else "`okr status` lists them."
    raise UsageError(f"There is no key result or objective '{identifier}'. {hint}")


def _ids_of_now(workspace: Workspace, former: str) -> list[str]:
    """What was once called so, by its id of now; a former id may be a bare one."""
    from okr_pipeline.application.renaming import names_taken

    went = names_taken(workspace.store)
    pairs = (went.objective | went.key_result).items()
    return sorted(new for name, new in pairs if former in (name, name.partition("/")[2]))
