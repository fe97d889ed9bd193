"""Runs of Dagster against a server that does not answer: what is waited for, what is not, and what is told of it."""

import shutil
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.api import create_execution_plan, execute_run_iterator
from dagster._core.op_concurrency_limits_counter import GlobalOpConcurrencyLimitsCounter

from okr_pipeline.application.workspace import open_for_writing
from okr_pipeline.orchestration.build import definitions_of
from okr_pipeline_tests.connectors.http.server import Server, json_reply
from okr_pipeline_tests.docs.documents import ROOT
from okr_pipeline_tests.orchestration.conftest import QUIET
from okr_pipeline_tests.shops import Shop, orders_on, write_shop

FIRST, LAST = date(2026, 1, 1), date(2026, 1, 31)
OBSERVATIONS, READS = dg.AssetKey(["observations", "shop"]), dg.AssetKey(["reads", "shop"])


@pytest.fixture
def shop():
    return Shop(FIRST, LAST)


@pytest.fixture
def workspace(shop, tmp_path):
    with Server(shop) as server:
        project = write_shop(tmp_path, server.url, as_of=LAST, first=FIRST, size=20)
        yield open_for_writing(project / "config", store_url=f"sqlite:///{tmp_path}/okr.db")


def run(workspace, instance, **arguments):
    job = definitions_of(workspace).resolve_job_def("okr_run")
    return job.execute_in_process(instance=instance, run_config=QUIET, partition_key=str(LAST), **arguments)


def wait_asked_for(workspace, instance, **tags):
    """Seconds that the first retry request of a run asks for, None without one; the run is left there."""
    job = definitions_of(workspace).resolve_job_def("okr_run")
    tags = {"dagster/partition": str(LAST), **{f"okr/{name}": value for name, value in tags.items()}}
    begun = instance.create_run_for_job(job, run_config=QUIET, tags=tags)
    events = execute_run_iterator(InMemoryJob(job), begun, instance)
    try:
        return next((it.step_retry_data.seconds_to_wait for it in events if it.is_step_up_for_retry), None)
    finally:
        events.close()


def materialization(result, key):
    [event] = [it for it in result.get_asset_materialization_events() if it.asset_key == key]
    return {name: value.value for name, value in event.materialization.metadata.items()}


def busy(seconds):
    return lambda number, seen: json_reply({}, 429, {"Retry-After": str(seconds)})


@pytest.mark.parametrize("seconds", [360, 3600])
def test_a_quota_that_fills_again_becomes_a_retry_request_with_that_wait(workspace, instance, shop, seconds):
    shop.fault = busy(seconds)
    before = datetime.now(UTC)
    waited = wait_asked_for(workspace, instance)
    assert seconds - (datetime.now(UTC) - before) / timedelta(seconds=1) <= waited <= seconds
    assert len(shop.asked) == 1


@pytest.mark.parametrize(("seconds", "tags"), [(86_400, {}), (3600, {"longest_wait_seconds": "600"})])
def test_a_longer_wait_holds_no_run_open_and_is_told(workspace, instance, shop, seconds, tags):
    shop.fault = busy(seconds)
    assert wait_asked_for(workspace, instance, **tags) is None
    assert len(shop.asked) == 1
    [state] = workspace.store.metric_states().to_dict("records")
    assert (state["status"], "It can be asked again at" in state["error"]) == ("failed", True)


@pytest.mark.parametrize("status", [401, 404])
def test_a_refused_login_or_request_is_asked_once_and_never_retried(workspace, instance, shop, status):
    shop.fault = lambda number, seen: json_reply({}, status)
    result = run(workspace, instance)
    assert result.success
    assert not [event for event in result.all_events if event.is_step_up_for_retry]
    assert len(shop.asked) == 1
    assert {it.asset_key for it in result.get_asset_materialization_events()} >= {READS}
    assert workspace.store.key_result_scores()["reason"].tolist() == ["source_failed"]


def test_what_it_cost_to_ask_and_what_is_left_are_metadata(workspace, instance, shop):
    shop.headers = {"X-RateLimit-Remaining": "4998", "RateLimit": '"daily";r=70;t=60'}
    result = run(workspace, instance)
    for key in (OBSERVATIONS, READS):
        told = materialization(result, key)
        assert (told["requests"], told["retries"], told["waited_seconds"]) == (2, 0, 0.0)
        assert (told["remaining/requests"], told["remaining/daily"]) == (4998, 70)
        assert told["received_bytes"] == sum(len(_body(shop, seen)) for seen in shop.asked)
    assert workspace.store.run(result.run_id)["summary"]["observed/shop"]["traffic"] == {
        "requests": 2, "retries": 0, "received_bytes": told["received_bytes"], "waited_seconds": 0.0,
        "remaining": {"requests": 4998, "daily": 70},
    }  # fmt: skip
    assert workspace.store.key_result_scores()["value"].tolist() == [
        sum(orders_on(FIRST + timedelta(days=day)) for day in range(31))
    ]


def test_a_source_that_is_no_server_tells_of_no_requests(small, instance):
    job = definitions_of(small.open()).resolve_job_def("okr_run")
    result = job.execute_in_process(instance=instance, run_config=QUIET, partition_key="2026-01-31")
    assert "requests" not in materialization(result, dg.AssetKey(["reads", "sheets"]))


@pytest.mark.parametrize("settings", ["dagster.yaml", "okr_pipeline/cli/templates/csv/dagster.yaml"])
def test_while_a_run_asks_a_source_another_run_that_would_waits_in_the_queue(workspace, tmp_path, settings):
    """As the queue of Dagster's daemon decides it, with the settings that we ship."""
    (tmp_path / "home").mkdir()
    shutil.copy(ROOT / settings, tmp_path / "home/dagster.yaml")
    job = definitions_of(workspace).resolve_job_def("okr_run")
    plan = create_execution_plan(job, run_config=QUIET)
    with dg.DagsterInstance.from_config(str(tmp_path / "home")) as instance:
        status = {"running": dg.DagsterRunStatus.STARTED, "queued": dg.DagsterRunStatus.NOT_STARTED}
        runs = {
            name: instance.create_run_for_job(job, run_config=QUIET, status=it, execution_plan=plan)
            for name, it in status.items()
        }
        under_way = instance.get_run_records(dg.RunsFilter(run_ids=[runs["running"].run_id]))

        def is_blocked(records):
            counter = GlobalOpConcurrencyLimitsCounter(
                instance,
                [runs["queued"]],
                records,
                instance.event_log_storage.get_concurrency_keys(),
                instance.event_log_storage.get_pool_limits(),
                pool_granularity=instance.get_concurrency_config().pool_config.pool_granularity,
            )
            return counter.is_blocked(runs["queued"])

        assert (is_blocked([]), is_blocked(under_way)) == (False, True)


def _body(shop, seen):
    return list(shop.page(seen).parts)[-1]
