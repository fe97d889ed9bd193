"""Pace: the progress that the plan asks for at an instant.

Belongs here: expected progress of every measure, and the planned line to draw. Does not: judging it (statuses).
"""

import numpy as np

from okr_pipeline.scoring.arrays import NO_INSTANT, Booleans, Floats, Integers
from okr_pipeline.scoring.definitions import Checkpoints, Definitions, KeyResults, Kind
from okr_pipeline.scoring.grids import local_days
from okr_pipeline.scoring.milestones import share_due


def elapsed_shares(definitions: Definitions, moments: Integers) -> Floats:
    """The share of each key result's local days that is over at an instant for each; 0 before, 1 after."""
    of = definitions.key_results
    return np.clip(local_days(definitions.days, of.first_day, moments) / of.days, 0.0, 1.0)


def is_level(of: KeyResults) -> Booleans:
    """Which measures ask for all of it from the first ended period on: those that are kept, not reached."""
    return np.isin(of.kind, (Kind.LIMIT, Kind.MAINTAIN, Kind.CADENCE))


def expected_progress(
    definitions: Definitions, moments: Integers, any_ended: Booleans, base: Floats, target: Floats
) -> Floats:
    """The plan at an instant for each key result; NaN where there is no instant."""
    of = definitions.key_results
    known = moments != NO_INSTANT
    at = np.where(known, moments, of.start)
    expected = elapsed_shares(definitions, at)
    if len(definitions.checkpoints.rows):
        _put_checkpoints(definitions, expected, at, base, target)
    if len(definitions.milestones.owner):
        expected = np.where(of.kind == Kind.MILESTONES, share_due(definitions, at), expected)
    expected = np.where(is_level(of), any_ended.astype(np.float64), expected)
    return np.where(known, expected, np.nan)


def _put_checkpoints(definitions: Definitions, expected: Floats, at: Integers, base: Floats, target: Floats) -> None:
    """Piecewise linear from (start, from) to (end, target), as shares of the way; linear where there is no way."""
    of, rows = definitions.key_results, definitions.checkpoints.rows
    origin = np.where(of.kind[rows] == Kind.ACCUMULATE, 0.0, base[rows])
    day = local_days(definitions.days, of.first_day[rows], at[rows])
    with np.errstate(all="ignore"):
        between = _interpolated(definitions.checkpoints, origin, target[rows], day)
        ahead = np.where(of.sign[rows] == 0, origin != target[rows], of.sign[rows] * (target[rows] - origin) > 0)
    expected[rows] = np.where(np.isfinite(between) & ahead, between, expected[rows])


def _interpolated(plan: Checkpoints, origin: Floats, target: Floats, day: Floats) -> Floats:
    planned = (plan.value - origin[plan.owner]) / (target - origin)[plan.owner]
    last = np.append(plan.offsets[1:], len(plan.day)) - 1
    planned[plan.offsets], planned[last] = 0.0, 1.0
    passed = np.bincount(plan.owner, weights=plan.day <= day[plan.owner], minlength=len(day)).astype(np.int64)
    left = np.clip(plan.offsets + passed - 1, plan.offsets, last - 1)
    share = np.clip((day - plan.day[left]) / (plan.day[left + 1] - plan.day[left]), 0.0, 1.0)
    between = planned[left] + (planned[left + 1] - planned[left]) * share
    return np.asarray(np.where(share == 1.0, planned[left + 1], between), dtype=np.float64)
