"""How long a server asks to be left alone.

Belongs here: the headers that say so, in all the forms they come in. Does not: waiting.
"""

import math
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from connectors.http.quotas import is_exhausted, quotas

_RESETS: Final = ("ratelimit-reset", "x-ratelimit-reset", "x-rate-limit-reset", "x-ratelimit-reset-at")
_NUMBER: Final = re.compile(r"[0-9]{1,15}(\.[0-9]{1,9})?")
_FIRST_EPOCH, _FIRST_EPOCH_MS = 1e9, 1e12
_LONGEST: Final = timedelta(days=366)


def asked_wait(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """How long the server wants no request, at least zero; None where it does not say. Names of headers are small.

    Instants are compared with the server's own clock where it tells it. A number is seconds, or an epoch in seconds or
    milliseconds, by its size. A reset counts where nothing remains, or where there is no Retry-After.

    >>> asked_wait({"retry-after": "90"}, datetime(2026, 1, 1, tzinfo=UTC))
    datetime.timedelta(seconds=90)
    """
    clock = _instant(headers.get("date", "")) or now
    after = _wait(headers.get("retry-after", ""), clock)
    resets = [_wait(headers.get(name, ""), clock) for name in _RESETS if after is None or is_exhausted(headers)]
    return max((wait for wait in (after, *resets, *_until_filled(headers)) if wait is not None), default=None)


def _until_filled(headers: Mapping[str, str]) -> list[timedelta]:
    """How long it takes each budget that is used up, where the IETF's header tells it."""
    told = [it.seconds for it in quotas(headers) if it.remaining == 0 and it.seconds is not None]
    return [timedelta(seconds=seconds) for seconds in told if seconds <= _LONGEST.total_seconds()]


def _wait(text: str, clock: datetime) -> timedelta | None:
    text = text.strip()
    wait: timedelta | None
    if _NUMBER.fullmatch(text):
        wait = _of_number(float(text), clock)
    else:
        instant = _instant(text)
        wait = instant - clock if instant is not None else None
    # What is longer than a year was not meant as a wait.
    return None if wait is None or wait > _LONGEST else max(wait, timedelta(0))


def _of_number(number: float, clock: datetime) -> timedelta:
    if number >= _FIRST_EPOCH:
        seconds = number / 1_000 if number >= _FIRST_EPOCH_MS else number
        return timedelta(seconds=math.ceil(seconds - clock.timestamp()))
    return timedelta(seconds=math.ceil(number))


def _instant(text: str) -> datetime | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            instant = read(text)
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)
    return None
