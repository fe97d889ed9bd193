"""Dagster instances for runs in this process, and the small project after its first run.

Belongs here: instances as the command line opens them, empty or after one run. Does not: what is expected of them.
"""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa

from okr_pipeline.orchestration import build_definitions
from okr_pipeline.orchestration.launch import instance_in
from okr_pipeline_tests.conftest import copy_store, hang_up
from okr_pipeline_tests.projects import Small, january

QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Ran:
    """A project, the instance of its runs, and what its first run said."""

    project: Small
    instance: dg.DagsterInstance
    first: dg.ExecuteInProcessResult

    @property
    def home(self) -> Path:
        return Path(self.instance.root_directory)

    def again(self, instance: dg.DagsterInstance | None = None, **arguments: object) -> dg.ExecuteInProcessResult:
        """Another run, by default in the same instance."""
        return execute(self.project, instance or self.instance, **arguments)


def execute(project: Small, instance: dg.DagsterInstance, **arguments: object) -> dg.ExecuteInProcessResult:
    """A run of the main job of a small project; its definitions must load from nothing but files."""
    job = build_definitions(project.directory / "config", store_url=project.store_url).resolve_job_def("okr_run")
    return job.execute_in_process(
        instance=instance, run_config=QUIET, **({"partition_key": str(project.as_of)} | arguments)
    )


@pytest.fixture(scope="session")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of an instance that nothing was run in."""
    home = tmp_path_factory.mktemp("dagster")
    instance_in(str(home)).dispose()
    return home


@pytest.fixture
def instance(empty_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dg.DagsterInstance]:
    """An instance that nothing was run in."""
    home = tmp_path_factory.mktemp("home")
    shutil.copytree(empty_home, home, dirs_exist_ok=True)
    with instance_in(str(home)) as instance:
        yield instance


@pytest.fixture(scope="session")
def first_run(
    tmp_path_factory: pytest.TempPathFactory,
    usual_store: Callable[[Path], str],
    with_schema: Callable[[str], str],
    empty_home: Path,
) -> Iterator[Ran]:
    """The small project after one run; tests only read from it."""
    directory = tmp_path_factory.mktemp("first")
    project = Small(directory, with_schema(usual_store(directory))).write(january())
    shutil.copytree(empty_home, directory / ".okr/dagster")
    with instance_in(str(directory / ".okr/dagster")) as instance:
        yield Ran(project, instance, execute(project, instance))


@pytest.fixture
def ran(first_run: Ran, small: Small) -> Iterator[Ran]:
    """A copy of it, to run again in."""
    place = sa.make_url(first_run.project.store_url)
    hang_up(place)
    shutil.copytree(first_run.project.directory, small.directory, dirs_exist_ok=True)
    copy_store(place, sa.make_url(small.store_url))
    with instance_in(str(small.directory / ".okr/dagster")) as instance:
        yield Ran(small, instance, first_run.first)
