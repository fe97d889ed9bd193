"""A delivery laid beside the thresholds and the history that it is judged by.

Belongs here: numbering of metrics, series and keys, and the long frames that the rules read.
Does not: what the rules say (rules), neighbours' arithmetic (neighbours).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from okr_pipeline.model.metric import Metric
from okr_pipeline.quality import neighbours
from okr_pipeline.quality.neighbours import Ints, Line
from okr_pipeline.quality.rules import NEIGHBOUR_RULES, Mask
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
    judged here. `metric_of` is by series.
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
    )


def row_frame(delivery: Delivery, now: datetime) -> pd.DataFrame:
    """One row per point with what the row rules read, thresholds joined on; all but the comparison with neighbours."""
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
    for setting in thresholds.blocks:
        if thresholds.in_force(setting).any():
            columns[setting] = delivery.per_row(thresholds.limits[setting].to_numpy())
    return pd.DataFrame(columns)


def add_neighbours(frame: pd.DataFrame, delivery: Delivery, refused: Mask) -> pd.DataFrame:
    """The frame with each value's comparison with the accepted values before it; `refused` by the other rules."""
    limits = _series_limits(delivery)
    asked = np.isin(delivery.metric_of, _metrics_with_neighbour_rules(delivery.thresholds))
    finite = np.isfinite(delivery.value)
    new = np.flatnonzero(asked[delivery.series] & delivery.keyed & finite)
    old = _reachable(delivery, np.flatnonzero(asked[delivery.stored_series]), new)
    series = np.concatenate([delivery.series[new], delivery.stored_series[old]])
    order = np.lexsort((np.concatenate([delivery.period[new], delivery.stored_period[old]]), series))
    judged = np.concatenate([np.ones(len(new), dtype=bool), np.zeros(len(old), dtype=bool)])
    value = np.concatenate([delivery.value[new], delivery.stored_value[old]])
    sound = np.concatenate([~refused[new], np.ones(len(old), dtype=bool)])
    compared = neighbours.compare(Line(series[order], value[order], judged[order], sound[order]), limits)
    rows = np.concatenate([new, old])[order][judged[order]]
    return frame.assign(
        **{column: _spread(values[judged[order]], rows, len(frame)) for column, values in compared.columns().items()}
    )


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


def _metrics_with_neighbour_rules(thresholds: Thresholds) -> Ints:
    asked = np.zeros(len(thresholds.ids), dtype=bool)
    for setting in NEIGHBOUR_RULES:
        asked |= thresholds.in_force(setting)
    return np.flatnonzero(asked)


def _series_limits(delivery: Delivery) -> neighbours.Limits:
    thresholds, metric = delivery.thresholds, delivery.metric_of
    limit = {setting: thresholds.limits[setting].to_numpy()[metric] for setting in NEIGHBOUR_RULES}
    blocks = {setting: thresholds.blocking(setting)[metric] for setting in NEIGHBOUR_RULES}
    return neighbours.Limits(
        max_change=limit["max_change"],
        monotonic=limit["monotonic"],
        flat=limit["flat"],
        anomaly=limit["anomaly"],
        blocks_change=blocks["max_change"],
        blocks_fall=blocks["monotonic"],
        blocks_flat=blocks["flat"],
        blocks_anomaly=blocks["anomaly"],
    )


def _reachable(delivery: Delivery, old: Ints, new: Ints) -> Ints:
    """The stored values that can matter: of a series that is delivered, not delivered again, and not too long ago."""
    first = np.full(len(delivery.metric_of), np.iinfo(np.int64).max)
    np.minimum.at(first, delivery.series[new], delivery.period[new])
    old = old[first[delivery.stored_series[old]] != np.iinfo(np.int64).max]
    old = old[~pd.Series(delivery.stored_key[old]).isin(delivery.key[new]).to_numpy()]
    series, period = delivery.stored_series[old], delivery.stored_period[old]
    before = period < first[series]
    latest_first = np.lexsort((-period, series))
    ranked = latest_first[before[latest_first]]
    starts = np.flatnonzero(np.diff(series[ranked], prepend=-1))
    lengths = np.diff(starts, append=len(ranked))
    rank = np.arange(len(ranked)) - np.repeat(starts, lengths)
    flat = np.nan_to_num(delivery.thresholds.limits["flat"].to_numpy()[delivery.metric_of])
    near = ranked[rank < np.maximum(neighbours.HISTORY, flat[series[ranked]] + 1)]
    return np.asarray(old[np.concatenate([near, np.flatnonzero(~before)])])


def _spread(values: npt.NDArray[np.float64], rows: Ints, length: int) -> npt.NDArray[np.float64]:
    column = np.full(length, np.nan)
    column[rows] = values
    return column
