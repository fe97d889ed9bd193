"""The beginning of an answer, for people who write down where in it the numbers stand.

Belongs here: laying out and cutting. Does not: what is asked, or who looks.
"""

import json
from collections.abc import Iterable
from typing import Final

from connectors.http.hiding import hidden

_MOST_LETTERS: Final = 20_000
_MOST_LINES: Final = 40
_LONGEST_LINE: Final = 160
_CUT: Final = "…"


def excerpt(body: bytes, secrets: Iterable[str]) -> str:
    """The first lines of a body, JSON with a line for each value, printable, cut short, without secrets.

    >>> print(excerpt(b'{"data": [{"day": "2026-01-01", "orders": 41}]}', ["2026"]))
    {
      "data": [
        {
          "day": "***-01-01",
          "orders": 41
        }
      ]
    }
    """
    text = _laid_out(body)
    lines = hidden(text, secrets).splitlines()
    more = [_CUT] if len(lines) > _MOST_LINES else []
    return "\n".join([*map(_printable, lines[:_MOST_LINES]), *more])


def _laid_out(body: bytes) -> str:
    """Cut before secrets are hidden, but far behind what is shown."""
    try:
        pieces = json.JSONEncoder(indent=2, ensure_ascii=False).iterencode(json.loads(body))
        text = _beginning(pieces)
    except (ValueError, RecursionError):
        text = _beginning([body[: 4 * _MOST_LETTERS].decode("utf-8", errors="replace")])
    return text if len(text) <= _MOST_LETTERS else text[:_MOST_LETTERS] + _CUT


def _beginning(pieces: Iterable[str]) -> str:
    text, length = [], 0
    for piece in pieces:
        text.append(piece)
        length += len(piece)
        if length > _MOST_LETTERS:
            break
    return "".join(text)


def _printable(line: str) -> str:
    line = "".join(letter if letter.isprintable() else " " for letter in line)
    return line if len(line) <= _LONGEST_LINE else line[: _LONGEST_LINE - 1] + _CUT
