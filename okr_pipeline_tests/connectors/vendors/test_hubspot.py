"""HubSpot, judged by its own description."""

import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import cache

import pytest

from connectors.contract import ReadFailure
from connectors.errors import QuotaExhausted
from connectors.hubspot import CONNECTOR
from okr_pipeline_tests.connectors.conformance import (
    MARCH,
    Conformance,
    by_key,
    days,
    midnight,
    read,
    within,
)
from okr_pipeline_tests.connectors.http.server import Server, json_reply, reply
from okr_pipeline_tests.connectors.http.survival import FastClock, Survival
from okr_pipeline_tests.connectors.vendors.vendor import TOKEN, Vendor

COMPARED = {"GTE": lambda a, b: a >= b, "LT": lambda a, b: a < b, "GT": lambda a, b: a > b}


class Hubspot(Vendor):
    """Each day has two deals, which make up its amount; ids follow no day."""

    connector = CONNECTOR
    settings = {"token": "{secret}", "rate_limit": None}
    metric = {
        "date": "closedate",
        "sum": "amount",
        "filters": [{"propertyName": "dealname", "operator": "CONTAINS_TOKEN", "value": "ask{number}ed"}],
    }
    broken = {**metric, "filters": [{"propertyName": "nowhere", "operator": "HAS_PROPERTY"}]}
    method = "POST"
    good = json.dumps(
        {"total": 1, "results": [{"id": "7", "properties": {"closedate": "2013-03-09T17:00:00.5Z", "amount": "5.25"}}]}
    ).encode()
    values = (5.25,)
    ceiling = 10_000
    described = "hubspot-deals.json"
    undescribed = ("/account-info/v3/details",)

    def __init__(self, request):
        super().__init__(request)
        self.deals = []

    def write(self, facts):
        super().write(facts)
        instants = [(midnight(day) + timedelta(hours=5), amount) for day, amount in self.amounts.items()]
        halves = [(at, amount * share) for share in (0.25, 0.75) for at, amount in instants]
        self.deals = [deal(number, at, str(amount)) for number, (at, amount) in enumerate(halves, 1)]

    def knows(self, seen):
        return seen.headers.get("authorization") == f"Bearer {TOKEN}"

    def answer(self, seen):
        if seen.path == "/account-info/v3/details":
            return json_reply({"portalId": 7})
        return json_reply(*found(self.deals, json.loads(seen.body), self.ceiling))


def deal(number, at, amount, **more):
    return {"hs_object_id": str(number), "closedate": written(at), "amount": amount, **more}


def written(at):
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if isinstance(at, datetime) else str(at)


@cache
def compared(text):
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp() * 1_000)


def found(deals, asked, ceiling):
    """As HubSpot answers a search: never more than 200 on a page, nor what is beyond a ceiling."""
    [group] = asked["filterGroups"]
    chosen = deals
    for it in group["filters"]:
        name, operator = it["propertyName"], it["operator"]
        if name == "nowhere":
            return {"status": "error", "message": "Property nowhere does not exist"}, 400
        if operator in COMPARED:
            meets, other = COMPARED[operator], int(it["value"])
            chosen = [one for one in chosen if meets(compared(one[name]), other)]
        elif operator == "IN":
            chosen = [one for one in chosen if one.get(name) in it["values"]]
    first, size = int(asked["after"]), asked["limit"]
    if first + size > ceiling or size > 200:
        return {"status": "error", "message": "too many results"}, 400
    assert asked["sorts"] == ["hs_object_id"]
    chosen = sorted(chosen, key=lambda one: int(one["hs_object_id"]))
    page = [
        {"id": one["hs_object_id"], "properties": {name: one.get(name) for name in asked["properties"]}}
        for one in chosen[first : first + size]
    ]
    return {"total": len(chosen), "results": page}, 200


class TestConformance(Conformance):
    subject = Hubspot


class TestSurvival(Survival):
    subject = Hubspot


class Counted(Hubspot):
    """The same, where each deal counts for one."""

    metric = {key: value for key, value in Hubspot.metric.items() if key != "sum"}
    broken = {key: value for key, value in Hubspot.broken.items() if key != "sum"}

    def write(self, facts):
        super(Hubspot, self).write(facts)
        instants = [midnight(day) for day, amount in self.amounts.items() for _ in range(int(amount))]
        self.deals = [deal(number, at, None) for number, at in enumerate(instants, 1)]


class TestCountedConformance(Conformance):
    subject = Counted


@pytest.fixture
def place(request):
    return Hubspot(request)


def values(batch):
    return {start.date().day: value for (_, start), value in by_key(batch.points).items() if value != 0}


def test_more_objects_than_a_search_may_give_are_added_up_in_as_many_pages_as_they_fill(place):
    place.ceiling, count = 500, 1_050  # HubSpot's is 10,000
    place.deals = [deal(number, midnight(date(2013, 3, 1 + number % 31)), "0.1") for number in range(1, count + 1)]
    batch = read(place)
    assert sum(Fraction(value).limit_denominator(10) for value in batch.points["value"]) == Fraction(count, 10)
    assert len(place.server.seen) == -(-count // 200)
    assert batch.flags == {}


def test_tenths_add_up_to_the_number_that_is_nearest_to_their_sum(place):
    """Added up as floats, ten of them are less than one."""
    place.deals = [deal(number, midnight(date(2013, 3, 9)), "0.1") for number in range(1, 11)]
    assert values(read(place)) == {9: 1.0}


def test_an_object_without_amount_is_told_of_and_is_not_zero(place):
    place.deals = [deal(1, midnight(date(2013, 3, 9)), "5"), deal(2, midnight(date(2013, 3, 9)), None)]
    place.deals += [deal(3, midnight(date(2013, 3, 10)), "")]
    batch = read(place)
    assert values(batch) == {9: 5.0, 10: None}
    assert batch.flags == {"amount": frozenset({"incomplete"})}


def test_objects_that_come_and_go_while_they_are_read_neither_double_nor_hide_others(place):
    place.deals = [deal(number, midnight(date(2013, 3, 9)), "1") for number in range(1, 501)]
    answer = place.answer

    def moving(seen):
        told = answer(seen)
        if len(place.server.seen) == 1:  # after the first page: one of it goes, one of the last comes
            place.deals = [*place.deals[1:], deal(501, midnight(date(2013, 3, 9)), "1")]
        return told

    place.answer = moving
    assert values(read(place)) == {9: 501.0}


def page(total, *ids):
    results = [{"id": number, "properties": {"closedate": "2013-03-09T17:00:00Z", "amount": "1"}} for number in ids]
    return {"total": total, "results": results}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (page(2, "1"), "announces 2 objects and gives 1 on its page"),
        (page(1, "1", "2"), "announces 1 objects and gives 2 on its page"),
        (page(2, "2", "1"), "gives object 1 after object 2"),
        (page(2, "2", "2"), "gives object 2 after object 2"),
        (page(1, "x"), "without id or properties"),
        (page(1, "9" * 5_000), "without id or properties"),
        ({"total": 1, "results": [{"id": "1", "properties": {"closedate": ["x"]}}]}, "a closedate that is no text"),
        ({"total": 1, "results": [{"id": "1", "properties": {"amount": "1"}}]}, "has the closedate 'None'"),
        (
            {"total": 1, "results": [{"id": "1", "properties": {"closedate": "2013-03-09T00:00Z", "amount": "1e999"}}]},
            "has the amount '1e999', which is not a number",
        ),
    ],
    ids=lambda it: it if isinstance(it, str) else "",
)
def test_a_page_that_is_not_what_it_says_is_refused(place, answer, said):
    place.answer = lambda seen: json_reply(answer)
    source = place.open()
    [outcome] = source.read([within(MARCH, place.request("amount"))], MARCH)
    assert isinstance(outcome, ReadFailure)
    assert said in str(outcome.error).replace("has the closedate None", "has the closedate 'None'")


@pytest.mark.parametrize("answer", [{"results": []}, {"total": -1}, {"total": True}, {"total": "4"}, [4]])
def test_a_count_that_is_none_is_refused(request, answer):
    place = Counted(request)
    place.answer = lambda seen: json_reply(answer)
    [outcome] = place.open().read([within(MARCH, place.request("amount"))], MARCH)
    assert "objects, which is no number" in str(outcome.error)


def test_objects_are_counted_and_added_up_by_their_properties(place):
    deals = [("won", "1"), ("won", "2"), ("lost", "4"), (None, "8")]
    place.deals = [deal(n, midnight(date(2013, 3, 9)), amount, stage=it) for n, (it, amount) in enumerate(deals, 1)]
    request = within(MARCH, place.request("amount"))
    by_stage = replace(request, dimensions=("stage",))
    [batch] = place.open().read([by_stage], MARCH)
    assert dict(zip(batch.points["dimensions"], batch.points["value"], strict=True)) == {
        '{"stage":"lost"}': 4.0, '{"stage":"won"}': 3.0, '{"stage":null}': 8.0,
    }  # fmt: skip


def test_a_property_that_is_a_day_is_one_of_the_metrics_zone(place):
    """HubSpot keeps it as midnight in UTC, which in New York is the day before."""
    place.deals = [deal(1, date(2013, 3, 9), "5"), deal(2, date(2013, 3, 10), "7"), deal(3, date(2013, 3, 8), "1")]
    window = days(date(2013, 3, 9), date(2013, 3, 11))
    [batch] = place.open().read([within(window, place.request("amount", date_type="date"))], window)
    assert values(batch) == {9: 5.0, 10: 7.0}


def test_filters_are_sent_in_hubspots_own_words(place):
    place.deals = [deal(1, midnight(date(2013, 3, 9)), "5", pipeline="a"), deal(2, midnight(date(2013, 3, 9)), "7")]
    filters = [{"propertyName": "pipeline", "operator": "IN", "values": ["a", "b"]}]
    [batch] = place.open().read([within(MARCH, place.request("amount", filters=filters))], MARCH)
    assert values(batch) == {9: 5.0}
    assert json.loads(place.server.seen[0].body)["filterGroups"][0]["filters"][2] == filters[0]


def test_other_objects_are_asked_for_by_their_name(place):
    place.undescribed = ("/crm/v3/objects/tickets/search",)
    [_] = place.open().read([within(MARCH, place.request("amount", object="tickets"))], MARCH)
    assert {seen.path for seen in place.server.seen} == {"/crm/v3/objects/tickets/search"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"operator": "EQ"}, "compares by EQ with other keys than value"),
        ({"operator": "IN", "value": "a"}, "compares by IN with other keys than values"),
        ({"operator": "BETWEEN", "value": "1"}, "compares by BETWEEN with other keys than value and highValue"),
        ({"operator": "HAS_PROPERTY", "value": "1"}, "compares by HAS_PROPERTY with other keys than none"),
    ],
)
def test_a_filter_that_hubspot_would_refuse_is_refused_before(given, said):
    with pytest.raises(ValueError, match=said):
        CONNECTOR.description.request(date="closedate", filters=[{"propertyName": "stage", **given}])


LIMITED = json.dumps({"status": "error", "errorType": "RATE_LIMIT", "policyName": "SECONDLY"}).encode()


def asked_at_its_limit(place, policy, times):
    """What comes of it where the first answers are that a limit was met, and how long was waited."""
    clock, limited = FastClock(), LIMITED.replace(b"SECONDLY", policy)
    with Server(lambda _: reply(429, limited) if len(server.seen) <= times else reply(200, place.good)) as server:
        [outcome] = place.over(server.url, clock.clock()).read([within(MARCH, place.request("amount"))], MARCH)
    return outcome, sum(clock.slept)


@pytest.mark.parametrize(("policy", "seconds"), [(b"SECONDLY", 1), (b"TEN_SECONDLY_ROLLING", 10)])
def test_a_search_too_many_is_asked_again_when_its_limit_is_over(place, policy, seconds):
    batch, waited = asked_at_its_limit(place, policy, times=1)
    assert (values(batch), waited) == ({9: 5.25}, seconds)


def test_when_a_day_is_used_up_nothing_is_asked_for_an_hour(place):
    outcome, waited = asked_at_its_limit(place, b"DAILY", times=9)
    assert isinstance(outcome.error, QuotaExhausted)
    assert timedelta(minutes=59) < outcome.error.until - datetime.now(UTC) <= timedelta(hours=1)
    assert (waited, "DAILY" in str(outcome.error)) == (0, True)


def test_a_limit_of_another_name_is_tried_again_as_any(place):
    batch, _ = asked_at_its_limit(place, b"LUNAR", times=1)
    assert values(batch) == {9: 5.25}


def test_five_searches_a_second_are_what_hubspot_allows():
    assert CONNECTOR.description.settings(token="x").rate_limit.model_dump(mode="json") == {"requests": 5, "per": "1s"}
