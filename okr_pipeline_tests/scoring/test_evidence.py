"""The rows behind a value are those that make it, and no others."""

from datetime import date

import pandas as pd
import pytest

from okr_pipeline.model.formula import parse_formula
from okr_pipeline.model.metric import Across, Rollup
from okr_pipeline.model.okr import Accumulate, MetricReached, Milestone, Milestones, Over, Reach
from okr_pipeline.scoring import score, window_observations
from okr_pipeline_tests.scoring.worlds import as_of_day, configuration, key_result, metric, observed

TODAY = as_of_day(date(2013, 4, 3))


def days(frame: pd.DataFrame) -> list[int]:
    return frame["period_start"].dt.day.tolist()


@pytest.mark.parametrize(("over", "expected"), [(Over(), [3]), (Over("cycle"), [1, 2, 3])])
def test_rows_are_those_of_the_window(over: Over, expected: list[int]) -> None:
    it = key_result(Reach(0, 1), over=over)
    rows = window_observations(configuration([metric()], [it]), it, observed([1.0] * 60), TODAY)
    assert days(rows) == expected


def test_they_add_up_to_the_value() -> None:
    it = key_result(Accumulate(100), where={"carrier": "B6"})
    config = configuration([metric()], [it])
    frame = pd.concat(
        [
            observed([2.5] * 60, dimensions={"carrier": name, "airport": at})
            for name in ("AA", "B6")
            for at in ("EWR", "JFK")
        ]
    )
    rows = window_observations(config, "C/kr", frame, TODAY)
    assert rows["value"].sum() == score(config, frame, as_of=TODAY).key_results["value"].iloc[0] == 15


def test_rows_without_a_value_and_refused_days_are_not_among_them() -> None:
    it = key_result(Accumulate(100), min_coverage=0.0)
    frame = observed([1.0] * 32 + [float("nan")] + [1.0] * 10)
    held = frame.iloc[[31]].assign(raw_value=None, rule="r", reason="")
    rows = window_observations(configuration([metric()], [it]), it, frame, TODAY, quarantine=held)
    assert days(rows) == [3]


def test_a_formula_is_followed_to_the_rows_of_its_parts() -> None:
    metrics = [metric("a"), metric("b"), metric("kpi", rollup=None, source=None, formula=parse_formula("a / b"))]
    it = key_result(Reach(0, 1), over=Over("cycle"))
    frame = pd.concat([observed([1.0] * 33, name="a"), observed([1.0] * 60, name="b")])
    rows = window_observations(configuration(metrics, [it]), it, frame, TODAY)
    assert [(name, day) for name, day in zip(rows["metric"], days(rows), strict=True)] == [
        ("a", 1), ("b", 1), ("a", 2), ("b", 2),
    ]  # fmt: skip


def test_a_milestone_has_the_newest_row_it_waits_for() -> None:
    it = key_result(Milestones((Milestone("m", when=MetricReached("kpi", 3.0)),)), metric=None)
    stores = metric(rollup=Rollup.LAST, across=Across.NONE)
    rows = window_observations(configuration([stores], [it]), it, observed([1.0] * 33), TODAY)
    assert days(rows) == [2]


def test_nothing_observed_is_no_rows() -> None:
    it = key_result(Reach(0, 1))
    assert window_observations(configuration([metric()], [it]), it, observed([]), TODAY).empty
