"""What became of a source in one run: the report, and what of it the run's summary keeps.

Belongs here: nouns, and their words. Does not: what is done (observing).
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

import pandas as pd

from connectors.contract import Traffic
from connectors.errors import ConnectorError, QuotaExhausted
from okr_pipeline.model.calendar import Period
from okr_pipeline.quality import DOUBT_RULES

_MOST_TOLD = 200


@dataclass(frozen=True, slots=True)
class Refusal:
    """A value that a blocking rule refused in this run."""

    metric: str
    dimensions: str
    period_start: datetime
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Observed:
    """What became of one source in one run. `windows` are what was asked for; `failures` tell why it did not come.

    `given_up` counts the values in quarantine that the source no longer has.

    `traffic` is what it cost to ask, None of a source that does not tell. `goes_on_from` is where a backfill of the
    same days had stopped, of the metric that it had got least far with; None for one that began anew.
    """

    source: str
    metrics: int
    rows_read: int
    recorded: int
    restated: int
    withdrawn: int
    given_up: int
    refused: tuple[Refusal, ...]
    open_quarantine: int
    failures: Mapping[str, str]
    windows: Mapping[str, Period]
    retryable: bool
    retry_at: datetime | None
    changed_metrics: tuple[str, ...]
    checks: pd.DataFrame
    elapsed_seconds: float
    traffic: Traffic | None = None
    goes_on_from: datetime | None = None

    @property
    def in_part(self) -> bool:
        """A metric could not be read, or a value was refused."""
        return bool(self.failures or self.refused)

    @property
    def failed(self) -> bool:
        """Nothing of the source could be read."""
        return bool(self.failures) and len(self.failures) == self.metrics


def facts(report: Observed) -> dict[str, object]:
    """The report as the run's summary keeps it."""
    return {
        "metrics": report.metrics,
        "rows_read": report.rows_read,
        "new": report.recorded - report.restated,
        "restated": report.restated,
        "withdrawn": report.withdrawn,
        "given_up": report.given_up,
        "refused": _told(report.refused)[:_MOST_TOLD],
        "refused_count": len(report.refused),
        "open_quarantine": report.open_quarantine,
        "failures": _causes(report),
        "warnings": _warnings(report),
        "elapsed_seconds": round(report.elapsed_seconds, 3),
        "goes_on_from": report.goes_on_from,
        "traffic": None if report.traffic is None else asdict(report.traffic),
    }


def _told(refused: Sequence[Refusal]) -> list[dict[str, object]]:
    """The first refusal of each metric and rule, with how many there are: a long one must not hide the others."""
    firsts: dict[tuple[str, str], Refusal] = {}
    for it in refused:
        firsts.setdefault((it.metric, it.rule), it)
    counts = Counter((it.metric, it.rule) for it in refused)
    return [asdict(it) | {"count": counts[key]} for key, it in firsts.items()]


def _causes(report: Observed) -> list[dict[str, object]]:
    """Why metrics could not be read, each cause once with all that it concerns and the stretch that was asked for."""
    metrics: dict[str, list[str]] = {}
    for metric, error in report.failures.items():
        metrics.setdefault(error.removeprefix(f"Metric {metric}: "), []).append(metric)
    return [{"metrics": each, "cause": f"{cause}{_to_read(report, each)}"} for cause, each in metrics.items()]


def _to_read(report: Observed, metrics: Sequence[str]) -> str:
    windows = [report.windows[metric] for metric in metrics if metric in report.windows]
    if not windows:
        return ""
    start, end = min(it.start for it in windows), max(it.end for it in windows)
    return f" To be read: from {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC."


def _warnings(report: Observed) -> list[str]:
    """Checks that were not met and did not refuse single rows, in words."""
    bad = report.checks[report.checks["status"].isin(["failed", "errored"])]
    if bad.empty:
        return []
    refused = {(it.metric, it.rule) for it in report.refused}
    untold = pd.Series([(row.metric, row.rule) not in refused for row in bad.itertuples()], bad.index, dtype=bool)
    doubted = bad["rule"].isin(DOUBT_RULES) & untold
    bad = bad[(bad["severity"] == "warn") | (bad["status"] == "errored") | doubted]
    return [f"{row.metric}: {row.detail}" for row in bad.head(_MOST_TOLD).itertuples()]


def refusals(refused: pd.DataFrame) -> tuple[Refusal, ...]:
    """The rows of a judgement's refused points, in their order."""
    if refused.empty:
        return ()
    columns = ["metric", "dimensions", "period_start", "rule", "reason"]
    return tuple(
        Refusal(metric, dimensions, start.to_pydatetime(), rule, reason)
        for metric, dimensions, start, rule, reason in refused[columns].itertuples(index=False, name=None)
    )


def latest_wait(errors: Sequence[ConnectorError]) -> datetime | None:
    """When all of the sources' quotas are there again; None where none is used up."""
    waits = [error.until for error in errors if isinstance(error, QuotaExhausted)]
    return max(waits, default=None)
