"""The keys of a `rest` source, and those that its metrics add.

Belongs here: their types and what can be said of them before anything is asked. Does not: using them.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from connectors.api.keys import Expression, Paging
from connectors.api.times import check_times, is_timed
from connectors.columns import Columns
from connectors.http.settings import HttpSettings

_CLOSED: Final = ConfigDict(frozen=True, extra="forbid")


def _timed(value: Any) -> Any:
    check_times(value)
    return value


def _path(path: str) -> str:
    if "?" in path or "#" in path or "://" in path:
        raise ValueError(
            "is more than a path", "It is joined to base_url of the source", "Write parameters under params"
        )
    check_times(path)
    return path


class RestSettings(HttpSettings):
    """The keys of a `rest` source."""

    headers: dict[str, str] = Field(
        default_factory=dict, description="Headers of every request, but the login. {api_version} stands for that key."
    )
    api_version: str | None = Field(default=None, description="The version that is asked for; kept with what was read.")
    paging: Paging | None = Field(
        default=None, description="How answers go on, in one way, where a metric does not say; left out, they do not."
    )
    check_path: str = Field(
        default="", description="What `okr connectors test` asks for, such as /me: something that needs the login."
    )


class RestRequest(BaseModel):
    """The keys a metric of a `rest` source adds."""

    model_config = _CLOSED

    path: Annotated[str, AfterValidator(_path)] = Field(
        description="What follows base_url. {start:date}, {end:epoch} and {last:%d.%m.%Y} stand for the window.",
        examples=["/reports/daily"],
    )
    method: Literal["GET", "POST"] = Field(
        default="GET", description="How it is asked. A POST must only read: it is tried again like a GET."
    )
    params: Annotated[dict[str, str | int | bool], AfterValidator(_timed)] = Field(
        default_factory=dict, description="Parameters of the address, with the same words for the window."
    )
    body: Annotated[dict[str, JsonValue] | None, AfterValidator(_timed)] = Field(
        default=None, description="The body of a POST, sent as JSON, with the same words for the window."
    )
    each: Literal["window", "period"] = Field(
        default="window",
        description="Whether one request asks for the whole window, or one for each period. Then start, end and last"
        " are those of the period, and rows need none: for APIs that give one number for what they are asked.",
    )
    rows: Expression = Field(
        default="@",
        description="JMESPath to the rows: a list of mappings, or one mapping; also items(), zip() and pairs().",
        examples=["data[].{period: day, value: orders}"],
    )
    columns: Columns = Field(default_factory=dict)
    period_format: str = Field(
        default="iso",
        pattern=r"^(iso|epoch|epoch_ms|.*%.*)$",
        description="How periods are written: iso, epoch, epoch_ms, or as strptime has it, such as %d/%m/%Y.",
    )
    divide_by: int = Field(
        default=1, ge=1, description="What values are divided by, such as 100 for cents of a metric in currency."
    )
    add_up: bool = Field(
        default=False,
        description="Whether rows are records, such as orders, whose values are added up by period and members here:"
        " for APIs that list and do not count. A record with an id counts once.",
    )
    paging: Paging | None = Field(default=None, description="How the answer goes on; default the source's.")

    @model_validator(mode="after")
    def _each_is_asked_for(self) -> "RestRequest":
        if self.each == "period" and not any(map(is_timed, (self.path, self.params, self.body))):
            raise ValueError(
                "asks for each period by itself, and never says which",
                "All periods would get the same number",
                "Write the period into path, params or body, as in {start:date}",
            )
        return self

    @model_validator(mode="before")
    @classmethod
    def _body_of_post(cls, keys: Any) -> Any:
        if isinstance(keys, Mapping) and keys.get("body") is not None and keys.get("method") != "POST":
            raise ValueError("has a body and is no POST", "A GET has no body", "Add 'method: POST'")
        return keys
