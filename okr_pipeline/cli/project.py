"""`okr init`, `okr validate`, `okr schema`: setting a project up and checking it."""

import json
import shutil
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from okr_pipeline.cli.options import CONFIG, AsJson, ConfigDir

if TYPE_CHECKING:
    from okr_pipeline.cli.recipes import Recipe


def init(
    directory: Annotated[Path, typer.Argument(help="Where to put it; made if missing.")] = Path(),
    template: Annotated[
        str, typer.Option("--from", help="What it reads: csv, sql, or a service that `okr connectors list` has.")
    ] = "csv",
) -> None:
    """Write a working project to edit."""
    from okr_pipeline.application.errors import UsageError
    from okr_pipeline.cli.recipes import recipes

    templates = files("okr_pipeline.cli") / "templates"
    names = sorted(entry.name for entry in templates.iterdir() if entry.is_dir())
    there = recipes()
    if template not in (*names, *there):
        raise UsageError(_no_template(template, [*names, *there]))
    if (directory / "config").exists():
        raise UsageError(f"{directory / 'config'} exists already. Choose another directory, or move it away first.")
    if template in names:
        _copy(templates / template, directory)
        next_steps = "look at config/, then `okr validate` and `okr run`."
    else:
        next_steps = _write_recipe(there[template], directory)
    _write_schemas(directory / "config" / ".schema")
    if directory.resolve() == Path.cwd():
        _print(f"A project in this directory. Next: {next_steps}")
    else:
        _print(f"A project in {directory}. Next: `cd {directory}`, {next_steps}")


def validate(
    live: Annotated[bool, typer.Option("--live", help="Also read the newest periods of every metric.")] = False,
    config: ConfigDir = CONFIG,
    as_json: AsJson = False,
) -> None:
    """Check every file of the configuration, and name every problem with file, line and column."""
    from okr_pipeline.application.workspace import check_configuration
    from okr_pipeline.rendering.words import plural

    checked = check_configuration(config)
    failures = _read_live(config) if live else {}
    counts = {
        "sources": len(checked.sources),
        "metrics": len(checked.metrics),
        "cycles": len(checked.cycles),
        "objectives": len(checked.objectives),
        "key_results": sum(1 for _ in checked.key_results()),
    }
    if as_json:
        _print(json.dumps({"valid": True, "config_version": checked.version, **counts, "not_read": failures}))
    else:
        said = ", ".join(plural(count, name.replace("_", " ").removesuffix("s")) for name, count in counts.items())
        _print(f"{config} is valid: {said}. Version {checked.version}.")
        if live:
            _print("\n".join(f"not read: {error}" for error in failures.values()) or "Every metric could be read.")
    if failures:
        raise typer.Exit(1)


def schema(
    out: Annotated[Path | None, typer.Option(help="Where to write; default `.schema` in the config directory.")] = None,
    config: ConfigDir = CONFIG,
) -> None:
    """Write the JSON Schema of every kind of file, for completion in editors."""
    written = _write_schemas(out or config / ".schema")
    _print("\n".join(str(path) for path in written))


def _no_template(name: str, there: list[str]) -> str:
    instead = {
        "files": "Begin with csv; Parquet, Excel, JSON and buckets take other lines of the same file.",
        "rest": "What a source over it says is different for each API: begin with csv, and go on with docs/rest.md.",
        "dagster_asset": "It lives in a Dagster project that is there already: see docs/dagster.md.",
    }.get(name)
    listed = f"The templates are: {', '.join(there)}."
    return f"There is no template '{name}'. {f'{instead} ' if instead else ''}{listed}"


def _copy(template: Traversable, directory: Path) -> None:
    with as_file(template) as source:
        shutil.copytree(source, directory, dirs_exist_ok=True)


def _write_recipe(recipe: "Recipe", directory: Path) -> str:
    """The project of a recipe, and what to do next with it."""
    from okr_pipeline.application.files import write_file
    from okr_pipeline.cli.recipes import directory as place

    _copy(place() / "project", directory)
    for name in (".gitignore", "dagster.yaml", "workspace.yaml"):
        write_file(directory / name, (files("okr_pipeline.cli") / "templates" / "csv" / name).read_text("utf-8"))
    for kind, text in (("sources", recipe.sources), ("metrics", recipe.metrics)):
        head = f"# yaml-language-server: $schema=../.schema/{kind}.json\n# {recipe.summary}\n# {recipe.documentation}\n"
        write_file(directory / "config" / kind / f"{recipe.name}.yaml", head + text)
    needed = ", ".join(recipe.variables)
    return (
        f"{f'set {needed}, ' if needed else ''}look at config/, then `okr validate`"
        f" and `okr connectors test {recipe.metric_ids[0]}`."
    )


def _read_live(config: Path) -> dict[str, str]:
    """By metric, why its newest periods could not be read."""
    from okr_pipeline.application.reading import read_source
    from okr_pipeline.application.windows import newest_windows
    from okr_pipeline.application.workspace import open_workspace
    from okr_pipeline.model.metric import CHECK_INS

    workspace = open_workspace(config)
    failures: dict[str, str] = {}
    for source_id in workspace.configuration.sources.keys() - {CHECK_INS}:
        delivery = read_source(workspace, source_id, newest_windows(workspace, source_id, workspace.as_of()))
        failures |= {metric: str(error) for metric, error in delivery.failures.items()}
    return failures


def _write_schemas(directory: Path) -> list[Path]:
    from okr_pipeline.application.files import write_file
    from okr_pipeline.application.workspace import connector_schemas
    from okr_pipeline.config.schemas import json_schemas

    written = []
    for name, document in json_schemas(connector_schemas()).items():
        path = directory / name
        write_file(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        written.append(path)
    return written


def _print(text: str) -> None:
    typer.echo(text)
