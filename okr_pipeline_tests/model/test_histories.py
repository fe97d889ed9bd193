"""Whether what is written continues a history, and what the two are together."""

from dataclasses import replace
from datetime import date

import pytest

from okr_pipeline.model.histories import changes_of_promise, day_of_amendment, joined, with_news
from okr_pipeline.model.okr import Amendment, KeyResult, Milestone, Milestones, Reach

MAY, JUNE, LATE = date(2013, 5, 6), date(2013, 6, 3), date(2013, 6, 20)


def promise(*amendments, to=10, **facts):
    given = {"starts": date(2013, 4, 1), "ends": date(2013, 6, 30), "metric": "delay", "measure": Reach(15, to)}
    return KeyResult("kr", "o", "C", "Title", "owner", **given | facts, amendments=amendments)


def to(target, on=MAY, *, recorded=False, reason="Works"):
    return Amendment(on, reason, "coo", measure=Reach(15, target), recorded=recorded)


def weight(number, on=JUNE):
    return Amendment(on, "Works", "coo", weight=number)


RECORDED = to(11, recorded=True)

CONTINUES = {
    "nothing changed": (promise(), promise(), promise()),
    "an amendment is new": (promise(), promise(to(11)), promise(to(11))),
    "one more amendment is new": (promise(to(11)), promise(to(11), weight(2.0)), promise(to(11), weight(2.0))),
    "what was recorded is written as it is now": (promise(RECORDED), promise(to=11), promise(RECORDED)),
    "what was recorded is written down": (promise(RECORDED), promise(to(11)), promise(to(11))),
    "written after what was recorded": (
        promise(RECORDED),
        promise(weight(2.0), to=11),
        promise(RECORDED, weight(2.0)),
    ),
    "between what was written and what is new one was recorded": (
        promise(weight(2.0, MAY), to(11, JUNE, recorded=True)),
        promise(weight(2.0, MAY), weight(3.0, LATE), to=11),
        promise(weight(2.0, MAY), to(11, JUNE, recorded=True), weight(3.0, LATE)),
    ),
}

BREAKS = {
    "another target": (promise(), promise(to=11)),
    "another weight": (promise(), promise(weight=2.0)),
    "other dates": (promise(), promise(ends=date(2013, 6, 20))),
    "other members": (promise(), promise(where={"carrier": "B6"})),
    "another target beside a new amendment": (promise(), promise(weight(2.0), to=11)),
    "an amendment is gone": (promise(to(11)), promise()),
    "an amendment is gone, its target in its place": (promise(to(11)), promise(to=11)),
    "an amendment has another target": (promise(to(11)), promise(to(12))),
    "an amendment has another reason": (promise(to(11)), promise(to(11, reason="Weather"))),
    "an amendment has another day": (promise(to(11)), promise(to(11, JUNE))),
    "an amendment was put before another": (promise(weight(2.0)), promise(to(11), weight(2.0))),
    "what was recorded is taken back": (promise(RECORDED), promise()),
    "what was recorded is written with another target": (promise(RECORDED), promise(to=12)),
    "written before what was recorded": (promise(RECORDED), promise(weight(2.0, date(2013, 5, 1)), to=11)),
}


@pytest.mark.parametrize("case", CONTINUES)
def test_what_continues_a_history_is_joined_with_it(case):
    applied, written, together = CONTINUES[case]
    assert joined(applied, written) == together


@pytest.mark.parametrize("case", CONTINUES)
def test_what_was_joined_is_joined_again_to_the_same(case):
    _, written, together = CONTINUES[case]
    assert joined(together, written) == together
    assert joined(together, together) == together


@pytest.mark.parametrize("case", BREAKS)
def test_what_promises_otherwise_continues_nothing(case):
    assert joined(*BREAKS[case]) is None


def test_what_is_no_promise_is_taken_as_it_is_written():
    written = replace(promise(to=11), title="Other", owner="new", state="paused", state_reason="Works")
    together = joined(promise(RECORDED), written)
    assert together == replace(promise(RECORDED), title="Other", owner="new", state="paused", state_reason="Works")


def test_that_a_milestone_is_done_is_taken_as_it_is_written():
    steps = (Milestone("Search"), Milestone("Stores"))
    done = (replace(steps[0], done_on=MAY), steps[1])
    more = Amendment(MAY, "More", "coo", measure=Milestones(steps), recorded=True)
    applied = promise(more, measure=Milestones(steps[:1]), metric=None)
    together = joined(applied, promise(measure=Milestones(done), metric=None))
    assert together.measure == Milestones(done[:1])
    assert together.amendments[0].measure == Milestones(done)


def test_the_changes_are_those_of_the_definitions_that_both_end_with():
    [change] = changes_of_promise(promise(to(11)), promise(to=12))
    assert (change.before, change.after) == (Reach(15, 11), Reach(15, 12))
    assert with_news(promise(to(11)), promise(to=12)).measure == Reach(15, 10)


@pytest.mark.parametrize(
    ("applied", "today", "day"),
    [
        (promise(), MAY, MAY),
        (promise(), date(2013, 3, 1), date(2013, 4, 1)),
        (promise(), date(2013, 7, 9), date(2013, 6, 30)),
        (promise(to(11)), MAY, date(2013, 5, 7)),
        (promise(to(11, date(2013, 6, 30))), date(2013, 7, 9), None),
    ],
)
def test_a_day_to_amend_on_is_in_the_span_and_after_other_amendments(applied, today, day):
    assert day_of_amendment(applied, promise(to=12), today) == day
