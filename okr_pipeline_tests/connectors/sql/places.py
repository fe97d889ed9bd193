"""Databases that the tests of a module share, on real servers, as a superuser and as a login that may only SELECT.

Belongs here: making and removing them. Does not: what is asked of them.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from connectors.contract import Context
from connectors.sql import SqlSettings
from okr_pipeline_tests.connectors.conformance import FACTS, SECRET
from okr_pipeline_tests.connectors.subjects import (
    SQL,
    DuckDbSubject,
    MySqlSubject,
    PostgresSubject,
    SqliteSubject,
    SqlSubject,
)
from okr_pipeline_tests.mysql import mysql_connection

LOGINS = [
    pytest.param(("sqlite", "file"), id="sqlite"),
    pytest.param(("duckdb", "file"), id="duckdb"),
    pytest.param(("postgres", "superuser"), id="postgres-superuser", marks=pytest.mark.postgres),
    pytest.param(("postgres", "reader"), id="postgres-reader", marks=pytest.mark.postgres),
    pytest.param(("mysql", "superuser"), id="mysql-superuser", marks=pytest.mark.mysql),
    pytest.param(("mysql", "reader"), id="mysql-reader", marks=pytest.mark.mysql),
]
ENGINES = [LOGINS[0], LOGINS[1], LOGINS[3], LOGINS[5]]


class _Given:
    """Stands in for pytest's request where a subject is made for a whole module."""

    def __init__(self, **fixtures: object) -> None:
        self.getfixturevalue = fixtures.__getitem__


class SharedPlace:
    """A subject with FACTS, and the URL of one login to it."""

    def __init__(self, engine: str, login: str, subject: SqlSubject, url: str) -> None:
        self.engine, self.login, self.subject, self.url = engine, login, subject, url
        self.directory: Path = subject.directory
        self.query = subject.query

    def open(self, **settings: object):
        return SQL.open(SqlSettings(url=self.url, **settings), Context(self.directory, self.directory))


@contextmanager
def shared(request: pytest.FixtureRequest, directory: Path, engine: str, login: str) -> Iterator[SharedPlace]:
    """The place of an engine as a login, filled with FACTS."""
    match engine:
        case "sqlite":
            subject: SqlSubject = SqliteSubject(_Given(tmp_path=directory))
            subject.write(FACTS)
            yield SharedPlace(engine, login, subject, subject.url)
        case "duckdb":
            subject = DuckDbSubject(_Given(tmp_path=directory))
            subject.write(FACTS)
            yield SharedPlace(engine, login, subject, subject.url)
        case "postgres":
            yield from _on_postgres(request.getfixturevalue("postgres_server"), directory, login)
        case _:
            yield from _on_mysql(request.getfixturevalue("mysql_server"), directory, login)


def _on_postgres(server: sa.URL, directory: Path, login: str) -> Iterator[SharedPlace]:
    import psycopg

    name = f"okr_test_{uuid4().hex}"
    plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
    url = server.set(database=name)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
        subject = PostgresSubject(_Given(tmp_path=directory, postgres_url=url.render_as_string(hide_password=False)))
        subject.write(FACTS)
        subject.execute("CREATE SEQUENCE numbers")
        subject.execute(
            "CREATE FUNCTION planting() RETURNS integer LANGUAGE sql AS $$ INSERT INTO facts (amount) VALUES (1) RETURNING 1 $$"
        )
        if login == "reader":
            connection.execute(f"CREATE ROLE {name} LOGIN PASSWORD '{SECRET}'")
            subject.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
            subject.execute(f"GRANT SELECT ON facts TO {name}")
            url = url.set(username=name, password=SECRET)
        yield SharedPlace("postgres", login, subject, url.render_as_string(hide_password=False))
        connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        connection.execute(f"DROP ROLE IF EXISTS {name}")


def _on_mysql(server: sa.URL, directory: Path, login: str) -> Iterator[SharedPlace]:
    name = f"okr_{uuid4().hex[:20]}"
    url = server.set(database=name)
    with mysql_connection(server) as connection, connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        subject = MySqlSubject(_Given(tmp_path=directory, mysql_url=url.render_as_string(hide_password=False)))
        subject.write(FACTS)
        subject.execute("CREATE SEQUENCE numbers")
        subject.execute(
            "CREATE FUNCTION planting() RETURNS INT MODIFIES SQL DATA BEGIN INSERT INTO facts (amount) VALUES (1); RETURN 1; END"
        )
        if login == "reader":
            cursor.execute(f"CREATE USER {name}@'127.0.0.1' IDENTIFIED BY '{SECRET}'")
            cursor.execute(f"GRANT SELECT ON {name}.* TO {name}@'127.0.0.1'")
            url = url.set(username=name, password=SECRET)
        yield SharedPlace("mysql", login, subject, url.render_as_string(hide_password=False))
        cursor.execute(f"DROP DATABASE {name}")
        cursor.execute(f"DROP USER IF EXISTS {name}@'127.0.0.1'")
