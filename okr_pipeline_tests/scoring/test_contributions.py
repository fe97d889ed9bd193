"""Conservation: a sum is what its parts are, each row counted once, on random trees."""

from dataclasses import dataclass, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.contribution import claims_of, contributors_of, counted_twice, is_summed
from okr_pipeline.model.okr import Accumulate, KeyResult, Milestone, Milestones
from okr_pipeline.scoring import score
from okr_pipeline_tests.scoring.worlds import as_of_day, configuration, key_result, metric, observed

FIRST, DAYS = date(2013, 4, 1), 20
CARRIERS, ORIGINS = ("B6", "AA", "EV"), ("JFK", "EWR")
law = settings(max_examples=30, deadline=None)


@dataclass(frozen=True)
class Tree:
    """A root that is a sum, sums below it, and leaves with rows of their own at any depth."""

    configuration: Configuration
    observations: pd.DataFrame


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Leaves pin what they like and last as they like, so that many trees count some row twice."""
    sums = draw(st.integers(1, 4))
    parents = [None, *(draw(st.integers(0, number)) for number in range(sums - 1))]
    leaves = [
        key_result(
            Accumulate(10),
            f"leaf{number}",
            starts=FIRST + timedelta(days=draw(st.integers(0, DAYS - 1))),
            where=draw(
                st.fixed_dictionaries(
                    {}, optional={"carrier": st.sampled_from(CARRIERS), "origin": st.sampled_from(ORIGINS)}
                )
            ),
            contributes_to=f"C/sum{draw(st.integers(0, sums - 1))}",
        )
        for number in range(draw(st.integers(1, 5)))
    ]
    leaves = [replace(it, ends=min(it.starts + timedelta(days=draw(st.integers(0, 9))), FIRST + timedelta(days=DAYS - 1))) for it in leaves]  # fmt: skip
    used = {it.contributes_to for it in leaves}
    for number in range(sums - 1, 0, -1):
        if f"C/sum{number}" in used:
            used.add(f"C/sum{parents[number]}")
    above = [
        key_result(Accumulate(1000), f"sum{number}", metric=None, contributes_to=None if number == 0 else f"C/sum{parents[number]}")
        for number in range(sums)
        if f"C/sum{number}" in used
    ]  # fmt: skip
    kpi = metric(dimensions=("carrier", "origin"))
    return Tree(configuration([kpi], [*above, *leaves]), _rows(draw(st.integers(0, 2**31))))


def _rows(seed: int) -> pd.DataFrame:
    """Every member on every day, in whole numbers that all differ enough to be told apart."""
    random = np.random.default_rng(seed)
    return pd.concat(
        [
            observed(
                random.integers(1, 10**6, DAYS).tolist(), dimensions={"carrier": one, "origin": other}, first=FIRST
            )
            for one in CARRIERS
            for other in ORIGINS
        ],
        ignore_index=True,
    )


def rows_of(leaf: KeyResult, observations: pd.DataFrame) -> set[int]:
    """The numbers of the rows that a leaf counts, worked out row by row."""
    days = observations["period_start"].dt.date
    inside = (days >= leaf.starts) & (days <= leaf.ends)
    for name, member in leaf.where.items():
        inside &= observations["dimensions"].str.contains(f'"{name}":"{member}"', regex=False)
    return set(np.flatnonzero(inside))


def leaves_below(name: str, config: Configuration) -> list[KeyResult]:
    found = []
    for child in contributors_of(config.key_results()).get(name, ()):
        found += leaves_below(child.full_id, config) if is_summed(child) else [child]
    return found


@law
@given(trees(), st.integers(0, DAYS - 1))
def test_every_sum_is_that_of_its_leaves_at_any_instant(tree: Tree, day: int) -> None:
    as_of = as_of_day(FIRST + timedelta(days=day))
    found = score(tree.configuration, tree.observations, as_of=as_of).key_results.set_index("key_result")
    for it in tree.configuration.key_results():
        if is_summed(it):
            values = [found.loc[leaf.full_id, "value"] for leaf in leaves_below(it.full_id, tree.configuration)]
            begun = [value for value in values if not np.isnan(value)]
            assert found.loc[it.full_id, "value"] == sum(begun) if begun else np.isnan(found.loc[it.full_id, "value"])


@law
@given(trees())
def test_rows_are_counted_twice_exactly_where_that_is_told_and_else_the_root_is_the_sum_of_them(tree: Tree) -> None:
    config, counted = tree.configuration, contributors_of(tree.configuration.key_results())
    told = [
        counted_twice(claim for child in children for claim in claims_of(child, counted, config.metrics))
        for children in counted.values()
    ]
    leaves = [rows_of(leaf, tree.observations) for leaf in leaves_below("C/sum0", config)]
    twice = sum(map(len, leaves)) > len(set().union(*leaves))
    assert any(told) == twice
    if not twice:
        found = score(config, tree.observations, as_of=as_of_day(FIRST + timedelta(days=DAYS - 1))).key_results
        root = found.set_index("key_result").loc["C/sum0", "value"]
        assert root == tree.observations["value"].to_numpy()[sorted(set().union(*leaves))].sum()


@law
@given(trees())
def test_a_sum_asked_for_alone_is_what_it_is_among_all(tree: Tree) -> None:
    as_of = as_of_day(FIRST + timedelta(days=9))
    together = score(tree.configuration, tree.observations, as_of=as_of).key_results
    for name in together["key_result"]:
        alone = score(tree.configuration, tree.observations, as_of=as_of, key_results=[name]).key_results
        both = together[together["key_result"] == name].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, both, check_exact=True)


def test_two_that_share_a_row_are_both_named() -> None:
    one = key_result(Accumulate(1), "one", where={"carrier": "B6"}, contributes_to="C/all")
    other = key_result(Accumulate(1), "other", where={"origin": "JFK"}, contributes_to="C/all")
    whole = key_result(Accumulate(1), "all", metric=None)
    config = configuration([metric(dimensions=("carrier", "origin"))], [whole, one, other])
    children = contributors_of(config.key_results())["C/all"]
    pair = counted_twice(claim for it in children for claim in claims_of(it, {}, config.metrics))
    assert pair is not None
    assert {claim.by for claim in pair} == {"C/one", "C/other"}


@pytest.mark.parametrize("done", [0, 1, 2, 3])
def test_the_weight_of_steps_done_is_that_of_all_who_contribute(done: int) -> None:
    days = [FIRST + timedelta(days=2) if number < done else None for number in range(3)]
    whole = key_result(Milestones((Milestone("a", 3.0, done_on=days[0]),)), "all", metric=None)
    child = key_result(
        Milestones((Milestone("b", 2.0, done_on=days[1]), Milestone("c", 1.0, done_on=days[2]))),
        "child", metric=None, ends=FIRST + timedelta(days=6), contributes_to="C/all",
    )  # fmt: skip
    found = score(configuration([], [whole, child]), _rows(1), as_of=as_of_day(FIRST + timedelta(days=10))).key_results
    value = found.set_index("key_result")["value"]
    assert value["C/all"] * 6 == 3 * (done > 0) + value["C/child"] * 3
