"""What can be wrong with check-ins and people, and exactly what is said about it."""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import pytest

from okr_pipeline.config.archive import dump, version
from okr_pipeline.config.loading import load
from okr_pipeline.config.problem import ConfigurationError
from okr_pipeline.model.check_in import CheckIn
from okr_pipeline.model.people import Person

PROJECT: Final = "name: P\ntimezone: America/New_York\n"
METRICS: Final = """\
metrics:
  kpi: {source: sheets, file: kpi.csv, grain: day, unit: count, better: higher, rollup: sum}
  mood: {survey: true, grain: week, unit: score, better: higher, rollup: mean}
"""
OKRS: Final = """\
cycle: {id: Q1, starts: 2026-01-01, ends: 2026-03-31, check_in: biweekly}
objectives:
  o:
    title: O
    owner: ceo@example.com
    level: company
    intent: committed
    key_results:
      talks: {title: Ten talks, owner: sales@example.com, measure: {manual: {from: 0, to: 10}}, check_in: daily}
      sales: {title: Sell, owner: sales@example.com, metric: kpi, measure: {accumulate: {to: 10}}, ends: 2026-02-28}
      steps: {title: Step, owner: sales@example.com, measure: {milestones: [{title: One}]}}
"""
NOW: Final = datetime(2026, 3, 2, 4, 30, tzinfo=UTC)
"""Half past eleven in the evening of 1 March in New York."""

FIRST: Final = "check_ins:\n  - {key_result: Q1/talks, on: 2026-01-09, value: 4, confidence: 0.6, author: ada}\n"


@pytest.fixture
def read(tmp_path: Path, editor):
    def read(check_ins="", people="", okrs=OKRS):
        files = {"project.yaml": PROJECT, "metrics/m.yaml": METRICS, "okrs/q1.yaml": okrs}
        files |= {"sources/s.yaml": "sources: {sheets: {connector: files, path: data/}}\n"}
        files |= {"check_ins/q1.yaml": check_ins} if check_ins else {}
        files |= {"people.yaml": people} if people else {}
        for name, text in files.items():
            (tmp_path / name).parent.mkdir(exist_ok=True)
            (tmp_path / name).write_text(text)
        return load(tmp_path, connectors=editor.connectors, environ={}, now=NOW)

    return read


@pytest.fixture
def problems(read, tmp_path):
    def problems(*args, **kwargs):
        with pytest.raises(ConfigurationError) as caught:
            read(*args, **kwargs)
        return [str(problem).removeprefix(f"{tmp_path.as_posix()}/") for problem in caught.value.problems]

    return problems


def line(text: str) -> str:
    return f"check_ins:\n  - {{{text}}}\n"


FAULTS: Final = {
    "unknown key result": (
        "key_result: Q1/talk, on: 2026-01-09, value: 4",
        "check_ins/q1.yaml:2:18: check-in: key_result: there is no key result 'Q1/talk'. A check-in is about one that is defined, by its full id. Did you mean 'Q1/talks'?",
    ),
    "outside the cycle": (
        "key_result: Q1/talks, on: 2025-12-31, value: 4",
        "check_ins/q1.yaml:2:32: check-in: on: 2025-12-31 is outside 2026-01-01 to 2026-03-31. Key result 'Q1/talks' lasts so long in cycle 'Q1'. Choose a day between them, or the key result of another cycle.",
    ),
    "outside its own span": (
        "key_result: Q1/sales, on: 2026-03-01, note: late",
        "check_ins/q1.yaml:2:32: check-in: on: 2026-03-01 is outside 2026-01-01 to 2026-02-28. Key result 'Q1/sales' lasts so long in cycle 'Q1'. Choose a day between them, or the key result of another cycle.",
    ),
    "in the future where the project is": (
        "key_result: Q1/talks, on: 2026-03-02, value: 4",
        "check_ins/q1.yaml:2:32: check-in: on: 2026-03-02 is in the future. Nobody can say yet how it was. Correct the date.",
    ),
    "confidence above 1": (
        "key_result: Q1/talks, on: 2026-01-09, confidence: 60",
        "check_ins/q1.yaml:2:56: check-in: confidence: 60 is not a share, at most 1. That the key result will be reached, 0 to 1. Write 0.6 for 60 percent.",
    ),
    "confidence below 0": (
        "key_result: Q1/talks, on: 2026-01-09, confidence: -0.1",
        "check_ins/q1.yaml:2:56: check-in: confidence: -0.1 is not at least 0. That the key result will be reached, 0 to 1. Write a number at least 0.",
    ),
    "a value for what reads a metric": (
        "key_result: Q1/sales, on: 2026-01-09, value: 4",
        "check_ins/q1.yaml:2:51: check-in: value: key result 'Q1/sales' reads metric 'kpi'. Only a manual key result takes its value from check-ins. Remove value, and say it in the note.",
    ),
    "a value for milestones": (
        "key_result: Q1/steps, on: 2026-01-09, value: 4",
        "check_ins/q1.yaml:2:51: check-in: value: key result 'Q1/steps' is measured by milestones. Only a manual key result takes its value from check-ins. Remove value, and say it in the note.",
    ),
    "nothing said": (
        "key_result: Q1/talks, on: 2026-01-09, author: ada",
        "check_ins/q1.yaml:2:5: check-in: says nothing. It has a value, a confidence, a note or a finding. Add one of them.",
    ),
    "about nothing": (
        "on: 2026-01-09, note: hm",
        "check_ins/q1.yaml:2:5: check-in has neither key_result nor metric. It is about a key result, or an answer to a survey. Add 'key_result: 2013-Q2/departure-delay' or 'metric: team_mood'.",
    ),
    "misspelt key": (
        "key_result: Q1/talks, on: 2026-01-09, confidense: 0.5",
        "check_ins/q1.yaml:2:44: check-in: confidense is not a known key. Unknown keys are refused, so that no misspelt one is passed over. Did you mean 'confidence'?",
    ),
    "about both": (
        "key_result: Q1/talks, metric: mood, on: 2026-01-09, value: 4",
        "check_ins/q1.yaml:2:28: check-in: metric is given with key_result. A check-in is about a key result, or an answer to a survey. Remove one of them, or write two check-ins.",
    ),
    "unknown survey": (
        "metric: moood, on: 2026-01-09, value: 4, author: ada",
        "check_ins/q1.yaml:2:14: check-in: metric: there is no metric 'moood'. An answer is to a survey that is defined, by its id. Did you mean 'mood'?",
    ),
    "an answer to what is no survey": (
        "metric: kpi, on: 2026-01-09, value: 4, author: ada",
        "check_ins/q1.yaml:2:14: check-in: metric: 'kpi' is no survey. Its values come from source sheets. Name a metric with 'survey: true'.",
    ),
    "an answer without value": (
        "metric: mood, on: 2026-01-09, note: fine, author: ada",
        "check_ins/q1.yaml:2:5: check-in has no value. An answer to a survey is a number; a note may explain it. Give a value.",
    ),
    "an answer of nobody": (
        "metric: mood, on: 2026-01-09, value: 4",
        "check_ins/q1.yaml:2:5: check-in has no author. Of several answers of one author the newest counts. Add 'author: …'.",
    ),
    "an answer of tomorrow": (
        "metric: mood, on: 2026-03-02, value: 4, author: ada",
        "check_ins/q1.yaml:2:24: check-in: on: 2026-03-02 is in the future. Nobody can say yet how it was. Correct the date.",
    ),
    "an answer with confidence": (
        "metric: mood, on: 2026-01-09, value: 4, confidence: 0.5, author: ada",
        "check_ins/q1.yaml:2:58: check-in: confidence is not asked by a survey. It is said of a key result. Remove confidence, and say it in the note.",
    ),
}


@pytest.mark.parametrize(("written", "said"), FAULTS.values(), ids=FAULTS)
def test_a_check_in_is_refused_where_it_stands(problems, written, said):
    assert problems(line(written)) == [said]


def test_one_author_says_one_thing_of_one_day_over_all_files(problems, tmp_path):
    (tmp_path / "check_ins").mkdir()
    (tmp_path / "check_ins/a.yaml").write_text(FIRST)
    told = problems(line("key_result: Q1/talks, on: 2026-01-09, value: 5, author: ada"))
    assert len(told) == 1
    assert "check_ins/q1.yaml:2:5: check-in: ada has checked in on 2026-01-09 already, in " in told[0]
    assert "check_ins/a.yaml:2:5. One author says one thing of one day. Remove one of them." in told[0]


def test_check_ins_are_read_but_define_nothing(read):
    without = read()
    configuration = read(FIRST + "  - {key_result: Q1/sales, on: 2026-03-01, note: Closed}\n".replace("03-01", "02-01"))
    assert configuration.check_ins == (
        CheckIn("Q1/talks", date(2026, 1, 9), "ada", 4.0, 0.6),
        CheckIn("Q1/sales", date(2026, 2, 1), "sales@example.com", note="Closed"),
    )
    assert configuration.version == without.version == version(configuration)
    assert dump(configuration) == dump(without)


def test_answers_to_a_survey_are_read_and_define_nothing(read):
    configuration = read(line("metric: mood, on: 2026-01-09, value: 4, author: ada, note: Busy"))
    assert configuration.check_ins == (CheckIn("mood", date(2026, 1, 9), "ada", 4.0, note="Busy"),)
    assert configuration.version == read().version


def test_an_empty_file_of_check_ins_is_none(read):
    assert read("check_ins:\n").check_ins == ()


def test_the_rhythm_is_the_key_results_or_its_cycles(read):
    rhythms = {it.id: it.check_in for it in read().key_results()}
    assert rhythms == {"talks": "daily", "sales": "biweekly", "steps": "biweekly"}


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "manual: {from: 0, to: 10}",
            "manual: {from: 10, to: 10}",
            "okrs/q1.yaml:9:92: key result 'Q1/talks': measure.manual.to: 10 equals from.",
        ),
        (
            "measure: {manual: {from: 0, to: 10}}",
            "metric: kpi, measure: {manual: {from: 0, to: 10}}",
            "okrs/q1.yaml:9:59: key result 'Q1/talks': metric is not read by manual. Its value is what check-ins say. Remove metric, or measure it by 'reach: {from: …, to: …}'.",
        ),
        (
            "measure: {manual: {from: 0, to: 10}}",
            "over: latest, measure: {manual: {from: 0, to: 10}}",
            "okrs/q1.yaml:9:59: key result 'Q1/talks': over is given with manual. It has no window of values. Remove over.",
        ),
        (
            "check_in: daily",
            "check_in: hourly",
            "okrs/q1.yaml:9:107: key result 'Q1/talks': check_in: 'hourly' is not one of daily, weekly, biweekly, monthly.",
        ),
    ],
)
def test_a_manual_measure_is_refused_where_it_stands(problems, before, after, said):
    told = problems(okrs=OKRS.replace(before, after, 1))
    assert len(told) == 1
    assert told[0].startswith(said)


PEOPLE: Final = """\
people:
  ceo@example.com: {name: Ada Moreno, zone: Europe/Berlin, slack: U02ADA}
  sales@example.com: {sponsor: ceo@example.com}
  intern: {mail: intern@example.com, sponsor: sales@example.com}
"""


def test_people_are_read_and_count_as_definitions(read):
    configuration = read(people=PEOPLE)
    assert configuration.people["ceo@example.com"] == Person(
        "ceo@example.com", "Ada Moreno", "Europe/Berlin", "U02ADA", "ceo@example.com"
    )
    assert configuration.people["intern"].mail == "intern@example.com"
    assert configuration.version != read(people=PEOPLE.replace("Ada", "Eda")).version


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "sponsor: ceo@example.com",
            "sponsor: coe@example.com",
            [
                "people.yaml:3:32: person 'sales@example.com': sponsor: there is no person 'coe@example.com'. A sponsor is somebody that this file describes. Did you mean 'ceo@example.com'?"
            ],
        ),
        (
            "slack: U02ADA",
            "sponsor: sales@example.com",
            [
                "people.yaml:2:69: person 'ceo@example.com': sponsor: 'sales@example.com' leads back to this person. Nobody can be above themselves. Name a sponsor outside the circle, or leave it out.",
                "people.yaml:3:32: person 'sales@example.com': sponsor: 'ceo@example.com' leads back to this person. Nobody can be above themselves. Name a sponsor outside the circle, or leave it out.",
            ],
        ),
        (
            "Europe/Berlin",
            "Europe/Berlni",
            [
                "people.yaml:2:45: person 'ceo@example.com': zone: 'Europe/Berlni' is not a time zone. Days and weeks begin by the clock of an IANA zone. Did you mean 'Europe/Berlin'?"
            ],
        ),
    ],
)
def test_people_are_refused_where_they_stand(problems, before, after, said):
    assert problems(people=PEOPLE.replace(before, after, 1)) == said
