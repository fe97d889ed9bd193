"""A MariaDB server to read from, for every test that needs one; a conftest imports the fixtures.

Belongs here: the server, and fresh, empty databases on it. Does not: tables, logins.

The server is the one that OKR_TEST_MYSQL_URL names, else a private one on a random port: started by the first test that
asks in each pytest worker, stopped when that worker ends. It forgets its data in a crash on purpose, and its default
time zone, character set and SQL mode are unusual, so that code which relies on the server's settings fails here. Of the
named time zones it knows New York's of 2013, and its certificate is for 127.0.0.1 and signed by itself.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

_SETTINGS = {
    "bind-address": "127.0.0.1",
    "default-time-zone": "+13:00",
    "character-set-server": "latin1",
    "sql-mode": "ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PIPES_AS_CONCAT",
    "skip-log-bin": None,
    "skip-name-resolve": None,
    "performance-schema": "OFF",
    "local-infile": "ON",
    "secure-file-priv": "",
    "max-connections": "60",
    "innodb-buffer-pool-size": "32M",
    "innodb-log-file-size": "8M",
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-doublewrite": "0",
    "innodb-fast-shutdown": "2",
}
_STARTING_SECONDS = 30


@dataclass(frozen=True)
class MySqlServer:
    """A private server: its directory, port and process."""

    directory: Path
    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> sa.URL:
        """No database, as a superuser without a password."""
        return sa.make_url(f"mariadb://root@127.0.0.1:{self.port}/")

    def destroy(self) -> None:
        """Stop the server as a crash would, and remove its files."""
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


@pytest.fixture(scope="session")
def mysql_server() -> Iterator[sa.URL]:
    """The URL of a server on which databases and logins may be created, as a login that may do so."""
    if given := os.environ.get("OKR_TEST_MYSQL_URL"):
        yield sa.make_url(given)
        return
    server = create_server()
    try:
        _load_zone(server.url, "America/New_York")
        yield server.url
    finally:
        server.destroy()


@pytest.fixture
def mysql_url(mysql_server: sa.URL) -> Iterator[str]:
    """A fresh, empty database, dropped after the test."""
    name = f"okr_test_{uuid4().hex}"
    _administer(mysql_server, f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
    yield mysql_server.set(database=name).render_as_string(hide_password=False)
    _administer(mysql_server, f"DROP DATABASE `{name}`")


def mysql_connection(url: sa.URL):
    """A connection of a test's own, in UTC; in clear, because reading the system's authorities for each takes longest."""
    import pymysql

    return pymysql.connect(
        host=url.host, port=url.port, user=url.username, password=url.password or "", database=url.database,
        init_command="SET time_zone = '+00:00'", ssl_disabled=True,
    )  # fmt: skip


def create_server(**settings: str) -> MySqlServer:
    """A new, running server in a directory of its own; skips the test where that cannot be had."""
    install, server = (_program(name) for name in ("mariadb-install-db", "mariadbd"))
    directory = Path(tempfile.mkdtemp(prefix="okr-my-"))
    as_user = []
    if os.geteuid() == 0:
        shutil.chown(directory, "mysql", "mysql")
        as_user = ["--user=mysql"]
    common = ["--no-defaults", *as_user, f"--datadir={directory / 'data'}"]
    try:
        _write_certificate(directory)
        _run([install, *common, "--auth-root-authentication-method=normal", "--skip-test-db", "--skip-name-resolve"])
        return _started(directory, [server, *common, *_options(directory, settings)])
    except (OSError, subprocess.CalledProcessError) as error:
        log = (directory / "log").read_text() if (directory / "log").exists() else ""
        shutil.rmtree(directory, ignore_errors=True)
        pytest.skip(f"a private MariaDB server does not start: {error} {getattr(error, 'stderr', '')} {log[-500:]}")


def _options(directory: Path, settings: dict[str, str]) -> list[str]:
    changed = {"ssl-cert": str(directory / "certificate.pem"), "ssl-key": str(directory / "key.pem")}
    changed |= {name.replace("_", "-"): value for name, value in settings.items()}
    return [f"--{name}" if value is None else f"--{name}={value}" for name, value in (_SETTINGS | changed).items()]


def _started(directory: Path, command: list[str], attempts: int = 5) -> MySqlServer:
    # Another process can take the free port between the look and the start.
    for _ in range(attempts):
        port = _free_port()
        with (directory / "log").open("ab") as log:
            options = [f"--port={port}", f"--socket={directory / 'socket'}", f"--pid-file={directory / 'pid'}"]
            process = subprocess.Popen([*command, *options], stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        server = MySqlServer(directory, port, process)
        if _answers(server):
            return server
        process.kill()
        process.wait()
    raise OSError("it does not answer")


def _answers(server: MySqlServer) -> bool:
    """Wait until it does, or has ended."""
    until = time.monotonic() + _STARTING_SECONDS
    while time.monotonic() < until and server.process.poll() is None:
        with socket.socket(socket.AF_UNIX) as probe:
            # The socket comes into being when the server is ready.
            if (server.directory / "socket").exists() and probe.connect_ex(str(server.directory / "socket")) == 0:
                return True
        try:
            server.process.wait(0.05)
        except subprocess.TimeoutExpired:
            continue
    return False


def _load_zone(url: sa.URL, name: str) -> None:
    """Tell the server of a zone's clock changes from 2012 to 2014; its own tool reads the system's zones, if there are any."""
    zone = ZoneInfo(name)
    hours = [datetime(2012, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(3 * 366 * 24)]
    offsets = [int(hour.astimezone(zone).utcoffset().total_seconds()) for hour in hours]
    changes = [(hours[0], offsets[0])]
    changes += [
        (hour, after) for hour, before, after in zip(hours[1:], offsets, offsets[1:], strict=False) if after != before
    ]
    kinds = {offset: number for number, offset in enumerate(dict.fromkeys(offsets), 1)}
    with mysql_connection(url.set(database="mysql")) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO time_zone (Use_leap_seconds) VALUES ('N')")
        number = cursor.lastrowid
        cursor.execute("INSERT INTO time_zone_name VALUES (%s, %s)", [name, number])
        types = [(number, kind, offset, 0, "X") for offset, kind in kinds.items()]
        cursor.executemany("INSERT INTO time_zone_transition_type VALUES (%s, %s, %s, %s, %s)", types)
        times = [(number, int(at.timestamp()), kinds[offset]) for at, offset in changes]
        cursor.executemany("INSERT INTO time_zone_transition VALUES (%s, %s, %s)", times)
        connection.commit()


def _write_certificate(directory: Path) -> None:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "okr test")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (directory / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (directory / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _program(name: str) -> str:
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        pytest.skip(
            f"no MariaDB server: neither OKR_TEST_MYSQL_URL nor {name} (Debian: apt-get install mariadb-server)"
        )
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL)


def _administer(server: sa.URL, statement: str) -> None:
    with mysql_connection(server) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
