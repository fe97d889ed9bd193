"""How a KPI is doing against its healthy band: the closed sets that it is told in.

Belongs here: states, signals, and why a value cannot be told from noise. Does not: the rules that choose (scoring).
"""

from enum import StrEnum


class HealthState(StrEnum):
    """Where a KPI's newest value lies. What is missing is never healthy, and what has no band is not judged."""

    HEALTHY = "healthy"
    BREACH = "breach"
    UNKNOWN = "unknown"
    NO_BAND = "no_band"

    @property
    def word(self) -> str:
        """As people read it: `no band`."""
        return self.value.replace("_", " ")

    @property
    def glyph(self) -> str:
        """A shape of its own for each state, so that colour is never the only sign."""
        return _GLYPHS[self]


class Signal(StrEnum):
    """What a KPI's natural limits say of its newest value.

    `TOO_SHORT` and `FLAT` are no verdict: too few values for limits, or values that did not vary.
    """

    OUTSIDE_LIMITS = "outside_limits"
    EIGHT_ON_ONE_SIDE = "eight_on_one_side"
    THREE_NEAR_A_LIMIT = "three_near_a_limit"
    NONE = "none"
    TOO_SHORT = "too_short"
    FLAT = "flat"

    @property
    def is_change(self) -> bool:
        """Whether it says that something has changed."""
        return self in (Signal.OUTSIDE_LIMITS, Signal.EIGHT_ON_ONE_SIDE, Signal.THREE_NEAR_A_LIMIT)


_GLYPHS = {HealthState.HEALTHY: "●", HealthState.BREACH: "▼", HealthState.UNKNOWN: "?", HealthState.NO_BAND: "○"}
