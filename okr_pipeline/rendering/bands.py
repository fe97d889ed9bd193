"""Healthy bands and what a KPI does against them, in words and figures.

Belongs here: text that every form of KPI health shares. Does not: figures by themselves (numbers), the page (page).
"""

from collections.abc import Mapping
from typing import Final

from okr_pipeline.model.health import HealthState, Signal
from okr_pipeline.model.score import Status
from okr_pipeline.rendering.json_form import SnapshotError
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


_SHAPES: Final[Mapping[str, str]] = {
    HealthState.BREACH: Status.BEHIND,
    HealthState.UNKNOWN: Status.UNKNOWN,
    HealthState.HEALTHY: Status.ON_TRACK,
}


def state_shape(state: str) -> str:
    """The status whose shape and colour a state is shown with.

    Raises:
        SnapshotError: there is no such state of a KPI that is judged.
    """
    if state not in _SHAPES:
        raise SnapshotError(f"state {state!r} of a KPI does not exist. A state is one of {', '.join(_SHAPES)}.")
    return _SHAPES[state]


def answer(counts: Mapping[str, int], reviews: int) -> str:
    """How the KPIs are, in a sentence.

    >>> answer({"breach": 2, "unknown": 1, "healthy": 7}, 1)
    '2 of 10 KPIs are outside their healthy band, 1 is unknown; 1 review is open.'
    >>> answer({"healthy": 3}, 0), answer({}, 0)
    ('All 3 KPIs are inside their healthy band.', 'No metric has a healthy band.')
    """
    total, breach = sum(counts.values()), counts.get(HealthState.BREACH, 0)
    unknown = counts.get(HealthState.UNKNOWN, 0)
    if not total:
        return "No metric has a healthy band."
    if counts.get(HealthState.HEALTHY, 0) == total and not reviews:
        return (
            f"All {plural(total, 'KPI')} are inside their healthy band." if total > 1 else "The KPI is inside its band."
        )
    said = f"{breach} of {plural(total, 'KPI')} {'is outside its' if breach == 1 else 'are outside their'} healthy band"
    said += f", {unknown} {'is' if unknown == 1 else 'are'} unknown" if unknown else ""
    return said + (f"; {plural(reviews, 'review is', 'reviews are')} open." if reviews else ".")


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
