"""`okr plan`: what a configuration would change, before anything is written."""

import json
from typing import Annotated

import typer

from okr_pipeline.cli.options import CONFIG, AsJson, AsOf, ConfigDir, StoreUrl


def plan(
    against: Annotated[
        str | None,
        typer.Option(
            "--against",
            help="A git commit, branch or tag to compare with, instead of what was last applied.",
            metavar="REF",
            show_default=False,
        ),
    ] = None,
    as_of: AsOf = None,
    form: Annotated[str, typer.Option("--format", help="table, or markdown for a pull request.")] = "table",
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 1 where there are changes.")] = False,
    config: ConfigDir = CONFIG,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show what this configuration would change: definitions, scores, alerts. Nothing is written.

    Both sides are scored from all that is recorded by now, as the next run will score: there is no --known-at, because
    what was known earlier is not what that run would do.
    """
    from dataclasses import asdict

    from okr_pipeline.application import planning
    from okr_pipeline.application.committed import configuration_at
    from okr_pipeline.application.errors import UsageError
    from okr_pipeline.application.workspace import open_workspace

    forms = ("table", "markdown")
    if form not in forms:
        raise UsageError(f"There is no form '{form}'. The forms are: {', '.join(forms)}.")
    workspace = open_workspace(config, store_url=store)
    applied = planning.last_applied(workspace)
    before = configuration_at(workspace.config_dir, against) if against is not None else applied
    made = planning.plan(workspace, before, against=against or "what was last applied", as_of=workspace.as_of(as_of))
    if as_json:
        typer.echo(json.dumps(asdict(made), ensure_ascii=False))
    elif form == "markdown":
        from okr_pipeline.cli.plan_pages import markdown

        typer.echo(markdown(made, workspace.project.calendar.timezone))
    else:
        from okr_pipeline.cli.plan_pages import print_plan

        print_plan(made, workspace.project.calendar.timezone)
    if exit_code and made.has_changes:
        raise typer.Exit(1)
