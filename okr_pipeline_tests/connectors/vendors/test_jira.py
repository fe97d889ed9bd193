"""Jira, judged by Atlassian's own description."""

import json
import re
from datetime import date

import pytest

from connectors.jira import CONNECTOR
from okr_pipeline_tests.connectors.conformance import MARCH, Conformance, read
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
