"""The judge of Google's APIs finds what is wrong with a request or an answer."""

import json

import pytest

from okr_pipeline_tests.connectors.http.server import Seen
from okr_pipeline_tests.connectors.vendors.discovery import discovered

SHEETS = "/v4/spreadsheets/s/values:batchGet"
REPORTS = "/v1beta/properties/5:batchRunReports"


def asked(name, method, target, body=None, kind="application/json"):
    sent = b"" if body is None else json.dumps(body).encode()
    return discovered(name).faults(Seen(method, target, {"content-type": kind}, sent))


@pytest.mark.parametrize("query", ["", "ranges=A1:B2&ranges=C1", "ranges=A&majorDimension=ROWS&prettyPrint=false"])
def test_a_request_as_described_has_no_faults(query):
    assert asked("sheets.v4", "GET", f"{SHEETS}?{query}") == []


@pytest.mark.parametrize(
    ("method", "target", "fault"),
    [
        ("POST", SHEETS, "POST /v4/spreadsheets/s/values:batchGet is not described"),
        ("GET", "/v4/spreadsheets/s/value:batchGet", "GET /v4/spreadsheets/s/value:batchGet is not described"),
        ("GET", f"{SHEETS}?range=A1", "the parameter range is not described"),
        ("GET", f"{SHEETS}?majorDimension=rows", "majorDimension is 'rows'"),
        ("GET", f"{SHEETS}?majorDimension=ROWS&majorDimension=ROWS", "majorDimension is there twice"),
        ("GET", f"{SHEETS}?prettyPrint=no", "prettyPrint is 'no', no boolean"),
    ],
)
def test_a_request_that_is_not_described_has_one(method, target, fault):
    assert asked("sheets.v4", method, target) == [fault]


@pytest.mark.parametrize(
    ("report", "fault"),
    [
        ({"dimension": []}, "Additional properties are not allowed ('dimension' was unexpected)"),
        ({"limit": 5}, "5 is not of type 'string'"),
        ({"limit": "five"}, "'five' does not match"),
        ({"metrics": {"name": "sessions"}}, "is not of type 'array'"),
        ({"metrics": [{"nam": "sessions"}]}, "Additional properties are not allowed ('nam' was unexpected)"),
        ({"keepEmptyRows": "true"}, "'true' is not of type 'boolean'"),
    ],
)
def test_a_body_that_is_not_described_has_one(report, fault):
    [found] = asked("analyticsdata.v1beta", "POST", REPORTS, {"requests": [report]})
    assert fault in found


def test_a_property_is_numbered_and_a_body_is_json():
    assert asked("analyticsdata.v1beta", "POST", REPORTS, {}) == []
    assert asked("analyticsdata.v1beta", "POST", REPORTS.replace("5:", "5/6:"), {})
    assert asked("analyticsdata.v1beta", "POST", REPORTS, {}, "text/plain") == ["a body of 'text/plain'"]


def test_an_answer_is_judged_too():
    seen = Seen("GET", f"{SHEETS}?ranges=A1", {}, b"")
    judge = discovered("sheets.v4").faults_of_answer
    assert judge(seen, {"valueRanges": [{"values": [[1, "a", True]]}]}) == []
    assert judge(seen, {"valueRanges": [{"values": [1]}]}) != []
    assert judge(seen, {"ranges": []}) != []
