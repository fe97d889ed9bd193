"""Sockets: which addresses may be reached, until when, and stopping all of them at once.

Belongs here: what httpcore asks of a network. Does not: HTTP.
"""

import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from ssl import SSLContext
from typing import Any, Final, TypeAlias
from weakref import WeakSet

import httpcore

from connectors.errors import ConfigError, TransientError, source_key

Resolve: TypeAlias = Callable[[str, int], Iterable[str]]
_TRANSLATED: Final = IPv6Network("64:ff9b::/96")


def resolved(host: str, port: int) -> Iterable[str]:
    """The addresses of a host, as the system finds them.

    Raises:
        OSError: it has none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def is_public(address: str) -> bool:
    """Whether an address is one of the internet's, also where it is wrapped in one of IPv6.

    >>> [is_public(it) for it in ("93.184.216.34", "10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::a00:1")]
    [True, False, False, False]
    """
    ip = ip_address(address.partition("%")[0])
    wrapped = _wrapped(ip) if isinstance(ip, IPv6Address) else None
    if wrapped is not None:
        return is_public(str(wrapped))
    return ip.is_global and not ip.is_multicast


def _wrapped(ip: IPv6Address) -> IPv4Address | None:
    if ip in _TRANSLATED:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)


class Network(httpcore.NetworkBackend):
    """Connects to allowed addresses only: to the very ones that were looked at, so that no second answer can differ."""

    def __init__(self, *, allow_private: bool, resolve: Resolve = resolved) -> None:
        self._allow_private = allow_private
        self._resolve = resolve
        self._deadline = _Deadline()
        self._streams: WeakSet[_Stream] = WeakSet()
        self._lock = threading.Lock()
        self.cancelled = threading.Event()

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Whatever this thread does on any socket inside ends by then, however slowly bytes come."""
        before, self._deadline.at = self._deadline.at, time.monotonic() + seconds
        try:
            yield
        finally:
            self._deadline.at = before

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        """A connection to the first address of the host that answers.

        Raises:
            ConfigError: one of its addresses is private.
            TransientError: the network was cancelled.
        """
        self._refuse_cancelled()
        failed: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in self._allowed(host, port):
            try:
                return self._connected(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed

    def cancel(self) -> None:
        """Stop every thread that waits for a byte, now and from now on."""
        with self._lock:
            self.cancelled.set()
            for stream in list(self._streams):
                stream.stop()

    def _connected(
        self, address: str, port: int, timeout: float | None, local_address: str | None, socket_options: Any
    ) -> httpcore.NetworkStream:
        plain = httpcore.SyncBackend().connect_tcp(
            address, port, self._deadline.left(timeout, httpcore.ConnectTimeout), local_address, socket_options
        )
        stream = _Stream(plain, self._deadline, self._watched)
        self._watched(stream)
        return stream

    def _watched(self, stream: "_Stream") -> None:
        with self._lock:
            self._streams.add(stream)
            if self.cancelled.is_set():
                stream.stop()

    def _allowed(self, host: str, port: int) -> list[str]:
        try:
            addresses = list(self._resolve(host, port))
        except OSError as error:
            raise httpcore.ConnectError(f"{host} is not found: {error.strerror or error}") from None
        for address in addresses:
            if not self._allow_private and not is_public(address):
                raise ConfigError(
                    f"{host} leads to {address}, an address inside the network. Correct the address, or set ",
                    source_key("allow_private_hosts"),
                    " if it is your own server.",
                )
        return addresses

    def _refuse_cancelled(self) -> None:
        if self.cancelled.is_set():
            raise TransientError("The read was cancelled. Run again.")


class _Deadline(threading.local):
    """The instant by which the request of this thread has to end."""

    at = float("inf")

    def left(self, timeout: float | None, late: type[Exception]) -> float | None:
        """What is left of a timeout.

        Raises:
            late: nothing is.
        """
        left = self.at - time.monotonic()
        if left <= 0:
            raise late("the time for the request is over")
        shortest = min(left, float("inf") if timeout is None else timeout)
        return None if shortest == float("inf") else shortest


class _Stream(httpcore.NetworkStream):
    def __init__(
        self, stream: httpcore.NetworkStream, deadline: _Deadline, watched: Callable[["_Stream"], None]
    ) -> None:
        self._stream = stream
        self._deadline = deadline
        self._watched = watched

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._deadline.left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._deadline.left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._deadline.left(timeout, httpcore.ConnectTimeout)
        stream = _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline, self._watched)
        self._watched(stream)
        return stream

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)

    def stop(self) -> None:
        """Wake the thread that reads it: closing alone would let it sleep on."""
        with suppress(OSError):
            self._stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
