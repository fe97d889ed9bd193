"""KPIs: every metric as one series, or as one series per member, without any key result.

Belongs here: which series are judged, compiled into views; how far back they are looked at. Does not: the judgement
(health, limits).

Members are combined by the metric's `across`. Where it says `none`, each member that was observed stands for itself.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd

from okr_pipeline.model.calendar import Calendar, Grain
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.formula import references
from okr_pipeline.model.metric import Across, Metric
from okr_pipeline.scoring.arrays import HOUR, Booleans, Floats, Integers, instant_of, microseconds
from okr_pipeline.scoring.catalogue import Catalogue
from okr_pipeline.scoring.compiling import compile_definitions
from okr_pipeline.scoring.definitions import Definitions
from okr_pipeline.scoring.grids import first_periods

LOOKED_BACK: Final[Mapping[Grain, int]] = {
    Grain.HOUR: 1344,
    Grain.DAY: 182,
    Grain.WEEK: 104,
    Grain.MONTH: 48,
    Grain.QUARTER: 24,
}
"""How many periods health looks at: eight weeks of hours, 26 weeks of days, two years of weeks, four of months, six of
quarters. What began before is said to have begun with the first of them."""

SEASONS: Final[Mapping[Grain, int]] = {Grain.HOUR: 168, Grain.DAY: 7}
"""The periods of a week. Longer seasons are not told: they would take years of history."""

_NAN: Final = float("nan")


@dataclass(frozen=True, slots=True)
class Kpis:
    """Columns, one row per series that is judged, in the order of the metrics and of their members' text.

    `grain` numbers `Grain`; `start` is the instant from which periods are looked at; `low`, `high` are ±infinity where
    the band is open, NaN where there is none.
    """

    metrics: tuple[Metric, ...]
    dimensions: tuple[str, ...]
    view: Integers
    number: Integers
    grid: Integers
    grain: Integers
    closes: Integers
    fresh: Integers
    waits: Booleans
    start: Integers
    low: Floats
    high: Floats


def health_starts(configuration: Configuration, metric: Metric, as_of: datetime) -> datetime:
    """From when on a metric must be known to judge its health as of an instant."""
    calendar = configuration.calendar_of(metric)
    return instant_of(_looked_at_from(configuration, calendar, metric.grain, microseconds(as_of)))


def compile_kpis(
    configuration: Configuration, observations: pd.DataFrame, metrics: Iterable[Metric], as_of: datetime
) -> tuple[Kpis, Definitions]:
    """Every series of some metrics, and the definitions of their views. The result does not depend on older rows."""
    metrics, moment = list(metrics), microseconds(as_of)
    catalogue, rows = Catalogue(configuration), list[tuple[object, ...]]()
    members = _members(configuration, observations, metrics)
    shown: list[tuple[Metric, str]] = []
    starts: dict[tuple[Calendar, Grain], int] = {}
    for metric in metrics:
        periods = configuration.calendar_of(metric), metric.grain
        start = starts.get(periods) or starts.setdefault(periods, _looked_at_from(configuration, *periods, moment))
        for dimensions in members.get(metric.id, ["{}"]):
            shown.append((metric, dimensions))
            rows.append(_row(catalogue, metric, json.loads(dimensions), start, moment))
    definitions = replace(
        compile_definitions(configuration, until=as_of, key_results=()),
        metrics=tuple(catalogue.metrics),
        needed_from=catalogue.needed_from(),
        **catalogue.view_columns(),
        grids=catalogue.built_grids(moment),
        behind=tuple(catalogue.behind),
    )
    table = np.array(rows, dtype=_ROW)
    columns = {name: np.ascontiguousarray(table[name]) for name, _ in _ROW}
    kpis = Kpis(tuple(metric for metric, _ in shown), tuple(text for _, text in shown), **columns)
    return replace(kpis, start=_from_first_observed(kpis, observations)), definitions


def first_period(kpis: Kpis, definitions: Definitions) -> Integers:
    """The number of the first period of each series that is looked at."""
    return first_periods(definitions.grids, kpis.grid, kpis.start)


_ROW: Final = [
    ("view", np.int64),
    ("number", np.int64),
    ("grid", np.int64),
    ("grain", np.int64),
    ("closes", np.int64),
    ("fresh", np.int64),
    ("waits", np.bool_),
    ("start", np.int64),
    ("low", np.float64),
    ("high", np.float64),
]
GRAINS: Final = tuple(Grain)


def _row(catalogue: Catalogue, metric: Metric, where: Mapping[str, str], start: int, moment: int) -> tuple[object, ...]:
    subject, view = catalogue.subject(metric.id), catalogue.view(metric.id, where)
    catalogue.need(view, start, moment)
    grain = GRAINS.index(metric.grain)
    facts = (view, subject.number, subject.grid, grain, subject.closes, subject.fresh, subject.waits, start)
    return (*facts, *_band(metric))


def _band(metric: Metric) -> tuple[float, float]:
    if metric.healthy is None:
        return _NAN, _NAN
    low, high = metric.healthy.min, metric.healthy.max
    return (-np.inf if low is None else low), (np.inf if high is None else high)


def _looked_at_from(configuration: Configuration, calendar: Calendar, grain: Grain, moment: int) -> int:
    start = moment - int(LOOKED_BACK[grain] * calendar.longest_hours(grain) * HOUR)
    history = configuration.project.history_starts
    if history is not None:
        start = max(start, microseconds(configuration.project.calendar.start_of_day(history)))
    # A project may begin after the instant that is asked about.
    return microseconds(calendar.period_containing(instant_of(min(start, moment)), grain).start)


def _from_first_observed(kpis: Kpis, observations: pd.DataFrame) -> Integers:
    """Zeros that a source leaves out are true from its first row on, not before it."""
    zero = np.array([metric.empty == "zero" for metric in kpis.metrics], dtype=np.bool_)
    if not zero.any():
        return kpis.start
    ids = {metric.id for metric, is_zero in zip(kpis.metrics, zero, strict=True) if is_zero}
    known = observations[observations["metric"].isin(ids) & observations["value"].notna()]
    firsts = known.groupby("metric")["period_start"].min()
    found = [microseconds(firsts[it.id].to_pydatetime()) if it.id in firsts.index else 0 for it in kpis.metrics]
    return np.where(zero, np.maximum(kpis.start, np.array(found, dtype=np.int64)), kpis.start)


def _members(
    configuration: Configuration, observations: pd.DataFrame, metrics: Iterable[Metric]
) -> dict[str, list[str]]:
    """The members of each metric whose members are not combined: those that all of its parts were observed for."""
    apart = {it.id: set(_sources(configuration, it)) for it in metrics if not _is_combined(configuration, it)}
    if not apart:
        return {}
    known = observations.loc[observations["metric"].isin(set().union(*apart.values())), ["metric", "dimensions"]]
    observed = {str(part): set(rows) for part, rows in known.drop_duplicates().groupby("metric")["dimensions"]}
    members = {name: set.intersection(*(observed.get(part, set()) for part in parts)) for name, parts in apart.items()}
    return {name: sorted(found) for name, found in members.items() if found}


def _is_combined(configuration: Configuration, metric: Metric) -> bool:
    """Whether a metric has one value per period. A ratio of parts has one where every part has."""
    if not metric.dimensions:
        return True
    if metric.formula is not None and metric.rollup is None:
        return all(_is_combined(configuration, configuration.metrics[part]) for part in references(metric.formula))
    return metric.across is not Across.NONE


def _sources(configuration: Configuration, metric: Metric) -> Iterator[str]:
    if metric.formula is None:
        yield metric.id
        return
    for part in references(metric.formula):
        yield from _sources(configuration, configuration.metrics[part])
