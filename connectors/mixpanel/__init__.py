"""The `mixpanel` connector: how often an event happened and to how many people, and what a saved report says.

Belongs here: its settings, request keys and description. Does not: what it asks (`trips`, `reports`).
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.api.vendors import ApiConnector, VendorSettings
from connectors.contract import Description
from connectors.http.settings import Address, Auth, Basic, RateLimit
from connectors.zones import zone

if TYPE_CHECKING:
    from connectors.api.source import Api


def _known(name: str) -> str:
    try:
        zone(name)
    except (OSError, ValueError):
        raise ValueError(
            "is no time zone", "Mixpanel's days begin in it", "Write its name, as in America/New_York or UTC"
        ) from None
    return name


class MixpanelSettings(VendorSettings):
    """The keys of a `mixpanel` source."""

    base_url: Address = Field(
        default="https://mixpanel.com/api/query",
        description="Where the project's data resides: https://eu.mixpanel.com/api/query and"
        " https://in.mixpanel.com/api/query are Europe and India.",
        examples=["https://eu.mixpanel.com/api/query"],
    )
    project_id: int = Field(ge=1, description="The project, as its settings say.", examples=[1234567])
    timezone: Annotated[str, AfterValidator(_known)] = Field(
        description="The time zone of the project, as its settings say: Mixpanel's days begin in it.",
        examples=["America/New_York"],
    )
    username: str = Field(description="The user of a service account.", examples=["okr.1a2b3c.mp-service-account"])
    secret: SecretStr = Field(description="Its secret.", examples=["${MIXPANEL_SECRET}"])
    rate_limit: RateLimit | None = Field(
        default=RateLimit(requests=60, per=timedelta(hours=1)),
        description="Mixpanel allows a project 60 queries an hour; kept by all processes of the project together.",
    )
    concurrency: int = Field(default=5, ge=1, le=64, description="Mixpanel allows five queries at a time.")

    def login(self) -> Auth:
        """The service account, as HTTP has a user and a password."""
        return Auth(basic=Basic(username=self.username, password=self.secret))


class MixpanelRequest(BaseModel):
    """The keys a metric of a `mixpanel` source adds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    event: str | None = Field(default=None, min_length=1, description="The event.", examples=["Signed up"])
    type: Literal["general", "unique"] = Field(
        default="general", description="Of an event: how often it happened, or to how many people in each period."
    )
    where: str | None = Field(
        default=None,
        description="Of an event: which ones count, as Mixpanel's expressions have it.",
        examples=['properties["plan"] == "pro"'],
    )
    on: str | None = Field(
        default=None,
        description="Of an event: what the metric's one dimension is, as Mixpanel's expressions have it.",
        examples=['properties["$country_code"]'],
    )
    bookmark_id: int | None = Field(
        default=None, ge=1, description="A saved Insights report, in place of an event.", examples=[98765]
    )
    series: str | None = Field(
        default=None, description="Which of a report's series it is; left out, the report has one alone."
    )

    @model_validator(mode="after")
    def _one_thing(self) -> "MixpanelRequest":
        if (self.event is None) == (self.bookmark_id is None):
            raise ValueError(
                "has not exactly one of event and bookmark_id",
                "A metric is an event or a saved report",
                "Write one of them",
            )
        foreign = ("series",) if self.event is not None else ("type", "where", "on")
        for name in foreign:
            if name in self.model_fields_set:
                raise ValueError(
                    f"has {name}, which is of the other kind of metric",
                    "A report says all of its events itself, and an event has no series",
                    f"Remove {name}",
                )
        return self


def _api(settings: MixpanelSettings) -> "Api":
    from connectors.mixpanel.trips import api

    return api(settings)


CONNECTOR: Final = ApiConnector(
    Description(
        name="mixpanel",
        summary="Mixpanel: how often an event happened, to how many people, and what saved reports say",
        settings=MixpanelSettings,
        request=MixpanelRequest,
        history=True,
        additivity=("additive", "distinct", "ratio"),
        tested_against=("Mixpanel's description of its requests", "a server of our own"),
        untested=("Mixpanel itself",),
    ),
    _api,
)
