"""Statuses: the rule `pace`, for key results and objectives alike.

Belongs here: how progress against the plan is judged, by intent, before and after the end. Does not: the plan (pace).
"""

from dataclasses import dataclass

import numpy as np

from okr_pipeline.model.score import Status
from okr_pipeline.scoring.arrays import ROUNDING, Booleans, Floats, Integers
from okr_pipeline.scoring.definitions import STATUS, Aim, State

ON_TRACK_FROM = np.array([0.9, 0.7, 0.9])
"""The least pace ratio that is on track, by intent: committed, aspirational, learning."""
AT_RISK_FROM = np.array([0.7, 0.5, 0.7])
"""The least pace ratio that is at risk rather than behind, by intent."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the rule looks at, one row per key result or objective.

    `expected` is the plan at the end of the newest period in the value. `lasting`: progress that cannot be undone.
    `hopeless`: a promise that can no longer be kept. `in_grace`: too early to judge. `over`: the end has passed.
    """

    aim: Integers
    state: Integers
    started: Booleans
    over: Booleans
    in_grace: Booleans
    lasting: Booleans
    hopeless: Booleans
    progress: Floats
    expected: Floats


def pace_ratios(progress: Floats, expected: Floats) -> Floats:
    """Progress / plan; NaN where the plan asks for nothing yet."""
    with np.errstate(all="ignore"):
        ratios = np.where(expected > 0, progress / expected, np.nan)
    return np.where(np.isfinite(ratios), ratios, np.nan)


def judge(of: Judged) -> Integers:
    """The status of each row, as a code."""
    known = ~np.isnan(of.progress)
    open_ = _open_status(of)
    return np.select(
        [
            ~of.started,
            of.state == State.PAUSED,
            of.state == State.CANCELLED,
            ~known,
            of.over,
        ],
        [
            STATUS[Status.NOT_STARTED],
            STATUS[Status.PAUSED],
            STATUS[Status.CANCELLED],
            STATUS[Status.UNKNOWN],
            _grade(of),
        ],
        open_,
    )


def _open_status(of: Judged) -> Integers:
    """Before the end. Never behind at or above the plan; a plan that asks for nothing is met by not going back."""
    with np.errstate(all="ignore"):
        ratio = np.where(of.expected > 0, of.progress / of.expected, -np.inf)
    ratio = np.where(of.progress >= of.expected, np.inf, ratio)
    return np.select(
        [
            of.lasting & (of.progress >= 1),
            of.hopeless,
            of.in_grace & (of.progress >= 0),
            ratio >= ON_TRACK_FROM[of.aim] - ROUNDING,
            ratio >= AT_RISK_FROM[of.aim] - ROUNDING,
        ],
        [
            STATUS[Status.ACHIEVED],
            STATUS[Status.BEHIND],
            STATUS[Status.ON_TRACK],
            STATUS[Status.ON_TRACK],
            STATUS[Status.AT_RISK],
        ],
        STATUS[Status.BEHIND],
    )


def _grade(of: Judged) -> Integers:
    """After the end: all of a commitment, 0.7 of a stretch, the finding of an exploration."""
    stretch = of.aim == Aim.ASPIRATIONAL
    return np.select(
        [of.progress >= np.where(stretch, 0.7 - ROUNDING, 1.0), stretch & (of.progress >= 0.3 - ROUNDING)],
        [STATUS[Status.ACHIEVED], STATUS[Status.PARTIAL]],
        STATUS[Status.MISSED],
    )
