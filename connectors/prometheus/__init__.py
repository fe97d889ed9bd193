"""The `prometheus` connector: what a PromQL query gives at the end of each period.

Belongs here: its settings, request keys and description. Does not: what it asks (`trips`).
"""

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connectors.api.vendors import ApiConnector, VendorSettings
from connectors.contract import Description
from connectors.http.settings import Address, Auth

if TYPE_CHECKING:
    from connectors.api.source import Api

API_VERSION: Final = "v1"
PERIOD: Final = "{period}"
"""What stands in a query for the length of the period."""


def _is_asked(query: str) -> str:
    if not query.strip():
        raise ValueError("is empty", "It says what to ask", "Write PromQL, as in sum(increase(orders_total[{period}]))")
    return query


class PrometheusSettings(VendorSettings):
    """The keys of a `prometheus` source."""

    base_url: Address = Field(
        description="The server, with its path prefix.", examples=["https://prometheus.shop.example"]
    )
    auth: Auth | None = Field(default=None, description="How it logs in, mostly basic or bearer; left out, in no way.")

    def login(self) -> Auth | None:
        """As the settings say."""
        return self.auth


class PrometheusRequest(BaseModel):
    """The keys a metric of a `prometheus` source adds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: Annotated[str, AfterValidator(_is_asked)] = Field(
        description="PromQL, evaluated at the end of each period. {period} is its length, 82800s on a day of 23 hours."
        " Labels of its result are the metric's dimensions.",
        examples=["sum(increase(orders_total[{period}]))", "last_over_time(queue_length[{period}])"],
    )


def _api(settings: PrometheusSettings) -> "Api":
    from connectors.prometheus.trips import api

    return api(settings)


CONNECTOR: Final = ApiConnector(
    Description(
        name="prometheus",
        summary="Prometheus: what a PromQL query gives at the end of each period",
        settings=PrometheusSettings,
        request=PrometheusRequest,
        history=True,
        additivity=("additive", "distinct", "ratio", "snapshot"),
        tested_against=("Prometheus 2.42", "a server of our own: faults, hostile answers"),
        untested=("Prometheus 3", "Thanos, Mimir, VictoriaMetrics and other servers of its API"),
    ),
    _api,
)
