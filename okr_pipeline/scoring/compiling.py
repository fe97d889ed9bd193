"""Compiling: a configuration into columns, one pass over its key results.

Belongs here: everything about a key result that depends on neither observations nor the instant of the score.
Does not: the columns' meaning (definitions), what key results share (catalogue).
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

import numpy as np

from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.contribution import Contributors, contributors_of, counting, is_summed, steps_of
from okr_pipeline.model.okr import (
    Cadence,
    KeyResult,
    Milestone,
    Objective,
)
from okr_pipeline.scoring.aims import (
    aimed_at,
    base_of,
    fresh_of,
    is_of_events,
    reducer_of,
    shape_of,
    sign_of,
    window_of,
)
from okr_pipeline.scoring.arrays import Booleans, Floats, Integers, microseconds, texts
from okr_pipeline.scoring.catalogue import Catalogue, Subject
from okr_pipeline.scoring.contributions import compile_sums
from okr_pipeline.scoring.definitions import (
    Definitions,
    KeyResults,
    MilestoneItems,
    Reducer,
    State,
)
from okr_pipeline.scoring.grids import Grid, build_grid
from okr_pipeline.scoring.hierarchy import AIMS, Wanted, compile_objectives
from okr_pipeline.scoring.horizons import LOOKED_AT
from okr_pipeline.scoring.shaping import business_days_before, checkpoint_columns, earlier_days
from okr_pipeline.scoring.spans import Spans

_NAN = float("nan")
_NEVER = int(np.iinfo(np.int64).max)
_STATES: Mapping[str, State] = {"active": State.ACTIVE, "paused": State.PAUSED, "cancelled": State.CANCELLED}
_NO_SUBJECT = Subject(
    number=-1, grid=0, closes=0, fresh=0, waits=False, sign=1, scale=1, reducer=Reducer.NONE, unit="", reach_back=0
)

_DTYPES: Mapping[Any, Any] = {Integers: np.int64, Floats: np.float64, Booleans: np.bool_}


def compile_definitions(
    configuration: Configuration, *, until: datetime, key_results: Collection[str] | None = None
) -> Definitions:
    """The columns of a configuration, for scores up to `until`, of all key results or of those named.

    Raises:
        KeyError: a named key result is not in the configuration.
    """
    contributors = contributors_of(configuration.key_results())
    wanted, asked = _wanted(configuration, key_results, contributors)
    catalogue, spans = Catalogue(configuration), Spans(configuration)
    rows = [_key_result_row(key_result, objective, catalogue, spans) for key_result, objective in wanted]
    milestones = [
        _milestone_row(number, owner, item, catalogue, spans)
        for number, (key_result, _) in enumerate(wanted)
        for owner, item in steps_of(key_result, contributors)
    ]
    days = _project_days(configuration, spans, wanted, until)
    columns = _columns(KeyResults, rows)
    columns["first_day"] = np.searchsorted(days.bounds, columns["start"])
    # A date that the zone skipped is no day of the span.
    columns["days"] = np.maximum(np.searchsorted(days.bounds, columns["end"]) - columns["first_day"], 1)
    return Definitions(
        key_results=KeyResults(**columns),
        milestones=MilestoneItems(**_columns(MilestoneItems, milestones)),
        checkpoints=checkpoint_columns(wanted, spans, days),
        earlier=earlier_days(wanted, spans, columns),
        sums=compile_sums([key_result for key_result, _ in wanted], contributors),
        asked=asked,
        objectives=compile_objectives(configuration, spans, wanted, asked),
        labels=_labels(wanted, catalogue, contributors, configuration.project.status_rule),
        status_rule=configuration.project.status_rule,
        metrics=tuple(catalogue.metrics),
        needed_from=catalogue.needed_from(),
        **catalogue.view_columns(),
        trailing=tuple(catalogue.trailing),
        grids=catalogue.built_grids(microseconds(until)),
        days=days,
        business_days=business_days_before(configuration, days, columns["pace"]),
        behind=tuple(catalogue.behind),
    )


def _wanted(
    configuration: Configuration, names: Collection[str] | None, contributors: Contributors
) -> tuple[Wanted, int]:
    """The key results that are asked for, then those that they are the sum of; and how many were asked for."""
    pairs = [(it, objective) for objective in configuration.objectives.values() for it in objective.key_results]
    if names is None:
        return pairs, len(pairs)
    named = set(names)
    missing = named - {key_result.full_id for key_result, _ in pairs}
    if missing:
        raise KeyError(f"no key result '{min(missing)}' in this configuration; `okr status` lists them")
    asked = [pair for pair in pairs if pair[0].full_id in named]
    parts = {part for it, _ in asked for part in _parts(it, contributors)} - named
    return [*asked, *(pair for pair in pairs if pair[0].full_id in parts)], len(asked)


def _parts(key_result: KeyResult, contributors: Contributors) -> Iterator[str]:
    if is_summed(key_result):
        for child in contributors.get(key_result.full_id, ()):
            yield child.full_id
            yield from _parts(child, contributors)


def _key_result_row(
    key_result: KeyResult, objective: Objective, catalogue: Catalogue, spans: Spans
) -> tuple[object, ...]:
    """One row of `KeyResults`, in the order of its fields; `first_day` and `days` are filled in later."""
    aimed = aimed_at(key_result.measure)
    start, end = spans.of(key_result)
    base_start, base_end = spans.before(key_result)
    subject, view, per, sees_from = _NO_SUBJECT, -1, -1, start
    if key_result.metric is not None:
        subject = catalogue.subject(key_result.metric)
        view = catalogue.view(key_result.metric, key_result.where)
        sees_from = min(start, base_start) - subject.reach_back
        grain = catalogue.configuration.metrics[key_result.metric].grain
        catalogue.need(view, min(sees_from, spans.season_from(key_result), start - LOOKED_AT[grain]), end)
        per = _per(key_result, catalogue, start, end)
    reducer = reducer_of(key_result, subject)
    return (
        start,
        end,
        0,
        0,
        aimed.kind,
        AIMS[objective.intent],
        _STATES[key_result.state],
        key_result.weight,
        key_result.min_coverage,
        key_result.grace,
        subject.number,
        view,
        subject.grid,
        subject.closes,
        fresh_of(key_result, subject),
        subject.waits,
        window_of(key_result, catalogue),
        reducer,
        aimed.from_,
        aimed.form,
        aimed.amount,
        sign_of(key_result.measure, subject),
        base_of(key_result),
        base_start,
        base_end,
        aimed.share,
        aimed.low,
        aimed.high,
        subject.scale if is_of_events(key_result.measure) else 1.0,
        per,
        sees_from,
        shape_of(key_result),
    )


def _per(key_result: KeyResult, catalogue: Catalogue, start: int, end: int) -> int:
    if not isinstance(key_result.measure, Cadence) or key_result.metric is None:
        return -1
    calendar = catalogue.configuration.calendar_of(catalogue.configuration.metrics[key_result.metric])
    grid = catalogue.grid(calendar, key_result.measure.per)
    catalogue.cover(grid, start - LOOKED_AT[catalogue.configuration.metrics[key_result.metric].grain], end)
    return grid


def _milestone_row(
    owner: int, key_result: KeyResult, item: Milestone, catalogue: Catalogue, spans: Spans
) -> tuple[object, ...]:
    """One row of `MilestoneItems`, in the order of its fields."""
    due = min(item.due or key_result.ends, key_result.ends)
    done = spans.start_of_day(item.done_on) if item.done_on is not None else _NEVER
    subject, view, at_least = _NO_SUBJECT, -1, _NAN
    sees_from, end = spans.of(key_result)
    until = end
    if item.when is not None:
        subject, at_least = catalogue.subject(item.when.metric), item.when.at_least
        view = catalogue.view(item.when.metric, item.when.where)
        sees_from -= subject.reach_back
        catalogue.need(view, sees_from, end)
    facts = (subject.number, view, subject.grid, subject.closes, subject.fresh, subject.waits, at_least, sees_from)
    return (owner, until, item.weight, spans.end_of_day(due), done, *facts)


def _columns(of: type[KeyResults | MilestoneItems], rows: Iterable[tuple[object, ...]]) -> dict[str, Any]:
    """Rows as one array per field of a class of columns."""
    names = [(each.name, _DTYPES[each.type]) for each in fields(of)]
    table = np.array(list(rows), dtype=names)
    return {name: np.ascontiguousarray(table[name]) for name, _ in names}


def _project_days(configuration: Configuration, spans: Spans, wanted: Wanted, until: datetime) -> Grid:
    edges = [edge for key_result, _ in wanted for edge in spans.of(key_result)]
    moment = microseconds(until)
    first, last = min([moment, *edges]), max([moment, *edges])
    return build_grid(configuration.project.calendar, Grain.DAY, first, last)


def _labels(wanted: Wanted, catalogue: Catalogue, contributors: Contributors, status_rule: str) -> dict[str, Any]:
    read = [next((each.metric for each in counting(it, contributors)), None) for it, _ in wanted]
    units = [catalogue.configuration.metrics[metric].unit if metric is not None else None for metric in read]
    return {
        "key_result": texts(it.full_id for it, _ in wanted),
        "objective": texts(objective.full_id for _, objective in wanted),
        "cycle": texts(it.cycle for it, _ in wanted),
        "title": texts(it.title for it, _ in wanted),
        "owner": texts(it.owner for it, _ in wanted),
        "metric": texts(it.metric for it, _ in wanted),
        "measure": texts(it.measure.kind for it, _ in wanted),
        "unit": texts(units),
        "status_rule": texts(status_rule for _ in wanted),
    }
