"""The `cube` connector: measures of a Cube semantic layer in each period.

Belongs here: its settings, request keys and description. Does not: what it asks (`trips`).
"""

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, JsonValue, SecretStr

from connectors.api.vendors import ApiConnector, VendorSettings
from connectors.contract import Description
from connectors.http.settings import Address, ApiKey, Auth

if TYPE_CHECKING:
    from connectors.api.source import Api

API_VERSION: Final = "v1"
Member = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+\.[A-Za-z0-9_]+$")]


class CubeSettings(VendorSettings):
    """The keys of a `cube` source."""

    base_url: Address = Field(
        description="The API, with its base path.", examples=["https://cube.shop.example/cubejs-api"]
    )
    token: SecretStr | None = Field(
        default=None,
        description="A JSON Web Token that Cube takes; left out in development.",
        examples=["${CUBE_TOKEN}"],
    )

    def login(self) -> Auth | None:
        """The token as it is, which is how Cube wants it."""
        return None if self.token is None else Auth(api_key=ApiKey(key=self.token, header="Authorization"))


class CubeRequest(BaseModel):
    """The keys a metric of a `cube` source adds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    measure: Member = Field(description="The measure.", examples=["orders.revenue"])
    time: Member = Field(description="The time dimension that its periods are of.", examples=["orders.created_at"])
    weight: Member | None = Field(default=None, description="The measure that values are weighted by.")
    members: dict[str, Member] = Field(
        default_factory=dict,
        description="The member of Cube for each dimension of the metric; those left out are of the measure's cube.",
        examples=[{"region": "customers.region"}],
    )
    filters: list[dict[str, JsonValue]] = Field(
        default_factory=list,
        description="Filters as Cube writes them.",
        examples=[[{"member": "orders.status", "operator": "equals", "values": ["paid"]}]],
    )
    segments: list[Member] = Field(default_factory=list, description="Segments of the data model.")


def _api(settings: CubeSettings) -> "Api":
    from connectors.cube.trips import api

    return api(settings)


CONNECTOR: Final = ApiConnector(
    Description(
        name="cube",
        summary="Cube: measures of a semantic layer in each period",
        settings=CubeSettings,
        request=CubeRequest,
        history=True,
        additivity=("additive", "distinct", "ratio", "snapshot"),
        tested_against=("a server of our own, made after Cube's documentation",),
        untested=("Cube itself", "Cube Cloud"),
    ),
    _api,
)
