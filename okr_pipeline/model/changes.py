"""What changed between two configurations: typed, with what it was before and is after.

Belongs here: comparing definitions. Does not: whether a change is allowed (application), what it does to scores
(scoring.comparing, the plan).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import Any, Final

from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.okr import KeyResult, Measure, Milestone, Milestones


class Aspect(StrEnum):
    """What of a definition a change is about. The first four need an amendment once scores were published."""

    TARGET = "target"
    DATES = "dates"
    MAPPING = "mapping"
    WEIGHT = "weight"
    STATE = "state"
    AMENDMENTS = "amendments"
    OTHER = "other"


PROMISED: Final = (Aspect.TARGET, Aspect.DATES, Aspect.MAPPING, Aspect.WEIGHT)
"""Aspects of a key result that are promised: they change by amendment only, once scores were published."""

ASPECTS: Final[Mapping[str, Aspect]] = {
    "measure": Aspect.TARGET,
    "starts": Aspect.DATES,
    "ends": Aspect.DATES,
    "pace": Aspect.DATES,
    "metric": Aspect.MAPPING,
    "where": Aspect.MAPPING,
    "over": Aspect.MAPPING,
    "weight": Aspect.WEIGHT,
    "state": Aspect.STATE,
    "state_reason": Aspect.STATE,
    "amendments": Aspect.AMENDMENTS,
}
"""The aspect of each field of a key result; those that are not named are OTHER."""


@dataclass(frozen=True, slots=True)
class DefinitionChange:
    """One field of one thing that differs. `field` is None where the whole was added (`before` None) or removed.

    `kind` is project, source, metric, cycle, objective or key_result; `id` is its id, a full one where there is one.
    """

    kind: str
    id: str
    field: str | None
    aspect: Aspect
    before: Any
    after: Any


def definition_changes(before: Configuration, after: Configuration) -> tuple[DefinitionChange, ...]:
    """Every difference between two configurations, in the order of their definitions; none where versions are equal."""
    if before.version and before.version == after.version:
        return ()
    return tuple(_changes(before, after))


def promises_changed(before: KeyResult, after: KeyResult) -> tuple[DefinitionChange, ...]:
    """What of target, dates, mapping and weight differs between two definitions of a key result without amendments.

    That a milestone is done is news, not a change of what was promised.
    """
    return tuple(each for each in _without_news(before, after) if each.aspect in PROMISED)


def pursuit_changed(before: KeyResult, after: KeyResult) -> tuple[DefinitionChange, ...]:
    """What was promised and differs, and whether and for which objective it is pursued, which nobody promises."""
    also = ("state", "objective")
    return tuple(each for each in _without_news(before, after) if each.aspect in PROMISED or each.field in also)


def _without_news(before: KeyResult, after: KeyResult) -> Iterator[DefinitionChange]:
    return _field_changes("key_result", after.full_id, _without_done(before), _without_done(after))


def _changes(before: Configuration, after: Configuration) -> Iterator[DefinitionChange]:
    yield from _field_changes("project", after.project.name, before.project, after.project)
    for kind, mine, others in (
        ("source", before.sources, after.sources),
        ("metric", before.metrics, after.metrics),
        ("cycle", before.cycles, after.cycles),
        ("objective", before.objectives, after.objectives),
        ("key_result", _key_results(before), _key_results(after)),
    ):
        yield from _item_changes(kind, mine, others)


def _key_results(configuration: Configuration) -> dict[str, KeyResult]:
    return {it.full_id: it for it in configuration.key_results()}


def _item_changes(kind: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[DefinitionChange]:
    for name in [*before, *(name for name in after if name not in before)]:
        one, other = before.get(name), after.get(name)
        if one is None or other is None:
            yield DefinitionChange(kind, name, None, Aspect.OTHER, one, other)
        else:
            yield from _field_changes(kind, name, one, other)


def _field_changes(kind: str, name: str, before: Any, after: Any) -> Iterator[DefinitionChange]:
    if before == after:
        return
    for each in fields(before):
        if each.name == "key_results":  # told one by one
            continue
        one, other = getattr(before, each.name), getattr(after, each.name)
        if one != other:
            aspect = ASPECTS.get(each.name, Aspect.OTHER) if kind == "key_result" else Aspect.OTHER
            yield DefinitionChange(kind, name, each.name, aspect, one, other)


def _without_done(key_result: KeyResult) -> KeyResult:
    return replace(key_result, measure=without_done(key_result.measure))


def without_done(measure: Measure) -> Measure:
    """A measure without the dates on which its milestones were done."""
    if not isinstance(measure, Milestones):
        return measure
    return Milestones(tuple(_undone(item) for item in measure.items))


def _undone(item: Milestone) -> Milestone:
    return replace(item, done_on=None)
