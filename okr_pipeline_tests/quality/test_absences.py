"""A member that was always there is missed; one that comes now and then, has ended or is new is not."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.metric import Across, Better, Expectations, Limit, Metric, Rollup
from okr_pipeline_tests.quality.conftest import NOW, Bench

DAYS = pd.date_range("2013-01-01", "2013-05-31", tz="UTC").as_unit("us")
LAST = DAYS[-1]
WEEK_BEFORE = LAST - pd.Timedelta(days=6)


def metric(bench: Bench, severity: str = "block", **keys: Any) -> None:
    """Flights by carrier, added up unless told."""
    usual = {"grain": Grain.DAY, "rollup": Rollup.SUM, "across": Across.SUM, "dimensions": ("carrier",)} | keys
    expect = Expectations(anomaly=Limit(5, severity), volume=None, restated=None)
    bench.metrics["flights"] = Metric(
        id="flights", name="Flights", unit="count", better=Better.HIGHER, expect=expect, **usual
    )


def flights(**means: float) -> pd.DataFrame:
    """Poisson flights of some carriers on all days, those with none left out: a query groups what there is."""
    random = np.random.default_rng(7)
    return pd.concat([_carrier(name, random.poisson(mean, len(DAYS))) for name, mean in means.items()])


def _carrier(name: str, values: Any, weight: Any = np.nan) -> pd.DataFrame:
    points = Bench().points(values, start="2013-01-01", dimensions=f'{{"carrier":"{name}"}}', weight=weight)
    return points[points["value"] > 0]


def of(points: pd.DataFrame, carrier: str) -> pd.Series:
    return points["dimensions"] == f'{{"carrier":"{carrier}"}}'


def since(points: pd.DataFrame, first: pd.Timestamp, last: pd.Timestamp = LAST) -> pd.Series:
    return points["period_start"].between(first, last)


def judged(bench: Bench, points: pd.DataFrame, first: pd.Timestamp = LAST) -> pd.DataFrame:
    """What is refused of what comes from a day on, where all before it is stored."""
    new = points["period_start"] >= first
    stored = points[~new].drop(columns="raw_value").assign(revision=1, recorded_at=first, run_id="r1")
    windows = {"flights": (first.to_pydatetime(), NOW)}
    return bench.judge(points[new].reset_index(drop=True), stored, read_windows=windows).refused


def test_a_day_without_a_large_steady_member_is_refused_and_says_which_and_what_to_do(bench):
    metric(bench)
    points = flights(AA=140, B6=90, DL=60)
    refused = judged(bench, points[~(of(points, "B6") & since(points, LAST))])
    assert refused["rule"].tolist() == ["missing_members"] * 2
    assert refused["dimensions"].tolist() == ['{"carrier":"AA"}', '{"carrier":"DL"}']
    reason = refused["reason"].iloc[0]
    assert "the period of 2013-05-31 (carrier AA) came without carrier B6, always there before" in reason
    assert "; wait until it is delivered, or raise anomaly if it is true: after 7 days without it" in reason


def test_it_is_missed_on_a_day_that_is_high_by_what_it_lacks(bench):
    metric(bench)
    points = flights(AA=140, B6=90, DL=60)
    points = points[~(of(points, "B6") & since(points, LAST))]
    points["value"] += np.where(of(points, "AA") & since(points, LAST), 45, 0)
    assert set(judged(bench, points)["rule"]) == {"missing_members"}


def test_a_value_that_came_empty_is_missing(bench):
    metric(bench)
    points = flights(AA=140, B6=90)
    points["value"] = points["value"].mask(of(points, "B6") & since(points, LAST))
    assert judged(bench, points)["dimensions"].tolist() == ['{"carrier":"AA"}']


def test_a_value_that_another_rule_refuses_is_not_missing(bench):
    metric(bench)
    points = flights(AA=140, B6=90)
    points.loc[of(points, "B6") & since(points, LAST), "value"] = 9_000.0
    assert judged(bench, points)["rule"].tolist() == ["anomaly"]


def test_the_weight_of_a_member_is_missed_in_a_weighted_mean(bench):
    metric(bench, rollup=Rollup.WEIGHTED_MEAN, across=Across.WEIGHTED_MEAN)
    random = np.random.default_rng(3)
    parts = [
        _carrier(name, random.normal(4, 0.1, len(DAYS)), random.poisson(weight, len(DAYS)))
        for name, weight in (("AA", 140), ("B6", 90))
    ]
    points = pd.concat(parts)
    refused = judged(bench, points[~(of(points, "B6") & since(points, LAST))])
    assert refused["rule"].tolist() == ["missing_members"]
    assert "carrier B6, always there before, of which a weight of 9" in refused["reason"].iloc[0]


@pytest.mark.parametrize(
    "keys", [{"across": Across.NONE}, {"across": Across.LAST}, {"dimensions": ()}], ids=["none", "last", "no members"]
)
def test_nobody_is_missed_where_members_are_not_put_together(bench, keys):
    metric(bench, **keys)
    points = flights(AA=140, B6=90)
    assert judged(bench, points[~(of(points, "B6") & since(points, LAST))]).empty


def test_a_warning_refuses_nothing(bench):
    metric(bench, "warn")
    points = flights(AA=140, B6=90)
    assert judged(bench, points[~(of(points, "B6") & since(points, LAST))]).empty


CALM = {
    "a small one": lambda points: of(points, "OO") & since(points, LAST),
    "one that comes now and then": lambda points: of(points, "DL") & (points["period_start"].dt.day % 9 == 4),
    "one that began a month ago": lambda points: (
        of(points, "DL") & (since(points, LAST) | ~since(points, LAST - pd.Timedelta(days=30)))
    ),
    "one that came for a fortnight": lambda points: (
        of(points, "DL") & ~since(points, LAST - pd.Timedelta(days=14), LAST - pd.Timedelta(days=1))
    ),
    "one that never comes on Fridays": lambda points: of(points, "DL") & (points["period_start"].dt.day_of_week == 4),
    "one that has ended": lambda points: of(points, "DL") & since(points, WEEK_BEFORE),
}


@pytest.mark.parametrize("absence", CALM)
def test_who_is_absent_and_not_missed(bench, absence):
    metric(bench)
    points = flights(AA=140, DL=60, OO=15)
    assert LAST.day_of_week == 4
    for first in (LAST, WEEK_BEFORE):
        assert judged(bench, points[~CALM[absence](points)], first).empty


def test_a_member_that_pauses_at_weekends_is_missed_on_a_friday(bench):
    metric(bench)
    points = flights(AA=140, DL=60)
    there = ~(of(points, "DL") & (points["period_start"].dt.day_of_week >= 5))
    assert judged(bench, points[there]).empty
    refused = judged(bench, points[there & ~(of(points, "DL") & since(points, LAST))])
    assert refused["dimensions"].tolist() == ['{"carrier":"AA"}']


@pytest.mark.parametrize(("days", "missed"), [(1, 1), (3, 3), (6, 6), (7, 0), (20, 0)])
def test_it_is_missed_for_six_days_and_has_ended_on_the_seventh(bench, days, missed):
    metric(bench)
    points = flights(AA=140, B6=90)
    first = LAST - pd.Timedelta(days=days - 1)
    assert len(judged(bench, points[~(of(points, "B6") & since(points, first))], first)) == missed


def test_a_gap_between_two_values_is_a_gap(bench):
    metric(bench)
    points = flights(AA=140, B6=90)
    lost = of(points, "B6") & since(points, LAST - pd.Timedelta(days=3), LAST - pd.Timedelta(days=2))
    refused = judged(bench, points[~lost], LAST - pd.Timedelta(days=10))
    assert refused["period_start"].dt.day.tolist() == [28, 29]


def test_what_once_counted_is_not_judged_again(bench):
    metric(bench)
    points = flights(AA=140, B6=30)
    points = points[~(of(points, "B6") & since(points, LAST))]
    stored = points.drop(columns="raw_value").assign(revision=1, recorded_at=LAST, run_id="r1")
    assert bench.judge(points[since(points, LAST)].reset_index(drop=True), stored).accepted.all()


def test_a_date_in_the_future_ends_nobody(bench):
    metric(bench)
    points = flights(AA=140, B6=90)
    points = points[~(of(points, "B6") & since(points, LAST))]
    later = points.tail(1).assign(
        period_start=LAST + pd.Timedelta(days=60), period_end=LAST + pd.Timedelta(days=61), value=140.0
    )
    refused = judged(bench, pd.concat([points, later], ignore_index=True))
    assert refused["rule"].tolist() == ["missing_members", "not_future"]


@settings(max_examples=15, deadline=None)
@given(
    means=st.lists(st.floats(0.1, 15), min_size=20, max_size=40),
    money=st.booleans(),
    seed=st.integers(0, 2**32 - 1),
)
def test_members_that_come_now_and_then_block_one_value_in_two_hundred_at_most(means, money, seed):
    """Days of Poisson counts, and of money that as many sales bring; a day without any has no row."""
    bench, random = Bench(), np.random.default_rng(seed)
    metric(bench)
    parts = []
    for number, mean in enumerate(means):
        counts = random.poisson(mean, len(DAYS))
        values = counts * random.lognormal(3, 0.3, len(DAYS)) if money else counts
        parts.append(_carrier(f"C{number}", values))
    points = pd.concat(parts)
    refused = judged(bench, points, DAYS[70])
    missed = (refused["rule"] == "missing_members").sum()
    assert missed <= 0.005 * since(points, DAYS[70]).sum()
