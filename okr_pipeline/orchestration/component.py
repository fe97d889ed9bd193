"""A Dagster component, so that an existing Dagster project can host a config directory beside its own assets.

Belongs here: the component's attributes. Does not: the definitions (build).
"""

import dagster as dg

from okr_pipeline.orchestration.build import build_definitions


class OkrPipelineComponent(dg.Component, dg.Model, dg.Resolvable):
    """Objectives and key results from a config directory.

    `config_dir` is relative to the component's own directory; `store_url` replaces the project's store.
    """

    config_dir: str = "config"
    store_url: str | None = None

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions of the config directory."""
        return build_definitions(context.path / self.config_dir, store_url=self.store_url)
