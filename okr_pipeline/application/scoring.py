"""Scoring what the store knows, and recording what changed.

Belongs here: fetching what scores are functions of, and writing them. Does not: the functions (scoring room).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

import pandas as pd

from okr_pipeline.application.check_ins import take_from_files
from okr_pipeline.application.naming import take_names
from okr_pipeline.application.runs import Run, note, note_step
from okr_pipeline.application.scoping import current, scored_metrics
from okr_pipeline.application.turns import Overtaken, require_last_word, settled
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.holidays import edition as edition_of_holidays
from okr_pipeline.model.zones import edition as edition_of_zones
from okr_pipeline.scoring import Scores, evaluation_start, extraction_starts, history_starts, score
from okr_pipeline.store.batch import Batch

_MOST_TOLD = 50
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that scores are a function of, beside the configuration and the instant: frames as the store has them.

    `known_at` names what was known: read as of it, the store gives the same frames for ever. Forecasts alone look at
    observations before `start`; None where that is not told.
    """

    known_at: datetime
    observations: pd.DataFrame
    quarantine: pd.DataFrame
    baselines: pd.DataFrame
    failed_metrics: frozenset[str]
    check_ins: pd.DataFrame
    start: datetime | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """What a run recorded: all scores, and those rows that differ from what was recorded before."""

    scores: Scores
    changed_key_results: pd.DataFrame
    changed_objectives: pd.DataFrame


def gather(
    workspace: Workspace,
    as_of: datetime,
    *,
    known_at: datetime | None = None,
    since: datetime | None = None,
    every_metric: bool = False,
    forecasts: bool = True,
) -> Evidence:
    """What was known at an instant (default: now) and can bear on scores from `since` (default `as_of`) to `as_of`.

    With `every_metric` also the observations and refused values that no key result reads; without `forecasts` not the
    years before a key result that forecasts alone look at.
    """
    store = workspace.store
    known = known_at or store.known_until() or as_of
    instants = {since or as_of, as_of}
    start = min(earliest_scored(workspace.configuration, at) for at in instants)
    history = [history_starts(workspace.configuration, at) for at in instants] if forecasts else []
    metrics = None if every_metric else scored_metrics(workspace.configuration)
    return Evidence(
        known_at=known,
        observations=_observed(workspace, metrics, start, history, as_of, known),
        quarantine=store.quarantine(metrics, known_at=known),
        baselines=store.baselines(known_at=known),
        failed_metrics=store.failing_metrics(known),
        check_ins=store.check_ins(known_at=known),
        start=start,
    )


def _observed(
    workspace: Workspace,
    metrics: set[str] | None,
    start: datetime,
    history: Sequence[Mapping[str, datetime]],
    as_of: datetime,
    known: datetime,
) -> pd.DataFrame:
    """Observations of metrics, None for all, each from `start` or from where its own history begins."""
    groups: dict[datetime, list[str]] = {}
    for metric in workspace.configuration.metrics if metrics is None else sorted(metrics):
        earliest = min([start, *(starts[metric] - _DAY for starts in history if metric in starts)])
        groups.setdefault(earliest, []).append(metric)
    if len(groups) < 2:
        return workspace.store.observations(metrics, min(groups, default=start), as_of, known)
    frames = [workspace.store.observations(names, since, as_of, known) for since, names in groups.items()]
    return pd.concat(frames).sort_values("metric", kind="stable", ignore_index=True)


def evaluate(configuration: Configuration, evidence: Evidence, as_of: datetime) -> Scores:
    """Scores as of an instant from gathered evidence."""
    return score(
        configuration,
        evidence.observations,
        as_of=as_of,
        quarantine=evidence.quarantine,
        baselines=evidence.baselines,
        failed_sources=evidence.failed_metrics,
        check_ins=evidence.check_ins,
    )


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


def earliest_scored(configuration: Configuration, as_of: datetime) -> datetime:
    """The earliest instant that any score as of an instant looks at, those of ended key results among them."""
    return min([evaluation_start(configuration, as_of), *extraction_starts(configuration, as_of).values()]) - _DAY


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
