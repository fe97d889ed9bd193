"""Tables of cases: what the manual of scores prints, and what its tests run.

Belongs here: the shape of sections, tables and cases. Does not: running them (test_spec, test_compared), printing them
(generate).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any

from okr_pipeline_tests.spec.world import Given, World, build, read_yaml

Expected = Mapping[str, str]


@dataclass(frozen=True)
class Case:
    """One row. Numbers that are expected are written as they are worked out: `7/13`, `0.5`, `unknown`.

    `metric`, `key_result`, `project` are YAML laid over the table's. `of` names what is asked, where it is not the
    one key result `kr`.
    """

    says: str
    as_of: str
    expect: Expected
    observed: Sequence[str] = ()
    metric: str = ""
    key_result: str = ""
    project: str = ""
    objective: str = ""
    baseline: float | None = None
    failed: Sequence[str] = ()
    told: Sequence[str] = ()
    of: str = "C/kr"


@dataclass(frozen=True)
class Side:
    """One end of a comparison: its instant, and what was known and defined there beside what the table gives."""

    as_of: str
    observed: Sequence[str] = ()
    key_result: str = ""
    objectives: str = ""
    told: Sequence[str] = ()
    failed: Sequence[str] = ()


@dataclass(frozen=True)
class Compared:
    """One row of two ends: the number at each, and the parts by which it changed; a part that is left out is 0.

    `number` is `progress` or `score` of `of`.
    """

    says: str
    then: Side
    now: Side
    expect: Expected
    of: str = "C/kr"
    number: str = "progress"


@dataclass(frozen=True)
class Table:
    """Cases that share what is given: scores of one instant, or comparisons of two."""

    title: str
    prose: str
    cases: Sequence[Case] = ()
    compared: Sequence[Compared] = ()
    metric: str = ""
    key_result: str = ""
    project: str = ""
    objective: str = ""
    observed: Sequence[str] = ()
    cycle: str = ""
    metrics: str = ""
    objectives: str = ""
    told: Sequence[str] = ()


@dataclass(frozen=True)
class Section:
    """A part of the manual."""

    title: str
    prose: str
    tables: Sequence[Table] = field(default_factory=tuple)


def world_of(table: Table, case: Case) -> World:
    """What a case is about."""
    metric = {**read_yaml(table.metric), **read_yaml(case.metric)}
    key_result = {**read_yaml(table.key_result), **read_yaml(case.key_result)}
    objectives = read_yaml(table.objectives)
    if not objectives:
        objective = {**read_yaml(table.objective), **read_yaml(case.objective)}
        objectives = {"objective": {**objective, "key_results": {"kr": key_result}}}
    return build(
        Given(
            project={**read_yaml(table.project), **read_yaml(case.project)},
            cycles=[read_yaml(table.cycle)] if table.cycle else (),
            metrics={"kpi": metric, **read_yaml(table.metrics)},
            objectives=objectives,
            observed=(*table.observed, *case.observed),
            baselines={} if case.baseline is None else {case.of: case.baseline},
            failed=case.failed,
            told=(*table.told, *case.told),
        )
    )


def worlds_of(table: Table, row: Compared) -> tuple[World, World]:
    """What both ends of a comparison are about."""
    then, now = (_world_at(table, side) for side in (row.then, row.now))
    return then, now


def _world_at(table: Table, side: Side) -> World:
    laid = replace(table, objectives=side.objectives or table.objectives)
    given = Case("", side.as_of, {}, side.observed, key_result=side.key_result, told=side.told, failed=side.failed)
    return world_of(laid, given)


def number(text: str) -> float | None:
    """An expected cell as a number; None where it is not one."""
    try:
        return float(Fraction(text.replace(" ", "")))
    except ValueError:
        return None


def cells(row: Mapping[str, Any], expect: Expected) -> list[tuple[str, str, Any]]:
    """What was expected beside what was found, by column."""
    return [(column, wanted, row[column]) for column, wanted in expect.items()]
