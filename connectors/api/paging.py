"""Reading an answer to its end, page by page, and noticing when that is not its end.

Belongs here: what the next page is, by each kind of paging. Does not: sending, or what a row is.

A page that comes again, one that is empty though more are announced, another number of rows than announced, and too
many pages are errors: a sum over some of the pages looks like any other number.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, NoReturn, TypeAlias
from urllib.parse import urlencode

from connectors.api.expressions import found
from connectors.api.keys import (
    BodyTokenPaging,
    CursorPaging,
    LinkHeaderPaging,
    NextUrlPaging,
    NumberPaging,
    OffsetPaging,
    Paging,
)
from connectors.contract import Flag
from connectors.errors import ContractError, DataError, metric_key, name_key, source_key
from connectors.http.requests import HttpRequest, shown
from connectors.http.settings import HttpLimits

_LINK: Final = re.compile(r"<([^<>]*)>((?:\s*;\s*[\w*-]+(?:\s*=\s*(?:\"[^\"]*\"|[^\s\",;]*))?)*)")
_REL: Final = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s\",;]*))", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ask:
    """A request whose parameters and body can still be added to."""

    request: HttpRequest
    params: Mapping[str, str]
    body: Mapping[str, Any] | None

    def with_param(self, name: str, value: object) -> "Ask":
        """The same with another parameter, or another value of it."""
        return replace(self, params={**self.params, name: str(value)})

    def with_key(self, key: str, value: object) -> "Ask":
        """The same with another key of the body."""
        return replace(self, body={**(self.body or {}), key: value})

    def moved(self, url: str) -> "Ask":
        """The same at another address of the same origin, with that one's parameters."""
        base = replace(self.request, params=tuple(self.params.items()))
        return Ask(base.moved(url), {}, self.body)

    @property
    def identity(self) -> str:
        """What tells it from others."""
        return f"{self.request.url}?{urlencode(list(self.params.items()))} {self.body!r}"


@dataclass(frozen=True, slots=True)
class Page:
    """One answer: what was asked, its rows, all of it, its headers, and quality flags."""

    ask: Ask
    rows: list[Any]
    document: Any
    headers: Mapping[str, str]
    flags: frozenset[Flag] = frozenset()


@dataclass(frozen=True, slots=True)
class Progress:
    """How many rows and pages were read so far."""

    rows: int
    pages: int


Following: TypeAlias = Callable[[Ask, Page, Progress], Ask | None]
"""From the first ask, the page that came last and the progress to the ask for the next page; None after the last."""


def read_pages(
    ask: Callable[[Ask], Page], first: Ask, paging: Paging | Following | None, caps: HttpLimits
) -> Iterator[Page]:
    """Every page of an answer. `paging` is declared, or a function.

    Raises:
        ContractError: pages do not end as they say. DataError: there are more than the caps.
        ConnectorError: as `ask` does.
    """
    following, next_after = _declared(first, paging) if isinstance(paging, Paging | None) else (first, paging)
    asked: set[str] = set()
    last: Page | None = None
    rows = 0
    while following is not None:
        with _naming_kind(paging):
            _refuse_again(following, asked)
        page = ask(following)
        with _naming_kind(paging):
            if last is not None:
                _refuse_same(page, last)
        rows += len(page.rows)
        refuse_more(rows, caps)
        yield page
        with _naming_kind(paging):
            following, last = next_after(first, page, Progress(rows, len(asked))), page
        if following is not None and len(asked) >= caps.max_pages:
            raise DataError(
                f"The answer has more than {caps.max_pages:,} pages, and pages are never left out."
                " Ask for larger pages, or raise ",
                source_key("max_pages"),
                ".",
            )


@contextmanager
def _naming_kind(paging: Paging | Following | None) -> Iterator[None]:
    """An error about a key of `paging` names the kind that has the key, as people write it."""
    try:
        yield
    except ContractError as error:
        if isinstance(paging, Paging) and error.key is not None and error.key.path[0] == "paging":
            [(name, kind)] = [(name, kind) for name, kind in paging if kind is not None]
            name_key(error, metric_key("paging", name, *(it for it in error.key.path[1:] if hasattr(kind, it))))
        raise


def _declared(first: Ask, paging: Paging | None) -> tuple[Ask | None, Following]:
    """The ask for the first page, and the function that a declaration stands for."""
    kind = next((value for _, value in paging or () if value is not None), None)
    return _begun(first, kind), lambda begun, page, progress: _following(begun, page, kind, progress)


def refuse_more(rows: int, caps: HttpLimits) -> None:
    """Compare how many rows there are.

    Raises:
        DataError: they are more than the caps.
    """
    if rows > caps.max_rows:
        raise DataError(
            f"The answer has more than {caps.max_rows:,} rows, and rows are never cut off."
            " Let the API aggregate them, or raise ",
            source_key("max_rows"),
            ".",
        )


def _begun(first: Ask, kind: Any) -> Ask:
    """The first page, which may have to be named, and its size."""
    size, param = getattr(kind, "size", None), getattr(kind, "size_param", None)
    if param is not None:
        first = _numbered(first, kind, param, size)
    match kind:
        case OffsetPaging():
            return _numbered(first, kind, kind.param, 0)
        case NumberPaging():
            return _numbered(first, kind, kind.param, kind.first)
        case _:
            return first


def _numbered(ask: Ask, kind: Any, name: str, number: Any) -> Ask:
    """The ask with a number where its kind of paging carries it."""
    in_body = isinstance(kind, OffsetPaging | NumberPaging) and kind.in_body
    return ask.with_key(name, number) if in_body else ask.with_param(name, number)


def _following(first: Ask, page: Page, kind: Any, progress: Progress) -> Ask | None:  # noqa: PLR0911 - a table
    begun = _begun(first, kind)
    match kind:
        case OffsetPaging():
            return _numbered(begun, kind, kind.param, progress.rows) if _goes_on(page, kind, progress.rows) else None
        case NumberPaging():
            number = kind.first + progress.pages
            return _numbered(begun, kind, kind.param, number) if _goes_on(page, kind, progress.rows) else None
        case CursorPaging():
            token = _token(page, kind)
            return None if token is None else begun.with_param(kind.param, token)
        case BodyTokenPaging():
            token = _token(page, kind)
            return None if token is None else begun.with_key(kind.key, token)
        case NextUrlPaging():
            return _at(begun, found(kind.next, page.document), page)
        case LinkHeaderPaging():
            return _at(begun, _link(page.headers.get("link", ""), kind.rel), page)
        case _:
            return None


def _goes_on(page: Page, kind: OffsetPaging | NumberPaging, rows: int) -> bool:
    if kind.total is not None:
        return _is_before(_whole_number(found(kind.total, page.document), kind.total), rows, page)
    if kind.more is not None:
        more = _truth(found(kind.more, page.document), kind.more)
        if more and not page.rows:
            _refuse_empty()
        return more
    return bool(page.rows)


def _is_before(total: int, rows: int, page: Page) -> bool:
    if rows > total or (rows < total and not page.rows):
        raise ContractError(
            f"The answer announces {total:,} rows and gives {rows:,}. Rows may have come while it was read: run again."
            " If it stays so, correct ",
            metric_key("paging", "total"),
            ", or rows.",
        )
    return rows < total


def _token(page: Page, kind: CursorPaging | BodyTokenPaging) -> str | int | None:
    token = found(kind.next, page.document)
    more = None if kind.more is None else _truth(found(kind.more, page.document), kind.more)
    if more is False or (token in (None, "", False) and not more):
        return None
    if isinstance(token, bool) or not isinstance(token, str | int) or token == "":
        raise ContractError(
            f"The answer announces more, and {kind.next} gives no token for it. Correct ",
            metric_key("paging", "next"),
            ".",
        )
    if not page.rows:
        _refuse_empty()
    return token


def _at(ask: Ask, url: Any, page: Page) -> Ask | None:
    if url in (None, "", False):
        return None
    if not isinstance(url, str):
        raise ContractError(
            f"The address of the next page is {shown(str(url))}, which is none. Correct ",
            metric_key("paging", "next"),
            ".",
        )
    if not page.rows:
        _refuse_empty()
    return ask.moved(url)


def _link(header: str, rel: str) -> str | None:
    """The target of a relation in a Link header (RFC 8288).

    >>> _link('<https://a.example/?page=2>; rel="next", <https://a.example/>; rel=first', "next")
    'https://a.example/?page=2'
    """
    for target, attributes in _LINK.findall(header):
        match = _REL.search(attributes)
        if match and rel.lower() in (match[1] or match[2]).lower().split():
            return str(target)
    return None


def _whole_number(value: Any, expression: str) -> int:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ContractError(
            f"{expression} gives {shown(repr(value))}, which is no number of rows. Correct ",
            metric_key("paging", "total"),
            ".",
        )
    return value


def _truth(value: Any, expression: str) -> bool:
    if not isinstance(value, bool):
        raise ContractError(
            f"{expression} gives {shown(repr(value))}, which is neither true nor false. Correct ",
            metric_key("paging", "more"),
            ".",
        )
    return value


def _refuse_again(ask: Ask, asked: set[str]) -> None:
    if ask.identity in asked:
        raise ContractError(
            "The answer leads back to a page that was read before, and would never end. Correct ",
            metric_key("paging"),
            ", or ask the owner of the API.",
        )
    asked.add(ask.identity)


def _refuse_same(page: Page, last: Page) -> None:
    if page.rows and page.rows == last.rows:
        raise ContractError(
            "Two pages are the same, so the server does not heed what asks for the next. Correct ",
            metric_key("paging", "param"),
            ".",
        )


def _refuse_empty() -> NoReturn:
    raise ContractError(
        "The answer announces more, and its page is empty. Run again; if it stays so, correct ",
        metric_key("rows"),
        " or paging.",
    )
