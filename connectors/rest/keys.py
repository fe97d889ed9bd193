"""The keys of a `rest` source, and those that its metrics add.

Belongs here: their types and what can be said of them before anything is asked. Does not: using them.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue, model_validator

from connectors.columns import Columns
from connectors.http.settings import HttpSettings
from connectors.rest.expressions import check_expression
from connectors.rest.times import check_times, is_timed

_CLOSED: Final = ConfigDict(frozen=True, extra="forbid")

Expression: TypeAlias = Annotated[str, AfterValidator(check_expression)]
"""A JMESPath expression."""


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


class _Sized(BaseModel):
    model_config = _CLOSED

    size_param: str | None = Field(default=None, description="The parameter for the size of a page.")
    size: int | None = Field(default=None, ge=1, description="The size to ask for, sent as size_param.")

    @model_validator(mode="after")
    def _both(self) -> "_Sized":
        if (self.size_param is None) != (self.size is None):
            raise ValueError(
                "has size without size_param, or size_param without size",
                "One is the value, the other the parameter that carries it",
                "Write both or neither",
            )
        return self


class _Counted(_Sized):
    total: Expression | None = Field(
        default=None, description="JMESPath to how many rows there are altogether. Another number of them is an error."
    )
    more: Expression | None = Field(default=None, description="JMESPath to whether there are more pages.")


class OffsetPaging(_Counted):
    """Pages by the number of rows to skip, until one is empty, or as `total` or `more` say."""

    param: str = Field(default="offset", description="The parameter for how many rows to skip.")


class NumberPaging(_Counted):
    """Pages by their number, until one is empty, or as `total` or `more` say."""

    param: str = Field(default="page", description="The parameter for the number of the page.")
    first: int = Field(default=1, ge=0, description="The number of the first page.")


class CursorPaging(_Sized):
    """Pages by a token that each answer gives for the next."""

    next: Expression = Field(
        description="JMESPath to the token of the next page; null or empty on the last.", examples=["meta.next_cursor"]
    )
    param: str = Field(default="cursor", description="The parameter that carries the token.")
    more: Expression | None = Field(default=None, description="JMESPath to whether there are more pages.")


class BodyTokenPaging(BaseModel):
    """The same, carried in the body of a POST."""

    model_config = _CLOSED

    next: Expression = Field(
        description="JMESPath to the token of the next page; null or empty on the last.", examples=["paging.next.after"]
    )
    key: str = Field(default="after", description="The key of the body that carries the token.")
    more: Expression | None = Field(default=None, description="JMESPath to whether there are more pages.")


class NextUrlPaging(BaseModel):
    """Pages by an address that each answer gives for the next, on the same server."""

    model_config = _CLOSED

    next: Expression = Field(
        description="JMESPath to the address of the next page; null or empty on the last.", examples=["links.next"]
    )


class LinkHeaderPaging(BaseModel):
    """Pages by the header Link, as RFC 8288 has it."""

    model_config = _CLOSED

    rel: str = Field(default="next", description="The relation that leads to the next page.")


class Paging(BaseModel):
    """How an answer goes on: one of these."""

    model_config = _CLOSED

    offset: OffsetPaging | None = Field(default=None, description="By the number of rows to skip.")
    page: NumberPaging | None = Field(default=None, description="By the number of the page.")
    cursor: CursorPaging | None = Field(default=None, description="By a token in a parameter.")
    body_token: BodyTokenPaging | None = Field(default=None, description="By a token in the body.")
    next_url: NextUrlPaging | None = Field(default=None, description="By an address in the answer.")
    link_header: LinkHeaderPaging | None = Field(default=None, description="By the header Link.")

    @model_validator(mode="after")
    def _one_kind(self) -> "Paging":
        if sum(value is not None for _, value in self) != 1:
            raise ValueError(
                "has not exactly one kind of paging",
                "An answer goes on in one way",
                "Write one of offset, page, cursor, body_token, next_url, link_header",
            )
        return self


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
        description="JMESPath to the rows: a list of mappings, or one mapping. items() and zip() are there besides.",
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
