"""Metrics of Google's APIs from YAML to points: the login of a service account, the calendar of the project."""

# ruff: noqa: DTZ001 - visits are logged by the property's clocks

import json
from datetime import datetime

import pytest

from okr_pipeline.application.reading import sample
from okr_pipeline.application.workspace import open_workspace
from okr_pipeline_tests.connectors.http.keys import key_pair
from okr_pipeline_tests.connectors.http.server import Server, json_reply
from okr_pipeline_tests.connectors.vendors.analytics import Property, every_day

PROJECT = """\
name: Shop
timezone: Europe/Berlin
as_of: 2026-04-02
"""
FISCAL = "fiscal_year: {pattern: 4-4-5, ends: last saturday of december}\n"
SOURCES = """\
sources:
  web: {connector: google_analytics, property: 5, key_file: key.json, base_url: '%s', allow_private_hosts: true}
"""
METRICS = """\
metrics:
  buyers:
    source: web
    metric: activeUsers
    additivity: distinct
    grain: month
    restates: 60d
    unit: users
    better: higher
    rollup: last
  weekly_visits:
    source: web
    metric: sessions
    grain: week
    restates: 14d
    unit: count
    better: higher
    rollup: sum
"""


@pytest.fixture
def server():
    there = Property("Europe/Berlin", every_day(datetime(2026, 1, 20), 100, "abc"))

    def answer(seen):
        if seen.path == "/token":
            return json_reply({"access_token": "a-token", "expires_in": 3600})
        if seen.headers.get("authorization") != "Bearer a-token":
            return json_reply({"error": {"code": 401, "status": "UNAUTHENTICATED"}}, 401)
        return json_reply(there.answer(seen.body))

    with Server(answer) as running:
        yield running


@pytest.fixture
def open_project(tmp_path, server):
    return lambda project: opened(tmp_path, server, project)


def opened(tmp_path, server, project):
    (tmp_path / "key.json").write_text(key_pair().key_file(f"{server.url}/token"))
    files = {"project.yaml": project, "sources/web.yaml": SOURCES % server.url, "metrics/web.yaml": METRICS}
    for name, text in files.items():
        (tmp_path / "config" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "config" / name).write_text(text)
    return open_workspace(tmp_path / "config")


def reports(server):
    return [report for seen in server.seen if seen.path != "/token" for report in json.loads(seen.body)["requests"]]


def test_people_of_fiscal_months_are_counted_as_the_project_counts_them(open_project, server):
    evidence, _, points = sample(open_project(PROJECT + FISCAL), "buyers")
    assert points["value"].tolist() == [3, 3]
    [report] = reports(server)
    assert [(it["startDate"], it["endDate"]) for it in report["dateRanges"]] == [
        ("2026-01-25", "2026-02-21"), ("2026-02-22", "2026-03-28"),
    ]  # fmt: skip
    assert "a-token" not in evidence.request
    assert evidence.api_version == "v1beta"


def test_weeks_that_begin_on_sunday_are_asked_for_as_days(open_project, server):
    _, _, points = sample(open_project(PROJECT + FISCAL), "weekly_visits")
    assert points["value"].tolist() == [21, 21]
    [report] = reports(server)
    assert "dimensions" not in report
    assert [(it["startDate"], it["endDate"]) for it in report["dateRanges"]] == [
        ("2026-03-15", "2026-03-21"), ("2026-03-22", "2026-03-28"),
    ]  # fmt: skip


def test_weeks_that_begin_on_monday_are_those_of_google(open_project, server):
    _, _, points = sample(open_project(PROJECT), "weekly_visits")
    assert points["value"].tolist() == [21, 21]
    assert [str(start) for start in points["period_start"]] == [
        "2026-03-15 23:00:00+00:00",
        "2026-03-22 23:00:00+00:00",
    ]
    [report] = reports(server)
    assert report["dimensions"] == [{"name": "isoYearIsoWeek"}]
    assert [(it["startDate"], it["endDate"]) for it in report["dateRanges"]] == [("2026-03-16", "2026-03-29")]
