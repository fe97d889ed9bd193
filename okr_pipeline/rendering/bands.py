"""Healthy bands and what a KPI does against them, in words and figures.

Belongs here: text that every form of KPI health shares. Does not: figures by themselves (numbers), the page (page).
"""

from collections.abc import Mapping
from typing import Final

from okr_pipeline.model.health import HealthState, Signal
from okr_pipeline.rendering.numbers import quantity, shown_unit
from okr_pipeline.rendering.words import plural

SIGNALS: Final[Mapping[str, str]] = {
    Signal.OUTSIDE_LIMITS: "outside its limits",
    Signal.EIGHT_ON_ONE_SIDE: "eight in a row on one side",
    Signal.THREE_NEAR_A_LIMIT: "three of four near a limit",
    Signal.NONE: "as usual",
    Signal.TOO_SHORT: "too short for limits",
    Signal.FLAT: "never varied",
}


def band_unit(unit: str, low: float | None, high: float | None) -> str:
    """The unit that a KPI and its band are shown in: a ratio whose bounds lie within 0..1 is a share."""
    return shown_unit("reach", unit, target=high, baseline=low)


def band_words(low: float | None, high: float | None, unit: str) -> str:
    r"""A healthy band.

    >>> band_words(None, 15.0, "minutes"), band_words(0.75, None, "share"), band_words(1.0, 5.0, "count")
    ('≤ 15\xa0min', '≥ 75\u202f%', '1 to 5')
    """
    if low is None:
        return f"≤ {quantity(high, unit)}"
    if high is None:
        return f"≥ {quantity(low, unit)}"
    return f"{quantity(low, unit)} to {quantity(high, unit)}"


def signal_words(state: str, signal: str | None, direction: str | None, *, noise: bool) -> str:
    """What the natural limits say.

    >>> signal_words("healthy", "outside_limits", "high", noise=False), signal_words("breach", "none", None, noise=True)
    ('outside its limits, high', 'noise: its limits expect this')
    """
    if noise:
        return "noise: its limits expect this"
    if state == HealthState.BREACH and signal == Signal.NONE:
        return "its usual level is outside the band"
    said = SIGNALS[signal] if signal else ""
    return f"{said}, {direction}" if direction else said


def streak_words(periods: int) -> str:
    """So many periods in a row.

    >>> streak_words(1), streak_words(3)
    ('1 period', '3 periods')
    """
    return plural(periods, "period")
