"""A delivery laid beside the thresholds and the history that it is judged by.

Belongs here: numbering of metrics, series and keys, and the columns that rules on a row by itself read.
Does not: what the rules say (rules), columns that compare with other rows (comparing, contents, restatement).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from okr_pipeline.model.metric import Metric
from okr_pipeline.quality.neighbours import Ints
from okr_pipeline.quality.rules import Mask, Rule
from okr_pipeline.quality.thresholds import Thresholds, tabulate

ScalarT = TypeVar("ScalarT", bound=np.generic)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NO_METRIC = "(none)"
_NO_PERIOD = np.iinfo(np.int64).min


@dataclass(frozen=True, slots=True)
class Delivery:
    """Points and history, numbered alike.

    By point: `metric` (a number in `thresholds`), `series`, `key` and `period` (µs since 1970). Rows without a complete
    key have `keyed` False. `stored_*` are the same of those rows of the history that have a value and whose metric is
    judged here. `metric_of` is by series, `definitions` by metric.
    """

    points: pd.DataFrame
    history: pd.DataFrame
    thresholds: Thresholds
    metric: Ints
    series: Ints
    period: Ints
    key: Ints
    keyed: Mask
    stored_metric: Ints
    stored_series: Ints
    stored_period: Ints
    stored_key: Ints
    metric_of: Ints
    definitions: list[Metric | None]

    @property
    def known(self) -> Mask:
        """The points whose key has a value in the history."""
        return np.isin(self.key, self.stored_key) & self.keyed

    @property
    def value(self) -> npt.NDArray[np.float64]:
        """The delivered numbers, NaN for none."""
        return self.points["value"].to_numpy(dtype=np.float64, na_value=np.nan)

    @property
    def stored_value(self) -> npt.NDArray[np.float64]:
        return self.history["value"].to_numpy(dtype=np.float64, na_value=np.nan)

    def per_row(self, by_metric: npt.NDArray[ScalarT]) -> npt.NDArray[ScalarT]:
        """A column by metric, spread to the points."""
        return np.asarray(by_metric[self.metric])

    def counted(self, rows: Mask) -> Ints:
        """How many of some points each metric has."""
        return np.bincount(self.metric[rows], minlength=len(self.thresholds.ids))


def lay_out(
    points: pd.DataFrame,
    metrics: Mapping[str, Metric],
    history: pd.DataFrame,
    read_windows: Mapping[str, tuple[datetime, datetime]],
) -> Delivery:
    """Number everything. Metrics that were read, but delivered nothing, take part, too."""
    thresholds, metric, numbers = _number_metrics(points["metric"], metrics, read_windows)
    stored_metric = history["metric"].map(numbers).to_numpy(dtype=np.float64, na_value=np.nan)
    useful = ~np.isnan(stored_metric) & history["value"].notna().to_numpy()
    history, stored = history[useful], stored_metric[useful].astype(np.int64)
    both = np.concatenate([metric, stored])
    period = np.concatenate([_microseconds(points["period_start"]), _microseconds(history["period_start"])])
    member, members = pd.factorize(pd.concat([points["dimensions"], history["dimensions"]], ignore_index=True))
    series, pairs = pd.factorize(both * (len(members) + 1) + member)
    instant, instants = pd.factorize(period)
    key = series * len(instants) + instant
    n = len(points)
    return Delivery(
        points=points,
        history=history,
        thresholds=thresholds,
        metric=metric,
        series=series[:n],
        period=period[:n],
        key=key[:n],
        keyed=points["metric"].notna().to_numpy() & (member[:n] >= 0) & (period[:n] != _NO_PERIOD),
        stored_metric=stored,
        stored_series=series[n:],
        stored_period=period[n:],
        stored_key=key[n:],
        metric_of=np.floor_divide(pairs, len(members) + 1).astype(np.int64),
        definitions=[metrics.get(name) for name in thresholds.ids],
    )


def row_frame(delivery: Delivery, now: datetime) -> pd.DataFrame:
    """One row per point with what the rules on a row by itself read."""
    thresholds = delivery.thresholds
    now_us = microseconds(now)
    columns: dict[str, object] = {
        "value": delivery.value,
        "raw_value": delivery.points["raw_value"].to_numpy(dtype=object),
        "period_end": delivery.points["period_end"].to_numpy(dtype="datetime64[us]"),
        "metric_number": np.where(delivery.metric < thresholds.known, delivery.metric, np.nan),
        "series_number": np.where(delivery.keyed, delivery.series, np.nan),
        "key_number": np.where(delivery.keyed, delivery.key, np.nan),
        "starts_after_now_us": np.where(
            delivery.period == _NO_PERIOD, np.nan, delivery.period.astype(np.float64) - now_us
        ),
    }
    return pd.DataFrame(columns)


def add_bounds(frame: pd.DataFrame, delivery: Delivery, rules: Iterable[Rule]) -> pd.DataFrame:
    """The frame with the thresholds of the rules whose columns it has."""
    wanted = dict.fromkeys(rule.bound for rule in rules if rule.bound and rule.column in frame)
    limits = delivery.thresholds.limits
    return frame.assign(**{name: delivery.per_row(limits[name].to_numpy()) for name in wanted if name not in frame})


def microseconds(instant: datetime) -> int:
    """An instant as µs since 1970."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def _number_metrics(
    column: "pd.Series[str]", metrics: Mapping[str, Metric], read_windows: Mapping[str, tuple[datetime, datetime]]
) -> tuple[Thresholds, Ints, dict[str, int]]:
    """Thresholds, the number of each point's metric, and the numbers of the known metrics by id."""
    codes, uniques = pd.factorize(column)
    delivered = [str(name) for name in uniques]
    known = sorted({name for name in (*delivered, *read_windows) if name in metrics})
    strangers = sorted({name for name in delivered if name not in metrics})
    if (codes < 0).any():
        strangers.append(_NO_METRIC)
    numbers = {name: number for number, name in enumerate([*known, *strangers])}
    by_code = np.array([*(numbers[name] for name in delivered), numbers.get(_NO_METRIC, -1)], dtype=np.int64)
    return tabulate(metrics, known, strangers), by_code[codes], {name: numbers[name] for name in known}


def _microseconds(instants: "pd.Series[pd.Timestamp]") -> Ints:
    return np.asarray(instants.to_numpy(dtype="datetime64[us]").view(np.int64))
