"""Markdown: tables, cells and fences that no text can break out of.

Belongs here: the notation. Does not: what pages say (review_page, explanation_page).
"""

import re
from collections.abc import Iterable, Iterator

_FENCE = re.compile(r"`{3,}")


def table(headings: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    """The lines of a table, an empty one last."""
    names = list(headings)
    yield _line(names)
    yield _line("---" for _ in names)
    for row in rows:
        yield _line(map(cell, row))
    yield ""


def cell(text: str) -> str:
    r"""On one line, with nothing that Markdown or HTML would take for a command.

    >>> cell("a | <b>\nc")
    'a \\| &lt;b> c'
    """
    line = " ".join(text.split())
    for letter, shown in (("&", "&amp;"), ("<", "&lt;"), ("|", "\\|")):
        line = line.replace(letter, shown)
    return line


def fenced(text: str) -> Iterator[str]:
    """A text as it is, between fences that are longer than any in it."""
    fence = "`" * (1 + max((len(it) for it in _FENCE.findall(text)), default=2))
    yield from (fence, text, fence)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
