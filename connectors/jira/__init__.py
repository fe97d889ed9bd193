"""The `jira` connector: how many issues a JQL query finds, in each period.

Belongs here: its settings, request keys and description. Does not: what it asks (`trips`).
"""

from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from connectors.api.times import check_asked
from connectors.api.vendors import ApiConnector, VendorSettings
from connectors.contract import Description
from connectors.http.settings import Address, Auth, Basic

if TYPE_CHECKING:
    from connectors.api.source import Api

API_VERSION: Final = "3"


class JiraSettings(VendorSettings):
    """The keys of a `jira` source."""

    base_url: Address = Field(description="The site.", examples=["https://shop.atlassian.net"])
    email: str = Field(description="The address of the account that the token is of.", examples=["okr@shop.example"])
    token: SecretStr = Field(description="An API token that may only read.", examples=["${JIRA_TOKEN}"])

    def login(self) -> Auth:
        """The account and its token, as HTTP has a user and a password."""
        return Auth(basic=Basic(username=self.email, password=self.token))


class JiraRequest(BaseModel):
    """The keys a metric of a `jira` source adds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: Annotated[str, AfterValidator(check_asked)] = Field(
        description="JQL with a period: {start:date} is its first day, {end:date} the first day after it.",
        examples=['project = SHOP AND resolved >= "{start:date}" AND resolved < "{end:date}"'],
    )


def _api(settings: JiraSettings) -> "Api":
    from connectors.jira.trips import api

    return api(settings)


CONNECTOR: Final = ApiConnector(
    Description(
        name="jira",
        summary="Jira Cloud: how many issues a JQL query finds in each period",
        settings=JiraSettings,
        request=JiraRequest,
        history=True,
        additivity=("additive", "distinct"),
        tested_against=("Atlassian's description of its requests", "a server of our own"),
        untested=("Jira Cloud itself", "Jira Data Center"),
    ),
    _api,
)
