"""Salesforce: a server of our own, after its documentation; every query judged by a SOQL parser of others."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qs

import pytest

from connectors.contract import Context
from connectors.errors import AuthError, ConfigError, ContractError, QuotaExhausted, TransientError
from connectors.salesforce import CONNECTOR
from okr_pipeline_tests.connectors.conformance import FACTS, MARCH, Conformance, days, within
from okr_pipeline_tests.connectors.http.server import Server, json_reply
from okr_pipeline_tests.connectors.http.survival import FastClock, Survival, one_day
from okr_pipeline_tests.connectors.vendors import judges
from okr_pipeline_tests.connectors.vendors.vendor import TOKEN, Vendor

QUERY = "/services/data/v63.0/query"
BY_DAY = (
    "SELECT CloseDate period, Type team, SUM(Amount) value FROM Opportunity WHERE StageName = 'ask{number}ed'"
    " AND CloseDate >= {start:date} AND CloseDate <= {last:date} GROUP BY CloseDate, Type"
)
TOTAL = "SELECT SUM(Amount) value FROM Opportunity WHERE CreatedDate >= {start:utc} AND CreatedDate < {end:utc}"


def row(**columns):
    """As Salesforce writes one of an aggregate."""
    return {"attributes": {"type": "AggregateResult"}, **columns}


def whole(*rows):
    return {"totalSize": len(rows), "done": True, "records": list(rows)}


class Salesforce(Vendor):
    connector = CONNECTOR
    facts = FACTS
    settings = {"token": "{secret}"}
    metric = {"query": BY_DAY}
    broken = {"query": BY_DAY.replace("Opportunity", "Oportunity")}
    dimensions = ("team",)
    method = "GET"
    good = json.dumps(whole(row(period="2013-03-09", team="north", value=5.0))).encode()
    values = (5.0,)
    size = 3
    there = ()

    def knows(self, seen):
        return seen.headers.get("authorization") == f"Bearer {TOKEN}"

    def write(self, facts):
        self.there = list(facts)

    def judge(self, seen):
        if seen.path != QUERY or not judges.are_there():
            return []
        fault = judges.fault_of_soql(seen.params["q"])
        return [] if fault is None or "Oportunity" in seen.params["q"] else [f"{seen.params['q']}: {fault}"]

    def answer(self, seen):
        if seen.path == "/services/data/v63.0/limits":
            return json_reply({"DailyApiRequests": {"Max": 15000, "Remaining": 14998}})
        if seen.path.startswith(f"{QUERY}/"):
            key, _, skip = seen.path.removeprefix(f"{QUERY}/").rpartition("-")
            return self.page(bytes.fromhex(key).decode(), int(skip))
        if "Oportunity" in seen.params["q"]:
            return json_reply(
                [{"message": "sObject type 'Oportunity' is not supported.", "errorCode": "INVALID_TYPE"}], 400
            )
        return self.page(seen.params["q"], 0)

    def page(self, query, skip):
        first, last = map(date.fromisoformat, re.findall(r"CloseDate [<>]= ([\d-]+)", query))
        rows = [
            row(period=str(fact.day), team=fact.team, value=fact.amount)
            for fact in self.there if first <= fact.day <= last
        ]  # fmt: skip
        rest = skip + self.size < len(rows)
        more = {"nextRecordsUrl": f"{QUERY}/{query.encode().hex()}-{skip + self.size}"} if rest else {}
        return json_reply({"totalSize": len(rows), "done": not rest, **more, "records": rows[skip : skip + self.size]},
                          headers={"Sforce-Limit-Info": "api-usage=18/15000"})  # fmt: skip


class TestConformance(Conformance):
    subject = Salesforce


class TestSurvival(Survival):
    subject = Salesforce


def test_a_year_of_days_takes_one_query(request):
    place = Salesforce(request)
    place.write([fact for fact in FACTS if fact.team == "north"])
    year = days(date(2013, 1, 1), date(2014, 1, 1))
    source = place.open()
    [outcome] = source.read([within(year, place.request("amount"))], year)
    traffic = source.traffic()
    source.close()
    assert len(outcome.points) == 4
    assert [seen.path for seen in place.server.seen if seen.path == QUERY] == [QUERY]
    assert traffic.remaining == {"api usage": 14982}
    assert outcome.evidence["amount"].api_version == "63.0"


def test_each_period_is_asked_for_by_its_instants(request):
    outcome, seen, _ = asked(request, lambda seen: json_reply(whole(row(value=7.5))), query=TOTAL, each="period")
    assert outcome.points["value"].tolist() == [7.5]
    assert [it.params["q"] for it in seen] == [
        "SELECT SUM(Amount) value FROM Opportunity WHERE CreatedDate >= 2013-03-09T05:00:00Z AND CreatedDate < 2013-03-10T05:00:00Z"
    ]


def test_a_sum_of_nothing_is_no_zero(request):
    outcome, _, _ = asked(request, lambda seen: json_reply(whole(row(value=None))), query=TOTAL, each="period")
    assert outcome.points["value"].isna().tolist() == [True]


def test_columns_without_an_alias_are_named(request):
    answer = whole({"attributes": {"type": "Target__c"}, "Month__c": "2013-03-09", "Goal__c": 3})
    outcome, _, _ = asked(
        request,
        lambda seen: json_reply(answer),
        query="SELECT Month__c, Goal__c FROM Target__c WHERE Month__c >= {start:date} AND Month__c <= {last:date}",
        columns={"period": "Month__c", "value": "Goal__c"},
    )
    assert outcome.points["value"].tolist() == [3]


GOOD = row(period="2013-03-09", value=1)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ({**whole(GOOD), "totalSize": 2}, "announces 2 rows and gives 1"),
        ({**whole(), "totalSize": 1}, "announces 1 rows and gives 0"),
        ({**whole(GOOD), "done": False}, "announces more, and leads nowhere"),
        ({**whole(GOOD), "done": "yes"}, "does not say whether the answer is whole"),
        ({"records": [GOOD]}, "does not say whether the answer is whole"),
        ({**whole(GOOD), "done": False, "nextRecordsUrl": "https://evil.example/query/1"}, "a login is not carried"),
        ({**whole(), "done": False, "nextRecordsUrl": f"{QUERY}/1-2"}, "announces more, and leads nowhere"),
        ({**whole(GOOD), "done": False, "nextRecordsUrl": f"{QUERY}/1-2"}, "Two pages are the same"),
        ({"totalSize": 1, "done": True, "records": [[1]]}, "gives no records"),
        (whole(row(expr0=1, period="2013-03-09")), "The answer has no column value; it has expr0, period"),
    ],
)
def test_answers_that_are_not_whole_are_errors(request, document, says):
    outcome, _, _ = asked(request, lambda seen: json_reply(document))
    assert type(outcome.error) is ContractError, outcome
    assert says in str(outcome.error)


def told(code, message):
    return [{"message": message, "errorCode": code}]


@pytest.mark.parametrize(
    ("document", "status", "kind", "says"),
    [
        (told("MALFORMED_QUERY", "unexpected token: GROUP"), 400, ConfigError, "MALFORMED_QUERY: unexpected token: GROUP. Correct query"),
        (told("INVALID_FIELD", "No such column 'Amuont'"), 400, ConfigError, "No such column 'Amuont'. Correct query"),
        (told("EXCEEDED_ID_LIMIT", "Aggregate query does not support queryMore(), use LIMIT"), 400, ConfigError, "EXCEEDED_ID_LIMIT"),
        (told("QUERY_TIMEOUT", "Your query request was running for too long."), 400, TransientError, "ask for less at a time"),
        (told("SERVER_UNAVAILABLE", "server unavailable"), 503, TransientError, "SERVER_UNAVAILABLE"),
        (told("INVALID_SESSION_ID", "Session expired or invalid"), 401, AuthError, "refuses the login"),
        (told("API_DISABLED_FOR_ORG", "API is not enabled for this Organization"), 403, AuthError, "API is not enabled"),
        (told("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), 403, QuotaExhausted, "TotalRequests Limit exceeded"),
        (told("REQUEST_LIMIT_EXCEEDED", "ConcurrentRequests (Concurrent API Requests) Limit exceeded."), 403, TransientError, "ConcurrentRequests"),
        ({"errorCode": "odd"}, 400, ConfigError, "refuses the request"),
    ],
)  # fmt: skip
def test_salesforces_errors_say_what_to_do_next(request, document, status, kind, says):
    outcome, _, _ = asked(request, lambda seen: json_reply(document, status))
    assert type(outcome.error) is kind, outcome
    assert says in str(outcome.error)


def test_the_limit_of_a_day_is_asked_for_again_in_an_hour(request):
    answer = json_reply(told("REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), 403)
    outcome, seen, clock = asked(request, lambda seen: answer)
    assert timedelta(minutes=59) < outcome.error.until - datetime.now(UTC) <= timedelta(hours=1)
    assert (len(seen), clock.slept) == (1, [])


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("UPDATE Lead SET a = {start:date}", "is no single SELECT"),
        ("FIND {start:date} IN ALL FIELDS", "is no single SELECT"),
        ("SELECT Id FROM Lead WHERE a > {start:date}; SELECT Id FROM Lead", "is no single SELECT"),
        ("SELECT Id FROM Lead WHERE a > {start:date} FOR  update", "has FOR UPDATE"),
        ("SELECT Id FROM Lead WHERE a > {start:date} FOR VIEW", "has FOR VIEW"),
        ("SELECT Id FROM Lead WHERE a > {start:date} UPDATE TRACKING", "has UPDATE TRACKING"),
        ("select count( ) from Lead where a > {start:date}", "asks for COUNT()"),
        ("SELECT COUNT(Id) value FROM Lead", "never says which period"),
    ],
)
def test_what_does_not_only_read_or_has_no_rows_is_refused(query, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        CONNECTOR.description.request(query=query)


def test_words_inside_quotes_change_nothing():
    CONNECTOR.description.request(query=r"SELECT a FROM B WHERE c = 'it\'s; FOR UPDATE' AND d > {start:date}")


@pytest.mark.parametrize(
    ("keys", "grant", "holds"),
    [
        ({"client_id": "c", "client_secret": "s"}, "client_credentials", {"client_id": "c", "client_secret": "s"}),
        ({"client_id": "c", "refresh_token": "r"}, "refresh_token", {"client_id": "c", "refresh_token": "r"}),
        ({"client_id": "c", "client_secret": "s", "refresh_token": "r"}, "refresh_token", {"client_secret": "s", "refresh_token": "r"}),
    ],
)  # fmt: skip
def test_tokens_are_asked_for_at_the_domain_and_used(tmp_path, keys, grant, holds):
    def answer(seen):
        if seen.path == "/services/oauth2/token":
            return json_reply(
                {"access_token": "granted", "token_type": "Bearer", "instance_url": "https://elsewhere.example"}
            )
        return json_reply({}) if seen.headers["authorization"] == "Bearer granted" else json_reply([], 401)

    with Server(answer) as server:
        settings = CONNECTOR.description.settings(base_url=server.url, allow_private_hosts=True, **keys)
        source = CONNECTOR.open(settings, Context(tmp_path, tmp_path), FastClock().clock())
        source.check()
        source.close()
        form = {name: value for name, [value] in parse_qs(server.seen[0].body.decode()).items()}
    assert form["grant_type"] == grant
    assert {name: form.get(name) for name in holds} == holds


def test_claims_are_for_salesforce_and_signed_for_the_user():
    keys = {"client_id": "c", "username": "okr@shop.example", "private_key": "PEM"}
    bearer = settings(**keys).login().jwt_bearer
    assert (bearer.issuer, bearer.subject, bearer.audience) == ("c", "okr@shop.example", "https://login.salesforce.com")
    assert bearer.token_url == "https://shop.my.salesforce.com/services/oauth2/token"
    assert (
        settings(**keys, audience="https://test.salesforce.com").login().jwt_bearer.audience
        == "https://test.salesforce.com"
    )


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "logs in by client_id"),
        ({"client_id": "c"}, "with client_id goes"),
        ({"client_id": "c", "private_key": "k"}, "with private_key goes username"),
        ({"client_id": "c", "client_secret": "s", "private_key": "k", "username": "u"}, "keys of two"),
        ({"client_id": "c", "client_secret": "s", "username": "u"}, "keys of two"),
        ({"token": "t", "client_id": "c"}, "keys of two"),
        ({"client_id": "c", "private_key": "k", "private_key_file": "f", "username": "u"}, "either private_key or private_key_file"),
    ],
)  # fmt: skip
def test_keys_of_no_login_or_of_two_are_refused(keys, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        settings(**keys)


@pytest.mark.skipif(not judges.are_there(), reason=judges.LACKING)
@pytest.mark.parametrize(
    "query", ["SELECT SUM(Amount) value FROM Opportunity GROUP CloseDate", "SELECT FROM Lead", TOTAL]
)
def test_a_query_that_is_no_soql_is_found(query):
    """A judge that lets everything pass judges nothing."""
    assert judges.fault_of_soql(query) is not None


def settings(**keys):
    return CONNECTOR.description.settings(base_url="https://shop.my.salesforce.com", **keys)


def asked(request, answer, **options):
    """What comes of a server that always answers so, what it was asked, and the clock."""
    place, clock = Salesforce(request), FastClock()
    place.dimensions = ()
    place.metric = options or {"query": BY_DAY.replace(", Type team", "").replace(", Type", "")}

    def judged(seen):
        place._record(seen)
        return answer(seen)

    with Server(judged) as server:
        source = place.over(server.url, clock.clock())
        [outcome] = source.read([one_day(place, "amount")], MARCH)
        source.close()
        return outcome, list(server.seen), clock
