"""One request and its answer, in words that need no library.

Belongs here: addresses, their origins, and what may be shown of them. Does not: sending.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final
from urllib.parse import quote, urlencode, urljoin, urlsplit, urlunsplit

from connectors.errors import ContractError, metric_key, source_key
from connectors.http.bodies import read_json

_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_SAFE: Final = "/:@!$&'()*+,;=~-._%"
_MOST_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """What is asked of a server, without any login. `params` follow those that the url has.

    `safe_to_retry` says that asking twice changes nothing on the server: all that only read are, also by POST.
    """

    method: str
    url: str
    params: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    safe_to_retry: bool = True

    @property
    def address(self) -> str:
        """The whole address: no login is in it."""
        return with_params(self.url, self.params)

    @property
    def place(self) -> str:
        """What messages call it: method, host and path."""
        parts = urlsplit(self.url)
        return f"{self.method} {parts.netloc}{parts.path}"

    def moved(self, url: str) -> "HttpRequest":
        """The same at another address of the same origin, whose parameters are its own.

        Raises:
            ContractError: it is of another origin, which must not see the login.
        """
        try:
            target = urljoin(self.address, url)
            stays = origin(target) == origin(self.url)
        except ValueError:
            raise ContractError("It leads on to what is no address. Ask the owner of the API.") from None
        if not stays:
            raise ContractError(
                f"{self.place} leads on to {shown(origin_text(target))}, and a login is not carried to another server."
                " Correct ",
                source_key("base_url"),
                " to where the answers come from.",
            )
        return replace(self, url=target, params=())


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """A whole answer. Names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)

    def json(self) -> Any:
        """Its body as JSON; see `read_json`.

        Raises:
            DataError, TransientError: it is none, or cut short.
            ContractError: it is a web page.
        """
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "text/html" or self.body[:200].lstrip()[:1] == b"<":
            raise ContractError(
                "The answer is a web page, not data: a login or maintenance page, or another path was meant."
                " Open the address, and correct ",
                metric_key("path"),
                ", base_url or auth.",
            )
        return read_json(self.body)


def with_params(url: str, params: tuple[tuple[str, str], ...]) -> str:
    """An address with more parameters."""
    if not params:
        return url
    parts = urlsplit(url)
    query = "&".join(filter(None, (parts.query, urlencode(params))))
    return urlunsplit(parts._replace(query=query))


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what a login may be sent to.

    >>> origin("https://API.example/v2?page=1")
    ('https', 'api.example', 443)

    Raises:
        ValueError: it is no address.
    """
    parts = urlsplit(url)
    # A login inside an address is one that was not given: it makes another origin.
    port = -1 if parts.username is not None else parts.port or _DEFAULT_PORTS.get(parts.scheme, -1)
    return parts.scheme, parts.hostname or "", port


def origin_text(url: str) -> str:
    """An origin as people write it, without path, query or login."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}"


def on_wire(url: str) -> str:
    """The address in ASCII, everything in it escaped that HTTP does not allow."""
    parts = urlsplit(url)
    path = quote(parts.path or "/", safe=_SAFE)
    return urlunsplit((parts.scheme, parts.netloc, path, quote(parts.query, safe=_SAFE + "?[]"), ""))


def shown(text: str) -> str:
    """A stranger's text in one line of printable letters, cut short."""
    line = re.sub(r"\s+", " ", "".join(letter if letter.isprintable() else " " for letter in text)).strip()
    return line if len(line) <= _MOST_SHOWN else line[: _MOST_SHOWN - 1] + "…"
