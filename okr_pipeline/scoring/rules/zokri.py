"""The rule `zokri`: shares of the plan, as ZOKRI documents them.

Belongs here: its bounds. Does not: its words and sources (model.status_rule).
"""

from okr_pipeline.scoring.arrays import Integers
from okr_pipeline.scoring.rules import pace
from okr_pipeline.scoring.rules.bands import by_share
from okr_pipeline.scoring.statuses import Judged, Rule


def open_status(of: Judged) -> Integers:
    """Up to a quarter behind the plan on track, up to a half at risk, else behind."""
    return by_share(of, 0.75, 0.5)


RULE = Rule(open_status, pace.grade)
