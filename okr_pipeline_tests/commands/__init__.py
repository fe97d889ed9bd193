"""`okr` commands in processes of their own that need not import anything.

Belongs here: the command to put in place of `okr`, whoever starts it. Does not: what commands do.

Importing Dagster and Great Expectations takes longer than nearly all that commands do. A server is a fork of the one
process that has imported them, and each command is a fork of it that has the caller's directory, environment, streams
and arguments. What is about a
process itself (what it imports, what a signal does to it, what it costs) is tested with a real one.
"""

import atexit
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from okr_pipeline_tests.commands.server import READY, serve
from okr_pipeline_tests.durability.processes import FORKS

CLIENT = Path(__file__).with_name("client.py")
MOST_SECONDS = 300


@cache
def okr_command() -> tuple[str, ...]:
    """What to write in place of `okr`; the first call starts the server, which ends with this process."""
    directory = tempfile.TemporaryDirectory(prefix="okr-commands-")
    address = f"{directory.name}/server"
    ours, theirs = FORKS.Pipe()
    server = FORKS.Process(target=serve, args=(address, theirs), daemon=True)
    server.start()
    theirs.close()
    assert ours.recv() == READY

    def end() -> None:
        server.kill()
        server.join()
        ours.close()
        directory.cleanup()

    atexit.register(end)
    return sys.executable, "-I", "-S", str(CLIENT), address


def run_okr(
    *arguments: str, cwd: Path, env: Mapping[str, str] | None = None, **more: Any
) -> subprocess.CompletedProcess[str]:
    """An `okr` command in a directory, with what is set beside the environment of the tests; its output is text.

    `more` is for `subprocess.run`, in place of capturing the output.
    """
    ours = ("DAGSTER_HOME", "OKR_CONFIG", "OKR_AUTHOR")
    environment = {name: value for name, value in os.environ.items() if name not in ours}
    return subprocess.run(
        [*okr_command(), *arguments],
        cwd=cwd,
        env=environment | dict(env or {}),
        text=True,
        check=False,
        timeout=MOST_SECONDS,
        **({"capture_output": True} | more),
    )


def okr_on_path(directory: Path) -> None:
    """Put an `okr` into a directory, for shells that have it on their PATH."""
    program = directory / "okr"
    program.write_text(f'#!/bin/sh\nexec {" ".join(okr_command())} "$@"\n')
    program.chmod(0o755)
