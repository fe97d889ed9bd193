"""Explaining one number: from the score back to the rows, the query, the checks and the run it came from.

Belongs here: gathering the proof and saying the formula with its numbers. Does not: its layout on a terminal (cli).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

import pandas as pd

from okr_pipeline.application.backtesting import measured
from okr_pipeline.application.contributing import contributions
from okr_pipeline.application.finding import find
from okr_pipeline.application.forecasting import forecast_steps
from okr_pipeline.application.scoping import scoped
from okr_pipeline.application.scoring import evaluate, gather
from okr_pipeline.application.telling import WITHOUT, Record, key_result_records, objective_records, plain_rows, stamp
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.config import amendment_line
from okr_pipeline.model.amending import defined_on
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.formula import references
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.okr import KeyResult, Milestone, Milestones, Objective
from okr_pipeline.model.score import Status
from okr_pipeline.scoring import window_observations

_COUNTED = ("maintain", "cadence", "baseline", "milestones")
"""Measures whose value is a count or share of periods or steps, not a roll-up of values."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """The proof of one key result or objective.

    `steps` are (what, formula, formula with numbers). `observations` are the rows inside the window; `quarantined`
    those that a rule refused; `checks` the newest outcomes and `reads` the newest evidence of the metrics behind it;
    `check_ins` what people said of it by then;
    `amendments` all there are, and whether they hold as of that instant.
    """

    id: str
    kind: str
    title: str
    as_of: str
    known_at: str | None
    config_version: str
    status_rule: str
    record: Record
    definition: Mapping[str, object]
    steps: tuple[tuple[str, str, str], ...]
    observations: list[Record] = field(default_factory=list)
    quarantined: list[Record] = field(default_factory=list)
    queries: list[Record] = field(default_factory=list)
    checks: list[Record] = field(default_factory=list)
    key_results: list[Record] = field(default_factory=list)
    check_ins: list[Record] = field(default_factory=list)
    amendments: list[Record] = field(default_factory=list)


def explain(workspace: Workspace, identifier: str, *, as_of: datetime, known_at: datetime | None = None) -> Explanation:
    """The proof of a key result or objective, by full id, or by bare id where only one cycle has it.

    Raises:
        UsageError: there is no such id; the nearest are named.
    """
    found = find(workspace, identifier)
    narrow = scoped(workspace, found)
    if isinstance(found, KeyResult):
        return _explain_key_result(narrow, found, as_of, known_at)
    return _explain_objective(narrow, found, as_of, known_at)


def _explain_key_result(
    workspace: Workspace, key_result: KeyResult, as_of: datetime, known_at: datetime | None
) -> Explanation:
    configuration, day = workspace.configuration, workspace.project.calendar.last_date_before(as_of)
    history, key_result = key_result, defined_on(key_result, day)
    evidence = gather(workspace, as_of, known_at=known_at)
    records = key_result_records(evaluate(configuration, evidence, as_of).key_results)
    record = next(it for it in records if it["id"] == key_result.full_id)
    metrics = _metrics_behind(workspace, key_result)
    rows = window_observations(configuration, key_result, evidence.observations, as_of)
    held = evidence.quarantine[evidence.quarantine["metric"].isin([it.id for it in metrics])]
    return Explanation(
        id=key_result.full_id,
        kind="key_result",
        title=key_result.title,
        as_of=stamp(as_of),
        known_at=stamp(known_at) if known_at else None,
        config_version=configuration.version,
        status_rule=workspace.project.status_rule,
        record=record,
        definition=_definition(key_result, metrics),
        steps=(
            *_value_steps(record, key_result, metrics, rows),
            *_contribution_steps(configuration, key_result, records),
            *_progress_steps(record, key_result),
            *forecast_steps(record, measured(workspace, known_at)),
        ),
        amendments=_amendments(history, day),
        observations=plain_rows(rows),
        quarantined=plain_rows(held),
        queries=_queries(workspace, metrics, known_at),
        checks=_checks(workspace, metrics, known_at),
        check_ins=plain_rows(_said_of(key_result, evidence.check_ins, workspace, as_of)),
    )


def _said_of(key_result: KeyResult, check_ins: pd.DataFrame, workspace: Workspace, as_of: datetime) -> pd.DataFrame:
    """The check-ins of a key result by the day that an instant speaks about, in their order."""
    until = workspace.project.calendar.last_date_before(as_of).isoformat()
    said = check_ins[(check_ins["subject"] == key_result.full_id) & (check_ins["on_date"] <= until)]
    return said.sort_values(["on_date", "recorded_at", "author"], kind="stable")


def _explain_objective(
    workspace: Workspace, objective: Objective, as_of: datetime, known_at: datetime | None
) -> Explanation:
    configuration = workspace.configuration
    evidence = gather(workspace, as_of, known_at=known_at)
    scores = evaluate(configuration, evidence, as_of)
    record = next(it for it in objective_records(scores.objectives) if it["id"] == objective.full_id)
    members = [it for it in key_result_records(scores.key_results) if it["objective"] == objective.full_id]
    contributing = [
        it
        for it in objective_records(scores.objectives)
        if (child := configuration.objectives[it["id"]]).parent == objective.full_id and child.contributes_weight
    ]
    weights = {it["id"]: it["weight"] for it in members} | {
        it["id"]: configuration.objectives[it["id"]].contributes_weight for it in contributing
    }
    known = [it for it in (*members, *contributing) if it["score"] is not None and weights[it["id"]]]
    return Explanation(
        id=objective.full_id,
        kind="objective",
        title=objective.title,
        as_of=stamp(as_of),
        known_at=stamp(known_at) if known_at else None,
        config_version=configuration.version,
        status_rule=workspace.project.status_rule,
        record=record,
        definition={"level": objective.level.value, "intent": objective.intent.value, "owner": objective.owner}
        | ({"parent": objective.parent} if objective.parent else {}),
        steps=_objective_steps(record, [(weights[it["id"]] or 0.0, it["score"]) for it in known]),
        key_results=[*members, *contributing],
    )


def _metrics_behind(workspace: Workspace, key_result: KeyResult) -> list[Metric]:
    """The metrics that a key result reads, through formulas down to those with a source."""
    metrics, pending = [], [key_result.metric] if key_result.metric else []
    if isinstance(key_result.measure, Milestones):
        pending += [item.when.metric for item in key_result.measure.items if item.when]
    while pending:
        metric = workspace.configuration.metrics[pending.pop(0)]
        metrics.append(metric)
        pending += list(references(metric.formula)) if metric.formula else []
    return metrics


def _definition(key_result: KeyResult, metrics: list[Metric]) -> dict[str, object]:
    facts: dict[str, object] = {
        "owner": key_result.owner,
        "measure": key_result.measure.kind,
        "span": f"{key_result.starts} to {key_result.ends}",
        "pace": key_result.pace.kind,
        "weight": key_result.weight,
        "min_coverage": key_result.min_coverage,
    }
    if isinstance(key_result.measure, Milestones):
        facts["milestones"] = "; ".join(_milestone(item) for item in key_result.measure.items)
    elif metrics:
        metric = metrics[0]
        facts |= {
            "metric": metric.id,
            "where": dict(key_result.where) or None,
            "over": str(key_result.over) if key_result.measure.kind in ("reach", "change") else "since its start",
            "rollup": metric.rollup.value if metric.rollup else f"from its parts: {metric.formula_text}",
            "across": metric.across.value,
            "grain": metric.grain.value,
            "unit": metric.unit,
        }
        if metric.formula_text and metric.rollup:
            facts["formula"] = metric.formula_text
    return {name: fact for name, fact in facts.items() if fact is not None}


def _amendments(history: KeyResult, day: date) -> list[Record]:
    """Every amendment as it would be written, with whether it holds on a day and stands in the store alone."""
    made, measure = [], history.measure
    for it in history.amendments:
        told = {"on": it.on.isoformat(), "reason": it.reason, "author": it.author, "recorded": it.recorded}
        made.append({**told, "holds": it.on <= day, "written": amendment_line(it, measure)})
        measure = it.measure or measure
    return made


def _milestone(item: Milestone) -> str:
    if item.when is not None:
        where = "".join(f" {name} {member}" for name, member in item.when.where.items())
        state = f"when {item.when.metric}{where} is at least {_number(item.when.at_least)}"
    else:
        state = f"done on {item.done_on}" if item.done_on else "not done"
    due = f", due {item.due}" if item.due else ""
    return f"{item.title} (weight {_number(item.weight)}{due}): {state}"


def _value_steps(
    record: Record, key_result: KeyResult, metrics: list[Metric], rows: pd.DataFrame
) -> list[tuple[str, str, str]]:
    if record["value"] is None or not metrics or key_result.measure.kind in _COUNTED:
        return []
    metric = metrics[0]
    observed = rows[rows["metric"] == metric.id] if len(rows) else rows
    value, count = _number(record["value"]), len(observed)
    if metric.rollup is None:
        return [("value", f"{metric.formula_text}, of the rolled-up parts", value)]
    if metric.rollup == "weighted_mean":
        total, weight = (observed["value"] * observed["weight"]).sum(), observed["weight"].sum()
        return [
            ("value", "Σ value·weight / Σ weight", f"{_number(total)} / {_number(weight)} = {value} ({count} rows)")
        ]
    return [("value", f"{metric.rollup.value} of {count} rows", value)]


def _contribution_steps(
    configuration: Configuration, key_result: KeyResult, records: list[Record]
) -> list[tuple[str, str, str]]:
    """The parts that add up to it, or that are in it, with what no part accounts for."""
    told = [it for it in contributions(configuration, records) if it["key_result"] == key_result.full_id]
    steps = []
    for it in told:
        terms = " + ".join(f"{_part_words(part)} ({part['id']})" for part in it["parts"])
        if it["summed"]:
            steps.append(("value", "sum of what contributes", f"{terms} = {_number(it['value'])}"))
        else:
            beside = f"; {_number(it['remainder'])} beside them" if it["remainder"] is not None else ""
            steps.append(("parts", "what contributes", f"{terms}{beside}"))
    return steps


def _part_words(part: Record) -> str:
    return Status(part["status"]).word if part["value"] is None else _number(part["value"])


def _progress_steps(record: Record, key_result: KeyResult) -> list[tuple[str, str, str]]:
    progress, expected = record["progress"], record["expected_progress"]
    if progress is None:
        return [("progress", "unknown", str(record["reason"]))]
    steps = [("progress", *_progress_formula(record, key_result))]
    if record["original_progress"] != progress:
        was = f"target {_number(record['original_target'])}: {_number(record['original_progress'])}"
        steps.append(("progress as promised first", "by the definition before any amendment", was))
    if expected is not None:
        steps.append(
            (
                "expected progress",
                f"{_plan_words(record, key_result)} at {record['value_period_end']}",
                _number(expected),
            )
        )
        steps.append(
            ("gap", "progress − expected", f"{_number(progress)} − {_number(expected)} = {_number(record['gap'])}")
        )
    if record["pace_ratio"] is not None:
        steps.append(
            (
                "pace ratio",
                "progress / expected",
                f"{_number(progress)} / {_number(expected)} = {_number(record['pace_ratio'])}",
            )
        )
    steps.append(("status", f"rule {record['status_rule']}", _status_words(record)))
    return steps


def _status_words(record: Record) -> str:
    reason = f" ({str(record['reason']).replace('_', ' ')})" if record["reason"] else ""
    return f"{Status(record['status']).word}{reason}"


def _plan_words(record: Record, key_result: KeyResult) -> str:
    asked, applied = key_result.pace.kind, record["pace"]
    if applied is None:
        return f"plan of {key_result.measure.kind}"
    if applied == asked:
        return f"{applied} plan"
    return f"{applied} plan, for {asked} is asked for but {WITHOUT[asked]},"


def _progress_formula(record: Record, key_result: KeyResult) -> tuple[str, str]:
    value, baseline, target = (_number(record[name]) for name in ("value", "baseline", "target"))
    progress = _number(record["progress"])
    match key_result.measure.kind:
        case "reach" | "change" | "manual":
            return "(value − from) / (to − from)", f"({value} − {baseline}) / ({target} − {baseline}) = {progress}"
        case "limit":
            return "1 while value ≤ limit, then 1 − overrun / limit", f"value {value}, limit {target}: {progress}"
        case "milestones":
            return "weight done / total weight", progress
        case "baseline":
            return "min(1, periods observed / needed)", f"{value} / {target} = {progress}"
        case _:
            return "value / target", f"{value} / {target} = {progress}"


def _objective_steps(record: Record, known: list[tuple[float, float]]) -> tuple[tuple[str, str, str], ...]:
    if not known or record["score"] is None:
        return (("score", "unknown", str(record["reason"])),)
    terms = " + ".join(f"{_number(weight)}·{_number(score)}" for weight, score in known)
    total = _number(sum(weight for weight, _ in known))
    return (
        ("score", "Σ weight·score / Σ weight of what is known", f"({terms}) / {total} = {_number(record['score'])}"),
        ("coverage", "known weight / weight", _number(record["coverage"])),
        ("bounds", "unknown as 0, as 1", f"{_number(record['score_low'])} to {_number(record['score_high'])}"),
        ("status", f"rule {record['status_rule']}", _status_words(record)),
    )


def _queries(workspace: Workspace, metrics: list[Metric], known_at: datetime | None) -> list[Record]:
    queries = []
    for metric in metrics:
        if metric.source is None:
            continue
        newest = plain_rows(workspace.store.reads(metric.id, known_at).head(1))
        queries.append({"metric": metric.id, "source": metric.source, **(newest[0] if newest else {"request": None})})
    return queries


def _checks(workspace: Workspace, metrics: list[Metric], known_at: datetime | None) -> list[Record]:
    """The newest outcomes of each metric, by name: no other metric's are read."""
    found = [workspace.store.check_results(metric=it.id, known_at=known_at) for it in metrics]
    return [row for frame in found for row in plain_rows(frame)]


def _number(value: float | None) -> str:
    """A number in full enough to check by hand: six significant digits, no needless zeros."""
    return "unknown" if value is None else f"{value:.6g}"
