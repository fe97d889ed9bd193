"""`okr connectors test METRIC`: the newest periods of a metric as they would be read, of an API's own."""

from textwrap import indent

import pytest

from connectors.contract import Exchange
from connectors.errors import ConfigError, ConnectorError
from okr_pipeline.application.reading import sample
from okr_pipeline.application.workspace import open_workspace
from okr_pipeline.cli import main
from okr_pipeline_tests.connectors.http.server import Server, json_reply, reply

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


def test_who_looks_on_sees_each_answer_as_it_came(workspace, server):
    seen = []
    sample(workspace, "buyers", seen.append)
    assert seen == [
        Exchange(f"GET {server.url}/buyers?from=2026-01-25&to=2026-02-21", 200, '{\n  "count": 125\n}'),
        Exchange(f"GET {server.url}/buyers?from=2026-02-22&to=2026-03-28", 200, '{\n  "count": 122\n}'),
    ]


@pytest.mark.parametrize(
    ("answer", "status", "excerpt", "error"),
    [
        (json_reply(None), 200, "null", "finds nothing"),
        (
            json_reply({"count": {"n": [1]}}, 206),
            206,
            '{\n  "count": {\n    "n": [\n      1\n    ]\n  }\n}',
            "status 206",
        ),
        (json_reply({"error": "gone"}, 404), 404, '{\n  "error": "gone"\n}', "gone"),
        (reply(200, b"<html>\x07 log in </html>"), 200, "<html>  log in </html>", "is a web page"),
        (reply(200, b'{"a": NaN, "a": 1}'), 200, '{\n  "a": 1\n}', "is no number"),
    ],
)
def test_what_was_answered_is_shown_where_it_is_refused_too(
    workspace, server, monkeypatch, capsys, answer, status, excerpt, error
):
    server.answer = lambda seen: answer
    seen = []
    with pytest.raises(ConnectorError, match=error):
        sample(workspace, "buyers", seen.append)
    assert [(it.status, it.excerpt) for it in seen] == [(status, excerpt)]
    monkeypatch.chdir(workspace.project_dir)
    with pytest.raises(SystemExit):
        main(["connectors", "test", "buyers"])
    shown = capsys.readouterr()
    request, _, said = shown.out.partition("\n\n")
    assert request == f"GET {server.url}/buyers?from=2026-01-25&to=2026-02-21"
    assert said == f"Answered with status {status}:\n" + indent(excerpt, "  ") + "\n\n"
    assert error in shown.err


def test_the_answer_stands_between_what_was_asked_and_the_points(workspace, server, monkeypatch, capsys):
    monkeypatch.chdir(workspace.project_dir)
    with pytest.raises(SystemExit) as ended:
        main(["connectors", "test", "buyers"])
    assert not ended.value.code
    assert capsys.readouterr().out == (
        f"GET {server.url}/buyers?from=2026-01-25&to=2026-02-21\n-- and 1 more, for other periods\n-- rows: {{value: count}}\n\n"
        'Answered with status 200:\n  {\n    "count": 125\n  }\n\n'
        "2 points from 2026-01-25 to 2026-03-29:\n  2026-01-25  125\n  2026-02-22  122\n"
    )
