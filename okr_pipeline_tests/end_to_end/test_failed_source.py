"""A server that is down for maintenance beside a file that is there, through the whole command."""

import html
import json
from datetime import date

import pytest

from okr_pipeline_tests.commands import run_okr
from okr_pipeline_tests.connectors.http.server import Server, reply
from okr_pipeline_tests.projects import OKRS
from okr_pipeline_tests.shops import METRIC, SOURCE, Shop

FROM_SHOP = """\
      orders: {title: Take 9000 orders, owner: s@small.example, metric: orders, measure: {accumulate: {to: 9000}}}
"""


def scores(project, *, code):
    done = run_okr("run", cwd=project, env={"OKR_STORE_URL": ""})
    assert done.returncode == code, done.stdout + done.stderr
    told = json.loads(run_okr("status", "--json", cwd=project, env={"OKR_STORE_URL": ""}).stdout)
    rows = {row["id"]: row for row in told["key_results"]}
    return done.stdout, rows["2026-Q1/signups"], rows["2026-Q1/orders"]


@pytest.mark.slow
def test_a_server_that_is_down_leaves_the_scores_of_others_right_and_its_own_unknown(small):
    small.put("okrs/q1.yaml", OKRS + FROM_SHOP)
    small.put("metrics/shop.yaml", METRIC)
    with Server(Shop(date(2026, 1, 1), date(2026, 1, 31))) as server:
        small.put("sources/shop.yaml", SOURCE.format(url=server.url, size=50))
        said, signups, orders = scores(small.directory, code=0)
        assert "Read       shop: 1 metric, 31 rows, 31 new" in said
        assert "\n  1 request\n" in said
        good = orders["value"]
        assert (signups["value"], good) == (
            310.0,
            sum(100 + (date(2026, 1, 1).toordinal() + day) % 37 for day in range(31)),
        )
    page = b"<!doctype html><title>We will be back</title>"
    with Server(lambda seen: reply(200, page, {"Content-Type": "text/html"})) as server:
        small.put("sources/shop.yaml", SOURCE.format(url=server.url, size=50))
        said, signups, orders = scores(small.directory, code=1)
    assert "not read orders: GET 127.0.0.1:" in said
    assert (signups["value"], signups["status"]) == (310.0, "on_track")
    assert (orders["status"], orders["reason"]) == ("unknown", "source_failed")
    assert orders["last_good"]["value"] == good

    failure = orders["failure"]
    assert (failure["source"], failure["metric"], signups["failure"]) == ("shop", "orders", None)
    assert failure["words"].startswith("source shop could not be read: GET 127.0.0.1:")
    assert failure["error"].startswith("Metric orders: GET 127.0.0.1:")
    status, explained = (
        run_okr(*command, cwd=small.directory, env={"OKR_STORE_URL": ""}).stdout
        for command in (["status"], ["explain", "2026-Q1/orders"])
    )
    assert f"? unknown, {failure['words']}" in " ".join(status.split())
    assert "source shop" in explained
    assert "metric orders: not read since" in " ".join(explained.split())
    page = next((small.directory / "scorecards").glob("*/index.html")).read_text()
    assert f"Unknown because {failure['words']}." in html.unescape(page)
