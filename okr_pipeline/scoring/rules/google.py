"""The rule `google`: the bands that Google grades by, at the end and on course for it.

Belongs here: its bounds. Does not: its words and sources (model.status_rule).
"""

import numpy as np

from okr_pipeline.scoring.arrays import ROUNDING, Floats, Integers
from okr_pipeline.scoring.rules.bands import ACHIEVED, AT_RISK, BEHIND, MISSED, ON_TRACK, PARTIAL, shares_of_plan
from okr_pipeline.scoring.statuses import Judged, Rule


def open_status(of: Judged) -> Integers:
    """The band of the grade that the same speed would end with."""
    return _banded(shares_of_plan(of), (ON_TRACK, AT_RISK, BEHIND))


def grade(of: Judged) -> Integers:
    """After the end: from 0.7 achieved, above 0.3 partial, else missed, whatever the intent."""
    return _banded(of.progress, (ACHIEVED, PARTIAL, MISSED))


def _banded(score: Floats, statuses: tuple[int, int, int]) -> Integers:
    green, yellow, red = statuses
    return np.select([score >= 0.7 - ROUNDING, score > 0.3 + ROUNDING], [green, yellow], red)


RULE = Rule(open_status, grade)
