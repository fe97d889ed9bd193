"""Narrowing a project to what one score is a function of, so that explaining one of ten thousand reads one.

Belongs here: which definitions a key result or an objective needs. Does not: observations (scoring), what is told
(explaining, proving).
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace

from okr_pipeline.application.scoring import scored_metrics
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.contribution import contributors_of
from okr_pipeline.model.okr import KeyResult, Objective


def scoped(workspace: Workspace, subject: KeyResult | Objective) -> Workspace:
    """The same project with the definitions alone that a key result or an objective needs."""
    return replace(workspace, configuration=scope_of(workspace.configuration, subject))


def scope_of(configuration: Configuration, subject: KeyResult | Objective) -> Configuration:
    """The definitions that the score of a key result or an objective is a function of.

    A key result comes with all that contributes to it by value, an objective with all whose scores count in it, level
    below level. Of an objective that is there for a part of its key results, the score says nothing.
    """
    if isinstance(subject, KeyResult):
        return _with(configuration, {subject.full_id}, frozenset())
    whole = {it.full_id for it in contributors(configuration, subject)}
    key_results = {it.full_id for name in whole for it in configuration.objectives[name].key_results}
    return _with(configuration, key_results, whole)


def explained_scope(workspace: Workspace, subject: KeyResult | Objective) -> Workspace:
    """The same project with what a score is a function of, and with every score that it counts in, all of them whole.

    A key result comes with the key results that its value is a part of, too.
    """
    configuration = workspace.configuration
    name = subject.full_id if isinstance(subject, Objective) else objective_of(configuration, subject.full_id).full_id
    whole = {it.full_id for it in contributors(configuration, _highest(configuration, name))}
    key_results = {it.full_id for each in whole for it in configuration.objectives[each].key_results}
    if isinstance(subject, KeyResult):
        key_results |= {subject.full_id, *_wholes(configuration, subject)}
    return replace(workspace, configuration=_with(configuration, key_results, whole))


def objective_of(configuration: Configuration, key_result: str) -> Objective:
    """The objective that a key result is of, by full id."""
    objectives = configuration.objectives.values()
    return next(it for it in objectives if any(each.full_id == key_result for each in it.key_results))


def _highest(configuration: Configuration, name: str) -> Objective:
    """The highest objective that the score of one counts in, itself where it counts in none."""
    objective = configuration.objectives[name]
    while objective.contributes_weight and objective.parent is not None:
        objective = configuration.objectives[objective.parent]
    return objective


def _wholes(configuration: Configuration, key_result: KeyResult) -> Iterator[str]:
    """The key results that the value of one is a part of, whole above whole."""
    every = {it.full_id: it for it in configuration.key_results()}
    while key_result.contributes_to is not None:
        key_result = every[key_result.contributes_to]
        yield key_result.full_id


def contributors(configuration: Configuration, objective: Objective) -> list[Objective]:
    """An objective and all whose scores count in it, however far below, in order of definition."""
    children: dict[str, list[str]] = {}
    for it in configuration.objectives.values():
        if it.contributes_weight is not None and it.parent is not None:
            children.setdefault(it.parent, []).append(it.full_id)
    found, pending = set[str](), [objective.full_id]
    while pending:
        current = pending.pop()
        found.add(current)
        pending += [child for child in children.get(current, []) if child not in found]
    return [it for it in configuration.objectives.values() if it.full_id in found]


def _with(configuration: Configuration, key_results: set[str], whole: Collection[str]) -> Configuration:
    """Some key results with those that contribute to them, and some objectives whole, in order of definition."""
    key_results = key_results | set(_parts(configuration, key_results))
    chosen = {
        name: replace(it, key_results=tuple(each for each in it.key_results if each.full_id in key_results))
        for name, it in configuration.objectives.items()
        if name in whole or any(each.full_id in key_results for each in it.key_results)
    }
    narrow = replace(configuration, sources={}, objectives=chosen, people={}, check_ins=(), renames=())
    metrics, cycles = scored_metrics(narrow), {it.cycle for it in chosen.values()}
    return replace(
        narrow,
        metrics={name: metric for name, metric in configuration.metrics.items() if name in metrics},
        cycles={name: cycle for name, cycle in configuration.cycles.items() if name in cycles},
    )


def _parts(configuration: Configuration, key_results: Iterable[str]) -> Iterator[str]:
    """Full ids of all that contribute to some key results by value, however far below."""
    below = contributors_of(configuration.key_results())
    pending = list(key_results)
    while pending:
        parts = [it.full_id for it in below.get(pending.pop(), ())]
        yield from parts
        pending += parts
