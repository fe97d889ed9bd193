"""`okr forecast`: how far forecasts can be trusted."""

import json
from typing import TYPE_CHECKING

import typer

from okr_pipeline.cli.options import CONFIG, AsJson, AsOf, ConfigDir, KnownAt, StoreUrl

if TYPE_CHECKING:
    from okr_pipeline.application.telling import Record

app = typer.Typer(no_args_is_help=True, help="Measure how far forecasts can be trusted.")


@app.callback()
def forecast() -> None:
    """Keep `backtest` a command of its own."""


@app.command()
def backtest(
    as_of: AsOf = None,
    known_at: KnownAt = None,
    config: ConfigDir = CONFIG,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Replay forecasts on the history of the store, compare with what came of it, record how good they were.

    With --known-at they are those of the configuration that was applied then, on what was known then, and nothing is
    recorded.
    """
    from okr_pipeline.application import backtesting
    from okr_pipeline.application.telling import plain_rows
    from okr_pipeline.application.workspace import open_applied, open_for_writing

    if known_at is None:
        workspace, known = open_for_writing(config, store_url=store), None
    else:
        workspace, known = open_applied(config, store_url=store, known_at=known_at)
    told = plain_rows(backtesting.backtest(workspace, workspace.as_of(as_of), known))
    if as_json:
        typer.echo(json.dumps({"calibration": told}, ensure_ascii=False))
        return
    _print(told)


def _print(told: "list[Record]") -> None:
    from rich.table import Table

    from okr_pipeline.cli.tables import console

    if not told:
        typer.echo("No key result could be replayed: there must be four weeks of history before a whole span.")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("Family", "Forecasts", "Inside 80 %", "Brier", "Pace rule", "Naive", "Better than pace"):
        table.add_column(heading, justify="left" if heading == "Family" else "right")
    for it in told:
        scores = (f"{it[name]:.3f}" for name in ("brier", "brier_pace", "brier_naive"))
        better = f"{1 - it['brier'] / it['brier_pace']:+.0%}"
        table.add_row(it["family"], f"{it['forecasts']:,}", f"{it['coverage']:.0%}", *scores, better)
    console().print(table)
    console().print(f"Replayed {told[0]['first_day']} to {told[0]['last_day']}. Brier: mean squared error of chances.")
