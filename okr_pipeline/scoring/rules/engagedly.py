"""The rule `engagedly`: points below the plan, as Engagedly documents them.

Belongs here: its bounds. Does not: its words and sources (model.status_rule).
"""

import numpy as np

from okr_pipeline.scoring.arrays import Integers
from okr_pipeline.scoring.rules import pace
from okr_pipeline.scoring.rules.bands import ACHIEVED, AT_RISK, BEHIND, MISSED, ON_TRACK, points_below
from okr_pipeline.scoring.statuses import Judged, Rule


def open_status(of: Judged) -> Integers:
    """All of it achieved, less than 16.5 points below on track, up to 33 at risk; a threshold on track or at risk."""
    gap, whole = points_below(of), of.progress >= 1
    return np.select(
        [of.threshold & whole, of.threshold, whole, gap < 16.5, gap <= 33],
        [ON_TRACK, AT_RISK, ACHIEVED, ON_TRACK, AT_RISK],
        BEHIND,
    )


def grade(of: Judged) -> Integers:
    """A threshold is achieved or missed, whatever the intent; the rest is graded as by `pace`."""
    return np.where(of.threshold, np.where(of.progress >= 1, ACHIEVED, MISSED), pace.grade(of))


RULE = Rule(open_status, grade)
