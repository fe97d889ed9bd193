"""Predicting: what the periods to come of many series will be on average, and how sure that is.

Belongs here: level, season, trend and outliers put together. Does not: what is asked of which key result (forecasting).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Final

import numpy as np

from okr_pipeline.scoring.arrays import Booleans, Floats, Integers
from okr_pipeline.scoring.outliers import medians, season_ahead, squared_steps, total, usual
from okr_pipeline.scoring.wandering import Asked, find_levels

_STRETCHES: Final = 6
_TREND_IN_LEVELS, _TREND_IN_RATES = 1.0, 0.25
"""How much of a trend goes on: that of a stock does, that of a rate mostly ends."""
_DOUBT: Final = 2.0
"""How many times the variance of its error a squared slope must be for half of it to be believed."""
_ROUNDING: Final = 1e-9
"""What a trend moves a series by at least, as a share of its largest value; less is arithmetic."""
_TOLD_FROM: Final = 0.5
_SURE_FROM: Final = 3.0
_LEAST_FREEDOM, _MOST_FREEDOM = 3.0, 60.0


@dataclass(frozen=True, slots=True)
class Histories:
    """Series to predict: a row for each period, the newest last, a column for each series.

    `weight` is how much a period counts, 0 where nothing was observed; there `value` is 0. It has a single column where
    it is the same for all. `season` is the length of the season in periods, 1 for none. `stock`: the series are levels
    that stay where they are, not rates.
    """

    value: Floats
    weight: Floats
    season: int
    stock: Booleans


@dataclass(frozen=True, slots=True)
class Predicted:
    """Columns: the mean of the asked periods, the scale of its error, and the freedom of Student's distribution of it.

    `seasonal`, `trending`: whether a season or a trend is part of the mean.
    """

    mean: Floats
    spread: Floats
    freedom: Floats
    seasonal: Booleans
    trending: Booleans


def predict(of: Histories, asked: Asked) -> Predicted:
    """The mean of the periods asked of each series, each of which has at least one observation."""
    observed = np.maximum(total((of.weight > 0).astype(np.float64)), 1.0)
    mean_weight = total(of.weight) / observed
    weight = of.weight / np.where(mean_weight > 0, mean_weight, 1.0)
    split = usual(of.value, weight, of.season)
    trend = _trend(split.value, weight)
    level = find_levels(_level_part(split.value, weight, trend.sure), weight, of.season, of.stock, asked)
    slope = trend.slope - trend.sure
    doubt = 12 * level.noise / trend.span**3 + 1.2 * level.step / trend.span
    goes_on = np.where(of.stock, _TREND_IN_LEVELS, _TREND_IN_RATES) * (observed >= 4 * max(of.season, 2))
    with np.errstate(all="ignore"):
        kept = np.nan_to_num(slope**2 / (slope**2 + _DOUBT * doubt)) * goes_on
    lead, length = (asked.ahead + asked.until + 1) / 2, asked.until - asked.ahead
    moved = level.lag + lead
    single = length < 1.5
    rare = split.excess_variance * np.where(single, 1.0, 1 / np.maximum(length, 1.0) + 1 / observed)
    variance = level.variance + kept**2 * doubt * moved**2 + rare
    season = season_ahead(split.profile, np.rint(asked.ahead).astype(np.int64), np.rint(asked.until).astype(np.int64))
    return Predicted(
        mean=level.mean + trend.sure * lead + kept * slope * moved + season + np.where(single, 0.0, split.excess),
        spread=np.sqrt(np.maximum(variance, 0.0)),
        freedom=np.broadcast_to(np.clip(level.freedom, _LEAST_FREEDOM, _MOST_FREEDOM), of.stock.shape),
        seasonal=np.abs(split.profile).max(axis=0) > 0,
        trending=(kept > _TOLD_FROM) | (np.abs(trend.sure) > 0),
    )


def _level_part(value: Floats, weight: Floats, sure: Floats) -> Floats:
    """Values without the part of the trend that is sure; 0 where nothing was observed."""
    if not sure.any():
        return value
    return (value - sure * np.arange(1 - len(value), 1)[:, None]) * (weight > 0)


@dataclass(frozen=True, slots=True)
class _Trend:
    """The median `slope` between the means of six stretches, per period; the part of it that is `sure`; the `span`.

    Sure is what no wandering level would do: a slope of more than three standard deviations of the mean of as many
    steps as there are, each as large as what lies between neighbouring periods.
    """

    slope: Floats
    sure: Floats
    span: Floats


def _trend(value: Floats, weight: Floats) -> _Trend:
    first = np.argmax(weight > 0, axis=0)
    span = np.maximum(len(weight) - first, 1)
    edges = [first + span * number // _STRETCHES for number in range(_STRETCHES + 1)]
    amounts, weights = _differences(value * weight, edges), _differences(weight, edges)
    means = [summed / np.where(whole > 0, whole, np.nan) for summed, whole in zip(amounts, weights, strict=True)]
    centres = [(start + end) / 2 for start, end in pairwise(edges)]
    with np.errstate(all="ignore"):
        slopes = [
            (means[later] - means[earlier]) / (centres[later] - centres[earlier])
            for earlier, later in combinations(range(_STRETCHES), 2)
        ]
    slope = medians(np.stack(slopes))
    largest = np.maximum(np.maximum.reduce(value, axis=0), -np.minimum.reduce(value, axis=0))
    slope = np.where(np.abs(slope) * span > _ROUNDING * largest, slope, 0.0)
    chance = 1.2 * squared_steps(value, weight) / np.maximum(span - 1, 1) / span
    with np.errstate(all="ignore"):
        certain = np.maximum(0.0, 1 - _SURE_FROM**2 * (chance - slope**2 / span) / slope**2)
    return _Trend(slope, slope * np.where(slope != 0, np.minimum(certain, 1.0), 0.0), span.astype(np.float64))


def _differences(rows: Floats, edges: Sequence[Integers]) -> list[Floats]:
    """The sums of rows between edges that differ by column."""
    summed = np.zeros((len(rows) + 1, rows.shape[1]))
    for before, row, after in zip(summed, rows, summed[1:], strict=False):
        np.add(before, row, out=after)
    columns = np.arange(rows.shape[1])
    at = [summed[edge[0]] if len(edge) == 1 else summed[edge, columns] for edge in edges]
    return [after - before for before, after in pairwise(at)]
