"""How a value compares with the earlier values of its own series.

Belongs here: change, increase, run length and robust z of each delivered value, computed in one pass over time.
Does not: thresholds as configured (thresholds), the rules on these columns (rules).

A refused value must not become the yardstick of the next one: else a unit that switches by a thousand would be refused
once and believed ever after. So a value is compared with the newest *accepted* ones, and acceptance is decided on the
way. The pass goes position by position through time, over all series at once.
"""

from dataclasses import dataclass, fields
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]
Bools: TypeAlias = npt.NDArray[np.bool_]

HISTORY: Final = 28
"""Earlier accepted values that a robust z is taken against, at most."""
LEAST_HISTORY: Final = 8
"""Earlier accepted values without which there is no robust z."""
_MAD_TO_SIGMA: Final = 0.6745
_LEAST_SCALE_SHARE: Final = 0.01


@dataclass(frozen=True, slots=True)
class Line:
    """Values in order of series and time. `judged` marks the delivered ones, `sound` those that no other rule refuses.

    Values are finite or NaN; a row that is neither delivered nor sound does not occur.
    """

    series: Ints
    value: Floats
    judged: Bools
    sound: Bools


@dataclass(frozen=True, slots=True)
class Limits:
    """By series: the thresholds, NaN where off, and whether breaking them refuses the value."""

    max_change: Floats
    monotonic: Floats
    flat: Floats
    anomaly: Floats
    blocks_change: Bools
    blocks_fall: Bools
    blocks_flat: Bools
    blocks_anomaly: Bools


@dataclass(frozen=True, slots=True)
class Comparison:
    """By row of the line, NaN where there is nothing to compare with or no threshold asks.

    `change`: |value / reference − 1|, reference being the newest accepted earlier value that is not 0.
    `increase`: value − previous, the newest accepted earlier value. `run_length`: equal values in a row up to this one.
    `robust_z`: 0.6745·|value − median| / MAD of the newest 28 accepted earlier values, 8 at least (Iglewicz and
    Hoaglin 1993). The scale is at least a hundredth of the median's size, so that the first small step of a
    series that never moved is no anomaly; where it is 0, there is no z.
    """

    change: Floats
    reference: Floats
    increase: Floats
    previous: Floats
    run_length: Floats
    robust_z: Floats
    median: Floats

    def columns(self) -> dict[str, Floats]:
        """The comparison by column name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def compare(line: Line, limits: Limits) -> Comparison:
    """Compare each judged value with the accepted ones before it.

    `limits` is indexed by the series numbers of `line`.
    """
    walk = _Walk(len(line.value), limits)
    starts = np.flatnonzero(np.diff(line.series, prepend=-1))
    lengths = np.diff(starts, append=len(line.series))
    longest_first = np.argsort(-lengths, kind="stable")
    starts, lengths = starts[longest_first], lengths[longest_first]
    for position in range(int(lengths[0]) if len(lengths) else 0):
        active = int(np.searchsorted(-lengths, -position, side="left"))
        walk.step(line, starts[:active] + position)
    return walk.comparison


class _Walk:
    """What is known of each series on the way through time."""

    def __init__(self, rows: int, limits: Limits) -> None:
        series = len(limits.max_change)
        self._limits = limits
        self._reference = np.full(series, np.nan)
        self._previous = np.full(series, np.nan)
        self._seen = np.full(series, np.nan)
        self._run = np.zeros(series)
        self._remembers = np.flatnonzero(~np.isnan(limits.anomaly))
        self._slot = np.full(series, -1)
        self._slot[self._remembers] = np.arange(len(self._remembers))
        self._memory = np.full((len(self._remembers), HISTORY), np.nan)
        self._remembered = np.zeros(len(self._remembers), dtype=np.int64)
        self.comparison = Comparison(*(np.full(rows, np.nan) for _ in range(7)))

    def step(self, line: Line, rows: Ints) -> None:
        """One position in time: compare what is judged there, then remember what is accepted."""
        rows = rows[~np.isnan(line.value[rows])]
        series, value = line.series[rows], line.value[rows]
        self._count_run(series, value, line.sound[rows])
        refused = self._compare(rows, series, value) & line.judged[rows]
        accepted = line.sound[rows] & ~refused
        self._remember(series[accepted], value[accepted])

    def _count_run(self, series: Ints, value: Floats, sound: Bools) -> None:
        run = np.where(value == self._seen[series], self._run[series] + 1, 1)
        self._run[series] = np.where(sound, run, self._run[series])
        self._seen[series] = np.where(sound, value, self._seen[series])

    def _compare(self, rows: Ints, series: Ints, value: Floats) -> Bools:
        out, limits = self.comparison, self._limits
        out.reference[rows], out.previous[rows] = self._reference[series], self._previous[series]
        with np.errstate(over="ignore"):
            out.change[rows] = np.abs(value / self._reference[series] - 1)
            out.increase[rows] = value - self._previous[series]
        out.run_length[rows] = self._run[series]
        self._compare_with_memory(rows, series, value)
        return np.asarray(
            (limits.blocks_change[series] & (out.change[rows] > limits.max_change[series]))
            | (limits.blocks_fall[series] & (out.increase[rows] < limits.monotonic[series]))
            | (limits.blocks_flat[series] & (out.run_length[rows] > limits.flat[series]))
            | (limits.blocks_anomaly[series] & (out.robust_z[rows] > limits.anomaly[series]))
        )

    def _compare_with_memory(self, rows: Ints, series: Ints, value: Floats) -> None:
        slots = self._slot[series]
        ready = (slots >= 0) & (self._remembered[slots] >= LEAST_HISTORY) if len(self._remembers) else slots >= 0
        if not ready.any():
            return
        memory = self._memory[slots[ready]]
        median = _median(memory)
        mad = _median(np.abs(memory - median[:, None]))
        scale = np.maximum(mad / _MAD_TO_SIGMA, _LEAST_SCALE_SHARE * np.abs(median))
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            z = np.abs(value[ready] - median) / scale
        self.comparison.robust_z[rows[ready]] = np.where(scale > 0, z, np.nan)
        self.comparison.median[rows[ready]] = median

    def _remember(self, series: Ints, value: Floats) -> None:
        self._previous[series] = value
        self._reference[series] = np.where(value != 0, value, self._reference[series])
        slots = self._slot[series]
        kept = slots[slots >= 0]
        self._memory[kept, self._remembered[kept] % HISTORY] = value[slots >= 0]
        self._remembered[kept] += 1


def _median(rows: Floats) -> Floats:
    """The median of each row, NaN left out; every row has a value."""
    ordered = np.sort(rows, axis=1)
    count = (~np.isnan(rows)).sum(axis=1)
    each = np.arange(len(rows))
    return np.asarray((ordered[each, (count - 1) // 2] + ordered[each, count // 2]) / 2)
