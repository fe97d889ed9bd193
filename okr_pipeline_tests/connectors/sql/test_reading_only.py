"""No query changes or reaches anything: refused when it is read, and again by the engine if that is got around."""

from datetime import timedelta

import pytest

from connectors.contract import ReadFailure
from connectors.errors import ConfigError, ConnectorError, TransientError
from connectors.sql.database import open_database
from connectors.sql.failures import translated
from okr_pipeline_tests.connectors.conformance import FACTS, MARCH
from okr_pipeline_tests.connectors.subjects import DuckDbSubject, PostgresSubject, SqliteSubject

ENGINES = [
    pytest.param(SqliteSubject, id="sqlite"),
    pytest.param(DuckDbSubject, id="duckdb"),
    pytest.param(PostgresSubject, id="postgres", marks=pytest.mark.postgres),
]
BYPASSES = [
    "INSERT INTO facts (team) VALUES ('planted')",
    "DELETE FROM facts",
    "UPDATE facts SET amount = 0",
    "DROP TABLE facts",
    "CREATE TABLE planted (x INTEGER)",
    "CREATE TEMP TABLE planted (x INTEGER)",
    "SET TRANSACTION READ WRITE",
    "SET statement_timeout = 0",
    "BEGIN",
    "PRAGMA writable_schema = 1",
    "PRAGMA query_only = 0",
    "ATTACH '{outside}' AS other",
    "ATTACH DATABASE '{outside}' AS other",
    "VACUUM INTO '{outside}'",
    "COPY facts TO '{outside}'",
    "COPY (SELECT 1) TO PROGRAM 'touch {outside}'",
    "EXPORT DATABASE '{outside}'",
    "INSTALL httpfs",
    "CALL pragma_version()",
    "EXPLAIN ANALYZE DELETE FROM facts",
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM glob('{directory}/*')",
    "SELECT pg_read_file('{secret}') AS value",
    "SELECT lo_import('{secret}') AS value",
    "SELECT load_extension('{secret}') AS value",
    "SELECT writefile('{outside}', 'x') AS value",
    "SELECT set_config('transaction_read_only', 'off', false), now() AS value",
    "SELECT 1 AS value; DROP TABLE facts",
    "SELECT 1 AS value; SELECT 2 AS value",
    "SELECT 1 AS value) AS x; DROP TABLE facts; SELECT * FROM (SELECT 1 AS value",
    "WITH gone AS (DELETE FROM facts RETURNING *) SELECT * FROM gone",
    "WITH new AS (INSERT INTO facts (team) VALUES ('planted') RETURNING *) SELECT * FROM new",
    "SELECT * INTO planted FROM facts",
    "SELECT * FROM facts FOR UPDATE",
    "SELECT nextval('planted') AS value",
    "SELECT * FROM query('DROP TABLE facts')",
    "SELECT query_to_xml('DELETE FROM facts', true, false, '') AS value",
    "SELECT pg_terminate_backend(pg_backend_pid()) AS value",
    "SELECT getenv('HOME') AS value",
]
ENDLESS = {
    "sqlite": "WITH RECURSIVE r(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM r) SELECT max(i) AS value FROM r",
    "duckdb": "SELECT count(*) AS value FROM range(10000000000) a, range(10000000000) b WHERE a.range + b.range > 5",
    "postgres": "SELECT count(*) AS value FROM generate_series(1, 1000000) a, generate_series(1, 1000000) b",
}


@pytest.fixture(params=ENGINES)
def place(request):
    made = request.param(request)
    made.write(FACTS)
    (made.directory / "secret.csv").write_text("secret\n")
    return made


def hostile(place, query: str) -> str:
    return query.format(
        outside=place.directory / "outside", secret=place.directory / "secret.csv", directory=place.directory
    )


def count(place) -> int:
    source = place.open()
    [batch] = source.read([place.request("amount")], MARCH)
    source.close()
    return len(batch.points)


@pytest.mark.parametrize("query", BYPASSES)
def test_nothing_happens(place, query):
    """Neither as it is configured nor, as though its check had let it pass, by the engine alone."""
    query = hostile(place, query)
    [outcome] = refusing(place.open(), [place.query("planted", query)])
    assert "planted" in str(outcome.error)
    rows = sent_unchecked(place, query)
    assert rows is None or "secret" not in rows.to_string()
    assert untouched(place)


def refusing(source, requests) -> list[ReadFailure]:
    outcomes = list(source.read(requests, MARCH))
    source.close()
    assert all(isinstance(outcome.error, ConnectorError) for outcome in outcomes)
    return outcomes


def sent_unchecked(place, query):
    database = open_database(place.url, place.directory, timedelta(seconds=30), 1)
    try:
        with translated(database, database.opening.url):
            return database.fetch(query, {}, limit=10)
    except ConnectorError:
        return None
    finally:
        database.close()


def untouched(place) -> bool:
    files = {path.name for path in place.directory.iterdir()}
    return count(place) == len(FACTS) and files <= {"secret.csv", "facts.db", "facts.duckdb"}


def test_an_endless_query_is_stopped_at_the_timeout(place):
    source = place.open(statement_timeout="300ms")
    [outcome] = refusing(source, [place.query("endless", ENDLESS[source.database.dialect], dimensions=())])
    assert isinstance(outcome.error, TransientError)
    assert "statement_timeout" in str(outcome.error)


def test_duckdb_cannot_read_the_variables_of_this_program(request):
    import pandas as pd

    planted = pd.DataFrame({"period": ["2013-03-09"], "value": [1.0], "team": ["x"]})
    place = DuckDbSubject(request)
    place.write(FACTS)
    source = place.open()
    [outcome] = source.read([place.query("planted", "SELECT * FROM planted")], MARCH)
    source.close()
    assert isinstance(outcome.error, ConfigError)
    assert len(planted) == 1


@pytest.mark.postgres
def test_a_postgres_session_stays_read_only_and_timed_for_the_next_query(request):
    """A query that changes its session's settings changes them for no other."""
    place = PostgresSubject(request)
    place.write(FACTS)
    database = open_database(place.url, place.directory, timedelta(seconds=7), 1)
    database.fetch(
        "SELECT set_config('statement_timeout', '0', false), set_config('TimeZone', 'Asia/Tokyo', false)", {}, 1
    )
    shown = "SELECT current_setting('statement_timeout') a, current_setting('TimeZone') b, current_setting('transaction_read_only') c"
    assert database.fetch(shown, {}, 1).iloc[0].tolist() == ["7s", "UTC", "on"]
    database.close()
