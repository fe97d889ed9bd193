"""Shaping: what the plans of key results are made of, as columns.

Belongs here: checkpoints, business days, the days of earlier years. Does not: what they expect at an instant (pace).
"""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np

from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.holidays import business_days
from okr_pipeline.model.okr import Accumulate, Change, KeyResult, Reach
from okr_pipeline.scoring.arrays import Integers, instant_of
from okr_pipeline.scoring.definitions import Checkpoints, EarlierDays, Shape
from okr_pipeline.scoring.grids import Grid
from okr_pipeline.scoring.hierarchy import Wanted
from okr_pipeline.scoring.spans import Spans, has_season, is_flow

_NAN = float("nan")


def planned_values(key_result: KeyResult) -> list[tuple[date, float]]:
    """Checkpoints inside the span as (the day after, value), from the first day to the one after the last with NaN."""
    after = {point.on + timedelta(days=1): point.value for point in key_result.pace.checkpoints}
    end = key_result.ends + timedelta(days=1)
    inside = sorted((day, value) for day, value in after.items() if key_result.starts < day < end)
    return [(key_result.starts, _NAN), *inside, (end, _NAN)]


def checkpoint_columns(wanted: Wanted, spans: Spans, days: Grid) -> Checkpoints:
    """The checkpoints of all key results that have them. A date that the zone skipped is no day of the span."""
    plans = {
        row: planned_values(key_result)
        for row, (key_result, _) in enumerate(wanted)
        if key_result.pace.kind == "checkpoints" and isinstance(key_result.measure, Reach | Change | Accumulate)
    }
    points = [point for plan in plans.values() for point in plan]
    lengths = np.array([len(plan) for plan in plans.values()], dtype=np.int64)
    offsets, owner = np.cumsum(lengths) - lengths, np.repeat(np.arange(len(plans)), lengths)
    day = np.searchsorted(days.bounds, np.array([spans.start_of_day(on) for on, _ in points], dtype=np.int64))
    return Checkpoints(
        rows=np.array(list(plans), dtype=np.int64),
        offsets=offsets,
        owner=owner,
        day=(day - day[offsets[owner]]).astype(np.float64),
        value=np.array([value for _, value in points], dtype=np.float64),
    )


def earlier_days(wanted: Wanted, spans: Spans, columns: Mapping[str, Integers]) -> tuple[EarlierDays, ...]:
    """The earlier days of all seasonal key results, those together that look at the same periods in the same way."""
    grid, over, fresh = columns["grid"], columns["over"], columns["fresh"]
    groups: dict[tuple[object, ...], list[int]] = {}
    for row, (key_result, _) in enumerate(wanted):
        if has_season(key_result):
            key = (key_result.starts, key_result.ends, grid[row], over[row], fresh[row], is_flow(key_result))
            groups.setdefault(key, []).append(row)
    return tuple(
        EarlierDays(np.array(rows), int(grid[rows[0]]), int(over[rows[0]]), is_flow(wanted[rows[0]][0]), *days)
        for rows in groups.values()
        for days in [spans.earlier(wanted[rows[0]][0])]
    )


def business_days_before(configuration: Configuration, days: Grid, pace: Integers) -> Integers:
    """How many of a grid's days before each are business days; nothing where no plan counts them."""
    if not (pace == Shape.BUSINESS_DAYS).any():
        return np.zeros(0, dtype=np.int64)
    calendar = configuration.project.calendar
    dates = [calendar.date_of(instant_of(bound)) for bound in days.bounds[:-1]]
    worked = business_days(configuration.project.holidays, dates[0], (dates[-1] - dates[0]).days + 1)
    return np.cumsum([0, *(worked[(day - dates[0]).days] for day in dates)], dtype=np.int64)
