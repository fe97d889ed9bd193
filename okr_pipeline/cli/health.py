"""`okr health`: every metric against its healthy band, as of an instant."""

import json
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from okr_pipeline.cli.options import CONFIG, AsJson, AsOf, ConfigDir, KnownAt, StoreUrl

_COLOURS = {"breach": "red", "unknown": "magenta", "healthy": "green"}


def health(
    metric: Annotated[str | None, typer.Option(help="Only this metric.", metavar="ID", show_default=False)] = None,
    owner: Annotated[str | None, typer.Option(help="Only metrics that this person owns.", show_default=False)] = None,
    as_of: AsOf = None,
    known_at: KnownAt = None,
    config: ConfigDir = CONFIG,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show every metric against its healthy band: value, since when, signal or noise, and open reviews."""
    from okr_pipeline.application.health import told_health
    from okr_pipeline.application.workspace import open_applied

    workspace, known = open_applied(config, store_url=store, known_at=known_at)
    told = told_health(workspace, as_of=workspace.as_of(as_of), known_at=known, metric=metric, owner=owner)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
        return
    _print(told, workspace.project.calendar.timezone)


def _print(told: Mapping[str, Any], timezone: str) -> None:
    from rich.markup import escape
    from rich.table import Table

    from okr_pipeline.cli.tables import as_of_words, console

    out = console()
    out.print(f"{escape(told['project'])} · KPI health as of {as_of_words(told['as_of'], timezone)}")
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading, width in (("State", 10), ("Metric", 28)):
        table.add_column(heading, no_wrap=True, min_width=width, overflow="ellipsis")
    for heading in ("Value", "Healthy"):
        table.add_column(heading, justify="right", no_wrap=True)
    for heading in ("Since", "Signal", "Review since"):
        table.add_column(heading)
    judged = [it for it in told["metrics"] if it["state"] != "no_band"]
    for it in judged:
        table.add_row(*_cells(it, timezone))
    out.print(table if judged else "No metric has a healthy band. Write one as `healthy: {min: 90}`.")
    without = dict.fromkeys(it["metric"] for it in told["metrics"] if it["state"] == "no_band")
    if without:
        out.print(f"Not judged, without a healthy band: {escape(', '.join(without))}")


def _cells(it: Mapping[str, Any], timezone: str) -> list[Any]:
    from rich.text import Text

    from okr_pipeline.cli.tables import local
    from okr_pipeline.model.health import HealthState
    from okr_pipeline.rendering.bands import band_unit, band_words, signal_words, streak_words
    from okr_pipeline.rendering.numbers import quantity
    from okr_pipeline.rendering.words import reason

    state, unit = HealthState(it["state"]), band_unit(it["unit"], it["low"], it["high"])
    since = f"{local(it['since'], timezone)[:10]}, {streak_words(it['periods_in_row'])}" if it["since"] else ""
    return [
        Text(f"{state.glyph} {state.word}", style=_COLOURS[state]),
        Text(" ".join([it["metric"], *it["dimensions"].values()])),
        reason(it["reason"]) if it["reason"] else quantity(it["value"], unit, apart_from=_bound(it)),
        band_words(it["low"], it["high"], unit),
        since,
        signal_words(it["state"], it["signal"], it["direction"], noise=it["noise"]),
        local(it["review"]["since"], timezone)[:10] if it["review"] else "",
    ]


def _bound(it: Mapping[str, Any]) -> float | None:
    """The bound that a value is beyond, from which it must read unlike."""
    bound: float | None = it["high"] if (it["distance"] or 0) > 0 else it["low"]
    return bound
