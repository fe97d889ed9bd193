"""The rule `upraise`: shares of the plan, as UpRaise documents them.

Belongs here: its bounds. Does not: its words and sources (model.status_rule).
"""

from okr_pipeline.scoring.arrays import Integers
from okr_pipeline.scoring.rules import pace
from okr_pipeline.scoring.rules.bands import by_share
from okr_pipeline.scoring.statuses import Judged, Rule


def open_status(of: Judged) -> Integers:
    """From 0.95 of the plan on track, from 0.75 at risk, else behind."""
    return by_share(of, 0.95, 0.75)


RULE = Rule(open_status, pace.grade)
