"""What Stripe's amounts are worth, exactly: minor units of each currency, and prices by the month.

Belongs here: arithmetic. Does not: which records count (trips).
"""

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Final

from connectors.errors import ContractError
from connectors.http.requests import shown

_WHOLE: Final = frozenset(
    ("bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf")
)
"""Currencies whose smallest unit is one. `ugx` and `isk` have none smaller either, but Stripe gives them two digits."""
_THOUSANDTHS: Final = frozenset(("bhd", "jod", "kwd", "omr", "tnd"))
_DECIMAL: Final = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,12})?")
_MONTHS: Final = {"day": Fraction(12, 365), "week": Fraction(12 * 7, 365), "month": Fraction(1), "year": Fraction(12)}
"""How many months an interval is long, in years of 365 days."""


def major(minor: Fraction, currency: str) -> Fraction:
    """An amount in a currency's main unit.

    >>> major(Fraction(1999), "usd"), major(Fraction(500), "jpy"), major(Fraction(5120), "kwd")
    (Fraction(1999, 100), Fraction(500, 1), Fraction(128, 25))
    """
    digits = 0 if currency in _WHOLE else 3 if currency in _THOUSANDTHS else 2
    return minor / Fraction(10) ** digits


def whole(record: Mapping[str, Any], name: str) -> Fraction:
    """A whole number that a record must have.

    Raises:
        ContractError: it has none.
    """
    value = record.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        raise ContractError(f"Stripe gives the {name} {shown(repr(value))}, which is no whole number. Ask Stripe why.")
    return Fraction(value)


def monthly(item: Mapping[str, Any]) -> Fraction | None:
    """What an item of a subscription brings in a month, in minor units, before discounts and tax.

    None where its price does not say: it is tiered, or by use.

    Raises:
        ContractError: it is not of the shape that Stripe documents.
    """
    price = part(item, "price")
    recurring = part(price, "recurring")
    amount = _unit_amount(price)
    if amount is None or price.get("billing_scheme") == "tiered" or recurring.get("usage_type") == "metered":
        return None
    interval = recurring.get("interval")
    if interval not in _MONTHS or not whole(recurring, "interval_count"):
        raise ContractError(f"Stripe gives a price for each {shown(repr(interval))}. Ask Stripe what changed.")
    return amount * _quantity(item, price) / (_MONTHS[interval] * whole(recurring, "interval_count"))


def part(record: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object inside of a record.

    Raises:
        ContractError: it is not there.
    """
    value = record.get(name)
    if not isinstance(value, dict):
        raise ContractError(f"Stripe gives no {name} where one should be. Ask Stripe what changed.")
    return value


def _unit_amount(price: Mapping[str, Any]) -> Fraction | None:
    """`unit_amount_decimal` knows fractions of a cent, which `unit_amount` does not."""
    text = price.get("unit_amount_decimal")
    if isinstance(text, str) and _DECIMAL.fullmatch(text):
        return Fraction(text)
    return None if price.get("unit_amount") is None else whole(price, "unit_amount")


def _quantity(item: Mapping[str, Any], price: Mapping[str, Any]) -> Fraction:
    quantity = whole(item, "quantity")
    if price.get("transform_quantity") is None:
        return quantity
    packs = part(price, "transform_quantity")
    size = whole(packs, "divide_by")
    if size <= 0:
        raise ContractError("Stripe gives a price for packs of nothing. Ask Stripe what changed.")
    return Fraction(math.ceil(quantity / size) if packs.get("round") == "up" else math.floor(quantity / size))
