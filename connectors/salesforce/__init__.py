"""The `salesforce` connector: what a SOQL query adds up, in each period.

Belongs here: its settings, request keys and description. Does not: what it asks (`trips`), or which SOQL it asks
(`queries`).
"""

from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from connectors.api.times import check_asked
from connectors.api.vendors import ApiConnector, VendorSettings
from connectors.columns import Columns
from connectors.contract import Description
from connectors.http.settings import Address, Auth, ClientCredentials, JwtBearer, RefreshToken
from connectors.salesforce.queries import check_query

if TYPE_CHECKING:
    from connectors.api.source import Api

API_VERSION: Final = "63.0"


class _OwnKey(JwtBearer):
    """Signed claims whose key is the source's own."""

    within = ()


class SalesforceSettings(VendorSettings):
    """The keys of a `salesforce` source: a client and its secret, a person's refresh token, or a client's own key."""

    base_url: Address = Field(description="My Domain.", examples=["https://shop.my.salesforce.com"])
    client_id: str | None = Field(default=None, description="The consumer key of the app that logs in.")
    client_secret: SecretStr | None = Field(
        default=None,
        description="Its secret: alone, for the client credentials flow.",
        examples=["${SALESFORCE_SECRET}"],
    )
    refresh_token: SecretStr | None = Field(
        default=None,
        description="A refresh token, with the client that it was given to.",
        examples=["${REFRESH_TOKEN}"],
    )
    username: str | None = Field(
        default=None, description="Whom it reads as, for the JWT bearer flow.", examples=["okr@shop.example"]
    )
    private_key: SecretStr | None = Field(
        default=None, description="The key that this flow signs with, in PEM.", examples=["${SALESFORCE_KEY}"]
    )
    private_key_file: str | None = Field(
        default=None, description="The file that holds it, from the project's directory, in place of the key."
    )
    audience: str = Field(
        default="https://login.salesforce.com",
        description="Whom its claims are for; of a sandbox, https://test.salesforce.com.",
    )
    token: SecretStr | None = Field(
        default=None,
        description="An access token in place of all these, which ends within hours: for a first try.",
        examples=["${SALESFORCE_TOKEN}"],
    )

    def login(self) -> Auth:
        """The one way that its keys describe."""
        signs = self.private_key is not None or self.private_key_file is not None
        if self.token is not None:
            self._refuse_more(self.client_id, self.client_secret, self.refresh_token, self.username, signs)
            return Auth(bearer=self.token)
        if self.client_id is None:
            raise ValueError("a source at Salesforce logs in by client_id and what goes with it, or by token")
        if signs:
            self._refuse_more(self.client_secret, self.refresh_token)
            return self._signed(self.client_id)
        self._refuse_more(self.username)
        if self.refresh_token is not None:
            return self._refreshed(self.client_id, self.refresh_token)
        if self.client_secret is None:
            raise ValueError("with client_id goes client_secret, refresh_token, or username and private_key")
        return Auth(
            client_credentials=ClientCredentials(
                token_url=self._token_url,
                client_id=self.client_id,
                client_secret=self.client_secret,
                client_login="body",
            )
        )

    @property
    def _token_url(self) -> str:
        return f"{self.base_url}/services/oauth2/token"

    def _refreshed(self, client_id: str, token: SecretStr) -> Auth:
        return Auth(
            refresh_token=RefreshToken(
                token_url=self._token_url,
                client_id=client_id,
                client_secret=self.client_secret,
                refresh_token=token,
                client_login="body",
            )
        )

    def _signed(self, client_id: str) -> Auth:
        if self.username is None:
            raise ValueError("with private_key goes username, whom it reads as")
        return Auth(
            jwt_bearer=_OwnKey(
                token_url=self._token_url,
                issuer=client_id,
                subject=self.username,
                audience=self.audience,
                private_key=self.private_key,
                private_key_file=self.private_key_file,
            )
        )

    def _refuse_more(self, *others: object) -> None:
        if any(others):
            raise ValueError("a source at Salesforce logs in one way, and has keys of two")


class SalesforceRequest(BaseModel):
    """The keys a metric of a `salesforce` source adds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    query: Annotated[str, AfterValidator(check_asked), AfterValidator(check_query)] = Field(
        description="One SELECT with aliases period, value and the metric's dimensions; {start:date} and {last:date}"
        " are days of the window, {start:utc} and {end:utc} instants.",
        examples=[
            "SELECT SUM(Amount) value FROM Opportunity WHERE CloseDate >= {start:date} AND CloseDate <= {last:date}"
        ],
    )
    each: Literal["window", "period"] = Field(
        default="window",
        description="Whether one query asks for the whole window, or one for each period, whose rows need none: for"
        " instants in the zone of the metric, and for weeks, months and quarters.",
    )
    columns: Columns = Field(default_factory=dict)


def _api(settings: SalesforceSettings) -> "Api":
    from connectors.salesforce.trips import api

    return api(settings)


CONNECTOR: Final = ApiConnector(
    Description(
        name="salesforce",
        summary="Salesforce: what a SOQL query adds up in each period",
        settings=SalesforceSettings,
        request=SalesforceRequest,
        history=True,
        additivity=("additive", "distinct", "ratio", "snapshot"),
        tested_against=("queries by a SOQL parser of others", "a server of our own, after Salesforce's documentation"),
        untested=("Salesforce itself",),
    ),
    _api,
)
