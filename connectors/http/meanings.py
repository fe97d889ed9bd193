"""What an answer that is no good means, in the words of `connectors.errors`.

Belongs here: statuses and lost connections to errors. Does not: trying again.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Final, TypeAlias

from connectors.errors import AuthError, ConfigError, ContractError, TransientError, metric_key, source_key
from connectors.http.quotas import is_exhausted
from connectors.http.requests import HttpAnswer, shown
from connectors.http.waits import asked_wait

UNAUTHORIZED: Final = 401
_FORBIDDEN: Final = 403
_BUSY: Final = frozenset({408, 425, 429})
_TOO_MANY: Final = 429
_NOT_FOUND: Final = 404
_NOT_ALLOWED: Final = 405
_LOGINS: Final = frozenset({UNAUTHORIZED, 402, _FORBIDDEN, 407})
_LONGEST_EXCERPT: Final = 2_000


class Busy(TransientError):  # noqa: N818 - it names a state, not a fault
    """The server does not answer now; `wait` is how long it wants to be left alone, None where it does not say."""

    def __init__(self, message: str, wait: timedelta | None) -> None:
        super().__init__(message)
        self.wait = wait


class Working(TransientError):  # noqa: N818 - it names a state, not a fault
    """The server works on the answer: no failure, so it is asked again after `wait`, as often as patience allows."""

    def __init__(self, message: str, wait: timedelta) -> None:
        super().__init__(message)
        self.wait = wait


Judge: TypeAlias = Callable[[HttpAnswer, datetime], None]
"""Lets an answer pass that holds data, as `refuse` does, or raises what it means. An API's own ends with that."""


def refuse(answer: HttpAnswer, now: datetime) -> None:
    """Let an answer pass that holds data.

    Raises:
        Busy: it may come later. AuthError, ConfigError, ContractError: it will not.
    """
    status = answer.status
    if status == 200:
        return
    refuse_login(answer, now)
    said = _said(answer)
    if status in (204, 205):
        raise ContractError(
            f"The answer has no body (status {status}). No rows would be an empty list; correct ",
            metric_key("path"),
            ".",
        )
    if 400 <= status < 500:
        raise _refused(status, said)
    raise ContractError(
        f"The server answers with status {status}{said}, which is no data. Correct ",
        metric_key("path"),
        " or base_url.",
    )


def refuse_login(answer: HttpAnswer, now: datetime) -> None:
    """Let an answer pass of a server that is there and knows the login, whatever it says of the request.

    Raises:
        Busy: it may answer later. AuthError: it does not know the login.
    """
    status = answer.status
    busy = _is_busy(status, answer.headers)
    if not busy and status not in _LOGINS:
        return
    said = _said(answer)
    if busy:
        why = "The server is asked too often" if status in (_TOO_MANY, _FORBIDDEN) else "The server does not answer now"
        raise Busy(f"{why} (status {status}{said}). Run again later.", asked_wait(answer.headers, now))
    raise AuthError(
        f"The server refuses the login (status {status}{said}). Check ",
        source_key("auth"),
        ", and ask the owner of the API for the right to read this.",
    )


def refuse_token(answer: HttpAnswer, now: datetime) -> None:
    """Let an answer pass that holds a token. What it says is told only where it cannot be one.

    Raises:
        Busy: it may come later. AuthError, ConfigError, ContractError: it will not.
    """
    status, said = answer.status, _said(answer)
    if status == 200:
        return
    if 200 <= status < 300:
        raise ContractError(
            f"The server gives tokens with status {status}, not 200. Correct ", source_key("auth", "token_url"), "."
        )
    if status in (_NOT_FOUND, _NOT_ALLOWED):
        raise ConfigError(
            f"No tokens are given there (status {status}{said}). Correct ", source_key("auth", "token_url"), "."
        )
    if 400 <= status < 500 and not _is_busy(status, answer.headers):
        raise AuthError(
            f"The server gives no token (status {status}{said}). Check ",
            source_key("auth"),
            "; a refresh token that has ended, or was taken back, is had anew by logging in to the service again.",
        )
    refuse_login(answer, now)
    raise ContractError(f"The server gives no token (status {status}). Correct ", source_key("auth", "token_url"), ".")


def _is_busy(status: int, headers: Mapping[str, str]) -> bool:
    """A 403 is a limit where the server says when to come again, as GitHub's secondary limits are."""
    if status == _FORBIDDEN:
        return "retry-after" in headers or is_exhausted(headers)
    return status in _BUSY or status >= 500


def _refused(status: int, said: str) -> ConfigError:
    error = ConfigError(
        f"The server refuses the request (status {status}{said}). Correct ", metric_key("path"), ", params or body."
    )
    error.status = status
    return error


def _said(answer: HttpAnswer) -> str:
    """The beginning of what the server says, unless it is a page."""
    text = shown(answer.body[:_LONGEST_EXCERPT].decode("utf-8", errors="replace"))
    return "" if not text or text.startswith("<") else f", it says: {text.rstrip('.')}"
