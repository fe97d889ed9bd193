"""Comparing: why scores moved between two instants, decomposed exactly.

The score is worked out again in one world after the other, each of which takes one thing more from the later end:
restated data, late data, new data, target amendments, date and mapping amendments, weight amendments, last the clock.
What a step changes is its part.

Belongs here: the worlds, and their differences. Does not: which rows and amendments made a part (causes).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum

import numpy as np
import pandas as pd

from okr_pipeline.model.amending import configuration_on
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.frames import SERIES_KEY
from okr_pipeline.model.okr import KeyResult, Milestones, Objective
from okr_pipeline.scoring.arrays import Booleans, Floats, Texts, microseconds, texts
from okr_pipeline.scoring.objectives import roll_up_objectives
from okr_pipeline.scoring.scores import Known, prepare
from okr_pipeline.scoring.standing import stand

_GRID_BITS = 48


class Part(StrEnum):
    """What a score changed by, in the order in which it is replayed."""

    RESTATED_DATA = "restated_data"
    LATE_DATA = "late_data"
    NEW_DATA = "new_data"
    TARGET_AMENDMENT = "target_amendment"
    DATE_AND_MAPPING_AMENDMENT = "date_and_mapping_amendment"
    WEIGHT_AMENDMENT = "weight_amendment"
    TIME_PASSING = "time_passing"


PARTS = tuple(Part)


@dataclass(frozen=True, slots=True)
class End:
    """One end of a comparison: the instant, the configuration that was applied, and what was known."""

    as_of: datetime
    configuration: Configuration
    known: Known


@dataclass(frozen=True, slots=True)
class DataChanges:
    """Rows of OBSERVATIONS that differ: `before` is the value that was known, NaN where none was.

    `restated` are of periods that had ended and were known otherwise, `late` of those that had ended and were not
    known, `new` of those that ended since.
    """

    restated: pd.DataFrame
    late: pd.DataFrame
    new: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Comparison:
    """Frames of one row per key result, and per objective.

    Columns: `key_result` or `objective`; `<name>_from`, `<name>_to`, `<name>_change` and `<name>_<part>` for each part,
    where the name is progress or score (of objectives score alone). Change and parts are NaN where either end is
    unknown; `turned` is then the part in which it became known or unknown, else None.

    The parts of a row are numbers on one grid, 2⁻⁴⁸ of the power of two above the largest of the scores in between (of
    2⁻⁹⁰⁰ where all are smaller): so they add up to the change bit for bit, in any order. From and to are not rounded;
    change differs from their difference by one step of the grid at most. Where a score in between is unknown, the next
    that is known has all of the difference.
    """

    key_results: pd.DataFrame
    objectives: pd.DataFrame
    data: DataChanges


def compare(before: End, after: End) -> Comparison:
    """Why scores moved from one end to another, which must not be earlier.

    Raises:
        ValueError: it is earlier.
    """
    if after.as_of < before.as_of:
        raise ValueError(f"{after.as_of} is before {before.as_of}")
    before, after = (replace(it, known=it.known.until(it.as_of)) for it in (before, after))
    data = data_changes(before, after)
    worlds = list(_stand_in_each(_worlds(before, after, data)))
    first, last = _names(before.configuration), _names(after.configuration)
    key_results = pd.DataFrame({"key_result": _together(first, last)})
    progress = _matrix(key_results["key_result"], [world.progress for world in worlds])
    objectives = pd.DataFrame({"objective": _together(before.configuration.objectives, after.configuration.objectives)})
    scores = _matrix(objectives["objective"], [world.scores for world in worlds])
    return Comparison(
        key_results=key_results.assign(
            **_decomposed("progress", progress), **_decomposed("score", np.clip(progress, 0.0, 1.0))
        ).assign(turned=pd.Series(_turned(progress), dtype=object)),
        objectives=objectives.assign(**_decomposed("score", scores)).assign(
            turned=pd.Series(_turned(scores), dtype=object)
        ),
        data=data,
    )


def data_changes(before: End, after: End) -> DataChanges:
    """What was known otherwise, late and anew at the later end."""
    key = list(SERIES_KEY)
    now, then = after.known.observations, before.known.observations
    rows = now.merge(then[[*key, "value", "weight"]], on=key, how="left", suffixes=("", "_before"), indicator=True)
    rows = rows.rename(columns={"value_before": "before"})
    known = (rows["_merge"] == "both").to_numpy()
    ended = (rows["period_end"] <= before.as_of).to_numpy()
    same = _equal(rows["value"], rows["before"]) & _equal(rows["weight"], rows["weight_before"])
    rows = rows.drop(columns=["_merge", "weight_before"])
    return DataChanges(
        restated=rows[known & ended & ~same].reset_index(drop=True),
        late=rows[~known & ended].reset_index(drop=True),
        new=rows[~ended].reset_index(drop=True),
    )


@dataclass(frozen=True, slots=True)
class _World:
    """Everything that scores in between are made of; the clock stands still at `opened`."""

    configuration: Configuration
    known: Known
    as_of: datetime
    opened: datetime


@dataclass(frozen=True, slots=True)
class _Stood:
    progress: pd.Series
    scores: pd.Series


def _worlds(before: End, after: End, data: DataChanges) -> list[_World]:
    """The first is the earlier end, the last the later one."""
    then, now = (configuration_on(it.configuration, _day(it)) for it in (before, after))
    frames = [before.known.observations, *_replayed(before, after, data)]
    held, told = _quarantines(before, after), _check_ins(before, after)
    fixed = _fixed_meanwhile(then, before, after)
    baselines = (before.known.baselines, fixed, after.known.baselines, after.known.baselines)
    made = [
        _World(
            then if step < 3 else _with_news(then, now),
            Known(frames[step], held[step], baselines[step], before.known.failed_sources, told[step]),
            after.as_of if step == 3 else before.as_of,
            before.as_of,
        )
        for step in range(4)
    ]
    for amended in (_with_targets, _with_mappings):
        made.append(replace(made[-1], configuration=amended(made[-1].configuration, now)))
    made.append(replace(made[-1], configuration=now))
    known = replace(made[-1].known, failed_sources=after.known.failed_sources)
    made.append(replace(made[-1], known=known, opened=after.as_of))
    return made


def _fixed_meanwhile(then: Configuration, before: End, after: End) -> pd.DataFrame | None:
    """Baselines that were fixed by now, as what was already measured: data restated since does not bear on them."""
    baselines = after.known.baselines
    if baselines is None or not len(baselines):
        return baselines
    prepared = prepare(
        then,
        before.known.observations,
        until=before.as_of,
        quarantine=before.known.quarantine,
        baselines=before.known.baselines,
    )
    measured = pd.Series(prepared.bases.value, index=prepared.definitions.labels["key_result"])
    value = baselines["key_result"].map(measured)
    return baselines[(value == baselines["value"]).to_numpy()]


def _replayed(before: End, after: End, data: DataChanges) -> list[pd.DataFrame]:
    """What was observed once it was restated; once what was late came, too; and all there is."""
    then, now = before.known.observations, after.known.observations
    columns = list(then.columns)
    restated = late = then
    if len(data.restated):
        restated = late = pd.concat([_without(then, data.restated), data.restated[columns]], ignore_index=True)
    if len(data.late):
        late = pd.concat([restated, data.late[columns]], ignore_index=True)
    return [restated, late, now]


def _quarantines(before: End, after: End) -> list[pd.DataFrame | None]:
    """What was refused: as it was; and from when late data comes, as it is, first of what had ended alone."""
    now = after.known.quarantine
    ended = now if now is None else now[(now["period_start"] < before.as_of).to_numpy()]
    return [before.known.quarantine, before.known.quarantine, ended, now]


def _check_ins(before: End, after: End) -> list[pd.DataFrame | None]:
    """What people said: as it was; from when late data comes, all they say by now, first of days that had ended."""
    now = after.known.check_ins
    ended = now if now is None else now[(now["on_date"].astype(str) <= _day(before).isoformat()).to_numpy()]
    return [before.known.check_ins, before.known.check_ins, ended, now]


def _without(frame: pd.DataFrame, others: pd.DataFrame) -> pd.DataFrame:
    key = list(SERIES_KEY)
    return frame[~pd.MultiIndex.from_frame(frame[key]).isin(pd.MultiIndex.from_frame(others[key]))]


def _with_news(then: Configuration, now: Configuration) -> Configuration:
    """Milestones that were done since are news, no amendment."""
    later = {it.full_id: it for it in now.key_results()}
    return _each(then, lambda it: _with_done(it, later.get(it.full_id)))


def _with_done(key_result: KeyResult, later: KeyResult | None) -> KeyResult:
    measure = key_result.measure
    if later is None or not isinstance(measure, Milestones) or not isinstance(later.measure, Milestones):
        return key_result
    done = {item.title: item.done_on for item in later.measure.items}
    items = tuple(replace(item, done_on=done.get(item.title, item.done_on)) for item in measure.items)
    return replace(key_result, measure=Milestones(items))


def _with_targets(world: Configuration, now: Configuration) -> Configuration:
    """Measures of the same kind; one of another kind may not suit the metric, and comes with the mapping."""
    later = {it.full_id: it for it in now.key_results()}

    def amended(it: KeyResult) -> KeyResult:
        other = later.get(it.full_id)
        alike = other is not None and type(other.measure) is type(it.measure)
        return replace(it, measure=other.measure) if other is not None and alike else it

    return _each(world, amended)


def _with_mappings(world: Configuration, now: Configuration) -> Configuration:
    """All of a key result but its weight and its state, its metrics, and the calendar that its dates are of."""
    later = {it.full_id: it for it in now.key_results()}

    def amended(it: KeyResult) -> KeyResult:
        other = later.get(it.full_id)
        return it if other is None else replace(other, weight=it.weight, state=it.state, objective=it.objective)

    mapped = _each(world, amended)
    return replace(
        mapped,
        project=now.project,
        metrics={**world.metrics, **now.metrics},
        cycles={**world.cycles, **now.cycles},
    )


def _each(configuration: Configuration, change: Callable[[KeyResult], KeyResult]) -> Configuration:
    objectives = {
        name: _with_key_results(it, tuple(change(each) for each in it.key_results))
        for name, it in configuration.objectives.items()
    }
    return replace(configuration, objectives=objectives)


def _with_key_results(objective: Objective, key_results: tuple[KeyResult, ...]) -> Objective:
    return objective if key_results == objective.key_results else replace(objective, key_results=key_results)


def _stand_in_each(worlds: Sequence[_World]) -> Iterator[_Stood]:
    """Where everything stands in each world; one that is as the one before is not worked out again."""
    last, stood = None, None
    for world in worlds:
        if stood is None or last is None or not _is_same(world, last):
            stood = _stand_in(world)
        last = world
        yield stood


def _is_same(one: _World, other: _World) -> bool:
    """Whether two worlds are made of the same: equal configurations, and frames of equal rows."""
    pairs = (
        (getattr(one.known, name), getattr(other.known, name)) for name in ("observations", "quarantine", "baselines")
    )
    return (
        (one.as_of, one.opened, set(one.known.failed_sources))
        == (other.as_of, other.opened, set(other.known.failed_sources))
        and all(_same_rows(*pair) for pair in (*pairs, (one.known.check_ins, other.known.check_ins)))
        and one.configuration == other.configuration
    )


def _same_rows(one: pd.DataFrame | None, other: pd.DataFrame | None) -> bool:
    return one is other or (one is not None and other is not None and one.equals(other))


def _stand_in(world: _World) -> _Stood:
    prepared = prepare(
        world.configuration,
        world.known.observations,
        until=world.as_of,
        quarantine=world.known.quarantine,
        baselines=world.known.baselines,
        failed_sources=world.known.failed_sources,
        check_ins=world.known.check_ins,
    )
    moment = microseconds(world.as_of)
    standing = stand(
        prepared.definitions,
        prepared.tracks,
        prepared.bases,
        moment,
        prepared.failed,
        opened=microseconds(world.opened),
    )
    objectives = roll_up_objectives(prepared.definitions, standing, moment)
    labels = prepared.definitions.labels["key_result"]
    return _Stood(
        pd.Series(standing.progress, index=labels),
        pd.Series(objectives.score, index=prepared.definitions.objectives.labels["objective"]),
    )


def _matrix(names: pd.Series, columns: Sequence[pd.Series]) -> Floats:
    """One row per name, one column per world; NaN where a world has none, or does not know it."""
    return np.stack([column.reindex(names).to_numpy(dtype=np.float64) for column in columns], axis=1)


def _decomposed(name: str, values: Floats) -> dict[str, Floats]:
    first, last = values[:, 0], values[:, -1]
    both = ~np.isnan(first) & ~np.isnan(last)
    carried = _on_grid(_carried(np.where(both[:, None], values, np.nan)))
    parts = np.diff(carried, axis=1)
    told = {f"{name}_{part.value}": parts[:, number] for number, part in enumerate(PARTS)}
    change = carried[:, -1] - carried[:, 0]
    return {f"{name}_from": first, f"{name}_to": last, f"{name}_change": change, **told}


def _carried(values: Floats) -> Floats:
    """Where a world in between is unknown, what the one before was."""
    known = ~np.isnan(values)
    at = np.maximum.accumulate(np.where(known, np.arange(values.shape[1]), 0), axis=1)
    carried: Floats = np.take_along_axis(values, at, axis=1)
    return carried


def _on_grid(values: Floats) -> Floats:
    """Rounded to 2⁻⁴⁸ of the power of two above the row's largest: sums of a few differences are then exact."""
    _, exponent = np.frexp(np.nan_to_num(np.abs(values).max(axis=1, initial=0.0)))
    step = (np.maximum(exponent, -900) - _GRID_BITS)[:, None]
    rounded: Floats = np.ldexp(np.rint(np.ldexp(values, -step)), step)
    return rounded


def _turned(values: Floats) -> Texts:
    """Of rows that are known at one end alone, the part from which on that is so."""
    known = ~np.isnan(values)
    changed = known[:, 1:] != known[:, :-1]
    last = known.shape[1] - 2 - np.argmax(changed[:, ::-1], axis=1)
    turns = known[:, 0] != known[:, -1]
    return texts(PARTS[part].value if turn else None for part, turn in zip(last, turns, strict=True))


def _equal(one: pd.Series, other: pd.Series) -> Booleans:
    same: Booleans = ((one == other) | (one.isna() & other.isna())).to_numpy()
    return same


def _names(configuration: Configuration) -> Mapping[str, KeyResult]:
    return {it.full_id: it for it in configuration.key_results()}


def _together(first: Mapping[str, object], last: Mapping[str, object]) -> list[str]:
    return list(dict.fromkeys([*first, *last]))


def _day(end: End) -> date:
    return end.configuration.project.calendar.last_date_before(end.as_of)
