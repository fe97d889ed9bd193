"""Measures: a value into a target and progress, for every measure.

Belongs here: the formulas of progress. Does not: values (rollups), reasons why there is none (standing).
"""

import numpy as np

from okr_pipeline.scoring.arrays import ROUNDING, Booleans, Floats, Integers
from okr_pipeline.scoring.definitions import Form, KeyResults, Kind


def targets(of: KeyResults, base: Floats) -> Floats:
    """The number that progress 1 stands for, on the scale of the value; NaN where the base it needs is unknown.

    A share of a base that is not positive has no meaning, nor has a sum up to a target that is not.
    """
    with np.errstate(all="ignore"):
        made = np.select(
            [of.form == Form.SHARE, of.form == Form.POINTS],
            [np.where(base > 0, base * (1 + of.amount), np.nan), base + of.amount],
            of.amount,
        )
        made = np.where((of.kind == Kind.ACCUMULATE) & ~(made > 0), np.nan, made)
    return np.where(np.isfinite(made), made, np.nan)


def progress_of(of: KeyResults, value: Floats, base: Floats, target: Floats) -> Floats:
    """Progress, unclamped: 0 at the base, 1 at the target; NaN where it is unknown."""
    with np.errstate(all="ignore"):
        made = np.select(
            [goes_between(of), of.kind == Kind.LIMIT, of.kind == Kind.BASELINE],
            [_between(of.sign, value, base, target), _within(value, target), np.minimum(value / target, 1.0)],
            value / target,
        )
        made = np.where(np.abs(made - 1) <= ROUNDING, 1.0, made)
    return np.where(np.isfinite(made), made, np.nan)


def goes_between(of: KeyResults) -> Booleans:
    """Which go from one value to another, so that progress is the part of the way that is behind them."""
    return np.asarray((of.kind <= Kind.CHANGE) | (of.kind == Kind.MANUAL), dtype=np.bool_)


def _between(sign: Floats, value: Floats, base: Floats, target: Floats) -> Floats:
    """(value − from) / (to − from). A base that is already at or beyond the target: 1 while that holds, else 0.

    >>> _between(np.array([-1.0, -1.0]), np.array([12.0, 9.0]), np.array([15.0, 8.0]), np.array([10.0, 10.0])).tolist()
    [0.6, 1.0]
    """
    distance = target - base
    there = (distance == 0) | (sign * distance < 0)
    direction = np.where(sign == 0, np.sign(distance), sign)
    holds = np.where(direction == 0, value == target, direction * (value - target) >= 0)
    beyond = np.where(np.isnan(value) | np.isnan(base) | np.isnan(target), np.nan, holds.astype(np.float64))
    return np.where(there, beyond, (value - base) / distance)


def _within(value: Floats, limit: Floats) -> Floats:
    """1 while value ≤ limit, then 1 − overrun / limit. A limit of 0 is kept or broken: 1 or 0."""
    over = np.where(limit > 0, 1 - (value - limit) / limit, 0.0)
    return np.where(np.isnan(value) | np.isnan(limit), np.nan, np.where(value <= limit, 1.0, over))


def best_attainable(held: Floats, observed: Integers, periods: Integers) -> Floats:
    """The share of the whole span that is held if every period not yet observed turns out good."""
    with np.errstate(all="ignore"):
        best = (held + np.maximum(periods - observed, 0)) / np.maximum(periods, observed)
    return np.asarray(best, dtype=np.float64)
