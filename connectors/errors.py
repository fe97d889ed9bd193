"""Errors of connectors, named by what to do next.

ConnectorError
├── ConfigError        stop: the source or metric is set up wrongly
├── AuthError          stop: the source refused the login; tell its owner
├── TransientError     try again later
│   └── QuotaExhausted try again at `until`
├── DataError          the answer came and cannot be used; keep the last good value
└── ContractError      the answer is not of the promised shape; keep the last good value
"""

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias, TypeVar


@dataclass(frozen=True, slots=True)
class ConfigKey:
    """A key of the configuration that a person may have to change: the keys that lead to it, outermost first.

    >>> print(ConfigKey(("paging", "next"))), print(ConfigKey(("max_rows",), of_source=True))
    next of paging
    max_rows of the source
    (None, None)
    """

    path: tuple[str, ...]
    of_source: bool = False

    def __str__(self) -> str:
        return " of ".join((*reversed(self.path), *(["the source"] if self.of_source else [])))


def metric_key(*path: str) -> ConfigKey:
    """A key that the metric adds, or, where it does not, one of the same name that its source has for all."""
    return ConfigKey(path)


def source_key(*path: str) -> ConfigKey:
    """A key of the source."""
    return ConfigKey(path, of_source=True)


Said: TypeAlias = str | ConfigKey
"""A piece of a message."""
ErrorT = TypeVar("ErrorT", bound="ConnectorError")


class ConnectorError(Exception):
    """A source could not do what was asked. The message says what, why and what to do, and holds no secret.

    The message is made of pieces, of which one may be the `key` to change: `ConfigError("… Correct ",
    metric_key("rows"), ".")`. `metric` is the one that could not be read, where it was one. `status` is that of the
    HTTP answer which says so, where it was one.
    """

    status: int | None = None
    metric: str | None = None

    def __init__(self, *message: Said) -> None:
        super().__init__("".join(map(str, message)))
        self.key = next((it for it in message if isinstance(it, ConfigKey)), None)


def reworded(error: ErrorT, message: str) -> ErrorT:
    """The same error with another message, such as one that begins with the name of a file."""
    # Not copy.copy: it calls the class again, and the constructor of QuotaExhausted wants more than a message.
    told = type(error).__new__(type(error))
    told.__dict__.update(error.__dict__)
    told.args = (message,)
    return told


def name_key(error: ConnectorError, key: ConfigKey) -> None:
    """Let an error name another key to change than it did, because people write that one.

    >>> error = AuthError("It refuses the login. Check ", source_key("auth"), ".")
    >>> name_key(error, source_key("token"))
    >>> print(error)
    It refuses the login. Check token of the source.
    """
    if error.key is not None and error.key != key:
        error.args = (str(error).replace(str(error.key), str(key), 1),)
        error.key = key


class ConfigError(ConnectorError):
    """The source or metric is set up wrongly; trying again will not help."""


class AuthError(ConnectorError):
    """The source refused the login; trying again will not help."""


class TransientError(ConnectorError):
    """The source may answer later."""


class QuotaExhausted(TransientError):  # noqa: N818 - it names a state, not a fault
    """The source will answer again at an instant."""

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class DataError(ConnectorError):
    """The answer came and cannot be used."""


class ContractError(ConnectorError):
    """The answer is not of the promised shape."""
