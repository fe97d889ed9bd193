"""`okr store`: the store's schema, condition and backups."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from okr_pipeline.cli.options import CONFIG, AsJson, ConfigDir, StoreUrl

if TYPE_CHECKING:
    from okr_pipeline.store.backup import Backup

app = typer.Typer(help="The store's schema, condition and backups.", no_args_is_help=True, rich_markup_mode=None)


@app.command()
def upgrade(config: ConfigDir = CONFIG, store: StoreUrl = None) -> None:
    """Bring the store's schema to this program's version."""
    from okr_pipeline.application.workspace import open_project_store

    opened = open_project_store(config, store_url=store)
    opened.upgrade()
    typer.echo(f"{opened.place} is at the newest schema.")


@app.command()
def downgrade(
    revision: Annotated[str, typer.Argument(metavar="REVISION", help="The schema to go back to, such as 0001.")],
    config: ConfigDir = CONFIG,
    store: StoreUrl = None,
) -> None:
    """Take the schema back for an older program, with this one; what newer schemas added is lost. Back up before."""
    from okr_pipeline.application.errors import UsageError
    from okr_pipeline.application.workspace import open_project_store
    from okr_pipeline.store.versions import REVISIONS

    if revision not in REVISIONS:
        raise UsageError(f"There is no schema '{revision}'. This program knows: {', '.join(REVISIONS)}.")
    opened = open_project_store(config, store_url=store)
    opened.downgrade(revision)
    typer.echo(f"{opened.place} is at schema {revision}.")


@app.command()
def backup(
    path: Annotated[
        Path | None,
        typer.Argument(
            help="The file to write; default `.okr/backups/okr-<time>.db` beside the config directory.",
            show_default=False,
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
    config: ConfigDir = CONFIG,
    store: StoreUrl = None,
) -> None:
    """Write all of the store into one checked file, while others go on writing to it."""
    from okr_pipeline.application.workspace import open_project_store

    opened = open_project_store(config, store_url=store)
    written = opened.backup(path or _default_path(config, datetime.now(UTC)), force=force)
    typer.echo(f"{opened.place} is backed up and checked in {written.path}: {_content(written)}.")


@app.command()
def restore(
    path: Annotated[Path, typer.Argument(help="A file that `okr store backup` wrote, of either kind of store.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace the store that exists; its file is kept beside the new one.")
    ] = False,
    config: ConfigDir = CONFIG,
    store: StoreUrl = None,
) -> None:
    """Put a backup in the store's place, at this program's schema; PostgreSQL needs an empty database for it."""
    from okr_pipeline.application.workspace import open_project_store

    opened = open_project_store(config, store_url=store)
    restored = opened.restore(path, force=force)
    typer.echo(f"{opened.place} is restored from {path}: {_content(restored.backup)}.")
    if restored.replaced is not None:
        typer.echo(f"What it replaced is kept in {restored.replaced}.")


@app.command()
def doctor(config: ConfigDir = CONFIG, store: StoreUrl = None, as_json: AsJson = False) -> None:
    """Look for damage, unfinished runs and logins that can do too much; exits 1 when something is wrong."""
    from dataclasses import asdict

    from okr_pipeline.application.trust import examine_sources
    from okr_pipeline.application.workspace import open_project_store

    findings = (*open_project_store(config, store_url=store).doctor(), *examine_sources(config))
    if as_json:
        typer.echo(json.dumps([asdict(it) for it in findings]))
    else:
        from okr_pipeline.cli.tables import print_findings

        print_findings(findings)
    if any(it.status == "error" for it in findings):
        raise typer.Exit(1)


def _default_path(config: Path, now: datetime) -> Path:
    return config.resolve().parent / ".okr" / "backups" / f"okr-{now:%Y%m%dT%H%M%SZ}.db"


def _content(it: "Backup") -> str:
    known = "nothing recorded yet" if it.known_until is None else f"known until {it.known_until:%Y-%m-%d %H:%M:%S} UTC"
    return f"schema {it.revision}, {it.rows:,} rows, {known}"
