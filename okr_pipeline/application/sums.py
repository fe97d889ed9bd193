"""Sums as steps write them: with their terms where these are few.

Belongs here: how much of a sum is written out. Does not: what is in it (working, climbing).
"""

from collections.abc import Sequence
from typing import Final

from okr_pipeline.model.explanation import Written

FEW: Final = 12
"""As many terms of a sum are written out; of more only the sum is told."""


def sum_of(values: Sequence[float]) -> Written:
    """A sum with its terms, where these are few."""
    if not 1 < len(values) <= FEW:
        return (float(sum(values)),)
    written: list[str | float] = [values[0]]
    for value in values[1:]:
        written += [" + ", value]
    return tuple(written)


def weighted_sum(pairs: Sequence[tuple[float, float]]) -> Written:
    """A sum of weights times values in brackets, with its terms where these are few; of more the sum alone."""
    if len(pairs) > FEW:
        return (float(sum(weight * value for weight, value in pairs)),)
    terms: list[str | float] = []
    for weight, value in pairs:
        terms += [" + " if terms else "(", weight, " · ", value]
    return (*terms, ")")
