"""How good forecasts of key results are whose value is the sum of others: generated companies and a year of flights.

Run as `python benchmarks/forecast_wholes.py [companies of each kind]`, with the example's warehouse built (`make
example`). Every company has one whole and its parts: teams of a market or of none, weeks of a quarter, quarters of a
year, flights by carrier and by airport. Replayed and judged as in `benchmarks/forecasting.py`, also with parts taken to
err each for itself, and all together. Seeds of the tuning half chose how dependence is measured; the held-out half and
the flights say what it is worth.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from unittest import mock

import numpy as np
import pandas as pd
from forecasting import (
    AIMS,
    HELD_OUT,
    PROJECT,
    TUNING,
    persistent,
    replayed,
    summary,
    warehouse_observations,
)

from okr_pipeline.application.workspace import check_configuration
from okr_pipeline.model.calendar import Calendar, Grain
from okr_pipeline.model.configuration import Configuration, Project
from okr_pipeline.model.metric import Across, Better, Metric, Rollup
from okr_pipeline.model.okr import Accumulate, Cycle, Intent, KeyResult, Level, Objective
from okr_pipeline.scoring import wholes as summing
from okr_pipeline.scoring.arrays import gathered

QUARTER = Cycle("2013-Q2", date(2013, 4, 1), date(2013, 6, 30))
YEAR = Cycle("2013", date(2013, 1, 1), date(2013, 12, 31))
BEFORE = 200
TEAMS = 6


def main(count: int) -> None:
    for name, assumed in (("as it is", None), ("each for itself", apart), ("all together", together)):
        with dependence(assumed):
            found = pd.concat([*generated(count), *flights()], ignore_index=True)
        for half in (TUNING, HELD_OUT):
            mine = found[(found["half"] == half)]
            print(f"\n{half}, parts err {name}: {len(mine):,} forecasts")
            table = summary(mine.assign(brier_pace=np.nan), "group")
            print(table.drop(columns=["brier_pace", "better_than_pace"]).to_string())


@contextmanager
def dependence(assumed: Callable[..., np.ndarray] | None) -> Iterator[None]:
    with mock.patch.object(summing, "joint_scale", assumed or summing.joint_scale):
        yield


def apart(_definitions: object, _tracks: object, of: object, wholes: np.ndarray, _as_of: int) -> np.ndarray:
    return np.sqrt(gathered(np.searchsorted(wholes, of.whole), of.scale**2, len(wholes)))


def together(_definitions: object, _tracks: object, of: object, wholes: np.ndarray, _as_of: int) -> np.ndarray:
    return gathered(np.searchsorted(wholes, of.whole), of.scale, len(wholes))


@dataclass(frozen=True)
class Part:
    """A part of a whole: what it counts and when."""

    metric: str
    where: Mapping[str, str]
    starts: date
    ends: date


@dataclass(frozen=True)
class Whole:
    """A whole, its parts, and what it would come to if all went on as before."""

    group: str
    half: str
    usual: float
    parts: tuple[Part, ...]


def judged(
    metrics: Mapping[str, Metric], wholes: list[Whole], observations: pd.DataFrame, cycle: Cycle, calendar: Calendar
) -> pd.DataFrame:
    """Replays of the wholes alone."""
    key_results, facts = [], []
    for number, it in enumerate(wholes):
        target = it.usual * (1 + AIMS[number % len(AIMS)])
        key_results.append(promise(f"w{number}", cycle, Accumulate(target)))
        facts.append((it.group, it.half, it.usual))
        for place, part in enumerate(it.parts):
            key_results.append(promise(f"w{number}p{place}", cycle, Accumulate(1), part, f"{cycle.id}/w{number}"))
            facts.append((None, it.half, it.usual))
    objective = Objective("o", cycle.id, "", "", Level.TEAM, Intent.COMMITTED, tuple(key_results))
    configuration = Configuration(
        Project("benchmark", calendar), {}, dict(metrics), {cycle.id: cycle}, {objective.full_id: objective}
    )
    told = replayed(configuration, observations, pd.DataFrame(facts, columns=["group", "half", "scale"]), cycle)
    return told[told["group"].notna()]


def promise(name: str, cycle: Cycle, measure: Accumulate, part: Part | None = None, to: str | None = None) -> KeyResult:
    read = {} if part is None else {"metric": part.metric, "where": part.where}
    span = part or cycle
    return KeyResult(
        id=name, objective="o", cycle=cycle.id, title="", owner="", measure=measure, starts=span.starts, ends=span.ends,
        contributes_to=to, min_coverage=0.3, **read,
    )  # fmt: skip


def days_between(starts: date, ends: date) -> int:
    return (ends - starts).days + 1


def stretches(cycle: Cycle, *days: int) -> list[tuple[date, date]]:
    """Spans that follow one another, of the given lengths in turn."""
    found, first = [], cycle.starts
    while first <= cycle.ends:
        length = days[len(found) % len(days)]
        found.append((first, min(first + timedelta(days=length - 1), cycle.ends)))
        first += timedelta(days=length)
    return found


@dataclass(frozen=True)
class Kind:
    """A kind of company: how much of the movement of its teams is common to them, and when its parts are."""

    cycle: Cycle
    common: float
    teams: int
    spans: tuple[int, ...]
    grain: Grain = Grain.DAY


KINDS = {
    "six teams, each for itself": Kind(QUARTER, 0.0, TEAMS, (91,)),
    "six teams of one market": Kind(QUARTER, 0.6, TEAMS, (91,)),
    "six teams that move as one": Kind(QUARTER, 1.0, TEAMS, (91,)),
    "one team, week after week": Kind(QUARTER, 0.0, 1, (7,)),
    "three teams, weeks and fortnights": Kind(QUARTER, 0.3, 3, (7, 14)),
    "one team, quarter after quarter": Kind(YEAR, 0.0, 1, (91, 91, 91, 92)),
    "three teams, quarter after quarter": Kind(YEAR, 0.3, 3, (91, 91, 91, 92)),
    "three teams in weekly numbers": Kind(QUARTER, 0.3, 3, (91,), Grain.WEEK),
}


def generated(count: int) -> Iterator[pd.DataFrame]:
    for place, (name, kind) in enumerate(KINDS.items()):
        for half in (TUNING, HELD_OUT):
            dice = np.random.default_rng([20130402, place, (TUNING, HELD_OUT).index(half)])
            yield company(name, half, kind, dice, count)


def company(name: str, half: str, kind: Kind, dice: np.random.Generator, count: int) -> pd.DataFrame:
    length = days_between(kind.cycle.starts, kind.cycle.ends)
    values = teams(dice, kind, count, BEFORE + length)
    first = kind.cycle.starts - timedelta(days=BEFORE)
    metric = Metric("m", "", kind.grain, "count", Better.HIGHER, Rollup.SUM, source="s", across=Across.NONE,
                    dimensions=("member",))  # fmt: skip
    frames, wholes = [], []
    for number, mine in enumerate(values):
        members = [f"{number}.{team}" for team in range(kind.teams)]
        frames += [frame(member, row, first, kind.grain) for member, row in zip(members, mine, strict=True)]
        parts = tuple(Part("m", {"member": it}, *span) for it in members for span in stretches(kind.cycle, *kind.spans))
        usual = float(mine[:, :BEFORE].mean(axis=1).sum() * length)
        wholes.append(Whole(name, half, usual, parts))
    return judged({"m": metric}, wholes, pd.concat(frames, ignore_index=True), kind.cycle, Calendar())


def teams(dice: np.random.Generator, kind: Kind, count: int, days: int) -> np.ndarray:
    """Flows of companies, teams and days: a level that wanders, noise that persists, weekdays; teams differ in size."""
    size = 100 * np.exp(dice.normal(0, 0.7, (count, kind.teams, 1)))
    weekday = 1 + np.array([0.1, 0.15, 0.1, 0.05, 0.1, -0.2, -0.3])[np.arange(days) % 7]
    own, common = np.sqrt(1 - kind.common), np.sqrt(kind.common)

    def mixed(make: Callable[[int], np.ndarray]) -> np.ndarray:
        alone = make(count * kind.teams).reshape(count, kind.teams, days)
        return own * alone + common * make(count)[:, None, :]

    level = mixed(lambda rows: np.cumsum(dice.normal(0, 0.006, (rows, days)), axis=1))
    noise = mixed(lambda rows: persistent(dice, rows, 0.3, 0.15, days))
    return np.maximum(size * np.exp(level) * weekday * (1 + noise), 0)


def frame(member: str, values: np.ndarray, first: date, grain: Grain) -> pd.DataFrame:
    starts = pd.date_range(first, periods=len(values), tz="UTC", unit="us")
    if grain is Grain.WEEK:
        skipped = -first.weekday() % 7
        weeks = (len(values) - skipped) // 7
        values = values[skipped : skipped + 7 * weeks].reshape(weeks, 7).sum(axis=1)
        starts = starts[skipped : skipped + 7 * weeks : 7]
    return pd.DataFrame(
        {"metric": "m", "dimensions": f'{{"member":"{member}"}}', "period_start": starts, "value": values,
         "weight": np.nan}
    )  # fmt: skip


def flights() -> Iterator[pd.DataFrame]:
    """What carriers, and what airports, bring together in each of three quarters of 2013."""
    example = check_configuration(PROJECT / "config")
    metrics = {name: example.metrics[name] for name in ("flights_flown", "delay_minutes", "miles_flown")}
    observations = warehouse_observations(metrics)
    for starts, ends in ((date(2013, 4, 1), date(2013, 6, 30)), (date(2013, 7, 1), date(2013, 9, 30)),
                         (date(2013, 10, 1), date(2013, 12, 31))):  # fmt: skip
        cycle = Cycle(f"{starts}", starts, ends)
        wholes = list(flight_wholes(metrics, observations, cycle))
        yield judged(metrics, wholes, observations, cycle, example.project.calendar)


def flight_wholes(metrics: Mapping[str, Metric], observations: pd.DataFrame, cycle: Cycle) -> Iterator[Whole]:
    recent = observations[
        (observations["period_start"] >= pd.Timestamp(cycle.starts - timedelta(days=91), tz="UTC"))
        & (observations["period_start"] < pd.Timestamp(cycle.starts, tz="UTC"))
    ]
    length = days_between(cycle.starts, cycle.ends)
    for metric in metrics.values():
        mine = recent[recent["metric"] == metric.id]
        for dimension in metric.dimensions:
            members = mine["dimensions"].str.extract(f'"{dimension}":"([^"]*)"')[0]
            days = mine.groupby(members)["period_start"].nunique()
            kept = [str(it) for it in days.index[days >= 60]]
            total = mine.loc[members.isin(kept), "value"].sum() / mine["period_start"].nunique() * length
            for spans in ((length,), (28,)):
                parts = tuple(
                    Part(metric.id, {dimension: it}, *span) for it in kept for span in stretches(cycle, *spans)
                )
                shape = "all at once" if spans == (length,) else "month after month"
                for _ in AIMS:
                    yield Whole(f"flights: {metric.id}, {shape}", HELD_OUT, float(total), parts)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
