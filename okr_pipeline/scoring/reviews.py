"""KPI reviews: when a KPI outside its healthy band asks for a look, and when that is over.

Belongs here: the life of a review over the periods of many series at once. Does not: what is outside or noise (health).

A review begins with a period outside the band that is no noise, or with the first of so many in a row (`TO_OPEN`). It
ends when so many in a row are inside (`TO_CLOSE`): a whole day of hours, a whole week of days, so that a bad hour of
each day or a bad weekday does not open it anew each time. A period that was not observed counts for neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from okr_pipeline.model.calendar import Grain
from okr_pipeline.scoring.arrays import Booleans, Integers

TO_OPEN: Final[Mapping[Grain, int]] = {
    Grain.HOUR: 3,
    Grain.DAY: 3,
    Grain.WEEK: 3,
    Grain.MONTH: 2,
    Grain.QUARTER: 2,
}
TO_CLOSE: Final[Mapping[Grain, int]] = {
    Grain.HOUR: 24,
    Grain.DAY: 7,
    Grain.WEEK: 4,
    Grain.MONTH: 3,
    Grain.QUARTER: 2,
}


@dataclass(frozen=True, slots=True)
class Reviewed:
    """Columns, one row per series, after its newest period.

    `in_row` counts the periods in a row that are, like the newest, inside or outside the band; `opened` is the row at
    which the open review begins, -1 for none.
    """

    in_row: Integers
    opened: Integers


def review(
    first: Integers, last: Integers, outside: Booleans, noise: Booleans, to_open: Integers, to_close: Integers
) -> Reviewed:
    """Follow each series through its rows `[first, last)`. `outside`, `noise` are per row, the streaks per series."""
    in_row, bad = np.zeros(len(first), dtype=np.int64), np.zeros(len(first), dtype=np.bool_)
    opened = np.full(len(first), -1, dtype=np.int64)
    order = np.argsort(first - last, kind="stable")  # the longest first, so that those that have begun are a head
    begins = (last - first)[order]
    for left in range(int(begins.max(initial=0)), 0, -1):
        at = order[: np.searchsorted(-begins, -left, "right")]
        row = last[at] - left
        now = outside[row]
        in_row[at] = np.where((bad[at] == now) & (in_row[at] > 0), in_row[at] + 1, 1)
        bad[at] = now
        closed = opened[at] < 0
        opens = closed & now & (~noise[row] | (in_row[at] >= to_open[at]))
        ends = ~closed & ~now & (in_row[at] >= to_close[at])
        opened[at] = np.where(opens, row - in_row[at] + 1, np.where(ends, -1, opened[at]))
    return Reviewed(in_row, opened)
