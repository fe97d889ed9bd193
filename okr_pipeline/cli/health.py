"""`okr health`: every metric against its healthy band, as of an instant."""

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final

import typer

from okr_pipeline.cli.options import CONFIG, AsJson, AsOf, ConfigDir, KnownAt, StoreUrl

_HEADINGS: Final = ("State", "Metric", "Value", "Healthy", "Since", "Signal", "Review since")
_DISPENSABLE: Final = ("Signal", "Since", "Review since")
_NAMED: Final = 40
_BELOW: Final = {"Signal": "", "Review since": "Review since "}
"""What is told below the table where it has no room for the column, with how that begins."""

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

    from okr_pipeline.cli.columns import Lines, fitted, left_out
    from okr_pipeline.cli.tables import as_of_words, console
    from okr_pipeline.rendering.words import first_of

    out = console()
    out.print(f"{escape(told['project'])} · KPI health as of {as_of_words(told['as_of'], timezone)}")
    judged = [it for it in told["metrics"] if it["state"] != "no_band"]
    if judged:
        rows = [_cells(it, timezone) for it in judged]
        widths = fitted(_HEADINGS, rows, out.width, elastic={"Metric": (24, 60)}, dispensable=_DISPENSABLE)
        out.print(Lines(_HEADINGS, rows, widths, figures=("Value", "Healthy")))
        if more := left_out([it for it in _HEADINGS if it not in _BELOW], widths):
            out.print(f"A wider terminal also shows: {more}", style="dim")
        for heading in (it for it in _BELOW if it not in widths):
            for said, metrics in _grouped(rows, heading).items():
                out.print(f"{_BELOW[heading]}{said}: {escape(first_of(metrics, _NAMED))}")
    else:
        out.print("No metric has a healthy band. Write one as `healthy: {min: 90}`.")
    without = dict.fromkeys(it["metric"] for it in told["metrics"] if it["state"] == "no_band")
    if without:
        out.print(f"Not judged, without a healthy band: {escape(first_of([*without], _NAMED))}")


def _grouped(rows: Sequence[Sequence[Any]], heading: str) -> dict[str, list[str]]:
    """The metrics for which a column says the same, where it says something."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if said := str(row[_HEADINGS.index(heading)]):
            found.setdefault(said, []).append(str(row[_HEADINGS.index("Metric")]))
    return found


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
