"""The rule `pace`, the default: progress against the plan, by intent.

Belongs here: the shares of the plan, and the grades. Does not: other products' rules.
"""

import numpy as np

from okr_pipeline.scoring.arrays import ROUNDING, Integers
from okr_pipeline.scoring.definitions import Aim
from okr_pipeline.scoring.rules.bands import ACHIEVED, BEHIND, MISSED, ON_TRACK, PARTIAL, by_share
from okr_pipeline.scoring.statuses import Judged, Rule

ON_TRACK_FROM = np.array([0.9, 0.7, 0.9])
"""The least pace ratio that is on track, by intent: committed, aspirational, learning."""
AT_RISK_FROM = np.array([0.7, 0.5, 0.7])
"""The least pace ratio that is at risk rather than behind, by intent."""


def open_status(of: Judged) -> Integers:
    """Before the end. A plan that asks for nothing is met by not going back."""
    return np.select(
        [of.lasting & (of.progress >= 1), of.hopeless, of.in_grace & (of.progress >= 0)],
        [ACHIEVED, BEHIND, ON_TRACK],
        by_share(of, ON_TRACK_FROM[of.aim], AT_RISK_FROM[of.aim]),
    )


def grade(of: Judged) -> Integers:
    """After the end: all of a commitment, 0.7 of a stretch, the finding of an exploration."""
    stretch = of.aim == Aim.ASPIRATIONAL
    return np.select(
        [of.progress >= np.where(stretch, 0.7 - ROUNDING, 1.0), stretch & (of.progress >= 0.3 - ROUNDING)],
        [ACHIEVED, PARTIAL],
        MISSED,
    )


RULE = Rule(open_status, grade)
