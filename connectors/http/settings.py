"""The keys that every HTTP source has: where it is, how it logs in, and its caps.

Belongs here: pydantic models of YAML, cheap to import. Does not: anything that happens on a wire.
"""

import re
from datetime import timedelta
from typing import Annotated, ClassVar, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.durations import Duration

_CLOSED: Final = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)
_IN_CLEAR: Final = "without https everybody on the way reads along; allow_private_hosts permits it"


def address_of(url: str, *, in_clear: bool) -> str:
    """An address that may be asked, without a `/` at its end; `in_clear` says whether that may be without https.

    Raises:
        ValueError: it may not; why.
    """
    parts = urlsplit(url)
    if not in_clear and parts.scheme == "http":
        raise ValueError(_IN_CLEAR)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address begins with https:// and a host")
    if not parts.hostname.isascii() or parts.port == 0:
        raise ValueError("a host is written in ASCII, as xn--…, and a port is not 0")
    if re.search(r"\s", parts.netloc) or parts.netloc.endswith(":"):
        raise ValueError("its host is none: it holds a space, or an address where a part of a host belongs")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a login inside an address ends up in logs; write it under auth")
    if parts.query or parts.fragment:
        raise ValueError("it is what all requests begin with, so it ends before '?' and '#'")
    return url.rstrip("/")


Address = Annotated[str, AfterValidator(lambda url: address_of(url, in_clear=True))]


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


ClientLogin = Literal["header", "body"]
_CLIENT_LOGIN: Final = "Where the client's id and secret stand: in the header Authorization, or in the body."
_LIFETIME: Final = timedelta(minutes=2)
_LIFETIME_IS: Final = "How long what is signed is good for; services take a few minutes at most, or an hour."


class ClientCredentials(BaseModel):
    """OAuth 2.0 client credentials: a token is asked for, used until it ends, and asked for again."""

    model_config = _CLOSED

    token_url: Address = Field(description="Where tokens are given.", examples=["https://login.example/oauth/token"])
    client_id: str = Field(description="The client.", examples=["okr-pipeline"])
    client_secret: SecretStr = Field(description="Its secret.", examples=["${CLIENT_SECRET}"])
    scope: str | None = Field(default=None, description="What the token is to be good for.")
    audience: str | None = Field(default=None, description="Whom the token is for, where the service asks.")
    client_login: ClientLogin = Field(default="header", description=_CLIENT_LOGIN)


class RefreshToken(BaseModel):
    """OAuth 2.0 refresh token: what a person's login gave, shown for tokens that end soon.

    Where the service gives another refresh token in its place, that is kept under the project's .okr directory, in a
    file that only its owner may read; a new one in the settings comes before it.
    """

    model_config = _CLOSED

    token_url: Address = Field(description="Where tokens are given.", examples=["https://login.example/oauth/token"])
    client_id: str = Field(description="The client that the person logged in with.", examples=["okr-pipeline"])
    client_secret: SecretStr | None = Field(
        default=None, description="Its secret; left out for clients that have none.", examples=["${CLIENT_SECRET}"]
    )
    refresh_token: SecretStr = Field(description="The refresh token.", examples=["${REFRESH_TOKEN}"])
    scope: str | None = Field(default=None, description="Less than the login is good for; left out, all of it.")
    client_login: ClientLogin = Field(default="header", description=_CLIENT_LOGIN)


class JwtBearer(BaseModel):
    """JWT bearer (RFC 7523): claims signed with a private key (RS256), shown for tokens that end soon."""

    model_config = _CLOSED

    # The keys of a source that lead to these. A connector whose sources have them as their own says so in a subclass.
    within: ClassVar[tuple[str, ...]] = ("auth", "jwt_bearer")

    token_url: Address = Field(description="Where tokens are given.", examples=["https://login.example/oauth/token"])
    issuer: str = Field(description="The claim iss: the client that signs.", examples=["okr-pipeline"])
    subject: str | None = Field(default=None, description="The claim sub: who it reads as.")
    audience: str | None = Field(default=None, description="The claim aud: whom it is for; default token_url.")
    scope: str | None = Field(default=None, description="The claim scope, where the service asks.")
    claims: dict[str, str | int | bool] = Field(default_factory=dict, description="Claims besides those.")
    private_key: SecretStr | None = Field(
        default=None, description="The RSA key in PEM; its lines may be joined by \\n.", examples=["${PRIVATE_KEY}"]
    )
    private_key_file: str | None = Field(
        default=None, description="The file that holds it, from the project's directory, in place of the key."
    )
    key_id: str | None = Field(default=None, description="What the service calls the key (kid), where it has many.")
    lifetime: Duration = Field(default=_LIFETIME, description=_LIFETIME_IS)

    @model_validator(mode="after")
    def _one_key(self) -> "JwtBearer":
        if (self.private_key is None) == (self.private_key_file is None):
            raise ValueError("it signs with one key, so it takes either private_key or private_key_file")
        return self


class GoogleServiceAccount(BaseModel):
    """A Google service account: its key file says who it is and where tokens are given."""

    model_config = _CLOSED

    # See JwtBearer.
    within: ClassVar[tuple[str, ...]] = ("auth", "google_service_account")

    key: SecretStr | None = Field(
        default=None, description="What its key file holds, the whole JSON.", examples=["${GOOGLE_KEY}"]
    )
    key_file: str | None = Field(
        default=None, description="The key file itself, from the project's directory, in place of what it holds."
    )
    scopes: tuple[str, ...] = Field(
        min_length=1,
        description="What the token is to be good for.",
        examples=[["https://www.googleapis.com/auth/analytics.readonly"]],
    )
    subject: str | None = Field(default=None, description="The user of a Workspace domain that it reads as.")
    lifetime: Duration = Field(default=_LIFETIME, description=_LIFETIME_IS)

    @model_validator(mode="after")
    def _one_key(self) -> "GoogleServiceAccount":
        if (self.key is None) == (self.key_file is None):
            raise ValueError("it has one key, so it takes either key or key_file")
        return self


class Auth(BaseModel):
    """How a source logs in: one of these, or none."""

    model_config = _CLOSED

    api_key: ApiKey | None = Field(default=None, description="A key in a header or a query parameter.")
    basic: Basic | None = Field(default=None, description="A user and a password.")
    bearer: SecretStr | None = Field(default=None, description="A token in the Authorization header.")
    client_credentials: ClientCredentials | None = Field(default=None, description="OAuth 2.0 client credentials.")
    refresh_token: RefreshToken | None = Field(default=None, description="OAuth 2.0 refresh token.")
    jwt_bearer: JwtBearer | None = Field(default=None, description="Claims signed with a private key (RFC 7523).")
    google_service_account: GoogleServiceAccount | None = Field(default=None, description="A Google service account.")

    @property
    def token_url(self) -> str | None:
        """Where it asks for tokens, where settings say so."""
        by_token = self.client_credentials or self.refresh_token or self.jwt_bearer
        return None if by_token is None else by_token.token_url

    @property
    def secret(self) -> SecretStr | str:
        """What it proves itself by, or the file that holds it; of a refresh token that, not the client's secret."""
        [kind] = [value for _, value in self if value is not None]
        if isinstance(kind, SecretStr):
            return kind
        files = (value for name, value in kind if name.endswith("_file") and isinstance(value, str))
        held: list[SecretStr | str] = [value for _, value in kind if isinstance(value, SecretStr)]
        return [*files, *held][-1]

    @model_validator(mode="after")
    def _one_kind(self) -> "Auth":
        if sum(value is not None for _, value in self) != 1:
            raise ValueError(f"a source logs in one way: {', '.join(type(self).model_fields)}")
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
        description="How it logs in, in one way: bearer, basic, api_key, client_credentials, refresh_token, jwt_bearer"
        " or google_service_account; left out, in none.",
    )

    @model_validator(mode="after")
    def _encrypted(self) -> "HttpSettings":
        tokens = self.auth.token_url if self.auth else None
        if not self.allow_private_hosts and any(str(url).startswith("http://") for url in (self.base_url, tokens)):
            raise ValueError(_IN_CLEAR)
        return self
