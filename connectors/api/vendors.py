"""What the connector of a vendor's API is made of, besides what it asks.

Belongs here: settings that need no address, and the connector itself. Does not: any vendor.
"""

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar, cast

from pydantic import BaseModel, Field, model_validator

from connectors.contract import Context, Description, Source
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
        return ApiSource(
            HttpClient(http, context.project_dir / ".okr", clock, witness=context.witness), http, self.api(given)
        )
