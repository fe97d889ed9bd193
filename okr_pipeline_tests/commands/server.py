"""Forks itself for each command that a client hands over."""

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import NoReturn

from okr_pipeline.cli import main

READY = "ready"


def serve(address: str, starter: Connection) -> NoReturn:
    """Fork for each connection; ends when the pipe to its starter does, which is when that is no more."""
    threading.Thread(target=_end_with, args=(starter,), daemon=True).start()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen(64)
        starter.send(READY)
        while True:
            client, _ = listening.accept()
            if os.fork() == 0:
                listening.close()
                _perform(client)
            client.close()


def _end_with(starter: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        starter.recv()
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
