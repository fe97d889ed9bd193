"""What lies behind a value is told with its history: late, restated, withdrawn and missing rows as such."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from okr_pipeline.application.explaining import as_json, explain
from okr_pipeline.application.observing import observe
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.application.telling import status
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.rendering.explanation_page import sections
from okr_pipeline.store import Store
from okr_pipeline_tests.arithmetic import check_explanation, near, worked_out
from okr_pipeline_tests.projects import METRICS, OKRS

JANUARY = [date(2026, 1, 1) + timedelta(days=number) for number in range(31)]


def run(project, number: int) -> Workspace:
    """What `okr run` does to the store."""
    workspace = project.open()
    it = Run(f"run-{number}", workspace.as_of())
    observe(workspace, "sheets", run=it)
    score_and_record(workspace, it)
    return workspace


@pytest.fixture
def restated(small) -> Workspace:
    """A month that lacked one day; then that day came, another was restated, and a third was taken back."""
    days = dict.fromkeys(JANUARY, 10)
    small.write({day: value for day, value in days.items() if day.day != 20})
    run(small, 1)
    small.write({day: value for day, value in (days | {JANUARY[9]: 12}).items() if day.day != 5})
    return run(small, 2)


def test_rows_that_are_late_restated_or_withdrawn_are_marked_with_what_they_were(restated):
    it = explain(restated, "signups", as_of=restated.as_of())
    marked = {row["period_start"][:10]: (row["mark"], row["was"]) for row in it.observations if row["mark"]}
    assert marked == {  # periods of Berlin begin at 23:00 the day before
        "2026-01-04": ("withdrawn", [10.0]),
        "2026-01-09": ("restated", [10.0]),
        "2026-01-19": ("late", []),
    }
    assert [row["period_start"][:10] for row in it.periods if row["mark"] == "missing"] == ["2026-01-04"]
    assert {row["run_id"]: row["rows"] for row in it.runs} == {"run-2": 3, "run-1": 28}


@pytest.mark.parametrize(("last", "said"), [(31, "2026-01-31."), (30, "2026-01-30 and none after it.")])
def test_the_window_says_whether_something_has_come_after_its_newest_period(small, last, said):
    small.write({day: 10 for day in JANUARY if day.day <= last})
    workspace = run(small, 1)
    [window] = [it for it in sections(explain(workspace, "signups", as_of=workspace.as_of())) if it.title == "Window"]
    assert window.lines[0].endswith(f"{last} of {last} periods observed, the newest until the end of {said}")


def test_what_was_known_before_is_explained_without_what_came_later(restated):
    first = restated.store.first_published("2026-Q1/signups")["recorded_at"].iloc[0].to_pydatetime()
    it = explain(restated, "signups", as_of=restated.as_of(), known_at=first)
    assert [row["mark"] for row in it.observations if row["mark"]] == []
    assert it.record["value"] == 300


@pytest.mark.parametrize(
    ("corrected", "said"),
    [
        (10, "1 of 1 period observed"),
        (16, "1 of 1 period observed; kept as it was fixed, the rows come to 16 by now"),
        (None, "0 of 1 period observed; kept as it was fixed"),
    ],
)
def test_a_baseline_that_is_fixed_says_what_became_of_its_rows(small, corrected, said):
    days = {date(2025, 12, 31): 10} | dict.fromkeys(JANUARY, 12)
    config = small.directory / "config/project.yaml"
    small.write(days)
    small.put("okrs/q1.yaml", OKRS.replace("{accumulate: {to: 900}}", "{reach: {from: at_start, to: 20}}"))
    config.write_text(config.read_text().replace("history_starts: 2026-01-01", "history_starts: 2025-12-01"))
    run(small, 1)
    days[date(2025, 12, 31)] = corrected
    lines = ["day,signups", *(f"{day},{'' if value is None else value}" for day, value in days.items())]
    small.put("data/signups.csv", "\n".join(lines) + "\n")
    workspace = run(small, 2)
    steps = {step.what: step for step in explain(workspace, "signups", as_of=workspace.as_of()).steps}
    assert (steps["baseline"].result, steps["baseline"].remark) == (10, said)


def test_json_has_every_number_in_full(restated):
    it = explain(restated, "signups", as_of=restated.as_of())
    steps = {step["what"]: step for step in as_json(it)["steps"]}
    assert near(worked_out([steps["progress"]["numbers"]]), it.record["progress"])
    assert steps["progress"]["result"] == it.record["progress"]
    assert check_explanation(it) > 5


class Asked:
    """A store that remembers whose observations were asked for, and from when on."""

    def __init__(self, store: Store, asked: list[tuple[object, datetime]]) -> None:
        self._store, self._asked = store, asked

    def observations(self, metrics=None, start=None, end=None, known_at=None):
        self._asked.append((metrics, start))
        return self._store.observations(metrics, start, end, known_at)

    def observed_values(self, metrics=None, start=None, end=None, known_at=None):
        self._asked.append((metrics, start))
        return self._store.observed_values(metrics, start, end, known_at)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


def test_explaining_one_key_result_reads_no_metric_of_another(small):
    small.write(dict.fromkeys(JANUARY, 10))
    other = METRICS.format(expect=small.expect).replace("signups:", "visits:", 1).replace("Sign-ups", "Visits")
    small.put("metrics/visits.yaml", other)
    apart = OKRS.split("objectives:\n")[1].replace("grow:", "be-seen:").replace("      signups:", "      visits:")
    small.put("okrs/q1.yaml", OKRS + apart.replace("metric: signups", "metric: visits"))
    workspace, asked = run(small, 1), list[tuple[object, datetime]]()
    watched = replace(workspace, store=Asked(workspace.store, asked))
    assert explain(watched, "visits", as_of=workspace.as_of()).record["value"] == 310
    assert [metrics for metrics, _ in asked] == [{"visits"}, {"visits"}]


def test_what_forecasts_alone_look_at_is_read_of_what_is_explained_and_of_no_other(small):
    other = METRICS.format(expect=small.expect).replace("signups:", "visits:", 1).replace("Sign-ups", "Visits")
    small.put("metrics/visits.yaml", other)
    second = OKRS.split("    key_results:\n")[1].replace("      signups:", "      visits:")
    small.put("okrs/q1.yaml", OKRS + second.replace("metric: signups", "metric: visits"))
    workspace, asked = run(small, 1), list[tuple[object, datetime]]()
    watched = replace(workspace, store=Asked(workspace.store, asked))
    forecast = explain(watched, "visits", as_of=workspace.as_of()).record["forecast"]
    assert forecast is not None
    assert forecast == by_id(status(workspace, as_of=workspace.as_of()))["2026-Q1/visits"]["forecast"]
    starts = {metric: start.year for metrics, start in asked[:-1] for metric in metrics}
    assert starts == {"signups": 2025, "visits": 2022}
    assert asked[-1][0] == {"visits"}


def by_id(told) -> dict[str, dict]:
    return {it["id"]: it for it in told["key_results"]}


HEAD = OKRS.split("      signups:")[0]
MANY = 40


def key_result(name: str, *lines: str) -> str:
    """A key result of the objective in HEAD."""
    facts = (f"title: Win {name}", "owner: growth@small.example", *lines)
    return f"      {name}:\n" + "".join(f"        {line}\n" for line in facts)


@pytest.fixture
def crowd(small) -> Workspace:
    """An objective of many key results, the later the further behind, one cancelled, one unknown; all are 310 by now."""
    every = [("metric: signups", f"measure: {{accumulate: {{to: {400 + 10 * number}}}}}") for number in range(MANY)]
    every[2] += ("state: cancelled", "state_reason: too much")
    every[4] = ("measure: {manual: {from: 0, to: 9}}",)
    small.put("okrs/q1.yaml", HEAD + "".join(key_result(f"k{number:02d}", *it) for number, it in enumerate(every)))
    return run(small, 1)


def test_of_many_members_a_page_shows_the_one_explained_and_those_that_the_score_lacks_most_by(crowd):
    it = explain(crowd, "k00", as_of=crowd.as_of())
    [level] = it.levels
    assert (len(level.members), level.through) == (MANY, "2026-Q1/k00")
    assert len(as_json(it)["levels"][0]["members"]) == MANY
    [section] = [section for section in sections(it) if section.title.startswith("Its objective")]
    shown = [row[0].removeprefix("2026-Q1/") for row in section.rows]
    assert shown == ["k00", "k04", *(f"k{number:02d}" for number in range(12, MANY))]
    assert section.lines[-1] == (
        "Of 40 members 2026-Q1/k00 and the 29 that it lacks most by are shown; --json has all."
    )


def test_an_objective_of_many_members_shows_those_that_it_lacks_most_by(crowd):
    it = explain(crowd, "grow", as_of=crowd.as_of())
    [section] = [section for section in sections(it) if section.title == "Made of"]
    shown = [row[0].removeprefix("2026-Q1/") for row in section.rows]
    assert shown == ["k04", *(f"k{number:02d}" for number in range(11, MANY))]
    assert section.lines[-1] == "Of 40 members the 30 that it lacks most by are shown; --json has all."


def test_of_many_terms_only_their_sum_is_written(crowd):
    it = explain(crowd, "grow", as_of=crowd.as_of())
    steps = {step.what: step for step in it.steps}
    total = sum(310 / (400 + 10 * number) for number in range(MANY) if number not in (2, 4))
    assert near(steps["score"].numbers[0], total)
    assert steps["score"].numbers[1:] == (" / ", 38.0)
    assert check_explanation(it) >= 3


def test_of_many_parts_the_largest_are_named_and_their_sum_is_written(small):
    small.write({day: 10 + day.day for day in JANUARY})
    whole = key_result("all", "measure: {accumulate: {to: 200}}")
    days = [f"2026-01-{number:02d}" for number in range(1, 15)]
    common = ("metric: signups", "measure: {accumulate: {to: 5}}", "contributes_to: 2026-Q1/all")
    parts = [key_result(f"p{day[-2:]}", f"starts: {day}", f"ends: {day}", *common) for day in days]
    small.put("okrs/q1.yaml", HEAD + whole + "".join(parts))
    workspace = run(small, 1)
    it = explain(workspace, "all", as_of=workspace.as_of())
    [step] = [step for step in it.steps if step.what == "value"]
    assert (step.numbers, step.result) == ((245.0,), 245.0)
    assert step.remark.startswith("2026-Q1/p14 24, 2026-Q1/p13 23, ")
    assert step.remark.endswith("2026-Q1/p03 13 and 2 more")
    check_explanation(it)
