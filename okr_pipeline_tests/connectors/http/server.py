"""A server on a random port of loopback that answers as it is told to, byte by byte if need be.

Belongs here: sockets. Does not: which faults there are (faults).
"""

import json
import socket
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

PAUSE = 0.02
"""Seconds between the bytes of what is slow."""


@dataclass(frozen=True)
class Seen:
    """A request as it came. Names of headers are in small letters."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return unquote(urlsplit(self.target).path)

    @property
    def params(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))


@dataclass(frozen=True)
class Reply:
    """Bytes to send, one part after another; `slow` ones with a pause between; `closes` hangs up afterwards."""

    parts: Iterable[bytes]
    slow: bool = False
    closes: bool = False
    resets: bool = False


Answer = Callable[[Seen], Reply]


def reply(status: int = 200, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Reply:
    """A whole answer of known length."""
    return Reply([_head(status, {"Content-Length": str(len(body)), **(headers or {})}), body])


def json_reply(document: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """The same of JSON."""
    return reply(status, json.dumps(document).encode(), {"Content-Type": "application/json", **(headers or {})})


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Status line and headers."""
    return _head(status, headers)


@dataclass
class Server:
    """Runs while the block does. `answer` may be replaced meanwhile; `seen` is what was asked so far."""

    answer: Answer
    seen: list[Seen] = field(default_factory=list)
    tls: ssl.SSLContext | None = None

    def __enter__(self) -> Self:
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                # Else the body of a kept connection waits forty milliseconds for a word that the headers came.
                self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with suppress(OSError):  # the other side did not like the certificate
                    tls = outer.tls
                    outer._serve(self.request if tls is None else tls.wrap_socket(self.request, server_side=True))

        class Threads(socketserver.ThreadingTCPServer):
            daemon_threads = True
            allow_reuse_address = True
            request_queue_size = 256

        self._stopped = threading.Event()
        self._server = Threads(("127.0.0.1", 0), Handler)
        self.port = int(self._server.server_address[1])
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"{'http' if self.tls is None else 'https'}://127.0.0.1:{self.port}"

    def _serve(self, connection) -> None:
        try:
            with connection.makefile("rb") as stream:
                while (seen := _read(stream)) is not None:
                    self.seen.append(seen)
                    if not self._send(connection, self.answer(seen)):
                        return
        except OSError:
            return

    def _send(self, connection, it: Reply) -> bool:
        """Whether the connection stays open."""
        for part in it.parts:
            if self._stopped.is_set():
                return False
            connection.sendall(part)
            if it.slow:
                self._stopped.wait(PAUSE)
        if it.resets:
            # Closing with a linger of zero sends a reset in place of an end.
            connection.setsockopt(1, 13, b"\x01\0\0\0\0\0\0\0")
        return not (it.closes or it.resets)


def _read(stream) -> Seen | None:
    line = stream.readline(65_537).decode("latin-1").split()
    if len(line) != 3:
        return None
    headers = {}
    while header := stream.readline(65_537).decode("latin-1").strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    return Seen(line[0], line[1], headers, stream.read(int(headers.get("content-length", 0))))


def _head(status: int, headers: Mapping[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Status", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
