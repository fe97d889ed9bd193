"""A run that dies after any call of the store is finished by the next one, to the store of a run that did not die."""

import inspect
import shutil
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from okr_pipeline.application.workspace import Workspace
from okr_pipeline.store import open_store
from okr_pipeline.store.batch import Batch
from okr_pipeline_tests.durability import tasks, truths, world
from okr_pipeline_tests.durability.processes import Child, call, start
from okr_pipeline_tests.durability.watching import BEFORE_COMMIT

SOURCES = ("left", "shared")
BEFORE, NOW = 0, 8
OF_BACKTESTS = "record_calibration"
VERBS = {name for name, _ in inspect.getmembers(Batch, inspect.isfunction) if not name.startswith("_")} - {OF_BACKTESTS}


@pytest.mark.slow
def test_whatever_a_run_dies_after_the_next_one_ends_as_if_it_had_not(tmp_path):
    """At every call of the store and before every file that is put in place: on disk is what a killed process leaves.

    What is left is first only opened. Where that gives the same rows and files as another death, the run that follows
    is the same, too, and is done once.
    """
    project, album, url = tmp_path / "project", tmp_path / "album", f"sqlite:///{tmp_path}/project/.okr/okr.db"
    world.write_project(project, BEFORE)
    call(tasks.run_once, project, url, BEFORE, "before", SOURCES)
    world.write_project(project, NOW)
    world.say_more(project)
    calls = call(tasks.photograph, project, url, NOW, SOURCES, album)
    workspace = world.open_project(project, url)
    undisturbed = truths.content_of(workspace.store)
    assert {name.removeprefix("batch.") for name, _ in calls if name.startswith("batch.")} == VERBS
    pictures = {picture: name for name, picture in reversed(calls)}
    found: set[str] = set()
    resumed: set[str] = set()
    for picture, first_call in pictures.items():
        workspace.store.close()
        shutil.rmtree(project)
        shutil.copytree(album / str(picture), project)
        rows, files = rows_and_files(workspace)
        found.add(rows)
        if rows + files in resumed:
            continue
        resumed.add(rows + files)
        workspace.store.close()
        call(tasks.run_once, project, url, NOW, "resumed", SOURCES)
        assert_well(workspace, undisturbed, first_call)
    workspace.store.close()
    print(f"{len(calls)} failpoints, {len(pictures)} pictures of the disk, {len(resumed)} resumed")  # noqa: T201 - for -rP
    assert len(found) == 1 + sum(name == BEFORE_COMMIT for name, _ in calls), "a batch is there in part"


@pytest.mark.slow
@pytest.mark.postgres
def test_whatever_commit_of_a_server_a_run_dies_before_the_next_one_ends_as_if_it_had_not(seeded, tmp_path):
    """A process that dies leaves its transaction to the server; what it had committed is all there is."""
    copy, project = seeded
    url = copy()
    calls = heard(start(tasks.run_once, project, url, NOW, "undisturbed", SOURCES))
    undisturbed = content_at(url)
    for position in (position for position, name in enumerate(calls, 1) if name == BEFORE_COMMIT):
        assert_resumed(copy(), project, position, undisturbed)


@pytest.mark.soak
@pytest.mark.postgres
def test_whatever_call_of_a_server_a_run_dies_after_the_next_one_ends_as_if_it_had_not(seeded, tmp_path):
    copy, project = seeded
    url = copy()
    calls = heard(start(tasks.run_once, project, url, NOW, "undisturbed", SOURCES))
    undisturbed = content_at(url)
    for position in range(1, len(calls) + 1):
        assert_resumed(copy(), project, position, undisturbed)


@pytest.fixture
def seeded(postgres_server: sa.URL, tmp_path: Path):
    """A maker of databases that a run on an earlier version has written, and the project with the later version."""
    project, template = tmp_path / "project", f"okr_test_{uuid4().hex}"
    made = [template]
    administer(postgres_server, f'CREATE DATABASE "{template}"')
    world.write_project(project, BEFORE)
    call(tasks.run_once, project, url_of(postgres_server, template), BEFORE, "before", SOURCES)
    world.write_project(project, NOW)

    def copy() -> str:
        made.append(f"okr_test_{uuid4().hex}")
        administer(postgres_server, f'CREATE DATABASE "{made[-1]}" TEMPLATE "{template}"')
        return url_of(postgres_server, made[-1])

    yield copy, project
    for name in made:
        administer(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


def assert_resumed(url: str, project: Path, position: int, undisturbed: str) -> None:
    """A run that dies after so many calls, and the next one that ends as if none had died."""
    dying = start(tasks.run_to_death, project, url, NOW, SOURCES, position)
    dying.process.join()
    assert dying.process.exitcode == 9
    call(tasks.run_once, project, url, NOW, "resumed", SOURCES)
    workspace = world.open_project(project, url)
    assert_well(workspace, undisturbed, position)
    workspace.store.close()


def assert_well(workspace: Workspace, undisturbed: str, died_after: object) -> None:
    assert truths.content_of(workspace.store) == undisturbed, died_after
    checks: tuple[Callable[[], list[str]], ...] = (
        lambda: truths.duplicated(workspace.store),
        lambda: truths.damaged(workspace.store),
        lambda: truths.unpublished(workspace),
        lambda: truths.torn(workspace),
    )
    assert not [problem for check in checks for problem in check()], died_after


def rows_and_files(workspace: Workspace) -> tuple[str, str]:
    """All that the next run can find: every row of every table, once a journal has been rolled back, and every page."""
    assert not truths.damaged(workspace.store)
    rows = workspace.store.dump(run_tables=True)
    pages = (path for path in sorted(workspace.scorecards_dir.rglob("*")) if path.is_file() and path.name[0] != ".")
    return rows, "".join(f"{path}\n{path.read_text()}" for path in pages)


def content_at(url: str) -> str:
    store = open_store(url)
    content = truths.content_of(store)
    store.close()
    return content


def heard(child: Child) -> list[object]:
    child.end()
    return child.heard


def url_of(server: sa.URL, name: str) -> str:
    return server.set(database=name).render_as_string(hide_password=False)


def administer(server: sa.URL, statement: str) -> None:
    engine = sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
