"""Logging in: what is added to a request, and what must never be shown.

Belongs here: each kind of `Auth` as headers and parameters. Does not: sending.
"""

import base64
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol
from urllib.parse import quote, quote_plus, urlencode

from connectors.errors import ContractError
from connectors.http.requests import HttpRequest
from connectors.http.settings import ApiKey, Auth, Basic, ClientCredentials

_MARGIN_SECONDS: Final = 60
_UNKNOWN_LIFE_SECONDS: Final = 300


class Login(Protocol):
    """Adds what a server wants to see."""

    def added(self, request: HttpRequest) -> HttpRequest:
        """The request with the login. It is sent, and never shown."""
        ...

    def renewed(self, refused: HttpRequest) -> bool:
        """Whether there is another login than the one that a request was refused with."""
        ...

    def secrets(self) -> Iterable[str]:
        """Every text that no message may hold."""
        ...


@dataclass(frozen=True, slots=True)
class FixedLogin:
    """Headers and parameters that stay as they are."""

    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    hidden: tuple[str, ...] = field(default=(), repr=False)

    def added(self, request: HttpRequest) -> HttpRequest:
        """See `Login`."""
        return replace(request, headers={**request.headers, **self.headers}, params=request.params + self.params)

    def renewed(self, refused: HttpRequest) -> bool:  # noqa: ARG002 - there is no other
        """See `Login`."""
        return False

    def secrets(self) -> Iterable[str]:
        """See `Login`."""
        return self.hidden


class TokenLogin:
    """OAuth 2.0 client credentials (RFC 6749, 4.4): one token for all threads, renewed before it ends.

    A refused token is renewed once: whoever comes second finds the new one.
    """

    def __init__(
        self,
        settings: ClientCredentials,
        ask: Callable[[HttpRequest], Any],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._ends = float("-inf")

    def added(self, request: HttpRequest) -> HttpRequest:
        """See `Login`."""
        with self._lock:
            if self._clock() >= self._ends:
                self._renew()
            token = self._token
        return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})

    def renewed(self, refused: HttpRequest) -> bool:
        """See `Login`."""
        with self._lock:
            if refused.headers.get("Authorization") == f"Bearer {self._token}":
                self._renew()
        return True

    def secrets(self) -> Iterable[str]:
        """See `Login`."""
        return filter(None, (self._settings.client_secret.get_secret_value(), self._token))

    def _renew(self) -> None:
        answer = self._ask(_token_request(self._settings))
        token = answer.get("access_token") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token:
            raise ContractError(
                "The answer to the login holds no access_token. Check token_url, and that the client may use"
                " client credentials."
            )
        life = answer.get("expires_in")
        seconds = float(life) if isinstance(life, int | float) and life > 0 else _UNKNOWN_LIFE_SECONDS
        self._token = token
        self._ends = self._clock() + max(seconds - _MARGIN_SECONDS, seconds / 2)


def login_of(auth: Auth | None, ask: Callable[[HttpRequest], Any]) -> Login:
    """The login that settings describe; `ask` sends a request without one and gives the JSON of its answer."""
    if auth is None:
        return FixedLogin()
    if auth.client_credentials is not None:
        return TokenLogin(auth.client_credentials, ask)
    if auth.api_key is not None:
        return _with_key(auth.api_key)
    if auth.basic is not None:
        return _with_password(auth.basic)
    token = auth.bearer.get_secret_value() if auth.bearer is not None else ""
    return FixedLogin({"Authorization": f"Bearer {token}"}, hidden=(token,))


def hidden(text: str, secrets: Iterable[str]) -> str:
    """A text with `***` for every secret, also where it is escaped as addresses are."""
    for form in sorted(set(_forms(secrets)), key=len, reverse=True):
        text = text.replace(form, "***")
    return text


def _forms(secrets: Iterable[str]) -> Iterator[str]:
    for secret in secrets:
        if secret.strip():
            yield from (secret, quote(secret), quote(secret, safe=""), quote_plus(secret))


def _with_key(settings: ApiKey) -> Login:
    key = settings.key.get_secret_value()
    if settings.header is not None:
        return FixedLogin({settings.header: f"{settings.prefix}{key}"}, hidden=(key,))
    return FixedLogin(params=((settings.query or "", key),), hidden=(key,))


def _with_password(settings: Basic) -> Login:
    password = settings.password.get_secret_value()
    pair = base64.b64encode(f"{settings.username}:{password}".encode()).decode()
    # With an empty password the user is the key.
    secrets = (password, pair) if password else (settings.username, pair)
    return FixedLogin({"Authorization": f"Basic {pair}"}, hidden=secrets)


def _token_request(settings: ClientCredentials) -> HttpRequest:
    # RFC 6749, 2.3.1: both are form-encoded before they are joined.
    pair = f"{quote_plus(settings.client_id)}:{quote_plus(settings.client_secret.get_secret_value())}"
    form = {"grant_type": "client_credentials", "scope": settings.scope, "audience": settings.audience}
    return HttpRequest(
        "POST",
        settings.token_url,
        headers={
            "Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
        },
        body=urlencode({name: value for name, value in form.items() if value is not None}).encode(),
    )
