"""What `okr compare` prints for people.

Belongs here: its layout. Does not: the decomposition (scoring), other commands (tables).
"""

import math
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from okr_pipeline.application.telling import Record
from okr_pipeline.cli.columns import Lines, fitted, left_out
from okr_pipeline.cli.tables import as_of_words, by_objective, console, local
from okr_pipeline.model.zones import zone
from okr_pipeline.rendering.numbers import MINUS, percent
from okr_pipeline.rendering.words import first_of, members, plural, starts_day

_HEADINGS = {
    "restated_data": "Restated",
    "late_data": "Late",
    "new_data": "New",
    "target_amendment": "Target",
    "date_and_mapping_amendment": "Dates, map",
    "weight_amendment": "Weight",
    "time_passing": "Time",
}
_NAME = "Objective, key result"
_FIGURES = ("From", "To", "Change")
_ROWS_SHOWN = 5
_NAMED = 40


def print_comparison(told: Record, timezone: str) -> None:
    """Objectives by their score, key results by their progress, their parts in points; then what made these.

    Rounded parts add up to the rounded change.
    """
    out = console()
    first, last = told["from"], told["to"]
    sides = [as_of_words(end["as_of"], timezone) for end in (first, last)]
    out.print(f"{escape(told['project'])} · from {sides[0]} to {sides[1]}")
    out.print(
        f"known {local(first['known_at'], timezone)} and {local(last['known_at'], timezone)}"
        f" · {_versions(first['config_version'], last['config_version'])}"
    )
    headings, rows = (_NAME, *_FIGURES, *(_HEADINGS[part] for part in told["parts"])), list(_rows(told))
    still = [_HEADINGS[part] for part in told["parts"] if not any(it["parts"][part] for it in _moved(told))]
    widths = fitted(headings, rows, out.width, elastic={_NAME: (18, 60)}, dispensable=still)
    out.print(Lines(headings, rows, widths, figures=headings[1:]))
    if more := left_out(headings, widths):
        out.print(f"Left out, for nothing moved by it: {more}", style="dim")
    if "time_passing" in told["parts"] and _HEADINGS["time_passing"] not in still:
        out.print("Time: windows let go of what is old, key results start, data goes stale", style="dim")
    for how, ids in _turned(told).items():
        out.print(f"? {how}: {escape(first_of(ids, _NAMED))}")
    told_of = [it for it in told["key_results"] if len(told["key_results"]) == 1 or not _only_new(it, told["parts"])]
    for it in told_of:
        _print_causes(out, it, told["parts"], timezone)
    if rest := len(told["key_results"]) - len(told_of):
        out.print(f"\n{plural(rest, 'key result')} without late or restated rows or an amendment; {_MORE}", style="dim")


_MORE: Final = "with its ID, `okr compare` tells of the new rows of one"


def _versions(first: str, last: str) -> str:
    return f"config {first}" if first == last else f"config {first} and {last}"


def _only_new(it: Record, parts: Sequence[str]) -> bool:
    return not {cause["part"] for cause in _causes(it, parts)} - {"new_data"}


def _moved(told: Record) -> Iterator[Record]:
    yield from (it["score"] for it in told["objectives"])
    yield from (it["progress"] for it in told["key_results"])


def _rows(told: Record) -> Iterator[list[Text | str]]:
    under = by_objective(told)
    for objective in told["objectives"]:
        yield _cells(objective["id"], objective["score"], told["parts"], style="bold")
        for it in under.get(objective["id"], ()):
            yield _cells("  " + it["id"].split("/", 1)[1], it["progress"], told["parts"])


def _cells(name: str, moved: Record, parts: Sequence[str], *, style: str = "") -> list[Text | str]:
    numbers = [moved["parts"][part] for part in parts]
    change, tenths = (None, [None] * len(parts)) if moved["change"] is None else in_tenths(moved["change"], numbers)
    return [
        Text(name, style=style),
        percent(moved["from"]),
        percent(moved["to"]),
        Text(_points(change), style=style),
        *("·" if number == 0 else _points(part) for number, part in zip(numbers, tenths, strict=True)),
    ]


def in_tenths(change: float, parts: Sequence[float]) -> tuple[int, list[int | None]]:
    """A change and its parts in tenths of a point, rounded so that the parts still add up to the change.

    Each part is rounded down, and what is then lacking is given, a tenth each, to those that lost most; parts of
    nothing get nothing.

    >>> in_tenths(0.00102, [0.00034, 0.00034, 0.00034, 0.0])
    (1, [1, 0, 0, 0])
    """
    whole = round(change * 1000)
    floors = [math.floor(part * 1000) for part in parts]
    lost = sorted(
        (number for number, part in enumerate(parts) if part), key=lambda it: (floors[it] - parts[it] * 1000, it)
    )
    told: list[int | None] = list(floors)
    for number in lost[: whole - sum(floors)]:
        told[number] = floors[number] + 1
    return whole, told


def _points(tenths: int | None) -> str:
    if tenths is None:
        return "–"
    return f"{'−' if tenths < 0 else '+'}{abs(tenths) // 10}.{abs(tenths) % 10}"


def _turned(told: Record) -> dict[str, list[str]]:
    """What became known or unknown, by which part made it so."""
    found: dict[str, list[str]] = {}
    for it in [*told["objectives"], *told["key_results"]]:
        if it["turned"]:
            moved = it.get("progress") or it["score"]
            how = "Became unknown" if moved["to"] is None else "Became known"
            found.setdefault(f"{how} by {_HEADINGS[it['turned']].lower()}", []).append(it["id"])
    return found


def _print_causes(out: Console, it: Record, parts: Sequence[str], timezone: str) -> None:
    causes = _causes(it, parts)
    if not causes:
        return
    out.print(f"\n[bold]{escape(it['id'])}[/bold] {escape(it['title'])}")
    for cause in causes:
        shown = cause["newest_rows"][-_ROWS_SHOWN:] if cause["part"] in ("restated_data", "late_data") else []
        newest = f"; the newest {len(shown)}:" if 0 < len(shown) < cause["rows"] else ""
        out.print(f"  {_HEADINGS[cause['part']]}: {escape(_said(cause, timezone))}{newest}", soft_wrap=True)
        for row in shown:
            out.print(f"    {escape(_row(row, timezone))}", soft_wrap=True)


def _period(text: str, timezone: str) -> str:
    """The start of a period: a date where a day starts, else to the minute."""
    said = local(text, timezone)
    return said[:10] if starts_day(datetime.fromisoformat(text), zone(timezone)) else said


def _causes(it: Record, parts: Sequence[str]) -> list[Record]:
    """What moved a key result, or was amended of it."""
    moved = [part for part in parts if it["progress"]["parts"][part] or part == it["turned"]]
    return [cause for cause in it["causes"] if cause["part"] in moved or "amendment" in cause]


def _said(cause: Record, timezone: str) -> str:
    if "rows" not in cause:
        made = cause["amendment"]
        return made["written"] if made else f"{', '.join(cause['fields'])} edited, without an amendment"
    first, last = (_period(cause[name], timezone) for name in ("first_period_start", "last_period_start"))
    rows = f"{cause['rows']} row{'s' if cause['rows'] != 1 else ''}"
    return f"{rows}, of {first}" if first == last else f"{rows}, from {first} to {last}"


def _row(row: Record, timezone: str) -> str:
    before, now = ("none" if it is None else f"{it:.6g}".replace("-", MINUS) for it in (row["before"], row["value"]))
    of = f"{row['metric']} {members(row['dimensions'])}".rstrip()
    return f"{of}, {_period(row['period_start'], timezone)}: {before} → {now}"
