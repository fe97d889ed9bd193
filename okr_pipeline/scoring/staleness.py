"""Staleness: what is too old where a value is stale, for explaining it.

Belongs here: finding what decided again, in the order of the definitions. Does not: the decision (values, milestones,
told), its wording (application).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from okr_pipeline.model.score import Reason
from okr_pipeline.scoring.arrays import HOUR, Integers
from okr_pipeline.scoring.definitions import REASON, Kind
from okr_pipeline.scoring.milestones import condition_ages, each_step
from okr_pipeline.scoring.scores import Prepared
from okr_pipeline.scoring.standing import Standing
from okr_pipeline.scoring.told import days_between, days_fresh

_STALE = REASON[Reason.STALE]


@dataclass(frozen=True, slots=True)
class Staleness:
    """What is older than it may be: the newest value of a metric, or of check-ins where `metric` is None.

    `key_result` is the full id of the one that reads it: the one asked, or one that contributes to it. `age` > `limit`,
    both in `unit`.
    """

    key_result: str
    metric: str | None
    age: float
    limit: float
    unit: Literal["hours", "days"]


def staleness(prepared: Prepared, standing: Standing, moment: Integers) -> Staleness | None:
    """What makes the first key result stale as of an instant; None where it is not. Of several the first is told."""
    return _of(prepared, standing, moment, 0) if standing.reason[0] == _STALE else None


def _of(prepared: Prepared, standing: Standing, moment: Integers, row: int) -> Staleness:
    of, sums = prepared.definitions.key_results, prepared.definitions.sums
    children = sums.child[sums.parent == row]
    if len(children):
        stale = (standing.measured.reason[children] == _STALE) & (moment[children] > of.start[children])
        return _of(prepared, standing, moment, int(children[stale][0]))
    if of.kind[row] == Kind.MILESTONES:
        return _of_step(prepared, moment, row)
    if of.kind[row] == Kind.MANUAL:
        return _of_check_ins(prepared, standing, moment, row)
    age, limit = standing.measured.age[row] / HOUR, of.fresh[row] / HOUR
    labels = prepared.definitions.labels
    return Staleness(labels["key_result"][row], labels["metric"][row], float(age), float(limit), "hours")


def _of_step(prepared: Prepared, moment: Integers, row: int) -> Staleness:
    definitions, items = prepared.definitions, prepared.definitions.milestones
    _, unknown = each_step(definitions, prepared.tracks, moment, prepared.failed)
    step = int(np.flatnonzero((items.owner == row) & (unknown == _STALE))[0])
    age = condition_ages(definitions, prepared.tracks, moment, moment)[step] / HOUR
    metric = definitions.metrics[int(items.metric[step])].id
    return Staleness(
        definitions.labels["key_result"][row], metric, float(age), float(items.fresh[step] / HOUR), "hours"
    )


def _of_check_ins(prepared: Prepared, standing: Standing, moment: Integers, row: int) -> Staleness:
    definitions = prepared.definitions
    until = np.minimum(moment, definitions.key_results.end)[row : row + 1]
    age = days_between(definitions, until - standing.measured.age[row], until)[0]
    limit = days_fresh(definitions)[row]
    return Staleness(definitions.labels["key_result"][row], None, float(age), float(limit), "days")
