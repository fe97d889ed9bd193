"""First forecasts: what was forecast of key results in their first days, for judging their targets.

Belongs here: when the first forecast is asked for, and its numbers. Does not: forecasts (scoring), what they say of a
target (linting).
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from okr_pipeline.application.gathering import Evidence, evaluate
from okr_pipeline.application.scoping import narrowed
from okr_pipeline.linting import FirstForecast
from okr_pipeline.model.amending import defined_last
from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.okr import KeyResult
from okr_pipeline.scoring import Scores

_DAYS: Final = {Grain.HOUR: 1, Grain.DAY: 1, Grain.WEEK: 14}
"""Days after which a forecast is asked for: by then a period of the grain has ended, however the span lies."""
_FIRST_SHARE: Final = 0.2
"""What is later than this share of the span is no longer the start."""


def first_days(
    configuration: Configuration, key_results: Iterable[KeyResult], as_of: datetime
) -> dict[datetime, set[str]]:
    """When the first forecast of key results is asked for, by the instant of it; of those of whom that is over."""
    return {at: names for at, names in _by_instant(configuration, key_results).items() if at <= as_of}


def first_forecasts(
    configuration: Configuration, asked: Mapping[datetime, set[str]], evidence: Evidence
) -> dict[str, FirstForecast]:
    """The forecast of each key result from its first days, by full id; of those that had one.

    Each counts as it is defined now. The evidence reaches from the first to the last instant asked of, or
    further.
    """
    defined, found = _as_defined_last(configuration), dict[str, FirstForecast]()
    for at, names in asked.items():
        found |= _forecasts(evaluate(narrowed(defined, names), evidence, at), names)
    return found


def _as_defined_last(configuration: Configuration) -> Configuration:
    objectives = {
        name: replace(it, key_results=tuple(replace(defined_last(each), amendments=()) for each in it.key_results))
        for name, it in configuration.objectives.items()
    }
    return replace(configuration, objectives=objectives)


def _by_instant(configuration: Configuration, key_results: Iterable[KeyResult]) -> dict[datetime, set[str]]:
    """When each key result with a metric is asked for, where that is still its start."""
    found: dict[datetime, set[str]] = {}
    for it in map(defined_last, key_results):
        metric = configuration.metrics.get(it.metric or "")
        days = _DAYS.get(metric.grain) if metric else None
        if days is not None and (days == 1 or days <= _FIRST_SHARE * ((it.ends - it.starts).days + 1)):
            at = configuration.project.calendar.end_of_day(it.starts + timedelta(days=days - 1))
            found.setdefault(at, set()).add(it.full_id)
    return found


def _forecasts(scores: Scores, names: set[str]) -> dict[str, FirstForecast]:
    rows = scores.key_results
    known = rows[rows["forecast_probability"].notna() & rows["key_result"].isin(names)]
    return {
        row["key_result"]: FirstForecast(row["forecast_probability"], row["forecast_value_high"], row["target"])
        for row in known.to_dict("records")
    }
