"""Jobs and schedules: the main job, history, one metric again, and when they run by themselves.

Belongs here: selections and cron. Does not: what assets do.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

from okr_pipeline.application.alerts import raise_alerts
from okr_pipeline.application.amending import continued
from okr_pipeline.application.health import review_metrics
from okr_pipeline.application.observing import observe
from okr_pipeline.application.scoping import scored_metrics
from okr_pipeline.application.scorecards import write_scorecard
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.application.windows import metrics_of
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.calendar import Grain
from okr_pipeline.orchestration.lineage import lineage_events, metric_events, observations_key
from okr_pipeline.orchestration.observing import reads_key, shown_metrics
from okr_pipeline.orchestration.scope import newest_day, scope_of

if TYPE_CHECKING:
    # Dagster exports the function that makes these, not their type.
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

MAIN_JOB, HISTORY_JOB, HOURLY_JOB, REFRESH_JOB = "okr_run", "okr_backfill", "okr_hourly", "refresh_metrics"
JOBS = (MAIN_JOB, HISTORY_JOB, HOURLY_JOB, REFRESH_JOB)
_MAX_RUNTIME_SECONDS = 6 * 60 * 60


class RefreshMetrics(dg.Config):
    """Which metrics to read again, by id."""

    metrics: list[str]


@dg.op(description="Read some metrics again, then score, alert and write the scorecard as the main job does.")
def refresh(context: dg.OpExecutionContext, config: RefreshMetrics, project: dg.ResourceParam[Workspace]) -> None:
    """Read chosen metrics again without marking their source's day as done."""
    project.ready_store()
    project = continued(project)
    scope = scope_of(context, project)
    for source_id in project.configuration.sources:
        chosen = {metric.id for metric in metrics_of(project, source_id)} & set(config.metrics)
        if chosen:
            observed = observe(project, source_id, run=scope.run, metrics=chosen, full_refresh=scope.full_refresh)
            shown = shown_metrics(context.instance, project, source_id, observed.changed_metrics)
            for event in metric_events(project, shown):
                context.log_event(event)
    scored = score_and_record(project, scope.run)
    for event in lineage_events(context.instance, scored):
        context.log_event(event)
    raise_alerts(project, scope.run)
    review_metrics(project, scope.run)
    write_scorecard(project, scope.run)


@dg.job(name=REFRESH_JOB, description=refresh.description)
def refresh_metrics() -> None:
    """Read some metrics again."""
    refresh()


def asset_jobs(workspace: Workspace, assets: Sequence[dg.AssetsDefinition]) -> "list[UnresolvedAssetJobDefinition]":
    """The main job over every executable asset, the history job, and an hourly one where a metric asks for it."""
    tags = {"dagster/max_runtime": str(_MAX_RUNTIME_SECONDS)}
    jobs = [
        dg.define_asset_job(
            MAIN_JOB,
            dg.AssetSelection.assets(*assets),
            description="Read, validate, score, alert, scorecard.",
            tags=tags,
        ),
        dg.define_asset_job(
            HISTORY_JOB,
            dg.AssetSelection.groups("observations", "scores") & dg.AssetSelection.assets(*assets),
            description="History of observations and reconstructed scores for a range of days.",
            tags=tags,
        ),
    ]
    hourly = _hourly_sources(workspace)
    if hourly:
        keys = [key for source in hourly for key in (observations_key(source), reads_key(source))]
        selection = (
            dg.AssetSelection.assets(*keys) | dg.AssetSelection.groups("scores") | dg.AssetSelection.assets("alerts")
        )
        jobs.append(
            dg.define_asset_job(
                HOURLY_JOB, selection, description="Sources with hourly metrics, scores, alerts.", tags=tags
            )
        )
    return jobs


def schedules(workspace: Workspace, jobs: "Sequence[UnresolvedAssetJobDefinition]") -> list[dg.ScheduleDefinition]:
    """Daily at six, and hourly where a metric is; running by themselves unless the project's date is fixed."""
    crons = {MAIN_JOB: "0 6 * * *", HOURLY_JOB: "10 * * * *"}
    return [_schedule(workspace, job, crons[job.name]) for job in jobs if job.name in crons]


def _schedule(workspace: Workspace, job: "UnresolvedAssetJobDefinition", cron: str) -> dg.ScheduleDefinition:
    live = workspace.project.as_of is None

    @dg.schedule(
        name=f"{job.name}_schedule",
        job=job,
        cron_schedule=cron,
        execution_timezone=workspace.project.calendar.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING if live else dg.DefaultScheduleStatus.STOPPED,
    )
    def tick(context: dg.ScheduleEvaluationContext) -> dg.RunRequest:
        """The newest day's partition; the tick's time makes each run unique."""
        when = context.scheduled_execution_time
        return dg.RunRequest(run_key=when.isoformat(), partition_key=newest_day(workspace, when))

    return tick


def _hourly_sources(workspace: Workspace) -> list[str]:
    metrics, used = workspace.configuration.metrics, scored_metrics(workspace.configuration)
    return sorted({str(it.source) for it in metrics.values() if it.source and it.id in used and it.grain is Grain.HOUR})
