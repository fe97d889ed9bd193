"""The rule `leankit`: ten points around the plan, as Planview LeanKit documents them.

Belongs here: its bounds. Does not: its words and sources (model.status_rule).
"""

import numpy as np

from okr_pipeline.scoring.arrays import ROUNDING, Integers
from okr_pipeline.scoring.rules.bands import ACHIEVED, BEHIND, MISSED, ON_TRACK, points_below
from okr_pipeline.scoring.statuses import Judged, Rule


def open_status(of: Judged) -> Integers:
    """Less than 10 points below the plan on track, else behind."""
    return np.where(points_below(of) < 10, ON_TRACK, BEHIND)


def grade(of: Judged) -> Integers:
    """After the end: from 0.9 achieved, whatever the intent."""
    return np.where(of.progress >= 0.9 - ROUNDING, ACHIEVED, MISSED)


RULE = Rule(open_status, grade)
