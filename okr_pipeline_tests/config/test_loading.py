"""A valid configuration becomes the model; problems are collected over all files, and follow-ups are not told."""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from okr_pipeline.config.loading import load
from okr_pipeline.config.problem import ConfigurationError, Problem
from okr_pipeline.config.projects import load_project
from okr_pipeline.config.sources import ConnectorSchema
from okr_pipeline.model.calendar import Calendar, Duration, Grain
from okr_pipeline.model.metric import Across, Additivity, Band, Better, Expectations, Extra, Limit, Rollup
from okr_pipeline.model.okr import (
    AT_START,
    Accumulate,
    Baseline,
    Budget,
    Cadence,
    Change,
    Checkpoint,
    Maintain,
    MetricReached,
    Milestone,
    Milestones,
    Over,
    Pace,
    Points,
    Reach,
    RelativeTarget,
    Share,
)

EXAMPLE = Path(__file__).parents[2] / "config"


def test_the_project_is_read(editor):
    project = editor.load().project
    assert project.name == "Harbour Air"
    assert project.calendar == Calendar("America/New_York", 0, (1, 1))
    assert project.store == "${OKR_STORE_URL:-sqlite:///.okr/okr.db}"
    assert (project.as_of, project.history_starts) == (None, date(2012, 1, 1))


def test_a_project_needs_only_a_name(editor):
    editor.files = {"project.yaml": "name: Alone\n"}
    configuration = editor.load()
    assert configuration.project.calendar == Calendar("UTC", 0, (1, 1))
    assert configuration.metrics == {}


def test_settings_of_a_source_stay_as_written(editor):
    sources = editor.load().sources
    assert sources["crm"].settings == {"instance": "https://acme.example", "client_secret": "${CRM_SECRET}"}
    assert list(sources) == ["crm", "sheets", "warehouse"]


def test_a_setting_may_be_a_variable_of_any_type(editor):
    editor.environ["ROWS"] = "12"
    assert editor.edit("sources/main.yaml", "max_rows: 1000", "max_rows: ${ROWS}").problems() == []


def test_a_metric_is_read(editor):
    metric = editor.load().metrics["departure_delay"]
    assert (metric.grain, metric.unit, metric.better, metric.rollup) == (
        Grain.DAY, "minutes", Better.LOWER, Rollup.WEIGHTED_MEAN,
    )  # fmt: skip
    assert set(metric.request) == {"query"}
    assert metric.dimensions == ("carrier",)
    assert (metric.freshness, metric.closes_after) == (Duration(36, "hours"), Duration(2, "days"))
    assert metric.healthy == Band(None, 15.0)
    assert metric.labels == {"tier": "1"}
    assert metric.expect == Expectations(
        minimum=Limit(-60),
        maximum=Limit(300),
        complete=Limit(0.95),
        max_change_ratio=Limit(5, "warn"),
        anomaly=Limit(6, "warn"),
        flat=Limit(10, "warn"),
        also=(Extra("ExpectColumnMedianToBeBetween", {"min_value": 0, "max_value": 60}),),
    )


def test_what_is_left_out_has_its_default(editor):
    metric = editor.load().metrics["signups"]
    assert metric.name == "Signups"
    assert (metric.closes_after, metric.restates, metric.freshness) == (Duration(0, "hours"), Duration(7, "days"), None)
    assert (metric.empty, metric.provisional, metric.additivity) == ("missing", "use", Additivity.ADDITIVE)


@pytest.mark.parametrize(
    ("metric", "across"),
    [
        ("signups", Across.SUM), ("departure_delay", Across.WEIGHTED_MEAN), ("stores", Across.NONE), ("users", Across.NONE),
        ("cost_per_flight", Across.NONE),
    ],
)  # fmt: skip
def test_members_combine_as_periods_do_where_that_is_right(editor, metric, across):
    assert editor.load().metrics[metric].across is across


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("monotonic: true", {"monotonic": "block"}),
        ("monotonic: {severity: warn}", {"monotonic": "warn"}),
        ("monotonic: false", {}),
        ("min: 0", {"minimum": Limit(0)}),
        ("min: {value: 0, severity: warn}", {"minimum": Limit(0, "warn")}),
        ("max: 5", {"maximum": Limit(5)}),
        ("between: {min: 0, max: 5, severity: warn}", {"minimum": Limit(0, "warn"), "maximum": Limit(5, "warn")}),
        ("complete: {ratio: 1, severity: warn}", {"complete": Limit(1, "warn")}),
        ("max_change: 0.5", {"max_change_ratio": Limit(0.5)}),
        ("anomaly: {value: 6, severity: block}", {"anomaly": Limit(6, "block")}),
        ("flat: 3", {"flat": Limit(3, "warn")}),
        ("also: []", {}),
    ],
)
def test_a_rule_is_a_bare_value_or_one_with_its_severity(editor, written, expected):
    editor.edit("metrics/main.yaml", "empty: zero", f"empty: zero, expect: {{{written}}}")
    assert editor.load().metrics["flights"].expect == Expectations(**expected)


def test_a_derived_metric_takes_from_its_parts_what_it_does_not_say(editor):
    editor.edit("metrics/main.yaml", "empty: zero", "empty: zero, freshness: 5d, dimensions: [carrier]")
    editor.edit(
        "metrics/main.yaml", "closes_after: 3d", "closes_after: 3d, dimensions: [carrier], timezone: Asia/Tokyo"
    )
    editor.edit(
        "metrics/main.yaml",
        "query: q, grain: day, unit: count,",
        "query: q, timezone: Asia/Tokyo, grain: day, unit: count,",
    )
    metric = editor.load().metrics["cost_per_flight"]
    assert (metric.source, metric.rollup, metric.formula_text) == (None, None, "spend / flights")
    assert metric.dimensions == ("carrier",)
    assert metric.closes_after == Duration(3, "days")
    assert metric.freshness == Duration(5, "days")
    assert metric.timezone == "Asia/Tokyo"


@pytest.mark.parametrize(
    ("key_result", "measure"),
    [
        ("2013-Q2/delay", Reach(15, 10)),
        ("2013/delay", Reach(AT_START, 9)),
        ("2013-Q2/on-time", Change(Points(0.02))),
        ("2013-Q2/weekly-users", Change(Share(0.25))),
        ("2013-Q2/on-time-share", Maintain(None, None, 0.8, "events")),
        ("2013-Q2/cheap", Maintain(None, 90, 0.9)),
        ("2013-Q2/more-flights", Accumulate(RelativeTarget(0.2, "previous_cycle"))),
        ("2013-Q2/budget", Budget(120000)),
        ("2013-Q2/rhythm", Cadence(40, Grain.WEEK, 0.75)),
        ("2013-Q2/find-out", Baseline(8)),
        (
            "2013-Q2/launches",
            Milestones((
                Milestone("Search", 2, date(2013, 5, 10), date(2013, 5, 2)),
                Milestone("Ten stores", when=MetricReached("stores", 10, {"region": "east"})),
            )),
        ),
    ],
)  # fmt: skip
def test_every_measure_is_read(editor, key_result, measure):
    assert next(found for found in editor.load().key_results() if found.full_id == key_result).measure == measure


def test_a_key_result_is_read(editor):
    found = {result.full_id: result for result in editor.load().key_results()}
    delay, late = found["2013-Q2/delay"], found["2013-Q2/find-out"]
    assert (delay.objective, delay.metric, delay.where) == ("2013-Q2/punctual", "departure_delay", {"carrier": "B6"})
    assert (delay.starts, delay.ends) == (date(2013, 4, 1), date(2013, 6, 30))
    assert (delay.over, delay.pace) == (Over("trailing", Duration(28, "days")), Pace())
    assert (late.starts, late.state, late.state_reason) == (
        date(2013, 4, 15),
        "paused",
        "The counter is being rebuilt.",
    )
    assert found["2013-Q2/more-flights"].pace == Pace(
        "checkpoints", (Checkpoint(date(2013, 5, 1), 3000), Checkpoint(date(2013, 6, 1), 6000))
    )


def test_parents_are_full_ids_and_cycles_come_in_order_of_time(editor):
    configuration = editor.load()
    assert {name: objective.parent for name, objective in configuration.objectives.items()} == {
        "2013/lead": None,
        "2013-Q2/punctual": "2013/lead",
        "2013-Q2/grow": "2013-Q2/punctual",
    }
    assert configuration.objectives["2013-Q2/punctual"].contributes_weight == 1
    assert list(configuration.cycles) == ["2013", "2013-Q2"]


def test_a_member_that_yaml_reads_as_a_number_is_text(editor):
    editor.edit("okrs/2013-q2.yaml", "where: {carrier: B6}", "where: {carrier: 9}")
    assert next(found for found in editor.load().key_results() if found.full_id == "2013-Q2/delay").where == {
        "carrier": "9"
    }


def test_all_problems_of_all_files_are_told_at_once_in_order(editor):
    editor.edit("project.yaml", "monday", "munday").edit("sources/main.yaml", "max_rows", "rows")
    editor.edit("metrics/main.yaml", "36h", "36x").edit("okrs/2013.yaml", "to: 9", "too: 9")
    with pytest.raises(ConfigurationError) as caught:
        editor.load()
    problems = caught.value.problems
    assert [problem.line for problem in problems] == [17, 12, 12, 3, 5]
    assert list(problems) == sorted(problems)
    assert str(caught.value).count("\n") == len(problems) - 1


BROKEN = "{"


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("sources/main.yaml", BROKEN), ("metrics/main.yaml", BROKEN), ("okrs/2013.yaml", BROKEN), ("sources/main.yaml", "sources: []"),
        ("metrics/main.yaml", "metric: {}"), ("okrs/2013.yaml", "cycle: {id: 2013}"), ("project.yaml", BROKEN),
    ],
)  # fmt: skip
def test_what_a_broken_file_might_define_is_not_called_unknown(editor, file, content):
    editor.write({file: content})
    problems = editor.problems()
    assert problems
    assert all(problem.startswith(f"{file}:") for problem in problems)


def test_a_broken_file_does_not_hide_the_problems_of_others(editor):
    editor.write({"metrics/other.yaml": BROKEN}).edit("metrics/main.yaml", "36h", "36x")
    editor.edit("okrs/2013.yaml", "to: 9", "to: nine")
    assert [problem.split(":")[0] for problem in editor.problems()] == [
        "metrics/main.yaml", "metrics/other.yaml", "okrs/2013.yaml",
    ]  # fmt: skip


def test_a_metric_with_a_problem_is_not_called_unknown_where_it_is_read(editor):
    editor.edit("metrics/main.yaml", "closes_after: 3d", "closes_after: soon")
    assert len(editor.problems()) == 1


def test_a_circle_of_formulas_is_told_once_and_not_where_it_is_read(editor):
    editor.files["metrics/circle.yaml"] = (
        "metrics:\n"
        "  a: {formula: b + 1, grain: day, unit: count, better: higher}\n"
        "  b: {formula: c + 1, grain: day, unit: count, better: higher}\n"
        "  c: {formula: a + 1, grain: day, unit: count, better: higher}\n"
        "  d: {formula: a + flights, grain: day, unit: count, better: higher}\n"
    )
    (message,) = editor.problems()
    assert message == (
        "metrics/circle.yaml:4:16: metric 'c': formula needs itself: a → b → c → a. A formula is computed after the metrics it"
        " names. Take one of them out of the circle."
    )


def test_formulas_of_formulas_are_resolved_in_any_order(editor):
    editor.files["metrics/chain.yaml"] = (
        "metrics:\n"
        "  a: {formula: b + flights, grain: day, unit: count, better: higher}\n"
        "  b: {formula: flights * 2, grain: day, unit: count, better: higher}\n"
    )
    assert {"a", "b"} <= set(editor.load().metrics)


def test_an_id_is_given_once_over_all_files(editor):
    editor.files["metrics/more.yaml"] = (
        "metrics:\n  spend: {source: warehouse, query: q, grain: day, unit: a, better: lower, rollup: sum}\n"
    )
    (message,) = editor.problems()
    assert message == (
        "metrics/more.yaml:2:3: metric 'spend' is already defined in metrics/main.yaml:35:3. One of the two would be lost."
        " Rename or remove one of them."
    )


def test_an_unpinned_dimension_of_a_part_is_told_where_the_derived_metric_is_read(editor):
    editor.edit("metrics/main.yaml", "closes_after: 3d", "dimensions: [carrier], across: none")
    editor.edit("metrics/main.yaml", "empty: zero", "dimensions: [carrier]")
    assert (
        "okrs/2013-q2.yaml:55:17: key result '2013-Q2/cheap': metric: the dimension 'carrier' of metric 'cost_per_flight' is not"
        " pinned. The members of its part 'spend' cannot be combined: across is none. Add 'where: {carrier: …}', or 'across' to"
        " the metric."
    ) in editor.problems()


def test_the_project_alone_is_read_whatever_else_is_broken(editor):
    editor.write(dict(editor.files)).write({"metrics/main.yaml": BROKEN, "okrs/2013.yaml": BROKEN})
    assert load_project(editor.directory, environ={}).name == "Harbour Air"


def test_a_problem_says_where_what_why_and_how():
    problem = Problem("a.yaml", 1, 2, "project has no 'name'", "It is printed everywhere", "Did you mean 'name'?")
    assert str(problem) == "a.yaml:1:2: project has no 'name'. It is printed everywhere. Did you mean 'name'?"


def test_what_breaks_a_line_or_commands_a_terminal_is_not_printed(editor):
    editor.edit("metrics/main.yaml", "freshness: 36h", '"\\e[31m\\nred": 1')
    escaped, unknown = editor.problems()
    assert "an invisible control character (U+001B) stands here" in escaped
    assert escaped.isprintable()
    assert unknown.isprintable()


def test_the_example_loads_without_any_variable_set():
    from connectors.catalogue import load_connectors

    described = {name: connector.describe() for name, connector in load_connectors().items()}
    connectors = {name: ConnectorSchema(it.settings, it.request) for name, it in described.items()}
    configuration = load(EXAMPLE, connectors=connectors, environ={})
    assert len(configuration.metrics) >= 12
    assert len(list(configuration.key_results())) >= 15
    assert len(configuration.objectives) >= 5


def test_loading_imports_neither_pandas_nor_what_only_mistakes_need():
    program = (
        "import sys, okr_pipeline.config as c; "
        "print([m for m in ('pandas', 'numpy', 'rapidfuzz', 'dagster', 'great_expectations', 'sqlalchemy') if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout == "[]\n"
