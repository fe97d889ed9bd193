"""A gate before PostgreSQL that hangs up after so many pages of a query's rows.

Belongs here: passing on what client and server say, and counting rows. Does not: what the client makes of it; COMMITs
that break (proxy).
"""

import contextlib
import socket
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Self

from okr_pipeline_tests.durability.proxy import hang_up, pass_on

PAGE: Final = 100
"""Rows of a page: as many as a source asks its driver for at once."""
_DESCRIPTION, _ROW = b"T", b"D"
_HEAD: Final = struct.Struct("!cI")


@dataclass
class RowGate:
    """Listens on a random port of loopback, and speaks to the server without encryption.

    `opens_for` is how many pages it lets through, None for all; `passed` counts those that have begun to pass, and
    `on_page` is told of each before it does. Rows count of results that have a column of the given name.
    """

    server: tuple[str, int]
    column: str = "period"
    opens_for: int | None = None
    rows: int = 0
    on_page: Callable[[int], None] = field(default=lambda page: None, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __enter__(self) -> Self:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()

    @property
    def passed(self) -> int:
        """Pages that have begun to pass."""
        return -(-self.rows // PAGE)

    @passed.setter
    def passed(self, pages: int) -> None:
        self.rows = pages * PAGE

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection(self.server)
                threading.Thread(target=pass_on, args=(client, server), daemon=True).start()
                threading.Thread(target=self._answer, args=(server, client), daemon=True).start()

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        counts = False
        with contextlib.suppress(OSError), server.makefile("rb") as said:
            while len(head := said.read(_HEAD.size)) == _HEAD.size:
                kind, length = _HEAD.unpack(head)
                body = said.read(length - 4)
                if kind == _DESCRIPTION:
                    counts = f"{self.column}\0".encode() in body
                if kind == _ROW and counts and not self._lets_through():
                    break
                client.sendall(head + body)
        hang_up(server, client)

    def _lets_through(self) -> bool:
        with self._lock:
            if self.opens_for is not None and self.rows >= self.opens_for * PAGE:
                return False
            self.rows += 1
            if self.rows % PAGE == 1:
                self.on_page(self.passed)
            return True
