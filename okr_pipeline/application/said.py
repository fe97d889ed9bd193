"""What status and scorecard tell of check-ins: the newest of each key result, and how many were made in time.

Belongs here: which check-in is the newest, and whether one is due. Does not: recording them (check_ins), what they do
to a score (scoring).
"""

from collections.abc import Iterable
from datetime import date, timedelta

import pandas as pd

from okr_pipeline.model.check_in import CheckInRate, CheckInRow, rhythm_days
from okr_pipeline.model.okr import KeyResult

_TOLD = ("author", "value", "confidence", "note", "finding")


def newest_check_ins(check_ins: pd.DataFrame, day: date) -> dict[str, CheckInRow]:
    """By subject the newest of CHECK_INS up to a day, as scoring picks it.

    Of several of one day that recorded last, of those recorded at once that of the later author.
    """
    until = check_ins[check_ins["on_date"] <= day.isoformat()]
    ordered = until.sort_values(["on_date", "recorded_at", "author"], kind="stable")
    newest = ordered.drop_duplicates("subject", keep="last").astype(object)
    return {
        row["subject"]: CheckInRow(date.fromisoformat(row["on_date"]), *(row[name] for name in _TOLD))
        for row in newest.where(newest.notna(), None).to_dict("records")
    }


def is_checked_in(key_result: KeyResult, newest: CheckInRow | None, day: date) -> bool | None:
    """Whether its newest check-in is as new as its rhythm asks; None where none is due.

    None is due of what is paused or cancelled, before a first turn since the start has passed, or after the end.
    """
    turn = timedelta(days=rhythm_days(key_result.check_in))
    running = key_result.state == "active" and key_result.starts <= day <= key_result.ends
    if not running:
        return None
    if newest is not None and newest.on > max(day - turn, key_result.starts - timedelta(days=1)):
        return True
    return None if day - turn < key_result.starts else False


def check_in_rate(checked_in: Iterable[bool | None], *, asked: bool) -> CheckInRate | None:
    """How many key results were checked in of those where one is due; None where none is or people are not asked."""
    due = [it for it in checked_in if it is not None]
    return CheckInRate(sum(due), len(due)) if asked and due else None


def is_asked(measure: str, newest: object | None) -> bool:
    """Whether a key result is one that people speak of: somebody did, or it is `manual` and has no other value."""
    return newest is not None or measure == "manual"
