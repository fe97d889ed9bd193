"""How much of what was to be delivered is there.

Belongs here: shares of periods and of stored values, one row per metric. Does not: judging them (rules).
"""

from collections.abc import Mapping
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


def metric_frame(
    delivery: Delivery,
    metrics: Mapping[str, Metric],
    read_windows: Mapping[str, tuple[datetime, datetime]],
    calendar: Calendar,
) -> pd.DataFrame:
    """One row per metric with what the metric rules read.

    `stored_values` and `kept_values`: values of the history inside the read window, and those of them that were
    delivered again; `kept_share` is NaN without any. `expected_periods`: from the read window's start, or the first
    period ever observed if that is later, up to the newest delivered value; `observed_periods`: those in which any
    member of the metric has a value, be it text; `observed_share` is NaN without any, and where `complete` is off.
    """
    windows = _windows(delivery, read_windows)
    frame = _kept(delivery, *windows).join(_observed(delivery, metrics, windows, calendar))
    return frame.assign(complete=delivery.thresholds.limits["complete"].to_numpy())


def delivered_values(delivery: Delivery) -> Mask:
    """The points that carry something: a number, or text that another rule refuses by itself."""
    return (delivery.points["value"].notna() | delivery.points["raw_value"].notna()).to_numpy()


def _windows(delivery: Delivery, read_windows: Mapping[str, tuple[datetime, datetime]]) -> tuple[Ints, Ints]:
    """Start and end of each metric's read window in µs; empty for a metric that has none."""
    bounds = [read_windows.get(metric) for metric in delivery.thresholds.ids]
    starts = [_NEVER if bound is None else microseconds(bound[0]) for bound in bounds]
    ends = [_NEVER if bound is None else microseconds(bound[1]) for bound in bounds]
    return np.array(starts, dtype=np.int64), np.array(ends, dtype=np.int64)


def _kept(delivery: Delivery, starts: Ints, ends: Ints) -> pd.DataFrame:
    metric, period = delivery.stored_metric, delivery.stored_period
    inside = (period >= starts[metric]) & (period < ends[metric])
    again = pd.Series(delivery.stored_key).isin(delivery.key[delivered_values(delivery) & delivery.keyed]).to_numpy()
    stored = np.bincount(metric[inside], minlength=len(starts))
    kept = np.bincount(metric[inside & again], minlength=len(starts))
    share = np.divide(kept, stored, out=np.full(len(starts), np.nan), where=stored > 0)
    return pd.DataFrame({"stored_values": stored, "kept_values": kept, "kept_share": share})


def _observed(
    delivery: Delivery, metrics: Mapping[str, Metric], windows: tuple[Ints, Ints], calendar: Calendar
) -> pd.DataFrame:
    expected = np.zeros(len(windows[0]), dtype=np.int64)
    observed = np.zeros(len(windows[0]), dtype=np.int64)
    stored = pd.Series(delivery.stored_period).groupby(delivery.stored_metric).min()
    for number, size, first, newest in _seen(delivery, *windows).itertuples(name=None):
        begins = max(int(windows[0][number]), min(first, stored.get(number, first)))
        metric = metrics[delivery.thresholds.ids[number]]
        expected[number] = _periods(_own(calendar, metric), metric.grain, begins, int(newest))
        observed[number] = size
    share = np.divide(observed, expected, out=np.full(len(expected), np.nan), where=expected > 0)
    return pd.DataFrame({"expected_periods": expected, "observed_periods": observed, "observed_share": share})


def _seen(delivery: Delivery, starts: Ints, ends: Ints) -> pd.DataFrame:
    """By metric: how many periods of its read window came with a value, the first and the newest of them."""
    asked = delivery.thresholds.in_force("complete") & (starts != _NEVER)
    came = asked[delivery.metric] & delivered_values(delivery) & delivery.points["period_end"].notna().to_numpy()
    metric, period = delivery.metric[came], delivery.period[came]
    inside = (period >= starts[metric]) & (period < ends[metric])
    seen = pd.DataFrame({"metric": metric[inside], "period": period[inside]}).drop_duplicates()
    return seen.groupby("metric")["period"].agg(["size", "min", "max"])


def _own(calendar: Calendar, metric: Metric) -> Calendar:
    return Calendar(metric.timezone or calendar.timezone, calendar.week_starts, calendar.fiscal_year_starts)


@lru_cache(maxsize=4096)
def _periods(calendar: Calendar, grain: Grain, first_us: int, newest_us: int) -> int:
    """How many periods start from one instant to another, both included."""
    first, newest = (pd.Timestamp(us, unit="us", tz="UTC").to_pydatetime() for us in (first_us, newest_us))
    return sum(first <= bound <= newest for bound in calendar.boundaries(first, newest, grain))
