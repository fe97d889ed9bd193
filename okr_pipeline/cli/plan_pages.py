"""A plan as tables for a terminal, and as Markdown for a pull request.

Belongs here: layout, the same tables for both. Does not: what would change (application.planning).
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from rich.console import OverflowMethod
from rich.markup import escape
from rich.table import Table

from okr_pipeline.application.planning import Plan
from okr_pipeline.application.telling import Record
from okr_pipeline.cli.tables import as_of_words, console, local
from okr_pipeline.model.amending import ABOUT
from okr_pipeline.model.score import Status
from okr_pipeline.rendering.numbers import chance, percent, quantity, shown_unit
from okr_pipeline.rendering.words import plural

_NOTHING, _UNREAD, _LONGEST = "–", "unknown until read", 60
_NAME_WIDTH = 44


@dataclass(frozen=True, slots=True)
class Section:
    """A heading with a table; `folded` ones are details that a pull request shows on demand."""

    title: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    folded: bool = False


def print_plan(plan: Plan, timezone: str) -> None:
    """The summary and every table that has a row."""
    out = console()
    out.print(escape(summary(plan)))
    out.print(escape(_context(plan, timezone)), style="dim")
    for section in _sections(plan, timezone):
        table = Table(box=None, pad_edge=False, header_style="dim")
        for place, heading in enumerate(section.headings):
            named = place == 0  # the others wrap to make room for it, for half a name is none
            cut: OverflowMethod = "ellipsis" if named else "fold"
            table.add_column(heading, no_wrap=named, max_width=_NAME_WIDTH if named else None, overflow=cut)
        for row in section.rows:
            table.add_row(*(escape(cell) for cell in row))
        out.print(f"\n[bold]{section.title}[/bold]", table)


def markdown(plan: Plan, timezone: str) -> str:
    """The summary as a heading, tables, and details folded."""
    parts = [f"### {_cell(summary(plan))}", _cell(_context(plan, timezone))]
    for section in _sections(plan, timezone):
        lines = [_line(section.headings), _line(["---"] * len(section.headings)), *map(_line, section.rows)]
        table = "\n".join(lines)
        folded = f"<details><summary>{section.title} ({len(section.rows)})</summary>\n\n{table}\n\n</details>"
        parts.append(folded if section.folded else f"**{section.title}**\n\n{table}")
    return "\n\n".join(parts)


def summary(plan: Plan) -> str:
    """One line: how much would change."""
    if not plan.has_changes:
        return "This configuration changes nothing."
    turned = sum(_status(row["before"]) != _status(row["after"]) for row in plan.key_results if not row["unread"])
    counts = [
        plural(len({(it["kind"], it["id"]) for it in plan.definitions}), "definition"),
        f"{plural(len(plan.key_results), 'key result')} ({turned} with another status)",
        plural(len(plan.objectives), "objective"),
        plural(len(plan.alerts), "alert"),
    ]
    unread = sum(bool(row["unread"]) for row in plan.key_results)
    more = f" {plural(unread, 'key result')} cannot be known before a read." if unread else ""
    renamed = f" {plural(len(plan.renames), 'thing')} renamed." if plan.renames else ""
    asks = sum(bool(it["asks"]) for it in plan.amendments)
    verb = "asks" if asks == 1 else "ask"
    asked = f" {plural(asks, 'key result')} with published scores {verb} for a reason." if asks else ""
    return f"This configuration changes {', '.join(counts)}.{renamed}{more}{asked}"


def _context(plan: Plan, timezone: str) -> str:
    same = (plural(plan.untouched_key_results, "key result"), plural(plan.untouched_objectives, "objective"))
    left = f"{' and '.join(same)} stay as they are"
    return (
        f"Against {plan.against} ({plan.before_version} → {plan.after_version}), as of "
        f"{as_of_words(plan.as_of, timezone)}, from what is stored; {left}."
    )


def _sections(plan: Plan, timezone: str) -> Iterator[Section]:
    asks = [(it["key_result"], *_change_cells(each)) for it in plan.amendments for each in it["asks"]]
    recorded = [
        (it["key_result"], str(each["on"]), _amended_words(each), each["reason"], each["author"])
        for it in plan.amendments
        for each in it["recorded"]
    ]
    made = [
        Section(
            "Renamed",
            ("What", "Was", "Is", "History"),
            [
                (_kind(it), it["former"], it["id"], "goes on" if it["known"] else "none: the store does not know it")
                for it in plan.renames
            ],
        ),
        Section(
            "Gone, with something like it that is new: say 'renamed_from'",
            ("What", "Is gone", "Is new"),
            [(_kind(it), it["former"], it["id"]) for it in plan.alike],
        ),
        Section("Asks for an amendment with a reason", ("Key result", "What", "Before", "After"), asks),
        Section("Amendments it records", ("Key result", "From", "What", "Reason", "Author"), recorded),
        Section(
            "Read first",
            ("Metric", "Source", "Why", "From", "To"),
            [
                (it["metric"], it["source"], it["why"], local(it["from"], timezone), local(it["to"], timezone))
                for it in plan.reads
            ],
        ),
        Section(
            "Key results",
            ("Key result", "Status", "Progress", "Plan", "Now", "Target", "At end", "Chance"),
            [_key_result_cells(row) for row in plan.key_results],
        ),
        Section("Objectives", ("Objective", "Status", "Score"), [_objective_cells(row) for row in plan.objectives]),
        Section(
            "Alerts",
            ("Key result", "Rule", "Before", "After"),
            [(it["key_result"], it["rule"], it["before"], it["after"]) for it in plan.alerts],
        ),
        Section(
            "Definitions",
            ("What", "Change", "Before", "After"),
            [(f"{_kind(it)} {it['id']}", *_change_cells(it)) for it in plan.definitions],
            folded=True,
        ),
    ]
    return (section for section in made if section.rows)


def _kind(it: Record) -> str:
    return str(it["kind"]).replace("_", " ")


def _change_cells(it: Record) -> tuple[str, str, str]:
    if it["field"] is None:
        return it["change"], _NOTHING, _NOTHING
    return it["field"].replace("_", " "), _short(it["before"]), _short(it["after"])


def _amended_words(amendment: Record) -> str:
    """What an amendment changes, as files say it."""
    changed = {name: value for name, value in amendment.items() if name not in ABOUT}
    return ", ".join(f"{name}: {_short(value)}" for name, value in changed.items())


def _key_result_cells(row: Record) -> tuple[str, ...]:
    return (
        _name(row),
        _both(row, lambda it: _status(it) or _NOTHING),
        _both(row, lambda it: percent(it["progress"])),
        _both(row, lambda it: percent(it["expected_progress"])),
        _both(row, lambda it: _quantity(it, "value")),
        _both(row, lambda it: _quantity(it, "target")),
        _both(row, lambda it: percent(it["forecast"]["progress"]) if it["forecast"] else _NOTHING),
        _both(row, lambda it: chance(it["forecast"]["probability"]) if it["forecast"] else _NOTHING),
    )


def _objective_cells(row: Record) -> tuple[str, ...]:
    return _name(row), _both(row, lambda it: _status(it) or _NOTHING), _both(row, lambda it: percent(it["score"]))


def _name(row: Record) -> str:
    return row["id"] if row["change"] == "changed" else f"{row['id']} ({row['change']})"


def _both(row: Record, told: Callable[[Record], str]) -> str:
    """Before → after; once where both are the same, or one is not."""
    after = _UNREAD if row["unread"] else told(row["after"]) if row["after"] else None
    if row["before"] is None or after is None:
        return after if row["before"] is None and after is not None else told(row["before"])
    before = told(row["before"])
    return before if before == after else f"{before} → {after}"


def _status(record: Record | None) -> str | None:
    return Status(record["status"]).word if record else None


def _quantity(it: Record, name: str) -> str:
    unit = shown_unit(it["measure"], it["unit"], target=it["target"], baseline=it["baseline"])
    return quantity(it[name], unit)


def _short(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(_said(value), ensure_ascii=False)
    line = " ".join(text.split())
    return f"{line[:_LONGEST]}…" if len(line) > _LONGEST else line


def _said(value: object) -> object:
    """What a value says: without the keys that say nothing, whole numbers without a point."""
    if isinstance(value, dict):
        return {key: _said(it) for key, it in value.items() if it is not None}
    if isinstance(value, list):
        return [_said(it) for it in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    """Text that stays in its cell, and that is no markup."""
    for letter in "\\`*_<>[]|":
        text = text.replace(letter, f"\\{letter}") if set(text) != {"-"} else text
    return " ".join(text.split())
