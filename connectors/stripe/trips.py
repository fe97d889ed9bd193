"""What Stripe is asked, and what its answers mean.

Belongs here: requests and rows of `stripe`. Does not: its keys, or what amounts are worth (`amounts`).

All metrics that ask for the same list share one trip: volume, net volume and refunds are read from the same balance
transactions.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

from connectors.api.keys import CursorPaging, Paging
from connectors.api.paging import Ask
from connectors.api.snapshots import newest, of_newest
from connectors.api.source import Api
from connectors.api.tallies import Entry, added_up
from connectors.api.trips import Answer, Found, Stretch, Trip, one_by_one, periods
from connectors.contract import Flag, MetricRequest, Window
from connectors.errors import ConfigError, ContractError, DataError
from connectors.http.requests import HttpRequest, shown
from connectors.stripe import API_VERSION, is_snapshot
from connectors.stripe.amounts import major, monthly, part, whole

if TYPE_CHECKING:
    import pandas as pd

    from connectors.stripe import StripeRequest, StripeSettings

_Record = Mapping[str, Any]
_PAGES: Final = Paging(cursor=CursorPaging(next="data[-1].id", param="starting_after", more="has_more"))
_PAGE: Final = "100"
_REFUNDS: Final = ("refund", "refund_failure")


@dataclass(frozen=True, slots=True)
class _Item:
    """What one record adds: when (None is now), how much of which currency, and what it can be split by."""

    at: datetime | None
    amount: Fraction | None
    members: Mapping[str, object]
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class _Figure:
    """What is listed for a figure, the dimensions that it can have, and what a record of the list adds to it."""

    path: str
    items: "Callable[[_Record, StripeRequest], Iterator[_Item]]"
    dimensions: tuple[str, ...]


def api(settings: "StripeSettings") -> Api:
    """Stripe as a source asks it."""
    probe = _request(settings.base_url, "balance_transactions")
    return Api(
        one_by_one(partial(_trip, settings.base_url)), HttpRequest("GET", f"{probe.url}?limit=1", headers=probe.headers)
    )


def _request(url: str, path: str) -> HttpRequest:
    return HttpRequest("GET", f"{url}/v1/{path}", headers={"Stripe-Version": API_VERSION})


def _trip(url: str, request: MetricRequest, window: Window) -> Trip:
    options = cast("StripeRequest", request.options)
    figure = _FIGURES[options.figure]
    for name in request.dimensions:
        if name not in figure.dimensions:
            known = ", ".join(figure.dimensions)
            raise ConfigError(f"Stripe does not split {options.figure} by {name}. Its dimensions are {known}.")
    asked = [Ask(_request(url, figure.path), params, None) for params in _params(options, window)]
    last = newest(request, window) if is_snapshot(options) else None
    there = bool(periods(request, window))
    return Trip(
        tuple(Stretch(window.start, ask) for ask in asked) if there else (),
        _balances if options.figure == "balance" else _listed,
        _table,
        paging=None if options.figure == "balance" else _PAGES,
        api_version=API_VERSION,
        flags=_flags,
        since=lambda _, __: last.start if last else None,
        until=last.until if last else None,
    )


def _params(options: "StripeRequest", window: Window) -> Iterator[dict[str, str]]:
    """The parameters of each list that is asked for."""
    first, after = (str(int(instant.timestamp())) for instant in (window.start, window.end))
    created = {"created[gte]": first, "created[lt]": after, "limit": _PAGE}
    match options.figure:
        case "balance":
            yield {}
        case "mrr" | "subscriptions":
            yield from ({"status": status, "limit": _PAGE} for status in options.statuses)
        case "churned":
            # What ended in the window may have begun whenever before; Stripe cannot be asked by when it ended.
            yield {"status": "canceled", "created[lt]": after, "limit": _PAGE}
        case "started":
            yield created | {"status": "all"}
        case "customers":
            yield created
        case _:
            chosen = {"currency": options.currency, "type": options.type}
            yield created | {name: value for name, value in chosen.items() if value is not None}


def _listed(document: Any) -> Found:
    rows = document.get("data") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not all(isinstance(row, dict) and isinstance(row.get("id"), str) for row in rows):
        raise ContractError("Stripe gives no list of objects with ids. Ask Stripe what changed.")
    return Found(rows)


def _balances(document: Any) -> Found:
    if not isinstance(document, dict) or not all(isinstance(document.get(it), list) for it in ("available", "pending")):
        raise ContractError("Stripe gives no balance that is available or pending. Ask Stripe what changed.")
    return Found([{**_record(it), "funds": funds} for funds in ("available", "pending") for it in document[funds]])


def _record(it: Any) -> _Record:
    if not isinstance(it, dict):
        raise ContractError(f"Stripe gives {shown(repr(it))} in the place of an object. Ask Stripe what changed.")
    return it


def _table(answer: Answer, request: MetricRequest) -> "pd.DataFrame":
    options = cast("StripeRequest", request.options)
    items = list(_items(answer, options))
    if "currency" not in request.dimensions:
        _refuse_mixed({item.currency for item in items if item.currency is not None})
    told = of_newest(request) if is_snapshot(options) else request
    now = told.boundaries[0] if told.boundaries else datetime.max.replace(tzinfo=UTC)
    entries = (
        Entry(item.at or now, item.amount, tuple(item.members[name] for name in request.dimensions)) for item in items
    )
    return added_up(entries, told)


def _items(answer: Answer, options: "StripeRequest") -> Iterator[_Item]:
    for record in answer.rows:
        for item in _FIGURES[options.figure].items(record, options):
            if options.currency in (None, item.currency):
                yield item


def _flags(answer: Answer, request: MetricRequest) -> frozenset[Flag]:
    """Discounts are not counted, and what is priced by tiers or use tells no amount."""
    options = cast("StripeRequest", request.options)
    if options.figure != "mrr":
        return answer.flags
    flags: set[Flag] = set()
    if any(item.amount is None for item in _items(answer, options)):
        flags.add("incomplete")
    if any(record.get("discount") or record.get("discounts") for record in answer.rows):
        flags.add("approximate")
    return answer.flags | flags


def _refuse_mixed(currencies: set[str]) -> None:
    if len(currencies) > 1:
        first, second = sorted(currencies)[:2]
        raise DataError(
            f"Stripe gives amounts in {first} and {second}, which do not add up."
            f" Write currency: {first}, or add the dimension currency."
        )


def _currency(record: _Record) -> str:
    currency = record.get("currency")
    if not isinstance(currency, str) or not currency:
        raise ContractError("Stripe gives an amount without currency. Ask Stripe what changed.")
    return currency


def _at(record: _Record, name: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(whole(record, name)), UTC)
    except (OverflowError, ValueError, OSError):
        raise ContractError(f"Stripe gives a {name} that is no time. Ask Stripe what changed.") from None


def _volume(record: _Record, options: "StripeRequest") -> Iterator[_Item]:
    refunds = options.figure == "refunds"
    category = record.get("reporting_category")
    if category in (_REFUNDS if refunds else options.categories):
        currency = _currency(record)
        minor = whole(record, "amount" if options.amount == "gross" else options.amount)
        members = {"currency": currency, "category": category, "type": _text(record, "type")}
        yield _Item(_at(record, "created"), major(-minor if refunds else minor, currency), members, currency)


def _recurring(subscription: _Record, _: "StripeRequest") -> Iterator[_Item]:
    items = part(subscription, "items")
    if items.get("has_more") is not False or not isinstance(items.get("data"), list):
        raise ContractError("Stripe gives a subscription without all its items. Ask Stripe what changed.")
    for item in map(_record, items["data"]):
        price = part(item, "price")
        currency, minor = _currency(price), monthly(item)
        members = {
            "currency": currency,
            "price": _text(price, "id"),
            "product": _text(price, "product"),
            "interval": _text(part(price, "recurring"), "interval"),
        }
        yield _Item(None, None if minor is None else major(minor, currency), members, currency)


def _counted(moment: str | None, record: _Record, _: "StripeRequest") -> Iterator[_Item]:
    members = {"currency": _text(record, "currency"), "status": _text(record, "status")}
    yield _Item(None if moment is None else _at(record, moment), Fraction(1), members)


def _balance(record: _Record, _: "StripeRequest") -> Iterator[_Item]:
    currency = _currency(record)
    members = {"currency": currency, "funds": record["funds"]}
    yield _Item(None, major(whole(record, "amount"), currency), members, currency)


def _text(record: _Record, name: str) -> str | None:
    value = record.get(name)
    return value if isinstance(value, str) else None


_SPLIT_SUBSCRIPTIONS: Final = ("currency", "status")
_FIGURES: Final[Mapping[str, _Figure]] = {
    "volume": _Figure("balance_transactions", _volume, ("currency", "category", "type")),
    "refunds": _Figure("balance_transactions", _volume, ("currency", "category", "type")),
    "mrr": _Figure("subscriptions", _recurring, ("currency", "price", "product", "interval")),
    "subscriptions": _Figure("subscriptions", partial(_counted, None), _SPLIT_SUBSCRIPTIONS),
    "started": _Figure("subscriptions", partial(_counted, "created"), _SPLIT_SUBSCRIPTIONS),
    "churned": _Figure("subscriptions", partial(_counted, "ended_at"), _SPLIT_SUBSCRIPTIONS),
    "customers": _Figure("customers", partial(_counted, "created"), ("currency",)),
    "balance": _Figure("balance", _balance, ("currency", "funds")),
}
