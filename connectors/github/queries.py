"""Many searches in one GraphQL query, and what its answer says of each.

Belongs here: GraphQL text, its variables, and its errors. Does not: which searches, periods and metrics there are.

A repository, organisation or user that is not there, or not for this token, is an empty search to GraphQL, so each that
a search names is asked for beside it.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, Final

from connectors.errors import AuthError, ConfigError, ConnectorError, ContractError, TransientError, source_key
from connectors.http.requests import shown

_NAMED: Final = re.compile(r"(?<![\w-])(?:repo|org|user):\"?([\w.-]+(?:/[\w.-]+)?)", re.IGNORECASE)
_PASSING: Final = ("timeout", "timed out", "something went wrong", "try again")
_FORBIDDEN: Final = ("FORBIDDEN", "INSUFFICIENT_SCOPES")
_LIMITED: Final = ("RATE_LIMITED", "RATE_LIMIT")


@dataclass(frozen=True, slots=True)
class Searches:
    """Different searches that are asked together, each with its alias, and the places that they name with theirs."""

    aliases: Mapping[str, str]
    places: Mapping[str, str]

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Searches":
        """Each text once."""
        once = list(dict.fromkeys(texts))
        places = dict.fromkeys(chain.from_iterable(map(_named, once)))
        return cls(
            {text: f"s{number}" for number, text in enumerate(once)},
            {place: f"p{number}" for number, place in enumerate(places)},
        )

    def bodies(self, size: int) -> Iterator[dict[str, Any]]:
        """The queries that ask for them, at most so many in each."""
        texts = list(self.aliases)
        for first in range(0, len(texts), size):
            yield self._body(texts[first : first + size])

    def count(self, text: str, found: Mapping[str, Any]) -> int:
        """How many issues a search finds, of what `answers` found.

        Raises:
            ConfigError, AuthError: a place that it names is not for this token. ContractError: there is no count.
        """
        for place in _named(text):
            _refuse_lacking(place, found.get(self.places[place]))
        result = found.get(self.aliases[text])
        if isinstance(result, ConnectorError):
            raise result
        count = result.get("issueCount") if isinstance(result, dict) else None
        return whole_count(count)

    def _body(self, texts: list[str]) -> dict[str, Any]:
        variables: dict[str, str] = {}
        fields: list[str] = []
        for text in texts:
            alias = self.aliases[text]
            variables[alias] = text
            fields.append(f"{alias}: search(query: ${alias}, type: ISSUE, first: 1) {{ issueCount }}")
        for place in dict.fromkeys(chain.from_iterable(map(_named, texts))):
            alias = self.places[place]
            owner, _, name = place.partition("/")
            variables |= {f"{alias}o": owner} | ({f"{alias}n": name} if name else {})
            looked_up = (
                f"repository(owner: ${alias}o, name: ${alias}n)" if name else f"repositoryOwner(login: ${alias}o)"
            )
            fields.append(f"{alias}: {looked_up} {{ id }}")
        declared = ", ".join(f"${name}: String!" for name in variables)
        return {"query": f"query({declared}) {{ {' '.join(fields)} }}", "variables": variables}


def answers(document: Any) -> dict[str, Any]:
    """What is under each alias of an answer: its value, or the error in place of it.

    Raises:
        TransientError: it took too long. ConnectorError: all of it failed.
    """
    errors = list(_errors(document))
    for error in errors:
        if isinstance(error.meaning, TransientError) or error.alias is None:
            raise error.meaning
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict):
        raise ContractError("The answer holds no data. Correct ", source_key("base_url"), ".")
    return data | {error.alias: error.meaning for error in errors if error.alias is not None}


def is_limited(document: Any) -> bool:
    """Whether an answer says that the budget of points is used up."""
    errors = document.get("errors") if isinstance(document, dict) else None
    return isinstance(errors, list) and any(isinstance(it, dict) and it.get("type") in _LIMITED for it in errors)


def whole_count(count: Any) -> int:
    """What GitHub says that a search finds.

    Raises:
        ContractError: it is no number.
    """
    if not isinstance(count, int) or isinstance(count, bool) or count < 0:
        raise ContractError(f"GitHub counts {shown(repr(count))} issues, which is no number. Ask GitHub what changed.")
    return count


@dataclass(frozen=True, slots=True)
class _Error:
    """One of the errors of an answer; without an alias it is of all."""

    alias: str | None
    meaning: ConnectorError


def _errors(document: Any) -> Iterator[_Error]:
    told = document.get("errors") if isinstance(document, dict) else None
    for error in told if isinstance(told, list) else []:
        path = error.get("path") if isinstance(error, dict) else None
        alias = path[0] if isinstance(path, list) and path and isinstance(path[0], str) else None
        yield _Error(alias, _meaning(error if isinstance(error, dict) else {}))


def _meaning(error: Mapping[str, Any]) -> ConnectorError:
    kind, message = error.get("type"), shown(str(error.get("message"))).rstrip(".")
    kinds: list[tuple[bool, Callable[[str], ConnectorError], str]] = [
        (
            any(word in message.lower() for word in _PASSING),
            TransientError,
            "Lower batch of the source if it stays so.",
        ),
        (kind == "NOT_FOUND", ConfigError, "Correct the search, or let the token read it."),
        (kind in _FORBIDDEN, AuthError, "Let the token of the source read it."),
    ]
    _, made, advice = next(
        (it for it in kinds if it[0]), (True, ContractError, "Correct the search; if it is right, ask GitHub.")
    )
    return made(f"GitHub says: {message}. {advice}")


def _named(text: str) -> list[str]:
    """The places that a search names, as `owner/name` or `owner`.

    >>> _named('repo:shop/web org:"shop" -repo:shop/old is:pr')
    ['shop/web', 'shop']
    """
    return _NAMED.findall(text)


def _refuse_lacking(place: str, there: Any) -> None:
    if isinstance(there, ConnectorError):
        raise there
    if not isinstance(there, dict):
        raise ConfigError(
            f"{shown(place)} is not on GitHub, or not for this token, and a search there would find nothing."
            " Correct the search, or let the token of the source read it."
        )
