"""What each warehouse is told, what it refuses, and what it means by its errors."""

import gzip
import hashlib
import json
import re
import sys
import urllib.request
from base64 import b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import quote

import clickhouse_connect.driver.exceptions as clickhouse_errors
import databricks.sql.exc as databricks_errors
import google.api_core.exceptions as google_errors
import google.auth.exceptions as google_login_errors
import jwt
import pytest
import snowflake.connector.errors as snowflake_errors
import sqlalchemy as sa
import sqlglot
import trino.exceptions as trino_errors
import urllib3
import urllib3.exceptions as urllib3_errors
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from sqlglot import exp

from connectors.contract import Context, DataPointBatch, MetricRequest, ReadFailure, Window
from connectors.errors import AuthError, ConfigError, DataError, TransientError
from connectors.sql import CONNECTOR, SqlRequest, SqlSettings
from connectors.sql.database import open_database
from connectors.sql.failures import translated
from connectors.sql.statement import statement
from okr_pipeline_tests.connectors.conformance import FACTS, MARCH, SECRET
from okr_pipeline_tests.connectors.http.keys import key_pair
from okr_pipeline_tests.connectors.http.server import Reply, Seen, Server, json_reply, reply
from okr_pipeline_tests.connectors.sql import warehouses

URLS = {
    "snowflake": "snowflake://reader:pw@account/shop/public?warehouse=small",
    "bigquery": "bigquery://project/shop",
    "redshift": "redshift://reader:pw@host/shop",
    "databricks": "databricks://token:pw@host?http_path=/sql/1.0/warehouses/1",
    "trino": "trino://reader@host:8080/shop/public",
    "clickhouse": "clickhousedb://reader:pw@host/shop",
}
WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
BOUND = "happened_at >= :window_start AND happened_at < :window_end"
QUERIES = [
    f"SELECT day AS period, team, sum(amount) AS value FROM facts WHERE {BOUND} GROUP BY day, team",
    f"WITH few AS (SELECT * FROM facts WHERE {BOUND}) SELECT day AS period, count(*) AS value FROM few GROUP BY day;",
    f"SELECT CAST(:window_start AS DATE) AS period, 1 AS value -- a remark\nUNION ALL SELECT day, 2 FROM facts WHERE {BOUND}",
]


def database(dialect):
    return open_database(URLS[dialect], Path(), timedelta(seconds=20), 4)


def proved(dialect, query):
    found = database(dialect)
    return statement(query, found.dialect, found.written, WINDOW)


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("dialect", URLS)
def test_a_query_and_its_bounds_are_the_dialects_own_as_sqlglot_reads_it(dialect, query):
    asked = proved(dialect, query)
    tree = sqlglot.parse_one(f"SELECT * FROM (\n{asked.sql}\n) AS metric LIMIT 11", dialect=dialect)
    assert isinstance(tree, exp.Select)
    assert asked.parameters == {"window_start": WINDOW.start, "window_end": WINDOW.end}
    if dialect == "bigquery":
        assert {it.name for it in tree.find_all(exp.Parameter)} == {"window_start", "window_end"}
    else:
        assert "2026-01-01" in asked.sql
        assert not list(tree.find_all(exp.Parameter, exp.Placeholder))


REFUSED = [
    *((dialect, text) for dialect in URLS for text in (
        "DELETE FROM facts", "SELECT 1; SELECT 2", "INSERT INTO facts SELECT 1", "DROP TABLE facts", "MERGE INTO a USING b ON a.x = b.x WHEN MATCHED THEN DELETE",
        "SELECT 1 FROM facts WHERE x = :other",
    )),
    ("snowflake", "SELECT $1 FROM @stage/file.csv"), ("snowflake", "SELECT SYSTEM$WAIT(60)"),
    ("snowflake", "SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))"), ("snowflake", "CALL procedure_of_theirs()"),
    ("bigquery", "SELECT * FROM EXTERNAL_QUERY('c', 'SELECT 1')"), ("bigquery", "EXPORT DATA OPTIONS (uri='gs://b/*') AS SELECT 1"),
    ("bigquery", "DECLARE x INT64; SELECT 1"), ("bigquery", "SELECT @other"),
    ("redshift", "UNLOAD ('SELECT 1') TO 's3://b/'"), ("redshift", "COPY facts FROM 's3://b/'"), ("redshift", "SELECT pg_terminate_backend(1)"),
    ("databricks", "SELECT * FROM read_files('/etc')"), ("databricks", "SELECT reflect('java.lang.System', 'getenv')"),
    ("databricks", "SELECT secret('scope', 'key')"), ("databricks", "COPY INTO facts FROM '/x' FILEFORMAT = CSV"),
    ("trino", "SELECT * FROM TABLE(pg.system.query(query => 'DELETE FROM x'))"), ("trino", "CALL system.runtime.kill_query('1')"),
    ("clickhouse", "SELECT * FROM url('http://x', CSV, 'a Int')"), ("clickhouse", "SELECT * FROM file('/etc/passwd')"),
    ("clickhouse", "SELECT 1 SETTINGS max_execution_time = 0"), ("clickhouse", "SELECT 1 INTO OUTFILE 'x'"),
    ("clickhouse", "SELECT sleep(3)"), ("clickhouse", "SELECT * FROM remote('host', db.t)"), ("clickhouse", "SYSTEM SHUTDOWN"),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "query"), REFUSED)
def test_what_does_more_than_read_is_refused_before_it_is_sent(dialect, query):
    with pytest.raises(ConfigError):
        proved(dialect, query)


def test_a_path_into_json_is_no_parameter():
    asked = proved("snowflake", "SELECT payload:window_start AS period, 1 AS value FROM t WHERE d >= :window_start")
    assert set(asked.parameters) == {"window_start"}
    assert "payload:window_start" in asked.sql


@pytest.mark.parametrize("dialect", URLS)
def test_an_option_that_could_lift_a_limit_is_refused(dialect):
    separator = "&" if "?" in URLS[dialect] else "?"
    with pytest.raises(ConfigError, match="has the option session_parameters, which is not known"):
        open_database(f"{URLS[dialect]}{separator}session_parameters=1", Path(), timedelta(seconds=20), 4)


@pytest.mark.parametrize(
    ("dialect", "package"),
    [("snowflake", "snowflake.connector"), ("bigquery", "google.cloud"), ("databricks", "databricks"), ("trino", "trino"),
     ("clickhouse", "clickhouse_connect"), ("redshift", "psycopg")],
)  # fmt: skip
def test_a_missing_driver_is_told_with_its_extra(dialect, package, monkeypatch):
    for name in [it for it in sys.modules if it.startswith(("connectors.sql.snowflake", "connectors.sql.bigquery",
                 "connectors.sql.databricks", "connectors.sql.trino", "connectors.sql.clickhouse", "connectors.sql.redshift"))]:  # fmt: skip
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ConfigError, match=re.escape(f"Install okr-pipeline[{dialect}].")):
        database(dialect)


SIGNED = "eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJva3IifQ.c2lnbmVk"
STATE = "[X] message. SQLSTATE: {}"
FAILURES = [
    ("snowflake", snowflake_errors.ProgrammingError("SQL compilation error:\nObject X does not exist", errno=2003, sqlstate="42S02"), ConfigError),
    ("snowflake", snowflake_errors.ProgrammingError("no right", errno=3001, sqlstate="42501"), AuthError),
    ("snowflake", snowflake_errors.ProgrammingError("stopped", errno=630, sqlstate="57014"), TransientError),
    ("snowflake", snowflake_errors.ProgrammingError("Division by zero", errno=100051, sqlstate="22012"), DataError),
    ("snowflake", snowflake_errors.DatabaseError("Incorrect username or password was specified.", errno=250001, sqlstate="08001"), AuthError),
    ("snowflake", snowflake_errors.OperationalError("could not connect", errno=250001, sqlstate="08001"), TransientError),
    ("bigquery", google_errors.BadRequest("Unrecognized name", errors=[{"reason": "invalidQuery"}]), ConfigError),
    ("bigquery", google_errors.InternalServerError("limit", errors=[{"reason": "bytesBilledLimitExceeded"}]), ConfigError),
    ("bigquery", google_errors.Forbidden("no", errors=[{"reason": "accessDenied"}]), AuthError),
    ("bigquery", google_errors.Forbidden("slowly", errors=[{"reason": "rateLimitExceeded"}]), TransientError),
    ("bigquery", google_errors.NotFound("no table"), ConfigError),
    ("bigquery", google_errors.ServiceUnavailable("away"), TransientError),
    ("bigquery", google_login_errors.DefaultCredentialsError("none"), AuthError),
    ("databricks", databricks_errors.ServerOperationError(STATE.format("42P01")), ConfigError),
    ("databricks", databricks_errors.ServerOperationError(STATE.format("22012")), DataError),
    ("databricks", databricks_errors.ServerOperationError(STATE.format("42501")), AuthError),
    ("databricks", databricks_errors.RequestError("Error during request: 403 Permission denied"), AuthError),
    ("databricks", databricks_errors.RequestError("Invalid access token"), AuthError),
    ("databricks", databricks_errors.RequestError("connection lost"), TransientError),
    ("databricks", urllib3_errors.MaxRetryError(urllib3.HTTPSConnectionPool("host"), "/sql", OSError("refused")), TransientError),
    ("trino", trino_errors.TrinoUserError({"errorName": "TABLE_NOT_FOUND", "errorType": "USER_ERROR", "message": "m"}, "1"), ConfigError),
    ("trino", trino_errors.TrinoUserError({"errorName": "DIVISION_BY_ZERO", "errorType": "USER_ERROR", "message": "m"}, "1"), DataError),
    ("trino", trino_errors.TrinoUserError({"errorName": "PERMISSION_DENIED", "errorType": "USER_ERROR", "message": "m"}, "1"), AuthError),
    ("trino", trino_errors.TrinoQueryError({"errorName": "EXCEEDED_TIME_LIMIT", "errorType": "INSUFFICIENT_RESOURCES", "message": "m"}, "1"), TransientError),
    ("trino", trino_errors.HttpError("error 401: unauthorized"), AuthError),
    ("trino", trino_errors.Http503Error("error 503"), TransientError),
    ("clickhouse", clickhouse_errors.DatabaseError("Unknown table", code=60), ConfigError),
    ("clickhouse", clickhouse_errors.DatabaseError("readonly", code=164), ConfigError),
    ("clickhouse", clickhouse_errors.DatabaseError("no right", code=497), AuthError),
    ("clickhouse", clickhouse_errors.DatabaseError("login", code=516), AuthError),
    ("clickhouse", clickhouse_errors.DatabaseError("timeout", code=159), TransientError),
    ("clickhouse", clickhouse_errors.DatabaseError("division", code=153), DataError),
    ("clickhouse", clickhouse_errors.OperationalError("cannot connect"), TransientError),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "error", "kind"), FAILURES)
def test_errors_of_drivers_become_ours(dialect, error, kind):
    with pytest.raises(kind) as caught, translated(database(dialect), sa.make_url(URLS[dialect])):
        raise error
    assert type(caught.value) is kind
    assert "pw" not in str(caught.value).split()


def test_a_login_is_hidden_as_drivers_send_it():
    sent = b64encode(b"reader:pw").decode()
    with pytest.raises(AuthError) as caught, translated(database("clickhouse"), sa.make_url(URLS["clickhouse"])):
        raise clickhouse_errors.DatabaseError(f"you sent Basic {sent} and assertion={SIGNED}", code=516)
    assert "you sent Basic *** and assertion=***. " in str(caught.value)


@pytest.mark.parametrize("text", ["no JSON", '"a text"', "{}", '{"type": "service_account", "private_key": "x"}'])
def test_a_key_that_cannot_be_read_is_told_without_it(text):
    url = f"bigquery://project/shop?credentials_base64={quote(b64encode(text.encode()))}"
    source = CONNECTOR.open(SqlSettings(url=url), Context(Path(), Path()))
    with pytest.raises(ConfigError) as caught:
        source.check()
    assert text not in str(caught.value)


def test_snowflakes_second_line_says_what_it_is():
    with (
        pytest.raises(ConfigError, match="Object X does not exist"),
        translated(database("snowflake"), sa.make_url(URLS["snowflake"])),
    ):
        raise FAILURES[0][1]


@pytest.fixture
def bigquery(request):
    place = warehouses.BigQuerySubject(request)
    place.write(FACTS)
    return place


def jobs(place) -> list[dict]:
    return [
        json.loads(seen.body)["configuration"]
        for seen in place.server.seen
        if seen.method == "POST" and seen.path.endswith("/jobs")
    ]


def shared(place, metrics, **settings):
    """Metrics of one shared query, each with its own team."""
    query = f"SELECT day AS period, team, amount AS value FROM facts WHERE {BOUND}"
    source = place.open(queries={"facts": query}, **settings)
    requests = [
        MetricRequest(
            name, "day", "UTC", (), SqlRequest(query="facts", rows={"team": team}, columns={"period": "period"})
        )
        for name, team in metrics
    ]
    outcomes = list(source.read(requests, MARCH))
    source.close()
    return {metric: len(it.points[it.points["metric"] == metric]) for it in outcomes for metric in it.evidence}


def test_bigquery_is_asked_in_a_dry_run_then_run_within_its_caps_and_labelled(bigquery):
    assert shared(bigquery, [("Sales.North", "north"), ("sales_south", "south")]) == {
        "Sales.North": 4,
        "sales_south": 2,
    }
    look, dry, real = jobs(bigquery)
    assert (look.get("dryRun"), dry.get("dryRun"), real.get("dryRun")) == (True, True, None)
    assert real["labels"] == {"program": "okr-pipeline", "metric": "sales-north", "metrics": "2"}
    assert real["jobTimeoutMs"] == "60000"
    assert real["query"]["maximumBytesBilled"] == "1000000"
    assert real["query"]["useLegacySql"] is False
    assert [it["name"] for it in real["query"]["queryParameters"]] == ["window_start", "window_end"]
    assert {it["parameterType"]["type"] for it in real["query"]["queryParameters"]} == {"TIMESTAMP"}


@pytest.mark.parametrize("kind", ["INSERT", "SCRIPT", "CALL"])
def test_what_bigquery_reads_as_more_than_a_select_is_not_run(bigquery, kind):
    source = bigquery.open()
    bigquery.statement_type = kind
    with pytest.raises(ConfigError, match=f"BigQuery reads the query as {kind}"):
        source.database.connect()
    source.close()
    assert all(job.get("dryRun") for job in jobs(bigquery))


def test_trino_is_told_limits_zone_and_metrics_with_each_query(request):
    place = warehouses.TrinoSubject(request)
    place.write(FACTS)
    assert shared(place, [("north", "north"), ("Sales.South", "south")], statement_timeout="7s") == {
        "north": 4,
        "Sales.South": 2,
    }
    [_, asked] = place.statements
    assert asked.body.decode().startswith("SELECT * FROM (\nSELECT day AS period")
    assert set(asked.headers["x-trino-session"].split(",")) == {"query_max_execution_time=7s", "query_max_run_time=7s"}
    assert asked.headers["x-trino-client-tags"] == "okr-pipeline,north,sales-south"
    assert asked.headers["x-trino-time-zone"] == "UTC"
    assert asked.headers["x-trino-source"] == "okr-pipeline"


def test_a_query_of_trino_that_takes_too_long_is_ended_there_too(tmp_path):
    column = {"name": "x", "type": "integer", "typeSignature": {"rawType": "integer", "arguments": []}}

    def never(seen: Seen) -> Reply:
        """Answers what asks for a 1, and lets all else run on."""
        if seen.method == "DELETE":
            return reply(204)
        told = {"id": "q", "infoUri": server.url, "columns": [column]}
        if seen.body == b"SELECT 1":
            return json_reply({**told, "data": [[1]], "stats": {"state": "FINISHED"}})
        on = f"{server.url}/v1/statement/executing/q/1"
        return json_reply({"id": "q", "infoUri": server.url, "nextUri": on, "stats": {"state": "RUNNING"}})

    with Server(never) as server:
        settings = SqlSettings(url=f"trino://reader@127.0.0.1:{server.port}/shop", statement_timeout="200ms")
        source = CONNECTOR.open(settings, Context(tmp_path, tmp_path))
        request = MetricRequest("m", "day", "UTC", (), SqlRequest(query="SELECT day AS period, 2 AS value FROM facts"))
        [outcome] = source.read([request], MARCH)
        source.close()
    assert isinstance(outcome, ReadFailure)
    assert isinstance(outcome.error, TransientError), outcome.error
    assert "DELETE" in {seen.method for seen in server.seen}


@pytest.fixture
def snowflake(request):
    place = warehouses.SnowflakeSubject(request)
    place.write(FACTS)
    return place


def test_snowflake_is_told_limits_zone_and_metrics(snowflake):
    with Server(forwarding(snowflake.port)) as server:
        snowflake.url = snowflake._url(server.port)
        assert shared(snowflake, [("north", "north"), ("south", "south")], statement_timeout="7s") == {
            "north": 4,
            "south": 2,
        }
    asked = [body(seen) for seen in server.seen]
    [query] = [it for it in asked if "SELECT * FROM (" in it.get("sqlText", "")]
    assert query["parameters"]["QUERY_TAG"] == "okr-pipeline: north, south"
    assert int(query["parameters"]["STATEMENT_TIMEOUT_IN_SECONDS"]) == 7
    [login] = [it["data"] for it in asked if "LOGIN_NAME" in it.get("data", {})]
    assert login["SESSION_PARAMETERS"]["TIMEZONE"] == "UTC"
    assert not [
        seen for seen in server.seen if "login-request" not in seen.path and SECRET in f"{seen.target}{body(seen)}"
    ]


def test_types_of_snowflake_are_numbers_days_and_instants(snowflake):
    source = snowflake.open()
    query = "SELECT '2013-03-09 05:00:00'::TIMESTAMP_NTZ AS period, 12.50::NUMBER(10, 2) AS value, 3 AS weight"
    [outcome] = source.read([snowflake.query("m", query, dimensions=())], MARCH)
    source.close()
    assert isinstance(outcome, DataPointBatch), outcome
    assert outcome.points[["value", "weight"]].to_numpy().tolist() == [[12.5, 3.0]]


@pytest.mark.postgres
def test_redshifts_sessions_change_nothing_even_by_a_function(request):
    place = warehouses.RedshiftSubject(request)
    place.write(FACTS)
    place.execute(
        "CREATE FUNCTION planting() RETURNS integer LANGUAGE sql AS $$ INSERT INTO facts (amount) VALUES (1) RETURNING 1 $$"
    )
    source = place.open()
    [outcome] = source.read(
        [place.query("m", "SELECT day AS period, planting() AS value FROM facts", dimensions=())], MARCH
    )
    source.close()
    assert isinstance(outcome, ReadFailure)
    assert "read-only transaction" in str(outcome.error)


def body(seen: Seen) -> dict:
    text = gzip.decompress(seen.body) if seen.body[:2] == b"\x1f\x8b" else seen.body
    return json.loads(text) if text.startswith(b"{") else {}


def forwarding(port: int):
    """Hands requests on as they are."""

    def forward(seen: Seen) -> Reply:
        asking = urllib.request.Request(
            f"http://127.0.0.1:{port}{seen.target}",
            data=seen.body or None,
            headers=dict(seen.headers),
            method=seen.method,
        )
        with urllib.request.urlopen(asking, timeout=20) as answered:
            kept = {
                name: it
                for name, it in answered.headers.items()
                if name.lower() not in {"connection", "content-length", "transfer-encoding"}
            }
            return reply(answered.status, answered.read(), kept)

    return forward


PASSPHRASE = "hunter3-not-to-be-shown"


@pytest.fixture(scope="module")
def private_key():
    return load_pem_private_key(key_pair("snowflake").private.encode(), None)


def by_key(directory, private_key, *, passphrase=PASSPHRASE, written=PASSPHRASE, port=1, text=None):
    """A source that logs in with a key: encrypted with `passphrase`, and said to be with what is written."""
    sealed = NoEncryption() if passphrase is None else BestAvailableEncryption(passphrase.encode())
    pem = private_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, sealed).decode()
    (directory / "okr.p8").write_text(pem if text is None else text)
    option = "" if written is None else f"&private_key_file_pwd={written}"
    url = f"snowflake://reader@127.0.0.1:{port}/shop/public?account=acme&protocol=http&private_key_file=okr.p8{option}"
    return CONNECTOR.open(SqlSettings(url=url, statement_timeout="5s"), Context(directory, directory))


@pytest.mark.parametrize("passphrase", [PASSPHRASE, None])
def test_snowflakes_own_connector_logs_in_by_a_key_pair_with_what_the_key_signed(tmp_path, private_key, passphrase):
    refused = {"success": False, "code": "390144", "message": "JWT token is invalid.", "data": {}}
    with Server(lambda _: json_reply(refused)) as server:
        source = by_key(tmp_path, private_key, passphrase=passphrase, written=passphrase, port=server.port)
        with pytest.raises(AuthError) as told:
            source.check()
    login = body(server.seen[0])["data"]
    assert (login["AUTHENTICATOR"], login["LOGIN_NAME"], "PASSWORD" in login) == ("SNOWFLAKE_JWT", "reader", False)
    claims = jwt.decode(login["TOKEN"], private_key.public_key(), algorithms=["RS256"])
    assert claims["sub"] == "ACME.READER"
    der = private_key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert claims["iss"] == f"ACME.READER.SHA256:{b64encode(hashlib.sha256(der).digest()).decode()}"
    assert PASSPHRASE not in f"{told.value}{[body(seen) for seen in server.seen]}"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (
            {"written": "another"},
            "holds no private key in PEM that private_key_file_pwd opens. Correct url of the source.",
        ),
        ({"written": None}, "holds no private key in PEM that is open without a passphrase. Correct url"),
        ({"text": f"-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----\n"}, "holds no private key"),
    ],
)
def test_a_key_of_snowflake_that_does_not_open_is_told_without_it_or_its_passphrase(
    tmp_path, private_key, options, said
):
    with pytest.raises(ConfigError) as told:
        by_key(tmp_path, private_key, **options).check()
    assert f"The private_key_file okr.p8 {said}" in str(told.value)
    assert not any(secret in repr(told.value) for secret in (SECRET, PASSPHRASE, "another"))
    assert told.value.__cause__ is None


def test_a_key_of_snowflake_that_is_not_there_is_told_by_its_name(tmp_path, private_key):
    source = by_key(tmp_path, private_key)
    (tmp_path / "okr.p8").unlink()
    with pytest.raises(ConfigError, match=r"private_key_file okr\.p8 cannot be read: No such file or directory"):
        source.check()
