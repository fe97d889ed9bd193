"""Building the definitions of a project.

Belongs here: which assets, jobs and resources a config directory becomes. Does not: their bodies.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import dagster as dg

from okr_pipeline.application.workspace import Workspace, open_workspace
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
    overrides: Mapping[str, object] | None = None,
) -> dg.Definitions:
    """Fresh definitions of the project in a config directory: default `OKR_CONFIG`, else `config/` here.

    `overrides` replaces resources by name, for tests and host projects; runs are in process unless they say otherwise.

    Raises:
        okr_pipeline.config.ConfigurationError: with every problem of every file.
    """
    workspace = open_workspace(config_dir or os.environ.get("OKR_CONFIG", "config"), store_url=store_url)
    return definitions_of(workspace, overrides=overrides)


def definitions_of(workspace: Workspace, *, overrides: Mapping[str, object] | None = None) -> dg.Definitions:
    """Definitions of an opened project."""
    executable = [*observation_assets(workspace, daily_partitions(workspace)), *layer_assets(workspace)]
    jobs = asset_jobs(workspace, executable)
    return dg.Definitions(
        assets=[*executable, *lineage_specs(workspace.configuration)],
        jobs=[*jobs, refresh_metrics, prune_dagster_runs],
        schedules=[*schedules(workspace, jobs), prune_schedule(workspace)],
        resources={"project": workspace, **(overrides or {})},
        executor=dg.in_process_executor,
    )
