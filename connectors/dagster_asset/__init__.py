"""The `dagster_asset` connector: metrics of assets of the Dagster project that hosts this configuration.

Belongs here: its settings, request keys and description. Does not: Dagster, which only `okr_pipeline.orchestration`
knows: a function that the host registers loads the rows (`source`).
"""

from typing import Annotated, Final, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connectors.columns import Columns
from connectors.contract import Context, Description, Source


def _asset_key(text: str) -> str:
    if not all(part and part == part.strip() for part in text.split("/")):
        raise ValueError(
            f"is no asset key: '{text}'",
            "A key is names with slashes between them, none of them empty",
            "Write it as Dagster shows it, such as analytics/orders",
        )
    return text


class DagsterAssetSettings(BaseModel):
    """The keys of a `dagster_asset` source."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_rows: int = Field(default=1_000_000, ge=1, description="More rows of one asset are an error; nothing is cut.")
    concurrency: int = Field(
        default=1, ge=1, le=64, description="How many assets are loaded at a time; the loader must bear with it."
    )


class DagsterAssetRequest(BaseModel):
    """The keys a metric of a `dagster_asset` source adds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    asset: Annotated[str, AfterValidator(_asset_key)] = Field(
        description="The key of the asset that its rows are of; it is read after that was materialized.",
        examples=["analytics/orders"],
    )
    columns: Columns = Field(default_factory=dict)


class DagsterAssetConnector:
    """Reads KPI values from assets of a Dagster project."""

    def describe(self) -> Description[BaseModel, BaseModel]:
        """Its settings, request keys and abilities."""
        description = Description(
            name="dagster_asset",
            summary="Assets of the Dagster project that hosts this configuration, by a function that loads them",
            settings=DagsterAssetSettings,
            request=DagsterAssetRequest,
            history=True,
            additivity=("additive", "distinct", "ratio", "snapshot"),
            tested_against=("Dagster, with assets as pandas frames and as Arrow tables",),
            in_legs=False,
        )
        return cast("Description[BaseModel, BaseModel]", description)

    def open(self, settings: BaseModel, context: Context) -> Source:
        """A source over the loader of the context; nothing is loaded yet."""
        from connectors.dagster_asset.source import AssetSource

        return AssetSource(context.asset_loader, cast("DagsterAssetSettings", settings))


CONNECTOR: Final = DagsterAssetConnector()
