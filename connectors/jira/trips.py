"""What Jira is asked, and what its answers mean.

Belongs here: requests and rows of `jira`. Does not: its keys.
"""

from typing import TYPE_CHECKING, Any, cast

from connectors.api.paging import Ask
from connectors.api.source import Api
from connectors.api.trips import Answer, Found, Trip, for_periods, one_by_one, table
from connectors.contract import MetricRequest, Window
from connectors.errors import ContractError
from connectors.http.requests import HttpRequest, shown
from connectors.jira import API_VERSION

if TYPE_CHECKING:
    import pandas as pd

    from connectors.jira import JiraRequest, JiraSettings


def api(settings: "JiraSettings") -> Api:
    """Jira as a source asks it."""
    url = f"{settings.base_url}/rest/api/{API_VERSION}"
    count = HttpRequest("POST", f"{url}/search/approximate-count")

    def trip(request: MetricRequest, window: Window) -> Trip:
        jql = cast("JiraRequest", request.options).count
        stretches = for_periods(request, window, lambda times: Ask(count, {}, {"jql": times.filled(jql)}))
        return Trip(stretches, _counted, _table, api_version=API_VERSION)

    return Api(one_by_one(trip), HttpRequest("GET", f"{url}/myself"))


def _counted(document: Any) -> Found:
    count = document.get("count") if isinstance(document, dict) else None
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise ContractError(f"Jira counts {shown(repr(count))} issues, which is no number. Ask Atlassian what changed.")
    return Found([count], frozenset({"approximate"}))


def _table(answer: Answer, _: MetricRequest) -> "pd.DataFrame":
    return table({"period": answer.starts, "value": answer.rows})
