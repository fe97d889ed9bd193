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
from functools import cache, reduce
from typing import Final

import numpy as np

from okr_pipeline.scoring.arrays import Booleans, Floats
from okr_pipeline.scoring.outliers import squared_steps, total, weighed, within

STEPS: Final = (0.0, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 100.0)
"""Variance of a step of the level, in variances of the noise; the last hardly has noise."""
PERSISTENCE: Final = (0.0, 0.5, 0.8)
"""How much of one period's noise is still there in the next."""
COMMON_IN_LEVELS: Final = (0.02, 0.02, 0.04, 0.1, 0.2, 0.3, 0.32)
COMMON_IN_RATES: Final = (0.05, 0.12, 0.3, 0.3, 0.12, 0.07, 0.04)
"""How common each ratio is: among stocks, and among all else."""
COMMON_PERSISTENCE: Final = (0.4, 0.4, 0.2)
_BLOCKS: Final = (1, 2, 4)
_RATIOS: Final = np.array(STEPS)[:, None, None]
_PERSISTENCE: Final = np.array(PERSISTENCE)[:, None]
_COMMON: Final = np.log(np.array(COMMON_PERSISTENCE))[:, None]
_FADES: Final = np.array([1 - (-ratio + (ratio * ratio + 4 * ratio) ** 0.5) / 2 for ratio in STEPS])
"""By how much less than the next a period counts in the mean that errs least, by ratio."""
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
    told = _tell(moves, _faded(value, weight), _ahead(asked))
    return _averaged(_shares(told.likelihood + _commonness(stock) + _COMMON), told, moves)


@dataclass(frozen=True, slots=True)
class _Movements:
    """How far neighbouring blocks differ, at four lengths of block, all columns.

    `counts`: how many independent differences there are; `weighed`: their mean squares, times as many.
    """

    lengths: tuple[int, ...]
    counts: Sequence[Floats]
    weighed: Sequence[Floats]

    @property
    def count(self) -> Floats:
        return _added(self.counts)


@dataclass(frozen=True, slots=True)
class _Faded:
    """The means of series in which each period counts less than the next by the factor `fade`: ratios, 1, columns.

    `last`: how far the newest period is from the mean. `spread`: the variance of the mean's error per variance of
    noise; `wandered`: per variance of a step.
    """

    fade: Floats
    mean: Floats
    lag: Floats
    last: Floats
    spread: Floats
    wandered: Floats


@dataclass(frozen=True, slots=True)
class _Told:
    """What each model says: ratios, persistences, columns; `lag` does not depend on the persistence. As of `Level`."""

    likelihood: Floats
    mean: Floats
    variance: Floats
    lag: Floats
    noise: Floats
    step: Floats


def _movements(value: Floats, weight: Floats, season: int) -> _Movements:
    """Differences between neighbouring periods, and blocks of one, two and four seasons."""
    base = max(season, 2)
    pairs = total(((weight[1:] > 0) & (weight[:-1] > 0)).astype(np.float64))
    single = squared_steps(value, weight) / np.maximum(pairs, 1), np.minimum(pairs, _MOST_SINGLE_STEPS)
    blocks = _blocks(value, weight, base)
    found = [single, *(_of_blocks(blocks, base * times, times) for times in _BLOCKS)]
    least = 1e-12 * np.maximum.reduce([square for square, _ in found]) + 1e-300
    counts = [count for _, count in found]
    weighed = [count * np.maximum(square, least) for square, count in found]
    return _Movements((1, *(base * times for times in _BLOCKS)), counts, weighed)


@dataclass(frozen=True, slots=True)
class _Blocks:
    """Sums of blocks of as many periods as a season has, and whether the series had begun."""

    amount: Floats
    weight: Floats
    begun: Booleans


def _blocks(value: Floats, weight: Floats, base: int) -> _Blocks:
    bases = len(value) // base
    start = len(value) - bases * base
    weights = weight[start:].reshape(bases, base, -1)
    begun = start + base * np.arange(bases)[:, None] >= np.argmax(weight > 0, axis=0)
    return _Blocks(within(value[start:].reshape(bases, base, -1) * weights), within(weights), begun)


def _of_blocks(of: _Blocks, length: int, times: int) -> tuple[Floats, Floats]:
    """Mean squares of the differences of `times` blocks that follow one another to the next ones, and how many.

    Blocks with many gaps are none, nor are those that begin before the series does.
    """
    if len(of.amount) < 2 * times:
        return np.zeros(of.amount.shape[1]), np.zeros(of.amount.shape[1])
    whole = _joined(of.weight, times)
    known = of.begun[: len(whole)] & (whole > 0.3 * length)
    with np.errstate(all="ignore"):
        means = np.where(known, _joined(of.amount, times) / whole, 0.0)
    both = known[times:] & known[:-times]
    moved = (means[times:] - means[:-times]) * both
    pairs = total(both.astype(np.float64))
    square = total(moved * moved) / np.maximum(pairs, 1)
    return square, np.where(pairs > 0, (pairs + times - 1) / times, 0.0)


def _joined(blocks: Floats, times: int) -> Floats:
    """Sums over each `times` blocks that follow one another."""
    joined = blocks[: len(blocks) - times + 1].copy()
    for step in range(1, times):
        joined += blocks[step : len(blocks) - times + 1 + step]
    return joined


def _faded(value: Floats, weight: Floats) -> _Faded:
    """The faded means of each ratio in `STEPS`."""
    fades, back = _FADES[:, None], np.arange(len(value) - 1, -1, -1, dtype=np.float64)
    left = np.asarray(fades**back, dtype=np.float64)
    whole = weighed(left, weight)
    safe, observed = np.where(whole > 0, whole, 1.0), total((weight > 0).astype(np.float64))
    mean, lag = weighed(left, value * weight) / safe, weighed(left * back, weight) / safe
    last, spread = (
        np.where(weight[-1] > 0, value[-1] - mean, 0.0),
        weighed(left * left, weight * weight) / (safe * safe),
    )
    wandered = np.stack([_wandered(float(fade), observed) for fade in _FADES])
    return _Faded(*(part[:, None] for part in (fades, mean, lag, last, spread, wandered)))


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
    """What the asked periods and a persistence alone decide: persistences, columns.

    `kept`: how much of the newest noise stays. `noise`: the variance of their mean, in variances of the noise; `steps`:
    what the steps to come add to it, in variances of a step.
    """

    kept: Floats
    noise: Floats
    steps: Floats


def _ahead(asked: Asked) -> _Ahead:
    length = asked.until - asked.ahead
    kept = np.stack([_kept(persistence, asked) for persistence in PERSISTENCE])
    noise = np.stack([_mean_noise(persistence, length) for persistence in PERSISTENCE])
    return _Ahead(kept, noise, asked.ahead + (length + 1) * (2 * length + 1) / (6 * length))


def _tell(moves: _Movements, faded: _Faded, ahead: _Ahead) -> _Told:
    """What each model says of the asked periods, its noise scaled to the movements.

    With the noise that makes them likeliest, the likelihood of the movements depends on it and on the model's shape.
    """
    shapes, counts = _differences(moves.lengths), moves.count
    scaled = _added([weighed / shape for weighed, shape in zip(moves.weighed, shapes, strict=True)])
    shaped = _added([count * np.log(shape) for count, shape in zip(moves.counts, shapes, strict=True)])
    noise = np.maximum(scaled / np.maximum(counts, 1e-9), 1e-300)
    held = _PERSISTENCE * faded.fade
    behind = (1 + held) / (1 - held) * faded.spread + _RATIOS * faded.wandered
    return _Told(
        likelihood=-(counts * np.log(noise) + shaped) / 2,
        mean=faded.mean + ahead.kept * faded.last,
        variance=noise * (ahead.noise + _RATIOS * ahead.steps + behind),
        lag=faded.lag,
        noise=noise * (1 + _PERSISTENCE) / (1 - _PERSISTENCE),
        step=noise * _RATIOS,
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
def _differences(lengths: tuple[int, ...]) -> Floats:
    """What `_difference` says of each length of block and model: lengths, ratios, persistences, 1."""
    rows = [[[[_difference(ratio, it, length)] for it in PERSISTENCE] for ratio in STEPS] for length in lengths]
    return np.array(rows)


def _difference(ratio: float, persistence: float, length: int) -> float:
    """The mean square of the difference of two neighbouring blocks, in variances of the noise.

    >>> round(_difference(0.0, 0.0, 7), 4), round(_difference(1.0, 0.0, 1), 4)
    (0.2857, 3.0)
    """
    signs = np.repeat([-1.0, 1.0], length) / length
    apart = np.abs(np.arange(2 * length)[:, None] - np.arange(2 * length))
    alike = np.where(apart == 0, 1.0, persistence ** apart.astype(np.float64))
    return float((signs[:, None] * signs * alike).sum() + ratio * (2 * length * length + 1) / (3 * length))


def _commonness(stock: Booleans) -> Floats:
    levels, rates = (np.log(np.array(common))[:, None, None] for common in (COMMON_IN_LEVELS, COMMON_IN_RATES))
    return np.asarray(np.where(stock, levels, rates), dtype=np.float64)


def _shares(likely: Floats) -> Floats:
    """Likelihoods of models, given as logarithms, as shares of their sum."""
    shares = np.exp(likely - np.maximum.reduce(likely, axis=(0, 1)))
    return np.asarray(shares / total(_models(shares)), dtype=np.float64)


def _averaged(shares: Floats, told: _Told, moves: _Movements) -> Level:
    """The mean of what models say; where they disagree, the forecast is less sure."""

    def mean(facts: Floats) -> Floats:
        return total(_models(shares * facts))

    level = mean(told.mean)
    return Level(
        mean=level,
        variance=mean(told.variance + (told.mean - level) ** 2),
        lag=mean(told.lag),
        noise=mean(told.noise),
        step=mean(told.step),
        freedom=moves.count,
    )


def _models(facts: Floats) -> Floats:
    """Ratios, persistences, columns as a row for each model."""
    return np.asarray(facts.reshape(len(STEPS) * len(PERSISTENCE), -1), dtype=np.float64)


def _added(columns: Sequence[Floats]) -> Floats:
    """The sum of columns, one after the other."""
    return reduce(np.add, columns)
