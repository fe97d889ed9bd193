"""Turns: what a step decided is written only while what it read still holds.

A step of a run reads the store, decides, and writes when its turn comes. Another run may have had a turn in between,
and what was decided on older knowledge would then take the place of what was decided on newer. So a step looks again in
its turn. If it was overtaken, it writes nothing and begins anew.

Belongs here: noticing that, and beginning anew. Does not: what steps read or decide.

While a batch is open nobody else commits one, so what the store says meanwhile holds until the commit.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import TypeVar

import pandas as pd

from okr_pipeline.store import Store

T = TypeVar("T")


class Overtaken(Exception):  # noqa: N818 - it is no fault
    """Another run wrote what this step had read."""


def settled(step: Callable[[], T]) -> T:
    """What a step returns, begun anew for as long as others overtake it.

    It ends, because whoever overtakes has committed: with `n` other runs it begins anew `n` times at most per source or
    layer that they write.
    """
    while True:
        try:
            return step()
        except Overtaken:
            continue


def require_last_word(store: Store, known_at: datetime, failed_metrics: Collection[str]) -> None:
    """Nothing, where all that scores, alerts and scorecards are made of is as it was when known until an instant.

    Raises:
        Overtaken: it is not.
    """
    changed_at = store.changed_at()
    if (changed_at is not None and changed_at > known_at) or store.failing_metrics() != frozenset(failed_metrics):
        raise Overtaken


def require_same(before: pd.DataFrame, now: pd.DataFrame) -> None:
    """Nothing, where rows that a step read are still the same.

    Raises:
        Overtaken: they are not.
    """
    if not now.reset_index(drop=True).equals(before.reset_index(drop=True)):
        raise Overtaken
