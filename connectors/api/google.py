"""What Google's APIs have in common: the login of their sources, and the words of their limits.

Belongs here: keys and texts that are the same for each of them. Does not: any one of them.
"""

import re
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from pydantic import Field, SecretStr

from connectors.api.vendors import VendorSettings
from connectors.errors import AuthError, ConfigError, ConnectorError
from connectors.http.meanings import Busy, refuse
from connectors.http.requests import HttpAnswer, shown
from connectors.http.settings import Auth, GoogleServiceAccount
from connectors.zones import zone

_TOO_MANY: Final = 429
_ADVICE: Final = {
    400: "Correct the keys of the metric.",
    403: "Share it with the address of the service account, as a viewer, and switch this API on in its project.",
    404: "Correct the property or the spreadsheet, of the source or of the metric.",
}
_WHERE_DAYS_END: Final = "America/Los_Angeles"
_A_MINUTE: Final = timedelta(minutes=1)
_AN_HOUR: Final = timedelta(hours=1)


class _Account(GoogleServiceAccount):
    """A service account whose key is the source's own."""

    within = ()


class GoogleSettings(VendorSettings):
    """Keys of a source at Google, besides what is asked of it. A subclass names the scope that lets it read."""

    scope: ClassVar[str]

    key_file: str | None = Field(
        default=None,
        description="The key file of a service account, from the project's directory.",
        examples=["secrets/okr-reader.json"],
    )
    key: SecretStr | None = Field(
        default=None, description="What that file holds, the whole JSON, in its place.", examples=["${GOOGLE_KEY}"]
    )
    token: SecretStr | None = Field(
        default=None,
        description="An access token in place of both, which ends within the hour: for a first try.",
        examples=["${GOOGLE_TOKEN}"],
    )

    def login(self) -> Auth:
        """The service account, for tokens that may only read, or the token."""
        if sum(it is not None for it in (self.key_file, self.key, self.token)) != 1:
            raise ValueError("a source at Google logs in one way: key_file, key or token")
        if self.token is not None:
            return Auth(bearer=self.token)
        account = _Account(key=self.key, key_file=self.key_file, scopes=(self.scope,))
        return Auth(google_service_account=account)


def judge(answer: HttpAnswer, now: datetime) -> None:
    """As `refuse`, with Google's own words in place of its JSON, and what to do about them.

    Besides, it knows when a quota that is used up is filled again, which only those words say: one of a day at midnight
    of the Pacific coast, one of an hour or of a minute within it.

    Raises:
        ConnectorError: as `refuse`.
    """
    try:
        refuse(answer, now)
    except Busy as busy:
        if busy.wait is None and answer.status == _TOO_MANY:
            busy.wait = _until_filled(_message(answer), now)
        raise
    except (AuthError, ConfigError) as error:
        said, advice = shown(_message(answer)), _ADVICE.get(answer.status)
        if not said or advice is None:
            raise
        told = type(error)(f"Google refuses it (status {answer.status}): {said.rstrip('.')}. {advice}")
        told.status = error.status
        raise told from None


def _until_filled(said: str, now: datetime) -> timedelta | None:
    if re.search(r"\bper day\b", said, re.IGNORECASE):
        return _until_midnight(now)
    if re.search(r"\bper hour\b", said, re.IGNORECASE):
        return _AN_HOUR - timedelta(minutes=now.minute, seconds=now.second, microseconds=now.microsecond)
    return _A_MINUTE if re.search(r"\bper (user per )?minute\b", said, re.IGNORECASE) else None


def _message(answer: HttpAnswer) -> str:
    try:
        document: Any = answer.json()
    except ConnectorError:
        return ""
    error = document.get("error") if isinstance(document, dict) else None
    said = error.get("message") if isinstance(error, dict) else None
    return said if isinstance(said, str) else ""


def _until_midnight(now: datetime) -> timedelta:
    there = now.astimezone(zone(_WHERE_DAYS_END))
    after = (there + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return after.astimezone(now.tzinfo) - now
