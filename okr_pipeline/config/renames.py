"""Renames: `renamed_from`, from its YAML to the model.

Belongs here: what may be said of former ids within one configuration. Does not: whether a store knows them
(application).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from okr_pipeline.config.problem import shown
from okr_pipeline.config.subject import Subject
from okr_pipeline.model.rename import Rename, Renamed

_KEY: Final = "renamed_from"
_KINDS: Final[Mapping[Renamed, str]] = {
    "metric": "metric",
    "cycle": "cycle",
    "objective": "objective",
    "key_result": "key result",
}


@dataclass(frozen=True, slots=True)
class Claim:
    """What is written of one thing's former ids, and where; full ids of objectives and key results."""

    rename: Rename
    subject: Subject


def claim_of(
    kind: Renamed,
    full_id: str,
    former: tuple[str, ...],
    written: Mapping[str, object],
    subject: Subject,
    former_cycles: Mapping[str, tuple[str, ...]],
) -> Iterator[Claim]:
    """The claim of one thing, where `renamed_from` is written: nothing is a claim, too, that it is new.

    What is in a cycle that says so of itself goes on from there, under the id that it has or had.
    """
    cycle, stroke, local = full_id.rpartition("/")
    cycles = former_cycles.get(cycle) if stroke else None
    if _KEY in written:
        before = (f"{it}{stroke}{name}" for it in (cycle, *(cycles or ())) for name in former)
        yield Claim(Rename(kind, full_id, tuple(before)), subject)
    elif cycles is not None:
        yield Claim(Rename(kind, full_id, tuple(f"{it}/{local}" for it in cycles), implied=True), subject)


def accepted(claims: Iterable[Claim], defined: Mapping[Renamed, Iterable[str]]) -> tuple[Rename, ...]:
    """The renames that are in order, and problems for the others. `defined` are all ids that are written, by kind."""
    owners: dict[tuple[Renamed, str], Claim] = {}
    # Every former id is looked at, so that every problem is told.
    judged = [(it.rename, [_is_free(it, name, owners, defined) for name in it.rename.former]) for it in claims]
    return tuple(rename for rename, free in judged if all(free))


def _is_free(
    claim: Claim, former: str, owners: dict[tuple[Renamed, str], Claim], defined: Mapping[Renamed, Iterable[str]]
) -> bool:
    """Whether a former id is nobody's now, and nobody else's before."""
    kind = claim.rename.kind
    noun, local = _KINDS[kind], former.rpartition("/")[2]
    owner = owners.setdefault((kind, former), claim)
    if former == claim.rename.id:
        _refuse(claim, f"{shown(local)} is its own id", "A thing is renamed from another id", f"Remove {_KEY}")
    elif former in defined[kind]:
        _refuse(
            claim,
            f"{noun} {shown(local)} is still defined",
            "Its history is its own for as long as it is there",
            f"Remove that {noun}, or {_KEY}",
        )
    elif owner is not claim:
        _refuse(
            claim,
            f"{noun} {shown(owner.rename.id)} is renamed from {shown(local)}, too",
            "A history goes on under one id",
            f"Remove {_KEY} from one of the two",
        )
    else:
        return True
    return False


def _refuse(claim: Claim, what: str, why: str, fix: str) -> None:
    """Tell it where it is written; of what its cycle implies, the cycle tells."""
    if claim.rename.implied:
        return
    claim.subject.refuse((_KEY,), what, why, fix)
