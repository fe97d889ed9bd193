"""Warehouses as subjects: fakesnow, and servers of ours that speak as BigQuery and Trino do.

Belongs here: wires and places. What a server of ours is asked in its dialect is translated by sqlglot and run on DuckDB;
BigQuery's requests and answers are judged by Google's discovery document. Does not: tests.
"""

import base64
import contextlib
import json
import re
import threading
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from typing import Any, ClassVar
from uuid import uuid4

import pytest
import sqlalchemy as sa
import sqlglot

from connectors.contract import Context
from connectors.sql import CONNECTOR as SQL
from connectors.sql import SqlSettings
from okr_pipeline_tests.connectors.conformance import SECRET
from okr_pipeline_tests.connectors.http.server import Reply, Seen, Server, json_reply
from okr_pipeline_tests.connectors.subjects import PostgresSubject, SqlSubject
from okr_pipeline_tests.connectors.vendors.discovery import discovered


class SnowflakeSubject(SqlSubject):
    """On fakesnow, which takes every login: what can be bad of it is the place."""

    instant_type = "TIMESTAMP_TZ"

    def make_url(self, request):
        # The driver tries a server that is gone again and again until its time for logins is over.
        request.getfixturevalue("monkeypatch").setattr("connectors.sql.snowflake._LOGIN_SECONDS", 1)
        self.port = request.getfixturevalue("snowflake_server")
        self.name = f"shop_{uuid4().hex}"
        return self._url(self.port)

    def _url(self, port: int) -> str:
        return f"snowflake://reader:{SECRET}@127.0.0.1:{port}/{self.name}/public?account=fakesnow&protocol=http"

    def make_bad_url(self):
        with Server(lambda seen: json_reply({})) as gone:
            return self._url(gone.port)

    def execute(self, statement, rows=()):
        import snowflake.connector

        with contextlib.closing(
            snowflake.connector.connect(
                user="owner",
                password="none",
                account="fakesnow",
                host="127.0.0.1",
                port=self.port,
                protocol="http",
                database=self.name,
                schema="public",
                enable_server_session_keep_alive_auto_detection=False,
            )
        ) as connection:
            cursor = connection.cursor()
            cursor.execute(_with_values(statement, rows) if rows else statement)


class RedshiftSubject(PostgresSubject):
    """On PostgreSQL, whose protocol and SQL Redshift has a part of. What is set up is set up by PostgreSQL's own url."""

    def open(self, **settings):
        return SQL.open(
            SqlSettings(url=self._as_redshift(self.url), **settings), Context(self.directory, self.directory)
        )

    def make_bad_url(self):
        return self._as_redshift(super().make_bad_url())

    def _as_redshift(self, url: str) -> str:
        made = sa.make_url(url).set(drivername="redshift", query={"sslmode": "disable"})
        return made.render_as_string(hide_password=False)


class Engine:
    """DuckDB behind a server of ours."""

    def __init__(self, dialect: str) -> None:
        import duckdb

        self.dialect = dialect
        self.lock = threading.Lock()
        self.connection = duckdb.connect()
        self.connection.execute("SET TimeZone = 'UTC'")

    def answer(self, sql: str, parameters: dict[str, datetime]) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
        """Names and types of columns, and rows."""
        [translated] = sqlglot.transpile(sql, read=self.dialect, write="duckdb")
        with self.lock:
            cursor = self.connection.execute(
                translated, {name: it for name, it in parameters.items() if f"${name}" in translated}
            )
            return [(str(it[0]), str(it[1])) for it in cursor.description], cursor.fetchall()


class _ServedSubject(SqlSubject):
    """A subject whose server is ours."""

    dialect: ClassVar[str]

    def make_url(self, request):
        self.engine = Engine(self.dialect)
        self.server = Server(self.answer).__enter__()
        request.addfinalizer(lambda: self.server.__exit__())  # noqa: PLW0108 - it takes no argument
        return self.make_url_of(request)

    def make_url_of(self, request: pytest.FixtureRequest) -> str:
        raise NotImplementedError

    def answer(self, seen: Seen) -> Reply:
        raise NotImplementedError

    def execute(self, statement, rows=()):
        with self.engine.lock:
            self.engine.connection.execute(_with_values(statement, rows) if rows else statement)


class TrinoSubject(_ServedSubject):
    """The statements of a catalog, a page each."""

    dialect = "trino"

    def make_url_of(self, request):
        self.pages: dict[str, dict[str, Any]] = {}
        self.numbers = count(1)
        self.statements: list[Seen] = []
        return f"trino://reader@127.0.0.1:{self.server.port}/shop/public"

    def make_bad_url(self):
        return f"trino://nobody@127.0.0.1:{self.server.port}/{SECRET}/public"

    def answer(self, seen):
        if seen.headers.get("x-trino-user") != "reader":
            return json_reply({"error": "nobody of that name"}, 401)
        if seen.method == "DELETE":
            return json_reply({}, 204)
        if seen.method == "GET":
            return json_reply(self.pages[seen.path])
        self.statements.append(seen)
        number = next(self.numbers)
        path = f"/v1/statement/executing/{number}/1"
        self.pages[path] = {"id": f"query_{number}", "infoUri": self.server.url, **self._page(seen.body.decode())}
        begun = {"id": f"query_{number}", "infoUri": self.server.url, "nextUri": f"{self.server.url}{path}"}
        return json_reply({**begun, "stats": {"state": "QUEUED"}})

    def _page(self, sql: str) -> dict[str, Any]:
        import duckdb

        try:
            columns, rows = self.engine.answer(sql, {})
        except duckdb.Error as error:
            told = {"message": str(error), "errorCode": 1, "errorName": "TABLE_NOT_FOUND", "errorType": "USER_ERROR"}
            return {"error": told, "stats": {"state": "FAILED"}}
        described = [{"name": name, **_trino_type(kind)} for name, kind in columns]
        return {
            "columns": described,
            "data": [[_trino_cell(it) for it in row] for row in rows],
            "stats": {"state": "FINISHED"},
        }


class BigQuerySubject(_ServedSubject):
    """The jobs of a project. `statement_type` is what a dry run says; all that is said is judged."""

    dialect = "bigquery"
    project = "shop-project"

    def make_url_of(self, request):
        self.statement_type = "SELECT"
        self.faults: list[str] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.numbers = count(1)
        request.getfixturevalue("monkeypatch").setenv("BIGQUERY_EMULATOR_HOST", self.server.url)
        request.addfinalizer(self._refuse_faults)
        return self._url("reader")

    def make_bad_url(self):
        return self._url("nobody")

    def _refuse_faults(self) -> None:
        if self.faults:
            pytest.fail(f"BigQuery's document allows no {self.faults}")

    def _url(self, login: str) -> str:
        key = {"type": "service_account", "client_email": f"{login}@shop.example", "token_uri": f"{self.server.url}/token",
               "private_key": _private_key(), "private_key_id": SECRET, "project_id": self.project}  # fmt: skip
        encoded = base64.b64encode(json.dumps(key).encode()).decode()
        return f"bigquery://{self.project}/shop?credentials_base64={encoded}&location=EU&maximum_bytes_billed=1000000"

    def answer(self, seen):
        if seen.path == "/token":
            return self._token(seen)
        # Google's own client writes truths as Python does, and Google takes them.
        target = seen.target.removeprefix("/bigquery/v2").replace("useInt64Timestamp=True", "useInt64Timestamp=true")
        method = Seen(seen.method, target, seen.headers, seen.body)
        judge = discovered("bigquery.v2")
        self.faults += judge.faults(method)
        document, status = self._told(method)
        if status == 200:
            self.faults += judge.faults_of_answer(method, document)
        return json_reply(document, status)

    def _token(self, seen: Seen) -> Reply:
        """Whose name is in the claims of the token that asks, as the first part after its head."""
        claims = base64.urlsafe_b64decode(seen.body.decode().partition("assertion=")[2].split(".")[1] + "==")
        if json.loads(claims)["iss"] != "reader@shop.example":
            return json_reply({"error": "invalid_grant", "error_description": "Invalid grant: account not found"}, 400)
        return json_reply({"access_token": "t0ken", "expires_in": 3_600, "token_type": "Bearer"})

    def _told(self, seen: Seen) -> tuple[dict[str, Any], int]:
        if seen.method == "POST" and seen.path.endswith("/cancel"):
            return {"job": {"jobReference": {"projectId": self.project, "jobId": "1"}}}, 200
        if seen.method == "POST":
            return self._begun(json.loads(seen.body))
        return self._rows(self.jobs[seen.path.rpartition("/")[2]]), 200

    def _begun(self, job: dict[str, Any]) -> tuple[dict[str, Any], int]:
        reference = {"projectId": self.project, "location": "EU", **job["jobReference"]}
        state = {
            "kind": "bigquery#job",
            "jobReference": reference,
            "status": {"state": "DONE"},
            "configuration": job["configuration"],
        }
        if not job["configuration"].get("dryRun"):
            self.jobs[reference["jobId"]] = state
        elif error := self._refused(job):
            return error, 400
        return {
            **state,
            "statistics": {"query": {"statementType": self.statement_type, "totalBytesProcessed": "100"}},
        }, 200

    def _refused(self, job: dict[str, Any]) -> dict[str, Any] | None:
        import duckdb

        try:
            self._answer(job)
        except duckdb.Error as error:
            reasons = [{"reason": "invalidQuery", "message": str(error), "domain": "global"}]
            return {"error": {"code": 400, "message": str(error), "errors": reasons, "status": "INVALID_ARGUMENT"}}
        return None

    def _answer(self, job: dict[str, Any]) -> tuple[list[tuple[str, str]], list[tuple[Any, ...]]]:
        query = job["configuration"]["query"]
        given = {it["name"]: datetime.fromisoformat(it["parameterValue"]["value"]) for it in query["queryParameters"]}
        return self.engine.answer(query["query"], given)

    def _rows(self, job: dict[str, Any]) -> dict[str, Any]:
        columns, rows = self._answer(job)
        fields = [{"name": name, "type": _BIGQUERY[kind], "mode": "NULLABLE"} for name, kind in columns]
        cells = [{"f": [{"v": _bigquery_cell(it)} for it in row]} for row in rows]
        return {"kind": "bigquery#getQueryResultsResponse", "jobReference": job["jobReference"], "jobComplete": True,
                "schema": {"fields": fields}, "rows": cells, "totalRows": str(len(rows))}  # fmt: skip


_TRINO = {"DATE": "date", "VARCHAR": "varchar", "DOUBLE": "double", "INTEGER": "integer", "BIGINT": "bigint",
          "TIMESTAMP WITH TIME ZONE": "timestamp with time zone", "TIMESTAMP": "timestamp"}  # fmt: skip
_BIGQUERY = {"DATE": "DATE", "VARCHAR": "STRING", "DOUBLE": "FLOAT", "INTEGER": "INTEGER", "BIGINT": "INTEGER",
             "TIMESTAMP WITH TIME ZONE": "TIMESTAMP", "TIMESTAMP": "DATETIME"}  # fmt: skip


def _trino_type(kind: str) -> dict[str, Any]:
    length = {"varchar": [2_147_483_647], "timestamp": [6], "timestamp with time zone": [6]}.get(_TRINO[kind], [])
    arguments = [{"kind": "LONG", "value": it} for it in length]
    return {"type": _TRINO[kind], "typeSignature": {"rawType": _TRINO[kind], "arguments": arguments}}


def _trino_cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f} UTC"
    return str(value) if isinstance(value, (date, Decimal)) else value


def _bigquery_cell(value: Any) -> str | None:
    if isinstance(value, datetime):
        return str(round(value.timestamp() * 1_000_000))
    return None if value is None else str(value)


def _with_values(statement: str, rows: Sequence[tuple[object, ...]]) -> str:
    """An INSERT with its rows as literals."""
    texts = [
        ", ".join("NULL" if it is None else f"'{str(it).replace(chr(39), chr(39) * 2)}'" for it in row) for row in rows
    ]
    return re.sub(r"VALUES .*", lambda _: "VALUES " + ", ".join(f"({text})" for text in texts), statement)


def _private_key() -> str:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
