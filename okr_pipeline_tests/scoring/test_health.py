"""KPI health: every state with its reason, and which breaches ask for a review."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_pipeline.model.calendar import Calendar, Duration, Grain
from okr_pipeline.model.configuration import Configuration, Project
from okr_pipeline.model.formula import parse_formula
from okr_pipeline.model.frames import METRIC_HEALTH, QUARANTINE
from okr_pipeline.model.metric import Across, Band, Better, Metric, Rollup
from okr_pipeline.scoring import health_starts, judge_health
from okr_pipeline_tests.scoring.worlds import FIRST, as_of_day, metric, observed

AT_LEAST_90 = Band(min=90.0)
STEADY = [92.0, 94.0, 93.0, 95.0, 92.0, 94.0, 93.0, 95.0, 92.0, 94.0, 93.0, 95.0]
"""Twelve days that differ by two points: limits of 93.6 ± 5.1 from the first ten."""


def project(*metrics: Metric, calendar: Calendar = Calendar(), history: date | None = None) -> Configuration:
    return Configuration(Project("p", calendar, history_starts=history), {}, {it.id: it for it in metrics})


def last_day(values: list[float | None]) -> datetime:
    return as_of_day(FIRST + timedelta(days=len(values) - 1))


def health(values: list[float | None], band: Band | None = AT_LEAST_90, **facts: object) -> dict[str, object]:
    """The one row of a daily KPI on the last of its days."""
    kpi = metric(healthy=band, freshness=Duration(3, "days"), **facts)
    frame = judge_health(project(kpi), observed(values), as_of=last_day(values))
    assert list(frame.columns) == list(METRIC_HEALTH)
    return dict(frame.iloc[0])


STATES = {
    "inside": ([95.0], AT_LEAST_90, ("healthy", None, 0.0)),
    "on the least value": ([90.0], AT_LEAST_90, ("healthy", None, 0.0)),
    "on the greatest value": ([5.0], Band(max=5.0), ("healthy", None, 0.0)),
    "below": ([88.5], AT_LEAST_90, ("breach", None, -1.5)),
    "above": ([7.0], Band(1.0, 5.0), ("breach", None, 2.0)),
    "below a band with two bounds": ([0.0], Band(1.0, 5.0), ("breach", None, -1.0)),
    "a band around nothing but zero": ([0.0], Band(0.0, 0.0), ("healthy", None, 0.0)),
    "without a band": ([95.0], None, ("no_band", None, None)),
    "stale": ([95.0, None, None, None, None], AT_LEAST_90, ("unknown", "stale", None)),
    "never observed": ([None, None], AT_LEAST_90, ("unknown", "no_observation", None)),
    "stale without a band": ([95.0, None, None, None, None], None, ("no_band", "stale", None)),
}


@pytest.mark.parametrize("case", STATES)
def test_a_kpi_is_inside_outside_unknown_or_not_judged(case: str) -> None:
    values, band, expected = STATES[case]
    row = health(values, band)
    distance = row["distance"]
    assert (row["state"], row["reason"], None if np.isnan(distance) else distance) == expected


def test_a_missing_value_is_never_healthy_and_shows_none() -> None:
    row = health([95.0, None, None, None, None])
    assert np.isnan(row["value"])
    assert pd.isna(row["period_end"])
    assert row["periods_in_row"] == 0
    assert row["signal"] is None


def test_a_quarantined_newest_value_is_unknown_and_an_older_one_is_left_out() -> None:
    kpi = metric(healthy=AT_LEAST_90)
    for day, expected in ((2, ("unknown", "quarantined")), (1, ("healthy", None))):
        start = pd.Timestamp(FIRST + timedelta(days=day), tz="UTC")
        held = pd.DataFrame(
            [("kpi", "{}", start, start + timedelta(days=1), 5.0, None, "range", "", start, "run")], columns=QUARANTINE
        )
        values = [95.0, None, None] if day == 2 else [95.0, 94.0, 96.0]
        (row,) = judge_health(project(kpi), observed(values), as_of=last_day(values), quarantine=held).to_dict(
            "records"
        )
        assert (row["state"], row["reason"]) == expected
        assert row["periods_in_row"] == (0 if day == 2 else 2)


def test_a_kpi_whose_source_failed_is_unknown() -> None:
    kpi = metric(healthy=AT_LEAST_90)
    (row,) = judge_health(project(kpi), observed([95.0]), as_of=last_day([95.0]), failed_sources={"s"}).to_dict(
        "records"
    )
    assert (row["state"], row["reason"]) == ("unknown", "source_failed")


def test_a_period_that_has_not_ended_or_closed_does_not_count() -> None:
    noon = datetime(2013, 3, 2, 12, tzinfo=UTC)
    kpi = metric(healthy=AT_LEAST_90, closes_after=Duration(1, "days"))
    (row,) = judge_health(project(kpi), observed([95.0, 10.0]), as_of=noon).to_dict("records")
    assert (row["state"], row["value"], row["provisional"]) == ("healthy", 95.0, True)
    waits = replace(kpi, provisional="wait")
    (row,) = judge_health(project(waits), observed([95.0, 10.0]), as_of=noon).to_dict("records")
    assert row["state"] == "unknown"


def test_since_and_periods_in_a_row_count_observed_periods_on_one_side() -> None:
    row = health([95.0, 80.0, 95.0, 80.0, None, 81.0, 82.0])
    assert (row["state"], row["periods_in_row"], row["since"].date()) == ("breach", 3, date(2013, 3, 4))


REVIEWS: dict[str, tuple[list[float | None], date | None]] = {
    "a first breach without limits opens one": ([95.0, 80.0], date(2013, 3, 2)),
    "one that the limits expect does not": ([*STEADY, 89.5], None),
    "the third in a row does": ([*STEADY, 89.5, 89.4, 89.5], date(2013, 3, 13)),
    "one outside the limits does": ([*STEADY, 80.0], date(2013, 3, 13)),
    "it stays open on the first days inside": ([*STEADY, 80.0, 95.0, 94.0, 93.0, 92.0, 94.0, 93.0], date(2013, 3, 13)),
    "it ends after a week inside": ([*STEADY, 80.0, 95.0, 94.0, 93.0, 92.0, 94.0, 93.0, 95.0], None),
    "a relapse within the week goes on": (
        [*STEADY, 80.0, 95.0, 94.0, 93.0, 80.0, 94.0, 93.0, 95.0, 92.0],
        date(2013, 3, 13),
    ),
    "missing days neither open nor close": ([*STEADY, 80.0, None, None, None, None, None, 95.0], date(2013, 3, 13)),
    "a breach after the end is another": (
        [*STEADY, 80.0, 95.0, 94.0, 93.0, 92.0, 94.0, 93.0, 95.0, 60.0],
        date(2013, 3, 21),
    ),
    "a series whose centre is outside is no noise": ([*(value - 5.0 for value in STEADY), 89.0], date(2013, 3, 1)),
}


@pytest.mark.parametrize("case", REVIEWS)
def test_a_review_begins_with_a_signal_or_a_streak_and_ends_after_a_streak(case: str) -> None:
    values, expected = REVIEWS[case]
    since = health(values)["review_since"]
    assert (None if pd.isna(since) else since.date()) == expected


def test_case_23_a_kpi_without_key_result_that_falls_short_asks_for_a_review() -> None:
    """Satisfaction is expected to be 90 % at least, all the time."""
    satisfaction = metric(
        "satisfaction", unit="percent", grain=Grain.DAY, rollup=Rollup.LAST, across=Across.LAST, healthy=AT_LEAST_90
    )
    values = [91.0, 92.0, 90.0, 88.0]
    rows = observed(values, name="satisfaction")
    (row,) = judge_health(project(satisfaction), rows, as_of=last_day(values)).to_dict("records")
    assert (row["state"], row["distance"], row["periods_in_row"]) == ("breach", -2.0, 1)
    assert row["review_since"].date() == date(2013, 3, 4)


def test_noise_is_a_breach_that_the_limits_expect() -> None:
    assert health([*STEADY, 89.5])["noise"]
    assert not health([*STEADY, 80.0])["noise"]
    assert not health([*STEADY, 93.0])["noise"]
    assert not health([95.0, 80.0])["noise"]


def test_the_wobble_of_a_steady_kpi_around_its_bound_opens_nothing() -> None:
    random = np.random.default_rng(11)
    values = list(91.5 + random.uniform(-1.0, 1.0, 30)) + [89.9, 91.0, 92.0] * 10
    opened = [health(values[:day])["review_since"] for day in range(34, len(values))]
    assert all(pd.isna(since) for since in opened)


SIGNALS = {
    "nothing": ([*STEADY, 94.0], ("none", None)),
    "above the limits": ([*STEADY, 99.5], ("outside_limits", "high")),
    "below the limits": ([*STEADY, 87.5], ("outside_limits", "low")),
    "nine values say nothing": (STEADY[:9], ("too_short", None)),
    "the tenth has nothing before it yet": (STEADY[:10], ("too_short", None)),
    "the eleventh is judged": (STEADY[:11], ("none", None)),
    "values that never vary": ([93.0] * 12, ("flat", None)),
    "eight on one side": ([*STEADY[:10], *[94.0] * 8], ("eight_on_one_side", "high")),
    "seven on one side": ([*STEADY[:10], *[94.0] * 7], ("none", None)),
    "three of four near a limit": ([*STEADY[:10], 97.0, 93.0, 97.0, 97.0], ("three_near_a_limit", "high")),
    "three of four that are over": ([*STEADY[:10], 97.0, 97.0, 97.0, 93.0], ("none", None)),
}


@pytest.mark.parametrize("case", SIGNALS)
def test_natural_limits_tell_signal_from_noise(case: str) -> None:
    values, expected = SIGNALS[case]
    row = health(list(values))
    assert (row["signal"], row["direction"]) == expected


def test_limits_are_the_mean_and_266_mean_moving_ranges_of_the_values_before() -> None:
    row = health([*STEADY[:10], 93.0])
    ranges = np.abs(np.diff(STEADY[:10]))
    assert row["centre"] == pytest.approx(np.mean(STEADY[:10]))
    assert row["limit_high"] - row["centre"] == pytest.approx(2.66 * np.mean(ranges))
    assert row["limit_low"] == pytest.approx(row["centre"] - 2.66 * np.mean(ranges))
    assert row["season"] is None


def test_a_weekday_pattern_is_compared_with_the_same_weekday() -> None:
    random = np.random.default_rng(3)
    week = np.array([100.0, 102.0, 101.0, 99.0, 100.0, 60.0, 55.0])
    values = [float(week[day % 7] + random.normal(0, 1)) for day in range(12 * 7 + 6)]
    band = Band(min=50.0)
    row = health(values, band)
    assert row["season"] == "weekday"
    assert row["signal"] == "none"  # a Saturday of 60 after a week of 100 is no news
    assert row["limit_high"] - row["limit_low"] < 30
    odd = health([*values[:-1], 90.0], band)
    assert (odd["signal"], odd["direction"]) == ("outside_limits", "high")  # a Saturday of 90 is


def test_members_are_combined_by_across_and_judged_apart_where_it_is_none() -> None:
    rows = pd.concat(
        [observed([10.0, 20.0], dimensions={"site": "A"}), observed([90.0, 85.0], dimensions={"site": "B"})]
    )
    at = last_day([1.0, 1.0])
    summed = judge_health(project(metric(healthy=AT_LEAST_90, dimensions=("site",))), rows, as_of=at)
    assert summed[["dimensions", "value", "state"]].to_numpy().tolist() == [["{}", 105.0, "healthy"]]
    apart = metric(healthy=AT_LEAST_90, dimensions=("site",), rollup=Rollup.MAX, across=Across.NONE)
    each = judge_health(project(apart), rows, as_of=at)
    assert each[["dimensions", "value", "state"]].to_numpy().tolist() == [
        ['{"site":"A"}', 20.0, "breach"],
        ['{"site":"B"}', 85.0, "breach"],
    ]


def test_a_ratio_is_judged_from_its_parts_period_by_period() -> None:
    spend, orders = (metric(name, dimensions=("site",)) for name in ("spend", "orders"))
    formula = parse_formula("spend / orders")
    cost = Metric(
        "cost", "", Grain.DAY, "count", Better.LOWER, None, formula=formula, formula_text="spend / orders",
        dimensions=("site",), healthy=Band(max=3.0),
    )  # fmt: skip
    rows = pd.concat(
        [
            observed([8.0, 30.0], name="spend", dimensions={"site": "A"}),
            observed([2.0, 5.0], name="spend", dimensions={"site": "B"}),
            observed([4.0, 4.0], name="orders", dimensions={"site": "A"}),
            observed([1.0, 6.0], name="orders", dimensions={"site": "B"}),
        ]
    )
    frame = judge_health(project(spend, orders, cost), rows, as_of=last_day([1.0, 1.0]), metrics=["cost"])
    assert frame[["metric", "value", "state"]].to_numpy().tolist() == [["cost", 35.0 / 10.0, "breach"]]


def test_zeros_that_a_source_leaves_out_count_from_its_first_row_on() -> None:
    kpi = metric(healthy=Band(max=5.0), empty="zero", dimensions=("site",), freshness=Duration(9, "days"))
    rows = pd.concat(
        [
            observed([None, None, 9.0, None, None], dimensions={"site": "A"}),
            observed([None] * 4 + [1.0], dimensions={"site": "B"}),
        ]
    )
    (row,) = judge_health(project(kpi), rows, as_of=last_day([0.0] * 5)).to_dict("records")
    assert (row["state"], row["value"], row["periods_in_row"], row["since"].date()) == (
        "healthy", 1.0, 2, date(2013, 3, 4),
    )  # fmt: skip


def test_older_rows_than_are_looked_at_change_nothing() -> None:
    random = np.random.default_rng(5)
    values = list(random.normal(92, 2, 400))
    kpi = metric(healthy=AT_LEAST_90)
    config, at = project(kpi), last_day(values)
    rows = observed(values)
    recent = rows[rows["period_start"] >= health_starts(config, kpi, at)]
    assert len(recent) < len(rows)
    pd.testing.assert_frame_equal(judge_health(config, rows, as_of=at), judge_health(config, recent, as_of=at))


def test_what_was_known_later_or_ended_later_changes_nothing_before() -> None:
    values = [*STEADY, 80.0, 81.0, 95.0, 94.0]
    whole, kpi = observed(values), metric(healthy=AT_LEAST_90)
    for day in range(1, len(values) + 1):
        at = as_of_day(FIRST + timedelta(days=day - 1))
        then = judge_health(project(kpi), observed(values[:day]), as_of=at)
        pd.testing.assert_frame_equal(judge_health(project(kpi), whole, as_of=at), then)


def test_a_metric_that_does_not_exist_is_refused() -> None:
    with pytest.raises(KeyError, match="nothing"):
        judge_health(project(metric()), observed([1.0]), as_of=last_day([1.0]), metrics=["nothing"])


@settings(max_examples=40, deadline=None)
@given(
    values=st.lists(st.one_of(st.none(), st.integers(80, 100).map(float)), min_size=1, max_size=40),
    shift=st.integers(-50, 50),
    scale=st.sampled_from([0.25, 1.0, 4.0]),
    seed=st.integers(0, 100),
)
def test_health_does_not_depend_on_unit_sign_or_order(
    values: list[float | None], shift: int, scale: float, seed: int
) -> None:
    """The same story in another unit, mirrored, with other KPIs beside it and its rows in any order."""
    at = last_day(values)
    columns = ["state", "periods_in_row", "signal", "noise", "review_since", "since"]

    def told(factor: float, offset: float, band: Band) -> pd.DataFrame:
        moved = [None if value is None else value * factor + offset for value in values]
        other = observed(list(range(len(values))), name="other")
        rows = pd.concat([observed(moved), other]).sample(frac=1.0, random_state=seed)
        config = project(metric("other", healthy=Band(max=3.0)), metric(healthy=band))
        return judge_health(config, rows, as_of=at, metrics=["other", "kpi"]).iloc[[1]].reset_index(drop=True)

    plain = told(1.0, 0.0, Band(min=90.0))
    moved = told(scale, shift, Band(min=90.0 * scale + shift))
    mirrored = told(-1.0, 0.0, Band(max=-90.0))
    pd.testing.assert_frame_equal(plain[columns], moved[columns])
    pd.testing.assert_frame_equal(plain[columns], mirrored[columns])
    assert (plain["direction"].map({"high": "low", "low": "high"}) == mirrored["direction"]).all() or (
        plain["direction"].isna().all() and mirrored["direction"].isna().all()
    )
