"""What Dagster keeps of old runs, cut back: its own log grows with every run, and Dagster never prunes it.

Belongs here: which runs and events go, and the job and schedule that say so. Does not: anything of the project's store,
where every number stays for ever.

What stays is the newest materialization of each asset and of each of its partitions, which pages show and which say
what days were done, and the newest outcome of each check.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import dagster as dg
import sqlalchemy as sa

# Dagster has no public name for its own tables, nor a way to empty a file of events but to remove it.
from dagster._core.storage.dagster_run import FINISHED_STATUSES
from dagster._core.storage.event_log import SqlEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable as Checks
from dagster._core.storage.event_log.schema import AssetEventTagsTable as Tags
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as Events
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage

from okr_pipeline.application.workspace import Workspace
from okr_pipeline.orchestration.jobs import JOBS

PRUNE_JOB: Final = "prune_dagster_runs"
KEEP_DAYS: Final = 30
_AT_ONCE: Final = 100


class PruneRuns(dg.Config):
    """How many days of finished runs Dagster keeps."""

    keep_days: int = KEEP_DAYS


@dg.op(description="Delete what Dagster logged of runs that finished long ago. Numbers are in the store and stay.")
def prune_runs(context: dg.OpExecutionContext, config: PruneRuns) -> int:
    """Delete finished runs older than so many days; how many."""
    pruned = prune(context.instance, before=datetime.now(UTC) - timedelta(days=config.keep_days))
    context.log.info("%s runs of more than %s days ago were deleted.", pruned, config.keep_days)
    return pruned


@dg.job(name=PRUNE_JOB, description=prune_runs.description)
def prune_dagster_runs() -> None:
    """Cut Dagster's log back."""
    prune_runs()


def prune_schedule(workspace: Workspace) -> dg.ScheduleDefinition:
    """Every night, before the main job; by itself unless the project's date is fixed."""
    live = workspace.project.as_of is None
    return dg.ScheduleDefinition(
        name=f"{PRUNE_JOB}_schedule",
        job=prune_dagster_runs,
        cron_schedule="30 4 * * *",
        execution_timezone=workspace.project.calendar.timezone,
        default_status=dg.DefaultScheduleStatus.RUNNING if live else dg.DefaultScheduleStatus.STOPPED,
    )


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Some runs to delete, in the storage that holds their events."""

    storage: SqlEventLogStorage
    run_ids: Sequence[str]
    before: datetime

    def delete_events(self) -> None:
        """Events of these runs, and older ones that earlier prunings kept and that are not the newest any more."""
        touched = sa.select(Events.c.asset_key).where(
            Events.c.run_id.in_(self.run_ids), Events.c.asset_key.is_not(None)
        )
        is_old = Events.c.timestamp < self.before.astimezone(UTC).replace(tzinfo=None)
        of_assets = sa.and_(Events.c.asset_key.in_(touched), is_old, Events.c.id.not_in(_newest_events()))
        of_runs = sa.and_(Events.c.run_id.in_(self.run_ids), Events.c.asset_key.is_(None))
        checks = sa.and_(Checks.c.run_id.in_(self.run_ids), Checks.c.id.not_in(_newest_checks()))
        with self.storage.index_connection() as connection:
            going = connection.scalars(sa.select(Events.c.id).where(sa.or_(of_assets, of_runs))).all()
            for first in range(0, len(going), _AT_ONCE):
                ids = going[first : first + _AT_ONCE]
                connection.execute(sa.delete(Tags).where(Tags.c.event_id.in_(ids)))
                connection.execute(sa.delete(Events).where(Events.c.id.in_(ids)))
            connection.execute(sa.delete(Checks).where(checks))

    def delete_files(self) -> None:
        """The files of their own that SQLite keeps the events of each run in."""
        if isinstance(self.storage, SqliteEventLogStorage):
            for run_id in self.run_ids:
                for suffix in ("", "-wal", "-shm"):
                    Path(self.storage.path_for_shard(run_id) + suffix).unlink(missing_ok=True)


def prune(instance: dg.DagsterInstance, *, before: datetime) -> int:
    """Delete what Dagster logged of this project's runs that were created before an instant and have finished.

    Runs of other jobs, which may share the instance, stay. Works in stretches, each deleted events first, so that what
    was interrupted is gone on with. Returns how many runs went.
    """
    return sum(_prune_job(instance, job, before) for job in (*JOBS, PRUNE_JOB))


def _prune_job(instance: dg.DagsterInstance, job: str, before: datetime) -> int:
    pruned = 0
    wanted = dg.RunsFilter(job_name=job, statuses=FINISHED_STATUSES, created_before=before)
    while run_ids := [run.run_id for run in instance.get_runs(wanted, limit=_AT_ONCE)]:
        storage = instance.event_log_storage
        if isinstance(storage, SqlEventLogStorage):
            stretch = _Stretch(storage, run_ids, before)
            stretch.delete_events()
            stretch.delete_files()
        for run_id in run_ids:
            instance.compute_log_manager.delete_logs(prefix=[run_id])
            instance.run_storage.delete_run(run_id)
        pruned += len(run_ids)
    return pruned


def _newest_events() -> sa.Select[tuple[int]]:
    newest = sa.select(sa.func.max(Events.c.id)).where(Events.c.dagster_event_type == "ASSET_MATERIALIZATION")
    return sa.select(newest.group_by(Events.c.asset_key, Events.c.partition).subquery())


def _newest_checks() -> sa.Select[tuple[int]]:
    newest = sa.select(sa.func.max(Checks.c.id)).group_by(Checks.c.asset_key, Checks.c.check_name)
    return sa.select(newest.subquery())
