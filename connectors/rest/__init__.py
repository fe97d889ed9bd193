"""The `rest` connector: metrics of any API that answers JSON, declared in YAML.

Belongs here: its description. Does not: its keys (`keys`), what they ask for (`source`), pages, expressions and times
(`connectors.api`), or HTTP (`connectors.http`).
"""

from typing import Final, cast

from pydantic import BaseModel

from connectors.contract import Context, Description, Source
from connectors.rest.keys import RestRequest, RestSettings

__all__ = ["CONNECTOR", "RestConnector", "RestRequest", "RestSettings"]


class RestConnector:
    """Reads KPI values from APIs."""

    def describe(self) -> Description[BaseModel, BaseModel]:
        """Its settings, request keys and abilities."""
        description = Description(
            name="rest",
            summary="Any API that answers JSON, declared in YAML: login, times, paging, rows",
            settings=RestSettings,
            request=RestRequest,
            history=True,
            additivity=("additive", "distinct", "ratio", "snapshot"),
            tested_against=(
                "a server of our own: faults, hostile answers, every kind of login and paging",
                "requests by descriptions of GitHub, HubSpot, Jira, Mixpanel and Stripe",
            ),
            untested=("services on the internet", "proxies"),
        )
        return cast("Description[BaseModel, BaseModel]", description)

    def open(self, settings: BaseModel, context: Context) -> Source:
        """A source that connects when it is first read."""
        # pandas and the HTTP client take longer to import than most commands that only want the settings.
        from connectors.rest.source import open_source

        return open_source(cast("RestSettings", settings), context)


CONNECTOR: Final = RestConnector()
