"""The scorecard and the archive's index as HTML: one file each, no script, no request.

Belongs here: templates and the environment that fills them. Does not: what is said (page) or the snapshot (model).
"""

import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from okr_pipeline.model.score import Status
from okr_pipeline.model.snapshot import Snapshot
from okr_pipeline.rendering.json_form import SnapshotError, content_hash, render_json
from okr_pipeline.rendering.numbers import UNKNOWN
from okr_pipeline.rendering.page import chips, page_of, status_bar

_PIECES_AT_ONCE: Final = 1_000


@dataclass(frozen=True, slots=True)
class PageLinks:
    """Where a scorecard's footer leads, each a relative path: the archive's index, the week before, the week after."""

    index: str | None = None
    previous: str | None = None
    next: str | None = None


@dataclass(frozen=True, slots=True)
class ArchiveEntry:
    """One week of the archive: its ISO label, its sentence, its counts as in the snapshot, and the path of its page."""

    week: str
    headline: str
    counts: tuple[tuple[str, int], ...]
    path: str


def render_html(snapshot: Snapshot, *, links: PageLinks | None = None, fingerprint: str | None = None) -> bytes:
    """The scorecard of a week as one HTML file, in UTF-8.

    `fingerprint` is the hash of the snapshot's JSON, for a caller that has it: the JSON takes as long as the page.

    Raises:
        SnapshotError: a field that cannot be what it says, a key result that is named and missing, or a link that is
            not a relative path.
    """
    if links is not None:
        for path in filter(None, (links.index, links.previous, links.next)):
            _require_relative(path)
    if fingerprint is None:
        fingerprint = content_hash(render_json(snapshot))  # first, because making it checks every field
    template = _environment().get_template("scorecard.html.j2")
    written = io.BytesIO()
    # As text, the pieces and all of them joined would take eight times the page: one wide letter widens every other.
    pieces = template.stream(page=page_of(snapshot), links=links, fingerprint=fingerprint)
    pieces.enable_buffering(_PIECES_AT_ONCE)
    for piece in pieces:
        written.write(piece.encode())
    written.write(b"\n")
    return written.getvalue()


def render_index(entries: Iterable[ArchiveEntry], *, project: str = "Scorecards") -> str:
    """The archive's index: every week with its sentence and counts, newest first.

    Raises:
        SnapshotError: a path that is not relative, or a status that does not exist.
    """
    newest_first = sorted(entries, key=lambda entry: entry.week, reverse=True)
    for entry in newest_first:
        _require_relative(entry.path)
    weeks = [(entry, chips(entry.counts), status_bar(entry.counts)) for entry in newest_first]
    return _environment().get_template("archive.html.j2").render(weeks=weeks, project=project) + "\n"


def _require_relative(path: str) -> None:
    first = path.split("/", maxsplit=1)[0]
    if not path or path.startswith(("/", "\\")) or ":" in first or any(letter < " " for letter in path):
        raise SnapshotError(f"link {path!r:.80} is not a relative path. Links stay inside the archive's directory.")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("okr_pipeline.rendering"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_printable,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals["statuses"] = tuple(Status)
    environment.filters["figure"] = _figure
    return environment


def _figure(text: str, unknown: str = "unknown") -> str:
    """A figure, or a dash that a screen reader hears as a word."""
    return _dash(unknown) if text == UNKNOWN else text


@cache
def _dash(unknown: str) -> Markup:
    return Markup('<span aria-hidden="true">{}</span><span class="vh">{}</span>').format(UNKNOWN, unknown)


def _printable(value: object) -> object:
    """Text without control characters, which no HTML may contain; line breaks and tabs stay."""
    if type(value) is str and not value.isprintable():
        return value.translate(_CONTROLS)
    return value


_CONTROLS: Final = {code: "\ufffd" for code in (*range(32), *range(127, 160)) if chr(code) not in "\t\n\r"}
