"""Definitions on a day, and what changed between two configurations."""

from dataclasses import replace
from datetime import date

from okr_pipeline.model.amending import configuration_on, defined_last, defined_on, originally
from okr_pipeline.model.changes import Aspect, definition_changes, promises_changed
from okr_pipeline.model.configuration import Configuration, Project
from okr_pipeline.model.okr import (
    Amendment,
    Intent,
    KeyResult,
    Level,
    Milestone,
    Milestones,
    Objective,
    Reach,
)

DAY = date(2013, 5, 6)


def promise(*amendments, **facts):
    given = {"starts": date(2013, 4, 1), "ends": date(2013, 6, 30), "metric": "delay", "measure": Reach(15, 10)}
    return KeyResult("kr", "o", "C", "Title", "owner", **given | facts, amendments=amendments)


def amend(on=DAY, **what):
    return Amendment(on, "Runway works", "coo", **what)


def config(*key_results):
    objective = Objective("o", "C", "Title", "owner", Level.TEAM, Intent.COMMITTED, key_results)
    return Configuration(Project("P"), objectives={objective.full_id: objective})


def test_an_amendment_holds_from_its_day_on():
    it = promise(amend(measure=Reach(15, 11)), amend(date(2013, 6, 1), weight=2.0))
    assert defined_on(it, date(2013, 5, 5)) == promise()
    assert defined_on(it, DAY) == promise(measure=Reach(15, 11))
    assert defined_on(it, date(2013, 6, 1)) == promise(measure=Reach(15, 11), weight=2.0) == defined_last(it)
    assert originally(it) == promise()


def test_of_two_amendments_of_one_field_the_later_holds():
    it = promise(amend(ends=date(2013, 7, 31)), amend(date(2013, 6, 1), ends=date(2013, 7, 15)))
    assert [defined_on(it, day).ends for day in (DAY, date(2013, 6, 1))] == [date(2013, 7, 31), date(2013, 7, 15)]


def test_one_that_comes_to_be_measured_by_milestones_reads_no_metric():
    it = promise(amend(measure=Milestones((Milestone("Ship"),))), where={"carrier": "B6"})
    assert (defined_last(it).metric, defined_last(it).where) == (None, {})


def test_one_that_is_taken_up_again_has_no_reason_to_be_paused():
    paused = amend(state="paused", state_reason="Works")
    it = promise(paused, amend(date(2013, 6, 1), state="active"))
    assert (defined_on(it, DAY).state, defined_on(it, DAY).state_reason) == ("paused", "Works")
    assert (defined_last(it).state, defined_last(it).state_reason) == ("active", None)


def test_a_configuration_without_amendments_is_the_same_on_every_day():
    it = config(promise())
    assert configuration_on(it, DAY) is it


def test_a_configuration_on_a_day_has_no_amendments_left():
    it = configuration_on(config(promise(amend(weight=3.0)), promise()), DAY)
    assert [each.weight for each in it.key_results()] == [3.0, 1.0]
    assert not any(each.amendments for each in it.key_results())


def test_every_difference_is_told_once_with_both_sides():
    before = config(promise(), replace(promise(), id="gone"))
    after = config(replace(promise(), weight=2.0, measure=Reach(15, 11), title="New"), replace(promise(), id="new"))
    told = [(it.kind, it.id, it.field, it.aspect, it.before, it.after) for it in definition_changes(before, after)]
    assert told == [
        ("key_result", "C/kr", "title", Aspect.OTHER, "Title", "New"),
        ("key_result", "C/kr", "measure", Aspect.TARGET, Reach(15, 10), Reach(15, 11)),
        ("key_result", "C/kr", "weight", Aspect.WEIGHT, 1.0, 2.0),
        ("key_result", "C/gone", None, Aspect.OTHER, replace(promise(), id="gone"), None),
        ("key_result", "C/new", None, Aspect.OTHER, None, replace(promise(), id="new")),
    ]


def test_equal_versions_have_no_differences():
    assert definition_changes(config(promise()), config(promise())) == ()


def test_that_a_milestone_is_done_changes_no_promise():
    before = promise(measure=Milestones((Milestone("Ship", due=DAY),)))
    done = replace(before, measure=Milestones((Milestone("Ship", due=DAY, done_on=DAY),)))
    later = replace(before, measure=Milestones((Milestone("Ship", due=date(2013, 6, 1)),)))
    assert promises_changed(before, done) == ()
    assert [it.aspect for it in promises_changed(before, later)] == [Aspect.TARGET]


def test_a_title_or_a_state_is_no_promise():
    assert promises_changed(promise(), replace(promise(), title="Other")) == ()
    assert promises_changed(promise(), replace(promise(), state="paused", state_reason="Works")) == ()
