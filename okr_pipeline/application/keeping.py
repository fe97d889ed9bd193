"""Keeping what a read of a source brought: in one transaction, with what it says of the metrics' states.

Belongs here: which rows are written of a delivery and its judgement. Does not: reading, judging, or in what order a
source is read (observing).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

import pandas as pd

from okr_pipeline.application.judging import Judgement
from okr_pipeline.application.legs import Progress, step_of
from okr_pipeline.application.reading import Delivery, read_of
from okr_pipeline.application.runs import Run, note, note_run
from okr_pipeline.application.turns import require_same
from okr_pipeline.application.windows import read_so_far, redefined_since
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.calendar import Period
from okr_pipeline.store.batch import Batch


@dataclass(frozen=True, slots=True)
class Kept:
    """What a read goes on from.

    `known` are the states of metrics before it; `covered` is by metric the stretch that is read without a gap once this
    read is kept; `progress` is how far a backfill in legs had got. `of_chosen_days`: it is a read of some days, which
    says nothing of others where a metric means something else than before.
    """

    known: pd.DataFrame
    covered: Mapping[str, Period]
    progress: Progress | None = None
    of_chosen_days: bool = False


def keep(
    batch: Batch,
    workspace: Workspace,
    source_id: str,
    run: Run,
    delivery: Delivery,
    judgement: Judgement,
    kept: Kept,
) -> None:
    """Write what is fit of a delivery, and what became of the rest.

    Raises:
        Overtaken: another run read one of the metrics meanwhile.
    """
    require_same(_last_reads(kept.known, delivery), _last_reads(workspace.store.metric_states(), delivery))
    note(batch, workspace, run)
    batch.record_observations(judgement.recorded, run_id=run.id)
    batch.withdraw(judgement.withdrawn, run_id=run.id)
    batch.quarantine(_with_rules(judgement), run_id=run.id)
    batch.release(judgement.released, resolution="a valid value came from the source", run_id=run.id)
    batch.release(judgement.given_up, resolution="the source no longer has it", run_id=run.id)
    batch.record_checks(judgement.checks, source=source_id, run_id=run.id)
    batch.record_reads(_reads(delivery, changed_metrics(judgement)), run_id=run.id)
    for states in _states(workspace, source_id, delivery, judgement, kept, batch.recorded_at):
        batch.touch_metrics(states)
    if kept.progress is not None:
        batch.add_step(run.id, step_of(source_id), kept.progress.after(read_of(delivery)).facts(), status="done")
        # The step is done, and the run is not.
        note_run(batch, workspace, run)


def changed_metrics(judgement: Judgement) -> list[str]:
    """The metrics of which something new is known."""
    parts = (judgement.recorded, judgement.withdrawn, judgement.refused, judgement.released, judgement.given_up)
    return sorted({metric for part in parts for metric in part["metric"].unique()})


def _last_reads(states: pd.DataFrame, delivery: Delivery) -> pd.DataFrame:
    """When the metrics of a delivery were last read."""
    return states.loc[states["metric"].isin(delivery.windows), ["metric", "last_read_at"]]


def _with_rules(judgement: Judgement) -> pd.DataFrame:
    return judgement.refused.assign(rules_version=judgement.refused["metric"].map(dict(judgement.rules_versions)))


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
    workspace: Workspace, source_id: str, delivery: Delivery, judgement: Judgement, kept: Kept, at: datetime
) -> Iterator[pd.DataFrame]:
    """The state of each metric after this read; of one that failed only why, so that it goes on where it was."""
    covered = read_so_far(workspace, kept.known)
    unsettled = redefined_since(workspace, kept.known) if kept.of_chosen_days else set()
    asked = {
        metric: {
            "metric": metric,
            "source": source_id,
            "status": "ok",
            "error": None,
            "last_read_at": at,
            "response_hash": delivery.evidence[metric].response_hash,
        }
        for metric in kept.covered
        if metric not in delivery.failures
    }
    read = [
        {
            **facts,
            "rules_version": judgement.rules_versions[metric],
            **_covered(kept.covered[metric], covered.get(metric, kept.covered[metric])),
        }
        for metric, facts in asked.items()
        if metric not in unsettled
    ]
    in_part = [facts for metric, facts in asked.items() if metric in unsettled]
    failed = [
        {"metric": metric, "source": source_id, "status": "failed", "error": str(error), "last_read_at": at}
        for metric, error in delivery.failures.items()
    ]
    yield from (pd.DataFrame(rows) for rows in (read, in_part, failed) if rows)


def _covered(window: Period, before: Period) -> dict[str, datetime]:
    """The stretch that reads cover without a gap: joined with what was covered, or the later of the two."""
    if window.start > before.end or window.end < before.start:
        later = max(window, before, key=lambda it: it.start)
        return {"window_start": later.start, "window_end": later.end}
    return {"window_start": min(before.start, window.start), "window_end": max(before.end, window.end)}
