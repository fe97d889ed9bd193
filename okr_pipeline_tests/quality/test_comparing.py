"""Sums are set beside sums of the same members, and a copied load is told by the many that hardly ever repeat."""

import numpy as np
import pandas as pd
import pytest

from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.metric import Across, Better, Expectations, Limit, Metric, Rollup
from okr_pipeline_tests.quality.conftest import NOW, Bench

DAYS = pd.date_range("2013-01-01", "2013-05-31", tz="UTC").as_unit("us")
LAST = DAYS[-1]
SEVERAL = {"AA": 140.0, "B6": 90.0, "DL": 60.0}


def flights(bench: Bench, **means: float) -> pd.DataFrame:
    """Poisson flights by carrier, added up."""
    expect = Expectations(anomaly=Limit(5, "block"), volume=None, restated=None)
    bench.metrics["flights"] = Metric(
        id="flights", name="Flights", grain=Grain.DAY, unit="count", better=Better.HIGHER, rollup=Rollup.SUM,
        across=Across.SUM, dimensions=("carrier",), expect=expect,
    )  # fmt: skip
    random = np.random.default_rng(7)
    parts = [
        bench.points(random.poisson(mean, len(DAYS)), start="2013-01-01", dimensions=f'{{"carrier":"{name}"}}')
        for name, mean in means.items()
    ]
    return pd.concat(parts, ignore_index=True)


def of(points: pd.DataFrame, carrier: str, since: pd.Timestamp = LAST) -> pd.Series:
    return (points["dimensions"] == f'{{"carrier":"{carrier}"}}') & (points["period_start"] >= since)


def refused(bench: Bench, points: pd.DataFrame, first: pd.Timestamp = LAST) -> pd.DataFrame:
    """What is refused of what comes from a day on, where all before it is stored."""
    new = points["period_start"] >= first
    stored = points[~new].drop(columns="raw_value").assign(revision=1, recorded_at=first, run_id="r1")
    windows = dict.fromkeys(bench.metrics, (first.to_pydatetime(), NOW))
    return bench.judge(points[new].reset_index(drop=True), stored, read_windows=windows).refused


class TestSums:
    """Of members that are added up."""

    def test_rows_missing_of_all_are_told_of_all_although_one_is_refused_by_itself(self, bench):
        points = flights(bench, **SEVERAL)
        for name, mean in SEVERAL.items():
            points.loc[of(points, name), "value"] = np.floor(mean * (0.4 if name == "AA" else 0.75))
        told = refused(bench, points)
        assert told["rule"].tolist() == ["anomaly", "total", "total"]
        assert "sum up to 168, 7 robust deviations from 280.07" in told["reason"].iloc[1]

    def test_the_others_count_where_one_member_alone_is_refused(self, bench):
        points = flights(bench, **SEVERAL)
        points.loc[of(points, "AA"), "value"] = 140_000.0
        assert refused(bench, points)["dimensions"].tolist() == ['{"carrier":"AA"}']

    @pytest.mark.parametrize(("days", "held"), [(6, True), (7, False), (30, False)])
    def test_a_member_that_has_ended_is_missed_in_no_sum(self, bench, days, held):
        points = flights(bench, **SEVERAL)
        first = LAST - pd.Timedelta(days=days - 1)
        told = refused(bench, points[~of(points, "AA", first)].reset_index(drop=True))
        assert bool(len(told)) is held

    def test_what_all_refuse_on_the_newest_day_leaves_the_days_before_it_judged(self, bench):
        points = flights(bench, **SEVERAL)
        before = LAST - pd.Timedelta(days=1)
        points.loc[points["period_start"] == LAST, "value"] = 1e6
        short = points["period_start"] == before
        points.loc[short, "value"] = np.floor(points.loc[short, "value"] * 0.62)
        told = refused(bench, points, before)
        assert set(told.loc[told["period_start"] == before, "rule"]) <= {"total", "anomaly"}
        assert len(told) == 2 * len(SEVERAL)


class TestCopies:
    """Of a source that brings another day's values again."""

    @staticmethod
    def of_yesterday(bench: Bench, repeated: int, lively: int = 8) -> pd.DataFrame:
        """Lively metrics and `slow`, which has stood still on `repeated` of the last 34 days; all repeat on the last."""
        expect = Expectations(repeated="block", volume=None, restated=None)
        parts = []
        for number in range(lively + 1):
            name = f"m{number}" if number < lively else "slow"
            bench.metrics[name] = Metric(name, name, Grain.DAY, "count", Better.HIGHER, Rollup.SUM, expect=expect)
            values = 1_000.0 + 10 * number + np.arange(len(DAYS))
            if name == "slow":
                for back in range(2, 2 + repeated):
                    values[-back:] = values[-back:] - 1
            values[-1] = values[-2]
            parts.append(bench.points(values, metric=name, start="2013-01-01"))
        return pd.concat(parts, ignore_index=True)

    @pytest.mark.parametrize(("repeated", "told"), [(0, True), (5, True), (12, False)])
    def test_one_that_repeats_now_and_then_is_told_and_one_that_often_does_is_not(self, bench, repeated, told):
        points = self.of_yesterday(bench, repeated)
        metrics = set(refused(bench, points)["metric"])
        assert metrics == {f"m{number}" for number in range(8)} | ({"slow"} if told else set())

    def test_four_lively_ones_are_too_few(self, bench):
        assert refused(bench, self.of_yesterday(bench, 5, lively=4)).empty
