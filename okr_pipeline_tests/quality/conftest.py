"""Builders of deliveries, shared by the tests of quality."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.metric import Better, Expectations, Metric, Rollup
from okr_pipeline.quality import Verdict, validate

NOW = datetime(2013, 6, 1, tzinfo=UTC)
START = datetime(2013, 5, 1, tzinfo=UTC)


@dataclass
class Bench:
    """Deliveries of daily metrics from 2013-05-01 on, and their validation."""

    metrics: dict[str, Metric] = field(default_factory=dict)

    def metric(self, name: str = "flights", grain: Grain = Grain.DAY, **expect: Any) -> Metric:
        self.metrics[name] = Metric(
            name, name, grain, "count", Better.HIGHER, Rollup.SUM, expect=Expectations(**expect)
        )
        return self.metrics[name]

    def points(
        self, values: Any, *, metric: str = "flights", start: str = "2013-05-01", **columns: Any
    ) -> pd.DataFrame:
        starts = pd.date_range(start, periods=len(values), tz="UTC").as_unit("us")
        frame = pd.DataFrame(
            {
                "metric": metric,
                "dimensions": "{}",
                "period_start": starts,
                "period_end": starts + pd.Timedelta(days=1),
                "value": np.asarray(values, dtype=float),
                "weight": np.nan,
                "raw_value": None,
                "flags": "",
            }
        )
        return frame.assign(**columns)

    def history(self, values: Any, **placed: Any) -> pd.DataFrame:
        points = self.points(values, **{"start": "2013-04-01"} | placed)
        recorded = {"revision": 1, "recorded_at": pd.Timestamp("2013-05-01", tz="UTC"), "run_id": "r1"}
        return points.drop(columns="raw_value").assign(**recorded)

    def judge(self, points: pd.DataFrame, history: pd.DataFrame | None = None, **options: Any) -> Verdict:
        history = self.history([]) if history is None else history
        windows: Mapping[str, Any] = dict.fromkeys(self.metrics, (START, NOW))
        return validate(points, self.metrics, history, **{"now": NOW, "read_windows": windows} | options)


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def outcome() -> Callable[..., tuple[str, int, int]]:
    """Status, rows checked and rows failed of one rule on one metric."""

    def look(verdict: Verdict, rule: str, metric: str = "flights") -> tuple[str, int, int]:
        rows = verdict.results.query("metric == @metric and rule == @rule")
        assert len(rows) == 1, verdict.results
        return (rows["status"].iloc[0], int(rows["rows_checked"].iloc[0]), int(rows["rows_failed"].iloc[0]))

    return look
