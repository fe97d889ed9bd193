"""Definitions under other ids, where a thing went that was renamed, and what may have been."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_pipeline.config.archive import dump
from okr_pipeline.model.alike import alike
from okr_pipeline.model.renaming import Names, names_of, renamed
from okr_pipeline_tests.application.test_renaming import ALL_RENAMED, DERIVED, METRIC_RENAMED, OKRS, SIGNUPS, put
from okr_pipeline_tests.projects import Small, january

RENAMES = st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abcd")).filter(lambda it: it[0] != it[1]))


@pytest.fixture
def both(tmp_path):
    """The same definitions, before and after everything got another id."""
    small = Small(tmp_path, f"sqlite:///{tmp_path}/okr.db").write(january())
    put(small, "2026-01-31")
    before = small.open().configuration
    put(small, "2026-01-31", ALL_RENAMED(METRIC_RENAMED[0](OKRS)), METRIC_RENAMED[1](SIGNUPS + DERIVED))
    return before, small.open().configuration


NAMES = Names(
    metric={"signups": "registrations"},
    objective={"Q1/grow": "Q1/known"},
    key_result={"Q1/won": "Q1/deals", "Q1/mood": "Q1/spirits", "Q1/weekly": "Q1/fifth"},
)


def test_definitions_under_other_ids_are_as_if_they_had_been_written_so(both):
    before, after = both
    made = renamed(before, NAMES)
    metrics = dict(sorted(made.metrics.items()))
    assert dump(replace(made, metrics=metrics, version=after.version)) == dump(after)


def test_a_cycle_goes_with_what_is_in_it(both):
    before, _ = both
    ids = [*before.objectives, *(it.full_id for it in before.key_results())]
    moved = {it: f"new/{it.partition('/')[2]}" for it in ids}
    names = Names(objective=moved, key_result=moved)
    made = renamed(before, names)
    assert list(made.cycles) == [it.id for it in made.cycles.values()] == ["new"]
    assert {it.full_id for it in made.key_results()} | set(made.objectives) == set(moved.values())
    assert renamed(made, names.back()) == before
    part = renamed(before, Names(objective={"Q1/sell": "new/sell"}, key_result={"Q1/won": "new/won"}))
    assert set(part.cycles) == {"Q1", "new"}


def test_a_cycle_of_the_same_days_with_one_of_its_objectives_is_alike(both):
    before, _ = both
    ids = [*before.objectives, *(it.full_id for it in before.key_results())]
    moved = {it: f"new/{it.partition('/')[2]}" for it in ids}
    after = renamed(before, Names(objective=moved, key_result=moved))
    assert list(alike(before, after)) == [("cycle", "Q1", "new")]
    later = {"new": replace(after.cycles["new"], starts=before.cycles["Q1"].ends)}
    assert list(alike(before, replace(after, cycles=later))) == []


def test_the_way_back_leads_back(both):
    before, _ = both
    assert renamed(renamed(before, NAMES), NAMES.back()) == before


def test_no_names_change_nothing(both):
    assert renamed(both[0], Names()) is both[0]


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ([], {}),
        (["ab"], {"a": "b"}),
        (["ab", "bc"], {"a": "c"}),
        (["ab", "ba"], {}),
        (["ab", "ba", "ac"], {"a": "c"}),
        (["ab", "xa"], {"a": "b", "x": "a"}),
        (["ab", "xa", "ay"], {"a": "b", "x": "y"}),
        (["ab", "ac"], {"a": "b"}),
    ],
    ids=["none", "one", "twice", "back", "back and on", "an id again", "and renamed", "something that came later"],
)
def test_a_thing_goes_from_its_first_id_to_its_last(pairs, expected):
    assert names_of([("metric", *pair) for pair in pairs]).metric == expected


@given(RENAMES)
def test_no_two_things_come_to_one_id_that_came_to_none(pairs):
    """Where an id is given only while it is free, things that were apart stay apart."""
    held, kept = {"a": "a", "b": "b", "c": "c"}, []
    for former, new in pairs:
        if former in held.values() and new not in held.values():
            held = {one: new if it == former else it for one, it in held.items()}
            kept.append(("metric", former, new))
    assert names_of(kept).metric == {one: it for one, it in held.items() if one != it}


def test_what_is_gone_and_there_again_under_another_id_is_alike(both):
    assert sorted(alike(*both)) == sorted(NAMES.pairs())


def test_what_is_there_still_or_measures_something_else_is_not_alike(both):
    before, after = both
    assert list(alike(before, before)) == []
    more = replace(after, metrics={**after.metrics, "signups": before.metrics["signups"]})
    assert [it for it in alike(before, more) if it[0] == "metric"] == []
    other = {name: replace(it, unit="visits") for name, it in after.metrics.items()}
    assert [it for it in alike(before, replace(after, metrics=other)) if it[0] == "metric"] == []
