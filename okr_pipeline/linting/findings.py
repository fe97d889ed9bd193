"""Findings: what a rule found where, and what to write instead; and what rules may know beyond the configuration.

Belongs here: the nouns of this room. Does not: any rule.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from okr_pipeline.model.lint import LINT_RULES, About, LintSeverity

Keys: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """One mistake. `id` is a full id or a metric's; `keys` lead from it to what is meant, as written in YAML.

    `what` is a sentence without its full stop that begins after the id; `rewrite` is what to write instead.
    """

    rule: str
    about: About
    id: str
    keys: Keys
    what: str
    rewrite: str

    @property
    def severity(self) -> LintSeverity:
        """How much it matters, by its rule."""
        return LINT_RULES[self.rule].severity


@dataclass(frozen=True, slots=True)
class FirstForecast:
    """A forecast of the first days: the chance to reach `target`, and the upper end of the interval of the value."""

    chance: float
    high: float
    target: float


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of key results by their full id, as of an instant.

    `at_start`: the value over the same window just before the start; `earlier`: over windows of the same length before
    that one, newest first. `forecasts`: what was forecast in the first days. `unread`: why there are no fresh values.
    """

    at_start: Mapping[str, float] = field(default_factory=dict)
    earlier: Mapping[str, tuple[float, ...]] = field(default_factory=dict)
    forecasts: Mapping[str, FirstForecast] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
