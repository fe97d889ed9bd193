"""Pace: the progress that the plan asks for at an instant.

Belongs here: expected progress of every measure and shape. Does not: what a shape is made of (shaping, seasons), the
planned line to draw (planning), judging it (statuses).

With t the elapsed share of a key result's local days, `linear` expects t, `back_loaded` t², `front_loaded`
1 − (1 − t)², which is the mirror image of it; `business_days` expects the elapsed share of its business days.
"""

import numpy as np

from okr_pipeline.scoring.arrays import NO_INSTANT, Booleans, Floats, Integers
from okr_pipeline.scoring.definitions import Checkpoints, Definitions, KeyResults, Kind, Shape
from okr_pipeline.scoring.grids import local_days
from okr_pipeline.scoring.milestones import share_due
from okr_pipeline.scoring.seasons import Seasons


def elapsed_shares(definitions: Definitions, moments: Integers) -> Floats:
    """The share of each key result's local days that is over at an instant for each; 0 before, 1 after."""
    return np.clip(_days_in(definitions, moments) / definitions.key_results.days, 0.0, 1.0)


def is_level(of: KeyResults) -> Booleans:
    """Which measures ask for all of it from the first ended period on: those that are kept, not reached."""
    return np.isin(of.kind, (Kind.LIMIT, Kind.MAINTAIN, Kind.CADENCE))


def applied_shapes(definitions: Definitions, seasons: Seasons, base: Floats, target: Floats) -> Integers:
    """The shape that each plan really has: linear where one that is asked for cannot be made.

    There are no checkpoints on a way that is unknown or leads back, no business days in a span that has none, and no
    season without enough history, or of a level without a way.
    """
    of = definitions.key_results
    shapes = of.pace.copy()
    ahead = _leads_on(definitions, np.where(of.kind == Kind.ACCUMULATE, 0.0, base), target)
    shapes[(shapes == Shape.CHECKPOINTS) & ~ahead] = Shape.LINEAR
    counted = np.flatnonzero(shapes == Shape.BUSINESS_DAYS)
    before, after = _business_days(definitions, counted)
    shapes[counted[after <= before]] = Shape.LINEAR
    known = np.zeros(len(shapes), dtype=np.bool_)
    known[seasons.rows] = (seasons.years > 0) & (seasons.flow | ahead[seasons.rows])
    shapes[(shapes == Shape.SEASONAL) & ~known] = Shape.LINEAR
    return shapes


def expected_progress(
    definitions: Definitions,
    moments: Integers,
    any_ended: Booleans,
    base: Floats,
    target: Floats,
    seasons: Seasons,
    shapes: Integers,
) -> Floats:
    """The plan at an instant for each key result; NaN where there is no instant. `shapes` are those that apply."""
    of = definitions.key_results
    known = moments != NO_INSTANT
    at = np.where(known, moments, of.start)
    day = _days_in(definitions, at)
    expected = np.clip(day / of.days, 0.0, 1.0)
    _put_shares(definitions, expected, at, shapes)
    if len(definitions.checkpoints.rows):
        _put_checkpoints(definitions, expected, day, base, target, shapes)
    if len(seasons.rows):
        _put_seasons(definitions, expected, day, base, target, seasons, shapes)
    if len(definitions.milestones.owner):
        expected = np.where(of.kind == Kind.MILESTONES, share_due(definitions, at), expected)
    expected = np.where(is_level(of), any_ended.astype(np.float64), expected)
    return np.where(known, expected, np.nan)


def _days_in(definitions: Definitions, moments: Integers) -> Floats:
    """Instants in local days since the start of each key result."""
    return local_days(definitions.days, definitions.key_results.first_day, moments)


def _put_shares(definitions: Definitions, expected: Floats, at: Integers, shapes: Integers) -> None:
    """The shapes that follow from the elapsed share of days alone."""
    rows = np.flatnonzero(shapes == Shape.FRONT_LOADED)
    expected[rows] = 1 - (1 - expected[rows]) ** 2
    rows = np.flatnonzero(shapes == Shape.BACK_LOADED)
    expected[rows] = expected[rows] ** 2
    rows = np.flatnonzero(shapes == Shape.BUSINESS_DAYS)
    if len(rows):
        before, after = _business_days(definitions, rows)
        worked = _worked(definitions, at[rows])
        expected[rows] = np.clip((worked - before) / (after - before), 0.0, 1.0)


def _business_days(definitions: Definitions, rows: Integers) -> tuple[Integers, Integers]:
    """How many business days of the calendar are over at the start and at the end of key results."""
    first, days = definitions.key_results.first_day[rows], definitions.key_results.days[rows]
    if not len(rows):
        return first, first
    return definitions.business_days[first], definitions.business_days[first + days]


def _worked(definitions: Definitions, at: Integers) -> Floats:
    """How many business days of the calendar are over at instants, with the part of one that has begun."""
    day = local_days(definitions.days, np.zeros(len(at), dtype=np.int64), at)
    whole = np.clip(np.floor(day).astype(np.int64), 0, len(definitions.business_days) - 2)
    before, after = definitions.business_days[whole], definitions.business_days[whole + 1]
    return np.asarray(before + (after - before) * (day - whole), dtype=np.float64)


def _leads_on(definitions: Definitions, origin: Floats, target: Floats) -> Booleans:
    """Whether there is a way from where each starts to its target, and in its good direction."""
    sign = definitions.key_results.sign
    with np.errstate(all="ignore"):
        way = target - origin
        ahead = np.where(sign == 0, way != 0, sign * way > 0)
    return np.asarray(np.isfinite(way) & ahead, dtype=np.bool_)


def _put_checkpoints(
    definitions: Definitions, expected: Floats, day: Floats, base: Floats, target: Floats, shapes: Integers
) -> None:
    """Piecewise linear from (start, from) to (end, target), as shares of the way."""
    of, rows = definitions.key_results, definitions.checkpoints.rows
    origin = np.where(of.kind[rows] == Kind.ACCUMULATE, 0.0, base[rows])
    with np.errstate(all="ignore"):
        between = _interpolated(definitions.checkpoints, origin, target[rows], day[rows])
    expected[rows] = np.where(shapes[rows] == Shape.CHECKPOINTS, between, expected[rows])


def _interpolated(plan: Checkpoints, origin: Floats, target: Floats, day: Floats) -> Floats:
    planned = (plan.value - origin[plan.owner]) / (target - origin)[plan.owner]
    last = np.append(plan.offsets[1:], len(plan.day)) - 1
    planned[plan.offsets], planned[last] = 0.0, 1.0
    passed = np.bincount(plan.owner, weights=plan.day <= day[plan.owner], minlength=len(day)).astype(np.int64)
    left = np.clip(plan.offsets + passed - 1, plan.offsets, last - 1)
    share = np.clip((day - plan.day[left]) / (plan.day[left + 1] - plan.day[left]), 0.0, 1.0)
    between = planned[left] + (planned[left + 1] - planned[left]) * share
    return np.asarray(np.where(share == 1.0, planned[left + 1], between), dtype=np.float64)


def _put_seasons(
    definitions: Definitions,
    expected: Floats,
    day: Floats,
    base: Floats,
    target: Floats,
    seasons: Seasons,
    shapes: Integers,
) -> None:
    """The share of a flow that earlier years had by then; of a level, how far they strayed from a straight line."""
    of, rows = definitions.key_results, seasons.rows
    day = np.clip(day[rows], 0.0, of.days[rows])
    left = np.minimum(np.floor(day).astype(np.int64), of.days[rows] - 1)
    before, after = seasons.curve[seasons.offsets + left], seasons.curve[seasons.offsets + left + 1]
    knot = np.where(day - left == 1.0, after, before + (after - before) * (day - left))
    with np.errstate(all="ignore"):
        level = expected[rows] + knot / (target[rows] - base[rows])
    followed = np.where(seasons.flow, knot, level)
    expected[rows] = np.where((shapes[rows] == Shape.SEASONAL) & np.isfinite(followed), followed, expected[rows])
