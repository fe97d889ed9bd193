import sqlite3
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta

import pandas as pd
import psycopg
import pytest
import sqlalchemy as sa

from okr_pipeline.store import StoreMissing, StoreRefused, StoreUnavailable, StoreUnsupported, open_store
from okr_pipeline.store.errors import translated
from okr_pipeline.store.runs import Run

NO_STATES = pd.DataFrame({"key_result": [], "rule": [], "last_evaluated_as_of": []})


def test_a_batch_that_fails_half_way_leaves_nothing(store, points):
    def work(batch):
        batch.start_run(Run("other", "run"))
        batch.record_observations(points({0: 1}), run_id="r")
        batch.quarantine(points({1: 1}).assign(rule="max", reason="big"), run_id="r")
        raise RuntimeError("half way")

    before = store.dump(run_tables=True)
    with pytest.raises(RuntimeError, match="half way"):
        store.write(work)
    assert store.dump(run_tables=True) == before


def test_a_row_that_names_an_unknown_run_is_refused_and_shows_no_values(store):
    with pytest.raises(StoreRefused) as caught:
        store.write(lambda batch: batch.record_configuration("v1", lambda: "the document", run_id="nobody"))
    assert "the document" not in str(caught.value)


def test_a_later_batch_is_recorded_later_whatever_the_clock_says(store):
    noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
    clocks = [noon, noon, noon - timedelta(days=300), noon + timedelta(hours=1)]
    recorded = [store.write(lambda batch: batch.recorded_at, clock=lambda now=now: now) for now in clocks]
    assert recorded == [
        noon,
        noon + timedelta(microseconds=1),
        noon + timedelta(microseconds=2),
        noon + timedelta(hours=1),
    ]
    assert store.known_until() == recorded[-1]


def test_what_is_known_until_the_newest_batch_never_grows(store, points):
    store.write(lambda batch: batch.record_observations(points({0: 1}), run_id="r"))
    known = store.known_until()
    store.write(
        lambda batch: batch.record_observations(points({0: 2, 1: 3}), run_id="r"),
        clock=lambda: known - timedelta(days=1),
    )
    assert store.observations(known_at=known)["value"].tolist() == [1]


def lost(store):
    """What a driver raises when the connection is gone."""
    if store._database.is_sqlite:
        error = sqlite3.OperationalError("database is locked")
        error.sqlite_errorcode = sqlite3.SQLITE_BUSY
        return error
    import psycopg

    return psycopg.OperationalError("server closed the connection unexpectedly")


def lose_connection(store, *, times, committed):
    """The next commits report a lost connection, after or before they were done."""
    left = [times]

    def on_commit(connection):
        if left[0] and connection.get_execution_options().get("okr_writes"):
            left[0] -= 1
            driver = connection.connection.driver_connection
            driver.execute("COMMIT" if committed else "ROLLBACK")
            raise lost(store)

    sa.event.listen(store._database.engine, "commit", on_commit)


@pytest.fixture
def hasty(store_url, with_schema):
    """A store that does not wait between attempts, and remembers that it should have."""
    waits = []
    store = open_store(with_schema(store_url), sleep=waits.append)
    store.write(lambda batch: batch.start_run(Run("r", "run")))
    yield store, waits
    store.close()


@pytest.mark.parametrize("committed", [True, False])
def test_a_write_whose_commit_is_lost_happens_exactly_once(hasty, points, committed):
    store, waits = hasty
    lose_connection(store, times=1, committed=committed)
    result = store.write(lambda batch: batch.record_alerts(NO_STATES, transition(), run_id="r"))
    assert result == 1
    assert len(store.alert_transitions()) == 1
    assert len(waits) == 1


def test_a_transaction_whose_commit_is_lost_is_whole_if_it_was_committed(hasty):
    store, _ = hasty
    lose_connection(store, times=1, committed=True)
    with store.transaction() as batch:
        batch.record_alerts(NO_STATES, transition(), run_id="r")
    assert len(store.alert_transitions()) == 1


def test_a_transaction_whose_commit_is_lost_is_an_error_if_it_was_not_committed(hasty):
    store, _ = hasty
    lose_connection(store, times=1, committed=False)
    with pytest.raises(StoreUnavailable), store.transaction() as batch:
        batch.record_alerts(NO_STATES, transition(), run_id="r")
    assert store.alert_transitions().empty


def test_a_store_that_stays_away_is_given_up(hasty):
    store, waits = hasty
    lose_connection(store, times=99, committed=False)
    with pytest.raises(StoreUnavailable, match="Try again"):
        store.write(lambda batch: batch.record_alerts(NO_STATES, transition(), run_id="r"))
    assert waits


@pytest.mark.postgres
def test_a_connection_that_the_server_ends_in_a_batch_is_replaced(postgres_url, points):
    store = open_store(postgres_url, sleep=lambda seconds: None)
    store.upgrade()
    kills = [1]

    def work(batch):
        batch.start_run(Run("r", "run"))
        if kills:
            kills.pop()
            batch._connection.exec_driver_sql("SELECT pg_terminate_backend(pg_backend_pid())")
        return batch.record_observations(points({0: 1}), run_id="r")

    assert store.write(work) == 1
    assert store.observations()["value"].tolist() == [1]
    store.close()


@pytest.mark.postgres
def test_a_crash_and_restart_of_the_server_between_batches_is_survived(postgres_cluster, points):
    store = open_store(postgres_cluster.url.render_as_string(hide_password=False))
    store.upgrade()
    store.write(lambda batch: (batch.start_run(Run("r", "run")), batch.record_observations(points({0: 1}), run_id="r")))
    postgres_cluster.stop("fast")
    restart = threading.Timer(0.5, postgres_cluster.start)
    restart.start()
    assert store.write(lambda batch: batch.record_observations(points({0: 2}), run_id="r")) == 1
    restart.join()
    assert store.revisions()["value"].tolist() == [1, 2]
    store.close()


WRITER = """
import sys
from datetime import UTC, datetime, timedelta
import pandas as pd
from okr_pipeline.store import open_store

url, writer = sys.argv[1], int(sys.argv[2])
store = open_store(url)
days = [0, 1, 2, 3] if writer % 2 else [3, 2, 1, 0]
starts = pd.Series([datetime(2013, 1, 1, tzinfo=UTC) + timedelta(days=day) for day in days])
for turn in range(10):
    frame = pd.DataFrame({"metric": "m", "dimensions": "{}", "period_start": starts,
        "period_end": starts + timedelta(days=1), "value": float(100 * writer + turn), "weight": None, "flags": ""})
    assert store.write(lambda batch: batch.record_observations(frame, run_id="r")) == 4
    assert len(store.observations()) == 4
"""


def test_two_processes_writing_the_same_keys_never_block_each_other_out(store, store_url):
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, store_url, str(writer)], stderr=subprocess.PIPE, text=True)
        for writer in (1, 2)
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=300)
        assert writer.returncode == 0, errors
    check_serial(store)


def test_threads_of_one_store_take_turns(store, points):
    def work(writer):
        for turn in range(5):
            frame = points(dict.fromkeys([0, 1, 2, 3], 100.0 * writer + turn))
            store.write(lambda batch, frame=frame: batch.record_observations(frame, run_id="r"))

    threads = [threading.Thread(target=work, args=(writer,)) for writer in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check_serial(store, writers=4, turns=5)


def check_serial(store, writers=2, turns=10):
    """Every write is there once, revisions have no gaps, and their order is that of recording."""
    history = store.revisions()
    assert len(history) == 4 * writers * turns
    for _, of_key in history.groupby("period_start"):
        assert of_key["revision"].tolist() == list(range(1, writers * turns + 1))
        assert of_key["recorded_at"].is_monotonic_increasing
        assert of_key["value"].nunique() == writers * turns
    assert len(set(store.observations()["value"])) == 1
    assert {finding.status for finding in store.doctor()} == {"ok"}


@pytest.mark.parametrize("url", ["sqlite://", "mysql://u:secret@h/d", "duckdb:///x.db", "not a url"])
def test_a_url_that_cannot_name_a_store_is_explained_without_its_password(url):
    with pytest.raises(StoreUnsupported) as caught:
        open_store(url)
    assert "secret" not in str(caught.value)
    assert "sqlite:///" in str(caught.value)


def test_reading_where_there_is_no_store_says_so_and_creates_nothing(tmp_path):
    with pytest.raises(StoreMissing, match="Make one with `okr run`, or an empty one with `okr store upgrade`"):
        open_store(f"sqlite:///{tmp_path}/none/okr.db").observations()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.postgres
def test_a_wrong_database_is_explained_at_once_and_without_the_password(postgres_server):
    waits = []
    url = postgres_server.set(database="nowhere", password="hunter2").render_as_string(hide_password=False)
    with pytest.raises(StoreMissing) as caught:
        open_store(url, sleep=waits.append).runs()
    assert "hunter2" not in str(caught.value)
    assert waits == []


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        (psycopg.errors.InsufficientPrivilege("permission denied for schema public"), "the login that owns its tables"),
        (psycopg.errors.ReadOnlySqlTransaction("cannot execute INSERT"), "the server that is written to"),
        (psycopg.ProgrammingError('invalid connection option "sslmdoe"'), "what the URL says after its '?'"),
        (psycopg.errors.UndefinedTable('relation "runs" does not exist'), "Run `okr store doctor`"),
    ],
)
def test_what_postgres_refuses_is_explained_with_what_to_do(error, advice):
    told = str(translated(error, "postgresql+psycopg://okr:***@db/okr"))
    assert str(error) in told
    assert advice in told


def test_a_file_that_is_no_database_is_explained(tmp_path):
    (tmp_path / "okr.db").write_text("not a database, but long enough to look like a page of one" * 100)
    with pytest.raises(StoreRefused, match="doctor"):
        open_store(f"sqlite:///{tmp_path}/okr.db").require_current()


def transition():
    row = {"episode": "e", "key_result": "c/a", "rule": "behind", "from_state": "ok", "to_state": "firing"}
    return pd.DataFrame([row | {"as_of": datetime(2013, 5, 18, tzinfo=UTC), "reason": None}])


def test_opening_upgrading_and_examining_a_store_needs_no_pandas(tmp_path):
    program = (
        "import sys; from okr_pipeline.store import open_store\n"
        f"store = open_store('sqlite:///{tmp_path}/okr.db'); store.upgrade(); store.require_current(); store.doctor()\n"
        "sys.exit('pandas' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
