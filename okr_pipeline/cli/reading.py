"""`okr status`, `okr explain`, `okr compare`, `okr scorecard`: telling what is stored."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from okr_pipeline.cli.options import CONFIG, AsJson, AsOf, ConfigDir, KnownAt, StoreUrl

if TYPE_CHECKING:
    from datetime import datetime

    from okr_pipeline.application.telling import Filter
    from okr_pipeline.application.workspace import Workspace


def status(
    as_of: AsOf = None,
    known_at: KnownAt = None,
    cycle: Annotated[str | None, typer.Option(help="Only this cycle.", show_default=False)] = None,
    level: Annotated[str | None, typer.Option(help="Only objectives of this level.", show_default=False)] = None,
    owner: Annotated[str | None, typer.Option(help="Only what this person owns.", show_default=False)] = None,
    compare_rules: Annotated[
        bool, typer.Option("--compare-rules", help="Show each key result under every status rule.")
    ] = False,
    config: ConfigDir = CONFIG,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show key results and objectives, from stored observations and the configuration last applied."""
    from okr_pipeline.application import telling
    from okr_pipeline.application.workspace import open_applied

    workspace, known = open_applied(config, store_url=store, known_at=known_at)
    only = telling.Filter.of(workspace.configuration, cycle=cycle, level=level, owner=owner)
    if compare_rules:
        _compare_rules(workspace, workspace.as_of(as_of), known, only, as_json=as_json)
        return
    told = telling.status(workspace, as_of=workspace.as_of(as_of), known_at=known, only=only)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    from okr_pipeline.cli.tables import print_status

    print_status(told, workspace.project.calendar.timezone)


def _compare_rules(
    workspace: "Workspace", as_of: "datetime", known: "datetime | None", only: "Filter", *, as_json: bool
) -> None:
    from okr_pipeline.application.comparing_rules import compare_rules

    told = compare_rules(workspace, as_of=as_of, known_at=known, only=only)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    from okr_pipeline.cli.rule_tables import print_comparison

    print_comparison(told, workspace.project.calendar.timezone)


def explain(
    identifier: Annotated[
        str, typer.Argument(metavar="ID", help="A key result or objective: `<cycle>/<id>` or `<id>`.")
    ],
    as_of: AsOf = None,
    known_at: KnownAt = None,
    proof: Annotated[
        Path | None,
        typer.Option("--proof", help="Also write a proof file, for `okr verify`.", metavar="FILE", show_default=False),
    ] = None,
    form: Annotated[str | None, typer.Option("--format", help="markdown: one page, for a ticket.")] = None,
    config: ConfigDir = CONFIG,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show the proof of one number: formula, roll-up, rows, query, checks, run."""
    from okr_pipeline.application import explaining
    from okr_pipeline.application.errors import UsageError
    from okr_pipeline.application.workspace import open_applied

    if form not in (None, "markdown"):
        raise UsageError(f"There is no form '{form}'. Write --format markdown, or --json, or neither.")

    workspace, known = open_applied(config, store_url=store, known_at=known_at)
    if proof is not None:
        from okr_pipeline.application import files, proving

        files.write_file(proof, proving.prove(workspace, identifier, as_of=workspace.as_of(as_of), known_at=known))
    explanation = explaining.explain(workspace, identifier, as_of=workspace.as_of(as_of), known_at=known)
    if as_json:
        typer.echo(json.dumps(explaining.as_json(explanation), ensure_ascii=False))
        return
    if form == "markdown":
        from okr_pipeline.rendering.explanation_page import explanation_markdown

        typer.echo(explanation_markdown(explanation), nl=False)
        return
    from okr_pipeline.cli.tables import print_explanation

    print_explanation(explanation)


def compare(
    first: Annotated[str, typer.Option("--from", help="The earlier date (its end) or instant.", metavar="T")],
    last: Annotated[str, typer.Option("--to", help="The later date (its end) or instant.", metavar="T")],
    identifier: Annotated[
        str | None,
        typer.Argument(metavar="[ID]", help="Only this key result or objective.", show_default=False),
    ] = None,
    known_from: Annotated[
        str | None,
        typer.Option(
            help="What was known at the earlier; default when it was published.", metavar="T", show_default=False
        ),
    ] = None,
    known_to: Annotated[
        str | None, typer.Option(help="What was known at the later; default now.", metavar="T", show_default=False)
    ] = None,
    config: ConfigDir = CONFIG,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show why scores moved: restated, late and new data, amendments of target, dates, mapping and weight, and time."""
    from okr_pipeline.application.comparing import Asked, comparison
    from okr_pipeline.application.workspace import open_applied, parse_instant

    workspace, _ = open_applied(config, store_url=store)
    instants = [None if text is None else parse_instant(text, workspace.project) for text in (known_from, known_to)]
    asked = Asked(workspace.as_of(first), workspace.as_of(last), *instants)
    told = comparison(workspace, asked, identifier=identifier)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    from okr_pipeline.cli.comparing import print_comparison

    print_comparison(told, workspace.project.calendar.timezone)


def verify(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A proof file, from `okr explain --proof`.")],
    as_json: AsJson = False,
) -> None:
    """Work a proof file out again, from its content alone: no store, no configuration, no network."""
    from dataclasses import asdict

    from okr_pipeline.application import proving
    from okr_pipeline.application.errors import UsageError

    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file} cannot be read as a proof file: {error}.") from None
    verdict = proving.verify(text)
    if as_json:
        typer.echo(json.dumps(asdict(verdict), ensure_ascii=False))
    else:
        for it in verdict.differences:
            typer.echo(f"{it.where}: stated {it.stated}, found {it.found}")
        holds = f"every one of {verdict.numbers} cells holds, bit for bit"
        outcome = f"{len(verdict.differences)} of {verdict.numbers} cells differ" if verdict.differences else holds
        typer.echo(f"{verdict.id} as of {verdict.as_of}, config {verdict.config_version}: {outcome}.")
        typer.echo(
            "Worked out again: scores and forecasts, from the rows in the file. Taken as stated: rows, reads, checks."
        )
    if verdict.differences:
        raise typer.Exit(1)


def scorecard(
    week: Annotated[str | None, typer.Option(help="An ISO week such as 2013-W20; default the newest.")] = None,
    form: Annotated[str, typer.Option("--format", help="html or json.")] = "html",
    out: Annotated[
        Path | None, typer.Option(help="A directory; default `scorecards` beside the config directory.")
    ] = None,
    known_at: KnownAt = None,
    config: ConfigDir = CONFIG,
    store: StoreUrl = None,
) -> None:
    """Write the weekly scorecard from what is stored: as it was published, or reconstructed for a week that was not."""
    from okr_pipeline.application import scorecards
    from okr_pipeline.application.errors import UsageError
    from okr_pipeline.application.workspace import open_applied

    forms = ("html", "json")
    if form not in forms:
        raise UsageError(f"There is no form '{form}'. The forms are: {', '.join(forms)}.")
    workspace, known = open_applied(config, store_url=store, known_at=known_at)
    written = scorecards.write_week(workspace, week, form=form, out=out, known_at=known)
    typer.echo(str(written))
