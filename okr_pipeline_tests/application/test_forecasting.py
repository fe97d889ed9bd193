"""What is said of a forecast, and of why there is none."""

import pytest

from okr_pipeline.application.forecasting import forecast_steps

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
    record = {"metric": metric, "value": 6.0, "forecast": FORECAST, "forecast_refusal": None}
    steps = {it.what: it.how for it in forecast_steps(record, [])}
    assert steps["required rate"] == f"what each {each} to come must bring"
    assert steps["value at the end"] == f"forecast: {made}"
