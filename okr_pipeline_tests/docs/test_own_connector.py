"""docs/own-connector.md: its connector keeps the contract, lives through every fault, and is found where it is installed."""

import importlib.util
import json
import os
import subprocess
import sys
import tomllib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.contract import Context, MetricRequest, Window
from okr_pipeline_tests.connectors.conformance import Conformance, Fact
from okr_pipeline_tests.connectors.http.server import Server, json_reply
from okr_pipeline_tests.connectors.http.survival import Survival
from okr_pipeline_tests.connectors.vendors.vendor import TOKEN, Vendor
from okr_pipeline_tests.docs.documents import ROOT, blocks

FILES = {block.file: block.body for block in blocks((ROOT / "docs/own-connector.md").read_text()) if block.file}
MODULE = "okr_shop"
MOST_LINES = 60


def _module():
    made = importlib.util.module_from_spec(importlib.util.spec_from_loader(MODULE, loader=None))
    exec(compile(FILES[f"{MODULE}.py"], f"{MODULE}.py", "exec"), made.__dict__)
    return made


class Shop(Vendor):
    connector = _module().CONNECTOR
    facts = [Fact(date(2013, 3, 9 + day), None, amount) for day, amount in enumerate([2.0, 3.0, 0.0, 4.0])]
    settings = {"token": "{secret}"}
    metric = {"report": "ask{number}ed"}
    broken = {"report": "nowhere"}
    method = "GET"
    good = json.dumps({"days": [{"day": "2013-03-09", "count": 5}]}).encode()
    values = (5.0,)

    def knows(self, seen):
        return seen.headers.get("authorization") == f"Bearer {TOKEN}"

    def answer(self, seen):
        if seen.path == "/me":
            return json_reply({"name": "okr"})
        if seen.path == "/reports/nowhere":
            return json_reply({"error": "there is no such report"}, 404)
        first, last = (date.fromisoformat(seen.params[name]) for name in ("from", "to"))
        there = [(day, amount) for day, amount in self.amounts.items() if first <= day <= last]
        return json_reply({"days": [{"day": str(day), "count": amount} for day, amount in there]})


class TestConformance(Conformance):
    subject = Shop


class TestSurvival(Survival):
    subject = Shop


def test_what_it_tells_only_as_it_is_now_and_does_not_say_so_is_refused_before_it_is_asked():
    def forgetful(settings):
        api = Shop.connector.api(settings)
        [trip] = api.plan([asked], window)
        return replace(api, plan=lambda *_: iter([replace(trip, until=window.end + timedelta(days=1))]))

    window = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
    options = Shop.connector.description.request(report="stock")
    asked = MetricRequest("stock", "day", "UTC", (), options, (window.start, window.end))
    with Server(lambda seen: json_reply({"days": []})) as server:
        settings = Shop.connector.description.settings(base_url=server.url, token=TOKEN, allow_private_hosts=True)
        source = replace(Shop.connector, api=forgetful).open(settings, Context(ROOT, ROOT))
        [told] = source.read([asked], window)
        source.close()
    assert server.seen == []
    assert "Connector shop tells this only as it is now, and does not say so" in str(told.error)


@pytest.fixture
def installed(tmp_path):
    """What an installer makes of the package: its module, and a note of its entry point."""
    project = tomllib.loads(FILES["pyproject.toml"])["project"]
    place = tmp_path / "packages"
    note = place / f"{project['name'].replace('-', '_')}-{project['version']}.dist-info"
    note.mkdir(parents=True)
    (place / f"{MODULE}.py").write_text(FILES[f"{MODULE}.py"])
    (note / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    [(group, entries)] = project["entry-points"].items()
    lines = [f"[{group}]", *(f"{name} = {value}" for name, value in entries.items())]
    (note / "entry_points.txt").write_text("\n".join(lines))
    return place


@pytest.mark.slow
def test_it_is_listed_and_its_project_is_read_and_tested(tmp_path, installed):
    def okr(*arguments):
        environment = os.environ | {"PYTHONPATH": str(installed), "SHOP_TOKEN": TOKEN}
        command = [sys.executable, "-m", "okr_pipeline.cli", *arguments]
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)

    def answer(seen):
        return json_reply({"days": [{"day": seen.params["to"], "count": 41}]} if seen.path == "/reports/orders" else {})

    with Server(answer) as server:
        local = f"base_url: {server.url}\n    allow_private_hosts: true"
        files = {name: body for name, body in FILES.items() if name.endswith(".yaml")}
        files["config/sources/shop.yaml"] = files["config/sources/shop.yaml"].replace(
            "base_url: https://api.shop.example/v2", local
        )
        for name, body in {**files, "config/project.yaml": "name: Shop\ntimezone: America/New_York\n"}.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(body)
        listed = json.loads(okr("connectors", "list", "--json").stdout)
        assert "shop" in [it["name"] for it in listed]
        validated = okr("validate")
        assert validated.returncode == 0, validated.stdout + validated.stderr
        assert "shop answers" in okr("connectors", "test", "shop").stdout
        tested = okr("connectors", "test", "orders")
        assert tested.returncode == 0
        assert "/reports/orders?from=" in tested.stdout
        assert "  41" in tested.stdout
    assert {seen.headers["authorization"] for seen in server.seen} == {f"Bearer {TOKEN}"}


def test_it_is_as_short_as_it_says():
    lines = [line for line in FILES[f"{MODULE}.py"].splitlines() if line.strip()]
    assert len(lines) <= MOST_LINES
