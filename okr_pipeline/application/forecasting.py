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
    "no_series": "steps and check-ins are no series to learn from",
    "thin_history": "fewer than eight observed periods, or an end too far for them",
    "out_of_range": "its numbers are too large to compute with",
}

_SHARES = {
    "maintain": "the share of what is to come that must be inside",
    "cadence": "the share of the periods to come that must meet it",
}
"""Measures whose required rate is a share."""

_OF_PARTS = ("source_failed", "quarantined", "no_observation", "stale", "below_coverage", "thin_history")
"""What keeps a sum that is known from being foreseen."""


def forecast_steps(record: Record, measured: Sequence[Record]) -> tuple[Step, ...]:
    """A forecast as steps, and how good such were; where there is none, why."""
    forecast, summed = record["forecast"], record["metric"] is None
    if forecast is None:
        return (Step("forecast", "none", remark=_because(record)),)
    likely, parts = forecast["probability"], ", its parts added up" if summed else ""
    how = f"forecast: {forecast['method']}{parts}"
    steps = [
        Step("value at the end", how, (), forecast["value"], _between(forecast, "value")),
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
        steps.append(_required_step(record["measure"], forecast["required_rate"], "day" if summed else "period"))
    if forecast["buffer_days"] is not None:
        steps.append(Step("buffer", "days to spare; below 0 days too late", result=forecast["buffer_days"]))
    return (*steps, _calibration_step(forecast, measured))


def _required_step(measure: str, needed: float, each: str) -> Step:
    """What is still needed of what is to come, and that it is too much, or nothing more."""
    if measure in _SHARES:
        beyond = "not even all of it is enough" if needed > 1 else ""
        return Step("required rate", _SHARES[measure], result=needed, remark=beyond or _enough(needed))
    if measure == "limit":
        past = "the limit is passed already" if needed < 0 else ""
        return Step("required rate", f"the most that each {each} to come may bring", result=needed, remark=past)
    adds = measure in ("accumulate", "baseline")
    return Step(
        "required rate", f"what each {each} to come must bring", result=needed, remark=_enough(needed) if adds else ""
    )


def _enough(needed: float) -> str:
    return "nothing more is needed" if needed <= 0 else ""


def _because(record: Record) -> str:
    """Why there is no forecast; where only parts of a sum cannot be foreseen, that it is for one of them."""
    refusal = str(record["forecast_refusal"])
    because = _REFUSED_BECAUSE.get(refusal) or words.reason(refusal)
    of_a_part = record["metric"] is None and record["value"] is not None and refusal in _OF_PARTS
    return f"of a part of it: {because}" if of_a_part else because


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
