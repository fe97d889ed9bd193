"""Seasons: how the same days of earlier years went, as the curve of a plan.

Belongs here: curves from observed history, and when there is too little of it. Does not: which days are compared
(`model.earlier`), the plan that follows a curve (pace).

The season of a flow is the share of its sum that had come by the end of each day. That of a level, a stock or a ratio,
is how far it had strayed by then from the straight line between its values at the start and the end.
"""

from dataclasses import dataclass

import numpy as np

from okr_pipeline.scoring.arrays import Booleans, Floats, Integers, spread
from okr_pipeline.scoring.definitions import Definitions, EarlierDays, Window
from okr_pipeline.scoring.grids import bounds_at, ended_periods, first_periods
from okr_pipeline.scoring.rollups import counted_tracks, roll_up
from okr_pipeline.scoring.tracks import Tracks, periods_of, rows_before, track_of
from okr_pipeline.scoring.windows import moved_back


@dataclass(frozen=True, slots=True)
class Seasons:
    """Curves of the key results `rows`, those of the n-th from `offsets[n]` on: a knot for the start and for each day.

    A `flow`'s knots are shares of its sum, from 0 to 1; a level's are in its unit, 0 at the start and the end. `years`
    counts the earlier years that a curve is the mean of; where it is 0 there is no season, and the knots say nothing.
    """

    rows: Integers
    offsets: Integers
    curve: Floats
    flow: Booleans
    years: Integers


def measure_seasons(definitions: Definitions, tracks: Tracks) -> Seasons:
    """The season of every key result whose plan follows one. It does not depend on the instant of a score."""
    with np.errstate(all="ignore"):
        found = [(group, _mean_of_years(definitions, tracks, group)) for group in definitions.earlier]
    lengths = np.array([curves.shape[1] for _, (curves, _) in found for _ in curves], dtype=np.int64)
    flows = [np.full(len(group.rows), group.flow) for group, _ in found]
    return Seasons(
        rows=np.concatenate([np.zeros(0, dtype=np.int64), *(group.rows for group, _ in found)]),
        offsets=np.cumsum(lengths) - lengths,
        curve=np.concatenate([np.zeros(0), *(curves.ravel() for _, (curves, _) in found)]),
        flow=np.concatenate([np.zeros(0, dtype=np.bool_), *flows]),
        years=np.concatenate([np.zeros(0, dtype=np.int64), *(years for _, (_, years) in found)]),
    )


def _mean_of_years(definitions: Definitions, tracks: Tracks, group: EarlierDays) -> tuple[Floats, Integers]:
    """The mean curve of each key result of a group over the years that are known well enough, and their number."""
    total = np.zeros((len(group.rows), group.starts.shape[1] + 1))
    years = np.zeros(len(group.rows), dtype=np.int64)
    curves_of = _flow_curves if group.flow else _level_curves
    for starts, ends in zip(group.starts, group.ends, strict=True):
        curves = curves_of(definitions, tracks, group, starts, ends)
        known = ~np.isnan(curves).any(axis=1)
        total[known] += curves[known]
        years += known
    return total / np.maximum(years, 1)[:, None], years


def _flow_curves(
    definitions: Definitions, tracks: Tracks, group: EarlierDays, starts: Integers, ends: Integers
) -> Floats:
    """The share of a year's sum by the end of each day; NaN where too little is observed, or the sum is not above 0.

    What a period brought is spread evenly over its time. One that is missing counts as an average one.
    """
    grids, grid = definitions.grids, np.array([group.grid])
    low = int(ended_periods(grids, grid, starts.min(keepdims=True))[0])
    high = int(first_periods(grids, grid, ends.max(keepdims=True))[0])
    of = definitions.key_results
    values = _by_period(tracks, track_of(tracks, of.view[group.rows]), low, high)
    seen = ~np.isnan(values)
    enough = _seen_share(definitions, group, values, seen) >= of.min_coverage[group.rows]
    mean = np.where(seen, values, 0.0).sum(axis=1) / seen.sum(axis=1)
    sums = np.cumsum(np.where(seen, values, mean[:, None]), axis=1)
    bounds = grids.each[group.grid].bounds[low : high + 1]
    by = np.concatenate([np.zeros((len(values), 1)), sums], axis=1)
    daily = _between(bounds, by, ends) - _between(bounds, by, starts)
    shares = np.cumsum(daily, axis=1) / daily.sum(axis=1)[:, None]
    shares[:, -1] = 1.0
    known = enough & (daily.sum(axis=1) > 0) & np.isfinite(shares).all(axis=1)
    return np.where(known[:, None], np.concatenate([np.zeros((len(values), 1)), shares], axis=1), np.nan)


def _by_period(tracks: Tracks, track: Integers, low: int, high: int) -> Floats:
    """The values of tracks, one row each, by period from a number to before another; NaN where there is none."""
    values = np.full((len(track), high - low), np.nan)
    first, last = (rows_before(tracks, track, np.full(len(track), number)) for number in (low, high))
    owner, rows = spread(first, last)
    values[owner, periods_of(tracks, rows) - low] = tracks.value[rows]
    return values


def _seen_share(definitions: Definitions, group: EarlierDays, values: Floats, seen: Booleans) -> Floats:
    """The observed share of a year's periods. A zero that was filled in before anything came does not count."""
    of_metric = definitions.key_results.metric[group.rows]
    zero = np.array([each.zero for each in definitions.metrics], dtype=np.bool_)[of_metric]
    begun = np.maximum.accumulate(seen & (values != 0), axis=1)
    return np.asarray((seen & (begun | ~zero[:, None])).mean(axis=1), dtype=np.float64)


def _between(bounds: Integers, sums: Floats, moments: Integers) -> Floats:
    """Sums at the ends of periods as sums at instants, as if each period's part had come evenly."""
    period = np.clip(np.searchsorted(bounds, moments, "right") - 1, 0, len(bounds) - 2)
    share = (moments - bounds[period]) / (bounds[period + 1] - bounds[period])
    return np.asarray(sums[:, period] + (sums[:, period + 1] - sums[:, period]) * share, dtype=np.float64)


def _level_curves(
    definitions: Definitions, tracks: Tracks, group: EarlierDays, starts: Integers, ends: Integers
) -> Floats:
    """How far a year's value had strayed from a straight line by the end of each day; NaN where too little is known."""
    values = _levels(definitions, tracks, group, np.concatenate([starts[:1], ends]))
    days = np.arange(values.shape[1], dtype=np.float64)
    known = ~np.isnan(values)
    enough = known[:, 0] & known[:, -1] & (known.mean(axis=1) >= definitions.key_results.min_coverage[group.rows])
    for row in np.flatnonzero(enough & ~known.all(axis=1)):
        values[row] = np.interp(days, days[known[row]], values[row, known[row]])
    line = values[:, :1] + (values[:, -1:] - values[:, :1]) * (days / days[-1])
    strayed = values - line
    strayed[:, [0, -1]] = 0.0
    return np.where((enough & np.isfinite(strayed).all(axis=1))[:, None], strayed, np.nan)


def _levels(definitions: Definitions, tracks: Tracks, group: EarlierDays, moments: Integers) -> Floats:
    """The value that each key result of a group would have had at instants of an earlier year."""
    of, rows, count = definitions.key_results, group.rows, len(moments)
    low, high = _window(definitions, group, moments)
    view, reducer = np.repeat(of.view[rows], count), np.repeat(of.reducer[rows], count)
    track = counted_tracks(tracks, view, reducer)
    first, last = (rows_before(tracks, track, np.tile(number, len(rows))) for number in (low, high))
    if group.over == Window.LATEST:
        first = np.where(last > first, last - 1, first)
        known = last > first
    else:
        expected = np.tile(np.maximum(high - low, 1), len(rows))
        known = (last - first) / expected >= np.repeat(of.min_coverage[rows], count)
    values = roll_up(definitions, tracks, view, reducer, first, last)
    return np.where(known, values, np.nan).reshape(len(rows), count)


def _window(definitions: Definitions, group: EarlierDays, moments: Integers) -> tuple[Integers, Integers]:
    """The periods of the value at each instant. A trailing window begins with the stretch, but for its baseline."""
    grids, grid = definitions.grids, np.full(len(moments), group.grid)
    high = ended_periods(grids, grid, moments)
    if group.over == Window.LATEST:
        fresh = int(definitions.key_results.fresh[group.rows[0]])
        return np.minimum(np.maximum(first_periods(grids, grid, moments - fresh) - 1, 0), high), high
    back = moved_back(definitions, np.full(len(moments), group.over), bounds_at(grids, grid, high))
    begins = np.append(back[:1], np.maximum(back[1:], moments[0]))
    return np.minimum(first_periods(grids, grid, begins), high), high
