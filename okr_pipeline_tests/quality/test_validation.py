"""Which rule refuses what, rule by rule, and what a verdict promises."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from okr_pipeline.model.calendar import Calendar, Grain
from okr_pipeline.model.frames import CHECK_RESULTS
from okr_pipeline.model.metric import Better, Expectations, Extra, Limit, Metric, Rollup
from okr_pipeline.quality import QualityError, validate
from okr_pipeline.quality.engine import Engine
from okr_pipeline.quality.rules import ROW_RULES
from okr_pipeline.quality.validation import _agreed
from okr_pipeline.quality.verdict import REFUSED

NOW = datetime(2013, 6, 1, tzinfo=UTC)
NAN, INF = float("nan"), float("inf")

# expectations, values delivered from 2013-05-01 on, the rule, positions that it refuses, words of the reason
VALUE_CASES = [
    ({}, [1, 2, INF], "finite", [2], "inf for 2013-05-03 is not a finite number"),
    ({}, [1, -INF, 3], "finite", [1], "-inf for 2013-05-02"),
    ({"minimum": Limit(0)}, [0, -5, 3], "minimum", [1], "-5 for 2013-05-02 is below the minimum of 0"),
    ({"maximum": Limit(3)}, [3, 2, 3.5], "maximum", [2], "3.5 for 2013-05-03 is above the maximum of 3"),
    ({"minimum": Limit(0), "maximum": Limit(3)}, [1, -INF, 9], "finite", [1], "finite"),
    (
        {"max_change_ratio": Limit(2)},
        [10, 12_000, 11, 10, 9],
        "max_change",
        [1],
        "12,000 for 2013-05-02 differs by 119,900 % from 10 before it, more than the 200 % that max_change allows",
    ),
    ({"max_change_ratio": Limit(2)}, [10, 30, 90.1, 89], "max_change", [2], "90.1"),
    ({"max_change_ratio": Limit(2)}, [10, 9_000, 9_100, 9_050, 11], "max_change", [1, 2, 3], "from 10 before it"),
    (
        {"max_change_ratio": Limit(2)},
        [10, 0, 0, 31, 12],
        "max_change",
        [3],
        "31 for 2013-05-04 differs by 210 % from 10",
    ),
    ({"max_change_ratio": Limit(0.5)}, [10, 4, 11], "max_change", [1], "differs by 60 % from 10"),
    ({"max_change_ratio": Limit(2)}, [10, NAN, 100, 11], "max_change", [2], "from 10 before it"),
    ({"monotonic": "block"}, [1, 2, 2, 1.5, 3], "monotonic", [3], "1.5 for 2013-05-04 is less than 2 before it"),
    ({"flat": Limit(2, "block")}, [1, 7, 7, 7, 7, 8], "flat", [3, 4], "7 for 2013-05-04 is the same for 3 periods"),
    ({"flat": Limit(2, "block")}, [7, 7, NAN, 7, 8], "flat", [3], "more than flat: 2"),
    (
        {"anomaly": Limit(6, "block")},
        [10, 11, 12, 11, 10, 12, 11, 10, 90, 11],
        "anomaly",
        [8],
        "90 for 2013-05-09 is 7.9 robust deviations from 11, which the values before it lead to expect",
    ),
    ({"minimum": Limit(0), "max_change_ratio": Limit(2)}, [10, -500, 12], "minimum", [1], "below"),
]


@pytest.mark.parametrize(("expect", "values", "rule", "refused", "words"), VALUE_CASES)
def test_a_blocking_rule_refuses_the_values_that_break_it_and_no_other(bench, expect, values, rule, refused, words):
    bench.metric(**expect)
    verdict = bench.judge(bench.points(values))
    of_rule = verdict.refused[verdict.refused["rule"] == rule]
    assert [day - 1 for day in of_rule["period_start"].dt.day] == refused
    assert np.flatnonzero(~verdict.accepted).tolist() == sorted(
        day - 1 for day in verdict.refused["period_start"].dt.day
    )
    assert words in of_rule["reason"].iloc[0]


@pytest.mark.parametrize(
    ("expect", "values", "rule"),
    [
        ({"minimum": Limit(0, "warn")}, [1, -5, 3], "minimum"),
        ({"max_change_ratio": Limit(2, "warn")}, [10, 90, 80], "max_change"),
        ({"monotonic": "warn"}, [1, 2, 1.5], "monotonic"),
        ({"flat": Limit(2, "warn")}, [7, 7, 7], "flat"),
        ({"complete": Limit(0.9, "warn")}, [7, NAN, 7], "complete"),
        (
            {"also": (Extra("ExpectColumnMaxToBeBetween", {"max_value": 2}, "warn"),)},
            [7, 7],
            "ExpectColumnMaxToBeBetween",
        ),
        ({"also": (Extra("ExpectColumnMaxToBeBetwen", {}, "warn"),)}, [7, 7], "ExpectColumnMaxToBeBetwen"),
    ],
)
def test_a_warning_is_recorded_and_refuses_nothing(bench, expect, values, rule):
    bench.metric(**expect)
    verdict = bench.judge(bench.points(values))
    assert verdict.accepted.all()
    assert verdict.refused.empty
    told = verdict.results[verdict.results["rule"] == rule]
    assert told["status"].iloc[0] in ("failed", "errored")
    assert (told["severity"] == "warn").all()


def test_a_warned_value_is_the_yardstick_of_the_next(bench, outcome):
    bench.metric(max_change_ratio=Limit(2, "warn"))
    assert outcome(bench.judge(bench.points([10, 90, 80, 85])), "max_change") == ("failed", 3, 1)


def test_a_value_at_its_limit_passes(bench):
    bench.metric(
        minimum=Limit(1),
        maximum=Limit(3),
        max_change_ratio=Limit(2),
        complete=Limit(1),
        flat=Limit(2),
        monotonic="block",
    )
    verdict = bench.judge(bench.points([1, 3, 3]))
    assert verdict.accepted.all()
    assert set(verdict.results["status"]) <= {"passed", "skipped"}


SHAPE_CASES = [
    (lambda p: p.assign(raw_value=[None, "n/a", None], value=[1, NAN, 3]), "type", [1], "'n/a' for 2013-05-02 is text"),
    (
        lambda p: p.assign(period_start=p["period_start"] + pd.to_timedelta([0, 1, 0], "h"), period_end=_lost(p, 1)),
        "period",
        [1],
        "2013-05-02 01:00 is not the start of a day in the metric's time zone",
    ),
    (
        lambda p: p.assign(period_start=p["period_start"] + pd.to_timedelta([0, 0, 60], "D")),
        "not_future",
        [2],
        "3 for 2013-07-02 is of a period that has not begun",
    ),
    (lambda p: pd.concat([p, p.iloc[[1]]]), "unique", [1, 3], "2 rows were delivered for 2013-05-02 (2) where one"),
    (
        lambda p: pd.concat([p, p.iloc[[1]].assign(value=7.0)]),
        "unique",
        [1, 3],
        "2 rows were delivered for 2013-05-02 (2, 7) where one is expected",
    ),
    (
        lambda p: p.assign(metric=["flights", "flihgts", "flights"]),
        "known_metric",
        [1],
        "'flihgts' for 2013-05-02 00:00 is not a metric that was asked for; the nearest is 'flights'",
    ),
    (
        lambda p: p.assign(metric=["flights", None, "flights"]),
        "required",
        [1],
        "a row has no metric, dimensions or period",
    ),
    (lambda p: p.assign(dimensions=["{}", None, "{}"]), "required", [1], "make the query return all of them"),
    (
        lambda p: p.assign(period_start=p["period_start"].where([True, False, True]), period_end=_lost(p, 1)),
        "required",
        [1],
        "a row has no",
    ),
]


def _lost(points, position):
    return points["period_end"].where(np.arange(len(points)) != position)


@pytest.mark.parametrize(("spoil", "rule", "refused", "words"), SHAPE_CASES)
def test_what_is_no_proper_observation_is_refused_without_any_expectation(bench, spoil, rule, refused, words):
    bench.metric()
    verdict = bench.judge(spoil(bench.points([1, 2, 3])))
    assert np.flatnonzero(~verdict.accepted).tolist() == refused
    assert verdict.refused["rule"].tolist() == [rule]
    assert words in verdict.refused["reason"].iloc[0]


def test_a_null_value_is_no_observation_and_breaks_nothing(bench):
    bench.metric(minimum=Limit(0), max_change_ratio=Limit(1), flat=Limit(1, "block"))
    verdict = bench.judge(bench.points([1, NAN, NAN, 2], weight=[NAN, NAN, 0.0, 3.0]))
    assert verdict.accepted.all()


def test_a_period_that_has_begun_is_not_in_the_future(bench):
    bench.metric()
    points = bench.points([1, 2], start="2013-05-31")
    verdict = bench.judge(points, now=datetime(2013, 5, 31, 12, tzinfo=UTC))
    assert verdict.accepted.tolist() == [True, False]


class TestNeighbours:
    """Rules that look back look at accepted values of the same series, in history or in the delivery."""

    def test_the_first_value_is_compared_with_history(self, bench):
        bench.metric(max_change_ratio=Limit(2))
        history = bench.history([10], start="2013-04-30")
        assert bench.judge(bench.points([1000, 11]), history).accepted.tolist() == [False, True]

    def test_history_that_is_delivered_again_is_no_yardstick(self, bench):
        bench.metric(max_change_ratio=Limit(2))
        history = bench.history([10, 1000, 12], start="2013-04-30")
        assert bench.judge(bench.points([11, 12]), history).accepted.all()

    def test_history_between_two_delivered_values_is_a_yardstick(self, bench):
        bench.metric(max_change_ratio=Limit(2))
        history = bench.history([10, 100], start="2013-05-01")
        assert bench.judge(bench.points([90.0, 10.0]).iloc[[1]], history).accepted.tolist() == [True]
        assert bench.judge(bench.points([90.0, 10.0, 31.0]).iloc[[0, 2]], history.iloc[[1]]).accepted.all()

    def test_withdrawn_history_is_no_yardstick(self, bench):
        bench.metric(max_change_ratio=Limit(2))
        history = bench.history([10, NAN], start="2013-04-29")
        assert bench.judge(bench.points([29, 31]), history).accepted.all()

    def test_members_are_series_of_their_own(self, bench):
        bench.metric(max_change_ratio=Limit(2))
        small, large = bench.points([1, 2, 1]), bench.points([1000, 2000, 9000])
        points = pd.concat([small.assign(dimensions='{"carrier":"OO"}'), large.assign(dimensions='{"carrier":"UA"}')])
        verdict = bench.judge(points)
        assert verdict.refused["dimensions"].tolist() == ['{"carrier":"UA"}']
        assert "9,000 for 2013-05-03 (carrier UA) differs" in verdict.refused["reason"].iloc[0]

    def test_a_run_of_equal_values_began_in_history(self, bench):
        bench.metric(flat=Limit(3, "block"))
        history = bench.history([7, 7], start="2013-04-29")
        assert bench.judge(bench.points([7, 7]), history).accepted.tolist() == [True, False]

    def test_a_robust_z_needs_eight_values(self, bench, outcome):
        bench.metric(anomaly=Limit(6, "block"))
        assert outcome(bench.judge(bench.points([10, 11, 10, 11, 10, 11, 10, 900])), "anomaly") == ("skipped", 0, 0)
        history = bench.history([10, 11], start="2013-04-29")
        assert outcome(bench.judge(bench.points([10, 11, 10, 11, 10, 11, 900]), history), "anomaly") == ("failed", 1, 1)

    @pytest.mark.parametrize("unit", ["count", "celsius"])
    def test_a_robust_z_equals_its_formula(self, bench, unit):
        """Of a count less varies less, so that what is below the usual has a smaller scale; of a level nothing does."""
        random = np.random.default_rng(3)
        values = random.normal(100, 10, 60)
        rollup = Rollup.SUM if unit == "count" else Rollup.MEAN
        known = bench.metric(anomaly=Limit(1.5, "warn"), grain=Grain.WEEK)
        bench.metrics["flights"] = replace(known, unit=unit, rollup=rollup)
        verdict = bench.judge(bench.points(values, start="2013-04-01"))
        least = np.sqrt if unit == "count" else np.zeros_like
        unusual = lower = 0
        for position in range(8, 60):
            value, before = values[position], values[max(0, position - 28) : position]
            median = np.median(before)
            spread = max(np.median(np.abs(before - median)) / 0.6745, 0.01 * abs(median))
            scale = max(spread, least(median))
            if unit == "count" and value < median:
                scale = (scale + max(spread * value / median, least(value))) / 2
            unusual += abs(value - median) / scale > 1.5
            lower += value < median and abs(value - median) / scale > 1.5
        assert unusual > lower > 0
        assert verdict.results.set_index("rule").loc["anomaly", "rows_failed"] == unusual

    def test_a_refused_anomaly_does_not_become_normal(self, bench):
        bench.metric(anomaly=Limit(6, "block"))
        values = [10, 11, 12, 11, 10, 12, 11, 10] + [10_000] * 22 + [11]
        assert bench.judge(bench.points(values)).accepted.tolist() == [True] * 8 + [False] * 22 + [True]


class TestDeliveries:
    """Rules that judge a delivery as a whole."""

    def test_an_incomplete_delivery_is_refused_whole(self, bench, outcome):
        bench.metric(complete=Limit(0.9))
        verdict = bench.judge(bench.points(range(10)).iloc[::2])
        assert not verdict.accepted.any()
        assert set(verdict.refused["rule"]) == {"complete"}
        assert "only 5 of 9 periods read have a value (55.5556 %)" in verdict.refused["reason"].iloc[0]
        assert outcome(verdict, "complete") == ("failed", 9, 4)
        assert verdict.keep_missing == {"flights"}

    def test_of_a_refused_delivery_only_what_differs_from_the_store_is_told(self, bench):
        bench.metric(complete=Limit(0.9))
        verdict = bench.judge(bench.points([0, 1, 2, 3, 5]).iloc[::2], bench.history(range(5), start="2013-05-01"))
        assert not verdict.accepted.any()
        assert verdict.refused["value"].tolist() == [5]

    def test_completeness_ends_with_the_newest_value_and_begins_with_the_first_ever(self, bench, outcome):
        bench.metric(complete=Limit(1))
        assert outcome(bench.judge(bench.points([1, 2, 3], start="2013-05-10")), "complete") == ("passed", 3, 0)
        later = bench.judge(bench.points([1, 2, 3], start="2013-05-10"), bench.history([1], start="2013-04-30"))
        assert outcome(later, "complete") == ("failed", 12, 9)

    def test_a_period_is_complete_when_any_member_has_a_value(self, bench, outcome):
        bench.metric(complete=Limit(1))
        points = bench.points([1, 2, 3, 4]).assign(dimensions=['{"c":"A"}', '{"c":"B"}'] * 2)
        assert outcome(bench.judge(points), "complete") == ("passed", 4, 0)

    def test_a_day_of_twenty_three_hours_is_one_period(self):
        calendar = Calendar("America/New_York")
        edges = calendar.boundaries(
            datetime(2013, 3, 1, 5, tzinfo=UTC), datetime(2013, 3, 20, 4, tzinfo=UTC), Grain.DAY
        )
        expect = Expectations(complete=Limit(1))
        metric = Metric("flights", "flights", Grain.DAY, "count", Better.HIGHER, Rollup.SUM, expect=expect)
        points = pd.DataFrame(
            {
                "metric": "flights",
                "dimensions": "{}",
                "period_start": pd.DatetimeIndex(edges[:-1]).as_unit("us"),
                "period_end": pd.DatetimeIndex(edges[1:]).as_unit("us"),
                "value": 1.0,
                "weight": NAN,
                "raw_value": None,
                "flags": "",
            }
        )
        verdict = validate(
            points.assign(value=[*[1.0] * 18, NAN]),
            {"flights": metric},
            points.drop(columns="raw_value").head(0),
            now=edges[-1],
            read_windows={"flights": (edges[0], edges[-1])},
            calendar=calendar,
        )
        assert verdict.results.set_index("rule").loc["complete", "rows_checked"] == 18
        assert verdict.accepted.all()

    def test_a_column_that_turned_null_erases_nothing(self, bench):
        bench.metric()
        verdict = bench.judge(bench.points([1, *[NAN] * 9]), bench.history(range(10), start="2013-05-01"))
        assert not verdict.accepted.any()
        assert verdict.refused.empty

    def test_what_is_stored_outside_the_read_window_is_not_missing(self, bench, outcome):
        bench.metric()
        assert outcome(bench.judge(bench.points([1]), bench.history(range(30))), "volume") == ("skipped", 0, 0)

    def test_a_metric_that_delivered_nothing_is_told_of(self, bench, outcome):
        bench.metric()
        verdict = bench.judge(bench.points([]), bench.history([1, 2, 3], start="2013-05-01"))
        assert outcome(verdict, "finite") == ("skipped", 0, 0)
        assert outcome(verdict, "volume") == ("failed", 3, 3)


class TestCustomExpectations:
    """Any expectation of Great Expectations by its class name."""

    def test_one_over_rows_refuses_the_rows_that_break_it(self, bench, outcome):
        bench.metric(also=(Extra("ExpectColumnValuesToBeInSet", {"value_set": [1, 2]}),))
        verdict = bench.judge(bench.points([1, 9, 2]).iloc[::-1])
        assert verdict.accepted.tolist() == [True, False, True]
        assert outcome(verdict, "ExpectColumnValuesToBeInSet") == ("failed", 3, 1)
        assert "9 for 2013-05-02 does not meet ExpectColumnValuesToBeInSet" in verdict.refused["reason"].iloc[0]

    def test_one_over_pairs_refuses_the_rows_that_break_it(self, bench):
        pair = {"column_A": "weight", "column_B": "value", "or_equal": True}
        bench.metric(also=(Extra("ExpectColumnPairValuesAToBeGreaterThanB", pair),))
        assert bench.judge(bench.points([1, 9, 2], weight=5.0)).accepted.tolist() == [True, False, True]

    def test_one_over_the_column_refuses_the_delivery(self, bench):
        bench.metric(also=(Extra("ExpectColumnMedianToBeBetween", {"min_value": 0, "max_value": 3}),))
        verdict = bench.judge(bench.points([1, 9, 9]))
        assert not verdict.accepted.any()
        assert "do not meet ExpectColumnMedianToBeBetween (observed: 9.0)" in verdict.refused["reason"].iloc[0]

    def test_it_sees_only_what_the_other_rules_accept_in_order(self, bench):
        bench.metric(
            maximum=Limit(10),
            also=(Extra("ExpectColumnMaxToBeBetween", {"max_value": 10}), Extra("ExpectColumnValuesToBeIncreasing")),
        )
        assert bench.judge(bench.points([1, 99, 3]).iloc[[2, 0, 1]]).accepted.tolist() == [True, True, False]

    def test_two_of_a_class_are_told_apart(self, bench, outcome):
        low, high = ({"min_value": 0}, {"max_value": 1})
        bench.metric(also=tuple(Extra("ExpectColumnMaxToBeBetween", limits, "warn") for limits in (low, high)))
        verdict = bench.judge(bench.points([1, 2]))
        assert outcome(verdict, "ExpectColumnMaxToBeBetween") == ("passed", 2, 0)
        assert outcome(verdict, "ExpectColumnMaxToBeBetween 2") == ("failed", 2, 2)

    @pytest.mark.parametrize(
        ("extra", "words"),
        [
            (
                Extra("ExpectColumnMedianToBetween"),
                "has no ExpectColumnMedianToBetween; the nearest is ExpectColumnMedianToBe",
            ),
            (Extra("ExpectColumnMedianToBeBetween", {"minimum": 3}), "minimum: extra fields not permitted"),
            (Extra("ExpectColumnMedianToBeBetween", {"min_value": "x", "max_value": []}), "do not fit"),
            (Extra("ExpectColumnMedianToBeBetween", {"column": "nope", "min_value": 1}), 'column "nope"'),
            (
                Extra("ExpectColumnValuesToBeInSet", {"value_set": [1], "row_condition": "@__import__('os')"}),
                "may not have row_condition, which would run text as code",
            ),
            (
                Extra("ExpectColumnValuesToMatchStrftimeFormat", {"strftime_format": "%Y"}),
                "ExpectColumnValuesToMatchStrftimeFormat errored",
            ),
        ],
    )
    def test_one_that_cannot_be_judged_is_errored_and_what_it_guards_is_not_accepted(
        self, bench, outcome, extra, words
    ):
        bench.metric(also=(extra,))
        verdict = bench.judge(bench.points([1, 2]))
        assert outcome(verdict, extra.type) == ("errored", 0, 0)
        assert not verdict.accepted.any()
        assert words in verdict.refused["reason"].iloc[0]
        assert verdict.keep_missing == {"flights"}

    def test_one_without_a_fit_value_is_skipped(self, bench, outcome):
        bench.metric(minimum=Limit(0), also=(Extra("ExpectColumnMaxToBeBetween", {"max_value": 10}),))
        assert outcome(bench.judge(bench.points([-1])), "ExpectColumnMaxToBeBetween") == ("skipped", 0, 0)

    def test_each_metric_is_judged_by_its_own_values(self, bench, outcome):
        for limit in range(12):
            maximum = Extra("ExpectColumnMaxToBeBetween", {"min_value": limit, "max_value": limit})
            odd = Extra("ExpectColumnValuesToBeInSet", {"value_set": [limit]}, "warn")
            bench.metric(f"m{limit}", also=(maximum, odd))
        points = pd.concat([bench.points([limit, limit - 1], metric=f"m{limit}") for limit in range(12)])
        verdict = bench.judge(points.sample(frac=1, random_state=1, ignore_index=True))
        assert verdict.accepted.all()
        for metric in bench.metrics:
            assert outcome(verdict, "ExpectColumnMaxToBeBetween", metric) == ("passed", 2, 0)
            assert outcome(verdict, "ExpectColumnValuesToBeInSet", metric) == ("failed", 2, 1)

    def test_other_metrics_are_left_alone(self, bench):
        bench.metric("flights", also=(Extra("Nonsense"),))
        bench.metric("seats")
        points = pd.concat([bench.points([1, 2]), bench.points([1, 2], metric="seats")], ignore_index=True)
        assert bench.judge(points).accepted.tolist() == [False, False, True, True]


class TestVerdict:
    """What holds of every verdict."""

    def test_results_have_a_row_for_each_metric_and_rule_in_force(self, bench):
        bench.metric("flights", minimum=Limit(0))
        bench.metric("seats")
        results = bench.judge(bench.points([1, 2])).results
        assert tuple(results.columns) == CHECK_RESULTS
        built_in = ["required", "known_metric", "period", "type", "finite", "unique", "not_future", "volume"]
        assert sorted(results.loc[results["metric"] == "seats", "rule"]) == sorted(built_in)
        assert sorted(results.loc[results["metric"] == "flights", "rule"]) == sorted([*built_in, "minimum"])

    def test_the_columns_of_what_is_refused_are_the_contract_also_when_nothing_is(self, bench):
        bench.metric(minimum=Limit(0))
        for values in ([], [1], [-1]):
            assert tuple(bench.judge(bench.points(values)).refused.columns) == REFUSED

    @pytest.mark.parametrize("also", [(), (Extra("ExpectColumnMaxToBeBetween", {"max_value": 9}),)])
    def test_counts_are_numbers_and_the_rest_is_text_whatever_is_delivered(self, bench, also):
        bench.metric(also=also)
        for values, windows in (([], {}), ([1], {}), ([], {"flights": (NOW, NOW)})):
            dtypes = bench.judge(bench.points(values), read_windows=windows).results.dtypes.astype(str).to_dict()
            counts = {name for name, dtype in dtypes.items() if dtype == "int64"}
            assert counts == {"rows_checked", "rows_failed"}
            assert {dtypes[name] for name in dtypes.keys() - counts} == {"str"}

    def test_nothing_read_and_nothing_delivered_is_an_empty_verdict(self, bench):
        verdict = bench.judge(bench.points([]))
        assert len(verdict.results) == len(verdict.refused) == len(verdict.accepted) == 0

    def test_one_key_is_refused_once_by_the_most_telling_rule(self, bench):
        bench.metric(minimum=Limit(0))
        points = pd.concat([bench.points([-1, 2]), bench.points([-3, 2]).assign(raw_value=["x", None])])
        verdict = bench.judge(points)
        assert verdict.refused["rule"].tolist() == ["type", "unique"]

    def test_it_does_not_depend_on_the_order_of_rows(self, bench):
        points, history = _messy(bench)
        first = bench.judge(points, history)
        for seed in range(5):
            order = np.random.default_rng(seed).permutation(len(points))
            again = bench.judge(points.iloc[order], history.sample(frac=1, random_state=seed))
            pd.testing.assert_frame_equal(again.results, first.results)
            pd.testing.assert_frame_equal(again.refused, first.refused)
            assert again.accepted.tolist() == first.accepted.iloc[order].tolist()
            assert again.accepted.index.tolist() == points.index[order].tolist()

    def test_text_may_be_of_either_dtype(self, bench):
        points, history = _messy(bench)
        reasons = bench.judge(points, history).refused["reason"].tolist()
        for dtype in ("object", "str"):
            texts = {"metric": dtype, "dimensions": dtype, "raw_value": dtype}
            verdict = bench.judge(points.astype(texts), history.astype({"metric": dtype, "dimensions": dtype}))
            assert verdict.refused["reason"].tolist() == reasons

    def test_the_input_is_left_as_it_was(self, bench):
        points, history = _messy(bench)
        before = points.copy(), history.copy()
        bench.judge(points, history)
        pd.testing.assert_frame_equal(points, before[0])
        pd.testing.assert_frame_equal(history, before[1])

    def test_threads_that_validate_at_once_get_what_each_would_get_alone(self, bench):
        bench.metric(
            minimum=Limit(0), max_change_ratio=Limit(2), also=(Extra("ExpectColumnMaxToBeBetween", {"max_value": 1e9}),)
        )
        deliveries = [_spoilt(bench, seed) for seed in range(8)]
        alone = [bench.judge(points) for points in deliveries]
        with ThreadPoolExecutor(4) as pool:
            together = list(pool.map(bench.judge, deliveries))
        for one, other in zip(alone, together, strict=True):
            pd.testing.assert_frame_equal(one.results, other.results)
            pd.testing.assert_frame_equal(one.refused, other.refused)

    def test_counts_that_disagree_are_an_error_and_not_a_verdict(self, bench):
        rule = next(rule for rule in ROW_RULES if rule.name == "minimum")
        frame = pd.DataFrame({"value": [1.0, -1.0], "minimum": 0.0})
        with pytest.raises(QualityError, match="minimum: Great Expectations counts 1 failing rows, its mask 0"):
            _agreed(Engine(), frame, [rule], {"minimum": np.array([False, False])})

    def test_nothing_is_printed(self, bench, capfd):
        points, history = _messy(bench)
        bench.judge(points, history)
        assert capfd.readouterr() == ("", "")


def _spoilt(bench, seed):
    random = np.random.default_rng(seed)
    return bench.points(random.normal(50, 40, 31))


def _messy(bench):
    """A delivery with most kinds of fault, and history."""
    also = (Extra("ExpectColumnValuesToBeInSet", {"value_set": list(range(50))}), Extra("Nonsense", {}, "warn"))
    bench.metric("flights", minimum=Limit(0), max_change_ratio=Limit(2), flat=Limit(2), anomaly=Limit(3), also=also)
    bench.metric("seats", complete=Limit(0.9), monotonic="block")
    parts = [
        bench.points([5, 6, -1, 7, 7, 7, 7, 900, 8, INF, NAN, 60, 9]),
        bench.points([1, 2, 3, 2, 5], metric="seats").iloc[[0, 1, 3, 4]],
        bench.points([4, 4], metric="ghost"),
        bench.points([3, 3, 99], start="2013-05-01", dimensions='{"carrier":"AA"}'),
        bench.points([7.5], dimensions="{}"),
        bench.points([NAN], start="2013-05-20").assign(raw_value="1,5"),
    ]
    points = pd.concat(parts).set_axis(np.arange(100, 100 + sum(map(len, parts))), axis=0)
    return points, pd.concat([bench.history([5, 6, 5, 6, 5, 6, 5, 6, 5]), bench.history([0, 1], metric="seats")])


def test_importing_quality_does_not_import_great_expectations():
    code = "import sys, okr_pipeline.quality; sys.exit('great_expectations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_process_that_validates_prints_nothing_writes_nothing_and_calls_nobody(tmp_path: Path):
    code = """
import sys, tempfile
import numpy as np, pandas as pd
from dataclasses import replace
from datetime import UTC, datetime
from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.metric import *
from okr_pipeline.quality import validate

seen = []
def hook(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "subprocess.Popen"):
        seen.append(event)
sys.addaudithook(hook)
also = (Extra("Nonsense"), Extra("ExpectColumnValuesToMatchStrftimeFormat", {"strftime_format": "%Y"}))
metric = Metric("m", "m", Grain.DAY, "count", Better.HIGHER, Rollup.SUM, expect=Expectations(minimum=Limit(0), also=also))
days = pd.date_range("2013-01-01", periods=3, tz="UTC").as_unit("us")
points = pd.DataFrame({"metric": "m", "dimensions": "{}", "period_start": days, "period_end": days + pd.Timedelta(days=1),
    "value": [1.0, -1.0, 2.0], "weight": np.nan, "raw_value": None, "flags": ""})
verdict = validate(points, {"m": metric}, points.head(0), now=datetime(2013, 2, 1, tzinfo=UTC), read_windows={})
assert len(verdict.refused) == 3, verdict
sys.exit(len(seen))
"""
    environ = {**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    done = subprocess.run(
        [sys.executable, "-B", "-c", code], cwd=tmp_path, env=environ, check=False, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []
