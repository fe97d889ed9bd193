"""Sources, metrics and what is expected of their values.

Belongs here: the definition of a KPI. Does not: its observations (frames) or how a source is read (connectors).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from okr_pipeline.model.calendar import GRAIN_HOURS, Calendar, Duration, Grain
from okr_pipeline.model.formula import Formula

Json: TypeAlias = object
"""A value as YAML or JSON carries it: null, bool, number, text, list or mapping of these."""

Severity: TypeAlias = Literal["block", "warn"]

CHECK_INS: Final = "check_ins"
"""The source of surveys, which is what people say. No source that is configured has this id."""


class Rollup(StrEnum):
    """How the periods of a window combine into one value."""

    SUM = "sum"
    MEAN = "mean"
    WEIGHTED_MEAN = "weighted_mean"
    LAST = "last"
    MIN = "min"
    MAX = "max"


class Across(StrEnum):
    """How the members of dimensions that a key result does not pin combine."""

    SUM = "sum"
    WEIGHTED_MEAN = "weighted_mean"
    LAST = "last"
    NONE = "none"


class Additivity(StrEnum):
    """Whether values may be added over periods and members. A distinct count must never be."""

    ADDITIVE = "additive"
    DISTINCT = "distinct"
    RATIO = "ratio"
    SNAPSHOT = "snapshot"


class Better(StrEnum):
    """The good direction of a metric."""

    HIGHER = "higher"
    LOWER = "lower"
    IN_BAND = "in_band"


@dataclass(frozen=True, slots=True)
class Source:
    """A place metrics are read from.

    `settings` are as written, with `${VAR}` unexpanded, so that a secret is never part of a configuration's text,
    version or dump. They are expanded when the source is opened.
    """

    id: str
    connector: str
    settings: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Limit:
    """A threshold with its severity: `block` quarantines, `warn` records."""

    value: float
    severity: Severity = "block"


@dataclass(frozen=True, slots=True)
class Extra:
    """One more Great Expectations expectation, by class name and its arguments."""

    type: str
    arguments: Mapping[str, Json] = field(default_factory=dict)
    severity: Severity = "block"


@dataclass(frozen=True, slots=True)
class Expectations:
    """Rules beyond those that always hold; None is off.

    `minimum`/`maximum`: bounds of a value, inclusive, in the metric's unit (`between:` or `min:`/`max:` in YAML).
    `complete`: least share of the periods read, up to the newest, that have a value.
    `max_change_ratio`: largest |value / previous − 1| between neighbouring periods of one series.
    `monotonic`: a value may not fall from one period to the next.
    `anomaly`: largest robust z against the series' own history, of the sum over members against its own, and of a
    member that is missing, taken for 0.
    `flat`: most equal values in a row. Both warn unless told.
    `members`: by dimension, the only members there are.

    Four compare a read with what is stored and are on unless told: `volume`, the least share of the stored values that
    a read must bring again; `restated`, the largest share of the settled values that it may change; `rewritten`,
    whether most values may mean something else than before; `new_members`, how many series it may bring that were
    never seen. `repeated`, on too, compares a period with those before it over all series of a source.
    """

    minimum: Limit | None = None
    maximum: Limit | None = None
    complete: Limit | None = None
    max_change_ratio: Limit | None = None
    monotonic: Severity | None = None
    anomaly: Limit | None = None
    flat: Limit | None = None
    members: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    volume: Limit | None = Limit(0.8)
    restated: Limit | None = Limit(0.1)
    rewritten: Severity | None = "block"
    new_members: Limit | None = Limit(20)
    repeated: Severity | None = "block"
    also: tuple[Extra, ...] = ()


@dataclass(frozen=True, slots=True)
class Band:
    """A closed interval; None is unbounded. At least one bound is set."""

    min: float | None = None
    max: float | None = None


@dataclass(frozen=True, slots=True)
class Metric:
    """A KPI: a lasting, measured quantity with one value per period and combination of dimensions.

    `request` holds the keys that its source's connector reads (`query`, or `file` and `columns`); it is empty and
    `source` is None where the metric is derived by `formula`. A derived metric without `rollup` is computed from its
    rolled-up parts; with one, per period. The `source` of a survey is `CHECK_INS`, and its request is empty.
    `across` is already resolved to its default.
    """

    id: str
    name: str
    grain: Grain
    unit: str
    better: Better
    rollup: Rollup | None
    source: str | None = None
    request: Mapping[str, Json] = field(default_factory=dict)
    formula: Formula | None = None
    formula_text: str | None = None
    across: Across = Across.NONE
    additivity: Additivity = Additivity.ADDITIVE
    dimensions: tuple[str, ...] = ()
    timezone: str | None = None
    year: Literal["fiscal", "civil"] = "fiscal"
    empty: Literal["missing", "zero"] = "missing"
    provisional: Literal["use", "wait"] = "use"
    freshness: Duration | None = None
    closes_after: Duration = Duration(0, "hours")
    restates: Duration = Duration(7, "days")
    healthy: Band | None = None
    expect: Expectations = Expectations()
    why: str | None = None
    owner: str | None = None
    level: str | None = None
    kind: Literal["lagging", "leading", "input"] | None = None
    category: Literal["operational", "financial", "strategic"] | None = None
    depends_on: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    suppress: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_survey(self) -> bool:
        """Whether its values are answers of people, from check-ins."""
        return self.source == CHECK_INS

    @property
    def settled_after(self) -> Duration:
        """How long after its end a period's value is settled: `closes_after`, and `restates` where that is not told."""
        return self.closes_after if self.closes_after.count else self.restates

    @property
    def freshness_hours(self) -> float:
        """The most that the newest ended period may be old, in hours; default three grains."""
        if self.freshness is not None:
            return self.freshness.hours
        return 3 * GRAIN_HOURS[self.grain]

    def calendar_in(self, project: Calendar) -> Calendar:
        """The calendar that its periods are of: the project's, in its own time zone and its own kind of year."""
        calendar = project.in_zone(self.timezone)
        return calendar.civil() if self.year == "civil" else calendar
