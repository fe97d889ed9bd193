"""The example project, run once in a place of its own and told by the command line as a user would see it."""

import importlib.util
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

import pytest

from okr_pipeline_tests.commands import run_okr

ROOT = Path(__file__).parents[2]


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
    directory = tmp_path_factory.mktemp("example_sources")
    _builder().build(directory)
    return directory


@pytest.fixture
def example(example_sources: Path, tmp_path: Path, store_url: str) -> Example:
    """A fresh copy of the example that nothing was run in, once on each kind of store."""
    return _copied(example_sources, tmp_path / "example", store_url)


@pytest.fixture(scope="session")
def example_run(
    example_sources: Path, tmp_path_factory: pytest.TempPathFactory, usual_store: Callable[[Path], str]
) -> Example:
    """The example after one `okr run`; tests only read from it."""
    directory = tmp_path_factory.mktemp("example") / "project"
    example = _copied(example_sources, directory, usual_store(directory))
    example.okr("run", code=1)  # in part: one wind speed is refused
    return example


@pytest.fixture(scope="session")
def example_status(example_run: Example) -> dict[str, dict[str, object]]:
    """The rows of `okr status --json` by key-result id."""
    told = json.loads(example_run.okr("status", "--json").stdout)
    return {row["id"]: row for row in told["key_results"]}


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
