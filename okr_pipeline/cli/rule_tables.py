"""What `okr status --compare-rules` prints for people.

Belongs here: its table. Does not: the comparison (application.comparing_rules).
"""

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from okr_pipeline.application.telling import Record
from okr_pipeline.cli.columns import Lines, Row, fitted
from okr_pipeline.cli.tables import as_of_words, console, status_text
from okr_pipeline.model.score import Status
from okr_pipeline.rendering.numbers import count, percent

_LETTERS: Final = 4
"""Of a rule's name, where there is no room for all of it; they tell the rules apart."""


def print_comparison(told: Record, timezone: str) -> None:
    """Each key result under every rule; what differs from the project's own is marked, and counted."""
    out = console()
    chosen = told["status_rule"]
    out.print(f"{escape(told['project'])} · as of {as_of_words(told['as_of'], timezone)} · rule {chosen}")
    if not told["key_results"]:
        out.print("No key result is of what was asked for.")
        return
    names = [chosen, *(rule["name"] for rule in told["rules"] if rule["name"] != chosen)]
    headings, rows = ("Key result", "Progress", "Plan", *names, ""), _rows(told, names, in_words=True)
    widths = _widths(headings, rows, out.width)
    if "Progress" not in widths:  # too narrow for anything but the verdicts: rules by their first letters
        headings = ("Key result", *(name[:_LETTERS] for name in names), "")
        rows = [[it[0], *it[3:]] for it in _rows(told, names, in_words=False)]
        widths = _widths(headings, rows, out.width)
    out.print(Lines(headings, rows, widths, figures=("Progress", "Plan")))
    if "Progress" not in widths:
        out.print(f"Rules: {', '.join(names)}. A wider terminal also shows: progress, plan", style="dim")
    _print_legend(out, told)


def _widths(headings: Sequence[str], rows: Sequence[Row], room: int) -> dict[str, int]:
    return fitted(headings, rows, room, elastic={"Key result": (25, 60)}, dispensable=("Progress", "Plan"))


def _rows(told: Record, names: Sequence[str], *, in_words: bool) -> list[Row]:
    """One row per key result; the project's own rule, which comes first, in words where there is room for them."""
    return [
        [
            it["id"],
            percent(it["progress"]),
            percent(it["expected_progress"]),
            *(_verdict(it, name, in_words=in_words and name == names[0]) for name in names),
            Text("mixed", style="bold") if it["mixed"] else "",
        ]
        for it in told["key_results"]
    ]


def _verdict(it: Record, name: str, *, in_words: bool) -> Text:
    """The status under a rule: the project's own in words, those of others as glyphs, with a mark where they differ."""
    text = status_text(it["statuses"][name])
    if not in_words:
        text.truncate(1)
    return text.append(" ≠", style="bold") if name in it["differing"] else text


def _print_legend(out: Console, told: Record) -> None:
    glyphs = (Status.ON_TRACK, Status.AT_RISK, Status.BEHIND, Status.ACHIEVED, Status.PARTIAL, Status.MISSED)
    out.print("  ".join(f"{status.glyph} {status.word}" for status in glyphs))
    if told["mixed_share"] is None:
        out.print("No key result is judged yet.")
        return
    good = f"{Status.ON_TRACK.word} or {Status.ACHIEVED.word}"
    out.print(
        f"≠ differs from {told['status_rule']}. Mixed, {good} by one rule and not by another: "
        f"{count(told['mixed'])} of {count(told['judged'])} ({percent(told['mixed_share'])})."
    )
    out.print("Rules are those of other products in our words; docs/status-rules.md has theirs, and their sources.")
