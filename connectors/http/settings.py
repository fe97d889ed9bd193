"""The keys that every HTTP source has: where it is, how it logs in, and its caps.

Belongs here: pydantic models of YAML, cheap to import. Does not: anything that happens on a wire.
"""

from datetime import timedelta
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.durations import Duration

_CLOSED: Final = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


def _address(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address begins with https:// and a host")
    if not parts.hostname.isascii() or parts.port == 0:
        raise ValueError("a host is written in ASCII, as xn--…, and a port is not 0")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a login inside an address ends up in logs; write it under auth")
    if parts.query or parts.fragment:
        raise ValueError("it is what all requests begin with, so it ends before '?' and '#'")
    return url.rstrip("/")


Address = Annotated[str, AfterValidator(_address)]


class ApiKey(BaseModel):
    """A key in a header or a query parameter of every request."""

    model_config = _CLOSED

    key: SecretStr = Field(description="The key.", examples=["${API_KEY}"])
    header: str | None = Field(default=None, description="The header that carries it, such as X-Api-Key.")
    query: str | None = Field(default=None, description="The query parameter that carries it, in place of a header.")
    prefix: str = Field(default="", description="What stands before the key in the header, such as 'Token '.")

    @model_validator(mode="after")
    def _one_place(self) -> "ApiKey":
        if (self.header is None) == (self.query is None):
            raise ValueError("it is carried by one place, so it takes either header or query")
        return self


class Basic(BaseModel):
    """A user and a password, as HTTP has them."""

    model_config = _CLOSED

    username: str = Field(description="The user; with some services the key itself.", examples=["reader"])
    password: SecretStr = Field(default=SecretStr(""), description="The password.", examples=["${PASSWORD}"])


class ClientCredentials(BaseModel):
    """OAuth 2.0 client credentials: a token is asked for, used until it ends, and asked for again."""

    model_config = _CLOSED

    token_url: Address = Field(description="Where tokens are given.", examples=["https://login.example/oauth/token"])
    client_id: str = Field(description="The client.", examples=["okr-pipeline"])
    client_secret: SecretStr = Field(description="Its secret.", examples=["${CLIENT_SECRET}"])
    scope: str | None = Field(default=None, description="What the token is to be good for.")
    audience: str | None = Field(default=None, description="Whom the token is for, where the service asks.")


class Auth(BaseModel):
    """How a source logs in: one of these, or none."""

    model_config = _CLOSED

    api_key: ApiKey | None = Field(default=None, description="A key in a header or a query parameter.")
    basic: Basic | None = Field(default=None, description="A user and a password.")
    bearer: SecretStr | None = Field(default=None, description="A token in the Authorization header.")
    client_credentials: ClientCredentials | None = Field(default=None, description="OAuth 2.0 client credentials.")

    @model_validator(mode="after")
    def _one_kind(self) -> "Auth":
        if sum(value is not None for value in (self.api_key, self.basic, self.bearer, self.client_credentials)) != 1:
            raise ValueError("a source logs in one way: api_key, basic, bearer or client_credentials")
        return self


class RateLimit(BaseModel):
    """At most so many requests in any stretch of time, of all processes together."""

    model_config = _CLOSED

    requests: int = Field(ge=1, le=100_000, description="How many requests.", examples=[100])
    per: Duration = Field(description="In which time.", examples=["1m"])


class HttpLimits(BaseModel):
    """The keys of every source that speaks HTTP: what it may take, and how patient it is."""

    model_config = _CLOSED

    rate_limit: RateLimit | None = Field(
        default=None, description="What the service allows; kept by all processes of the project together."
    )
    concurrency: int = Field(default=8, ge=1, le=64, description="How many requests are under way at a time.")
    request_timeout: Duration = Field(
        default=timedelta(seconds=60), description="One request takes at most this long, to the last byte: 500ms, 60s."
    )
    patience: Duration = Field(
        default=timedelta(minutes=5),
        description="How long one request is tried again and waited for. A server that asks for more is asked later.",
    )
    attempts: int = Field(default=5, ge=1, le=20, description="How often one request is tried.")
    max_bytes: int = Field(
        default=32 * 1024 * 1024, ge=1, description="A larger answer is an error, packed or unpacked; nothing is cut."
    )
    max_pages: int = Field(default=1_000, ge=1, description="More pages are an error; nothing is cut off.")
    max_rows: int = Field(default=1_000_000, ge=1, description="More rows of one request are an error.")
    allow_private_hosts: bool = Field(
        default=False,
        description="Whether it may lead to addresses inside the network, and without https. Only for your own.",
    )


class HttpSettings(HttpLimits):
    """The same, and where it is and how it logs in."""

    base_url: Address = Field(
        description="What the address of every request begins with; https, unless private hosts are allowed.",
        examples=["https://api.shop.example/v2"],
    )
    auth: Auth | None = Field(
        default=None,
        description="How it logs in, in one way: bearer, basic, api_key or client_credentials; left out, in none.",
    )

    @model_validator(mode="after")
    def _encrypted(self) -> "HttpSettings":
        tokens = self.auth.client_credentials.token_url if self.auth and self.auth.client_credentials else ""
        if not self.allow_private_hosts and any(url.startswith("http://") for url in (self.base_url, tokens)):
            raise ValueError("without https everybody on the way reads along; allow_private_hosts permits it")
        return self
