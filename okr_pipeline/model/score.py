"""Statuses and the reasons why a score can be unknown.

Belongs here: the closed sets that a score is spoken in, and the words and glyphs they are shown with.
Does not: the rules that choose among them (scoring).
"""

from enum import StrEnum


class Status(StrEnum):
    """How a key result or an objective is doing."""

    NOT_STARTED = "not_started"
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    BEHIND = "behind"
    ACHIEVED = "achieved"
    PARTIAL = "partial"
    MISSED = "missed"
    UNKNOWN = "unknown"
    PAUSED = "paused"
    CANCELLED = "cancelled"

    @property
    def word(self) -> str:
        """As people read it: `on track`."""
        return self.value.replace("_", " ")

    @property
    def glyph(self) -> str:
        """A shape of its own for each status, so that colour is never the only sign."""
        return _GLYPHS[self]


class Reason(StrEnum):
    """Why progress is unknown, most telling first."""

    NOT_STARTED = "not_started"
    SOURCE_FAILED = "source_failed"
    QUARANTINED = "quarantined"
    NO_OBSERVATION = "no_observation"
    STALE = "stale"
    UNDEFINED_BASELINE = "undefined_baseline"
    BELOW_COVERAGE = "below_coverage"
    NO_PERIOD_ENDED = "no_period_ended"
    OUT_OF_REACH = "out_of_reach"
    """Not an unknown: a committed share that can no longer be met; the status is *behind*."""


class Refusal(StrEnum):
    """Why there is no forecast, beside the reasons why a score is unknown."""

    PAUSED = "paused"
    CANCELLED = "cancelled"
    ENDED = "ended"
    NO_SERIES = "no_series"
    """What is done by steps, or told by people, has no periods to learn from."""
    THIN_HISTORY = "thin_history"
    """Its own, or of a sum that of any of its parts."""
    OUT_OF_RANGE = "out_of_range"
    """Its numbers are too large to compute with."""


class Family(StrEnum):
    """What kind of series a forecast is of; its calibration is measured by family."""

    STOCK = "stock"
    FLOW = "flow"
    RATIO = "ratio"
    SHARE = "share"


_GLYPHS: dict[Status, str] = {
    Status.NOT_STARTED: "○",
    Status.ON_TRACK: "●",
    Status.AT_RISK: "◆",
    Status.BEHIND: "▼",
    Status.ACHIEVED: "✔",
    Status.PARTIAL: "◐",
    Status.MISSED: "✖",
    Status.UNKNOWN: "?",
    Status.PAUSED: "‖",
    Status.CANCELLED: "⊘",
}
