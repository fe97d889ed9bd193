"""The planned line of a key result, for drawing.

Belongs here: knots of the plan. Does not: expected progress of many key results at an instant (pace).
"""

from datetime import datetime

import numpy as np

from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.contribution import contributors_of, steps_of
from okr_pipeline.model.okr import (
    Accumulate,
    Budget,
    Cadence,
    Change,
    KeyResult,
    Maintain,
    Milestones,
    Reach,
    RelativeTarget,
    Share,
)
from okr_pipeline.scoring.compiling import planned_values


def plan(
    configuration: Configuration, key_result: KeyResult | str, *, baseline: float | None = None
) -> list[tuple[datetime, float]]:
    """The plan as (instant, expected progress), a piecewise linear line from start to end; a step is two points.

    `baseline` is what a key result that is measured from its start, or from an earlier sum, starts from. Without it
    the way of such a key result has no length, and its checkpoints are drawn as a straight line.

    Raises:
        KeyError: there is no key result of that full id.
    """
    found = key_result if isinstance(key_result, KeyResult) else named_key_result(configuration, key_result)
    calendar = configuration.project.calendar
    start, end = calendar.start_of_day(found.starts), calendar.end_of_day(found.ends)
    match found.measure:
        case Maintain() | Cadence() | Budget():
            return [(start, 1.0), (end, 1.0)]
        case Milestones():
            return _steps(configuration, found)
    if found.pace.kind != "checkpoints":
        return [(start, 0.0), (end, 1.0)]
    return _checkpoints(configuration, found, baseline)


def named_key_result(configuration: Configuration, full_id: str) -> KeyResult:
    """The key result of a full id.

    Raises:
        KeyError: there is none.
    """
    for each in configuration.key_results():
        if each.full_id == full_id:
            return each
    raise KeyError(f"no key result '{full_id}' in this configuration; `okr status` lists them")


def _steps(configuration: Configuration, key_result: KeyResult) -> list[tuple[datetime, float]]:
    calendar = configuration.project.calendar
    contributors = contributors_of(configuration.key_results())
    items = [
        (min(item.due or owner.ends, owner.ends), item.weight) for owner, item in steps_of(key_result, contributors)
    ]
    total = sum(weight for _, weight in items)
    points, sofar = [(calendar.start_of_day(key_result.starts), 0.0)], 0.0
    for due in sorted({due for due, _ in items}):
        at = calendar.end_of_day(due)
        points.append((at, sofar))
        sofar = sum(weight for it, weight in items if it <= due) / total
        points.append((at, sofar))
    return points


def _checkpoints(
    configuration: Configuration, key_result: KeyResult, baseline: float | None
) -> list[tuple[datetime, float]]:
    calendar = configuration.project.calendar
    way = _way(key_result, baseline)
    knots = planned_values(key_result)
    shares = [np.nan if way is None else (value - way[0]) / (way[1] - way[0]) for _, value in knots]
    shares[0], shares[-1] = 0.0, 1.0
    instants = [calendar.start_of_day(day) for day, _ in knots]
    return [(at, float(share)) for at, share in zip(instants, shares, strict=True) if np.isfinite(share)]


def _way(key_result: KeyResult, baseline: float | None) -> tuple[float, float] | None:
    """From where to where a key result goes; None where it is not known or has no length."""
    match key_result.measure:
        case Reach(from_, to):
            origin = baseline if isinstance(from_, str) else from_
            way = (origin, to) if origin is not None else None
        case Change(by, from_):
            origin = baseline if isinstance(from_, str) else from_
            way = (
                None
                if origin is None
                else (origin, origin * (1 + by.value) if isinstance(by, Share) else origin + by.value)
            )
        case Accumulate(RelativeTarget(share)):
            way = None if baseline is None else (0.0, baseline * (1 + share))
        case Accumulate(to):
            way = (0.0, float(to)) if isinstance(to, int | float) else None
        case _:
            way = None
    return way if way is not None and way[0] != way[1] else None
