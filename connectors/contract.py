"""What a connector is: the words that sources are read with.

Belongs here: windows, requests, batches of points, evidence, and the two protocols. Does not: anything about OKRs,
stores or schedulers, or how one kind of source is spoken to (one module each).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, TypeAlias, TypeVar, runtime_checkable

from pydantic import BaseModel

from connectors.errors import ConnectorError

if TYPE_CHECKING:
    import pandas as pd

Flag = Literal["provisional", "sampled", "thresholded", "approximate", "incomplete", "cached", "truncated"]
Additivity = Literal["additive", "distinct", "ratio", "snapshot"]
SettingsT = TypeVar("SettingsT", bound=BaseModel)
RequestT = TypeVar("RequestT", bound=BaseModel)

POINT_COLUMNS = ("metric", "dimensions", "period_start", "value", "weight", "raw_value")
"""Columns of `DataPointBatch.points`.

metric: str. dimensions: canonical JSON text, keys sorted, no spaces, `{}` when none. period_start:
datetime64[us, UTC]. value: float64, NaN for null or not a number. weight: float64, NaN for none.
raw_value: the text of a value that is not a number, else None.
"""


@dataclass(frozen=True, slots=True)
class Window:
    """A half-open stretch of time `[start, end)`, both aware."""

    start: datetime
    end: datetime


AssetLoader: TypeAlias = Callable[[str, Window], Any]
"""Loads the rows of a Dagster asset, by its key with slashes and the window that is read.

It returns a DataFrame or anything that speaks Arrow; rows outside the window do no harm. A `connectors.errors` error
says what to do next; any other stops the asset's metrics for this run."""


@dataclass(frozen=True, slots=True)
class MetricRequest:
    """One metric to read: how periods are to be understood, and the keys its connector declared in `request`.

    `boundaries` are the starts of the window's periods and the end of the last, where a calendar was there to tell:
    weeks, months and quarters may be those of a fiscal year. `additivity` says whether values may be added: what is
    distinct is asked for each period as a whole.
    """

    metric: str
    grain: Literal["hour", "day", "week", "month", "quarter"]
    timezone: str
    dimensions: tuple[str, ...]
    options: BaseModel
    boundaries: tuple[datetime, ...] = ()
    additivity: Additivity = "additive"


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a metric's points were come by.

    `request` is the SQL, path or URL without secrets; `fingerprint` a hash of it with its bound parameters;
    `response_hash` a hash of the rows, equal for equal data in any order; `whole` says that the read was not limited
    to the window (so a period outside the window that is missing is gone, too); `since` that the answer tells nothing
    of periods that begin before (so none of those is gone), as where an API knows only what is so now.
    """

    request: str
    fingerprint: str
    response_hash: str
    row_count: int
    fetched_at: datetime
    elapsed_seconds: float
    whole: bool = False
    api_version: str | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class DataPointBatch:
    """Points of one or many metrics, with evidence and flags by metric."""

    points: "pd.DataFrame"
    evidence: Mapping[str, Evidence]
    flags: Mapping[str, frozenset[Flag]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ReadFailure:
    """A metric that could not be read. The others go on."""

    metric: str
    error: ConnectorError


@dataclass(frozen=True, slots=True)
class Traffic:
    """What reading a source cost since it was opened.

    `requests` that were sent, logins and tries again included; `retries`, those of them that were tries again;
    `received_bytes` of answers as they came, packed if they were; `waited_seconds` before requests, because the server
    or a rate limit asked for it or an attempt had failed, added up over all that waited. `remaining` is what the source
    said last of each of its budgets, in its own unit.
    """

    requests: int = 0
    retries: int = 0
    received_bytes: int = 0
    waited_seconds: float = 0.0
    remaining: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, later: "Traffic") -> "Traffic":
        """Both; of budgets, what was said later."""
        return Traffic(
            self.requests + later.requests,
            self.retries + later.retries,
            self.received_bytes + later.received_bytes,
            self.waited_seconds + later.waited_seconds,
            {**self.remaining, **later.remaining},
        )


@dataclass(frozen=True, slots=True)
class Description(Generic[SettingsT, RequestT]):
    """What a connector tells of itself to `okr connectors show`, to config checks and to editors.

    `settings` and `request` are pydantic models (frozen, extra forbidden): the keys of a source, and the keys that a
    metric of that source adds. Secrets are `SecretStr`. `history` says that periods that have passed can be read;
    without it, a metric is only what is so when it is asked for. `is_snapshot` says the same of single metrics, by
    their keys, where others have a past; None where all have. `closes_after` is how long after its end a period may
    still change, where the service says so: its metrics should say the same. `in_legs` says that a long window is read
    in parts, each kept before the next is asked for, so that an interrupted read loses one at most; False where a whole
    window costs one question, as a query or a file does.
    """

    name: str
    summary: str
    settings: type[SettingsT]
    request: type[RequestT]
    history: bool
    additivity: tuple[Additivity, ...]
    tested_against: tuple[str, ...]
    untested: tuple[str, ...] = ()
    closes_after: timedelta | None = None
    in_legs: bool = True
    is_snapshot: Callable[[RequestT], bool] | None = None

    def has_past(self, options: RequestT) -> bool:
        """Whether a metric with these keys can be read of periods that have passed."""
        return self.history and not (self.is_snapshot is not None and self.is_snapshot(options))


@dataclass(frozen=True, slots=True)
class Caution:
    """Something `check` found that works but should not stay."""

    message: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """What an API was asked and the beginning of what it answered, both without secrets, for people to look at."""

    request: str
    status: int
    excerpt: str


Witness = Callable[[Exchange], None]
"""Who wants to see what an API answers; called from any thread."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a connector may know of where it runs: the directory that relative paths start from.

    `asset_loader` is what the Dagster project that hosts the configuration registered, None without one.
    `witness` is there where somebody looks on, and is for sources that speak HTTP.
    """

    config_dir: Path
    project_dir: Path
    asset_loader: AssetLoader | None = None
    witness: Witness | None = None


class Source(Protocol):
    """An opened source. Used by one thread at a time; reads its own metrics concurrently inside `read`."""

    def read(self, requests: Iterable[MetricRequest], window: Window) -> Iterator[DataPointBatch | ReadFailure]:
        """The points of each requested metric whose periods start inside the window, each metric exactly once."""
        ...

    def check(self) -> tuple[Caution, ...]:
        """Whether the source answers; warnings such as a login that can write.

        Raises:
            ConnectorError: it does not.
        """
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


@runtime_checkable
class Metered(Protocol):
    """A source that also tells what reading it cost, as those that speak HTTP do."""

    def traffic(self) -> Traffic:
        """What it cost since it was opened; also after it was closed."""
        ...


class Connector(Protocol):
    """A kind of source; found by entry point `okr_pipeline.connectors`."""

    def describe(self) -> Description[BaseModel, BaseModel]:
        """Its settings, request keys and abilities."""
        ...

    def open(self, settings: BaseModel, context: Context) -> Source:
        """A source with validated settings, secrets expanded."""
        ...
