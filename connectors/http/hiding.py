"""Secrets in what a stranger says: found in every way of writing them, and not shown.

Belongs here: hiding known texts in a message. Does not: which texts are secret (logins).
"""

import base64
import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from html import escape
from typing import Final
from urllib.parse import quote, quote_plus

HIDDEN: Final = "***"
_CUT: Final = "…"
_SHORTEST_BEGINNING: Final = 4
_SHORTEST_LINE: Final = 12
_SIGNED: Final = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}(\.[\w-]*)?")
"""Claims that somebody signed: whoever has them is logged in."""


def hidden(text: str, secrets: Iterable[str]) -> str:
    """A text with `***` for every secret: as it is, escaped as in addresses, JSON or pages, or in base64.

    Also for the beginning of one where a text was cut short inside of it, and for signed claims, whose secret is that
    they exist.

    >>> hidden("it says: you sent s3cret%2F, not s3cre…", ["s3cret/"])
    'it says: you sent ***, not ***…'
    """
    text = _SIGNED.sub(HIDDEN, text)
    for form in _forms(frozenset(secrets)):
        text = text.replace(form, HIDDEN)
        if _CUT in text:
            text = _without_beginnings(text, form)
    return text


def _without_beginnings(text: str, secret: str) -> str:
    before, *rest = text.split(_CUT)
    pieces = [before, *rest]
    return _CUT.join([*(_without_beginning(piece, secret) for piece in pieces[:-1]), pieces[-1]])


def _without_beginning(text: str, secret: str) -> str:
    """A text less the longest beginning of a secret that it ends with."""
    start = text.find(secret[:_SHORTEST_BEGINNING])
    while start != -1 and not secret.startswith(text[start:]):
        start = text.find(secret[:_SHORTEST_BEGINNING], start + 1)
    return text if start == -1 or len(text) - start < _SHORTEST_BEGINNING else text[:start] + HIDDEN


@lru_cache(maxsize=64)
def _forms(secrets: frozenset[str]) -> tuple[str, ...]:
    """What to look for, the longest first so that no part of it is left."""
    forms = {form for secret in secrets if secret.strip() for form in _written(secret)}
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


def _written(secret: str) -> Iterator[str]:
    # A private key is told by any of its lines.
    lines = [line for line in re.split(r"\s*\n\s*", secret) if len(line) >= _SHORTEST_LINE]
    for text in {secret, " ".join(secret.split()), *lines}:
        # What was escaped for a form is escaped again where a server puts it into an address.
        escaped = (quote(text), quote(text, safe=""), quote_plus(text), quote(quote(text, safe=""), safe=""))
        yield from (text, *escaped, *map(_small_hex, escaped), escape(text))
        yield from (json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], repr(text)[1:-1])
        yield from _in_base64(text.encode(errors="surrogateescape"))


def _small_hex(text: str) -> str:
    return re.sub("%[0-9A-F]{2}", lambda escape: escape[0].lower(), text)


def _in_base64(data: bytes) -> Iterator[str]:
    for encoded in (base64.b64encode(data), base64.urlsafe_b64encode(data)):
        yield encoded.decode()
        yield encoded.decode().rstrip("=")
