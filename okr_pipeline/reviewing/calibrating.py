"""Calibration: whether targets were about as hard as their intent says, over all cycles that ended.

Belongs here: counts and verdicts. Does not: scores.

Graded are key results with a way from one value to another, or a sum to gather: for shares, steps and budgets "a third
beyond the target" means nothing. About 1 is expected of a commitment, 0.6 to 0.7 of a stretch (Google re:Work, grading
OKRs); beside the mean it tells how often a target was no effort, or out of the question.
"""

from datetime import datetime
from typing import Final, Literal

import numpy as np
import pandas as pd

from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.review import Calibration

LEAST_GRADED: Final = 5
"""Fewer are not judged: half of four is two, and two are chance."""

_MEASURES = ("reach", "change", "accumulate", "manual")
_EXCEEDED, _SHORT = 4 / 3, 0.3
_OFTEN = 0.5


def calibrate(
    configuration: Configuration, key_results: pd.DataFrame, half_time: pd.DataFrame, as_of: datetime
) -> tuple[Calibration, ...]:
    """Everybody's calibration, then each owner's by name, from the scores of all cycles as of an instant.

    Counted are ended cycles, and key results that are neither unknown, paused nor cancelled.
    """
    calendar = configuration.project.calendar
    ended = [it.id for it in configuration.cycles.values() if calendar.end_of_day(it.ends) <= as_of]
    final = key_results["status"].isin(["achieved", "partial", "missed"]) & key_results["progress"].notna()
    rows = key_results[final & key_results["measure"].isin(_MEASURES) & key_results["cycle"].isin(ended)]
    middle = half_time.set_index("key_result")["progress"].reindex(rows["key_result"]).to_numpy(dtype=np.float64)
    rows = rows.assign(early=(middle >= 1) & (rows["progress"] >= 1).to_numpy())
    return (_judged(None, rows), *(_judged(str(owner), mine) for owner, mine in rows.groupby("owner")))


def _judged(owner: str | None, rows: pd.DataFrame) -> Calibration:
    early, exceeded, short = rows["early"], rows["progress"] >= _EXCEEDED, rows["progress"] < _SHORT
    return Calibration(
        owner=owner,
        graded=len(rows),
        early=int(early.sum()),
        exceeded=int(exceeded.sum()),
        short=int(short.sum()),
        mean_score=float(rows["score"].mean()) if len(rows) else None,
        verdict=_verdict(len(rows), int((early | exceeded).sum()), int(short.sum())),
    )


def _verdict(graded: int, easy: int, short: int) -> Literal["too_few", "fitting", "sandbagged", "over_stretched"]:
    if graded < LEAST_GRADED:
        return "too_few"
    if easy >= _OFTEN * graded and easy > short:
        return "sandbagged"
    return "over_stretched" if short >= _OFTEN * graded else "fitting"
