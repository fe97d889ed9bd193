"""How a value compares with the earlier values of its own series.

Belongs here: change, increase, run length and robust z of each delivered value, computed in one pass over time.
Does not: thresholds as configured (thresholds), the rules on these columns (rules), what a season is (seasons).

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
SAME_PHASE: Final = 4
"""Earlier accepted values of the same phase of a season, at most, that say what is usual there."""
LEAST_SAME_PHASE: Final = 3
_MAD_TO_SIGMA: Final = 0.6745
_LEAST_SCALE_SHARE: Final = 0.01
_LEARNING_TIMES: Final = 3
"""How much wider a limit is for a series whose season is not known yet: its first weekends are no anomalies."""


@dataclass(frozen=True, slots=True)
class Line:
    """Values in order of series and time. `judged` marks the delivered ones, `sound` those that no other rule refuses.

    Values are finite or NaN; a row that is neither delivered nor sound does not occur. `phase` is the place of a period
    in its season: a weekday, an hour of the week; 0 where there is none.
    """

    series: Ints
    phase: Ints
    value: Floats
    judged: Bools
    sound: Bools


@dataclass(frozen=True, slots=True)
class Limits:
    """By series: the thresholds, NaN where off, and whether breaking them refuses the value.

    `phases` is the length of its season in periods, 0 for none; `counts` says that values are counts of things,
    `amounts` that they are counts or other amounts, which vary in proportion to themselves.
    """

    max_change: Floats
    monotonic: Floats
    flat: Floats
    anomaly: Floats
    blocks_change: Bools
    blocks_fall: Bools
    blocks_flat: Bools
    blocks_anomaly: Bools
    phases: Ints
    counts: Bools
    amounts: Bools

    def at(self, numbers: Ints) -> "Limits":
        """Those at some numbers."""
        return Limits(*(getattr(self, field.name)[numbers] for field in fields(self)))


@dataclass(frozen=True, slots=True)
class Comparison:
    """By row of the line, NaN where there is nothing to compare with or no threshold asks.

    `change`: |value / reference − 1|, reference being the newest accepted earlier value that is not 0.
    `increase`: value − previous, the newest accepted earlier value. `run_length`: equal values in a row up to this one.
    `robust_z`: 0.6745·|value − usual| / MAD of the newest 28 accepted earlier values, 8 at least, of which `usual` is
    the median (Iglewicz and Hoaglin 1993). Where three earlier values of the same phase are known, a value is first
    set against the median of the newest four of them: as a ratio where all of the series is positive, else as a
    difference; the same z is then taken of these. The scale is at least a hundredth of what is usual, so that the
    first small step of a series that never moved is no anomaly, and of a count at least its square root, by which
    counts vary of themselves; where it is 0, there is no z. Until the season of a series is known, its z is a third.

    An amount that is half of what is usual is as far from it as one that is twice as much, not half as far: less varies
    less. So where all of a series is positive and values are amounts, the scale of a value below the usual is the mean
    of the scale there and in proportion here, which is near to a difference of logarithms, and of square roots for
    counts, and stays finite at 0.
    """

    change: Floats
    reference: Floats
    increase: Floats
    previous: Floats
    run_length: Floats
    robust_z: Floats
    usual: Floats

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
        self._memory = _Memory(limits)
        self.comparison = Comparison(*(np.full(rows, np.nan) for _ in range(7)))

    def step(self, line: Line, rows: Ints) -> None:
        """One position in time: compare what is judged there, then remember what is accepted."""
        rows = rows[~np.isnan(line.value[rows])]
        series, value = line.series[rows], line.value[rows]
        self._count_run(series, value, line.sound[rows])
        judged, usual = line.judged[rows], self._memory.usual(series, line.phase[rows])
        refused = self._compare(rows, series, value, usual, judged) & judged
        accepted = line.sound[rows] & ~refused
        self._remember(series[accepted], value[accepted], line.phase[rows][accepted], usual[accepted])

    def _count_run(self, series: Ints, value: Floats, sound: Bools) -> None:
        run = np.where(value == self._seen[series], self._run[series] + 1, 1)
        self._run[series] = np.where(sound, run, self._run[series])
        self._seen[series] = np.where(sound, value, self._seen[series])

    def _compare(self, rows: Ints, series: Ints, value: Floats, usual: Floats, judged: Bools) -> Bools:
        out, limits = self.comparison, self._limits
        out.reference[rows], out.previous[rows] = self._reference[series], self._previous[series]
        with np.errstate(over="ignore"):
            out.change[rows] = np.abs(value / self._reference[series] - 1)
            out.increase[rows] = value - self._previous[series]
        out.run_length[rows] = self._run[series]
        z, expected = self._memory.robust_z(series[judged], value[judged], usual[judged])
        out.robust_z[rows[judged]], out.usual[rows[judged]] = z, expected
        return np.asarray(
            (limits.blocks_change[series] & (out.change[rows] > limits.max_change[series]))
            | (limits.blocks_fall[series] & (out.increase[rows] < limits.monotonic[series]))
            | (limits.blocks_flat[series] & (out.run_length[rows] > limits.flat[series]))
            | (limits.blocks_anomaly[series] & (out.robust_z[rows] > limits.anomaly[series]))
        )

    def _remember(self, series: Ints, value: Floats, phase: Ints, usual: Floats) -> None:
        self._previous[series] = value
        self._reference[series] = np.where(value != 0, value, self._reference[series])
        self._memory.add(series, value, phase, usual)


class _Memory:
    """The newest accepted values of the series that are judged for anomalies, and how they differed from the usual.

    `_values` and `_ratios`, `_differences` are rings of one length; what was usual at a value's own time is in the
    latter two, NaN where nothing was.
    """

    def __init__(self, limits: Limits) -> None:
        remembered = np.flatnonzero(~np.isnan(limits.anomaly))
        count = len(remembered)
        self._counts, self._amounts = limits.counts, limits.amounts
        self._slot = np.full(len(limits.anomaly), -1)
        self._slot[remembered] = np.arange(count)
        self._values, self._ratios, self._differences = (np.full((count, HISTORY), np.nan) for _ in range(3))
        self._added = np.zeros(count, dtype=np.int64)
        phases = limits.phases[remembered]
        self._first_place = np.where(phases > 0, np.cumsum(phases) - phases, -1)
        self._of_phase = np.full((int(phases.sum()), SAME_PHASE), np.nan)
        self._added_to_phase = np.zeros(int(phases.sum()), dtype=np.int64)

    def usual(self, series: Ints, phase: Ints) -> Floats:
        """The median of the newest values of the same phase, NaN where they are too few."""
        usual = np.full(len(series), np.nan)
        place = self._place(self._slot[series], phase)
        known = np.flatnonzero(place >= 0)
        known = known[self._added_to_phase[place[known]] >= LEAST_SAME_PHASE]
        if len(known):
            usual[known] = _median(self._of_phase[place[known]])
        return usual

    def robust_z(self, series: Ints, value: Floats, usual: Floats) -> tuple[Floats, Floats]:
        """The z of some values, and what was expected in their place; NaN where the history is too short."""
        z, expected = np.full(len(series), np.nan), np.full(len(series), np.nan)
        slots, floor = self._slot[series], np.where(self._counts[series], 1.0, 0.0)
        ready = np.flatnonzero(slots >= 0)
        ready = ready[self._added[slots[ready]] >= LEAST_HISTORY]
        if not len(ready):
            return z, expected
        positive = np.nanmin(self._values[slots[ready]], axis=1) > 0
        by_ratio, by_difference = self._seasonal(slots[ready], usual[ready], positive)
        plain = ~by_ratio & ~by_difference
        amount = np.zeros(len(series), dtype=bool)
        amount[ready] = positive & self._amounts[series[ready]]
        for rows, memory, unit in (
            (ready[plain], self._values, None),
            (ready[by_difference], self._differences, np.zeros(1)),
            (ready[by_ratio], self._ratios, np.ones(1)),
        ):
            if len(rows):
                remembered = memory[slots[rows]]
                z[rows], expected[rows] = _z(value[rows], usual[rows], remembered, unit, floor[rows], amount[rows])
        learning = ready[plain & (self._first_place[slots[ready]] >= 0)]
        z[learning] /= _LEARNING_TIMES
        return z, expected

    def add(self, series: Ints, value: Floats, phase: Ints, usual: Floats) -> None:
        """Remember accepted values, with what was usual when they came."""
        slots = self._slot[series]
        kept = slots >= 0
        slots, value, usual = slots[kept], value[kept], usual[kept]
        ring = self._added[slots] % HISTORY
        self._values[slots, ring] = value
        self._differences[slots, ring] = value - usual
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            self._ratios[slots, ring] = np.where(usual > 0, value / usual, np.nan)
        self._added[slots] += 1
        place = self._place(slots, phase[kept])
        value, place = value[place >= 0], place[place >= 0]
        self._of_phase[place, self._added_to_phase[place] % SAME_PHASE] = value
        self._added_to_phase[place] += 1

    def _place(self, slots: Ints, phase: Ints) -> Ints:
        if not len(self._of_phase):
            return np.full(len(slots), -1)
        first = np.where(slots >= 0, self._first_place[slots], -1)
        return np.where(first >= 0, first + phase, -1)

    def _seasonal(self, slots: Ints, usual: Floats, positive: Bools) -> tuple[Bools, Bools]:
        """Which of some values are set against the usual as a ratio, and which as a difference.

        `positive` are those whose remembered values all are.
        """
        none = np.zeros(len(slots), dtype=bool)
        known = np.flatnonzero(~np.isnan(usual))
        if not len(known):
            return none, none
        enough = (~np.isnan(self._differences[slots[known]])).sum(axis=1) >= LEAST_HISTORY
        known = known[enough]
        in_ratio = positive[known] & (usual[known] > 0)
        by_ratio, by_difference = none.copy(), none.copy()
        by_ratio[known[in_ratio]] = True
        by_difference[known[~in_ratio]] = True
        return by_ratio, by_difference


def _z(
    value: Floats, usual: Floats, memory: Floats, unit: Floats | None, floor: Floats, amount: Bools
) -> tuple[Floats, Floats]:
    """The robust z of values against what is remembered of each, and the expected values.

    `unit` is None for plain values, 0 for differences from the usual, 1 for ratios to it. `floor` times the square
    root of what is expected is the least scale. Of an `amount` less varies less.
    """
    middle = _median(memory)
    spread = _median(np.abs(memory - middle[:, None])) / _MAD_TO_SIGMA
    if unit is None:
        expected, size = middle, np.ones(len(middle))
    elif unit[0]:
        expected, size = middle * usual, usual
    else:
        expected, size = middle + usual, np.ones(len(middle))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        spread = np.maximum(spread * size, _LEAST_SCALE_SHARE * np.abs(expected))
        scale = np.maximum(spread, floor * np.sqrt(np.abs(expected)))
        here = np.maximum(value, 0)
        scale_here = np.maximum(spread * here / expected, floor * np.sqrt(here))
        scale = np.where(amount & (value < expected), (scale + scale_here) / 2, scale)
        z = np.abs(value - expected) / scale
    return np.where(scale > 0, z, np.nan), expected


def _median(rows: Floats) -> Floats:
    """The median of each row, NaN left out; every row has a value."""
    if not np.isnan(rows).any():
        length = rows.shape[1]
        low, high = (length - 1) // 2, length // 2
        ordered = np.partition(rows, (low, high), axis=1)
        return np.asarray((ordered[:, low] + ordered[:, high]) / 2)
    ordered = np.sort(rows, axis=1)
    count = (~np.isnan(rows)).sum(axis=1)
    each = np.arange(len(rows))
    return np.asarray((ordered[each, (count - 1) // 2] + ordered[each, count // 2]) / 2)
