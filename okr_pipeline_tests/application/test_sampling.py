"""`okr connectors test METRIC`: the newest periods of a metric as they would be read, of an API's own."""

import pytest

from connectors.errors import ConfigError
from okr_pipeline.application.reading import sample
from okr_pipeline.application.workspace import open_workspace
from okr_pipeline_tests.connectors.http.server import Server, json_reply

PROJECT = """\
name: Shop
timezone: Europe/Berlin
as_of: 2026-04-02
fiscal_year: {pattern: 4-4-5, ends: last saturday of december}
"""
SOURCES = "sources:\n  api: {connector: rest, base_url: '%s', allow_private_hosts: true, attempts: 1}\n"
METRICS = """\
metrics:
  buyers:
    source: api
    path: /buyers
    params: {from: "{start:date}", to: "{last:date}"}
    each: period
    rows: "{value: count}"
    grain: month
    restates: 60d
    unit: count
    better: higher
    rollup: last
    additivity: distinct
"""


@pytest.fixture
def server():
    with Server(lambda seen: json_reply({"count": 100 + int(seen.params["from"][-2:])})) as running:
        yield running


@pytest.fixture
def workspace(tmp_path, server):
    files = {"project.yaml": PROJECT, "sources/api.yaml": SOURCES % server.url, "metrics/api.yaml": METRICS}
    for name, text in files.items():
        (tmp_path / "config" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "config" / name).write_text(text)
    return open_workspace(tmp_path / "config")


def test_each_fiscal_month_is_asked_for_as_the_project_counts_them(workspace, server):
    """Four weeks from 25 January and five from 22 February, in Berlin."""
    evidence, window, points = sample(workspace, "buyers")
    asked = [(seen.params["from"], seen.params["to"]) for seen in server.seen]
    assert asked == [("2026-01-25", "2026-02-21"), ("2026-02-22", "2026-03-28")]
    assert points["value"].tolist() == [125, 122]
    assert [str(start) for start in points["period_start"]] == [
        "2026-01-24 23:00:00+00:00",
        "2026-02-21 23:00:00+00:00",
    ]
    assert (str(window.start), str(window.end)) == ("2026-01-24 23:00:00+00:00", "2026-03-28 23:00:00+00:00")
    assert evidence.request.startswith(f"GET {server.url}/buyers?from=2026-01-25&to=2026-02-21\n-- and 1 more")
    assert not (workspace.project_dir / ".okr").exists()


def test_a_metric_that_cannot_be_read_says_why(workspace, server):
    server.answer = lambda seen: json_reply({"error": "gone"}, 404)
    with pytest.raises(ConfigError, match=r"Metric buyers: GET 127\.0\.0\.1:\d+/buyers: .* it says: .*gone"):
        sample(workspace, "buyers")
