"""Renaming: one thing under another id, its history with it.

Belongs here: what a configuration says was renamed, and a configuration under other ids. Does not: whether a rename may
be (config, application), the rows of the store (store.renames).
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

from okr_pipeline.model.check_in import CheckIn
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.formula import Formula, Number, Operation, Reference
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.okr import Amendment, Cycle, KeyResult, Measure, Milestone, Milestones, Objective
from okr_pipeline.model.rename import Renamed

NAMED: Final[tuple[Renamed, ...]] = ("metric", "objective", "key_result")
"""Kinds of things whose rows can be renamed, in the order in which they are told."""

Ids: TypeAlias = dict[str, str]
"""New ids by former ones; full ids of objectives and key results."""

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


@dataclass(frozen=True, slots=True)
class Names:
    """What is renamed, by kind. What is not named keeps its id."""

    metric: Ids = field(default_factory=dict)
    objective: Ids = field(default_factory=dict)
    key_result: Ids = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.metric or self.objective or self.key_result)

    def of(self, kind: Renamed) -> Ids:
        """The ids of one kind."""
        ids: Ids = getattr(self, kind)
        return ids

    def pairs(self) -> Iterable[tuple[Renamed, str, str]]:
        """Kind, former and new id of each."""
        return ((kind, former, new) for kind in NAMED for former, new in self.of(kind).items())

    def back(self) -> "Names":
        """The way back: former ids by new ones."""
        return Names(**{kind: {new: former for former, new in self.of(kind).items()} for kind in NAMED})


def names_of(pairs: Iterable[tuple[str, str, str]]) -> Names:
    """What renames, the oldest first, come to: a thing that was renamed twice goes from its first id to its last.

    An id that was given up may have been taken by another thing, which was then renamed in its turn. What had it before
    went on under the name that it had got.

    >>> names_of([("metric", "a", "b"), ("metric", "b", "c"), ("metric", "x", "a")]).metric
    {'a': 'c', 'x': 'a'}
    """
    found: dict[str, dict[str, str]] = {kind: {} for kind in NAMED}
    for kind, former, new in pairs:
        ids = found[kind]
        first = next((it for it, last in ids.items() if last == former), former)
        if ids.get(first, former) == former:
            ids[first] = new
    return Names(**{kind: {one: other for one, other in ids.items() if one != other} for kind, ids in found.items()})


def renamed(configuration: Configuration, names: Names) -> Configuration:
    """The configuration with other ids, wherever they stand in it; its version is what it was."""
    if not names:
        return configuration
    metrics = (_metric(it, names) for it in configuration.metrics.values())
    objectives = (_objective(it, names) for it in configuration.objectives.values())
    return replace(
        configuration,
        metrics={it.id: it for it in metrics},
        cycles=_cycles(configuration, names),
        objectives={it.full_id: it for it in objectives},
        check_ins=tuple(_check_in(it, names) for it in configuration.check_ins),
    )


def renamed_key_result(key_result: KeyResult, names: Names) -> KeyResult:
    """A key result under other ids."""
    new = names.key_result.get(key_result.full_id, key_result.full_id)
    whole = key_result.contributes_to
    return replace(
        key_result,
        id=_local(new),
        cycle=cycle_of(new),
        objective=names.objective.get(key_result.objective, key_result.objective),
        metric=_id(key_result.metric, names.metric),
        measure=_measure(key_result.measure, names.metric),
        contributes_to=_id(whole, names.key_result),
        amendments=tuple(_amendment(it, names.metric) for it in key_result.amendments),
    )


def cycle_of(full_id: str) -> str:
    """The cycle of an objective or key result."""
    return full_id.partition("/")[0]


def _cycles(configuration: Configuration, names: Names) -> dict[str, Cycle]:
    """The cycles under the ids that what is in them has now; one that has nothing more in it is gone."""
    made: dict[str, Cycle] = {}
    inside = [it.full_id for it in configuration.objectives.values()]
    for name, cycle in configuration.cycles.items():
        mine = [names.objective.get(it, it) for it in inside if cycle_of(it) == name]
        made |= {it: replace(cycle, id=it) for it in dict.fromkeys(map(cycle_of, mine)) or (name,)}
    return made


def _objective(objective: Objective, names: Names) -> Objective:
    new = names.objective.get(objective.full_id, objective.full_id)
    return replace(
        objective,
        id=_local(new),
        cycle=cycle_of(new),
        parent=_id(objective.parent, names.objective),
        key_results=tuple(renamed_key_result(it, names) for it in objective.key_results),
    )


def _metric(metric: Metric, names: Names) -> Metric:
    ids = names.metric
    formula = None if metric.formula is None else _formula(metric.formula, ids)
    text = metric.formula_text
    if text is not None:
        text = _WORD.sub(lambda word: ids.get(word.group(), word.group()), text)
    return replace(metric, id=ids.get(metric.id, metric.id), formula=formula, formula_text=text)


def _formula(formula: Formula, ids: Ids) -> Formula:
    match formula:
        case Number():
            return formula
        case Reference(metric):
            return Reference(ids.get(metric, metric))
        case Operation(operator, left, right):
            return Operation(operator, _formula(left, ids), _formula(right, ids))


def _amendment(amendment: Amendment, ids: Ids) -> Amendment:
    measure = None if amendment.measure is None else _measure(amendment.measure, ids)
    return replace(amendment, metric=_id(amendment.metric, ids), measure=measure)


def _measure(measure: Measure, ids: Ids) -> Measure:
    if not isinstance(measure, Milestones):
        return measure
    return Milestones(tuple(_milestone(it, ids) for it in measure.items))


def _milestone(milestone: Milestone, ids: Ids) -> Milestone:
    when = milestone.when
    return (
        milestone if when is None else replace(milestone, when=replace(when, metric=ids.get(when.metric, when.metric)))
    )


def _check_in(check_in: CheckIn, names: Names) -> CheckIn:
    """Full ids of key results hold a stroke, and ids of metrics do not."""
    return replace(check_in, subject={**names.metric, **names.key_result}.get(check_in.subject, check_in.subject))


def _id(name: str | None, ids: Ids) -> str | None:
    return None if name is None else ids.get(name, name)


def _local(full_id: str) -> str:
    return full_id.partition("/")[2]
