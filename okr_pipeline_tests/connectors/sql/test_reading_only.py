"""No query changes or reaches anything: refused when it is read, and again by the engine if that is got around.

Every row of the table is put to every engine and login on purpose: what is no SQL there has to be refused as well.
"""

from datetime import timedelta

import pytest

from connectors.contract import DataPointBatch, ReadFailure
from connectors.errors import AuthError, ConfigError, ConnectorError, ContractError
from connectors.sql.database import open_database
from connectors.sql.failures import translated
from connectors.sql.rows import Caps
from connectors.watching import Watch
from okr_pipeline_tests.connectors.conformance import FACTS, MARCH
from okr_pipeline_tests.connectors.sql.places import LOGINS, shared

BYPASSES = [
    # Changing rows and tables
    "INSERT INTO facts (team) VALUES ('planted')",
    "DELETE FROM facts",
    "UPDATE facts SET amount = 0",
    "REPLACE INTO facts (team) VALUES ('planted')",
    "TRUNCATE TABLE facts",
    "DROP TABLE facts",
    "CREATE TABLE planted (x INTEGER)",
    "CREATE TABLE planted AS SELECT 1 AS x",
    "CREATE TEMP TABLE planted (x INTEGER)",
    "SELECT * INTO planted FROM facts",
    "WITH gone AS (DELETE FROM facts RETURNING *) SELECT * FROM gone",
    "WITH new AS (INSERT INTO facts (team) VALUES ('planted') RETURNING *) SELECT * FROM new",
    "WITH a AS (SELECT 1) DELETE FROM facts",
    "EXPLAIN ANALYZE DELETE FROM facts",
    "MERGE INTO facts USING facts AS f ON true WHEN MATCHED THEN DELETE",
    "SELECT * FROM facts FOR UPDATE",
    "SELECT * FROM facts LOCK IN SHARE MODE",
    "LOCK TABLE facts IN ACCESS EXCLUSIVE MODE",
    "SELECT nextval('numbers') AS value",
    "SELECT nextval(numbers) AS value",
    "SELECT setval('numbers', 9) AS value",
    "SELECT planting() AS value",
    # More than one statement, and none that is a query
    "SELECT 1 AS value; DROP TABLE facts",
    "SELECT 1 AS value; SELECT 2 AS value",
    "SELECT 1 AS value;;DELETE FROM facts",
    "SELECT 1 AS value) AS x; DROP TABLE facts; SELECT * FROM (SELECT 1 AS value",
    "SELECT 1 AS value) AS x LIMIT 1; DELETE FROM facts; -- ",
    "DO $$ BEGIN DELETE FROM facts; END $$",
    "DO SLEEP(20)",
    "CALL pragma_version()",
    "PREPARE p AS DELETE FROM facts",
    "EXECUTE IMMEDIATE 'DELETE FROM facts'",
    "BEGIN",
    "COMMIT",
    "VACUUM",
    "NOTIFY planted",
    # What sqlglot and a database could read differently
    "SELECT 1 AS value /*! INTO OUTFILE '{outside}' */",
    "SELECT 1 AS value /*M! INTO OUTFILE '{outside}' */",
    "SELECT /*+ SET_VAR(sql_mode='') MAX_EXECUTION_TIME(0) */ 1 AS value",
    "SELECT 'x\\'; DELETE FROM facts; -- ' AS value",
    "SELECT 1 AS value /* /* */; DELETE FROM facts; /* */ */",
    "SELECT $a$ $b$ $a$; DELETE FROM facts; SELECT $b$ AS value",
    "SELECT E'\\'; DELETE FROM facts; --' AS value",
    "SELECT U&\"pg\\005fread\\005ffile\"('{secret}') AS value",
    "SELECT 1 AS value --\x0bDELETE FROM facts\n; DELETE FROM facts",
    # Settings and limits
    "SET TRANSACTION READ WRITE",
    "SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE",
    "SET SESSION TRANSACTION READ WRITE",
    "SET statement_timeout = 0",
    "SET STATEMENT max_statement_time = 0 FOR SELECT 1 AS value",
    "SET lock_configuration = false",
    "RESET ALL",
    "SELECT set_config('transaction_read_only', 'off', false), now() AS value",
    "SELECT set_config('role', 'none', false) AS value",
    "PRAGMA writable_schema = 1",
    "PRAGMA query_only = 0",
    "SELECT @planted := 1 AS value",
    # Files and other databases
    "ATTACH '{outside}' AS other",
    "ATTACH DATABASE '{outside}' AS other",
    "VACUUM INTO '{outside}'",
    "COPY facts TO '{outside}'",
    "COPY facts FROM '{secret}'",
    "COPY (SELECT 1) TO PROGRAM 'touch {outside}'",
    "EXPORT DATABASE '{outside}'",
    "LOAD DATA INFILE '{secret}' INTO TABLE facts",
    "LOAD DATA LOCAL INFILE '{secret}' INTO TABLE facts",
    "SELECT * FROM facts INTO OUTFILE '{outside}'",
    "SELECT 1 INTO DUMPFILE '{outside}'",
    "INSTALL httpfs",
    "LOAD httpfs",
    "SELECT * FROM read_text('{secret}')",
    "SELECT * FROM read_csv('{secret}')",
    "SELECT * FROM read_blob('{secret}')",
    "SELECT * FROM '{secret}'",
    "FROM '{secret}'",
    "SELECT * FROM glob('{directory}/*')",
    "SELECT * FROM parquet_scan('{secret}')",
    "SELECT content AS value FROM read_text('{secret}')",
    "SELECT pg_read_file('{secret}') AS value",
    "SELECT pg_catalog.pg_read_file('{secret}') AS value",
    "SELECT convert_from(pg_read_binary_file('{secret}'), 'utf8') AS value",
    "SELECT * FROM pg_ls_dir('{directory}')",
    "SELECT lo_import('{secret}') AS value",
    "SELECT lo_export(lo_from_bytea(0, 'x'), '{outside}') AS value",
    "SELECT * FROM dblink('dbname=postgres', 'DELETE FROM facts') AS t(x text)",
    "SELECT load_extension('{secret}') AS value",
    "SELECT writefile('{outside}', 'x') AS value",
    "SELECT readfile('{secret}') AS value",
    "SELECT edit('x', 'touch {outside}; true') AS value",
    "SELECT LOAD_FILE('{secret}') AS value",
    "SELECT getenv('HOME') AS value",
    "SELECT * FROM duckdb_secrets()",
    # Text that is run as SQL
    "SELECT * FROM query('DROP TABLE facts')",
    "SELECT * FROM query_table('{secret}')",
    "SELECT query_to_xml('DELETE FROM facts', true, false, '') AS value",
    "SELECT * FROM ts_stat('DELETE FROM facts')",
    "SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    # Holding up or ending others
    "SELECT pg_terminate_backend(pg_backend_pid()) AS value",
    "SELECT pg_reload_conf() AS value",
    "SELECT pg_advisory_lock(1) AS value",
    "SELECT pg_sleep(20) AS value",
    "SELECT GET_LOCK('planted', 1) AS value",
    "SELECT SLEEP(20) AS value",
    "SELECT BENCHMARK(1000000000, SHA2('x', 512)) AS value",
    "KILL 1",
    "SHUTDOWN",
]
HARMLESS = {
    "SELECT 'x\\'; DELETE FROM facts; -- ' AS value": {"mysql"},
    "SELECT E'\\'; DELETE FROM facts; --' AS value": {"postgres", "duckdb"},
    "SELECT 1 AS value /* /* */; DELETE FROM facts; /* */ */": {"postgres", "duckdb"},
    "SELECT /*+ SET_VAR(sql_mode='') MAX_EXECUTION_TIME(0) */ 1 AS value": {"sqlite", "postgres", "duckdb"},
}
"""There the whole of it is one text, or a comment, which is not sent: it fails only for want of a period."""
ONLY_REFUSED_WHEN_READ = {
    ("mysql", "superuser"): {"SELECT GET_LOCK('planted', 1) AS value", "SELECT LOAD_FILE('{secret}') AS value"},
    ("mysql", "reader"): {"SELECT GET_LOCK('planted', 1) AS value"},
}
"""What nothing but the first look stops. Of files, a login without the privilege FILE has none to read."""


@pytest.fixture(scope="module", params=LOGINS)
def place(request, tmp_path_factory):
    engine, login = request.param
    directory = tmp_path_factory.mktemp(f"{engine}-{login}")
    (directory / "secret.csv").write_text("secret\n")
    directory.chmod(0o777)
    with shared(request, directory, engine, login) as made:
        yield made


@pytest.fixture(scope="module")
def source(place):
    opened = place.open(statement_timeout="2s")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def database(place):
    """The connector's sessions without the look that comes before them."""
    opened = open_database(place.url, place.directory, timedelta(milliseconds=500), 1)
    yield opened
    opened.close()


def hostile(place, query: str) -> str:
    return (
        query.replace("{outside}", str(place.directory / "outside"))
        .replace("{secret}", str(place.directory / "secret.csv"))
        .replace("{directory}", str(place.directory))
    )


def sent_unchecked(database, query):
    try:
        with translated(database, database.opening.url), Watch(timedelta(seconds=1)) as watch:
            return database.fetch(query, {}, Caps(10, 10_000), watch)
    except ConnectorError:
        return None


@pytest.mark.parametrize("query", BYPASSES)
def test_it_is_refused_by_name_with_what_to_do(place, source, query):
    [outcome] = source.read([place.query("planted", hostile(place, query))], MARCH)
    assert isinstance(outcome, ReadFailure), outcome
    harmless = place.engine in HARMLESS.get(query, ())
    assert isinstance(outcome.error, ContractError if harmless else (ConfigError, AuthError)), outcome
    assert str(outcome.error).startswith("Metric planted: ")
    assert str(outcome.error).count(". ") >= 1


@pytest.mark.parametrize("query", BYPASSES)
def test_the_engine_alone_lets_nothing_happen(place, database, query):
    rows = sent_unchecked(database, hostile(place, query))
    if query in ONLY_REFUSED_WHEN_READ.get((place.engine, place.login), ()):
        assert rows is not None
    else:
        assert rows is None or "secret" not in rows.to_string().replace("secret.csv", "")


def test_after_all_of_it_nothing_has_changed(place, source):
    """Stands last: neither for others nor in the sessions that all of it went through."""
    [batch] = source.read([place.query("amount", "SELECT day AS period, team, amount AS value FROM facts")], MARCH)
    assert isinstance(batch, DataPointBatch)
    files = {path.name for path in place.directory.iterdir()}
    assert files <= {"secret.csv", "facts.db", "facts.duckdb"}
    assert batch.points["value"].count() == sum(fact.amount is not None for fact in FACTS)
    assert tables(place) == {"facts"}
    assert not is_used(place)


def is_used(place) -> bool:
    """Whether a number was drawn from the sequence."""
    if place.engine == "postgres":
        return bool(asked(place, "SELECT is_called FROM numbers").iloc[0, 0])
    return place.engine == "mysql" and asked(place, "SELECT next_not_cached_value FROM numbers").iloc[0, 0] > 1


def tables(place) -> set[str]:
    listing = {
        "sqlite": "SELECT name FROM sqlite_schema",
        "duckdb": "SELECT table_name FROM information_schema.tables",
        "postgres": "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind <> 'S'",
        "mysql": "SELECT table_name FROM information_schema.tables WHERE table_schema = database() AND table_type <> 'SEQUENCE'",
    }
    return set(asked(place, listing[place.engine]).iloc[:, 0])


def asked(place, query):
    """By the owner, over a connection of its own."""
    database = open_database(place.subject.url, place.directory, timedelta(seconds=20), 1)
    with Watch(timedelta(seconds=20)) as watch:
        found = database.fetch(query, {}, Caps(100, 100_000), watch)
    database.close()
    return found


@pytest.mark.parametrize("place", [LOGINS[1]], indirect=True)
def test_duckdb_cannot_read_the_variables_of_this_program(place, source):
    import pandas as pd

    planted = pd.DataFrame({"period": ["2013-03-09"], "value": [1.0], "team": ["x"]})
    [outcome] = source.read([place.query("planted", "SELECT * FROM planted")], MARCH)
    assert isinstance(outcome.error, ConfigError)
    assert len(planted) == 1


@pytest.mark.parametrize("place", LOGINS[2:4], indirect=True)
def test_a_postgres_session_stays_as_it_is_for_the_next_query(place, database):
    """A query that changes its session's settings changes them for no other."""
    sent_unchecked(
        database, "SELECT set_config('statement_timeout', '0', false), set_config('TimeZone', 'Asia/Tokyo', false)"
    )
    sent_unchecked(
        database, "SELECT set_config('role', 'none', false), set_config('standard_conforming_strings', 'off', false)"
    )
    shown = "SELECT " + ", ".join(
        f"current_setting('{name}') AS {name}"
        for name in (
            "statement_timeout",
            "TimeZone",
            "transaction_read_only",
            "standard_conforming_strings",
            "is_superuser",
        )
    )
    assert sent_unchecked(database, shown).iloc[0].tolist() == ["500ms", "UTC", "on", "on", "off"]


@pytest.mark.parametrize("place", [LOGINS[2]], indirect=True)
def test_a_postgres_superuser_is_told_of_rows_that_it_would_not_see(place, source):
    """It reads as a role that row security holds for; to leave rows out silently would be worse than to fail."""
    place.subject.execute("CREATE TABLE hidden (day DATE, amount INT)")
    place.subject.execute("ALTER TABLE hidden ENABLE ROW LEVEL SECURITY")
    [outcome] = source.read(
        [place.query("m", "SELECT day AS period, amount AS value FROM hidden", dimensions=())], MARCH
    )
    place.subject.execute("DROP TABLE hidden")
    assert "row-level security" in str(outcome.error)
