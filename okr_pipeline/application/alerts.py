"""Raising alerts: which key results turned behind for good, and which recovered.

Belongs here: the statuses that episodes are advanced by, and their recording. Does not: the life cycle (alerting).

Every day since the last evaluation is looked at, so that a pipeline that stood still for a week raises the alerts that
it would have raised.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd

from okr_pipeline.alerting import Advance, State, advance
from okr_pipeline.application.gathering import Evidence, gather
from okr_pipeline.application.naming import take_names
from okr_pipeline.application.runs import Run, note, note_step
from okr_pipeline.application.scoping import closing_of, current
from okr_pipeline.application.turns import require_last_word, require_same, settled
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.amending import configuration_on
from okr_pipeline.model.calendar import GRAIN_HOURS, Calendar, Grain
from okr_pipeline.model.okr import KeyResult
from okr_pipeline.scoring import trajectory
from okr_pipeline.store.batch import Batch

_LOOK_BACK = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class Alerts:
    """What a run changed: transitions into firing and back to ok, and how many episodes are open now."""

    opened: tuple[str, ...]
    closed: tuple[str, ...]
    open_key_results: tuple[str, ...]
    transitions: pd.DataFrame


def raise_alerts(workspace: Workspace, run: Run) -> Alerts:
    """Advance every episode to the run's instant and record what changed."""
    take_names(workspace, run)
    return settled(lambda: _raise_alerts(workspace, run))


def foresee(workspace: Workspace, as_of: datetime) -> Advance:
    """What every episode would come to at an instant; nothing is recorded."""
    return _advanced(workspace, workspace.store.alert_states(), as_of)[0]


def _advanced(workspace: Workspace, states: pd.DataFrame, as_of: datetime) -> tuple[Advance, Evidence]:
    instants = evaluation_instants(workspace.project.calendar, states, as_of)
    now = current(workspace, min(instants), besides={*states.loc[states["state"] != State.OK, "key_result"]})
    evidence = gather(now, as_of, since=min(instants), forecasts=False)
    statuses, spans = _statuses(now, evidence, instants), _spans(workspace, as_of)
    return advance(states, statuses, spans, first=min(instants)), evidence


def _raise_alerts(workspace: Workspace, run: Run) -> Alerts:
    states = workspace.store.alert_states()
    advanced, evidence = _advanced(workspace, states, run.as_of)
    report = _report(advanced.states, advanced.transitions)

    def record(batch: Batch) -> None:
        require_same(states, workspace.store.alert_states())
        require_last_word(workspace.store, evidence.known_at, evidence.failed_metrics)
        _record(batch, workspace, run, advanced, report)

    workspace.store.write(record)
    return report


def _record(batch: Batch, workspace: Workspace, run: Run, advanced: Advance, report: Alerts) -> None:
    note(batch, workspace, run)
    batch.record_alerts(advanced.states, advanced.transitions, run_id=run.id)
    facts = {"opened": report.opened, "closed": report.closed, "open": report.open_key_results}
    note_step(batch, run, "alerts", facts)


def evaluation_instants(calendar: Calendar, states: pd.DataFrame, as_of: datetime) -> list[datetime]:
    """Day ends after the last evaluation and before `as_of`, at most two weeks of them, then `as_of` itself."""
    last = states["last_evaluated_as_of"].max() if len(states) else pd.NaT
    since = max(as_of - _LOOK_BACK, last.to_pydatetime()) if pd.notna(last) else as_of - _LOOK_BACK
    return [*(end for end in calendar.boundaries(since, as_of, Grain.DAY) if since < end < as_of), as_of]


def _statuses(workspace: Workspace, evidence: Evidence, instants: list[datetime]) -> pd.DataFrame:
    configuration = workspace.configuration
    track = trajectory(
        configuration,
        evidence.observations,
        instants,
        quarantine=evidence.quarantine,
        baselines=evidence.baselines,
        check_ins=evidence.check_ins,
        failed_sources=evidence.failed_metrics,
    )
    intents = {
        key_result.full_id: objective.intent.value
        for objective in configuration.objectives.values()
        for key_result in objective.key_results
    }
    by_the_day = track["key_result"].isin(_without_metric(workspace))
    day_ends = {pd.Timestamp(at): _last_day_end(workspace.project.calendar, at) for at in instants}
    ended = track["as_of"].map(day_ends).astype(track["value_period_end"].dtype)
    known = track["value_period_end"].fillna(ended)
    return track.assign(
        intent=track["key_result"].map(intents),
        value_period_end=track["value_period_end"].where(~by_the_day, known.where(known < ended, ended)),
    )


def _last_day_end(calendar: Calendar, at: datetime) -> datetime:
    """The end of the last whole day: what has no metric is new once a day, however often it is looked at."""
    day = calendar.last_date_before(at)
    return at if calendar.end_of_day(day) == at else calendar.start_of_day(day)


def _without_metric(workspace: Workspace) -> set[str]:
    return {it.full_id for it in workspace.configuration.key_results() if it.metric is None}


def _spans(workspace: Workspace, as_of: datetime) -> pd.DataFrame:
    defined = configuration_on(workspace.configuration, workspace.project.calendar.last_date_before(as_of))
    rows = [
        (it.full_id, _span_observations(workspace, it), closing_of(workspace.configuration, it))
        for it in defined.key_results()
    ]
    return pd.DataFrame(rows, columns=["key_result", "span_observations", "closes"])


def _span_observations(workspace: Workspace, key_result: KeyResult) -> int:
    hours = ((key_result.ends - key_result.starts).days + 1) * 24
    metric = workspace.configuration.metrics.get(key_result.metric or "")
    return max(1, round(hours / (GRAIN_HOURS[metric.grain] if metric else 24)))


def _report(states: pd.DataFrame, transitions: pd.DataFrame) -> Alerts:
    firing = states[states["state"].isin(["firing", "recovering"])]
    return Alerts(
        opened=tuple(
            transitions.loc[
                (transitions["to_state"] == "firing") & transitions["from_state"].isin(["ok", "pending"]), "key_result"
            ].unique()
        ),
        closed=tuple(
            transitions.loc[
                transitions["from_state"].isin(["firing", "recovering"]) & (transitions["to_state"] == "ok"),
                "key_result",
            ].unique()
        ),
        open_key_results=tuple(firing["key_result"]),
        transitions=transitions,
    )
