"""What must have been read: exactly what open key results look at."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from okr_pipeline.model.calendar import Calendar, Duration, Grain
from okr_pipeline.model.formula import parse_formula
from okr_pipeline.model.okr import (
    Accumulate,
    Change,
    KeyResult,
    MetricReached,
    Milestone,
    Milestones,
    Over,
    Pace,
    Reach,
    RelativeTarget,
    Share,
)
from okr_pipeline.scoring import extraction_start, extraction_starts
from okr_pipeline_tests.scoring.worlds import as_of_day, configuration, key_result, metric

TODAY = as_of_day(date(2013, 4, 10))
TRAILING = Over("trailing", Duration(28, "days"))
WAITING = Milestones((Milestone("a", when=MetricReached("kpi", 3.0)),))


def start(it: KeyResult, as_of: datetime = TODAY, **facts: object) -> date:
    config = configuration([metric(**facts)], [it])
    return extraction_start(config, "kpi", as_of).date()


@pytest.mark.parametrize(
    ("says", "it", "expected"),
    [
        ("its span", key_result(Reach(0, 1)), date(2013, 4, 1)),
        ("not before the span, however long the window", key_result(Reach(0, 1), over=TRAILING), date(2013, 4, 1)),
        ("the newest fresh day before it", key_result(Change(Share(0.1))), date(2013, 3, 28)),
        ("the stretch before it", key_result(Change(Share(0.1)), over=TRAILING), date(2013, 3, 4)),
        ("the twenty days before", key_result(Accumulate(RelativeTarget(0.1, "previous_cycle"))), date(2013, 3, 12)),
        ("the year before", key_result(Accumulate(RelativeTarget(0.1, "year_ago"))), date(2012, 4, 1)),
        (
            "the quarter before, as a quarter",
            key_result(Accumulate(RelativeTarget(0.1, "previous_cycle")), ends=date(2013, 6, 30)),
            date(2013, 1, 1),
        ),
        (
            "the weeks of the year before",
            key_result(Accumulate(RelativeTarget(0.1, "year_ago")), ends=date(2013, 4, 14)),
            date(2012, 4, 2),
        ),
        ("three years for the season of a sum", key_result(Accumulate(1), pace=Pace("seasonal")), date(2010, 3, 29)),
        (
            "and the window before for that of a level",
            key_result(Reach(0, 1), over=TRAILING, pace=Pace("seasonal")),
            date(2010, 3, 1),
        ),
        ("what a milestone waits for", key_result(WAITING, metric=None), date(2013, 3, 28)),
    ],
)
def test_a_key_result_needs(says: str, it: KeyResult, expected: date) -> None:
    assert start(it) == expected, says


@pytest.mark.parametrize(
    ("says", "it", "as_of"),
    [
        ("cancelled", key_result(Change(Share(0.1)), state="cancelled"), TODAY),
        ("not started", key_result(Change(Share(0.1))), as_of_day(date(2013, 3, 31))),
        ("over and closed", key_result(Change(Share(0.1))), as_of_day(date(2013, 4, 25))),
    ],
)
def test_a_metric_that_no_open_key_result_reads_is_read_for_its_restated_days(
    says: str, it: KeyResult, as_of: datetime
) -> None:
    assert (as_of.date() - start(it, as_of)).days == 7, says


LONG = {"starts": date(2013, 3, 1), "ends": date(2013, 12, 31)}
ENDED = {"starts": date(2013, 3, 1), "ends": date(2013, 3, 10)}


@pytest.mark.parametrize(
    ("says", "keys", "expected"),
    [
        ("one that has ended, in a sum that is open", [
            key_result(Accumulate(1), "year", metric=None, **LONG),
            key_result(Accumulate(1), "part", contributes_to="C/year", **ENDED),
        ], date(2013, 3, 1)),
        ("one that is cancelled", [
            key_result(Accumulate(1), "year", metric=None, **LONG),
            key_result(Accumulate(1), "part", contributes_to="C/year", state="cancelled", **LONG),
        ], date(2013, 3, 1)),
        ("one two levels below, in a sum that has ended or is cancelled", [
            key_result(Accumulate(1), "year", metric=None, **LONG),
            key_result(Accumulate(1), "half", metric=None, contributes_to="C/year", state="cancelled", **ENDED),
            key_result(Accumulate(1), "part", contributes_to="C/half", **ENDED),
        ], date(2013, 3, 1)),
        ("what a step waited for", [
            key_result(Milestones((Milestone("b"),)), "year", metric=None, **LONG),
            key_result(WAITING, "part", metric=None, contributes_to="C/year", **ENDED),
        ], date(2013, 2, 25)),
        ("none of a sum that is over", [
            key_result(Accumulate(1), "month", metric=None, **ENDED),
            key_result(Accumulate(1), "part", contributes_to="C/month", **ENDED),
        ], date(2013, 4, 4)),
        ("none of a sum that is cancelled, or has a metric of its own", [
            key_result(Accumulate(1), "year", metric=None, state="cancelled", **LONG),
            key_result(Accumulate(1), "part", contributes_to="C/year", **ENDED),
            key_result(Accumulate(1), "own", metric="other", **LONG),
            key_result(Accumulate(1), "inside", contributes_to="C/own", **ENDED),
        ], date(2013, 4, 4)),
    ],
)  # fmt: skip
def test_a_part_is_needed_as_long_as_what_it_counts_in(says: str, keys: list[KeyResult], expected: date) -> None:
    config = configuration([metric(), metric("other")], keys)
    assert extraction_start(config, "kpi", TODAY).date() == expected, says


def test_a_season_is_not_looked_for_before_there_is_history() -> None:
    config = configuration([metric()], [key_result(Accumulate(1), pace=Pace("seasonal"))])
    config = replace(config, project=replace(config.project, history_starts=date(2011, 6, 1)))
    assert extraction_start(config, "kpi", TODAY).date() == date(2011, 6, 1)


def test_a_key_result_is_open_until_its_metric_closes() -> None:
    as_of = as_of_day(date(2013, 4, 22))
    assert start(key_result(Reach(0, 1)), as_of, closes_after=Duration(3, "days")) == date(2013, 4, 1)


def test_it_is_the_start_of_a_period_of_the_metric() -> None:
    config = configuration([metric(grain=Grain.WEEK)], [key_result(Reach(0, 1), starts=date(2013, 4, 3))])
    assert extraction_start(config, "kpi", TODAY).date() == date(2013, 4, 1)


def test_days_are_those_of_the_metric() -> None:
    config = configuration([metric(timezone="Asia/Tokyo")], [key_result(Reach(0, 1))])
    tokyo = Calendar("Asia/Tokyo")
    assert extraction_start(config, "kpi", TODAY) == tokyo.start_of_day(date(2013, 4, 1))


def test_formulas_are_followed_to_their_parts() -> None:
    metrics = [
        metric("a"),
        metric("b"),
        metric("c", rollup=None, source=None, formula=parse_formula("a / b")),
        metric("kpi", rollup=None, source=None, formula=parse_formula("c * 100")),
        metric("other"),
    ]
    config = configuration(metrics, [key_result(Change(Share(0.1)), over=TRAILING)])
    found = {name: at.date() for name, at in extraction_starts(config, TODAY).items()}
    assert found == dict.fromkeys(("a", "b", "c", "kpi"), date(2013, 3, 4)) | {"other": date(2013, 4, 4)}
