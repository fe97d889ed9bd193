"""Definitions: what a configuration says of its key results, compiled once into columns.

Belongs here: the columns and their codes. Does not: making them (compiling), observations, instants of scores.

Row `k` of every column of `KeyResults` is one key result. Stretches of time are microseconds; a number that does not
apply is NaN, an index that does not apply -1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

from okr_pipeline.model.calendar import Calendar, Duration
from okr_pipeline.model.formula import Formula
from okr_pipeline.model.score import Reason, Status
from okr_pipeline.scoring.arrays import Booleans, Floats, Integers, Texts
from okr_pipeline.scoring.grids import Grid, Grids

STATUSES = tuple(Status)
REASONS = tuple(Reason)
STATUS = {status: code for code, status in enumerate(STATUSES)}
REASON = {reason: code for code, reason in enumerate(REASONS)}
NO_REASON = -1


class Kind(IntEnum):
    """The measures; `LIMIT` is a budget."""

    REACH = 0
    CHANGE = 1
    ACCUMULATE = 2
    LIMIT = 3
    MAINTAIN = 4
    CADENCE = 5
    MILESTONES = 6
    BASELINE = 7
    MANUAL = 8


class Form(IntEnum):
    """How a target is made: it is the amount, base · (1 + amount), or base + amount."""

    NUMBER = 0
    SHARE = 1
    POINTS = 2


class Window(IntEnum):
    """Which periods make a value. `TRAILING + n` is the n-th of the definitions' trailing lengths."""

    LATEST = 0
    CYCLE = 1
    TRAILING = 2


class Base(IntEnum):
    """What is measured before the start: nothing, the newest period, or a whole stretch."""

    NONE = 0
    NEWEST = 1
    STRETCH = 2


class Reducer(IntEnum):
    """How the periods of a window become one value. `PARTS`: each part by its own, then the formula."""

    NONE = 0
    SUM = 1
    MEAN = 2
    WEIGHTED_MEAN = 3
    LAST = 4
    MIN = 5
    MAX = 6
    PARTS = 7
    IN_BAND = 8


class Shape(IntEnum):
    """The shapes of plans; `OWN`: the measure has a plan of its own."""

    OWN = -1
    LINEAR = 0
    CHECKPOINTS = 1
    BUSINESS_DAYS = 2
    SEASONAL = 3
    FRONT_LOADED = 4
    BACK_LOADED = 5


class Aim(IntEnum):
    """Intents, as codes."""

    COMMITTED = 0
    ASPIRATIONAL = 1
    LEARNING = 2


class State(IntEnum):
    """States, as codes."""

    ACTIVE = 0
    PAUSED = 1
    CANCELLED = 2


@dataclass(frozen=True, slots=True)
class MetricFacts:
    """A metric as scoring reads it. `shape` and `parts` are its formula per period over metrics with a source.

    `weighted`: a row without a positive weight is no observation. `zero`: rows left out are 0, from `needed_from` on.
    """

    id: str
    grid: int
    across: str
    weighted: bool
    zero: bool
    shape: Formula | None
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class View:
    """One series per period that key results read: a metric's members that match `where`, combined.

    A metric that is computed from rolled-up parts has `shape` and `parts`, the numbers of its parts' views.
    """

    metric: int
    where: tuple[tuple[str, str], ...]
    reducer: Reducer
    shape: Formula | None = None
    parts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Trailing:
    """A trailing length in a grid's calendar."""

    calendar: Calendar
    length: Duration


@dataclass(frozen=True, slots=True)
class KeyResults:
    """Columns of numbers, one row per key result.

    `start`, `end`: instants of the span. `first_day`, `days`: the same in days of the project's calendar.
    `view`, `grid`: where its values come from. `closes`, `fresh`, `waits`: the metric's `closes_after`, `freshness`
    and `provisional: wait`. `from_`: NaN where it is a base measured before the start, over `[base_start, base_end)`.
    `amount`, `form`: the target. `share`, `low`, `high`, `scale`: of `maintain`. `per`: the grid of `cadence`.
    `sign`: +1 where higher is better, -1 where lower is, 0 where neither. `sees_from`: what
    was observed before that instant is nothing to it. `pace`: the shape of the plan that is asked for.
    """

    start: Integers
    end: Integers
    first_day: Integers
    days: Integers
    kind: Integers
    aim: Integers
    state: Integers
    weight: Floats
    min_coverage: Floats
    grace: Floats
    metric: Integers
    view: Integers
    grid: Integers
    closes: Integers
    fresh: Integers
    waits: Booleans
    over: Integers
    reducer: Integers
    from_: Floats
    form: Integers
    amount: Floats
    sign: Floats
    base: Integers
    base_start: Integers
    base_end: Integers
    share: Floats
    low: Floats
    high: Floats
    scale: Floats
    per: Integers
    sees_from: Integers
    pace: Integers


@dataclass(frozen=True, slots=True)
class MilestoneItems:
    """Columns of milestones, one row each; `owner` is the row of its key result. `done` is far away if not done.

    `until` is the end of the key result that has the step, which may be one that contributes to its owner.

    `view` is -1 where there is no condition on a metric.
    """

    owner: Integers
    until: Integers
    weight: Floats
    due: Integers
    done: Integers
    metric: Integers
    view: Integers
    grid: Integers
    closes: Integers
    fresh: Integers
    waits: Booleans
    at_least: Floats
    sees_from: Integers


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """Planned values of the key results `rows`, those of the n-th from `offsets[n]` on, start and end included.

    `day` counts from the key result's start; the values at start and end are NaN, for the baseline and the target.
    """

    rows: Integers
    offsets: Integers
    owner: Integers
    day: Floats
    value: Floats


@dataclass(frozen=True, slots=True)
class Sums:
    """Key results that are sums: row `child` adds to row `parent`, sorted by `height`, the lowest parents first."""

    height: Integers
    child: Integers
    parent: Integers


@dataclass(frozen=True, slots=True)
class EarlierDays:
    """The days of earlier years that some key results of one span, grid and window take their season from.

    `rows` are the key results; row `y` of `starts` and `ends` bounds the days of the y-th year, one column for each
    day of the span, as instants. `flow`: the season is that of sums, else of levels.
    """

    rows: Integers
    grid: int
    over: int
    flow: bool
    starts: Integers
    ends: Integers


@dataclass(frozen=True, slots=True)
class Objectives:
    """Columns of objectives. `parent` is the row that this one's score adds to with `weight`, else -1.

    `height` is the longest chain of contributors below; `of` is the row of each key result's objective.
    """

    end: Integers
    aim: Integers
    floor: Floats
    parent: Integers
    weight: Floats
    height: Integers
    of: Integers
    labels: Mapping[str, Texts]


@dataclass(frozen=True, slots=True)
class Definitions:
    """A configuration, compiled.

    Key results from row `asked` on were not asked for; they are parts of sums that were.
    `labels` are the columns of text. `status_rule` names what judges. `behind[m]` are the ids of metric `m` and
    of those it is made of; `needed_from[m]` is the earliest instant of it that is looked at. For view `v`,
    `view_reducer[v]` is how it rolls up, `view_shape[v]` the number of its formula in `shapes` or -1, `view_parts[v]`
    its parts' views or -1.
    `business_days[d]` of the project's days before day `d` are business days; it is empty where nobody counts them.
    """

    key_results: KeyResults
    milestones: MilestoneItems
    checkpoints: Checkpoints
    sums: Sums
    asked: int
    earlier: tuple[EarlierDays, ...]
    objectives: Objectives
    labels: Mapping[str, Texts]
    status_rule: str
    metrics: tuple[MetricFacts, ...]
    needed_from: Integers
    views: tuple[View, ...]
    view_reducer: Integers
    view_shape: Integers
    view_parts: Integers
    shapes: tuple[Formula, ...]
    trailing: tuple[Trailing, ...]
    grids: Grids
    days: Grid
    business_days: Integers
    behind: tuple[frozenset[str], ...]
