"""Why what could not be read could not be read: which source of which metric, since when, and in a few words why.

Belongs here: the failed reads behind a key result. Does not: what a failed read means for scores (scoring), sources as
a whole (trust).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from okr_pipeline.application.scoping import metrics_with_source
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.contribution import Contributors, contributors_of
from okr_pipeline.model.okr import KeyResult
from okr_pipeline.model.score import Reason

_LONGEST: Final = 120
"""Letters of an error that are a few words."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A metric whose newest read failed: of which source, since when on reads fail for this, and the whole error."""

    source: str
    metric: str
    since: datetime
    error: str

    @property
    def words(self) -> str:
        """The source and why, in a few words."""
        return f"source {self.source} could not be read: {in_few_words(self.error)}"


@dataclass(frozen=True, slots=True)
class Failures:
    """The failed reads of a project as known at an instant, by metric, and who is a part of whom by value."""

    configuration: Configuration
    by_metric: Mapping[str, Failure] = field(default_factory=dict)
    key_results: Mapping[str, KeyResult] = field(default_factory=dict)
    contributors: Contributors = field(default_factory=dict)

    def behind(self, full_id: str, reason: str | None) -> Failure | None:
        """The failed read for which a key result is unknown, the first of its metrics'; None where that is not why."""
        if reason != Reason.SOURCE_FAILED or not self.by_metric:
            return None
        read = metrics_with_source(self.configuration, self.key_results[full_id], self.contributors)
        return next((self.by_metric[it] for it in read if it in self.by_metric), None)


def failures(workspace: Workspace, known_at: datetime, failed: Collection[str]) -> Failures:
    """The failed reads as known at an instant; `failed` are the metrics of which there are any."""
    configuration = workspace.configuration
    if not failed:
        return Failures(configuration)
    key_results = {it.full_id: it for it in configuration.key_results()}
    found = {it.metric: it for it in _told(workspace, known_at)}
    return Failures(configuration, found, key_results, contributors_of(key_results.values()))


def _told(workspace: Workspace, known_at: datetime) -> Iterator[Failure]:
    metrics = workspace.configuration.metrics
    for row in workspace.store.failed_reads(known_at):
        metric = metrics.get(row["metric"])
        if metric is not None and metric.source is not None:
            yield Failure(metric.source, metric.id, row["since"], row["error"] or "it is not known why")


def failure_record(failure: Failure | None) -> dict[str, Any] | None:
    """A failed read as JSON; None where there is none."""
    from okr_pipeline.application.telling import stamp

    if failure is None:
        return None
    told = {"source": failure.source, "metric": failure.metric, "since": stamp(failure.since)}
    return {**told, "error": failure.error, "words": failure.words}


def in_few_words(error: str) -> str:
    """The first sentence of an error, without the metric that it begins with, and no longer than a line.

    >>> in_few_words("Metric orders: GET shop.example/orders answered 503. The source may answer later; try again.")
    'GET shop.example/orders answered 503'
    """
    said = " ".join(error.split())
    if said.startswith("Metric ") and ": " in said:
        said = said.split(": ", 1)[1]
    first = said.split(". ", 1)[0].rstrip(".")
    return first if len(first) <= _LONGEST else f"{first[:_LONGEST].rsplit(' ', 1)[0]}…"
