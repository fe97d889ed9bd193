"""`okr forecast`: how far forecasts can be trusted."""

import json
from typing import TYPE_CHECKING

import typer

from okr_pipeline.cli.options import CONFIG, AsJson, AsOf, ConfigDir, KnownAt, StoreUrl

if TYPE_CHECKING:
    from okr_pipeline.application.telling import Record

app = typer.Typer(
    no_args_is_help=True,
    help="Measure how far forecasts can be trusted. `okr status` and `okr explain ID` tell the forecasts themselves.",
)


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
    from okr_pipeline.application.workspace import open_applied, open_workspace

    if known_at is None:
        workspace, known = open_workspace(config, store_url=store), None
        workspace.store.require_current()
    else:
        workspace, known = open_applied(config, store_url=store, known_at=known_at)
    told = plain_rows(backtesting.backtest(workspace, workspace.as_of(as_of), known))
    if as_json:
        typer.echo(json.dumps({"calibration": told}, ensure_ascii=False))
        return
    _print(told)


_LEGEND = (
    "Family: what a value is, see docs/forecast.md. Inside 80 %: how many ends the interval held; four of five are "
    "meant, more is too wide, fewer too narrow. Brier: mean squared error of the chances, less is better; beside it "
    "that of chances by pace alone, and of a last value that stays."
)


def _print(told: "list[Record]") -> None:
    from rich.table import Table

    from okr_pipeline.cli.tables import console
    from okr_pipeline.rendering.numbers import percent

    if not told:
        typer.echo("No key result could be replayed: there must be four weeks of history before a whole span.")
        return
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("Family", "Forecasts", "Inside 80 %", "Brier", "Pace rule", "Naive", "Better than pace"):
        table.add_column(heading, justify="left" if heading == "Family" else "right")
    for it in told:
        scores = (f"{it[name]:.3f}" for name in ("brier", "brier_pace", "brier_naive"))
        better = _share_better(it["brier"], it["brier_pace"])
        table.add_row(it["family"], f"{it['forecasts']:,}", percent(it["coverage"]), *scores, better)
    out = console()
    out.print(table)
    out.print(f"Replayed {told[0]['first_day']} to {told[0]['last_day']}.")
    out.print(_LEGEND, style="dim")


def _share_better(brier: float, peer: float) -> str:
    """By which share of the peer's error an error is smaller; none where the peer made none."""
    from okr_pipeline.rendering.numbers import UNKNOWN, percent

    share = percent(1 - brier / peer) if peer else UNKNOWN
    return share if share.startswith(("−", UNKNOWN)) else f"+{share}"
