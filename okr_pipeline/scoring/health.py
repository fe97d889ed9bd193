"""KPI health: whether each metric is inside its healthy band, what is signal and what noise, and what asks for review.

Belongs here: states, reasons, distances and frames. Does not: which series there are (kpis), natural limits (limits),
the life of a review (reviews).

A breach is *noise* where the natural limits are known, their centre lies inside the band, and no rule says that the
series has moved the way that it broke: such a value was to be expected now and then. A breach of a series too short for
limits, or whose centre is outside the band itself, is none.

Days and hours are compared over a week where that makes them steadier: each with the mean of the same weekday, or hour
of the week, of up to four weeks before (at least two). That way is taken where it takes a fifth off the mean moving
range.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd

from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.frames import METRIC_HEALTH, QUARANTINE
from okr_pipeline.model.health import HealthState
from okr_pipeline.model.score import Reason
from okr_pipeline.scoring.arrays import (
    NO_INSTANT,
    Booleans,
    Floats,
    Integers,
    Texts,
    microseconds,
    spread,
    stamps,
    texts,
)
from okr_pipeline.scoring.definitions import NO_REASON, REASON, REASONS, Definitions
from okr_pipeline.scoring.grids import bounds_at, ended_periods
from okr_pipeline.scoring.kpis import GRAINS, SEASONS, Kpis, compile_kpis, first_period
from okr_pipeline.scoring.limits import SIGNALS, natural_limits, signals
from okr_pipeline.scoring.reviews import TO_CLOSE, TO_OPEN, Reviewed, review
from okr_pipeline.scoring.tracks import Tracks, newest_blocked, periods_of, rows_before, track_of
from okr_pipeline.scoring.views import build_tracks

_WEEKS: Final = 4
_LEAST_WEEKS: Final = 2
_STEADIER: Final = 0.8
_SEASON_WORDS: Final = {Grain.DAY: "weekday", Grain.HOUR: "hour of the week"}
_REASON_WORDS: Final = texts([*(reason.value for reason in REASONS), None])
_SIGNAL_WORDS: Final = texts([*(signal.value for signal in SIGNALS), None])
_DIRECTIONS: Final = texts([None, "high", "low"])


@dataclass(frozen=True, slots=True)
class Looked:
    """Columns, one row per series: its observed rows `[first, last)` of ended periods, why its value is unknown."""

    first: Integers
    last: Integers
    period: Integers
    reason: Integers


@dataclass(frozen=True, slots=True)
class Limited:
    """Columns, one row per judged row. `seasonal`: limits of the value compared over a week, moved to its own scale."""

    centre: Floats
    half: Floats
    signal: Integers
    direction: Integers
    seasonal: Booleans


def judge_health(
    configuration: Configuration,
    observations: pd.DataFrame,
    *,
    as_of: datetime,
    quarantine: pd.DataFrame | None = None,
    failed_sources: Collection[str] = (),
    metrics: Iterable[str] | None = None,
) -> pd.DataFrame:
    """How every metric, or some, stands against its healthy band as of an instant: a METRIC_HEALTH frame.

    Frames are as for `score`; rows older than `health_starts` change nothing. The result is a function of the
    arguments.

    Raises:
        KeyError: `metrics` names one that is not in the configuration.
    """
    wanted = configuration.metrics.values() if metrics is None else [configuration.metrics[it] for it in metrics]
    kpis, definitions = compile_kpis(configuration, observations, wanted, as_of)
    held = pd.DataFrame(columns=list(QUARANTINE)) if quarantine is None else quarantine
    tracks = build_tracks(definitions, observations, held)
    failed = _failed(configuration, definitions, failed_sources)
    looked = look(kpis, definitions, tracks, microseconds(as_of), failed)
    return _frame(kpis, definitions, tracks, looked, microseconds(as_of))


def look(kpis: Kpis, definitions: Definitions, tracks: Tracks, as_of: int, failed: Booleans) -> Looked:
    """The observed, ended periods of every series, and the reason why its newest value is unknown."""
    low = first_period(kpis, definitions)
    until = np.where(kpis.waits, as_of - kpis.closes, as_of)
    high = np.maximum(ended_periods(definitions.grids, kpis.grid, until), low)
    track = track_of(tracks, kpis.view)
    first, last = rows_before(tracks, track, low), rows_before(tracks, track, high)
    seen = last > first
    period = np.where(seen, periods_of(tracks, np.maximum(last - 1, 0)) if len(tracks.key) else -1, -1)
    age = as_of - bounds_at(definitions.grids, kpis.grid, period + 1)
    found = [
        (failed[kpis.number], Reason.SOURCE_FAILED),
        (newest_blocked(tracks, kpis.view, low, high) > period, Reason.QUARANTINED),
        (~seen, Reason.NO_OBSERVATION),
        (age > kpis.fresh, Reason.STALE),
    ]
    reason = np.select([mask for mask, _ in found], [REASON[reason] for _, reason in found], NO_REASON)
    return Looked(first, last, period, reason)


def limited(kpis: Kpis, tracks: Tracks, looked: Looked, series: Integers, rows: Integers) -> Limited:
    """Limits and signals at some rows; `series` says of which series each is."""
    plain = natural_limits(tracks.value, looked.first[series], rows)
    signal, direction = signals(tracks.value, plain, rows)
    taken = Limited(plain.centre, plain.half, signal, direction, np.zeros(len(rows), dtype=np.bool_))
    season = np.array([SEASONS.get(grain, 0) for grain in GRAINS], dtype=np.int64)[kpis.grain]
    chosen = np.flatnonzero(season[series] > 0)
    if not len(chosen):
        return taken
    owner, all_rows = spread(np.where(season > 0, looked.first, 0), np.where(season > 0, looked.last, 0))
    moved = _over_a_week(tracks, all_rows, looked.first[owner], season[owner])
    kept = np.flatnonzero(~np.isnan(moved))
    first_kept = np.searchsorted(owner[kept], np.arange(len(kpis.metrics)))
    place = np.searchsorted(all_rows[kept], rows[chosen])
    known = (place < len(kept)) & (np.append(all_rows[kept], -1)[np.minimum(place, len(kept))] == rows[chosen])
    chosen, place = chosen[known], place[known]
    value = np.append(moved[kept], 0.0)
    limits = natural_limits(value, first_kept[series[chosen]], place)
    with np.errstate(invalid="ignore"):
        steadier = (limits.half < _STEADIER * plain.half[chosen]) & (limits.half > 0)
    signal, direction = signals(value, limits, place)
    expected = tracks.value[rows[chosen]] - value[place]
    better = chosen[steadier]
    for column, cells in zip(
        (taken.centre, taken.half, taken.signal, taken.direction, taken.seasonal),
        (expected + limits.centre, limits.half, signal, direction, np.ones(len(place), dtype=np.bool_)),
        strict=True,
    ):
        column[better] = cells[steadier]
    return taken


def _over_a_week(tracks: Tracks, rows: Integers, first: Integers, season: Integers) -> Floats:
    """Each row's value less the mean of those one to four weeks before; NaN where fewer than two of them are known."""
    total, count = np.zeros(len(rows)), np.zeros(len(rows))
    for week in range(1, _WEEKS + 1):
        key = tracks.key[rows] - week * season
        guess = np.maximum(rows - week * season, 0)
        found = np.where(tracks.key[guess] == key, guess, -1)
        gaps = np.flatnonzero(found < 0)
        sought = np.minimum(np.searchsorted(tracks.key, key[gaps]), max(len(tracks.key) - 1, 0))
        found[gaps] = np.where(tracks.key[sought] == key[gaps], sought, -1)
        there = found >= first
        total += np.where(there, tracks.value[np.maximum(found, 0)], 0.0)
        count += there
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(count >= _LEAST_WEEKS, tracks.value[rows] - total / count, np.nan)


def _reviewed(kpis: Kpis, tracks: Tracks, looked: Looked) -> tuple[Reviewed, Limited]:
    """The life of every series' reviews, and the limits at its newest row."""
    banded = ~np.isnan(kpis.low)
    owner, rows = spread(looked.first, looked.last)
    value = tracks.value[rows]
    outside = banded[owner] & ((value < kpis.low[owner]) | (value > kpis.high[owner]))
    newest = rows == looked.last[owner] - 1
    told = np.flatnonzero(outside | newest)
    limits = limited(kpis, tracks, looked, owner[told], rows[told])
    is_outside, is_noise = np.zeros(len(tracks.key), dtype=np.bool_), np.zeros(len(tracks.key), dtype=np.bool_)
    is_outside[rows] = outside
    is_noise[rows[told]] = _is_noise(kpis, owner[told], value[told], limits) & outside[told]
    streaks = (
        np.array([streak[grain] for grain in GRAINS], dtype=np.int64)[kpis.grain] for streak in (TO_OPEN, TO_CLOSE)
    )
    last = np.where(banded, looked.last, looked.first)
    reviewed = review(looked.first, last, is_outside, is_noise, *streaks)
    kept = newest[told]
    return reviewed, _spread_over(limits, owner[told][kept], kept, len(kpis.metrics))


def _is_noise(kpis: Kpis, series: Integers, value: Floats, limits: Limited) -> Booleans:
    low, high = kpis.low[series], kpis.high[series]
    side = np.where(value > high, 1, -1)
    with np.errstate(invalid="ignore"):
        usual = (limits.half > 0) & (limits.centre >= low) & (limits.centre <= high)
    return np.asarray(usual & (limits.direction != side), dtype=np.bool_)


def _spread_over(limits: Limited, series: Integers, kept: Booleans, count: int) -> Limited:
    """The kept rows' columns, one row for each of `count` series; those of no row are unknown."""
    centre, half = np.full(count, np.nan), np.full(count, np.nan)
    signal, direction = np.full(count, -1, dtype=np.int64), np.zeros(count, dtype=np.int64)
    seasonal = np.zeros(count, dtype=np.bool_)
    centre[series], half[series], signal[series] = limits.centre[kept], limits.half[kept], limits.signal[kept]
    direction[series], seasonal[series] = limits.direction[kept], limits.seasonal[kept]
    return Limited(centre, half, signal, direction, seasonal)


def _failed(configuration: Configuration, definitions: Definitions, names: Collection[str]) -> Booleans:
    """Per metric of the definitions, whether it, one of its parts or their source is among those that failed."""
    sources = set(names) - configuration.metrics.keys()
    broken = {it.id for it in configuration.metrics.values() if it.id in names or it.source in sources}
    return np.array([not behind.isdisjoint(broken) for behind in definitions.behind], dtype=np.bool_)


def _frame(kpis: Kpis, definitions: Definitions, tracks: Tracks, looked: Looked, as_of: int) -> pd.DataFrame:
    reviewed, limits = _reviewed(kpis, tracks, looked)
    known = looked.reason == NO_REASON
    value = np.where(known, np.append(tracks.value, np.nan)[np.maximum(looked.last - 1, 0)], np.nan)
    state, distance = _judged(kpis, known, value)
    start, end = (bounds_at(definitions.grids, kpis.grid, looked.period + after) for after in (0, 1))
    judged = known & ~np.isnan(kpis.low)
    since = _starts(kpis, definitions, tracks, looked.last - reviewed.in_row)
    opened = _starts(kpis, definitions, tracks, np.maximum(reviewed.opened, 0))
    told = known & (limits.signal >= 0)
    limits_known = told & ~np.isnan(limits.half)
    columns: dict[str, Texts | Floats | Integers | Booleans | pd.DatetimeIndex] = {
        "metric": texts(metric.id for metric in kpis.metrics),
        "dimensions": texts(kpis.dimensions),
        "state": state,
        "reason": _REASON_WORDS[looked.reason],
        "value": value,
        "low": np.where(np.isinf(kpis.low), np.nan, kpis.low),
        "high": np.where(np.isinf(kpis.high), np.nan, kpis.high),
        "distance": distance,
        "period_start": stamps(np.where(known, start, NO_INSTANT)),
        "period_end": stamps(np.where(known, end, NO_INSTANT)),
        "provisional": known & (end + kpis.closes > as_of),
        "since": stamps(np.where(judged, since, NO_INSTANT)),
        "periods_in_row": np.where(judged, reviewed.in_row, 0),
        "signal": _SIGNAL_WORDS[np.where(told, limits.signal, -1)],
        "direction": _DIRECTIONS[np.where(told, limits.direction, 0)],
        "season": _seasons(kpis, limits_known & limits.seasonal),
        "centre": np.where(limits_known, limits.centre, np.nan),
        "limit_low": np.where(limits_known, limits.centre - limits.half, np.nan),
        "limit_high": np.where(limits_known, limits.centre + limits.half, np.nan),
        "noise": (state == HealthState.BREACH) & _is_noise(kpis, np.arange(len(kpis.metrics)), value, limits),
        "review_since": stamps(np.where(reviewed.opened >= 0, opened, NO_INSTANT)),
    }
    return _typed(columns)


def _judged(kpis: Kpis, known: Booleans, value: Floats) -> tuple[Texts, Floats]:
    """The state of each series and how far its value is beyond the band."""
    with np.errstate(invalid="ignore"):
        above, below = np.maximum(value - kpis.high, 0.0), np.maximum(kpis.low - value, 0.0)
    banded = ~np.isnan(kpis.low)
    distance = np.where(known & banded, above - below, np.nan)
    words = [HealthState.NO_BAND, HealthState.UNKNOWN, HealthState.HEALTHY]
    code = np.select([~banded, ~known, distance == 0], [0, 1, 2], 3)
    return texts([*(word.value for word in words), HealthState.BREACH.value])[code], distance


def _starts(kpis: Kpis, definitions: Definitions, tracks: Tracks, rows: Integers) -> Integers:
    """The instants at which the periods of some rows begin, one row per series."""
    if not len(tracks.key):
        return np.full(len(rows), NO_INSTANT, dtype=np.int64)
    return bounds_at(definitions.grids, kpis.grid, periods_of(tracks, np.minimum(rows, len(tracks.key) - 1)))


def _seasons(kpis: Kpis, seasonal: Booleans) -> Texts:
    words = texts([_SEASON_WORDS.get(grain) for grain in GRAINS])[kpis.grain]
    words[~seasonal] = None
    return words


def _typed(columns: dict[str, Texts | Floats | Integers | Booleans | pd.DatetimeIndex]) -> pd.DataFrame:
    """Columns in their order. Text stays object, so that None stays None."""
    objects = {name: pd.Series(column, dtype=object) for name, column in columns.items() if column.dtype == object}
    return pd.DataFrame({**columns, **objects}, copy=False)[list(METRIC_HEALTH)]
