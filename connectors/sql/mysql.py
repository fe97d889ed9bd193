"""MySQL and MariaDB servers as a source.

Belongs here: sessions that can only read, and what the login could do besides. Does not: translating errors.

`:window_start` and `:window_end` are written as `TIMESTAMP'…'` literals in UTC, and the session's time zone is UTC: a
TIMESTAMP column is an instant, a DATETIME column is compared as UTC and read as civil time. All sessions of a read are
opened before its first query, each in a transaction of its own that sees the database as it then was.
"""

import contextlib
import re
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final, cast

import pandas as pd
import pymysql
from pymysql.constants import FIELD_TYPE
from pymysql.converters import conversions
from pymysql.cursors import SSCursor
from sqlalchemy.engine import URL

from connectors.errors import ConfigError, source_key
from connectors.sql.database import Database, Opening
from connectors.sql.pooling import Pool
from connectors.sql.rows import Caps, gathered
from connectors.sql.statement import Bound
from connectors.watching import Watch

_DRIVERS: Final = ("mysql", "mariadb", "mysql+pymysql", "mariadb+pymysql")
_OPTIONS: Final = ("ssl_mode", "ssl_ca", "ssl_cert", "ssl_key", "unix_socket")
_PORT: Final = 3306
_CONNECT_SECONDS: Final = 10
_ANSWER_SECONDS: Final = 5
_KILL_SECONDS: Final = 1
_GRACE: Final = timedelta(milliseconds=500)
"""The server stops a query itself, and says so better; this is for one that does not answer."""
# A server's own mode could make texts of names and operators of others. This one is what the query is read with, and
# leaves no value to chance.
_SQL_MODE: Final = "STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
_DECIMALS_OF_A_QUOTIENT: Final = 30
"""A mean or a quotient of whole numbers has four of them by default, which is a rounded number, not the number."""
_READING_PRIVILEGES: Final = frozenset(
    {
        "USAGE", "SELECT", "EXECUTE", "SHOW VIEW", "SHOW DATABASES", "SHOW_ROUTINE", "SHOW CREATE ROUTINE", "PROCESS",
        "REPLICATION CLIENT", "BINLOG MONITOR", "SLAVE MONITOR", "REPLICA MONITOR",
    }
)  # fmt: skip
_GRANT: Final = re.compile(r"GRANT (?P<privileges>.+?) ON (?P<place>.+?) TO .+?(?P<option> WITH GRANT OPTION)?$")
_NAMED_PRIVILEGES: Final = 4


def open_mysql(opening: Opening) -> Database:
    """The database of a URL such as `mysql://reader:secret@host/name` or `mariadb://…`.

    Raises:
        ConfigError: the URL asks for another driver than PyMySQL, or has an option that is not known.
    """
    if opening.url.drivername not in _DRIVERS:
        raise ConfigError(
            f"The url asks for the driver {opening.url.drivername}, and MySQL and MariaDB are read with PyMySQL."
            " Write mysql://… or mariadb://…"
        )
    if unknown := sorted(set(opening.url.query) - set(_OPTIONS)):
        raise ConfigError(
            f"The url has the option {', '.join(unknown)}, which is not known. Known are {', '.join(_OPTIONS)}."
        )
    return _MySql(opening, _security(opening))


@dataclass(slots=True, eq=False)
class _Session:
    """A connection, and a second handle on its socket to hang up with while another thread waits for it."""

    driver: "pymysql.Connection[SSCursor]"
    line: socket.socket

    @property
    def thread(self) -> int:
        return int(self.driver.thread_id())  # type: ignore[no-untyped-call]

    @property
    def is_mariadb(self) -> bool:
        return "MariaDB" in str(self.driver.get_server_info())  # type: ignore[no-untyped-call]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.line.shutdown(socket.SHUT_RDWR)
        self.line.close()
        # A result that was left half way would be read to its end when it is collected.
        if (result := self.driver._result) is not None:  # type: ignore[attr-defined]  # noqa: SLF001 - no public way
            result.unbuffered_active = False
        if self.driver.open:
            self.driver.close()


@dataclass(slots=True)
class _MySql:
    opening: Opening
    security: Mapping[str, Any]
    dialect: str = "mysql"
    driver_errors: tuple[type[Exception], ...] = (pymysql.err.MySQLError, OSError)
    _pool: Pool[_Session] = field(init=False)

    def __post_init__(self) -> None:
        self._pool = Pool(self._opened, _is_an_answer)

    def written(self, bound: Bound) -> str:
        return f"TIMESTAMP'{bound.instant:%Y-%m-%d %H:%M:%S.%f}'"

    def connect(self, at_once: int = 1) -> None:
        """Open sessions anew, one for each fetch that runs at once: what they see is from now."""
        self._pool.renew(at_once)

    def fetch(
        self,
        sql: str,
        parameters: Mapping[str, datetime],  # noqa: ARG002 - see `written`
        caps: Caps,
        watch: Watch,
        metrics: Sequence[str] = (),  # noqa: ARG002 - its log knows no tags
    ) -> pd.DataFrame:
        # Inside a FROM no SELECT writes a file or a variable, and the server stops at the limit.
        bounded = f"SELECT * FROM (\n{sql}\n) AS metric LIMIT {caps.enough}"
        with self._pool.session() as session, watch.over(self._stop(session), _GRACE):
            return _fetched(session, bounded, caps)

    def cautions(self) -> tuple[str, ...]:
        with self._pool.session() as session:
            login = str(_rows(session, "SELECT current_user()")[0][0])
            grants = [str(row[0]) for row in _rows(session, _show_grants(session))]
        return tuple(_caution(login, what) for what in _writing(grants))

    def close(self) -> None:
        self._pool.close()

    def _opened(self) -> _Session:
        patience = self.opening.statement_timeout.total_seconds() + _ANSWER_SECONDS
        session = _connected(self.opening.url, self.security, patience)
        try:
            for statement in _preparations(session, self.opening.statement_timeout):
                _rows(session, statement)
        except BaseException:
            session.close()
            raise
        return session

    def _stop(self, session: _Session) -> Callable[[], None]:
        """Asks the server to end what runs, and after a while hangs up on a server that does not listen."""
        asked: list[float] = []

        def stop() -> None:
            asked.append(time.monotonic())
            try:
                if asked[-1] - asked[0] > _KILL_SECONDS:
                    session.line.shutdown(socket.SHUT_RDWR)
                else:
                    self._kill(session.thread)
            except self.driver_errors:
                # It has ended meanwhile, or is hung up on next time.
                return

        return stop

    def _kill(self, thread: int) -> None:
        killer = _connected(self.opening.url, self.security, _KILL_SECONDS)
        try:
            _rows(killer, f"KILL QUERY {thread}")
        finally:
            killer.close()


def _is_an_answer(error: BaseException) -> bool:
    """Whether a server said it of a query, after which the session goes on; the driver's own codes are 2000 to 2999."""
    code = error.args[0] if isinstance(error, pymysql.err.MySQLError) and error.args else 0
    return isinstance(code, int) and code >= 1_000 and code // 1_000 != 2


def _connected(url: URL, security: Mapping[str, Any], patience: float) -> _Session:
    connection = pymysql.connect(
        host=url.host or "localhost",
        user=url.username,
        # The driver would encode a text as Latin-1.
        password=(str(url.password) if url.password is not None else "").encode(),
        database=url.database or None,
        charset="utf8mb4",
        conv=_CONVERSIONS,
        cursorclass=SSCursor,
        autocommit=True,
        local_infile=False,
        read_timeout=patience,
        write_timeout=_CONNECT_SECONDS,
        program_name="okr-pipeline",
        defer_connect=True,
        **security,
    )
    line = _line(url)
    session = _Session(connection, line.dup())
    try:
        connection.connect(line)
    except BaseException:
        session.close()
        line.close()
        raise
    return session


def _line(url: URL) -> socket.socket:
    if path := url.query.get("unix_socket"):
        line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        line.settimeout(_CONNECT_SECONDS)
        line.connect(str(path))
        return line
    line = socket.create_connection((url.host or "localhost", url.port or _PORT), _CONNECT_SECONDS)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return line


def _preparations(session: _Session, timeout: timedelta) -> Iterator[str]:
    """What each session begins with: limits of its own, then the transaction in which it reads."""
    milliseconds = round(timeout.total_seconds() * 1_000)
    limit = (
        f"max_statement_time = {milliseconds / 1_000}" if session.is_mariadb else f"max_execution_time = {milliseconds}"
    )
    seconds = max(1, round(timeout.total_seconds()))
    yield (
        f"SET SESSION time_zone = '+00:00', sql_mode = '{_SQL_MODE}', {limit}, lock_wait_timeout = {seconds},"
        f" innodb_lock_wait_timeout = {seconds}, div_precision_increment = {_DECIMALS_OF_A_QUOTIENT}"
    )
    yield "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ"
    yield "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"


def _fetched(session: _Session, sql: str, caps: Caps) -> pd.DataFrame:
    cursor = session.driver.cursor()
    cursor.execute(sql)
    names = [str(column[0]) for column in cursor.description or ()]
    frame = gathered(names, cast("Iterable[Sequence[object]]", cursor), caps)
    cursor.close()
    return frame


def _rows(session: _Session, sql: str) -> Sequence[Sequence[object]]:
    with session.driver.cursor() as cursor:
        cursor.execute(sql)
        return list(cast("Iterable[Sequence[object]]", cursor)) if cursor.description else []


def _instant(text: str | bytes) -> object:
    """A TIMESTAMP, which the session's zone shows in UTC; one that is no date stays a text."""
    read = conversions[FIELD_TYPE.TIMESTAMP](text)
    return read.replace(tzinfo=UTC) if isinstance(read, datetime) else read


def _whole_number(bits: bytes) -> int:
    return int.from_bytes(bits, "big")


_CONVERSIONS: Final[dict[Any, Any]] = {**conversions, FIELD_TYPE.TIMESTAMP: _instant, FIELD_TYPE.BIT: _whole_number}


def _security(opening: Opening) -> dict[str, Any]:
    """What TLS is asked for, in the words of the servers' own clients.

    Raises:
        ConfigError: the mode is unknown, or a certificate cannot be read.
    """
    options = {name: str(value) for name, value in opening.url.query.items()}
    mode = options.get("ssl_mode", "VERIFY_IDENTITY" if "ssl_ca" in options else "PREFERRED").upper()
    if mode == "DISABLED":
        return {"ssl_disabled": True}
    if mode == "PREFERRED":
        return {}
    if mode not in {"REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY"}:
        raise ConfigError(
            f"The url has ssl_mode={mode}, which is none of DISABLED, PREFERRED, REQUIRED, VERIFY_CA, VERIFY_IDENTITY."
            " Write one of these."
        )
    return {"ssl": _tls(opening, options, mode)}


def _tls(opening: Opening, options: Mapping[str, str], mode: str) -> ssl.SSLContext:
    paths = {
        name: str(opening.directory / options[name]) for name in ("ssl_ca", "ssl_cert", "ssl_key") if name in options
    }
    try:
        context = ssl.create_default_context(cafile=paths.get("ssl_ca"))
        if "ssl_cert" in paths:
            context.load_cert_chain(paths["ssl_cert"], paths.get("ssl_key"))
    except (OSError, ssl.SSLError) as error:
        named = ", ".join(paths.values()) or "the system's certificates"
        raise ConfigError(
            f"A certificate cannot be read ({named}): {error}. Check the ssl_ options of the ", source_key("url"), "."
        ) from None
    context.check_hostname = mode == "VERIFY_IDENTITY"
    context.verify_mode = ssl.CERT_NONE if mode == "REQUIRED" else ssl.CERT_REQUIRED
    # The certificates that these servers make for themselves are not strict.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return context


def _show_grants(session: _Session) -> str:
    """MySQL shows what a role may do only where it is named; MariaDB shows that of the current one by itself."""
    if session.is_mariadb:
        return "SHOW GRANTS"
    roles = str(_rows(session, "SELECT current_role()")[0][0])
    return "SHOW GRANTS FOR CURRENT_USER()" + ("" if roles == "NONE" else f" USING {roles}")


def _writing(grants: Iterable[str]) -> Iterator[str]:
    """What of the grants is more than reading.

    >>> list(_writing(["GRANT SELECT, INSERT, UPDATE (`a`) ON `shop`.* TO `reader`@`%`"]))
    ['INSERT, UPDATE (`a`) on `shop`.*']
    """
    for grant in grants:
        match = _GRANT.match(grant)
        if match is None:
            continue
        privileges = re.split(r", (?![^(]*\))", match["privileges"])
        more = [it for it in privileges if it.partition(" (")[0].upper() not in _READING_PRIVILEGES]
        more += ["GRANT OPTION"] if match["option"] else []
        if more:
            shown = ", ".join(more[:_NAMED_PRIVILEGES])
            rest = f" and {len(more) - _NAMED_PRIVILEGES} more" if len(more) > _NAMED_PRIVILEGES else ""
            yield f"{shown}{rest} on {match['place']}"


def _caution(login: str, what: str) -> str:
    return (
        f"The login {login} has {what}. Metrics are read in read-only transactions, but a login that can only SELECT is"
        " safer: grant it SELECT, and nothing else."
    )
