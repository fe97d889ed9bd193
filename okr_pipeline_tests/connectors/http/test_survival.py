"""Every connector that speaks HTTP lives through every fault."""

import json
from typing import Any

from connectors.contract import Context, MetricRequest
from connectors.rest import CONNECTOR, RestRequest, RestSettings
from connectors.rest.source import open_source
from okr_pipeline_tests.connectors.conformance import SECRET, ZONE
from okr_pipeline_tests.connectors.http.survival import Survival


class RestOverFaults:
    connector = CONNECTOR
    method = "GET"
    values = (0.0, 1.5)
    good = json.dumps(
        {"facts": [{"day": "2013-03-09", "amount": 1.5}, {"day": "2013-03-10", "amount": 0}], "total": 2}
    ).encode()

    def __init__(self, request):
        directory = request.getfixturevalue("tmp_path")
        self.context = Context(directory, directory)

    def over(self, url, clock, **settings: Any):
        given = {
            "base_url": url,
            "auth": {"bearer": SECRET},
            "allow_private_hosts": True,
        }
        return open_source(RestSettings(**{**given, **settings}), self.context, clock)

    def request(self, metric, number=0):
        keys = {"path": f"/facts/{number}", "rows": "facts", "columns": {"period": "day", "value": "amount"}}
        return MetricRequest(metric, "day", ZONE, (), RestRequest(**keys))

    def number(self, seen):
        return int(seen.path.rpartition("/")[2])


class TestRest(Survival):
    subject = RestOverFaults
