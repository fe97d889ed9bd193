"""Addresses such as `postgresql://user:password@host/name`: what in them is secret, and what would be misread.

Belongs here: judging a text that may be an address. Does not: variables in it (variables), or opening anything.

No message of this module holds a value.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final
from urllib.parse import unquote, unquote_plus

from okr_pipeline.model.secrets import Secrets

_USER = re.compile(r"://[^/?#:@]*:(?!\d{1,5}(?:/|$))")
_SECRET_NAME = re.compile(r"password|passwd|pwd|secret|token|api_?key|access_?key|sig", re.IGNORECASE)
_SECRET_VARIABLE = re.compile(r"pass|pwd|secret|token|credential|key", re.IGNORECASE)
_PLACE_VARIABLE = re.compile(r"(file|path|dir|url|host|name|id)$", re.IGNORECASE)
_WORKING_DIRECTORIES: Final = frozenset({"PWD", "OLDPWD"})
"""Variables that every shell sets; `pwd` in another's name stands for a password."""
_SHORTEST: Final = 6


def secrets_in(address: str) -> Iterator[str]:
    """Passwords and keys of an address as they are written, the first being as long as it could be meant to be.

    >>> list(secrets_in("postgresql://okr:p@ss@db/okr?token=abc"))
    ['p@ss', 'p', 'abc']
    """
    if "://" not in address:
        return
    match = _USER.search(address)
    last = address.rfind("@")
    if match is not None and match.end() < last:
        yield address[match.end() : last]
        yield address[match.end() :].partition("@")[0]
    for pair in re.split("[?&;]", address)[1:]:
        name, _, value = pair.partition("=")
        if _SECRET_NAME.search(name):
            yield value.partition("#")[0]


def secrets_of_address(address: str) -> Secrets:
    """The same, as they are written and as they are meant."""
    return Secrets(_meant(address))


def secrets_of_environment(environ: Mapping[str, str]) -> Secrets:
    """Passwords in addresses that variables hold, and variables whose names say that they hold a secret."""
    values = [secret for value in environ.values() for secret in _meant(value)]
    values += [value for name, value in environ.items() if len(value) >= _SHORTEST and _is_secret(name, value)]
    return Secrets(values)


def _is_secret(variable: str, value: str) -> bool:
    """Whether a variable's name says that it holds a secret.

    >>> _is_secret("DB_PWD", "/srv/okr"), _is_secret("PWD", "/srv/okr"), _is_secret("PWD", "hunter2")
    (True, False, True)
    """
    if variable in _WORKING_DIRECTORIES and value.startswith("/"):
        return False
    return bool(_SECRET_VARIABLE.search(variable)) and not _PLACE_VARIABLE.search(variable)


def _meant(address: str) -> Iterator[str]:
    for text in secrets_in(address):
        yield from (text, unquote(text), unquote_plus(text))


def address_fault(text: str) -> tuple[str, str, str] | None:
    """What, why and fix of an address that would be read otherwise than it is meant; None where it is in order.

    An unencoded `@` ends the password early, and its rest becomes the name of a host, which messages show.

    >>> address_fault("postgresql://okr:p%40ss@db:5432/okr"), address_fault("postgresql://okr:p@ss@db/okr")[0]
    (None, "the address has more than one '@' before its host")
    >>> [address_fault(f"postgresql://okr:p@s{it}s@db/okr") is None for it in "/#?"]
    [False, False, False]
    >>> address_fault("postgresql://okr:pass@db/okr?application_name=okr@night") is None
    True
    """
    scheme, separator, rest = text.partition("://")
    if not separator or not re.fullmatch(r"[A-Za-z][A-Za-z0-9+.\-]*", scheme):
        return None
    login, at, after = rest.partition("@")
    server = re.split("[/?#]", after if at else login, maxsplit=1)[0]
    # A password may hold the '/', '#' or '?' that seems to end the server; what is asked for has an '@' in values only.
    name, _, query = after.partition("?")
    if "@" in server or (":" in login and ("@" in name or "@" in query.partition("=")[0])):
        return (
            "the address has more than one '@' before its host",
            "The password would be cut off at the first, and the rest of it taken for the host",
            "Write special characters of the password percent-encoded: @ as %40, / as %2F, : as %3A",
        )
    if not re.fullmatch(r"(\[[0-9A-Fa-f:.]*\]|[^:\[\]]*)(:\d{0,5})?", server):
        return (
            "the address has no number after the ':' of its host",
            "A port is a number, and a password with special characters is taken for one",
            "Correct the port, and write special characters of the password percent-encoded: @ as %40, / as %2F",
        )
    return None
