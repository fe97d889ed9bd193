"""A load that brings another period's values again.

Belongs here: how many series of a source have, in one period, the very value of an earlier one. Does not: a single
series that stands still, which is what `flat` is for.

One series may repeat a value by chance, or because it moves seldom. Many series that hardly ever do, all at once, are
a copy. So lively series are counted, and all metrics of a delivery together; and where most of them repeat, a series
that repeats now and then belongs to the copy, too.
"""

from typing import Final

import numpy as np
import pandas as pd

from okr_pipeline.quality import seasons
from okr_pipeline.quality.delivery import Delivery
from okr_pipeline.quality.neighbours import Floats, Ints
from okr_pipeline.quality.rules import Mask

_LAGS: Final = (1, 7)
"""The period before, and the weekday before."""
_RECENT: Final = 35
"""Periods before a delivery's newest that are looked at."""
_LEAST_PAIRS: Final = 10
_LIVELY_SHARE: Final = 0.05
"""The most pairs of a lively series that are equal."""
_SELDOM_SHARE: Final = 0.2
"""The most pairs of a series that are equal where it is told of a copy: one that often stands still may do so again."""
_LEAST_SERIES: Final = 5


def add_repeats(frame: pd.DataFrame, delivery: Delivery) -> pd.DataFrame:
    """The frame with, for values that repeat an earlier one, the share of lively series that do so in that period.

    It is told of series that repeat seldom, and of lively ones there must be five.
    """
    lines = _recent(delivery)
    if not lines["news"].any():
        return frame
    share = np.full(len(frame), np.nan)
    for lag in _LAGS:
        rows, shares = _repeated(lines, lag)
        share[rows] = np.fmax(share[rows], shares)
    return frame if np.isnan(share).all() else frame.assign(repeated_share=share)


def _recent(delivery: Delivery) -> pd.DataFrame:
    """The newest values of each series in order: `news` are new, `row` is the point's place or -1."""
    asked = delivery.thresholds.in_force("repeated")
    new = np.flatnonzero(asked[delivery.metric] & delivery.keyed & np.isfinite(delivery.value))
    length = seasons.period_lengths(delivery.definitions)
    newest = np.full(len(asked), np.iinfo(np.int64).min)
    np.maximum.at(newest, delivery.metric[new], delivery.period[new])
    oldest = np.where(newest > np.iinfo(np.int64).min, newest - _RECENT * length, np.iinfo(np.int64).max)
    new = new[delivery.period[new] >= oldest[delivery.metric[new]]]
    old = np.flatnonzero(delivery.stored_period >= oldest[delivery.stored_metric])
    again = np.isin(delivery.stored_key[old], delivery.key[new])
    known = np.isin(delivery.key[new], delivery.stored_key[old[again]])
    old = old[~again]
    lines = pd.DataFrame(
        {
            "series": np.concatenate([delivery.series[new], delivery.stored_series[old]]),
            "period": np.concatenate([delivery.period[new], delivery.stored_period[old]]),
            "value": np.concatenate([delivery.value[new], delivery.stored_value[old]]),
            "length": np.concatenate([length[delivery.metric[new]], length[delivery.stored_metric[old]]]),
            "row": np.concatenate([new, np.full(len(old), -1)]),
            "news": np.concatenate([~known, np.zeros(len(old), dtype=bool)]),
        }
    )
    return lines.iloc[np.lexsort((lines["period"], lines["series"]))].reset_index(drop=True)


def _repeated(lines: pd.DataFrame, lag: int) -> tuple[Ints, Floats]:
    """The points that repeat the value of so many periods before, with the share of lively series that do."""
    value, series = lines["value"].to_numpy(), lines["series"].to_numpy()
    before = np.roll(value, lag)
    paired = (np.roll(series, lag) == series) & (np.arange(len(series)) >= lag) & (value != 0)
    equal = paired & (value == before)
    news = lines["news"].to_numpy()
    usual = _usual_share(series, paired & ~news, equal & ~news)[series]
    judged = news & paired & (usual <= _SELDOM_SHARE)
    rows = lines.loc[judged, ["row", "length", "period"]].assign(equal=equal[judged])
    lively = rows.assign(equal=rows["equal"].where(usual[judged] <= _LIVELY_SHARE))
    of_period = lively.groupby(["length", "period"])["equal"]
    share, count = of_period.transform("mean").to_numpy(float), of_period.transform("count").to_numpy()
    told = equal[judged] & (count >= _LEAST_SERIES)
    return rows["row"].to_numpy()[told], share[told]


def _usual_share(series: Ints, paired: Mask, equal: Mask) -> Floats:
    """By series: how many of its earlier pairs are equal, NaN where they are too few to say."""
    size = int(series.max()) + 1 if len(series) else 0
    pairs = np.bincount(series[paired], minlength=size)
    repeats = np.bincount(series[equal], minlength=size)
    return np.where(pairs >= _LEAST_PAIRS, repeats / np.maximum(pairs, 1), np.nan)
