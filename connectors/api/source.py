"""A source over one API: many metrics, in as few trips as its plan says.

Belongs here: the contract's source for every API. Does not: what is asked (a plan), threads and evidence (reading).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from pydantic import BaseModel

from connectors.api.trips import BoundTrip, Plan, Trip
from connectors.contract import Caution, DataPointBatch, Description, MetricRequest, ReadFailure, Traffic, Window
from connectors.errors import ConfigError, ConfigKey, ConnectorError, name_key
from connectors.http.client import HttpClient
from connectors.http.meanings import Judge, refuse
from connectors.http.requests import HttpRequest
from connectors.http.settings import HttpSettings
from connectors.reading import failure, read_concurrently


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
    """See `connectors.contract.Source`. `written` tells what people call a key of the source that an error names."""

    client: HttpClient
    settings: HttpSettings
    api: Api
    described: Description[BaseModel, BaseModel]
    written: Callable[[ConfigKey], ConfigKey] = lambda key: key

    def read(self, requests: Iterable[MetricRequest], window: Window) -> Iterator[DataPointBatch | ReadFailure]:
        """The points of each metric inside the window."""
        trips: list[BoundTrip] = []
        for planned in self.api.plan(requests, window):
            if isinstance(planned, ReadFailure):
                yield planned
            elif not _is_as_described(self.described, planned):
                yield from (failure(it, _otherwise(self.described.name, planned)) for it in planned.requests)
            else:
                trips.append(planned.bound(self.client, self.settings, self.api.judge))
        for outcome in read_concurrently(trips, window, self.settings.concurrency, self.client.cancel):
            self._hide_login(outcome)
            yield outcome

    def check(self) -> tuple[Caution, ...]:
        """Whether the API answers, and takes the login; a caution where everybody on the way can read that."""
        try:
            if self.api.answers:
                self.client.send(self.api.probe, lambda answer: answer, self.api.judge)
            else:
                self.client.check(self.api.probe)
        except ConnectorError as error:
            self._name_key(error)
            raise
        if self.settings.auth is None or self.settings.base_url.startswith("https:"):
            return ()
        return (Caution("The login is sent without encryption. Let the server speak https."),)

    def _hide_login(self, outcome: DataPointBatch | ReadFailure) -> None:
        """A server may say the login back in the place of data; it must not come into a message, nor into a store."""
        if isinstance(outcome, ReadFailure):
            outcome.error.args = (self.client.hidden(str(outcome.error)),)
            self._name_key(outcome.error)
            return
        raw = outcome.points["raw_value"]
        if (said := raw.notna()).any():
            outcome.points.loc[said, "raw_value"] = raw[said].map(self.client.hidden)

    def _name_key(self, error: ConnectorError) -> None:
        """The key to change by the name that its source has for it."""
        if error.key is not None:
            name_key(error, self.written(error.key))

    def traffic(self) -> Traffic:
        """What its requests cost so far."""
        return self.client.traffic()

    def close(self) -> None:
        """Stop what a read that was left half way still asks, and close connections."""
        self.client.close()


def _is_as_described(described: Description[BaseModel, BaseModel], trip: Trip) -> bool:
    """Whether a trip tells what is so now of just those metrics that the connector says have no past."""
    return not trip.stretches or all(described.has_past(it.options) == (trip.until is None) for it in trip.requests)


def _otherwise(connector: str, trip: Trip) -> ConfigError:
    """What its author has to correct; nothing was asked."""
    if trip.until is None:
        return ConfigError(
            f"Connector {connector} says that this has no past, and asks for it without an end: a backfill would write"
            " what is so now into earlier periods. Give the trip since and until, as connectors.api.snapshots has them."
        )
    return ConfigError(
        f"Connector {connector} tells this only as it is now, and does not say so: legs and backfills would ask for its"
        " past. Give its Description is_snapshot, or history=False where that is so of all its metrics."
    )
