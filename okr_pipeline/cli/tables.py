"""What commands print for people: tables and lines, with colour only on a terminal.

Belongs here: layout. Does not: numbers' formats (rendering), facts (application).
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from okr_pipeline.application.telling import Record
from okr_pipeline.cli.columns import Lines, fitted, left_out
from okr_pipeline.model.explanation import Explanation
from okr_pipeline.model.score import Status
from okr_pipeline.model.zones import zone
from okr_pipeline.rendering.explanation_page import Section, opening, sections
from okr_pipeline.rendering.numbers import chance, percent, points, quantity, shown_unit
from okr_pipeline.rendering.words import first_of, last_day, reason, starts_day

if TYPE_CHECKING:
    from okr_pipeline.store.doctor import Finding

_COLOURS: Mapping[Status, str] = {
    Status.BEHIND: "red",
    Status.MISSED: "red",
    Status.AT_RISK: "yellow",
    Status.PARTIAL: "yellow",
    Status.UNKNOWN: "magenta",
    Status.ON_TRACK: "green",
    Status.ACHIEVED: "green",
}
_NAMED = 40
"""As many key results are named in a line below the table, which has all."""
_FIGURES = ("Now", "Target", "Progress", "Plan", "Gap", "At end", "Chance")
_HEADINGS = ("Status", "Objective, key result", "", *_FIGURES)
_DISPENSABLE = ("", "Chance", "At end", "Gap", "Now", "Target", "Plan")
"""Columns that a narrow terminal goes without; the one without heading has the titles."""
_ELASTIC = {"Objective, key result": (18, 32), "": (12, 44)}


def console() -> Console:
    """Standard output: as wide as the terminal, 120 columns into a file or pipe."""
    plain = Console(highlight=False)
    return plain if plain.is_terminal else Console(highlight=False, width=max(plain.width, 140))


def print_status(told: Record, timezone: str) -> None:
    """Objectives with their key results, and what the figures mean."""
    out = console()
    out.print(f"{escape(told['project'])} · as of {as_of_words(told['as_of'], timezone)} · rule {told['status_rule']}")
    if not told["objectives"]:
        out.print("No objective or key result is of what was asked for; config/okrs/ has those that there are.")
        return
    alerted = {alert["key_result"] for alert in told["open_alerts"]}
    rows = list(_status_rows(told, alerted))
    widths = fitted(_HEADINGS, rows, out.width, elastic=_ELASTIC, dispensable=_DISPENSABLE)
    out.print(Lines(_HEADINGS, rows, widths, figures=_FIGURES))
    if more := left_out(_HEADINGS, widths):
        out.print(f"A wider terminal also shows: {more}", style="dim")
    for it in told["contributions"]:
        out.print(f"Σ {escape(it['key_result'])}: {escape(_contribution_words(it))}")
    if any(it["forecast"] for it in told["key_results"]):
        out.print(_forecast_words(widths), style="dim")
    if alerted:
        out.print("! an alert is open")
    for it in told["paced_otherwise"]:
        out.print(f"~ {escape(it['key_result'])}: paced {it['applied']}, not {it['asked']}, for {it['reason']}")
    for why, ids in _unknown_by_reason(told["key_results"]).items():
        out.print(f"? {escape(why)}: {escape(first_of(ids, _NAMED))}")
    _print_check_ins(out, told, timezone)
    _print_originals(out, told["key_results"])


def _unknown_by_reason(key_results: Sequence[Record]) -> dict[str, list[str]]:
    """What is unknown, by why; of a source that failed with its name."""
    found: dict[str, list[str]] = {}
    for it in key_results:
        if it["status"] == Status.UNKNOWN:
            why = it["failure"]["words"] if it["failure"] else reason(it["reason"])
            found.setdefault(f"unknown, {why}", []).append(it["id"])
    return found


def _forecast_words(widths: Mapping[str, int]) -> str:
    """What the columns of forecasts mean, as far as they are shown."""
    said = {"At end": "the progress forecast for the last day", "Chance": "to reach the target by then"}
    told = [f"{heading}: {meaning}" for heading, meaning in said.items() if heading in widths]
    return "; ".join([*told, "`okr explain` has all of a forecast"])


def _status_rows(told: Record, alerted: set[str]) -> Iterator[list[Text | str]]:
    under = by_objective(told)
    for objective in told["objectives"]:
        yield _objective_cells(objective)
        for key_result in under.get(objective["id"], ()):
            yield _key_result_cells(key_result, alert=key_result["id"] in alerted)


def by_objective(told: Record) -> dict[str, list[Record]]:
    """The key results by the id of their objective."""
    found: dict[str, list[Record]] = {}
    for it in told["key_results"]:
        found.setdefault(it["objective"], []).append(it)
    return found


def _contribution_words(it: Record) -> str:
    """`23 = 14 week + 9 fortnight`, or how much of a value of its own the parts account for."""
    whole, unit = quantity(it["value"], it["unit"]), it["unit"]
    terms = " + ".join(f"{_part_words(part, unit)} {part['id']}" for part in it["parts"])
    if it["summed"]:
        return f"{whole} = {terms}"
    beside = f"; {quantity(it['remainder'], unit)} beside them" if it["remainder"] is not None else ""
    return f"of {whole}, {terms}{beside}"


def _part_words(part: Record, unit: str) -> str:
    return f"({Status(part['status']).word})" if part["value"] is None else quantity(part["value"], unit)


def print_explanation(it: Explanation) -> None:
    """The proof of one number, from the definition and the formula down to rows, query and checks."""
    out = console()
    out.print(Text(it.title, style="bold"))
    out.print(escape(opening(it)), soft_wrap=True)
    for section in sections(it):
        out.print(f"\n[bold]{escape(section.title)}[/bold]")
        for line in section.lines:
            out.print(f"  {escape(line)}", soft_wrap=True)
        if section.rows:
            out.print(Padding(_section_table(section), (0, 0, 0, 2)))
        if section.verbatim:
            out.print(escape(section.verbatim), style="dim", soft_wrap=True)


def _section_table(section: Section) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim", show_header=any(section.headings))
    for heading in section.headings:
        table.add_column(heading, overflow="fold")
    for row in section.rows:
        table.add_row(*map(escape, row))
    return table


def _check_in_cells(row: Record) -> tuple[str, ...]:
    """A check-in: day, author, value, confidence, note and finding."""
    value = "" if row["value"] is None else f"{row['value']:.6g}"
    words = " · ".join(text for text in (row["note"], row["finding"] and f"finding: {row['finding']}") if text)
    confidence = "" if row["confidence"] is None else percent(row["confidence"])
    return row.get("on_date") or row["on"], escape(row["author"]), value, confidence, escape(words)


def _print_check_ins(out: Console, told: Record, timezone: str) -> None:
    """How many key results were checked in as often as agreed, and what was said in the last seven days."""
    rate = told["check_ins"]
    if rate is None:
        return
    out.print(f"\nChecked in as often as agreed: {rate['made']} of {rate['due']} running key results")
    until = last_day(datetime.fromisoformat(told["as_of"]), zone(timezone))
    since = (until - timedelta(days=6)).isoformat()
    for it in told["key_results"]:
        if not it["last_check_in"] or it["last_check_in"]["on"] < since:
            continue
        day, author, _, confidence, words = _check_in_cells(it["last_check_in"])
        confident = f", {confidence} confident" if confidence else ""
        out.print(f"  {escape(it['id'])}, {day}, {author}{confident}: {words or 'no note'}", soft_wrap=True)


def print_connectors(described: Sequence[Mapping[str, Any]]) -> None:
    """One line per connector, and per recipe over one."""
    table = _table("Connector", "Over", "Reads", "Tested against", "Untested")
    for it in described:
        tested, untested = it["tested_against"], it["untested"]
        table.add_row(
            str(it["name"]), str(it["over"] or "–"), str(it["summary"]), ", ".join(tested), ", ".join(untested) or "–"
        )
    console().print(table)


def print_findings(findings: Sequence["Finding"]) -> None:
    """One line per finding of the doctor."""
    out = console()
    for it in findings:
        out.print(f"{it.status:<5} {it.check}: {escape(it.message)}", soft_wrap=True)


def local(text: str | None, timezone: str) -> str:
    """A JSON instant in the project's zone, to the minute."""
    if text is None:
        return "–"
    return f"{datetime.fromisoformat(text).astimezone(zone(timezone)):%Y-%m-%d %H:%M %Z}"


def as_of_words(text: str, timezone: str) -> str:
    """An `as_of`: the date whose end it is, else the instant."""
    instant = datetime.fromisoformat(text)
    if starts_day(instant, zone(timezone)):
        return f"the end of {last_day(instant, zone(timezone))}"
    return local(text, timezone)


def _objective_cells(it: Record) -> list[Text | str]:
    coverage = it["coverage"]
    known = "" if it["score"] is None or coverage is None or coverage >= 1 else f" ({percent(coverage)} known)"
    return [
        status_text(it["status"]),
        Text(it["id"], style="bold"),
        Text(it["title"], style="bold"),
        "",
        "",
        Text(percent(it["score"]) + known, style="bold"),
        percent(it["expected_progress"]),
        *("", "", ""),
    ]


def _key_result_cells(it: Record, *, alert: bool) -> list[Text | str]:
    status = status_text(it["status"])
    if alert:
        status.append(" !", style="bold red")
    return [
        status,
        "  " + it["id"].split("/", 1)[1],
        "  " + it["title"],
        _quantity(it, "value"),
        _quantity(it, "target"),
        percent(it["progress"]),
        percent(it["expected_progress"]),
        points(it["gap"]),
        percent(it["forecast"]["progress"]) if it["forecast"] else "",
        chance(it["forecast"]["probability"]) if it["forecast"] else "",
    ]


def _quantity(it: Record, name: str) -> str:
    unit = shown_unit(it["measure"], it["unit"], target=it["target"], baseline=it["baseline"])
    return quantity(it[name], unit)


def status_text(value: str) -> Text:
    """A status with its glyph, coloured."""
    status = Status(value)
    return Text(f"{status.glyph} {status.word}", style=_COLOURS.get(status, "dim"))


def _print_originals(out: Console, key_results: Sequence[Record]) -> None:
    for it in key_results:
        if it["original_progress"] != it["progress"]:
            out.print(f"≠ {escape(it['id'])}: {percent(it['original_progress'])} of what was promised first")


def _table(*headings: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(heading)
    return table
