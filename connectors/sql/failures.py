"""Driver errors in the words of `connectors.errors`: the one place where they are translated.

Belongs here: which error means what, what to do about it, and keeping secrets out. Does not: raising drivers' errors.
"""

import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlalchemy.engine import URL

from connectors.http.hiding import hidden
from connectors.sql.database import Database
from connectors.sql.meanings import (
    AWAY,
    BROKEN,
    BUSY,
    FULL,
    LOGIN,
    PLACE,
    QUERY,
    RIGHTS,
    SLOW,
    VALUES,
    WRITES,
    Meaning,
)
from connectors.sql.warehouse_failures import warehouse_meaning

_SECRET_KEY: Final = re.compile(r"pass|secret|token|key|credential", re.IGNORECASE)


_POSTGRESQL: Final = {
    # Longest match of the SQLSTATE counts: https://www.postgresql.org/docs/current/errcodes-appendix.html
    "08": AWAY, "0A": QUERY, "22": VALUES, "25": WRITES, "28": LOGIN, "3D": PLACE, "3F": QUERY, "40": AWAY,
    "42": QUERY, "42501": RIGHTS, "53": FULL, "54": QUERY, "55": BUSY, "57": AWAY, "57014": SLOW, "58": AWAY,
    "XX": BROKEN,
}  # fmt: skip
_POSTGRESQL_CONNECTING: Final = (
    (re.compile(r"authentication|no password|pg_hba|role .* (does not exist|is not permitted)"), LOGIN),
    (re.compile(r"database .* does not exist|invalid (connection|dsn|port|value|sslmode)|certificate"), PLACE),
)
_DUCKDB: Final = {
    "CatalogException": QUERY, "BinderException": QUERY, "ParserException": QUERY, "SyntaxException": QUERY,
    "NotImplementedException": QUERY, "NotSupportedError": QUERY, "InvalidTypeException": QUERY,
    "PermissionException": WRITES, "InterruptException": SLOW, "OutOfMemoryException": FULL,
    "ConversionException": VALUES, "OutOfRangeException": VALUES, "TypeMismatchException": VALUES,
    "InvalidInputException": VALUES, "SerializationException": BROKEN, "FatalException": BROKEN,
    "InternalException": BROKEN, "TransactionException": BUSY, "ConnectionException": BUSY, "HTTPException": AWAY,
}  # fmt: skip
_SQLITE: Final = {
    "SQLITE_ERROR": QUERY, "SQLITE_SCHEMA": QUERY, "SQLITE_RANGE": QUERY, "SQLITE_TOOBIG": QUERY,
    "SQLITE_MISMATCH": VALUES, "SQLITE_AUTH": WRITES, "SQLITE_READONLY": WRITES, "SQLITE_INTERRUPT": SLOW,
    "SQLITE_BUSY": BUSY, "SQLITE_LOCKED": BUSY, "SQLITE_CANTOPEN": PLACE, "SQLITE_PERM": PLACE,
    "SQLITE_NOTADB": PLACE, "SQLITE_CORRUPT": BROKEN, "SQLITE_NOMEM": FULL, "SQLITE_FULL": FULL,
    "SQLITE_IOERR": AWAY,
}  # fmt: skip

_MYSQL: Final = {
    # https://mariadb.com/kb/en/mariadb-error-codes/ and MySQL's reference; 2000 to 2999 are the driver's own.
    LOGIN: {1045, 1130, 1251, 1524, 1698, 1820, 1862, 3118, 3955, 4151, 2054, 2059, 2061},
    RIGHTS: {1044, 1142, 1143, 1370},
    PLACE: {1049, 2005, 2026},
    WRITES: {1036, 1227, 1290, 1792, 1836},
    SLOW: {1317, 1969, 3024},
    BUSY: {1015, 1205, 1223},
    FULL: {3, 1020, 1021, 1037, 1038, 1040, 1041, 1114, 1135, 1203, 1226, 1878, 3170},
    AWAY: {1042, 1053, 1077, 1080, 1152, 1158, 1159, 1160, 1161, 1184, 1213, 1927, 4031, 2002, 2003, 2006, 2013, 2055},
    BROKEN: {126, 127, 134, 144, 145, 1016, 1030, 1033, 1034, 1035, 1194, 1195, 1712},
    VALUES: {1264, 1265, 1292, 1365, 1366, 1367, 1411, 1416, 1441, 1525, 1690, 3140, 3141, 3156, 4038},
}  # fmt: skip
_MYSQL_KINDS: Final = {
    "DataError": VALUES,
    "IntegrityError": VALUES,
    "InterfaceError": AWAY,
    "InternalError": BROKEN,
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
        raise meaning.error(f"{_first_line(cause, url)} ") from None


def redacted(text: str, url: URL) -> str:
    """The text with the secrets of a URL as `***`."""
    return hidden(text, _secrets(url))


def _first_line(cause: BaseException, url: URL) -> str:
    # PyMySQL gives a number and a text.
    said = cause.args[1] if len(cause.args) == 2 and isinstance(cause.args[0], int) else cause
    lines = str(said).strip().splitlines() or [type(cause).__name__]
    # Snowflake names the kind of error first, and what it is in the next line.
    told = " ".join(lines[:2]) if lines[0].endswith("error:") else lines[0]
    sentence = redacted(told.strip(), url).rstrip(".:!")
    return f"{url.get_backend_name()} says: {sentence}."


def _secrets(url: URL) -> Iterator[str]:
    if url.password:
        # Drivers that speak HTTP send the two as one.
        yield from (str(url.password), f"{url.username or ''}:{url.password}")
    for name, value in url.query.items():
        if _SECRET_KEY.search(name):
            yield from [value] if isinstance(value, str) else value


def _meaning(cause: BaseException) -> Meaning:
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
            return PLACE
        case _:
            return warehouse_meaning(cause) or AWAY


def _sqlite_meaning(cause: BaseException) -> Meaning:
    name = getattr(cause, "sqlite_errorname", None)
    if name is None:
        # The module itself refuses, as it does a second statement.
        return QUERY
    primary = "_".join(name.split("_")[:2])
    return _SQLITE.get(primary, BROKEN)


def _duckdb_meaning(cause: BaseException) -> Meaning:
    text = str(cause)
    if "lock" in text and "on file" in text:
        return BUSY
    if "Cannot execute statement" in text or "configuration has been locked" in text:
        return WRITES
    if type(cause).__name__ == "IOException":
        return PLACE
    return _DUCKDB.get(type(cause).__name__, VALUES)


def _postgresql_meaning(cause: BaseException) -> Meaning:
    state = getattr(cause, "sqlstate", None)
    if state is None:
        found = (meaning for pattern, meaning in _POSTGRESQL_CONNECTING if pattern.search(str(cause)))
        return next(found, VALUES if type(cause).__name__ == "DataError" else AWAY)
    return _POSTGRESQL.get(state) or _POSTGRESQL.get(state[:2], VALUES)


def _mysql_meaning(cause: BaseException) -> Meaning:
    code = cause.args[0] if cause.args else None
    if isinstance(getattr(cause, "original_exception", None), ssl.SSLError):
        return PLACE
    known = next((meaning for meaning, codes in _MYSQL.items() if code in codes), None)
    return known or _MYSQL_KINDS.get(type(cause).__name__, AWAY if code is None or code in _DRIVERS_OWN else QUERY)
