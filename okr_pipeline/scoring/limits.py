"""Natural limits: what a series' own history says its next values will be, and which values say that it has changed.

Belongs here: the arithmetic of a process behaviour chart (XmR) at any rows of any series. Does not: which series
(kpis), what is made of a signal (health).

Limits are the mean ± 2.66 × the mean moving range of the values before (W. E. Deming's and W. A. Shewhart's chart in
the form of D. J. Wheeler, *Understanding Variation*, 1993: the constants and the three rules are his). A value never
takes part in the limits that it is judged by: at a row they come from up to `BASELINE` values that end before the
newest `RUN`, or, in a short series, from its first `LEAST`. Wheeler computes them from as few as five or six and trusts
them more as they grow; we ask for ten. They hold for values in order, of one process, measured in one way.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from okr_pipeline.model.health import Signal
from okr_pipeline.scoring.arrays import Booleans, Floats, Integers, fold

BASELINE: Final = 24
LEAST: Final = 10
RUN: Final = 8
WIDTH: Final = 2.66
_NEAR: Final = 4
SIGNALS: Final = tuple(Signal)
SIGNAL: Final = {signal: code for code, signal in enumerate(SIGNALS)}


@dataclass(frozen=True, slots=True)
class Limits:
    """Columns, one row per judged row: NaN where there are no limits.

    `half` is the distance from the centre to either limit; `judged_from` is the first row that had no part in them.
    """

    centre: Floats
    half: Floats
    judged_from: Integers


def natural_limits(value: Floats, first: Integers, rows: Integers) -> Limits:
    """The limits that each of `rows` is judged by; `first` is the first row of its series.

    `value` has one cell more than rows. Where values did not vary at all there are limits of no width.
    """
    before = rows - first
    judged_from = first + np.maximum(np.minimum(before, LEAST), before - RUN + 1)
    known = before >= LEAST
    start = np.maximum(first, judged_from - BASELINE)
    centre = fold(np.add, value, start, judged_from) / np.maximum(judged_from - start, 1)
    ranges = np.append(np.abs(np.diff(value[:-1], prepend=value[:1])), 0.0)
    moving = fold(np.add, ranges, start + 1, judged_from) / np.maximum(judged_from - start - 1, 1)
    return Limits(np.where(known, centre, np.nan), np.where(known, WIDTH * moving, np.nan), judged_from)


def signals(value: Floats, limits: Limits, rows: Integers) -> tuple[Integers, Integers]:
    """The code of each row's signal, and its direction: 1 high, -1 low, 0 none.

    Outside a limit; else eight in a row on one side of the centre; else three of four, the newest among them, nearer to
    one limit than to the centre.
    """
    away = np.full((RUN, len(rows)), np.nan)
    for back in range(RUN):
        judged = rows - back >= limits.judged_from
        away[back, judged] = value[(rows - back)[judged]] - limits.centre[judged]
    with np.errstate(invalid="ignore"):
        sides = [_found(away, limits.half, sign) for sign in (1, -1)]
    none = np.where(np.isnan(limits.half), SIGNAL[Signal.TOO_SHORT], SIGNAL[Signal.NONE])
    none = np.where(limits.half == 0, SIGNAL[Signal.FLAT], none)
    code, direction = none, np.zeros(len(rows), dtype=np.int64)
    for found in reversed((Signal.OUTSIDE_LIMITS, Signal.EIGHT_ON_ONE_SIDE, Signal.THREE_NEAR_A_LIMIT)):
        for sign, by_rule in zip((1, -1), sides, strict=True):
            here = by_rule[found] & (limits.half > 0)
            code, direction = np.where(here, SIGNAL[found], code), np.where(here, sign, direction)
    return code, direction


def _found(away: Floats, half: Floats, sign: int) -> dict[Signal, Booleans]:
    """Which rules hold on one side. `away[n]`: how far the n-th newest value is from the centre, NaN if not judged."""
    ahead = sign * away
    near = ahead[:_NEAR] > half / 2
    judged = ~np.isnan(ahead[:_NEAR]).any(axis=0)
    return {
        Signal.OUTSIDE_LIMITS: ahead[0] > half,
        Signal.EIGHT_ON_ONE_SIDE: (ahead > 0).all(axis=0),
        Signal.THREE_NEAR_A_LIMIT: judged & near[0] & (near.sum(axis=0) >= _NEAR - 1),
    }
