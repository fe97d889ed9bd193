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
from okr_pipeline.quality import redefined, rules_version
from okr_pipeline.scoring import extraction_starts


def plan_windows(
    workspace: Workspace, metrics: Iterable[Metric], as_of: datetime, states: pd.DataFrame, *, full_refresh: bool
) -> dict[str, Period]:
    """The whole periods to read of each metric: what is needed and the store lacks, plus what may be restated.

    Scores need some, and healthy bands. `states` has one row per metric that was read before, with the window read so
    far. What was read of a metric that meant something else is read anew, all of it, so that no value is made of both.
    A metric with nothing new to read is left out.
    """
    read, ever = read_so_far(workspace, states), _read_ever(states)
    starts = extraction_starts(workspace.configuration, as_of)
    judged = history_needed(workspace.configuration, as_of)
    windows = {}
    for metric in metrics:
        needed = _floor(workspace, metric, min(starts[metric.id], judged.get(metric.id, as_of)))
        end = _floor(workspace, metric, as_of)
        start = needed
        if not full_refresh and metric.id in read:
            start = _resume(workspace, metric, needed, end, read[metric.id])
        elif metric.id in ever and metric.id not in read:
            start = min(needed, _floor(workspace, metric, ever[metric.id].start))
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


def read_so_far(workspace: Workspace, states: pd.DataFrame) -> dict[str, Period]:
    """By metric, the stretch that earlier reads cover without a gap.

    Metrics are left out that meant something else then (`redefined`): nothing was read yet of what they are now.
    """
    gone = redefined_since(workspace, states)
    return {metric: period for metric, period in _read_ever(states).items() if metric not in gone}


def redefined_since(workspace: Workspace, states: pd.DataFrame) -> set[str]:
    """The metrics whose values or periods mean something else than when they were read last."""
    configuration = workspace.configuration
    return {
        name
        for name, version in zip(states["metric"], states["rules_version"], strict=True)
        if isinstance(version, str)
        and (metric := configuration.metrics.get(name)) is not None
        and redefined(version, rules_version(metric, configuration.calendar_of(metric)))
    }


def _read_ever(states: pd.DataFrame) -> dict[str, Period]:
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
