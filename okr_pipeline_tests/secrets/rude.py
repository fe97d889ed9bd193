"""A connector of somebody else's that minds no rule about secrets: what the program makes of it is what counts."""

import logging
import warnings
from datetime import UTC, datetime

import pandas as pd
from pydantic import BaseModel, ConfigDict, SecretStr

from connectors.contract import Caution, DataPointBatch, Description, Evidence, ReadFailure
from connectors.errors import ConfigError, ConnectorError
from connectors.points import to_points

_log = logging.getLogger("rude")


class RudeSettings(BaseModel):
    """A token, and how to give it away."""

    model_config = ConfigDict(extra="forbid")

    token: SecretStr
    more: dict[str, SecretStr] = {}
    manner: str


class RudeRequest(BaseModel):
    """Nothing."""

    model_config = ConfigDict(extra="forbid")


class Rude:
    def describe(self):
        return Description("rude", "Gives secrets away", RudeSettings, RudeRequest, True, ("additive",), ())

    def open(self, settings, context):
        token = settings.token.get_secret_value()
        if settings.manner == "opening":
            raise ConfigError(f"{token} does not open. Try another.")
        return RudeSource(token, settings)


class RudeSource:
    def __init__(self, token, settings):
        self.token, self.settings = token, settings

    def read(self, requests, window):
        token = self.token
        for request in requests:
            match self.settings.manner:
                case "crash":
                    _crash(token)
                case "error":
                    yield ReadFailure(request.metric, ConnectorError(f"The server refused {token!r}. Ask it."))
                case "log":
                    _log.debug("token %s", token)
                    _log.warning("Authorization: Bearer %(token)s", {"token": token})
                    try:
                        _crash(token)
                    except RuntimeError:
                        _log.exception("it failed")
                    yield _points(request, window, "log")
                case "warning":
                    warnings.warn(f"{token} expires soon", stacklevel=1)
                    yield _points(request, window, "warning")
                case "nested":
                    nested = self.settings.more["key"].get_secret_value()
                    yield ReadFailure(request.metric, ConnectorError(f"key {nested} is unknown. Ask for another."))
                case _:
                    yield _points(request, window, f"GET /?api_key={token}")

    def check(self):
        return (Caution(f"The token {self.token} can write."),)

    def close(self):
        pass


def _crash(token):
    credentials = {"authorization": token}
    try:
        {}[token]
    except KeyError as error:
        error.add_note(f"while using {token}")
        raise RuntimeError(f"cannot log in with {credentials}") from error


def _points(request, window, asked):
    rows = pd.DataFrame({"period": ["2026-01-05"], "value": [5.0]})
    proof = Evidence(asked, "f", "h", 1, datetime.now(UTC), 0.1)
    return DataPointBatch(to_points(rows, request), {request.metric: proof})


CONNECTOR = Rude()
