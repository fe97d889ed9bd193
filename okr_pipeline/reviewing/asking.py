"""What is asked of KPIs for a review, as key results of a configuration made for it, so that scoring answers.

Belongs here: two questions for each metric: how it was over the cycle against the stretch before, and for what share of
its periods it was inside its healthy band. Does not: what the answers suggest (suggesting).
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from okr_pipeline.model.calendar import Duration
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.formula import references
from okr_pipeline.model.metric import Across, Metric, Rollup
from okr_pipeline.model.okr import Change, Cycle, Intent, KeyResult, Level, Maintain, Objective, Over, Points

TREND: Final = "trend."
HELD: Final = "held."
_CYCLE: Final = "review"


def kpi_questions(configuration: Configuration, cycle: Cycle, until: date) -> Configuration:
    """A configuration with the cycle's days and one key result per question: ids `trend.<metric>`, `held.<metric>`.

    The stretch before has as many days as the cycle has had by the end of `until`. Sums are asked by their mean a
    period: two stretches of as many days need not hold as many whole months, nor a running one as many days that are
    known. Metrics whose members cannot be combined have no value of their own, and are not asked.
    """
    asked = [it for it in configuration.metrics.values() if _is_whole(configuration, it)]
    days = max(1, (min(until, cycle.ends) - cycle.starts).days + 1)
    questions = tuple(question for metric in asked for question in _questions(metric, cycle, days))
    objective = Objective(
        _CYCLE, _CYCLE, _CYCLE, owner="", level=Level.COMPANY, intent=Intent.COMMITTED, key_results=questions
    )
    return replace(
        configuration,
        metrics={name: _by_its_mean(it) for name, it in configuration.metrics.items()},
        cycles={_CYCLE: Cycle(_CYCLE, cycle.starts, cycle.ends)},
        objectives={objective.full_id: objective} if questions else {},
    )


def _questions(metric: Metric, cycle: Cycle, days: int) -> Iterator[KeyResult]:
    usual = {"objective": f"{_CYCLE}/{_CYCLE}", "cycle": _CYCLE, "title": "", "owner": "", "metric": metric.id}
    yield KeyResult(
        id=f"{TREND}{metric.id}",
        measure=Change(Points(1.0)),
        over=Over("trailing", Duration(days, "days")),
        starts=cycle.starts,
        ends=cycle.ends,
        **usual,  # type: ignore[arg-type]
    )
    if metric.healthy is not None:
        yield KeyResult(
            id=f"{HELD}{metric.id}",
            measure=Maintain(metric.healthy.min, metric.healthy.max),
            starts=cycle.starts,
            ends=cycle.ends,
            **usual,  # type: ignore[arg-type]
        )


def _by_its_mean(metric: Metric) -> Metric:
    return replace(metric, rollup=Rollup.MEAN) if metric.rollup is Rollup.SUM else metric


def _is_whole(configuration: Configuration, metric: Metric) -> bool:
    """Whether its members combine into one value, through formulas."""
    if metric.formula is None or metric.rollup is not None:
        return not metric.dimensions or metric.across is not Across.NONE
    return all(_is_whole(configuration, configuration.metrics[part]) for part in references(metric.formula))
