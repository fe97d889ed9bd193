"""The `hubspot` connector: how many CRM objects there are in each period, or what one of their properties adds up to.

Belongs here: its settings, request keys and description. Does not: what it asks (`trips`).
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.api.vendors import ApiConnector, VendorSettings
from connectors.contract import Description
from connectors.http.settings import Address, Auth, RateLimit

if TYPE_CHECKING:
    from connectors.api.source import Api

API_VERSION: Final = "v3"
MOST_FILTERS: Final = 3
"""HubSpot takes six filters at once; period and paging need three of them."""

_CLOSED: Final = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)
_PROPERTY: Final = r"^[A-Za-z0-9_]+$"
_VALUES: Final = {
    "IN": ("values",),
    "NOT_IN": ("values",),
    "BETWEEN": ("value", "highValue"),
    "HAS_PROPERTY": (),
    "NOT_HAS_PROPERTY": (),
}


class HubspotSettings(VendorSettings):
    """The keys of a `hubspot` source."""

    base_url: Address = Field(default="https://api.hubapi.com", description="HubSpot's address.")
    token: SecretStr = Field(
        description="The access token of a private app that may only read.", examples=["${HUBSPOT_TOKEN}"]
    )
    rate_limit: RateLimit | None = Field(
        default=RateLimit(requests=5, per=timedelta(seconds=1)),
        description="HubSpot allows an account five searches a second; kept by all processes of the project together.",
    )

    def login(self) -> Auth:
        """The token."""
        return Auth(bearer=self.token)


class Filter(BaseModel):
    """A condition on one property, in HubSpot's words."""

    model_config = _CLOSED

    property_name: str = Field(
        alias="propertyName", pattern=_PROPERTY, description="The property, by its internal name."
    )
    operator: Literal[
        "EQ",
        "NEQ",
        "LT",
        "LTE",
        "GT",
        "GTE",
        "BETWEEN",
        "IN",
        "NOT_IN",
        "HAS_PROPERTY",
        "NOT_HAS_PROPERTY",
        "CONTAINS_TOKEN",
        "NOT_CONTAINS_TOKEN",
    ] = Field(description="How it is compared.")
    value: str | None = Field(default=None, description="What it is compared with; of BETWEEN, the least.")
    high_value: str | None = Field(default=None, alias="highValue", description="Of BETWEEN, the greatest.")
    values: tuple[str, ...] | None = Field(
        default=None, min_length=1, description="Of IN and NOT_IN, all of them; texts in small letters."
    )

    @model_validator(mode="after")
    def _compares(self) -> "Filter":
        wanted = _VALUES.get(self.operator, ("value",))
        given = {"value": self.value, "highValue": self.high_value, "values": self.values}
        if {name for name, value in given.items() if value is not None} != set(wanted):
            raise ValueError(
                f"compares by {self.operator} with other keys than {' and '.join(wanted) or 'none'}",
                "HubSpot would refuse it",
                f"Write {' and '.join(wanted) or 'neither value nor values'}",
            )
        return self


class HubspotRequest(BaseModel):
    """The keys a metric of a `hubspot` source adds."""

    model_config = _CLOSED

    object: str = Field(
        default="deals", pattern=r"^[A-Za-z0-9_-]+$", description="The objects: deals, contacts, tickets, 2-1234567, …"
    )
    date: str = Field(
        pattern=_PROPERTY, description="The property that says which period an object is of.", examples=["closedate"]
    )
    date_type: Literal["datetime", "date"] = Field(
        default="datetime",
        description="Its type in HubSpot: an instant, or a day, which is then one of the metric's zone.",
    )
    sum: str | None = Field(
        default=None,
        pattern=_PROPERTY,
        description="The property whose values are added up; left out, objects are counted.",
        examples=["amount_in_home_currency"],
    )
    filters: tuple[Filter, ...] = Field(
        default=(),
        max_length=MOST_FILTERS,
        description="What must hold of an object besides, all of it.",
        examples=[[{"propertyName": "dealstage", "operator": "EQ", "value": "closedwon"}]],
    )


def _api(settings: HubspotSettings) -> "Api":
    from connectors.hubspot.trips import api

    return api(settings)


CONNECTOR: Final = ApiConnector(
    Description(
        name="hubspot",
        summary="HubSpot: how many CRM objects there are in each period, or what a property of them adds up to",
        settings=HubspotSettings,
        request=HubspotRequest,
        history=True,
        additivity=("additive",),
        tested_against=("HubSpot's description of its requests for deals", "a server of our own"),
        untested=("HubSpot itself",),
    ),
    _api,
)
