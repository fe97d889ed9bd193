"""Standing between a connector and a real server: passing requests on, and breaking the connection at one of them.

Belongs here: what is sent in place of the answer. Does not: sockets (server), the real servers.
"""

from dataclasses import dataclass, field
from enum import Enum
from http.client import HTTPConnection
from itertools import count
from urllib.parse import urlsplit

from okr_pipeline_tests.connectors.http.server import Reply, Seen, head, reply

_HOP = ("connection", "content-length", "transfer-encoding", "keep-alive")


class Break(Enum):
    """Where a connection breaks: the server never heard, or was heard in part."""

    BEFORE_THE_SERVER_HEARS = "before"
    IN_THE_ANSWER = "in"


@dataclass
class Breaking:
    """Passes all on to a server but the request of this number, from 1, and all that follow it."""

    url: str
    at: int
    how: Break
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    def __call__(self, seen: Seen) -> Reply:
        if next(self._numbers) < self.at:
            return forwarded(self.url, seen)
        if self.how is Break.BEFORE_THE_SERVER_HEARS:
            return Reply([], closes=True)
        whole = forwarded(self.url, seen).parts[1]
        return Reply([head(200, {"Content-Length": str(len(whole))}), whole[: len(whole) // 2]], resets=True)


def forwarded(url: str, seen: Seen) -> Reply:
    """What a server answers to a request."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=60)
    try:
        headers = {name: value for name, value in seen.headers.items() if name not in (*_HOP, "host")}
        connection.request(seen.method, parts.path + seen.target, seen.body or None, headers)
        answer = connection.getresponse()
        kept = {name: value for name, value in answer.getheaders() if name.lower() not in _HOP}
        return reply(answer.status, answer.read(), kept)
    finally:
        connection.close()
