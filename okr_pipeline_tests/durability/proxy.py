"""A connection to PostgreSQL that breaks at a COMMIT: before the server hears it, or before the client hears the answer.

Belongs here: passing bytes on until then. Does not: what the client makes of it.
"""

import contextlib
import socket
import threading
from dataclasses import dataclass, field
from enum import Enum
from typing import Final, Self

_COMMIT: Final = b"COMMIT"
_WRITER: Final = b"pg_advisory_xact_lock"


class Break(Enum):
    """Where a connection breaks."""

    BEFORE_THE_SERVER_HEARS = "before"
    WHILE_THE_SERVER_COMMITS = "while"
    BEFORE_THE_CLIENT_HEARS = "after"


@dataclass
class Proxy:
    """Listens on a random port of loopback. Those COMMITs of writers break whose numbers, from 1, are in `breaks`."""

    server: tuple[str, int]
    breaks: dict[int, Break] = field(default_factory=dict)
    commits: int = 0

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        server = socket.create_connection(self.server)
        answers = threading.Thread(target=pass_on, args=(server, client), daemon=True)
        answers.start()
        writes = False
        with contextlib.suppress(OSError):
            while asked := client.recv(1 << 16):
                writes |= _WRITER in asked
                if writes and _COMMIT in asked and (how := self._next_break()) is not None:
                    _break(how, asked, client, server, answers)
                    break
                writes &= _COMMIT not in asked
                server.sendall(asked)
        hang_up(client, server)

    def _next_break(self) -> Break | None:
        self.commits += 1
        return self.breaks.get(self.commits)


def _break(how: Break, asked: bytes, client: socket.socket, server: socket.socket, answers: threading.Thread) -> None:
    client.shutdown(socket.SHUT_RDWR)  # first of all, so that no answer can reach it
    if how is not Break.BEFORE_THE_SERVER_HEARS:
        server.sendall(asked)
    if how is Break.BEFORE_THE_CLIENT_HEARS:
        answers.join()  # which ends by failing to pass on the answer


def pass_on(source: socket.socket, target: socket.socket) -> None:
    """Until either end hangs up; then both do."""
    with contextlib.suppress(OSError):
        while said := source.recv(1 << 16):
            target.sendall(said)
    hang_up(source, target)


def hang_up(*ends: socket.socket) -> None:
    """End connections whatever their state."""
    for end in ends:
        with contextlib.suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()
