"""A query ends at its timeout, at its caps, or when nobody wants it any more, whatever the query is."""

import os
import resource
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest

from connectors.contract import DataPointBatch, ReadFailure
from connectors.errors import ConnectorError, DataError, TransientError
from connectors.sql.database import open_database
from connectors.sql.failures import translated
from connectors.sql.rows import Caps
from connectors.watching import Watch
from okr_pipeline_tests.connectors.conformance import MARCH
from okr_pipeline_tests.connectors.sql.places import ENGINES, shared

ROOMY = Caps(1_000_000, 1 << 30)
ENDLESS = {
    "sqlite": [
        "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT max(i) AS value FROM r",
        "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT i AS period, i AS value FROM r WHERE i < 0",
    ],
    "duckdb": [
        "SELECT count(*) AS value FROM range(10000000000) a, range(10000000000) b WHERE a.range + b.range > 5",
        "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT max(i) AS value FROM r",
    ],
    "postgres": [
        "SELECT count(*) AS value FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b",
        "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT max(i) AS value FROM r WHERE i < 0",
    ],
    "mysql": [
        "SELECT count(*) AS value FROM seq_1_to_100000000 a, seq_1_to_100000000 b WHERE a.seq + b.seq < 0",
        "SELECT sum(sqrt(a.seq * b.seq)) AS value FROM seq_1_to_100000000 a, seq_1_to_100000000 b",
    ],
}
MILLION_ROWS = {
    "sqlite": "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r WHERE i < 900000) SELECT i AS period, repeat AS value FROM r, (SELECT replace(hex(zeroblob(500)), '00', 'ab') AS repeat)",
    "duckdb": "SELECT range AS period, repeat('ab', 500) AS value FROM range(900000)",
    "postgres": "SELECT i AS period, repeat('ab', 500) AS value FROM generate_series(1, 900000) AS i",
    "mysql": "SELECT seq AS period, repeat('ab', 500) AS value FROM seq_1_to_900000",
}
ROWS_WITHOUT_END = {
    "sqlite": "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT i AS value FROM r",
    "duckdb": "SELECT range AS value FROM range(1000000000000)",
    "postgres": "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT i AS value FROM r",
    "mysql": "SELECT seq AS value FROM seq_1_to_1000000000000",
}
ONE_GREAT_VALUE = {
    "sqlite": "SELECT zeroblob(900000000) AS value",
    "duckdb": "WITH RECURSIVE r AS (SELECT 'abcdefgh' AS s UNION ALL SELECT s || s FROM r WHERE length(s) < 30000000) SELECT s AS value FROM r ORDER BY length(s) DESC LIMIT 1",
    "postgres": "SELECT repeat('x', 100000000) AS value",
    "mysql": "SELECT repeat('x', 10000000) AS value",
}


@pytest.fixture(scope="module", params=ENGINES)
def place(request, tmp_path_factory):
    engine, login = request.param
    directory = tmp_path_factory.mktemp(engine)
    directory.chmod(0o755)
    with shared(request, directory, engine, login) as made:
        yield made


@contextmanager
def opened(place, timeout):
    database = open_database(place.url, place.directory, timeout, 1)
    try:
        database.connect()
        yield database
    finally:
        database.close()


def peak_mebibytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@pytest.mark.parametrize("number", [0, 1])
def test_an_endless_query_is_stopped_at_the_timeout(place, number):
    source = place.open(statement_timeout="200ms")
    [outcome] = source.read([place.query("endless", ENDLESS[place.engine][number], dimensions=())], MARCH)
    source.close()
    assert isinstance(outcome, ReadFailure)
    assert isinstance(outcome.error, TransientError)
    assert "Metric endless: " in str(outcome.error)
    assert "statement_timeout" in str(outcome.error)


class Telling(Watch):
    """A watch that tells when something runs."""

    def __init__(self, timeout):
        super().__init__(timeout)
        self.running = threading.Event()

    @contextmanager
    def over(self, stop, grace=timedelta(0)):
        with super().over(stop, grace):
            self.running.set()
            yield


def test_a_cancelled_query_ends_long_before_its_timeout(place):
    """And the database does not go on with it."""
    ended = []
    with opened(place, timedelta(minutes=10)) as database, Telling(timedelta(minutes=10)) as watch:

        def run():
            try:
                with translated(database, database.opening.url):
                    database.fetch(ENDLESS[place.engine][0], {}, ROOMY, watch)
            except ConnectorError as error:
                ended.append(type(error))

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        assert watch.running.wait(30)
        watch.cancel()
        thread.join(30)
    assert ended == [TransientError]
    assert running_on_the_server(place) == 0


def running_on_the_server(place) -> int:
    counted = {
        "postgres": "SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%generate_series%' AND state = 'active' AND pid <> pg_backend_pid()",
        "mysql": "SELECT count(*) FROM information_schema.processlist WHERE info LIKE '%seq_1_to%' AND id <> connection_id()",
    }
    if place.engine not in counted:
        return 0
    database = open_database(place.subject.url, place.directory, timedelta(seconds=20), 1)
    with Watch(timedelta(seconds=20)) as watch:
        found = database.fetch(counted[place.engine], {}, ROOMY, watch)
    database.close()
    return int(found.iloc[0, 0])


def test_closing_the_source_stops_what_a_read_still_runs(place):
    """An interrupt comes where the numbers are used as well as where they are read; what is left is closed."""
    source = place.open(statement_timeout="10m", concurrency=2)
    endless = [
        place.query(str(number), f"{query} LIMIT {number + 1}", dimensions=())
        for number, query in enumerate(ENDLESS[place.engine])
    ]
    quick = place.query("quick", "SELECT day AS period, amount AS value FROM facts WHERE 1 = 0", dimensions=())
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.extend(source.read([*endless, quick], MARCH)), daemon=True)
    thread.start()
    while source._watch is None or not source._watch._calls:
        thread.join(0.02)
    source.close()
    thread.join(30)
    assert not thread.is_alive()
    assert {it.metric for it in outcomes if isinstance(it, ReadFailure)} >= {"0", "1"}


@pytest.mark.parametrize("place", ENGINES[1:3], indirect=True)
def test_an_interrupted_program_ends_at_once(place):
    """Where a library runs the query, and where a server does."""
    script = (
        "import sys, pathlib, signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background jobs ignore it\n"
        "from connectors.contract import *\n"
        "from connectors.sql import CONNECTOR, SqlRequest, SqlSettings\n"
        "from datetime import datetime, UTC\n"
        "url, directory, query = sys.argv[1:]\n"
        "at = pathlib.Path(directory)\n"
        "source = CONNECTOR.open(SqlSettings(url=url, statement_timeout='10m'), Context(at, at))\n"
        "source.check()\n"
        "request = MetricRequest('m', 'day', 'UTC', (), SqlRequest(query=query))\n"
        "print('reading', flush=True)\n"
        "list(source.read([request], Window(datetime(2013, 1, 1, tzinfo=UTC), datetime(2014, 1, 1, tzinfo=UTC))))\n"
    )
    command = [sys.executable, "-c", script, place.url, str(place.directory), ENDLESS[place.engine][0]]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as program:
        assert program.stdout.readline() == b"reading\n"
        os.kill(program.pid, signal.SIGINT)
        try:
            _, errors = program.communicate(timeout=120)
        finally:
            program.kill()
    assert b"KeyboardInterrupt" in errors
    assert running_on_the_server(place) == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [({"max_rows": 1_000}, "more than 1,000 rows"), ({"max_bytes": 1_000_000}, "larger than 1,000,000 bytes")],
    ids=["rows", "bytes"],
)
def test_a_long_answer_is_refused_while_it_arrives(place, settings, message):
    """A gigabyte of rows, of which no more than the caps is ever kept."""
    before = peak_mebibytes()
    source = place.open(**settings)
    [outcome] = source.read([place.query("long", MILLION_ROWS[place.engine], dimensions=())], MARCH)
    source.close()
    assert isinstance(outcome.error, DataError), outcome
    assert message in str(outcome.error)
    assert peak_mebibytes() - before < 200


def test_rows_without_end_are_refused_and_stopped_long_before_the_timeout(place):
    with opened(place, timedelta(minutes=10)) as database, Watch(timedelta(minutes=10)) as watch:
        with pytest.raises(DataError, match="more than 1,000 rows"):
            database.fetch(ROWS_WITHOUT_END[place.engine], {}, Caps(1_000, 1_000_000), watch)
        after = database.fetch("SELECT count(*) FROM facts", {}, ROOMY, watch)
    assert after.iloc[0, 0] == 8


def test_a_great_value_is_refused(place):
    """Sent as though the look at the query had let it pass; a value has to arrive before it can be measured."""
    with opened(place, timedelta(seconds=30)) as database, Watch(timedelta(seconds=30)) as watch:
        before = peak_mebibytes()
        with pytest.raises(ConnectorError), translated(database, database.opening.url):
            database.fetch(ONE_GREAT_VALUE[place.engine], {}, Caps(10, 1_000_000), watch)
        assert peak_mebibytes() - before < 1_024
        after = database.fetch("SELECT count(*) FROM facts", {}, ROOMY, watch)
    assert after.iloc[0, 0] == 8


def test_after_a_refused_answer_the_next_is_whole(place):
    source = place.open(max_bytes=10_000, concurrency=1)
    requests = [
        place.query("long", MILLION_ROWS[place.engine], dimensions=()),
        place.query("short", "SELECT day AS period, amount AS value FROM facts", dimensions=()),
    ]
    outcomes = list(source.read(requests, MARCH))
    source.close()
    [short] = [it for it in outcomes if isinstance(it, DataPointBatch)]
    assert len(short.points) == 8
