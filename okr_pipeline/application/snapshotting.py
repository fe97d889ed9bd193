"""Taking the weekly snapshot: the facts that every form of the scorecard shows.

Belongs here: gathering a week's facts and the sentences that say them. Does not: markup and numbers' formats
(rendering), writing files (scorecards).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

import pandas as pd

from okr_pipeline.application.backtesting import calibration_sentence
from okr_pipeline.application.failures import Failure, Failures, failures
from okr_pipeline.application.forecasting import forecast_row
from okr_pipeline.application.gathering import Evidence, evaluate, gather
from okr_pipeline.application.health import health_counts, health_rows, judged_health
from okr_pipeline.application.said import check_in_rate, is_asked, is_checked_in, newest_check_ins
from okr_pipeline.application.scoping import current
from okr_pipeline.application.telling import Record, key_result_records, objective_records, plain_rows, plain_values
from okr_pipeline.application.trust import quarantined_rows, source_trust
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.amending import configuration_on
from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.check_in import CheckInRow
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.contribution import Contributors, contributors_of
from okr_pipeline.model.metric import Rollup
from okr_pipeline.model.okr import Accumulate, Amendment, Cycle, KeyResult, Objective, RelativeTarget
from okr_pipeline.model.score import Status
from okr_pipeline.model.snapshot import (
    SCHEMA_VERSION,
    CycleRow,
    KeyResultRow,
    ObjectiveRow,
    Removed,
    Snapshot,
    TrackPoint,
    Transition,
)
from okr_pipeline.rendering.numbers import percent
from okr_pipeline.scoring import plan, trajectory

_SEVERITY = (
    Status.BEHIND,
    Status.MISSED,
    Status.AT_RISK,
    Status.UNKNOWN,
    Status.PARTIAL,
    Status.ON_TRACK,
    Status.ACHIEVED,
    Status.NOT_STARTED,
    Status.PAUSED,
    Status.CANCELLED,
)
_LIVE = {Status.BEHIND, Status.AT_RISK, Status.ON_TRACK, Status.UNKNOWN, Status.ACHIEVED, Status.MISSED, Status.PARTIAL}
_TRACK_POINTS = 26
_BEFORE = ("key_result", "status", "progress", "gap")
"""What is told of where a key result stood a week ago."""
_WITHOUT_A_WAY = ("maintain", "cadence", "limit", "milestones", "baseline")
"""Measures whose value does not travel from a baseline to a target."""

_UNKNOWN_BECAUSE: Mapping[str, str] = {
    "source_failed": "its source could not be read",
    "quarantined": "its newest value was refused by a check",
    "no_observation": "no value has been observed in the days that count",
    "stale": "its data is too old",
    "undefined_baseline": "its baseline is not known",
    "below_coverage": "too many periods are missing",
    "no_period_ended": "no whole period has ended yet",
    "not_started": "it has not started",
}

_OUT_OF_REACH: Mapping[str, str] = {
    "limit": "The limit is already exceeded, which cannot be undone.",
    "share": "Even if every remaining period goes well, the share wanted can no longer be met.",
}


@dataclass(frozen=True, slots=True)
class _Week:
    """The ISO week that contains the last moment before `as_of`, and the instant a week earlier."""

    label: str
    starts: date
    ends: date
    before: datetime

    @classmethod
    def of(cls, calendar: Calendar, as_of: datetime) -> "_Week":
        day = calendar.last_date_before(as_of)
        monday = day - timedelta(days=day.weekday())
        year, number, _ = day.isocalendar()
        before = calendar.end_of_day(day - timedelta(days=7))
        return cls(f"{year}-W{number:02d}", monday, monday + timedelta(days=6), before)


@dataclass(frozen=True, slots=True)
class _Facts:
    """What rows are made of, keyed by full id."""

    now: Mapping[str, Record]
    objectives: Mapping[str, Record]
    before: Mapping[str, Record]
    objectives_before: Mapping[str, Record]
    tracks: Mapping[str, tuple[TrackPoint, ...]]
    evidence: Evidence
    contributors: Contributors
    day: date
    said: Mapping[str, CheckInRow]
    amended: Mapping[str, tuple[Amendment, ...]] = field(default_factory=dict)
    alerts: Mapping[str, datetime] = field(default_factory=dict)
    failures: Failures | None = None


def take_snapshot(workspace: Workspace, as_of: datetime, *, known_at: datetime | None = None) -> Snapshot:
    """The snapshot of the week that `as_of` ends or falls in."""
    day = workspace.project.calendar.last_date_before(as_of)
    configuration = configuration_on(workspace.configuration, day)
    amended = {it.full_id: _in_force(it, day) for it in workspace.configuration.key_results() if it.amendments}
    week = _Week.of(workspace.project.calendar, as_of)
    open_cycles = cycles_shown(configuration, as_of)
    earliest = min([workspace.project.calendar.start_of_day(it.starts) for it in open_cycles] + [week.before])
    shown = current(workspace, as_of)
    evidence = gather(shown, as_of, known_at=known_at, since=earliest, every_metric=True)
    facts = replace(
        _facts(shown, evidence, as_of, week.before, earliest),
        amended=amended,
        alerts=_alerts(workspace, as_of, known_at),
        failures=failures(
            replace(shown, configuration=configuration_on(shown.configuration, day)),
            evidence.known_at,
            evidence.failed_metrics,
        ),
    )
    health = judged_health(workspace, as_of, evidence)
    cycles = tuple(_cycle_row(configuration, cycle, facts, as_of) for cycle in open_cycles)
    rows = [row for cycle in cycles for objective in cycle.objectives for row in objective.key_results]
    return Snapshot(
        schema_version=SCHEMA_VERSION,
        project=workspace.project.name,
        mission=workspace.project.mission,
        timezone=workspace.project.calendar.timezone,
        week=week.label,
        week_starts=week.starts,
        week_ends=week.ends,
        as_of=as_of,
        known_at=known_at or workspace.store.changed_at() or evidence.known_at,
        config_version=configuration.version,
        status_rule=workspace.project.status_rule,
        headline=headline(rows),
        counts=_counts(rows),
        cycles=cycles,
        behind=_behind(rows),
        transitions=_transitions(rows),
        sources=source_trust(
            workspace,
            as_of,
            known_at=evidence.known_at,
            quarantine=evidence.quarantine,
            cycles={it.id for it in open_cycles},
        ),
        quarantined=quarantined_rows(evidence.quarantine),
        health_counts=health_counts(health),
        health=health_rows(workspace, health, as_of, evidence),
        notes=_notes(workspace, open_cycles),
        check_ins=check_in_rate(
            (row.checked_in for row in rows), asked=any(is_asked(row.measure, row.check_in) for row in rows)
        ),
        removed=_removed(
            workspace, open_cycles, workspace.project.calendar.last_date_before(week.before), day, known_at
        ),
    )


def cycles_shown(configuration: Configuration, as_of: datetime) -> list[Cycle]:
    """The cycles that a scorecard speaks of: those that have begun and had not ended a week before."""
    calendar = configuration.project.calendar
    before = _Week.of(calendar, as_of).before
    return [
        it
        for it in configuration.cycles.values()
        if calendar.start_of_day(it.starts) < as_of and calendar.end_of_day(it.ends) > before
    ]


def headline(rows: Sequence[KeyResultRow]) -> str:
    """The one sentence: how many are on track, what is furthest behind, what was missed, what cannot be told."""
    live = [row for row in rows if Status(row.status) in _LIVE]
    if not live:
        return "No key result is running this week."
    good = sum(row.status in (Status.ON_TRACK, Status.ACHIEVED) for row in live)
    sentence = f"{good:,} of {len(live):,} key results {'is' if good == 1 else 'are'} on track or achieved"
    behind = _behind(rows)
    if behind:
        worst = next(row for row in rows if row.id == behind[0])
        count = f"{len(behind):,} are behind, most of all" if len(behind) > 1 else "1 is behind:"
        sentence += f"; {count} “{worst.title}”"
    missed = sum(row.status == Status.MISSED for row in live)
    if missed:
        sentence += f"; {missed:,} {'was' if missed == 1 else 'were'} missed"
    unknown = sum(row.status == Status.UNKNOWN for row in live)
    if unknown:
        sentence += f"; {unknown:,} cannot be told"
    return sentence + "."


def explanation(record: Record, failure: Failure | None = None) -> str:
    """Why a key result has its status, in one plain sentence without figures that a form would format."""
    status, reason = Status(record["status"]), record["reason"]
    if status is Status.UNKNOWN and failure is not None:
        return f"Unknown because {failure.words}."
    if status is Status.UNKNOWN:
        return f"Unknown because {_UNKNOWN_BECAUSE.get(str(reason), str(reason))}."
    if reason == "out_of_reach":
        return _OUT_OF_REACH["limit" if record["measure"] == "limit" else "share"]
    sentences = {
        Status.ACHIEVED: "The target is met.",
        Status.MISSED: "The cycle ended short of the target.",
        Status.PARTIAL: "The cycle ended part of the way to the target.",
        Status.NOT_STARTED: "It has not started yet.",
        Status.PAUSED: "Paused.",
        Status.CANCELLED: "Cancelled.",
    }
    if status in sentences:
        return sentences[status]
    return _against_plan(record)


def _against_plan(record: Record) -> str:
    progress, expected = record["progress"] or 0.0, record["expected_progress"] or 0.0
    if progress < 0:
        return "It has moved away from the target since the start."
    if progress >= expected:
        return "At or ahead of plan."
    return f"It has made {percent(progress / expected)} of the progress planned by now." if expected else "No plan yet."


def _facts(workspace: Workspace, evidence: Evidence, as_of: datetime, before: datetime, earliest: datetime) -> _Facts:
    configuration, day = workspace.configuration, workspace.project.calendar.last_date_before(as_of)
    now, recent = evaluate(configuration, evidence, as_of), _without_history(evidence)
    unread = evidence.failed_metrics & workspace.store.failing_metrics(before)
    then = evaluate(configuration, replace(recent, failed_metrics=unread), before)
    return _Facts(
        now={it["id"]: it for it in key_result_records(now.key_results)},
        objectives={it["id"]: it for it in objective_records(now.objectives)},
        before={it["key_result"]: it for it in plain_rows(then.key_results[list(_BEFORE)])},
        objectives_before={it["objective"]: it for it in plain_rows(then.objectives[["objective", "status"]])},
        tracks=_tracks(configuration, recent, earliest, as_of),
        evidence=evidence,
        contributors=contributors_of(configuration.key_results()),
        day=day,
        said=newest_check_ins(evidence.check_ins, day),
    )


def _without_history(evidence: Evidence) -> Evidence:
    """The same without what forecasts alone look at."""
    if evidence.start is None:
        return evidence
    recent = evidence.observations["period_start"] >= evidence.start
    return replace(evidence, observations=evidence.observations[recent.to_numpy()])


def _tracks(
    configuration: Configuration, evidence: Evidence, earliest: datetime, as_of: datetime
) -> dict[str, tuple[TrackPoint, ...]]:
    """Progress at evenly spread day ends from the earliest open start until now."""
    frame = trajectory(
        configuration,
        evidence.observations,
        _instants(configuration.project.calendar, earliest, as_of),
        quarantine=evidence.quarantine,
        baselines=evidence.baselines,
        check_ins=evidence.check_ins,
    )
    starts = {it.full_id: configuration.project.calendar.start_of_day(it.starts) for it in configuration.key_results()}
    tracks: dict[str, list[TrackPoint]] = {key_result: [] for key_result in starts}
    for key_result, at, progress, expected in _track_rows(frame):
        if at > starts[key_result]:
            tracks[key_result].append(TrackPoint(at, progress, expected))
    return {key_result: tuple(points) for key_result, points in tracks.items()}


def _track_rows(frame: pd.DataFrame) -> Iterator[tuple[str, datetime, float | None, float | None]]:
    """Key result, instant, progress and planned progress. Instants and plans are few, and all rows share them."""
    codes, instants = pd.factorize(frame["as_of"])
    shared = [instant.to_pydatetime() for instant in instants]
    progress, expected = (plain_values(frame[name]) for name in ("progress", "expected_progress"))
    plans: dict[float | None, float | None] = {}
    planned = (plans.setdefault(value, value) for value in expected)
    return zip(frame["key_result"], (shared[code] for code in codes), progress, planned, strict=True)


def _instants(calendar: Calendar, earliest: datetime, as_of: datetime) -> list[datetime]:
    """Day ends, thinned out to weekly and wider steps back from now so that a year costs as little as a quarter."""
    last = calendar.last_date_before(as_of)
    days = max(1, (last - calendar.date_of(earliest)).days + 1)
    recent = [last - timedelta(days=back) for back in range(1, min(days, 14))]
    step = max(1, -(-days // _TRACK_POINTS))
    older = [last - timedelta(days=back) for back in range(14, days, step)]
    # A date that the zone skipped ends with the one before.
    return [*sorted({calendar.end_of_day(day) for day in older + recent}), as_of]


def _alerts(workspace: Workspace, as_of: datetime, known_at: datetime | None) -> dict[str, datetime]:
    opened = workspace.store.open_alerts(as_of, known_at)
    return dict(zip(opened["key_result"], opened["since"].dt.to_pydatetime(), strict=True))


def _cycle_row(configuration: Configuration, cycle: Cycle, facts: _Facts, as_of: datetime) -> CycleRow:
    calendar = configuration.project.calendar
    start, end = calendar.start_of_day(cycle.starts), calendar.end_of_day(cycle.ends)
    share = (as_of - start) / (end - start)
    left = (cycle.ends - calendar.last_date_before(as_of)).days
    members = [it for it in configuration.objectives.values() if it.cycle == cycle.id]
    return CycleRow(
        id=cycle.id,
        starts=cycle.starts,
        ends=cycle.ends,
        elapsed_share=min(1.0, max(0.0, share)),
        days_left=max(0, left),
        objectives=tuple(
            _objective_row(configuration, objective, depth, facts, as_of)
            for objective, depth in _parents_first(members)
        ),
    )


def _parents_first(objectives: Sequence[Objective]) -> Iterable[tuple[Objective, int]]:
    """Objectives of one cycle in depth-first order of their alignment, with their depth."""
    ids = {it.full_id for it in objectives}
    children: dict[str | None, list[Objective]] = {}
    for objective in objectives:
        children.setdefault(objective.parent if objective.parent in ids else None, []).append(objective)

    def walk(parent: str | None, depth: int) -> Iterable[tuple[Objective, int]]:
        for objective in children.get(parent, []):
            yield objective, depth
            yield from walk(objective.full_id, depth + 1)

    return walk(None, 0)


def _objective_row(
    configuration: Configuration, objective: Objective, depth: int, facts: _Facts, as_of: datetime
) -> ObjectiveRow:
    record = facts.objectives[objective.full_id]
    return ObjectiveRow(
        id=objective.full_id,
        parent=objective.parent,
        depth=depth,
        title=objective.title,
        why=objective.why,
        level=objective.level.value,
        intent=objective.intent.value,
        owner=objective.owner,
        score=record["score"],
        expected_progress=record["expected_progress"],
        status=record["status"],
        reason=record["reason"],
        coverage=record["coverage"] or 0.0,
        score_low=record["score_low"],
        score_high=record["score_high"],
        worst_key_result=record["worst_key_result"],
        previous_status=facts.objectives_before.get(objective.full_id, {}).get("status"),
        key_results=tuple(_key_result_row(configuration, it, objective, facts, as_of) for it in objective.key_results),
    )


def _key_result_row(
    configuration: Configuration, key_result: KeyResult, objective: Objective, facts: _Facts, as_of: datetime
) -> KeyResultRow:
    now, before = facts.now[key_result.full_id], facts.before.get(key_result.full_id, {})
    failure = facts.failures.behind(key_result.full_id, now["reason"]) if facts.failures else None
    metric = configuration.metrics.get(key_result.metric or "")
    end = now["value_period_end"] and datetime.fromisoformat(now["value_period_end"])
    last_good = now["last_good"] or {}
    same = ("value", "baseline", "target", "progress", "score", "expected_progress", "expected_progress_now")
    return KeyResultRow(
        id=key_result.full_id,
        title=key_result.title,
        owner=key_result.owner,
        metric=key_result.metric,
        metric_name=metric.name if metric else None,
        measure=key_result.measure.kind,
        unit=now["unit"],
        weight=key_result.weight,
        intent=objective.intent.value,
        **{name: now[name] for name in same},
        plan_value=_plan_value(now),
        pace_ratio=now["pace_ratio"],
        gap=now["gap"],
        status=now["status"],
        reason=now["reason"],
        explanation=" ".join([_reasoned(explanation(now, failure), key_result), *_amended(now, facts)]),
        provisional=bool(now["provisional"]),
        value_period_end=end,
        data_age_hours=(as_of - end).total_seconds() / 3600 if end else None,
        observed_share=now["observed_share"],
        last_good_value=last_good.get("value"),
        last_good_age_hours=last_good.get("age_hours"),
        previous_status=before.get("status"),
        previous_progress=before.get("progress"),
        gap_change=_difference(now["gap"], before.get("gap")),
        alert_since=facts.alerts.get(key_result.full_id),
        starts=key_result.starts,
        ends=key_result.ends,
        track=facts.tracks.get(key_result.full_id, ()),
        plan=_plan(configuration, key_result, _measured_from(key_result, now), facts),
        forecast=forecast_row(now),
        forecast_refusal=now["forecast_refusal"],
        check_in=facts.said.get(key_result.full_id),
        checked_in=is_checked_in(key_result, facts.said.get(key_result.full_id), facts.day),
    )


def _reasoned(sentence: str, key_result: KeyResult) -> str:
    return f"{sentence} {key_result.state_reason}" if key_result.state_reason else sentence


def _plan(
    configuration: Configuration, key_result: KeyResult, baseline: float | None, facts: _Facts
) -> tuple[TrackPoint, ...]:
    points = plan(
        configuration,
        key_result,
        baseline=baseline,
        observations=facts.evidence.observations,
        quarantine=facts.evidence.quarantine,
        contributors=facts.contributors,
    )
    return tuple(TrackPoint(at, None, expected) for at, expected in points)


def _measured_from(key_result: KeyResult, record: Record) -> float | None:
    """What a plan starts from; of a sum beyond an earlier one the earlier sum, which the target tells."""
    match key_result.measure:
        case Accumulate(RelativeTarget(share)):
            return None if record["target"] is None else float(record["target"] / (1 + share))
        case _:
            return None if record["baseline"] is None else float(record["baseline"])


def _in_force(key_result: KeyResult, day: date) -> tuple[Amendment, ...]:
    return tuple(it for it in key_result.amendments if it.on <= day)


def _amended(record: Record, facts: _Facts) -> Iterator[str]:
    """When and why it was amended, and where it would be by what was promised first."""
    for it in facts.amended.get(record["id"], ()):
        yield f"Amended on {it.on}: {it.reason.rstrip('.')}."
    original, progress = record["original_progress"], record["progress"]
    if original is not None and original != progress:
        yield f"Against what was promised first its progress is {percent(original)}."


def _plan_value(record: Record) -> float | None:
    """The value that the plan asks for today, on the scale of `value`."""
    baseline, target, expected = record["baseline"], record["target"], record["expected_progress_now"]
    if target is None or expected is None or record["measure"] in _WITHOUT_A_WAY:
        return None
    start = baseline if baseline is not None else 0.0
    return float(start + (target - start) * expected)


def _difference(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before


def _counts(rows: Sequence[KeyResultRow]) -> tuple[tuple[str, int], ...]:
    counted = Counter(row.status for row in rows)
    return tuple((status.value, counted[status.value]) for status in _SEVERITY if counted[status.value])


def _behind(rows: Sequence[KeyResultRow]) -> tuple[str, ...]:
    behind = [row for row in rows if row.status == Status.BEHIND]
    return tuple(row.id for row in sorted(behind, key=lambda row: (row.weight * (row.gap or 0.0), row.id)))


def _transitions(rows: Sequence[KeyResultRow]) -> tuple[Transition, ...]:
    return tuple(
        Transition(row.id, row.title, row.previous_status, row.status)
        for row in rows
        if row.previous_status not in (None, row.status)
    )


def _removed(
    workspace: Workspace, cycles: Sequence[Cycle], first: date, last: date, known_at: datetime | None
) -> tuple[Removed, ...]:
    """Of cycles that are shown, what was scored from the first day to the last and is not defined any more.

    What had been cancelled before is left out: that was told with its reason.
    """
    defined = {it.full_id for it in workspace.configuration.key_results()}
    gone = [it for it in workspace.store.scored_key_results(first, last, known_at) if it not in defined]
    if not gone:
        return ()
    scores = workspace.store.key_result_scores((first, last), known_at, gone)
    newest = scores.drop_duplicates("key_result", keep="last").sort_values("key_result")
    told = newest[newest["cycle"].isin([it.id for it in cycles]) & (newest["status"] != Status.CANCELLED)]
    return tuple(
        Removed(it["key_result"], it["title"], it["status"], date.fromisoformat(it["as_of_date"]))
        for it in plain_rows(told[["key_result", "title", "status", "as_of_date"]])
    )


def _is_trailing_sum(configuration: Configuration, key_result: KeyResult) -> bool:
    if key_result.over.kind != "trailing" or key_result.metric is None:
        return False
    return configuration.metrics[key_result.metric].rollup == Rollup.SUM


def _notes(workspace: Workspace, cycles: Sequence[Cycle]) -> tuple[str, ...]:
    shown = {it.id for it in cycles}
    key_results = [it for it in workspace.configuration.key_results() if it.cycle in shown]
    trailing = any(_is_trailing_sum(workspace.configuration, it) for it in key_results)
    paced = (
        f"Status rule: {workspace.project.status_rule}. Progress is compared with the plan at the end of the newest "
        "period that has data, so that a lag in the data is not taken for failure."
        + " A sum over the last days or weeks lacks what is late, until its data is too old."
        * trailing
    )
    unknown = "Unknown is never counted as zero: objectives are scored over what is known, and say how much that is."
    return paced, unknown, calibration_sentence(workspace)
