"""Sources that asked to be left alone for longer than a run is held open: they are asked again when that time is over.

Belongs here: what a run leaves behind to be told of it, and the sensor that starts another one then. Does not: shorter
waits, which Dagster's own retries keep (observing).

The run says in its tags until when which source is left alone, scores without it, and ends. What the sensor starts
reads that source alone, of the newest day or of the same days, and scores again.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import dagster as dg
from dagster._core.storage.dagster_run import RunRecord

from okr_pipeline.application.workspace import Workspace
from okr_pipeline.orchestration.jobs import HISTORY_JOB, MAIN_JOB
from okr_pipeline.orchestration.layers import ALERTS, KEY_RESULT_SCORES, OBJECTIVE_SCORES, SCORECARD
from okr_pipeline.orchestration.lineage import observations_key
from okr_pipeline.orchestration.observing import reads_key
from okr_pipeline.orchestration.scope import (
    LEFT_ALONE_TAG,
    LEFT_UNTIL_TAG,
    NEWEST,
    PAST,
    newest_day,
    tags_of_scope,
)

if TYPE_CHECKING:
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

SENSOR: Final = "okr_ask_again"
_EVERY_SECONDS: Final = 60
_LONGEST: Final = timedelta(days=32)
"""A month's quota; what asks for more is left to schedules."""
_OVERDUE: Final = timedelta(days=1)
"""Where no daemon looked for longer than that, the schedule has read it meanwhile."""


def ask_again_sensor(workspace: Workspace, jobs: "list[UnresolvedAssetJobDefinition]") -> dg.SensorDefinition:
    """Looks every minute; running by itself unless the project's date is fixed."""
    live = workspace.project.as_of is None

    @dg.sensor(
        name=SENSOR,
        jobs=[job for job in jobs if job.name in (MAIN_JOB, HISTORY_JOB)],
        minimum_interval_seconds=_EVERY_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING if live else dg.DefaultSensorStatus.STOPPED,
        description="Reads a source again when the time is over for which it asked to be left alone.",
    )
    def look(context: dg.SensorEvaluationContext) -> Iterator[dg.RunRequest]:
        """A run for each source that may be asked again."""
        yield from due(context.instance, workspace, datetime.now(UTC))

    return look


def due(instance: dg.DagsterInstance, workspace: Workspace, now: datetime) -> Iterator[dg.RunRequest]:
    """A run for each source that may be asked again at an instant and was not since it was left alone.

    The key of each is of the run that left it, so that Dagster starts one only, however often it is asked for.
    """
    left = dg.RunsFilter(tags={LEFT_ALONE_TAG: [NEWEST, PAST]}, created_after=now.astimezone(UTC) - _LONGEST)
    seen: set[tuple[str, str]] = set()
    for record in instance.get_run_records(left):
        for source_id, until in _left_alone(record.dagster_run.tags).items():
            speaks_of = (source_id, repr(_speaks_of(record)))
            if speaks_of in seen or source_id not in workspace.configuration.sources:
                continue
            seen.add(speaks_of)
            if until <= now < until + _OVERDUE and not _asked_since(instance, record, source_id):
                yield _request(workspace, record, source_id, now)


def _left_alone(tags: Mapping[str, str]) -> dict[str, datetime]:
    return {
        tag.removeprefix(LEFT_UNTIL_TAG): datetime.fromisoformat(text)
        for tag, text in tags.items()
        if tag.startswith(LEFT_UNTIL_TAG)
    }


def _speaks_of(record: RunRecord) -> dict[str, str]:
    """Of the newest day whichever it is, or of the days that it was started for."""
    tags = record.dagster_run.tags
    return {} if tags[LEFT_ALONE_TAG] == NEWEST else tags_of_scope(tags)


def _asked_since(instance: dg.DagsterInstance, record: RunRecord, source_id: str) -> bool:
    """Whether the source has answered a later run, or, of past days, whether a later run was started for them."""
    begun = record.create_timestamp
    if tags := _speaks_of(record):
        later = instance.get_runs(dg.RunsFilter(tags=tags, created_after=begun))
        return any(it.asset_selection is None or reads_key(source_id) in it.asset_selection for it in later)
    answered = instance.get_latest_materialization_event(observations_key(source_id))
    return answered is not None and answered.timestamp > begun.timestamp()


def _request(workspace: Workspace, record: RunRecord, source_id: str, now: datetime) -> dg.RunRequest:
    run_key = f"{record.dagster_run.run_id} {source_id}"
    keys = [observations_key(source_id), reads_key(source_id), KEY_RESULT_SCORES, OBJECTIVE_SCORES]
    if tags := _speaks_of(record):
        return dg.RunRequest(run_key, tags=tags, job_name=HISTORY_JOB, asset_selection=keys)
    day = newest_day(workspace, now)
    return dg.RunRequest(run_key, partition_key=day, job_name=MAIN_JOB, asset_selection=[*keys, ALERTS, SCORECARD])
