import sqlite3
import ssl
from dataclasses import dataclass

import duckdb
import psycopg
import pymysql
import pytest
import sqlalchemy as sa

from connectors.errors import AuthError, ConfigError, DataError, TransientError
from connectors.sql.failures import redacted, translated

URL = sa.make_url("postgresql://reader:p%40ss%20word@host/name?sslpassword=key-phrase&application_name=okr")


@dataclass
class Any:
    driver_errors: tuple = (
        sqlite3.Error,
        duckdb.Error,
        psycopg.Error,
        sa.exc.SQLAlchemyError,
        pymysql.err.MySQLError,
        OSError,
    )


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


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (1045, AuthError), (1044, AuthError), (1142, AuthError), (1143, AuthError), (1130, AuthError), (1049, ConfigError),
        (1054, ConfigError), (1064, ConfigError), (1146, ConfigError), (1305, ConfigError), (1055, ConfigError), (1060, ConfigError),
        (1290, ConfigError), (1792, ConfigError), (1227, ConfigError), (1365, DataError), (1690, DataError), (1292, DataError),
        (1969, TransientError), (3024, TransientError), (1317, TransientError), (1205, TransientError), (1213, TransientError),
        (1040, TransientError), (1203, TransientError), (1053, TransientError), (2003, TransientError), (2006, TransientError),
        (2013, TransientError), (1114, TransientError), (1194, DataError), (9999, ConfigError), (2999, TransientError),
    ],
)  # fmt: skip
def test_mysql_errors_are_told_by_their_number(code, kind):
    found = meaning(pymysql.err.OperationalError(code, "something happened\nand more"))
    assert type(found) is kind
    assert str(found).startswith("postgresql says: something happened. ")


@pytest.mark.parametrize(
    "name",
    [
        "Error",
        "DataError",
        "IntegrityError",
        "InterfaceError",
        "InternalError",
        "NotSupportedError",
        "OperationalError",
        "ProgrammingError",
    ],
)
def test_every_mysql_error_becomes_one_of_ours(name):
    for arguments in ((), (0, ""), ("only a text",), (4711, "an odd number")):
        found = meaning(getattr(pymysql.err, name)(*arguments))
        assert isinstance(found, (AuthError, ConfigError, DataError, TransientError))


def test_a_certificate_that_does_not_fit_is_a_matter_of_the_url():
    wrapped = pymysql.err.OperationalError(2003, "Can't connect")
    wrapped.original_exception = ssl.SSLCertVerificationError("certificate verify failed")
    assert type(meaning(wrapped)) is ConfigError
    assert type(meaning(ssl.SSLCertVerificationError("certificate verify failed"))) is ConfigError
    assert type(meaning(ConnectionRefusedError("refused"))) is TransientError


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
