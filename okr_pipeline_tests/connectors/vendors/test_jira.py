"""Jira, judged by Atlassian's own description."""

import json
import re
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from connectors.errors import ConfigError, ContractError, DataError
from connectors.jira import CONNECTOR
from connectors.jira.trips import api
from okr_pipeline_tests.connectors.conformance import MARCH, Conformance, days, midnight, read, within
from okr_pipeline_tests.connectors.http.server import json_reply
from okr_pipeline_tests.connectors.http.survival import Survival
from okr_pipeline_tests.connectors.vendors.vendor import TOKEN, Vendor, basic


class Jira(Vendor):
    connector = CONNECTOR
    settings = {"email": "me@shop.example", "token": "{secret}"}
    metric = {"count": 'project = ask{number}ed AND resolved >= "{start:date}" AND resolved < "{end:date}"'}
    broken = {"count": 'project = nowhere AND resolved >= "{start:date}" AND resolved < "{end:date}"'}
    method = "POST"
    good = json.dumps({"count": 5}).encode()
    values = (5.0,)
    described = "jira-search.json"
    undescribed = ("/rest/api/3/myself",)

    def knows(self, seen):
        return seen.headers.get("authorization") == basic("me@shop.example", TOKEN)

    def answer(self, seen):
        if seen.path == "/rest/api/3/myself":
            return json_reply({"accountId": "5"})
        jql = json.loads(seen.body)["jql"]
        if "nowhere" in jql:
            return json_reply({"errorMessages": ["The value 'nowhere' does not exist for the field 'project'."]}, 400)
        first, after = map(date.fromisoformat, re.findall(r'"([\d-]+)"', jql))
        return json_reply({"count": int(sum(n for day, n in self.amounts.items() if first <= day < after))})


class TestConformance(Conformance):
    subject = Jira


class TestSurvival(Survival):
    subject = Jira


def test_what_jira_counts_is_said_to_be_approximate(request):
    place = Jira(request)
    assert read(place, MARCH).flags == {"amount": frozenset({"approximate"})}


@pytest.mark.parametrize("jql", ["project = SHOP", 'resolved >= "{begin:date}"'])
def test_jql_that_names_no_period_is_refused(jql):
    with pytest.raises(ValueError, match=r"never says which period|names 'begin'"):
        CONNECTOR.description.request(count=jql)


class Listing(Jira):
    """The same facts as issues with points, of which three are of other days, listed two a page.

    The account is far from the zone of the metric, and dates of JQL are its own.
    """

    metric = {"issues": "project = ask{number}ed", "date": "resolutiondate", "sum": "customfield_10016"}
    broken = {"issues": "project = nowhere", "date": "resolutiondate", "sum": "customfield_10016"}
    account = ZoneInfo("Pacific/Auckland")
    extra = ()

    def answer(self, seen):
        if seen.path != "/rest/api/3/search/jql":
            return super().answer(seen)
        asked = json.loads(seen.body)
        if "nowhere" in asked["jql"]:
            return json_reply({"errorMessages": ["The value 'nowhere' does not exist for the field 'project'."]}, 400)
        first, after = map(date.fromisoformat, re.findall(r'resolutiondate (?:>=|<) "([\d-]+)"', asked["jql"]))
        there = [it for it in self.issues() if first <= self.day(it) < after]
        skip = int(asked.get("nextPageToken", "token-0").removeprefix("token-"))
        more = {"nextPageToken": f"token-{skip + 2}"} if skip + 2 < len(there) else {}
        return json_reply({"issues": there[skip : skip + 2], "isLast": not more, **more})

    def day(self, issue):
        return datetime.fromisoformat(issue["fields"]["resolutiondate"]).astimezone(self.account).date()

    def issues(self):
        facts = [
            (day, amount, clock)
            for day, n in self.amounts.items()
            for amount, clock in ((n / 4, 0), (n * 3 / 4, 82_799))
        ]
        made = [
            issue(number, midnight(day) + timedelta(seconds=clock), amount)
            for number, (day, amount, clock) in enumerate(facts)
        ]
        return [*made, *self.extra]


class TestListing(Conformance):
    subject = Listing


def issue(number, at, amount):
    """As Jira writes one: its offset has no colon."""
    text = at.astimezone(ZoneInfo("America/New_York")).strftime("%Y-%m-%dT%H:%M:%S.000%z")
    return {"id": str(number), "key": f"SHOP-{number}", "fields": {"resolutiondate": text, "customfield_10016": amount}}


NOON = midnight(date(2013, 3, 9)) + timedelta(hours=12)


def listed(request, *extra, window=MARCH, **options):
    """What comes of issues besides those of the facts."""
    place = Listing(request)
    place.write(place.facts)
    place.extra = extra
    source = place.open()
    asked = {**place.metric, "issues": "project = SHOP", **options}
    [outcome] = source.read(
        [within(window, place._requested("amount", {name: it for name, it in asked.items() if it}))], window
    )
    source.close()
    return outcome, place.server.seen


def test_sums_and_counts_of_listed_issues_are_exact(request):
    summed, seen = listed(request)
    assert (summed.points["value"].sum(), summed.flags, len(seen)) == (9, {}, 4)
    counted, _ = listed(request, sum=None)
    assert (counted.points["value"].sum(), counted.flags) == (8, {})


def test_numbers_are_added_up_as_jira_writes_them(request):
    later = NOON + timedelta(days=11)
    outcome, _ = listed(request, issue(98, later, 0.1), issue(99, later, 0.2))
    assert outcome.points.set_index("period_start")["value"][midnight(date(2013, 3, 20))] == 0.3


def test_a_year_of_days_takes_a_request_for_each_page(request):
    year = days(date(2013, 1, 1), date(2014, 1, 1))
    outcome, seen = listed(request, window=year)
    assert (len(outcome.points), outcome.points["value"].sum(), len(seen)) == (365, 9, 4)


def test_an_issue_that_is_on_two_pages_counts_once(request):
    outcome, _ = listed(request, issue(0, midnight(date(2013, 3, 9)), 0.5))
    assert outcome.points["value"].sum() == 9


def test_an_issue_without_a_number_is_no_zero_but_makes_the_value_incomplete(request):
    outcome, _ = listed(request, issue(99, NOON, None))
    assert (outcome.points["value"].sum(), outcome.flags) == (9, {"amount": frozenset({"incomplete"})})


def test_one_that_is_only_looked_at_because_of_the_zone_of_the_account_makes_nothing_incomplete(request):
    outcome, _ = listed(request, issue(99, midnight(date(2013, 4, 1)), None))
    assert outcome.flags == {}


def test_a_period_of_which_no_issue_has_a_number_has_no_value(request):
    outcome, _ = listed(request, issue(99, midnight(date(2013, 3, 20)), None))
    values = dict(zip(outcome.points["period_start"], outcome.points["value"], strict=True))
    assert pd.isna(values[pd.Timestamp(midnight(date(2013, 3, 20)))])


def test_days_are_those_of_the_zone_of_the_metric(request):
    outcome, _ = listed(request, {"id": "99", "fields": {"resolutiondate": "2013-03-20", "customfield_10016": 1}})
    values = dict(zip(outcome.points["period_start"], outcome.points["value"], strict=True))
    assert values[pd.Timestamp(midnight(date(2013, 3, 20)))] == 1


@pytest.mark.parametrize(
    ("fields", "kind", "says"),
    [
        ({"resolutiondate": "2013-03-09T12:00:00.000-0500", "customfield_10016": "3"}, DataError, "customfield_10016 is '3', which is no number"),
        ({"resolutiondate": "2013-03-09T12:00:00.000-0500", "customfield_10016": True}, DataError, "which is no number"),
        ({"resolutiondate": "2013-03-09T12:00:00", "customfield_10016": 3}, DataError, "names no instant or day"),
        ({"resolutiondate": None, "customfield_10016": 3}, DataError, "names no instant or day"),
        ({"customfield_10016": 3}, DataError, "names no instant or day"),
    ],
)  # fmt: skip
def test_an_issue_that_cannot_be_added_up_is_an_error(request, fields, kind, says):
    outcome = answered(request, {"issues": [{"id": "99", "fields": fields}], "isLast": True})
    assert type(outcome.error) is kind, outcome
    assert says in str(outcome.error)


@pytest.mark.parametrize(
    ("document", "kind", "says"),
    [
        ({"issues": [{"id": "1", "fields": {"resolutiondate": "2013-03-09"}}], "isLast": True}, ConfigError, "No issue has a field customfield_10016"),
        ({"isLast": True}, ContractError, "Jira lists no issues"),
        ({"issues": [{"key": "SHOP-1"}], "isLast": True}, ContractError, "Jira lists no issues"),
        ({"issues": [], "isLast": False}, ContractError, "gives no token"),
        ({"issues": [issue(1, NOON, 1)], "isLast": False}, ContractError, "gives no token"),
        ({"issues": [], "nextPageToken": "t"}, ContractError, "its page is empty"),
        ({"issues": [issue(1, NOON, 1)], "nextPageToken": "t"}, ContractError, "Two pages are the same"),
    ],
)  # fmt: skip
def test_lists_that_are_not_whole_are_errors(request, document, kind, says):
    outcome = answered(request, document)
    assert type(outcome.error) is kind, outcome
    assert says in str(outcome.error)


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "in no way, or in two"),
        ({"count": "created >= '{start:date}'", "issues": "a = b", "date": "created"}, "in no way, or in two"),
        ({"issues": "a = b"}, "issues without a date"),
        ({"count": "created >= '{start:date}'", "sum": "customfield_1"}, "a field without issues"),
        ({"issues": "created >= '{start:date}'", "date": "created"}, "says itself which period"),
        ({"issues": "a = b ORDER  by created", "date": "created"}, "orders its issues"),
        ({"issues": "a = b", "date": "cf[10016]"}, "should match pattern"),
    ],
)
def test_keys_that_do_not_hold_together_are_refused(keys, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        CONNECTOR.description.request(**keys)


def test_words_inside_quotes_order_nothing(request):
    outcome, seen = listed(request, issues='summary ~ "order by phone" OR project = SHOP', date="resolutiondate")
    assert outcome.points["value"].sum() == 9
    assert json.loads(seen[0].body)["jql"].startswith(
        '(summary ~ "order by phone" OR project = SHOP) AND resolutiondate >= "2013-02-27"'
    )


def test_custom_fields_are_named_in_jql_as_jql_names_them(request):
    place = Listing(request)
    asked = place._requested("m", {"issues": "a = b", "date": "customfield_10015"})
    [trip] = api(CONNECTOR.description.settings(base_url="https://shop.atlassian.net", email="me", token="t")).plan(
        [within(MARCH, asked)], MARCH
    )
    [stretch] = trip.stretches
    assert stretch.ask.body["jql"] == '(a = b) AND cf[10015] >= "2013-02-27" AND cf[10015] < "2013-04-03"'


def answered(request, document):
    """What comes of a server that always answers so."""
    place = Listing(request)
    place.answer = lambda seen: json_reply(document)
    source = place.open()
    [outcome] = source.read([within(MARCH, place.request("amount"))], MARCH)
    source.close()
    return outcome
