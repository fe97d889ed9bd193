"""Stripe, judged by its own description of requests; answers are its own fixtures with other numbers."""

import json
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache

import pytest

from connectors.api.snapshots import newest
from connectors.contract import DataPointBatch, MetricRequest, Window
from connectors.errors import ConfigError, ContractError, DataError
from connectors.http.client import Clock
from connectors.stripe import CONNECTOR
from connectors.stripe.amounts import major, monthly
from okr_pipeline_tests.connectors.conformance import MARCH, ZONE, Conformance, days, midnight, within
from okr_pipeline_tests.connectors.http.server import json_reply
from okr_pipeline_tests.connectors.http.survival import Survival
from okr_pipeline_tests.connectors.rest import descriptions
from okr_pipeline_tests.connectors.vendors.vendor import TOKEN, Vendor

NOON = timedelta(hours=12)
NINTH = midnight(date(2013, 3, 9))
LEAST = {
    "balance_transaction": {"fee": 0, "type": "charge", "reporting_category": "charge"},
    "subscription": {"status": "active", "currency": "usd", "items": {"has_more": False, "data": []}},
    "customer": {"currency": "usd"},
}
"""What is read of an object, for where Stripe's fixtures are not there."""


@cache
def fixtures():
    path = descriptions.DIRECTORY / "stripe-fixtures.json"
    return json.loads(path.read_text())["resources"] if descriptions.are_there() else LEAST


def resource(kind, number, at, **more):
    """One of Stripe's own, with another id, time and amount."""
    return {**deepcopy(fixtures()[kind]), "id": f"{kind}_{number:05}", "created": int(at.timestamp()), **more}


def paid(number, at, minor, **more):
    return resource("balance_transaction", number, at, **{"amount": minor, "net": minor, **more})


class Stripe(Vendor):
    """Each day has two charges that make up its amount, and a payout that is none."""

    connector = CONNECTOR
    settings = {"key": "{secret}", "rate_limit": None}
    metric = {"figure": "volume", "type": "ask{number}ed"}
    broken = {"figure": "volume", "type": "nowhere"}
    method = "GET"
    values = (19.99,)
    described = "stripe-requests.json"
    undescribed = ("/v1/balance", "/v1/customers")

    def __init__(self, request):
        super().__init__(request)
        self.lists = {}
        self.good = json.dumps(listed([paid(1, NINTH + NOON, 1_999)], more=False)).encode()

    def write(self, facts):
        super().write(facts)
        rows = []
        for day, amount in self.amounts.items():
            minor, at = round(amount * 100), midnight(day) + NOON
            rows += [paid(len(rows) + 1, at, 75), paid(len(rows) + 2, at, minor - 75)]
            rows += [paid(len(rows) + 1, at, -5_000, type="payout", reporting_category="payout")]
        self.lists = {"balance_transactions": rows}

    def knows(self, seen):
        return seen.headers.get("authorization") == f"Bearer {TOKEN}"

    def answer(self, seen):
        assert seen.headers["stripe-version"] == "2022-04-12"
        params = seen.params
        if params.get("type") == "nowhere":
            return json_reply({"error": {"message": "No such type", "type": "invalid_request_error"}}, 400)
        rows = self.lists.get(seen.path.removeprefix("/v1/"), [])
        if isinstance(rows, dict):
            return json_reply(rows)
        return json_reply(page(rows, params))


def listed(rows, *, more):
    return {"object": "list", "url": "/v1/…", "has_more": more, "data": rows}


def page(rows, params):
    """Newest first, as Stripe lists."""
    least, most = int(params.get("created[gte]", 0)), int(params.get("created[lt]", 10**12))
    chosen = [it for it in rows if least <= it["created"] < most]
    for name in ("currency", "status"):
        if params.get(name, "all") != "all":
            chosen = [it for it in chosen if it[name] == params[name]]
    chosen.sort(key=lambda it: (it["created"], it["id"]), reverse=True)
    if "starting_after" in params:
        chosen = chosen[[it["id"] for it in chosen].index(params["starting_after"]) + 1 :]
    size = int(params["limit"])
    return listed(chosen[:size], more=len(chosen) > size)


class TestConformance(Conformance):
    subject = Stripe


class TestSurvival(Survival):
    subject = Stripe


@pytest.fixture
def place(request):
    return Stripe(request)


def asked(place, window=MARCH, dimensions=(), **keys):
    request = MetricRequest("m", "day", ZONE, dimensions, CONNECTOR.description.request(**keys))
    source = place.open()
    [outcome] = source.read([within(window, request)], window)
    source.close()
    return outcome


def told(outcome):
    """Values by day and members that are not zero."""
    assert isinstance(outcome, DataPointBatch), outcome
    rows = zip(outcome.points["period_start"], outcome.points["dimensions"], outcome.points["value"], strict=True)
    return {(start.day, *json.loads(of).values()): value for start, of, value in rows if value != 0}


def test_pages_are_read_to_their_end_and_cents_add_up_exactly(place):
    place.lists = {"balance_transactions": [paid(n, NINTH + timedelta(seconds=n), 10) for n in range(1, 351)]}
    assert told(asked(place, figure="volume")) == {(9,): 35.0}
    assert len(place.server.seen) == 4


def test_volume_refunds_and_fees_are_read_from_one_list(place):
    rows = [
        paid(1, NINTH, 1_000, fee=59, net=941),
        paid(2, NINTH, 500, type="payment", fee=20, net=480),
        paid(3, NINTH + NOON, -300, type="refund", reporting_category="refund", net=-300),
        paid(4, NINTH + NOON, 100, type="refund_failure", reporting_category="refund_failure", net=100),
    ]
    place.lists = {"balance_transactions": rows}
    keys = {
        "gross": {"figure": "volume"},
        "net": {"figure": "volume", "amount": "net", "categories": ["charge", "refund", "refund_failure"]},
        "fees": {"figure": "volume", "amount": "fee"},
        "refunds": {"figure": "refunds"},
    }
    requests = [
        within(MARCH, MetricRequest(name, "day", ZONE, (), CONNECTOR.description.request(**it)))
        for name, it in keys.items()
    ]
    [batch] = place.open().read(requests, MARCH)
    sums = batch.points.groupby("metric")["value"].sum().to_dict()
    assert sums == {"gross": 15.0, "net": 12.21, "fees": 0.79, "refunds": 2.0}
    assert len(place.server.seen) == 1


def test_a_charge_is_of_the_day_that_it_is_in_the_metrics_zone(place):
    late = datetime(2013, 3, 10, 4, 59, 59, tzinfo=UTC)
    place.lists = {"balance_transactions": [paid(1, late, 100), paid(2, late + timedelta(seconds=1), 200)]}
    assert told(asked(place, figure="volume")) == {(9,): 1.0, (10,): 2.0}


MIXED = [paid(1, NINTH, 1_000), paid(2, NINTH, 500, currency="jpy"), paid(3, NINTH, 1_234, currency="kwd")]


def test_currencies_are_never_added_up(place):
    place.lists = {"balance_transactions": MIXED}
    outcome = asked(place, figure="volume")
    assert isinstance(outcome.error, DataError)
    assert "amounts in jpy and kwd, which do not add up" in str(outcome.error)
    assert told(asked(place, figure="volume", currency="jpy")) == {(9,): 500.0}
    by_currency = asked(place, dimensions=("currency",), figure="volume")
    assert told(by_currency) == {(9, "jpy"): 500.0, (9, "kwd"): 1.234, (9, "usd"): 10.0}


@pytest.mark.parametrize(
    ("minor", "currency", "amount"),
    [
        (1_999, "usd", "19.99"), (1_999, "eur", "19.99"), (500, "jpy", "500"), (5_120, "kwd", "5.12"),
        (500, "ugx", "5"), (500, "isk", "5"), (1_045, "huf", "10.45"), (-1, "bhd", "-0.001"), (7, "krw", "7"),
    ],
)  # fmt: skip
def test_minor_units_are_those_that_stripe_has_for_a_currency(minor, currency, amount):
    assert major(Fraction(minor), currency) == Fraction(Decimal(amount))


def price(amount=2_000, interval="month", count=1, **more):
    recurring = {"interval": interval, "interval_count": count, "usage_type": "licensed"}
    return {
        "id": "price_1",
        "currency": "usd",
        "product": "prod_1",
        "unit_amount": amount,
        "recurring": recurring,
        **more,
    }


def item(quantity=1, **more):
    return {"id": "si_1", "quantity": quantity, "price": price(**more)}


@pytest.mark.parametrize(
    ("it", "by_month"),
    [
        (item(), 2_000), (item(quantity=3), 6_000), (item(count=3), Fraction(2_000, 3)),
        (item(interval="year", amount=12_000), 1_000), (item(interval="year", count=2, amount=12_000), 500),
        (item(interval="week", amount=84), 365), (item(interval="day", amount=12), 365),
        (item(unit_amount_decimal="0.05", quantity=1_000), 50), (item(amount=None), None),
        (item(billing_scheme="tiered"), None),
        (item(quantity=25, transform_quantity={"divide_by": 10, "round": "up"}), 6_000),
        (item(quantity=25, transform_quantity={"divide_by": 10, "round": "down"}), 4_000),
    ],
)  # fmt: skip
def test_a_price_is_one_of_a_month(it, by_month):
    assert monthly(it) == by_month


@pytest.mark.parametrize(
    "it",
    [{}, item(quantity=None), item(interval="fortnight"), item(count=0), item(amount="20"), item(recurring=None),
     item(transform_quantity={"divide_by": 0, "round": "up"})],
)  # fmt: skip
def test_an_item_of_another_shape_is_refused(it):
    with pytest.raises(ContractError):
        monthly(it)


TODAY = datetime(2013, 3, 12, 10, tzinfo=UTC)
"""Six in the morning of the twelfth, in New York."""
WEEK = days(date(2013, 3, 5), date(2013, 3, 12))


def now(at):
    return Clock(now=lambda: at, sleep=lambda _, __: None)


def snapshot(place, dimensions=(), window=WEEK, at=TODAY, **keys):
    request = MetricRequest("m", "day", ZONE, dimensions, CONNECTOR.description.request(**keys))
    source = place._opened(place.server.url, TOKEN, now(at), {})
    [outcome] = source.read([within(window, request)], window)
    source.close()
    return outcome


def subscribed(number, *items, **more):
    return resource("subscription", number, NINTH, items={"has_more": False, "data": list(items)}, **more)


def test_recurring_revenue_is_what_active_subscriptions_bring_in_a_month(place):
    yearly = item(quantity=2, interval="year", amount=12_000)
    place.lists = {"subscriptions": [subscribed(1, item(), yearly), subscribed(2, item(), status="past_due")]}
    outcome = snapshot(place, figure="mrr")
    assert (told(outcome), outcome.flags) == ({(11,): 40.0}, {})
    assert told(snapshot(place, figure="mrr", statuses=["active", "past_due"])) == {(11,): 60.0}
    by_interval = snapshot(place, dimensions=("interval",), figure="mrr")
    assert told(by_interval) == {(11, "month"): 20.0, (11, "year"): 20.0}


def test_a_price_that_does_not_tell_is_left_out_and_told_of_as_is_a_discount(place):
    place.lists = {
        "subscriptions": [subscribed(1, item(), item(amount=None)), subscribed(2, item(), discounts=["di_1"])]
    }
    outcome = snapshot(place, figure="mrr")
    assert (told(outcome), outcome.flags) == ({(11,): 40.0}, {"m": frozenset({"incomplete", "approximate"})})


def test_subscriptions_are_counted_as_they_are_now(place):
    place.lists = {"subscriptions": [subscribed(1), subscribed(2), subscribed(3, status="canceled")]}
    assert told(snapshot(place, figure="subscriptions")) == {(11,): 2.0}


def test_a_subscription_is_churned_on_the_day_it_ended(place):
    """Not on the day somebody said that it shall end, nor by when it began."""
    ended = int((NINTH + NOON).timestamp())
    begun = NINTH - timedelta(days=900)
    gone = resource("subscription", 1, begun, status="canceled", ended_at=ended, canceled_at=ended - 2_000_000)
    place.lists = {"subscriptions": [gone, subscribed(2)]}
    assert told(asked(place, figure="churned")) == {(9,): 1.0}
    assert told(asked(place, figure="started")) == {(9,): 1.0}


def test_new_customers_are_counted(place):
    place.lists = {"customers": [resource("customer", n, NINTH + n * NOON) for n in range(3)]}
    assert told(asked(place, figure="customers")) == {(9,): 2.0, (10,): 1.0}


BALANCE = {
    "available": [{"amount": 1_050, "currency": "usd"}, {"amount": 700, "currency": "jpy"}],
    "pending": [{"amount": 25, "currency": "usd"}],
}


def test_the_balance_is_what_is_available_and_pending(place):
    place.lists = {"balance": BALANCE}
    assert told(snapshot(place, figure="balance", currency="usd")) == {(11,): 10.75}
    split = snapshot(place, dimensions=("currency", "funds"), figure="balance")
    assert told(split) == {
        (11, "jpy", "available"): 700.0,
        (11, "usd", "available"): 10.5,
        (11, "usd", "pending"): 0.25,
    }


def test_a_snapshot_tells_of_the_newest_period_alone(place):
    place.lists = {"balance": BALANCE}
    outcome = snapshot(place, figure="balance", currency="usd")
    assert outcome.evidence["m"].since == midnight(date(2013, 3, 11))
    assert outcome.points["period_start"].tolist() == [midnight(date(2013, 3, 11))]


@pytest.mark.parametrize(
    "late", [timedelta(0), timedelta(hours=23, minutes=59), timedelta(days=24), timedelta(days=300)]
)
def test_a_snapshot_is_refused_for_a_period_after_which_another_ended(place, late):
    place.lists = {"balance": BALANCE}
    outcome = snapshot(place, at=midnight(date(2013, 3, 12)) + late, figure="balance", currency="usd")
    assert isinstance(outcome, DataPointBatch) == (late < timedelta(days=1))
    if late >= timedelta(days=1):
        assert isinstance(outcome.error, ConfigError)
        assert "It has no history: leave it out of backfills" in str(outcome.error)
        assert place.server.seen == []


def test_a_day_of_23_hours_ends_when_it_ends():
    request = MetricRequest("m", "day", ZONE, (), CONNECTOR.description.request(figure="balance"))
    window = days(date(2013, 3, 9), date(2013, 3, 10))
    assert newest(within(window, request), window).until == midnight(date(2013, 3, 11))


@pytest.mark.parametrize("grain", ["week", "month", "quarter"])
def test_a_snapshot_is_no_value_of_a_longer_period(grain):
    request = MetricRequest("m", grain, ZONE, (), CONNECTOR.description.request(figure="balance"))
    with pytest.raises(ConfigError, match="Write grain: day and rollup: last"):
        newest(request, MARCH)


def test_a_window_without_length_asks_for_no_snapshot(place):
    outcome = snapshot(place, window=Window(MARCH.start, MARCH.start), figure="balance")
    assert (told(outcome), place.server.seen) == ({}, [])


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({"figure": "mrr", "categories": ["charge"]}, "has categories beside figure mrr"),
        ({"figure": "balance", "amount": "net"}, "has amount beside figure balance"),
        ({"figure": "customers", "currency": "usd"}, "has currency beside figure customers"),
        ({"figure": "volume", "statuses": ["active"]}, "has statuses beside figure volume"),
    ],
)
def test_a_key_that_says_nothing_of_a_figure_is_refused(keys, said):
    with pytest.raises(ValueError, match=said):
        CONNECTOR.description.request(**keys)


def test_a_dimension_that_stripe_does_not_have_is_refused_by_name(place):
    outcome = asked(place, dimensions=("country",), figure="volume")
    assert "does not split volume by country. Its dimensions are currency, category, type" in str(outcome.error)


@pytest.mark.parametrize(
    "answer",
    [
        {"data": [{"id": 5}], "has_more": False},
        {"data": [paid(1, NINTH, "19")], "has_more": False},
        {"data": [paid(1, NINTH, True)], "has_more": False},
        {"data": [paid(1, NINTH, 5) | {"currency": None}], "has_more": False},
        {"data": [paid(1, NINTH, 5) | {"created": 10**20}], "has_more": False},
        {"data": [paid(1, NINTH, 5)], "has_more": "yes"},
        {"data": [], "has_more": True},
    ],
)
def test_a_list_of_another_shape_is_refused(place, answer):
    place.answer = lambda seen: json_reply(answer)
    assert isinstance(asked(place, figure="volume").error, ContractError)


def test_a_page_that_comes_again_is_refused(place):
    place.answer = lambda seen: json_reply(listed([paid(1, NINTH, 5)], more=True))
    assert "Two pages are the same" in str(asked(place, figure="volume").error)
