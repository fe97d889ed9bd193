"""Outliers and seasons: what of each period is usual for its series, what its season adds, and what is neither.

Belongs here: medians of seven, clipping, the profile of a season. Does not: levels and spread (wandering).

Matrices have a row for each period, the newest last, and a column for each series; what is the same for all series may
have a single column. Sums go row by row, so that a series' result is the same to the last bit whatever others stand
beside it.
"""

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

    `value`: clipped and without the season, 0 where nothing was observed. `profile[i]`: what place `i` of the season
    adds, place 0 being that of the first period to come; zeros where there is none. `excess`: what outliers add to a
    period on average, and `excess_variance` around that.
    """

    value: Floats
    profile: Floats
    excess: Floats
    excess_variance: Floats


def total(rows: Floats) -> Floats:
    """The sum of rows, one after the other; rows of one column, too, which numpy would add in another order.

    >>> total(np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [4.0, 6.0]
    """
    if rows.shape[-1] == 1:
        return np.asarray(np.add.accumulate(rows, axis=0)[-1], dtype=np.float64)
    return np.asarray(np.add.reduce(np.ascontiguousarray(rows), axis=0), dtype=np.float64)


def weighed(weights: Floats, rows: Floats) -> Floats:
    """For each row of weights the sum of as many rows, each times its weight, one after the other.

    >>> weighed(np.array([[1.0, 1.0], [0.5, 2.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [[4.0, 6.0], [6.5, 9.0]]
    """
    # Not a matrix product, whose order of additions depends on how many columns there are; nor is that of one column.
    if rows.shape[1] == 1:
        return weighed(weights, np.repeat(rows, 2, axis=1))[:, :1]
    return np.asarray(np.einsum("rt,tc->rc", weights, rows), dtype=np.float64)


def squared_steps(value: Floats, weight: Floats) -> Floats:
    """The sum of the squares of what lies between neighbouring periods that were both observed."""
    steps, both = value[1:] - value[:-1], (weight[1:] > 0) & (weight[:-1] > 0)
    steps = _where_seen(steps, both)
    steps *= steps
    return total(steps)


def usual(value: Floats, weight: Floats, season: int) -> Usual:
    """Splits values into what is usual, what the season adds and what is out of the way.

    There are whole seasons of periods. `weight` is 0 where nothing was observed, and 1 on average else; there the value
    is 0, and stays so.
    """
    seen = weight > 0
    clipped, cut = _clipped(value, seen)
    excess, spread = np.zeros(value.shape[1]), np.zeros(value.shape[1])
    if len(cut):
        weights = weight if weight.shape[1] == 1 else weight[:, cut]
        beyond, whole = value[:, cut] - clipped[:, cut], np.maximum(total(weights), 1.0)
        excess[cut] = total(weights * beyond) / whole
        spread[cut] = total(weights * (beyond - excess[cut]) ** 2) / whole
    profile = _profile(clipped, seen, season)
    if season > 1:
        blocks = clipped.reshape(-1, season, clipped.shape[1])
        np.subtract(blocks, profile, out=blocks)
    return Usual(_where_seen(clipped, seen), profile, excess, spread)


def _clipped(value: Floats, seen: Booleans) -> tuple[Floats, Integers]:
    """Values no farther from the median of their seven than is usual; and the columns in which some were."""
    lacking = -len(value) % BLOCK
    carried = _carried(value, seen)
    if lacking:
        nothing = np.zeros((lacking, value.shape[1]))
        carried = np.concatenate([np.repeat(carried[:1], lacking, axis=0), carried])
        value = np.concatenate([nothing, value])
        seen = np.concatenate([np.zeros((lacking, seen.shape[1]), dtype=np.bool_), seen])
    shape = -1, BLOCK, value.shape[1]
    middle, reach, farthest = _limits(carried.reshape(shape), seen)
    low, high = (middle - reach)[:, None], (middle + reach)[:, None]
    clipped = np.clip(value.reshape(shape), low, high).reshape(value.shape)
    return clipped[lacking:], np.flatnonzero(farthest > reach)


def _where_seen(value: Floats, seen: Booleans) -> Floats:
    """Values in place, 0 where nothing was observed."""
    if seen.shape[1] == 1:
        value[~seen[:, 0]] = 0.0
    else:
        value *= seen
    return value


def _carried(value: Floats, seen: Booleans) -> Floats:
    """Values with gaps filled by the one before, and before the first by the first."""
    number = np.arange(len(value))[:, None]
    newest = np.maximum.accumulate(np.where(seen, number, 0), axis=0)
    place = np.maximum(newest, np.argmax(seen, axis=0))
    return value[place[:, 0]] if place.shape[1] == 1 else np.take_along_axis(value, place, axis=0)


def _limits(value: Floats, seen: Booleans) -> tuple[Floats, Floats, Floats]:
    """The median of each seven periods, how far from it values are still usual, and how far the farthest is."""
    middle = _median_of_seven(value)
    apart = value - middle[:, None]
    np.abs(apart, out=apart)
    observed = np.logical_or.reduce(seen.reshape(len(value), BLOCK, -1), axis=1)
    typical = medians(np.where(observed, _median_of_seven(apart), np.nan)) * _DEVIATION
    apart = _where_seen(apart.reshape(len(seen), -1), seen)
    mean = total(apart) / np.maximum(total(seen.astype(np.float64)), 1.0)
    scale = np.where(typical > 0, np.clip(mean / 2, typical, _MOST_OF_TYPICAL * typical), 2.5 * mean)
    return middle, np.where(scale > 0, CLIP * scale, np.inf), np.maximum.reduce(apart, axis=0)


def _median_of_seven(blocks: Floats) -> Floats:
    """The median over the middle axis, which has seven places, by comparing and exchanging."""
    rows = [blocks[:, place] for place in range(BLOCK)]
    for one, other, smaller, larger in _FINDS_MIDDLE:
        low, high = rows[one], rows[other]
        if smaller:
            rows[one] = np.minimum(low, high)
        if larger:
            rows[other] = np.maximum(low, high)
    return rows[BLOCK // 2]


def _leading_to(place: int) -> tuple[tuple[int, int, bool, bool], ...]:
    """Of the exchanges that sort seven those that decide what one place holds; and which of both is needed."""
    needed, steps = {place}, list[tuple[int, int, bool, bool]]()
    for one, other in reversed(_SORTS_SEVEN):
        if one in needed or other in needed:
            steps.insert(0, (one, other, one in needed, other in needed))
            needed |= {one, other}
    return tuple(steps)


_FINDS_MIDDLE: Final = _leading_to(BLOCK // 2)


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
    known = seen[taken].astype(np.float64).reshape(rounds, season, -1)
    values = value[taken].reshape(rounds, season, -1)
    observed = within(known)
    mean = within(values * known) / np.maximum(observed, 1.0)
    begun = np.arange(len(value) - rounds * season, len(value), season)[:, None] >= np.argmax(seen, axis=0)
    whole = begun & (observed >= 0.7 * season)
    known = known * whole[:, None]
    means = np.where(whole, mean, np.nan)  # a season before the first observation is none, and not one of zeros
    slope = medians(means[1:] - means[:-1]) / season
    apart = values - mean[:, None]
    apart -= (np.arange(season) - (season - 1) / 2)[:, None] * slope
    apart = _of_seasons(apart, known)
    profile = total(apart) / np.maximum(total(known), 1.0)
    seasons = total(whole.astype(np.float64))
    apart -= profile
    apart = _of_seasons(apart, known)
    apart *= apart
    noise = total(within(apart)) / np.maximum((seasons - 1) * (season - 1), 1.0)
    strength = total(profile**2) / (season - 1)
    with np.errstate(all="ignore"):
        kept = np.maximum(0.0, 1 - noise / np.maximum(seasons, 1.0) / strength)
    return profile * np.where((seasons >= 2) & (strength > 0), kept, 0.0)


def _of_seasons(apart: Floats, known: Floats) -> Floats:
    """Seasons in place, 0 where a period is not known."""
    return _where_seen(apart.reshape(-1, apart.shape[2]), known.reshape(-1, known.shape[2]) > 0).reshape(apart.shape)


def within(blocks: Floats) -> Floats:
    """Sums over the middle axis, one row after the other."""
    summed = blocks[:, 0].copy()
    for place in range(1, blocks.shape[1]):
        summed += blocks[:, place]
    return summed


def season_ahead(profile: Floats, ahead: Integers, until: Integers) -> Floats:
    """The mean that the season adds to the periods to come `[ahead, until)`; whole seasons add nothing."""
    season = len(profile)
    added, rest = np.zeros(profile.shape[1]), (until - ahead) % season
    columns = np.arange(profile.shape[1])
    for step in range(int(rest.max(initial=0))):
        added += np.where(step < rest, profile[(ahead + step) % season, columns], 0.0)
    return np.asarray(added / np.maximum(until - ahead, 1), dtype=np.float64)
