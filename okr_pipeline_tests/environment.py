"""What tests may rely on and may not touch, as a pytest plugin that `addopts` loads.

Belongs here: loopback is the only network; files are kept in memory; garbage is looked for seldom; on CI nothing is
skipped. Does not: fixtures (conftest.py).
"""

import gc
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

_attempts: list[str] = []
_LOCAL_NAMES = {"", "localhost", "localhost.localdomain", "0.0.0.0", "::", socket.gethostname()}


_MEMORY = Path("/dev/shm")
_LEAST_ROOM = 4 * 1024**3


def keep_files_in_memory() -> None:
    """Three of four seconds of a small run are waits for the disk, which no test looks at: none cuts the power.

    TMPDIR, where it is set, is heeded; so is a memory that has too little room.
    """
    if "TMPDIR" not in os.environ and _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free >= _LEAST_ROOM:
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None


keep_files_in_memory()


def pytest_configure() -> None:
    """Watch sockets for as long as the process lives: an audit hook cannot be taken back.

    Half a million objects that imports leave are no garbage; looking for some among them took a twelfth of all time.
    """
    sys.addaudithook(_only_loopback)
    gc.set_threshold(200_000)


@pytest.fixture(autouse=True)
def _network_untouched() -> Iterator[None]:
    """Fail a test that reached for the network, also where the code under test swallowed the refusal."""
    _attempts.clear()
    yield
    if _attempts:
        pytest.fail(f"reached for the network: {', '.join(sorted(set(_attempts)))}")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Iterator[None]:
    """On CI a skipped test is a failed one: a machine without PostgreSQL or Chromium would prove nothing."""
    return _unskipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Iterator[None]:
    """The same for a module that skips itself."""
    return _unskipped((yield))


def _unskipped(report):
    if report.skipped and os.environ.get("CI") == "true" and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"nothing may be skipped on CI. {reason}"
    return report


def _only_loopback(event: str, arguments: tuple) -> None:
    if event == "socket.connect":
        address = arguments[1]
        host = address[0] if isinstance(address, tuple) else ""
    elif event == "socket.getaddrinfo":
        host = arguments[0]
    else:
        return
    if not _is_local(host):
        _attempts.append(str(host))
        raise ConnectionRefusedError(f"tests may reach loopback only, not {host}")


def _is_local(host: str | bytes | None) -> bool:
    name = host.decode() if isinstance(host, bytes) else host or ""
    if name in _LOCAL_NAMES:
        return True
    try:
        return ip_address(name.split("%")[0]).is_loopback
    except ValueError:
        return False
