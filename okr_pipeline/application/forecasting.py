"""Saying a forecast: its numbers for an explanation, its row for a scorecard, and why there is none.

Belongs here: forecasts as told. Does not: making them (scoring), measuring how good they were (backtesting).
"""

from collections.abc import Sequence

from okr_pipeline.application.telling import Record
from okr_pipeline.model.explanation import Step
from okr_pipeline.model.snapshot import ForecastRow
from okr_pipeline.rendering import words
from okr_pipeline.rendering.explanation_page import figure
from okr_pipeline.rendering.numbers import chance

_REFUSED_BECAUSE = {
    "paused": "paused",
    "cancelled": "cancelled",
    "ended": "the end has passed",
    "no_series": "steps, check-ins and sums of other key results are no series to learn from",
    "thin_history": "fewer than eight observed periods, or an end too far for them",
    "out_of_range": "its numbers are too large to compute with",
}


def forecast_steps(record: Record, measured: Sequence[Record]) -> tuple[Step, ...]:
    """A forecast as steps, and how good such were; where there is none, why."""
    forecast = record["forecast"]
    if forecast is None:
        refusal = str(record["forecast_refusal"])
        because = _REFUSED_BECAUSE.get(refusal) or words.reason(refusal)
        return (Step("forecast", "none", remark=because),)
    likely = forecast["probability"]
    steps = [
        Step("value at the end", f"forecast: {forecast['method']}", (), forecast["value"], _between(forecast, "value")),
        Step(
            "progress at the end",
            "by the formula of progress",
            (),
            forecast["progress"],
            _between(forecast, "progress"),
        ),
        Step("chance", "share of ends that reach the target", (), likely, chance(likely)),
    ]
    if forecast["required_rate"] is not None:
        steps.append(Step("required rate", "what each period to come must bring", result=forecast["required_rate"]))
    if forecast["buffer_days"] is not None:
        steps.append(Step("buffer", "days to spare; below 0 days too late", result=forecast["buffer_days"]))
    return (*steps, _calibration_step(forecast, measured))


def forecast_row(record: Record) -> ForecastRow | None:
    """The forecast of a key result on a scorecard."""
    forecast = record["forecast"]
    return None if forecast is None else ForecastRow(**{name: forecast[name] for name in ForecastRow.__slots__})


def _calibration_step(forecast: Record, measured: Sequence[Record]) -> Step:
    family = forecast["method"].split(" ", 1)[0]
    for it in measured:
        if it["family"] == family:
            how = f"{it['forecasts']:,} replays to {it['last_day']}: share inside the interval"
            return Step("calibration", how, result=it["coverage"])
    return Step("calibration", "not measured", remark="`okr forecast backtest` measures it")


def _between(forecast: Record, name: str) -> str:
    low, high = (figure(forecast[f"{name}_{edge}"]) for edge in ("low", "high"))
    return f"80 % interval: {low} to {high}"
