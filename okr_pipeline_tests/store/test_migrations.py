"""Every released schema, with 100,000 observations and all that goes with them: up, down and up again."""

from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from okr_pipeline.store import StoreOutdated, migrations, open_store
from okr_pipeline.store.schema import metadata
from okr_pipeline_tests.store import released
from okr_pipeline_tests.store.contents import content as everything

SCRIPTS = Path(migrations.__file__).parent / "versions"
REVISIONS = sorted(path.name.split("_")[0] for path in SCRIPTS.glob("[0-9]*.py"))
HEAD = REVISIONS[-1]
OBSERVATIONS = 100_000
FEWER = 20_000


@pytest.fixture
def fresh(store_url):
    store = open_store(store_url)
    yield store
    store.close()


@pytest.mark.parametrize("revision", REVISIONS)
def test_every_released_schema_has_rows_to_migrate(revision):
    assert revision in released.ROWS, f"add the rows of schema {revision} to {released.__name__}"


@pytest.mark.parametrize(
    ("revision", "observations"),
    [
        *((revision, OBSERVATIONS) for revision in REVISIONS[:-1]),
        (HEAD, FEWER),
        pytest.param(HEAD, OBSERVATIONS, marks=pytest.mark.soak),
    ],
)
def test_there_and_back_and_there_again_keeps_every_row(fresh, revision, observations):
    """Up, down and up from an older schema; down, up and down from the newest, but for what only that can hold."""
    database = fresh._database
    content = partial(everything, without=released.ADDED)
    released.load(database, revision, observations)
    before = content(database)
    assert before.revision == revision
    other = HEAD if revision != HEAD else REVISIONS[0]

    migrate(fresh, other)
    there = content(database)
    assert there.revision == other
    assert there.views == before.views
    assert_sound(fresh, observations) if other == HEAD else assert_refused(fresh)

    migrate(fresh, revision)
    back = content(database)
    assert back.tables == before.tables
    assert back == before
    assert_sound(fresh, observations) if revision == HEAD else assert_refused(fresh)

    migrate(fresh, other)
    assert content(database, with_views=False).tables == there.tables


def test_scores_of_before_0003_were_judged_by_the_rule_pace(fresh):
    released.load(fresh._database, "0002", 1_000)
    fresh.upgrade()
    with fresh._database.reading() as connection:
        for view in ("key_result_progress", "objective_scores"):
            assert connection.exec_driver_sql(f"SELECT DISTINCT status_rule FROM {view}").scalars().all() == ["pace"]
        told = connection.exec_driver_sql("SELECT count(pace), count(forecast_value) FROM key_result_progress").one()
        assert tuple(told) == (0, 0)


def migrate(store, revision):
    (store.upgrade if revision == HEAD else store.downgrade)(revision)


def assert_sound(store, observations):
    """The newest schema as this program describes it, with nothing for the doctor, and the rows that were put in."""
    assert [it for it in store.doctor() if it.status != "ok"] == []
    with store._database.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        shown = connection.exec_driver_sql("SELECT value FROM metric_observations").scalars()
        assert sorted(shown) == released.current_values(observations)


def assert_refused(store):
    with pytest.raises(StoreOutdated):
        store.require_current()
