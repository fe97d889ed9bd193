"""The `jira` connector: how many issues a JQL query finds in each period, or what a field of theirs adds up to.

Belongs here: its settings, request keys and description. Does not: what it asks (`trips`).
"""

import re
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.api.times import check_asked, is_timed
from connectors.api.vendors import ApiConnector, VendorSettings
from connectors.contract import Description
from connectors.http.settings import Address, Auth, Basic

if TYPE_CHECKING:
    from connectors.api.source import Api

API_VERSION: Final = "3"
_FIELD: Final = r"^([a-z]+|customfield_[0-9]+)$"
_QUOTED: Final = re.compile(r"\"(?:[^\"\\]|\\.)*\"|'(?:[^'\\]|\\.)*'")


def _without_period(jql: str) -> str:
    if is_timed(jql):
        raise ValueError(
            "says itself which period is asked for",
            "Issues are put into periods by their date, to the second and in the zone of the metric",
            "Leave the period out of it, and name the field under date",
        )
    if re.search(r"\border\s+by\b", _QUOTED.sub("", jql), re.IGNORECASE):
        raise ValueError("orders its issues", "It is made a part of a longer query", "Leave out ORDER BY")
    return jql


class JiraSettings(VendorSettings):
    """The keys of a `jira` source."""

    base_url: Address = Field(description="The site.", examples=["https://shop.atlassian.net"])
    email: str = Field(description="The address of the account that the token is of.", examples=["okr@shop.example"])
    token: SecretStr = Field(description="An API token that may only read.", examples=["${JIRA_TOKEN}"])

    def login(self) -> Auth:
        """The account and its token, as HTTP has a user and a password."""
        return Auth(basic=Basic(username=self.email, password=self.token))


class JiraRequest(BaseModel):
    """The keys a metric of a `jira` source adds: `count`, or `issues` and `date`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    count: Annotated[str, AfterValidator(check_asked)] | None = Field(
        default=None,
        description="JQL with a period, counted approximately in one request for each: {start:date} is its first day,"
        " {end:date} the first day after it, in the zone of the account.",
        examples=['project = SHOP AND resolved >= "{start:date}" AND resolved < "{end:date}"'],
    )
    issues: Annotated[str, AfterValidator(_without_period)] | None = Field(
        default=None,
        description="JQL without a period, whose issues are listed and put into periods by their date: exact.",
        examples=["project = SHOP AND statusCategory = Done"],
    )
    date: str | None = Field(
        default=None,
        pattern=_FIELD,
        description="The field that says which period an issue is of, by the name it has in the API.",
        examples=["resolutiondate", "created", "customfield_10015"],
    )
    sum: str | None = Field(
        default=None,
        pattern=_FIELD,
        description="The field whose numbers are added up; left out, issues are counted. An issue without a number"
        " makes values incomplete.",
        examples=["customfield_10016"],
    )

    @model_validator(mode="after")
    def _one_way(self) -> "JiraRequest":
        if (self.count is None) == (self.issues is None):
            raise ValueError(
                "is asked for in no way, or in two", "count asks Jira to count, issues lists them", "Write one of them"
            )
        if (self.issues is None) != (self.date is None) or (self.sum is not None and self.issues is None):
            raise ValueError(
                "names a field without issues, or issues without a date",
                "Issues are put into periods by their date",
                "Write issues and date, and sum if they are added up",
            )
        return self


def _api(settings: JiraSettings) -> "Api":
    from connectors.jira.trips import api

    return api(settings)


CONNECTOR: Final = ApiConnector(
    Description(
        name="jira",
        summary="Jira Cloud: how many issues a JQL query finds in each period, or what a field of theirs adds up to",
        settings=JiraSettings,
        request=JiraRequest,
        history=True,
        additivity=("additive", "distinct"),
        tested_against=("Atlassian's description of its requests", "a server of our own"),
        untested=("Jira Cloud itself", "Jira Data Center"),
    ),
    _api,
)
