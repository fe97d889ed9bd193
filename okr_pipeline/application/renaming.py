"""Renaming in practice: what `renamed_from` says comes to, and the store's rows under their new ids.

Belongs here: which renames a store has yet to take, taking them, and refusing what would lose or mix histories. Does
not: the rows (store.renames), definitions under other ids (model.renaming).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from okr_pipeline.application.applied import applied_configuration, configuration_applied_at
from okr_pipeline.application.errors import LostHistory
from okr_pipeline.application.workspace import Workspace, from_here
from okr_pipeline.config.places import Places, read_places
from okr_pipeline.model.alike import alike
from okr_pipeline.model.amending import definitions_of
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.rename import Rename, Renamed
from okr_pipeline.model.renaming import NAMED, Names, cycle_of, names_of, renamed
from okr_pipeline.scoring import baseline_definition
from okr_pipeline.store import Store
from okr_pipeline.store.batch import Batch

NOUNS: Mapping[Renamed, str] = {
    "metric": "metric",
    "cycle": "cycle",
    "objective": "objective",
    "key_result": "key result",
}
_PAIR = ["kind", "former_id", "new_id"]
_BASED = ["key_result", "definition", "new_definition"]


@dataclass(frozen=True, slots=True)
class Renames:
    """What the renames of a configuration come to in a store: `names` are still to be taken.

    `unknown` have former ids that the store has nothing of: nothing is renamed, and nothing is lost.
    """

    names: Names
    unknown: tuple[Rename, ...] = ()


def renames_to_take(workspace: Workspace) -> Renames:
    """What the configuration says was renamed and the store does not have under its new id yet.

    Raises:
        LostHistory: two histories would become one.
    """
    claims = [it for it in workspace.configuration.renames if it.former]
    if not claims:
        return Renames(Names())
    cycles = [it for it in claims if it.kind == "cycle"]
    return _Taking.of(workspace, [it for it in claims if it.kind != "cycle"]).renames(cycles)


def require_later_names(workspace: Workspace) -> None:
    """Nothing, where a configuration does not go back behind what was renamed since it was written.

    Raises:
        LostHistory: it has something under an id that it no longer has, and lacks the id that it has now.
    """
    taken = names_taken(workspace.store)
    applied = applied_configuration(workspace.store) if taken else None
    if applied is None:
        return
    now, before = ids_of(workspace.configuration), ids_of(applied)
    claimed = {(it.kind, it.id) for it in workspace.configuration.renames}
    for kind, former, new in taken.pairs():
        if former in now[kind] and (kind, former) not in claimed and new in before[kind] and new not in now[kind]:
            raise LostHistory(
                f"The configuration has {NOUNS[kind]} '{former}', which goes on as '{new}' in {workspace.store.place}."
                f" It is older than what was applied last. Take the newer one, or write {_as_written(former, new)}"
                " to give it its former id again; nothing was done."
            )


def require_no_lost_history(workspace: Workspace, applied: Configuration) -> None:
    """Nothing, where no history ends of what is defined under another id just as it was.

    `applied` has the ids of after what is said to be renamed.

    Raises:
        LostHistory: one does; it says what to write.
    """
    lost = not_claimed(applied, workspace.configuration)
    known = {
        kind: _with_history(workspace.store, kind, [it[1] for it in lost if it[0] == kind])
        for kind in ("cycle", *NAMED)
    }
    lost = [it for it in lost if it[1] in known[it[0]]]
    if lost:
        places = read_places(workspace.config_dir)
        raise LostHistory("\n".join([*(_suggestion(places, *it) for it in lost), "Nothing was done."]))


def not_claimed(before: Configuration, after: Configuration) -> list[tuple[Renamed, str, str]]:
    """Kind, former and new id of what may have been renamed, and is not said to be new.

    `before` has the ids of after what is said to be renamed.
    """
    new = {(it.kind, it.id) for it in after.renames if not it.former}
    return [it for it in alike(before, after) if (it[0], it[2]) not in new]


def renames_between(before: Configuration, after: Configuration) -> Names:
    """What one configuration says was renamed since another, whatever a store has."""
    defined, still = ids_of(before), ids_of(after)
    pairs = (
        (it.kind, former, it.id)
        for it in after.renames
        if it.kind != "cycle" and it.id not in defined[it.kind]
        for former in it.former
        if former in defined[it.kind] and former not in still[it.kind]
    )
    return names_of(pairs)


def names_taken(store: Store) -> Names:
    """What was ever renamed in a store: ids of now by former ones."""
    return names_of(store.renames()[_PAIR].itertuples(index=False, name=None))


def renamed_since(workspace: Workspace, subject: str) -> str | None:
    """The id of now of a key result or survey, where what was applied last has it under another one; None elsewhere."""
    went = names_taken(workspace.store)
    new = (went.key_result | went.metric).get(subject)
    applied = None if new is None else applied_configuration(workspace.store)
    defined = set() if applied is None else {*ids_of(applied)["key_result"], *applied.metrics}
    return new if new in defined and subject not in defined else None


def ids_of(configuration: Configuration) -> Mapping[Renamed, frozenset[str]]:
    """The ids that are defined, by kind; full ids of objectives and key results."""
    return {
        "metric": frozenset(configuration.metrics),
        "cycle": frozenset(configuration.cycles),
        "objective": frozenset(configuration.objectives),
        "key_result": frozenset(it.full_id for it in configuration.key_results()),
    }


def renames_frame(names: Names) -> pd.DataFrame:
    """Renames as the store takes them."""
    return pd.DataFrame(list(names.pairs()), columns=_PAIR)


def baselines_renamed(store: Store, names: Names) -> pd.DataFrame:
    """The fixed baselines that are defined by a renamed metric: what they are defined by, before and after.

    What defined them is looked for in the configurations that were applied, the newest first.
    """
    fixed = store.baselines()
    pending = set(fixed[["key_result", "definition"]].itertuples(index=False, name=None)) if names.metric else set()
    rows: list[tuple[str, str, str]] = []
    for applied_at, version in store.configurations() if pending else ():
        found = dict(_definitions(configuration_applied_at(store, applied_at, version), names))
        rows += [(*key, found[key]) for key in sorted(pending & found.keys()) if key[1] != found[key]]
        pending -= found.keys()
        if not pending:
            break
    return pd.DataFrame(rows, columns=_BASED)


def record_renames(batch: Batch, workspace: Workspace, names: Names, baselines: pd.DataFrame, run_id: str) -> None:
    """Give the rows of the store their new ids; the run must be noted."""
    batch.rename(renames_frame(names), baselines, config_version=workspace.configuration.version, run_id=run_id)


def _with_history(store: Store, kind: Renamed, ids: list[str]) -> frozenset[str]:
    """Those of some ids whose history would be missed.

    Key results with published scores, cycles with one in them, all others with any row.
    """
    if not ids:
        return frozenset()
    if kind == "cycle":
        return frozenset(map(cycle_of, store.published_key_results())) & set(ids)
    return store.published_key_results() & set(ids) if kind == "key_result" else store.ids_in_use(kind, ids)


def _suggestion(places: Places, kind: Renamed, former: str, new: str) -> str:
    file, line, column = places.of(kind, new)
    its = "the history of all that is in it" if kind == "cycle" else "its history"
    return (
        f"{from_here(file)}:{line}:{column}: {NOUNS[kind]} '{new}' is like '{former}', which is gone. Under"
        f" another id {its} would end. Write 'renamed_from: {former.rpartition('/')[2]}' to go on with it, or"
        " 'renamed_from: null' if it is another one."
    )


def _definitions(configuration: Configuration, names: Names) -> Iterator[tuple[tuple[str, str], str]]:
    """By key result and definition of a baseline, its definition under new names."""
    after = renamed(configuration, names)
    for one, other in zip(configuration.key_results(), after.key_results(), strict=True):
        for was, becomes in zip(definitions_of(one), definitions_of(other), strict=True):
            yield (
                (one.full_id, baseline_definition(configuration, was)),
                baseline_definition(after, becomes),
            )


@dataclass(frozen=True, slots=True)
class _Taking:
    """Claims beside what the store has: which ids are in use, and where former ones went."""

    store: Store
    claims: list[Rename]
    in_use: Mapping[Renamed, frozenset[str]]
    went: Names
    defined: Mapping[Renamed, frozenset[str]]

    @classmethod
    def of(cls, workspace: Workspace, claims: list[Rename]) -> "_Taking":
        store, went = workspace.store, names_taken(workspace.store)
        asked: dict[Renamed, set[str]] = {kind: set() for kind in NAMED}
        for it in claims:
            asked[it.kind] |= {it.id, *it.former, *(went.of(it.kind).get(former, former) for former in it.former)}
        in_use = {kind: store.ids_in_use(kind, ids) for kind, ids in asked.items()}
        return cls(store, claims, in_use, went, ids_of(workspace.configuration))

    def renames(self, cycles: Iterable[Rename]) -> Renames:
        """What is to be taken. Where the store has nothing of all that is in a cycle, the cycle is unknown."""
        pending: dict[tuple[Renamed, str], str] = {}
        unknown: list[Rename] = []
        known_cycles: set[str] = set()
        for claim in self.claims:
            former = self._history_of(claim)
            if former is None:
                unknown += [] if claim.implied else [claim]
                continue
            known_cycles.add(cycle_of(claim.id))
            if former != claim.id:
                self._require_apart(claim, former, pending.get((claim.kind, former)))
                pending[claim.kind, former] = claim.id
        unknown += [it for it in cycles if it.id not in known_cycles]
        return Renames(names_of((*key, new) for key, new in pending.items()), tuple(unknown))

    def _history_of(self, claim: Rename) -> str | None:
        """The id that the history is under; None where no former id has one. An id in use means what has it now."""
        in_use = self.in_use[claim.kind]
        for former in claim.former:
            if former in in_use:
                return former
            went = self.went.of(claim.kind).get(former)
            if went is not None and (went in in_use or went == claim.id):
                return went
        return None

    def _require_apart(self, claim: Rename, former: str, other: str | None) -> None:
        noun, place = NOUNS[claim.kind], self.store.place
        said = f"{noun} '{claim.id}' is said to be renamed from {_former(claim)}"
        if other is not None:
            raise LostHistory(
                f"{said}, and so is '{other}': in {place} both are '{former}'. A history goes on under one id."
                " Remove renamed_from from one of the two; nothing was done."
            )
        if former in self.defined[claim.kind]:
            raise LostHistory(
                f"{said}, which goes on as '{former}' in {place}, and '{former}' is still defined. A history goes on"
                f" under one id. Remove renamed_from, or remove {noun} '{former}'; nothing was done."
            )
        if claim.id in self.in_use[claim.kind]:
            raise LostHistory(
                f"{said}, and {place} has a history of '{claim.id}', too. Two histories cannot become one."
                " Remove renamed_from, or choose an id that was never used; nothing was done."
            )


def _former(claim: Rename) -> str:
    """The former ids as they are written: those of another cycle with it."""
    own = cycle_of(claim.id)
    return " or ".join(f"'{it.rpartition('/')[2] if cycle_of(it) == own else it}'" for it in claim.former)


def _as_written(former: str, new: str) -> str:
    """What says that `former` is the id again of what is `new` now."""
    moved = "/" in new and cycle_of(former) != cycle_of(new)
    if moved:
        return f"'renamed_from: {cycle_of(new)}' in its cycle"
    return f"'renamed_from: {new.rpartition('/')[2]}'"
