"""Imports everything once, and forks itself for each command that a client hands over."""

import os
import signal
import socket
import sys
import threading
import time
from typing import NoReturn

from okr_pipeline.cli import main


def serve(address: str) -> NoReturn:
    """Fork for each connection; ends when its standard input does, which is when its starter is no more."""
    from okr_pipeline_tests.durability import warm  # noqa: F401 - one whole run: much is imported when it is used

    threading.Thread(target=_end_with_the_starter, daemon=True).start()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(64)
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        while True:
            client, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _perform(client)
            client.close()


def _end_with_the_starter() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


def _perform(client: socket.socket) -> NoReturn:
    """Be the command: whatever it does, the client is told its exit code."""
    code = 1
    try:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        directory, arguments, environment = _received(client)
        os.chdir(directory)
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
        sys.argv = ["okr", *arguments]
        code = _exit_code()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        client.sendall(bytes([code & 0xFF]))
        os._exit(code)


def _exit_code() -> int:
    try:
        main()
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    return 0


def _received(client: socket.socket) -> tuple[str, list[str], dict[str, str]]:
    """Directory, arguments and environment; the client's streams become this process's."""
    head, streams, _, _ = socket.recv_fds(client, 8, 3)
    for ours, theirs in enumerate(streams):
        os.dup2(theirs, ours)
        os.close(theirs)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115 - what it had read belongs to nobody
    with client.makefile("rb") as stream:
        directory, count, *rest = os.fsdecode(stream.read(int.from_bytes(head, "big"))).split("\0")
    environment = dict(it.split("=", 1) for it in rest[int(count) :])
    return directory, rest[: int(count)], environment


if __name__ == "__main__":
    serve(sys.argv[1])
