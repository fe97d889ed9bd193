"""What grows with a company grows in step with it: no line of Python runs four times for twice the key results.

Turns of each line are counted and not seconds, so that the machine has no say.
"""

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import okr_pipeline
from okr_pipeline.application.alerts import raise_alerts
from okr_pipeline.application.comparing import Asked, comparison
from okr_pipeline.application.comparing_rules import compare_rules
from okr_pipeline.application.explaining import explain
from okr_pipeline.application.linting import lint_project
from okr_pipeline.application.observing import observe
from okr_pipeline.application.planning import plan
from okr_pipeline.application.reviewing import review_cycle
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.application.snapshotting import take_snapshot
from okr_pipeline.application.telling import status
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.cli.comparing import print_comparison
from okr_pipeline.cli.plan_pages import markdown
from okr_pipeline.cli.rule_tables import print_comparison as print_rules
from okr_pipeline.cli.tables import print_explanation, print_status
from okr_pipeline.model.okr import Accumulate, KeyResult
from okr_pipeline.rendering import render_html
from okr_pipeline.rendering.review_page import review_markdown
from okr_pipeline.rendering.words import plural
from okr_pipeline_tests.projects import METRICS, OKRS, Small, january

FEW, MANY = 32, 64
PER_OBJECTIVE = 4
MOST = 2.5
"""How many times the turns with half as many; what is proportional takes twice, what grows by the square four times."""
RARE = 10 * MANY
"""A line that runs so seldom is let be."""
HEAD = OKRS.split("objectives:\n")[0] + "objectives:\n"
PRODUCT = str(Path(okr_pipeline.__file__).parent)


@dataclass(frozen=True)
class Company:
    """A project with a run, and the first of its key results."""

    workspace: Workspace
    store_url: str
    first: str = "2026-Q1/k0"

    @property
    def as_of(self) -> datetime:
        return self.workspace.as_of()


def objectives(key_results: int) -> str:
    """Objectives that all count in the first, with as many key results, each with a target of its own."""
    lines = []
    for number in range(key_results):
        if not number % PER_OBJECTIVE:
            above = "    parent: 2026-Q1/o0\n    contributes: {weight: 1}\n" if number else ""
            name = number // PER_OBJECTIVE
            lines.append(
                f"  o{name}:\n    title: Aim {name}\n    owner: a@small.example\n    level: team\n"
                f"    intent: committed\n{above}    key_results:\n"
            )
        lines.append(
            f"      k{number}:\n        title: Win {number}\n        owner: a@small.example\n{measured(number)}"
        )
    return HEAD + "".join(lines)


def measured(number: int) -> str:
    """A sum with a target of its own; every fifth is made of steps, one of which a metric decides."""
    if number % 5 == 4:
        when = f"{{metric: m{number // 2}, at_least: {number}}}"
        return f"        measure: {{milestones: [{{title: A}}, {{title: B, when: {when}}}]}}\n"
    return f"        metric: m{number // 2}\n        measure: {{accumulate: {{to: {900 + number}}}}}\n"


def metrics(number: int) -> str:
    """As many metrics, all of one column."""
    one = METRICS.format(expect="{min: 0, max: 1000}").removeprefix("metrics:\n")
    return "metrics:\n" + "".join(one.replace("  signups:\n", f"  m{each}:\n", 1) for each in range(number))


@pytest.fixture
def companies(small: Small, with_schema: Callable[[str], str], usual_store: Callable[[Path], str]) -> list[Company]:
    """One of few key results and one of twice as many, each after a run."""
    found = []
    for size in (FEW, MANY):
        directory = small.directory / str(size)
        directory.mkdir()
        project = Small(directory, with_schema(usual_store(directory))).write(january())
        project.put("okrs/q1.yaml", objectives(size))
        project.put("metrics/signups.yaml", metrics(size // 2))
        workspace = project.open()
        run = Run("run", workspace.as_of())
        observe(workspace, "sheets", run=run)
        score_and_record(workspace, run)
        found.append(Company(workspace, project.store_url))
    return found


def print_all(it: Company) -> None:
    print_status(status(it.workspace, as_of=it.as_of), "Europe/Berlin")


def compare_all(it: Company) -> None:
    told = comparison(it.workspace, Asked(datetime(2026, 1, 20, tzinfo=UTC), it.as_of))
    assert len(told["key_results"]) >= FEW
    print_comparison(told, "Europe/Berlin")


def explain_one(it: Company) -> None:
    print_explanation(explain(it.workspace, it.first, as_of=it.as_of))


def review_all(it: Company) -> None:
    review_markdown(review_cycle(it.workspace, "2026-Q1", as_of=it.as_of)[1], {})


def lint_all(it: Company) -> None:
    assert lint_project(it.workspace.config_dir, store_url=it.store_url)["without_data"] is None


def compare_all_rules(it: Company) -> None:
    print_rules(compare_rules(it.workspace, as_of=it.as_of), "Europe/Berlin")


def plan_all(it: Company) -> None:
    """Every target was another before."""
    now = it.workspace.configuration
    before = {
        name: replace(each, key_results=tuple(map(lighter, each.key_results))) for name, each in now.objectives.items()
    }
    told = plan(it.workspace, replace(now, objectives=before, version="before"), against="before", as_of=it.as_of)
    assert len(told.key_results) >= FEW
    markdown(told, "Europe/Berlin")


def lighter(it: KeyResult) -> KeyResult:
    return replace(it, measure=Accumulate(1000.0))


def write_page(it: Company) -> None:
    render_html(take_snapshot(it.workspace, it.as_of))


def run_again(it: Company) -> None:
    run = Run("again", it.as_of)
    assert not observe(it.workspace, "sheets", run=run).failures
    score_and_record(it.workspace, run)
    raise_alerts(it.workspace, run)


WORK = {
    "status": print_all,
    "status rules": compare_all_rules,
    "compare": compare_all,
    "explain": explain_one,
    "review": review_all,
    "lint": lint_all,
    "plan": plan_all,
    "scorecard": write_page,
    "run": run_again,
}


def turns_of(work: Callable[[], None]) -> Counter[tuple[str, str, int]]:
    """How often each line of the product runs, by file, function and number; a turn of a comprehension is one."""
    turns, before = Counter[tuple[str, str, int]](), sys.gettrace()

    def inside(frame: FrameType, event: str, _: Any) -> Any:
        turns[frame.f_code.co_filename, frame.f_code.co_name, frame.f_lineno] += event == "line"
        return inside

    def entered(frame: FrameType, _: str, __: Any) -> Any:
        return inside if frame.f_code.co_filename.startswith(PRODUCT) else None

    sys.settrace(entered)
    try:
        work()
    finally:
        sys.settrace(before)
    return turns


def test_what_tells_of_all_key_results_grows_in_step_with_them(companies):
    steep = {}
    for name, work in WORK.items():
        for it in companies:
            work(it)  # what is imported, remembered or done once does not count
        few, many = (turns_of(partial(work, it)) for it in companies)
        assert sum(few.values()) > 1000
        steep |= {(name, *line): turns for line, turns in many.items() if turns > RARE and turns > MOST * few[line]}
    assert steep == {}


def test_what_grows_by_the_square_is_seen():
    def square(number: int) -> None:
        for _ in range(number * number):
            plural(1, "turn")

    few, many = (turns_of(partial(square, number)) for number in (FEW, MANY))
    assert any(turns > RARE and turns > MOST * few[line] for line, turns in many.items())
