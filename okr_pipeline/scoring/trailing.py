"""The last weeks of a KPI: one value per week on the scale of its periods, for reading beside its healthy band.

Belongs here: stretches, their values and how many periods lie outside. Does not: today's state (health).

A week's value is rolled up as the metric says, but a sum becomes the mean of its periods, also among the parts of a
ratio, where that changes nothing: the band speaks of one period. Metrics by month or quarter have their own periods.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd

from okr_pipeline.model.calendar import Calendar, Grain
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.scoring.arrays import Integers, instant_of, microseconds, stamps, texts
from okr_pipeline.scoring.definitions import Definitions, Reducer
from okr_pipeline.scoring.grids import bounds_at, ended_periods, first_periods
from okr_pipeline.scoring.kpis import GRAINS, Kpis, compile_kpis
from okr_pipeline.scoring.rollups import count_inside, counted_tracks, roll_up
from okr_pipeline.scoring.tracks import Tracks, rows_before, track_of
from okr_pipeline.scoring.views import build_tracks

STRETCHES: Final = 6
TRAILING: Final = ("metric", "dimensions", "start", "value", "periods", "outside")
"""One row: a series and a stretch, in which `periods` were observed, `outside` of them outside the band."""

_LONG: Final = np.array([grain in {Grain.MONTH, Grain.QUARTER} for grain in GRAINS])


def trailing_weeks(
    configuration: Configuration,
    observations: pd.DataFrame,
    *,
    as_of: datetime,
    quarantine: pd.DataFrame,
    metrics: Iterable[str],
) -> pd.DataFrame:
    """The last six weeks of some metrics, or their last six periods where these are longer: a TRAILING frame.

    The newest stretch is the one that the last moment before `as_of` falls in, as far as its periods have ended.
    """
    wanted = [configuration.metrics[metric] for metric in metrics]
    kpis, definitions = compile_kpis(configuration, observations, wanted, as_of)
    tracks = build_tracks(definitions, observations, quarantine)
    edges = _edges(configuration.project.calendar, kpis, definitions, microseconds(as_of))
    frames = [_stretch(kpis, definitions, tracks, *edges[:, number : number + 2].T) for number in range(STRETCHES)]
    made = pd.concat(frames, ignore_index=True)
    return made.sort_values(["metric", "dimensions", "start"], kind="stable", ignore_index=True)


def _edges(calendar: Calendar, kpis: Kpis, definitions: Definitions, as_of: int) -> Integers:
    """The bounds of the stretches of each series, oldest first, none beyond the instant."""
    start = calendar.period_containing(instant_of(as_of - 1), Grain.WEEK).start
    weeks = [microseconds(start)]
    for _ in range(STRETCHES - 1):
        weeks.insert(0, microseconds(calendar.period_containing(instant_of(weeks[0] - 1), Grain.WEEK).start))
    by_week = np.tile(np.array([*weeks, as_of], dtype=np.int64), (len(kpis.metrics), 1))
    newest = ended_periods(definitions.grids, kpis.grid, np.full(len(kpis.metrics), as_of, dtype=np.int64))
    numbers = newest[:, None] + np.arange(-STRETCHES, 1)
    by_period = bounds_at(definitions.grids, np.repeat(kpis.grid, STRETCHES + 1), np.maximum(numbers, 0).ravel())
    return np.where(_LONG[kpis.grain][:, None], by_period.reshape(numbers.shape), by_week)


def _stretch(kpis: Kpis, definitions: Definitions, tracks: Tracks, start: Integers, end: Integers) -> pd.DataFrame:
    low = np.maximum(
        first_periods(definitions.grids, kpis.grid, start), first_periods(definitions.grids, kpis.grid, kpis.start)
    )
    high = np.maximum(ended_periods(definitions.grids, kpis.grid, end), low)
    reducer = _of_one_period(definitions.view_reducer)
    counted = counted_tracks(tracks, kpis.view, reducer[kpis.view])
    rows = rows_before(tracks, counted, low), rows_before(tracks, counted, high)
    whole = track_of(tracks, kpis.view)
    seen = rows_before(tracks, whole, low), rows_before(tracks, whole, high)
    inside = count_inside(tracks, *seen, np.nan_to_num(kpis.low, nan=-np.inf), np.nan_to_num(kpis.high, nan=np.inf))
    made = roll_up(replace(definitions, view_reducer=reducer), tracks, kpis.view, reducer[kpis.view], *rows)
    return pd.DataFrame(
        {
            "metric": pd.Series(texts(it.id for it in kpis.metrics), dtype=object),
            "dimensions": pd.Series(texts(kpis.dimensions), dtype=object),
            "start": stamps(np.ascontiguousarray(start)),
            "value": made,
            "periods": seen[1] - seen[0],
            "outside": (seen[1] - seen[0]) - inside.astype(np.int64),
        }
    )[list(TRAILING)]


def _of_one_period(reducer: Integers) -> Integers:
    """Roll-ups whose value is on the scale of one period."""
    return np.where(reducer == Reducer.SUM, Reducer.MEAN, reducer)
