"""What an amendment may say, and exactly what is said of one that is not in order."""

from datetime import date
from typing import Final

import pytest

from okr_pipeline.model.okr import Accumulate, Amendment, Change, Maintain, Milestone, Milestones, Over, Points, Reach

QUARTER: Final = "okrs/2013-q2.yaml"
DELAY: Final = "        initiatives: [Second tug team at JFK]\n"
ABOUT: Final = "reason: Runway works, author: coo@x"

REFUSED: Final = {
    "two of one day": (
        ["on: 2013-05-06, to: 11", "on: 2013-05-06, weight: 1"],
        "26:18: key result '2013-Q2/delay': amendments[1].on: there is another amendment of 2013-05-06. On one day one definition holds. Put both into one amendment, or choose another day.",
    ),
    "out of order": (
        ["on: 2013-05-06, to: 11", "on: 2013-05-01, weight: 1"],
        "26:18: key result '2013-Q2/delay': amendments[1].on: 2013-05-01 is before the amendment above it, 2013-05-06. Amendments are added at the end, and none comes before one that was made. Sort them by date.",
    ),
    "after the end": (
        ["on: 2013-07-06, to: 11"],
        "25:18: key result '2013-Q2/delay': amendments[0].on: 2013-07-06 is outside the key result's days, 2013-04-01 to 2013-06-30. Before its first day it can simply be written otherwise, and after its last it is over. Choose a day between them.",
    ),
    "before the start": (
        ["on: 2013-03-31, to: 11"],
        "25:18: key result '2013-Q2/delay': amendments[0].on: 2013-03-31 is outside the key result's days, 2013-04-01 to 2013-06-30. Before its first day it can simply be written otherwise, and after its last it is over. Choose a day between them.",
    ),
    "of nothing": (
        ["on: 2013-05-06"],
        "25:13: key result '2013-Q2/delay': amendments[0]: changes nothing. An amendment says what holds from its day on. Add one of to, from, weight, starts, ends, metric, where, over, pace, measure, state.",
    ),
    "of what holds already": (
        ["on: 2013-05-06, to: 10"],
        "25:13: key result '2013-Q2/delay': amendments[0]: changes nothing. What it says holds already. Correct it, or remove it.",
    ),
    "of what the one before said already": (
        ["on: 2013-05-06, to: 11", "on: 2013-05-16, to: 11"],
        "26:13: key result '2013-Q2/delay': amendments[1]: changes nothing. What it says holds already. Correct it, or remove it.",
    ),
    "against the metric": (
        ["on: 2013-05-06, to: 16"],
        "25:34: key result '2013-Q2/delay': amendments[0].to: 15 to 16 goes up, but of 'departure_delay' lower is better. A target that makes the metric worse is usually a slip. Turn the target round, or correct 'better' of the metric.",
    ),
    "not a number": (
        ["on: 2013-05-06, to: eleven"],
        "25:34: key result '2013-Q2/delay': amendments[0].to: 'eleven' is not a number. The target. Write it as in 8.",
    ),
    "of another measure": (
        ["on: 2013-05-06, at_least: 11"],
        "25:30: key result '2013-Q2/delay': amendments[0].at_least is no part of reach, by which this key result is measured. An amendment changes what is there. Write one of from, to.",
    ),
    "a number beside the measure": (
        ["on: 2013-05-06, to: 11, measure: {reach: {from: 15, to: 11}}"],
        "25:30: key result '2013-Q2/delay': amendments[0].to is given beside measure. The measure says it already. Keep one of them.",
    ),
    "an unknown metric": (
        ["on: 2013-05-06, metric: departure_dely"],
        "25:38: key result '2013-Q2/delay': amendments[0].metric: there is no metric 'departure_dely'. A key result is measured by one. Did you mean 'departure_delay'?",
    ),
    "a member of no dimension": (
        ["on: 2013-05-06, where: {carier: AA}"],
        "25:38: key result '2013-Q2/delay': amendments[0].where.carier: 'carier' is not a dimension of metric 'departure_delay'. Members are chosen by the metric's dimensions. Did you mean 'carrier'?",
    ),
    "a day outside the cycle": (
        ["on: 2013-05-06, ends: 2013-07-31"],
        "25:36: key result '2013-Q2/delay': amendments[0].ends: 2013-07-31 is outside cycle '2013-Q2', 2013-04-01 to 2013-06-30. A key result is scored within its cycle. Choose a day of the cycle, or move it to another.",
    ),
    "a plan outside the span": (
        ["on: 2013-05-06, pace: {checkpoints: [{on: 2014-01-01, value: 3}]}"],
        "25:56: key result '2013-Q2/delay': amendments[0].pace.checkpoints[0].on: 2014-01-01 is outside 2013-04-01 to 2013-06-30. Checkpoints plan the days of the key result. Choose a day between them.",
    ),
    "a title": (
        ["on: 2013-05-06, title: Other"],
        "25:30: key result '2013-Q2/delay': amendments[0].title is not a known key. Unknown keys are refused, so that no misspelt one is passed over. Did you mean 'state'?",
    ),
}


def amendments(editor, *written, file=QUARTER, after=DELAY, about=ABOUT):
    lines = "".join(f"          - {{{it}, {about}}}\n" for it in written)
    return editor.edit(file, after, f"{after}        amendments:\n{lines}")


def read(editor, name="delay"):
    [found] = [it for it in editor.load().key_results() if it.full_id == f"2013-Q2/{name}"]
    return found.amendments


def made(**what):
    return Amendment(date(2013, 5, 6), "Runway works", "coo@x", **what)


@pytest.mark.parametrize("case", REFUSED)
def test_an_amendment_that_is_not_in_order_is_refused_where_it_stands(editor, case):
    written, message = REFUSED[case]
    assert amendments(editor, *written).problems() == [f"{QUARTER}:{message}"]


@pytest.mark.parametrize(("left_out", "about"), [("reason", "author: coo"), ("author", "reason: Works")])
def test_an_amendment_has_a_reason_and_an_author(editor, left_out, about):
    [problem] = amendments(editor, "on: 2013-05-06, to: 11", about=about).problems()
    assert f"amendments[0]: '{left_out}' is missing" in problem
    assert problem.startswith(f"{QUARTER}:25:13: ")


def test_a_target_alone_is_the_measure_with_another_target(editor):
    assert read(amendments(editor, "on: 2013-05-06, to: 11")) == (made(measure=Reach(15, 11)),)


def test_the_keys_of_the_key_result_stay_what_was_promised_first(editor):
    [found] = [it for it in amendments(editor, "on: 2013-05-06, to: 11").load().key_results() if it.amendments]
    assert found.measure == Reach(15, 10)


def test_each_amendment_is_laid_over_the_one_before(editor):
    first, second = read(amendments(editor, "on: 2013-05-06, to: 11", "on: 2013-06-06, from: 16, weight: 1"))
    assert (first.measure, second.measure, second.weight) == (Reach(15, 11), Reach(16, 11), 1.0)


def test_only_what_differs_is_amended(editor):
    [found] = read(amendments(editor, "on: 2013-05-06, weight: 2, ends: 2013-06-20, over: trailing 28 days"))
    assert found == made(ends=date(2013, 6, 20))


@pytest.mark.parametrize(
    ("name", "after", "written", "measure"),
    [
        ("on-time", "measure: {change: {by: +2 points}}\n", "by: +3 points", Change(Points(0.03))),
        ("more-flights", "measure: {accumulate: {to: +20% of previous_cycle}}\n", "to: 7000", Accumulate(7000.0)),
        ("cheap", "measure: {maintain: {max: 90, share: 0.9}}\n", "max: null, min: 10", Maintain(10.0, None, 0.9)),
    ],
)
def test_the_numbers_of_every_measure_can_be_amended(editor, name, after, written, measure):
    [found] = read(amendments(editor, f"on: 2013-05-06, {written}", after=f"        {after}"), name)
    assert found.measure == measure


def test_a_measure_that_reads_no_metric_drops_what_reads_one(editor):
    [found] = read(amendments(editor, "on: 2013-05-06, measure: {milestones: [{title: Ship}]}"))
    assert found == made(measure=Milestones((Milestone("Ship"),)), where={}, over=Over())


def test_a_key_result_is_paused_and_taken_up_again_by_amendments(editor):
    paused, active = read(amendments(editor, "on: 2013-05-06, state: paused", "on: 2013-06-06, state: active"))
    assert (paused.state, paused.state_reason, active.state) == ("paused", "Runway works", "active")


def test_what_is_wrong_with_the_key_result_is_said_once(editor):
    amendments(editor, "on: 2013-05-06, to: 11").edit(
        QUARTER, "{reach: {from: 15, to: 10}}", "{reach: {from: 15, to: 20}}"
    )
    assert len(editor.problems()) == 1
