"""Running the jobs in this process, for the command line and for tests.

Belongs here: the Dagster instance, tags and outcome of an in-process run. Does not: what is printed of it (cli).
"""

import fcntl
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeAlias

import dagster as dg

# Dagster has no public name for opening an instance with a part of its settings replaced.
from dagster._core.instance import InstanceRef
from dagster._core.storage.noop_compute_log_manager import NoOpComputeLogManager

from okr_pipeline.application.workspace import Workspace
from okr_pipeline.orchestration.build import definitions_of
from okr_pipeline.orchestration.jobs import HISTORY_JOB, MAIN_JOB, REFRESH_JOB
from okr_pipeline.orchestration.pruning import KEEP_DAYS, prune
from okr_pipeline.orchestration.scope import AS_OF_TAG, FULL_REFRESH_TAG, LONGEST_WAIT_TAG
from okr_pipeline.orchestration.storage import kept_open

_ATTENDED_WAIT_SECONDS = 600
"""Somebody sits before the command, and would rather be told when the source can be asked again."""
OnStep: TypeAlias = Callable[[str, int, int], None]
"""Told of each step as it starts: its name, how many steps are done, how many there are."""


def _ignore(step: str, done: int, steps: int) -> None:
    """Follow nothing."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """An in-process run: its id, and what failed, as `step: message`. Checks that were not met are not failures."""

    run_id: str
    failures: tuple[str, ...]


def run_main_job(
    workspace: Workspace,
    *,
    as_of: str | None = None,
    metrics: Sequence[str] = (),
    full_refresh: bool = False,
    on_step: OnStep = _ignore,
) -> Outcome:
    """The main job for the newest day, or `refresh_metrics` for some metrics."""
    tags = ({AS_OF_TAG: as_of} if as_of else {}) | ({FULL_REFRESH_TAG: "true"} if full_refresh else {})
    if metrics:
        ops = {"ops": {"refresh": {"config": {"metrics": list(metrics)}}}}
        return _execute(workspace, REFRESH_JOB, tags, on_step, run_config=ops)
    day = workspace.project.calendar.last_date_before(workspace.as_of(as_of))
    return _execute(workspace, MAIN_JOB, tags, on_step, partition=day.isoformat())


def run_history_job(workspace: Workspace, first: date, last: date, *, on_step: OnStep = _ignore) -> Outcome:
    """Observations and reconstructed scores of a range of days, in a single run."""
    tags = {
        "dagster/asset_partition_range_start": first.isoformat(),
        "dagster/asset_partition_range_end": last.isoformat(),
    }
    return _execute(workspace, HISTORY_JOB, tags, on_step)


def instance_of(workspace: Workspace) -> dg.DagsterInstance:
    """The instance in DAGSTER_HOME, else the project's own in `.okr/dagster` with the project's `dagster.yaml`."""
    if shared := os.environ.get("DAGSTER_HOME"):
        with _home(workspace, Path(shared)) as home:
            return dg.DagsterInstance.from_ref(kept_open(InstanceRef.from_dir(home)))
    with _home(workspace, workspace.project_dir / ".okr" / "dagster") as home:
        return instance_in(home)


def instance_in(home: str) -> dg.DagsterInstance:
    """The instance in a directory, whose runs write what they print to this process's output alone.

    Dagster's copy of it in files takes four processes a step.
    """
    uncaptured = {"module": NoOpComputeLogManager.__module__, "class": NoOpComputeLogManager.__name__}
    return dg.DagsterInstance.from_ref(kept_open(InstanceRef.from_dir(home, overrides={"compute_logs": uncaptured})))


@contextmanager
def _home(workspace: Workspace, directory: Path) -> Iterator[str]:
    """The directory of an instance while it is opened, which other runs wait for.

    Dagster looks whether a table is there and then makes it; of two runs at once, the second to make it would fail. The
    lock ends with its process, whatever ends that.
    """
    home = directory.resolve()
    home.mkdir(parents=True, exist_ok=True)
    with (home / ".opening").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        shipped = workspace.project_dir / "dagster.yaml"
        if not (home / "dagster.yaml").exists() and shipped.exists():
            shutil.copyfile(shipped, home / "dagster.yaml")
        yield str(home)


def _execute(
    workspace: Workspace,
    job: str,
    tags: Mapping[str, str],
    on_step: OnStep,
    *,
    partition: str | None = None,
    run_config: Mapping[str, object] | None = None,
) -> Outcome:
    followed = dg.Definitions(loggers={"console": _follower(on_step)})
    definition = dg.Definitions.merge(definitions_of(workspace, lineage=False), followed).resolve_job_def(job)
    instance = instance_of(workspace)
    try:
        if not os.environ.get("DAGSTER_HOME"):
            # Nobody's schedules run in the project's own instance.
            prune(instance, before=datetime.now(UTC) - timedelta(days=KEEP_DAYS))
        result = definition.execute_in_process(
            run_config={"loggers": {"console": {}}, **(run_config or {})},
            instance=instance,
            partition_key=partition,
            tags={LONGEST_WAIT_TAG: str(_ATTENDED_WAIT_SECONDS), **tags},
            raise_on_error=False,
        )
        return Outcome(result.run_id, tuple(_failures(result)))
    finally:
        instance.dispose()


def _follower(on_step: OnStep) -> dg.LoggerDefinition:
    """A logger that prints nothing and tells of each step that starts."""

    @dg.logger
    def follow(context: dg.InitLoggerContext) -> logging.Logger:
        steps = len(context.job_def.nodes) if context.job_def else 0
        logger = logging.Logger("okr_pipeline.steps", logging.DEBUG)  # noqa: LOG001 - of one run, shared with nobody
        logger.addHandler(_StepHandler(on_step, steps))
        return logger

    return follow


class _StepHandler(logging.Handler):
    """Turns the log records of step starts into calls."""

    def __init__(self, on_step: OnStep, steps: int) -> None:
        super().__init__()
        self._on_step, self._steps, self._done = on_step, steps, 0

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(record, "dagster_meta", {}).get("dagster_event")
        if event is not None and event.is_step_start:
            self._on_step(event.step_key, self._done, self._steps)
            self._done += 1


def _failures(result: dg.ExecuteInProcessResult) -> list[str]:
    failures = []
    for event in result.all_events:
        if event.is_step_failure:
            error = event.step_failure_data.error
            cause = error.cause if error and error.cause else error
            failures.append(f"{event.step_key}: {cause.message.strip() if cause else 'failed'}")
    return failures
