"""The pool of connections as a transport of httpx: its requests and errors above, sockets of our own below.

Belongs here: handing requests of httpx to httpcore. Does not: sockets (network), what a request or an answer means.

A client of httpx is not made: what it adds to a transport is redirects, cookies, proxies of the environment, unpacking
without a limit and a log of every address.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
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
    """At most so many connections over a network, kept open between requests."""

    def __init__(self, network: Network, *, encrypted: bool, connections: int) -> None:
        self._pool = httpcore.ConnectionPool(
            ssl_context=httpcore.default_ssl_context() if encrypted else None,
            max_connections=connections,
            max_keepalive_connections=connections,
            network_backend=network,
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer, whose body is still on its way.

        Raises:
            httpx.TransportError: there is none; its cause is httpcore's.
        """
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _in_words_of_httpx():
            answer = self._pool.handle_request(asked)
        return httpx.Response(answer.status, headers=answer.headers, stream=_Body(answer))

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    """The bytes of an answer as they come."""

    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        with _in_words_of_httpx():
            yield from self._answer.iter_stream()

    def close(self) -> None:
        with _in_words_of_httpx():
            self._answer.close()


@contextmanager
def _in_words_of_httpx() -> Iterator[None]:
    try:
        yield
    except tuple(_ERRORS) as error:
        kind = next(own for kind, own in _ERRORS.items() if isinstance(error, kind))
        raise kind(str(error)) from error
