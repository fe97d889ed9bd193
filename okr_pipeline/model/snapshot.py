"""The weekly snapshot: everything a scorecard says, frozen, before any form is given to it.

Belongs here: the facts of one week, exactly as every form must show them. Does not: markup, colours, rounding
(rendering), or how the facts are found (application).

Values are full precision; shares are 0..1; instants are aware; None is unknown.
"""

from dataclasses import dataclass
from datetime import date, datetime

from okr_pipeline.model.check_in import CheckInRate, CheckInRow

SCHEMA_VERSION = 2


@dataclass(frozen=True, slots=True)
class TrackPoint:
    """Where a key result stood at an instant. `progress` is None where it was unknown, `expected` is the plan."""

    at: datetime
    progress: float | None
    expected: float | None


@dataclass(frozen=True, slots=True)
class ForecastRow:
    """Where a key result will stand at its end; four ends of five lie between `low` and `high`."""

    method: str
    value: float
    value_low: float
    value_high: float
    progress: float
    progress_low: float
    progress_high: float
    probability: float
    required_rate: float | None
    buffer_days: float | None


@dataclass(frozen=True, slots=True)
class KeyResultRow:
    """A key result on the scorecard. Field names are those of `okr status --json`.

    `plan` is the whole planned line from start to end, `track` the past up to `as_of`. `plan_value` is the value that
    the plan asks for at `as_of` (None where the measure has no such value). `gap_change` is the change of `gap` since
    the week before. `explanation` is one plain sentence on why it has its status. `checked_in` is whether the newest
    check-in is as new as its rhythm asks, None where none is due.
    """

    id: str
    title: str
    owner: str
    metric: str | None
    metric_name: str | None
    measure: str
    unit: str | None
    weight: float
    intent: str
    value: float | None
    baseline: float | None
    target: float | None
    plan_value: float | None
    progress: float | None
    score: float | None
    expected_progress: float | None
    expected_progress_now: float | None
    pace_ratio: float | None
    gap: float | None
    status: str
    reason: str | None
    explanation: str
    provisional: bool
    value_period_end: datetime | None
    data_age_hours: float | None
    observed_share: float | None
    last_good_value: float | None
    last_good_age_hours: float | None
    previous_status: str | None
    previous_progress: float | None
    gap_change: float | None
    alert_since: datetime | None
    starts: date
    ends: date
    track: tuple[TrackPoint, ...]
    plan: tuple[TrackPoint, ...]
    forecast: ForecastRow | None = None
    forecast_refusal: str | None = None
    check_in: CheckInRow | None = None
    checked_in: bool | None = None


@dataclass(frozen=True, slots=True)
class ObjectiveRow:
    """An objective with its key results; `depth` is how far below a root of the alignment it stands."""

    id: str
    parent: str | None
    depth: int
    title: str
    why: str | None
    level: str
    intent: str
    owner: str
    score: float | None
    expected_progress: float | None
    status: str
    reason: str | None
    coverage: float
    score_low: float | None
    score_high: float | None
    worst_key_result: str | None
    previous_status: str | None
    key_results: tuple[KeyResultRow, ...]


@dataclass(frozen=True, slots=True)
class CycleRow:
    """A cycle that is open at `as_of`, or closed in the week, with its objectives: parents before children."""

    id: str
    starts: date
    ends: date
    elapsed_share: float
    days_left: int
    objectives: tuple[ObjectiveRow, ...]


@dataclass(frozen=True, slots=True)
class Transition:
    """A status that changed since the week before."""

    key_result: str
    title: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A key result that was scored in the week, or at the end of the one before, and is defined no more.

    `status` is its last one, of the day `scored_on`.
    """

    key_result: str
    title: str
    status: str
    scored_on: date


@dataclass(frozen=True, slots=True)
class SourceTrust:
    """Can the numbers from this source be trusted? `state` is ok, stale, failed or never_read.

    `last_change_at` is when a read last brought something that was not known before: reading the same again leaves a
    snapshot as it was.
    """

    id: str
    connector: str
    state: str
    detail: str
    metrics: int
    key_results: int
    last_change_at: datetime | None
    newest_period_end: datetime | None
    quarantined: int
    failed_checks: int


@dataclass(frozen=True, slots=True)
class HealthStretch:
    """A week of a KPI, or a month or quarter of one by these: its value on the scale of one period, and its periods."""

    starts: date
    value: float | None
    periods: int
    outside: int


@dataclass(frozen=True, slots=True)
class HealthRow:
    """A KPI that is not well: outside its healthy band, unknown, or with a review that is still open.

    Fields are those of `okr health --json`; `dimensions` are canonical JSON; `stretches` the last six, oldest first.
    """

    metric: str
    name: str
    owner: str | None
    dimensions: str
    unit: str
    state: str
    reason: str | None
    value: float | None
    low: float | None
    high: float | None
    distance: float | None
    period_end: datetime | None
    since: datetime | None
    periods_in_row: int
    signal: str | None
    direction: str | None
    noise: bool
    review_since: datetime | None
    stretches: tuple[HealthStretch, ...]


@dataclass(frozen=True, slots=True)
class QuarantinedRow:
    """A value that was refused and counts nowhere."""

    metric: str
    dimensions: str
    period_start: datetime
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One week of a project.

    `week` is an ISO week label such as `2013-W20`; `headline` is the one sentence; `counts` pairs a status with how
    many key results have it, in the order of severity; `behind` lists ids, furthest behind first by weight × −gap.
    `health_counts` pairs a state with how many KPIs are in it, `health` has those that are not well.
    `check_ins` is None where people never check in; `removed` are key results of its cycles that were taken out.
    """

    schema_version: int
    project: str
    mission: str | None
    timezone: str
    week: str
    week_starts: date
    week_ends: date
    as_of: datetime
    known_at: datetime
    config_version: str
    status_rule: str
    headline: str
    counts: tuple[tuple[str, int], ...]
    cycles: tuple[CycleRow, ...]
    behind: tuple[str, ...]
    transitions: tuple[Transition, ...]
    sources: tuple[SourceTrust, ...]
    quarantined: tuple[QuarantinedRow, ...]
    health_counts: tuple[tuple[str, int], ...]
    health: tuple[HealthRow, ...]
    notes: tuple[str, ...]
    check_ins: CheckInRate | None = None
    removed: tuple[Removed, ...] = ()
