"""What of a delivery is new, and what of the new is fit to keep.

Belongs here: the comparison of delivered points with what the store knows, and the call of the quality room on what
changed. Does not: the rules (quality) or the writing (observing).

Only metrics with a change are judged, so that a run in which nothing changed never starts the validation engine.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from okr_pipeline.application.arriving import missing_arrivals
from okr_pipeline.application.reading import Delivery
from okr_pipeline.model.calendar import Period
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.frames import SERIES_KEY
from okr_pipeline.quality import Verdict, redefined, rules_version, validate

KEY = list(SERIES_KEY)
Ints: TypeAlias = npt.NDArray[np.int64]
_MISPLACED = ("required", "known_metric", "members", "period", "not_future")
"""Rules that refuse a row for where it says to belong."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What to write: POINTS to record, keys withdrawn by the source, rows refused, keys to free, check results.

    `restated` counts those of `recorded` that replace an earlier value. Keys in quarantine are `released` where they
    have a fit value now, and `given_up` where the source no longer has them.
    """

    recorded: pd.DataFrame
    restated: int
    withdrawn: pd.DataFrame
    refused: pd.DataFrame
    released: pd.DataFrame
    given_up: pd.DataFrame
    checks: pd.DataFrame
    rules_versions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Compared:
    """A delivery beside what is stored of the periods that it tells of.

    `points` are its POINTS with `known` (the store has a value), `changed`, and `held` (an open quarantine has the
    key); `vanished` are keys that the source no longer has, and `given_up` those in quarantine that it has no more.
    `versions` are those of the rules, by metric, and `ruled_anew` the metrics that were judged by others before, by
    which ones.
    """

    points: pd.DataFrame
    vanished: pd.DataFrame
    given_up: pd.DataFrame
    versions: Mapping[str, str]
    ruled_anew: Mapping[str, str]

    @property
    def touched(self) -> set[str]:
        """The metrics to judge: something of them changed, or their rules did."""
        changed = self.points.loc[self.points["changed"], "metric"].unique()
        return {*changed, *self.vanished["metric"].unique(), *self.given_up["metric"].unique(), *self.ruled_anew}


def compare(
    configuration: Configuration,
    delivery: Delivery,
    *,
    stored: pd.DataFrame,
    quarantine: pd.DataFrame,
    judged_by: Mapping[str, str],
) -> Compared:
    """Compare a delivery with OBSERVATIONS and QUARANTINE as stored.

    `stored` holds all from the start of each window on, and of metrics that were read whole all there is; `judged_by`
    the version of the rules that each metric was last judged by: changed rules judge everything delivered again.
    """
    delivered = [metric for metric in delivery.windows if metric not in delivery.failures]
    metrics = (configuration.metrics[metric] for metric in delivered)
    versions = {it.id: rules_version(it, configuration.calendar_of(it)) for it in metrics}
    before = {metric: judged_by.get(metric, version) for metric, version in versions.items()}
    keys, stored_keys = _keys(delivery.points, stored)
    missing = stored[stored["value"].notna() & ~np.isin(stored_keys, keys)]
    asked, held = _keys(delivery.points, quarantine)
    return Compared(
        points=_compared(delivery.points, stored, _places(keys, stored_keys), quarantine, _places(asked, held)),
        vanished=_vanished(delivery, delivered, missing)[[*KEY, "period_end"]],
        given_up=_vanished(delivery, delivered, quarantine[~np.isin(held, asked)])[KEY],
        versions=versions,
        ruled_anew={metric: version for metric, version in before.items() if version != versions[metric]},
    )


def judge(
    configuration: Configuration,
    delivery: Delivery,
    compared: Compared,
    *,
    stored: pd.DataFrame,
    quarantine: pd.DataFrame,
    now: datetime,
    apart: Collection[str] = (),
) -> Judgement:
    """Validate the metrics of a delivery that changed.

    `stored` holds the OBSERVATIONS of these and of `awaited` metrics as far back as rules look. Deliveries of metrics
    in `apart` are of periods that were never read before, and compared with nothing that is stored.
    """
    touched = compared.touched
    late = missing_arrivals(configuration, delivery, stored)
    if not touched:
        return _nothing(compared, quarantine, late)
    ruled_anew, versions = compared.ruled_anew, compared.versions
    to_judge = compared.points[compared.points["metric"].isin(touched)]
    verdict = validate(
        to_judge[list(delivery.points.columns)],
        {metric: configuration.metrics[metric] for metric in sorted(touched)},
        stored[stored["metric"].isin(touched)],
        now=now,
        read_windows={metric: _as_pair(delivery.told(metric)) for metric in touched},
        calendar=configuration.project.calendar,
        whole=set(filter(delivery.is_whole, touched)),
        redefined={it for it, version in ruled_anew.items() if redefined(version, versions[it])} | set(apart),
    )
    judgement = _sorted_out(to_judge, verdict, compared, quarantine)
    return replace(judgement, checks=pd.concat([judgement.checks, late], ignore_index=True))


def joined_judgements(judgements: Sequence[Judgement]) -> Judgement:
    """Those of the legs of one read as one; at least one."""
    if len(judgements) == 1:
        return judgements[0]
    frames = {
        name: pd.concat([getattr(it, name) for it in judgements], ignore_index=True)
        for name in ("recorded", "withdrawn", "refused", "released", "given_up", "checks")
    }
    versions = {metric: version for it in judgements for metric, version in it.rules_versions.items()}
    return Judgement(**frames, restated=sum(it.restated for it in judgements), rules_versions=versions)


def _compared(
    points: pd.DataFrame, stored: pd.DataFrame, places: Ints, quarantine: pd.DataFrame, places_held: Ints
) -> pd.DataFrame:
    """POINTS with `known`, `changed` and `held`.

    `places` are where their keys are stored, and `places_held` where they are in quarantine, -1 where they are not.
    """
    value, weight = (_taken(stored[name], places) for name in ("value", "weight"))
    value_held, raw_held = (_taken(quarantine[name], places_held) for name in ("value", "raw_value"))
    is_held = places_held >= 0
    same = _equal(points["value"], value) & _equal(points["weight"], weight)
    parsed = points["raw_value"].isna() & points["period_end"].notna()
    same_text = points["raw_value"].fillna("") == raw_held.fillna("")
    still_refused = is_held & _equal(points["value"], value_held) & same_text
    return points.assign(
        held=is_held,
        known=~pd.isna(value),
        changed=~still_refused & ~(same & ~is_held & parsed),
    )


def _keys(rows: pd.DataFrame, others: pd.DataFrame, names: Sequence[str] = KEY) -> tuple[Ints, Ints]:
    """The keys of the rows of two frames as numbers that are equal where they are."""
    if rows.empty or others.empty:
        return np.arange(len(rows)), np.arange(len(others))
    numbers = np.zeros(len(rows) + len(others), dtype=np.int64)
    for name in names:
        both = pd.concat([rows[name], others[name]], ignore_index=True)
        codes, distinct = pd.factorize(both, use_na_sentinel=False)
        numbers = numbers * len(distinct) + codes
    return numbers[: len(rows)], numbers[len(rows) :]


def _places(keys: Ints, there: Ints) -> Ints:
    """Where each of some keys is among others, no two of which are equal; -1 for those that are not."""
    return np.asarray(pd.Index(there).get_indexer(pd.Index(keys)), dtype=np.int64)


def _taken(column: pd.Series, places: Ints) -> Any:
    """The values of a column at some places, missing where a place is -1."""
    return column.array.take(places, allow_fill=True)


def _equal(left: pd.Series, right: Any) -> Any:
    return (left == right) | (left.isna() & pd.isna(right))


def _vanished(delivery: Delivery, delivered: list[str], missing: pd.DataFrame) -> pd.DataFrame:
    """Of what the store has and was not delivered, that which was asked for: the source no longer has it.

    A source that is read whole was asked for all from its first row on, and not for its window alone.
    """
    rows = missing[missing["metric"].isin(delivered)]
    if rows.empty:
        return rows
    points = delivery.points[delivery.points["metric"].isin(filter(delivery.is_whole, delivered))]
    firsts = points.groupby("metric")["period_start"].min()
    starts = rows["metric"].map(
        {
            metric: min(start, firsts.get(metric, start))
            for metric in delivery.windows
            for start in (delivery.told(metric).start,)
        }
    )
    ends = rows["metric"].map({metric: window.end for metric, window in delivery.windows.items()})
    return rows[(rows["period_start"] >= starts) & (rows["period_start"] < ends)]


def _sorted_out(points: pd.DataFrame, verdict: Verdict, compared: Compared, quarantine: pd.DataFrame) -> Judgement:
    accepted = verdict.accepted
    news = accepted & (points["changed"] | points["held"])
    recorded = points[news & (points["value"].notna() | points["known"])]
    doubtful = ~accepted & (points["changed"] | points["metric"].isin(compared.ruled_anew))
    return Judgement(
        recorded=recorded,
        restated=int(recorded["known"].sum()),
        withdrawn=_truly_gone(compared.vanished, verdict),
        refused=_of_keys(verdict.refused, points[doubtful]),
        released=_of_keys(quarantine[KEY], points[accepted & points["held"]]),
        given_up=_truly_gone(compared.given_up, verdict),
        checks=verdict.results,
        rules_versions=compared.versions,
    )


def _truly_gone(vanished: pd.DataFrame, verdict: Verdict) -> pd.DataFrame:
    """Those of reads that are not doubted, and of periods of which nothing was refused.

    What was refused may be they, under another name or date.
    """
    vanished, refused = vanished[~vanished["metric"].isin(verdict.keep_missing)], verdict.refused
    if vanished.empty or refused.empty:
        return vanished
    doubtful = set(refused.loc[refused["rule"].isin(_MISPLACED), "metric"])
    in_doubt = np.isin(*_keys(vanished, refused, ["metric", "period_start"]))
    return vanished[~in_doubt & ~vanished["metric"].isin(doubtful).to_numpy()]


def _of_keys(rows: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    """Those of some rows that have a key of others."""
    if rows.empty or others.empty:
        return rows.iloc[:0]
    return rows[np.isin(*_keys(rows, others))].reset_index(drop=True)


def _nothing(compared: Compared, quarantine: pd.DataFrame, checks: pd.DataFrame) -> Judgement:
    return Judgement(
        recorded=compared.points.iloc[:0],
        restated=0,
        withdrawn=compared.vanished.iloc[:0],
        refused=quarantine.iloc[:0],
        released=quarantine.iloc[:0][KEY],
        given_up=compared.given_up,
        checks=checks,
        rules_versions=compared.versions,
    )


def _as_pair(window: Period) -> tuple[datetime, datetime]:
    return window.start, window.end
