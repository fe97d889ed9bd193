"""Forecasts as they would have been made, beside what came of it."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from okr_pipeline.model.metric import Rollup
from okr_pipeline.model.okr import Accumulate, Milestone, Milestones, Reach
from okr_pipeline.scoring import REPLAYS, calibration, replays
from okr_pipeline_tests.scoring.worlds import as_of_day, configuration, key_result, metric, observed

FIRST = date(2012, 12, 3)
DAYS = 133
TODAY = as_of_day(FIRST + timedelta(days=DAYS - 1))


def replayed(numbers: list[float], measure: object, rollup: Rollup = Rollup.SUM) -> pd.DataFrame:
    config = configuration([metric(rollup=rollup)], [key_result(measure)])
    return replays(config, observed(numbers, first=FIRST), TODAY)


def test_a_steady_flow_is_foreseen_and_its_end_lies_inside() -> None:
    made = replayed([5.0] * DAYS, Accumulate(100))
    assert tuple(made.columns) == REPLAYS
    assert (made["end_value"] == 100).all()
    assert (made["value"] - 100).abs().max() < 1e-9
    assert made["reached"].all()
    assert set(made["family"]) == {"flow"}


def test_spans_are_moved_back_by_whole_weeks_until_their_end_is_known() -> None:
    made = replayed([5.0] * DAYS, Accumulate(100))
    # April 1st to 20th ends a week too late; from March 25th on, every four weeks, with four weeks of history before.
    assert sorted(made["key_result"].unique()) == [f"past/C~kr~{turn}" for turn in range(4)]
    assert (made["as_of"] <= pd.Timestamp(TODAY)).all()


def test_a_forecast_looks_at_nothing_that_came_later() -> None:
    dice = np.random.default_rng(3)
    numbers = list(dice.normal(5, 1, DAYS))
    made = replayed(numbers, Accumulate(100))
    first = made["as_of"].min()
    days = (first - pd.Timestamp(FIRST, tz="UTC")).days
    other = replayed([*numbers[:days], *(it * 2 for it in numbers[days:])], Accumulate(100))
    columns = ["key_result", "value", "value_low", "value_high", "probability"]
    before, after = (it.loc[it["as_of"] == first, columns].reset_index(drop=True) for it in (made, other))
    pd.testing.assert_frame_equal(before, after, check_exact=True)


def test_steps_and_what_has_no_history_are_not_replayed() -> None:
    assert replayed([5.0] * 20, Accumulate(100)).empty
    assert replayed([5.0] * DAYS, Milestones((Milestone("a step"),))).empty


def test_coverage_counts_ends_inside_and_brier_squares_errors_of_chances() -> None:
    rows = [
        ("k", TODAY, "stock", 1.0, 0.0, 2.0, 1.5, 0.8, True, 1.0, True),
        ("k", TODAY, "stock", 1.0, 0.0, 2.0, 3.0, 0.6, False, 1.0, True),
        ("k", TODAY, "flow", 1.0, 0.0, 2.0, 2.0, 1.0, True, 1.0, False),
    ]
    made = calibration(pd.DataFrame(rows, columns=list(REPLAYS))).set_index("family")
    assert made["forecasts"].to_dict() == {"flow": 1, "stock": 2}
    assert made["coverage"].to_dict() == {"flow": 1.0, "stock": 0.5}
    assert made.loc["stock", "brier"] == pytest.approx((0.2**2 + 0.6**2) / 2)
    assert made.loc["flow", "brier_naive"] == 1.0
    assert made.loc["flow", "brier_pace"] == pytest.approx(0.25)


def test_a_way_is_measured_anew_from_where_it_starts() -> None:
    made = replayed([float(day) for day in range(DAYS)], Reach(120, 140), Rollup.LAST)
    assert made["reached"].all()
