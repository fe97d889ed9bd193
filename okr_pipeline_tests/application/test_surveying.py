"""Surveys: which answers count, how they become observations, and what a late, amended or withdrawn one changes."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_pipeline.application.check_ins import check_in_frame, record_by_command
from okr_pipeline.application.gathering import evaluate, gather
from okr_pipeline.application.observing import observe
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.application.surveying import combined, counted
from okr_pipeline.application.trust import examine_sources, source_trust
from okr_pipeline.model.calendar import Calendar, Grain
from okr_pipeline.model.check_in import CheckIn
from okr_pipeline.model.metric import CHECK_INS, Better, Metric, Rollup
from okr_pipeline_tests.projects import OKRS

SURVEY = """\
metrics:
  team_mood:
    name: Mood of the team
    owner: people@small.example
    survey: true
    grain: week
    unit: score
    better: higher
    rollup: weighted_mean
    freshness: 3w
    expect: {between: [1, 5]}
"""
MOOD = """\
      mood:
        title: Bring the mood from 3 to 4
        owner: people@small.example
        metric: team_mood
        measure: {reach: {from: 3, to: 4}}
        over: latest
"""
KEY_RESULT = "2026-Q1/mood"
MONDAY = date(2026, 1, 5)


def survey(rollup=Rollup.MEAN, grain=Grain.WEEK) -> Metric:
    return Metric("team_mood", "Mood", grain, "score", Better.HIGHER, rollup, source=CHECK_INS)


def answers(*said: tuple[int, str, float]) -> pd.DataFrame:
    """Answers by days after the first Monday of 2026, author and value."""
    return check_in_frame(CheckIn("team_mood", MONDAY + timedelta(days=day), who, value) for day, who, value in said)


def values(said: pd.DataFrame, metric: Metric) -> list[tuple[str, float, float]]:
    """Local day of each period's start, value and weight."""
    points = combined(counted(said, metric, Calendar("Europe/Berlin")), metric)
    days = points["period_start"].dt.tz_convert("Europe/Berlin").dt.date.astype(str)
    return list(zip(days, points["value"], points["weight"], strict=True))


@pytest.mark.parametrize(
    ("rollup", "value"),
    [
        (Rollup.MEAN, 3.0),
        (Rollup.WEIGHTED_MEAN, 3.0),
        (Rollup.SUM, 9.0),
        (Rollup.MIN, 1.0),
        (Rollup.MAX, 5.0),
        (Rollup.LAST, 4.0),
    ],
)
def test_the_answers_of_a_period_combine_by_the_rollup(rollup, value):
    said = answers((0, "ada", 1), (2, "ben", 3), (2, "eva", 5))
    assert values(said, survey(rollup)) == [("2026-01-05", value, 3.0)]


def test_the_newest_answer_of_an_author_in_a_period_counts_once():
    said = answers((0, "ada", 1), (4, "ada", 5), (1, "ben", 3), (7, "ada", 2))
    assert values(said, survey()) == [("2026-01-05", 4.0, 2.0), ("2026-01-12", 2.0, 1.0)]


def test_a_period_without_answers_is_missing():
    assert values(answers((0, "ada", 4), (14, "ada", 4)), survey()) == [
        ("2026-01-05", 4.0, 1.0),
        ("2026-01-19", 4.0, 1.0),
    ]
    assert values(answers(), survey()) == []


def test_a_day_belongs_to_its_local_period():
    assert values(answers((6, "ada", 4), (7, "ada", 2)), survey(grain=Grain.DAY)) == [
        ("2026-01-11", 4.0, 1.0),
        ("2026-01-12", 2.0, 1.0),
    ]


@given(
    said=st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from("abcde"), st.floats(-1e6, 1e6)),
        unique_by=lambda it: it[:2],
        max_size=20,
    ),
    rollup=st.sampled_from(Rollup),
    data=st.data(),
)
def test_the_order_of_answers_is_irrelevant(said, rollup, data):
    shuffled = data.draw(st.permutations(said))
    assert values(answers(*shuffled), survey(rollup)) == values(answers(*said), survey(rollup))


@pytest.fixture
def asked(small):
    small.put("metrics/survey.yaml", SURVEY)
    small.put("okrs/q1.yaml", OKRS + MOOD)
    return small


def say(project, day: int, author: str, value: float | None, *, withdraw: bool = False) -> None:
    made = CheckIn("team_mood", MONDAY + timedelta(days=day), author, value)
    record_by_command(project.open(), made, withdraw=withdraw)


def read(project, run_id: str):
    workspace = project.open()
    return observe(workspace, CHECK_INS, run=Run(run_id, workspace.as_of()))


def stored(project, known_at=None) -> list[tuple[str, float, float, int]]:
    frame = project.open().store.observations(["team_mood"], known_at=known_at)
    frame = frame[frame["value"].notna()]
    days = frame["period_start"].dt.tz_convert("Europe/Berlin").dt.date.astype(str)
    return list(zip(days, frame["value"], frame["weight"], frame["revision"], strict=True))


def in_files(*said: tuple[int, str, float]) -> str:
    lines = [
        f"  - {{metric: team_mood, on: {MONDAY + timedelta(days=day)}, value: {value}, author: {who}}}"
        for day, who, value in said
    ]
    return "\n".join(["check_ins:", *lines]) + "\n"


def test_answers_of_files_become_observations_of_ended_periods(asked):
    asked.put("check_ins/q1.yaml", in_files((0, "ada", 4), (1, "ben", 3), (15, "ada", 5), (22, "ada", 1)))
    observed = read(asked, "first")
    assert (observed.recorded, observed.refused, observed.failures) == (2, (), {})
    assert stored(asked) == [("2026-01-05", 3.5, 2.0, 1), ("2026-01-19", 5.0, 1.0, 1)]
    before = asked.open().store.dump()
    assert read(asked, "second").recorded == 0
    assert asked.open().store.dump() == before


def test_a_late_and_an_amended_answer_restate_and_the_past_stays_known(asked):
    say(asked, 0, "ada", 4)
    read(asked, "first")
    known_at = asked.open().store.known_until()
    say(asked, 1, "ben", 2)
    assert read(asked, "late").restated == 1
    say(asked, 0, "ada", 5)
    assert read(asked, "amended").restated == 1
    assert stored(asked) == [("2026-01-05", 3.5, 2.0, 3)]
    assert stored(asked, known_at) == [("2026-01-05", 4.0, 1.0, 1)]


@pytest.mark.parametrize("day", [0, 7, 14])
def test_a_period_whose_only_answer_is_taken_back_is_missing_again(asked, day):
    for each in (0, 7, 14):
        say(asked, each, "ada", 4)
    read(asked, "first")
    say(asked, day, "ada", None, withdraw=True)
    assert read(asked, "second").withdrawn == 1
    assert [it[0] for it in stored(asked)] == [str(MONDAY + timedelta(days=it)) for it in (0, 7, 14) if it != day]


def test_expectations_judge_what_people_answered(asked):
    say(asked, 0, "ada", 40)
    refused = read(asked, "first").refused
    assert [(it.metric, it.rule) for it in refused] == [("team_mood", "maximum")]
    assert stored(asked) == []
    say(asked, 0, "ada", 4)
    assert (read(asked, "second").open_quarantine, stored(asked)) == (0, [("2026-01-05", 4.0, 1.0, 1)])


def test_a_key_result_reads_a_survey_like_any_metric(asked):
    workspace = asked.open()
    run = Run("none", workspace.as_of())
    observe(workspace, CHECK_INS, run=run)
    scored = score_and_record(workspace, run).scores.key_results.set_index("key_result")
    assert scored.loc[KEY_RESULT, ["status", "reason"]].tolist() == ["unknown", "no_observation"]
    nobody = asked.open().store.known_until()
    say(asked, 15, "ada", 3.5)
    read(asked, "some")
    workspace = asked.open()

    def value(as_of: datetime, known_at: datetime | None = None) -> float:
        evidence = gather(workspace, as_of, known_at=known_at)
        rows = evaluate(workspace.configuration, evidence, as_of).key_results.set_index("key_result")
        return float(rows.loc[KEY_RESULT, "value"])

    assert value(workspace.as_of()) == 3.5
    assert pd.isna(value(workspace.as_of(), nobody))
    assert pd.isna(value(datetime(2026, 1, 24, tzinfo=UTC)))


def test_a_survey_is_a_source_that_answers(asked):
    say(asked, 15, "ada", 4)
    read(asked, "first")
    workspace = asked.open()
    evidence = gather(workspace, workspace.as_of())
    trust = source_trust(workspace, workspace.as_of(), known_at=evidence.known_at, quarantine=evidence.quarantine)
    assert [(it.id, it.connector, it.state, it.metrics) for it in trust if it.id == CHECK_INS] == [
        (CHECK_INS, "check-ins", "ok", 1)
    ]
    told = {it.check: it.status for it in examine_sources(asked.directory / "config")}
    assert told["source check_ins"] == "ok"
