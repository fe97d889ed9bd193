"""Why scores moved: every cause in its own part, and the parts add up."""

import itertools
from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from okr_pipeline.model.okr import Amendment
from okr_pipeline.scoring import score
from okr_pipeline.scoring.causes import causes_of
from okr_pipeline.scoring.comparing import PARTS, End, Part, compare
from okr_pipeline.scoring.scores import Known
from okr_pipeline_tests.scoring import worlds
from okr_pipeline_tests.spec.world import Given, build, read_yaml

SUM = "measure: {accumulate: {to: 100}}"
OTHER = "{measure: {accumulate: {to: 50}}}"
TWO = {"carrier": "B6"}

ALONE = {
    "a value was restated": (Part.RESTATED_DATA, SUM, "5x4", "5 9 5 5", "2013-04-04", "", 4 / 100),
    "a value was withdrawn": (Part.RESTATED_DATA, f"{SUM}, min_coverage: 0", "5x4", "5 null 5 5", "2013-04-04", "", -5 / 100),
    "a value came late": (Part.LATE_DATA, f"{SUM}, min_coverage: 0", "5 _ 5 5", "5 9 5 5", "2013-04-04", "", 9 / 100),
    "new values came": (Part.NEW_DATA, SUM, "5x4", "5x6", "2013-04-06", "", 10 / 100),
    "a newer value came": (
        Part.NEW_DATA, "measure: {reach: {from: 0, to: 100}}, over: latest", "5x4", "5x4 8", "2013-04-05", "", 3 / 100,
    ),
    "a step was done": (
        Part.NEW_DATA, "measure: {milestones: [{title: A, done_on: 2013-04-06}, {title: B}]}", "", "", "2013-04-06", "", 1 / 2,
    ),
    "the target was amended": (Part.TARGET_AMENDMENT, SUM, "5x4", "5x4", "2013-04-05", "to: 80", 20 / 80 - 20 / 100),
    "where it started was amended": (
        Part.TARGET_AMENDMENT, "measure: {reach: {from: 0, to: 100}}", "20x4", "20x4", "2013-04-05", "from: 10", 1 / 9 - 1 / 5,
    ),
    "its first day was amended": (
        Part.DATE_AND_MAPPING_AMENDMENT, SUM, "5x4", "5x4", "2013-04-05", "starts: 2013-04-03", -10 / 100,
    ),
    "its window was amended": (
        Part.DATE_AND_MAPPING_AMENDMENT, "measure: {reach: {from: 0, to: 10}}, over: latest", "2 4 6 8", "2 4 6 8",
        "2013-04-05", "over: cycle", 20 / 10 - 8 / 10,
    ),
    "its metric was amended": (
        Part.DATE_AND_MAPPING_AMENDMENT, SUM, "5x4", "5x4", "2013-04-05", "metric: other", 40 / 100 - 20 / 100,
    ),
    "a window let go of what is old": (
        Part.TIME_PASSING, "measure: {reach: {from: 0, to: 100}}, over: trailing 2 days, min_coverage: 0",
        "5 5 20 30", "5 5 20 30 0", "2013-04-05", "", -20 / 100,
    ),
}  # fmt: skip


def end(observed, key_result, day, amendment="", failed=()):
    """One end: what was observed by then, and how `C/kr` is defined."""
    amended = f", amendments: [{{on: 2013-04-05, {amendment}}}]" if amendment else ""
    world = build(
        Given(
            metrics={"kpi": {}, "other": {}},
            key_results={"kr": read_yaml(f"{{{key_result}{amended}}}"), "b": read_yaml(OTHER)},
            observed=[f"2013-04-01 {observed}".rstrip()] * bool(observed) + ["other 2013-04-01 10x4"],
            failed=failed,
        )
    )
    known = Known(world.observations, world.quarantine, world.baselines, world.failed_sources)
    return End(world.instant(day), world.configuration, known)


def parts(frame, row, name):
    return {part: frame.loc[row, f"{name}_{part.value}"] for part in PARTS}


@pytest.mark.parametrize("case", ALONE)
def test_a_cause_alone_lands_in_its_own_part(case):
    part, key_result, before, after, day, amendment, change = ALONE[case]
    found = compare(end(before, key_result, "2013-04-04"), end(after, key_result, day, amendment))
    told = parts(found.key_results, 0, "progress")
    assert {it for it, number in told.items() if number} == {part}, told
    assert told[part] == pytest.approx(change, abs=1e-12)


def test_all_causes_at_once_are_told_apart():
    before = end("5 5 _ 5", f"{SUM}, min_coverage: 0", "2013-04-04")
    after = end("5 6 7 5 5 5", f"{SUM}, min_coverage: 0", "2013-04-06", "to: 80, weight: 3")
    found = compare(before, after)
    told = parts(found.key_results, 0, "progress")
    assert told == pytest.approx(
        {
            Part.RESTATED_DATA: 1 / 100,
            Part.LATE_DATA: 7 / 100,
            Part.NEW_DATA: 10 / 100,
            Part.TARGET_AMENDMENT: 33 / 80 - 33 / 100,
            Part.DATE_AND_MAPPING_AMENDMENT: 0,
            Part.WEIGHT_AMENDMENT: 0,
            Part.TIME_PASSING: 0,
        },
        abs=1e-12,
    )


def test_a_weight_moves_the_objective_alone():
    found = compare(end("5x4", SUM, "2013-04-04"), end("5x4", SUM, "2013-04-05", "weight: 3"))
    assert not any(parts(found.key_results, 0, "progress").values())
    told = parts(found.objectives, 0, "score")
    assert {it for it, number in told.items() if number} == {Part.WEIGHT_AMENDMENT}
    assert told[Part.WEIGHT_AMENDMENT] == pytest.approx((3 * 0.2 + 0.4) / 4 - (0.2 + 0.4) / 2)


def test_a_source_that_cannot_be_read_is_told_as_time_passing():
    after = end("5x4", SUM, "2013-04-04")
    failed = replace(after, known=replace(after.known, failed_sources=("kpi",)))
    [first, *_] = compare(after, failed).key_results.to_dict("records")
    assert (first["turned"], first["progress_from"]) == ("time_passing", 0.2)
    assert np.isnan([first["progress_change"], *(first[f"progress_{part.value}"] for part in PARTS)]).all()


def test_what_is_unknown_in_between_leaves_the_difference_to_what_makes_it_known():
    before = end("5 5 5 5", f"{SUM}, min_coverage: 1", "2013-04-04")
    after = end("5 null 5 5 5 9", f"{SUM}, min_coverage: 0.8, starts: 2013-04-01", "2013-04-06")
    told = parts(compare(before, after).key_results, 0, "progress")
    assert told[Part.RESTATED_DATA] == 0, "unknown: below the coverage that was asked for"
    assert sum(told.values()) == pytest.approx(29 / 100 - 20 / 100)


def test_one_that_was_added_or_removed_has_no_change_but_its_objective_has():
    before, after = end("5x4", SUM, "2013-04-04"), end("5x4", SUM, "2013-04-04")
    objective = after.configuration.objectives["C/objective"]
    alone = replace(objective, key_results=objective.key_results[:1])
    removed = replace(after, configuration=replace(after.configuration, objectives={"C/objective": alone}))
    found = compare(before, removed)
    assert found.key_results["turned"].tolist() == [None, "weight_amendment"]
    assert parts(found.objectives, 0, "score")[Part.WEIGHT_AMENDMENT] == pytest.approx(0.2 - 0.3)


def test_the_causes_name_rows_and_amendments():
    before = end("5 5 _ 5", f"{SUM}, min_coverage: 0", "2013-04-04")
    after = end("5 6 7 5 5 5", f"{SUM}, min_coverage: 0", "2013-04-06", "to: 80, weight: 3")
    found = causes_of(before, after, compare(before, after), ["C/kr"])["C/kr"]
    days = {it.part: it.frame["period_start"].dt.day.iloc[it.places].tolist() for it in found.data}
    assert days == {Part.RESTATED_DATA: [2], Part.LATE_DATA: [3], Part.NEW_DATA: [5, 6]}
    assert [(it.before, it.value) for it in found.data[0].frame.iloc[found.data[0].places].itertuples()] == [(5, 6)]
    assert [(it.part, it.amendment.on) for it in found.amendments] == [
        (Part.TARGET_AMENDMENT, date(2013, 4, 5)),
        (Part.WEIGHT_AMENDMENT, date(2013, 4, 5)),
    ]


def test_a_measure_of_another_kind_is_named_where_its_part_is():
    before = end("5x4", SUM, "2013-04-04")
    after = end("5x4", SUM, "2013-04-05", "measure: {reach: {from: 0, to: 10}}")
    found = compare(before, after)
    told = parts(found.key_results, 0, "progress")
    assert {it for it, number in told.items() if number} == {Part.DATE_AND_MAPPING_AMENDMENT}
    [cause] = causes_of(before, after, found, ["C/kr"])["C/kr"].amendments
    assert (cause.part, cause.amendment.on) == (Part.DATE_AND_MAPPING_AMENDMENT, date(2013, 4, 5))


@pytest.mark.parametrize(("amendment", "key"), [("state: paused", ""), ("", ", state: paused")])
def test_a_state_is_named_as_what_moved_the_weight(amendment, key):
    before, after = end("5x4", SUM, "2013-04-04"), end("5x4", SUM + key, "2013-04-05", amendment)
    found = compare(before, after)
    assert parts(found.objectives, 0, "score")[Part.WEIGHT_AMENDMENT] == pytest.approx(0.4 - 0.3)
    [cause] = causes_of(before, after, found, ["C/kr"])["C/kr"].amendments
    assert (cause.part, [it.field for it in cause.changes]) == (Part.WEIGHT_AMENDMENT, ["state"])
    assert (cause.amendment is not None) == bool(amendment)


@pytest.mark.parametrize("amendment", ["ends: 2013-04-05", "metric: other", "starts: 2013-04-06"])
def test_the_rows_behind_a_part_are_those_that_it_is_worked_out_from(amendment):
    before, after = end("5x4", SUM, "2013-04-04"), end("5x6", SUM, "2013-04-06", amendment)
    found = compare(before, after)
    assert parts(found.key_results, 0, "progress")[Part.NEW_DATA] == pytest.approx(10 / 100)
    [cause] = causes_of(before, after, found, ["C/kr"])["C/kr"].data
    rows = cause.frame.iloc[cause.places]
    assert (cause.part, rows["metric"].tolist()) == (Part.NEW_DATA, ["kpi", "kpi"])
    assert rows["period_start"].dt.day.tolist() == [5, 6]


def test_every_amendment_since_is_named_and_none_from_before():
    made = "to: 90}, {on: 2013-04-06, to: 80, weight: 3}, {on: 2013-04-07, to: 70, starts: 2013-04-02}, {on: 2013-04-09, to: 9"
    before, after = (end("5x4", SUM, day, made) for day in ("2013-04-05", "2013-04-07"))
    found = causes_of(before, after, compare(before, after), ["C/kr"])["C/kr"].amendments
    assert [(it.part, it.amendment.on.day) for it in found] == [
        (Part.TARGET_AMENDMENT, 6),
        (Part.TARGET_AMENDMENT, 7),
        (Part.DATE_AND_MAPPING_AMENDMENT, 7),
        (Part.WEIGHT_AMENDMENT, 6),
    ]


def test_another_objective_is_named_as_what_moved_the_weight_of_both():
    before, after = end("5x4", SUM, "2013-04-04"), end("5x4", SUM, "2013-04-04")
    objective = after.configuration.objectives["C/objective"]
    first, second = objective.key_results
    moved = replace(objective, id="o", key_results=(replace(first, objective="C/o"),))
    objectives = {"C/objective": replace(objective, key_results=(second,)), "C/o": moved}
    after = replace(after, configuration=replace(after.configuration, objectives=objectives))
    [cause] = causes_of(before, after, compare(before, after), ["C/kr"])["C/kr"].amendments
    assert (cause.part, [it.field for it in cause.changes], cause.amendment) == (
        Part.WEIGHT_AMENDMENT,
        ["objective"],
        None,
    )


def test_the_earlier_end_is_not_later():
    with pytest.raises(ValueError, match="is before"):
        compare(end("5x4", SUM, "2013-04-05"), end("5x4", SUM, "2013-04-04"))


other = worlds.key_results("x").map(
    lambda it: {"measure": it.measure, "weight": it.weight, "over": it.over, "where": it.where, "metric": it.metric}
)
changes = st.sampled_from([{"weight": 2.5}, {"ends": date(2013, 4, 25)}, {"starts": date(2013, 4, 2)}]) | other


@st.composite
def two_ends(draw):
    """Two worlds of one project: rows that differ, came and went, and amended key results."""
    world = draw(worlds.worlds(tame=True))
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    now = world.observations
    then = now[random.random(len(now)) < 0.9].copy()
    changed = random.random(len(then)) < 0.1
    then.loc[changed, "value"] = then.loc[changed, "value"] + 1.5
    as_of = world.as_of + timedelta(days=draw(st.integers(0, 6)))
    day = world.configuration.project.calendar.last_date_before(world.as_of) + timedelta(days=1)
    objective = world.configuration.objectives["C/o"]
    amended = tuple(
        replace(it, amendments=(Amendment(day, "r", "a", **draw(changes)),)) if draw(st.booleans()) else it
        for it in objective.key_results
    )
    after = replace(world.configuration, objectives={"C/o": replace(objective, key_results=amended)})
    first = then[(then["period_start"] < world.as_of).to_numpy()].reset_index(drop=True)
    return (
        End(world.as_of, world.configuration, Known(first, world.quarantine)),
        End(as_of, after, Known(now, world.quarantine, None, draw(st.sampled_from([(), ("kpi",)])))),
    )


@settings(max_examples=60, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(two_ends())
def test_parts_add_up_to_the_change_bit_for_bit_in_any_order(ends):
    found = compare(*ends)
    for frame, names in ((found.key_results, ("progress", "score")), (found.objectives, ("score",))):
        for name, row in itertools.product(names, frame.to_dict("records")):
            told = [row[f"{name}_{part.value}"] for part in PARTS]
            change, first, last = (row[f"{name}_{it}"] for it in ("change", "from", "to"))
            assert np.isnan(change) == (np.isnan(first) or np.isnan(last)) == np.isnan(told).all()
            if np.isnan(change):
                assert (row["turned"] is None) == (np.isnan(first) == np.isnan(last))
                continue
            assert sum(told) == sum(reversed(told)) == sum(sorted(told)) == change
            largest = max(2.0**-900, np.abs(np.cumsum([first, *told])).max())
            assert abs(change - (last - first)) <= 2.0**-46 * largest


@settings(max_examples=30, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(two_ends())
def test_the_ends_are_the_scores_of_the_two_instants(ends):
    found = compare(*ends)
    for side, it in zip(("from", "to"), ends, strict=True):
        scores = score(
            it.configuration, it.known.observations, as_of=it.as_of, quarantine=it.known.quarantine,
            baselines=it.known.baselines, failed_sources=it.known.failed_sources,
        )  # fmt: skip
        wanted = scores.key_results.set_index("key_result")["progress"]
        pd.testing.assert_series_equal(
            found.key_results.set_index("key_result")[f"progress_{side}"],
            wanted,
            check_names=False,
            check_index_type=False,
            check_exact=True,
        )
        wanted = scores.objectives.set_index("objective")["score"]
        pd.testing.assert_series_equal(
            found.objectives.set_index("objective")[f"score_{side}"],
            wanted,
            check_names=False,
            check_index_type=False,
            check_exact=True,
        )
