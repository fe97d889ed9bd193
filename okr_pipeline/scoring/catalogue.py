"""The catalogue: metrics, views, grids and trailing lengths, numbered as key results name them.

Belongs here: what key results share. Does not: key results (compiling).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from okr_pipeline.model.calendar import Calendar, Duration, Grain
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.metric import Better, Metric, Rollup
from okr_pipeline.scoring.arrays import HOUR, Integers
from okr_pipeline.scoring.definitions import MetricFacts, Reducer, Trailing, View
from okr_pipeline.scoring.formulas import of_parts, per_period, slotted
from okr_pipeline.scoring.grids import Grids, build_grid, join_grids
from okr_pipeline.scoring.spans import reach_back

REDUCERS: Mapping[Rollup | None, Reducer] = {
    None: Reducer.PARTS,
    Rollup.SUM: Reducer.SUM,
    Rollup.MEAN: Reducer.MEAN,
    Rollup.WEIGHTED_MEAN: Reducer.WEIGHTED_MEAN,
    Rollup.LAST: Reducer.LAST,
    Rollup.MIN: Reducer.MIN,
    Rollup.MAX: Reducer.MAX,
}
_SIGNS: Mapping[Better, float] = {Better.HIGHER: 1.0, Better.LOWER: -1.0, Better.IN_BAND: 0.0}


@dataclass(frozen=True, slots=True)
class Subject:
    """What a key result needs of its metric: `scale` makes a share of a percentage, `reach_back` is a time."""

    number: int
    grid: int
    closes: int
    fresh: int
    waits: bool
    sign: float
    scale: float
    reducer: Reducer
    unit: str
    reach_back: int


@dataclass(slots=True)
class Catalogue:
    """Numbers for everything that is met; the n-th of a list is the one with number n."""

    configuration: Configuration
    metrics: list[MetricFacts] = field(default_factory=list)
    behind: list[frozenset[str]] = field(default_factory=list)
    views: list[View] = field(default_factory=list)
    trailing: list[Trailing] = field(default_factory=list)
    _metric_numbers: dict[str, int] = field(default_factory=dict)
    _needed_from: list[int] = field(default_factory=list)
    _subjects: dict[str, Subject] = field(default_factory=dict)
    _view_numbers: dict[tuple[str, tuple[tuple[str, str], ...]], int] = field(default_factory=dict)
    _trailing_numbers: dict[tuple[Calendar, Duration], int] = field(default_factory=dict)
    _grid_numbers: dict[tuple[Calendar, Grain], int] = field(default_factory=dict)
    _grid_spans: list[tuple[int, int]] = field(default_factory=list)

    def subject(self, metric_id: str) -> Subject:
        """What key results need of a metric."""
        if metric_id not in self._subjects:
            self._subjects[metric_id] = self._new_subject(self.configuration.metrics[metric_id])
        return self._subjects[metric_id]

    def metric(self, metric_id: str) -> int:
        """The number of a metric; those it is made of have lower ones."""
        if metric_id not in self._metric_numbers:
            self._add_metric(self.configuration.metrics[metric_id])
        return self._metric_numbers[metric_id]

    def view(self, metric_id: str, where: Mapping[str, str]) -> int:
        """The number of a metric's view; those of its parts are in the catalogue too."""
        key = (metric_id, tuple(sorted(where.items())))
        if key not in self._view_numbers:
            view = self._new_view(self.configuration.metrics[metric_id], key[1])
            self._view_numbers[key] = len(self.views)
            self.views.append(view)
        return self._view_numbers[key]

    def trailing_length(self, calendar: Calendar, length: Duration) -> int:
        """The number of a trailing length."""
        key = (calendar, length)
        if key not in self._trailing_numbers:
            self._trailing_numbers[key] = len(self.trailing)
            self.trailing.append(Trailing(calendar, length))
        return self._trailing_numbers[key]

    def grid(self, calendar: Calendar, grain: Grain) -> int:
        """The number of a grid."""
        key = (calendar, grain)
        if key not in self._grid_numbers:
            self._grid_numbers[key] = len(self._grid_spans)
            self._grid_spans.append((np.iinfo(np.int64).max, np.iinfo(np.int64).min))
        return self._grid_numbers[key]

    def need(self, view: int, start: int, end: int) -> None:
        """Take note that periods between two instants of a view are looked at."""
        facts = self.views[view]
        metric = self.metrics[facts.metric]
        for number in (facts.metric, *(self._metric_numbers[part] for part in metric.parts)):
            self._needed_from[number] = min(self._needed_from[number], start)
        for part in facts.parts:
            self.need(part, start, end)
        self.cover(metric.grid, start, end)

    def cover(self, grid: int, start: int, end: int) -> None:
        """Take note that a grid must reach from one instant to another."""
        first, last = self._grid_spans[grid]
        self._grid_spans[grid] = min(first, start), max(last, end)

    def built_grids(self, until: int) -> Grids:
        """All grids, up to an instant at least."""
        spans = zip(self._grid_numbers, self._grid_spans, strict=True)
        return join_grids(
            [
                build_grid(calendar, grain, min(first, until), max(last, until))
                for (calendar, grain), (first, last) in spans
            ]
        )

    def needed_from(self) -> Integers:
        """For each metric, the earliest instant that is looked at."""
        return np.array(self._needed_from, dtype=np.int64)

    def view_columns(self) -> dict[str, Any]:
        """The views, and their facts as columns; fields of `Definitions`."""
        shapes = list(dict.fromkeys(view.shape for view in self.views if view.shape is not None))
        numbers = {shape: number for number, shape in enumerate(shapes)}
        parts = np.full((len(self.views), max([1, *(len(view.parts) for view in self.views)])), -1, dtype=np.int64)
        for number, view in enumerate(self.views):
            parts[number, : len(view.parts)] = view.parts
        return {
            "views": tuple(self.views),
            "view_reducer": np.array([view.reducer for view in self.views], dtype=np.int64),
            "view_shape": np.array(
                [-1 if it.shape is None else numbers[it.shape] for it in self.views], dtype=np.int64
            ),
            "view_parts": parts,
            "shapes": tuple(shapes),
        }

    def _new_subject(self, metric: Metric) -> Subject:
        behind = [metric, *(self.configuration.metrics[part] for part in self._parts(metric))]
        return Subject(
            number=self.metric(metric.id),
            grid=self._grid_of(metric),
            closes=int(max(it.closes_after.hours for it in behind) * HOUR),
            fresh=int(metric.freshness_hours * HOUR),
            waits=any(it.provisional == "wait" for it in behind),
            sign=_SIGNS[metric.better],
            scale=0.01 if metric.unit == "percent" else 1.0,
            reducer=REDUCERS[metric.rollup],
            unit=metric.unit,
            reach_back=reach_back(metric, self.configuration.calendar_of(metric)),
        )

    def _add_metric(self, metric: Metric) -> None:
        parts = self._parts(metric)
        for part in parts:
            self.metric(part)
        self._metric_numbers[metric.id] = len(self.metrics)
        self.metrics.append(
            MetricFacts(
                id=metric.id,
                grid=self._grid_of(metric),
                across=metric.across.value,
                weighted=metric.rollup is Rollup.WEIGHTED_MEAN,
                zero=metric.empty == "zero" and metric.formula is None,
                shape=slotted(per_period(metric, self.configuration.metrics))[0]
                if metric.formula is not None
                else None,
                parts=parts,
            )
        )
        self._needed_from.append(np.iinfo(np.int64).max)
        self.behind.append(frozenset({metric.id, *parts}))

    def _new_view(self, metric: Metric, where: tuple[tuple[str, str], ...]) -> View:
        number, reducer = self.metric(metric.id), REDUCERS[metric.rollup]
        if reducer is not Reducer.PARTS:
            return View(number, where, reducer)
        shape, parts = slotted(of_parts(metric, self.configuration.metrics))
        return View(number, where, reducer, shape, tuple(self.view(part, dict(where)) for part in parts))

    def _parts(self, metric: Metric) -> tuple[str, ...]:
        return slotted(per_period(metric, self.configuration.metrics))[1] if metric.formula is not None else ()

    def _grid_of(self, metric: Metric) -> int:
        return self.grid(self.configuration.calendar_of(metric), metric.grain)
