"""A metric of an API, from YAML to a score: the example of docs/rest.md as it stands there, and on a bad day."""

import json
from datetime import date, timedelta

import pytest

from okr_pipeline.store import open_store
from okr_pipeline_tests.commands import run_okr
from okr_pipeline_tests.connectors.http.faults import FAULTS
from okr_pipeline_tests.connectors.http.server import Reply, Seen, Server, json_reply, reply
from okr_pipeline_tests.docs.documents import ROOT, blocks

TOKEN = "Wz1-token-of-the-shop"
PROJECT = "name: Shop\ntimezone: Europe/Berlin\nas_of: 2026-01-31\nhistory_starts: 2026-01-01\n"
OKRS = """\
cycle: {id: 2026-Q1, starts: 2026-01-01, ends: 2026-03-31}
objectives:
  sell:
    title: Sell everywhere
    owner: ceo@shop.example
    level: company
    intent: committed
    key_results:
      orders:
        title: Take 5000 orders
        owner: sales@shop.example
        metric: orders
        measure: {accumulate: {to: 5000}}
"""
FIRST = date(2026, 1, 1)


class Shop:
    """The API of the page: ten orders in DE and twenty in FR on each day of January, 50 rows a page at most."""

    def __init__(self) -> None:
        self.fault = None

    def __call__(self, seen: Seen) -> Reply:
        if self.fault is not None:
            return FAULTS[self.fault].make(json.dumps(self.page(seen)).encode())
        if seen.headers.get("authorization") != f"Bearer {TOKEN}":
            return json_reply({"error": "no such token"}, 401)
        if seen.path == "/v2":
            return json_reply({"api": "shop"})
        assert seen.path == "/v2/reports/orders"
        return reply(200, json.dumps(self.page(seen)).encode())

    def page(self, seen: Seen) -> dict:
        days = [FIRST + timedelta(days=day) for day in range(31)]
        asked = [day for day in days if seen.params.get("from", "") <= str(day) <= seen.params.get("to", "")]
        rows = [
            {"date": str(day), "country": country, "orders": orders}
            for day in asked for country, orders in (("DE", 10), ("FR", 20))
        ]  # fmt: skip
        number, size = int(seen.params.get("page", 1)), int(seen.params.get("per_page", 50))
        return {"data": rows[(number - 1) * size : number * size], "meta": {"total": len(rows)}}


@pytest.fixture
def shop():
    with Server(Shop()) as server:
        yield server


@pytest.fixture
def project(tmp_path, shop):
    """The files of the page, with this server in place of the one that does not exist."""
    page = (ROOT / "docs/rest.md").read_text()
    files = {block.file: block.body for block in blocks(page) if block.file}
    assert sorted(files) == ["config/metrics/shop.yaml", "config/sources/shop.yaml"]
    theirs, ours = (
        "base_url: https://api.shop.example/v2\n",
        f"base_url: {shop.url}/v2\n    allow_private_hosts: true\n",
    )
    source = files["config/sources/shop.yaml"].replace(theirs, ours + "    attempts: 1\n")
    assert ours in source
    written = {**files, "config/sources/shop.yaml": source, "config/project.yaml": PROJECT, "config/okrs/q1.yaml": OKRS}
    for name, text in written.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def okr(project, *arguments, code=0):
    done = run_okr(*arguments, cwd=project, env={"SHOP_TOKEN": TOKEN, "OKR_STORE_URL": ""})
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert TOKEN not in said
    return said


def stored(project):
    """Count and sum by country of what the store knows."""
    store = open_store(f"sqlite:///{project / '.okr/okr.db'}")
    rows = store.observations(["orders"])
    store.close()
    return {
        json.loads(dimensions)["country"]: (len(of_one), of_one["value"].sum())
        for dimensions, of_one in rows.groupby("dimensions")
    }


@pytest.mark.slow
def test_the_example_of_the_page_is_read_scored_and_survives_a_bad_day(project, shop):
    assert "shop answers" in okr(project, "connectors", "test", "shop")
    said = okr(project, "connectors", "test", "orders")
    assert f"GET {shop.url}/v2/reports/orders?from=2026-01-25&to=2026-01-31" in said
    assert "2026-01-25  10  country=DE" in said
    assert not (project / ".okr/okr.db").exists()

    okr(project, "run")
    good = {"DE": (31, 310.0), "FR": (31, 620.0)}
    assert stored(project) == good
    assert [seen.params["page"] for seen in shop.seen if seen.params.get("from") == "2026-01-01"] == ["1", "2"]
    [result] = json.loads(okr(project, "status", "--json"))["key_results"]
    assert result["value"] == 930.0
    assert f"GET {shop.url}/v2/reports/orders?from=2026-01-01" in okr(project, "explain", "2026-Q1/orders", "--json")

    for fault in ("NaN", "429, a day"):
        shop.answer.fault = fault
        said = okr(project, "run", "--full-refresh", code=1)
        assert f"orders: GET 127.0.0.1:{shop.port}/v2/reports/orders: " in said
        assert stored(project) == good
    assert TOKEN.encode() not in b"".join(path.read_bytes() for path in (project / ".okr").rglob("*") if path.is_file())
