"""`okr connectors`: what can be read, and whether it answers."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, Literal

import typer

from okr_pipeline.cli.options import CONFIG, AsJson, ConfigDir
from okr_pipeline.model.zones import zone
from okr_pipeline.rendering.words import plural

if TYPE_CHECKING:
    from pandas import DataFrame, Series
    from pydantic import BaseModel

    from connectors.contract import Description, Exchange
    from connectors.errors import ConfigKey
    from okr_pipeline.application.workspace import Workspace
    from okr_pipeline.cli.recipes import Recipe
    from okr_pipeline.config.places import Place, Places

_MOST_SHOWN: Final = 20
_MOST_OF_A_TEXT: Final = 40
_REFUSED: Final = 400
"""The least status of HTTP that refuses."""

app = typer.Typer(help="What can be read, and whether it answers.", no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the installed connectors, and the recipes over rest: what they are tested against and what is untested."""
    from connectors.catalogue import load_connectors
    from okr_pipeline.cli.recipes import OVER, recipes

    described = [_summary(connector.describe()) for _, connector in sorted(load_connectors().items())]
    described += [_recipe_summary(it) for it in recipes().values() if it.connector == OVER]
    if as_json:
        typer.echo(json.dumps(described))
        return
    from okr_pipeline.cli.tables import print_connectors

    print_connectors(described)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A connector or recipe, as `okr connectors list` names it.")],
) -> None:
    """Show the keys of a connector's sources and metrics, as JSON Schema, or a recipe's files."""
    from connectors.catalogue import load_connectors
    from okr_pipeline.application.errors import UsageError
    from okr_pipeline.cli.recipes import recipes

    connectors, there = load_connectors(), recipes()
    if name not in connectors and name in there:
        typer.echo(f"{there[name].sources}\n{there[name].metrics}", nl=False)
        return
    if name not in connectors:
        listed = ", ".join(sorted({*connectors, *there}))
        raise UsageError(f"There is no connector '{name}', nor a recipe. Installed: {listed}.")
    it = connectors[name].describe()
    schemas = {"settings": it.settings.model_json_schema(), "request": it.request.model_json_schema()}
    typer.echo(json.dumps({**_summary(it), **schemas}, indent=2))


@app.command("test")
def check(
    name: Annotated[str, typer.Argument(metavar="SOURCE|METRIC", help="A source of the configuration, or a metric.")],
    config: ConfigDir = CONFIG,
) -> None:
    """Ask a source whether it answers, or read the newest periods of a metric and show them. Nothing is kept.

    Of a source it warns of what should not stay, such as a login that can write.
    """
    from okr_pipeline.application.errors import UsageError
    from okr_pipeline.application.workspace import open_workspace

    workspace = open_workspace(config)
    configuration = workspace.configuration
    read = [metric.id for metric in configuration.metrics.values() if metric.source in configuration.sources]
    if name in configuration.sources:
        with _placed(workspace, config, "source", name):
            typer.echo(_answered(workspace, name))
    elif name in read:
        with _placed(workspace, config, "metric", name):
            typer.echo(_sampled(workspace, name))
    else:
        listed = f"Sources: {', '.join(configuration.sources)}. Metrics of sources: {', '.join(read)}."
        raise UsageError(f"There is no source '{name}', nor a metric that is read from one. {listed}")


def _answered(workspace: "Workspace", source: str) -> str:
    from okr_pipeline.application.reading import check_source

    return "\n".join([f"{source} answers.", *(f"Caution: {it}" for it in check_source(workspace, source))])


def _sampled(workspace: "Workspace", metric_id: str) -> str:
    from connectors.errors import ConnectorError
    from okr_pipeline.application.reading import sample

    exchanges: list[Exchange] = []
    try:
        evidence, window, points = sample(workspace, metric_id, exchanges.append)
    except ConnectorError:
        # What was asked, and what came of it, says more than any error.
        typer.echo("\n".join(_answer(exchanges[-1].request, exchanges[-1]) if exchanges else ()))
        raise
    there = zone(workspace.configuration.calendar_of(workspace.configuration.metrics[metric_id]).timezone)
    count = plural(len(points), "point")
    stretch = f"from {window.start.astimezone(there):%Y-%m-%d} to {window.end.astimezone(there):%Y-%m-%d}"
    columns = points[["period_start", "value", "raw_value", "dimensions"]].head(_MOST_SHOWN)
    lines = [_point(start.astimezone(there), *more) for start, *more in columns.itertuples(index=False, name=None)]
    more = [f"  … and {len(points) - _MOST_SHOWN} more"] if len(points) > _MOST_SHOWN else []
    # The first page, not what was tried again before it came.
    answered = [it for it in exchanges if it.status < _REFUSED]
    answer = _answer(evidence.request, *answered[:1])
    cautions = [f"Caution: {it}" for it in _cautions(points)]
    return "\n".join([*answer, f"{count} {stretch}{':' if lines else ''}", *lines, *more, *cautions])


@contextmanager
def _placed(workspace: "Workspace", config: Path, about: Literal["source", "metric"], name: str) -> Iterator[None]:
    """An error says where the source or metric is written, and of a key that it says to correct where that is.

    What a metric leaves out its source may say for all, such as how answers go on.
    """
    from connectors.errors import ConnectorError, reworded
    from okr_pipeline.config.places import read_places

    try:
        yield
    except ConnectorError as error:
        metric = workspace.configuration.metrics.get(name) if about == "metric" else None
        source = name if metric is None else str(metric.source)
        file, line, column = _place(read_places(config), error.key, None if metric is None else name, source)
        raise reworded(error, f"{file}:{line}:{column}: {error}") from None


def _place(places: "Places", key: "ConfigKey | None", metric: str | None, source: str) -> "Place":
    keys = key.path if key is not None else ()
    if metric is None or (key is not None and _is_source_s(places, key, metric, source)):
        return places.of("source", source, keys)
    return places.of("metric", metric, keys)


def _is_source_s(places: "Places", key: "ConfigKey", metric: str, source: str) -> bool:
    deeper = places.depth("source", source, key.path) > places.depth("metric", metric, key.path)
    return key.of_source or deeper


def _cautions(points: "DataFrame") -> Iterator[str]:
    """What a run would not take of these points, though they could be read."""
    texts = points["value"].isna() & points["raw_value"].notna()
    if texts.any():
        first = str(points.loc[texts, "raw_value"].iloc[0])[:_MOST_OF_A_TEXT]
        yield (
            f"a run refuses {plural(int(texts.sum()), 'value')} that {_are(texts)} no number, the first: '{first}'."
            " Make numbers of them where they are asked for: to_number() in rows of an API, a cast in a query, digits"
            " with a decimal point in a file."
        )
    if len(points) and points[["value", "raw_value"]].isna().all(axis=None):
        yield (
            "none of these has a value, so that a run takes all for missing. Look at what value is asked for by:"
            " its name in rows of an API, in columns, or in the query."
        )
    odd = points["period_end"].isna()
    if odd.any():
        yield (
            f"a run refuses {plural(int(odd.sum()), 'row')} that {_are(odd)} not of the first instant of a period."
            " Ask for one row of each period, or let records be added up: add_up of an API, a sum in a query."
        )
    again = points.duplicated(["period_start", "dimensions"]) & ~odd
    if again.any():
        yield (
            f"a run refuses {plural(int(again.sum()), 'row')} of a period and members that another row is of, and that"
            " one, too. Ask for one row of each, add a dimension, or let records be added up: add_up of an API, a sum"
            " in a query."
        )


def _are(rows: "Series[bool]") -> str:
    return "is" if rows.sum() == 1 else "are"


def _answer(request: str, *exchanges: "Exchange") -> list[str]:
    """What was asked, and of an API the beginning of the answer, as lines."""
    said = [line for it in exchanges for line in (f"Answered with status {it.status}:", *_indented(it.excerpt), "")]
    return [request, "", *said]


def _indented(text: str) -> list[str]:
    return [f"  {line}" for line in text.splitlines()]


def _point(start: datetime, value: float, raw_value: object, dimensions: str) -> str:
    when = f"{start:%Y-%m-%d %H:%M}".removesuffix(" 00:00")
    shown = repr(raw_value) if isinstance(raw_value, str) else "null" if value != value else f"{value:.15g}"  # noqa: PLR0124 - NaN alone
    members = ", ".join(
        f"{name}={'null' if member is None else member}" for name, member in json.loads(dimensions).items()
    )
    return f"  {when}  {shown}  {members}".rstrip()


def _summary(it: "Description[BaseModel, BaseModel]") -> dict[str, object]:
    names = ("name", "summary", "history", "additivity", "tested_against", "untested")
    hours = None if it.closes_after is None else f"{it.closes_after / timedelta(hours=1):g}h"
    return {**{name: getattr(it, name) for name in names}, "closes_after": hours, "over": None}


def _recipe_summary(it: "Recipe") -> dict[str, object]:
    from okr_pipeline.cli.recipes import TESTED_AGAINST, UNTESTED

    told = {"name": it.name, "summary": it.summary, "history": True, "additivity": [], "closes_after": None}
    return {**told, "tested_against": TESTED_AGAINST, "untested": UNTESTED, "over": it.connector}
