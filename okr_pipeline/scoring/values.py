"""Values: what a key result's measure comes to at an instant, or the reason why that is unknown.

Belongs here: windows into values, and reasons in their order of precedence. Does not: progress, pace and status.
"""

from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from okr_pipeline.model.score import Reason
from okr_pipeline.scoring.arrays import NO_INSTANT, Booleans, Floats, Integers
from okr_pipeline.scoring.cadences import kept_cadences
from okr_pipeline.scoring.definitions import NO_REASON, REASON, Definitions, Kind, Reducer, Window
from okr_pipeline.scoring.grids import bounds_at, ended_periods, first_periods
from okr_pipeline.scoring.measures import best_attainable
from okr_pipeline.scoring.milestones import steps_done
from okr_pipeline.scoring.rollups import count_inside, roll_up
from okr_pipeline.scoring.seasons import Seasons, measure_seasons
from okr_pipeline.scoring.told import manual_rows, told_values
from okr_pipeline.scoring.tracks import Tracks
from okr_pipeline.scoring.windows import BaseWindows, Windows, open_base_windows, open_windows

_Column = TypeVar("_Column", Floats, Integers, Booleans)


@dataclass(frozen=True, slots=True)
class Bases:
    """What key results are compared with that was before them: the value that each is measured from, and seasons.

    A value is NaN where unknown or not needed; `settled` ones can be fixed for good.
    """

    value: Floats
    settled: Booleans
    seasons: Seasons


@dataclass(frozen=True, slots=True)
class Values:
    """Columns, one row per key result.

    `value` is what the window comes to whether or not it may be shown; `reason` says whether: `NO_REASON` or a code.
    `finding` is the rolled-up value of a `baseline` measure. `best` is the share still attainable of those measures
    that keep one, else infinite. `[period_start, period_end)` is the newest period in the value.
    """

    value: Floats
    reason: Integers
    finding: Floats
    best: Floats
    period_start: Integers
    period_end: Integers
    window_start: Integers
    window_end: Integers
    observed: Floats
    expected: Floats
    straddling: Floats
    age: Integers
    any_ended: Booleans


def measure_bases(definitions: Definitions, tracks: Tracks) -> Bases:
    """The value of the stretch before the start of each key result that is measured from one, and every season."""
    of, windows = definitions.key_results, open_base_windows(definitions, tracks)
    rows = windows.rows
    value = np.full(len(of.start), np.nan)
    rolled = roll_up(definitions, tracks, of.view[rows], of.reducer[rows], windows.first, windows.last)
    value[rows] = np.where(_covered(windows, of.min_coverage[rows]), rolled, np.nan)
    settled = np.zeros(len(of.start), dtype=np.bool_)
    settled[rows] = windows.followed
    return Bases(value, settled, measure_seasons(definitions, tracks))


def measure_values(
    definitions: Definitions, tracks: Tracks, as_of: Integers, failed: Booleans, opened: Integers | None = None
) -> Values:
    """The values of all key results, each as of an instant of its own.

    `failed` is per metric; windows let go of what is old, and values age, as of `opened`.
    """
    windows = open_windows(definitions, tracks, as_of, opened)
    counted = _with_cadences(definitions, tracks, windows, _counted(definitions, tracks, windows), as_of)
    reasons = _reasons(definitions, windows, counted, as_of, failed)
    values = _values(definitions, windows, counted, reasons)
    values = _with_milestones(definitions, tracks, values, as_of, failed, opened)
    return _with_told(definitions, tracks, values, as_of, opened)


@dataclass(frozen=True, slots=True)
class _Counted:
    """Columns: a value, and how many periods it is made of, of how many that are expected of how many that ended."""

    value: Floats
    finding: Floats
    best: Floats
    observed: Integers
    expected: Integers
    ended: Integers
    period_start: Integers
    period_end: Integers


def _covered(windows: BaseWindows, least: Floats) -> Booleans:
    return (windows.observed > 0) & (windows.observed / np.maximum(windows.expected, 1) >= least)


def _counted(definitions: Definitions, tracks: Tracks, windows: Windows) -> _Counted:
    of, grids = definitions.key_results, definitions.grids
    value = roll_up(definitions, tracks, of.view, of.reducer, windows.first, windows.last)
    best = np.full(len(value), np.inf)
    kept = np.flatnonzero(of.reducer == Reducer.IN_BAND)
    if len(kept):
        inside = count_inside(tracks, windows.first[kept], windows.last[kept], of.low[kept], of.high[kept])
        with np.errstate(invalid="ignore"):
            value[kept] = inside / windows.observed[kept]
        whole = ended_periods(grids, of.grid[kept], of.end[kept]) - first_periods(grids, of.grid[kept], of.start[kept])
        best[kept] = best_attainable(inside, windows.observed[kept], whole)
    learning, seen = of.kind == Kind.BASELINE, windows.newest >= 0
    return _Counted(
        value=np.where(learning & (windows.observed > 0), windows.observed, value * of.scale),
        finding=np.where(learning, value, np.nan),
        best=best,
        observed=windows.observed,
        expected=windows.expected,
        ended=windows.high - windows.low,
        period_start=np.where(seen, bounds_at(grids, of.grid, windows.newest), NO_INSTANT),
        period_end=np.where(seen, bounds_at(grids, of.grid, windows.newest + 1), NO_INSTANT),
    )


def _with_cadences(
    definitions: Definitions, tracks: Tracks, windows: Windows, counted: _Counted, as_of: Integers
) -> _Counted:
    """For cadences the periods are those that the cadence names, not those of the metric's grain."""
    of = definitions.key_results
    rows = np.flatnonzero(of.kind == Kind.CADENCE)
    if not len(rows):
        return counted
    until = np.minimum(np.where(of.waits, as_of - of.closes, as_of), of.end)[rows]
    kept = kept_cadences(definitions, tracks, rows, until)
    some = kept.counted > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        share = kept.met / kept.counted
    return replace(
        counted,
        value=_put(counted.value, rows, share),
        best=_put(counted.best, rows, best_attainable(kept.met.astype(np.float64), kept.counted, kept.whole)),
        observed=_put(counted.observed, rows, kept.counted),
        expected=_put(counted.expected, rows, kept.expected),
        ended=_put(counted.ended, rows, np.where(windows.observed[rows] > 0, kept.expected, kept.ended)),
        period_start=_put(counted.period_start, rows, np.where(some, kept.start, NO_INSTANT)),
        period_end=_put(counted.period_end, rows, np.where(some, kept.end, NO_INSTANT)),
    )


def _reasons(
    definitions: Definitions, windows: Windows, counted: _Counted, as_of: Integers, failed: Booleans
) -> Integers:
    """The most telling reason of each key result, but for baselines and for what has not started."""
    of = definitions.key_results
    ended, seen = counted.ended > 0, windows.observed > 0
    blocked = windows.blocked > np.where(of.over == Window.LATEST, windows.newest, np.where(seen, windows.high, -1))
    thin = (counted.observed / np.maximum(counted.expected, 1) < of.min_coverage) & (of.kind != Kind.BASELINE)
    found = [
        (np.append(failed, False)[of.metric] & (as_of < of.end + of.closes), Reason.SOURCE_FAILED),
        (blocked, Reason.QUARANTINED),
        (ended & (~seen | ((counted.observed > 0) & np.isnan(counted.value))), Reason.NO_OBSERVATION),
        (windows.age > of.fresh, Reason.STALE),
        (ended & thin, Reason.BELOW_COVERAGE),
        (~ended, Reason.NO_PERIOD_ENDED),
    ]
    return np.select([mask for mask, _ in found], [REASON[reason] for _, reason in found], NO_REASON)


def _values(definitions: Definitions, windows: Windows, counted: _Counted, reasons: Integers) -> Values:
    seen = (definitions.key_results.over == Window.LATEST) & (windows.newest >= 0)
    return Values(
        value=counted.value,
        reason=reasons,
        finding=counted.finding,
        best=counted.best,
        period_start=counted.period_start,
        period_end=counted.period_end,
        window_start=np.where(seen, counted.period_start, windows.start),
        window_end=np.where(seen, counted.period_end, windows.end),
        observed=counted.observed.astype(np.float64),
        expected=counted.expected.astype(np.float64),
        straddling=windows.straddling.astype(np.float64),
        age=windows.age,
        any_ended=counted.ended > 0,
    )


def _with_milestones(
    definitions: Definitions,
    tracks: Tracks,
    values: Values,
    as_of: Integers,
    failed: Booleans,
    opened: Integers | None,
) -> Values:
    of = definitions.key_results
    rows = np.flatnonzero(of.kind == Kind.MILESTONES)
    if not len(rows):
        return values
    steps = steps_done(definitions, tracks, as_of, failed, opened)
    ends = np.minimum(as_of, of.end)[rows]
    return replace(
        values,
        value=_put(values.value, rows, steps.done[rows]),
        reason=_put(values.reason, rows, steps.reason[rows]),
        period_end=_put(values.period_end, rows, ends),
        window_end=_put(values.window_end, rows, ends),
        observed=_put(values.observed, rows, np.full(len(rows), np.nan)),
        expected=_put(values.expected, rows, np.full(len(rows), np.nan)),
        any_ended=_put(values.any_ended, rows, np.ones(len(rows), dtype=np.bool_)),
    )


def _with_told(
    definitions: Definitions, tracks: Tracks, values: Values, as_of: Integers, opened: Integers | None
) -> Values:
    rows = manual_rows(definitions)
    if not len(rows):
        return values
    told = told_values(definitions, tracks.told, rows, as_of, opened)
    return replace(
        values,
        value=_put(values.value, rows, told.value),
        reason=_put(values.reason, rows, told.reason),
        period_start=_put(values.period_start, rows, told.start),
        period_end=_put(values.period_end, rows, told.end),
        window_start=_put(values.window_start, rows, told.start),
        window_end=_put(values.window_end, rows, told.end),
        age=_put(values.age, rows, told.age),
    )


def _put(column: _Column, rows: Integers, cells: _Column) -> _Column:
    column = column.copy()
    column[rows] = cells
    return column
