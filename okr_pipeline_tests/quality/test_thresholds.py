"""The version of what judges a metric."""

from dataclasses import replace

import pytest

from okr_pipeline.model.calendar import Calendar, Grain
from okr_pipeline.model.metric import Better, Expectations, Extra, Limit, Metric, Rollup
from okr_pipeline.quality import redefined, rules_version

METRIC = Metric("m", "M", Grain.DAY, "count", Better.HIGHER, Rollup.SUM, expect=Expectations(minimum=Limit(0)))


UTC = Calendar()


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
    assert rules_version(replace(METRIC, **change), UTC) != rules_version(METRIC, UTC)


@pytest.mark.parametrize("change", [{"name": "Other"}, {"owner": "ana"}, {"why": "because"}, {"better": Better.LOWER}])
def test_what_does_not_change_the_judgement_does_not(change):
    assert rules_version(replace(METRIC, **change), UTC) == rules_version(METRIC, UTC)


def test_the_order_of_arguments_is_of_no_account():
    def also(**arguments):
        return replace(METRIC, expect=Expectations(also=(Extra("E", arguments),)))

    assert rules_version(also(a=1, b=2), UTC) == rules_version(also(b=2, a=1), UTC)


@pytest.mark.parametrize(
    ("grain", "calendar", "other"),
    [
        (Grain.DAY, Calendar("Asia/Tokyo"), True),
        (Grain.DAY, Calendar(week_starts=6), False),
        (Grain.WEEK, Calendar(week_starts=6), True),
        (Grain.MONTH, Calendar(fiscal_year_starts=(2, 1)), False),
        (Grain.QUARTER, Calendar(fiscal_year_starts=(2, 1)), True),
    ],
)
def test_values_are_others_where_the_calendar_bounds_their_periods_otherwise(grain, calendar, other):
    metric = replace(METRIC, grain=grain)
    before, after = rules_version(metric, UTC), rules_version(metric, calendar)
    assert redefined(before, after) is other


def test_what_an_older_version_does_not_tell_did_not_change():
    before = rules_version(METRIC, UTC).rpartition(".")[0]
    assert not redefined(before, rules_version(METRIC, Calendar("Asia/Tokyo")))
    assert redefined(before, rules_version(replace(METRIC, unit="days"), UTC))
    assert not redefined("", rules_version(METRIC, UTC))
