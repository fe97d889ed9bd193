"""A source that asked to be left alone for longer than a run is held open is asked again when that time is over, once."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest

from okr_pipeline.orchestration.asking_again import SENSOR, due
from okr_pipeline.orchestration.build import definitions_of
from okr_pipeline.orchestration.scope import LEFT_ALONE_TAG, LEFT_UNTIL_TAG
from okr_pipeline_tests.connectors.http.server import Server, json_reply
from okr_pipeline_tests.orchestration.conftest import QUIET
from okr_pipeline_tests.projects import OKRS
from okr_pipeline_tests.shops import METRIC, SOURCE, Shop, orders_on

FIRST, LAST = date(2026, 1, 1), date(2026, 1, 31)
DAY = timedelta(days=1)
FROM_SHOP = """\
      orders: {title: Take 9000 orders, owner: s@small.example, metric: orders, measure: {accumulate: {to: 9000}}}
"""
OF_SHOP = {"observations/shop", "reads/shop", "key_result_scores", "objective_scores"}
RANGE = {
    "dagster/asset_partition_range_start": "2026-01-10",
    "dagster/asset_partition_range_end": "2026-01-20",
}


@pytest.fixture
def shop():
    return Shop(FIRST, LAST)


@pytest.fixture
def workspace(small, shop):
    """A file and a server, each with a key result."""
    with Server(shop) as server:
        small.put("sources/shop.yaml", SOURCE.format(url=server.url, size=50))
        small.put("metrics/shop.yaml", METRIC)
        small.put("okrs/q1.yaml", OKRS + FROM_SHOP)
        yield small.open()


def run(workspace, instance, job="okr_run", **arguments):
    made = definitions_of(workspace).resolve_job_def(job)
    result = made.execute_in_process(instance=instance, run_config=QUIET, **arguments)
    assert result.success
    return result


def run_what_is_due(workspace, instance, request):
    return run(
        workspace, instance, request.job_name, partition_key=request.partition_key, tags=dict(request.tags),
        asset_selection=list(request.asset_selection),
    )  # fmt: skip


def keys_of(request):
    return {key.to_user_string() for key in request.asset_selection}


def used_up(number, seen):
    return json_reply({}, 429, {"Retry-After": "86400"})


def test_a_quota_of_a_day_is_waited_for_by_nobody_and_read_when_it_is_there_again(workspace, instance, shop):
    shop.fault = used_up
    left = run(workspace, instance, partition_key=str(LAST))
    assert not [event for event in left.all_events if event.is_step_up_for_retry]
    reasons = workspace.store.key_result_scores().set_index("key_result")["reason"]
    assert dict(reasons) == {"2026-Q1/orders": "source_failed", "2026-Q1/signups": None}
    now = datetime.now(UTC)
    assert list(due(instance, workspace, now + DAY - timedelta(minutes=10))) == []

    [request] = due(instance, workspace, now + DAY)
    assert (request.run_key, request.job_name) == (f"{left.run_id} shop", "okr_run")
    assert keys_of(request) == OF_SHOP | {"alerts", "scorecard"}
    [again] = due(instance, workspace, now + DAY + timedelta(hours=23))
    assert again.run_key == request.run_key
    assert list(due(instance, workspace, now + 2 * DAY)) == []

    shop.fault = lambda number, seen: None
    read = run_what_is_due(workspace, instance, request)
    assert "observations/sheets" not in {
        it.asset_key.to_user_string() for it in read.get_asset_materialization_events()
    }
    scores = workspace.store.key_result_scores().set_index("key_result")
    assert scores["value"]["2026-Q1/orders"] == sum(orders_on(FIRST + timedelta(days=day)) for day in range(31))
    assert list(due(instance, workspace, now + DAY)) == []


def test_what_another_run_has_read_meanwhile_is_not_asked_for_again(workspace, instance, shop):
    shop.fault = used_up
    run(workspace, instance, partition_key=str(LAST))
    shop.fault = lambda number, seen: None
    run(workspace, instance, partition_key=str(LAST))
    assert list(due(instance, workspace, datetime.now(UTC) + DAY)) == []


def test_of_runs_that_left_a_source_alone_the_last_says_until_when(workspace, instance, shop):
    shop.fault = used_up
    run(workspace, instance, partition_key=str(LAST))
    shop.fault = lambda number, seen: json_reply({}, 429, {"Retry-After": "259200"})
    last = run(workspace, instance, partition_key=str(LAST))
    assert list(due(instance, workspace, datetime.now(UTC) + DAY)) == []
    [request] = due(instance, workspace, datetime.now(UTC) + 3 * DAY)
    assert request.run_key == f"{last.run_id} shop"


def test_a_backfill_is_gone_on_with_for_the_same_days(workspace, instance, shop):
    shop.fault = used_up
    run(workspace, instance, "okr_backfill", tags=RANGE)
    [request] = due(instance, workspace, datetime.now(UTC) + DAY)
    assert (request.job_name, request.partition_key, keys_of(request)) == ("okr_backfill", None, OF_SHOP)
    assert request.tags.items() >= RANGE.items()
    shop.fault = lambda number, seen: None
    run_what_is_due(workspace, instance, request)
    assert workspace.store.observations(["orders"])["value"].tolist() == [
        orders_on(date(2026, 1, day)) for day in range(10, 21)
    ]
    assert list(due(instance, workspace, datetime.now(UTC) + DAY)) == []


@pytest.mark.parametrize("status", [401, 503])
def test_where_no_time_was_told_nothing_is_due(workspace, instance, shop, status):
    shop.fault = lambda number, seen: json_reply({}, status)
    run(workspace, instance, partition_key=str(LAST), tags={"okr/longest_wait_seconds": "0"})
    assert list(due(instance, workspace, datetime.now(UTC) + DAY)) == []


def test_the_sensor_asks_dagster_for_what_is_due(workspace, instance):
    definitions = definitions_of(workspace)
    tags = {"dagster/partition": str(LAST), LEFT_ALONE_TAG: "newest"}
    until = datetime.now(UTC) - timedelta(minutes=1)
    instance.create_run_for_job(
        definitions.resolve_job_def("okr_run"),
        run_config=QUIET,
        tags=tags | {f"{LEFT_UNTIL_TAG}shop": until.isoformat()},
    )
    sensor = definitions.resolve_sensor_def(SENSOR)
    with dg.build_sensor_context(instance=instance, definitions=definitions) as context:
        [request] = sensor.evaluate_tick(context).run_requests
    assert (request.partition_key, keys_of(request)) == (str(LAST), OF_SHOP | {"alerts", "scorecard"})


def test_the_sensor_runs_by_itself_unless_the_date_is_fixed(small):
    fixed = definitions_of(small.open()).resolve_sensor_def(SENSOR)
    assert fixed.default_status == dg.DefaultSensorStatus.STOPPED
    small.put("project.yaml", "name: Small\ntimezone: Europe/Berlin\n")
    assert definitions_of(small.open()).resolve_sensor_def(SENSOR).default_status == dg.DefaultSensorStatus.RUNNING
