"""Wandering: how much of a series' movement stays and how much is noise, and so where its level is.

Belongs here: local-level models, their fit to the movements of a series itself, their levels and errors.
Does not: seasons and outliers (outliers), which periods are asked for (forecasting).

A series is a level that wanders by independent steps, plus noise that may persist from period to period. One model is
a ratio of the variance of a step to that of the noise, and a persistence. How means of neighbouring blocks differ, at
four lengths of block, tells how likely each model is (the Allan variance is half their mean square); a forecast is the
mean of all models' forecasts, weighted by that likelihood and by how common each model is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from okr_pipeline.scoring.arrays import Booleans, Floats
from okr_pipeline.scoring.outliers import total

STEPS: Final = (0.0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 100.0)
"""Variance of a step of the level, in variances of the noise; the last hardly has noise."""
PERSISTENCE: Final = (0.0, 0.5, 0.8)
"""How much of one period's noise is still there in the next."""
COMMON_IN_LEVELS: Final = (0.02, 0.02, 0.04, 0.1, 0.2, 0.3, 0.32)
COMMON_IN_RATES: Final = (0.05, 0.12, 0.3, 0.3, 0.12, 0.07, 0.04)
"""How common each ratio is: among stocks, and among all else."""
COMMON_PERSISTENCE: Final = (0.4, 0.4, 0.2)
_BLOCKS: Final = (1, 2, 4)
_MOST_SINGLE_STEPS: Final = 8.0
"""What differences of single periods count at most: they are many, and say little about months."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The periods to come `[ahead, until)`, counted from 0 after the newest; may be parts of periods."""

    ahead: Floats
    until: Floats


@dataclass(frozen=True, slots=True)
class Level:
    """Columns: the mean of the asked periods, if there is no trend, and the variance of its error.

    `lag`: how many periods before the newest the level speaks of on average. `noise`: the variance of noise over long
    stretches, per period; `step`: that of the level's steps. `freedom`: how many independent differences tell of them.
    """

    mean: Floats
    variance: Floats
    lag: Floats
    noise: Floats
    step: Floats
    freedom: Floats


def find_levels(value: Floats, weight: Floats, season: int, stock: Booleans, asked: Asked) -> Level:
    """Levels of series from usual values. `stock`: it is a level that mostly stays where it is, not a rate."""
    moves = _movements(value, weight, season)
    observed = total((weight > 0).astype(np.float64), value.shape[1])
    counts = total([it.count for it in moves], value.shape[1])
    sights = [_ahead(persistence, asked) for persistence in PERSISTENCE]
    likely, told = [], []
    for place, (ratio, faded) in enumerate(zip(STEPS, _faded(value, weight, observed), strict=True)):
        for ahead, common in zip(sights, COMMON_PERSISTENCE, strict=True):
            told.append(_tell(ratio, moves, counts, faded, ahead))
            likely.append(told[-1].likelihood + _commonness(place, stock) + np.log(common))
    return _averaged(_shares(likely), told, moves)


@dataclass(frozen=True, slots=True)
class _Movement:
    """Mean squares of the differences between neighbouring blocks, how many independent ones there are, and both times.

    `weighed` is `count` times `square`.
    """

    length: int
    square: Floats
    count: Floats
    weighed: Floats


@dataclass(frozen=True, slots=True)
class _Faded:
    """The mean of a series in which each period counts less than the next by the factor `fade`.

    `spread`: the variance of its error per variance of noise; `wandered`: per variance of a step.
    """

    fade: float
    mean: Floats
    lag: Floats
    last: Floats
    spread: Floats
    wandered: Floats


@dataclass(frozen=True, slots=True)
class _Told:
    """What one model says; fields as of `Level`."""

    likelihood: Floats
    mean: Floats
    variance: Floats
    lag: Floats
    noise: Floats
    step: Floats


def _movements(value: Floats, weight: Floats, season: int) -> list[_Movement]:
    """Differences between neighbouring periods, and blocks of one, two and four seasons."""
    count, base = value.shape[1], max(season, 2)
    both = ((weight[1:] > 0) & (weight[:-1] > 0)).astype(np.float64)
    steps = (value[1:] - value[:-1]) * both
    pairs = total(both, count)
    single = total(steps * steps, count) / np.maximum(pairs, 1), np.minimum(pairs, _MOST_SINGLE_STEPS)
    found = [single, *(_of_blocks(value, weight, base, times) for times in _BLOCKS)]
    least = 1e-12 * np.maximum.reduce([square for square, _ in found]) + 1e-300
    lengths = (1, *(base * times for times in _BLOCKS))
    squares = [np.maximum(square, least) for square, _ in found]
    return [
        _Movement(length, square, number, number * square)
        for length, square, (_, number) in zip(lengths, squares, found, strict=True)
    ]


def _of_blocks(value: Floats, weight: Floats, base: int, times: int) -> tuple[Floats, Floats]:
    """Mean squares of the differences of blocks of `times` bases that follow one another, and how many; every base.

    A block with many gaps is none, nor is one that begins before the series does.
    """
    count, bases, length = value.shape[1], len(value) // base, base * times
    if bases < 2 * times:
        return np.zeros(count), np.zeros(count)
    taken = slice(len(value) - bases * base, None)
    weights = weight[taken].reshape(bases, base, count)
    amounts = _joined((value[taken] * weight[taken]).reshape(bases, base, count), times)
    whole = _joined(weights, times)
    starts = len(value) - bases * base + base * np.arange(len(whole))
    begun = starts[:, None] >= np.argmax(weight > 0, axis=0)
    with np.errstate(all="ignore"):
        means = np.where(begun & (whole > 0.3 * length), amounts / whole, np.nan)
    moved = means[times:] - means[:-times]
    known = ~np.isnan(moved)
    pairs = total(known.astype(np.float64), count)
    square = total(np.where(known, moved, 0.0) ** 2, count) / np.maximum(pairs, 1)
    return square, np.where(pairs > 0, (pairs + times - 1) / times, 0.0)


def _joined(blocks: Floats, times: int) -> Floats:
    """Sums over the middle axis, and over each `times` blocks that follow one another."""
    single = np.zeros((len(blocks), blocks.shape[2]))
    for place in range(blocks.shape[1]):
        single += blocks[:, place]
    joined = single[: len(single) - times + 1].copy()
    for step in range(1, times):
        joined += single[step : len(single) - times + 1 + step]
    return joined


def _faded(value: Floats, weight: Floats, observed: Floats) -> list[_Faded]:
    """The faded means of each ratio in `STEPS`, all in one walk through the periods."""
    fades = np.array([1 - (-ratio + (ratio * ratio + 4 * ratio) ** 0.5) / 2 for ratio in STEPS])[:, None]
    amount = value * weight
    alike = bool((weight == weight[:, :1]).all())
    counts = weight[:, :1] if alike else weight
    top = np.zeros((len(STEPS), value.shape[1]))
    whole, late, squares = (np.zeros((len(STEPS), counts.shape[1])) for _ in range(3))
    for adds, count in zip(amount, counts, strict=True):
        top *= fades
        top += adds
        late += whole
        late *= fades
        whole *= fades
        whole += count
        squares *= fades * fades
        squares += count * count
    safe = np.where(whole > 0, whole, 1.0)
    means, lags, spreads = top / safe, late / safe + 0 * top, squares / (safe * safe) + 0 * top
    lasts = np.where(weight[-1] > 0, value[-1] - means, 0.0)
    wandered = [_wandered(float(fade), observed) for fade in fades[:, 0]]
    return [
        _Faded(float(fade), *parts)
        for fade, parts in zip(fades[:, 0], zip(means, lags, lasts, spreads, wandered, strict=True), strict=True)
    ]


def _wandered(fade: float, observed: Floats) -> Floats:
    """Of each step of the level, the square of the share that the mean has not followed yet, summed over the steps."""
    if fade == 1.0:
        return observed / 3
    more, least = np.maximum(observed - 1, 0), fade**observed
    squares = fade * fade * (1 - fade ** (2 * more)) / (1 - fade * fade)
    crossed = 2 * least * fade * (1 - fade**more) / (1 - fade)
    return np.asarray((squares - crossed + more * least * least) / (1 - least) ** 2, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class _Ahead:
    """What the asked periods and a persistence alone decide.

    `kept`: how much of the newest noise stays. `noise`: the variance of their mean, in variances of the noise; `steps`:
    what the steps to come add to it, in variances of a step.
    """

    persistence: float
    kept: Floats
    noise: Floats
    steps: Floats


def _ahead(persistence: float, asked: Asked) -> _Ahead:
    length = asked.until - asked.ahead
    steps = asked.ahead + (length + 1) * (2 * length + 1) / (6 * length)
    return _Ahead(persistence, _kept(persistence, asked), _mean_noise(persistence, length), steps)


def _tell(ratio: float, moves: Sequence[_Movement], counts: Floats, faded: _Faded, ahead: _Ahead) -> _Told:
    """What one model says of the asked periods, its noise scaled to the movements.

    With the noise that makes them likeliest, the likelihood of the movements depends on it and on the model's shape.
    """
    scaled, shaped = np.zeros(len(counts)), np.zeros(len(counts))
    for move in moves:
        shape = _difference(ratio, ahead.persistence, move.length)
        scaled += move.weighed / shape
        shaped += move.count * float(np.log(shape))
    noise = np.maximum(scaled / np.maximum(counts, 1e-9), 1e-300)
    held = ahead.persistence * faded.fade
    behind = (1 + held) / (1 - held) * faded.spread + ratio * faded.wandered
    return _Told(
        likelihood=-(counts * np.log(noise) + shaped) / 2,
        mean=faded.mean + ahead.kept * faded.last,
        variance=noise * (ahead.noise + ratio * ahead.steps + behind),
        lag=faded.lag,
        noise=noise * (1 + ahead.persistence) / (1 - ahead.persistence),
        step=noise * ratio,
    )


def _kept(persistence: float, asked: Asked) -> Floats:
    """The share of the newest period's noise that is still in the mean of the asked periods."""
    if not persistence:
        return np.zeros(len(asked.ahead))
    length = asked.until - asked.ahead
    return np.asarray(
        persistence ** (asked.ahead + 1) * (1 - persistence**length) / (length * (1 - persistence)), dtype=np.float64
    )


def _mean_noise(persistence: float, length: Floats) -> Floats:
    """The variance of the mean of so many periods' noise."""
    if not persistence:
        return 1 / length
    whole = (1 + persistence) / (1 - persistence)
    edges = 2 * persistence * (1 - persistence**length) / (length * (1 - persistence) ** 2)
    return np.asarray((whole - edges) / length, dtype=np.float64)


@cache
def _difference(ratio: float, persistence: float, length: int) -> float:
    """The mean square of the difference of two neighbouring blocks, in variances of the noise.

    >>> round(_difference(0.0, 0.0, 7), 4), round(_difference(1.0, 0.0, 1), 4)
    (0.2857, 3.0)
    """
    signs = np.repeat([-1.0, 1.0], length) / length
    apart = np.abs(np.arange(2 * length)[:, None] - np.arange(2 * length))
    alike = np.where(apart == 0, 1.0, persistence ** apart.astype(np.float64))
    return float((signs[:, None] * signs * alike).sum() + ratio * (2 * length * length + 1) / (3 * length))


def _commonness(place: int, stock: Booleans) -> Floats:
    return np.where(stock, float(np.log(COMMON_IN_LEVELS[place])), float(np.log(COMMON_IN_RATES[place])))


def _shares(likely: Sequence[Floats]) -> list[Floats]:
    """Likelihoods, given as logarithms, as shares of their sum."""
    most = np.maximum.reduce(likely)
    shares = [np.exp(it - most) for it in likely]
    whole = total(shares, len(most))
    return [it / whole for it in shares]


def _averaged(shares: Sequence[Floats], told: Sequence[_Told], moves: Sequence[_Movement]) -> Level:
    """The mean of what models say; where they disagree, the forecast is less sure."""
    count = len(shares[0])

    def mean(facts: Sequence[Floats]) -> Floats:
        return total([share * fact for share, fact in zip(shares, facts, strict=True)], count)

    level = mean([it.mean for it in told])
    return Level(
        mean=level,
        variance=mean([it.variance + (it.mean - level) ** 2 for it in told]),
        lag=mean([it.lag for it in told]),
        noise=mean([it.noise for it in told]),
        step=mean([it.step for it in told]),
        freedom=total([it.count for it in moves], count),
    )
