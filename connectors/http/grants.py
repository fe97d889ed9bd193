"""What a service is shown for a token, in each of the ways of OAuth 2.0.

Belongs here: requests for tokens. Does not: how long a token is used (logins), signing (assertions), sending.
"""

import base64
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import quote_plus, urlencode

from connectors.errors import ConfigError, source_key
from connectors.http.assertions import Key, ServiceAccount, assertion, given_or_kept, in_lines, service_account
from connectors.http.kept_tokens import KeptTokens
from connectors.http.requests import HttpRequest
from connectors.http.settings import ClientCredentials, GoogleServiceAccount, JwtBearer, RefreshToken, address_of

Ask = Callable[[HttpRequest], Any]
"""Sends a request without a login and gives the JSON of its answer."""

_JWT_BEARER: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Grant(Protocol):
    """A way to a token."""

    def answer(self, ask: Ask) -> Any:
        """What the service answers to who asks for a token. One thread at a time."""
        ...

    def secrets(self) -> Iterable[str]:
        """Every text that no message may hold, but the token itself."""
        ...


class ClientGrant:
    """RFC 6749, 4.4: a client shows its own secret."""

    def __init__(self, settings: ClientCredentials) -> None:
        self._settings = settings

    def answer(self, ask: Ask) -> Any:
        """See `Grant`."""
        it = self._settings
        form = {"grant_type": "client_credentials", "scope": it.scope, "audience": it.audience}
        return ask(_of_client(it, form))

    def secrets(self) -> Iterable[str]:
        """See `Grant`."""
        return _secrets_of_client(self._settings)


class RefreshGrant:
    """RFC 6749, 6: a client shows what it was given when a person logged in, or what it was given in its place."""

    def __init__(self, settings: RefreshToken, directory: Path) -> None:
        self._settings = settings
        self._first = settings.refresh_token.get_secret_value()
        name = f"{settings.token_url}\n{settings.client_id}\n{self._first}"
        self._kept = KeptTokens(directory / "logins", name)
        self._seen: tuple[str, ...] = (self._first,)

    def answer(self, ask: Ask) -> Any:
        """See `Grant`. What the service gives in place of the refresh token is kept before its token is used."""
        with self._kept.turn() as turn:
            shown = turn.kept or self._first
            self._saw(shown)
            form = {"grant_type": "refresh_token", "refresh_token": shown, "scope": self._settings.scope}
            answer = ask(_of_client(self._settings, form))
            given = answer.get("refresh_token") if isinstance(answer, dict) else None
            if isinstance(given, str) and given not in ("", shown):
                self._saw(given)
                turn.keep(given)
        return answer

    def secrets(self) -> Iterable[str]:
        """See `Grant`."""
        return (*self._seen, *_secrets_of_client(self._settings))

    def _saw(self, token: str) -> None:
        if token not in self._seen:
            self._seen = (*self._seen, token)


class AssertionGrant:
    """RFC 7523: a client shows claims that it signed."""

    def __init__(self, settings: JwtBearer, now: Callable[[], datetime], project: Path) -> None:
        self._settings = settings
        self._now = now
        self._project = project
        self._secrets: tuple[str, ...] = ()

    def answer(self, ask: Ask) -> Any:
        """See `Grant`."""
        it = self._settings
        written = source_key(*it.within, "private_key" if it.private_key is not None else "private_key_file")
        pem = in_lines(given_or_kept(it.private_key, it.private_key_file, self._project, written))
        named = {"iss": it.issuer, "sub": it.subject, "aud": it.audience or it.token_url, "scope": it.scope}
        claims = {name: value for name, value in {**it.claims, **named}.items() if value is not None}
        signed = assertion(claims, Key(pem, written, it.key_id), self._now(), it.lifetime)
        self._secrets = (pem, signed)
        return ask(_of_assertion(it.token_url, signed))

    def secrets(self) -> Iterable[str]:
        """See `Grant`."""
        return self._secrets


class GoogleGrant:
    """The same, as the key file of a Google service account says."""

    def __init__(
        self, settings: GoogleServiceAccount, now: Callable[[], datetime], project: Path, *, in_clear: bool
    ) -> None:
        self._settings = settings
        self._now = now
        self._project = project
        self._in_clear = in_clear
        self._secrets: tuple[str, ...] = ()

    def answer(self, ask: Ask) -> Any:
        """See `Grant`."""
        it = self._settings
        written = source_key(*it.within, "key" if it.key is not None else "key_file")
        account = service_account(given_or_kept(it.key, it.key_file, self._project, written), written)
        url = self._safe(account)
        claims = {"iss": account.email, "aud": account.token_url, "scope": " ".join(it.scopes)}
        subject = {} if it.subject is None else {"sub": it.subject}
        signed = assertion({**claims, **subject}, account.key, self._now(), it.lifetime)
        self._secrets = (account.key.pem, signed)
        return ask(_of_assertion(url, signed))

    def secrets(self) -> Iterable[str]:
        """See `Grant`."""
        return self._secrets

    def _safe(self, account: ServiceAccount) -> str:
        """An address from the key file, held to the same rules as those of settings."""
        try:
            return address_of(account.token_url, in_clear=self._in_clear)
        except ValueError as error:
            refused = str(error)
        raise ConfigError("token_uri in ", account.key.written, f" cannot be used: {refused}.")


def _of_assertion(url: str, signed: str) -> HttpRequest:
    return _of_form(url, {"grant_type": _JWT_BEARER, "assertion": signed}, {})


def _of_client(client: ClientCredentials | RefreshToken, form: Mapping[str, str | None]) -> HttpRequest:
    secret = client.client_secret.get_secret_value() if client.client_secret is not None else ""
    if client.client_login == "body" or not secret:
        return _of_form(client.token_url, {**form, "client_id": client.client_id, "client_secret": secret or None}, {})
    return _of_form(client.token_url, form, {"Authorization": f"Basic {_pair(client.client_id, secret)}"})


def _of_form(url: str, form: Mapping[str, str | None], headers: Mapping[str, str]) -> HttpRequest:
    body = urlencode({name: value for name, value in form.items() if value is not None}).encode()
    return HttpRequest("POST", url, headers={**headers, "Content-Type": "application/x-www-form-urlencoded"}, body=body)


def _pair(client_id: str, secret: str) -> str:
    # RFC 6749, 2.3.1: both are form-encoded before they are joined.
    return base64.b64encode(f"{quote_plus(client_id)}:{quote_plus(secret)}".encode()).decode()


def _secrets_of_client(client: ClientCredentials | RefreshToken) -> Iterable[str]:
    secret = client.client_secret.get_secret_value() if client.client_secret is not None else ""
    return (secret, _pair(client.client_id, secret)) if secret else ()
