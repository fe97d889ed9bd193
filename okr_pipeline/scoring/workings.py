"""Workings: the numbers between observations and a score, of one key result or objective, for explaining them.

Belongs here: what the functions of a score worked with on their way. Does not: their arithmetic, any wording.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

import numpy as np

from okr_pipeline.model.amending import configuration_on
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.contribution import contributors_of, steps_of
from okr_pipeline.model.okr import Intent, KeyResult, Milestone
from okr_pipeline.scoring.arrays import NO_INSTANT, Integers, instant_of, microseconds
from okr_pipeline.scoring.cadences import cadence_periods
from okr_pipeline.scoring.definitions import Definitions, Kind, Reducer, Shape
from okr_pipeline.scoring.grids import bounds_at, ended_periods, first_periods, local_days
from okr_pipeline.scoring.hierarchy import AIMS
from okr_pipeline.scoring.milestones import each_step
from okr_pipeline.scoring.objectives import roll_up_objectives
from okr_pipeline.scoring.pace import elapsed_shares
from okr_pipeline.scoring.rollups import roll_up_parts
from okr_pipeline.scoring.rows import PERIOD_BITS, PERIOD_MASK
from okr_pipeline.scoring.scores import Known, Prepared, prepare
from okr_pipeline.scoring.staleness import Staleness, staleness
from okr_pipeline.scoring.standing import Standing, stand
from okr_pipeline.scoring.statuses import Judged
from okr_pipeline.scoring.tracks import periods_of
from okr_pipeline.scoring.values import measure_bases
from okr_pipeline.scoring.windows import Windows, open_base_windows, open_windows

_INTENTS = {aim: intent for intent, aim in AIMS.items()}


class Period(NamedTuple):
    """A period of a window, members combined. `value` is None where it is missing, or a check refused it."""

    start: datetime
    end: datetime
    value: float | None
    weight: float
    refused: bool = False


class CadencePeriod(NamedTuple):
    """A period of a cadence with its sum; one that is not `counted` has gaps and too little."""

    start: datetime
    end: datetime
    total: float
    met: bool
    counted: bool


class Step(NamedTuple):
    """A milestone, with whose it is, whether it is done and whether it is due by the instant of the plan."""

    of: KeyResult
    milestone: Milestone
    done: bool
    due: bool


class Curve(NamedTuple):
    """A season around a day: a share of a sum, or how far a level strays in its unit, before and after that day."""

    flow: bool
    years: int
    before: float
    after: float


@dataclass(frozen=True, slots=True)
class Planned:
    """What a plan is made of at an instant, `day` local days after the start, of `days`.

    `worked`: business days over, and in the span. `checkpoints`: the two (day, share of the way) around the day.
    """

    at: datetime
    day: float
    days: int
    worked: tuple[float, float] | None = None
    checkpoints: tuple[tuple[float, float], tuple[float, float]] | None = None
    curve: Curve | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """What a status rule looks at, of one key result or objective; as in `Judged`. `elapsed` of it is over."""

    intent: Intent
    state: str
    started: bool
    over: bool
    in_grace: bool
    lasting: bool
    hopeless: bool
    threshold: bool
    learnt: bool
    progress: float | None
    expected: float | None
    elapsed: float | None = None
    grace: float | None = None


@dataclass(frozen=True, slots=True)
class Workings:
    """What one key result was worked out from.

    `value` is what its window comes to whether or not it may be shown. `reducer` says how: sum, mean, weighted_mean,
    last, min, max, parts, in_band or none. `scale` makes a share of a percentage. `base` is the number it is measured
    from, of `base_window`, periods before the start, where it was measured. `base_kept`: it was fixed, and the rows by
    now come to another number, `base_by_rows`, or to none. `best` is the share still attainable.
    `stale` is what is too old, where that is why the value is unknown.
    """

    reducer: str
    periods: tuple[Period, ...]
    cadence: tuple[CadencePeriod, ...]
    steps: tuple[Step, ...]
    parts: dict[str, float]
    scale: float
    value: float | None
    base: float | None
    base_window: tuple[datetime, datetime, int, int] | None
    base_kept: bool
    base_by_rows: float | None
    best: float | None
    stale: Staleness | None
    planned: Planned | None
    planned_now: Planned
    facts: Facts


def workings(configuration: Configuration, key_result: KeyResult, known: Known, as_of: datetime) -> Workings:
    """What the score of a key result as of an instant was worked out from, as it is defined on that day.

    Raises:
        KeyError: the key result is not in the configuration.
    """
    prepared, standing = _stood(configuration, known, as_of, {key_result.full_id})
    definitions, moment = (
        prepared.definitions,
        np.full(len(prepared.definitions.key_results.start), microseconds(as_of)),
    )
    windows = open_windows(definitions, prepared.tracks, moment)
    of, values = definitions.key_results, standing.measured
    by_rows = measure_bases(definitions, prepared.tracks).value[0]
    made_until = int(values.period_end[0]) if not np.isnan(standing.value[0]) else NO_INSTANT
    return Workings(
        reducer=Reducer(int(of.reducer[0])).name.lower(),
        periods=tuple(_periods(prepared, windows)),
        cadence=tuple(_cadence(prepared, moment)),
        steps=tuple(_steps(prepared, key_result, moment, made_until)),
        parts=_parts(prepared, windows),
        scale=float(of.scale[0]),
        value=_number(values.value[0]),
        base=_number(standing.base[0]) if of.kind[0] != Kind.ACCUMULATE else _number(prepared.bases.value[0]),
        base_window=_base_window(prepared),
        base_kept=bool(prepared.fixed[0] and by_rows != prepared.bases.value[0]),
        base_by_rows=_number(by_rows),
        best=_number(values.best[0]),
        stale=staleness(prepared, standing, moment),
        planned=None if made_until == NO_INSTANT else _planned(prepared, standing, made_until),
        planned_now=_planned(prepared, standing, int(moment[0])),
        facts=_facts(standing.judged, 0, prepared, int(moment[0])),
    )


def objective_facts(configuration: Configuration, known: Known, as_of: datetime) -> dict[str, Facts]:
    """What the status rule looks at of each objective that is there as a whole, by full id."""
    prepared, standing = _stood(configuration, known, as_of, None)
    definitions = prepared.definitions
    made = roll_up_objectives(definitions, standing, microseconds(as_of))
    return {
        name: Facts(
            intent=_INTENTS[definitions.objectives.aim[row]],
            state="active",
            started=True,
            over=bool(made.over[row]),
            in_grace=bool(made.in_grace[row]),
            lasting=bool(made.lasting[row]),
            hopeless=False,
            threshold=False,
            learnt=bool(made.learnt[row]),
            progress=_number(made.score[row]),
            expected=_number(made.expected_progress[row]),
        )
        for row, name in enumerate(definitions.objectives.labels["objective"])
    }


def milestones_done(
    configuration: Configuration, known: Known, as_of: datetime, key_results: Collection[str]
) -> dict[str, tuple[str, ...]]:
    """By full id the titles of the milestones of some key results that are done as of an instant, their own alone.

    Raises:
        KeyError: a key result is not in the configuration.
    """
    prepared, _ = _stood(configuration, known, as_of, set(key_results))
    definitions = prepared.definitions
    moment = np.full(len(definitions.key_results.start), microseconds(as_of))
    done, _ = each_step(definitions, prepared.tracks, moment, prepared.failed)
    defined = {it.full_id: it for it in prepared.configuration.key_results()}
    contributors = contributors_of(prepared.configuration.key_results())
    found, row = dict[str, tuple[str, ...]](), 0
    for name in definitions.labels["key_result"]:
        steps = list(steps_of(defined[name], contributors))
        titles = [it.title for at, (owner, it) in enumerate(steps, row) if done[at] and owner.full_id == name]
        found[name], row = tuple(titles), row + len(steps)
    return found


def _stood(
    configuration: Configuration, known: Known, as_of: datetime, key_results: set[str] | None
) -> tuple[Prepared, Standing]:
    day = configuration.project.calendar.last_date_before(as_of)
    known = known.until(as_of)
    prepared = prepare(
        configuration_on(configuration, day),
        known.observations,
        until=as_of,
        quarantine=known.quarantine,
        baselines=known.baselines,
        failed_sources=known.failed_sources,
        key_results=key_results,
        check_ins=known.check_ins,
    )
    moment = microseconds(as_of)
    return prepared, stand(prepared.definitions, prepared.tracks, prepared.bases, moment, prepared.failed)


def _periods(prepared: Prepared, windows: Windows) -> list[Period]:
    """The periods of the window from its first to its newest observed one; of `latest` that one alone."""
    definitions, tracks = prepared.definitions, prepared.tracks
    of = definitions.key_results
    if of.view[0] < 0 or windows.newest[0] < 0:
        return []
    rows = np.arange(windows.first[0], windows.last[0])
    observed = dict(zip(periods_of(tracks, rows).tolist(), rows.tolist(), strict=True))
    low = int(windows.newest[0]) if windows.expected[0] == 1 else int(windows.low[0])
    numbers = np.arange(low, int(windows.newest[0]) + 1)
    bounds = bounds_at(definitions.grids, np.full(len(numbers) + 1, of.grid[0]), np.append(numbers, numbers[-1] + 1))
    keys = tracks.blocked[(tracks.blocked >> PERIOD_BITS) == of.view[0]] & PERIOD_MASK
    refused = set(keys.tolist())
    return [
        Period(
            start=instant_of(bounds[at]),
            end=instant_of(bounds[at + 1]),
            value=float(tracks.value[observed[number]]) if number in observed else None,
            weight=float(tracks.weight[observed[number]]) if number in observed else 0.0,
            refused=number in refused,
        )
        for at, number in enumerate(numbers.tolist())
    ]


def _cadence(prepared: Prepared, moment: Integers) -> list[CadencePeriod]:
    definitions = prepared.definitions
    of, rows = definitions.key_results, np.zeros(1, dtype=np.int64)
    if of.kind[0] != Kind.CADENCE:
        return []
    until = np.minimum(np.where(of.waits, moment - of.closes, moment), of.end)[rows]
    low = first_periods(definitions.grids, of.per[rows], of.start[rows])
    found = cadence_periods(
        definitions, prepared.tracks, rows, low, ended_periods(definitions.grids, of.per[rows], until)
    )
    starts = bounds_at(definitions.grids, np.full(len(found.number), of.per[0]), found.number)
    columns = zip(starts, found.closes, found.total, found.met, found.counted, strict=True)
    return [
        CadencePeriod(instant_of(start), instant_of(end), float(total), bool(met), bool(counted))
        for start, end, total, met, counted in columns
    ]


def _steps(prepared: Prepared, key_result: KeyResult, moment: Integers, planned_at: int) -> list[Step]:
    """The milestones of the key result and of those that contribute to it, in the order of the definitions."""
    items = prepared.definitions.milestones
    if prepared.definitions.key_results.kind[0] != Kind.MILESTONES:
        return []
    every = prepared.configuration.key_results()
    defined = next(it for it in every if it.full_id == key_result.full_id)
    done, _ = each_step(prepared.definitions, prepared.tracks, moment, prepared.failed)
    own = np.flatnonzero(items.owner == 0)
    named = list(steps_of(defined, contributors_of(prepared.configuration.key_results())))
    return [
        Step(owner, milestone, bool(done[row]), bool(items.due[row] <= planned_at))
        for row, (owner, milestone) in zip(own, named, strict=True)
    ]


def _parts(prepared: Prepared, windows: Windows) -> dict[str, float]:
    """Of a metric that is computed from its rolled-up parts, each part's value over the window, by metric."""
    definitions, row = prepared.definitions, np.zeros(1, dtype=np.int64)
    of = definitions.key_results
    if of.reducer[0] != Reducer.PARTS or windows.last[0] <= windows.first[0]:
        return {}
    found = roll_up_parts(definitions, prepared.tracks, of.view[row], windows.first[row], windows.last[row])
    views = definitions.view_parts[of.view[0]]
    return {
        definitions.metrics[definitions.views[view].metric].id: float(column[0])
        for view, column in zip(views, found, strict=False)
    }


def _base_window(prepared: Prepared) -> tuple[datetime, datetime, int, int] | None:
    """The stretch that a baseline was measured over, its observed and its expected periods."""
    of, windows = prepared.definitions.key_results, open_base_windows(prepared.definitions, prepared.tracks)
    at = np.flatnonzero(windows.rows == 0)
    if not len(at):
        return None
    observed, expected = int(windows.observed[at[0]]), int(windows.expected[at[0]])
    return instant_of(of.base_start[0]), instant_of(of.base_end[0]), observed, expected


def _planned(prepared: Prepared, standing: Standing, at: int) -> Planned:
    definitions, shape = prepared.definitions, Shape(int(standing.shape[0]))
    of = definitions.key_results
    days = int(of.days[0])
    day = float(np.clip(local_days(definitions.days, of.first_day[:1], np.array([at]))[0], 0.0, days))
    return Planned(
        at=instant_of(at),
        day=day,
        days=days,
        worked=_worked(definitions, day) if shape is Shape.BUSINESS_DAYS else None,
        checkpoints=_around(definitions, standing, day) if shape is Shape.CHECKPOINTS else None,
        curve=_curve(prepared, day) if shape is Shape.SEASONAL else None,
    )


def _worked(definitions: Definitions, day: float) -> tuple[float, float]:
    first, days = int(definitions.key_results.first_day[0]), int(definitions.key_results.days[0])
    counted = definitions.business_days[first : first + days + 1]
    return float(np.interp(day, np.arange(days + 1), counted) - counted[0]), float(counted[-1] - counted[0])


def _around(
    definitions: Definitions, standing: Standing, day: float
) -> tuple[tuple[float, float], tuple[float, float]]:
    plan, of = definitions.checkpoints, definitions.key_results
    mine = plan.owner == int(np.flatnonzero(plan.rows == 0)[0])
    days, origin = plan.day[mine], 0.0 if of.kind[0] == Kind.ACCUMULATE else standing.base[0]
    with np.errstate(all="ignore"):
        shares = (plan.value[mine] - origin) / (standing.target[0] - origin)
    shares[[0, -1]] = 0.0, 1.0
    left = int(np.clip(np.searchsorted(days, day, "right") - 1, 0, len(days) - 2))
    return (float(days[left]), float(shares[left])), (float(days[left + 1]), float(shares[left + 1]))


def _curve(prepared: Prepared, day: float) -> Curve:
    seasons = prepared.bases.seasons
    row = int(np.flatnonzero(seasons.rows == 0)[0])
    left = int(seasons.offsets[row]) + min(int(day), int(prepared.definitions.key_results.days[0]) - 1)
    before, after = seasons.curve[left : left + 2]
    return Curve(bool(seasons.flow[row]), int(seasons.years[row]), float(before), float(after))


def _facts(judged: Judged, row: int, prepared: Prepared, moment: int) -> Facts:
    of = prepared.definitions.key_results
    elapsed = elapsed_shares(prepared.definitions, np.full(len(of.start), moment))
    return Facts(
        intent=_INTENTS[judged.aim[row]],
        state=("active", "paused", "cancelled")[int(judged.state[row])],
        started=bool(judged.started[row]),
        over=bool(judged.over[row]),
        in_grace=bool(judged.in_grace[row]),
        lasting=bool(judged.lasting[row]),
        hopeless=bool(judged.hopeless[row]),
        threshold=bool(judged.threshold[row]),
        learnt=bool(judged.learnt[row]),
        progress=_number(judged.progress[row]),
        expected=_number(judged.expected[row]),
        elapsed=float(elapsed[row]),
        grace=float(of.grace[row]),
    )


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


__all__ = ["CadencePeriod", "Curve", "Facts", "Period", "Planned", "Step", "Workings", "objective_facts", "workings"]
