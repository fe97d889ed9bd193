"""Migrations that are killed, meet each other or a writer, or find the disk full: all or nothing, and no row lost."""

import pytest
import sqlalchemy as sa

from okr_pipeline.store import StoreRefused, open_store, versions
from okr_pipeline_tests.store import children, released
from okr_pipeline_tests.store.children import KILLED, Signal
from okr_pipeline_tests.store.contents import content

FIRST, HEAD = versions.REVISIONS[0], versions.REVISIONS[-1]
STARTS = ["base", *versions.REVISIONS[:-1]]
OBSERVATIONS = 1_000
STEPS_TRIED = 6
LATE_RUN = """
    INSERT INTO runs (run_id, kind, status, started_at)
    SELECT 'late', kind, status, started_at FROM runs WHERE run_id = 'run-001'
"""
CHANGES = ("CREATE", "ALTER", "DROP", "INSERT", "UPDATE", "DELETE")


@pytest.fixture
def fresh(store_url):
    store = open_store(store_url)
    yield store
    store.close()


def prepare(store, revision):
    if revision == "base":
        versions.upgrade(store._database, "base")
    else:
        released.load(store._database, revision, OBSERVATIONS)
    return content(store._database)


@pytest.mark.parametrize("tried", [STEPS_TRIED, pytest.param(10_000, marks=pytest.mark.soak)])
@pytest.mark.parametrize("start", STARTS)
def test_a_kill_at_any_step_leaves_the_schema_before_or_after(fresh, store_url, start, tried):
    before = prepare(fresh, start)
    journals = die_at_steps(fresh, store_url, lambda store: store.upgrade(), before, HEAD, tried)
    up = content(fresh._database)
    journals += die_at_steps(fresh, store_url, lambda store: store.downgrade(start), up, before.revision, tried)
    if start != "base":
        assert content(fresh._database) == before
        assert not fresh._database.is_sqlite or any(journals), "nothing was in the file before the commit"
    fresh.upgrade()
    assert content(fresh._database) == up
    assert [it for it in fresh.doctor() if it.status != "ok"] == []


def die_at_steps(store, url, migration, before, after, tried):
    """Kill a migration again and again, later each time, until it is done; whether SQLite had something to undo."""
    journals = []
    last = children.count_steps(url, migration)
    for step in spread(last, tried):
        assert content(store._database) == before
        store.close()
        assert children.killed(url, migration, step) == KILLED
        journals.append(has_journal(store))
    assert content(store._database).revision == after
    return journals


def spread(last, tried):
    """So many steps from the first to the last; always those around the commit."""
    chosen = (
        {round(1 + n * (last - 1) / (tried - 1)) for n in range(tried)} if tried < last else set(range(1, last + 1))
    )
    return sorted(chosen | {last - 1, last})


def has_journal(store):
    path = store._database.path
    return path is not None and path.with_name(f"{path.name}-journal").exists()


@pytest.mark.parametrize("start", STARTS)
def test_of_two_migrations_at_once_one_does_the_work_and_the_other_finds_it_done(fresh, store_url, start):
    prepare(fresh, start)
    fresh.close()
    holds, waits = Signal.new(), Signal.new()
    first = children.start(lambda: changes_made(store_url, lambda: meet(holds, waits)))
    holds.wait()
    second = children.start(lambda: changes_made(store_url, waits.give, at_begin=True))
    assert children.exit_code(first) > 1
    assert children.exit_code(second) == 0
    fresh.require_current()
    assert [it for it in fresh.doctor() if it.status != "ok"] == []


def meet(holds, waits):
    holds.give()
    waits.wait()


def changes_made(url, meeting, *, at_begin=False):
    """Upgrade; how many statements changed something, up to a hundred. `meeting` is at the first, or before any."""
    store = open_store(url)
    changes = []

    def listen(connection, cursor, statement, *rest):
        if statement.lstrip().upper().startswith(CHANGES):
            if not changes and not at_begin:
                meeting()
            changes.append(statement)

    sa.event.listen(store._database.engine, "before_cursor_execute", listen)
    if at_begin:
        meeting()
    store.upgrade()
    return min(len(changes), 100)


@pytest.mark.parametrize(("start", "end"), sorted({(FIRST, HEAD), (HEAD, FIRST)}))
def test_a_migration_waits_for_the_batch_that_is_being_written(fresh, store_url, start, end):
    prepare(fresh, start)
    fresh.close()
    may_begin, begins = Signal.new(), Signal.new()
    child = children.start(lambda: migrate_after(store_url, may_begin, begins, start, end))
    with fresh._database.writing() as connection:
        may_begin.give()
        begins.wait()
        connection.exec_driver_sql(LATE_RUN)
    fresh.close()
    assert children.exit_code(child) == 0
    after = content(fresh._database)
    assert after.revision == end
    assert after.tables["runs"][1] == released.RUNS + 1


def migrate_after(url, may_begin, begins, start, end):
    store = open_store(url)
    may_begin.wait()
    begins.give()
    (store.downgrade if end < start else store.upgrade)(end)


@pytest.mark.parametrize("start", STARTS)
def test_a_full_disk_is_named_and_leaves_the_store_as_it_was(tmp_path, start):
    url = f"sqlite:///{tmp_path / 'okr.db'}"
    store = open_store(url)
    before = prepare(store, start)
    store.close()
    assert children.limited(lambda: refused(url), bytes_of_a_file=(tmp_path / "okr.db").stat().st_size + 20_000) == 0
    assert content(store._database) == before
    store.upgrade()
    store.require_current()
    store.close()


def refused(url):
    with pytest.raises(StoreRefused, match=r"disk|full"):
        open_store(url).upgrade()
