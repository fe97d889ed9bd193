"""`okr check-in`: what a person says of a key result, or answers to a survey."""

import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import date
from math import isfinite
from typing import TYPE_CHECKING, Annotated, Any

import typer

from okr_pipeline.cli.options import CONFIG, AsJson, ConfigDir, StoreUrl

if TYPE_CHECKING:
    from okr_pipeline.application.check_ins import Recorded
    from okr_pipeline.application.workspace import Workspace
    from okr_pipeline.model.check_in import CheckIn
    from okr_pipeline.model.metric import Metric
    from okr_pipeline.model.okr import KeyResult


def check_in(
    identifier: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A key result: `<cycle>/<id>` or `<id>`.", show_default=False)
    ] = None,
    metric: Annotated[
        str | None, typer.Option(metavar="ID", help="A survey to answer, instead of a key result.", show_default=False)
    ] = None,
    value: Annotated[
        float | None, typer.Option(help="The value of a manual key result, or the answer.", show_default=False)
    ] = None,
    confidence: Annotated[
        float | None, typer.Option(help="That it will be reached, 0 to 1.", show_default=False)
    ] = None,
    note: Annotated[str | None, typer.Option(help="What happened, what is next.", show_default=False)] = None,
    finding: Annotated[str | None, typer.Option(help="What was learnt.", show_default=False)] = None,
    author: Annotated[
        str | None,
        typer.Option(help="Who says it; default the key result's owner.", envvar="OKR_AUTHOR", show_default=False),
    ] = None,
    on: Annotated[
        str | None, typer.Option(metavar="DAY", help="The day it speaks about; default today.", show_default=False)
    ] = None,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="Take back what the author said of that day.")] = False,
    config: ConfigDir = CONFIG,
    store: StoreUrl = None,
    as_json: AsJson = False,
) -> None:
    """Record how a key result is doing, or answer a survey. On a terminal what is not given is asked for."""
    from okr_pipeline.application import check_ins
    from okr_pipeline.application.workspace import open_for_writing

    workspace = open_for_writing(config, store_url=store)
    about = _about(workspace, identifier, metric)
    day = check_ins.today(workspace) if on is None else _day(on)
    said: dict[str, Any] = {"value": value, "confidence": confidence, "note": note, "finding": finding}
    if sys.stdin.isatty() and not withdraw and all(it is None for it in said.values()):
        check_ins.require_day(workspace, about, day)
        said, author = _asked(about, author)
    made = _check_in(about, author, day, {} if withdraw else said)
    recorded = check_ins.record_by_command(workspace, made, withdraw=withdraw)
    typer.echo(json.dumps(_record(recorded), ensure_ascii=False) if as_json else _sentence(recorded, withdraw=withdraw))


def _about(workspace: "Workspace", identifier: str | None, metric: str | None) -> "KeyResult | Metric":
    from okr_pipeline.application import check_ins
    from okr_pipeline.application.errors import UsageError

    if identifier is not None and metric is None:
        return check_ins.subject_of(workspace, identifier)
    if metric is not None and identifier is None:
        return check_ins.survey_of(workspace, metric)
    given = "both are given" if metric else "neither is given"
    raise UsageError(f"A check-in is about a key result or a survey, and {given}. Write its ID, or --metric ID.")


def _day(on: str) -> date:
    from okr_pipeline.application.errors import UsageError

    try:
        return date.fromisoformat(on)
    except ValueError:
        raise UsageError(f"--on '{on}' is not a date. Write it like 2013-05-17.") from None


def _check_in(about: "KeyResult | Metric", author: str | None, day: date, said: dict[str, Any]) -> "CheckIn":
    from okr_pipeline.application.errors import UsageError
    from okr_pipeline.model.check_in import CheckIn
    from okr_pipeline.model.okr import KeyResult

    words: dict[str, Any] = {
        name: (text.strip() or None) if isinstance(text, str) else text for name, text in said.items()
    }
    if isinstance(about, KeyResult):
        return CheckIn(about.full_id, day, author or about.owner, **words)
    if not author:
        raise UsageError("An answer needs its author: of several of one author the newest counts. Name it by --author.")
    return CheckIn(about.id, day, author, **words)


def _asked(about: "KeyResult | Metric", author: str | None) -> tuple[dict[str, Any], str | None]:
    """What a person types in; an empty line leaves out what may be left out, and a wrong answer is asked for again."""
    from okr_pipeline.application.errors import UsageError
    from okr_pipeline.model.okr import KeyResult

    try:
        return _asked_of_key_result(about, author) if isinstance(about, KeyResult) else _asked_of_survey(about, author)
    except typer.Abort:
        typer.echo(err=True)
        raise UsageError("Nothing was recorded.") from None


def _asked_of_key_result(about: "KeyResult", author: str | None) -> tuple[dict[str, Any], str | None]:
    from okr_pipeline.model.amending import defined_last
    from okr_pipeline.model.okr import Manual

    typer.echo(f"{about.full_id}: {about.title}", err=True)
    measure = defined_last(about).measure
    value = _line(f"Value, {measure.from_:g} to {measure.to:g}", _number) if isinstance(measure, Manual) else None
    confidence = _line("Confidence, 0 to 1", _share)
    said = {"value": value, "confidence": confidence, "note": _line("Note"), "finding": _line("Finding")}
    return said, author or _line("Author", default=about.owner)


def _asked_of_survey(about: "Metric", author: str | None) -> tuple[dict[str, Any], str | None]:
    typer.echo(f"{about.id}: {about.name}, {about.unit}", err=True)
    said = {"value": _line("Value", _number, default=None), "note": _line("Note")}
    return said, author or _line("Author", default=None)


def _line(question: str, read: Callable[[str], Any] = str.strip, default: str | None = "") -> Any:
    """One answer as `read` has it; asked again where that refuses it, and where it is empty and there is no default."""
    return typer.prompt(question, default=default, show_default=bool(default), value_proc=read, err=True)


def _number(text: str) -> float | None:
    try:
        number = float(text) if text.strip() else None
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a number. Write it like 3.5.") from None
    if number is not None and not isfinite(number):
        raise typer.BadParameter(f"{number} is not a number that can be scored. Write one with digits.")
    return number


def _share(text: str) -> float | None:
    share = _number(text)
    if share is not None and not 0 <= share <= 1:
        raise typer.BadParameter(f"{share:g} is not between 0 and 1. Write 0.6 for 60 %.")
    return share


def _record(recorded: "Recorded") -> dict[str, Any]:
    from okr_pipeline.application.telling import stamp

    said = asdict(recorded.check_in)
    said["on"] = recorded.check_in.on.isoformat()
    written = {"written": recorded.written, "revision": recorded.revision, "recorded_at": stamp(recorded.recorded_at)}
    return {**said, **written}


def _sentence(recorded: "Recorded", *, withdraw: bool) -> str:
    it = recorded.check_in
    what = f"{it.subject} on {it.on} by {it.author}"
    if not recorded.written:
        return f"Nothing new: {what} was taken back already." if withdraw else f"Nothing new: {what} says so already."
    if withdraw:
        return f"Taken back: {what}."
    corrected = f", revision {recorded.revision}" if recorded.revision > 1 else ""
    if "/" not in it.subject:
        return f"Answered: {what}{corrected}. The next `okr run` counts it, once its period has ended."
    return f"Checked in: {what}{corrected}. `okr status` counts it; `okr run` records the score."
