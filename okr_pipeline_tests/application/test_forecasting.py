"""What is said of a forecast, and of why there is none."""

import pytest

from okr_pipeline.application.forecasting import forecast_steps
from okr_pipeline.application.gathering import evaluate, gather
from okr_pipeline.application.observing import observe
from okr_pipeline.application.runs import Run
from okr_pipeline_tests.projects import OKRS, Small

FORECAST = {
    "method": "flow", "value": 35.0, "value_low": 30.0, "value_high": 40.0, "progress": 0.875, "progress_low": 0.75,
    "progress_high": 1.0, "probability": 0.1, "required_rate": 3.0, "buffer_days": -2.0,
}  # fmt: skip


@pytest.mark.parametrize(
    ("metric", "value", "refusal", "because"),
    [
        ("signups", 6.0, "thin_history", "fewer than eight observed periods, or an end too far for them"),
        (None, 6.0, "thin_history", "of a part of it: fewer than eight observed periods, or an end too far for them"),
        (None, 6.0, "ended", "the end has passed"),
        (None, 0.25, "no_series", "steps and check-ins are no series to learn from"),
    ],
)
def test_where_there_is_none_it_says_why_and_of_a_sum_that_it_is_for_a_part(
    metric: str | None, value: float, refusal: str, because: str
) -> None:
    record = {"metric": metric, "value": value, "forecast": None, "forecast_refusal": refusal}
    assert [it.remark for it in forecast_steps(record, [])] == [because]


def test_a_sum_that_is_itself_unknown_is_not_blamed_on_its_forecast() -> None:
    record = {"metric": None, "value": None, "forecast": None, "forecast_refusal": "stale"}
    (step,) = forecast_steps(record, [])
    assert "of a part" not in str(step.remark)


@pytest.mark.parametrize(
    ("metric", "each", "made"), [("signups", "period", "flow"), (None, "day", "flow, its parts added up")]
)
def test_the_rate_of_a_sum_is_per_day(metric: str | None, each: str, made: str) -> None:
    record = {
        "metric": metric, "measure": "accumulate", "value": 6.0, "forecast": FORECAST, "forecast_refusal": None,
    }  # fmt: skip
    steps = {it.what: it.how for it in forecast_steps(record, [])}
    assert steps["required rate"] == f"what each {each} to come must bring"
    assert steps["value at the end"] == f"forecast: {made}"


@pytest.mark.parametrize(
    ("measure", "needed", "how", "remark"),
    [
        ("accumulate", 3.0, "what each period to come must bring", ""),
        ("accumulate", -0.5, "what each period to come must bring", "nothing more is needed"),
        ("reach", -0.5, "what each period to come must bring", ""),
        ("limit", 3.0, "the most that each period to come may bring", ""),
        ("limit", -0.5, "the most that each period to come may bring", "the limit is passed already"),
        ("cadence", 0.75, "the share of the periods to come that must meet it", ""),
        ("cadence", 1.25, "the share of the periods to come that must meet it", "not even all of it is enough"),
        ("maintain", 0.0, "the share of what is to come that must be inside", "nothing more is needed"),
    ],
)
def test_a_rate_that_is_too_much_or_nothing_is_said_to_be_so(
    measure: str, needed: float, how: str, remark: str
) -> None:
    forecast = {**FORECAST, "required_rate": needed}
    record = {"metric": "signups", "measure": measure, "value": 6.0, "forecast": forecast, "forecast_refusal": None}
    (step,) = (it for it in forecast_steps(record, []) if it.what == "required rate")
    assert (step.how, step.result, step.remark) == (how, needed, remark)


def test_the_rate_that_a_sum_needs_is_per_day_of_the_calendar_also_where_one_has_23_hours(small: Small) -> None:
    whole = "      all: {title: All, owner: growth@small.example, measure: {accumulate: {to: 900}}}\n"
    small.put("okrs/q1.yaml", OKRS + "        contributes_to: all\n" + whole)
    workspace = small.open()
    observe(workspace, "sheets", run=Run("read", workspace.as_of()))
    evidence = gather(workspace, workspace.as_of())
    scores = evaluate(workspace.configuration, evidence, workspace.as_of()).key_results.set_index("key_result")
    rates = scores["forecast_required_rate"]
    assert (rates["2026-Q1/all"], rates["2026-Q1/signups"]) == (10.0, 10.0)
