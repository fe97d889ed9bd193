"""The sentences that tell why an episode moved.

Belongs here: words for people. Does not: deciding anything.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd

from okr_pipeline.model.score import Reason, Status


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What a sentence says of one evaluation; `status` is None where the key result is no longer defined."""

    status: Status | None
    pace_ratio: float
    out_of_reach: bool


def rows(statuses: pd.DataFrame) -> Iterator[Evaluation]:
    """Evaluations, one by one, for the few that are told."""
    for status, ratio, why in zip(statuses["status"], statuses["pace_ratio"], statuses["reason"], strict=True):
        yield Evaluation(None if pd.isna(status) else Status(status), float(ratio), bool(why == Reason.OUT_OF_REACH))


def reason(before: str, after: str, evaluation: Evaluation, *, streak: int, enter: int, leave: int) -> str:
    """Why an episode left one state for another.

    >>> behind = Evaluation(Status.BEHIND, 0.6, out_of_reach=False)
    >>> reason("ok", "pending", behind, streak=1, enter=3, leave=4)
    'behind (pace ratio 0.60): 1 of the 3 observations in a row that raise an alert'
    """
    seen = _seen(evaluation)
    match before, after:
        case _, "pending":
            return f"{seen}: {streak} of the {enter} observations in a row that raise an alert"
        case "recovering", "firing":
            return f"{seen}: not recovered after all"
        case _, "firing":
            return f"{seen} in {_observations(enter)}"
        case _, "recovering":
            return f"{seen}: {streak} of the {leave} observations in a row that close the alert"
        case "pending", _:
            return f"{seen} before an alert was raised"
        case _:
            return f"recovered: {seen} in {_observations(leave)}" if _goes_on(evaluation) else f"closed: {seen}"


def _goes_on(evaluation: Evaluation) -> bool:
    return evaluation.status in (Status.ON_TRACK, Status.AT_RISK)


def _observations(count: int) -> str:
    return "a new observation" if count == 1 else f"{count} new observations in a row"


def _seen(evaluation: Evaluation) -> str:
    if evaluation.status is None:
        return "no longer defined"
    if evaluation.out_of_reach:
        return f"{evaluation.status.word} (out of reach)"
    if evaluation.status in (Status.MISSED, Status.PARTIAL, Status.UNKNOWN):  # what is unknown moves nothing before
        return f"ended, {evaluation.status.word}"
    if math.isnan(evaluation.pace_ratio) or not (_goes_on(evaluation) or evaluation.status is Status.BEHIND):
        return evaluation.status.word
    return f"{evaluation.status.word} (pace ratio {evaluation.pace_ratio:.2f})"
