import threading

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from okr_pipeline.store import StoreMissing, StoreOutdated, StoreTooNew, open_store, versions
from okr_pipeline.store.schema import metadata

VIEWS = {
    "metric_observations", "key_result_progress", "objective_scores", "open_alerts", "check_results", "scorecards",
}  # fmt: skip


@pytest.fixture
def fresh(store_url):
    store = open_store(store_url)
    yield store
    store.close()


def shape(store):
    """Tables, views, columns, keys, indexes."""
    with store._database.reading() as connection:
        inspector = sa.inspect(connection)
        names = inspector.get_table_names() + inspector.get_view_names()
        return {
            name: (
                [(column["name"], str(column["type"]), column["nullable"]) for column in inspector.get_columns(name)],
                inspector.get_pk_constraint(name)["constrained_columns"] if name not in VIEWS else None,
                sorted(str(index["column_names"]) for index in inspector.get_indexes(name))
                if name not in VIEWS
                else None,
            )
            for name in names
        }


def test_up_down_and_up_again_is_the_same_schema(fresh):
    fresh.upgrade()
    up = shape(fresh)
    fresh.downgrade("base")
    assert set(shape(fresh)) <= {"alembic_version"}
    fresh.upgrade()
    assert shape(fresh) == up
    assert set(up) >= VIEWS


def test_the_migrated_schema_is_the_one_the_code_describes(fresh):
    fresh.upgrade()
    with fresh._database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_upgrading_again_changes_nothing(fresh):
    fresh.upgrade()
    before = shape(fresh)
    fresh.upgrade()
    fresh.require_current()
    assert shape(fresh) == before


def test_two_upgrades_at_once_make_one_schema(fresh, store_url):
    others = [open_store(store_url) for _ in range(3)]
    threads = [threading.Thread(target=other.upgrade) for other in others]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    fresh.require_current()
    for other in others:
        other.close()


def test_a_migration_that_fails_leaves_the_store_as_it_was(fresh):
    def fail(connection, cursor, statement, *rest):
        if "scorecard_snapshots" in statement:
            raise RuntimeError("killed")

    sa.event.listen(fresh._database.engine, "before_cursor_execute", fail)
    if fresh._database.path is not None:
        fresh._database.path.parent.mkdir(parents=True)
        fresh._database.path.touch()
    with pytest.raises(RuntimeError, match="killed"):
        fresh.upgrade()
    assert shape(fresh) == {}


@pytest.mark.parametrize(
    ("revision", "error", "says"),
    [
        ("9999", StoreTooNew, "newer than this program"),
        (None, StoreMissing, "okr store upgrade"),
    ],
)
def test_a_store_of_another_version_is_refused_by_readers_and_writers(fresh, revision, error, says):
    fresh.upgrade()
    with fresh._database.writing() as connection:
        if revision is None:
            connection.exec_driver_sql("DELETE FROM alembic_version")
        else:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    with pytest.raises(error, match=says):
        fresh.require_current()
    with pytest.raises(error, match=says):
        fresh.write(lambda batch: None)
    assert fresh.doctor()[0].status == "error"


def test_a_newer_store_is_not_migrated(fresh):
    fresh.upgrade()
    with fresh._database.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreTooNew):
        fresh.upgrade()


def test_an_older_store_is_told_to_upgrade(fresh, monkeypatch):
    fresh.upgrade()
    monkeypatch.setattr(versions, "REVISIONS", (*versions.REVISIONS, "next"))
    with pytest.raises(StoreOutdated, match="okr store upgrade"):
        fresh.require_current()


def test_the_revisions_known_to_the_code_are_the_packaged_ones():
    config = Config()
    config.set_main_option("script_location", "okr_pipeline.store:migrations")
    packaged = [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]
    assert tuple(reversed(packaged)) == versions.REVISIONS
