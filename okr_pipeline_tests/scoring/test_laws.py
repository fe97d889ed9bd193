"""Laws that every score keeps, on random worlds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.metric import Better, Rollup
from okr_pipeline.model.okr import (
    Accumulate,
    Budget,
    Cadence,
    Change,
    Intent,
    KeyResult,
    Maintain,
    Over,
    Points,
    Reach,
    Share,
)
from okr_pipeline.scoring import Scores, score, trajectory, verdicts
from okr_pipeline.scoring.rules import RULES
from okr_pipeline_tests.scoring.worlds import (
    World,
    as_of_day,
    configuration,
    key_result,
    metric,
    nice,
    observed,
    series,
    worlds,
)

TODAY = as_of_day(date(2013, 4, 10))
OUTSIDE = {"not_started", "paused", "cancelled"}
days = series(wild=False, length=41)
strange_days = series(wild=True, length=41)

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
law = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


def scored(world: World, **also: object) -> Scores:
    return score(world.configuration, world.observations, as_of=world.as_of, quarantine=world.quarantine, **also)


@dataclass(frozen=True)
class Case:
    """A key result, and the days of the metric that it is about."""

    values: list[float]
    measure: object
    better: Better = Better.HIGHER
    rollup: Rollup = Rollup.MEAN
    facts: Mapping[str, object] = field(default_factory=dict)


def rows(*cases: Case) -> list[pd.Series]:
    """How each stands, all in one company: that none depends on another is a law of its own."""
    numbered = {f"m{number}": case for number, case in enumerate(cases)}
    config = configuration(
        [metric(name, better=it.better, rollup=it.rollup) for name, it in numbered.items()],
        [key_result(it.measure, name, metric=name, **it.facts) for name, it in numbered.items()],
    )
    history = pd.concat([observed(it.values, name=name) for name, it in numbered.items()])
    told = score(config, history, as_of=TODAY).key_results.set_index("key_result")
    return [told.loc[f"C/{name}"] for name in numbered]


@law
@given(worlds())
def test_whatever_is_observed_nothing_infinite_comes_out_and_nothing_raises(world: World) -> None:
    scores = scored(world)
    for frame in (scores.key_results, scores.objectives, scores.baselines):
        assert not np.isinf(frame.select_dtypes("float64").to_numpy()).any()
    unknown = scores.key_results["progress"].isna()
    assert scores.key_results.loc[unknown & (scores.key_results["status"] == "unknown"), "reason"].notna().all()
    assert scores.baselines["value"].notna().all()


@law
@given(worlds())
def test_score_is_progress_clamped_to_0_and_1(world: World) -> None:
    scores = scored(world)
    known = scores.key_results.dropna(subset="progress")
    assert (known["score"] == known["progress"].clip(0, 1)).all()
    assert scores.objectives["score"].dropna().between(0, 1).all()


@law
@given(worlds())
def test_bounds_enclose_the_score(world: World) -> None:
    known = scored(world).objectives.dropna(subset="score")
    assert (known["score_low"] <= known["score"] + 1e-12).all()
    assert (known["score"] <= known["score_high"] + 1e-12).all()


@law
@given(worlds(tame=True))
def test_status_never_contradicts_score(world: World) -> None:
    frame = scored(world).key_results
    ended = {it.full_id for it in world.configuration.key_results() if it.ends < world.as_of.date()}
    for it in frame.itertuples():
        if it.status == "achieved" and it.key_result not in ended:
            assert it.progress >= 1
        if it.status == "behind":
            assert it.progress < it.expected_progress
        if it.status == "on_track" and it.expected_progress > 0:
            assert it.progress >= 0
        assert (it.status in OUTSIDE | {"unknown"}) or not np.isnan(it.progress)


@law
@given(worlds(), st.randoms(use_true_random=False))
def test_order_of_observations_is_irrelevant(world: World, random: object) -> None:
    places = list(range(len(world.observations)))
    random.shuffle(places)
    shuffled = replace(world, observations=world.observations.iloc[places])
    assert_same(scored(world), scored(shuffled))


@law
@given(worlds())
def test_a_key_result_alone_scores_as_among_many(world: World) -> None:
    together = scored(world).key_results
    for full_id in together["key_result"]:
        alone = scored(world, key_results=[full_id]).key_results
        both = together[together["key_result"] == full_id].reset_index(drop=True)
        pd.testing.assert_frame_equal(alone, both, check_exact=True)


@law
@given(worlds())
def test_a_trajectory_is_the_scores_of_its_instants(world: World) -> None:
    instants = [world.as_of - timedelta(days=day) for day in (0, 1, 9)]
    track = trajectory(world.configuration, world.observations, instants, quarantine=world.quarantine)
    columns = ["key_result", "progress", "expected_progress", "status", "value_period_end", "pace_ratio"]
    for instant in instants:
        there = track.loc[track["as_of"] == instant, columns].reset_index(drop=True)
        pd.testing.assert_frame_equal(
            there, scored(replace(world, as_of=instant)).key_results[columns], check_exact=True
        )


@law
@given(worlds())
def test_scoring_again_with_what_was_fixed_changes_nothing(world: World) -> None:
    first = scored(world)
    again = scored(world, baselines=first.baselines)
    pd.testing.assert_frame_equal(first.key_results, again.key_results, check_exact=True)
    assert again.baselines.empty


@law
@given(worlds())
def test_observations_after_the_instant_are_irrelevant(world: World) -> None:
    if any(it.empty == "zero" for it in world.configuration.metrics.values()):
        return
    before = world.observations[world.observations["period_end"] <= world.as_of]
    known = scored(replace(world, observations=before))
    pd.testing.assert_frame_equal(scored(world).key_results, known.key_results, check_exact=True)


@law
@given(days, nice, nice, st.sampled_from(["latest", "cycle"]))
def test_down_is_up_in_a_mirror(values: list[float], start: float, target: float, over: str) -> None:
    up, down = rows(
        Case(values, Reach(start, target), facts={"over": Over(over)}),
        Case([-it for it in values], Reach(-start, -target), Better.LOWER, facts={"over": Over(over)}),
    )
    assert same(up["progress"], down["progress"])
    assert up["status"] == down["status"]


@law
@given(days, nice, nice, st.sampled_from([0.01, 100.0, 60.0, 1.8]), st.sampled_from([0.0, 32.0, -273.15]))
def test_progress_does_not_depend_on_the_unit(
    values: list[float], start: float, target: float, factor: float, offset: float
) -> None:
    if abs(target - start) < 1:
        return
    one, other = rows(
        Case(values, Reach(start, target)),
        Case([factor * it + offset for it in values], Reach(factor * start + offset, factor * target + offset)),
    )
    assert one["progress"] == pytest.approx(other["progress"], rel=1e-6, abs=1e-6)


BETTER_VALUES = (
    (Reach(0, 50), Rollup.MEAN, Better.HIGHER, "cycle"),
    (Reach(0, 50), Rollup.LAST, Better.HIGHER, "latest"),
    (Reach(50, 0), Rollup.MAX, Better.LOWER, "cycle"),
    (Accumulate(100), Rollup.SUM, Better.HIGHER, "latest"),
    (Maintain(0, None), Rollup.MEAN, Better.HIGHER, "latest"),
    (Reach("at_start", 50), Rollup.MEAN, Better.HIGHER, "latest"),
    (Reach("at_start", -50), Rollup.MEAN, Better.LOWER, "latest"),
)


@law
@given(values=days, day=st.integers(31, 40), step=st.integers(1, 100))
def test_better_values_never_score_worse(values: list[float], day: int, step: int) -> None:
    told = rows(
        *(
            Case(it, measure, better, rollup, {"over": Over(over)})
            for measure, rollup, better, over in BETTER_VALUES
            for it in (values, improved(values, day, step, better))
        )
    )
    for before, after, case in zip(told[::2], told[1::2], BETTER_VALUES, strict=True):
        assert after["progress"] >= before["progress"] - 1e-9, case


@law
@given(days, days, st.sampled_from([0.5, 2.0, 1024.0]), st.integers(1, 9), st.integers(1, 9))
def test_only_the_proportion_of_weights_matters(
    first: list[float], second: list[float], factor: float, one: int, other: int
) -> None:
    def objective(weights: tuple[float, float]) -> pd.Series:
        key_results = [
            key_result(Reach(-300, 300), name, metric=name, weight=weight)
            for name, weight in zip("ab", weights, strict=True)
        ]
        config = configuration([metric("a"), metric("b")], key_results)
        frame = pd.concat([observed(first, name="a"), observed(second, name="b")])
        return score(config, frame, as_of=TODAY).objectives.iloc[0]

    plain, scaled = objective((one, other)), objective((one * factor, other * factor))
    assert plain["score"] == pytest.approx(scaled["score"], rel=1e-12, abs=1e-12)
    assert plain["status"] == scaled["status"]


@law
@given(strange_days, strange_days)
@example([1e-300] * 41, [1e-300] * 41)
def test_a_weighted_mean_lies_among_its_values(values: list[float], weights: list[float]) -> None:
    config = configuration(
        [metric(rollup=Rollup.WEIGHTED_MEAN)], [key_result(Reach(0, 1), over=Over("cycle"), min_coverage=0)]
    )
    value = score(config, observed(values, weights=weights), as_of=TODAY).key_results["value"].iloc[0]
    if not np.isnan(value):
        used = [
            it
            for it, weight in zip(values[31:], weights[31:], strict=True)
            if np.isfinite(it) and np.isfinite(weight) and weight > 0
        ]
        weight = sum(it for it in weights[31:] if np.isfinite(it) and it > 0)
        underflow = len(used) * 5e-324 / weight
        margin = 1e-9 * max(abs(it) for it in used) + underflow
        assert min(used) - margin <= value <= max(used) + margin


@law
@given(worlds())
def test_no_status_rule_contradicts_a_score(world: World) -> None:
    told = verdicts(world.configuration, world.observations, as_of=world.as_of, quarantine=world.quarantine)
    ended = {it.full_id for it in world.configuration.key_results() if as_of_day(it.ends) <= world.as_of}
    known = told.dropna(subset="progress")
    open_ = known[~known["key_result"].isin(ended)]
    for rule in RULES:
        assert (open_.loc[open_[rule] == "achieved", "progress"] >= 1).all()
        bad = open_[open_[rule].isin(["at_risk", "behind"])]
        assert (bad["progress"] < bad["expected_progress"]).all()
        unknown = told.loc[told["progress"].isna(), rule]
        assert unknown.isin(OUTSIDE | {"unknown"}).all()


@law
@given(worlds())
def test_the_rule_changes_statuses_and_nothing_else(world: World) -> None:
    other = replace(world.configuration, project=replace(world.configuration.project, status_rule="leankit"))
    one, two = scored(world).key_results, scored(replace(world, configuration=other)).key_results
    changing = ["status", "status_rule", "reason"]
    pd.testing.assert_frame_equal(one.drop(columns=changing), two.drop(columns=changing), check_exact=True)
    told = verdicts(world.configuration, world.observations, as_of=world.as_of, quarantine=world.quarantine)
    assert two["status"].tolist() == told["leankit"].tolist()


@law
@given(worlds())
def test_the_same_question_has_the_same_answer(world: World) -> None:
    assert_same(scored(world), scored(world))


@law
@given(days, st.integers(1, 400), st.sampled_from([-1.0, 1.0]))
def test_a_change_down_is_one_up_in_a_mirror(values: list[float], by: int, sign: float) -> None:
    up, down = rows(
        Case(values, Change(Points(sign * by)), Better.IN_BAND),
        Case([-it for it in values], Change(Points(-sign * by)), Better.IN_BAND),
    )
    assert same(up["progress"], down["progress"])
    assert up["status"] == down["status"]


SCALED: tuple[tuple[Callable[[float], object], Rollup], ...] = (
    (lambda factor: Change(Share(0.25)), Rollup.MEAN),
    (lambda factor: Change(Points(50.0 * factor)), Rollup.LAST),
    (lambda factor: Accumulate(500.0 * factor), Rollup.SUM),
    (lambda factor: Budget(500.0 * factor), Rollup.SUM),
    (lambda factor: Maintain(-5.0 * factor, 99.0 * factor), Rollup.SUM),
)
"""Measures in a unit that is so many times smaller."""


@law
@given(values=days, factor=st.sampled_from([0.01, 60.0, 1024.0]))
def test_no_measure_depends_on_the_unit(values: list[float], factor: float) -> None:
    told = rows(
        *(
            Case([scale * it for it in values], measure(scale), rollup=rollup)
            for measure, rollup in SCALED
            for scale in (1.0, factor)
        )
    )
    for one, other in zip(told[::2], told[1::2], strict=True):
        assert one["progress"] == pytest.approx(other["progress"], rel=1e-6, abs=1e-6, nan_ok=True), one
        assert one["reason"] == other["reason"], one


KEPT = (
    (Budget(400.0), Better.LOWER),
    (Maintain(None, 50.0), Better.LOWER),
    (Cadence(100.0, Grain.WEEK), Better.HIGHER),
)


@law
@given(values=days, day=st.integers(31, 40), step=st.integers(1, 100))
def test_a_better_value_is_never_further_from_what_is_kept(values: list[float], day: int, step: int) -> None:
    told = rows(
        *(
            Case(it, measure, better, Rollup.SUM, {"min_coverage": 0.0})
            for measure, better in KEPT
            for it in (values, improved(values, day, step, better))
        )
    )
    for before, after, case in zip(told[::2], told[1::2], KEPT, strict=True):
        kept = same(before["progress"], after["progress"])
        assert kept or after["progress"] >= before["progress"] - 1e-9, case


def improved(values: list[float], day: int, step: int, better: Better) -> list[float]:
    return [it + (step if better is Better.HIGHER else -step) * (at == day) for at, it in enumerate(values)]


def same(one: float, other: float) -> bool:
    return one == other or (np.isnan(one) and np.isnan(other))


def assert_same(one: Scores, other: Scores) -> None:
    for name in ("key_results", "objectives", "baselines"):
        pd.testing.assert_frame_equal(getattr(one, name), getattr(other, name), check_exact=True)


def test_intents_are_all_judged() -> None:
    key_results: list[KeyResult] = [key_result(Reach(0, 10))]
    statuses = {
        intent: score(configuration([metric()], key_results, intent), observed([4.0] * 41), as_of=TODAY)
        .key_results["status"]
        .iloc[0]
        for intent in Intent
    }
    assert statuses == {Intent.COMMITTED: "at_risk", Intent.ASPIRATIONAL: "on_track", Intent.LEARNING: "at_risk"}
