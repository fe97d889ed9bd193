"""The rule `mooncamp`: thresholds on progress relative to time, as Mooncamp documents them.

Belongs here: its bounds. Does not: its words and sources (model.status_rule).
"""

import numpy as np

from okr_pipeline.scoring.arrays import ROUNDING, Integers
from okr_pipeline.scoring.rules.bands import ACHIEVED, MISSED, ON_TRACK, PARTIAL, by_share
from okr_pipeline.scoring.statuses import Judged, Rule


def open_status(of: Judged) -> Integers:
    """All of it achieved, but a threshold, which can be lost; from 0.9 of the plan on track, from 0.7 at risk."""
    whole = np.where(of.threshold, ON_TRACK, ACHIEVED)
    return np.where(of.progress >= 1, whole, by_share(of, 0.9, 0.7))


def grade(of: Judged) -> Integers:
    """After the end: all of it achieved, half of it partial, whatever the intent."""
    return np.select([of.progress >= 1, of.progress >= 0.5 - ROUNDING], [ACHIEVED, PARTIAL], MISSED)


RULE = Rule(open_status, grade)
