"""A Dagster project of somebody else whose assets are observed: the one of docs/dagster.md, as it stands there."""

import importlib.util
import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace

import dagster as dg
import pandas as pd
import pytest
from dagster.components.testing.utils import create_defs_folder_sandbox

import okr_pipeline
from okr_pipeline.application.workspace import open_for_writing
from okr_pipeline.orchestration.launch import run_main_job
from okr_pipeline_tests.docs.documents import ROOT, blocks
from okr_pipeline_tests.orchestration.conftest import QUIET

DATES = "as_of: 2026-01-31\nhistory_starts: 2026-01-01\n"
OKRS = """\
cycle: {id: 2026-Q1, starts: 2026-01-01, ends: 2026-03-31}
objectives:
  sell:
    title: Sell everywhere
    owner: ceo@shop.example
    level: company
    intent: committed
    key_results:
      orders: {title: Take orders, owner: s@shop.example, metric: orders, measure: {accumulate: {to: 5000}}}
"""
ORDERS, OBSERVATIONS = dg.AssetKey(["analytics", "orders"]), dg.AssetKey(["observations", "host"])
SUM = sum(range(1, 32))


@pytest.fixture
def directory(tmp_path):
    page = (ROOT / "docs/dagster.md").read_text()
    files = {block.file: block.body for block in blocks(page) if block.file}
    assert sorted(files) == [
        "shop/config/metrics/orders.yaml",
        "shop/config/project.yaml",
        "shop/config/sources/host.yaml",
        "shop/definitions.py",
    ]
    files["shop/config/project.yaml"] += DATES
    for name, text in {**files, "shop/config/okrs/q1.yaml": OKRS}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path / "shop"


@pytest.fixture
def host(directory) -> Iterator[ModuleType]:
    spec = importlib.util.spec_from_file_location("shop_definitions", directory / "definitions.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["shop_definitions"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["shop_definitions"]


@pytest.fixture
def run(host, instance):
    return lambda: host.defs.resolve_job_def("daily").execute_in_process(
        instance=instance, run_config=QUIET, partition_key="2026-01-31", raise_on_error=False
    )


def store_of(directory):
    return open_for_writing(directory / "config").store


def test_a_metric_is_observed_after_the_asset_that_its_rows_are_of(run, host, directory):
    graph = host.defs.resolve_asset_graph()
    assert graph.get(OBSERVATIONS).parent_keys == {ORDERS}
    result = run()
    assert result.success
    steps = [event.step_key for event in result.all_events if event.is_step_success]
    assert steps.index("analytics__orders") < steps.index("observe_host")
    assert store_of(directory).key_result_scores()["value"].tolist() == [SUM]
    assert set(store_of(directory).reads()["request"]) == {"asset analytics/orders"}


def test_where_assets_are_kept_by_io_managers_dagster_itself_is_the_loader(directory, tmp_path):
    @dg.asset(key=["analytics", "orders"])
    def orders() -> pd.DataFrame:
        return pd.DataFrame({"day": pd.date_range("2026-01-01", "2026-01-31"), "country": "DE", "orders": 2})

    kept = {"io_manager": dg.FilesystemIOManager(base_dir=str(tmp_path / "kept"))}
    mine = dg.Definitions(assets=[orders], jobs=[dg.define_asset_job("daily", dg.AssetSelection.all())], resources=kept)
    ours = okr_pipeline.build_definitions(
        directory / "config", asset_loader=lambda key, window: mine.load_asset_value(key.split("/"))
    )
    job = dg.Definitions.merge(mine, ours).resolve_job_def("daily")
    assert job.execute_in_process(run_config=QUIET, partition_key="2026-01-31").success
    assert store_of(directory).key_result_scores()["value"].tolist() == [62]


def test_an_asset_that_fails_is_not_read_and_loses_nothing_that_was(run, host, directory, monkeypatch):
    run()
    monkeypatch.setattr(pd.DataFrame, "to_parquet", lambda *_: 1 / 0)
    result = run()
    assert not result.success
    assert "observe_host" not in {event.step_key for event in result.all_events if event.is_step_start}
    assert store_of(directory).key_result_scores()["value"].tolist() == [SUM]


def test_without_a_host_the_metric_fails_by_name_and_its_score_is_unknown(run, directory):
    run()
    workspace = open_for_writing(directory / "config")
    outcome = run_main_job(workspace, full_refresh=True)
    [failure] = workspace.store.run(outcome.run_id)["summary"]["observed/host"]["failures"]
    assert failure["metrics"] == ["orders"]
    said = "Assets are loaded by a function of the Dagster project that hosts this configuration"
    assert failure["cause"].startswith(said)
    scores = workspace.store.key_result_scores()
    assert scores["reason"].tolist() == ["source_failed"]
    assert scores["last_good_value"].tolist() == [SUM]


def test_the_component_takes_the_loader_by_its_name(host, directory):
    host.orders()
    with create_defs_folder_sandbox() as sandbox:
        attributes = {"config_dir": str(directory / "config"), "asset_loader": "shop_definitions:load_asset"}
        contents = {"type": "okr_pipeline.OkrPipelineComponent", "attributes": attributes}
        folder = sandbox.scaffold_component(okr_pipeline.OkrPipelineComponent, defs_yaml_contents=contents)
        with sandbox.load_component_and_build_defs(defs_path=folder) as (_, definitions):
            result = definitions.resolve_job_def("okr_run").execute_in_process(
                run_config=QUIET, partition_key="2026-01-31"
            )
    assert result.success
    assert store_of(directory).key_result_scores()["value"].tolist() == [SUM]


@pytest.mark.parametrize("name", ["shop_definitions:nothing", "no_such_module:load", "no way"])
def test_a_loader_that_cannot_be_imported_is_refused_by_its_name(host, directory, name):
    component = okr_pipeline.OkrPipelineComponent(config_dir=str(directory / "config"), asset_loader=name)
    with pytest.raises(okr_pipeline.application.errors.UsageError, match=f"asset_loader names {name}"):
        component.build_defs(SimpleNamespace(path=directory))
