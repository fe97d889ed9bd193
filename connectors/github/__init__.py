"""The `github` connector: how many issues and pull requests a search finds, in each period.

Belongs here: its settings, request keys and description. Does not: what it asks (`trips`, `queries`).
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from connectors.api.times import check_asked
from connectors.api.vendors import ApiConnector, VendorSettings
from connectors.contract import Description
from connectors.http.settings import Address, Auth, HttpSettings, RateLimit

if TYPE_CHECKING:
    from connectors.api.source import Api

API_VERSION: Final = "2022-11-28"
"""Of the REST API. GraphQL has no versions."""
SEARCHES: Final = RateLimit(requests=30, per=timedelta(minutes=1))
"""What the REST API allows of searches."""


class GithubSettings(VendorSettings):
    """The keys of a `github` source."""

    base_url: Address = Field(
        default="https://api.github.com",
        description="Where the REST API is: with GitHub Enterprise Server, https://HOST/api/v3.",
        examples=["https://github.shop.example/api/v3"],
    )
    token: SecretStr = Field(description="A token that may only read.", examples=["${GITHUB_TOKEN}"])
    api: Literal["graphql", "rest"] = Field(
        default="graphql",
        description="How it is asked: graphql asks for many periods and metrics at once; rest for one at a time, 30 a"
        " minute, and says where a count is incomplete.",
    )
    batch: int = Field(
        default=25,
        ge=1,
        le=100,
        description="How many searches one GraphQL query holds; fewer where it takes too long.",
    )

    def login(self) -> Auth:
        """The token."""
        return Auth(bearer=self.token)

    def http(self) -> HttpSettings:
        """With the rate limit of searches, where the source has none of its own."""
        http = super().http()
        if self.api == "graphql" or self.rate_limit is not None:
            return http
        return http.model_copy(update={"rate_limit": SEARCHES})


class GithubRequest(BaseModel):
    """The keys a metric of a `github` source adds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    search: Annotated[str, AfterValidator(check_asked)] = Field(
        description="A search for issues or pull requests, with a period: both ends of a range are included, so"
        " {start:iso}..{last:iso} is one.",
        examples=["repo:shop/web is:pr is:merged merged:{start:iso}..{last:iso}"],
    )


def _api(settings: GithubSettings) -> "Api":
    from connectors.github.trips import api

    return api(settings)


CONNECTOR: Final = ApiConnector(
    Description(
        name="github",
        summary="GitHub: how many issues and pull requests a search finds in each period",
        settings=GithubSettings,
        request=GithubRequest,
        history=True,
        additivity=("additive", "distinct"),
        tested_against=("GitHub's description of its REST API", "GitHub's GraphQL schema", "a server of our own"),
        untested=("GitHub itself", "GitHub Enterprise"),
    ),
    _api,
)
