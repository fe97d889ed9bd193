"""Narrowing a project to what some scores are a function of.

So explaining one of ten thousand reads one, and a daily run costs in its tenth year what it cost in its first.

Belongs here: which definitions a key result, an objective or a day needs. Does not: observations (scoring), what is
told (explaining, proving).
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.amending import definitions_of
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.contribution import Contributors, contributors_of, counting, steps_of
from okr_pipeline.model.formula import references
from okr_pipeline.model.okr import KeyResult, Milestones, Objective

LOOKED_AHEAD: Final = timedelta(days=35)
"""How long before it starts a key result is scored by runs: a plan for the next quarter is seen in tables in time."""
LOOKED_BACK: Final = timedelta(days=35)
"""How long after it has closed a key result is still scored by runs: the last week of a quarter is on scorecards, in
alerts and in reviews for a month, and what a pipeline missed that stood still for a month is made up for."""


def scoped(workspace: Workspace, subject: KeyResult | Objective) -> Workspace:
    """The same project with the definitions alone that a key result or an objective needs."""
    return replace(workspace, configuration=scope_of(workspace.configuration, subject))


def scope_of(configuration: Configuration, subject: KeyResult | Objective) -> Configuration:
    """The definitions that the score of a key result or an objective is a function of.

    A key result comes with all that contributes to it by value, an objective with all whose scores count in it, level
    below level. Of an objective that is there for a part of its key results, the score says nothing.
    """
    if isinstance(subject, KeyResult):
        return narrowed(configuration, {subject.full_id})
    whole = {it.full_id for it in contributors(configuration, subject)}
    key_results = {it.full_id for name in whole for it in configuration.objectives[name].key_results}
    return _with(configuration, key_results, whole)


def narrowed(configuration: Configuration, key_results: set[str]) -> Configuration:
    """The definitions that some key results are a function of; of objectives the score then says nothing."""
    return _with(configuration, key_results, frozenset())


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


def current(
    workspace: Workspace, as_of: datetime, besides: Collection[str] = (), *, until: datetime | None = None
) -> Workspace:
    """The same project with the objectives alone that a run scores as of an instant, all of them whole.

    They are those with a key result that starts within `LOOKED_AHEAD` and has not closed, or not for longer than
    `LOOKED_BACK`, or that is one of `besides`; and what their scores count: objectives below them, and key results that
    are parts of theirs. A key result closes when the last of its metrics does after its end. What closed earlier keeps
    the score that was recorded last; it is still worked out where somebody asks (status, explain, compare, review), and
    so is what is far ahead. With `until`, all that is current as of any instant between the two.
    """
    configuration = workspace.configuration
    span = (as_of, until or as_of)
    wanted = set[str]()
    pending = [name for name, it in configuration.objectives.items() if _is_current(configuration, it, span, besides)]
    counted = _counted(configuration)
    while pending:
        name = pending.pop()
        if name not in wanted:
            wanted.add(name)
            pending += counted.get(name, ())
    chosen = {name: it for name, it in configuration.objectives.items() if name in wanted}
    return replace(workspace, configuration=replace(configuration, objectives=chosen))


def scored_metrics(configuration: Configuration) -> set[str]:
    """The metrics that any key result reads, with the parts of those that are derived."""
    scored, pending = set[str](), {name for it in configuration.key_results() for name in metrics_read(it)}
    while pending:
        scored |= pending
        formulas = [configuration.metrics[metric].formula for metric in pending]
        pending = {part for formula in formulas if formula for part in references(formula)} - scored
    return scored


def metrics_read(key_result: KeyResult) -> Iterator[str]:
    """The metrics that a key result reads by any of its definitions."""
    for definition in definitions_of(key_result):
        if definition.metric:
            yield definition.metric
        if isinstance(definition.measure, Milestones):
            yield from (item.when.metric for item in definition.measure.items if item.when)


def metrics_with_source(
    configuration: Configuration, key_result: KeyResult, contributors: Contributors
) -> Iterator[str]:
    """Every metric that a key result or its parts read, down to those that are read from a source or told."""
    parts = [*counting(key_result, contributors), *(it for it, _ in steps_of(key_result, contributors))]
    pending = [metric for part in parts for metric in metrics_read(part)]
    while pending:
        metric = pending.pop(0)
        formula = configuration.metrics[metric].formula
        if formula:
            pending += references(formula)
        else:
            yield metric


def _is_current(
    configuration: Configuration, objective: Objective, span: tuple[datetime, datetime], besides: Collection[str]
) -> bool:
    """Whether any of its key results is at some time; one without key results is as long as its cycle would be."""
    if any(it.full_id in besides for it in objective.key_results):
        return True
    calendar, cycle = configuration.project.calendar, configuration.cycles[objective.cycle]
    defined = [each for it in objective.key_results for each in definitions_of(it)]
    starts = calendar.start_of_day(min([cycle.starts, *(it.starts for it in defined)]))
    closings = (closing_of(configuration, it) for it in objective.key_results)
    closes = max([calendar.end_of_day(cycle.ends), *closings])
    return starts - LOOKED_AHEAD < span[1] and span[0] < closes + LOOKED_BACK


def closing_of(configuration: Configuration, key_result: KeyResult) -> datetime:
    """When the last metric that a key result reads closes after its end, by whichever of its definitions is last."""
    end = configuration.project.calendar.end_of_day(max(it.ends for it in definitions_of(key_result)))
    hours = (configuration.metrics[name].closes_after.hours for name in metrics_read(key_result))
    return end + timedelta(hours=max(hours, default=0))


def _counted(configuration: Configuration) -> dict[str, list[str]]:
    """By objective the objectives whose scores, or whose key results' values, count in it."""
    counted: dict[str, list[str]] = {}
    owners = {it.full_id: name for name, objective in configuration.objectives.items() for it in objective.key_results}
    for name, objective in configuration.objectives.items():
        if objective.contributes_weight is not None and objective.parent is not None:
            counted.setdefault(objective.parent, []).append(name)
        for it in objective.key_results:
            if it.contributes_to in owners:
                counted.setdefault(owners[it.contributes_to], []).append(name)
    return counted


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
