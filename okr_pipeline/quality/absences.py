"""Members that were always there and are absent from a period that others came for.

Belongs here: which members are absent from what is new, and how unusual that is. Does not: members that are new
(restatement) or not listed (contents), the arithmetic along a series (neighbours).

A sum over the members that came would pass for that of all, and so would a mean without the weight of one: missing is
never zero. How much is missing is judged as if it were, by the absent member's own history: 0 is unusual for a large
and steady member, and nothing for one that is small or comes now and then.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from okr_pipeline.model.calendar import Calendar
from okr_pipeline.quality import neighbours, seasons
from okr_pipeline.quality.comparing import Summed, counted, only_anomaly, spread
from okr_pipeline.quality.completeness import delivered_values
from okr_pipeline.quality.delivery import Delivery
from okr_pipeline.quality.neighbours import Floats, Ints, Line
from okr_pipeline.quality.rules import Mask


def add_absences(frame: pd.DataFrame, delivery: Delivery, refused: Mask, calendar: Calendar) -> pd.DataFrame:
    """The frame with, for the values of a new period, what of it the absent members would be if they were 0.

    `absence_z` is the largest robust z among them, `usual_absent` the sum of what is usual of those beyond the limit,
    and `absent` their dimensions. Looked at are members that came without a gap, their weekly pauses apart, for as
    long as a robust z looks back. One that is absent for `seasons.silences` has ended, and is missed nowhere since. A
    period is new that has a value which is not stored: what once counted is not judged again. `refused` by the others.
    """
    summed = Summed.of(delivery)
    if not summed.split.any():
        return frame
    seen = _Seen.of(delivery, refused, summed, calendar)
    absences = seen.absences()
    if absences.empty:
        return frame
    limits = only_anomaly(delivery, summed)
    # An absence refuses the values of all the others: 0 is not held to be farther off than its distance.
    limits = replace(limits, amounts=np.zeros_like(limits.amounts))
    judged = _judged(seen, absences, limits.at(delivery.metric_of))
    if judged.empty:
        return frame
    told = _by_period(judged, delivery, limits.anomaly)
    rows = np.flatnonzero(summed.split[delivery.metric] & delivery.keyed & np.isfinite(delivery.value))
    of_rows = pd.DataFrame({"metric": delivery.metric[rows], "period": delivery.period[rows]}).merge(
        told, on=["metric", "period"], how="left"
    )
    absent = np.full(len(frame), None, dtype=object)
    absent[rows] = of_rows["absent"].to_numpy(dtype=object)
    numbers = {name: spread(of_rows[name].to_numpy(), rows, len(frame)) for name in ("absence_z", "usual_absent")}
    return frame.assign(**numbers, absent=absent)


@dataclass(frozen=True, slots=True)
class _Seen:
    """Which members came when.

    `periods`, by `number` from 0, one row per metric and period that has a sound value, in order: `news` says that it
    is new, `phase` is its place in its season, `before` the number of the period before it of the same phase, or -1.
    `came`, one row per series and period that came, in order of `series` and `number` of the period: `sound` and
    `value` as in a line. By metric: `reach` and `silence` in periods, `length` of one in µs.
    """

    periods: pd.DataFrame
    came: pd.DataFrame
    reach: Ints
    silence: Ints
    length: Ints

    @staticmethod
    def of(delivery: Delivery, refused: Mask, summed: Summed, calendar: Calendar) -> "_Seen":
        reach = seasons.reach(seasons.season_lengths(delivery.definitions))
        silence = seasons.silences(delivery.definitions)
        came = _came(delivery, refused, summed)
        listed = came[came["sound"]].groupby(["metric", "period"], as_index=False).agg({"news": "any"})
        # A weekly pause may begin and end what is looked back at.
        periods = _new_and_near(listed, reach + 2 * silence)
        metric, period = periods["metric"].to_numpy(), periods["period"].to_numpy()
        periods["phase"] = seasons.phases(metric, period, delivery.definitions, calendar)
        periods["number"] = np.arange(len(periods))
        before = periods.groupby(["metric", "phase"])["number"].shift()
        periods["before"] = before.fillna(-1).astype(np.int64)
        values = came.merge(periods[["metric", "period", "number"]], on=["metric", "period"]).sort_values(
            ["series", "number"], kind="stable"
        )
        values = values.drop_duplicates(["series", "number"], ignore_index=True)
        return _Seen(periods, values, reach, silence, seasons.period_lengths(delivery.definitions))

    def absences(self) -> pd.DataFrame:
        """The absences of steady members from new periods: `metric`, `series` and `number` of the period."""
        rows, number = self._gaps()
        if not len(rows):
            return pd.DataFrame({"metric": [], "series": [], "number": []}, dtype=np.int64)
        series, here = self.came["series"].to_numpy(), self.came["number"].to_numpy()
        # A gap is shorter than a season, so that the same phase comes before it; without seasons, the period before.
        expected = self._is_there(series[rows], np.minimum(self.periods["before"].to_numpy()[number], here[rows]))
        broken = self._ended()
        broken[rows[expected]] = True
        wanted = expected & self._steady(broken)[rows] & self.periods["news"].to_numpy()[number]
        metric = self.came["metric"].to_numpy()
        return pd.DataFrame({"metric": metric[rows[wanted]], "series": series[rows[wanted]], "number": number[wanted]})

    def _gaps(self) -> tuple[Ints, Ints]:
        """The periods that lack a member which has not ended: the row of its value before, and their numbers."""
        here = self.came["number"].to_numpy()
        lacking = np.where(self._ended(), 0, self._following() - here - 1)
        rows = np.repeat(np.arange(len(here)), lacking)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(lacking) - lacking, lacking)
        return rows, here[rows] + 1 + within

    def _following(self) -> Ints:
        """By value: the number of the period of the next one of its series; after the last, one beyond its metric's."""
        series = self.came["series"].to_numpy()
        ends = np.append(series[1:] != series[:-1], np.ones(min(len(series), 1), dtype=bool))
        newest = self.periods.groupby("metric")["number"].max().reindex(self.came["metric"]).to_numpy()
        return np.where(ends, newest + 1, np.roll(self.came["number"].to_numpy(), -1))

    def _ended(self) -> Mask:
        """By value: whether so long nothing of its series comes after it that the member has ended, if for a time."""
        length = self.length[self.came["metric"].to_numpy()]
        period = self.periods["period"].to_numpy()
        # The end of the last period without it, for the next one may be of another metric.
        lacked = period[self._following() - 1] + length
        silent = np.rint((lacked - period[self.came["number"].to_numpy()]) / length) - 1
        return np.asarray(silent >= self.silence[self.came["metric"].to_numpy()])

    def _is_there(self, series: Ints, number: Ints) -> Mask:
        """Whether some series have a value in some periods; never in period -1."""
        width = len(self.periods) + 1
        keys = self.came["series"].to_numpy() * width + self.came["number"].to_numpy()
        return np.asarray(np.isin(series * width + number, keys) & (number >= 0))

    def _steady(self, broken: Mask) -> Mask:
        """By value: whether its series came unbroken for as long as is looked back, or since there is its metric."""
        metric, here = self.came["metric"].to_numpy(), self.came["number"].to_numpy()
        first = self.came["series"].diff().ne(0).to_numpy()
        begins = first | np.append(np.zeros(1, dtype=bool), broken[:-1])
        begin = np.maximum.accumulate(np.where(begins, np.arange(len(here)), 0))
        oldest = self.periods.groupby("metric")["number"].min().reindex(self.came["metric"]).to_numpy()
        from_the_start = first[begin] & (here[begin] == oldest)
        return np.asarray(from_the_start | (here - here[begin] + 1 >= self.reach[metric]))


def _came(delivery: Delivery, refused: Mask, summed: Summed) -> pd.DataFrame:
    """One row per value that was delivered, be it text, or is stored and was not delivered again."""
    new = np.flatnonzero(summed.split[delivery.metric] & delivery.keyed & delivered_values(delivery))
    old = np.flatnonzero(summed.split[delivery.stored_metric])
    known = delivery.known[new]
    old = old[~np.isin(delivery.stored_key[old], delivery.key[new])]
    of_new = counted(delivery.value, delivery.points["weight"], summed.by_weight[delivery.metric])
    of_old = counted(delivery.stored_value, delivery.history["weight"], summed.by_weight[delivery.stored_metric])
    sound = ~refused[new] & np.isfinite(delivery.value[new])
    return pd.DataFrame(
        {
            "metric": np.concatenate([delivery.metric[new], delivery.stored_metric[old]]),
            "series": np.concatenate([delivery.series[new], delivery.stored_series[old]]),
            "period": np.concatenate([delivery.period[new], delivery.stored_period[old]]),
            "value": np.concatenate([of_new[new], of_old[old]]),
            "sound": np.concatenate([sound, np.ones(len(old), dtype=bool)]),
            "news": np.concatenate([sound & ~known, np.zeros(len(old), dtype=bool)]),
        }
    )


def _new_and_near(periods: pd.DataFrame, reach: Ints) -> pd.DataFrame:
    """The periods from so many before a metric's first new one on."""
    number = pd.Series(np.arange(len(periods)))
    first = number.where(periods["news"]).groupby(periods["metric"]).transform("min")
    near = number >= first - reach[periods["metric"].to_numpy()]
    chosen: pd.DataFrame = periods.loc[near.to_numpy()]
    return chosen.reset_index(drop=True)


def _judged(seen: _Seen, absences: pd.DataFrame, limits: neighbours.Limits) -> pd.DataFrame:
    """The absences with `z` of 0 in their place and what is `usual` there, where there is enough to compare with."""
    chosen, compact = np.unique(absences["series"].to_numpy(), return_inverse=True)
    values = seen.came[np.isin(seen.came["series"], chosen) & seen.came["sound"]]
    series = np.concatenate([np.searchsorted(chosen, values["series"].to_numpy()), compact])
    number = np.concatenate([values["number"].to_numpy(), absences["number"].to_numpy()])
    absent = np.concatenate([np.zeros(len(values), dtype=bool), np.ones(len(absences), dtype=bool)])
    value = np.concatenate([values["value"].to_numpy(), np.zeros(len(absences))])
    order = np.lexsort((number, series))
    phase = seen.periods["phase"].to_numpy()[number]
    line = Line(series[order], phase[order], value[order], judged=absent[order], sound=~absent[order])
    compared = neighbours.compare(line, limits.at(chosen))
    z, usual = _back(compared.robust_z, order, absent), _back(compared.usual, order, absent)
    period = seen.periods["period"].to_numpy()[absences["number"].to_numpy()]
    return absences.assign(period=period, z=z, usual=usual).dropna(subset="z")


def _back(column: Floats, order: Ints, chosen: Mask) -> Floats:
    """A column of a line in the order of what was put into it, of which some are chosen."""
    restored = np.empty_like(column)
    restored[order] = column
    return restored[chosen]


def _by_period(judged: pd.DataFrame, delivery: Delivery, limit: Floats) -> pd.DataFrame:
    """One row per metric and period with an absence: `absence_z`, `usual_absent` and `absent`."""
    texts = pd.Series(
        np.concatenate(
            [delivery.points["dimensions"].to_numpy(object), delivery.history["dimensions"].to_numpy(object)]
        ),
        index=np.concatenate([delivery.series, delivery.stored_series]),
    )
    texts = texts[texts.index.isin(judged["series"])]
    texts = texts[~texts.index.duplicated()]
    judged = judged.assign(text=judged["series"].map(texts), beyond=judged["z"] > limit[judged["metric"].to_numpy()])
    judged = judged.sort_values(["metric", "period", "z", "text"], ascending=[True, True, False, True])
    largest = judged.groupby(["metric", "period"], as_index=False).agg(absence_z=("z", "max"))
    of_period = judged[judged["beyond"]].groupby(["metric", "period"], as_index=False)
    told = of_period.agg(usual_absent=("usual", "sum"), absent=("text", tuple))
    return largest.merge(told, on=["metric", "period"], how="left")
