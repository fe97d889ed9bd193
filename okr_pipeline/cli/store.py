"""`okr store`: schema and health of the store."""

import json

import typer

from okr_pipeline.cli.options import CONFIG, AsJson, ConfigDir, StoreUrl

app = typer.Typer(help="Schema and health of the store.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def upgrade(config: ConfigDir = CONFIG, store: StoreUrl = None) -> None:
    """Bring the store's schema to this program's version."""
    from okr_pipeline.application.workspace import open_project_store

    opened = open_project_store(config, store_url=store)
    opened.upgrade()
    typer.echo(f"{opened.place} is at the newest schema.")


@app.command()
def doctor(config: ConfigDir = CONFIG, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Look for damage, unfinished runs and logins that can do too much; exits 1 when something is wrong."""
    from dataclasses import asdict

    from okr_pipeline.application.workspace import open_project_store

    findings = open_project_store(config, store_url=store).doctor()
    if as_json:
        typer.echo(json.dumps([asdict(it) for it in findings]))
    else:
        from okr_pipeline.cli.tables import print_findings

        print_findings(findings)
    if any(it.status == "error" for it in findings):
        raise typer.Exit(1)
