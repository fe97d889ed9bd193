"""The `dbt_metrics` connector: metrics that a dbt project defines, computed by MetricFlow.

Belongs here: its settings, request keys and description. Does not: what it asks (`source`), running it (`program`).
"""

from datetime import timedelta
from typing import Annotated, Final, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connectors.contract import Context, Description, Source
from connectors.durations import Duration

_CLOSED: Final = ConfigDict(frozen=True, extra="forbid")
Name = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]


def _where(filters: tuple[str, ...]) -> tuple[str, ...]:
    for text in filters:
        if text.lstrip().startswith("-"):
            raise ValueError(
                "begins like an option", "It is a condition", "Write it as dbt does: {{ Dimension(…) }} = …"
            )
    return filters


class DbtMetricsSettings(BaseModel):
    """The keys of a `dbt_metrics` source."""

    model_config = _CLOSED

    project_dir: str = Field(description="The directory of the dbt project.", examples=["../analytics"])
    profiles_dir: str | None = Field(
        default=None, description="The directory of profiles.yml; left out, where dbt looks for it."
    )
    command: tuple[str, ...] = Field(
        default=("mf",),
        min_length=1,
        description="MetricFlow's program, in the environment where dbt is installed.",
        examples=[["/opt/dbt/bin/mf"]],
    )
    timeout: Duration = Field(default=timedelta(minutes=10), description="A query may take this long: 60s, 10m.")
    concurrency: int = Field(
        default=1, ge=1, le=16, description="How many queries run at a time; each parses the dbt project by itself."
    )
    max_rows: int = Field(default=1_000_000, ge=1, description="More rows of one query are an error; nothing is cut.")


class DbtMetricsRequest(BaseModel):
    """The keys a metric of a `dbt_metrics` source adds."""

    model_config = _CLOSED

    dbt_metric: Name = Field(description="The name of the metric in the dbt project.", examples=["revenue"])
    group_by: dict[str, Name] = Field(
        default_factory=dict,
        description="The dbt dimension for each dimension of the metric, as mf list dimensions has it; those left out"
        " have the same name.",
        examples=[{"region": "order__region"}],
    )
    where: Annotated[tuple[str, ...], AfterValidator(_where)] = Field(
        default=(),
        description="Conditions that all must hold, as dbt writes them.",
        examples=[["{{ Dimension('order__region') }} = 'north'"]],
    )


class DbtMetricsConnector:
    """Reads metrics that MetricFlow computes."""

    def describe(self) -> Description[BaseModel, BaseModel]:
        """Its settings, request keys and abilities."""
        description = Description(
            name="dbt_metrics",
            summary="Metrics of a dbt project's semantic layer, computed by MetricFlow",
            settings=DbtMetricsSettings,
            request=DbtMetricsRequest,
            history=True,
            additivity=("additive", "distinct", "ratio", "snapshot"),
            tested_against=("MetricFlow 0.213 with dbt 1.11 on DuckDB",),
            untested=("other warehouses", "dbt Cloud's Semantic Layer, which is no part of it"),
            in_legs=False,
        )
        return cast("Description[BaseModel, BaseModel]", description)

    def open(self, settings: BaseModel, context: Context) -> Source:
        """A source that runs nothing before it is read."""
        from connectors.dbt_metrics.source import open_source

        return open_source(cast("DbtMetricsSettings", settings), context)


CONNECTOR: Final = DbtMetricsConnector()
