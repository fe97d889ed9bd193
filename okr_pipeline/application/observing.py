"""Observing a source: read, judge, and keep what is fit, in one transaction or leg by leg.

Belongs here: the order of these steps. Does not: the steps themselves, or the report of what they did (observed).
"""

import time
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TypeAlias

import pandas as pd

from connectors.errors import ConfigError, ConnectorError, TransientError
from okr_pipeline.application.arriving import awaited
from okr_pipeline.application.check_ins import take_from_files
from okr_pipeline.application.judging import Judgement, compare, joined_judgements, judge
from okr_pipeline.application.keeping import Kept, changed_metrics, keep
from okr_pipeline.application.legs import begun, cut_all, is_long
from okr_pipeline.application.naming import take_names
from okr_pipeline.application.observed import Observed, facts, latest_wait, refusals
from okr_pipeline.application.reading import (
    Delivery,
    is_read_in_legs,
    joined,
    nothing,
    read_of,
    read_source,
    snapshots_of,
)
from okr_pipeline.application.runs import Run, note_step
from okr_pipeline.application.turns import settled
from okr_pipeline.application.windows import metrics_of, plan_windows, read_so_far, whole_windows
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.calendar import GRAIN_HOURS, Period
from okr_pipeline.model.metric import CHECK_INS, Metric
from okr_pipeline.quality import history_periods

__all__ = ["Observed", "observe"]


def observe(
    workspace: Workspace,
    source_id: str,
    *,
    run: Run,
    metrics: Collection[str] | None = None,
    window: Period | None = None,
    full_refresh: bool = False,
) -> Observed:
    """Read a source's metrics, validate what changed, and record it.

    `metrics` narrows to some ids. `window` reads just that stretch instead of what the store lacks: a backfill.
    A metric that cannot be read does not stop the others; its failure is recorded and reported. Where another run has
    recorded one of the metrics meanwhile, the source is read again: what was read earlier never replaces what was read
    later. What files say that people said is recorded before surveys are read, and these whole.

    Long windows of connectors that say so are read in legs, each recorded before the next is asked for. A metric that
    fails in one is not asked for the next, and goes on there another time. Where the past is asked for, snapshots fail
    without being asked, and stay as they are.
    """
    started = time.perf_counter()
    take_names(workspace, run)
    if source_id == CHECK_INS:
        take_from_files(workspace, run)
    chosen = [metric for metric in metrics_of(workspace, source_id) if metrics is None or metric.id in metrics]
    done, goes_on_from = _observe_all(workspace, source_id, run, chosen, window, full_refresh=full_refresh)
    delivery, judgement = joined([delivery for delivery, _ in done]), joined_judgements([it for _, it in done])
    elapsed = time.perf_counter() - started
    report = replace(
        _report(workspace, source_id, len(chosen), delivery, judgement, elapsed), goes_on_from=goes_on_from
    )
    workspace.store.write(
        lambda batch: note_step(batch, run, f"observed/{source_id}", facts(report), in_part=report.in_part)
    )
    return report


_Done: TypeAlias = tuple[Delivery, Judgement]


def _observe_all(
    workspace: Workspace, source_id: str, run: Run, metrics: list[Metric], window: Period | None, *, full_refresh: bool
) -> tuple[list[_Done], datetime | None]:
    """What became of each part of a read, one at least, and where a backfill of the same days had stopped."""
    snapshots = snapshots_of(workspace, source_id, metrics)
    of_the_past = window is not None or run.kind == "backfill"
    lost = [metric for metric in metrics if of_the_past and metric.id in snapshots]
    done = [_without_past(workspace, source_id, run, lost)] if lost else []
    asked = [metric for metric in metrics if metric not in lost]
    if lost and not asked:
        return done, None
    if not is_read_in_legs(workspace, source_id):
        return [*done, _observe_at_once(workspace, source_id, run, asked, window, full_refresh=full_refresh)], None
    legs, goes_on_from = _observe_legs(
        workspace, source_id, run, asked, window, at_once=snapshots, full_refresh=full_refresh
    )
    return [*done, *legs], goes_on_from


def _observe_at_once(
    workspace: Workspace, source_id: str, run: Run, metrics: list[Metric], window: Period | None, *, full_refresh: bool
) -> _Done:
    def step() -> _Done:
        states = _states_of(workspace, metrics)
        if source_id == CHECK_INS:
            windows = whole_windows(workspace, metrics, min(window.end, run.as_of) if window else run.as_of)
        else:
            windows = _windows(workspace, metrics, run.as_of, states, window, full_refresh=full_refresh)
        kept = Kept(states, windows, of_chosen_days=window is not None)
        return _read_and_keep(workspace, source_id, run, windows, kept)

    return settled(step)


def _observe_legs(
    workspace: Workspace,
    source_id: str,
    run: Run,
    metrics: list[Metric],
    window: Period | None,
    *,
    at_once: Collection[str],
    full_refresh: bool,
) -> tuple[list[_Done], datetime | None]:
    """What became of each leg, and where a backfill of the same days had stopped."""
    states = _states_of(workspace, metrics)
    windows = _windows(workspace, metrics, run.as_of, states, window, full_refresh=full_refresh)
    progress = None if window is None else begun(workspace, source_id, window, windows)
    goes_on_from = None if progress is None else min(progress.until.values(), default=None)

    read_until = {metric: read.end for metric, read in read_so_far(workspace, states).items()} if window is None else {}

    def step(legs: Mapping[str, Period]) -> _Done:
        covered = {metric: Period(windows[metric].start, leg.end) for metric, leg in legs.items()}
        kept = Kept(_states_of(workspace, metrics), covered, progress, of_chosen_days=window is not None)
        return _read_and_keep(workspace, source_id, run, legs, kept)

    done: list[_Done] = []
    failed: set[str] = set()
    for legs in cut_all(workspace, windows, read_until, at_once):
        left = {
            metric: leg
            for metric, leg in legs.items()
            if metric not in failed and (progress is None or progress.lacks(metric, leg))
        }
        if left:
            done.append(settled(partial(step, left)))
            failed |= done[-1][0].failures.keys()
            progress = progress and progress.after(read_of(done[-1][0]))
    return done or [settled(partial(step, {}))], goes_on_from


def _states_of(workspace: Workspace, metrics: list[Metric]) -> pd.DataFrame:
    """How the last reads of some metrics went: whoever looks at all would do so once for each source."""
    states = workspace.store.metric_states()
    return states[states["metric"].isin([it.id for it in metrics])]


def _read_and_keep(workspace: Workspace, source_id: str, run: Run, windows: Mapping[str, Period], kept: Kept) -> _Done:
    delivery = read_source(workspace, source_id, windows)
    judgement = _judge(workspace, list(windows), delivery, kept.known)
    workspace.store.write(lambda batch: keep(batch, workspace, source_id, run, delivery, judgement, kept))
    return delivery, judgement


def _without_past(workspace: Workspace, source_id: str, run: Run, metrics: list[Metric]) -> _Done:
    """Nothing read of snapshots, which have no past; what is known of them stays as it is."""
    connector = workspace.configuration.sources[source_id].connector
    failures: dict[str, ConnectorError] = {
        metric.id: ConfigError(
            f"Metric {metric.id}: source {source_id} ({connector}) tells what is so when it is asked, and nothing of"
            " days that have passed. They cannot be read again; let okr run every day, and what it records stays."
        )
        for metric in metrics
    }
    kept = Kept(_states_of(workspace, metrics), {})
    judgement = _judge(workspace, [], nothing({}), kept.known)
    workspace.store.write(lambda batch: keep(batch, workspace, source_id, run, nothing({}), judgement, kept))
    return nothing(failures), judgement


def _windows(
    workspace: Workspace,
    metrics: list[Metric],
    as_of: datetime,
    states: pd.DataFrame,
    window: Period | None,
    *,
    full_refresh: bool,
) -> dict[str, Period]:
    if window is None:
        return plan_windows(workspace, metrics, as_of, states, full_refresh=full_refresh)
    floor = cache(lambda calendar, grain, instant: calendar.period_containing(instant, grain).start)
    windows = {}
    for metric in metrics:
        calendar = workspace.configuration.calendar_of(metric)
        start, end = (floor(calendar, metric.grain, it) for it in (window.start, min(window.end, as_of)))
        if start < end:
            windows[metric.id] = Period(start, end)
    return windows


def _judge(workspace: Workspace, metrics: list[str], delivery: Delivery, states: pd.DataFrame) -> Judgement:
    """What is new of a delivery, and fit; history is read of those metrics alone that are looked at further."""
    configuration, quarantine = workspace.configuration, workspace.store.quarantine(metrics)
    stored = _stored(workspace, delivery, metrics)
    judged_by = dict(zip(states["metric"], states["rules_version"], strict=True))
    compared = compare(
        configuration,
        delivery,
        stored=stored,
        quarantine=quarantine,
        judged_by={metric: version for metric, version in judged_by.items() if isinstance(version, str)},
    )
    looked_at = sorted(compared.touched | awaited(configuration, delivery))
    return judge(
        configuration,
        delivery,
        compared,
        stored=_history(workspace, delivery, looked_at, stored),
        quarantine=quarantine,
        apart=_apart(workspace, delivery, states),
        now=datetime.now(UTC),
    )


def _apart(workspace: Workspace, delivery: Delivery, states: pd.DataFrame) -> set[str]:
    """The metrics that are read for the first time where this delivery is of, next to nothing that was read before.

    Of those that are never read twice every read is so, and what may be a leg is told by its length.
    """
    covered = read_so_far(workspace, states)
    metrics = workspace.configuration.metrics
    return {
        metric
        for metric, window in delivery.windows.items()
        if (metrics[metric].restates.count or is_long(window, metrics[metric].grain))
        and metric in covered
        and (window.start >= covered[metric].end or window.end <= covered[metric].start)
    }


def _stored(workspace: Workspace, delivery: Delivery, metrics: list[str]) -> pd.DataFrame:
    """What the store knows of metrics from the start of each window on; all there is of those that were read whole."""
    by_start: dict[datetime | None, list[str]] = defaultdict(list)
    for metric in metrics:
        by_start[None if delivery.is_whole(metric) else delivery.windows[metric].start].append(metric)
    return pd.concat(_observations(workspace, by_start) or [workspace.store.observations([])], ignore_index=True)


def _history(workspace: Workspace, delivery: Delivery, metrics: list[str], stored: pd.DataFrame) -> pd.DataFrame:
    """What the store knows of metrics as far back as a judgement looks, which does not grow with the years.

    All there is of those that were read whole, which `stored` has, and of those that have been silent for longer than
    that.
    """
    by_start: dict[datetime | None, list[str]] = defaultdict(list)
    for metric_id in metrics:
        if not delivery.is_whole(metric_id):
            metric = workspace.configuration.metrics[metric_id]
            hours = GRAIN_HOURS[metric.grain] * history_periods(metric)
            by_start[delivery.windows[metric_id].start - timedelta(hours=hours)].append(metric_id)
    recent = _observations(workspace, by_start)
    heard = {metric for rows in recent for metric in rows["metric"].unique()}
    silent = [metric for metric in metrics if not delivery.is_whole(metric) and metric not in heard]
    if silent:
        recent.append(workspace.store.observations(silent))
    whole = stored[stored["metric"].isin(filter(delivery.is_whole, metrics))]
    return pd.concat([whole, *recent], ignore_index=True)


def _observations(workspace: Workspace, by_start: Mapping[datetime | None, list[str]]) -> list[pd.DataFrame]:
    """OBSERVATIONS of metrics by the instant from which on they are read, None for all there is."""
    return [workspace.store.observations(members, start) for start, members in by_start.items()]


def _report(
    workspace: Workspace, source_id: str, metrics: int, delivery: Delivery, judgement: Judgement, elapsed: float
) -> Observed:
    asked = list(delivery.windows)
    # What has no past was not asked, and keeps nothing from being asked again.
    errors = [error for metric, error in delivery.failures.items() if metric in delivery.windows]
    return Observed(
        source=source_id,
        metrics=metrics,
        rows_read=len(delivery.points),
        recorded=len(judgement.recorded),
        restated=judgement.restated,
        withdrawn=len(judgement.withdrawn),
        given_up=len(judgement.given_up),
        refused=refusals(judgement.refused),
        open_quarantine=workspace.store.open_quarantine(asked) if asked else 0,
        failures={metric: str(error) for metric, error in delivery.failures.items()},
        windows=delivery.windows,
        retryable=bool(errors) and all(isinstance(error, TransientError) for error in errors),
        retry_at=latest_wait(errors),
        changed_metrics=tuple(changed_metrics(judgement)),
        checks=judgement.checks,
        elapsed_seconds=elapsed,
        traffic=delivery.traffic,
    )
