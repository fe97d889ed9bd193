"""Amendments in practice: what was promised changes by amendment, never silently.

A configuration is compared with the one that was applied last, before anything is done with it. A key result whose
scores were published keeps its history: what is written must continue it, or `okr run --amend` records the difference.

Belongs here: joining what is written with what was applied, and refusing what does not continue it. Does not: comparing
two definitions (model.histories).
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pandas as pd

from okr_pipeline.application.applied import applied_configuration
from okr_pipeline.application.errors import UnamendedChange
from okr_pipeline.application.renaming import renames_to_take, require_later_names, require_no_lost_history
from okr_pipeline.application.workspace import Workspace, from_here
from okr_pipeline.config.archive import amendment_text, version
from okr_pipeline.config.writing import history_lines, place_of
from okr_pipeline.model.amending import definitions_of
from okr_pipeline.model.changes import DefinitionChange
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.histories import (
    amendment_of,
    changes_of_promise,
    day_of_amendment,
    joined,
    with_amendment,
    with_news,
)
from okr_pipeline.model.okr import KeyResult
from okr_pipeline.model.renaming import Names, renamed

_MOST_TOLD = 20
_ANY_REASON = "why it changed"


@dataclass(frozen=True, slots=True)
class Amending:
    """What a run is to record where a promise changed: the reason, and the author, else the key result's owner."""

    reason: str
    author: str | None = None


@dataclass(frozen=True, slots=True)
class _Break:
    """A key result that does not continue its history."""

    applied: KeyResult
    written: KeyResult


@dataclass(frozen=True, slots=True)
class Foreseen:
    """A configuration as a run would take it: with the histories that it continues, and with changes recorded, too.

    `asks` are the key results that do not continue their history, with what of their promise changed; where nothing of
    it did, their amendments are others.
    """

    joined: Configuration
    amended: Configuration
    asks: Mapping[str, tuple[DefinitionChange, ...]]


def continued(workspace: Workspace, *, today: date | None = None, amending: Amending | None = None) -> Workspace:
    """The project with every amendment that was applied, those that are newly written and, if asked, recorded.

    `today` is the day on which changes are recorded, by default that of the project's instant.

    Raises:
        LostHistory: what was renamed would lose its history, or take another's.
        UnamendedChange: what was promised changed without an amendment; it says what to paste.
    """
    names = renames_to_take(workspace).names
    applied = _applied(workspace)
    if applied is None:
        return workspace
    require_later_names(workspace)
    applied = renamed(applied, names)
    require_no_lost_history(workspace, applied)
    day = today or workspace.project.calendar.last_date_before(workspace.as_of())
    made, breaks = _continuing(workspace.configuration, applied)
    breaks = _of_published(workspace, breaks, names)
    if breaks and amending is None:
        raise UnamendedChange(_refusal(workspace.config_dir, breaks, day))
    for each in breaks:
        made[each.written.full_id] = _amended(workspace.config_dir, each, day, amending or Amending(_ANY_REASON))
    return replace(workspace, configuration=_with(workspace.configuration, made)) if made else workspace


def foreseen(workspace: Workspace, applied: Configuration, names: Names, today: date) -> Foreseen:
    """What a run on a day would make of the project, beside what was applied, under the ids that things will have.

    `names` are those that are still to be taken. Nothing is refused: what could not be recorded stays as it is written.
    """
    made, breaks = _continuing(workspace.configuration, applied)
    breaks = _of_published(workspace, breaks, names)
    joined = _with(workspace.configuration, made)
    for each in breaks:
        with suppress(UnamendedChange):
            made[each.written.full_id] = _amended(workspace.config_dir, each, today, Amending(_ANY_REASON))
    asks = {it.written.full_id: changes_of_promise(it.applied, it.written) for it in breaks}
    return Foreseen(joined, _with(workspace.configuration, made), asks)


def amendments_frame(configuration: Configuration) -> pd.DataFrame:
    """Every amendment of a configuration, as the store keeps it: `before` and `after` are what it changed, as JSON."""
    rows = []
    for key_result in configuration.key_results():
        if not key_result.amendments:
            continue
        definitions = list(definitions_of(key_result))
        for number, it in enumerate(key_result.amendments, start=1):
            before, after = (amendment_text(definitions[at], it) for at in (number - 1, number))
            about = (it.on.isoformat(), it.author, it.reason, it.recorded)
            rows.append((key_result.full_id, number, *about, before, after))
    columns = ["key_result", "number", "effective_on", "author", "reason", "recorded", "before", "after"]
    return pd.DataFrame(rows, columns=columns)


def _applied(workspace: Workspace) -> Configuration | None:
    """The configuration that was applied last; None where it is this one, or there is none."""
    if workspace.store.applied_version() in (None, workspace.configuration.version):
        return None
    return applied_configuration(workspace.store)


def _continuing(written: Configuration, applied: Configuration) -> tuple[dict[str, KeyResult], list[_Break]]:
    """The key results that are more than what is written of them, and those that do not continue their history."""
    before = {it.full_id: it for it in applied.key_results()}
    made: dict[str, KeyResult] = {}
    breaks: list[_Break] = []
    for it in written.key_results():
        known = before.get(it.full_id)
        together = it if known is None else joined(known, it)
        if together is None and known is not None:
            breaks.append(_Break(known, it))
        elif together is not it and together is not None:
            made[it.full_id] = together
    return made, breaks


def _of_published(workspace: Workspace, breaks: list[_Break], names: Names) -> list[_Break]:
    """Those of key results with published scores, which have former ids until names are taken."""
    if not breaks:
        return breaks
    published = {names.key_result.get(it, it) for it in workspace.store.published_key_results()}
    return [it for it in breaks if it.written.full_id in published]


def _amended(config_dir: Path, broken: _Break, today: date, amending: Amending) -> KeyResult:
    """The history with what changed recorded as an amendment of today.

    Raises:
        UnamendedChange: it cannot be recorded.
    """
    applied, written = broken.applied, broken.written
    changes = changes_of_promise(applied, written)
    if day_of_amendment(applied, written, today) != today or not changes:
        raise UnamendedChange(_refusal(config_dir, [broken], today, recording=True))
    author = amending.author or written.owner
    new = amendment_of(changes, on=today, reason=amending.reason, author=author, recorded=True)
    together = joined(with_amendment(applied, new), written)
    if together is None:
        raise UnamendedChange(_refusal(config_dir, [broken], today, recording=True))
    return together


def _with(configuration: Configuration, made: Mapping[str, KeyResult]) -> Configuration:
    if not made:
        return configuration
    objectives = {
        name: replace(it, key_results=tuple(made.get(each.full_id, each) for each in it.key_results))
        for name, it in configuration.objectives.items()
    }
    together = replace(configuration, objectives=objectives)
    return replace(together, version=version(together))


def _refusal(config_dir: Path, breaks: list[_Break], today: date, *, recording: bool = False) -> str:
    told = [_told(config_dir, it, today, recording=recording) for it in breaks[:_MOST_TOLD]]
    more = [f"… and {len(breaks) - _MOST_TOLD} more key results."] if len(breaks) > _MOST_TOLD else []
    count = f"{len(breaks)} key result{'s' if len(breaks) != 1 else ''}"
    ending = f"{count} changed without an amendment; nothing was done."
    if not recording:
        ending += (
            " Paste what stands above in place of the keys with these names,"
            ' or run `okr run --amend "REASON"`, which records what changed as of today.'
        )
    return "\n\n".join([*told, *more, ending])


def _told(config_dir: Path, broken: _Break, today: date, *, recording: bool) -> str:
    applied, written = broken.applied, broken.written
    changes = changes_of_promise(applied, written)
    place = place_of(config_dir, written)
    where = f"{from_here(place.file)}:{place.line}:{place.column}: " if place else ""
    what = " and ".join(sorted({change.aspect.value for change in changes}))
    day = day_of_amendment(applied, written, today)
    history = applied
    if not changes:
        fault, why = "its amendments are not those that were applied", "They are added to and never changed"
    elif day is None:
        fault = f"its {what} changed, and no day is left on which that could be amended"
        why = "What was promised cannot change once it is over"
    else:
        fault, why = f"its {what} changed, and no amendment says so", "People have acted on what was promised"
        reason = _ANY_REASON
        history = with_amendment(applied, amendment_of(changes, on=day, reason=reason, author=written.owner))
        if changes_of_promise(history, written):
            history = applied
            fault = "it reads no metric any more, which no amendment can say"
            why = "A sum of others is another promise: cancel this one, and give that an id of its own"
        elif recording:
            fault = f"its {what} changed, and cannot be recorded as of {today}"
            why = f"The nearest day on which it can be amended is {day}, and its other amendments stay as they were"
    indent = " " * ((place.keys_column if place else 1) - 1)
    lines = [f"{indent}{line}" for line in history_lines(with_news(history, written), written)]
    return "\n".join([f"{where}key result '{written.full_id}': {fault}. {why}. Write:", "", *lines])
