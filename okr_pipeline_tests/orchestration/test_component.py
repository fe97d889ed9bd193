"""A config directory inside a Dagster project of somebody else."""

import dagster as dg
from dagster.components.testing.utils import create_defs_folder_sandbox

import okr_pipeline
from okr_pipeline_tests.projects import Small, january


def test_a_host_project_loads_the_graph_of_a_config_directory_beside_its_own_assets(tmp_path):
    project = Small(tmp_path, f"sqlite:///{tmp_path}/okr.db").write(january())
    with create_defs_folder_sandbox() as sandbox:
        folder = sandbox.scaffold_component(
            component_cls=okr_pipeline.OkrPipelineComponent,
            defs_yaml_contents={
                "type": "okr_pipeline.OkrPipelineComponent",
                "attributes": {"config_dir": str(project.directory / "config"), "store_url": project.store_url},
            },
        )
        with sandbox.load_component_and_build_defs(defs_path=folder) as (component, definitions):
            assert isinstance(component, okr_pipeline.OkrPipelineComponent)
            keys = {spec.key for spec in definitions.resolve_all_asset_specs()}
    assert {dg.AssetKey(["metric", "signups"]), dg.AssetKey(["observations", "sheets"])} <= keys
