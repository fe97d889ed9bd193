"""A vendor's connector as a subject of both suites, and the recorder that judges every request it makes.

Belongs here: what their tests have in common. Does not: a vendor, or its description (descriptions).
"""

import base64
import json
import re
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from datetime import date
from functools import cached_property
from typing import Any, ClassVar
from urllib.parse import unquote_plus

import pytest

from connectors.api.vendors import ApiConnector
from connectors.contract import Context, MetricRequest, Source
from connectors.http.client import Clock
from okr_pipeline_tests.connectors.conformance import COUNTS, SECRET, ZONE, Fact
from okr_pipeline_tests.connectors.http.server import Reply, Seen, Server, json_reply
from okr_pipeline_tests.connectors.http.survival import MOST_BYTES, FastClock
from okr_pipeline_tests.connectors.rest import descriptions

TOKEN = "t0ken-of-the-reader"
NUMBER = re.compile(r"ask(\d+)ed")
"""How a request says its number: a metric's keys hold `ask{number}ed`, wherever a name may stand."""


class Vendor:
    """A server that says what the vendor documents, and a connector over it.

    `settings` and `metric` are keys as YAML has them; `{secret}` and `{number}` stand for both. `good` is a right answer
    to a request for the ninth of March, and `values` what comes of it.
    """

    connector: ClassVar[ApiConnector]
    facts: ClassVar[Sequence[Fact]] = COUNTS
    settings: ClassVar[Mapping[str, Any]]
    metric: ClassVar[Mapping[str, Any]]
    broken: ClassVar[Mapping[str, Any]]
    dimensions: ClassVar[tuple[str, ...]] = ()
    method: ClassVar[str]
    good: ClassVar[bytes]
    values: ClassVar[tuple[float, ...]]
    described: ClassVar[str] = ""
    """The file of the vendor's own description of its API, and below, what it says nothing of."""
    undescribed: ClassVar[tuple[str, ...]] = ()

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.directory = request.getfixturevalue("tmp_path")
        self.amounts: dict[date, float] = {}
        self.judged: dict[tuple[str, str, bytes], list[str]] = {}
        self._request = request

    @cached_property
    def server(self) -> Server:
        """Runs from the first use on: what a test sends elsewhere needs none."""
        server = Server(self._answered).__enter__()
        self._request.addfinalizer(lambda: self._finish(server))
        return server

    @abstractmethod
    def answer(self, seen: Seen) -> Reply:
        """What the vendor says to a request whose login is right."""

    @abstractmethod
    def knows(self, seen: Seen) -> bool:
        """Whether the login of a request is right."""

    def judge(self, seen: Seen) -> list[str]:
        """What the vendor's own description does not allow of a request."""
        if seen.path in self.undescribed or not (self.described and descriptions.are_there()):
            return []
        return descriptions.description(self.described).faults(seen)

    def _answered(self, seen: Seen) -> Reply:
        self._record(seen)
        if not self.knows(seen):
            return json_reply({"message": f"not allowed: {seen.headers.get('authorization')} {seen.target}"}, 401)
        return self.answer(seen)

    def _record(self, seen: Seen) -> None:
        """A description takes its time, and most requests come many times."""
        same = (seen.method, seen.target, seen.body)
        if same not in self.judged:
            self.judged[same] = self.judge(seen)

    def _finish(self, server: Server) -> None:
        server.__exit__()
        assert [fault for faults in self.judged.values() for fault in faults] == []

    def write(self, facts: Sequence[Fact]) -> None:
        self.amounts = {fact.day: fact.amount or 0.0 for fact in facts}

    def open(self, **settings: Any) -> Source:
        return self._opened(self.server.url, TOKEN, FastClock().clock(), settings)

    def open_badly(self) -> Source:
        return self._opened(self.server.url, SECRET, FastClock().clock(), {})

    def over(self, url: str, clock: Clock, **settings: Any) -> Source:
        return self._opened(url, SECRET, clock, {"max_bytes": MOST_BYTES, **settings})

    def _opened(self, url: str, secret: str, clock: Clock, settings: Mapping[str, Any]) -> Source:
        keys = {"base_url": url, "allow_private_hosts": True, **_filled(self.settings, "{secret}", secret), **settings}
        given = self.connector.description.settings(**keys)
        return self.connector.open(given, Context(self.directory, self.directory), clock)

    def request(self, metric: str, number: int = 0, **options: Any) -> MetricRequest:
        return self._requested(metric, {**_filled(self.metric, "{number}", str(number)), **options})

    def broken_request(self, metric: str) -> MetricRequest:
        return self._requested(metric, _filled(self.broken, "{number}", "0"))

    def _requested(self, metric: str, keys: Mapping[str, Any]) -> MetricRequest:
        return MetricRequest(metric, "day", ZONE, self.dimensions, self.connector.description.request(**keys))

    def number(self, seen: Seen) -> int:
        return int(NUMBER.findall(unquote_plus(seen.target) + seen.body.decode())[0])


def _filled(keys: Mapping[str, Any], word: str, value: str) -> dict[str, Any]:
    filled: dict[str, Any] = json.loads(json.dumps(keys).replace(word, value))
    return filled


def basic(user: str, password: str) -> str:
    """The header of a user and a password."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
