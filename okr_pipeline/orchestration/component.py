"""A Dagster component, so that an existing Dagster project can host a config directory beside its own assets.

Belongs here: the component's attributes. Does not: the definitions (build).
"""

from pkgutil import resolve_name

import dagster as dg

from connectors.contract import AssetLoader
from okr_pipeline.application.errors import UsageError
from okr_pipeline.orchestration.build import build_definitions


class OkrPipelineComponent(dg.Component, dg.Model, dg.Resolvable):
    """Objectives and key results from a config directory.

    `config_dir` is relative to the component's own directory; `store_url` replaces the project's store; `asset_loader`
    names the function that loads assets, as `package.module:function`.
    """

    config_dir: str = "config"
    store_url: str | None = None
    asset_loader: str | None = None

    def build_defs(self, context: dg.ComponentLoadContext) -> dg.Definitions:
        """The definitions of the config directory.

        Raises:
            UsageError: `asset_loader` names no function.
        """
        loader = None if self.asset_loader is None else _function(self.asset_loader)
        return build_definitions(context.path / self.config_dir, store_url=self.store_url, asset_loader=loader)


def _function(name: str) -> AssetLoader:
    try:
        function: AssetLoader = resolve_name(name)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(
            f"asset_loader names {name}, which cannot be imported: {error}. Write it as package.module:function."
        ) from error
    return function
