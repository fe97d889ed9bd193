"""A Prometheus server to read from, for every test that needs one.

Belongs here: the server, and the samples that it holds. Does not: what is asked of it.

It is Debian's, private, on a random port, with a directory of its own. Its data are what `promtool` makes of a text in
the format OpenMetrics; it scrapes nothing.
"""

import base64
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import Self

import pytest

USER, PASSWORD = "reader", "of-the-readings"
_HASH = "$2b$04$okrpipelinereaders.ab.6jlgVA19uo.cOCg6F1vy6NDdh6gEszS"
_STARTING_SECONDS = 30


@dataclass(frozen=True)
class Sample:
    """A value of a metric and its labels, at an instant."""

    metric: str
    at: datetime
    value: float | str
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def series(self) -> str:
        pairs = (f"{name}={_quoted(member)}" for name, member in sorted(self.labels.items()))
        return f"{self.metric}{{{','.join(pairs)}}}"


@dataclass
class Prometheus:
    """Runs while the block does, and holds these samples. With `guarded` it wants USER and PASSWORD."""

    samples: Iterable[Sample]
    guarded: bool = False

    def __enter__(self) -> Self:
        server, tool = _program("prometheus"), _program("promtool")
        self._directory = Path(tempfile.mkdtemp(prefix="okr-prom-"))
        try:
            self._load(tool)
            self._start(server)
        except (OSError, subprocess.CalledProcessError) as error:
            self.__exit__()
            pytest.fail(f"Prometheus does not start: {error} {getattr(error, 'stderr', '')}")
        return self

    def __exit__(self, *_: object) -> None:
        if hasattr(self, "_process"):
            self._process.kill()
            self._process.wait()
        shutil.rmtree(self._directory)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def _load(self, tool: str) -> None:
        text = openmetrics(self.samples)
        (self._directory / "data").mkdir()
        if not text:
            return
        (self._directory / "samples").write_text(text + "# EOF\n")
        # Without the longest blocks that there may be, a year is thousands of files.
        make = [tool, "tsdb", "create-blocks-from", "--max-block-duration=8760h", "openmetrics", "--quiet"]
        subprocess.run(
            [*make, "samples", "data"], cwd=self._directory, check=True, capture_output=True, text=True, timeout=60
        )

    def _start(self, server: str) -> None:
        (self._directory / "config.yml").write_text("{}")
        (self._directory / "web.yml").write_text(
            json.dumps({"basic_auth_users": {USER: _HASH}} if self.guarded else {})
        )
        self.port = _free_port()
        options = {
            "config.file": "config.yml",
            "web.config.file": "web.yml",
            "web.listen-address": f"127.0.0.1:{self.port}",
            "storage.tsdb.path": "data",
            "storage.tsdb.retention.time": "100y",
        }
        command = [server, *(f"--{name}={value}" for name, value in options.items())]
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen(
                command, cwd=self._directory, stdout=log, stderr=log, stdin=subprocess.DEVNULL
            )
        until = time.monotonic() + _STARTING_SECONDS
        while not self._answers():
            if time.monotonic() > until or self._process.poll() is not None:
                raise OSError((self._directory / "log").read_text()[-1_000:])
            time.sleep(0.02)

    def _answers(self) -> bool:
        """It listens before what it holds is loaded, and says 503 until then."""
        login = base64.b64encode(f"{USER}:{PASSWORD}".encode())
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", self.port)) != 0:
                return False
            probe.sendall(b"GET /-/ready HTTP/1.0\r\nAuthorization: Basic " + login + b"\r\n\r\n")
            return b" 200 " in probe.recv(64)


def openmetrics(samples: Iterable[Sample]) -> str:
    """Samples as a text, but its end.

    >>> from datetime import UTC
    >>> openmetrics([Sample("orders", datetime(2026, 1, 1, tzinfo=UTC), 5, {"shop": "a"})])
    '# TYPE orders gauge\\norders{shop="a"} 5 1767225600.000\\n'
    """
    in_order = sorted(samples, key=lambda sample: (sample.metric, sample.series, sample.at))
    text = ""
    for metric, those in groupby(in_order, attrgetter("metric")):
        lines = (f"{sample.series} {sample.value} {sample.at.timestamp():.3f}\n" for sample in those)
        text += f"# TYPE {metric} gauge\n{''.join(lines)}"
    return text


def _quoted(member: str) -> str:
    escaped = member.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _program(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        pytest.skip(f"no Prometheus: {name} is missing (Debian: apt-get install prometheus)")
    return path


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
