"""Runs `okr validate` on directories, each in a child that may use so much time and memory and no more.

Belongs here: the limits, and what became of each child. Does not: what is in the directories.

    python -m okr_pipeline_tests.config.confined GOOD DIRECTORY … [--as-nobody DIRECTORY …]

One line of JSON per directory: exit code (negative for the signal that ended it), what it printed, the memory it grew by.
"""

import gc
import json
import os
import resource
import signal
import sys
import tempfile
from collections.abc import Iterator
from typing import IO

from okr_pipeline.cli.main import main

CPU_SECONDS, MEBIBYTES = 6, 512
NOBODY = 65534
_LONGEST_WAIT_SECONDS = 60


def confined(directory: str, *, as_nobody: bool) -> dict[str, object]:
    """What the command did with a directory."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if child == 0:
            _become(out, err, as_nobody=as_nobody)
            _validate(directory)
        _, status, used = os.wait4(child, 0)
        code = os.waitstatus_to_exitcode(status)
        return {"code": code, "out": _read(out), "err": _read(err), "cpu_seconds": used.ru_utime + used.ru_stime}


def _become(out: IO[bytes], err: IO[bytes], *, as_nobody: bool) -> None:
    os.dup2(out.fileno(), 1)
    os.dup2(err.fileno(), 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    resource.setrlimit(resource.RLIMIT_DATA, (used + (MEBIBYTES << 20),) * 2)
    signal.alarm(_LONGEST_WAIT_SECONDS)  # ends what waits for ever and uses nothing
    if as_nobody and os.geteuid() == 0:
        os.setgroups([])
        os.setegid(NOBODY)
        os.seteuid(NOBODY)


def _validate(directory: str) -> None:
    code = 70
    try:
        main(["validate", "--config", directory])
    except SystemExit as stop:
        code = int(stop.code or 0)
    except BaseException:  # noqa: BLE001 - it is told to the parent as it would be to a person
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode(errors="backslashreplace")


def _all(arguments: list[str]) -> Iterator[dict[str, object]]:
    good, *directories = arguments
    with open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123
        # The children inherit everything that the command imports, whoever they are.
        kept, sys.stdout = sys.stdout, nowhere
        try:
            main(["validate", "--config", good])
        except SystemExit as stop:
            if stop.code:
                raise
        finally:
            sys.stdout = kept
    gc.unfreeze()
    as_nobody = False
    for directory in directories:
        if directory == "--as-nobody":
            as_nobody = True
        else:
            yield confined(directory, as_nobody=as_nobody)


if __name__ == "__main__":
    for result in _all(sys.argv[1:]):
        print(json.dumps(result), flush=True)  # noqa: T201 - what it is for
