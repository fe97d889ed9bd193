"""The pool of connections as a transport of httpx: its requests and errors above, sockets of our own below.

Belongs here: handing requests of httpx to httpcore. Does not: sockets (network), what a request or an answer means.

A client of httpx is not made: what it adds to a transport is redirects, cookies, proxies of the environment, unpacking
without a limit and a log of every address.
"""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty, LifoQueue
from typing import Final

import httpcore
import httpx

from connectors.http.network import Network

_ERRORS: Final[dict[type[Exception], type[httpx.TransportError]]] = {
    httpcore.TimeoutException: httpx.TimeoutException,
    httpcore.ConnectError: httpx.ConnectError,
    httpcore.NetworkError: httpx.NetworkError,
    httpcore.LocalProtocolError: httpx.LocalProtocolError,
    httpcore.ProtocolError: httpx.ProtocolError,
}
"""What httpcore raises, the narrower before the wider, and what httpx calls it."""
_WITH_HEADERS: Final = ("receive_response_headers.complete", "send_request_headers.failed")


def _holds_no_headers(record: logging.LogRecord) -> bool:
    """Whether a record of httpcore tells what happened, not what was said: headers hold logins, and say them back."""
    return not record.getMessage().startswith(_WITH_HEADERS)


logging.getLogger("httpcore.http11").addFilter(_holds_no_headers)


class Transport(httpx.BaseTransport):
    """At most so many connections over a network, kept open between requests.

    Each has a pool of httpcore to itself, which opens it anew where it was closed meanwhile. One pool for all asks the
    system of every connection whether it is still open, before each request and after it.
    """

    def __init__(self, network: Network, *, encrypted: bool, connections: int) -> None:
        context = httpcore.default_ssl_context() if encrypted else None
        self._pools = [
            httpcore.ConnectionPool(ssl_context=context, max_connections=1, network_backend=network)
            for _ in range(connections)
        ]
        # The last given back is the first taken: a source that asks one thing at a time has one connection.
        self._free: LifoQueue[httpcore.ConnectionPool] = LifoQueue()
        for pool in self._pools:
            self._free.put(pool)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, whose body is still on its way; its connection is taken until it is closed.

        Raises:
            httpx.TransportError: there is none; its cause is httpcore's.
        """
        pool = self._taken(request.extensions["timeout"]["pool"])
        try:
            with _in_words_of_httpx():
                answer = pool.handle_request(_asked(request))
        except BaseException:
            self._free.put(pool)
            raise
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer, lambda: self._free.put(pool)))

    def close(self) -> None:
        for pool in self._pools:
            pool.close()

    def _taken(self, seconds: float) -> httpcore.ConnectionPool:
        try:
            return self._free.get(timeout=seconds)
        except Empty:
            raise httpx.PoolTimeout("no connection was free") from None


def _asked(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        method=request.method,
        url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
        headers=request.headers.raw,
        content=request.stream,
        extensions=request.extensions,
    )


class _Body(httpx.SyncByteStream):
    """The bytes of an answer as they come; `ended` is called once it is closed."""

    def __init__(self, answer: httpcore.Response, ended: Callable[[], None]) -> None:
        self._answer = answer
        self._ended = ended

    def __iter__(self) -> Iterator[bytes]:
        with _in_words_of_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        try:
            with _in_words_of_httpx():
                self._answer.close()
        finally:
            self._ended()


@contextmanager
def _in_words_of_httpx() -> Iterator[None]:
    try:
        yield
    except tuple(_ERRORS) as error:
        kind = next(own for kind, own in _ERRORS.items() if isinstance(error, kind))
        raise kind(str(error)) from error
