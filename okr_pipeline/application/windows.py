"""Which window of each metric is to be read.

Belongs here: whole periods, from what is needed and what was read before. Does not: reading them (reading).
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pandas as pd

from okr_pipeline.application.health import history_needed
from okr_pipeline.application.surveying import first_answers
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.calendar import Period
from okr_pipeline.model.metric import Metric
from okr_pipeline.scoring import extraction_starts


def plan_windows(
    workspace: Workspace, metrics: Iterable[Metric], as_of: datetime, states: pd.DataFrame, *, full_refresh: bool
) -> dict[str, Period]:
    """The whole periods to read of each metric: what is needed and the store lacks, plus what may be restated.

    Scores need some, and healthy bands. `states` has one row per metric that was read before, with the window read so
    far. A metric with nothing new to read is left out.
    """
    read = read_so_far(states)
    starts = extraction_starts(workspace.configuration, as_of)
    judged = history_needed(workspace.configuration, as_of)
    windows = {}
    for metric in metrics:
        needed = _floor(workspace, metric, min(starts[metric.id], judged.get(metric.id, as_of)))
        end = _floor(workspace, metric, as_of)
        start = needed
        if not full_refresh and metric.id in read:
            start = _resume(workspace, metric, needed, end, read[metric.id])
        if start < end:
            windows[metric.id] = Period(start, end)
    return windows


def whole_windows(workspace: Workspace, surveys: Iterable[Metric], as_of: datetime) -> dict[str, Period]:
    """All ended periods of surveys that scores need, and those before that anybody ever answered, or took it back.

    So an answer that is given late, or taken back, is seen however old it is.
    """
    needed = extraction_starts(workspace.configuration, as_of)
    firsts = first_answers(workspace)
    windows = {}
    for metric in surveys:
        start = _floor(workspace, metric, min(needed[metric.id], firsts.get(metric.id, as_of)))
        end = _floor(workspace, metric, as_of)
        if start < end:
            windows[metric.id] = Period(start, end)
    return windows


def newest_windows(workspace: Workspace, source_id: str, as_of: datetime) -> dict[str, Period]:
    """The last whole periods of each metric of a source, as many as it may restate: enough to see that it answers."""
    windows = {}
    for metric in metrics_of(workspace, source_id):
        end = _floor(workspace, metric, as_of)
        calendar = workspace.configuration.calendar_of(metric)
        last = calendar.period_containing(end - timedelta(microseconds=1), metric.grain).start
        windows[metric.id] = Period(
            min(last, _floor(workspace, metric, calendar.shift(end, metric.restates, back=True))), end
        )
    return windows


def metrics_of(workspace: Workspace, source_id: str) -> list[Metric]:
    """The metrics that are read from a source, in order of definition."""
    return [metric for metric in workspace.configuration.metrics.values() if metric.source == source_id]


def read_so_far(states: pd.DataFrame) -> dict[str, Period]:
    """By metric, the stretch that earlier reads cover without a gap."""
    rows = zip(states["metric"], states["window_start"], states["window_end"], strict=True)
    return {
        metric: Period(start.to_pydatetime(), end.to_pydatetime())
        for metric, start, end in rows
        if pd.notna(start) and pd.notna(end)
    }


def _resume(workspace: Workspace, metric: Metric, needed: datetime, end: datetime, read: Period) -> datetime:
    """Where to go on: from what may be restated of what was read, or from the beginning if that is lacking.

    Also where scores of today need less: what a pipeline that stood still has missed is the end of a quarter for some.
    """
    if needed < read.start:
        return needed
    calendar = workspace.configuration.calendar_of(metric)
    return max(read.start, _floor(workspace, metric, calendar.shift(min(read.end, end), metric.restates, back=True)))


def _floor(workspace: Workspace, metric: Metric, instant: datetime) -> datetime:
    return workspace.configuration.calendar_of(metric).period_containing(instant, metric.grain).start
