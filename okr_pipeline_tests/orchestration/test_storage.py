"""Dagster's log over connections that stay open: the same log."""

import dagster as dg
import pytest
from dagster._core.instance import InstanceRef
from dagster._serdes import ConfigurableClassData

from okr_pipeline.orchestration.storage import kept_open

KEY = dg.AssetKey("told")


@dg.asset(partitions_def=dg.StaticPartitionsDefinition(["a", "b"]))
def told():
    return dg.MaterializeResult(metadata={"n": 1})


@pytest.fixture
def ref(tmp_path):
    return InstanceRef.from_dir(str(tmp_path))


def materialize(ref, partition):
    with dg.DagsterInstance.from_ref(ref) as instance:
        return dg.materialize([told], instance=instance, partition_key=partition).run_id


def seen(ref):
    with dg.DagsterInstance.from_ref(ref) as instance:
        runs = {run.run_id: run.status for run in instance.get_runs()}
        events = {run: [event.message for event in instance.all_logs(run)] for run in runs}
        return runs, events, instance.get_materialized_partitions(KEY), instance.info_dict()["schedule_storage"]


def test_what_is_written_so_dagster_reads_and_the_other_way_round(ref):
    ours = kept_open(ref)
    assert ours != ref
    run_ids = {materialize(ours, "a"), materialize(ref, "b")}
    assert seen(ours) == seen(ref)
    runs, events, partitions, _ = seen(ref)
    assert (set(runs), set(runs.values())) == (run_ids, {dg.DagsterRunStatus.SUCCESS})
    assert len({len(of_run) for of_run in events.values()}) == 1
    assert partitions == {"a", "b"}


def test_who_writes_over_open_connections_keeps_nobody_else_from_writing(ref):
    with dg.DagsterInstance.from_ref(kept_open(ref)) as one, dg.DagsterInstance.from_ref(ref) as other:
        for instance in (one, other, one):
            dg.materialize([told], instance=instance, partition_key="a")
        assert len(other.get_runs()) == len(one.get_runs()) == 3


def test_a_file_that_was_half_made_is_made(ref, tmp_path):
    """As a process leaves it that ends between making it and saying what it holds."""
    (tmp_path / "history/runs").mkdir(parents=True)
    (tmp_path / "history/runs/index.db").touch()
    materialize(kept_open(ref), "a")
    assert seen(ref)[2] == {"a"}


def test_a_log_that_is_elsewhere_is_left_where_it_is(ref):
    elsewhere = ref._replace(storage_data=ConfigurableClassData("dagster_postgres", "DagsterPostgresStorage", "{}"))
    assert kept_open(elsewhere) == elsewhere
