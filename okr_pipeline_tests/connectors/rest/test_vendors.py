"""Five vendors' APIs, asked through YAML alone, as their own descriptions say that they are to be asked.

Left out where the descriptions are not there: they are no part of this project.
"""

import json
from datetime import date
from pathlib import Path

import pytest
import yaml

from connectors.contract import Context, MetricRequest
from connectors.rest import RestRequest, RestSettings
from connectors.rest.source import open_source
from okr_pipeline_tests.connectors.conformance import ZONE, days, midnight
from okr_pipeline_tests.connectors.http.server import Server, json_reply
from okr_pipeline_tests.connectors.http.survival import FastClock
from okr_pipeline_tests.connectors.rest import descriptions
from okr_pipeline_tests.connectors.rest.descriptions import Description

pytestmark = pytest.mark.skipif(not descriptions.are_there(), reason=descriptions.LACKING)
WINDOW = days(date(2013, 3, 9), date(2013, 3, 11))
BOUNDARIES = tuple(midnight(date(2013, 3, day)) for day in (9, 10, 11))

CASES = yaml.safe_load(
    r"""
mixpanel-query.json:
  below: /api/query
  source:
    auth: {basic: {username: account, password: s3cret}}
  metric:
    path: /api/query/segmentation
    params: {project_id: 7, event: "Signed up", from_date: "{start:date}", to_date: "{last:date}", unit: day}
    rows: 'items(data.values."Signed up")[*].{period: [0], value: [1]}'
  answers:
  - {data: {series: ["2013-03-09", "2013-03-10"], values: {"Signed up": {"2013-03-09": 147, "2013-03-10": 146}}}}
  values: [147, 146]
stripe-requests.json:
  below: ""
  source:
    auth: {bearer: s3cret}
    headers: {Stripe-Version: "{api_version}"}
    api_version: "2022-04-12"
  metric:
    path: /v1/balance_transactions
    params: {"created[gte]": "{start:epoch}", "created[lt]": "{end:epoch}", type: charge}
    rows: "data[].{period: created, value: amount}"
    period_format: epoch
    divide_by: 100
    paging: {cursor: {next: "data[-1].id", param: starting_after, more: has_more, size_param: limit, size: 1}}
  answers:
  - {has_more: true, data: [{id: txn_1, created: 1362805200, amount: 1999}]}
  - {has_more: false, data: [{id: txn_2, created: 1362891600, amount: 100}]}
  values: [19.99, 1]
hubspot-deals.json:
  below: ""
  source:
    auth: {bearer: s3cret}
  metric:
    path: /crm/v3/objects/0-3/search
    method: POST
    body:
      filterGroups:
      - filters:
        - {propertyName: closedate, operator: GTE, value: "{start:epoch_ms_text}"}
        - {propertyName: closedate, operator: LT, value: "{end:epoch_ms_text}"}
      limit: 1
      after: "0"
      properties: [closedate]
      sorts: [closedate]
    each: period
    rows: "{value: total}"
  answers:
  - {total: 12, results: []}
  - {total: 0, results: []}
  values: [12, 0]
jira-search.json:
  below: ""
  source:
    auth: {basic: {username: me@shop.example, password: s3cret}}
  metric:
    path: /rest/api/3/search/approximate-count
    method: POST
    body: {jql: 'resolved >= "{start:date}" AND resolved < "{end:date}"'}
    each: period
    rows: "{value: count}"
  answers:
  - {count: 5}
  - {count: 6}
  values: [5, 6]
github-search.json:
  below: ""
  source:
    auth: {bearer: s3cret}
    headers: {X-GitHub-Api-Version: "2022-11-28"}
  metric:
    path: /search/issues
    params: {q: "repo:a/b is:pr merged:{start:iso}..{last:iso}", per_page: 1}
    each: period
    rows: "{value: total_count}"
  answers:
  - {total_count: 3, incomplete_results: false, items: []}
  - {total_count: 4, incomplete_results: false, items: []}
  values: [3, 4]
"""
)


@pytest.fixture(params=CASES)
def vendor(request):
    return request.param


def ask(case, directory: Path):
    """The values that come of a vendor's answers, and what was asked for them."""
    answers = iter(case["answers"])
    with Server(lambda seen: json_reply(next(answers))) as server:
        settings = RestSettings(base_url=server.url, allow_private_hosts=True, attempts=1, **case["source"])
        source = open_source(settings, Context(directory, directory), FastClock().clock())
        request = MetricRequest("m", "day", ZONE, (), RestRequest(**case["metric"]), BOUNDARIES)
        [outcome] = source.read([request], WINDOW)
        source.close()
        return outcome, list(server.seen)


def test_every_request_is_one_that_the_vendor_describes(vendor, tmp_path):
    case = CASES[vendor]
    outcome, seen = ask(case, tmp_path)
    assert [fault for one in seen for fault in Description(vendor).faults(one, case["below"])] == []
    assert outcome.points["value"].tolist() == case["values"]
    assert outcome.points["period_start"].tolist() == list(BOUNDARIES[:2])


def test_a_request_that_is_not_described_is_found(vendor, tmp_path):
    """A judge that lets everything pass judges nothing."""
    case = CASES[vendor]
    _, [first, *_] = ask(case, tmp_path)
    description = Description(vendor)
    known = len(description.faults(first, case["below"]))
    for path in ("/nowhere", f"{first.path}/nowhere"):
        assert description.faults(type(first)(first.method, path, first.headers, first.body)) != []
    joint = "&" if "?" in first.target else "?"
    odd = type(first)(first.method, f"{first.target}{joint}odd_parameter=1", first.headers, first.body)
    assert len(description.faults(odd, case["below"])) == known + 1
    if first.body:
        wrong = json.dumps([json.loads(first.body)]).encode()
        assert description.faults(type(first)(first.method, first.target, first.headers, wrong), case["below"]) != []
