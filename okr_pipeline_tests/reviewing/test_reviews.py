"""Reviews as pure functions: what is graded, what carries over, what KPIs and targets say, and a draft that is valid."""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from okr_pipeline.config.loading import load
from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.metric import Better
from okr_pipeline.model.okr import Change, Cycle, Intent, Reach, Share
from okr_pipeline.model.review import Suggestion
from okr_pipeline.reviewing import Findings, draft, kpi_questions, review
from okr_pipeline.reviewing.drafting import legible, next_cycle
from okr_pipeline.reviewing.reviews import part_of_the_way
from okr_pipeline.reviewing.suggesting import suggest
from okr_pipeline.scoring import score, trajectory
from okr_pipeline_tests.config.conftest import CONNECTORS
from okr_pipeline_tests.spec.world import check_in_frame, observation_frame

PROJECT = "name: Mill\ntimezone: UTC\n"
SOURCES = "sources: {sheets: {connector: files, path: data/}}\n"
METRICS = """\
metrics:
  made: {source: sheets, file: m.csv, grain: day, unit: count, better: higher, rollup: sum, freshness: 99d}
  late: {source: sheets, file: m.csv, grain: day, unit: minutes, better: lower, rollup: mean, healthy: {max: 20}, freshness: 99d}
  mood: {source: sheets, file: m.csv, grain: day, unit: ratio, better: higher, rollup: mean, healthy: {min: 0.7}, freshness: 99d, dimensions: [team]}
  heat: {source: sheets, file: m.csv, grain: day, unit: score, better: lower, rollup: mean, healthy: {max: 30}, freshness: 99d}
"""
YEAR = """\
cycle: {id: 2026, starts: 2026-01-01, ends: 2026-12-31}
objectives:
  whole: {title: Whole, owner: ceo, level: company, intent: committed, key_results: {
    year: {title: Make, owner: ceo, metric: made, measure: {accumulate: {to: 9000}}}}}
"""
SPRING = """\
cycle: {id: 2026-Q1, starts: 2026-01-01, ends: 2026-03-31}
objectives:
  steady:
    title: 'A "steady" mill: # no less'
    owner: ann
    level: team
    intent: committed
    parent: 2026/whole
    contributes: {weight: 2}
    key_results:
      late: {title: Late 25 to 10, owner: ann, metric: late, measure: {reach: {from: 25, to: 10}}, over: trailing 28 days, weight: 2}
      won: {title: Late under 15, owner: ann, metric: late, measure: {reach: {from: 25, to: 15}}, over: trailing 28 days}
      less: {title: Less late, owner: ben, metric: late, measure: {change: {by: -80%}}, over: trailing 28 days}
      mood: {title: Mood, owner: ben, metric: mood, where: {team: "7: night"}, measure: {change: {by: +10 points, from: 0.5}}, over: trailing 28 days}
      made: {title: Make more, owner: ben, metric: made, measure: {accumulate: {to: +20% of previous_cycle}}}
      goods: {title: Make 5000, owner: ben, metric: made, measure: {accumulate: {to: 5000}}}
      waste: {title: Waste, owner: ben, metric: made, measure: {accumulate: {to: 70}}, state: cancelled, state_reason: Sold the line}
      calm: {title: Calm days, owner: ann, metric: late, measure: {maintain: {max: 5, share: 0.9}}}
      often: {title: Often, owner: ann, metric: made, measure: {cadence: {at_least: 200, per: week}}}
      steps: {title: Steps, owner: ann, measure: {milestones: [{title: One, done_on: 2026-02-01}, {title: "Two, or", weight: 3}, {title: Three, when: {metric: made, at_least: 900}}]}}
      talks: {title: Talks, owner: ann, measure: {manual: {from: 0, to: 10}}}
      stopped: {title: Stopped, owner: ann, metric: late, measure: {reach: {from: at_start, to: 1}}, over: trailing 7 days, state: paused, state_reason: No tug}
  known:
    title: Know
    owner: cy
    level: team
    intent: learning
    key_results:
      stand: {title: Where we stand, owner: cy, metric: late, measure: {baseline: {needs: 20}}}
      why: {title: Why, owner: cy, measure: {manual: {from: 0, to: 5}}}
"""
FIRST = date(2025, 10, 1)
AS_OF = datetime(2026, 4, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def directory(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("mill")
    files = {"project": PROJECT, "sources/s": SOURCES, "metrics/m": METRICS, "okrs/year": YEAR, "okrs/q1": SPRING}
    for name, text in files.items():
        (root / f"{name}.yaml").parent.mkdir(exist_ok=True)
        (root / f"{name}.yaml").write_text(text)
    return root


@pytest.fixture(scope="module")
def configuration(directory):
    return load(directory, connectors=CONNECTORS, environ={})


def observed(metric, values, dimensions="{}"):
    """One value a day from FIRST on: `values` is (value of the quarter before, value of the cycle)."""
    for day in range(182):
        start = datetime.combine(FIRST + timedelta(days=day), datetime.min.time(), UTC)
        value = values[0] if day < 92 else values[1]
        row = {
            "metric": metric,
            "dimensions": dimensions,
            "period_start": start,
            "period_end": start + timedelta(days=1),
        }
        yield {**row, "value": value, "revision": 1, "recorded_at": start, "run_id": "r"}


OBSERVED = observation_frame(
    [
        *observed("made", (10.0, 10.0)),
        *observed("late", (25.0, 14.0)),
        *observed("mood", (0.5, 0.55), '{"team":"7: night"}'),
        *observed("heat", (20.0, 40.0)),
    ]
)
TOLD = check_in_frame(
    [
        {"subject": "2026-Q1/talks", "on_date": "2026-03-27", "value": 4.0, "note": "Four | so far", "author": "ann"},
        {"subject": "2026-Q1/why", "on_date": "2026-03-20", "finding": "The tug", "author": "cy"},
        {"subject": "2026-Q1/late", "on_date": "2026-04-02", "note": "Said too late", "author": "ann"},
    ]
)


@pytest.fixture(scope="module")
def findings(configuration):
    return found(configuration, OBSERVED)


def found(configuration, observations, as_of=AS_OF):
    cycle = configuration.cycles["2026-Q1"]
    scores = score(configuration, observations, as_of=as_of, check_ins=TOLD)
    half = trajectory(configuration, observations, [datetime(2026, 2, 15, tzinfo=UTC)], check_ins=TOLD)
    kpis = score(kpi_questions(configuration, cycle, (as_of - timedelta(days=1)).date()), observations, as_of=as_of)
    return Findings(
        as_of, scores.key_results, scores.objectives, half[["key_result", "progress"]], kpis.key_results, TOLD
    )


@pytest.fixture(scope="module")
def reviewed(configuration, findings):
    return review(configuration, configuration.cycles["2026-Q1"], findings)


def test_every_key_result_is_graded_by_its_intent(reviewed):
    grades = {it.id.split("/")[1]: (it.status, it.explanation) for it in reviewed.key_results}
    assert grades == {
        "late": ("missed", "short of the target, 73 % of the way"),
        "won": ("achieved", "the target is met, 110 % of the way"),
        "less": ("missed", "short of the target, 55 % of the way"),
        "mood": ("missed", "short of the target, 50 % of the way"),
        "made": ("missed", "short of the target, 82 % of the way"),
        "goods": ("missed", "short of the target, 18 % of the way"),
        "waste": ("cancelled", "cancelled: Sold the line"),
        "calm": ("missed", "short of the target, 0 % of the way"),
        "often": ("missed", "short of the target, 0 % of the way"),
        "steps": ("missed", "short of the target, 20 % of the way"),
        "talks": ("missed", "short of the target, 40 % of the way"),
        "stopped": ("paused", "paused: No tug"),
        "stand": ("achieved", "the target is met, 100 % of the way"),
        "why": ("achieved", "a finding was told, on 2026-03-20"),
    }
    assert reviewed.ended
    assert reviewed.counts == {"achieved": 3, "missed": 9, "paused": 1, "cancelled": 1}


def test_a_stretch_is_achieved_by_most_of_it_which_is_not_all(configuration):
    objectives = {name: replace(it, intent=Intent.ASPIRATIONAL) for name, it in configuration.objectives.items()}
    stretched = replace(configuration, objectives=objectives)
    made = review(stretched, stretched.cycles["2026-Q1"], found(stretched, OBSERVED))
    grades = {it.id.split("/")[1]: (it.status, it.explanation) for it in made.key_results}
    assert grades["made"] == ("achieved", "most of a stretch, 82 % of the way")
    assert grades["won"] == ("achieved", "the target is met, 110 % of the way")
    assert grades["less"] == ("partial", "part of a stretch, 55 % of the way")


def test_what_is_missed_paused_or_unknown_carries_over_and_nothing_else(reviewed):
    going = [it.key_result.split("/")[1] for it in reviewed.carry_over]
    assert going == ["late", "less", "mood", "made", "goods", "calm", "often", "steps", "talks", "stopped"]


def test_reflections_are_what_was_said_by_then_in_its_order(reviewed):
    said = [(str(it.on), it.kind, it.key_result.split("/")[1], it.text) for it in reviewed.reflections]
    assert said == [
        ("2026-03-20", "finding", "why", "The tug"),
        ("2026-03-27", "note", "talks", "Four | so far"),
        ("None", "paused", "stopped", "No tug"),
        ("None", "cancelled", "waste", "Sold the line"),
    ]


def test_kpis_outside_their_band_and_won_ground_are_told(reviewed):
    assert reviewed.suggestions == (
        Suggestion(
            "heat",
            "outside",
            "inside its healthy band (max 30) for 0 % of its periods: make it a key result",
            0.0,
            20.0,
            40.0,
        ),
        Suggestion(
            "late",
            "tighter",
            "its key result was achieved and its band held throughout: max 17 in place of 20 keeps what was won",
            1.0,
            25.0,
            14.0,
            17.0,
        ),
    )


def test_a_kpi_that_a_longer_key_result_is_about_needs_no_other(configuration, findings):
    year = {"metric": "heat", "objective": "2026/whole", "cycle": "2026", "id": "cool"}
    cool = replace(next(it for it in configuration.key_results() if it.full_id == "2026/year"), **year)
    whole = configuration.objectives["2026/whole"]
    wider = replace(
        configuration, objectives={**configuration.objectives, "2026/whole": replace(whole, key_results=(cool,))}
    )
    told = suggest(wider, configuration.cycles["2026-Q1"], (), findings.kpis)
    assert [it.text for it in told] == [
        "inside its healthy band (max 30) for 0 % of its periods: 2026/cool is about it"
    ]


@pytest.mark.parametrize(
    ("status", "ended", "todo"),
    [
        ("missed", True, "2026-Q1/late carries over"),
        ("on_track", False, "2026-Q1/late is about it"),
        ("achieved", True, "make it a key result again, as 2026-Q1/late was"),
        ("cancelled", True, "make it a key result"),
    ],
)
def test_a_kpi_that_a_key_result_of_the_cycle_is_about_is_told_with_it(
    configuration, findings, reviewed, status, ended, todo
):
    objective = configuration.objectives["2026-Q1/steady"]
    late = replace(objective.key_results[0], metric="heat")
    changed = {**configuration.objectives, objective.full_id: replace(objective, key_results=(late,))}
    of_heat = replace(configuration, objectives=changed)
    grades = (replace(reviewed.key_results[0], status=status),)
    told = suggest(of_heat, configuration.cycles["2026-Q1"], grades, findings.kpis, ended=ended)
    assert [it.text.rpartition(": ")[2] for it in told if it.kind == "outside"] == [todo]


@pytest.mark.parametrize(
    ("progress", "said"), [(0.9951, "99.5 %"), (0.99999, "99.9 %"), (1.0, "100 %"), (0.4, "40 %"), (-1.512, "−151 %")]
)
def test_what_fell_short_by_little_is_not_said_to_be_all_of_the_way(progress, said):
    assert part_of_the_way(progress) == said


@pytest.mark.parametrize(
    ("measured", "target", "written"),
    [
        (20.9542442902798, 13.8829982259018, (20.954, 13.883)),
        (123456.0, 123457.0, (123456.0, 123457.0)),
        (63.0, 66.0, (63.0, 66.0)),
    ],
)
def test_a_draft_has_five_digits_unless_these_would_lose_the_way(measured, target, written):
    assert legible(measured, target) == written


def test_a_kpi_that_got_worse_is_told_also_without_a_band(configuration):
    less = observation_frame([*observed("made", (10.0, 8.0)), *observed("late", (25.0, 25.0))])
    told = review(configuration, configuration.cycles["2026-Q1"], found(configuration, less)).suggestions
    assert [(it.metric, it.kind) for it in told] == [("late", "outside"), ("made", "worse")]
    assert told[1].text == "20 % worse than in the days before the cycle, 10 to 8 a day: watch it"


def test_a_sum_is_no_worse_for_being_half_way(configuration):
    same = observation_frame([*observed("made", (10.0, 10.0)), *observed("late", (14.0, 14.0))])
    half_way = found(configuration, same, datetime(2026, 2, 15, tzinfo=UTC))
    told = review(configuration, configuration.cycles["2026-Q1"], half_way).suggestions
    assert [it.kind for it in told if it.metric == "made"] == []


@pytest.mark.parametrize(("as_of", "days"), [("2026-01-10", 10), ("2026-03-31", 90), ("2026-06-30", 90)])
def test_a_kpi_is_asked_against_as_many_days_before_as_the_cycle_has_had(configuration, as_of, days):
    asked = kpi_questions(configuration, configuration.cycles["2026-Q1"], date.fromisoformat(as_of))
    assert {it.over.length.count for it in asked.key_results() if it.id.startswith("trend.")} == {days}


def test_months_of_a_sum_are_compared_a_month_each_however_many_fit_in(configuration):
    """The 90 days before January 1st hold two whole months, and the quarter three."""
    costs = replace(configuration.metrics["made"], id="costs", grain=Grain.MONTH, better=Better.LOWER)
    monthly = replace(configuration, metrics={"costs": costs}, objectives={})
    months = [datetime(2025 + (it // 12), it % 12 + 1, 1, tzinfo=UTC) for it in range(9, 16)]
    rows = [
        {
            "metric": "costs",
            "dimensions": "{}",
            "period_start": start,
            "period_end": end,
            "value": 100.0,
            "revision": 1,
            "recorded_at": start,
            "run_id": "r",
        }
        for start, end in pairwise(months)
    ]
    cycle = monthly.cycles["2026-Q1"]
    asked = score(kpi_questions(monthly, cycle, cycle.ends), observation_frame(rows), as_of=AS_OF)
    assert asked.key_results[["value", "baseline"]].to_numpy().tolist() == [[100.0, 100.0]]
    assert suggest(monthly, cycle, (), asked.key_results) == ()


def test_calibration_counts_and_does_not_judge_too_few(reviewed):
    everybody, *owners = reviewed.calibration
    assert (everybody.owner, everybody.graded, everybody.early, everybody.exceeded, everybody.short) == (
        None,
        7,
        1,
        0,
        1,
    )
    assert everybody.verdict == "fitting"
    assert [(it.owner, it.graded, it.verdict) for it in owners] == [("ann", 3, "too_few"), ("ben", 4, "too_few")]


@pytest.mark.parametrize(
    ("late", "verdict"),
    [((25.0, 5.0), "sandbagged"), ((25.0, 24.0), "over_stretched"), ((25.0, 17.0), "fitting")],
)
def test_targets_are_called_sandbagged_or_over_stretched_when_most_were(configuration, findings, late, verdict):
    rows = findings.key_results
    base = rows[rows["key_result"] == "2026-Q1/won"]
    progress = (25 - late[1]) / 10
    status = "achieved" if progress >= 1 else "missed"
    row = base.assign(progress=progress, score=min(progress, 1.0), status=status)
    many = pd.concat([row.assign(key_result=f"2026-Q1/{n}") for n in range(5)], ignore_index=True)
    half = many[["key_result"]].assign(progress=progress)
    from okr_pipeline.reviewing.calibrating import calibrate

    everybody, ann = calibrate(configuration, many, half, AS_OF)
    assert (everybody.verdict, ann.verdict, ann.graded) == (verdict, verdict, 5)


def test_a_cycle_that_still_runs_carries_nothing_over(configuration):
    as_of = datetime(2026, 3, 15, tzinfo=UTC)
    running = review(configuration, configuration.cycles["2026-Q1"], found(configuration, OBSERVED, as_of))
    assert (running.ended, running.carry_over) == (False, ())


def test_the_draft_is_valid_and_starts_from_what_was_measured(configuration, reviewed, directory):
    text = draft(configuration, configuration.cycles["2026-Q1"], reviewed)
    path = directory / "okrs/next.yaml"
    path.write_text(text)
    try:
        made = load(directory, connectors=CONNECTORS, environ={})
    finally:
        path.unlink()
    assert (str(made.cycles["2026-Q2"].starts), str(made.cycles["2026-Q2"].ends)) == ("2026-04-01", "2026-06-30")
    coming = {it.id: it for it in made.key_results() if it.cycle == "2026-Q2"}
    assert list(coming) == [it.key_result.split("/")[1] for it in reviewed.carry_over] + ["stand-target"]
    assert (coming["late"].measure.from_, coming["late"].measure.to) == (14.0, 10.0)
    assert (coming["less"].measure.from_, coming["less"].measure.to) == (14.0, pytest.approx(5))
    assert (coming["mood"].measure.from_, coming["mood"].measure.to) == (pytest.approx(0.55), pytest.approx(0.6))
    assert (coming["talks"].measure.from_, coming["talks"].measure.to) == (4.0, 10.0)
    assert [it.title for it in coming["steps"].measure.items] == ["Two, or", "Three"]
    assert (coming["stopped"].measure.from_, coming["stopped"].state) == (14.0, "active")
    assert (coming["stand-target"].measure.from_, coming["stand-target"].measure.to) == (14.0, 12.6)
    assert coming["late"].weight == 2
    steady = made.objectives["2026-Q2/steady"]
    assert (steady.parent, steady.contributes_weight, steady.title) == ("2026/whole", 2.0, 'A "steady" mill: # no less')
    assert text.count("# carried over from 2026-Q1/") == 10
    assert text.count("# proposal") >= 12


def test_a_draft_keeps_what_its_key_results_belong_to(directory, tmp_path):
    """Parents beside them, wholes that last, the shape of their plan; and a share becomes no more than all."""
    shutil.copytree(directory, tmp_path, dirs_exist_ok=True)
    (tmp_path / "okrs/year.yaml").write_text(YEAR.replace("metric: made, ", ""))
    (tmp_path / "okrs/q1.yaml").write_text("""\
cycle: {id: 2026-Q1, starts: 2026-01-01, ends: 2026-03-31}
objectives:
  top: {title: Top, owner: ann, level: department, intent: committed, key_results: {
    all: {title: Make 5000, owner: ann, metric: made, measure: {accumulate: {to: 5000}}, contributes_to: 2026/year, pace: business_days}}}
  under: {title: Under, owner: ben, level: team, intent: learning, parent: top, contributes: {weight: 3}, coverage_floor: 0.2, supports: Joy, key_results: {
    often: {title: Often, owner: ben, why: It lasts, check_in: monthly, metric: late, measure: {maintain: {max: 5, share: 0.9}}},
    part: {title: Make 4000, owner: ben, metric: made, measure: {accumulate: {to: 4000}}, contributes_to: all},
    mood: {title: Mood, owner: ben, metric: mood, where: {team: a}, measure: {baseline: {needs: 9}}}}}
""")
    before = load(tmp_path, connectors=CONNECTORS, environ={})
    observations = observation_frame(
        [
            *observed("made", (10.0, 20.0)),
            *observed("late", (25.0, 14.0)),
            *observed("mood", (0.9, 0.96), '{"team":"a"}'),
        ]
    )
    cycle = before.cycles["2026-Q1"]
    (tmp_path / "okrs/q2.yaml").write_text(draft(before, cycle, review(before, cycle, found(before, observations))))
    made = load(tmp_path, connectors=CONNECTORS, environ={})
    coming = {it.id: it for it in made.key_results() if it.cycle == "2026-Q2"}
    under = made.objectives["2026-Q2/under"]
    assert (under.parent, under.contributes_weight) == ("2026-Q2/top", 3)
    assert (under.coverage_floor, under.supports) == (0.2, "Joy")
    assert (coming["all"].contributes_to, coming["all"].pace.kind) == ("2026/year", "business_days")
    assert coming["part"].contributes_to == "2026-Q2/all"
    assert (coming["often"].why, coming["often"].check_in) == ("It lasts", "monthly")
    assert (coming["mood-target"].measure, coming["mood-target"].title) == (
        Reach(0.96, 0.98),
        "Take Mood from 0.96 to 0.98",
    )


@pytest.mark.parametrize(
    ("metric", "measure", "window"),
    [
        ("made", Change(Share(0.1), "at_start"), "trailing 28 days"),
        ("late", Reach(14.0, 12.6), "trailing 28 days"),
        ("monthly", Reach(7.0, 7.7), "latest"),
    ],
)
def test_what_a_baseline_found_is_gone_on_from_where_it_is_a_level(directory, tmp_path, metric, measure, window):
    shutil.copytree(directory, tmp_path, dirs_exist_ok=True)
    month = "  monthly: {source: sheets, file: m.csv, grain: month, unit: count, better: higher, rollup: mean}\n"
    (tmp_path / "metrics/m.yaml").write_text(METRICS + month)
    (tmp_path / "okrs/q1.yaml").write_text(f"""\
cycle: {{id: 2026-Q1, starts: 2026-01-01, ends: 2026-03-31}}
objectives:
  known: {{title: Know, owner: cy, level: team, intent: learning, key_results: {{
    stand: {{title: Where, owner: cy, metric: {metric}, measure: {{baseline: {{needs: 2}}}}}}}}}}
""")
    before = load(tmp_path, connectors=CONNECTORS, environ={})
    months = [(datetime(2026, month, 1, tzinfo=UTC), datetime(2026, month + 1, 1, tzinfo=UTC)) for month in (1, 2, 3)]
    rows = [
        {"metric": "monthly", "dimensions": "{}", "period_start": start, "period_end": end, "value": 7.0}
        | {"revision": 1, "recorded_at": end, "run_id": "r"}
        for start, end in months
    ]
    observations = observation_frame([*observed("made", (10.0, 20.0)), *observed("late", (25.0, 14.0)), *rows])
    cycle = before.cycles["2026-Q1"]
    (tmp_path / "okrs/q2.yaml").write_text(draft(before, cycle, review(before, cycle, found(before, observations))))
    made = load(tmp_path, connectors=CONNECTORS, environ={})
    [coming] = (it for it in made.key_results() if it.cycle == "2026-Q2")
    assert (coming.measure, str(coming.over)) == (measure, window)


def test_a_draft_counts_no_row_beside_a_part_that_is_written_already(directory, tmp_path):
    shutil.copytree(directory, tmp_path, dirs_exist_ok=True)
    (tmp_path / "okrs/year.yaml").write_text(YEAR.replace("metric: made, ", ""))
    part = """\
cycle: {id: CYCLE, starts: STARTS, ends: ENDS}
objectives:
  top: {title: Top, owner: ann, level: department, intent: committed, key_results: {
    all: {title: Make 5000, owner: ann, metric: made, measure: {accumulate: {to: 5000}}, contributes_to: 2026/year}}}
"""
    (tmp_path / "okrs/q1.yaml").unlink()
    for name, starts, ends in (("2026-Q1", "2026-01-01", "2026-03-31"), ("may", "2026-05-01", "2026-05-31")):
        text = part.replace("CYCLE", name).replace("STARTS", starts).replace("ENDS", ends)
        (tmp_path / f"okrs/{name}.yaml").write_text(text)
    before = load(tmp_path, connectors=CONNECTORS, environ={})
    cycle = before.cycles["2026-Q1"]
    told = found(before, observation_frame(observed("made", (10.0, 20.0))))
    (tmp_path / "okrs/q2.yaml").write_text(draft(before, cycle, review(before, cycle, told)))
    coming = load(tmp_path, connectors=CONNECTORS, environ={}).key_results()
    assert [it.contributes_to for it in coming if it.cycle == "2026-Q2"] == [None]


def test_a_review_and_its_draft_are_functions_of_their_arguments(configuration, findings, reviewed):
    cycle = configuration.cycles["2026-Q1"]
    again = review(configuration, cycle, findings)
    assert again == reviewed
    assert draft(configuration, cycle, again) == draft(configuration, cycle, reviewed)


@pytest.mark.parametrize(
    ("starts", "ends", "name", "next_ends"),
    [
        ("2013-10-01", "2013-12-31", "2014-Q1", "2014-03-31"),
        ("2013-01-01", "2013-12-31", "2014", "2014-12-31"),
        ("2013-01-01", "2013-01-31", "2013-02", "2013-02-28"),
        ("2013-05-13", "2013-05-26", "2013-05-27", "2013-06-09"),
        ("2012-02-01", "2013-07-31", "2013-08-01", "2015-01-31"),
        ("2013-11-01", "2014-01-31", "2014-02-01", "2014-04-30"),
    ],
)
def test_the_next_cycle_lasts_as_long(configuration, starts, ends, name, next_ends):
    made = next_cycle(configuration, Cycle("c", date.fromisoformat(starts), date.fromisoformat(ends)))
    assert (made.id, made.ends.isoformat()) == (name, next_ends)


def test_the_next_cycle_has_an_id_that_none_has(configuration):
    made = next_cycle(configuration, Cycle("2025", date(2025, 1, 1), date(2025, 12, 31)))
    assert made.id == "2026-2"
