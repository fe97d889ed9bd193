"""The written documents, as tests read them: fenced blocks, headings and links.

A block says in its info string what a test does with it:

    ```sh run               runs, in the directory the block before left
    ```yaml file=PATH       is written to PATH, relative to that directory
    ```sh example           runs in a copy of this repository's example after `okr run`
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_NOT_OURS = re.compile(r"\.|tmp|node_modules$|build$|dist$|scorecards$")
_FENCE = re.compile(r"^(?P<fence>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=fence)[ \t]*$", re.MULTILINE | re.DOTALL)
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_LINK = re.compile(r"(?<!\\)\[(?:[^\[\]]|\[[^\]]*\])*\]\(<?([^)<>\s]+)>?\)")


@dataclass(frozen=True)
class Block:
    """A fenced block; `marks` are the words after its language, `line` is that of its fence."""

    line: int
    marks: tuple[str, ...]
    body: str
    file: str | None = field(init=False)

    def __post_init__(self) -> None:
        named = [mark.removeprefix("file=") for mark in self.marks if mark.startswith("file=")]
        object.__setattr__(self, "file", named[0] if named else None)


def documents() -> list[Path]:
    """Every Markdown file of the repository."""
    found = (path.relative_to(ROOT) for path in ROOT.rglob("*.md"))
    return sorted(ROOT / path for path in found if not any(_NOT_OURS.match(part) for part in path.parts))


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a document."""
    return [
        Block(text.count("\n", 0, found.start()) + 1, tuple(found["info"].split()[1:]), found["body"])
        for found in _FENCE.finditer(text)
    ]


def links(text: str) -> list[str]:
    """Targets of links and pictures outside fenced blocks."""
    return _LINK.findall(_FENCE.sub("", text))


def anchors(text: str) -> set[str]:
    """Fragments that GitHub gives the headings of a document."""
    found: set[str] = set()
    for heading in _HEADING.findall(_FENCE.sub("", text)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        repeats = sum(1 for anchor in found if re.fullmatch(re.escape(slug) + r"(-\d+)?", anchor))
        found.add(f"{slug}-{repeats}" if repeats else slug)
    return found


def code(text: str) -> str:
    """All that a document sets as code."""
    spans = re.findall(r"`([^`\n]+)`", _FENCE.sub("", text))
    return "\n".join([*spans, *(block.body for block in blocks(text))])
