import sqlite3
from dataclasses import dataclass

import duckdb
import psycopg
import pytest
import sqlalchemy as sa

from connectors.errors import AuthError, ConfigError, DataError, TransientError
from connectors.sql.failures import redacted, translated

URL = sa.make_url("postgresql://reader:p%40ss%20word@host/name?sslpassword=key-phrase&application_name=okr")


@dataclass
class Any:
    driver_errors: tuple = (sqlite3.Error, duckdb.Error, psycopg.Error, sa.exc.SQLAlchemyError)


def meaning(error):
    try:
        with translated(Any(), URL):
            raise error  # noqa: TRY301 - a driver would
    except Exception as caught:  # noqa: BLE001 - whatever it is, is looked at
        return caught


@pytest.mark.parametrize(
    ("state", "kind"),
    [
        ("42601", ConfigError), ("42P01", ConfigError), ("42501", AuthError), ("28P01", AuthError), ("28000", AuthError),
        ("3D000", ConfigError), ("25006", ConfigError), ("22012", DataError), ("22P02", DataError), ("57014", TransientError),
        ("57P01", TransientError), ("08006", TransientError), ("40001", TransientError), ("53300", TransientError),
        ("55P03", TransientError), ("XX001", DataError), ("0A000", ConfigError), ("P0001", DataError),
    ],
)  # fmt: skip
def test_every_class_of_postgresql_states_has_a_meaning(state, kind):
    found = meaning(psycopg.errors.lookup(state)("something happened\nDETAIL: more"))
    assert type(found) is kind
    assert str(found).startswith("postgresql says: something happened. ")
    assert "DETAIL" not in str(found)


@pytest.mark.parametrize(
    "error", [name for name, kind in vars(duckdb).items() if isinstance(kind, type) and issubclass(kind, duckdb.Error)]
)
def test_every_duckdb_error_becomes_one_of_ours(error):
    found = meaning(getattr(duckdb, error)("something happened"))
    assert isinstance(found, (AuthError, ConfigError, DataError, TransientError))


@pytest.mark.parametrize(
    ("name", "kind"),
    [("SQLITE_BUSY_SNAPSHOT", TransientError), ("SQLITE_INTERRUPT", TransientError), ("SQLITE_CORRUPT_INDEX", DataError),
     ("SQLITE_AUTH", ConfigError), ("SQLITE_NOTADB", ConfigError), ("SQLITE_UNKNOWN", DataError)],
)  # fmt: skip
def test_sqlite_errors_are_told_by_their_primary_code(name, kind):
    error = sqlite3.OperationalError("something happened")
    error.sqlite_errorname = name
    assert type(meaning(error)) is kind


def test_the_driver_error_is_taken_out_of_sqlalchemys():
    wrapped = sa.exc.DBAPIError("SELECT 1", {}, psycopg.errors.UndefinedTable('relation "x" does not exist'))
    assert str(meaning(wrapped)).startswith('postgresql says: relation "x" does not exist. Correct')


def test_other_errors_pass():
    assert type(meaning(ZeroDivisionError())) is ZeroDivisionError


def test_neither_the_message_nor_the_chain_holds_a_secret():
    found = meaning(
        psycopg.OperationalError("cannot log in with p@ss word or p%40ss%20word or p%40ss+word, key-phrase, okr")
    )
    assert str(found).startswith("postgresql says: cannot log in with *** or *** or ***, ***, okr.")
    assert found.__cause__ is None
    assert found.__suppress_context__


def test_a_url_without_secrets_redacts_nothing():
    assert redacted("all of it", sa.make_url("duckdb:///file")) == "all of it"
