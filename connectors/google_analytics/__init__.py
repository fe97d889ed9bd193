"""The `google_analytics` connector: metrics of Google Analytics 4 properties.

Belongs here: its settings, request keys and description. Does not: what it asks (`reports`, `trips`) or what comes of
it (`answers`).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from connectors.api.google import GoogleSettings
from connectors.api.vendors import ApiConnector
from connectors.columns import COLUMNS, Columns
from connectors.contract import Description
from connectors.http.settings import Address

if TYPE_CHECKING:
    from connectors.api.source import Api

API_VERSION: Final = "v1beta"
EXPRESSIONS: Final = ("filter", "andGroup", "orGroup", "notExpression")
"""The keys of a filter as Google Analytics writes it, of which it has one."""


def _filter(keys: Mapping[str, Any]) -> Mapping[str, Any]:
    """A filter that can be asked for."""
    whole = set(keys) & set(EXPRESSIONS)
    simple = all(isinstance(it, str) or (_is_texts(it) and it) for it in keys.values())
    if whole and len(keys) > 1:
        raise ValueError(
            f"has more than {min(whole)}",
            "A filter as Google Analytics writes it has one key",
            "Join several as expressions of an andGroup",
        )
    if not whole and not simple:
        raise ValueError(
            "says of a dimension something else than a text or texts",
            "It lets pass what is equal to one of them",
            "Write {country: Germany} or {country: [Germany, Austria]}, or a filter as Google Analytics writes it",
        )
    return keys


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(it, str) for it in value)


class AnalyticsSettings(GoogleSettings):
    """The keys of a `google_analytics` source."""

    scope = "https://www.googleapis.com/auth/analytics.readonly"

    base_url: Address = Field(
        default="https://analyticsdata.googleapis.com", description="Where Google Analytics answers."
    )
    property: int = Field(
        ge=1, description="The number of the property; not the G-… of one of its streams.", examples=[123456789]
    )


class AnalyticsRequest(BaseModel):
    """The keys a metric of a `google_analytics` source adds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: str = Field(
        min_length=1, description="What is measured, as the Data API names it.", examples=["sessions", "activeUsers"]
    )
    weight: str | None = Field(
        default=None, min_length=1, description="What a ratio is weighted by, such as sessions of an engagementRate."
    )
    columns: Columns = Field(default_factory=dict)
    filter: Annotated[dict[str, JsonValue], AfterValidator(_filter)] = Field(
        default_factory=dict,
        description="What counts: {country: Germany}, {country: [Germany, Austria]}, several of them together, or a"
        " dimension filter as Google Analytics writes it.",
        examples=[{"country": ["Germany", "Austria"]}],
    )
    currency: str | None = Field(
        default=None, pattern="^[A-Z]{3}$", description="What revenue is told in; left out, the property's currency."
    )
    property: int | None = Field(default=None, ge=1, description="Another property than the source's.")

    @model_validator(mode="after")
    def _columns_of_dimensions(self) -> "AnalyticsRequest":
        for name in COLUMNS:
            if name in self.columns:
                raise ValueError(
                    f"names a column for {name}",
                    "The keys metric and weight say what is measured, and periods are the metric's own",
                    f"Remove {name} from columns",
                )
        return self


def _api(settings: AnalyticsSettings) -> "Api":
    from connectors.google_analytics.trips import api

    return api(settings)


CONNECTOR: Final = ApiConnector(
    Description(
        name="google_analytics",
        summary="Google Analytics 4: metrics of a property by period, many at once",
        settings=AnalyticsSettings,
        request=AnalyticsRequest,
        history=True,
        additivity=("additive", "distinct", "ratio"),
        tested_against=(
            "Google's protocol buffers and discovery document, requests and answers",
            "a server of our own",
        ),
        untested=("Google Analytics itself",),
        closes_after=timedelta(hours=72),
    ),
    _api,
)
