"""Verdicts: why a status rule says what it says, as one comparison that holds.

Belongs here: the words and bounds of every rule, for one key result or objective. Does not: judging (scoring.rules);
that both agree on every case is a law among the tests.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from okr_pipeline.model.explanation import Step, Written
from okr_pipeline.model.okr import Intent
from okr_pipeline.model.score import Status
from okr_pipeline.scoring import Facts

_ROUNDING = 1e-12


class Verdict(NamedTuple):
    """A status, why in words, and the comparison that holds."""

    status: Status
    how: str
    numbers: Written = ()


class _Band(NamedTuple):
    """Statuses by a number, the best first: each from its bound on, the last whatever is left."""

    names: tuple[Status, Status, Status]
    bounds: tuple[float, float]


_OPEN = (Status.ON_TRACK, Status.AT_RISK, Status.BEHIND)
_ENDED = (Status.ACHIEVED, Status.PARTIAL, Status.MISSED)


def verdict_of(rule: str, facts: Facts) -> Verdict:
    """What a rule says of facts, in the order in which it is decided."""
    progress = facts.progress
    if not facts.started:
        return Verdict(Status.NOT_STARTED, "its first day has not begun")
    if facts.state != "active":
        return Verdict(Status(facts.state), f"it is {facts.state}")
    if facts.learnt and facts.over:
        return Verdict(Status.ACHIEVED, "its end has passed, and a check-in tells the finding")
    if progress is None:
        return Verdict(Status.UNKNOWN, "its progress is unknown")
    if facts.over:
        return _GRADES[rule](facts, progress)
    # There is a plan wherever there is progress; one that asks for nothing is 0.
    return _uncontradicted(_OPENS[rule](facts, progress, facts.expected or 0.0), progress, facts.expected or 0.0)


def verdict_step(rule: str, facts: Facts, reason: str) -> Step:
    """The step that ends with the status. `reason` is in words, empty where there is none."""
    verdict = verdict_of(rule, facts)
    remark = verdict.status.word + (f" ({reason})" if reason else "")
    return Step("status", f"rule {rule}, {facts.intent}: {verdict.how}", verdict.numbers, remark=remark)


def _uncontradicted(verdict: Verdict, progress: float, expected: float) -> Verdict:
    if verdict.status in (Status.BEHIND, Status.AT_RISK) and progress >= expected:
        return Verdict(Status.ON_TRACK, "at or above the plan it is never behind", (progress, " ≥ ", expected))
    return verdict


def _by_share(progress: float, expected: float, on_track: float, at_risk: float) -> Verdict:
    """Progress as a share of the plan."""
    how = f"on track from {on_track:g} of the plan, at risk from {at_risk:g}"
    return _off_scale(progress, expected, how) or _banded(
        (progress, " / ", expected), progress / expected, _Band(_OPEN, (on_track, at_risk)), how
    )


def _off_scale(progress: float, expected: float, how: str) -> Verdict | None:
    """At or above the plan it is on track, below one that asks for nothing behind; else the share of the plan says."""
    if progress >= expected:
        return Verdict(Status.ON_TRACK, f"{how}; it is at or above the plan", (progress, " ≥ ", expected))
    if expected <= 0:
        return Verdict(Status.BEHIND, f"{how}; it is below a plan of nothing", (progress, " < ", expected))
    return None


def _by_points(progress: float, expected: float, bounds: tuple[float, float], how: str) -> Verdict:
    """Points below the plan: up to the first bound on track (below it where it is not 0), up to the second at risk."""
    below, written = round(100 * (expected - progress), 10), (*_points(progress, expected),)
    on_track = below < bounds[0] if bounds[0] else below <= 0
    if on_track:
        return Verdict(Status.ON_TRACK, how, (*written, " < " if bounds[0] else " ≤ ", bounds[0]))
    if below <= bounds[1]:
        return Verdict(Status.AT_RISK, how, (*written, " ≤ ", bounds[1]))
    return Verdict(Status.BEHIND, how, (*written, " > ", bounds[1]))


def _points(progress: float, expected: float) -> Written:
    return ("100 · (", expected, " − ", progress, ")")


def _banded(written: Written, number: float, band: _Band, how: str, *, strict: bool = False) -> Verdict:
    """Where a number lies; with `strict` the second bound itself belongs to what is below it."""
    first, second = band.bounds
    if number >= first - _ROUNDING:
        return Verdict(band.names[0], how, (*written, " ≥ ", first))
    if number > second + _ROUNDING if strict else number >= second - _ROUNDING:
        between = (first, " > ", *written, " > " if strict else " ≥ ", second)
        return Verdict(band.names[1], how, between)
    return Verdict(band.names[2], how, (*written, " ≤ " if strict else " < ", second))


def _threshold(progress: float, statuses: tuple[Status, Status]) -> Verdict:
    how = "a threshold is met, or not"
    if progress >= 1:
        return Verdict(statuses[0], how, (progress, " ≥ ", 1.0))
    return Verdict(statuses[1], how, (progress, " < ", 1.0))


def _pace(facts: Facts, progress: float, expected: float) -> Verdict:
    if facts.lasting and progress >= 1:
        return Verdict(Status.ACHIEVED, "the target is reached, and cannot be lost again", (progress, " ≥ ", 1.0))
    if facts.hopeless:
        return Verdict(Status.BEHIND, "even the best end would break the promise")
    if facts.in_grace and progress >= 0:
        return _in_grace(facts)
    stretch = facts.intent is Intent.ASPIRATIONAL
    return _by_share(progress, expected, *((0.7, 0.5) if stretch else (0.9, 0.7)))


def _in_grace(facts: Facts) -> Verdict:
    if facts.elapsed is None or facts.grace is None:
        return Verdict(Status.ON_TRACK, "all that is known in it is too young to judge, and has not gone back")
    how = "too early to judge, and progress is not below 0"
    return Verdict(Status.ON_TRACK, how, (facts.elapsed, " ≤ ", facts.grace))


def _pace_grade(facts: Facts, progress: float) -> Verdict:
    if facts.intent is Intent.ASPIRATIONAL:
        how = "after the end: achieved from 0.7, partial from 0.3"
        return _banded((progress,), progress, _Band(_ENDED, (0.7, 0.3)), how)
    return _whole(progress, "after the end: all of it is achieved, less is missed")


def _whole(progress: float, how: str) -> Verdict:
    if progress >= 1:
        return Verdict(Status.ACHIEVED, how, (progress, " ≥ ", 1.0))
    return Verdict(Status.MISSED, how, (progress, " < ", 1.0))


def _viva(facts: Facts, progress: float, expected: float) -> Verdict:
    if facts.threshold:
        return _threshold(progress, (Status.ON_TRACK, Status.BEHIND))
    how = "on track up to 0 points below the plan, at risk up to 25"
    return _by_points(progress, expected, (0.0, 25.0), how)


def _engagedly(facts: Facts, progress: float, expected: float) -> Verdict:
    if facts.threshold:
        return _threshold(progress, (Status.ON_TRACK, Status.AT_RISK))
    if progress >= 1:
        return Verdict(Status.ACHIEVED, "the target is reached", (progress, " ≥ ", 1.0))
    how = "on track below 16.5 points under the plan, at risk up to 33"
    return _by_points(progress, expected, (16.5, 33.0), how)


def _engagedly_grade(facts: Facts, progress: float) -> Verdict:
    if facts.threshold:
        return _threshold(progress, (Status.ACHIEVED, Status.MISSED))
    return _pace_grade(facts, progress)


def _mooncamp(facts: Facts, progress: float, expected: float) -> Verdict:
    if progress >= 1:
        status = Status.ON_TRACK if facts.threshold else Status.ACHIEVED
        return Verdict(status, "the target is reached", (progress, " ≥ ", 1.0))
    return _by_share(progress, expected, 0.9, 0.7)


def _mooncamp_grade(_facts: Facts, progress: float) -> Verdict:
    how = "after the end: achieved from 1, partial from 0.5"
    if progress >= 1:
        return Verdict(Status.ACHIEVED, how, (progress, " ≥ ", 1.0))
    if progress >= 0.5 - _ROUNDING:
        return Verdict(Status.PARTIAL, how, (1.0, " > ", progress, " ≥ ", 0.5))
    return Verdict(Status.MISSED, how, (progress, " < ", 0.5))


def _leankit(_facts: Facts, progress: float, expected: float) -> Verdict:
    how, below = "on track less than 10 points below the plan, else behind", round(100 * (expected - progress), 10)
    written = _points(progress, expected)
    if below < 10:
        return Verdict(Status.ON_TRACK, how, (*written, " < ", 10.0))
    return Verdict(Status.BEHIND, how, (*written, " ≥ ", 10.0))


def _leankit_grade(_facts: Facts, progress: float) -> Verdict:
    how = "after the end: achieved from 0.9"
    if progress >= 0.9 - _ROUNDING:
        return Verdict(Status.ACHIEVED, how, (progress, " ≥ ", 0.9))
    return Verdict(Status.MISSED, how, (progress, " < ", 0.9))


def _google(_facts: Facts, progress: float, expected: float) -> Verdict:
    how = "on track from 0.7 of the plan, at risk above 0.3"
    band = _Band(_OPEN, (0.7, 0.3))
    return _off_scale(progress, expected, how) or _banded(
        (progress, " / ", expected), progress / expected, band, how, strict=True
    )


def _google_grade(_facts: Facts, progress: float) -> Verdict:
    how = "after the end: achieved from 0.7, partial above 0.3"
    return _banded((progress,), progress, _Band(_ENDED, (0.7, 0.3)), how, strict=True)


_OPENS: Mapping[str, Callable[[Facts, float, float], Verdict]] = {
    "pace": _pace,
    "viva": _viva,
    "engagedly": _engagedly,
    "upraise": lambda _, progress, expected: _by_share(progress, expected, 0.95, 0.75),
    "mooncamp": _mooncamp,
    "leankit": _leankit,
    "zokri": lambda _, progress, expected: _by_share(progress, expected, 0.75, 0.5),
    "google": _google,
}
_GRADES: Mapping[str, Callable[[Facts, float], Verdict]] = {
    "pace": _pace_grade,
    "viva": _pace_grade,
    "engagedly": _engagedly_grade,
    "upraise": _pace_grade,
    "mooncamp": _mooncamp_grade,
    "leankit": _leankit_grade,
    "zokri": _pace_grade,
    "google": _google_grade,
}
