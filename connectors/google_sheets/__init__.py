"""The `google_sheets` connector: metrics that people keep in a spreadsheet.

Belongs here: its settings, request keys and description. Does not: what it asks (`trips`), or cells (`cells`).
"""

import re
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from connectors.api.google import GoogleSettings
from connectors.api.vendors import ApiConnector
from connectors.columns import Columns
from connectors.contract import Description
from connectors.http.settings import Address

if TYPE_CHECKING:
    from connectors.api.source import Api

API_VERSION: Final = "v4"
_IN_ADDRESS: Final = re.compile(r"https://docs\.google\.com/spreadsheets/(?:u/\d+/)?d/([\w-]+)")


def _id(text: str) -> str:
    """The id of a spreadsheet, also of its address in a browser.

    >>> _id("https://docs.google.com/spreadsheets/d/1mHIWnDv-gkhU/edit?gid=0#gid=0")
    '1mHIWnDv-gkhU'
    """
    found = _IN_ADDRESS.match(text)
    name = found[1] if found else text
    if not re.fullmatch(r"[\w-]+", name):
        raise ValueError(
            "is no spreadsheet",
            "It is the id between /d/ and /edit of a spreadsheet's address",
            "Write that, or the whole address",
        )
    return name


Spreadsheet = Annotated[str, AfterValidator(_id)]


class SheetsSettings(GoogleSettings):
    """The keys of a `google_sheets` source."""

    scope = "https://www.googleapis.com/auth/spreadsheets.readonly"

    base_url: Address = Field(default="https://sheets.googleapis.com", description="Where Google Sheets answers.")
    spreadsheet: Spreadsheet = Field(
        description="The spreadsheet: its id, or its address in a browser.",
        examples=["1mHIWnDvW9cALRMq9OdNfRwjAthCUFUOACPp0Lkyl7b4"],
    )


class SheetsRequest(BaseModel):
    """The keys a metric of a `google_sheets` source adds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    range: str = Field(
        min_length=1,
        description="Where its table is, names of columns in the first row: a range such as Targets!A1:D, a sheet, or"
        " the name of a range. A range without an end, as A1:D is, grows with the table.",
        examples=["Targets!A1:D"],
    )
    columns: Columns = Field(default_factory=dict)
    spreadsheet: Spreadsheet | None = Field(default=None, description="Another spreadsheet than the source's.")


def _api(settings: SheetsSettings) -> "Api":
    from connectors.google_sheets.trips import api

    return api(settings)


CONNECTOR: Final = ApiConnector(
    Description(
        name="google_sheets",
        summary="Google Sheets: tables that people keep, read whole",
        settings=SheetsSettings,
        request=SheetsRequest,
        history=True,
        additivity=("additive", "distinct", "ratio", "snapshot"),
        tested_against=("Google's discovery document, requests and answers", "a server of our own"),
        untested=("Google Sheets itself",),
        in_legs=False,
    ),
    _api,
)
