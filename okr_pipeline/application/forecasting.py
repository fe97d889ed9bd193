"""Saying a forecast: its numbers for an explanation, its row for a scorecard, and why there is none.

Belongs here: forecasts as told. Does not: making them (scoring), measuring how good they were (backtesting).
"""

from collections.abc import Sequence

from okr_pipeline.application.telling import Record
from okr_pipeline.model.snapshot import ForecastRow

_REFUSED_BECAUSE = {
    "paused": "paused",
    "cancelled": "cancelled",
    "ended": "the end has passed",
    "no_series": "steps, check-ins and sums of other key results are no series to learn from",
    "thin_history": "fewer than eight observed periods, or an end too far for them",
    "out_of_range": "its numbers are too large to compute with",
}


def forecast_steps(record: Record, measured: Sequence[Record]) -> tuple[tuple[str, str, str], ...]:
    """A forecast as steps (what, how, with numbers), and how good such were; where there is none, why."""
    forecast = record["forecast"]
    if forecast is None:
        refusal = str(record["forecast_refusal"])
        return (("forecast", "none", _REFUSED_BECAUSE.get(refusal, refusal.replace("_", " "))),)
    steps = [
        ("value at the end", f"{forecast['method']}; 80 % interval", _between(forecast, "value")),
        ("progress at the end", "by the formula of progress", _between(forecast, "progress")),
        ("chance", "share of ends that reach the target", _number(forecast["probability"])),
    ]
    if forecast["required_rate"] is not None:
        steps.append(("required rate", "what each period to come must bring", _number(forecast["required_rate"])))
    if forecast["buffer_days"] is not None:
        steps.append(("buffer", "days to spare; below 0 days too late", _number(forecast["buffer_days"])))
    return (*steps, *_calibration_step(forecast, measured))


def forecast_row(record: Record) -> ForecastRow | None:
    """The forecast of a key result on a scorecard."""
    forecast = record["forecast"]
    return None if forecast is None else ForecastRow(**{name: forecast[name] for name in ForecastRow.__slots__})


def _calibration_step(forecast: Record, measured: Sequence[Record]) -> tuple[tuple[str, str, str], ...]:
    family = forecast["method"].split(" ", 1)[0]
    for it in measured:
        if it["family"] == family:
            how = f"{it['forecasts']:,} replays to {it['last_day']}: share inside the interval"
            return (("calibration", how, _number(it["coverage"])),)
    return (("calibration", "not measured", "`okr forecast backtest` measures it"),)


def _between(forecast: Record, name: str) -> str:
    middle, low, high = (_number(forecast[f"{name}{edge}"]) for edge in ("", "_low", "_high"))
    return f"{middle} ({low} to {high})"


def _number(value: float) -> str:
    return f"{value:.6g}"
