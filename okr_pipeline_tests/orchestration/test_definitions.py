"""The whole graph in process: what Dagster is shown, and what a run of it leaves behind."""

import json
from datetime import date, timedelta

import dagster as dg
import pytest

from okr_pipeline.orchestration.build import definitions_of
from okr_pipeline.orchestration.launch import run_history_job, run_main_job
from okr_pipeline_tests.orchestration.conftest import execute
from okr_pipeline_tests.projects import january

SIGNUPS = dg.AssetKey(["metric", "signups"])
KEY_RESULT = dg.AssetKey(["key_result", "2026-Q1", "signups"])
OBJECTIVE = dg.AssetKey(["objective", "2026-Q1", "grow"])
OBSERVATIONS, READS = dg.AssetKey(["observations", "sheets"]), dg.AssetKey(["reads", "sheets"])


@pytest.fixture
def run(small, instance):
    """Runs the main job on the small project."""
    return lambda **arguments: execute(small, instance, **arguments)


def materialized(result) -> set[dg.AssetKey]:
    return {event.asset_key for event in result.get_asset_materialization_events()}


def test_the_graph_shows_source_to_kpi_to_key_result_to_objective(small):
    graph = definitions_of(small.open()).resolve_asset_graph()
    assert graph.get(SIGNUPS).parent_keys == {OBSERVATIONS}
    assert graph.get(KEY_RESULT).parent_keys == {SIGNUPS}
    assert graph.get(OBJECTIVE).parent_keys == {KEY_RESULT}


@pytest.mark.parametrize(
    ("owner", "shown"),
    [
        ("ann.b+okr@mill-2.example", True),
        ("ann@mill.technology", False),
        ("ann@mill.x", False),
        ("o'brien@mill.example", False),
        (".ann@mill.example", False),
        ("_ann@mill.example", True),
        ("ö@mill.example", False),
        ("Ann Ä.", False),
    ],
)
def test_owners_whom_dagster_takes_for_nobody_are_no_mistake(small, owner, shown):
    config = small.directory / "config/okrs/q1.yaml"
    config.write_text(config.read_text().replace("growth@small.example", json.dumps(owner)))
    graph = definitions_of(small.open()).resolve_asset_graph()
    assert list(graph.get(KEY_RESULT).owners) == ([owner] if shown else [])


def test_executable_assets_depend_on_executable_assets_only(small):
    graph = definitions_of(small.open()).resolve_asset_graph()
    for key in graph.executable_asset_keys:
        assert all(graph.get(parent).is_executable for parent in graph.get(key).parent_keys)


def test_a_run_materializes_every_layer_and_what_changed_in_the_lineage(first_run):
    result = first_run.first
    assert result.success
    layers = {dg.AssetKey(name) for name in ("key_result_scores", "objective_scores", "alerts", "scorecard")}
    assert materialized(result) == {OBSERVATIONS, READS, *layers, SIGNUPS, KEY_RESULT, OBJECTIVE}


def test_a_run_without_news_materializes_no_lineage(ran):
    assert materialized(ran.again()).isdisjoint({SIGNUPS, KEY_RESULT, OBJECTIVE})


def test_a_fresh_instance_over_a_store_with_history_is_shown_every_node_once(ran, instance):
    assert {SIGNUPS, KEY_RESULT, OBJECTIVE} <= materialized(ran.again(instance))
    assert materialized(ran.again(instance)).isdisjoint({SIGNUPS, KEY_RESULT, OBJECTIVE})


def test_a_source_that_may_answer_later_is_asked_again_and_then_given_up(small, run, monkeypatch):
    import connectors.files
    from connectors.errors import TransientError

    asked = []

    def busy(settings, context):
        asked.append(settings)
        raise TransientError("Source sheets is busy. Try again later.")

    monkeypatch.setattr(
        type(connectors.files.CONNECTOR), "open", lambda self, settings, context: busy(settings, context)
    )
    monkeypatch.setattr("okr_pipeline.orchestration.observing.SHORTEST_WAIT", timedelta(0))
    result = run()
    assert result.success
    assert len(asked) == 3
    assert OBSERVATIONS not in materialized(result)
    assert small.open().store.key_result_scores()["reason"].tolist() == ["source_failed"]


def test_a_key_result_shows_its_numbers_as_metadata(first_run):
    event = next(it for it in first_run.first.get_asset_materialization_events() if it.asset_key == KEY_RESULT)
    metadata = {name: value.value for name, value in event.materialization.metadata.items()}
    assert metadata["value"] == 310.0
    assert metadata["progress"] == pytest.approx(310 / 900)
    assert metadata["expected_progress"] == pytest.approx(31 / 90)
    assert metadata["status"] == "● on track"


def test_a_metric_shows_rows_value_and_a_picture_that_dagster_can_draw(first_run):
    event = next(it for it in first_run.first.get_asset_materialization_events() if it.asset_key == SIGNUPS)
    metadata = event.materialization.metadata
    assert metadata["dagster/row_count"].value == 31
    assert metadata["value"].value == 10.0
    assert "](data:image/svg+xml;base64," in metadata["series"].md_str


def test_checks_tell_of_what_was_blocked(small, run):
    small.write(january() | {date(2026, 1, 30): 5000})
    checks = {it.check_name: it for it in run().get_asset_check_evaluations()}
    assert not checks["range"].passed
    assert "signups" in checks["range"].description
    assert "5,000" in checks["range"].metadata["not_met"].md_str
    assert (checks["source_answers"].passed, checks["source_answers"].description) == (True, "1 metric read")
    assert checks["values"].passed
    assert checks["values"].description.endswith(" rules passed on 1 metric")


def test_a_source_that_fails_is_not_materialized_and_scores_still_are(small, run):
    (small.directory / "config/data/signups.csv").unlink()
    result = run()
    assert result.success
    assert OBSERVATIONS not in materialized(result)
    assert READS in materialized(result)
    assert dg.AssetKey("key_result_scores") in materialized(result)
    answers = next(it for it in result.get_asset_check_evaluations() if it.check_name == "source_answers")
    assert not answers.passed
    scores = small.open().store.key_result_scores()
    assert scores["reason"].tolist() == ["source_failed"]


def test_a_backfill_marks_its_days_and_does_not_rewind_what_is_shown(ran, monkeypatch):
    small, instance = ran.project, ran.instance
    monkeypatch.setattr(
        "okr_pipeline.orchestration.launch.instance_of",
        lambda workspace: dg.DagsterInstance.from_ref(instance.get_ref()),
    )
    outcome = run_history_job(small.open(), date(2026, 1, 10), date(2026, 1, 12))
    assert outcome.failures == ()
    days = instance.get_materialized_partitions(OBSERVATIONS)
    assert days == {"2026-01-10", "2026-01-11", "2026-01-12", "2026-01-31"}
    newest = instance.get_latest_materialization_event(KEY_RESULT).asset_materialization
    assert newest.metadata["value"].value == 310.0
    recorded = small.open().store.key_result_scores().set_index("as_of_date")["value"]
    assert recorded["2026-01-10"] == 100.0
    assert recorded["2026-01-12"] == 120.0


def test_a_run_of_an_earlier_instant_rebuilds_that_day_and_rewinds_nothing(ran):
    small = ran.project
    result = ran.again(partition_key="2026-01-20", tags={"okr/as_of": "2026-01-20"})
    assert result.success
    assert materialized(result).isdisjoint({SIGNUPS, KEY_RESULT, OBJECTIVE})
    recorded = small.open().store.key_result_scores().set_index("as_of_date")
    assert recorded["value"].to_dict() == {"2026-01-20": 200.0, "2026-01-31": 310.0}
    assert recorded["reconstructed"].astype(bool).to_dict() == {"2026-01-20": True, "2026-01-31": False}
    latest = (small.directory / "scorecards/latest/index.html").read_text()
    assert latest == (small.directory / "scorecards/2026-W05/index.html").read_text()


def test_one_metric_again_goes_without_marking_its_source_done(small, instance, monkeypatch):
    monkeypatch.setattr(
        "okr_pipeline.orchestration.launch.instance_of",
        lambda workspace: dg.DagsterInstance.from_ref(instance.get_ref()),
    )
    outcome = run_main_job(small.open(), metrics=["signups"])
    assert outcome.failures == ()
    assert instance.get_materialized_partitions(OBSERVATIONS) == set()
    assert small.open().store.key_result_scores()["value"].tolist() == [310.0]


def test_a_run_carries_one_id_through_dagster_and_the_store(first_run):
    small, result = first_run.project, first_run.first
    told = small.open().store.run(result.run_id)
    assert told["status"] == "done"
    assert list(told["summary"]) == ["observed/sheets", "scored", "alerts", "health", "scorecard"]
    assert set(small.open().store.observations()["run_id"]) == {result.run_id}


def test_schedules_run_by_themselves_unless_the_date_is_fixed(small):
    fixed = definitions_of(small.open()).resolve_schedule_def("okr_run_schedule")
    assert fixed.default_status == dg.DefaultScheduleStatus.STOPPED
    small.put("project.yaml", "name: Small\ntimezone: Europe/Berlin\n")
    live = definitions_of(small.open()).resolve_schedule_def("okr_run_schedule")
    assert live.default_status == dg.DefaultScheduleStatus.RUNNING
    assert live.execution_timezone == "Europe/Berlin"


def test_the_example_loads_as_the_workspace_says(monkeypatch):
    from pathlib import Path

    monkeypatch.chdir(Path(__file__).parents[2])
    monkeypatch.delenv("OKR_CONFIG", raising=False)
    from okr_pipeline.definitions import defs

    dg.Definitions.validate_loadable(defs)
    names = {job.name for job in defs.resolve_all_job_defs()}
    assert {"okr_run", "okr_backfill", "okr_hourly", "refresh_metrics"} <= names
