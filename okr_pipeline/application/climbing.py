"""The way from a key result or objective up to the highest objective whose score it is in, level by level.

Belongs here: which scores a score counts in, with weights and sums; what a value is a part of. Does not: the scores
(scoring), its own steps (working).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from okr_pipeline.application.contributing import contributions
from okr_pipeline.application.scoping import objective_of
from okr_pipeline.application.sums import FEW, sum_of, weighted_sum
from okr_pipeline.application.telling import Record
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.contribution import contributors_of
from okr_pipeline.model.explanation import Level, Row, Step, Written
from okr_pipeline.model.okr import KeyResult, Objective
from okr_pipeline.model.score import Status
from okr_pipeline.rendering import words

_OUTSIDE = ("not_started", "paused", "cancelled")


@dataclass(frozen=True, slots=True)
class Scored:
    """Scores of a configuration by full id."""

    configuration: Configuration
    key_results: Mapping[str, Record]
    objectives: Mapping[str, Record]


def told_of(configuration: Configuration, subject: KeyResult | Objective) -> frozenset[str]:
    """Full ids of what a climb and the sums of values tell of: of a large company a small part."""
    way = list[Objective]()
    name: str | None = (
        subject.full_id if isinstance(subject, Objective) else objective_of(configuration, subject.full_id).full_id
    )
    while name is not None:
        way.append(configuration.objectives[name])
        name = _counts_in(way[-1])
    names = {it.full_id for it in way}
    below = {it.full_id for it in configuration.objectives.values() if it.parent in names}
    members = {it.full_id for objective in way for it in objective.key_results}
    return frozenset(names | below | members | set(_summed_with(configuration, subject)))


def climb(scored: Scored, subject: KeyResult | Objective) -> tuple[Level, ...]:
    """Level by level the objectives whose score one is in, its own first, for an objective itself."""
    levels = list[Level]()
    below, share = subject.full_id, 1.0 if isinstance(subject, Objective) else None
    name: str | None = subject.full_id if isinstance(subject, Objective) else _objective_of(scored, subject)
    while name is not None and name in scored.objectives:
        members = _members(scored, name)
        if levels or isinstance(subject, KeyResult):
            share = _share(members, below, 1.0 if share is None else share)
        levels.append(_level(scored, name, members, share, below if below != name else None))
        below, name = name, _counts_in(scored.configuration.objectives[name]) if share is not None else None
    return tuple(levels)


def value_contributions(scored: Scored, key_result: KeyResult) -> Iterator[Step]:
    """What adds up to its value, or is in it."""
    told = _contributions(scored)
    if key_result.full_id in told:
        yield _parts(told[key_result.full_id], "value" if told[key_result.full_id]["summed"] else "parts")


def value_whole(scored: Scored, key_result: KeyResult) -> Iterator[Step]:
    """What its own value is a part of, whole above whole."""
    told = _contributions(scored)
    wholes, part = {it.full_id: it for it in scored.configuration.key_results()}, key_result
    while part.contributes_to in wholes and part.contributes_to in told:
        yield _parts(told[part.contributes_to], f"part of {part.contributes_to}")
        part = wholes[part.contributes_to]


def _contributions(scored: Scored) -> dict[str, dict[str, Any]]:
    told = contributions(scored.configuration, list(scored.key_results.values()))
    return {it["key_result"]: it for it in told}


def _parts(it: Mapping[str, Any], what: str) -> Step:
    """A whole as the sum of its parts and what is beside them; where a part is unknown, in words."""
    largest = (
        sorted(it["parts"], key=lambda part: -abs(part["value"] or 0.0)) if len(it["parts"]) > FEW else it["parts"]
    )
    names = words.first_of([f"{part['id']} {_part_words(part)}" for part in largest], FEW)
    if it["value"] is None or it["contributed"] is None:
        return Step(what, "sum of what contributes", remark=names)
    numbers = sum_of([part["value"] or 0.0 for part in it["parts"]])
    if it["summed"]:
        return Step(what, "sum of what contributes", numbers, it["value"], names)
    numbers = (*numbers, " + ", it["remainder"])
    return Step(what, "what contributes + what is counted beside", numbers, it["value"], names)


def _part_words(part: Mapping[str, Any]) -> str:
    return Status(part["status"]).word if part["value"] is None else f"{part['value']:g}"


def _summed_with(configuration: Configuration, subject: KeyResult | Objective) -> Iterator[str]:
    """What a key result's value is a sum of, and what it is a part of, with all other parts of that."""
    if isinstance(subject, Objective):
        return
    every, parts = {it.full_id: it for it in configuration.key_results()}, contributors_of(configuration.key_results())
    whole: KeyResult | None = subject
    while whole is not None:
        yield from (whole.full_id, *(it.full_id for it in parts.get(whole.full_id, ())))
        whole = every[whole.contributes_to] if whole.contributes_to is not None else None


def _objective_of(scored: Scored, key_result: KeyResult) -> str:
    return str(scored.key_results[key_result.full_id]["objective"])


def _counts_in(objective: Objective) -> str | None:
    """The objective that its score counts in."""
    return objective.parent if objective.contributes_weight else None


def _members(scored: Scored, name: str) -> tuple[Row, ...]:
    """Everything that an objective's score is made of, and what is left out of it."""
    own = [_member(it, "key result", it["weight"]) for it in scored.key_results.values() if it["objective"] == name]
    children = [it for it in scored.configuration.objectives.values() if it.parent == name]
    return (
        *own,
        *(
            _member(scored.objectives[it.full_id], "objective", it.contributes_weight)
            for it in children
            if it.contributes_weight is not None and it.full_id in scored.objectives
        ),
    )


def _member(record: Record, kind: str, weight: float) -> Row:
    counts = record["status"] not in _OUTSIDE and record["score"] is not None
    return {
        "id": record["id"],
        "title": record["title"],
        "kind": kind,
        "status": record["status"],
        "reason": record["reason"],
        "weight": weight,
        "score": record["score"],
        "counts": counts,
    }


def _share(members: tuple[Row, ...], of: str, below: float) -> float | None:
    """How much of a score one of its members makes, of which something below makes a share."""
    known = sum(it["weight"] for it in members if it["counts"])
    weight = next((it["weight"] for it in members if it["id"] == of and it["counts"]), None)
    return None if weight is None or not known else below * weight / known


def _level(scored: Scored, name: str, members: tuple[Row, ...], share: float | None, through: str | None) -> Level:
    record, objective = scored.objectives[name], scored.configuration.objectives[name]
    return Level(
        objective=name,
        title=objective.title,
        status=record["status"],
        members=members,
        steps=tuple(_level_steps(record, members)),
        share=share,
        through=through,
        rises=_rises(objective),
    )


def _level_steps(record: Record, members: tuple[Row, ...]) -> Iterator[Step]:
    counted = [it for it in members if it["counts"]]
    unknown = [it for it in members if not it["counts"] and it["status"] not in _OUTSIDE]
    if record["score"] is None:
        why = words.reason(record["reason"]) if record["reason"] else Status(record["status"]).word
        yield Step("score", "unknown", remark=why)
    else:
        yield Step("score", "Σ weight·score / Σ weight of what is known", _weighted(counted), record["score"])
    if record["score"] is not None or unknown:
        every = _added([float(it["weight"]) for it in (*counted, *unknown)])
        known = _added([float(it["weight"]) for it in counted])
        yield Step("coverage", "known weight / weight", (*known, " / ", *every), record["coverage"])
    if unknown and record["score_low"] is not None:
        low, high = (record[f"score_{edge}"] for edge in ("low", "high"))
        remark = f"{low:.6g} to {high:.6g}; unknown: {words.first_of([str(it['id']) for it in unknown], FEW)}"
        yield Step("bounds", "what is unknown as 0, and as 1", remark=remark)


def _weighted(counted: list[Row]) -> Written:
    pairs = [(float(it["weight"]), float(it["score"])) for it in counted]
    return (*weighted_sum(pairs), " / ", *_added([weight for weight, _ in pairs]))


def _added(weights: list[float]) -> Written:
    return (float(sum(weights)),)


def _rises(objective: Objective) -> str:
    if objective.parent is None:
        return "the highest: it has no parent"
    if objective.contributes_weight:
        return f"counts in the score of {objective.parent} with weight {objective.contributes_weight:g}"
    return f"aligned with {objective.parent}, whose score it adds nothing to"
