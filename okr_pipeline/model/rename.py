"""A rename: what a configuration says of one thing's former ids.

Belongs here: the claim alone. Does not: what comes of it (renaming).
"""

from dataclasses import dataclass
from typing import Literal, TypeAlias

Renamed: TypeAlias = Literal["metric", "cycle", "objective", "key_result"]
"""Kinds of things that can be renamed. A cycle has no history but that of its objectives and key results."""


@dataclass(frozen=True, slots=True)
class Rename:
    """That a thing goes on under `id` what it was under one of `former`; full ids of objectives and key results.

    The first of `former` that has a history is meant. With none, the thing is said to be new, however like another one
    it is that is gone. `implied`: it is not said of the thing itself, but of its cycle.
    """

    kind: Renamed
    id: str
    former: tuple[str, ...] = ()
    implied: bool = False
