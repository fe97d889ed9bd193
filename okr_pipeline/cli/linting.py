"""`okr lint`: the quality of the OKRs themselves."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from okr_pipeline.cli.options import CONFIG, AsJson, ConfigDir, StoreUrl


def lint(
    strict: Annotated[bool, typer.Option("--strict", help="Exit with 1 if there is a warning.")] = False,
    as_of: Annotated[
        str | None,
        typer.Option(
            "--as-of", help="The date (its end) that stored values are looked at.", metavar="T", show_default=False
        ),
    ] = None,
    known_at: Annotated[
        str | None,
        typer.Option(
            "--known-at",
            help="Only stored values that had been recorded by then. Files count as they are now.",
            metavar="T",
            show_default=False,
        ),
    ] = None,
    config: ConfigDir = CONFIG,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Find the classic mistakes in objectives, key results and metrics as they are written now, each with a rewrite."""
    from okr_pipeline.application.linting import lint_project

    told = lint_project(config, store_url=store, as_of=as_of, known_at=known_at)
    typer.echo(json.dumps(told, ensure_ascii=False)) if as_json else _print(told)
    if strict and told["warnings"]:
        raise typer.Exit(1)


def _print(told: Mapping[str, Any]) -> None:
    from rich.markup import escape

    from okr_pipeline.cli.tables import console
    from okr_pipeline.rendering.words import plural

    out = console()
    for it in told["findings"]:
        place = f"{it['file']}:{it['line']}:{it['column']}"
        colour = "yellow" if it["severity"] == "warning" else "cyan"
        subject = f"{it['about'].replace('_', ' ')} '{it['id']}'"
        out.print(f"{escape(place)}: [{colour}]{it['severity']}[/{colour}] [bold]{it['rule']}[/bold]", soft_wrap=True)
        out.print(f"  {escape(subject)}: {escape(it['what'])}. {escape(it['why'])}", soft_wrap=True)
        out.print(f"  → {escape(it['rewrite'])}.", soft_wrap=True)
    said = f"{plural(told['warnings'], 'warning')}, {told['advice']} advice"
    out.print(f"{said}; {len(told['suppressed'])} suppressed with a reason{':' if told['suppressed'] else '.'}")
    for it in told["suppressed"]:
        out.print(f"  {it['rule']}, {escape(it['id'])}: {escape(it['reason'])}", style="dim", soft_wrap=True)
    if told["without_data"]:
        out.print(f"Without stored values: {escape(told['without_data'])}", soft_wrap=True)
