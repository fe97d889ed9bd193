"""What is wrong with a row that its own number does not show.

Belongs here: members that are not listed, periods of a finer grain, weights that weigh nothing.
Does not: comparison of a number with others (comparing), a period with others (repeats).

Each function gives a column by point: 1 where there is something to say, NaN where there is not; None where nothing at
all is, so that no rule need be judged.
"""

import json
from typing import Final

import numpy as np
import pandas as pd

from okr_pipeline.quality.comparing import weighs
from okr_pipeline.quality.delivery import Delivery
from okr_pipeline.quality.rules import Mask

_LEAST_PARTS: Final = 2
"""Rows inside a period that make it one of several; a single one may be the next period, begun too early."""


def add_contents(frame: pd.DataFrame, delivery: Delivery) -> pd.DataFrame:
    """The frame with those columns in which there is something to say."""
    columns = {
        "unlisted": _unlisted(delivery),
        "finer_rows": _finer_rows(delivery),
        "weight_fault": _weight_fault(delivery),
    }
    told = {name: np.where(mask, 1.0, np.nan) for name, mask in columns.items() if mask.any()}
    return frame.assign(**told)


def _unlisted(delivery: Delivery) -> Mask:
    """Rows with a member that is not among those listed."""
    unlisted = np.zeros(len(delivery.points), dtype=bool)
    for number, metric in enumerate(delivery.definitions):
        if metric is None or not metric.expect.members:
            continue
        rows = np.flatnonzero((delivery.metric == number) & delivery.keyed)
        texts = delivery.points["dimensions"].iloc[rows]
        strange = [
            text
            for text in texts.unique()
            if any(str(json.loads(text).get(name)) not in members for name, members in metric.expect.members.items())
        ]
        unlisted[rows] = texts.isin(strange).to_numpy()
    return unlisted


def _finer_rows(delivery: Delivery) -> Mask:
    """Rows of a proper period in which other rows of the same series begin: hours in a day, days in a week."""
    finer = np.zeros(len(delivery.points), dtype=bool)
    off_grid = delivery.points["period_end"].isna().to_numpy() & delivery.keyed
    if not off_grid.any():
        return finer
    rows = np.flatnonzero(delivery.keyed & np.isin(delivery.series, delivery.series[off_grid]))
    rows = rows[np.lexsort((off_grid[rows], delivery.period[rows], delivery.series[rows]))]
    series, proper = delivery.series[rows], ~off_grid[rows]
    last_proper = np.maximum.accumulate(np.where(proper, np.arange(len(rows)), -1))
    inside = ~proper & (last_proper >= 0) & (series[last_proper] == series)
    ends = delivery.points["period_end"].to_numpy(dtype="datetime64[us]").view(np.int64)
    inside &= delivery.period[rows] < ends[rows[last_proper]]
    of_period = np.bincount(rows[last_proper[inside]], minlength=len(finer))
    return np.asarray(of_period >= _LEAST_PARTS)


def _weight_fault(delivery: Delivery) -> Mask:
    """Values that count by a weight which is none, negative or infinite, or which weighs a value with nothing."""
    weighted = np.array([weighs(it) for it in delivery.definitions], dtype=bool)[delivery.metric]
    weight = delivery.points["weight"].to_numpy(dtype=np.float64, na_value=np.nan)
    value = delivery.value
    nothing = ~np.isfinite(weight) | (weight < 0) | ((weight == 0) & (value != 0))
    return np.asarray(weighted & np.isfinite(value) & nothing)
