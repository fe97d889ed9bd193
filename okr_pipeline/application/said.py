"""What the scorecard tells of check-ins: the newest of each key result, and how many were made in time.

Belongs here: which check-in is the newest, and whether one is due. Does not: recording them (check_ins), what they do
to a score (scoring).
"""

from collections.abc import Sequence
from datetime import date, timedelta

import pandas as pd

from okr_pipeline.application.telling import plain_rows
from okr_pipeline.model.check_in import rhythm_days
from okr_pipeline.model.okr import KeyResult
from okr_pipeline.model.snapshot import CheckInRate, CheckInRow, KeyResultRow


def newest_check_ins(check_ins: pd.DataFrame, day: date) -> dict[str, CheckInRow]:
    """By subject the newest of CHECK_INS up to a day; of one day that recorded last, of those the later author's."""
    until = check_ins[check_ins["on_date"] <= day.isoformat()]
    ordered = until.sort_values(["subject", "on_date", "recorded_at", "author"], kind="stable")
    newest = ordered.drop_duplicates("subject", keep="last")
    told = ["author", "value", "confidence", "note", "finding"]
    return {
        str(row["subject"]): CheckInRow(
            on=date.fromisoformat(str(row["on_date"])), **{name: row[name] for name in told}
        )
        for row in plain_rows(newest)
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


def check_in_rate(rows: Sequence[KeyResultRow]) -> CheckInRate | None:
    """How many key results were checked in of those where one is due; None where people never check in.

    Check-ins are asked for where any was ever made, or where a `manual` key result has no other value.
    """
    asked = any(row.check_in is not None or row.measure == "manual" for row in rows)
    due = [row.checked_in for row in rows if row.checked_in is not None]
    return CheckInRate(sum(due), len(due)) if asked and due else None
