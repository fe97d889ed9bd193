"""Scoring what the store knows, and recording what changed.

Belongs here: writing scores, beside what was recorded before. Does not: working them out (gathering, scoring room).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

import pandas as pd

from okr_pipeline.application.check_ins import take_from_files
from okr_pipeline.application.gathering import Evidence, evaluate, gather
from okr_pipeline.application.naming import take_names
from okr_pipeline.application.runs import Run, note, note_step
from okr_pipeline.application.scoping import current
from okr_pipeline.application.turns import Overtaken, require_last_word, settled
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.holidays import edition as edition_of_holidays
from okr_pipeline.model.zones import edition as edition_of_zones
from okr_pipeline.scoring import Scores
from okr_pipeline.store.batch import Batch

_MOST_TOLD = 50


@dataclass(frozen=True, slots=True)
class Scored:
    """What a run recorded: all scores, and those rows that differ from what was recorded before."""

    scores: Scores
    changed_key_results: pd.DataFrame
    changed_objectives: pd.DataFrame


def score_and_record(workspace: Workspace, run: Run) -> Scored:
    """Score what is current as of the run's instant and record what differs from the newest recorded of that date.

    What files say that people said is recorded before. The changed frames gain `previous_status`: what was recorded for
    this date or the one before.
    """
    take_names(workspace, run)
    take_from_files(workspace, run)
    scored = settled(lambda: _score_and_record(workspace, run))
    workspace.store.write(lambda batch: note_step(batch, run, "scored", _facts(scored)))
    return scored


def score_history(workspace: Workspace, run: Run, as_ofs: Sequence[datetime]) -> int:
    """Record reconstructed scores for past instants; returns how many key-result scores were new or different.

    A date with scores that were recorded at the time keeps them: a reconstruction never takes their place.
    """
    take_names(workspace, run)
    take_from_files(workspace, run)
    published = _published_dates(workspace, as_ofs)
    past = [as_of for as_of in as_ofs if _date(workspace, as_of).isoformat() not in published]
    changed = _reconstruct(workspace, run, past) if past else 0
    facts = {"days": len(as_ofs), "kept": len(published), "changed": changed}
    workspace.store.write(lambda batch: note_step(batch, run, "history", facts))
    return changed


def _score_and_record(workspace: Workspace, run: Run) -> Scored:
    now = current(workspace, run.as_of)
    evidence = gather(now, run.as_of)
    scores = evaluate(now.configuration, evidence, run.as_of)
    day = _date(workspace, run.as_of)
    key_results_before = workspace.store.key_result_scores((day - timedelta(days=1), day))
    objectives_before = workspace.store.objective_scores((day - timedelta(days=1), day))
    recorded, _ = _write(workspace, run, scores, evidence, evidence.known_at)
    return Scored(
        scores,
        _with_previous(recorded.changed_key_results, key_results_before, "key_result"),
        _with_previous(recorded.changed_objectives, objectives_before, "objective"),
    )


def _reconstruct(workspace: Workspace, run: Run, as_ofs: Sequence[datetime]) -> int:
    """Record scores of past instants from one look at the store, and from another one where the first is overtaken."""
    evidence = gather(current(workspace, min(as_ofs), until=max(as_ofs)), max(as_ofs), since=min(as_ofs))
    looked_at, changed = evidence.known_at, 0
    for position, as_of in enumerate(as_ofs):
        past = Run(run.id, as_of, "backfill", run.dagster_run_id)
        scores = evaluate(current(workspace, as_of).configuration, evidence, as_of)
        try:
            recorded, looked_at = _write(workspace, past, scores, evidence, looked_at)
        except Overtaken:
            return changed + _reconstruct(workspace, run, as_ofs[position:])
        changed += len(recorded.changed_key_results)
    return changed


def _published_dates(workspace: Workspace, as_ofs: Sequence[datetime]) -> set[str]:
    dates = [_date(workspace, as_of) for as_of in as_ofs]
    recorded = workspace.store.key_result_scores((min(dates), max(dates)))
    live = recorded.loc[~recorded["reconstructed"].astype(bool), "as_of_date"]
    return {str(day) for day in live} & {day.isoformat() for day in dates}


def _date(workspace: Workspace, as_of: datetime) -> date:
    return workspace.project.calendar.last_date_before(as_of)


def _write(
    workspace: Workspace, run: Run, scores: Scores, evidence: Evidence, looked_at: datetime
) -> tuple[Scored, datetime]:
    """What was recorded, and when; nobody but this run may have changed anything since it looked."""

    def record(batch: Batch) -> tuple[Scored, datetime]:
        require_last_word(workspace.store, looked_at, evidence.failed_metrics)
        return _record(batch, workspace, run, scores), batch.recorded_at

    return workspace.store.write(record)


def _record(batch: Batch, workspace: Workspace, run: Run, scores: Scores) -> Scored:
    """What was recorded, as known at the instant of this batch.

    Nothing that scores are made of was written since it was read, but in this batch: it has the configuration and the
    baselines that they were made with. So what was known at that instant gives the same scores for ever.
    """

    def stamped(record: _Recorder, frame: pd.DataFrame) -> pd.DataFrame:
        return record(
            frame,
            as_of=run.as_of,
            as_of_date=_date(workspace, run.as_of),
            known_at=batch.recorded_at,
            run_id=run.id,
            config_version=workspace.configuration.version,
            reconstructed=run.kind == "backfill",
        )

    note(batch, workspace, run)
    batch.fix_baselines(scores.baselines, run_id=run.id)
    return Scored(
        scores=scores,
        changed_key_results=stamped(batch.record_key_result_scores, scores.key_results),
        changed_objectives=stamped(batch.record_objective_scores, scores.objectives),
    )


class _Recorder(Protocol):
    def __call__(
        self,
        frame: pd.DataFrame,
        *,
        as_of: datetime,
        as_of_date: date,
        known_at: datetime,
        run_id: str,
        config_version: str,
        reconstructed: bool,
    ) -> pd.DataFrame: ...


def _with_previous(changed: pd.DataFrame, before: pd.DataFrame, own: str) -> pd.DataFrame:
    """Changed scores with the status that was recorded before, None where there was none."""
    statuses = before.drop_duplicates(own, keep="last").set_index(own)["status"]
    return changed.assign(previous_status=changed[own].map(statuses))


def _facts(scored: Scored) -> dict[str, object]:
    statuses = scored.scores.key_results["status"].value_counts()
    turned = scored.changed_key_results
    turned = turned[turned["previous_status"].notna() & (turned["previous_status"] != turned["status"])]
    return {
        "time_zones": edition_of_zones(),
        "holidays": edition_of_holidays(),
        "key_results": {str(status): int(count) for status, count in statuses.items()},
        "changed": len(scored.changed_key_results),
        "turned": turned[["key_result", "title", "previous_status", "status"]].head(_MOST_TOLD).to_dict("records"),
    }
