"""Bands: a number and its bounds into the best, the middle and the worst open status.

Belongs here: what most rules are made of. Does not: whose bounds they are.
"""

import numpy as np

from okr_pipeline.model.score import Status
from okr_pipeline.scoring.arrays import ROUNDING, Floats, Integers
from okr_pipeline.scoring.definitions import STATUS
from okr_pipeline.scoring.statuses import Judged

ON_TRACK, AT_RISK, BEHIND = STATUS[Status.ON_TRACK], STATUS[Status.AT_RISK], STATUS[Status.BEHIND]
ACHIEVED, PARTIAL, MISSED = STATUS[Status.ACHIEVED], STATUS[Status.PARTIAL], STATUS[Status.MISSED]


def shares_of_plan(of: Judged) -> Floats:
    """Progress / plan. At or above the plan it is all of it, so that a plan of 0 is met by not going back."""
    with np.errstate(all="ignore"):
        ratio = np.where(of.expected > 0, of.progress / of.expected, -np.inf)
    return np.where(of.progress >= of.expected, np.inf, ratio)


def by_share(of: Judged, on_track: Floats | float, at_risk: Floats | float) -> Integers:
    """On track from one share of the plan on, at risk from another, else behind."""
    share = shares_of_plan(of)
    return np.select([share >= on_track - ROUNDING, share >= at_risk - ROUNDING], [ON_TRACK, AT_RISK], BEHIND)


def points_below(of: Judged) -> Floats:
    """Plan − progress in points of a percentage, rounded to what a share can hold."""
    with np.errstate(all="ignore"):
        return np.round(100 * (of.expected - of.progress), 10)
