"""Forty secrets are planted, everything that writes is run, and none of them is found in anything that was written.

That the search would find one is proved for every kind of sink, by leaking one there on purpose.
"""

import html
import json
import logging
import os
import pickle
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import traceback
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from io import StringIO
from pathlib import Path
from urllib.parse import quote

import pytest
from rich.console import Console

from okr_pipeline_tests.secrets import rude
from okr_pipeline_tests.secrets.canaries import CANARIES, Canary, found
from okr_pipeline_tests.secrets.planting import REFUSED_LOGINS

# What a person wrote into a file in clear stands there; the server that was told passwords is the test's own. A refresh
# token that a service gave is kept in `logins`, for its owner alone.
WRITTEN_BY_HAND = ("config", ".env", ".pgpass", "passwords.json", "keys", "logins")


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A directory with all that was printed, logged and kept."""
    root = tmp_path_factory.mktemp("sweep")
    (root / "left").mkdir()
    command = [sys.executable, "-m", "okr_pipeline_tests.secrets.scenarios", str(root / "left")]
    environment = {**_environment(root), "SERVER_STORE": _server_store(request)}
    with (root / "stdout").open("wb") as out, (root / "stderr").open("wb") as err:
        done = subprocess.run(command, env=environment, stdout=out, stderr=err, check=False)
    assert done.returncode == 0, (root / "stderr").read_bytes()[-3_000:].decode(errors="replace")
    return root


def _server_store(request: pytest.FixtureRequest) -> str:
    """A database whose server takes any password, so that its address can hold one."""
    import sqlalchemy as sa

    server = sa.make_url(str(request.getfixturevalue("postgres_server")))
    with sa.create_engine(server, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool).connect() as connection:
        connection.exec_driver_sql(f'CREATE DATABASE "okr_sweep_{os.getpid()}"')
    ours = server.set(database=f"okr_sweep_{os.getpid()}", password=str(CANARIES["store used"]))
    return str(ours.render_as_string(hide_password=False))


def _environment(root: Path) -> dict[str, str]:
    """This environment, with a connector of somebody else's installed and without what points elsewhere."""
    site = root / "site"
    (site / "rude-0.dist-info").mkdir(parents=True)
    (site / "rude-0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: rude\nVersion: 0\n")
    (site / "rude-0.dist-info" / "entry_points.txt").write_text(
        "[okr_pipeline.connectors]\nrude = okr_pipeline_tests.secrets.rude:CONNECTOR\n"
    )
    apart = {"OKR_STORE_URL", "DAGSTER_HOME", "OKR_CONFIG"}
    environment = {name: value for name, value in os.environ.items() if name not in apart}
    paths = [str(site), str(Path(__file__).parents[2]), environment.get("PYTHONPATH", "")]
    return {**environment, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "PYTHONIOENCODING": "utf-8"}


def _sinks(root: Path) -> Iterator[Path]:
    for path in sorted(root.rglob("*")):
        if path.is_file() and not set(path.relative_to(root).parts) & {*WRITTEN_BY_HAND, "site"}:
            yield path


def test_there_are_forty_secrets_and_no_two_are_alike():
    assert len(CANARIES) >= 40
    needles = [needle for canary in CANARIES.values() for needle in canary.needles]
    assert len(needles) == len(set(needles))


def test_none_is_found_in_anything_that_was_written(swept):
    given_away = {
        path.relative_to(swept).as_posix(): names for path in _sinks(swept) if (names := found(path.read_bytes()))
    }
    assert given_away == {}


def test_no_line_of_a_private_key_is_found_in_anything_that_was_written(swept):
    lines = (swept / "left" / "keys" / "private.pem").read_bytes().splitlines()[1:-1]
    assert len(lines) > 20
    sinks = {path: path.read_bytes() for path in _sinks(swept)}
    assert [path for path, content in sinks.items() if any(line in content for line in lines)] == []


def test_no_signed_claims_are_found_in_anything_that_was_written(swept):
    begins = re.compile(rb"eyJhbGciOiJSUzI1NiI|eyJ0eXAiOiAiSldUIiwg")  # as we write them, and as Google's package does
    assert [path for path in _sinks(swept) if begins.search(path.read_bytes())] == []


def test_only_its_owner_may_read_where_a_refresh_token_is_kept(swept):
    kept = [path for path in swept.glob("left/*/.okr/logins/*") if "api rotated" in found(path.read_bytes())]
    assert {path.parent.parent.parent.name for path in kept} == {"many", "few"}
    assert {stat.S_IMODE(path.stat().st_mode) for path in kept} == {0o600}


def test_none_is_found_in_the_rows_of_the_store_on_the_server(swept, postgres_server):
    import sqlalchemy as sa

    ours = sa.make_url(str(postgres_server)).set(database=f"okr_sweep_{os.getpid()}")
    engine = sa.create_engine(ours, poolclass=sa.NullPool)
    with engine.connect() as connection:
        tables = sa.inspect(connection).get_table_names()
        rows = {table: connection.exec_driver_sql(f'SELECT * FROM "{table}"').all() for table in tables}
    assert rows["runs"]
    assert found(repr(rows).encode()) == set()


def test_everything_was_run_and_written(swept):
    """A sweep of nothing finds nothing: each sink is there and holds what it is for."""
    err, out = (swept / "stderr").read_text(errors="replace"), (swept / "stdout").read_text(errors="replace")
    assert "DEBUG sqlalchemy" in err
    assert "DEBUG rude token ***" in err
    assert "WARNING py.warnings" in err
    assert "Fatal Python error: Aborted" in err
    assert "not read rude_error: The server refused '***'." in out
    assert 'the password "***"' in out
    for said in ("The server gives no token (status 400, it says: you sent ***",
                 "leads on to https://evil.example", "The answer has no column period; it has ***", "The server refuses the request (status 400, it says: you sent ***"):  # fmt: skip
        assert said in out, said
    for said in ("snowflake says: 390100", "clickhousedb says: HTTP driver received", "bigquery says: you sent ***"):
        assert said in out, said
        assert said in err, said
    for said in ("redshift says: connection failed", "trino says: ", "databricks says: ", "Azure says: ***", "S3 says: [Errno 22] ***",
                 "service_account_key of gcs of the source is no key", "service_account_key of gcs of the source is no JSON", "has the option oauth_client_secret", "keys/snowflake.p8 holds no private key"):  # fmt: skip
        assert said in err, said
    left = swept / "left"
    assert set(REFUSED_LOGINS) <= {
        name for name, canary in CANARIES.items() if str(canary) in json.loads((left / "passwords.json").read_text())
    }
    for kind in ("few/.okr/okr.db", "few/.okr/backups/*.db", "fewest/backup.db", "few/scorecards/*/index.html", "few/scorecards/*/scorecard.json",
                 "few/.okr/dagster/history/runs/*.db", "many/objects.txt", "many/objects.bin", "many/check-*.txt", "crash/crash.txt", "crash/.okr/dagster/history/runs/*.db",
                 "mistakes/*/opening.txt", "stores/*/writing.txt", "cmdline"):  # fmt: skip
        assert list(left.glob(kind)), kind
    assert [path.stat().st_size for path in left.glob("*/.okr/http-budgets.db")]
    assert "GET /?api_key=***" in repr(_rows(left / "few/.okr/okr.db"))


def test_what_was_hidden_still_says_what_happened(swept):
    crash = (swept / "left/crash/crash.txt").read_text()
    assert "RuntimeError: cannot log in with {'authorization': '***'}" in crash
    assert "KeyError: '***'" in crash
    closed = (swept / "left/many/check-closed_port.txt").read_text()
    assert re.search(r"postgresql says: connection failed: .*Connection refused", closed)


def _rows(path: Path) -> dict[str, list[tuple[object, ...]]]:
    with sqlite3.connect(path) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {table: connection.execute(f'SELECT * FROM "{table}"').fetchall() for table in tables}


# Positive controls


@pytest.mark.parametrize(
    "shape",
    [
        str, repr, ascii, quote, html.escape, json.dumps, lambda text: json.dumps(json.dumps(text)), lambda text: quote(text, safe=""),
        lambda text: b64encode(f"okr:{text}".encode()).decode(), lambda text: b64encode(text.encode()).decode(), lambda text: text.encode().hex(),
        lambda text: f"...{text}...".encode("utf-16-le").decode("latin-1"), lambda text: f"postgresql://okr:{quote(text, safe='').lower()}@db",
    ],
    ids=["raw", "repr", "ascii", "url", "html", "json", "json in json", "url, all", "basic login", "base64", "hex", "utf-16", "url, small letters"],
)  # fmt: skip
def test_every_secret_is_found_in_every_shape(shape):
    missed = [name for name, canary in CANARIES.items() if name not in found(_leaked(str(canary), shape))]
    assert missed == []


def _leaked(canary: str, shape: Callable[[str], str]) -> bytes:
    leaked = shape(canary)
    if (
        shape.__name__ == "<lambda>"
        and leaked.startswith("postgresql")
        and leaked.lower() == leaked
        and not canary.islower()
    ):
        leaked = re.sub("%[0-9a-f]{2}", lambda match: match[0].lower(), f"postgresql://okr:{quote(canary, safe='')}@db")
    return f"what stands before {leaked} and after".encode("latin-1" if "\x00" in leaked else "utf-8")


@pytest.fixture
def leak(swept: Path, tmp_path: Path) -> Mapping[str, Path]:
    """Copies of sinks that one can write to."""
    left = swept / "left"
    copies = {
        "store": next(left.glob("few/.okr/okr.db")),
        "event log": max(left.glob("few/.okr/dagster/history/runs/*.db"), key=lambda path: path.stat().st_size),
        "scorecard": next(left.glob("few/scorecards/*/index.html")),
        "json": next(left.glob("few/scorecards/*/scorecard.json")),
        "log": swept / "stderr",
    }
    return {
        kind: Path(shutil.copyfile(path, tmp_path / f"{index}-{path.name}"))
        for index, (kind, path) in enumerate(copies.items())
    }


CANARY: Canary = CANARIES["refused login, quotes"]
NAME = "refused login, quotes"


def test_a_secret_is_found_in_a_store_and_in_what_its_journal_leaves(leak):
    with sqlite3.connect(leak["store"]) as connection:
        connection.execute("UPDATE runs SET summary = json_set(summary, '$.leak', ?)", (str(CANARY),))
        assert NAME in found(
            Path(f"{leak['store']}-journal").read_bytes()
            + repr(connection.execute("SELECT * FROM runs").fetchall()).encode()
        )
    connection.close()
    assert NAME in found(leak["store"].read_bytes())


def test_a_secret_is_found_in_an_event_log(leak):
    with sqlite3.connect(leak["event log"]) as connection:
        event = connection.execute("SELECT id, event FROM event_logs LIMIT 1").fetchone()
        document = json.loads(event[1]) | {"user_message": f"cannot log in with {CANARY}"}
        connection.execute("UPDATE event_logs SET event = ? WHERE id = ?", (json.dumps(document), event[0]))
    connection.close()
    assert found(leak["event log"].read_bytes()) == {NAME}


def test_a_secret_is_found_in_a_scorecard_and_its_json(leak):
    for kind, written in (("scorecard", html.escape(str(CANARY))), ("json", json.dumps(str(CANARY)))):
        path = leak[kind]
        path.write_text(path.read_text().replace("Small", written, 1))
        assert found(path.read_bytes()) == {NAME}


def test_a_secret_is_found_in_a_log(leak):
    handler = logging.FileHandler(leak["log"])
    logger = logging.Logger("leak")  # noqa: LOG001 - shared with nobody
    logger.addHandler(handler)
    logger.error("cannot log in with %r", str(CANARY))
    handler.close()
    assert found(leak["log"].read_bytes()) == {NAME}


def test_a_secret_is_found_in_the_locals_of_a_traceback_and_in_a_hidden_cause():
    from okr_pipeline_tests.secrets.scenarios import print_locals, told

    def crash(password: str) -> None:
        try:
            float(password)
        except ValueError:
            raise RuntimeError("says nothing") from None

    with pytest.raises(RuntimeError) as crashed:
        crash(str(CANARY))
    error = crashed.value
    assert found("".join(traceback.format_exception(error)).encode()) == set()
    assert found(told(error)) == {NAME}
    printed = StringIO()
    print_locals(error, Console(file=printed, width=400))
    assert found(printed.getvalue().encode()) == {NAME}


def test_a_secret_is_found_in_an_object():
    settings = rude.RudeSettings(token=str(CANARY), manner="log")
    assert found(repr(settings).encode()) == set()
    assert found(pickle.dumps(settings)) == {NAME}


def test_a_secret_is_found_on_a_command_line():
    command = [sys.executable, "-c", "print(open('/proc/self/cmdline', 'rb').read())", str(CANARY)]
    assert found(subprocess.run(command, capture_output=True, check=True).stdout) == {NAME}
