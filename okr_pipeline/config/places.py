"""Where things are written: file, line and column of what a checked configuration says.

Belongs here: looking up the place of a source, metric, objective or key result, and of a key in it. Does not: problems
of configurations (every other module of this room finds its own places).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from okr_pipeline.config.directory import read_directory
from okr_pipeline.config.document import Document, KeyPath
from okr_pipeline.model.lint import About

Named: TypeAlias = About | Literal["cycle", "source"]

Place = tuple[str, int, int]
"""File, line and column; the latter two count from 1."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where each source, metric, cycle, objective and key result of a directory is written."""

    found: dict[tuple[Named, str], tuple[Document, KeyPath]]

    def depth(self, about: Named, name: str, keys: KeyPath) -> int:
        """How many of the keys below something are written, from the outermost.

        Raises:
            KeyError: there is nothing of that name.
        """
        document, path = self.found[about, name]
        return len(document.written((*path, *keys))) - len(path)

    def of(self, about: Named, name: str, keys: KeyPath = ()) -> Place:
        """The place of a key below something, or of the nearest thing around it that is written.

        Raises:
            KeyError: there is nothing of that name.
        """
        document, path = self.found[about, name]
        written = document.written((*path, *keys))
        line, column = document.position(written, of_key=True)
        return document.file, line, column


def read_places(directory: Path) -> Places:
    """The places of a directory whose configuration is in order."""
    files = read_directory(directory)
    found: dict[tuple[Named, str], tuple[Document, KeyPath]] = {}
    for document in files.sources:
        for name in _mapping(document.value, "sources"):
            found["source", name] = document, ("sources", name)
    for document in files.metrics:
        for name in _mapping(document.value, "metrics"):
            found["metric", name] = document, ("metrics", name)
    for document in files.okrs:
        found.update(((about, name), (document, path)) for about, name, path in _okrs(document))
    return Places(found)


def _okrs(document: Document) -> Iterator[tuple[Named, str, KeyPath]]:
    cycle = _mapping(document.value, "cycle").get("id")
    yield "cycle", str(cycle), ("cycle",)
    for name, objective in _mapping(document.value, "objectives").items():
        yield "objective", f"{cycle}/{name}", ("objectives", name)
        for inner in _mapping(objective, "key_results"):
            yield "key_result", f"{cycle}/{inner}", ("objectives", name, "key_results", inner)


def _mapping(value: Any, key: str) -> dict[str, Any]:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else {}
