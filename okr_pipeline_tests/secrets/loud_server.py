"""A server that speaks just enough of PostgreSQL's protocol to ask for a password, and tells everybody what it was."""

import socketserver
import struct
import threading
from typing import Self

_ENCRYPTION_REQUESTS = {80877103, 80877104}


class LoudServer:
    """Runs while the block does; `port` is where, `passwords` what it was told."""

    def __init__(self) -> None:
        self.passwords: list[str] = []
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                _greet(self.request, outer.passwords)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = int(self._server.server_address[1])

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def _greet(connection, passwords) -> None:
    try:
        while _code(connection) in _ENCRYPTION_REQUESTS:
            connection.sendall(b"N")
        connection.sendall(b"R" + struct.pack("!II", 8, 3))
        password = _password(connection)
    except (OSError, struct.error):
        return
    passwords.append(password)
    said = f'password authentication failed for user "okr" with the password "{password}"'
    fields = (b"SFATAL", b"VFATAL", b"C28P01", b"M" + said.encode(), b"D" + said.encode(), b"H" + said.encode())
    body = b"".join(field + b"\0" for field in fields) + b"\0"
    connection.sendall(b"E" + struct.pack("!I", len(body) + 4) + body)


def _code(connection) -> int:
    length, code = struct.unpack("!II", _exactly(connection, 8))
    if code not in _ENCRYPTION_REQUESTS:
        _exactly(connection, length - 8)
    return code


def _password(connection) -> str:
    kind = _exactly(connection, 1)
    (length,) = struct.unpack("!I", _exactly(connection, 4))
    assert kind == b"p"
    return _exactly(connection, length - 4).rstrip(b"\0").decode()


def _exactly(connection, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = connection.recv(count - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data
