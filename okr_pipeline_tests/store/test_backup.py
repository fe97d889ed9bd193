"""Backups: exact whatever they are of, judged before they are trusted, and put back whole or not at all."""

import os
import sqlite3
import sys

import pytest
import sqlalchemy as sa

from okr_pipeline.store import (
    BackupUnusable,
    StoreExists,
    StoreMissing,
    StoreRefused,
    StoreTooNew,
    open_store,
    versions,
)
from okr_pipeline.store.runs import Run
from okr_pipeline_tests.store import children, released
from okr_pipeline_tests.store.contents import content

HEAD = versions.REVISIONS[-1]
OBSERVATIONS = 1_000


@pytest.fixture
def filled(store_url, filled_with):
    """A store with rows of every kind."""
    store = open_store(filled_with(store_url, with_rows))
    yield store
    store.close()


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    """A backup with the same rows; tests only read it."""
    directory = tmp_path_factory.mktemp("sample")
    store = open_store(f"sqlite:///{directory / 'okr.db'}")
    with_rows(store)
    store.backup(directory / "sample.db")
    store.close()
    return directory / "sample.db"


@pytest.fixture
def embedded(tmp_path):
    """A SQLite store that is not there yet."""
    store = open_store(f"sqlite:///{tmp_path / 'embedded' / 'okr.db'}")
    yield store
    store.close()


def with_rows(store):
    released.load(store._database, HEAD, OBSERVATIONS)


def opened(path):
    return open_store(f"sqlite:///{path}")


def held(path):
    """All that a file holds."""
    store = opened(path)
    try:
        return content(store._database)
    finally:
        store.close()


def beside(path):
    return sorted(it.name for it in path.parent.iterdir())


@pytest.mark.parametrize("revision", versions.REVISIONS)
def test_a_backup_of_any_schema_on_either_backend_is_the_embedded_store_with_the_same_rows(
    store_url, revision, tmp_path, embedded
):
    store = open_store(store_url)
    released.load(store._database, revision, OBSERVATIONS)
    released.load(embedded._database, revision, OBSERVATIONS)
    written = store.backup(tmp_path / "backups" / "okr.db")
    assert held(written.path) == content(embedded._database)
    assert (written.revision, written.rows_of["observations"]) == (revision, OBSERVATIONS)
    assert written.known_until == released.recorded_at(released.RUNS - 1)
    assert beside(written.path) == ["okr.db"]
    store.close()


def test_what_is_restored_is_what_was_there(filled, tmp_path):
    before, dump = content(filled._database), filled.dump(run_tables=True)
    filled.backup(tmp_path / "okr.db")
    filled.downgrade("base")
    restored = filled.restore(tmp_path / "okr.db", force=filled._database.is_sqlite)
    assert content(filled._database) == before
    assert filled.dump(run_tables=True) == dump
    assert restored.backup.rows == sum(rows for _, rows, _ in before.tables.values()) - 1
    assert [it for it in filled.doctor() if it.status != "ok"] == []


def test_a_store_moves_to_the_other_backend_and_goes_on_there(filled, tmp_path, embedded, request):
    other = open_store(request.getfixturevalue("postgres_url")) if filled._database.is_sqlite else embedded
    filled.backup(tmp_path / "okr.db")
    other.restore(tmp_path / "okr.db")
    assert other.dump(run_tables=True) == filled.dump(run_tables=True)
    assert [it for it in other.doctor() if it.status != "ok"] == []
    for store in (filled, other):
        store.write(lambda batch: batch.start_run(Run("next", "run")), clock=lambda: released.recorded_at(99))
    assert other.dump() == filled.dump()
    assert other.known_until() == filled.known_until()
    other.close()


@pytest.mark.parametrize("revision", versions.REVISIONS[:-1])
def test_an_older_backup_is_restored_at_this_programs_schema_and_stays_as_it_is(
    store_url, revision, tmp_path, embedded
):
    released.load(embedded._database, revision, OBSERVATIONS)
    path = embedded.backup(tmp_path / "old.db").path
    file = path.read_bytes()
    store = open_store(store_url)
    assert store.restore(path).backup.revision == revision
    embedded.upgrade()
    assert store.dump(run_tables=True) == embedded.dump(run_tables=True)
    assert path.read_bytes() == file
    store.close()


def test_a_postgres_store_ignores_tables_that_are_not_its_own(postgres_url, tmp_path):
    store = open_store(postgres_url)
    with_rows(store)
    with store._database.writing() as connection:
        connection.exec_driver_sql("CREATE TABLE somebodys (n int)")
        connection.exec_driver_sql("INSERT INTO somebodys VALUES (1)")
    assert "somebodys" not in store.backup(tmp_path / "okr.db").rows_of
    store.downgrade("base")
    store.restore(tmp_path / "okr.db")
    assert store.backup(tmp_path / "again.db").rows_of == opened(tmp_path / "okr.db").backup(tmp_path / "c.db").rows_of
    store.close()


def test_a_file_is_replaced_only_by_force_and_never_the_store_itself(filled, tmp_path):
    path = tmp_path / "okr.db"
    path.write_text("mine")
    with pytest.raises(StoreExists, match="--force"):
        filled.backup(path)
    assert path.read_text() == "mine"
    filled.backup(path, force=True)
    assert held(path).tables["observations"][1] == OBSERVATIONS
    with pytest.raises(StoreExists, match="directory"):
        filled.backup(tmp_path, force=True)
    if filled._database.is_sqlite:
        with pytest.raises(StoreExists, match="itself"):
            filled.backup(filled._database.path, force=True)
        with pytest.raises(StoreExists, match="itself"):
            filled.restore(filled._database.path, force=True)


def test_what_is_no_store_of_this_program_is_not_backed_up(filled, store_url, tmp_path):
    with filled._database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreTooNew, match="9999"):
        filled.backup(tmp_path / "new.db")
    with filled._database.writing() as connection:
        connection.exec_driver_sql("DELETE FROM alembic_version")
    with pytest.raises(StoreMissing, match="empty"):
        filled.backup(tmp_path / "none.db")
    assert not {"new.db", "none.db"} & set(beside(tmp_path / "none.db"))


def test_a_store_that_exists_is_replaced_only_by_force(filled, sample):
    before = content(filled._database)
    with pytest.raises(StoreExists):
        filled.restore(sample)
    if not filled._database.is_sqlite:
        with pytest.raises(StoreExists, match="empty database"):
            filled.restore(sample, force=True)
    assert content(filled._database) == before


def not_a_database(path, _):
    path.write_text("period,value\n" * 1000)


def nothing(path, _):
    path.write_bytes(b"")


def another_database(path, _):
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE t (n)")


def torn(path, whole):
    path.write_bytes(whole[: len(whole) // 2])


def a_page_of_rubbish(path, whole):
    middle = len(whole) // 2 // 4096 * 4096
    path.write_bytes(whole[:middle] + b"\xa5" * 4096 + whole[middle + 4096 :])


def a_changed_key(path, whole):
    """In an index, where no count or read of a table meets it."""
    with sqlite3.connect(path) as connection:
        connection.deserialize(whole)
        found = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'runs_started_at'").fetchone()
    spoilt = bytearray(whole)
    spoilt[found[0] * 4096 - 1] ^= 1
    path.write_bytes(spoilt)


def of_a_newer_program(path, whole):
    path.write_bytes(whole)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


UNUSABLE = [
    (None, BackupUnusable, "no backup"),
    (nothing, BackupUnusable, "holds no store"),
    (not_a_database, BackupUnusable, "not a database"),
    (another_database, BackupUnusable, "holds no store"),
    (torn, BackupUnusable, "malformed|damaged"),
    (a_page_of_rubbish, BackupUnusable, "malformed|damaged"),
    (a_changed_key, BackupUnusable, "is damaged"),
    (of_a_newer_program, StoreTooNew, "9999"),
]


@pytest.mark.parametrize(("spoil", "error", "says"), UNUSABLE)
def test_what_is_no_whole_backup_is_not_restored(filled, embedded, sample, tmp_path, spoil, error, says):
    path = tmp_path / "bad" / "okr.db"
    path.parent.mkdir()
    if spoil is not None:
        spoil(path, sample.read_bytes())
    before = content(filled._database)
    with pytest.raises(error, match=f"(?s){path}.*({says})|({says}).*{path}"):
        embedded.restore(path)
    assert not embedded._database.path.exists()
    with pytest.raises((error, StoreExists)):
        filled.restore(path, force=True)
    assert content(filled._database) == before
    if filled._database.is_sqlite:
        assert beside(filled._database.path) == ["okr.db"]


def test_what_is_replaced_is_kept_beside(embedded, sample):
    embedded.upgrade()
    embedded.write(lambda batch: batch.start_run(Run("mine", "run")))
    embedded._database.path.chmod(0o640)
    mine = embedded.dump(run_tables=True)
    replaced = embedded.restore(sample, force=True).replaced
    assert held(embedded._database.path) == held(sample)
    assert embedded._database.path.stat().st_mode & 0o777 == 0o640
    assert beside(replaced) == ["okr.db", replaced.name]
    assert opened(replaced).dump(run_tables=True) == mine


def test_an_empty_file_left_by_an_interrupted_upgrade_is_not_in_the_way(embedded, sample):
    embedded._database.path.parent.mkdir()
    embedded._database.path.touch()
    assert embedded.restore(sample).replaced is None
    assert held(embedded._database.path) == held(sample)


def test_a_program_that_has_the_replaced_store_open_is_told_to_start_again(embedded, sample):
    embedded.upgrade()
    other = opened(embedded._database.path)
    other.write(lambda batch: batch.start_run(Run("before", "run")))
    embedded.restore(sample, force=True)
    with pytest.raises(StoreRefused, match="start the program again"):
        other.write(lambda batch: batch.start_run(Run("after", "run")))
    assert held(embedded._database.path) == held(sample)
    other.close()
    other.write(lambda batch: batch.start_run(Run("after", "run")))
    assert other.run("after")
    other.close()


def test_a_store_is_replaced_while_nobody_can_read_or_write_it(embedded, sample):
    embedded.upgrade()
    embedded.close()

    def probe(event, _):
        if event == "os.link":
            with sqlite3.connect(embedded._database.path, timeout=0) as other, pytest.raises(sqlite3.OperationalError):
                other.execute("SELECT count(*) FROM runs")
            os._exit(7)

    def restore():
        sys.addaudithook(probe)
        embedded.restore(sample, force=True)

    assert children.run(restore) == 7


@pytest.fixture
def interrupted(embedded):
    """A store whose writer was killed when it had erased everything and committed nothing; what was committed."""
    with_rows(embedded)
    committed = content(embedded._database)
    embedded.close()
    url, path = f"sqlite:///{embedded._database.path}", embedded._database.path
    assert children.killed(url, erase_all, children.count_steps(url, erase_all) - 1) == children.KILLED
    assert beside(path) == [path.name, f"{path.name}-journal"]
    return committed


def erase_all(store):
    with store._database.writing() as connection:
        for table in sa.inspect(connection).get_table_names():
            connection.exec_driver_sql("PRAGMA defer_foreign_keys = ON")
            connection.exec_driver_sql(f"DELETE FROM {table}")


def test_a_backup_of_a_store_whose_writer_was_killed_is_what_was_committed(embedded, interrupted, tmp_path):
    assert held(embedded.backup(tmp_path / "okr.db").path) == interrupted


@pytest.mark.parametrize("left", ["whole", "gone", "damaged"])
def test_what_a_killed_writer_left_beside_a_store_does_not_get_into_the_restored_one(
    embedded, interrupted, sample, left
):
    """A journal is played back into whatever file has the right name."""
    path = embedded._database.path
    if left == "gone":
        path.unlink()
    elif left == "damaged":
        path.write_bytes(b"\xa5" * path.stat().st_size)

    replaced = embedded.restore(sample, force=True).replaced
    assert held(path) == held(sample)
    assert f"{path.name}-journal" not in beside(path)
    if left == "whole":
        assert held(replaced) == interrupted
    elif left == "gone":
        assert any(name.endswith("-journal") for name in beside(path))


@pytest.mark.parametrize("force", [False, True])
def test_a_restore_that_is_killed_at_any_step_is_done_or_not(embedded, sample, force):
    url, path = f"sqlite:///{embedded._database.path}", embedded._database.path
    embedded._database.path.parent.mkdir()
    if force:
        embedded.upgrade()
    embedded.close()
    new, old = held(sample), held(path) if force else None
    step, codes = 0, []
    while not codes or codes[-1] == children.KILLED:
        step += 1
        codes.append(children.killed_at_a_file(lambda: open_store(url).restore(sample, force=force), step))
        if not path.exists():
            assert not force
        elif held(path) == new:
            break
        else:
            assert held(path) == old
    assert held(path) == new
    assert step > 5


def test_a_restore_into_postgres_that_is_killed_leaves_nothing(postgres_url, sample):
    store = open_store(postgres_url)
    restore = lambda it: it.restore(sample)  # noqa: E731
    last = children.count_steps(postgres_url, restore)
    for step in (1, last // 2, last - 1):
        assert children.killed(postgres_url, restore, step) == children.KILLED
        assert content(store._database).tables == {}
    store.restore(sample)
    assert store.dump() == opened(sample).dump()
    store.close()


def test_a_backup_that_is_killed_at_any_step_is_whole_or_not_there(filled, store_url, tmp_path):
    filled.close()
    path = tmp_path / "backups" / "okr.db"
    step = 0
    while not path.exists():
        step += 1
        children.killed_at_a_file(lambda: open_store(store_url).backup(path), step)
    assert held(path).tables["observations"][1] == OBSERVATIONS
    assert step > 3


def test_a_full_disk_is_named_and_leaves_nothing_behind(filled, store_url, sample, embedded, tmp_path):
    filled.close()
    path = tmp_path / "backups" / "okr.db"
    limit = sample.stat().st_size // 2

    def refused(work, named):
        with pytest.raises(StoreRefused, match=f"{named} could not be written: .*(disk|full).*nothing was changed"):
            work()

    assert (
        children.limited(lambda: refused(lambda: open_store(store_url).backup(path), path), bytes_of_a_file=limit) == 0
    )
    assert beside(path) == []
    target = embedded._database.path
    assert children.limited(lambda: refused(lambda: embedded.restore(sample), target), bytes_of_a_file=limit) == 0
    assert beside(target) == []
    filled.backup(path)
    assert held(path).tables["observations"][1] == OBSERVATIONS
