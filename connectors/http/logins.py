"""Logging in: what is added to a request, and what must never be shown.

Belongs here: each kind of `Auth` as headers and parameters, and when a token is renewed. Does not: how tokens are asked
for (grants), sending.
"""

import base64
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final, Protocol

from connectors.errors import ContractError, source_key
from connectors.http.clock import Clock
from connectors.http.grants import Ask, AssertionGrant, ClientGrant, GoogleGrant, Grant, RefreshGrant
from connectors.http.requests import HttpRequest
from connectors.http.settings import ApiKey, Auth, Basic

_MARGIN_SECONDS: Final = 60
_UNKNOWN_LIFE_SECONDS: Final = 300.0
_BETWEEN_FORCED_SECONDS: Final = 60
_REMEMBERED: Final = 8


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
    """A token that ends: one for all threads, renewed before that.

    One that is refused before its time is renewed once, and whoever comes second finds the new one; where that is
    refused, too, there is no other for a minute.
    """

    def __init__(self, grant: Grant, ask: Ask, clock: Callable[[], float] = time.monotonic) -> None:
        self._grant = grant
        self._ask = ask
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens: tuple[str, ...] = ()
        self._ends = float("-inf")
        self._forced = float("-inf")

    def added(self, request: HttpRequest) -> HttpRequest:
        """See `Login`."""
        with self._lock:
            if self._clock() >= self._ends:
                self._renew()
            token = self._tokens[0]
        return replace(request, headers={**request.headers, "Authorization": f"Bearer {token}"})

    def renewed(self, refused: HttpRequest) -> bool:
        """See `Login`."""
        with self._lock:
            if refused.headers.get("Authorization") != f"Bearer {self._tokens[0]}":
                return True
            if self._clock() < self._forced + _BETWEEN_FORCED_SECONDS:
                return False
            self._forced = self._clock()
            self._renew()
        return True

    def secrets(self) -> Iterable[str]:
        """See `Login`."""
        return (*self._tokens, *self._grant.secrets())

    def _renew(self) -> None:
        token, seconds = _token(self._grant.answer(self._ask))
        # A server may still speak of those before.
        self._tokens = (token, *self._tokens)[:_REMEMBERED]
        self._ends = self._clock() + max(seconds - _MARGIN_SECONDS, seconds / 2)


def login_of(auth: Auth | None, ask: Ask, clock: Clock, directory: Path, *, in_clear: bool) -> Login:
    """The login that settings describe. The directory is the project's `.okr`; see `HttpClient`."""
    if auth is None:
        return FixedLogin()
    if auth.api_key is not None:
        return _with_key(auth.api_key)
    if auth.basic is not None:
        return _with_password(auth.basic)
    if auth.bearer is not None:
        token = auth.bearer.get_secret_value()
        return FixedLogin({"Authorization": f"Bearer {token}"}, hidden=(token,))
    return TokenLogin(_grant_of(auth, clock, directory, in_clear=in_clear), ask, clock.monotonic)


def _grant_of(auth: Auth, clock: Clock, directory: Path, *, in_clear: bool) -> Grant:
    if auth.client_credentials is not None:
        return ClientGrant(auth.client_credentials)
    if auth.refresh_token is not None:
        return RefreshGrant(auth.refresh_token, directory)
    if auth.jwt_bearer is not None:
        return AssertionGrant(auth.jwt_bearer, clock.now, directory.parent)
    assert auth.google_service_account is not None  # noqa: S101 - Auth has exactly one
    return GoogleGrant(auth.google_service_account, clock.now, directory.parent, in_clear=in_clear)


def _token(answer: Any) -> tuple[str, float]:
    """The token of an answer, and how many seconds it is good for."""
    token = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(token, str) or not token:
        raise ContractError(
            "The answer to the login holds no access_token. Check ",
            source_key("auth", "token_url"),
            ", and what the service lets the client do.",
        )
    life = answer.get("expires_in")
    if isinstance(life, str) and life.isdecimal():
        life = int(life)
    lasts = isinstance(life, int | float) and life > 0
    return token, float(life) if lasts else _UNKNOWN_LIFE_SECONDS


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
