"""Laws that the forecasts of sums of key results keep."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.okr import Accumulate, Budget, KeyResult
from okr_pipeline.scoring import score
from okr_pipeline.scoring.extraction import history_starts
from okr_pipeline_tests.scoring.worlds import ENDS, STARTS, as_of_day, configuration, key_result, metric, observed

TODAY, FIRST = date(2013, 4, 4), date(2013, 2, 1)
NUMBERS = ("value", "value_low", "value_high", "progress", "progress_low", "progress_high", "probability")
FORECAST = tuple(f"forecast_{name}" for name in NUMBERS)
law = settings(max_examples=8, deadline=None)
series = st.lists(st.lists(st.integers(0, 100), min_size=63, max_size=63), min_size=2, max_size=4)
pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def company(members: Sequence[Sequence[float]], target: float = 900, factor: float = 1.0) -> Configuration:
    """A sum of one part for each member, in the order given, and how the members' numbers are told apart."""
    parts = [part(f"p{number}", {"member": str(number)}) for number in range(len(members))]
    return configuration([metric(dimensions=("member",))], [whole(target * factor), *parts])


def whole(target: float, **facts: object) -> KeyResult:
    return key_result(Accumulate(target), "whole", metric=None, **facts)


def part(name: str, where: dict[str, str], **facts: object) -> KeyResult:
    return key_result(Accumulate(1), name, where=where, contributes_to="C/whole", **facts)


def rows(members: Sequence[Sequence[float]], factor: float = 1.0) -> pd.DataFrame:
    return pd.concat(
        [
            observed([it * factor for it in numbers], dimensions={"member": str(number)}, first=FIRST)
            for number, numbers in enumerate(members)
        ],
        ignore_index=True,
    )


def told(config: Configuration, observations: pd.DataFrame, name: str = "C/whole", day: date = TODAY) -> pd.Series:
    return score(config, observations, as_of=as_of_day(day)).key_results.set_index("key_result").loc[name]


def numbers_of(forecast: pd.Series) -> list[float]:
    assert forecast["forecast_refusal"] is None
    return [float(forecast[name]) for name in FORECAST]


@law
@given(series)
def test_a_sum_of_one_part_is_foreseen_as_its_part(members: list[list[float]]) -> None:
    config = configuration([metric(dimensions=("member",))], [whole(100), part("p", {"member": "0"})])
    config = _aimed(config, 100)
    one, alone = (told(config, rows(members[:1]), name) for name in ("C/whole", "C/p"))
    for name in (*FORECAST, "forecast_required_rate", "forecast_buffer_days"):
        assert one[name] == pytest.approx(alone[name], rel=1e-9, abs=1e-9, nan_ok=True), name
    assert one["forecast_method"] == alone["forecast_method"]


def _aimed(config: Configuration, target: float) -> Configuration:
    """Every key result with one target."""
    objective = config.objectives["C/o"]
    aimed = tuple(replace(it, measure=Accumulate(target)) for it in objective.key_results)
    return replace(config, objectives={"C/o": replace(objective, key_results=aimed)})


@law
@given(series, st.sampled_from([0.01, 60.0, 1024.0]))
def test_the_unit_changes_no_progress_and_no_chance_of_a_sum(members: list[list[float]], factor: float) -> None:
    one = told(company(members), rows(members))
    other = told(company(members, factor=factor), rows(members, factor))
    for name in FORECAST[3:]:
        assert one[name] == pytest.approx(other[name], rel=1e-4, abs=1e-4), name


@settings(max_examples=10, deadline=None)
@given(series)
def test_no_order_of_parts_moves_a_digit_of_their_sum(members: list[list[float]]) -> None:
    config, observations = company(members), rows(members)
    objective, found = config.objectives["C/o"], set()
    every = objective.key_results
    for order in (every, every[::-1], (*every[2:], *every[:2])):
        turned = replace(config, objectives={"C/o": replace(objective, key_results=order)})
        found.add(tuple(numbers_of(told(turned, observations))))
    assert len(found) == 1


@law
@given(series)
def test_sums_of_sums_are_foreseen_as_the_sum_of_all_below(members: list[list[float]]) -> None:
    flat, observations = company(members), rows(members)
    objective = flat.objectives["C/o"]
    inner = [key_result(Accumulate(1), name, metric=None, contributes_to="C/whole") for name in ("one", "rest")]
    moved = [
        replace(it, contributes_to="C/one" if it.id == "p0" else "C/rest") if it.id.startswith("p") else it
        for it in objective.key_results
    ]
    deep = replace(flat, objectives={"C/o": replace(objective, key_results=(*moved, *inner))})
    assert numbers_of(told(deep, observations)) == numbers_of(told(flat, observations))


@law
@given(series)
def test_a_sum_asked_for_alone_is_foreseen_as_among_all(members: list[list[float]]) -> None:
    config, observations = company(members), rows(members)
    among = told(config, observations)
    alone = score(config, observations, as_of=as_of_day(TODAY), key_results=["C/whole"]).key_results.iloc[0]
    assert numbers_of(alone) == numbers_of(among)


@law
@given(series)
def test_the_interval_of_a_sum_is_never_wider_than_those_of_its_parts_together(members: list[list[float]]) -> None:
    config, observations = company(members), rows(members)
    found = score(config, observations, as_of=as_of_day(TODAY)).key_results.set_index("key_result")
    width = found["forecast_value_high"] - found["forecast_value_low"]
    assert width["C/whole"] <= 1.25 * width.drop("C/whole").sum() + 1e-6


def test_series_that_move_as_one_are_less_sure_together_than_those_that_do_not() -> None:
    random = np.random.default_rng(20130404)
    common, own = random.normal(100, 20, (2, 63))
    mirrored = [list(common), list(own)], [list(common), list(common)]
    apart, together = (told(company(it), rows(it)) for it in mirrored)
    width = [it["forecast_value_high"] - it["forecast_value_low"] for it in (apart, together)]
    assert width[1] > 1.2 * width[0]


@law
@given(st.lists(st.integers(0, 100), min_size=63, max_size=63))
def test_parts_that_follow_one_another_in_one_series_are_as_sure_as_one_over_all_their_days(
    numbers: list[float],
) -> None:
    halves = [
        part("first", {"member": "0"}, ends=STARTS + timedelta(days=4)),
        part("later", {"member": "0"}, starts=STARTS + timedelta(days=5)),
    ]
    kpi = metric(dimensions=("member",))
    split = told(configuration([kpi], [whole(900), *halves]), rows([numbers]))
    whole_ = told(configuration([kpi], [whole(900), part("all", {"member": "0"})]), rows([numbers]))
    widths = [it["forecast_value_high"] - it["forecast_value_low"] for it in (split, whole_)]
    assert split["forecast_value"] == pytest.approx(whole_["forecast_value"], rel=0.1, abs=10)
    assert widths[0] == pytest.approx(widths[1], rel=0.15, abs=2)


def test_what_has_ended_counts_with_what_it_came_to() -> None:
    numbers = [[5.0] * 58 + [50.0] * 5]
    parts = [part("over", {"member": "0"}, ends=TODAY - timedelta(days=1))]
    found = told(configuration([metric(dimensions=("member",))], [whole(900), *parts]), rows(numbers))
    assert found["forecast_value"] == found["value"] == found["forecast_value_low"]
    assert np.isnan(found["forecast_required_rate"])


def test_a_budget_is_foreseen_from_what_teams_spend() -> None:
    kpi = metric(dimensions=("member",))
    teams = [replace(part(f"p{it}", {"member": str(it)}), measure=Budget(40)) for it in range(2)]
    budget = key_result(Budget(80), "whole", metric=None)
    found = told(configuration([kpi], [budget, *teams]), rows([[3.0] * 63, [5.0] * 63]))
    days = (ENDS - STARTS).days + 1
    assert found["forecast_value"] == pytest.approx(8 * days)
    assert found["forecast_progress"] == pytest.approx(1.0 if days <= 10 else 2 - 8 * days / 80)


def test_history_is_looked_at_for_what_contributes_before_it_starts() -> None:
    later = part("later", {"member": "0"}, starts=STARTS + timedelta(days=5))
    config = configuration([metric(dimensions=("member",))], [whole(900), later])
    as_of = as_of_day(STARTS)
    assert history_starts(config, as_of)["kpi"] < as_of - timedelta(days=1000)
    lone = replace(config, objectives={"C/o": replace(config.objectives["C/o"], key_results=(replace(later, contributes_to=None),))})  # fmt: skip
    assert not history_starts(lone, as_of)
