"""Secrets: texts that nobody may read, kept out of every text that somebody may.

Belongs here: hiding known values in texts and in errors. Does not: finding out which values are secret (config).
"""

import json
import re
import traceback
from binascii import b2a_base64
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from html import escape
from typing import Final

HIDDEN: Final = "***"
_PLAIN: Final = (int, float, tuple, list, dict, type(None))
_SHORT = 8
_SHORTEST_LINE = 4
_SIGNED: Final = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}(\.[\w-]*)?")
_URLSAFE: Final = str.maketrans("+/", "-_")
_RESERVED: Final = re.compile(r"[^A-Za-z0-9_.~-]")


@dataclass(frozen=True, slots=True)
class Secrets:
    """Values to hide, also where they are percent-encoded, escaped or in base64. Prints none of them.

    >>> Secrets(["hunter2/"]).hidden("postgresql://okr:hunter2%2F@db refused 'hunter2/'")
    "postgresql://okr:***@db refused '***'"

    One that may be part of an ordinary word is hidden as a whole word only.

    >>> Secrets(["in"]).hidden("in line")
    '*** line'

    Claims that somebody signed are hidden, too: whoever has them is logged in.

    >>> Secrets([]).hidden("assertion=eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJva3IifQ.c2lnbmVk&more")
    'assertion=***&more'
    """

    values: Iterable[str] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozenset(value for value in self.values if value.strip()))

    def __or__(self, other: "Secrets") -> "Secrets":
        return Secrets([*self.values, *other.values])

    def hidden(self, text: str) -> str:
        """The text with `***` for each value."""
        if "eyJ" in text:
            text = _SIGNED.sub(HIDDEN, text)
        for form in _forms(frozenset(self.values)):
            if form in text:
                text = re.sub(_pattern(form), HIDDEN, text)
        return text

    def hide(self, error: BaseException) -> None:
        """Hides the values in an error and in all that led to it, and forgets what its finished frames held."""
        for one in _chain(error):
            one.args = tuple(self.hidden(part) if isinstance(part, str) else part for part in one.args)
            if notes := getattr(one, "__notes__", None):
                one.__notes__ = [self.hidden(note) for note in notes]
            if isinstance(one, OSError) and isinstance(one.filename, str):
                one.filename = self.hidden(one.filename)
            self._blank(one)
            traceback.clear_frames(one.__traceback__)

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Whatever error leaves the block holds no value: not in its words, nor in the frames that it leaves behind."""
        try:
            yield
        except Exception as error:
            self.hide(error)
            raise

    def _blank(self, error: BaseException) -> None:
        """Takes away whatever else an error carries that would show a value, as drivers' errors carry their login."""
        for name, carried in list(getattr(error, "__dict__", {}).items()):
            shown = _shown(carried)
            if isinstance(carried, str):
                setattr(error, name, self.hidden(carried))
            elif self.hidden(shown) != shown or (name.startswith("_") and not isinstance(carried, _PLAIN)):
                setattr(error, name, None)


def _shown(carried: object) -> str:
    try:
        return carried if isinstance(carried, str) else repr(carried)
    except Exception:  # noqa: BLE001 - an error is on its way, and one of a stranger's repr must not take its place
        return ""


def _chain(error: BaseException) -> Iterator[BaseException]:
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop()
        if one is None or id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        waiting += [one.__cause__, one.__context__, *(one.exceptions if isinstance(one, BaseExceptionGroup) else ())]


@lru_cache(maxsize=64)
def _forms(values: frozenset[str]) -> tuple[str, ...]:
    """What to look for, the longest first so that no part of it is left."""
    forms = {form for value in values for form in _forms_of(value)}
    return tuple(sorted(forms, key=lambda form: (-len(form), form)))


@lru_cache(maxsize=1024)
def _forms_of(value: str) -> frozenset[str]:
    return frozenset(_written(value))


def _written(value: str) -> Iterator[str]:
    lines = [line.strip() for line in value.splitlines()]
    for text in (value, *(line for line in lines if len(line) >= _SHORTEST_LINE)):
        encoded = _RESERVED.sub(_percent, text)
        yield from (text, encoded, encoded.replace("%2F", "/"), encoded.replace("%20", "+"), escape(text))
        yield from (repr(text)[1:-1], json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1])
        yield from _in_base64(text.encode(errors="surrogateescape"))


def _in_base64(data: bytes) -> Iterator[str]:
    """What of it is the same wherever it stands in a longer text, as the password does in `user:password`."""
    for before in range(3):
        start, end = -(-before * 8 // 6), (before + len(data)) * 8 // 6
        if end - start >= _SHORT:
            inner = b2a_base64(b"\0" * before + data, newline=False)[start:end].decode()
            yield from (inner, inner.translate(_URLSAFE))


def _percent(letter: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in letter[0].encode(errors="surrogateescape"))


def _pattern(form: str) -> str:
    plain = re.escape(form)
    return rf"(?<!\w){plain}(?!\w)" if len(form) < _SHORT and form.isalnum() else plain
