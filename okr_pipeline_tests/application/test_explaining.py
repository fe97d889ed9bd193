"""What lies behind a value is told with its history: late, restated, withdrawn and missing rows as such."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from okr_pipeline.application.explaining import as_json, explain
from okr_pipeline.application.observing import observe
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.application.workspace import Workspace
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
    """A store that remembers whose observations were asked for."""

    def __init__(self, store: Store, metrics: list[object]) -> None:
        self._store, self._metrics = store, metrics

    def observations(self, metrics=None, start=None, end=None, known_at=None):
        self._metrics.append(metrics)
        return self._store.observations(metrics, start, end, known_at)

    def __getattr__(self, name: str) -> object:
        return getattr(self._store, name)


def test_explaining_one_key_result_reads_no_metric_of_another(small):
    small.write(dict.fromkeys(JANUARY, 10))
    other = METRICS.format(expect=small.expect).replace("signups:", "visits:", 1).replace("Sign-ups", "Visits")
    small.put("metrics/visits.yaml", other)
    apart = OKRS.split("objectives:\n")[1].replace("grow:", "be-seen:").replace("      signups:", "      visits:")
    small.put("okrs/q1.yaml", OKRS + apart.replace("metric: signups", "metric: visits"))
    workspace, asked = run(small, 1), list[object]()
    watched = replace(workspace, store=Asked(workspace.store, asked))
    assert explain(watched, "visits", as_of=workspace.as_of()).record["value"] == 310
    assert asked == [{"visits"}]
