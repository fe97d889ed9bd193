"""Surveys: what people answered, as points of a metric.

Belongs here: which answers count for a period, and how they combine. Does not: what may be answered (config), judging
and keeping the points (judging, observing).
"""

import hashlib
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Final

import pandas as pd

from connectors.contract import Evidence
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.frames import POINTS
from okr_pipeline.model.metric import Metric, Rollup

_INSTANT: Final = "datetime64[us, UTC]"
_COMBINED: Final[dict[Rollup | None, str]] = {Rollup.SUM: "sum", Rollup.MIN: "min", Rollup.MAX: "max"}
"""By rollup; the others take the mean of the answers, `last` of those of the newest day."""


def answered(workspace: Workspace, surveys: Sequence[Metric]) -> tuple[pd.DataFrame, dict[str, Evidence]]:
    """POINTS of one or more surveys, of every period with an answer, and by metric the evidence of what was read."""
    started = time.perf_counter()
    said = workspace.store.check_ins()
    every: list[pd.DataFrame] = []
    evidence: dict[str, Evidence] = {}
    for metric in surveys:
        answers = counted(said[said["subject"] == metric.id], metric, workspace.configuration.calendar_of(metric))
        every.append(combined(answers, metric))
        evidence[metric.id] = _evidence(metric, answers, time.perf_counter() - started)
    return pd.concat(every, ignore_index=True), evidence


def first_answers(workspace: Workspace) -> dict[str, datetime]:
    """By survey, the beginning of the first day that anybody ever answered for, also where it was taken back."""
    days = workspace.store.check_in_revisions().groupby("subject")["on_date"].min()
    metrics = workspace.configuration.metrics
    return {
        str(subject): workspace.configuration.calendar_of(metrics[str(subject)]).start_of_day(date.fromisoformat(day))
        for subject, day in days.items()
        if subject in metrics
    }


def counted(said: pd.DataFrame, metric: Metric, calendar: Calendar) -> pd.DataFrame:
    """The answers of a survey that count: of each author the newest one in each period.

    `said` is CHECK_INS of the survey in any order; what is returned has `period_start`, `period_end`, `on_date`,
    `author` and `value`, sorted.
    """
    periods = {
        day: calendar.period_containing(calendar.start_of_day(date.fromisoformat(day)), metric.grain)
        for day in said["on_date"].unique()
    }
    dated = pd.DataFrame(
        {
            "period_start": pd.Series(
                said["on_date"].map({day: it.start for day, it in periods.items()}), dtype=_INSTANT
            ),
            "period_end": pd.Series(said["on_date"].map({day: it.end for day, it in periods.items()}), dtype=_INSTANT),
            **{name: said[name] for name in ("on_date", "author", "value")},
        }
    ).sort_values(["period_start", "author", "on_date"], ignore_index=True)
    return dated.drop_duplicates(["period_start", "author"], keep="last", ignore_index=True)


def combined(answers: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """POINTS of a survey: one for each period with an answer that counts; `weight` is how many answers it has.

    They combine by the metric's rollup. Several answers of the newest day, of a `last`, count as their mean.
    """
    weights = answers.groupby("period_start").size()
    if metric.rollup is Rollup.LAST:
        answers = answers[answers["on_date"] == answers.groupby("period_start")["on_date"].transform("max")]
    periods = answers.groupby("period_start")
    points = pd.DataFrame(
        {
            "period_end": periods["period_end"].first(),
            "value": periods["value"].agg(_COMBINED.get(metric.rollup, "mean")),
        }
    ).reset_index()
    points = points.assign(
        metric=metric.id,
        dimensions="{}",
        weight=points["period_start"].map(weights).astype("float64"),
        raw_value=None,
        flags="",
    )
    texts = dict.fromkeys(("metric", "dimensions", "raw_value", "flags"), "str")
    return points[list(POINTS)].astype(texts)


def _evidence(metric: Metric, answers: pd.DataFrame, elapsed: float) -> Evidence:
    request = f"check-ins of metric {metric.id}, the newest of each author and {metric.grain}, by {metric.rollup}"
    rows = answers[["on_date", "author", "value"]].to_csv(index=False, float_format="%.17g")
    return Evidence(
        request=request,
        fingerprint=hashlib.sha256(request.encode()).hexdigest(),
        response_hash=hashlib.sha256(rows.encode()).hexdigest(),
        row_count=len(answers),
        fetched_at=datetime.now(UTC),
        elapsed_seconds=elapsed,
        whole=True,
    )
