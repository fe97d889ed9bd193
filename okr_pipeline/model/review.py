"""A cycle's review: what became of it, what was learnt, and what that says about the next.

Belongs here: the nouns. Does not: how they are come by (reviewing), how they are shown (rendering).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class Grade:
    """A key result at the instant of the review. Numbers as in a score; None is unknown.

    `original_*` are against what was promised before any amendment, `confidence` the last one told. `explanation` says
    in one sentence why it has its status. `steps_done` are titles of milestones, also of those that a metric decides.
    """

    id: str
    objective: str
    title: str
    owner: str
    intent: str
    measure: str
    unit: str | None
    status: str
    reason: str | None
    provisional: bool
    value: float | None
    baseline: float | None
    target: float | None
    progress: float | None
    score: float | None
    original_target: float | None
    original_progress: float | None
    confidence: float | None
    explanation: str
    steps_done: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ObjectiveGrade:
    """An objective at the instant of the review, with its key results' grades beside."""

    id: str
    title: str
    owner: str
    level: str
    intent: str
    status: str
    reason: str | None
    score: float | None
    coverage: float | None
    provisional: bool


@dataclass(frozen=True, slots=True)
class Reflection:
    """Something people said on the way, in its own words."""

    on: date | None
    key_result: str
    kind: Literal["note", "finding", "amendment", "paused", "cancelled"]
    author: str
    text: str


@dataclass(frozen=True, slots=True)
class Calibration:
    """How an owner's targets turned out over all ended cycles; `owner` None is everybody.

    `graded` counts key results with a way from a value to another; of them `early` reached the target by half time,
    `exceeded` went a third beyond it, `short` ended below 0.3. `mean_score` is of them. `verdict` is too_few, fitting,
    sandbagged or over_stretched.
    """

    owner: str | None
    graded: int
    early: int
    exceeded: int
    short: int
    mean_score: float | None
    verdict: Literal["too_few", "fitting", "sandbagged", "over_stretched"]


@dataclass(frozen=True, slots=True)
class CarryOver:
    """A key result that goes on, and why."""

    key_result: str
    title: str
    why: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """What a KPI says for the next cycle (`outside`, `worse`), or an outcome for a KPI's band (`tighter`).

    `held` is the share of the cycle's periods inside the healthy band, `before` and `value` those of the stretch before
    and of the cycle, `proposed` a bound: each None where it does not apply or is not known.
    """

    metric: str
    kind: Literal["outside", "worse", "tighter"]
    text: str
    held: float | None = None
    before: float | None = None
    value: float | None = None
    proposed: float | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """The review of a cycle as of an instant. `ended` is False where the cycle still runs: its grades are not final.

    `counts` are key results by status.
    """

    project: str
    cycle: str
    starts: date
    ends: date
    as_of: datetime
    config_version: str
    status_rule: str
    ended: bool
    counts: Mapping[str, int]
    objectives: tuple[ObjectiveGrade, ...]
    key_results: tuple[Grade, ...]
    reflections: tuple[Reflection, ...]
    calibration: tuple[Calibration, ...]
    carry_over: tuple[CarryOver, ...]
    suggestions: tuple[Suggestion, ...]

    def by_objective(self) -> Mapping[str, Sequence[Grade]]:
        """The grades of key results by the id of their objective; empty where it has none."""
        found: defaultdict[str, list[Grade]] = defaultdict(list)
        for it in self.key_results:
            found[it.objective].append(it)
        return found
