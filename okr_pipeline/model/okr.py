"""Cycles, objectives and key results, and how a key result is measured and paced.

Belongs here: what was promised. Does not: what came of it (score).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Literal, TypeAlias

from okr_pipeline.model.calendar import Duration, Grain
from okr_pipeline.model.check_in import Rhythm

AT_START: Literal["at_start"] = "at_start"


class Level(StrEnum):
    """Where in the organisation an objective lives."""

    COMPANY = "company"
    DEPARTMENT = "department"
    TEAM = "team"
    INDIVIDUAL = "individual"


class Intent(StrEnum):
    """How much of an objective is promised: all of it, a stretch, or a finding."""

    COMMITTED = "committed"
    ASPIRATIONAL = "aspirational"
    LEARNING = "learning"


@dataclass(frozen=True, slots=True)
class Share:
    """A relative amount: 0.25 for `+25%`."""

    value: float
    kind: Literal["share"] = "share"


@dataclass(frozen=True, slots=True)
class Points:
    """An absolute amount in the metric's own scale: already 0.1 for `+10 points` of a ratio, else 10."""

    value: float
    kind: Literal["points"] = "points"


@dataclass(frozen=True, slots=True)
class Reach:
    """From a value to another, up or down."""

    from_: float | Literal["at_start"]
    to: float
    kind: Literal["reach"] = "reach"


@dataclass(frozen=True, slots=True)
class Change:
    """By a relative share or by points from where it started."""

    by: Share | Points
    from_: float | Literal["at_start"] = AT_START
    kind: Literal["change"] = "change"


@dataclass(frozen=True, slots=True)
class RelativeTarget:
    """A target of (1 + share) × the sum over an earlier stretch of the same length."""

    share: float
    of: Literal["previous_cycle", "year_ago"]


@dataclass(frozen=True, slots=True)
class Accumulate:
    """A sum since the start, up to a number or beyond an earlier stretch."""

    to: float | RelativeTarget
    kind: Literal["accumulate"] = "accumulate"


@dataclass(frozen=True, slots=True)
class Budget:
    """A sum since the start that should not exceed a number (`limit:` in YAML)."""

    to: float
    kind: Literal["limit"] = "limit"


@dataclass(frozen=True, slots=True)
class Maintain:
    """Stay inside a band, bounds included, for a share of the periods or of the events."""

    min: float | None
    max: float | None
    share: float = 1.0
    of: Literal["periods", "events"] = "periods"
    kind: Literal["maintain"] = "maintain"


@dataclass(frozen=True, slots=True)
class Cadence:
    """At least so much in each period of a length, for a share of those periods."""

    at_least: float
    per: Grain
    share: float = 1.0
    kind: Literal["cadence"] = "cadence"


@dataclass(frozen=True, slots=True)
class MetricReached:
    """A milestone's own condition: the metric's latest value is at least a number."""

    metric: str
    at_least: float
    where: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Milestone:
    """One step: done on a date, or when a metric gets there. `due` defaults to the key result's end."""

    title: str
    weight: float = 1.0
    due: date | None = None
    done_on: date | None = None
    when: MetricReached | None = None


@dataclass(frozen=True, slots=True)
class Milestones:
    """Steps with weights."""

    items: tuple[Milestone, ...]
    kind: Literal["milestones"] = "milestones"


@dataclass(frozen=True, slots=True)
class Baseline:
    """Find out where a metric stands: so many ended periods observed."""

    needs: int
    kind: Literal["baseline"] = "baseline"


@dataclass(frozen=True, slots=True)
class Manual:
    """From a value to another, up or down, as people say in check-ins."""

    from_: float
    to: float
    kind: Literal["manual"] = "manual"


Measure: TypeAlias = Reach | Change | Accumulate | Budget | Maintain | Cadence | Milestones | Baseline | Manual


@dataclass(frozen=True, slots=True)
class Over:
    """The window of a value: the newest period, a trailing stretch, or the key result's own span so far."""

    kind: Literal["latest", "trailing", "cycle"] = "latest"
    length: Duration | None = None

    def __str__(self) -> str:
        return f"trailing {self.length}" if self.length else self.kind


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A planned value at the end of a day."""

    on: date
    value: float


PaceKind: TypeAlias = Literal["linear", "checkpoints", "business_days", "seasonal", "front_loaded", "back_loaded"]


@dataclass(frozen=True, slots=True)
class Pace:
    """The shape of the plan between start and end."""

    kind: PaceKind = "linear"
    checkpoints: tuple[Checkpoint, ...] = ()


@dataclass(frozen=True, slots=True)
class Cycle:
    """A stretch of whole days, first and last included, that objectives are set for."""

    id: str
    starts: date
    ends: date
    check_in: Rhythm = "weekly"


@dataclass(frozen=True, slots=True)
class Amendment:
    """What of a key result was changed from the start of a day on, by whom and why. What is None stays as it was.

    `measure` is the whole measure that holds from then on, also where only its target was written. `recorded` says
    that it was made by `okr run --amend`, and stands in the store alone.
    """

    on: date
    reason: str
    author: str
    measure: Measure | None = None
    weight: float | None = None
    starts: date | None = None
    ends: date | None = None
    metric: str | None = None
    where: Mapping[str, str] | None = None
    over: Over | None = None
    pace: Pace | None = None
    state: Literal["active", "paused", "cancelled"] | None = None
    state_reason: str | None = None
    recorded: bool = False


@dataclass(frozen=True, slots=True)
class KeyResult:
    """A measurable promise. `id` is unique in its cycle; `starts`/`ends` are resolved, first and last day included.

    `contributes_to` is the full id of the key result of a longer cycle that its value is a part of. One that
    accumulates or limits and has no metric is the sum of those that contribute to it.
    Its own fields are what was promised first; `amendments` are in the order of their days (`amending` applies them).
    `check_in`, how often people check in, is resolved to its cycle's, too.
    """

    id: str
    objective: str
    cycle: str
    title: str
    owner: str
    measure: Measure
    starts: date
    ends: date
    metric: str | None = None
    where: Mapping[str, str] = field(default_factory=dict)
    over: Over = Over()
    pace: Pace = Pace()
    weight: float = 1.0
    min_coverage: float = 0.8
    grace: float = 0.1
    state: Literal["active", "paused", "cancelled"] = "active"
    state_reason: str | None = None
    initiatives: tuple[str, ...] = ()
    suppress: Mapping[str, str] = field(default_factory=dict)
    why: str | None = None
    amendments: tuple[Amendment, ...] = ()
    contributes_to: str | None = None
    check_in: Rhythm = "weekly"

    @property
    def full_id(self) -> str:
        return f"{self.cycle}/{self.id}"


@dataclass(frozen=True, slots=True)
class Objective:
    """A qualitative aim with its key results. `parent` is a full id; it aligns, and adds nothing by itself."""

    id: str
    cycle: str
    title: str
    owner: str
    level: Level
    intent: Intent
    key_results: tuple[KeyResult, ...]
    why: str | None = None
    horizon: Literal["strategic", "tactical"] | None = None
    parent: str | None = None
    contributes_weight: float | None = None
    coverage_floor: float = 0.5
    supports: str | None = None
    suppress: Mapping[str, str] = field(default_factory=dict)

    @property
    def full_id(self) -> str:
        return f"{self.cycle}/{self.id}"
