"""Stand-ins of others' services that somebody else wrote, each a process of its own on a port of loopback.

Belongs here: starting them from the environment that `make judges` makes, and logins to them. Does not: what is asked.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import pytest

_PYTHON = Path(sys.prefix) / "judges" / "bin" / "python"
_SECONDS_TO_START = 60
READING = ["s3:GetObject", "s3:ListBucket"]


@dataclass(frozen=True)
class Key:
    """An access key of AWS."""

    id: str
    secret: str


@dataclass(frozen=True)
class S3Server:
    """Moto, which proves signatures and asks policies: a login that may do everything, and one that may only read."""

    url: str
    owner: Key
    reader: Key

    def client(self, name: str = "s3") -> Any:
        """AWS's own client as the owner."""
        return _aws_client(self.url, self.owner, name)

    def stranger(self, *actions: str) -> Key:
        """A new login that may do these actions alone."""
        return _new_key(self.client("iam"), actions)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """A server of S3 without any bucket."""
    with _serving("-m", "moto.server", "-H", "127.0.0.1", "-p", "{port}") as port:
        url = f"http://127.0.0.1:{port}"
        iam = _aws_client(url, Key("nobody", "nothing"), "iam")
        owner, reader = _new_key(iam, ["*"]), _new_key(iam, READING)
        asking = urllib.request.Request(
            f"{url}/moto-api/reset-auth", data=b"0", headers={"Content-Type": "text/plain"}, method="POST"
        )
        urllib.request.urlopen(asking, timeout=10).close()
        yield S3Server(url, owner, reader)


@pytest.fixture(scope="session")
def gcs_server() -> Iterator[str]:
    """The address of a server of Google Cloud Storage that asks for no login."""
    command = ("-m", "gcp_storage_emulator", "start", "--host=127.0.0.1", "--port={port}", "--in-memory")
    with _serving(*command) as port:
        yield f"http://127.0.0.1:{port}"


@pytest.fixture(scope="session")
def snowflake_server() -> Iterator[int]:
    """The port of a server of Snowflake that takes every login, and reads SQL by translating it to DuckDB."""
    factory = ("--factory", "--app-dir", str(Path(__file__).parent), "judged:snowflake")
    with _serving("-m", "uvicorn", *factory, "--host", "127.0.0.1", "--port", "{port}") as port:
        yield port


def _aws_client(url: str, key: Key, name: str) -> Any:
    import botocore.session

    return botocore.session.Session().create_client(
        name, region_name="us-east-1", endpoint_url=url, aws_access_key_id=key.id, aws_secret_access_key=key.secret
    )


def _new_key(iam: Any, actions) -> Key:
    name = f"user-{time.monotonic_ns()}"
    iam.create_user(UserName=name)
    allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=policy)
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return Key(made["AccessKeyId"], made["SecretAccessKey"])


@contextmanager
def _serving(*arguments: str, environment: Mapping[str, str] | None = None) -> Iterator[int]:
    """The port of a judge that runs while the block does."""
    if not _PYTHON.exists():
        pytest.skip(f"there are no judges at {_PYTHON}: make judges")
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = int(found.getsockname()[1])
    command = [str(_PYTHON), *(argument.format(port=port) for argument in arguments)]
    # A judge has packages of its own: what ours finds first must not be found first by it.
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "COV_"))}
    with (
        # A file: a pipe that nobody reads would fill, and the judge wait for ever.
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, env=inherited | dict(environment or {}), stdout=log, stderr=log) as process,
    ):
        try:
            _await(port, process, log)
            yield port
        finally:
            process.kill()


def _await(port: int, process: "subprocess.Popen[bytes]", log: IO[bytes]) -> None:
    ends = time.monotonic() + _SECONDS_TO_START
    while time.monotonic() < ends:
        if process.poll() is not None:
            log.seek(0)
            pytest.fail(f"the judge {process.args} ended: {log.read().decode()[-1_000:]}")
        with socket.socket() as trying:
            if trying.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"the judge {process.args} does not answer on port {port}")
