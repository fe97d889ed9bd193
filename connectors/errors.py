"""Errors of connectors, named by what to do next.

ConnectorError
├── ConfigError        stop: the source or metric is set up wrongly
├── AuthError          stop: the source refused the login; tell its owner
├── TransientError     try again later
│   └── QuotaExhausted try again at `until`
├── DataError          the answer came and cannot be used; keep the last good value
└── ContractError      the answer is not of the promised shape; keep the last good value
"""

from datetime import datetime


class ConnectorError(Exception):
    """A source could not do what was asked. The message says what, why and what to do, and holds no secret.

    `status` is that of the HTTP answer which says so, where it was one.
    """

    status: int | None = None


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
