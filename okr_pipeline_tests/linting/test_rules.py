"""Every lint rule: what it finds, and what is near it and fine. Cases 24 and 25 of the model are among them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import pytest

from okr_pipeline.linting import Facts, FirstForecast, lint
from okr_pipeline.linting.measures import promised
from okr_pipeline.model.calendar import Duration, Grain
from okr_pipeline.model.configuration import Configuration, Project
from okr_pipeline.model.lint import LINT_RULES
from okr_pipeline.model.metric import Across, Band, Better, Metric, Rollup
from okr_pipeline.model.okr import (
    AT_START,
    Accumulate,
    Baseline,
    Budget,
    Cadence,
    Change,
    Cycle,
    Intent,
    KeyResult,
    Level,
    Maintain,
    Manual,
    MetricReached,
    Milestone,
    Milestones,
    Objective,
    Over,
    Points,
    Reach,
    RelativeTarget,
    Share,
)

STARTS, ENDS = date(2013, 4, 1), date(2013, 6, 30)
QUARTER, BEFORE = Cycle("2013-Q2", STARTS, ENDS), Cycle("2013-Q1", date(2013, 1, 1), date(2013, 3, 31))
MONTHLY = Over("trailing", Duration(28, "days"))


def metric(name: str, **facts: object) -> Metric:
    given: dict[str, object] = {
        "grain": Grain.DAY, "unit": "minutes", "better": Better.LOWER, "rollup": Rollup.WEIGHTED_MEAN, "source": "s",
        "across": Across.NONE, "owner": "data@air.example", "kind": "leading",
    }  # fmt: skip
    return Metric(**({"id": name, "name": name} | given | facts))  # type: ignore[arg-type]


def key_result(name: str = "delay", **facts: object) -> KeyResult:
    given: dict[str, object] = {
        "objective": "2013-Q2/o", "cycle": "2013-Q2", "title": "Cut the average delay from 15 to 10 minutes",
        "owner": "ops@air.example", "measure": Reach(15, 10), "starts": STARTS, "ends": ENDS, "metric": "delay",
        "over": MONTHLY,
    }  # fmt: skip
    return KeyResult(**({"id": name} | given | facts))  # type: ignore[arg-type]


def other(**facts: object) -> KeyResult:
    """A key result beside which any other is fine."""
    usual = {"title": "Fly 900 flights a week", "measure": Cadence(900, Grain.WEEK, 0.9), "metric": "flights"}
    return key_result("flights", **(usual | facts))


def objective(*key_results: KeyResult, name: str = "o", **facts: object) -> Objective:
    given: dict[str, object] = {
        "cycle": "2013-Q2", "title": "Be on time", "owner": "coo@air.example", "level": Level.COMPANY,
        "intent": Intent.ASPIRATIONAL, "why": "Passengers plan around us.",
    }  # fmt: skip
    cycle = str(facts.get("cycle", "2013-Q2"))
    own = tuple(replace(it, objective=f"{cycle}/{name}", cycle=cycle) for it in key_results)
    return Objective(**({"id": name, "key_results": own} | given | facts))  # type: ignore[arg-type]


def configuration(*objectives: Objective, metrics: Sequence[Metric] = ()) -> Configuration:
    known = {it.id: it for it in (metric("delay"), metric("flights", unit="count", better=Better.HIGHER), *metrics)}
    cycles = {it.id: it for it in (QUARTER, BEFORE)}
    return Configuration(Project("Air"), {}, known, cycles, {it.full_id: it for it in objectives})


def one(*key_results: KeyResult, metrics: Sequence[Metric] = (), **facts: object) -> Configuration:
    """A configuration of one objective, with a key result beside the given ones."""
    return configuration(objective(*key_results, other(), **facts), metrics=metrics)


def titled(title: str, **facts: object) -> Configuration:
    return one(key_result(title=title, **facts))


def measured(measure: object, *metrics: Metric, title: str = "Be there", **facts: object) -> Configuration:
    intent = facts.pop("intent", Intent.ASPIRATIONAL)
    return one(key_result(measure=measure, title=title, **facts), metrics=metrics, intent=intent)


def chance(of: float, *, high: float = 10.0, target: float = 10.0) -> Mapping[str, FirstForecast]:
    return {KR: FirstForecast(of, high, target)}


STEPS = Milestones((Milestone("Search"), Milestone("Ten stores")))
DATED = Milestones((Milestone("Search", due=date(2013, 5, 10)), Milestone("Ten stores")))
RATIO = metric("delay", unit="ratio")
LAGGING = (metric("delay", kind="lagging"), metric("flights", kind="lagging"))
HELD = Maintain(None, 15, 1.0)


@dataclass(frozen=True)
class Case:
    """A rule, where it is found or not, and on what. `found` is the id of what it is about, None for nowhere."""

    configuration: Configuration
    found: str | None
    facts: Facts | None = None


FINE = None
KR, OBJECTIVE = "2013-Q2/delay", "2013-Q2/o"


def owning(count: int) -> Configuration:
    return configuration(*(objective(key_result(f"d{n}"), other(id=f"f{n}"), name=f"o{n}") for n in range(count)))


def lines(*, kind: str) -> Configuration:
    """An objective with one below it, whose metric is of a kind."""
    head = objective(key_result(), other(), name="head")
    below = objective(
        key_result("below", metric="gates"), other(id="also", metric="bags"), name="below", parent="2013-Q2/head"
    )
    return configuration(head, below, metrics=(*LAGGING, metric("gates", kind="lagging"), metric("bags", kind=kind)))


def two_objectives(first: KeyResult, second: KeyResult, **facts: object) -> Configuration:
    above = objective(first, other(), name="above")
    below = objective(second, other(id="more", metric="bags"), name="below", parent="2013-Q2/above", **facts)
    return configuration(above, below, metrics=(metric("bags"),))


def copies(before: KeyResult, now: KeyResult) -> Configuration:
    earlier = replace(before, starts=BEFORE.starts, ends=BEFORE.ends)
    return configuration(objective(earlier, other(), cycle="2013-Q1"), objective(now, other()))


def line_of(count: int, *, reading: Sequence[int] | None = None, parent_of_last: int | None = None) -> Configuration:
    """Objectives that add to the one before, with a key result each on one metric, or those that read it."""
    made = []
    for number in range(count):
        own = key_result("delay" if number == 0 else f"delay-{number}")
        above = parent_of_last if parent_of_last is not None and number == count - 1 else number - 1
        facts = {} if number == 0 else {"parent": f"2013-Q2/o{above}", "contributes_weight": 1.0}
        besides = other(id=f"more-{number}", metric=f"more_{number}")
        made.append(
            objective(*([own] if reading is None or number in reading else []), besides, name=f"o{number}", **facts)
        )
    return configuration(*made, metrics=[metric(f"more_{number}") for number in range(count)])


CASES: Mapping[str, Mapping[str, Case]] = {
    "vague-words": {
        "row 24: streamline": Case(titled("Streamline"), KR),
        "row 24: decrease calls": Case(titled("Decrease calls"), KR),
        "improve without a number": Case(titled("Improve the delay significantly"), KR),
        "a vague word with a number": Case(titled("Improve the delay from 15 to 10 minutes"), FINE),
        "a number in words": Case(titled("Reduce delays by half", measure=Change(Share(-0.5))), FINE),
        "a plain title": Case(titled("Every flight leaves on time"), FINE),
        "cancelled": Case(titled("Streamline", state="cancelled", state_reason="x"), FINE),
    },
    "activity": {
        "row 24: update the website": Case(titled("Update the website", measure=DATED, metric=None), KR),
        "a count of what is asked for": Case(titled("Launch two features users asked for", measure=DATED), FINE),
        "an outcome in steps": Case(titled("Customs opens at night", measure=DATED, metric=None), FINE),
        "a measured one": Case(titled("Run on time: 10 minutes"), FINE),
    },
    "title-disagrees": {
        "another target": Case(titled("Cut the average delay from 15 to 12 minutes", measure=Reach(20, 10)), KR),
        "another share": Case(titled("Take 25 % off the delay", measure=Change(Share(-0.15))), KR),
        "the same target": Case(titled("Cut the average delay from 15 to 10 minutes"), FINE),
        "one of its numbers": Case(titled("Cut the average delay to 10 minutes", measure=Reach(AT_START, 10)), FINE),
        "a share as percent": Case(titled("Be on time on 85 % of days", measure=Maintain(None, 15, 0.85)), FINE),
        "millions": Case(titled("Offer up to 1.85 million seats", measure=Accumulate(1_850_000)), FINE),
        "points of a ratio": Case(
            one(key_result(title="Bring it down by 2 points", measure=Change(Points(-0.02))), metrics=(RATIO,)), FINE
        ),
        "thousands": Case(titled("Fly to 9,200 places", measure=Accumulate(9200)), FINE),
        "another count": Case(titled("Win 12,000 orders", measure=Accumulate(9000)), KR),
        "another amount": Case(titled("Earn $2 million", measure=Accumulate(2_500_000)), KR),
        "another cadence": Case(titled("Sell 600 loaves each week", measure=Cadence(420, Grain.WEEK, 0.9)), KR),
        "the same count": Case(titled("Win 9k orders", measure=Accumulate(9000)), FINE),
        "a count among others": Case(titled("Train 3 teams that answer 500 calls", measure=Accumulate(500)), FINE),
        "a count beside a relative target": Case(
            titled("Win 2,000 orders", measure=Accumulate(RelativeTarget(0.2, "year_ago"))), FINE
        ),
        "a year": Case(titled("Finish 2026 without debt", measure=Accumulate(9000)), FINE),
        "a relative target": Case(
            titled("Grow by 3 % on last quarter", measure=Accumulate(RelativeTarget(0.03, "previous_cycle"))), FINE
        ),
        "numbers that are no aims": Case(titled("Boarding in Terminal 5 is calm"), FINE),
        "a time of day": Case(titled("Pushback slots are free from noon to 3 pm", measure=Reach(5, 8)), FINE),
        "a budget": Case(titled("Spend no more than 300 on taxis", measure=Budget(300)), FINE),
        "by check-ins": Case(titled("Raise it from 2 to 9", measure=Manual(2, 9), metric=None), FINE),
        "by check-ins, another": Case(titled("Raise it from 2 to 8", measure=Manual(3, 9), metric=None), KR),
        "a learning": Case(titled("Learn it from at least 40 days", measure=Baseline(40)), FINE),
    },
    "deadline-elsewhere": {
        "a later month": Case(titled("Cut the delay to 10 minutes by August"), KR),
        "an earlier month": Case(titled("Cut the delay to 10 minutes by the end of May"), KR),
        "another quarter": Case(titled("Cut the delay to 10 minutes by Q3"), KR),
        "a day": Case(titled("Cut the delay to 10 minutes by 2013-05-31"), KR),
        "its own month": Case(titled("Cut the delay to 10 minutes by June"), FINE),
        "its own quarter": Case(titled("Cut the delay to 10 minutes by the end of Q2"), FINE),
        "its own last day": Case(titled("Cut it to 10 by 2013-05-31", ends=date(2013, 5, 31)), FINE),
        "its own year": Case(titled("Cut the delay to 10 minutes by 2013"), FINE),
    },
    "no-owner": {
        "a metric of nobody": Case(one(key_result(), metrics=(metric("delay", owner=None),)), "delay"),
        "row 25: to be decided": Case(one(key_result(), owner="TBD"), OBJECTIVE),
        "somebody": Case(one(key_result()), FINE),
    },
    "no-why": {
        "row 25: no reason": Case(one(key_result(), why=None), OBJECTIVE),
        "a reason": Case(one(key_result()), FINE),
    },
    "one-key-result": {
        "row 25: one only": Case(configuration(objective(key_result())), OBJECTIVE),
        "one that is left": Case(configuration(objective(key_result(), other(state="cancelled"))), OBJECTIVE),
        "two": Case(one(key_result()), FINE),
    },
    "too-many-key-results": {
        "row 25: six": Case(one(*(key_result(f"k{n}", where={"site": str(n)}) for n in range(5))), OBJECTIVE),
        "five": Case(one(*(key_result(f"k{n}", where={"site": str(n)}) for n in range(4))), FINE),
    },
    "too-many-objectives": {
        "six of one owner": Case(owning(6), "2013-Q2/o5"),
        "five of one owner": Case(owning(5), FINE),
    },
    "aligned-to-nothing": {
        "a team of its own": Case(
            configuration(objective(key_result(), other()), objective(level=Level.TEAM, name="team")), "2013-Q2/team"
        ),
        "a team with a parent": Case(
            configuration(objective(key_result(), other()), objective(level=Level.TEAM, name="team", parent=OBJECTIVE)), FINE
        ),
        "a team with nothing above it": Case(configuration(objective(level=Level.TEAM)), FINE),
        "a company": Case(one(key_result()), FINE),
    },
    "one-metric": {
        "all on one": Case(configuration(objective(key_result(), key_result("b", where={"site": "A"}))), OBJECTIVE),
        "two metrics": Case(one(key_result()), FINE),
    },
    "only-milestones": {
        "steps alone": Case(
            configuration(objective(key_result(measure=DATED, metric=None), key_result("b", measure=DATED, metric=None))), OBJECTIVE
        ),
        "steps beside a number": Case(one(key_result(measure=DATED, metric=None)), FINE),
    },
    "no-leading-metric": {
        "lagging alone": Case(lines(kind="lagging"), "2013-Q2/head"),
        "one that leads, below": Case(lines(kind="leading"), FINE),
        "an unknown kind": Case(one(key_result(), metrics=(metric("delay", kind=None),)), FINE),
    },
    "counted-twice": {
        "twice in one objective": Case(one(key_result(), key_result("again", measure=Reach(15, 9))), "2013-Q2/again"),
        "once more through a contributor": Case(
            two_objectives(key_result(), key_result("again"), contributes_weight=1.0), KR
        ),
        "through one that only aligns": Case(two_objectives(key_result(), key_result("again")), FINE),
        "other members": Case(one(key_result(), key_result("again", where={"site": "A"})), FINE),
        "one after the other": Case(
            one(key_result(ends=date(2013, 4, 30)), key_result("again", starts=date(2013, 5, 1))), FINE
        ),
        "through a contributor of a contributor": Case(line_of(3), KR),
        "two lines below an objective that does not read it": Case(line_of(3, reading=(1, 2), parent_of_last=0), FINE),
    },
    "two-targets": {
        "ten and nine": Case(two_objectives(key_result(), key_result("again", measure=Reach(15, 9))), "2013-Q2/again"),
        "ten and ten": Case(two_objectives(key_result(), key_result("again")), FINE),
        "of other members": Case(
            two_objectives(key_result(), key_result("again", measure=Reach(15, 9), where={"site": "A"})), FINE
        ),
    },
    "negligible-weight": {
        "a fiftieth": Case(one(key_result(weight=0.02)), KR),
        "a tenth": Case(one(key_result(weight=0.12)), FINE),
    },
    "copied-target": {
        "the same again": Case(copies(key_result(), key_result()), KR),
        "another": Case(copies(key_result(measure=Reach(20, 15)), key_result()), FINE),
        "held again": Case(copies(key_result(measure=Maintain(None, 15, 0.9)), key_result(measure=Maintain(None, 15, 0.9))), FINE),
    },
    "relative-percentage": {
        "row 4: churn −15 %": Case(measured(Change(Share(-0.15)), metric("delay", unit="percent")), KR),
        "of a ratio": Case(measured(Change(Share(-0.15)), RATIO), KR),
        "points": Case(measured(Change(Points(-1.5)), metric("delay", unit="percent")), FINE),
        "of minutes": Case(measured(Change(Share(-0.15))), FINE),
    },
    "committed-without-margin": {
        "every day": Case(measured(HELD, intent=Intent.COMMITTED), KR),
        "each week": Case(measured(Cadence(2, Grain.WEEK), intent=Intent.COMMITTED), KR),
        "nineteen weeks in twenty, of thirteen": Case(
            measured(Cadence(2, Grain.WEEK, 0.95), intent=Intent.COMMITTED), KR
        ),
        "nine days in ten": Case(measured(Maintain(None, 15, 0.9), intent=Intent.COMMITTED), FINE),
        "two months of three": Case(measured(Cadence(2, Grain.MONTH, 0.66), intent=Intent.COMMITTED), FINE),
        "every event": Case(measured(Maintain(None, 15, 1.0, "events"), intent=Intent.COMMITTED), KR),
        "nearly every event": Case(measured(Maintain(None, 15, 0.999, "events"), intent=Intent.COMMITTED), FINE),
        "not committed": Case(measured(HELD), FINE),
    },
    "in-band-target": {
        "to reach it": Case(measured(Reach(5, 8), metric("delay", better=Better.IN_BAND)), KR),
        "to hold it": Case(measured(HELD, metric("delay", better=Better.IN_BAND)), FINE),
    },
    "last-day-decides": {
        "the newest day": Case(measured(Reach(15, 10), over=Over()), KR),
        "four weeks": Case(measured(Reach(15, 10)), FINE),
        "a stock": Case(measured(Reach(15, 10), metric("delay", rollup=Rollup.LAST), over=Over()), FINE),
        "a week": Case(measured(Reach(15, 10), metric("delay", grain=Grain.WEEK), over=Over()), FINE),
    },
    "beyond-healthy": {
        "above its band": Case(measured(Reach(30, 20), metric("delay", healthy=Band(max=15))), KR),
        "below its band": Case(measured(Reach(0.5, 0.6), metric("delay", healthy=Band(min=0.75))), KR),
        "inside": Case(measured(Reach(30, 15), metric("delay", healthy=Band(max=15))), FINE),
        "of one member": Case(
            measured(Reach(30, 20), metric("delay", healthy=Band(max=15)), where={"site": "A"}), FINE
        ),
    },
    "undated-milestones": {
        "all at the end": Case(measured(STEPS, metric=None), KR),
        "one before": Case(measured(DATED, metric=None), FINE),
        "one that waits for a metric": Case(
            measured(Milestones((Milestone("A"), Milestone("B", when=MetricReached("flights", 3)))), metric=None), FINE
        ),
        "a single step": Case(measured(Milestones((Milestone("A"),)), metric=None), FINE),
    },
    "met-at-start": {
        "row 25: met before": Case(one(key_result()), KR, Facts(at_start={KR: 9.5})),
        "on the target": Case(one(key_result()), KR, Facts(at_start={KR: 10.0})),
        "from where it starts": Case(measured(Reach(AT_START, 10)), KR, Facts(at_start={KR: 9.0})),
        "not yet": Case(measured(Reach(AT_START, 10)), FINE, Facts(at_start={KR: 15.0})),
        "unknown": Case(one(key_result()), FINE, Facts()),
    },
    "certain": {
        "there in three of four": Case(one(key_result()), KR, Facts({KR: 15.0}, {KR: (9.0, 9.5, 10.0, 12.0)})),
        "there in half": Case(one(key_result()), FINE, Facts({KR: 15.0}, {KR: (9.0, 9.5, 12.0, 12.0)})),
        "three stretches say nothing": Case(one(key_result()), FINE, Facts({KR: 15.0}, {KR: (9.0, 9.5, 9.0)})),
        "upwards": Case(measured(Reach(5, 8)), KR, Facts({KR: 5.0}, {KR: (8.0, 9.0, 8.5, 9.0)})),
        "never there": Case(measured(Reach(5, 8)), FINE, Facts({KR: 5.0}, {KR: (5.0, 4.0, 7.5, 6.0)})),
        "by forecast": Case(one(key_result()), KR, Facts({KR: 15.0}, forecasts=chance(0.95))),
        "a sum, by forecast": Case(measured(Accumulate(900), over=Over()), KR, Facts(forecasts=chance(0.999))),
        "not quite": Case(one(key_result()), FINE, Facts({KR: 15.0}, forecasts=chance(0.94))),
        "the forecast knows more than earlier stretches": Case(
            one(key_result()), FINE, Facts({KR: 15.0}, {KR: (9.0, 9.5, 10.0, 12.0)}, chance(0.6))
        ),
        "met before, which is told instead": Case(one(key_result()), FINE, Facts({KR: 9.0}, forecasts=chance(0.99))),
        "a band that holds": Case(measured(Maintain(None, 15, 0.8), over=Over()), FINE, Facts(forecasts=chance(0.99))),
        "a budget that holds": Case(measured(Budget(900), over=Over()), FINE, Facts(forecasts=chance(0.99))),
        "that it will be observed": Case(measured(Baseline(8), over=Over()), FINE, Facts(forecasts=chance(0.99))),
    },
    "hopeless": {
        "far beyond what it does": Case(one(key_result()), KR, Facts({KR: 15.0}, {KR: (15.0, 15.5, 14.5, 15.0)})),
        "far beyond, and by forecast": Case(
            one(key_result()), KR, Facts({KR: 15.0}, {KR: (15.0, 15.5, 14.5, 15.0)}, chance(0.04))
        ),
        "far beyond, and not by forecast": Case(
            one(key_result()), FINE, Facts({KR: 15.0}, {KR: (15.0, 15.5, 14.5, 15.0)}, chance(0.05))
        ),
        "a stretch, by forecast alone": Case(one(key_result()), FINE, Facts({KR: 15.0}, forecasts=chance(0.001))),
        "a sum of more than three times the forecast": Case(
            measured(Accumulate(901), over=Over()), KR, Facts(forecasts=chance(0.01, high=300, target=901))
        ),
        "a sum of three times the forecast": Case(
            measured(Accumulate(900), over=Over()), FINE, Facts(forecasts=chance(0.01, high=300, target=900))
        ),
        "a sum of what was nothing": Case(
            measured(Accumulate(900), over=Over()), FINE, Facts(forecasts=chance(0.01, high=0, target=900))
        ),
        "within its range": Case(one(key_result()), FINE, Facts({KR: 15.0}, {KR: (13.0, 15.5, 14.0, 15.0)})),
        "flat says nothing": Case(one(key_result()), FINE, Facts({KR: 15.0}, {KR: (15.0, 15.0, 15.0, 15.0)})),
        "unknown": Case(one(key_result()), FINE, Facts({KR: 15.0})),
    },
    "baseline-off": {
        "it was elsewhere": Case(one(key_result()), KR, Facts(at_start={KR: 13.0})),
        "it was worse": Case(one(key_result()), KR, Facts(at_start={KR: 16.0})),
        "it was there": Case(one(key_result()), FINE, Facts(at_start={KR: 15.2})),
        "from where it starts": Case(measured(Reach(AT_START, 10)), FINE, Facts(at_start={KR: 13.0})),
    },
    "stale-metric": {
        "no fresh values": Case(one(key_result()), KR, Facts(unread={KR: "stale"})),
        "fresh ones": Case(one(key_result()), FINE, Facts()),
    },
    "unused-suppression": {
        "of nothing": Case(one(key_result(suppress={"activity": "x"})), KR),
        "of what occurs": Case(titled("Streamline", suppress={"vague-words": "x"}), FINE),
        "of what needs a store, without one": Case(one(key_result(suppress={"stale-metric": "x"})), FINE),
        "of what needs a store, with one": Case(one(key_result(suppress={"stale-metric": "x"})), KR, Facts()),
    },
}  # fmt: skip


@pytest.mark.parametrize(("rule", "case"), [(rule, case) for rule, cases in CASES.items() for case in cases])
def test_a_rule_finds_its_mistake_and_nothing_near_it(rule: str, case: str) -> None:
    it = CASES[rule][case]
    found = [finding.id for finding in lint(it.configuration, it.facts).findings if finding.rule == rule]
    assert found == ([] if it.found is None else [it.found])


@pytest.mark.parametrize("rule", LINT_RULES)
def test_every_rule_has_a_case_that_it_finds_and_one_that_is_fine(rule: str) -> None:
    found = {case.found is not None for case in CASES[rule].values()}
    assert found == {True, False}
    assert CASES.keys() == LINT_RULES.keys()


def test_a_good_objective_has_no_finding() -> None:
    assert lint(one(key_result()), Facts(at_start={KR: 15.0})).findings == ()


def test_every_finding_says_what_and_how_to_write_it_instead() -> None:
    for cases in CASES.values():
        for case in cases.values():
            for finding in lint(case.configuration, case.facts).findings:
                assert finding.what
                assert finding.rewrite
                assert not finding.what.endswith(".")
                assert finding.severity in {"warning", "advice"}


@pytest.mark.parametrize(
    ("reason", "said"),
    [
        ("stale", "whose values are too old"),
        ("no_observation", "which has no value in its window"),
        ("source_failed", "whose source could not be read"),
    ],
)
def test_a_metric_without_fresh_values_is_told_why(reason: str, said: str) -> None:
    [what] = [it.what for it in lint(one(key_result()), Facts(unread={KR: reason})).findings]
    assert what.endswith(f", {said}")


def test_a_suppression_silences_one_rule_of_one_thing_and_is_told_with_its_reason() -> None:
    found = lint(titled("Streamline", suppress={"vague-words": "It is the name of the programme."}))
    assert [it.rule for it in found.findings] == []
    assert [(it.rule, it.id, why) for it, why in found.suppressed] == [
        ("vague-words", KR, "It is the name of the programme.")
    ]
    assert [it.rule for it in lint(titled("Streamline")).findings] == ["vague-words"]


PROMISES: Sequence[tuple[KeyResult, Callable[[], Metric | None], str]] = (
    (key_result(measure=Change(Share(-0.15))), lambda: None, "by -15 % by 2013-06-30"),
    (key_result(measure=Change(Points(0.02))), lambda: RATIO, "by +2 points by 2013-06-30"),
    (key_result(measure=Reach(0.05, 0.08)), lambda: RATIO, "from 5 % to 8 % by 2013-06-30"),
    (key_result(measure=Manual(0, 10)), lambda: None, "from 0 to 10 by 2013-06-30"),
    (key_result(measure=Accumulate(9200)), lambda: None, "to 9,200 by 2013-06-30"),
    (key_result(measure=Maintain(None, 15, 0.85)), lambda: metric("delay"), "at most 15 in 85 % of periods by 2013-06-30"),
)  # fmt: skip


@pytest.mark.parametrize(("promise", "of", "said"), PROMISES)
def test_a_rewrite_says_what_the_measure_promises(
    promise: KeyResult, of: Callable[[], Metric | None], said: str
) -> None:
    assert promised(promise, of()) == said


@pytest.mark.parametrize(
    ("measure", "rewrite"),
    [
        (Cadence(2, Grain.DAY), "Write `share: 0.95`, or make the intent aspirational"),
        (Cadence(2, Grain.WEEK), "Write `share: 0.92`, or make the intent aspirational"),
        (Cadence(2, Grain.MONTH), "Write `share: 0.66`, or make the intent aspirational"),
        (Cadence(2, Grain.QUARTER), "Make the intent aspirational"),
        (Maintain(None, 15, 1.0, "events"), "Write `share: 0.95`, or make the intent aspirational"),
    ],
)
def test_the_margin_that_is_proposed_lets_one_period_be_missed(measure, rewrite):
    found = [
        it for it in lint(measured(measure, intent=Intent.COMMITTED)).findings if it.rule == "committed-without-margin"
    ]
    assert [it.rewrite for it in found] == [rewrite]
    if "share" in rewrite:
        mended = replace(measure, share=float(rewrite.split("`")[1].removeprefix("share: ")))
        assert not [
            it
            for it in lint(measured(mended, intent=Intent.COMMITTED)).findings
            if it.rule == "committed-without-margin"
        ]


TWICE, MANY = key_result("again"), [key_result(f"again-{number}") for number in range(8)]


@pytest.mark.parametrize(
    ("configuration", "what"),
    [
        (one(key_result(), TWICE), "reads 'delay' as 2013-Q2/delay does, in the same objective"),
        (
            one(key_result(), *MANY),
            "reads 'delay' as 2013-Q2/delay, 2013-Q2/again-1, 2013-Q2/again-2, 2013-Q2/again-3 and 4 more do, in the same objective",
        ),
        (line_of(2), "reads 'delay' as 2013-Q2/delay-1 does, which adds to it through 2013-Q2/o1"),
        (
            line_of(3),
            "reads 'delay' as 2013-Q2/delay-1 does, which adds to it through 2013-Q2/o1 and as 2013-Q2/delay-2 does, which adds to it through 2013-Q2/o2",
        ),
        # Two that do not overlap count with a third that does.
        (
            one(key_result(ends=date(2013, 4, 30)), key_result("later", starts=date(2013, 5, 1)), TWICE),
            "reads 'delay' as 2013-Q2/delay and 2013-Q2/again do, in the same objective",
        ),
    ],
)  # fmt: skip
def test_one_metric_counted_many_times_is_one_finding_that_names_all(configuration: Configuration, what: str) -> None:
    found = [it for it in lint(configuration, None).findings if it.rule == "counted-twice"]
    assert [it.what for it in found] == [what]
