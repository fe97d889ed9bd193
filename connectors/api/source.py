"""A source over one API: many metrics, in as few trips as its plan says.

Belongs here: the contract's source for every API. Does not: what is asked (a plan), threads and evidence (reading).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from connectors.api.trips import BoundTrip, Plan
from connectors.contract import Caution, DataPointBatch, MetricRequest, ReadFailure, Traffic, Window
from connectors.http.client import HttpClient
from connectors.http.meanings import Judge, refuse
from connectors.http.requests import HttpRequest
from connectors.http.settings import HttpSettings
from connectors.reading import read_concurrently


@dataclass(frozen=True, slots=True)
class Api:
    """What a source must know of an API.

    `probe` asks for something small that needs the login; `answers` says that its answer must be good, not only that
    the server must be there and know the login. `judge` knows what the API's errors mean where that is not the usual.
    """

    plan: Plan
    probe: HttpRequest
    answers: bool = True
    judge: Judge = refuse


@dataclass(frozen=True, slots=True, repr=False)
class ApiSource:
    """See `connectors.contract.Source`."""

    client: HttpClient
    settings: HttpSettings
    api: Api

    def read(self, requests: Iterable[MetricRequest], window: Window) -> Iterator[DataPointBatch | ReadFailure]:
        """The points of each metric inside the window."""
        trips: list[BoundTrip] = []
        for planned in self.api.plan(requests, window):
            if isinstance(planned, ReadFailure):
                yield planned
            else:
                trips.append(planned.bound(self.client, self.settings, self.api.judge))
        for outcome in read_concurrently(trips, window, self.settings.concurrency, self.client.cancel):
            self._hide_login(outcome)
            yield outcome

    def check(self) -> tuple[Caution, ...]:
        """Whether the API answers, and takes the login; a caution where everybody on the way can read that."""
        if self.api.answers:
            self.client.send(self.api.probe, lambda answer: answer, self.api.judge)
        else:
            self.client.check(self.api.probe)
        if self.settings.auth is None or self.settings.base_url.startswith("https:"):
            return ()
        return (Caution("The login is sent without encryption. Let the server speak https."),)

    def _hide_login(self, outcome: DataPointBatch | ReadFailure) -> None:
        """A server may say the login back in the place of data; it must not come into a message, nor into a store."""
        if isinstance(outcome, ReadFailure):
            outcome.error.args = (self.client.hidden(str(outcome.error)),)
            return
        raw = outcome.points["raw_value"]
        if (said := raw.notna()).any():
            outcome.points.loc[said, "raw_value"] = raw[said].map(self.client.hidden)

    def traffic(self) -> Traffic:
        """What its requests cost so far."""
        return self.client.traffic()

    def close(self) -> None:
        """Stop what a read that was left half way still asks, and close connections."""
        self.client.close()
