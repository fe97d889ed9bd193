"""Driver errors in the words of `connectors.errors`: the one place where they are translated.

Belongs here: which error means what, what to do about it, and keeping secrets out. Does not: raising drivers' errors.
"""

import re
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, quote_plus

from sqlalchemy.engine import URL

from connectors.errors import AuthError, ConfigError, ConnectorError, DataError, TransientError
from connectors.sql.database import Database

_SECRET_KEY: Final = re.compile(r"pass|secret|token|key|credential", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Meaning:
    kind: type[ConnectorError]
    advice: str


_QUERY = _Meaning(ConfigError, "Correct the query, or create what it names.")
_WRITES = _Meaning(ConfigError, "A metric only reads. Take out what changes or reaches beyond the tables.")
_LOGIN = _Meaning(AuthError, "Ask the owner of the database for a login, and check the url of the source.")
_RIGHTS = _Meaning(AuthError, "Ask the owner of the database to grant SELECT on what the query reads.")
_PLACE = _Meaning(ConfigError, "Check the url of the source.")
_AWAY = _Meaning(TransientError, "Check that the database is up and can be reached from here, then run again.")
_BUSY = _Meaning(TransientError, "Another program holds the database. Run again when it has finished.")
_SLOW = _Meaning(
    TransientError, "The query was stopped at the source's statement_timeout. Narrow it to the window, or raise that."
)
_FULL = _Meaning(TransientError, "The database ran out of memory, space or connections. Make the query read less.")
_VALUES = _Meaning(DataError, "A value cannot be computed or read. Correct the data, or guard for it in the query.")
_BROKEN = _Meaning(DataError, "The database is damaged or of another version. Check it with its own tools.")

_POSTGRESQL: Final = {
    # Longest match of the SQLSTATE counts: https://www.postgresql.org/docs/current/errcodes-appendix.html
    "08": _AWAY, "0A": _QUERY, "22": _VALUES, "25": _WRITES, "28": _LOGIN, "3D": _PLACE, "3F": _QUERY, "40": _AWAY,
    "42": _QUERY, "42501": _RIGHTS, "53": _FULL, "54": _QUERY, "55": _BUSY, "57": _AWAY, "57014": _SLOW, "58": _AWAY,
    "XX": _BROKEN,
}  # fmt: skip
_POSTGRESQL_CONNECTING: Final = (
    (re.compile(r"authentication|no password|pg_hba|role .* (does not exist|is not permitted)"), _LOGIN),
    (re.compile(r"database .* does not exist|invalid (connection|dsn|port|value|sslmode)|certificate"), _PLACE),
)
_DUCKDB: Final = {
    "CatalogException": _QUERY, "BinderException": _QUERY, "ParserException": _QUERY, "SyntaxException": _QUERY,
    "NotImplementedException": _QUERY, "NotSupportedError": _QUERY, "InvalidTypeException": _QUERY,
    "PermissionException": _WRITES, "InterruptException": _SLOW, "OutOfMemoryException": _FULL,
    "ConversionException": _VALUES, "OutOfRangeException": _VALUES, "TypeMismatchException": _VALUES,
    "InvalidInputException": _VALUES, "SerializationException": _BROKEN, "FatalException": _BROKEN,
    "InternalException": _BROKEN, "TransactionException": _BUSY, "ConnectionException": _BUSY, "HTTPException": _AWAY,
}  # fmt: skip
_SQLITE: Final = {
    "SQLITE_ERROR": _QUERY, "SQLITE_SCHEMA": _QUERY, "SQLITE_RANGE": _QUERY, "SQLITE_TOOBIG": _QUERY,
    "SQLITE_MISMATCH": _VALUES, "SQLITE_AUTH": _WRITES, "SQLITE_READONLY": _WRITES, "SQLITE_INTERRUPT": _SLOW,
    "SQLITE_BUSY": _BUSY, "SQLITE_LOCKED": _BUSY, "SQLITE_CANTOPEN": _PLACE, "SQLITE_PERM": _PLACE,
    "SQLITE_NOTADB": _PLACE, "SQLITE_CORRUPT": _BROKEN, "SQLITE_NOMEM": _FULL, "SQLITE_FULL": _FULL,
    "SQLITE_IOERR": _AWAY,
}  # fmt: skip

_MYSQL: Final = {
    # https://mariadb.com/kb/en/mariadb-error-codes/ and MySQL's reference; 2000 to 2999 are the driver's own.
    _LOGIN: {1045, 1130, 1251, 1524, 1698, 1820, 1862, 3118, 3955, 4151, 2054, 2059, 2061},
    _RIGHTS: {1044, 1142, 1143, 1370},
    _PLACE: {1049, 2005, 2026},
    _WRITES: {1036, 1227, 1290, 1792, 1836},
    _SLOW: {1317, 1969, 3024},
    _BUSY: {1015, 1205, 1223},
    _FULL: {3, 1020, 1021, 1037, 1038, 1040, 1041, 1114, 1135, 1203, 1226, 1878, 3170},
    _AWAY: {1042, 1053, 1077, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1213, 1927, 4031, 2002, 2003, 2006, 2013, 2055},
    _BROKEN: {126, 127, 134, 144, 145, 1016, 1030, 1033, 1034, 1035, 1194, 1195, 1712},
    _VALUES: {1264, 1265, 1292, 1365, 1366, 1367, 1411, 1416, 1441, 1525, 1690, 3140, 3141, 3156, 4038},
}  # fmt: skip
_MYSQL_KINDS: Final = {
    "DataError": _VALUES,
    "IntegrityError": _VALUES,
    "InterfaceError": _AWAY,
    "InternalError": _BROKEN,
}
_DRIVERS_OWN: Final = range(2_000, 3_000)


@contextmanager
def translated(database: Database, url: URL) -> Iterator[None]:
    """Whatever the driver raises inside becomes a `ConnectorError` with the database's own first line and an advice."""
    try:
        yield
    except database.driver_errors as error:
        cause = getattr(error, "orig", None) or error
        meaning = _meaning(cause)
        # The driver's error is left out of the chain: its text and its frames may hold the url.
        raise meaning.kind(f"{_first_line(cause, url)} {meaning.advice}") from None


def redacted(text: str, url: URL) -> str:
    """The text with the secrets of a URL as `***`."""
    for secret in sorted(_secrets(url), key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def _first_line(cause: BaseException, url: URL) -> str:
    # PyMySQL gives a number and a text.
    said = cause.args[1] if len(cause.args) == 2 and isinstance(cause.args[0], int) else cause
    lines = str(said).strip().splitlines() or [type(cause).__name__]
    sentence = redacted(lines[0].strip(), url).rstrip(".:!")
    return f"{url.get_backend_name()} says: {sentence}."


def _secrets(url: URL) -> Iterable[str]:
    values = [url.password] if url.password else []
    for name, value in url.query.items():
        if _SECRET_KEY.search(name):
            values += [value] if isinstance(value, str) else list(value)
    return {form for value in values if value for form in (str(value), quote(str(value)), quote_plus(str(value)))}


def _meaning(cause: BaseException) -> _Meaning:
    match type(cause).__module__.partition(".")[0]:
        case "sqlite3":
            return _sqlite_meaning(cause)
        case "duckdb" | "_duckdb":
            return _duckdb_meaning(cause)
        case "psycopg":
            return _postgresql_meaning(cause)
        case "pymysql":
            return _mysql_meaning(cause)
        case "ssl":
            return _PLACE
        case _:
            return _AWAY


def _sqlite_meaning(cause: BaseException) -> _Meaning:
    name = getattr(cause, "sqlite_errorname", None)
    if name is None:
        # The module itself refuses, as it does a second statement.
        return _QUERY
    primary = "_".join(name.split("_")[:2])
    return _SQLITE.get(primary, _BROKEN)


def _duckdb_meaning(cause: BaseException) -> _Meaning:
    text = str(cause)
    if "lock" in text and "on file" in text:
        return _BUSY
    if "Cannot execute statement" in text or "configuration has been locked" in text:
        return _WRITES
    if type(cause).__name__ == "IOException":
        return _PLACE
    return _DUCKDB.get(type(cause).__name__, _VALUES)


def _postgresql_meaning(cause: BaseException) -> _Meaning:
    state = getattr(cause, "sqlstate", None)
    if state is None:
        found = (meaning for pattern, meaning in _POSTGRESQL_CONNECTING if pattern.search(str(cause)))
        return next(found, _VALUES if type(cause).__name__ == "DataError" else _AWAY)
    return _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2], _VALUES)


def _mysql_meaning(cause: BaseException) -> _Meaning:
    code = cause.args[0] if cause.args else None
    if isinstance(getattr(cause, "original_exception", None), ssl.SSLError):
        return _PLACE
    known = next((meaning for meaning, codes in _MYSQL.items() if code in codes), None)
    return known or _MYSQL_KINDS.get(type(cause).__name__, _AWAY if code is None or code in _DRIVERS_OWN else _QUERY)
