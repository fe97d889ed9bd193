"""Random worlds for the laws of scoring: configurations that are valid, with observations that may be anything.

Belongs here: hypothesis strategies and frames. Does not: laws (test_laws).

What is drawn from within a strategy is made once: looking through what a new one is made of takes as long as scoring.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache

import numpy as np
import pandas as pd
from hypothesis import strategies as st

from okr_pipeline.model.calendar import Calendar, Duration, Grain
from okr_pipeline.model.configuration import Configuration, Project
from okr_pipeline.model.formula import parse_formula
from okr_pipeline.model.frames import OBSERVATIONS, QUARANTINE
from okr_pipeline.model.metric import Across, Better, Metric, Rollup
from okr_pipeline.model.okr import (
    Accumulate,
    Baseline,
    Budget,
    Cadence,
    Change,
    Checkpoint,
    Cycle,
    Intent,
    KeyResult,
    Level,
    Maintain,
    Measure,
    MetricReached,
    Milestone,
    Milestones,
    Objective,
    Over,
    Pace,
    PaceKind,
    Points,
    Reach,
    RelativeTarget,
    Share,
)

FIRST = date(2013, 3, 1)
STARTS, ENDS = date(2013, 4, 1), date(2013, 4, 20)
CYCLE = Cycle("C", STARTS, ENDS)
SHAPES: tuple[PaceKind, ...] = ("linear", "business_days", "seasonal", "front_loaded", "back_loaded")


@dataclass(frozen=True)
class World:
    """What a score is a function of."""

    configuration: Configuration
    observations: pd.DataFrame
    quarantine: pd.DataFrame
    as_of: datetime


def metric(name: str = "kpi", **facts: object) -> Metric:
    """A daily sum where higher is better, unless told otherwise."""
    given = {"grain": Grain.DAY, "unit": "count", "better": Better.HIGHER, "rollup": Rollup.SUM, "across": Across.SUM}
    return Metric(**({"id": name, "name": name, "source": "s"} | given | facts))


def key_result(measure: Measure, name: str = "kr", **facts: object) -> KeyResult:
    """A key result of `kpi` over the cycle, unless told otherwise."""
    given = {"objective": "o", "cycle": "C", "title": "", "owner": "", "starts": STARTS, "ends": ENDS, "metric": "kpi"}
    return KeyResult(**({"id": name, "measure": measure} | given | facts))


def configuration(
    metrics: Sequence[Metric],
    key_results: Sequence[KeyResult],
    intent: Intent = Intent.COMMITTED,
    calendar: Calendar = Calendar(),
) -> Configuration:
    """One objective of these key results."""
    objective = Objective("o", "C", "", "", Level.TEAM, intent, tuple(key_results))
    return Configuration(
        Project("p", calendar), {}, {it.id: it for it in metrics}, {"C": CYCLE}, {objective.full_id: objective}
    )


def observed(
    values: Sequence[float], *, name: str = "kpi", weights: Sequence[float] | None = None,
    dimensions: Mapping[str, str] | None = None, first: date = FIRST, calendar: Calendar = Calendar(),
) -> pd.DataFrame:  # fmt: skip
    """Daily observations from a date on; None leaves a day out."""
    days = [first + timedelta(days=day) for day in range(len(values))]
    text = json.dumps(dict(dimensions or {}), sort_keys=True, separators=(",", ":"))
    frame = pd.DataFrame(
        {
            "metric": name,
            "dimensions": text,
            "period_start": pd.to_datetime([calendar.start_of_day(day) for day in days], utc=True).as_unit("us"),
            "period_end": pd.to_datetime([calendar.end_of_day(day) for day in days], utc=True).as_unit("us"),
            "value": np.array([np.nan if value is None else value for value in values], dtype=np.float64),
            "weight": np.nan if weights is None else np.array(weights, dtype=np.float64),
            "revision": 1,
            "recorded_at": pd.Timestamp("2013-06-01", tz="UTC"),
            "run_id": "run",
            "flags": None,
        }
    )
    there = np.array([value is not None for value in values], dtype=np.bool_)
    return frame.loc[there, list(OBSERVATIONS)].reset_index(drop=True)


def as_of_day(day: date, calendar: Calendar = Calendar()) -> datetime:
    """The end of a date."""
    return calendar.end_of_day(day)


def series(*, wild: bool, length: int) -> st.SearchStrategy[list[float]]:
    """Values of so many days: tame quarters, or with everything that a float can be among them."""
    return st.integers(0, 2**32 - 1).map(lambda seed: _values(np.random.default_rng(seed), length, wild=wild))


def _values(random: np.random.Generator, length: int, *, wild: bool) -> list[float]:
    values = random.integers(-4000, 4000, length) / 4
    if wild:
        strange = random.choice(np.array(_STRANGE), length)
        values = np.where(random.random(length) < random.choice([0, 0.1, 0.9]), strange, values)
    return values.tolist()


_STRANGE = [np.nan, np.inf, -np.inf, 1e308, -1e308, 5e-324, 1e-300, 0.0, -0.0, 1e16, 1.0, 0.1]

nice = st.integers(-1000, 1000).map(lambda number: number / 4)
wild = st.one_of(nice, st.floats(allow_nan=True, allow_infinity=True), st.just(0.0))
_shares = st.sampled_from([0.1, 0.5, 0.9, 1.0])
_positive = st.integers(1, 400).map(lambda number: number / 4)
_checkpoints = st.lists(st.builds(Checkpoint, st.dates(STARTS, ENDS), nice), max_size=3)


@cache
def measures() -> st.SearchStrategy[Measure]:
    """Any measure that a configuration may hold, and some numbers that it should not."""
    number_or_start = st.one_of(wild.filter(np.isfinite), st.just("at_start"))
    dates = st.none() | st.dates(date(2013, 3, 20), date(2013, 5, 1))
    when = st.none() | st.builds(MetricReached, st.sampled_from(["kpi", "ratio"]), nice)
    return st.one_of(
        st.builds(Reach, number_or_start, wild.filter(np.isfinite)),
        st.builds(Change, st.builds(Share, nice) | st.builds(Points, nice), number_or_start),
        st.builds(Accumulate, nice | st.builds(RelativeTarget, nice, st.sampled_from(["previous_cycle", "year_ago"]))),
        st.builds(Budget, nice),
        st.builds(Maintain, nice, st.none() | nice, _shares, st.sampled_from(["periods", "events"])),
        st.builds(Cadence, nice, st.sampled_from([Grain.DAY, Grain.WEEK, Grain.MONTH]), _shares),
        st.builds(Baseline, st.integers(1, 12)),
        st.lists(st.builds(Milestone, st.just("m"), _positive, dates, dates, when), min_size=1, max_size=4).map(
            lambda items: Milestones(tuple(items))
        ),
    )


@cache
def overs() -> st.SearchStrategy[Over]:
    """Any window."""
    lengths = st.builds(Duration, st.integers(1, 9), st.sampled_from(["hours", "days", "weeks", "months"]))
    return st.one_of(st.just(Over()), st.just(Over("cycle")), lengths.map(lambda length: Over("trailing", length)))


@st.composite
def key_results(draw: st.DrawFn, name: str) -> KeyResult:
    """Any key result of the three metrics."""
    starts = draw(st.sampled_from([STARTS, date(2013, 3, 27), date(2013, 4, 9)]))
    checkpoints = draw(_checkpoints)
    return key_result(
        draw(measures()),
        name,
        starts=starts,
        metric=draw(st.sampled_from(["kpi", "ratio", "delay"])),
        where=draw(st.sampled_from([{}, {}, {"carrier": "B6"}])),
        over=draw(overs()),
        pace=Pace("checkpoints", tuple(checkpoints)) if checkpoints else Pace(draw(st.sampled_from(SHAPES))),
        weight=draw(_positive),
        min_coverage=draw(st.sampled_from([0.0, 0.5, 0.8, 1.0])),
        grace=draw(st.sampled_from([0.0, 0.1, 0.5])),
        state=draw(st.sampled_from(["active", "active", "active", "paused", "cancelled"])),
    )


@st.composite
def worlds(draw: st.DrawFn, *, tame: bool = False) -> World:
    """Three metrics, up to four key results, two months of observations with gaps, a few refused ones."""
    calendar = Calendar(draw(st.sampled_from(["UTC", "America/New_York", "Pacific/Auckland"])))
    empty = draw(st.sampled_from(["missing", "zero"]))
    rollup = draw(st.sampled_from([it for it in Rollup if it is not Rollup.WEIGHTED_MEAN]))
    facts = {
        "closes_after": Duration(draw(st.integers(0, 3)), "days"),
        "provisional": draw(st.sampled_from(["use", "wait"])),
    }
    metrics = [
        metric("kpi", rollup=rollup, across=draw(st.sampled_from(list(Across))), empty=empty, **facts),
        metric("delay", rollup=Rollup.WEIGHTED_MEAN, across=Across.WEIGHTED_MEAN, better=Better.LOWER),
        metric(
            "ratio", rollup=draw(st.sampled_from([None, Rollup.MEAN])), source=None,
            formula=parse_formula("kpi / (delay - 3)"), across=Across.NONE,
        ),
    ]  # fmt: skip
    names = ["a", "b", "c", "d"][: draw(st.integers(1, 4))]
    config = configuration(
        metrics, [draw(key_results(name)) for name in names], draw(st.sampled_from(list(Intent))), calendar
    )
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    frames = [
        _observed_at_random(random, name, carrier, draw(st.dates(FIRST, date(2013, 4, 12))), calendar, tame=tame)
        for name in ("kpi", "delay") for carrier in ("B6", "AA")
    ]  # fmt: skip
    if draw(st.booleans()):
        frames += [_observed_at_random(random, "kpi", "B6", date(2012, 3, 12), calendar, tame=tame)]
    observations = pd.concat(frames, ignore_index=True)
    refused = draw(st.lists(st.integers(0, max(len(observations) - 1, 0)), max_size=3))
    held = observations.iloc[refused if len(observations) else []].assign(raw_value=None, rule="minimum", reason="")
    as_of = calendar.end_of_day(draw(st.dates(date(2013, 3, 25), date(2013, 4, 28))))
    moment = as_of - timedelta(minutes=draw(st.sampled_from([0, 0, 1, 700])))
    return World(config, observations, held[list(QUARANTINE)].reset_index(drop=True), moment.astimezone(UTC))


def _observed_at_random(
    random: np.random.Generator, name: str, carrier: str, first: date, calendar: Calendar, *, tame: bool
) -> pd.DataFrame:
    length = int(random.integers(0, 56))
    gaps = random.random(length) < random.choice([0, 0.1, 0.5])
    values = [None if gap else value for gap, value in zip(gaps, _values(random, length, wild=not tame), strict=True)]
    weights = np.abs(_values(random, length, wild=False)) if tame else _values(random, length, wild=True)
    return observed(values, name=name, weights=weights, dimensions={"carrier": carrier}, first=first, calendar=calendar)
