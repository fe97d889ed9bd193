"""Each value beside the accepted values before it, and each period's sum beside the sums before it.

Belongs here: which rows of delivery and history are laid in a line, and what is read from it. Does not: the arithmetic
along the line (neighbours).
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.metric import Across, Metric, Rollup
from okr_pipeline.quality import neighbours, seasons
from okr_pipeline.quality.delivery import Delivery
from okr_pipeline.quality.neighbours import Floats, Ints, Line
from okr_pipeline.quality.rules import NEIGHBOUR_RULES, Mask
from okr_pipeline.quality.thresholds import Thresholds

_LEANS: Final = 2
"""The robust z from which a sum leans to one side."""
_TOLD: Final = ("total", "total_z", "usual_total")


def add_neighbours(frame: pd.DataFrame, delivery: Delivery, refused: Mask, calendar: Calendar) -> pd.DataFrame:
    """The frame with each value's comparison with the accepted values before it; `refused` by the other rules."""
    limits = _series_limits(delivery)
    asked = np.isin(delivery.metric_of, _metrics_with_neighbour_rules(delivery.thresholds))
    new = np.flatnonzero(asked[delivery.series] & delivery.keyed & np.isfinite(delivery.value))
    old = _reachable(delivery, np.flatnonzero(asked[delivery.stored_series]), new, limits)
    series = np.concatenate([delivery.series[new], delivery.stored_series[old]])
    period = np.concatenate([delivery.period[new], delivery.stored_period[old]])
    order = np.lexsort((period, series))
    judged = np.concatenate([np.ones(len(new), dtype=bool), np.zeros(len(old), dtype=bool)])
    value = np.concatenate([delivery.value[new], delivery.stored_value[old]])
    sound = np.concatenate([~refused[new], np.ones(len(old), dtype=bool)])
    phase = seasons.phases(delivery.metric_of[series], period, delivery.definitions, calendar)
    line = Line(series[order], phase[order], value[order], judged[order], sound[order])
    compared = neighbours.compare(line, limits)
    rows = np.concatenate([new, old])[order][judged[order]]
    return frame.assign(
        **{column: spread(values[judged[order]], rows, len(frame)) for column, values in compared.columns().items()}
    )


def add_totals(frame: pd.DataFrame, delivery: Delivery, refused: Mask, calendar: Calendar) -> pd.DataFrame:
    """The frame with how each period's sum over members compares with the sums before it.

    Summed are the values of a metric whose members are added up, and the weights of one whose values are weighted, of
    the same members in every period: without those that have ended, and without those that are refused in the newest
    one, so that the others are judged by themselves. Where these lean to one side, as half of all rows do, all are
    summed; else one that is a thousandfold would refuse them. An earlier period with a refused value has no sum.
    """
    summed = Summed.of(delivery)
    if not summed.metrics.any():
        return frame
    parts = _Parts.of(delivery, refused, summed)
    current, held = parts.current(), parts.held()
    told = _told(_totals(parts, current & ~held), delivery, summed, calendar)
    if held.any():
        of_all = np.isin(parts.metric, parts.metric[held]) & current
        whole = _told(_totals(replace(parts, refused=parts.refused & ~held), of_all), delivery, summed, calendar)
        told = _leaning(told, whole)
    rows = np.flatnonzero(summed.metrics[delivery.metric] & delivery.keyed & np.isfinite(delivery.value))
    of_rows = pd.DataFrame({"metric": delivery.metric[rows], "period": delivery.period[rows]}).merge(
        told, on=["metric", "period"], how="left"
    )
    return frame.assign(**{name: spread(of_rows[name].to_numpy(), rows, len(frame)) for name in _TOLD})


def _told(totals: pd.DataFrame, delivery: Delivery, summed: "Summed", calendar: Calendar) -> pd.DataFrame:
    """One row per metric and period near what is delivered: `total`, `total_z` and `usual_total`."""
    lengths = seasons.season_lengths(delivery.definitions)
    totals = totals[_near(totals, seasons.reach(lengths))].sort_values(["metric", "period"], ignore_index=True)
    metric, period = totals["metric"].to_numpy(), totals["period"].to_numpy()
    line = Line(
        series=metric,
        phase=seasons.phases(metric, period, delivery.definitions, calendar),
        value=totals["total"].to_numpy(),
        judged=totals["delivered"].to_numpy(),
        sound=np.ones(len(totals), dtype=bool),
    )
    compared = neighbours.compare(line, only_anomaly(delivery, summed))
    return totals.assign(total_z=compared.robust_z, usual_total=compared.usual)[["metric", "period", *_TOLD]]


def _leaning(told: pd.DataFrame, whole: pd.DataFrame) -> pd.DataFrame:
    """The sums of all members in place of those without refused ones, where the latter lean the same way."""
    both = told[["metric", "period"]].merge(whole, on=["metric", "period"], how="left")
    off, off_whole = told["total"] - told["usual_total"], both["total"] - both["usual_total"]
    leans = (told["total_z"] > _LEANS) & (off * off_whole > 0) & (both["total_z"] > told["total_z"])
    return told.assign(**{name: told[name].mask(leans, both[name]) for name in _TOLD})


@dataclass(frozen=True, slots=True)
class Summed:
    """Which metrics have a sum over members that is judged: `metrics`, and of those `by_weight` one of weights.

    `split` are those of `metrics` that have members.
    """

    metrics: Mask
    by_weight: Mask
    split: Mask

    @staticmethod
    def of(delivery: Delivery) -> "Summed":
        asked = delivery.thresholds.in_force("anomaly")
        weighted = np.array([weighs(it) for it in delivery.definitions], dtype=bool)
        split = np.array([bool(it and it.dimensions) for it in delivery.definitions], dtype=bool)
        added = np.array([bool(it and it.across is Across.SUM) for it in delivery.definitions], dtype=bool)
        metrics = asked & (weighted | (split & added))
        return Summed(metrics, weighted, metrics & split)


def weighs(metric: Metric | None) -> bool:
    """Whether a metric's values count by their weights."""
    return metric is not None and (metric.rollup is Rollup.WEIGHTED_MEAN or metric.across is Across.WEIGHTED_MEAN)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What may be summed: what is delivered, and what is stored and not delivered again; `counts` is its part of a sum.

    By metric: `silence` in periods, `length` of one in µs.
    """

    metric: Ints
    series: Ints
    period: Ints
    counts: Floats
    delivered: Mask
    refused: Mask
    silence: Ints
    length: Ints

    @staticmethod
    def of(delivery: Delivery, refused: Mask, summed: Summed) -> "_Parts":
        new = np.flatnonzero(summed.metrics[delivery.metric] & delivery.keyed & np.isfinite(delivery.value))
        old = np.flatnonzero(summed.metrics[delivery.stored_metric])
        old = old[~np.isin(delivery.stored_key[old], delivery.key[new])]
        of_new = counted(delivery.value, delivery.points["weight"], summed.by_weight[delivery.metric])
        of_old = counted(delivery.stored_value, delivery.history["weight"], summed.by_weight[delivery.stored_metric])
        return _Parts(
            np.concatenate([delivery.metric[new], delivery.stored_metric[old]]),
            np.concatenate([delivery.series[new], delivery.stored_series[old]]),
            np.concatenate([delivery.period[new], delivery.stored_period[old]]),
            np.concatenate([of_new[new], of_old[old]]),
            np.concatenate([np.ones(len(new), dtype=bool), np.zeros(len(old), dtype=bool)]),
            np.concatenate([refused[new], np.zeros(len(old), dtype=bool)]),
            seasons.silences(delivery.definitions),
            seasons.period_lengths(delivery.definitions),
        )

    def current(self) -> Mask:
        """Which rows are of members that have not ended."""
        last = _newest(self.period, self.series, np.ones(len(self.period), dtype=bool))
        silent = np.rint((self._judged_last() - last) / self.length[self.metric])
        return np.asarray(silent < self.silence[self.metric])

    def held(self) -> Mask:
        """Which rows are of members that are refused in the newest period that has others."""
        newest = self.refused & (self.period == self._judged_last())
        return np.isin(self.series, self.series[newest])

    def _judged_last(self) -> Ints:
        return _newest(self.period, self.metric, self.delivered & ~self.refused)


def _newest(period: Ints, number: Ints, rows: Mask) -> Ints:
    """By row: the newest period of some rows of the same number."""
    newest = np.full(int(number.max(initial=-1)) + 1, np.iinfo(np.int64).min // 2)
    np.maximum.at(newest, number[rows], period[rows])
    return newest[number]


def _totals(parts: _Parts, kept: Mask) -> pd.DataFrame:
    """One row per metric and period that has a sum: `total`, and whether something of it is `delivered`."""
    columns = {"metric": parts.metric, "period": parts.period, "total": parts.counts}
    flags = {"delivered": parts.delivered, "refused": parts.refused}
    rows = pd.DataFrame({name: column[kept] for name, column in (columns | flags).items()})
    totals = rows.groupby(["metric", "period"], as_index=False).agg(
        {"total": "sum", "delivered": "any", "refused": "any"}
    )
    return totals[~totals["refused"]]


def counted(value: Floats, weight: "pd.Series[float]", by_weight: Mask) -> Floats:
    """What each row adds to a sum: its value, or its weight."""
    return np.where(by_weight, weight.to_numpy(dtype=np.float64, na_value=np.nan), value)


def _near(totals: pd.DataFrame, reach: Ints) -> Mask:
    """The delivered periods, and as many before the first of them as are looked at."""
    first = totals["period"].where(totals["delivered"]).groupby(totals["metric"]).transform("min")
    before = totals["period"] < first
    rank = totals["period"].where(before).groupby(totals["metric"]).rank(ascending=False)
    near = ~before | (rank <= reach[totals["metric"].to_numpy()])
    return np.asarray(near & first.notna())


def only_anomaly(delivery: Delivery, summed: Summed) -> neighbours.Limits:
    """By metric, what sums and their parts are judged by: `anomaly` alone."""
    thresholds = delivery.thresholds
    off, never = np.full(len(thresholds.ids), np.nan), np.zeros(len(thresholds.ids), dtype=bool)
    return neighbours.Limits(
        max_change=off,
        monotonic=off,
        flat=off,
        anomaly=thresholds.limits["anomaly"].to_numpy(),
        blocks_change=never,
        blocks_fall=never,
        blocks_flat=never,
        blocks_anomaly=thresholds.blocking("anomaly"),
        phases=seasons.season_lengths(delivery.definitions),
        counts=_counts(delivery) | summed.by_weight,
        amounts=_amounts(delivery) | summed.by_weight,
    )


def _counts(delivery: Delivery) -> Mask:
    return np.array([it is not None and it.unit == "count" for it in delivery.definitions], dtype=bool)


def _amounts(delivery: Delivery) -> Mask:
    """By metric: whether its values are counts or add up, so that they vary in proportion to themselves."""
    added = np.array([it is not None and it.rollup is Rollup.SUM for it in delivery.definitions], dtype=bool)
    return added | _counts(delivery)


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
        phases=seasons.season_lengths(delivery.definitions)[metric],
        counts=_counts(delivery)[metric],
        amounts=_amounts(delivery)[metric],
    )


def _reachable(delivery: Delivery, old: Ints, new: Ints, limits: neighbours.Limits) -> Ints:
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
    wanted = np.where(np.isnan(limits.anomaly), neighbours.HISTORY, seasons.reach(limits.phases))
    wanted = np.maximum(wanted, np.nan_to_num(limits.flat) + 1)
    near = ranked[rank < wanted[series[ranked]]]
    return np.asarray(old[np.concatenate([near, np.flatnonzero(~before)])])


def spread(values: npt.NDArray[np.float64], rows: Ints, length: int) -> npt.NDArray[np.float64]:
    """A column of so many rows with the values of some, NaN elsewhere."""
    column = np.full(length, np.nan)
    column[rows] = values
    return column
