"""Places to keep a store in, for every test that needs one: a file, or a database on a real PostgreSQL server.

Belongs here: servers and fresh, empty databases. Does not: configurations, observations or anything else to put in.

The server is the one that OKR_TEST_POSTGRES_URL names, else a private cluster on a random port: started by the first
test that asks in each pytest worker, stopped when that worker ends. It forgets its data in a crash on purpose (fsync
is off), and its default time zone is far from UTC so that code which relies on the session's zone fails here.
"""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from okr_pipeline.store import Store, open_store
from okr_pipeline_tests.projects import Small, small, small_on_each  # noqa: F401 - fixtures

_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "max_connections": "60",
    "shared_buffers": "64MB",
    "timezone": "Pacific/Auckland",
}


@dataclass(frozen=True)
class PostgresCluster:
    """A private server: its data directory, its port, and how to stop and start it."""

    binaries: Path
    directory: Path
    port: int
    settings: Mapping[str, str]

    @property
    def url(self) -> sa.URL:
        """The maintenance database, as a superuser without a password."""
        return sa.make_url(f"postgresql+psycopg://postgres@127.0.0.1:{self.port}/postgres")

    def start(self) -> None:
        options = [f"-c {name}={value}" for name, value in self.settings.items()]
        options += [f"-p {self.port}", f"-k {self.directory}"]
        self._pg_ctl("start", "-l", str(self.directory / "log"), "-o", " ".join(options))

    def stop(self, mode: str = "immediate") -> None:
        """`immediate` is a crash, `fast` a shutdown."""
        self._pg_ctl("stop", "-m", mode)

    def _pg_ctl(self, *arguments: str) -> None:
        command = [str(self.binaries / "pg_ctl"), "-D", str(self.directory / "data"), "-w", "-t", "60", *arguments]
        _run_as_postgres(command, self.directory)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[sa.URL]:
    """The URL of a server on which databases may be created, as a role that may do so."""
    if given := os.environ.get("OKR_TEST_POSTGRES_URL"):
        yield sa.make_url(given).set(drivername="postgresql+psycopg")
        return
    cluster = create_cluster()
    try:
        yield cluster.url
    finally:
        destroy_cluster(cluster)


@pytest.fixture
def postgres_cluster() -> Iterator[PostgresCluster]:
    """A running server of the test's own, for tests that stop or break it."""
    cluster = create_cluster()
    try:
        yield cluster
    finally:
        destroy_cluster(cluster)


@pytest.fixture
def new_postgres_url(postgres_server: sa.URL) -> Iterator[Callable[[], str]]:
    """Makes fresh, empty databases, dropped after the test."""
    names: list[str] = []

    def made() -> str:
        names.append(f"okr_test_{uuid4().hex}")
        _create(postgres_server, names[-1])
        return postgres_server.set(database=names[-1]).render_as_string(hide_password=False)

    yield made
    for name in names:
        _administer(postgres_server, f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def postgres_url(new_postgres_url: Callable[[], str]) -> str:
    """A fresh, empty database, dropped after the test."""
    return new_postgres_url()


@pytest.fixture(scope="session")
def usual_store(request: pytest.FixtureRequest) -> Callable[[Path], str]:
    """The URL of a fresh store for a project directory, for tests of whole commands.

    It is the embedded store; with OKR_TEST_STORE=postgres a database on the PostgreSQL server.
    """

    def embedded(directory: Path) -> str:
        return f"sqlite:///{directory / '.okr' / 'okr.db'}"

    def on_server(_: Path) -> str:
        server = request.getfixturevalue("postgres_server")
        return empty_database(server)

    return on_server if os.environ.get("OKR_TEST_STORE") == "postgres" else embedded


def empty_database(server: sa.URL) -> str:
    """The URL of a new database that stays until the server ends."""
    name = f"okr_test_{uuid4().hex}"
    _create(server, name)
    return str(server.set(database=name).render_as_string(hide_password=False))


@pytest.fixture(scope="session")
def filled_with(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Store], None]], str]:
    """Fills an empty store as a function would, by a copy of one that the function filled once; returns its URL."""
    made: dict[tuple[sa.URL, Callable[[Store], None]], sa.URL] = {}

    def fill(url: str, how: Callable[[Store], None]) -> str:
        place = sa.make_url(url)
        key = _server_of(place), how
        if key not in made:
            made[key] = _new_template(place, tmp_path_factory.mktemp("template"))
            store = open_store(made[key].render_as_string(hide_password=False))
            how(store)
            store.close()
        copy_store(made[key], place)
        return url

    return fill


@pytest.fixture(scope="session")
def with_schema(filled_with: Callable[[str, Callable[[Store], None]], str]) -> Callable[[str], str]:
    """Makes an empty store one of the newest schema, and returns its URL."""
    return lambda url: filled_with(url, Store.upgrade)


@pytest.fixture(scope="session")
def done_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Small, Callable[[Small], object]], Small]:
    """Makes a small project one that something was done with, by a copy of one that it was done with once.

    What is done must depend on nothing but the project as its fixture made it.
    """
    made: dict[tuple[sa.URL, Callable[[Small], object]], Small] = {}

    def done(project: Small, what: Callable[[Small], object]) -> Small:
        place = sa.make_url(project.store_url)
        key = _server_of(place), what
        if key not in made:
            made[key] = _done(project, what, tmp_path_factory.mktemp("done"))
        shutil.copytree(made[key].directory, project.directory, dirs_exist_ok=True)
        copy_store(sa.make_url(made[key].store_url), place)
        return replace(made[key], directory=project.directory, store_url=project.store_url)

    return done


def _done(project: Small, what: Callable[[Small], object], directory: Path) -> Small:
    place = sa.make_url(project.store_url)
    template = _new_template(place, directory)
    copy_store(place, template)
    shutil.copytree(project.directory / "config", directory / "project" / "config")
    done = replace(project, directory=directory / "project", store_url=template.render_as_string(hide_password=False))
    what(done)
    hang_up(template)
    return done


def hang_up(place: sa.URL) -> None:
    """What nobody is connected to can be copied."""
    if place.get_backend_name() != "sqlite":
        statement = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{place.database}'"
        _administer(place.set(database="postgres"), statement)


def _server_of(place: sa.URL) -> sa.URL:
    """Where a store is, but for its name; None would leave the name as it is."""
    return place.set(database="")


def _new_template(like: sa.URL, directory: Path) -> sa.URL:
    if like.get_backend_name() == "sqlite":
        return like.set(database=str(directory / "okr.db"))
    return sa.make_url(empty_database(like.set(database="postgres")))


def copy_store(template: sa.URL, url: sa.URL) -> None:
    """Make an empty store on the same server one that holds what the template does, to which nobody is connected."""
    if url.get_backend_name() == "sqlite":
        Path(str(url.database)).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(str(template.database), str(url.database))
        return
    server = url.set(database="postgres")
    _administer(server, f'DROP DATABASE IF EXISTS "{url.database}"')
    _create(server, str(url.database), str(template.database))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh, empty store, once on each backend."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store' / 'okr.db'}"
    return str(request.getfixturevalue("postgres_url"))


def create_cluster(settings: Mapping[str, str] | None = None) -> PostgresCluster:
    """A new, running cluster in a directory of its own, with some settings of its own; skips the test where that cannot
    be had.
    """
    binaries = _binaries()
    directory = Path(tempfile.mkdtemp(prefix="okr-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        command = [
            "-D",
            str(directory / "data"),
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--no-locale",
            "--no-sync",
        ]
        _run_as_postgres([str(binaries / "initdb"), *command], directory)
        return _started(binaries, directory, _SETTINGS | dict(settings or {}))
    except (LookupError, subprocess.CalledProcessError) as error:
        shutil.rmtree(directory, ignore_errors=True)
        pytest.skip(f"a private PostgreSQL cluster does not start: {error} {getattr(error, 'stderr', '')}")


def destroy_cluster(cluster: PostgresCluster) -> None:
    """Stop the server, whatever is connected, and remove its files."""
    if (cluster.directory / "data" / "postmaster.pid").exists():
        cluster.stop()
    shutil.rmtree(cluster.directory, ignore_errors=True)


def _started(binaries: Path, directory: Path, settings: Mapping[str, str], attempts: int = 5) -> PostgresCluster:
    # Another process can take the free port between the look and the start.
    for attempt in range(attempts):
        cluster = PostgresCluster(binaries, directory, _free_port(), settings)
        try:
            cluster.start()
        except subprocess.CalledProcessError:
            if attempt == attempts - 1:
                raise
        else:
            return cluster
    raise AssertionError


def _binaries() -> Path:
    candidates = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    if on_path := shutil.which("initdb"):
        candidates.append(Path(on_path).resolve().parent)
    for directory in candidates:
        if (directory / "initdb").exists() and (directory / "pg_ctl").exists():
            return directory
    pytest.skip(
        "no PostgreSQL server: neither OKR_TEST_POSTGRES_URL nor initdb and pg_ctl under /usr/lib/postgresql/*/bin or"
        " on PATH (Debian: apt-get install postgresql)"
    )


def _version(directory: Path) -> float:
    try:
        return float(directory.parent.name)
    except ValueError:
        return 0.0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _run_as_postgres(command: list[str], directory: Path) -> None:
    # The server refuses to run as root. Output goes to a file: a pipe would stay open in the daemon and never end.
    user = "postgres" if os.geteuid() == 0 else None
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(
            command, cwd=directory, stdout=output, stderr=output, user=user, group=user, extra_groups=[] if user else None,
            check=False, env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
        )  # fmt: skip
        output.seek(0)
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, command, stderr=output.read())


def _create(server: sa.URL, name: str, template: str = "template1") -> None:
    with _administrator(server).connect() as connection:
        # A copy of files takes half the time of one through the log, where nothing waits for a disk.
        how = "STRATEGY FILE_COPY" if (connection.dialect.server_version_info or ()) >= (15,) else ""
        connection.exec_driver_sql(f'CREATE DATABASE "{name}" TEMPLATE "{template}" {how}')


def _administer(server: sa.URL, statement: str) -> None:
    with _administrator(server).connect() as connection:
        connection.exec_driver_sql(statement)


@cache
def _administrator(server: sa.URL) -> sa.Engine:
    """One connection for all that is made and dropped: to make one takes longer than to drop a database."""
    return sa.create_engine(server, isolation_level="AUTOCOMMIT", pool_size=1)
