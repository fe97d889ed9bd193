"""The frames that come out, and what may go in."""

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from okr_pipeline.model.frames import KEY_RESULT_SCORES, OBJECTIVE_SCORES
from okr_pipeline.model.metric import Across, Rollup
from okr_pipeline.model.okr import Accumulate, Milestone, Milestones, Reach
from okr_pipeline.scoring import BASELINES, TRAJECTORY, score, trajectory
from okr_pipeline_tests.scoring.worlds import as_of_day, configuration, key_result, metric, observed

TODAY = as_of_day(date(2013, 4, 5))
STEPS = key_result(Milestones((Milestone("m"),)), "steps", metric=None)
CONFIG = configuration([metric()], [key_result(Accumulate(100)), key_result(Reach("at_start", 2), "other"), STEPS])
FRAME = observed([1.0] * 60)


def test_columns_are_those_of_the_contract() -> None:
    scores = score(CONFIG, FRAME, as_of=TODAY)
    assert tuple(scores.key_results.columns) == KEY_RESULT_SCORES
    assert tuple(scores.objectives.columns) == OBJECTIVE_SCORES
    assert tuple(scores.baselines.columns) == BASELINES
    assert tuple(trajectory(CONFIG, FRAME, [TODAY]).columns) == TRAJECTORY


def test_instants_are_microseconds_in_utc_and_no_reason_is_none() -> None:
    frame = score(CONFIG, FRAME, as_of=TODAY).key_results
    assert str(frame["value_period_end"].dtype) == "datetime64[us, UTC]"
    assert frame["reason"].tolist() == [None, None, None]
    assert frame["metric"].tolist() == ["kpi", "kpi", None]
    assert frame["provisional"].dtype == bool


@pytest.mark.parametrize("dtype", ["str", "object", "category"])
def test_text_may_have_any_type(dtype: str) -> None:
    typed = FRAME.astype({"metric": dtype, "dimensions": dtype})
    expected = score(CONFIG, FRAME, as_of=TODAY).key_results
    pd.testing.assert_frame_equal(score(CONFIG, typed, as_of=TODAY).key_results, expected)


def test_instants_may_have_any_unit() -> None:
    coarse = FRAME.assign(period_start=FRAME["period_start"].dt.as_unit("ns"))
    expected = score(CONFIG, FRAME, as_of=TODAY).key_results
    pd.testing.assert_frame_equal(score(CONFIG, coarse, as_of=TODAY).key_results, expected)


def test_an_empty_store_is_scored() -> None:
    frame = score(CONFIG, FRAME.iloc[:0], as_of=TODAY).key_results
    assert frame["reason"].tolist() == ["no_observation", "no_observation", None]


def test_a_configuration_without_key_results_is_scored() -> None:
    scores = score(configuration([metric()], []), FRAME, as_of=TODAY)
    assert scores.key_results.empty
    assert scores.objectives["status"].tolist() == ["unknown"]


def test_observations_that_are_on_no_period_or_of_no_metric_are_ignored() -> None:
    shifted = FRAME.assign(period_start=FRAME["period_start"] + pd.Timedelta(hours=1), value=9.0)
    stranger = FRAME.assign(metric="stranger", value=9.0)
    expected = score(CONFIG, FRAME, as_of=TODAY).key_results
    found = score(CONFIG, pd.concat([shifted, stranger, FRAME]), as_of=TODAY).key_results
    pd.testing.assert_frame_equal(found, expected)


def test_of_two_revisions_the_newer_counts() -> None:
    older = FRAME.assign(value=50.0)
    newer = FRAME.assign(revision=2)
    found = score(CONFIG, pd.concat([newer, older]), as_of=TODAY).key_results
    pd.testing.assert_frame_equal(found, score(CONFIG, FRAME, as_of=TODAY).key_results)


def test_zeros_of_a_member_that_one_key_result_asks_for_are_not_in_the_values_of_another() -> None:
    counted = metric(empty="zero", rollup=Rollup.MEAN, across=Across.NONE)
    everything = key_result(Reach(0, 2))
    pinned = key_result(Reach(0, 2), "pinned", where={"carrier": "B6"})
    frame = observed([1.0] * 60, dimensions={"carrier": "AA"})
    found = score(configuration([counted], [everything, pinned]), frame, as_of=TODAY).key_results
    assert found["value"].tolist() == [1.0, 0.0]


def test_some_key_results_can_be_asked_for_and_partial_objectives_are_left_out() -> None:
    scores = score(CONFIG, FRAME, as_of=TODAY, key_results=["C/other"])
    assert scores.key_results["key_result"].tolist() == ["C/other"]
    assert scores.objectives.empty


def test_an_unknown_key_result_is_named() -> None:
    with pytest.raises(KeyError, match="C/nobody"):
        score(CONFIG, FRAME, as_of=TODAY, key_results=["C/nobody"])


def test_a_name_that_a_metric_and_a_source_share_is_the_metrics() -> None:
    other = replace(metric("b"), source="kpi")
    config = configuration([metric(), other], [key_result(Accumulate(9)), key_result(Accumulate(9), "b", metric="b")])
    frame = pd.concat([FRAME, FRAME.assign(metric="b")])
    found = score(config, frame, as_of=TODAY, failed_sources={"kpi"}).key_results
    assert found["reason"].tolist() == ["source_failed", None]


def test_no_instants_are_no_trajectory() -> None:
    assert trajectory(CONFIG, FRAME, []).empty
