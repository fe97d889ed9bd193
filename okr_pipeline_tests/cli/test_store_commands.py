"""`okr store`: what is backed up, restored, moved and refused, and what every command says to a store of another age."""

import json
import subprocess

import pandas as pd
import pytest
import sqlalchemy as sa

from okr_pipeline.application.runs import Run, note
from okr_pipeline.store import open_store, versions
from okr_pipeline_tests.commands import run_okr
from okr_pipeline_tests.projects import Small, january

USING = [
    ["run"],
    ["run", "--select", "signups", "--full-refresh"],
    ["backfill", "--from", "2026-01-01", "--to", "2026-01-02"],
    ["status"],
    ["status", "--known-at", "2026-01-02", "--json"],
    ["explain", "2026-Q1/signups"],
    ["scorecard"],
]


@pytest.fixture
def project(tmp_path, store_url) -> Small:
    """A project with ten sign-ups on each day of January, on either backend."""
    project = Small(tmp_path, store_url).write(january())
    observe(project, 10)
    return project


def observe(project, value):
    """What a run writes of its source, without reading or judging it."""
    workspace = project.open()
    starts = pd.date_range("2026-01-01", periods=31, freq="D", tz="Europe/Berlin").as_unit("us")
    points = pd.DataFrame(
        {
            "metric": "signups", "dimensions": "{}", "period_start": starts,
            "period_end": starts + pd.DateOffset(days=1), "value": float(value), "weight": float("nan"), "flags": "",
        }
    )  # fmt: skip
    run = Run(f"run-{value}", workspace.as_of())

    def write(batch):
        note(batch, workspace, run)
        batch.record_observations(points, run_id=run.id)

    workspace.store.write(write)
    workspace.store.close()


def okr(project, *commands):
    """Exit code and words of each command, one after the other."""
    words = {"capture_output": False, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    done = [run_okr(*it, cwd=project.directory, env={"OKR_STORE_URL": project.store_url}, **words) for it in commands]
    return [(it.returncode, it.stdout) for it in done]


def state(project):
    """All that could change: the bytes of a file, or the rows and tables of a database."""
    if project.store_url.startswith("sqlite"):
        return [(it.name, it.read_bytes()) for it in sorted((project.directory / "store").iterdir())]
    engine = sa.create_engine(project.store_url)
    with engine.connect() as connection:
        tables = sorted(sa.inspect(connection).get_table_names())
        rows = [connection.exec_driver_sql(f"SELECT * FROM {name}").all() for name in tables]
    engine.dispose()
    return tables, rows


def test_a_backup_scores_as_its_store_did_and_is_restored_over_it_or_moved_to_the_other_backend(
    project, tmp_path, request
):
    store = open_store(project.store_url)
    then = store.backup(tmp_path / "b.db").known_until.isoformat()
    observe(project, 20)
    status = ["status", "--json"]
    embedded = project.store_url.startswith("sqlite")
    other = request.getfixturevalue("postgres_url") if embedded else f"sqlite:///{tmp_path / 'moved.db'}"
    before, later, on_copy, refused, moved, on_other, restored, after, again = okr(
        project,
        [*status, "--known-at", then],
        status,
        [*status, "--store", f"sqlite:///{tmp_path / 'b.db'}"],
        ["store", "restore", "b.db"],
        ["store", "restore", "b.db", "--store", other],
        [*status, "--store", other],
        ["store", "restore", "b.db", "--force"],
        status,
        ["store", "backup", "b.db"],
    )
    assert scores(later) != scores(before)
    assert scores(on_copy) == scores(before)
    assert (refused[0], moved[0]) == (2, 0)
    assert scores(on_other) == scores(before)
    assert (again[0], "--force" in again[1]) == (2, True)
    if embedded:
        assert restored[0] == 0
        assert "is kept in" in restored[1]
        assert scores(after) == scores(before)
    else:
        assert (restored[0], "empty database" in restored[1]) == (2, True)
        assert scores(after) == scores(later)
    store.close()


def scores(told):
    code, text = told
    assert code == 0, text
    answer = json.loads(text)
    assert answer["key_results"][0]["value"]
    return {name: answer[name] for name in ("key_results", "objectives", "config_version")}


def test_a_backup_goes_beside_the_configuration_unless_told(tmp_path):
    project = Small(tmp_path, f"sqlite:///{tmp_path / 'store' / 'okr.db'}").write(january())
    observe(project, 10)
    ((code, said),) = okr(project, ["store", "backup"])
    assert code == 0
    (file,) = (tmp_path / ".okr" / "backups").iterdir()
    assert f"checked in {file}: schema" in said
    assert open_store(f"sqlite:///{file}").doctor()[0].status == "ok"


def test_a_newer_store_is_refused_by_every_command_and_stays_as_it_is(project):
    """The only way on is the newer program, or a backup in its place."""
    set_revision(project, "9999")
    before = state(project)
    others = [["store", "upgrade"], ["store", "downgrade", versions.REVISIONS[0]], ["store", "backup", "b.db"]]
    *told, (code, said) = okr(project, *USING, *others, ["store", "doctor"])
    for code_, said_ in told:
        assert code_ == 3, said_
        assert_names_both(said_, "9999", "Install the okr-pipeline release that the others use")
    assert code == 1
    assert_names_both(said, "9999", "Install the okr-pipeline release that the others use")
    assert state(project) == before
    assert not (project.directory / "b.db").exists()


@pytest.mark.parametrize("revision", versions.REVISIONS[:-1])
def test_an_older_store_is_upgraded_when_told_and_never_by_itself(tmp_path, revision):
    project = Small(tmp_path, f"sqlite:///{tmp_path / 'store' / 'okr.db'}").write(january())
    observe(project, 10)
    open_store(project.store_url).downgrade(revision)
    before = state(project)
    *told, doctor, backup = okr(project, *USING, ["store", "doctor"], ["store", "backup", "b.db"])
    for code, said in told:
        assert code == 3, said
        assert_names_both(said, revision, "`okr store upgrade`")
    assert doctor[0] == 1
    assert_names_both(doctor[1], revision, "`okr store upgrade`")
    assert backup[0] == 0
    assert f"schema {revision}" in backup[1]
    assert state(project) == before
    upgrade, status, down, refused, up = okr(
        project,
        ["store", "upgrade"],
        ["status", "--json"],
        ["store", "downgrade", revision],
        ["store", "downgrade", versions.REVISIONS[-1]],
        ["store", "restore", "b.db", "--force"],
    )
    assert upgrade[0] == 0
    assert scores(status)
    assert down[0] == 0
    assert refused[0] == 3
    assert "older" in refused[1]
    assert up[0] == 0


def assert_names_both(said, revision, advice):
    assert f"schema {revision}" in said
    assert versions.REVISIONS[-1] in said
    assert advice in said
    assert "Traceback" not in said


def set_revision(project, revision):
    engine = sa.create_engine(project.store_url)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    engine.dispose()


WRONG = [
    (["store", "restore", "none.db"], 3, "no backup at none.db"),
    (["store", "restore", "config/project.yaml", "--force"], 3, "config/project.yaml cannot be read as a backup"),
    (["store", "downgrade", "base"], 2, f"no schema 'base'. This program knows: {versions.REVISIONS[0]}"),
    (["store", "backup", "config"], 2, "config is a directory"),
]


def test_what_cannot_be_done_is_explained(tmp_path):
    project = Small(tmp_path, f"sqlite:///{tmp_path / 'store' / 'okr.db'}").write(january())
    observe(project, 10)
    before = state(project)
    told = okr(project, *(command for command, _, _ in WRONG))
    for (command, code, says), (found, said) in zip(WRONG, told, strict=True):
        assert (command, found, says in said) == (command, code, True), said
    assert state(project) == before
