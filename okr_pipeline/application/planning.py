"""Planning: what a configuration would change, before anything is written.

Belongs here: definitions, scores and alerts before and after, what must be read first, what asks for a reason. Does
not: reading other configurations (committed, workspace), layout (cli).

Both sides are scored from what the store knows now, as of one instant, so that every difference is the configuration's
own. A run of the new one with nothing new in its sources records exactly the `after` rows.
"""

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass, replace
from datetime import datetime
from typing import Any

import pandas as pd

from okr_pipeline.application.alerts import foresee
from okr_pipeline.application.amending import Foreseen, foreseen
from okr_pipeline.application.applied import applied_configuration
from okr_pipeline.application.errors import NothingApplied
from okr_pipeline.application.gathering import evaluate, gather
from okr_pipeline.application.remembering import remembering
from okr_pipeline.application.renaming import Renames, not_claimed, renames_between, renames_to_take
from okr_pipeline.application.scoping import contributors, current, scope_of
from okr_pipeline.application.telling import Record, key_result_records, objective_records, stamp
from okr_pipeline.application.windows import plan_windows, read_so_far, redefined_since, whole_windows
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.config.writing import key_text
from okr_pipeline.model.changes import Aspect, DefinitionChange, definition_changes
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.okr import Amendment, KeyResult
from okr_pipeline.model.rename import Renamed
from okr_pipeline.model.renaming import Names, renamed
from okr_pipeline.store import StoreMissing

_READ_BY = ("source", "request", "grain", "dimensions", "timezone", "year", "unit")
"""Fields of a metric that decide which values a read brings."""
_JUDGED_ANEW = "expect changed: what is read is judged anew"


@dataclass(frozen=True, slots=True)
class Plan:
    """What would change. Records are JSON values; what does not change is only counted.

    `key_results`, `objectives`: id, `change` (added, changed, removed), `before` and `after` as in `okr status --json`,
    and `unread`, the metrics that must be read first; then `after` is None, because it is unknown until then.
    `reads`: metrics that the next run reads anew or further back. `amendments`: what would be recorded, and what `asks`
    for a reason. `renames`: kind, `former` and new id, and whether the former one is `known` to the store. `alike`:
    what is gone and what is new and like it, which nobody said was renamed.
    """

    against: str
    as_of: str
    known_at: str | None
    before_version: str
    after_version: str
    definitions: list[Record]
    key_results: list[Record]
    objectives: list[Record]
    alerts: list[Record]
    reads: list[Record]
    amendments: list[Record]
    renames: list[Record]
    alike: list[Record]
    untouched_key_results: int
    untouched_objectives: int

    @property
    def has_changes(self) -> bool:
        """Whether anything at all would change."""
        return bool(self.definitions or self.renames or self.key_results or self.objectives or self.alerts)


def plan(workspace: Workspace, before: Configuration, *, against: str, as_of: datetime) -> Plan:
    """What the workspace's configuration would change of another one. Nothing is written.

    Raises:
        LostHistory: two histories would become one.
    """
    workspace = replace(workspace, store=remembering(workspace.store))
    after, renames = workspace.configuration, renames_to_take(workspace)
    told = renames_between(before, after)
    one, other = (_foreseen(workspace, it, renames.names, as_of) for it in (renamed(before, told), after))
    changes = definition_changes(one.joined, other.joined)
    # Scores come from the store, which has what is yet to be renamed under its former id.
    back = renames.names.back()
    old, new = (replace(workspace, configuration=renamed(it.amended, back)) for it in (one, other))
    reads = list(_reads(new, old.configuration, as_of))
    unread = _unread(old.configuration, new.configuration, reads)
    key_results, objectives = _all_moved(old, new, as_of, unread) if changes else ([], [])
    known = workspace.store.known_until()
    made = Plan(
        against=against,
        as_of=stamp(as_of),
        known_at=stamp(known) if known else None,
        before_version=before.version,
        after_version=other.joined.version,
        definitions=[_definition(it) for it in changes],
        key_results=_under("key_result", key_results, renames.names),
        objectives=_under("objective", objectives, renames.names),
        alerts=_under("key_result", _alerts(old, new, as_of, unread) if changes else [], renames.names),
        reads=_under("metric", reads, renames.names),
        amendments=list(_amendments(one.joined, other)),
        renames=list(_renames(told, renames)),
        alike=[{"kind": kind, "former": former, "id": new} for kind, former, new in not_claimed(one.joined, after)],
        untouched_key_results=sum(1 for _ in after.key_results()) - _still_there(key_results),
        untouched_objectives=len(after.objectives) - _still_there(objectives),
    )
    hidden: dict[str, Any] = json.loads(workspace.secrets.hidden(json.dumps(asdict(made), ensure_ascii=False)))
    return Plan(**hidden)


def last_applied(workspace: Workspace) -> Configuration:
    """The configuration that was applied to the store last.

    Raises:
        NothingApplied: there is no store yet, or nothing was applied to it.
    """
    try:
        workspace.store.require_current()
    except StoreMissing:
        raise NothingApplied(
            f"There is no store at {workspace.store.place} yet, so nothing was applied and everything is new."
            " `okr run` makes it."
        ) from None
    applied = applied_configuration(workspace.store)
    if applied is None:
        raise NothingApplied(f"{workspace.store.place} holds no scores yet. Nothing was applied. Run `okr run` first.")
    return applied


def _scores(workspace: Workspace, as_of: datetime) -> tuple[dict[str, Record], dict[str, Record]]:
    scores = evaluate(workspace.configuration, gather(workspace, as_of), as_of)
    return (
        {it["id"]: it for it in key_result_records(scores.key_results)},
        {it["id"]: it for it in objective_records(scores.objectives)},
    )


def _all_moved(
    old: Workspace, new: Workspace, as_of: datetime, unread: Mapping[str, Sequence[str]]
) -> tuple[list[Record], list[Record]]:
    """The key results that differ, and the objectives, of those that the next run scores by either configuration."""
    scored = {it.full_id for side in (old, new) for it in current(side, as_of).configuration.key_results()}
    before, after = (_scores(current(side, as_of, besides=scored), as_of) for side in (old, new))
    return _moved(before[0], after[0], unread), _moved(before[1], after[1], unread)


def _moved(
    before: Mapping[str, Record], after: Mapping[str, Record], unread: Mapping[str, Sequence[str]]
) -> list[Record]:
    """The rows that differ, in the order of the new configuration, then those that are gone."""
    moved = []
    for name in [*after, *(it for it in before if it not in after)]:
        one, other, waiting = before.get(name), after.get(name), list(unread.get(name, ()))
        if one == other and not waiting:
            continue
        change = "added" if one is None else "removed" if other is None else "changed"
        moved.append(
            {"id": name, "change": change, "unread": waiting, "before": one, "after": None if waiting else other}
        )
    return moved


_IDS: Mapping[str, Renamed] = {
    "key_result": "key_result", "worst_key_result": "key_result", "objective": "objective", "parent": "objective",
    "metric": "metric",
}  # fmt: skip
"""Fields of records that hold an id, with what it is of."""


def _under(kind: Renamed, records: list[Record], names: Names) -> list[Record]:
    """Records about things of a kind, under the ids that these will have."""
    return [_named(it, {**_IDS, "id": kind}, names) for it in records] if names else records


def _named(record: Record, ids: Mapping[str, Renamed], names: Names) -> Record:
    return {name: _named_value(name, value, ids, names) for name, value in record.items()}


def _named_value(name: str, value: Any, ids: Mapping[str, Renamed], names: Names) -> Any:
    if name in ids and isinstance(value, str):
        return names.of(ids[name]).get(value, value)
    if name == "unread":
        return [names.metric.get(it, it) for it in value]
    return _named(value, ids, names) if name in {"before", "after"} and isinstance(value, dict) else value


def _renames(told: Names, renames: Renames) -> Iterator[Record]:
    """What is renamed, in the configuration or only in the store yet, and what the store does not know."""
    unknown = {(it.kind, it.id) for it in renames.unknown}
    pairs = {(kind, new): former for names in (told, renames.names) for kind, former, new in names.pairs()}
    for (kind, new), former in pairs.items():
        yield {"kind": kind, "former": former, "id": new, "known": (kind, new) not in unknown}
    for it in renames.unknown:
        if (it.kind, it.id) not in pairs:
            yield {"kind": it.kind, "former": it.former[0], "id": it.id, "known": False}


def _still_there(rows: Sequence[Record]) -> int:
    return sum(row["change"] != "removed" for row in rows)


def _reads(workspace: Workspace, before: Configuration, as_of: datetime) -> Iterator[Record]:
    """The metrics whose values the next run brings for the first time, by another definition or further back.

    And those whose values it judges anew, as far as it reads them again. One of which no period that scores look at has
    ended yet is not read by the next run, whose scores say so.
    """
    states = workspace.store.metric_states()
    metrics = [it for it in workspace.configuration.metrics.values() if it.source is not None]
    surveys, asked = ([it for it in metrics if it.is_survey is survey] for survey in (True, False))
    windows = plan_windows(workspace, asked, as_of, states, full_refresh=False)
    windows |= whole_windows(workspace, surveys, as_of)
    so_far, seen = read_so_far(workspace, states), set(states["metric"])
    otherwise = redefined_since(workspace, states)
    for metric in metrics:
        window, known = windows.get(metric.id), so_far.get(metric.id)
        if window is None:
            continue
        changed = _read_otherwise(before, workspace.configuration, metric)
        if metric.id not in seen:
            why = "never read"
        elif changed:
            why = f"{', '.join(changed)} changed"
        elif metric.id in otherwise:
            why = "it was defined otherwise when it was read"
        elif known is not None and window.start < known.start:
            why = "history before what was read"
        elif _is_judged_otherwise(before.metrics.get(metric.id), metric):
            why = _JUDGED_ANEW
        else:
            continue
        reach = {"from": stamp(window.start), "to": stamp(window.end)}
        yield {"metric": metric.id, "source": metric.source, "why": why, **reach}


def _read_otherwise(before: Configuration, after: Configuration, metric: Metric) -> list[str]:
    """What makes other values or other periods of a metric than before, of itself or of the project's calendar."""
    former = before.metrics.get(metric.id)
    if former is None:
        return []
    if changed := [name for name in _READ_BY if getattr(former, name) != getattr(metric, name)]:
        return changed
    was, bounds = before.calendar_of(former).bounding(metric.grain), after.calendar_of(metric).bounding(metric.grain)
    return [f"the project's {name}" for name in bounds if was[name] != bounds[name]]


def _is_judged_otherwise(before: Metric | None, after: Metric) -> bool:
    return before is not None and before.expect != after.expect


def _unread(before: Configuration, after: Configuration, reads: Sequence[Record]) -> dict[str, list[str]]:
    """By full id of key result or objective, the metrics that must be read before its score is known.

    History further back is nothing to a key result that is defined as before: it has what it needs. What is judged anew
    has been read, and stays as it is but where it breaks a rule that is new.
    """
    defined = {it.full_id: it for it in before.key_results()}
    history = {it["metric"] for it in reads if it["why"].startswith("history")}
    others = {it["metric"] for it in reads if it["why"] != _JUDGED_ANEW} - history
    found: dict[str, list[str]] = {}
    for it in after.key_results() if reads else ():
        waiting = others | (history if defined.get(it.full_id) != it else set())
        behind = waiting & scope_of(after, it).metrics.keys() if waiting else set()
        if behind:
            found[it.full_id] = sorted(behind)
    return found | _unread_above(after, found)


def _unread_above(configuration: Configuration, unread: Mapping[str, Collection[str]]) -> dict[str, list[str]]:
    """The objectives whose scores such key results count in, however far below."""
    found = {}
    for name, objective in configuration.objectives.items() if unread else ():
        below = (it for each in contributors(configuration, objective) for it in each.key_results)
        waiting = {metric for it in below for metric in unread.get(it.full_id, ())}
        if waiting:
            found[name] = sorted(waiting)
    return found


def _alerts(old: Workspace, new: Workspace, as_of: datetime, unread: Mapping[str, object]) -> list[Record]:
    """The key results whose alert would stand otherwise after an evaluation by the new configuration."""
    before, after = (_states(foresee(it, as_of).states) for it in (old, new))
    return [
        {
            "key_result": name,
            "rule": rule,
            "before": before.get((name, rule), "ok"),
            "after": after.get((name, rule), "ok"),
        }
        for name, rule in sorted({*before, *after})
        if name not in unread and before.get((name, rule), "ok") != after.get((name, rule), "ok")
    ]


def _states(states: pd.DataFrame) -> dict[tuple[str, str], str]:
    rows = states[["key_result", "rule", "state"]].itertuples(index=False, name=None)
    return {(name, rule): str(state) for name, rule, state in rows}


def _foreseen(workspace: Workspace, configuration: Configuration, names: Names, as_of: datetime) -> Foreseen:
    """What a run of a configuration would make of it beside what was applied last."""
    applied = renamed(last_applied(workspace), names)
    day = workspace.project.calendar.last_date_before(as_of)
    return foreseen(replace(workspace, configuration=configuration), applied, names, day)


def _amendments(before: Configuration, after: Foreseen) -> Iterator[Record]:
    """What would be recorded, and what of key results that have published scores asks for a reason first."""
    kept = {it.full_id: it.amendments for it in before.key_results()}
    for it in after.joined.key_results():
        recorded = [_amendment(each) for each in it.amendments if each not in kept.get(it.full_id, ())]
        asks = [_definition(each) for each in _asked(it, after.asks.get(it.full_id))]
        if recorded or asks:
            yield {"key_result": it.full_id, "recorded": recorded, "asks": asks}


def _asked(key_result: KeyResult, changes: tuple[DefinitionChange, ...] | None) -> tuple[DefinitionChange, ...]:
    """What asks for a reason; where nothing that was promised changed and yet something asks, its amendments do."""
    if changes is None or changes:
        return changes or ()
    amendments = key_result.amendments
    return (DefinitionChange("key_result", key_result.full_id, "amendments", Aspect.AMENDMENTS, None, amendments),)


def _amendment(amendment: Amendment) -> Record:
    told = {each.name: getattr(amendment, each.name) for each in fields(Amendment)}
    return {name: _written(name, value) for name, value in told.items() if value is not None and name != "recorded"}


def _definition(change: DefinitionChange) -> Record:
    """One difference; of what was added or removed as a whole, that it was."""
    whole = change.field is None
    kind = "added" if whole and change.before is None else "removed" if whole else "changed"
    name = change.field if change.kind == "key_result" else None
    return {
        "kind": change.kind,
        "id": change.id,
        "change": kind,
        "field": change.field,
        "aspect": change.aspect.value,
        "before": None if whole else _written(name, change.before),
        "after": None if whole else _written(name, change.after),
    }


def _written(name: str | None, value: Any) -> Any:
    """A field as a JSON value; what a file writes otherwise than the model has it, in the words of the file."""
    return key_text(name, value) if name in ("measure", "over", "pace") else _plain(value)


def _plain(value: Any) -> Any:
    """A part of a definition as a JSON value."""
    if is_dataclass(value) and not isinstance(value, type):
        value = asdict(value)
    return json.loads(json.dumps(value, default=_as_text, ensure_ascii=False))


def _as_text(value: Any) -> Any:
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else str(value)
