"""What a server says of its budgets: how much is left of each, and when it fills again.

Belongs here: the headers that say so, those in use and that of the IETF's draft. Does not: waiting (waits), budgets of
our own (budgets).

The draft, draft-ietf-httpapi-ratelimit-headers-10, has `RateLimit: "daily";r=40;t=3600`: of the budget "daily" 40 are
left, and it fills again in an hour. Before its eighth version that was `limit=100, remaining=40, reset=3600`.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from connectors.http.requests import shown

USUAL: Final = "requests"
"""What a budget is called that the server gives no name."""
_REMAINING: Final = re.compile(r"(?:x-)?((?:[a-z0-9]+-)*?)rate-?limit-((?:[a-z0-9]+-)*)remaining((?:-[a-z0-9]+)*)")
_NUMBER: Final = re.compile(r"[0-9]{1,15}")
_NAMED: Final = re.compile(r'"((?:[^"\\]|\\.)*)"([^",]*)')
_PARAMETER: Final = re.compile(r"\b([a-z]+)\s*=\s*([0-9]{1,15})(?![0-9.])")
_RESOURCE: Final = "x-ratelimit-resource"
_SALESFORCE: Final = "sforce-limit-info"
_USED: Final = re.compile(r"\b([a-z]+(?:-[a-z]+)*)=([0-9]{1,15})/([0-9]{1,15})(?![0-9])")
_MOST_NAMED: Final = 60


@dataclass(frozen=True, slots=True)
class Left:
    """What is left of a budget; `seconds` until it fills again, None where the server does not say."""

    budget: str
    remaining: int
    seconds: int | None = None


def quotas(headers: Mapping[str, str]) -> tuple[Left, ...]:
    """What is left of each budget that the headers speak of. Their names are small.

    >>> quotas({"x-ratelimit-remaining": "4999"})
    (Left(budget='requests', remaining=4999, seconds=None),)
    """
    return (*_in_use(headers), *_of_draft(headers.get("ratelimit", "")), *_used(headers.get(_SALESFORCE, "")))


def is_exhausted(headers: Mapping[str, str]) -> bool:
    """Whether the server says that nothing remains of a budget."""
    return any(left.remaining == 0 for left in quotas(headers))


def _in_use(headers: Mapping[str, str]) -> Iterator[Left]:
    for header, value in headers.items():
        named = _REMAINING.fullmatch(header) if len(header) <= _MOST_NAMED else None
        if named and _NUMBER.fullmatch(value.strip()):
            words = "".join(named.groups()).replace("-", " ").strip()
            yield Left(words or _name(headers.get(_RESOURCE, "")), int(value))


def _of_draft(field: str) -> Iterator[Left]:
    for name, parameters in _NAMED.findall(field) or [("", field)]:
        told = {key: int(number) for key, number in _PARAMETER.findall(parameters)}
        remaining = told.get("r", told.get("remaining"))
        if remaining is not None:
            yield Left(_name(name), remaining, told.get("t", told.get("reset")))


def _used(field: str) -> Iterator[Left]:
    """As Salesforce writes it: what was used, of how much.

    >>> list(_used("api-usage=25/15000"))
    [Left(budget='api usage', remaining=14975, seconds=None)]
    """
    for name, used, most in _USED.findall(field):
        yield Left(_name(name.replace("-", " ")), max(0, int(most) - int(used)))


def _name(told: str) -> str:
    return shown(told)[:_MOST_NAMED] or USUAL
