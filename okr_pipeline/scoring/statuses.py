"""Statuses: what is judged, and what holds under every rule.

Belongs here: the order in which a status is chosen, and the guarantees. Does not: a rule (rules), the plan (pace).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from okr_pipeline.model.score import Status
from okr_pipeline.scoring.arrays import Booleans, Floats, Integers
from okr_pipeline.scoring.definitions import STATUS, State


@dataclass(frozen=True, slots=True)
class Judged:
    """What a rule looks at, one row per key result or objective.

    `expected` is the plan at the end of the newest period in the value. `lasting`: progress that cannot be undone.
    `hopeless`: a promise that can no longer be kept. `in_grace`: too early to judge. `over`: the end has passed.
    `threshold`: a measure that is met or not, such as `maintain`.
    `learnt`: a finding was told that a learning key result is graded by.
    """

    aim: Integers
    state: Integers
    started: Booleans
    over: Booleans
    in_grace: Booleans
    lasting: Booleans
    hopeless: Booleans
    threshold: Booleans
    progress: Floats
    expected: Floats
    learnt: Booleans


Verdicts = Callable[[Judged], Integers]
"""A status code for every row; those of rows that are unknown do not matter."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`open` judges before the end, `grade` after it."""

    open: Verdicts
    grade: Verdicts


def pace_ratios(progress: Floats, expected: Floats) -> Floats:
    """Progress / plan; NaN where the plan asks for nothing yet."""
    with np.errstate(all="ignore"):
        ratios = np.where(expected > 0, progress / expected, np.nan)
    return np.where(np.isfinite(ratios), ratios, np.nan)


def judge(of: Judged, rule: Rule) -> Integers:
    """The status of each row, as a code."""
    return np.select(
        [
            ~of.started,
            of.state == State.PAUSED,
            of.state == State.CANCELLED,
            of.learnt & of.over,
            np.isnan(of.progress),
            of.over,
        ],
        [
            STATUS[Status.NOT_STARTED],
            STATUS[Status.PAUSED],
            STATUS[Status.CANCELLED],
            STATUS[Status.ACHIEVED],
            STATUS[Status.UNKNOWN],
            rule.grade(of),
        ],
        _uncontradicted(of, rule.open(of)),
    )


def _uncontradicted(of: Judged, status: Integers) -> Integers:
    """Whatever the rule: no *behind* or *at risk* at or above the plan, and no *achieved* below 1."""
    bad = (status == STATUS[Status.BEHIND]) | (status == STATUS[Status.AT_RISK])
    early = (status == STATUS[Status.ACHIEVED]) & (of.progress < 1)
    return np.where((bad & (of.progress >= of.expected)) | early, STATUS[Status.ON_TRACK], status)
