"""`okr connectors`: what can be read, and whether it answers."""

import json
from typing import Annotated

import typer

from okr_pipeline.cli.options import CONFIG, AsJson, ConfigDir

app = typer.Typer(help="What can be read, and whether it answers.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the installed connectors, what they are tested against and what is untested."""
    from connectors.catalogue import load_connectors

    described = [connector.describe() for _, connector in sorted(load_connectors().items())]
    if as_json:
        typer.echo(json.dumps([_summary(it) for it in described]))
        return
    from okr_pipeline.cli.tables import print_connectors

    print_connectors([_summary(it) for it in described])


@app.command()
def show(name: Annotated[str, typer.Argument(help="A connector, as `okr connectors list` names it.")]) -> None:
    """Show the keys of a connector's sources and metrics, as JSON Schema."""
    from connectors.catalogue import load_connectors
    from okr_pipeline.application.errors import UsageError

    connectors = load_connectors()
    if name not in connectors:
        raise UsageError(f"There is no connector '{name}'. Installed: {', '.join(sorted(connectors))}.")
    it = connectors[name].describe()
    schemas = {"settings": it.settings.model_json_schema(), "request": it.request.model_json_schema()}
    typer.echo(json.dumps({**_summary(it), **schemas}, indent=2))


@app.command("test")
def check(
    source: Annotated[str, typer.Argument(help="A source of the configuration.")], config: ConfigDir = CONFIG
) -> None:
    """Ask a source whether it answers, and warn of what should not stay, such as a login that can write."""
    from okr_pipeline.application.errors import UsageError
    from okr_pipeline.application.reading import check_source
    from okr_pipeline.application.workspace import open_workspace

    workspace = open_workspace(config)
    if source not in workspace.configuration.sources:
        raise UsageError(f"There is no source '{source}'. Configured: {', '.join(workspace.configuration.sources)}.")
    cautions = check_source(workspace, source)
    typer.echo("\n".join([f"{source} answers.", *(f"Caution: {it}" for it in cautions)]))


def _summary(it: object) -> dict[str, object]:
    names = ("name", "summary", "history", "additivity", "tested_against", "untested")
    return {name: getattr(it, name) for name in names}
