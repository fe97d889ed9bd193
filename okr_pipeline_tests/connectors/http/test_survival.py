"""Every connector that speaks HTTP lives through every fault."""

import json
from typing import Any

from connectors.catalogue import load_connectors
from connectors.contract import Context, MetricRequest
from connectors.http.settings import HttpSettings
from connectors.rest import RestRequest, RestSettings
from connectors.rest.source import open_source
from okr_pipeline_tests.connectors.conformance import SECRET, ZONE
from okr_pipeline_tests.connectors.http.survival import Survival


class RestOverFaults:
    connector = "rest"
    values = (0.0, 1.5)
    good = json.dumps(
        {"facts": [{"day": "2013-03-09", "amount": 1.5}, {"day": "2013-03-10", "amount": 0}], "total": 2}
    ).encode()

    def __init__(self, directory):
        self.context = Context(directory, directory)

    def open(self, url, clock, **settings: Any):
        given = {
            "base_url": url,
            "auth": {"bearer": SECRET},
            "allow_private_hosts": True,
            "max_bytes": 20_000_000,
        }
        return open_source(RestSettings(**{**given, **settings}), self.context, clock)

    def request(self, metric, number=0):
        keys = {"path": f"/facts/{number}", "rows": "facts", "columns": {"period": "day", "value": "amount"}}
        return MetricRequest(metric, "day", ZONE, (), RestRequest(**keys))


class TestRest(Survival):
    subject = RestOverFaults


def test_every_connector_that_speaks_http_is_among_them():
    speaking = {
        name for name, connector in load_connectors().items() if issubclass(connector.describe().settings, HttpSettings)
    }
    assert speaking == {it.subject.connector for it in Survival.__subclasses__()}
