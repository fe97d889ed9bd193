"""Outliers and seasons: what of each period is usual for its series, what its season adds, and what is neither.

Belongs here: medians of seven, clipping, the profile of a season. Does not: levels and spread (wandering).

Matrices have a row for each period, the newest last, and a column for each series. Sums go row by row, so that a
series' result is the same to the last bit whatever others stand beside it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np

from okr_pipeline.scoring.arrays import Booleans, Floats, Integers

BLOCK: Final = 7
CLIP: Final = 4.0
"""How many robust standard deviations from the median of its seven periods a value still is usual."""
_DEVIATION: Final = 1.4826
"""A standard deviation in median absolute ones, of normal values."""
_MOST_OF_TYPICAL: Final = 10.0
"""How many typical deviations a standard deviation is at most: no single value, however large, makes itself usual."""
_SORTS_SEVEN: Final = (
    (0, 6), (2, 3), (4, 5), (0, 2), (1, 4), (3, 6), (0, 1), (2, 5), (3, 4), (1, 2), (4, 6), (2, 3), (4, 5), (1, 2),
    (3, 4), (5, 6),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Usual:
    """Values without outliers and season.

    `value`: clipped and without the season. `profile[i]`: what place `i` of the season adds, place 0 being that of the
    first period to come; zeros where there is none. `excess`: what outliers add to a period on average, and
    `excess_variance` around that.
    """

    value: Floats
    profile: Floats
    excess: Floats
    excess_variance: Floats


def total(rows: Iterable[Floats], count: int) -> Floats:
    """The sum of rows, one after the other."""
    out = np.zeros(count)
    for row in rows:
        out += row
    return out


def usual(value: Floats, weight: Floats, season: int) -> Usual:
    """Splits values into what is usual, what the season adds and what is out of the way.

    `weight` is 0 where nothing was observed, and 1 on average else; there the value is 0.
    """
    count = value.shape[1]
    seen = weight > 0
    middle, reach = _limits(_carried(value, seen), seen)
    clipped = np.clip(value, middle - reach, middle + reach)
    beyond, whole = value - clipped, np.maximum(total(weight, count), 1.0)
    excess = total(weight * beyond, count) / whole
    spread = total(weight * (beyond - excess) ** 2, count) / whole
    profile = _profile(clipped, seen, season)
    if season == 1:
        return Usual(clipped, profile, excess, spread)
    places = (np.arange(len(value)) - len(value)) % season
    return Usual(clipped - profile[places], profile, excess, spread)


def _carried(value: Floats, seen: Booleans) -> Floats:
    """Values with gaps filled by the one before, and before the first by the first."""
    carried, last = np.empty_like(value), np.zeros(value.shape[1])
    for row in range(len(value) - 1, -1, -1):
        last = np.where(seen[row], value[row], last)
    for row in range(len(value)):
        last = np.where(seen[row], value[row], last)
        carried[row] = last
    return carried


def _limits(value: Floats, seen: Booleans) -> tuple[Floats, Floats]:
    """The median of the seven periods that each is among, and how far from it values are still usual."""
    blocks = -(-len(value) // BLOCK)
    lacking = blocks * BLOCK - len(value)
    padded = np.concatenate([np.repeat(value[:1], lacking, axis=0), value]).reshape(blocks, BLOCK, -1)
    known = np.concatenate([np.zeros((lacking, value.shape[1]), dtype=np.bool_), seen])
    middle = _median_of_seven(padded)
    apart = np.abs(padded - middle[:, None])
    observed = np.logical_or.reduce(known.reshape(padded.shape), axis=1)
    typical = medians(np.where(observed, _median_of_seven(apart), np.nan)) * _DEVIATION
    apart = np.where(known, apart.reshape(blocks * BLOCK, -1), 0.0)
    mean = total(apart, value.shape[1]) / np.maximum(total(known.astype(np.float64), value.shape[1]), 1.0)
    scale = np.where(typical > 0, np.clip(mean / 2, typical, _MOST_OF_TYPICAL * typical), 2.5 * mean)
    reach = np.where(scale > 0, CLIP * scale, np.inf)
    return np.repeat(middle, BLOCK, axis=0)[lacking:], reach


def _median_of_seven(blocks: Floats) -> Floats:
    """The median over the middle axis, which has seven places, by comparing and exchanging."""
    rows = [blocks[:, place] for place in range(BLOCK)]
    for one, other in _SORTS_SEVEN:
        rows[one], rows[other] = np.minimum(rows[one], rows[other]), np.maximum(rows[one], rows[other])
    return rows[BLOCK // 2]


def medians(rows: Floats) -> Floats:
    """The median of each column's numbers, 0 where there are none."""
    ordered = np.sort(rows, axis=0)
    count = np.add.reduce((~np.isnan(rows)).astype(np.int64), axis=0)
    columns = np.arange(rows.shape[1])
    low = ordered[np.maximum((count - 1) // 2, 0), columns]
    high = ordered[np.minimum(count // 2, len(rows) - 1), columns]
    return np.where(count > 0, (low + high) / 2, 0.0)


def _profile(value: Floats, seen: Booleans, season: int) -> Floats:
    """What each place of the season adds to the mean of its season, as far as noise does not explain it.

    >>> week = np.array([0.0, 0, 0, 0, 0, 7, 7])
    >>> _profile(np.tile(week, 4)[:, None], np.ones((28, 1), dtype=bool), 7).ravel().tolist()
    [-2.0, -2.0, -2.0, -2.0, -2.0, 5.0, 5.0]
    """
    count, rounds = value.shape[1], len(value) // season
    if season == 1 or rounds < 2:
        return np.zeros((season, count))
    taken = slice(len(value) - rounds * season, None)
    shape = (rounds, season, count)
    known = seen[taken].astype(np.float64).reshape(shape)
    values = value[taken].reshape(shape)
    observed = _within(known)
    mean = _within(values * known) / np.maximum(observed, 1.0)
    begun = np.arange(len(value) - rounds * season, len(value), season)[:, None] >= np.argmax(seen, axis=0)
    whole = begun & (observed >= 0.7 * season)
    known = known * whole[:, None]
    means = np.where(whole, mean, np.nan)  # a season before the first observation is none, and not one of zeros
    slope = medians(means[1:] - means[:-1]) / season
    rising = (np.arange(season) - (season - 1) / 2)[:, None] * slope
    apart = (values - mean[:, None] - rising) * known
    times = _over(known)
    profile = _over(apart) / np.maximum(times, 1.0)
    seasons = total(whole.astype(np.float64), count)
    noise = _over(_within_squares((apart - profile) * known)) / np.maximum((seasons - 1) * (season - 1), 1.0)
    strength = _over(profile**2) / (season - 1)
    with np.errstate(all="ignore"):
        kept = np.maximum(0.0, 1 - noise / np.maximum(seasons, 1.0) / strength)
    return profile * np.where((seasons >= 2) & (strength > 0), kept, 0.0)


def _within(blocks: Floats) -> Floats:
    """Sums over the middle axis."""
    return _over(np.swapaxes(blocks, 0, 1))


def _within_squares(blocks: Floats) -> Floats:
    return _within(blocks * blocks)


def _over(rows: Floats) -> Floats:
    """Sums over the first axis, one row after the other."""
    out: Floats = np.zeros(rows.shape[1:])
    for row in rows:
        out += row
    return out


def season_ahead(profile: Floats, ahead: Integers, until: Integers) -> Floats:
    """The mean that the season adds to the periods to come `[ahead, until)`; whole seasons add nothing."""
    season = len(profile)
    added, rest = np.zeros(profile.shape[1]), (until - ahead) % season
    columns = np.arange(profile.shape[1])
    for step in range(season - 1):
        added += np.where(step < rest, profile[(ahead + step) % season, columns], 0.0)
    return np.asarray(added / np.maximum(until - ahead, 1), dtype=np.float64)
