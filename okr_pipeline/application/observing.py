"""Observing a source: read, judge, and keep what is fit, in one transaction.

Belongs here: the order of these steps and the report of what they did. Does not: the steps themselves.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd

from connectors.contract import Traffic
from connectors.errors import ConnectorError, QuotaExhausted, TransientError
from okr_pipeline.application.check_ins import take_from_files
from okr_pipeline.application.judging import Judgement, judge
from okr_pipeline.application.naming import take_names
from okr_pipeline.application.reading import Delivery, metrics_of, plan_windows, read_so_far, read_source, whole_windows
from okr_pipeline.application.runs import Run, note, note_step
from okr_pipeline.application.turns import require_same, settled
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.calendar import GRAIN_HOURS, Period
from okr_pipeline.model.metric import CHECK_INS, Metric
from okr_pipeline.quality import DOUBT_RULES, history_periods
from okr_pipeline.store.batch import Batch

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

    `traffic` is what it cost to ask, None of a source that does not tell.
    """

    source: str
    metrics: int
    rows_read: int
    recorded: int
    restated: int
    withdrawn: int
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

    @property
    def in_part(self) -> bool:
        """A metric could not be read, or a value was refused."""
        return bool(self.failures or self.refused)

    @property
    def failed(self) -> bool:
        """Nothing of the source could be read."""
        return bool(self.failures) and len(self.failures) == self.metrics


def observe(
    workspace: Workspace,
    source_id: str,
    *,
    run: Run,
    metrics: Collection[str] | None = None,
    window: Period | None = None,
    full_refresh: bool = False,
) -> Observed:
    """Read a source's metrics, validate what changed, and record it.

    `metrics` narrows to some ids. `window` reads just that stretch instead of what the store lacks: a backfill.
    A metric that cannot be read does not stop the others; its failure is recorded and reported. Where another run has
    recorded one of the metrics meanwhile, the source is read again: what was read earlier never replaces what was read
    later. What files say that people said is recorded before surveys are read, and these whole.
    """
    started = time.perf_counter()
    take_names(workspace, run)
    if source_id == CHECK_INS:
        take_from_files(workspace, run)
    chosen = [metric for metric in metrics_of(workspace, source_id) if metrics is None or metric.id in metrics]

    def read_and_record() -> tuple[Delivery, Judgement]:
        states = workspace.store.metric_states()
        if source_id == CHECK_INS:
            windows = whole_windows(workspace, chosen, min(window.end, run.as_of) if window else run.as_of)
        else:
            windows = _windows(workspace, chosen, run.as_of, states, window, full_refresh=full_refresh)
        delivery = read_source(workspace, source_id, windows)
        judgement = _judge(workspace, list(windows), delivery, states)
        workspace.store.write(lambda batch: _record(batch, workspace, source_id, run, delivery, judgement, states))
        return delivery, judgement

    delivery, judgement = settled(read_and_record)
    elapsed = time.perf_counter() - started
    report = _report(workspace, source_id, len(chosen), delivery, judgement, elapsed)
    workspace.store.write(
        lambda batch: note_step(batch, run, f"observed/{source_id}", _facts(report), in_part=report.in_part)
    )
    return report


def _windows(
    workspace: Workspace,
    metrics: list[Metric],
    as_of: datetime,
    states: pd.DataFrame,
    window: Period | None,
    *,
    full_refresh: bool,
) -> dict[str, Period]:
    if window is None:
        return plan_windows(workspace, metrics, as_of, states, full_refresh=full_refresh)
    windows = {}
    for metric in metrics:
        calendar = workspace.configuration.calendar_of(metric)
        start = calendar.period_containing(window.start, metric.grain).start
        end = calendar.period_containing(min(window.end, as_of), metric.grain).start
        if start < end:
            windows[metric.id] = Period(start, end)
    return windows


def _judge(workspace: Workspace, metrics: list[str], delivery: Delivery, states: pd.DataFrame) -> Judgement:
    judged_by = dict(zip(states["metric"], states["rules_version"], strict=True))
    return judge(
        workspace.configuration,
        delivery,
        stored=_stored(workspace, delivery, metrics),
        quarantine=workspace.store.quarantine(metrics),
        judged_by={metric: version for metric, version in judged_by.items() if isinstance(version, str)},
        now=datetime.now(UTC),
    )


def _stored(workspace: Workspace, delivery: Delivery, metrics: list[str]) -> pd.DataFrame:
    """What the store knows of metrics as far back as a judgement looks, which does not grow with the years.

    All there is of those that were read whole, and of those that have been silent for longer than that.
    """
    recent = [
        workspace.store.observations(members, start)
        for start, members in _look_backs(workspace, delivery, metrics).items()
    ]
    heard = {str(metric) for rows in recent for metric in rows["metric"].unique()}
    silent = [metric for metric in metrics if metric not in heard]
    everything = [workspace.store.observations(silent)] if silent or not recent else []
    return pd.concat([*recent, *everything], ignore_index=True)


def _look_backs(workspace: Workspace, delivery: Delivery, metrics: list[str]) -> dict[datetime, list[str]]:
    """By the instant from which on the store is looked at, the metrics that are read by windows."""
    groups: dict[datetime, list[str]] = defaultdict(list)
    for metric_id in metrics:
        proof = delivery.evidence.get(metric_id)
        if proof is None or not proof.whole:
            metric = workspace.configuration.metrics[metric_id]
            hours = GRAIN_HOURS[metric.grain] * history_periods(metric)
            groups[delivery.windows[metric_id].start - timedelta(hours=hours)].append(metric_id)
    return groups


def _record(
    batch: Batch,
    workspace: Workspace,
    source_id: str,
    run: Run,
    delivery: Delivery,
    judgement: Judgement,
    known: pd.DataFrame,
) -> None:
    require_same(_last_reads(known, delivery), _last_reads(workspace.store.metric_states(), delivery))
    note(batch, workspace, run)
    batch.record_observations(judgement.recorded, run_id=run.id)
    batch.withdraw(judgement.withdrawn, run_id=run.id)
    batch.quarantine(_with_rules(judgement), run_id=run.id)
    batch.release(judgement.released, resolution="a valid value came from the source", run_id=run.id)
    batch.record_checks(judgement.checks, source=source_id, run_id=run.id)
    batch.record_reads(_reads(delivery, _changed_metrics(judgement)), run_id=run.id)
    for states in _states(source_id, delivery, judgement, known, batch.recorded_at):
        batch.touch_metrics(states)


def _last_reads(states: pd.DataFrame, delivery: Delivery) -> pd.DataFrame:
    """When the metrics of a delivery were last read."""
    return states.loc[states["metric"].isin(delivery.windows), ["metric", "last_read_at"]]


def _with_rules(judgement: Judgement) -> pd.DataFrame:
    return judgement.refused.assign(rules_version=judgement.refused["metric"].map(dict(judgement.rules_versions)))


def _changed_metrics(judgement: Judgement) -> list[str]:
    parts = (judgement.recorded, judgement.withdrawn, judgement.refused, judgement.released)
    return sorted({metric for part in parts for metric in part["metric"].unique()})


def _reads(delivery: Delivery, changed: list[str]) -> pd.DataFrame:
    """Evidence of the reads that changed something, one row per metric."""
    columns = ["metric", "request", "fingerprint", "response_hash", "row_count", "fetched_at", "whole"]
    rows = [
        (metric, proof.request, proof.fingerprint, proof.response_hash, proof.row_count, proof.fetched_at, proof.whole)
        for metric in changed
        if (proof := delivery.evidence.get(metric)) is not None
    ]
    reads = pd.DataFrame(rows, columns=columns)
    return reads.assign(
        window_start=reads["metric"].map({metric: window.start for metric, window in delivery.windows.items()}),
        window_end=reads["metric"].map({metric: window.end for metric, window in delivery.windows.items()}),
        flags="",
    )


def _states(
    source_id: str, delivery: Delivery, judgement: Judgement, known: pd.DataFrame, at: datetime
) -> Iterator[pd.DataFrame]:
    """The state of each metric after this read; of one that failed only why, so that it goes on where it was."""
    covered = read_so_far(known)
    read = [
        {
            "metric": metric,
            "source": source_id,
            "status": "ok",
            "error": None,
            "last_read_at": at,
            "response_hash": delivery.evidence[metric].response_hash,
            "rules_version": judgement.rules_versions[metric],
            **_covered(window, covered.get(metric, window)),
        }
        for metric, window in delivery.windows.items()
        if metric not in delivery.failures
    ]
    failed = [
        {"metric": metric, "source": source_id, "status": "failed", "error": str(error), "last_read_at": at}
        for metric, error in delivery.failures.items()
    ]
    yield from (pd.DataFrame(rows) for rows in (read, failed) if rows)


def _covered(window: Period, before: Period) -> dict[str, datetime]:
    """The stretch that reads cover without a gap: joined with what was covered, or the later of the two."""
    if window.start > before.end or window.end < before.start:
        later = max(window, before, key=lambda it: it.start)
        return {"window_start": later.start, "window_end": later.end}
    return {"window_start": min(before.start, window.start), "window_end": max(before.end, window.end)}


def _report(
    workspace: Workspace, source_id: str, metrics: int, delivery: Delivery, judgement: Judgement, elapsed: float
) -> Observed:
    asked = list(delivery.windows)
    errors = list(delivery.failures.values())
    return Observed(
        source=source_id,
        metrics=metrics,
        rows_read=len(delivery.points),
        recorded=len(judgement.recorded),
        restated=judgement.restated,
        withdrawn=len(judgement.withdrawn),
        refused=_refusals(judgement.refused),
        open_quarantine=len(workspace.store.quarantine(asked)) if asked else 0,
        failures={metric: str(error) for metric, error in delivery.failures.items()},
        windows=delivery.windows,
        retryable=bool(errors) and all(isinstance(error, TransientError) for error in errors),
        retry_at=_latest_wait(errors),
        changed_metrics=tuple(_changed_metrics(judgement)),
        checks=judgement.checks,
        elapsed_seconds=elapsed,
        traffic=delivery.traffic,
    )


def _facts(report: Observed) -> dict[str, object]:
    """The report as the run's summary keeps it."""
    return {
        "metrics": report.metrics,
        "rows_read": report.rows_read,
        "new": report.recorded - report.restated,
        "restated": report.restated,
        "withdrawn": report.withdrawn,
        "refused": _told(report.refused)[:_MOST_TOLD],
        "refused_count": len(report.refused),
        "open_quarantine": report.open_quarantine,
        "failures": {metric: f"{error}{_read(report.windows[metric])}" for metric, error in report.failures.items()},
        "warnings": _warnings(report),
        "elapsed_seconds": round(report.elapsed_seconds, 3),
        "traffic": None if report.traffic is None else asdict(report.traffic),
    }


def _told(refused: Sequence[Refusal]) -> list[dict[str, object]]:
    """The first refusal of each metric and rule, with how many there are: a long one must not hide the others."""
    firsts: dict[tuple[str, str], Refusal] = {}
    for it in refused:
        firsts.setdefault((it.metric, it.rule), it)
    counts = Counter((it.metric, it.rule) for it in refused)
    return [asdict(it) | {"count": counts[key]} for key, it in firsts.items()]


def _read(window: Period) -> str:
    return f" It was to be read from {window.start:%Y-%m-%d %H:%M} to {window.end:%Y-%m-%d %H:%M} UTC."


def _warnings(report: Observed) -> list[str]:
    """Checks that were not met and did not refuse single rows, in words."""
    bad = report.checks[report.checks["status"].isin(["failed", "errored"])]
    refused = {(it.metric, it.rule) for it in report.refused}
    untold = pd.Series([(row.metric, row.rule) not in refused for row in bad.itertuples()], bad.index, dtype=bool)
    doubted = bad["rule"].isin(DOUBT_RULES) & untold
    bad = bad[(bad["severity"] == "warn") | (bad["status"] == "errored") | doubted]
    return [f"{row.metric}: {row.detail}" for row in bad.head(_MOST_TOLD).itertuples()]


def _refusals(refused: pd.DataFrame) -> tuple[Refusal, ...]:
    columns = ["metric", "dimensions", "period_start", "rule", "reason"]
    return tuple(
        Refusal(metric, dimensions, start.to_pydatetime(), rule, reason)
        for metric, dimensions, start, rule, reason in refused[columns].itertuples(index=False, name=None)
    )


def _latest_wait(errors: list[ConnectorError]) -> datetime | None:
    waits = [error.until for error in errors if isinstance(error, QuotaExhausted)]
    return max(waits, default=None)
