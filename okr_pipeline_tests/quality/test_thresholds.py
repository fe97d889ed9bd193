"""The version of what judges a metric."""

from dataclasses import replace

import pytest

from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.metric import Better, Expectations, Extra, Limit, Metric, Rollup
from okr_pipeline.quality import rules_version

METRIC = Metric("m", "M", Grain.DAY, "count", Better.HIGHER, Rollup.SUM, expect=Expectations(minimum=Limit(0)))


@pytest.mark.parametrize(
    "change",
    [
        {"expect": Expectations()},
        {"expect": Expectations(minimum=Limit(1))},
        {"expect": Expectations(minimum=Limit(0, "warn"))},
        {"expect": Expectations(minimum=Limit(0), also=(Extra("ExpectColumnMaxToBeBetween", {"max_value": 1}),))},
        {"grain": Grain.WEEK},
        {"timezone": "America/New_York"},
    ],
)
def test_what_changes_the_judgement_changes_the_version(change):
    assert rules_version(replace(METRIC, **change)) != rules_version(METRIC)


@pytest.mark.parametrize("change", [{"name": "Other"}, {"owner": "ana"}, {"why": "because"}, {"better": Better.LOWER}])
def test_what_does_not_change_the_judgement_does_not(change):
    assert rules_version(replace(METRIC, **change)) == rules_version(METRIC)


def test_the_order_of_arguments_is_of_no_account():
    def also(**arguments):
        return replace(METRIC, expect=Expectations(also=(Extra("E", arguments),)))

    assert rules_version(also(a=1, b=2)) == rules_version(also(b=2, a=1))
