"""Environment variables in settings: `${VAR}` and `${VAR:-default}`.

Belongs here: filling them in, and finding secrets that were written in clear where a variable belongs.
Does not: where they are allowed (loading).

No message of this module holds a value, only names.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from okr_pipeline.config.addresses import secrets_in
from okr_pipeline.config.document import KeyPath
from okr_pipeline.config.problem import VariableError

_VARIABLE = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]{0,99})(?::-(?P<default>[^{}]*))?\}")
_BEGINNING = "${"
_FILLED_IN = "\0"


class Environment(Mapping[str, str]):
    """Variables of the environment that nobody sees by looking at what holds them.

    >>> Environment({"PASSWORD": "hunter2"})
    Environment(1 variables)
    """

    __slots__ = ("_variables",)

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def __getitem__(self, name: str) -> str:
        return self._variables[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._variables)

    def __len__(self) -> int:
        return len(self._variables)

    def __repr__(self) -> str:
        return f"Environment({len(self)} variables)"


def expand_settings(settings: Mapping[str, Any], environ: Mapping[str, str]) -> dict[str, Any]:
    """Settings with every variable filled in, at any depth.

    Raises:
        VariableError: a variable is not set, or is written wrongly.
    """
    return {key: _expanded(value, environ) for key, value in settings.items()}


def expand_text(text: str, environ: Mapping[str, str], *, secret: bool = False) -> str:
    """A text with its variables filled in. A default also stands in for an empty variable, as in a shell.

    What is `secret` may have none, so that no error speaks of one.

    >>> expand_text("${STORE:-sqlite:///okr.db}", {})
    'sqlite:///okr.db'

    Raises:
        VariableError: a variable is not set, or is written wrongly.
    """
    if is_malformed(text):
        raise VariableError(
            "a variable is written wrongly",
            "A variable is ${NAME} or ${NAME:-default}, the name of at most 100 letters, digits and '_'",
            "Close it with '}' and do not nest one in another",
        )
    return _VARIABLE.sub(lambda match: _value_of(match, environ, secret=secret), text)


def is_malformed(text: str) -> bool:
    """Whether a `${` begins no variable.

    >>> is_malformed("${A:-${B}}"), is_malformed("${A}/${B:-b}")
    (True, False)
    """
    return _BEGINNING in _VARIABLE.sub("", text)


def leaves(value: Any, path: KeyPath = ()) -> Iterator[tuple[KeyPath, str]]:
    """Every text and number in nested settings, as text, with its path."""
    match value:
        case str() | int() | float():
            yield path, str(value)
        case dict():
            for key, item in value.items():
                yield from leaves(item, (*path, key))
        case list():
            for index, item in enumerate(value):
                yield from leaves(item, (*path, index))


def is_clear_secret(text: str) -> bool:
    """Whether a secret setting's text gives the secret away instead of naming a variable.

    An address without a password is no secret.

    >>> [is_clear_secret(text) for text in ("${KEY}", "sk-1234", "${KEY:-sk-1234}", "duckdb:///a.db")]
    [False, True, True, False]
    """
    literal = _literal(text)
    if "://" in literal:
        return has_clear_password(text)
    return bool(literal.strip()) and _FILLED_IN not in literal


def has_clear_password(text: str) -> bool:
    """Whether an address holds a password or key in clear.

    >>> has_clear_password("postgresql://okr:hunter2@db/okr"), has_clear_password("postgresql://okr:${PW}@db/okr")
    (True, False)
    """
    return any(secret.replace(_FILLED_IN, "") for secret in secrets_in(_literal(text)))


def _expanded(value: Any, environ: Mapping[str, str]) -> Any:
    match value:
        case str():
            return expand_text(value, environ) if _BEGINNING in value else value
        case dict():
            return expand_settings(value, environ)
        case list():
            return [_expanded(item, environ) for item in value]
        case _:
            return value


def _value_of(match: re.Match[str], environ: Mapping[str, str], *, secret: bool) -> str:
    name, default = match.group("name"), match.group("default")
    value = environ.get(name, "")
    if value:
        return value
    if default is not None:
        return str(default)
    state = "is empty" if name in environ else "is not set"
    raise VariableError(
        f"environment variable {name} {state}",
        "The text it stands in cannot be completed without it",
        f"Set {name}" if secret else f"Set {name}, or give a default as in ${{{name}:-default}}",
    )


def _literal(text: str) -> str:
    """The text as it is without any variable set: defaults are literal, other variables one mark."""
    return _VARIABLE.sub(
        lambda match: match.group("default") or ("" if match.group("default") == "" else _FILLED_IN), text
    )
