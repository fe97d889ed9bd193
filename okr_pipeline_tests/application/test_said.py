"""Which check-in the scorecard shows, and whether one is due."""

from datetime import UTC, date, datetime

import pandas as pd
import pytest

from okr_pipeline.application.said import check_in_rate, is_asked, is_checked_in, newest_check_ins
from okr_pipeline.model.check_in import CheckInRate, CheckInRow
from okr_pipeline.model.frames import CHECK_INS
from okr_pipeline.model.okr import KeyResult, Manual

DAY = date(2026, 2, 15)


def key_result(**changes):
    facts = {"starts": date(2026, 2, 1), "ends": date(2026, 2, 28), "check_in": "weekly", "state": "active"}
    named = {
        "id": "talks",
        "title": "Talks",
        "owner": "ada@harbour.example",
        "objective": "2026-02/o",
        "cycle": "2026-02",
    }
    return KeyResult(**named, metric=None, measure=Manual(0.0, 10.0), **(facts | changes))


def said(on):
    return CheckInRow(on, "ada@harbour.example", None, 0.5, None, None)


def rows(*told):
    """(subject, day, author, hour it was recorded at) as CHECK_INS."""
    frame = pd.DataFrame(
        [
            {"subject": subject, "on_date": f"2026-02-{day:02d}", "author": author, "note": f"{author} at {hour}"}
            | {"recorded_at": datetime(2026, 2, 20, hour, tzinfo=UTC)}
            for subject, day, author, hour in told
        ]
    )
    return frame.reindex(columns=list(CHECK_INS))


@pytest.mark.parametrize(
    ("told", "newest"),
    [
        ([("q/a", 3, "ada", 1), ("q/a", 9, "bob", 0)], {"q/a": "bob at 0"}),
        ([("q/a", 9, "ada", 1), ("q/a", 16, "bob", 0)], {"q/a": "ada at 1"}),
        ([("q/a", 9, "ada", 3), ("q/a", 9, "bob", 2)], {"q/a": "ada at 3"}),
        ([("q/a", 9, "bob", 2), ("q/a", 9, "ada", 2)], {"q/a": "bob at 2"}),
        ([("q/b", 15, "ada", 2), ("q/a", 1, "ada", 2)], {"q/a": "ada at 2", "q/b": "ada at 2"}),
        ([("q/a", 16, "ada", 1)], {}),
    ],
    ids=["later day", "not of days to come", "recorded later", "later author", "each its own", "none yet"],
)
def test_the_newest_check_in_of_each_key_result_is_shown(told, newest):
    assert {subject: it.note for subject, it in newest_check_ins(rows(*told), DAY).items()} == newest


@pytest.mark.parametrize(
    ("changes", "on", "expected"),
    [
        ({}, date(2026, 2, 15), True),
        ({}, date(2026, 2, 9), True),
        ({}, date(2026, 2, 8), False),
        ({}, None, False),
        ({"check_in": "biweekly"}, date(2026, 2, 2), True),
        ({"check_in": "biweekly"}, date(2026, 2, 1), False),
        ({"check_in": "monthly"}, None, None),
        ({"starts": date(2026, 2, 9)}, None, None),
        ({"starts": date(2026, 2, 8)}, None, False),
        ({"starts": date(2026, 2, 9)}, date(2026, 2, 8), None),
        ({"starts": date(2026, 2, 16)}, None, None),
        ({"ends": date(2026, 2, 14)}, date(2026, 2, 14), None),
        ({"state": "paused"}, date(2026, 2, 15), None),
        ({"state": "cancelled"}, None, None),
    ],
)
def test_a_check_in_is_due_a_turn_after_the_last_while_the_key_result_runs(changes, on, expected):
    assert is_checked_in(key_result(**changes), on and said(on), DAY) is expected


@pytest.mark.parametrize(
    ("checked_in", "asked", "rate"),
    [
        ([], True, None),
        ([None, None], True, None),
        ([False], False, None),
        ([False], True, CheckInRate(0, 1)),
        ([True, False, None, True], True, CheckInRate(2, 3)),
    ],
    ids=["nothing", "none due", "people do not check in", "nobody did", "those due"],
)
def test_the_rate_is_of_those_due_where_people_check_in(checked_in, asked, rate):
    assert check_in_rate(checked_in, asked=asked) == rate


def test_a_manual_key_result_needs_people_and_another_where_somebody_spoke():
    asked = [("manual", None), ("manual", said(DAY)), ("reach", said(DAY)), ("reach", None)]
    assert [is_asked(*it) for it in asked] == [True, True, True, False]
