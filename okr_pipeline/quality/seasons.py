"""Seasons: which earlier values a value may be compared with.

Belongs here: the weekday of a day, the hour of the week of an hour, in a metric's own time zone, and how much history
that takes. Does not: what is made of it (neighbours).

The year is no season here: it would take years of history to say what is usual in a week of it. It shows as a slow
drift, which the newest values of the same weekday follow.
"""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import pandas as pd

from okr_pipeline.model.calendar import GRAIN_HOURS, Calendar, Grain
from okr_pipeline.model.metric import Metric
from okr_pipeline.quality.neighbours import HISTORY, SAME_PHASE, Ints

_PHASES: Final[Mapping[Grain, int]] = {Grain.DAY: 7, Grain.HOUR: 168}
_LEAST_SILENCE: Final = 3
_HOUR_US: Final = 3_600_000_000


def season_lengths(metrics: Iterable[Metric | None]) -> Ints:
    """By metric: how many periods its season has, 0 for none."""
    return np.array([0 if metric is None else _PHASES.get(metric.grain, 0) for metric in metrics], dtype=np.int64)


def period_lengths(metrics: Iterable[Metric | None]) -> Ints:
    """By metric: how long one of its periods is, in µs and nominally, 0 where it is not known."""
    hours = [0.0 if metric is None else GRAIN_HOURS[metric.grain] for metric in metrics]
    return np.array([hour * _HOUR_US for hour in hours], dtype=np.int64)


def silence(grain: Grain) -> int:
    """After how many periods in a row without it a member has ended: a season, three where there is none."""
    return max(_PHASES.get(grain, 0), _LEAST_SILENCE)


def silences(metrics: Iterable[Metric | None]) -> Ints:
    """By metric: after how many periods in a row without it a member has ended."""
    return np.array([0 if metric is None else silence(metric.grain) for metric in metrics], dtype=np.int64)


def reach(lengths: Ints) -> Ints:
    """How many earlier values of a series a robust z needs: enough to know the usual and how values differ from it."""
    return HISTORY + lengths * SAME_PHASE


def history_periods(metric: Metric) -> int:
    """How many periods before a value its judgement looks at, gaps allowed for: twice what rules need."""
    return int(2 * reach(season_lengths([metric]))[0])


def phases(metric: Ints, period: Ints, metrics: list[Metric | None], calendar: Calendar) -> Ints:
    """The place of each period in its metric's season, 0 where it has none. `period` is in µs since 1970."""
    kinds = [_kind(each, calendar) for each in metrics]
    place = np.zeros(len(period), dtype=np.int64)
    for kind in {kind for kind in kinds if kind is not None}:
        rows = np.flatnonzero(np.array([each == kind for each in kinds])[metric])
        place[rows] = _places(period[rows], *kind)
    return place


def _kind(metric: Metric | None, calendar: Calendar) -> tuple[Grain, str] | None:
    if metric is None or metric.grain not in _PHASES:
        return None
    return metric.grain, metric.timezone or calendar.timezone


def _places(period: Ints, grain: Grain, timezone: str) -> Ints:
    starts, place = np.unique(period, return_inverse=True)
    local = pd.DatetimeIndex(starts.view("datetime64[us]"), tz="UTC").tz_convert(timezone)
    # A day may start an hour late where clocks skip midnight; it is the same day.
    weekday = np.asarray(local.day_of_week, dtype=np.int64)
    hours = weekday * 24 + np.asarray(local.hour, dtype=np.int64) if grain is Grain.HOUR else weekday
    return np.asarray(hours[place])
