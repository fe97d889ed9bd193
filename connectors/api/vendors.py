"""What the connector of a vendor's API is made of, besides what it asks.

Belongs here: settings that need no address, and the connector itself. Does not: any vendor.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from pydantic import BaseModel, Field, model_validator

from connectors.contract import Context, Description, Source
from connectors.errors import ConfigKey, source_key
from connectors.http.settings import Address, Auth, HttpLimits, HttpSettings

if TYPE_CHECKING:
    from connectors.api.source import Api
    from connectors.http.client import Clock

SettingsT = TypeVar("SettingsT", bound="VendorSettings")
RequestT = TypeVar("RequestT", bound=BaseModel)


class VendorSettings(HttpLimits):
    """Keys of a vendor's source: a subclass names the address, unless it is each customer's own, and the login."""

    base_url: Address = Field(description="What the address of every request begins with.")

    @abstractmethod
    def login(self) -> Auth | None:
        """The login, made of the keys of the source."""

    def http(self) -> HttpSettings:
        """The same as any HTTP source has it."""
        limits = {name: getattr(self, name) for name in HttpLimits.model_fields}
        return HttpSettings(base_url=self.base_url, auth=self.login(), **limits)

    def written(self, key: ConfigKey) -> ConfigKey:
        """What these settings call a key of their login: the key of the secret, or the address that gives tokens."""
        if not key.of_source or key.path[0] != "auth" or "auth" in type(self).model_fields:
            return key
        login = self.login()
        if login is None:
            return key
        if key.path[1:] == ("token_url",) and (login.token_url or "").startswith(self.base_url):
            return source_key("base_url")
        secret = login.secret
        fields = ((name, getattr(self, name)) for name in type(self).model_fields)
        return next((source_key(name) for name, value in fields if value is not None and value == secret), key)

    @model_validator(mode="after")
    def _holds_together(self) -> "VendorSettings":
        self.http()
        return self


@dataclass(frozen=True, slots=True)
class ApiConnector(Generic[SettingsT, RequestT]):
    """A vendor's connector: its description, and from its settings what it asks.

    `api` imports what it needs when it is called: a description is read by commands that ask nothing.
    """

    description: Description[SettingsT, RequestT]
    api: "Callable[[SettingsT], Api]"

    def describe(self) -> Description[BaseModel, BaseModel]:
        """Its settings, request keys and abilities."""
        return cast("Description[BaseModel, BaseModel]", self.description)

    def open(self, settings: BaseModel, context: Context, clock: "Clock | None" = None) -> Source:
        """A source that connects when it is first read."""
        from connectors.api.source import ApiSource
        from connectors.http.client import HttpClient

        given = cast("SettingsT", settings)
        http = given.http()
        client = HttpClient(http, context.project_dir / ".okr", clock, witness=context.witness)
        return ApiSource(client, http, self.api(given), self.describe(), given.written)
