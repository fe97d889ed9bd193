"""The hierarchy of objectives, compiled: who contributes to whom.

Belongs here: columns of objectives. Does not: their scores (objectives), key results (compiling).
"""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np

from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.okr import Intent, KeyResult, Objective
from okr_pipeline.scoring.arrays import Integers, texts
from okr_pipeline.scoring.definitions import Aim, Objectives
from okr_pipeline.scoring.spans import Spans

Wanted: TypeAlias = Sequence[tuple[KeyResult, Objective]]
"""The key results that are asked for, each with its objective."""

AIMS: Mapping[Intent, Aim] = {
    Intent.COMMITTED: Aim.COMMITTED,
    Intent.ASPIRATIONAL: Aim.ASPIRATIONAL,
    Intent.LEARNING: Aim.LEARNING,
}


def compile_objectives(configuration: Configuration, spans: Spans, wanted: Wanted, asked: int) -> Objectives:
    """The objectives whose key results, and those of all that add to them, are among the `asked` first wanted."""
    wanted, others = wanted[:asked], len(wanted) - asked
    whole = _whole_objectives(configuration, wanted)
    numbers = {objective.full_id: number for number, objective in enumerate(whole)}
    parents = [numbers.get(it.parent or "", -1) if it.contributes_weight is not None else -1 for it in whole]
    ends = [_end_of(configuration, spans, objective) for objective in whole]
    return Objectives(
        end=np.array(ends, dtype=np.int64),
        aim=np.array([AIMS[it.intent] for it in whole], dtype=np.int64),
        floor=np.array([it.coverage_floor for it in whole], dtype=np.float64),
        parent=np.array(parents, dtype=np.int64),
        weight=np.array([it.contributes_weight or 0.0 for it in whole], dtype=np.float64),
        height=_heights(parents),
        of=np.array([numbers.get(objective.full_id, -1) for _, objective in wanted] + [-1] * others, dtype=np.int64),
        labels={
            "objective": texts(it.full_id for it in whole),
            "cycle": texts(it.cycle for it in whole),
            "parent": texts(it.parent for it in whole),
            "title": texts(it.title for it in whole),
            "level": texts(it.level.value for it in whole),
            "intent": texts(it.intent.value for it in whole),
            "owner": texts(it.owner for it in whole),
            "status_rule": texts(configuration.project.status_rule for _ in whole),
        },
    )


def _whole_objectives(configuration: Configuration, wanted: Wanted) -> list[Objective]:
    present = {key_result.full_id for key_result, _ in wanted}
    objectives = configuration.objectives
    partial = {it.full_id for it in objectives.values() if not all(each.full_id in present for each in it.key_results)}
    spreading = True
    while spreading:
        adding = [it for it in objectives.values() if it.full_id in partial and it.contributes_weight is not None]
        above = {it.parent for it in adding if it.parent is not None} & objectives.keys()
        spreading = not above <= partial
        partial |= above
    return [it for it in objectives.values() if it.full_id not in partial]


def _end_of(configuration: Configuration, spans: Spans, objective: Objective) -> int:
    """The end of an objective's cycle, or of its last key result where that is later."""
    cycle = configuration.cycles.get(objective.cycle)
    days = [key_result.ends for key_result in objective.key_results] + ([cycle.ends] if cycle else [])
    return spans.end_of_day(max(days))


def _heights(parents: Sequence[int]) -> Integers:
    """For each objective, the longest chain of contributors below it."""
    heights = np.zeros(len(parents), dtype=np.int64)
    for _ in range(len(parents)):
        rows = [row for row, parent in enumerate(parents) if parent >= 0 and heights[parent] <= heights[row]]
        if not rows:
            break
        for row in rows:
            heights[parents[row]] = max(heights[parents[row]], heights[row] + 1)
    return heights
