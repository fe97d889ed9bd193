"""Explaining one number: from the score back to the rows, the query, the checks and the run it came from.

Belongs here: gathering the proof. Does not: its steps (working, climbing, forecasting), its layout (rendering).
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any

import pandas as pd

from okr_pipeline.application.backtesting import measured
from okr_pipeline.application.climbing import Scored, climb, told_of, value_contributions, value_whole
from okr_pipeline.application.failures import Failure, failure_record, failures
from okr_pipeline.application.finding import find
from okr_pipeline.application.forecasting import forecast_steps
from okr_pipeline.application.gathering import Evidence, evaluate, gather
from okr_pipeline.application.marking import marked_rows, period_rows, withdrawn_in
from okr_pipeline.application.scoping import explained_scope, objective_of, scope_of
from okr_pipeline.application.telling import Record, key_result_records, objective_records, plain_rows, stamp
from okr_pipeline.application.verdicts import verdict_step
from okr_pipeline.application.working import Worked, band_words, steps_to_status
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.config.writing import amendment_line, key_text
from okr_pipeline.model.amending import configuration_on, defined_on
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.explanation import Explanation, Row, Step
from okr_pipeline.model.formula import references
from okr_pipeline.model.metric import Band, Metric
from okr_pipeline.model.okr import KeyResult, Maintain, Milestones, Objective
from okr_pipeline.rendering import words
from okr_pipeline.rendering.explanation_page import written
from okr_pipeline.scoring import Known, Workings, objective_facts, window_observations, workings

_RUNS_TOLD = 5
"""Of so many runs behind the rows more than the id is told."""


@dataclass(frozen=True, slots=True)
class _Asked:
    """What an explanation is about: the narrowed project, its scores, and the instants.

    `own` are the definitions that the explained score itself is a function of.
    """

    workspace: Workspace
    own: Configuration
    evidence: Evidence
    scored: Scored
    as_of: datetime
    known_at: datetime | None

    @property
    def configuration(self) -> Configuration:
        return self.workspace.configuration

    @property
    def day(self) -> date:
        return self.workspace.project.calendar.last_date_before(self.as_of)

    @property
    def known(self) -> Known:
        found = self.evidence
        return Known(found.observations, found.quarantine, found.baselines, found.failed_metrics, found.check_ins)


def explain(workspace: Workspace, identifier: str, *, as_of: datetime, known_at: datetime | None = None) -> Explanation:
    """The proof of a key result or objective, by full id, or by bare id where only one cycle has it.

    Only what it is a function of, and what its score is in, is read and scored, and the rest without forecasts.

    Raises:
        UsageError: there is no such id; the nearest are named.
    """
    subject = find(workspace, identifier)
    narrow = explained_scope(workspace, subject)
    own = scope_of(narrow.configuration, subject)
    evidence = gather(narrow, as_of, known_at=known_at, forecasts=own if isinstance(subject, KeyResult) else False)
    asked = _Asked(narrow, own, evidence, _scored(narrow, subject, own, evidence, as_of), as_of, known_at)
    return _of_key_result(asked, subject) if isinstance(subject, KeyResult) else _of_objective(asked, subject)


def _scored(
    narrow: Workspace, subject: KeyResult | Objective, own: Configuration, evidence: Evidence, as_of: datetime
) -> Scored:
    """The scores that are told of, that of a key result with its forecast."""
    defined = configuration_on(narrow.configuration, narrow.project.calendar.last_date_before(as_of))
    told = told_of(defined, subject)
    scores = evaluate(narrow.configuration, evidence, as_of, forecasts=False)
    key_results = [_among(scores.key_results, "key_result", told)]
    if isinstance(subject, KeyResult):
        foreseen = evaluate(own, evidence, as_of).key_results
        key_results.append(_among(foreseen, "key_result", {subject.full_id}))
    return Scored(
        defined,
        {it["id"]: it for rows in key_results for it in key_result_records(rows)},
        {it["id"]: it for it in objective_records(_among(scores.objectives, "objective", told))},
    )


def _among(scores: pd.DataFrame, column: str, told: Collection[str]) -> pd.DataFrame:
    return scores[scores[column].isin(told)]


def as_json(it: Explanation) -> Record:
    """The object that `okr explain --json` prints: steps with their numbers in full as text."""
    told = asdict(it)
    told["steps"] = [_step_record(step) for step in it.steps]
    for level, record in zip(it.levels, told["levels"], strict=True):
        record["steps"] = [_step_record(step) for step in level.steps]
    return told


def _step_record(step: Step) -> Record:
    return {
        "what": step.what,
        "how": step.how,
        "numbers": written(step.numbers, digits=None),
        "result": step.result,
        "remark": step.remark,
    }


def _of_key_result(asked: _Asked, history: KeyResult) -> Explanation:
    configuration, key_result = asked.configuration, defined_on(history, asked.day)
    failure = _failure(asked, key_result)
    record = {**asked.scored.key_results[key_result.full_id], "failure": failure_record(failure)}
    metrics = _metrics_behind(configuration, key_result)
    made = workings(asked.own, key_result, asked.known, asked.as_of)
    rows = marked_rows(asked.workspace, key_result, _rows(asked, key_result, metrics, record), asked.evidence.known_at)
    held = asked.evidence.quarantine
    return Explanation(
        **_opening(asked, key_result, "key_result", record),
        definition=_definition(configuration, key_result, made),
        steps=(
            *value_contributions(asked.scored, key_result),
            *steps_to_status(Worked(configuration, key_result, record, made)),
            *_failure_steps(asked, failure),
            *value_whole(asked.scored, key_result),
            *forecast_steps(record, measured(asked.workspace, asked.known_at)),
        ),
        levels=climb(asked.scored, history),
        metrics=tuple(_metric_facts(it) for it in metrics),
        amendments=_amendments(history, asked.day),
        periods=tuple(period_rows(made)),
        observations=tuple(rows),
        quarantined=tuple(plain_rows(held[held["metric"].isin([it.id for it in metrics])])),
        queries=tuple(_queries(asked, metrics)),
        checks=tuple(_checks(asked, metrics)),
        runs=tuple(_runs(asked, rows)),
        check_ins=tuple(plain_rows(_said_of(asked, key_result))),
    )


def _failure(asked: _Asked, key_result: KeyResult) -> Failure | None:
    """The failed read for which a key result is unknown; None where that is not why."""
    known, failed = asked.evidence.known_at, asked.evidence.failed_metrics
    reason = asked.scored.key_results[key_result.full_id]["reason"]
    defined = replace(asked.workspace, configuration=asked.scored.configuration)
    return failures(defined, known, failed).behind(key_result.full_id, reason)


def _failure_steps(asked: _Asked, found: Failure | None) -> Iterator[Step]:
    """Which source could not be read, since when and why."""
    if found is not None:
        since = words.moment(found.since, asked.workspace.project.calendar.zone)
        yield Step(f"source {found.source}", f"metric {found.metric}: not read since {since}", remark=found.error)


def _of_objective(asked: _Asked, objective: Objective) -> Explanation:
    record, rule = asked.scored.objectives[objective.full_id], asked.workspace.project.status_rule
    facts = objective_facts(asked.own, asked.known, asked.as_of)[objective.full_id]
    reason = words.reason(record["reason"]) if record["reason"] else ""
    levels = climb(asked.scored, objective)
    steps = levels[0].steps
    if record["score"] is not None:
        how = "Σ weight·expected / Σ weight, over the same"
        steps = (*steps, Step("expected progress", how, result=record["expected_progress"]))
        steps = (*steps, verdict_step(rule, facts, reason))
    definition = {
        "level": objective.level.value,
        "intent": objective.intent.value,
        "owner": objective.owner,
        "why": objective.why,
        "parent": levels[0].rises,
        "coverage floor": f"{objective.coverage_floor:g}",
    }
    return Explanation(
        **_opening(asked, objective, "objective", record),
        definition={name: fact for name, fact in definition.items() if fact},
        steps=steps,
        levels=levels,
    )


def _opening(asked: _Asked, subject: KeyResult | Objective, kind: str, record: Record) -> dict[str, Any]:
    return {
        "id": subject.full_id,
        "kind": kind,
        "title": subject.title,
        "timezone": asked.workspace.project.calendar.timezone,
        "as_of": stamp(asked.as_of),
        "known_at": stamp(asked.known_at) if asked.known_at else None,
        "config_version": asked.configuration.version,
        "status_rule": asked.workspace.project.status_rule,
        "record": record,
    }


def _rows(asked: _Asked, key_result: KeyResult, metrics: list[Metric], record: Record) -> pd.DataFrame:
    """The rows that the value was made of, and those of its window that the source took back."""
    evidence, held = asked.evidence, asked.evidence.quarantine
    read = {it.id for it in metrics}
    seen = asked.workspace.store.observations(read, evidence.start, asked.as_of, evidence.known_at)
    used = window_observations(asked.own, key_result, seen, asked.as_of, quarantine=held)
    window = tuple(None if record[name] is None else pd.Timestamp(record[name]) for name in _WINDOW)
    gone = withdrawn_in(seen, [it.id for it in metrics], key_result.where, window)
    if gone.empty:
        return used
    order = ["period_start", "metric", "dimensions"]
    return pd.concat([used, gone]).sort_values(order, kind="stable", ignore_index=True)


_WINDOW = ("window_start", "window_end")


def _said_of(asked: _Asked, key_result: KeyResult) -> pd.DataFrame:
    """The check-ins of a key result by the day that an instant speaks about, in their order."""
    told = asked.evidence.check_ins
    said = told[(told["subject"] == key_result.full_id) & (told["on_date"] <= asked.day.isoformat())]
    return said.sort_values(["on_date", "recorded_at", "author"], kind="stable")


def _metrics_behind(configuration: Configuration, key_result: KeyResult) -> list[Metric]:
    """The metrics that a key result reads, each once, through formulas down to those with a source."""
    found, pending = dict[str, Metric](), [key_result.metric] if key_result.metric else []
    if isinstance(key_result.measure, Milestones):
        pending += [item.when.metric for item in key_result.measure.items if item.when]
    while pending:
        metric = configuration.metrics[pending.pop(0)]
        found[metric.id] = metric
        pending += [it for it in references(metric.formula) if it not in found] if metric.formula else []
    return list(found.values())


def _definition(configuration: Configuration, key_result: KeyResult, made: Workings) -> dict[str, str]:
    """What was promised, as configuration says it; what has its default is left out where that says nothing."""
    objective = objective_of(configuration, key_result.full_id)
    facts: dict[str, str | None] = {
        "objective": f"{objective.title} ({objective.full_id}, {objective.intent})",
        "owner": key_result.owner,
        "why": key_result.why,
        "measure": key_text("measure", key_result.measure),
        "metric": key_result.metric,
        "where": key_text("where", dict(key_result.where)) if key_result.where else None,
        "over": _over(key_result),
        "span": f"{key_result.starts} to {key_result.ends}",
        "pace": key_text("pace", key_result.pace) if key_result.measure.kind in _PACED else None,
        "state": _state(key_result),
        "weight": f"{key_result.weight:g}",
        "least coverage": f"{key_result.min_coverage:g}" if key_result.metric else None,
        "contributes to": key_result.contributes_to,
    }
    if isinstance(key_result.measure, Milestones):
        del facts["measure"]
        facts |= dict(_step_facts(made))
    if isinstance(key_result.measure, Maintain):
        facts["kept"] = _kept(key_result.measure)
    return {name: fact for name, fact in facts.items() if fact}


def _kept(measure: Maintain) -> str:
    if measure.of == "events":
        return f"{measure.share:g} of the events"
    return f"{measure.share:g} of the periods, with values {band_words(measure)}"


_PACED = ("reach", "change", "accumulate")


def _over(key_result: KeyResult) -> str | None:
    if key_result.metric is None:
        return None
    return str(key_result.over) if key_result.measure.kind in ("reach", "change") else "since its start"


def _state(key_result: KeyResult) -> str | None:
    if key_result.state == "active":
        return None
    return f"{key_result.state}: {key_result.state_reason}" if key_result.state_reason else key_result.state


def _step_facts(made: Workings) -> Iterator[tuple[str, str]]:
    """The milestones, one fact each."""
    for number, it in enumerate(made.steps, 1):
        condition, due = it.milestone.when, it.milestone.due or it.of.ends
        done = "done" if it.done else "not done"
        if condition is not None:
            where = f" {key_text('where', dict(condition.where))}" if condition.where else ""
            state = f"{done}; it is when {condition.metric}{where} is at least {condition.at_least:g}"
        else:
            state = f"{done} on {it.milestone.done_on}" if it.milestone.done_on else done
        yield f"step {number}", f"{it.milestone.title} (weight {it.milestone.weight:g}, due {due}): {state}"


def _metric_facts(metric: Metric) -> dict[str, str]:
    facts = {
        "metric": metric.id,
        "name": metric.name,
        "why": metric.why,
        "owner": metric.owner,
        "source": metric.source,
        "formula": metric.formula_text,
        "rollup": metric.rollup.value if metric.rollup else "by the formula, from the rolled-up parts",
        "across members": metric.across.value,
        "grain": metric.grain.value,
        "unit": metric.unit,
        "better": metric.better.value.replace("_", " "),
        "freshness": f"{metric.freshness_hours:g} hours",
        "closes after": str(metric.closes_after) if metric.closes_after.count else None,
        "healthy": _band(metric.healthy) if metric.healthy else None,
    }
    return {name: fact for name, fact in facts.items() if fact}


def _band(band: Band) -> str:
    bounds = {name: bound for name, bound in (("min", band.min), ("max", band.max)) if bound is not None}
    return key_text("where", bounds)


def _amendments(history: KeyResult, day: date) -> tuple[Row, ...]:
    """Every amendment as it would be written, with whether it holds on a day and stands in the store alone."""
    made, measure = [], history.measure
    for it in history.amendments:
        told = {"on": it.on.isoformat(), "reason": it.reason, "author": it.author, "recorded": it.recorded}
        made.append({**told, "holds": it.on <= day, "written": amendment_line(it, measure)})
        measure = it.measure or measure
    return tuple(made)


def _queries(asked: _Asked, metrics: list[Metric]) -> Iterator[Record]:
    """Of every metric with a source its newest read that changed anything; `request` is None where there is none."""
    for metric in metrics:
        if metric.source is not None:
            newest = plain_rows(asked.workspace.store.reads(metric.id, asked.known_at).head(1))
            yield {"metric": metric.id, "source": metric.source, **(newest[0] if newest else {"request": None})}


def _checks(asked: _Asked, metrics: list[Metric]) -> Iterator[Record]:
    """The newest outcomes of each metric, by name: no other metric's are read."""
    for metric in metrics:
        yield from plain_rows(asked.workspace.store.check_results(metric=metric.id, known_at=asked.known_at))


def _runs(asked: _Asked, rows: list[Record]) -> Iterator[Record]:
    """The runs that wrote the rows, the newest first, with how many each wrote."""
    counts: dict[str, int] = {}
    newest = sorted(rows, key=lambda it: str(it["recorded_at"]), reverse=True)
    for row in newest:
        counts[row["run_id"]] = counts.get(row["run_id"], 0) + 1
    for number, (run_id, count) in enumerate(counts.items()):
        found: Mapping[str, Any] = (asked.workspace.store.run(run_id) or {}) if number < _RUNS_TOLD else {}
        facts = {name: found.get(name) for name in ("kind", "status", "config_version")}
        started = found.get("started_at")
        yield {"run_id": run_id, "rows": count, **facts, "started_at": stamp(started) if started else None}
