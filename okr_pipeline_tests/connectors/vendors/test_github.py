"""GitHub, judged by its own descriptions: of its REST API, and its GraphQL schema. The server executes GraphQL."""

import json
import re
from datetime import date, datetime, timedelta

import pytest
from graphql import GraphQLError, build_schema, execute, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import DataPointBatch, ReadFailure
from connectors.errors import AuthError, ConfigError, ContractError, QuotaExhausted, TransientError
from connectors.github import CONNECTOR, SEARCHES
from connectors.github.queries import Searches
from okr_pipeline_tests.connectors.conformance import MARCH, Conformance, days, midnight, read, within
from okr_pipeline_tests.connectors.http.server import Server, json_reply
from okr_pipeline_tests.connectors.http.survival import FastClock, Survival, one_day
from okr_pipeline_tests.connectors.rest import descriptions
from okr_pipeline_tests.connectors.vendors import judges
from okr_pipeline_tests.connectors.vendors.vendor import TOKEN, Vendor

NO_SCHEMA = pytest.mark.skipif(not judges.are_there(), reason=judges.LACKING)
SERVED = build_schema(
    """
    type Query {
        search(query: String!, type: SearchType!, first: Int): Found!
        repository(owner: String!, name: String!): Thing
        repositoryOwner(login: String!): Thing
    }
    enum SearchType { ISSUE }
    type Found { issueCount: Int! }
    type Thing { id: ID! }
    """
)
"""What of GitHub's schema the server answers."""


class Rest(Vendor):
    connector = CONNECTOR
    settings = {"token": "{secret}", "api": "rest"}
    metric = {"search": "repo:shop/ask{number}ed is:pr is:merged merged:{start:iso}..{last:iso}"}
    broken = {"search": "repo:shop/nowhere is:pr is:merged merged:{start:iso}..{last:iso}"}
    method = "GET"
    good = json.dumps({"total_count": 5, "incomplete_results": False, "items": []}).encode()
    values = (5.0,)
    described = "github-search.json"
    undescribed = ("/meta",)
    incomplete = False

    def knows(self, seen):
        return seen.headers.get("authorization") == f"Bearer {TOKEN}"

    def answer(self, seen):
        assert seen.headers["x-github-api-version"] == "2022-11-28"
        if seen.path == "/meta":
            return json_reply({"verifiable_password_authentication": False})
        if "nowhere" in seen.params["q"]:
            return json_reply({"message": "Validation Failed", "errors": [{"field": "q", "code": "invalid"}]}, 422)
        count = self.count(seen.params["q"])
        return json_reply({"total_count": count, "incomplete_results": self.incomplete, "items": []})

    def count(self, search):
        first, last = map(datetime.fromisoformat, re.search(r"merged:(\S+)\.\.(\S+)", search).groups())
        return int(sum(n for day, n in self.amounts.items() if first <= midnight(day) <= last))


class GraphQl(Rest):
    settings = {"token": "{secret}"}
    method = "POST"
    good = json.dumps({"data": {"s0": {"issueCount": 5}, "p0": {"id": "R_1"}}}).encode()
    undescribed = ("/meta", "/graphql")

    def answer(self, seen):
        if seen.path == "/meta":
            return super().answer(seen)
        asked = json.loads(seen.body)
        done = execute(SERVED, parse(asked["query"]), self, variable_values=asked["variables"])
        return json_reply({"data": done.data} | ({"errors": list(map(told, done.errors))} if done.errors else {}))

    def judge(self, seen):
        faults = super().judge(seen)
        if seen.path == "/graphql" and judges.are_there():
            faults += judges.faults_of_query(parse(json.loads(seen.body)["query"]))
        return faults

    def over(self, url, clock, **settings):
        """One search in a query: what befalls a query befalls all that are in it."""
        return super().over(url, clock, batch=1, **settings)

    # What its queries come to.
    def search(self, info, query, **_):
        return {"issueCount": self.count(query)}

    def repository(self, info, owner, name):
        if name == "nowhere":
            raise GraphQLError(
                f"Could not resolve to a Repository with the name '{owner}/{name}'.",
                original_error=LookupError("NOT_FOUND"),
            )
        return {"id": "R_1"}

    def repositoryOwner(self, info, login):  # noqa: N802 - as GitHub calls it
        return None if login == "nobody" else {"id": "O_1"}


def told(error):
    """As GitHub writes it: with its type beside the message."""
    cause = error.original_error.original_error if isinstance(error.original_error, GraphQLError) else None
    return {"type": str(cause), **error.formatted}


class TestConformance(Conformance):
    subject = GraphQl


class TestRestConformance(Conformance):
    subject = Rest


class TestSurvival(Survival):
    subject = GraphQl


class TestRestSurvival(Survival):
    subject = Rest


YEAR = days(date(2013, 1, 1), date(2014, 1, 1))


@pytest.mark.parametrize(("kind", "asked"), [(GraphQl, 15), (Rest, 365)])
def test_a_year_of_days_takes_few_queries_of_graphql_and_as_many_searches_of_rest_as_it_has_days(request, kind, asked):
    place = kind(request)
    place.write(place.facts)
    source = place.open(patience="24h")
    [outcome] = source.read([within(YEAR, place.request("amount"))], YEAR)
    source.close()
    assert (len(outcome.points), outcome.points["value"].sum()) == (365, 9)
    assert len([seen for seen in place.server.seen if seen.path != "/meta"]) == asked


def test_metrics_that_fit_into_a_query_share_it_and_evidence_of_each_speaks_of_itself(request):
    place = GraphQl(request)
    place.write(place.facts)
    week = days(date(2013, 3, 8), date(2013, 3, 15))
    asked = [within(week, place.request(str(number), number)) for number in range(7)]
    source = place.open()
    outcomes = list(source.read([*asked, within(week, place.broken_request("broken"))], week))
    source.close()
    variables = [len(json.loads(seen.body)["variables"]) for seen in place.server.seen]
    assert sorted(variables) == [2 * (7 + 2), 3 * (7 + 2), 3 * (7 + 2)]
    evidence = {
        name: it for batch in outcomes if isinstance(batch, DataPointBatch) for name, it in batch.evidence.items()
    }
    assert {name: it.row_count for name, it in evidence.items()} == {str(number): 7 for number in range(7)}
    assert all(f"ask{name}ed" in it.request and it.request.count("issueCount") == 1 for name, it in evidence.items())
    assert len({it.fingerprint for it in evidence.values()}) == 7
    [alone] = read_all(place, asked[:1], week)
    assert alone.evidence["0"].fingerprint == evidence["0"].fingerprint


def test_results_that_rest_calls_incomplete_are_flagged(request):
    place = Rest(request)
    assert read(place, MARCH).flags == {}
    place.incomplete = True
    assert read(place, MARCH).flags == {"amount": frozenset({"incomplete"})}


@pytest.mark.parametrize(
    ("search", "says"),
    [
        ("repo:shop/nowhere", "Could not resolve to a Repository with the name 'shop/nowhere'"),
        ("org:nobody", "nobody is not on GitHub, or not for this token"),
        ('repo:shop/web user:"nobody"', "nobody is not on GitHub, or not for this token"),
    ],
)
def test_a_place_that_is_not_there_is_no_empty_search(request, search, says):
    place = GraphQl(request)
    asked = [place.request("m", search=f"{search} merged:{{start:iso}}..{{last:iso}}")]
    [outcome] = read_all(place, [within(MARCH, it) for it in asked], MARCH)
    assert isinstance(outcome, ReadFailure)
    assert type(outcome.error) is ConfigError
    assert str(outcome.error).startswith(f"Metric m: POST 127.0.0.1:{place.server.port}/graphql: ")
    assert says in str(outcome.error)


def test_a_place_that_is_left_out_of_a_search_need_not_be_there(request):
    place = GraphQl(request)
    asked = place.request("m", search="org:shop -repo:shop/nowhere merged:{start:iso}..{last:iso}")
    [outcome] = read_all(place, [within(MARCH, asked)], MARCH)
    assert len(outcome.points) == 31


DATA = {"s0": {"issueCount": 5}, "p0": {"id": "R_1"}}


@pytest.mark.parametrize(
    ("document", "kind", "says"),
    [
        ({"data": DATA | {"s0": None}}, ContractError, "GitHub counts None issues"),
        ({"data": DATA | {"s0": {"issueCount": "5"}}}, ContractError, "GitHub counts '5' issues"),
        ({"data": DATA | {"s0": {"issueCount": -1}}}, ContractError, "GitHub counts -1 issues"),
        ({"data": {"p0": {"id": "R_1"}}}, ContractError, "GitHub counts None issues"),
        ({"data": {"s0": {"issueCount": 5}}}, ConfigError, "shop/ask0ed is not on GitHub"),
        ({"data": None}, ContractError, "holds no data"),
        ({"errors": [{"message": 'Parse error on "x"'}]}, ContractError, "GitHub says: Parse error"),
        ({"errors": ["odd"]}, ContractError, "GitHub says"),
        ({"data": DATA, "errors": [{"message": "Oh.", "path": ["s0"]}]}, ContractError, "GitHub says: Oh. Correct the search"),
        ({"data": DATA, "errors": [{"type": "FORBIDDEN", "message": "Resource protected", "path": ["p0"]}]}, AuthError, "Let the token"),
        ({"data": None, "errors": [{"message": "Something went wrong while executing your query."}]}, TransientError, "Lower batch"),
        ({"data": DATA, "errors": [{"message": "Timeout on validation of query", "path": ["s0"]}]}, TransientError, "Lower batch"),
    ],
)  # fmt: skip
def test_what_graphql_says_inside_a_good_answer_is_a_typed_error(request, document, kind, says):
    outcome, _, asked = answered(request, lambda seen: json_reply(document))
    assert type(outcome.error) is kind, outcome
    assert says in str(outcome.error)
    assert asked == (5 if kind is TransientError else 1)


LIMITED = {"data": None, "errors": [{"type": "RATE_LIMITED", "message": "API rate limit exceeded for user ID 1."}]}
SECONDARY = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}


@pytest.mark.parametrize(
    ("document", "status", "headers", "waits"),
    [
        (LIMITED, 200, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "2400"}, 2400),
        (LIMITED, 200, {}, 60),
        (SECONDARY, 403, {}, 60),
        (SECONDARY, 403, {"X-RateLimit-Remaining": "4000", "X-RateLimit-Reset": "2400"}, 60),
        (SECONDARY, 429, {"Retry-After": "120"}, 120),
    ],
)
def test_a_limit_is_waited_for_as_github_documents_it(request, document, status, headers, waits):
    outcome, clock, asked = answered(request, lambda seen: json_reply(document, status, headers))
    if waits > 300:
        assert isinstance(outcome.error, QuotaExhausted)
        assert outcome.error.until - datetime.now(outcome.error.until.tzinfo) > timedelta(seconds=waits - 5)
        assert (clock.slept, asked) == ([], 1)
    else:
        assert clock.slept[0] == waits


def test_enterprise_servers_have_graphql_beside_rest(request):
    place = GraphQl(request)
    place.undescribed = ("/api/graphql",)
    place.answer = lambda seen: json_reply({"data": DATA}) if seen.path == "/api/graphql" else json_reply({}, 404)
    source = place.open(base_url=f"{place.server.url}/api/v3")
    [outcome] = source.read([one_day(place, "amount")], MARCH)
    source.close()
    assert outcome.points["value"].tolist() == [5]


def test_searches_of_rest_keep_githubs_limit_unless_the_source_has_its_own():
    def limit(**keys):
        return CONNECTOR.description.settings(token="t", **keys).http().rate_limit

    assert limit() is None
    assert limit(api="rest") == SEARCHES
    assert limit(api="rest", rate_limit={"requests": 5, "per": "1m"}).requests == 5


@pytest.mark.parametrize("search", ["repo:shop/web is:open", "merged:{begin:iso}..{last:iso}"])
def test_a_search_that_names_no_period_is_refused(search):
    with pytest.raises(ValueError, match=r"never says which period|names 'begin'"):
        CONNECTOR.description.request(search=search)


@settings(max_examples=30)
@given(st.lists(st.text(max_size=20), min_size=1, max_size=6), st.integers(1, 5))
def test_any_search_is_a_value_and_never_a_part_of_the_query(texts, size):
    searches = Searches.of(texts)
    bodies = list(searches.bodies(size))
    sent = [value for body in bodies for name, value in body["variables"].items() if name.startswith("s")]
    assert sent == list(dict.fromkeys(texts))
    for body in bodies:
        [operation] = parse(body["query"]).definitions
        assert {it.variable.name.value for it in operation.variable_definitions} == set(body["variables"])


@NO_SCHEMA
def test_a_query_that_githubs_schema_does_not_have_is_found():
    """A judge that lets everything pass judges nothing."""
    [body] = Searches.of(["repo:a/b org:c x"]).bodies(5)
    assert judges.faults_of_query(parse(body["query"])) == []
    for old, new in [("issueCount", "issuesCount"), ("ISSUE", "ISSUES"), ("String!", "Int!"), ("login", "name")]:
        assert judges.faults_of_query(parse(body["query"].replace(old, new, 1))) != []


@pytest.mark.skipif(not descriptions.are_there(), reason=descriptions.LACKING)
def test_the_pinned_version_is_sent_and_kept(request):
    place = Rest(request)
    assert read(place, MARCH).evidence["amount"].api_version == "2022-11-28"


def answered(request, answer):
    """What comes of a server that always answers so, the time that was slept, and how often it was asked."""
    place, clock = GraphQl(request), FastClock()
    with Server(answer) as server:
        source = place.over(server.url, clock.clock())
        [outcome] = source.read([one_day(place, "amount")], MARCH)
        source.close()
        return outcome, clock, len(server.seen)


def read_all(place, requests, window):
    source = place.open()
    outcomes = list(source.read(requests, window))
    source.close()
    return outcomes
