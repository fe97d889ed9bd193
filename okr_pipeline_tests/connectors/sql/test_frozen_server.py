"""A server that stops answering in the middle of a query holds nobody up: it is hung up on."""

import os
import signal
import subprocess
import threading
from contextlib import contextmanager
from datetime import timedelta

import pytest

from connectors.errors import TransientError
from connectors.sql.database import open_database
from connectors.sql.failures import translated
from connectors.sql.rows import Caps
from connectors.watching import Watch
from okr_pipeline_tests.mysql import create_server

pytestmark = pytest.mark.soak


@contextmanager
def frozen(processes):
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            os.kill(process, signal.SIGCONT)


def read_while_frozen(url, directory, query, processes) -> Exception:
    """What a read ends with, whose server froze as soon as it had begun."""
    ended = []
    database = open_database(url, directory, timedelta(seconds=1), 1)
    database.connect()

    def run():
        try:
            with translated(database, database.opening.url), Watch(timedelta(seconds=1)) as watch:
                database.fetch(query, {}, Caps(10, 10_000), watch)
        except TransientError as error:
            ended.append(error)

    thread = threading.Thread(target=run, daemon=True)
    with frozen(processes()):
        thread.start()
        thread.join(30)
    database.close()
    assert len(ended) == 1, "it was waited for"
    return ended[0]


@pytest.mark.mysql
def test_a_frozen_mariadb_is_hung_up_on(tmp_path):
    server = create_server()
    try:
        url = f"mariadb://root@127.0.0.1:{server.port}/mysql"
        read_while_frozen(url, tmp_path, "SELECT count(*) FROM user", lambda: [server.process.pid])
    finally:
        server.destroy()


@pytest.mark.postgres
def test_a_frozen_postgresql_is_hung_up_on(tmp_path, postgres_cluster):
    def processes():
        main = (postgres_cluster.directory / "data" / "postmaster.pid").read_text().split()[0]
        children = subprocess.run(["ps", "-o", "pid=", "--ppid", main], capture_output=True, text=True, check=True)
        return [int(main), *map(int, children.stdout.split())]

    url = postgres_cluster.url.render_as_string(hide_password=False)
    read_while_frozen(url, tmp_path, "SELECT count(*) FROM pg_class", processes)
