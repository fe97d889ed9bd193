"""The parts of a scorecard as they are shown: every figure formatted, every sentence made.

Belongs here: what a template is handed, all of it text or finished charts. Does not: how it is made (page).
"""

from dataclasses import dataclass

from markupsafe import Markup


@dataclass(frozen=True, slots=True)
class Chip:
    """A status and how many have it."""

    status: str
    word: str
    number: str


@dataclass(frozen=True, slots=True)
class KeyResultLine:
    """A row of the table, all text."""

    anchor: str
    title: str
    owner: str
    status: str
    word: str
    spark: Markup
    now: str
    reason: str | None
    before: str | None
    weight: str | None
    last_good: str | None
    plan: str
    target: str
    progress: str
    outlook: str | None
    gap: str
    change: str
    age: str
    observed: str | None
    provisional: bool
    alert_since: str | None


@dataclass(frozen=True, slots=True)
class Said:
    """A check-in: who, when and how confident, and in which words, which may be none."""

    who: str
    words: str


@dataclass(frozen=True, slots=True)
class BehindCard:
    """A key result that needs a decision."""

    line: KeyResultLine
    metric: str | None
    explanation: str
    said: Said | None
    burn_up: Markup
    target_top: str
    now_left: str | None
    starts: str
    today: str
    ends: str


@dataclass(frozen=True, slots=True)
class Named:
    """A link to a key result with something said about it."""

    anchor: str
    title: str
    owner: str
    status: str
    word: str
    said: str
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """A status that changed."""

    anchor: str | None
    title: str
    before: str
    before_word: str
    after: str
    after_word: str


@dataclass(frozen=True, slots=True)
class Gone:
    """A key result that is defined no more, with its last status and the day that it speaks about."""

    title: str
    status: str
    word: str
    day: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What changed since last week; `comparable` is False where there is no earlier week.

    `left` is how many transitions and removals are not listed.
    """

    comparable: bool
    transitions: tuple[Change, ...]
    removed: tuple[Gone, ...]
    left: int
    gained: tuple[Named, ...]
    lost: tuple[Named, ...]
    new: int


@dataclass(frozen=True, slots=True)
class SourceLine:
    """A source and whether its numbers can be trusted."""

    id: str
    connector: str
    state: str
    word: str
    detail: str
    newest: str
    newest_day: str
    changed: str
    metrics: str
    key_results: str
    quarantined: str
    failed_checks: str


@dataclass(frozen=True, slots=True)
class WeekLine:
    """A KPI's value in a week; `outside` says how many of its periods were outside the band, where any was."""

    label: str
    value: str
    outside: str | None


@dataclass(frozen=True, slots=True)
class HealthLine:
    """A KPI that is not well, all text. `shape` is the status whose shape and colour it has."""

    name: str
    members: str
    owner: str
    shape: str
    word: str
    value: str
    reason: str | None
    band: str
    since: str
    streak: str
    signal: str
    review: str | None
    weeks: tuple[WeekLine, ...]


@dataclass(frozen=True, slots=True)
class Health:
    """KPIs outside their bands: a sentence, and a line for each that is not well."""

    answer: str
    lines: tuple[HealthLine, ...]
    more: int


@dataclass(frozen=True, slots=True)
class RefusedLine:
    """A value that was refused."""

    metric: str
    dimensions: str
    period: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether the numbers can be trusted: `verdict` in a word or two, `because` in a sentence."""

    verdict: str
    because: str
    sources: tuple[SourceLine, ...]
    refused: tuple[RefusedLine, ...]
    refused_more: int
    unknown: tuple[Named, ...]
    unknown_more: int
    check_ins: str | None


@dataclass(frozen=True, slots=True)
class ObjectiveLine:
    """An objective with the rows of its key results."""

    anchor: str
    depth: int
    title: str
    why: str | None
    level: str
    intent: str
    owner: str
    status: str
    word: str
    score: str
    expected: str
    bounds: str | None
    reason: str | None
    worst: Named | None
    key_results: tuple[KeyResultLine, ...]


@dataclass(frozen=True, slots=True)
class CycleSection:
    """A cycle with its objectives, parents before children."""

    anchor: str
    id: str
    days: str
    elapsed: str
    elapsed_bar: Markup
    left: str
    objectives: tuple[ObjectiveLine, ...]
    key_results: int


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on a scorecard, in the order it is read."""

    project: str
    mission: str | None
    week: str
    week_days: str
    as_of: str
    known_at: str
    timezone: str
    headline: str
    chips: tuple[Chip, ...]
    total: int
    bar: Markup
    behind: tuple[BehindCard, ...]
    behind_more: tuple[Named, ...]
    behind_left: int
    none_behind: str
    changes: Changes
    trust: Trust
    health: Health
    cycles: tuple[CycleSection, ...]
    status_rule: str
    config_version: str
    example_id: str
    notes: tuple[str, ...]
