"""The planned line of a key result, for drawing.

Belongs here: knots of the plan. Does not: expected progress of many key results at an instant (pace).
"""

from datetime import datetime

import numpy as np
import pandas as pd

from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.contribution import Contributors, contributors_of, steps_of
from okr_pipeline.model.frames import OBSERVATIONS
from okr_pipeline.model.okr import (
    Accumulate,
    Baseline,
    Budget,
    Cadence,
    Change,
    KeyResult,
    Maintain,
    Manual,
    Milestones,
    Reach,
    RelativeTarget,
    Share,
)
from okr_pipeline.scoring.arrays import ROUNDING, Floats, instant_of
from okr_pipeline.scoring.compiling import compile_definitions
from okr_pipeline.scoring.measures import targets
from okr_pipeline.scoring.pace import applied_shapes, expected_progress
from okr_pipeline.scoring.seasons import measure_seasons
from okr_pipeline.scoring.shaping import planned_values
from okr_pipeline.scoring.views import build_tracks


def plan(
    configuration: Configuration,
    key_result: KeyResult | str,
    *,
    baseline: float | None = None,
    observations: pd.DataFrame | None = None,
    quarantine: pd.DataFrame | None = None,
    contributors: Contributors | None = None,
) -> list[tuple[datetime, float]]:
    """The plan as (instant, expected progress), a piecewise linear line from start to end; a step is two points.

    `baseline` is what a key result that is measured from its start, or from an earlier sum, starts from. Without it
    the way of such a key result has no length, and its checkpoints are drawn as a straight line. `observations` and
    `quarantine` are what a season is taken from; without them it is a straight line, too. A curve has points at
    midnights, where scores lie on it. `contributors` are those of the configuration, for who plans many key results.

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
            if contributors is None:
                contributors = contributors_of(configuration.key_results())
            return _steps(configuration, found, contributors)
        case Baseline() | Manual():
            return [(start, 0.0), (end, 1.0)]
    match found.pace.kind:
        case "linear":
            return [(start, 0.0), (end, 1.0)]
        case "checkpoints":
            return _checkpoints(configuration, found, baseline)
        case _:
            nothing = pd.DataFrame(columns=list(OBSERVATIONS))
            seen = nothing if observations is None else observations
            return _curve(configuration, found, baseline, seen, nothing if quarantine is None else quarantine)


def named_key_result(configuration: Configuration, full_id: str) -> KeyResult:
    """The key result of a full id.

    Raises:
        KeyError: there is none.
    """
    for each in configuration.key_results():
        if each.full_id == full_id:
            return each
    raise KeyError(f"no key result '{full_id}' in this configuration; `okr status` lists them")


def _steps(
    configuration: Configuration, key_result: KeyResult, contributors: Contributors
) -> list[tuple[datetime, float]]:
    calendar = configuration.project.calendar
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


def _curve(
    configuration: Configuration,
    key_result: KeyResult,
    baseline: float | None,
    observations: pd.DataFrame,
    quarantine: pd.DataFrame,
) -> list[tuple[datetime, float]]:
    """What scores expect at every midnight, without the points that lie on the line between their neighbours.

    The first row is the key result; those that it is the sum of follow.
    """
    until = configuration.project.calendar.end_of_day(key_result.ends)
    definitions = compile_definitions(configuration, until=until, key_results={key_result.full_id})
    tracks = build_tracks(definitions, observations, quarantine)
    of, seasons = definitions.key_results, measure_seasons(definitions, tracks)
    midnights = definitions.days.bounds[of.first_day[0] : of.first_day[0] + of.days[0] + 1]
    base = np.where(np.isnan(of.from_), np.nan if baseline is None else baseline, of.from_)
    target, ended = targets(of, base), np.ones(len(base), dtype=np.bool_)
    shapes = applied_shapes(definitions, seasons, base, target)
    moments = (np.full(len(base), at, dtype=np.int64) for at in midnights)
    shares = [float(expected_progress(definitions, at, ended, base, target, seasons, shapes)[0]) for at in moments]
    return [(instant_of(midnights[day]), shares[day]) for day in _corners(np.array(shares))]


def _corners(shares: Floats) -> list[int]:
    """The first and the last point, and those where a line turns."""
    turns = np.flatnonzero(np.abs(np.diff(shares, n=2)) > ROUNDING) + 1
    return [0, *(int(day) for day in turns), len(shares) - 1]


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
