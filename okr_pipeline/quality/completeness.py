"""How much of what was to be delivered is there.

Belongs here: the stretch that was read, and the share of its periods that have a value; one row per metric.
Does not: what of the stored values came again (restatement), judging (rules).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

import numpy as np
import pandas as pd

from okr_pipeline.model.calendar import Calendar, Grain
from okr_pipeline.model.metric import Metric
from okr_pipeline.quality.delivery import Delivery, microseconds
from okr_pipeline.quality.neighbours import Ints
from okr_pipeline.quality.rules import Mask

_NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Windows:
    """Start and end of each metric's read window in µs; empty for a metric that has none."""

    starts: Ints
    ends: Ints

    @staticmethod
    def of(delivery: Delivery, read_windows: Mapping[str, tuple[datetime, datetime]]) -> "Windows":
        bounds = [read_windows.get(metric) for metric in delivery.thresholds.ids]
        starts = [_NEVER if bound is None else microseconds(bound[0]) for bound in bounds]
        ends = [_NEVER if bound is None else microseconds(bound[1]) for bound in bounds]
        return Windows(np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64))


def observed_columns(
    delivery: Delivery, metrics: Mapping[str, Metric], windows: Windows, calendar: Calendar
) -> pd.DataFrame:
    """One row per metric with what `complete` reads.

    `expected_periods`: from the read window's start, or the first period ever observed if that is later, up to the
    newest delivered value; `observed_periods`: those in which any member of the metric has a value, be it text;
    `observed_share` is NaN without any, and where `complete` is off.
    """
    expected = np.zeros(len(windows.starts), dtype=np.int64)
    observed = np.zeros(len(windows.starts), dtype=np.int64)
    stored = pd.Series(delivery.stored_period).groupby(delivery.stored_metric).min()
    for number, size, first, newest in _seen(delivery, windows).itertuples(name=None):
        begins = max(int(windows.starts[number]), min(first, stored.get(number, first)))
        metric = metrics[delivery.thresholds.ids[number]]
        expected[number] = _periods(metric.calendar_in(calendar), metric.grain, begins, int(newest))
        observed[number] = size
    share = np.divide(observed, expected, out=np.full(len(expected), np.nan), where=expected > 0)
    return pd.DataFrame({"expected_periods": expected, "observed_periods": observed, "observed_share": share})


def delivered_values(delivery: Delivery) -> Mask:
    """The points that carry something: a number, or text that another rule refuses by itself."""
    return (delivery.points["value"].notna() | delivery.points["raw_value"].notna()).to_numpy()


def _seen(delivery: Delivery, windows: Windows) -> pd.DataFrame:
    """By metric: how many periods of its read window came with a value, the first and the newest of them."""
    starts, ends = windows.starts, windows.ends
    asked = delivery.thresholds.in_force("complete") & (starts != _NEVER)
    came = asked[delivery.metric] & delivered_values(delivery) & delivery.points["period_end"].notna().to_numpy()
    metric, period = delivery.metric[came], delivery.period[came]
    inside = (period >= starts[metric]) & (period < ends[metric])
    seen = pd.DataFrame({"metric": metric[inside], "period": period[inside]}).drop_duplicates()
    return seen.groupby("metric")["period"].agg(["size", "min", "max"])


@lru_cache(maxsize=4096)
def _periods(calendar: Calendar, grain: Grain, first_us: int, newest_us: int) -> int:
    """How many periods start from one instant to another, both included."""
    first, newest = (pd.Timestamp(us, unit="us", tz="UTC").to_pydatetime() for us in (first_us, newest_us))
    return sum(first <= bound <= newest for bound in calendar.boundaries(first, newest, grain))
