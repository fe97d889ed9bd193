"""How answers go on, as YAML says it.

Belongs here: the keys of each kind of paging. Does not: following them (paging).
"""

from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from connectors.api.expressions import check_expression

_CLOSED: Final = ConfigDict(frozen=True, extra="forbid")

Expression: TypeAlias = Annotated[str, AfterValidator(check_expression)]
"""A JMESPath expression."""


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
    in_body: bool = Field(
        default=False, description="Whether param and size_param are keys of the body of a POST, as numbers."
    )


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

    @property
    def is_in_body(self) -> bool:
        """Whether what leads to the next page stands in the body of a POST."""
        return self.body_token is not None or any(
            kind is not None and kind.in_body for kind in (self.offset, self.page)
        )

    @model_validator(mode="after")
    def _one_kind(self) -> "Paging":
        if sum(value is not None for _, value in self) != 1:
            raise ValueError(
                "has not exactly one kind of paging",
                "An answer goes on in one way",
                "Write one of offset, page, cursor, body_token, next_url, link_header",
            )
        return self
