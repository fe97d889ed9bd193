"""What the beginnings for connectors ask is what the vendors' own descriptions of their APIs allow."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from graphql import parse

from okr_pipeline.application.reading import read_source
from okr_pipeline.application.windows import newest_windows
from okr_pipeline.application.workspace import open_workspace
from okr_pipeline.cli import main
from okr_pipeline.cli.recipes import recipes
from okr_pipeline_tests.connectors.http.server import Reply, Seen, Server, json_reply
from okr_pipeline_tests.connectors.rest import descriptions
from okr_pipeline_tests.connectors.vendors import judges

DESCRIBED = pytest.mark.skipif(not descriptions.are_there(), reason=descriptions.LACKING)
NO_SCHEMA = pytest.mark.skipif(not judges.are_there(), reason=judges.LACKING)
NOTHING = {"object": "list", "url": "/v1/…", "has_more": False, "data": []}


@dataclass(frozen=True)
class Described:
    """A vendor without any data: its answers by path, and who judges a request, by path too."""

    answers: dict[str, object]
    judges: dict[str, Callable[[Seen], list[str]]]

    def answer(self, seen: Seen) -> Reply:
        found = self.answers[seen.path]
        return json_reply(found(seen) if callable(found) else found)


def by(file):
    return lambda seen: descriptions.description(file).faults(seen)


def by_schema(seen):
    return judges.faults_of_query(parse(json.loads(seen.body)["query"]))


def found_nothing(seen):
    names = set(re.findall(r"\b([a-z]\d+):", json.loads(seen.body)["query"]))
    return {"data": {name: {"id": name} if name.startswith("p") else {"issueCount": 0} for name in names}}


VENDORS = {
    "hubspot": Described(
        {"/crm/v3/objects/0-3/search": {"total": 0, "results": []}, "/account-info/v3/details": {"portalId": 7}},
        {"/crm/v3/objects/0-3/search": by("hubspot-deals.json")},
    ),
    "jira": Described(
        {"/rest/api/3/search/approximate-count": {"count": 0}},
        {"/rest/api/3/search/approximate-count": by("jira-search.json")},
    ),
    "mixpanel": Described(
        {"/segmentation": {"data": {"series": [], "values": {}}, "legend_size": 0}},
        {"/segmentation": by("mixpanel-query.json")},
    ),
    "stripe": Described(
        {"/v1/balance_transactions": NOTHING, "/v1/subscriptions": NOTHING},
        dict.fromkeys(("/v1/balance_transactions", "/v1/subscriptions"), by("stripe-requests.json")),
    ),
    "github": Described({"/graphql": found_nothing}, {"/graphql": by_schema}),
}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=NO_SCHEMA if name == "github" else DESCRIBED) for name in VENDORS]
)
def test_every_request_of_a_beginning_is_one_that_its_vendor_describes(tmp_path, monkeypatch, name):
    vendor, recipe = VENDORS[name], recipes()[name]
    monkeypatch.chdir(tmp_path)
    for variable in recipe.variables:
        monkeypatch.setenv(variable, "7")
    with pytest.raises(SystemExit) as ended:
        main(["init", "it", "--from", name])
    assert ended.value.code in (None, 0)
    with Server(vendor.answer) as server:
        point_at(server.url, Path("it/config/sources") / f"{name}.yaml")
        workspace = open_workspace("it/config")
        delivery = read_source(workspace, name, newest_windows(workspace, name, workspace.as_of()))
    assert delivery.failures == {}
    assert set(vendor.judges) <= {seen.path for seen in server.seen}
    faults = [fault for seen in server.seen for fault in vendor.judges.get(seen.path, lambda seen: [])(seen)]
    assert faults == []


def point_at(url, file):
    """At a server of ours, in place of the vendor's address."""
    text = re.sub(r"\n    base_url: .*", "", file.read_text())
    here = rf"\g<0>\n    base_url: {url}\n    allow_private_hosts: true"
    file.write_text(re.sub(r"connector: \w+", here, text))
