"""The shape of the whole: which way imports point, and what a command may cost to start."""

import ast
import json
import os
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

from okr_pipeline_tests.commands import run_okr

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {"dagster", "great_expectations", "pandas"}
ORCHESTRATION = {"dagster", "great_expectations"}
OF_SOURCES = {"duckdb", "httpx"}
READING_FILES = {
    "alembic",
    "connectors.catalogue",
    "connectors.contract",
    "jinja2",
    "okr_pipeline.application.reading",
    "okr_pipeline.application.scoring",
    "okr_pipeline.config.loading",
    "okr_pipeline.config.metric_keys",
    "okr_pipeline.config.okr_keys",
    "okr_pipeline.model.alike",
    "rapidfuzz",
    "sqlglot",
}
"""What reads the files of a configuration and their sources, and records, needs beyond what tells of the store."""
PURE = {"model": {"okr_pipeline"}, "scoring": {"okr_pipeline", "numpy", "pandas"}}
# Runs a command in this process and prints which modules it left imported.
PROBE = """
import contextlib, io, json, sys
from okr_pipeline.cli import main
sys.argv[0] = "okr"
code = 0
with contextlib.redirect_stdout(io.StringIO()):
    try:
        main()
    except SystemExit as stop:
        code = stop.code or 0
print(json.dumps({"code": code, "imported": list(sys.modules)}))
"""


def test_import_contracts_hold():
    """Exhaustive: a room or connector that no contract names fails, too."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    done = subprocess.run([*command, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_is_in_the_wheel():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]
    assert settings["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == contracts["root_packages"]


@pytest.mark.parametrize("room", PURE)
def test_pure_rooms_import_the_standard_library_and_little_else(room):
    found = {name for file in _modules(room) for name in _imported(file)}
    assert found - sys.stdlib_module_names <= PURE[room]


@pytest.mark.parametrize("room", PURE)
def test_pure_rooms_have_no_clock(room):
    """`as_of` is an argument: nothing in there asks what time it is."""
    clocks = {"now", "utcnow", "today", "time_ns", "perf_counter", "monotonic"}
    calls = [
        f"{file.name}:{node.lineno}"
        for file in _modules(room)
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in clocks
    ]
    assert not calls


def test_importing_the_command_line_imports_nothing_heavy():
    command = [sys.executable, "-c", "import okr_pipeline.cli, sys; print(*sys.modules)"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())


def test_help_imports_nothing_heavy():
    assert _imported_by("--help", watched=HEAVY, directory=ROOT) == []


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    """The project that `okr init` writes, run once."""
    directory = tmp_path_factory.mktemp("architecture")
    for arguments in (["init", "my-okrs"], ["run", "--config", "my-okrs/config"]):
        done = run_okr(*arguments, cwd=directory)
        assert done.returncode == 0, done.stdout + done.stderr
    return directory / "my-okrs"


@pytest.mark.parametrize(
    "command",
    [
        ["validate"],
        ["status"],
        ["status", "--json"],
        ["explain", "2026-Q1/activation"],
        ["compare", "--from", "2026-02-01", "--to", "2026-02-14", "--json"],
        ["plan"],
        ["plan", "--format", "markdown"],
        ["connectors", "list"],
        ["schema"],
        ["store", "doctor"],
    ],
    ids=" ".join,
)
def test_reading_commands_import_neither_dagster_nor_great_expectations(command, project):
    """Nor what opens sources, but for the one that asks them."""
    of_sources = set() if command == ["store", "doctor"] else OF_SOURCES
    assert _imported_by(*command, watched=ORCHESTRATION | of_sources, directory=project) == []


@pytest.mark.parametrize(
    "command",
    [
        ["status"],
        ["status", "--json"],
        ["status", "--compare-rules"],
        ["explain", "2026-Q1/activation"],
        ["explain", "2026-Q1/activation", "--json"],
        ["explain", "2026-Q1/activation", "--format", "markdown"],
    ],
    ids=" ".join,
)
def test_what_tells_of_the_store_does_not_import_what_reads_files(command, project):
    assert _imported_by(*command, watched=READING_FILES, directory=project) == []


def test_validating_imports_every_file_but_nothing_that_computes(project):
    watched = {*READING_FILES, "numpy", "pandas"}
    assert _imported_by("validate", watched=watched, directory=project) == [
        "connectors.catalogue",
        "connectors.contract",
        "okr_pipeline.config.loading",
        "okr_pipeline.config.metric_keys",
        "okr_pipeline.config.okr_keys",
    ]


def _imported_by(*command: str, watched: set[str], directory: Path) -> list[str]:
    return sorted(watched & _left_imported(directory, command))


@cache
def _left_imported(directory: Path, command: tuple[str, ...]) -> set[str]:
    """All that a command imports, which several tests ask about."""
    probe = [sys.executable, "-c", PROBE, *command]
    done = subprocess.run(probe, cwd=directory, env=_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    assert answer["code"] == 0, done.stderr
    return set(answer["imported"])


def _environment() -> dict[str, str]:
    """This environment without what would point a new project elsewhere."""
    return {name: value for name, value in os.environ.items() if name not in {"OKR_STORE_URL", "DAGSTER_HOME"}}


def _modules(room: str) -> list[Path]:
    return sorted((ROOT / "okr_pipeline" / room).rglob("*.py"))


def _imported(file: Path) -> set[str]:
    nodes = list(ast.walk(ast.parse(file.read_text())))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    sources = {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    return {name.split(".")[0] for name in plain | sources}
