"""`okr review`: what became of a cycle, and the draft of the next one."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from okr_pipeline.cli.options import CONFIG, AsJson, AsOf, ConfigDir, KnownAt, StoreUrl

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.table import Table
    from rich.text import Text

    from okr_pipeline.cli.columns import Lines
    from okr_pipeline.model.review import Review


_GRADES: Final = ("Grade", "Objective, key result", "Value", "Target", "Progress", "Why")


def review(
    cycle: Annotated[
        str | None, typer.Argument(metavar="CYCLE", help="A cycle's id; default the one that ended last.")
    ] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    out: Annotated[
        Path | None, typer.Option(help="Write it as Markdown into a new file.", metavar="PATH", show_default=False)
    ] = None,
    draft: Annotated[
        Path | None,
        typer.Option(help="Write a draft of the next cycle into a new file.", metavar="PATH", show_default=False),
    ] = None,
    config: ConfigDir = CONFIG,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Review a cycle: grades, reflections, how hard targets were, what carries over, what KPIs suggest."""
    from okr_pipeline.application import reviewing
    from okr_pipeline.application.workspace import open_applied

    workspace, known = open_applied(config, store_url=store, known_at=known_at)
    reviewed, made = reviewing.review_cycle(workspace, cycle, as_of=workspace.as_of(as_of), known_at=known)
    if out is not None:
        reviewing.write_review(workspace, made, out)
    if draft is not None:
        reviewing.write_draft(workspace, reviewed, made, draft)
    if as_json:
        typer.echo(json.dumps(reviewing.review_record(made), ensure_ascii=False))
    elif out is None and draft is None:
        _print(made, reviewing.people_names(workspace.configuration))
    else:
        typer.echo("\n".join(str(path) for path in (out, draft) if path is not None))


def _print(it: "Review", names: "Mapping[str, str]") -> None:
    from rich.markup import escape

    from okr_pipeline.cli.tables import console
    from okr_pipeline.rendering import review_page, words

    out = console()
    running = "" if it.ended else " · still running: no final grades"
    out.print(f"[bold]{escape(it.project)}[/bold] · review of {it.cycle}, {words.days(it.starts, it.ends)}{running}")
    out.print(f"{review_page.counted(it)} · rule {it.status_rule}\n")
    out.print(_grades(it, out.width))
    for grade in it.key_results:
        if first := review_page.first_promise(grade):
            out.print(f"≠ {escape(grade.id)}: {escape(first)}")
    if it.reflections:
        out.print("\n[bold]Reflections[/bold]")
    for told in it.reflections:
        who, day = escape(names.get(told.author, told.author)), f"{told.on} " if told.on else ""
        out.print(f"  {day}{told.kind}, {escape(told.key_result)}, {who}: {escape(told.text)}", soft_wrap=True)
    out.print("\n[bold]Calibration of targets[/bold], over all cycles that ended")
    table = _table("Owner", "Graded", "Mean score", "By half time", "A third beyond", "Below 0.3", "Verdict")
    for owner in it.calibration:
        table.add_row(*map(escape, review_page.calibration_cells(owner, names)))
    out.print(table)
    out.print("\n[bold]For the next cycle[/bold]")
    for line in _next(it):
        out.print(f"  {escape(line)}", soft_wrap=True)
    if it.ended and it.carry_over:
        out.print(f"\n`okr review {it.cycle} --draft PATH` drafts the next cycle from it.", style="dim", soft_wrap=True)


def _grades(it: "Review", room: int) -> "Lines":
    """Grades of objectives and their key results; what each is for is left out first where it is narrow."""
    from okr_pipeline.cli.columns import Lines, fitted

    rows = list(_grade_rows(it))
    elastic = {"Objective, key result": (20, 60), "Why": (20, 44)}
    widths = fitted(_GRADES, rows, room, elastic=elastic, dispensable=("Why", "Value", "Target"))
    return Lines(_GRADES, rows, widths, figures=())


def _grade_rows(it: "Review") -> "Iterator[list[Text | str]]":
    from rich.text import Text

    from okr_pipeline.rendering import review_page
    from okr_pipeline.rendering.numbers import percent

    graded = it.by_objective()
    for objective in it.objectives:
        score = "unknown" if objective.score is None else f"score {objective.score:.2f}"
        title = Text(objective.title, style="bold")
        yield [review_page.status_cell(objective, ended=it.ended), title, "", "", score, objective.intent]
        for row in graded[objective.id]:
            cells = review_page.value_cell(row), review_page.target_cell(row, first=False), percent(row.progress)
            yield [review_page.status_cell(row, ended=it.ended), f"  {row.title}", *cells, _why(row.explanation)]


def _why(explanation: str) -> str:
    """An explanation without how much of the way it is: progress stands beside it.

    >>> _why("short of the target, 40 % of the way"), _why("paused: no tug, no crew")
    ('short of the target', 'paused: no tug, no crew')
    """
    said, _, share = explanation.rpartition(", ")
    return said if share.endswith(" of the way") else explanation


def _next(it: "Review") -> "Iterator[str]":
    yield from (f"carries over: {each.key_result}: {each.why}" for each in it.carry_over)
    yield from (f"KPI {each.metric}: {each.text}" for each in it.suggestions)
    if not it.carry_over and not it.suggestions:
        yield f"nothing carries over, and no KPI speaks up{'' if it.ended else ' yet'}"


def _table(*headings: str) -> "Table":
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in headings:
        table.add_column(heading)
    return table
