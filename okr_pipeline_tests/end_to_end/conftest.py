"""The example project, run once for all workers and told by the command line as a user would see it."""

import fcntl
import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest
import sqlalchemy as sa

from okr_pipeline.store import open_store
from okr_pipeline_tests.commands import run_okr
from okr_pipeline_tests.conftest import copy_store, empty_database

ROOT = Path(__file__).parents[2]
SAID = "said.txt"
"""Beside the project: what its run printed."""


@dataclass(frozen=True)
class Example:
    """A copy of the example with its sources built: where it is, where its store is, and how to talk to it."""

    directory: Path
    store_url: str

    def okr(self, *arguments: str, code: int | None = 0) -> subprocess.CompletedProcess[str]:
        """One `okr` command in a process of its own; its exit code must be as told, None for any."""
        done = run_okr(*arguments, cwd=self.directory, env={"OKR_STORE_URL": self.store_url})
        assert code is None or done.returncode == code, f"exit {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done


@pytest.fixture(scope="session")
def example_sources(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project directory with nothing but the example's two built sources."""
    with _made_once(tmp_path_factory, "example-sources") as (directory, is_made):
        if not is_made:
            _builder().build(directory)
    return directory


@pytest.fixture
def example(example_sources: Path, tmp_path: Path, usual_store: Callable[[Path], str]) -> Example:
    """A fresh copy of the example that nothing was run in."""
    directory = tmp_path / "example"
    return _copied(example_sources, directory, usual_store(directory))


@pytest.fixture(scope="session")
def example_run(
    example_sources: Path, tmp_path_factory: pytest.TempPathFactory, usual_store: Callable[[Path], str]
) -> Example:
    """The example after one `okr run`; tests only read from it."""
    if os.environ.get("OKR_TEST_STORE") == "postgres":
        # Each worker has a server of its own.
        directory = tmp_path_factory.mktemp("example") / "project"
        return _run(_copied(example_sources, directory, usual_store(directory)))
    with _made_once(tmp_path_factory, "example-run") as (directory, is_made):
        example = Example(directory / "project", usual_store(directory / "project"))
        return example if is_made else _run(_copied(example_sources, example.directory, example.store_url))


@pytest.fixture(scope="session")
def example_run_on_server(
    example_run: Example, tmp_path_factory: pytest.TempPathFactory, postgres_server: sa.URL
) -> Example:
    """The same on PostgreSQL, whatever the usual store is: moved there, as one moves from one to the other."""
    backup = tmp_path_factory.mktemp("example") / "backup.db"
    url = empty_database(postgres_server)
    here, there = open_store(example_run.store_url), open_store(url)
    here.backup(backup)
    there.restore(backup)
    here.close()
    there.close()
    return Example(example_run.directory, url)


@pytest.fixture
def scored_example(request: pytest.FixtureRequest, tmp_path: Path, store_url: str) -> Example:
    """A copy of the example after that run, once on each kind of store."""
    on_server = sa.make_url(store_url).get_backend_name() == "postgresql"
    original: Example = request.getfixturevalue("example_run_on_server" if on_server else "example_run")
    shutil.copytree(original.directory, tmp_path / "example")
    copy_store(sa.make_url(original.store_url), sa.make_url(store_url))
    return Example(tmp_path / "example", store_url)


@pytest.fixture(scope="session")
def example_status(example_run: Example) -> dict[str, dict[str, object]]:
    """The rows of `okr status --json` by key-result id."""
    told = json.loads(example_run.okr("status", "--json").stdout)
    return {row["id"]: row for row in told["key_results"]}


def _run(example: Example) -> Example:
    said = example.okr("run", code=1).stdout  # in part: one wind speed is refused
    (example.directory / SAID).write_text(said)
    return example


@contextmanager
def _made_once(factory: pytest.TempPathFactory, name: str) -> Iterator[tuple[Path, bool]]:
    """A directory that the workers of one test run share, and whether another has made what is in it; each waits for it."""
    own = factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    with (shared / f"{name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        is_made = (shared / f"{name}.made").exists()
        (shared / name).mkdir(exist_ok=True)
        yield shared / name, is_made
        (shared / f"{name}.made").touch()


def _copied(sources: Path, directory: Path, store_url: str) -> Example:
    ignored = shutil.ignore_patterns("data", "__pycache__", ".schema")
    shutil.copytree(ROOT / "config", directory / "config", ignore=ignored)
    shutil.copytree(sources / "config" / "data", directory / "config" / "data")
    (directory / ".okr").mkdir()
    os.link(sources / ".okr" / "flights.duckdb", directory / ".okr" / "flights.duckdb")
    shutil.copy(ROOT / "dagster.yaml", directory)
    return Example(directory, store_url)


def _builder() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build_warehouse", ROOT / "config" / "build_warehouse.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
