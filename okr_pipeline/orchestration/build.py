"""Building the definitions of a project.

Belongs here: which assets, jobs and resources a config directory becomes. Does not: their bodies.
"""

import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import dagster as dg

from connectors.contract import AssetLoader
from okr_pipeline.application.workspace import Workspace, open_workspace
from okr_pipeline.orchestration.asking_again import ask_again_sensor
from okr_pipeline.orchestration.jobs import asset_jobs, refresh_metrics, schedules
from okr_pipeline.orchestration.layers import layer_assets
from okr_pipeline.orchestration.lineage import lineage_specs
from okr_pipeline.orchestration.observing import observation_assets
from okr_pipeline.orchestration.pruning import prune_dagster_runs, prune_schedule
from okr_pipeline.orchestration.scope import daily_partitions


def build_definitions(
    config_dir: Path | str | None = None,
    *,
    store_url: str | None = None,
    asset_loader: AssetLoader | None = None,
    overrides: Mapping[str, object] | None = None,
) -> dg.Definitions:
    """Fresh definitions of the project in a config directory: default `OKR_CONFIG`, else `config/` here.

    `asset_loader` gives the rows of assets that `dagster_asset` sources read: called with an asset's key, such as
    `analytics/orders`, and the window that is read, it returns a DataFrame or an Arrow table. `overrides` replaces
    resources by name, for tests and host projects; runs are in process unless they say otherwise.

    Raises:
        okr_pipeline.config.ConfigurationError: with every problem of every file.
    """
    workspace = open_workspace(config_dir or os.environ.get("OKR_CONFIG", "config"), store_url=store_url)
    return definitions_of(replace(workspace, asset_loader=asset_loader), overrides=overrides)


def definitions_of(
    workspace: Workspace, *, overrides: Mapping[str, object] | None = None, lineage: bool = True
) -> dg.Definitions:
    """Definitions of an opened project; without `lineage` only what runs, defined in a twentieth of the time."""
    executable = [*observation_assets(workspace, daily_partitions(workspace)), *layer_assets(workspace)]
    jobs = asset_jobs(workspace, executable)
    return dg.Definitions(
        assets=[*executable, *(lineage_specs(workspace.configuration) if lineage else ())],
        jobs=[*jobs, refresh_metrics, prune_dagster_runs],
        sensors=[ask_again_sensor(workspace, jobs)],
        schedules=[*schedules(workspace, jobs), prune_schedule(workspace)],
        resources={"project": workspace, **(overrides or {})},
        executor=dg.in_process_executor,
    )
