"""The shipped connectors as subjects of the conformance suite."""

import json
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import pandas as pd
import pyarrow as pa
import pytest
import sqlalchemy as sa

from connectors.contract import Context, MetricRequest, Source, Window
from connectors.dagster_asset import CONNECTOR as DAGSTER_ASSET
from connectors.dagster_asset import DagsterAssetRequest, DagsterAssetSettings
from connectors.files import CONNECTOR as FILES
from connectors.files import FilesRequest, FilesSettings
from connectors.rest import CONNECTOR as REST
from connectors.rest import RestRequest, RestSettings
from connectors.sql import CONNECTOR as SQL
from connectors.sql import SqlRequest, SqlSettings
from okr_pipeline_tests.connectors.conformance import FACTS, SECRET, ZONE, Fact, midnight
from okr_pipeline_tests.connectors.http.server import Reply, Seen, Server, json_reply
from okr_pipeline_tests.mysql import mysql_connection

COLUMNS = ["happened_at", "day", "team", "amount"]


class SqlSubject:
    """A table of facts in one kind of database."""

    connector = SQL
    facts = FACTS
    instant_type: ClassVar[str] = "TIMESTAMP WITH TIME ZONE"

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.directory: Path = request.getfixturevalue("tmp_path")
        self.url = self.make_url(request)

    def make_url(self, request: pytest.FixtureRequest) -> str:
        raise NotImplementedError

    def make_bad_url(self) -> str:
        raise NotImplementedError

    def execute(self, statement: str, rows: Sequence[tuple[object, ...]] = ()) -> None:
        raise NotImplementedError

    def write(self, facts: Sequence[Fact]) -> None:
        self.execute("DROP TABLE IF EXISTS facts")
        self.execute(
            f"CREATE TABLE facts (happened_at {self.instant_type}, day DATE, team TEXT, amount DOUBLE PRECISION)"
        )
        if facts:
            rows = [
                (f"{midnight(fact.day):%Y-%m-%d %H:%M:%S}", str(fact.day), fact.team, fact.amount) for fact in facts
            ]
            self.execute("INSERT INTO facts VALUES (?, ?, ?, ?)", rows)

    def open(self, **settings: object) -> Source:
        return SQL.open(SqlSettings(url=self.url, **settings), Context(self.directory, self.directory))

    def open_badly(self) -> Source:
        return SQL.open(SqlSettings(url=self.make_bad_url()), Context(self.directory, self.directory))

    def request(self, metric: str) -> MetricRequest:
        return self.query(
            metric,
            "SELECT day AS period, team, amount AS value FROM facts"
            " WHERE happened_at >= :window_start AND happened_at < :window_end",
        )

    def broken_request(self, metric: str) -> MetricRequest:
        return self.query(metric, "SELECT day AS period, team, amount AS value FROM no_such_table")

    def query(
        self, metric: str, text: str, grain: str = "day", dimensions: tuple[str, ...] = ("team",)
    ) -> MetricRequest:
        return MetricRequest(metric, grain, ZONE, dimensions, SqlRequest(query=text))


class SqliteSubject(SqlSubject):
    instant_type = "TEXT"

    def make_url(self, request):
        return "sqlite:///facts.db"

    def make_bad_url(self):
        return "sqlite:///nowhere.db"

    def execute(self, statement, rows=()):
        connection = sqlite3.connect(self.directory / "facts.db")
        with connection:
            connection.executemany(statement, rows) if rows else connection.execute(statement)
        connection.close()


class DuckDbSubject(SqlSubject):
    def make_url(self, request):
        return "duckdb:///facts.duckdb"

    def make_bad_url(self):
        return "duckdb:///nowhere.duckdb"

    def execute(self, statement, rows=()):
        import duckdb

        with duckdb.connect(str(self.directory / "facts.duckdb")) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.executemany(statement, rows) if rows else connection.execute(statement)


class PostgresSubject(SqlSubject):
    def make_url(self, request):
        return request.getfixturevalue("postgres_url")

    def make_bad_url(self):
        return sa.make_url(self.url).set(username="nobody", password=SECRET).render_as_string(hide_password=False)

    def execute(self, statement, rows=()):
        import psycopg

        with psycopg.connect(self.url.replace("+psycopg", ""), options="-c timezone=UTC") as connection:
            cursor = connection.cursor()
            cursor.executemany(statement.replace("?", "%s"), rows) if rows else cursor.execute(statement)


class MySqlSubject(SqlSubject):
    instant_type = "TIMESTAMP NULL"

    def make_url(self, request):
        return request.getfixturevalue("mysql_url")

    def make_bad_url(self):
        return sa.make_url(self.url).set(username="nobody", password=SECRET).render_as_string(hide_password=False)

    def execute(self, statement, rows=()):
        with mysql_connection(sa.make_url(self.url)) as connection, connection.cursor() as cursor:
            cursor.executemany(statement.replace("?", "%s"), rows) if rows else cursor.execute(statement)
            connection.commit()


class FileSubject:
    """A file of facts in one format."""

    connector = FILES
    facts = FACTS
    name: ClassVar[str]

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.directory: Path = request.getfixturevalue("tmp_path")
        (self.directory / "data").mkdir()

    @property
    def path(self) -> Path:
        return self.directory / "data" / self.name

    def write(self, facts: Sequence[Fact]) -> None:
        self.put(
            pd.DataFrame([(fact.day, fact.team, fact.amount) for fact in facts], columns=["day", "team", "amount"])
        )

    def put(self, frame: pd.DataFrame) -> None:
        raise NotImplementedError

    def open(self, **settings: object) -> Source:
        return FILES.open(FilesSettings(path="data", **settings), Context(self.directory, self.directory))

    def open_badly(self) -> Source:
        return FILES.open(FilesSettings(path="nowhere"), Context(self.directory, self.directory))

    def request(self, metric: str, **options: object) -> MetricRequest:
        keys = {"file": self.name, "columns": {"period": "day", "value": "amount"}, **options}
        return MetricRequest(metric, "day", ZONE, ("team",), FilesRequest(**keys))

    def broken_request(self, metric: str) -> MetricRequest:
        return self.request(metric, columns={"period": "day", "value": "amuont"})


class CsvSubject(FileSubject):
    name = "facts.csv"

    def put(self, frame):
        frame.to_csv(self.path, index=False)


class ParquetSubject(FileSubject):
    name = "facts.parquet"

    def put(self, frame):
        frame.to_parquet(self.path, index=False)


class ExcelSubject(FileSubject):
    name = "facts.xlsx"

    def put(self, frame):
        frame.to_excel(self.path, index=False)


class JsonSubject(FileSubject):
    name = "facts.json"

    def put(self, frame):
        self.path.write_text(json.dumps(json.loads(frame.astype({"day": str}).to_json(orient="records"))))


class JsonLinesSubject(FileSubject):
    name = "facts.jsonl"

    def put(self, frame):
        frame.astype({"day": str}).to_json(self.path, orient="records", lines=True)


class FrameSubject:
    """An asset of facts, loaded whole as a frame of pandas, by a function that a host registered."""

    connector = DAGSTER_ASSET
    facts = FACTS

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.directory: Path = request.getfixturevalue("tmp_path")

    def write(self, facts: Sequence[Fact]) -> None:
        self.written = list(facts)

    def load(self, asset: str, window: Window) -> object:
        assert asset == "analytics/facts"
        rows = [(fact.day, fact.team, fact.amount) for fact in self.written]
        return pd.DataFrame(rows, columns=["day", "team", "amount"])

    def open(self) -> Source:
        context = Context(self.directory, self.directory, self.load)
        return DAGSTER_ASSET.open(DagsterAssetSettings(), context)

    def open_badly(self) -> Source:
        return DAGSTER_ASSET.open(DagsterAssetSettings(), Context(self.directory, self.directory))

    def request(self, metric: str, value: str = "amount") -> MetricRequest:
        keys = {"asset": "analytics/facts", "columns": {"period": "day", "value": value}}
        return MetricRequest(metric, "day", ZONE, ("team",), DagsterAssetRequest(**keys))

    def broken_request(self, metric: str) -> MetricRequest:
        return self.request(metric, value="amuont")


class ArrowSubject(FrameSubject):
    """The same as an Arrow table of the window alone."""

    def load(self, asset, window):
        facts = [fact for fact in self.written if window.start <= midnight(fact.day) < window.end]
        columns = {"day": [it.day for it in facts], "team": [it.team for it in facts]}
        types = pa.schema([("day", pa.date32()), ("team", pa.string()), ("amount", pa.float64())])
        return pa.table(columns | {"amount": [it.amount for it in facts]}, schema=types)


class RestSubject:
    """A server of facts, three a page, that wants a token."""

    connector = REST
    facts = FACTS
    token = "t0ken-of-the-reader"
    size = 3

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.directory: Path = request.getfixturevalue("tmp_path")
        self.there: list[Fact] = []
        self.server = Server(self.answer).__enter__()
        request.addfinalizer(lambda: self.server.__exit__())  # noqa: PLW0108 - it takes no argument

    def write(self, facts: Sequence[Fact]) -> None:
        self.there = list(facts)

    def answer(self, seen: Seen) -> Reply:
        if seen.headers.get("authorization") != f"Bearer {self.token}":
            return json_reply({"error": f"not allowed: {seen.headers.get('authorization')}"}, 401)
        if seen.path == "/":
            return json_reply({})
        if seen.path != "/facts":
            return json_reply({"error": "there is no such thing"}, 404)
        wanted = [fact for fact in self.there if seen.params["from"] <= str(fact.day) < seen.params["until"]]
        skip = int(seen.params["offset"])
        page = [{"day": str(fact.day), "team": fact.team, "amount": fact.amount} for fact in wanted]
        return json_reply({"facts": page[skip : skip + self.size], "total": len(wanted)})

    def open(self, **settings: object) -> Source:
        return self._opened(self.token, **settings)

    def open_badly(self) -> Source:
        return self._opened(SECRET)

    def _opened(self, token: str, **settings: object) -> Source:
        given = {"base_url": self.server.url, "auth": {"bearer": token}, "allow_private_hosts": True, **settings}
        return REST.open(RestSettings(**given), Context(self.directory, self.directory))

    def request(self, metric: str, **options: object) -> MetricRequest:
        keys = {
            "path": "/facts",
            "params": {"from": "{start:date}", "until": "{end:date}"},
            "rows": "facts",
            "columns": {"period": "day", "value": "amount"},
            "paging": {"offset": {"total": "total"}},
            **options,
        }
        return MetricRequest(metric, "day", ZONE, ("team",), RestRequest(**keys))

    def broken_request(self, metric: str) -> MetricRequest:
        return self.request(metric, path="/nothing")
