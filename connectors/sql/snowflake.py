"""Snowflake as a source.

Belongs here: sessions of its connector. Does not: translating errors.

`:window_start` and `:window_end` are written as TIMESTAMP_TZ. The session is in UTC, so a TIMESTAMP_NTZ column is
compared as UTC and read as civil time. Snowflake has no read-only session: what a query may do is up to the first look,
to its place inside a FROM, where one statement is taken, and to the login's role.
"""

import contextlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import snowflake.connector
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from snowflake.sqlalchemy.snowdialect import SnowflakeDialect
from sqlalchemy.exc import SQLAlchemyError

from connectors.errors import ConfigError, source_key
from connectors.sql.database import Database, Opening
from connectors.sql.warehouse import PROGRAM, Question, Warehouse, chunks, options_of

_OPTIONS: Final = ("warehouse", "role", "account", "protocol", "private_key_file", "private_key_file_pwd")
_READ_HERE: Final = ("protocol", "private_key_file", "private_key_file_pwd")
"""What the dialect is not to take from a URL: another protocol than https is for a stand-in on this machine."""
_LOGIN_SECONDS: Final = 30


def open_snowflake(opening: Opening) -> Database:
    """The database of a URL such as `snowflake://reader:secret@account/database/schema?warehouse=small&role=reader`.

    In place of a password it may name `private_key_file`, with its passphrase as `private_key_file_pwd`.

    Raises:
        ConfigError: the URL has an option that is not known.
    """
    options_of(opening, *_OPTIONS)
    errors = (snowflake.connector.errors.Error, SQLAlchemyError, OSError)
    return Warehouse("snowflake", errors, lambda: _opened(opening), _literal)


def _literal(name: str, instant: datetime) -> str:  # noqa: ARG001 - it is bound by its place
    return f"'{instant:%Y-%m-%dT%H:%M:%S.%f}+00:00'::TIMESTAMP_TZ"


@dataclass(slots=True, repr=False)
class _Session:
    connection: Any
    opening: Opening
    parameters: dict[str, Any]

    def rows(self, question: Question) -> tuple[Sequence[str], Iterable[Sequence[object]]]:
        cursor = self.connection.cursor()
        cursor.execute(question.sql, _statement_params={**self.parameters, "QUERY_TAG": question.tag})
        return [str(column[0]).lower() for column in cursor.description], chunks(cursor)

    def stop(self) -> None:
        """End all that this session runs, from another one: its own is waiting."""
        with contextlib.suppress(Exception):
            number = int(self.connection.session_id)
            with contextlib.closing(_connected(self.opening)) as other:
                other.cursor().execute(f"SELECT SYSTEM$CANCEL_ALL_QUERIES({number})")

    def close(self) -> None:
        with contextlib.suppress(snowflake.connector.errors.Error):
            self.connection.close()


def _opened(opening: Opening) -> _Session:
    seconds = max(1, round(opening.statement_timeout.total_seconds()))
    limits = {"STATEMENT_TIMEOUT_IN_SECONDS": seconds, "STATEMENT_QUEUED_TIMEOUT_IN_SECONDS": seconds}
    return _Session(_connected(opening), opening, limits)


def _connected(opening: Opening) -> Any:
    _, arguments = SnowflakeDialect().create_connect_args(opening.url.difference_update_query(_READ_HERE))
    session = {
        "TIMEZONE": "UTC",
        "QUERY_TAG": PROGRAM,
        "TIMESTAMP_INPUT_FORMAT": "AUTO",
        "MULTI_STATEMENT_COUNT": 1,
        "ABORT_DETACHED_QUERY": True,
    }
    return snowflake.connector.connect(
        **{
            **arguments,
            **_key_pair(opening),
            "protocol": str(opening.url.query.get("protocol", "https")),
            "login_timeout": _LOGIN_SECONDS,
            "application": "okr_pipeline",
            "session_parameters": session,
            "client_session_keep_alive": False,
            "enable_server_session_keep_alive_auto_detection": False,
        }
    )


def _key_pair(opening: Opening) -> dict[str, object]:
    """What a login by key pair is made with; nothing where the URL names no file of a key.

    Raises:
        ConfigError: the file cannot be read, or holds no private key that the passphrase opens.
    """
    name, passphrase = (opening.url.query.get(option) for option in ("private_key_file", "private_key_file_pwd"))
    if name is None:
        return {}
    try:
        key = load_pem_private_key(
            (opening.directory / str(name)).read_bytes(), None if passphrase is None else str(passphrase).encode()
        )
    except OSError as error:
        raise ConfigError(
            f"The private_key_file {name} cannot be read: {error.strerror}. Correct ", source_key("url"), "."
        ) from None
    except (ValueError, TypeError, UnsupportedAlgorithm):
        # The reason may quote the file.
        opened = "that private_key_file_pwd opens" if passphrase is not None else "that is open without a passphrase"
        raise ConfigError(
            f"The private_key_file {name} holds no private key in PEM {opened}. Correct ", source_key("url"), "."
        ) from None
    return {
        "authenticator": "SNOWFLAKE_JWT",
        "private_key": key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
    }
