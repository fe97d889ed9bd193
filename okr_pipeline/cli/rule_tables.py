"""What `okr status --compare-rules` prints for people.

Belongs here: its table. Does not: the comparison (application.comparing_rules).
"""

from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from okr_pipeline.application.telling import Record
from okr_pipeline.cli.tables import as_of_words, console, status_text
from okr_pipeline.model.score import Status
from okr_pipeline.rendering.numbers import count, percent


def print_comparison(told: Record, timezone: str) -> None:
    """Each key result under every rule; what differs from the project's own is marked, and counted."""
    out = console()
    chosen = told["status_rule"]
    out.print(f"{escape(told['project'])} · as of {as_of_words(told['as_of'], timezone)} · rule {chosen}")
    if not told["key_results"]:
        out.print("No key result is of what was asked for.")
        return
    names = [rule["name"] for rule in told["rules"]]
    out.print(_table(told, [chosen, *(name for name in names if name != chosen)]))
    _print_legend(out, told)


def _table(told: Record, names: list[str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("Key result", no_wrap=True)
    table.add_column("Progress", justify="right", no_wrap=True)
    table.add_column("Plan", justify="right", no_wrap=True)
    for name in names:
        table.add_column(name, no_wrap=True)
    table.add_column("", no_wrap=True)
    for it in told["key_results"]:
        verdicts = [_verdict(it, name, in_words=name == names[0]) for name in names]
        mixed = Text("mixed", style="bold") if it["mixed"] else ""
        table.add_row(it["id"], percent(it["progress"]), percent(it["expected_progress"]), *verdicts, mixed)
    return table


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
