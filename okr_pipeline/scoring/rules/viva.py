"""The rule `viva`: points below the plan, as Microsoft Viva Goals documents them.

Belongs here: its bounds. Does not: its words and sources (model.status_rule).
"""

import numpy as np

from okr_pipeline.scoring.arrays import Integers
from okr_pipeline.scoring.rules import pace
from okr_pipeline.scoring.rules.bands import AT_RISK, BEHIND, ON_TRACK, points_below
from okr_pipeline.scoring.statuses import Judged, Rule


def open_status(of: Judged) -> Integers:
    """On the plan on track, up to 25 points below its Behind (at risk), more its At Risk; thresholds met or not."""
    gap = points_below(of)
    return np.select(
        [np.where(of.threshold, of.progress >= 1, gap <= 0), ~of.threshold & (gap <= 25)], [ON_TRACK, AT_RISK], BEHIND
    )


RULE = Rule(open_status, pace.grade)
