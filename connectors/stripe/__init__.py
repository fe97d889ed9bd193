"""The `stripe` connector: volume, recurring revenue, subscriptions, customers and the balance.

Belongs here: its settings, request keys and description. Does not: what it asks (`trips`), or what is worth how much
(`amounts`).
"""

from datetime import timedelta
from typing import TYPE_CHECKING, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from connectors.api.vendors import ApiConnector, VendorSettings
from connectors.contract import Description
from connectors.http.settings import Address, Auth, RateLimit

if TYPE_CHECKING:
    from connectors.api.source import Api

API_VERSION: Final = "2022-04-12"

_NOW: Final = ("mrr", "subscriptions", "balance")
_ONLY: Final = {
    "amount": ("volume",),
    "categories": ("volume",),
    "type": ("volume", "refunds"),
    "statuses": ("mrr", "subscriptions"),
    "currency": ("volume", "refunds", "mrr", "balance"),
}


class StripeSettings(VendorSettings):
    """The keys of a `stripe` source."""

    base_url: Address = Field(default="https://api.stripe.com", description="Stripe's address.")
    key: SecretStr = Field(description="A restricted key that may only read.", examples=["${STRIPE_KEY}"])
    rate_limit: RateLimit | None = Field(
        default=RateLimit(requests=25, per=timedelta(seconds=1)),
        description="Stripe allows 25 reads a second in test mode, 100 live; kept by all processes of the project.",
    )
    max_pages: int = Field(default=10_000, ge=1, description="More pages, of a hundred each, are an error.")

    def login(self) -> Auth:
        """The key."""
        return Auth(bearer=self.key)


class StripeRequest(BaseModel):
    """The keys a metric of a `stripe` source adds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    figure: Literal["volume", "refunds", "mrr", "subscriptions", "started", "churned", "customers", "balance"] = Field(
        description="What is told. mrr, subscriptions and balance have no history: they are what is so now."
    )
    currency: str | None = Field(
        default=None,
        pattern=r"^[a-z]{3}$",
        description="The only currency that counts; left out, an answer in several is an error, unless currency is a"
        " dimension.",
        examples=["usd"],
    )
    amount: Literal["gross", "net", "fee"] = Field(
        default="gross", description="Of volume: before Stripe's fees, after them, or the fees."
    )
    categories: tuple[str, ...] = Field(
        default=("charge",),
        min_length=1,
        description="Of volume: the reporting categories that count, as Stripe names them.",
        examples=[["charge", "refund", "refund_failure", "dispute", "dispute_reversal"]],
    )
    type: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9_]+$",
        description="Of volume and refunds: the only type of balance transaction that is asked for.",
    )
    statuses: tuple[Literal["active", "past_due", "trialing", "unpaid"], ...] = Field(
        default=("active",), min_length=1, description="Of mrr and subscriptions: which ones count."
    )

    @model_validator(mode="after")
    def _of_its_figure(self) -> "StripeRequest":
        for name in sorted(self.model_fields_set & _ONLY.keys()):
            if self.figure not in _ONLY[name]:
                raise ValueError(
                    f"has {name} beside figure {self.figure}",
                    f"It says something of {' and '.join(_ONLY[name])} alone",
                    f"Remove {name}",
                )
        return self


def is_snapshot(request: StripeRequest) -> bool:
    """Whether Stripe tells the figure only as it is now."""
    return request.figure in _NOW


def _api(settings: StripeSettings) -> "Api":
    from connectors.stripe.trips import api

    return api(settings)


CONNECTOR: Final = ApiConnector(
    Description(
        name="stripe",
        summary="Stripe: volume, refunds, recurring revenue, subscriptions, churn, customers, balance",
        settings=StripeSettings,
        request=StripeRequest,
        history=True,
        additivity=("additive", "snapshot"),
        tested_against=(
            "Stripe's description of its requests for balance transactions and subscriptions",
            "Stripe's fixtures of those and of customers",
            "a server of our own",
        ),
        untested=("Stripe itself", "its description of customers and the balance"),
        is_snapshot=is_snapshot,
    ),
    _api,
)
