"""What is told to be too old is what decided."""

import math
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from okr_pipeline.model.calendar import Duration
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.okr import Accumulate, KeyResult
from okr_pipeline.scoring import Known, Staleness, score, workings
from okr_pipeline_tests.scoring.worlds import World, key_result, worlds
from okr_pipeline_tests.spec.world import Given, build

KPI = {"metrics": {"kpi": {"freshness": "24h"}, "slow": {"freshness": "48h"}}}
CASES = {
    "its metric": (
        {"observed": ["2013-04-01 5 5"], "key_results": {"kr": {"measure": {"accumulate": {"to": 9}}}}},
        Staleness("C/kr", "kpi", 72, 24, "hours"),
    ),
    "a metric that one of its milestones waits for": (
        {
            "observed": ["2013-04-01 5x5", "slow 2013-04-01 5"],
            "key_results": {
                "kr": {
                    "measure": {
                        "milestones": [
                            {"title": "one", "when": {"metric": "kpi", "at_least": 9}},
                            {"title": "two", "when": {"metric": "slow", "at_least": 9}},
                        ]
                    }
                }
            },
        },
        Staleness("C/kr", "slow", 96, 48, "hours"),
    ),
    "what is said of it, by local days: of these 14 are an hour longer": (
        {
            "project": {"timezone": "America/New_York"},
            "cycles": [{"id": "C", "starts": date(2013, 10, 21), "ends": date(2013, 11, 30)}],
            "told": ["2013-10-21 value=2"],
            "key_results": {"kr": {"measure": {"manual": {"from": 0, "to": 9}}}},
            "as_of": "2013-11-05T05:00:00+00:00",
        },
        None,
    ),
    "what is said of it": (
        {
            "project": {"timezone": "America/New_York"},
            "cycles": [{"id": "C", "starts": date(2013, 3, 4), "ends": date(2013, 4, 30)}],
            "told": ["2013-03-04 value=2"],
            "key_results": {"kr": {"measure": {"manual": {"from": 0, "to": 9}}}},
            "as_of": "2013-03-20T04:00:00+00:00",
        },
        Staleness("C/kr", None, 15, 14, "days"),
    ),
    "a part of a part of a sum": (
        {
            "observed": ["2013-04-01 5x5", "slow 2013-04-01 5"],
            "key_results": {
                "kr": {"measure": {"accumulate": {"to": 9}}, "metric": None},
                "half": {"measure": {"accumulate": {"to": 9}}, "metric": None, "contributes_to": "C/kr"},
                "fresh": {"measure": {"accumulate": {"to": 9}}, "contributes_to": "C/kr"},
                "old": {"measure": {"accumulate": {"to": 9}}, "metric": "slow", "contributes_to": "C/half"},
            },
        },
        Staleness("C/old", "slow", 96, 48, "hours"),
    ),
}


@pytest.mark.parametrize(("given_", "stale"), CASES.values(), ids=CASES)
def test_what_is_too_old_is(given_: dict[str, Any], stale: Staleness | None) -> None:
    given_ = dict(given_)
    as_of = given_.pop("as_of", "2013-04-05")
    made = build(Given(**{**KPI, **given_}))
    world = World(made.configuration, made.observations, made.quarantine, made.instant(as_of))
    known = Known(world.observations, world.quarantine, check_ins=made.check_ins)
    asked = world.configuration.objectives["C/objective"].key_results[0]
    assert workings(world.configuration, asked, known, world.as_of).stale == stale


@st.composite
def worlds_with_sums(draw: st.DrawFn) -> World:
    """Any world; in some of them a key result is the sum of some others."""
    world = draw(worlds(tame=True))
    (objective,) = world.configuration.objectives.values()
    count = draw(st.integers(0, len(objective.key_results)))
    if not count:
        return world
    parts = [replace(it, measure=Accumulate(9), contributes_to="C/whole") for it in objective.key_results[:count]]
    whole = key_result(Accumulate(30), "whole", metric=None)
    key_results = (*parts, *objective.key_results[count:], whole)
    objectives = {objective.full_id: replace(objective, key_results=key_results)}
    return replace(world, configuration=replace(world.configuration, objectives=objectives))


@settings(max_examples=30, deadline=None)
@given(worlds_with_sums())
def test_what_is_told_to_be_too_old_is_what_decided(world: World) -> None:
    check(world)


def check(world: World) -> int:
    """Whatever is stale is so by what is told; returns how many key results are."""
    rows = score(world.configuration, world.observations, as_of=world.as_of, quarantine=world.quarantine).key_results
    reasons = dict(zip(rows["key_result"], rows["reason"], strict=True))
    for it in world.configuration.key_results():
        told = _told(world, world.configuration, it)
        assert (told is not None) == (reasons[it.full_id] == "stale"), (it.full_id, reasons[it.full_id], told)
        if told is not None:
            event(f"{it.measure.kind} {told.metric}")
            _check_decided(world, it, told)
    return sum(reason == "stale" for reason in reasons.values())


def _check_decided(world: World, it: KeyResult, told: Staleness) -> None:
    """Were it allowed to be as old as it is, it would not be told; were a little less allowed, it still would."""
    assert told.metric is not None
    assert told.age > told.limit == world.configuration.metrics[told.metric].freshness_hours
    enough, less = math.ceil(told.age), math.ceil(told.age) - 1
    assert _told(world, _with_freshness(world, told.metric, less), it) == replace(told, limit=float(less))
    assert _told(world, _with_freshness(world, told.metric, enough), it) != replace(told, limit=float(enough))


def _with_freshness(world: World, metric: str, hours: int) -> Configuration:
    metrics = world.configuration.metrics
    patient = replace(metrics[metric], freshness=Duration(hours, "hours"))
    return replace(world.configuration, metrics={**metrics, metric: patient})


def _told(world: World, configuration: Configuration, it: KeyResult) -> Staleness | None:
    return workings(configuration, it, Known(world.observations, world.quarantine), world.as_of).stale
