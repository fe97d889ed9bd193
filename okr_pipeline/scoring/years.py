"""Years: how the stretch that is asked for went in earlier years, where these agree that it has a season.

Belongs here: the means of stretches a year and more ago, what they have in common, how far that is believed.
Does not: seasons of the week and of the day (outliers), seasons of a plan (seasons).

In each earlier year the mean of the same stretch is set beside the straight line from the weeks that lie as far before
it as the newest weeks do today to the same weeks a year later. How far it strays from that line is the season and what
else happened; a season comes back, all else does not. What two years
have in common is the smaller of them. The mean of the squares of that tells how far they are believed, beside the error
that the level's model expects, which is what they would stray by if there was no season. One year is never believed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.score import Family
from okr_pipeline.scoring.arrays import Booleans, Floats, Integers, fold
from okr_pipeline.scoring.definitions import Definitions, Kind, Reducer
from okr_pipeline.scoring.grids import weeks_at
from okr_pipeline.scoring.histories import FAMILIES, families, is_by_week, is_total
from okr_pipeline.scoring.horizons import Horizon
from okr_pipeline.scoring.tracks import Tracks, periods_of, rows_before
from okr_pipeline.scoring.wandering import Asked

_YEARS: Final = 3
_SEEN: Final = 0.7
"""The share of a stretch's periods that must be observed."""
_DOUBT: Final = 0.5
_OF_MODEL: Final = 0.1
"""How many years' straying the model's own variance counts as, beside that of the years."""


@dataclass(frozen=True, slots=True)
class _Year:
    """In periods of a grain: a year, the weeks that a stretch is set beside, the shortest stretch."""

    length: int
    beside: int
    least: int


_OF_GRAIN: Final[Mapping[Grain, _Year]] = {
    Grain.DAY: _Year(364, 56, 28),
    Grain.WEEK: _Year(52, 8, 4),
    Grain.MONTH: _Year(12, 3, 1),
    Grain.QUARTER: _Year(4, 1, 1),
}
"""A year of days is 52 weeks, so that weekdays stay where they are."""


@dataclass(frozen=True, slots=True)
class Yearly:
    """Columns, one row for each of the `places`: the mean of the asked periods by earlier years, its error's scale.

    `belief`: from 0 to 1, how far it takes the place of what was predicted without.
    """

    places: Integers
    mean: Floats
    spread: Floats
    belief: Floats


_NOTHING: Final = Yearly(np.zeros(0, dtype=np.int64), np.zeros(0), np.zeros(0), np.zeros(0))


def yearly(definitions: Definitions, tracks: Tracks, of: Horizon, asked: Asked, variance: Floats) -> Yearly:
    """What earlier years say of the periods asked, where at least two say anything, for horizons of one grain.

    `variance` is that of the error of what is predicted without. Hours have no years.
    """
    year = _OF_GRAIN.get(definitions.grids.each[definitions.key_results.grid[of.rows[0]]].grain)
    if year is None:
        return _NOTHING
    lengths = _lengths(definitions, of.rows, year)
    places = np.flatnonzero(_can_have(definitions, of.rows) & _old_enough(tracks, of, 2 * lengths))
    if not len(places):
        return _NOTHING
    begins, length = of.newest[places] + 1, lengths[places]
    ahead, until = _widened(asked.ahead[places], asked.until[places], year.least)
    apart = (ahead + until + year.beside) / 2 / length
    mean_of = _Means(definitions, tracks, of, places)
    ends = [begins - length * turn for turn in range(_YEARS + 1)]
    beside = [mean_of(end - year.beside, end) for end in ends]
    scale = _scales(definitions, of.rows[places], beside)
    strayed = []
    for turn in range(1, _YEARS + 1):
        came = mean_of(ends[turn] + ahead, ends[turn] + until)
        strayed.append((came - beside[turn] - (beside[turn - 1] - beside[turn]) * apart) * scale[turn])
    line = beside[0] + (beside[0] - beside[1]) * apart
    return _agreed(places, line, np.stack(strayed), variance[places])


def _lengths(definitions: Definitions, rows: Integers, year: _Year) -> Integers:
    """The periods of a year for each row: fiscal years of weeks may have thirteen months."""
    found = [
        each.calendar.week_year.months if each.calendar.week_year and each.grain is Grain.MONTH else year.length
        for each in definitions.grids.each
    ]
    return np.array(found, dtype=np.int64)[definitions.key_results.grid[rows]]


def _can_have(definitions: Definitions, rows: Integers) -> Booleans:
    of = definitions.key_results
    never = np.isin(of.reducer[rows], np.array([Reducer.IN_BAND, Reducer.MIN, Reducer.MAX]))
    return np.asarray(~never & (of.kind[rows] != Kind.BASELINE), dtype=np.bool_)


def _old_enough(tracks: Tracks, of: Horizon, periods: Integers) -> Booleans:
    return np.asarray(of.newest - periods_of(tracks, of.first) >= periods, dtype=np.bool_)


def _widened(ahead: Floats, until: Floats, least: int) -> tuple[Integers, Integers]:
    """The periods asked, or as many around their middle that a mean says something; none that is over already."""
    length = np.maximum(np.rint(until - ahead).astype(np.int64), least)
    first = np.maximum(np.rint((ahead + until - length) / 2).astype(np.int64), 0)
    return first, first + length


class _Means:
    """Means of stretches of key results' tracks; NaN where too little of one is observed, or none of the series yet."""

    def __init__(self, definitions: Definitions, tracks: Tracks, of: Horizon, places: Integers) -> None:
        keys, rows = definitions.key_results, of.rows[places]
        self._tracks, self._track, self._first = tracks, of.track[places], periods_of(tracks, of.first[places])
        self._total, self._scale = is_total(definitions, rows), keys.scale[rows]
        self._grids, self._grid, self._by_week = definitions.grids, keys.grid[rows], is_by_week(definitions, rows)
        self._weighted = keys.reducer[rows] == Reducer.WEIGHTED_MEAN
        self._amount = np.where(tracks.weight > 0, tracks.value * tracks.weight, 0.0) if self._weighted.any() else None

    def __call__(self, low: Integers, high: Integers) -> Floats:
        first, last = (rows_before(self._tracks, self._track, np.maximum(it, 0)) for it in (low, high))
        summed, count = fold(np.add, self._tracks.value, first, last), (last - first).astype(np.float64)
        whole = np.where(self._total, (high - low).astype(np.float64), count)
        if self._by_week.any():
            ends = [weeks_at(self._grids, self._grid, np.maximum(it, 0)) for it in (low, high)]
            whole = np.where(self._by_week, ends[1] - ends[0], whole)
        if self._amount is not None:
            summed = np.where(self._weighted, fold(np.add, self._amount, first, last), summed)
            whole = np.where(self._weighted, fold(np.add, self._tracks.weight, first, last), whole)
        known = (low >= self._first) & (count >= _SEEN * (high - low)) & (whole > 0)
        return np.where(known, summed / whole * self._scale, np.nan)


def _scales(definitions: Definitions, rows: Integers, beside: list[Floats]) -> list[Floats]:
    """What a year's straying is multiplied by: the season of what adds up grows with it."""
    flow = families(definitions, rows) == FAMILIES.index(Family.FLOW)
    return [np.where(flow & (beside[0] > 0) & (then > 0), beside[0] / then, 1.0) for then in beside]


def _agreed(places: Integers, line: Floats, strayed: Floats, variance: Floats) -> Yearly:
    years = (~np.isnan(strayed)).sum(axis=0).astype(np.float64)
    pairs, count = np.nan_to_num(_in_common(strayed)), np.maximum(years * (years - 1) / 2, 1)
    common = np.add.reduce(pairs * pairs, axis=0) / count
    season = np.where(years > 2, np.median(strayed, axis=0), np.add.reduce(pairs, axis=0))
    belief = common**2 / (common**2 + _DOUBT * variance**2 / count)
    rest = np.nansum((strayed - season) ** 2, axis=0)
    own = (1 + 1 / np.maximum(years, 1)) * (_OF_MODEL * variance + rest) / (_OF_MODEL + np.maximum(years - 1, 1))
    enough = (years >= 2) & ~np.isnan(line) & np.isfinite(belief)
    return Yearly(places[enough], (line + season)[enough], np.sqrt(own[enough]), belief[enough])


def _in_common(strayed: Floats) -> Floats:
    """What each two years have in common: the smaller of them, 0 where they went opposite ways; a row for each two."""
    both = [(one, other) for one, other in combinations(strayed, 2)]
    return np.stack([np.sign(one) * np.minimum(np.abs(one), np.abs(other)) * (one * other > 0) for one, other in both])
