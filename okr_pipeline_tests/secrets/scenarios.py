"""Everything that writes, run once with every secret in its place, as loudly as Python allows.

    SERVER_STORE=postgresql://… python -m okr_pipeline_tests.secrets.scenarios DIRECTORY

Belongs here: what is run. Does not: looking at what came of it (test_canary_sweep). What it prints and leaves in the
directory are the sinks. SERVER_STORE is an address on a PostgreSQL server, to run on as well.
"""

import faulthandler
import json
import logging
import os
import pickle
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from io import StringIO
from pathlib import Path

from rich.console import Console
from rich.scope import render_scope
from rich.traceback import Traceback

from okr_pipeline.application.reading import check_source, open_source, read_source
from okr_pipeline.application.windows import newest_windows
from okr_pipeline.application.workspace import open_applied, open_for_writing, open_project_store, open_workspace
from okr_pipeline.cli.main import main
from okr_pipeline_tests.connectors.http.keys import key_pair
from okr_pipeline_tests.connectors.http.server import Server
from okr_pipeline_tests.secrets import drivers
from okr_pipeline_tests.secrets.echo_server import EchoServer
from okr_pipeline_tests.secrets.loud_server import LoudServer
from okr_pipeline_tests.secrets.planting import (
    addresses,
    apis,
    environment,
    mistakes,
    plant,
    plant_crash,
    stores,
    write,
)

FEW = (
    "closed_port",
    "refused_login__quotes",
    "in_the_query",
    "rude_error",
    "rude_log",
    "rude_evidence",
    "api_query",
    "api_refresh",
    "api_google",
    "api_refused",
    *drivers.LOUD,
)
FEWEST = ("closed_port", "rude_error", "rude_evidence", "api_query")
"""One of each way in which a source tells what a store keeps: what it keeps does not depend on where it is."""


def everything(root: Path, store: str | None) -> None:
    """All of it, in order."""
    os.environ["PGPASSFILE"] = str(root / "many" / ".pgpass")
    with LoudServer() as server, Server(EchoServer()) as api:
        os.environ.update(environment(server.port) | private_keys(root / "keys", api.url))
        os.environ.update(drivers.variables(api.url, server.port))
        many, few, fewest = root / "many", root / "few", root / "fewest"
        plant(many, server.port)
        plant(few, server.port, FEW)
        plant(fewest, server.port, FEWEST)
        readings_of(many, [*addresses(server.port), *apis(), *drivers.sources()])
        runs_of(few)
        objects_of(many)
        errors_of(many)
        crash(root / "crash")
        if store:
            on(fewest, store)
        for name, written in mistakes().items():
            mistake(root / "mistakes" / name.replace(" ", "-"), dict(written))
        for name, url in stores(server.port).items():
            lost_store(root / "stores" / name.replace(" ", "-"), url, server.port)
        (root / "passwords.json").write_text(json.dumps(server.passwords))
    (root / "cmdline").write_bytes(Path("/proc/self/cmdline").read_bytes())
    abort(many)


def private_keys(directory: Path, url: str) -> dict[str, str]:
    """A key to sign with, in the two ways that variables hold one; kept for who looks for it afterwards."""
    write(directory, {"private.pem": key_pair().private})
    return {"ECHO_URL": url, "API_JWT": key_pair().private, "API_GOOGLE": key_pair().key_file(f"{url}/token")}


def readings_of(directory: Path, sources: Iterable[str]) -> None:
    """Every command that asks a source and keeps nothing."""
    okr(directory, "validate", expect=0)
    okr(directory, "validate", "--live", expect=1)
    okr(directory, "connectors", "list", "--json", expect=0)
    for name in ("sql", "files", "rude"):
        okr(directory, "connectors", "show", name, expect=0)
    for name in (*sources, "part", "rude_error", "rude_caution", "rude_opening", "rude_nested"):
        okr(directory, "connectors", "test", name)
    for source, kind in (
        ("api_bearer", "error"),
        ("api_refresh", "value"),
        ("api_google", "keys"),
        ("api_query", "page"),
    ):
        okr(directory, "connectors", "test", f"{source}_{kind}")
    okr(directory, "schema", expect=0)


def runs_of(directory: Path) -> None:
    """Every command that keeps something, and those that tell what was kept."""
    okr(directory, "run", expect=1)
    plans = (["plan"], ["plan", "--json"], ["plan", "--format", "markdown"])
    for arguments in (["status"], ["status", "--json"], ["scorecard"], ["scorecard", "--format", "json"], *plans):
        okr(directory, *arguments, expect=0)
    for identifier in ("signups", "refused-login--quotes", "closed-port", "rude-evidence", "grow"):
        okr(directory, "explain", identifier, expect=0)
        okr(directory, "explain", identifier, "--json", expect=0)
        okr(directory, "explain", identifier, "--proof", str(directory / "proofs" / f"{identifier}.json"), expect=0)
    okr(directory, "store", "doctor")
    okr(directory, "store", "doctor", "--json")
    okr(directory, "store", "upgrade", expect=0)
    okr(directory, "store", "backup", expect=0)


def objects_of(directory: Path) -> None:
    """Whatever Python can make a text or bytes of."""
    workspace = open_workspace(directory / "config")
    configuration = workspace.configuration
    opened = [it for source in configuration.sources if (it := _opened(workspace, source)) is not None]
    delivery = read_source(workspace, "closed_port", newest_windows(workspace, "closed_port", workspace.as_of()))
    things = [workspace, configuration, workspace.store, workspace.secrets, delivery, *opened]
    things += [*configuration.sources.values(), *configuration.metrics.values()]
    texts = [form(it) for it in things for form in (repr, str, "{}".format, "{!r:>10}".format)]
    _put(directory / "objects.txt", "\n".join(texts).encode(errors="surrogateescape"))
    kept = [pickle.dumps(it) for it in (configuration, *configuration.sources.values())]
    kept += [json.dumps(asdict(it), default=repr).encode() for it in configuration.sources.values()]
    _put(directory / "objects.bin", b"\n".join(kept))


def _opened(workspace, source):
    try:
        return open_source(workspace, source)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
        _put(workspace.project_dir / f"opening-{source}.txt", told(error))
        return None


def errors_of(directory: Path) -> None:
    """What each use case raises, with all that hangs on it."""
    workspace = open_workspace(directory / "config")
    for source in workspace.configuration.sources:
        _catch(directory / f"check-{source}.txt", lambda source=source: check_source(workspace, source))
    for source in FEW:
        delivery = read_source(workspace, source, newest_windows(workspace, source, workspace.as_of()))
        for metric, error in delivery.failures.items():
            _put(directory / f"read-{metric}.txt", told(error))
    before = os.environ.pop("CLOSED_PORT")
    _catch(directory / "variable.txt", lambda: open_source(workspace, "closed_port"))
    os.environ["CLOSED_PORT"] = before


def crash(directory: Path) -> None:
    """A defect in a connector, in a command and in a Dagster run."""
    plant_crash(directory)
    okr(directory, "run")
    okr(directory, "validate", "--live", expect=3)
    workspace = open_workspace(directory / "config")
    windows = newest_windows(workspace, "rude", workspace.as_of())
    _catch(directory / "crash.txt", lambda: read_source(workspace, "rude", windows), rich=True)


def on(directory: Path, store: str) -> None:
    """Runs whose store is on a server."""
    with _variable("OKR_STORE_URL", store):
        okr(directory, "run", expect=1)
        logging.getLogger("sqlalchemy").setLevel(logging.WARNING)  # the statements of one run are enough
        okr(directory, "backfill", "--from", "2026-01-30", "--to", "2026-01-30")
        logging.getLogger("sqlalchemy").setLevel(logging.DEBUG)
        okr(directory, "status", expect=0)
        okr(directory, "explain", "signups", expect=0)
        okr(directory, "store", "doctor")
        okr(directory, "store", "backup", str(directory / "backup.db"))


def mistake(directory: Path, written: dict[str, str]) -> None:
    """A source that is refused, or that only fails when it is opened."""
    source = written.pop("source")
    write(directory, {
        "config/project.yaml": "name: Small\nas_of: 2026-01-31\n",
        "config/sources/all.yaml": f"sources:\n  bad: {source}\n",
        "config/metrics/all.yaml": "metrics:\n  a: {source: bad, query: SELECT 1, grain: day, unit: count, better: higher, rollup: sum}\n",
    })  # fmt: skip
    with _variable("BAD", written.get("BAD", "")):
        for arguments in (["validate"], ["validate", "--live"], ["connectors", "test", "bad"], ["store", "doctor"]):
            okr(directory, *arguments)
        _catch(directory / "opening.txt", lambda: open_workspace(directory / "config"))
        _catch(directory / "reading.txt", lambda: _read(directory))


def _read(directory: Path) -> None:
    workspace = open_workspace(directory / "config")
    delivery = read_source(workspace, "bad", newest_windows(workspace, "bad", workspace.as_of()))
    for error in delivery.failures.values():
        raise error


def lost_store(directory: Path, url: str, port: int) -> None:
    """Every command on a store that cannot be used, named by variable and by option."""
    plant(directory, port, ())
    config = directory / "config"
    for arguments in (["run"], ["status"], ["store", "doctor"], ["store", "upgrade"], ["store", "backup"]):
        okr(directory, *arguments, "--store", url)
    with _variable("OKR_STORE_URL", url):
        okr(directory, "status")
        okr(directory, "validate")
        _catch(directory / "writing.txt", lambda: open_for_writing(config), rich=directory.name == "closed")
        _catch(directory / "upgrading.txt", lambda: open_project_store(config).upgrade())
        _catch(directory / "applied.txt", lambda: open_applied(config))


def abort(directory: Path) -> None:
    """A crash of the interpreter in a child, with its dump."""
    if os.fork() == 0:
        faulthandler.enable()
        workspace = open_workspace(directory / "config")
        source = open_source(workspace, "refused_login")
        assert source
        os.abort()
    os.wait()


def okr(directory: Path, *arguments: str, expect: int | None = None) -> None:
    """One command, here."""
    before = Path.cwd()
    os.chdir(directory)
    code = None
    try:
        main(arguments)
    except SystemExit as stop:
        code = int(stop.code or 0)
    finally:
        os.chdir(before)
        sys.stdout.flush()
    assert code is not None
    assert expect is None or code == expect, f"{arguments} exits {code}"


def told(error: BaseException, *, rich: bool = False) -> bytes:
    """An error as tools show it: its chain, the hidden one too, what it carries, and the locals of frames."""
    out = StringIO()
    for one in _chain(error):
        out.write("".join(traceback.TracebackException.from_exception(one, capture_locals=True).format()))
        if rich:
            print_locals(one, Console(file=out, width=400))
        out.write(f"\n{one!r}\n{one}\n{one.args!r}\n{vars(one) if hasattr(one, '__dict__') else ''}\n")
    return out.getvalue().encode(errors="surrogateescape")


def print_locals(error: BaseException, console: Console) -> None:
    """Those of every frame as Rich's tracebacks show them, item by item of what objects hold.

    Left out is the source beside them, which holds no secret and takes long to colour.
    """
    trace = Traceback.extract(
        type(error), error, error.__traceback__, show_locals=True, locals_max_length=None, locals_max_string=None
    )
    for frame in (frame for stack in trace.stacks for frame in stack.frames):
        console.print(f"{frame.filename}:{frame.lineno} in {frame.name}", markup=False)
        console.print(render_scope(frame.locals or {}))


def _chain(error: BaseException | None, seen: set[int] | None = None) -> Iterator[BaseException]:
    seen = set() if seen is None else seen
    if error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        yield from _chain(error.__cause__, seen)
        yield from _chain(error.__context__, seen)


def _catch(path: Path, work: Callable[[], object], *, rich: bool = False) -> None:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - whatever it is, it is looked at
        _put(path, told(error, rich=rich))


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


@contextmanager
def _variable(name: str, value: str) -> Iterator[None]:
    before = os.environ.get(name)
    os.environ[name] = value
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]
        else:
            os.environ[name] = before


def shout() -> None:
    """Every logger there is and will be, down to DEBUG, on standard error."""
    logging.basicConfig(level=logging.DEBUG, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s", force=True)
    logging.captureWarnings(capture=True)
    for name in ("sqlalchemy", "psycopg", "dagster", "great_expectations", "alembic", "httpx"):
        logging.getLogger(name).setLevel(logging.DEBUG)


if __name__ == "__main__":
    shout()
    everything(Path(sys.argv[1]), os.environ.get("SERVER_STORE"))
