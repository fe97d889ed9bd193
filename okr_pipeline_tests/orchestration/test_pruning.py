"""Dagster's log of old runs goes; what pages show, and which days were done, stays."""

import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import sqlalchemy as sa
from dagster._core.storage.event_log.schema import SqlEventLogStorageTable as Events

from okr_pipeline.orchestration.build import definitions_of
from okr_pipeline.orchestration.jobs import MAIN_JOB
from okr_pipeline.orchestration.launch import instance_of, run_main_job
from okr_pipeline.orchestration.pruning import prune
from okr_pipeline_tests.orchestration.conftest import QUIET

SIGNUPS, OBSERVATIONS = dg.AssetKey(["metric", "signups"]), dg.AssetKey(["observations", "sheets"])
CHECK = dg.AssetCheckKey(OBSERVATIONS, "source_answers")
LATER = datetime.now(UTC) + timedelta(days=1)


@pytest.fixture
def store_url(tmp_path):
    """One kind of store: nothing here depends on it."""
    return f"sqlite:///{tmp_path / 'okr.db'}"


@dg.op
def talks():
    sys.stdout.write("heard")


@dg.job(name=MAIN_JOB)
def small_talk():
    talks()


def files_of(instance, run_id):
    root = Path(instance.root_directory)
    return [path for path in root.rglob("*") if run_id in str(path)]


def test_of_pruned_runs_pages_and_days_stay_and_nothing_else(ran):
    run_ids = [ran.first.run_id, ran.again(partition_key="2026-01-30").run_id]
    # As Dagster opens it: what this run prints is kept in files, too.
    with dg.DagsterInstance.from_config(str(ran.home)) as instance:
        run_ids.append(small_talk.execute_in_process(instance=instance).run_id)
        assert any(path.suffix == ".out" for path in files_of(instance, run_ids[-1]))
        assert all(files_of(instance, run_id) for run_id in run_ids)
        assert prune(instance, before=LATER) == 3
        assert instance.get_runs() == []
        assert not any(files_of(instance, run_id) for run_id in run_ids)
        assert instance.get_materialized_partitions(OBSERVATIONS) == {"2026-01-30", "2026-01-31"}
        assert instance.get_latest_materialization_event(SIGNUPS) is not None
        assert len(instance.fetch_materializations(SIGNUPS, limit=10).records) == 1
        checks = instance.event_log_storage.get_latest_asset_check_execution_by_key([CHECK])
        assert checks[CHECK].status.value == "SUCCEEDED"


def test_pruned_again_and_again_the_log_does_not_grow_and_what_was_shown_is_not_shown_again(ran):
    prune(ran.instance, before=LATER)
    events, shown = all_events(ran.instance), shown_signups(ran.instance)
    ran.again()
    assert shown_signups(ran.instance) == shown
    prune(ran.instance, before=LATER)
    assert len(all_events(ran.instance)) == len(events)


def all_events(instance):
    with instance.event_log_storage.index_connection() as connection:
        return connection.execute(sa.select(Events.c.id)).fetchall()


def shown_signups(instance):
    shown = instance.fetch_materializations(dg.AssetRecordsFilter(SIGNUPS, after_storage_id=0), limit=10).records
    return [it.storage_id for it in shown]


def test_a_young_run_stays(ran):
    assert prune(ran.instance, before=datetime.now(UTC) - timedelta(days=1)) == 0
    assert ran.instance.get_run_by_id(ran.first.run_id) is not None


def test_a_run_of_another_job_in_the_same_instance_stays(instance):
    @dg.op
    def work():
        pass

    @dg.job
    def theirs():
        work()

    run_id = theirs.execute_in_process(instance=instance, run_config=QUIET).run_id
    assert prune(instance, before=LATER) == 0
    assert instance.get_run_by_id(run_id) is not None


def test_a_run_that_goes_on_stays(instance, small):
    job = definitions_of(small.open()).resolve_job_def("okr_run")
    going = instance.create_run_for_job(job, status=dg.DagsterRunStatus.STARTED)
    assert prune(instance, before=LATER) == 0
    assert instance.get_run_by_id(going.run_id) is not None


def test_the_command_line_prunes_its_own_instance_and_nobody_elses(ran, monkeypatch, tmp_path):
    monkeypatch.setattr("okr_pipeline.orchestration.launch.KEEP_DAYS", -1)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    shutil.copytree(ran.home, tmp_path / "shared")
    assert len(runs_after_another(ran)) == 1
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "shared"))
    assert len(runs_after_another(ran)) == 2


def runs_after_another(ran):
    workspace = ran.project.open()
    run_main_job(workspace)
    with instance_of(workspace) as instance:
        return instance.get_runs()


def test_it_is_a_job_with_a_schedule(small):
    definitions = definitions_of(small.open())
    assert definitions.resolve_schedule_def("prune_dagster_runs_schedule").job_name == "prune_dagster_runs"
