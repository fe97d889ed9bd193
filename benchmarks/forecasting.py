"""How good forecasts are: on a year of real flights and on generated series, beside the best plain pace rule and naive.

Run as `python benchmarks/forecasting.py [series of each family]`, with the example's warehouse built (`make example`).
Every forecast is replayed: made at a cut date from what there was by then, and judged by what the key result came to.
Constants of the method were chosen on the tuning half alone (carriers and seeds); the held-out half says what they are
worth. The pace rule is the strongest plain one: the logistic of the pace ratio, clipped, that has the best Brier score
on the tuning half of the same kind of series. Naive: a total goes on as it did since the start, all else stays.
"""

import json
import re
import sys
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import numpy as np
import pandas as pd

from okr_pipeline.application.workspace import check_configuration
from okr_pipeline.model.calendar import Calendar, Duration, Grain
from okr_pipeline.model.configuration import Configuration, Project
from okr_pipeline.model.metric import Across, Better, Metric, Rollup
from okr_pipeline.model.okr import (
    Accumulate,
    Budget,
    Cadence,
    Change,
    Cycle,
    Intent,
    KeyResult,
    Level,
    Maintain,
    Measure,
    Objective,
    Over,
    Points,
    RelativeTarget,
    Share,
)
from okr_pipeline.scoring.arrays import microseconds
from okr_pipeline.scoring.backtesting import pace_chance
from okr_pipeline.scoring.forecasting import NO_FAMILY, forecast
from okr_pipeline.scoring.histories import FAMILIES
from okr_pipeline.scoring.scores import prepare
from okr_pipeline.scoring.standing import stand

PROJECT = Path(__file__).resolve().parent.parent
TUNING, HELD_OUT = "tuning", "held out"
CUTS = (0.05, 0.15, 0.3, 0.45, 0.6, 0.75, 0.9)
AIMS = (-0.05, 0.02, 0.1)
FOUR_WEEKS = Over("trailing", Duration(28, "days"))


def main(count: int) -> None:
    records = pd.concat([*flights(), *(generated(count, half) for half in (TUNING, HELD_OUT))], ignore_index=True)
    records = with_rules(records)
    for half in (TUNING, HELD_OUT):
        print(f"\n{half}: {(records['half'] == half).sum():,} forecasts")
        print(summary(records[records["half"] == half], "group").to_string())
        print(summary(records[records["half"] == half], "family").to_string())
    print("\nheld out, the same series with three years known and with one and a half")
    print(summary(with_years(records, generated(count, HELD_OUT, UNSEEN)), "group").to_string())
    print("\nheld out, the share of ends inside the interval, by span that all carriers and airports had in common")
    flown = records[(records["half"] == HELD_OUT) & records["span"].notna()]
    print(flown.pivot_table("inside", "group", "span").round(2).to_string())
    print("\nheld out, by how much of the span is over")
    held = records[records["half"] == HELD_OUT]
    print(summary(held.assign(over=(held["elapsed"] * 4).astype(int).clip(0, 3) / 4), "over").to_string())


def summary(records: pd.DataFrame, by: str) -> pd.DataFrame:
    """Coverage of the interval; Brier scores of the forecast, the pace rule, naive; errors in shares of naive's."""
    grouped = records.groupby(by)
    table = grouped.agg(
        forecasts=("value", "size"),
        coverage=("inside", "mean"),
        brier=("brier", "mean"),
        brier_pace=("brier_pace", "mean"),
        brier_naive=("brier_naive", "mean"),
        reached=("reached", "mean"),
    )
    table["better_than_pace"] = 1 - table["brier"] / table["brier_pace"]
    table["error_of_naive"] = grouped["error"].mean() / grouped["error_naive"].mean()
    table["pinball_of_naive"] = grouped["pinball"].mean() / grouped["error_naive"].mean()
    return table.round(3)


def with_years(records: pd.DataFrame, unseen: pd.DataFrame) -> pd.DataFrame:
    """Forecasts of series in which a yearly season could be seen, and in which it could not; cuts that both have."""
    seen = records[(records["half"] == HELD_OUT) & records["group"].isin(UNSEEN)]
    unseen = unseen.assign(group=unseen["group"] + ", of a year and a half", brier_pace=np.nan)
    return pd.concat([seen, unseen], ignore_index=True)


def with_rules(records: pd.DataFrame) -> pd.DataFrame:
    """The pace rule of each kind of series, fitted to its tuning half."""
    made = []
    for family, kind in records.groupby("family"):
        tuning = kind[kind["half"] == TUNING]
        middle, steepness = best_rule(tuning["ratio"].to_numpy(), tuning["reached"].to_numpy(dtype=float))
        print(f"pace rule of {family}: middle {middle:.1f}, steepness {steepness}")
        chance = pace_chance(kind["ratio"].to_numpy(), middle, steepness)
        made.append(kind.assign(brier_pace=(chance - kind["reached"]) ** 2))
    return pd.concat(made, ignore_index=True)


def best_rule(ratio: np.ndarray, reached: np.ndarray) -> tuple[float, float]:
    tried = [
        (middle, steep) for middle in np.linspace(0.3, 3, 28) for steep in (0.4, 0.8, 1, 2, 3, 5, 8, 12, 20, 40, 80)
    ]
    return min(tried, key=lambda it: float(((pace_chance(ratio, *it) - reached) ** 2).mean()))


def replayed(
    configuration: Configuration, observations: pd.DataFrame, facts: pd.DataFrame, cycle: Cycle
) -> pd.DataFrame:
    """One record per key result and cut date. `facts` has the group and half of each key result, in their order."""
    calendar = configuration.project.calendar
    start, end = microseconds(calendar.start_of_day(cycle.starts)), microseconds(calendar.end_of_day(cycle.ends))
    prepared = prepare(configuration, observations, until=calendar.end_of_day(cycle.ends))
    definitions, tracks, bases = prepared.definitions, prepared.tracks, prepared.bases
    final = stand(definitions, tracks, bases, end, prepared.failed)
    total = np.isin(definitions.labels["measure"], ("accumulate", "limit"))
    days = (cycle.ends - cycle.starts).days + 1
    made = []
    for cut in sorted({cycle.starts + timedelta(days=round(days * share)) for share in CUTS}):
        moment = microseconds(calendar.start_of_day(cut))
        standing = stand(definitions, tracks, bases, moment, prepared.failed)
        told = forecast(definitions, tracks, standing, moment)
        elapsed = (moment - start) / (end - start)
        naive = np.where(total, standing.value / elapsed, standing.value)
        moving = np.isin(definitions.labels["measure"], ("reach", "change"))
        better = np.where(moving, final.target >= final.baseline, definitions.labels["measure"] != "limit")
        naive_reached = np.where(better, naive >= final.target, naive <= final.target)
        made.append(
            facts.assign(
                family=[None if code == NO_FAMILY else FAMILIES[code].value for code in told.family],
                elapsed=elapsed,
                value=final.value,
                inside=(final.value >= told.value_low - 1e-9) & (final.value <= told.value_high + 1e-9),
                off=np.abs(final.value - told.value) / np.maximum((told.value_high - told.value_low) / 2, 1e-12),
                reached=final.progress >= 1,
                chance=told.probability,
                ratio=np.where(np.isnan(standing.pace_ratio), np.sign(standing.progress), standing.pace_ratio),
                brier=(told.probability - (final.progress >= 1)) ** 2,
                brier_naive=(naive_reached - 1.0 * (final.progress >= 1)) ** 2,
                error=np.abs(told.value - final.value) / facts["scale"],
                error_naive=np.abs(naive - final.value) / facts["scale"],
                pinball=pinball(told, final.value) / facts["scale"],
            )[(told.family != NO_FAMILY) & ~np.isnan(final.progress)]
        )
    return pd.concat(made, ignore_index=True)


def pinball(told: Any, value: np.ndarray) -> np.ndarray:
    """The mean loss of the three quantiles."""
    losses = [
        np.maximum(share * (value - at), (share - 1) * (value - at))
        for share, at in ((0.1, told.value_low), (0.5, told.value), (0.9, told.value_high))
    ]
    return 2 * sum(losses) / 3


@dataclass(frozen=True)
class Promise:
    """A measure on a metric's member; `scale` makes errors of different metrics comparable."""

    group: str
    half: str
    metric: str
    where: Mapping[str, str]
    measure: Measure
    scale: float
    over: Over = Over()


def promised(
    metrics: Mapping[str, Metric], promises: list[Promise], cycle: Cycle, calendar: Calendar
) -> tuple[Configuration, pd.DataFrame]:
    key_results = tuple(
        KeyResult(
            id=f"k{number}", objective="o", cycle=cycle.id, title="", owner="", measure=it.measure,
            starts=cycle.starts, ends=cycle.ends, metric=it.metric, where=it.where, over=it.over, min_coverage=0.3,
        )
        for number, it in enumerate(promises)
    )  # fmt: skip
    objective = Objective("o", cycle.id, "", "", Level.TEAM, Intent.COMMITTED, key_results)
    configuration = Configuration(
        Project("benchmark", calendar), {}, dict(metrics), {cycle.id: cycle}, {objective.full_id: objective}
    )
    facts = pd.DataFrame({name: [getattr(it, name) for it in promises] for name in ("group", "half", "scale")})
    return configuration, facts


# Flights


def flights() -> Iterator[pd.DataFrame]:
    """Every metric of the example, for each carrier and airport, over three quarters and three months of 2013."""
    example = check_configuration(PROJECT / "config")
    metrics = {it.id: it for it in example.metrics.values() if it.source != "weather"}
    observations = warehouse_observations(metrics)
    quarters = [(date(2013, 4, 1), date(2013, 6, 30)), (date(2013, 7, 1), date(2013, 9, 30)),
                (date(2013, 10, 1), date(2013, 12, 31))]  # fmt: skip
    months = [(date(2013, 5, 1), date(2013, 5, 31)), (date(2013, 8, 1), date(2013, 8, 31)),
              (date(2013, 11, 1), date(2013, 11, 30))]  # fmt: skip
    for starts, ends in quarters + months:
        cycle = Cycle(f"{starts}", starts, ends)
        promises = list(flight_promises(metrics, observations, cycle))
        configuration, facts = promised(metrics, promises, cycle, example.project.calendar)
        yield replayed(configuration, observations, facts.assign(span=f"{starts} to {ends}"), cycle)


def warehouse_observations(metrics: Mapping[str, Metric]) -> pd.DataFrame:
    frames = []
    with duckdb.connect(str(PROJECT / ".okr/flights.duckdb"), read_only=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for metric in metrics.values():
            if metric.formula is None:
                query = re.sub(r":window_start", "TIMESTAMPTZ '2012-12-31'", str(metric.request["query"]))
                rows = connection.execute(query.replace(":window_end", "TIMESTAMPTZ '2014-01-02'")).df()
                frames.append(observed(metric, rows))
    return pd.concat(frames, ignore_index=True)


def observed(metric: Metric, rows: pd.DataFrame) -> pd.DataFrame:
    starts = pd.to_datetime(rows["period"])
    if starts.dt.tz is None:
        starts = starts.dt.tz_localize("America/New_York")
    dimensions = [
        json.dumps(dict(zip(sorted(metric.dimensions), values, strict=True)), separators=(",", ":"))
        for values in zip(*(rows[name] for name in sorted(metric.dimensions)), strict=True)
    ]
    weight = rows["weight"].astype(float) if "weight" in rows else np.nan
    return pd.DataFrame(
        {"metric": metric.id, "dimensions": dimensions, "period_start": starts.dt.tz_convert("UTC").dt.as_unit("us"),
         "value": rows["value"].astype(float), "weight": weight}
    )  # fmt: skip


def flight_promises(metrics: Mapping[str, Metric], observations: pd.DataFrame, cycle: Cycle) -> Iterator[Promise]:
    recent = observations[
        (observations["period_start"] >= pd.Timestamp(cycle.starts - timedelta(days=91), tz="UTC"))
        & (observations["period_start"] < pd.Timestamp(cycle.starts, tz="UTC"))
    ]
    for metric in metrics.values():
        if metric.id == "aircraft_known" or metric.formula is not None:
            continue
        mine = recent[recent["metric"] == metric.id]
        members = mine["dimensions"].map(json.loads)
        for name in metric.dimensions:
            for member, rows in mine.groupby(members.map(lambda it, name=name: it[name])):
                half = (TUNING, HELD_OUT)[zlib.crc32(f"{name} {member}".encode()) // 7 % 2]
                days = rows["period_start"].nunique()
                if days >= (8 if metric.grain is Grain.WEEK else 60):
                    yield from of_metric(metric, half, {name: str(member)}, rows, cycle)


def of_metric(
    metric: Metric, half: str, where: Mapping[str, str], rows: pd.DataFrame, cycle: Cycle
) -> Iterator[Promise]:
    single = len(metric.dimensions) == 1
    length = (cycle.ends - cycle.starts).days + 1
    total = rows.groupby("period_start")["value"].sum()
    level = float(np.average(rows["value"], weights=rows["weight"])) if rows["weight"].notna().any() else total.mean()
    group = f"flights: {metric.id}"
    for aim in AIMS:
        match metric.rollup:
            case Rollup.SUM if metric.better is Better.LOWER:
                yield Promise(group, half, metric.id, where, Budget(float(level * length * (1 + 3 * aim)) + 1), level)
            case Rollup.SUM:
                yield Promise(group, half, metric.id, where, Accumulate(float(level * length * (1 + aim))), level)
                if metric.grain is Grain.DAY and metric.id == "flights_flown":
                    cadence = Cadence(float(level * 7 * (1 + aim)), Grain.WEEK, 0.75)
                    yield Promise(f"{group}, weekly", half, metric.id, where, cadence, 1.0)
            case Rollup.WEIGHTED_MEAN:
                by = Share(aim if metric.better is Better.HIGHER else -2 * abs(aim))
                over = FOUR_WEEKS if metric.grain is Grain.DAY else Over("trailing", Duration(7, "days"))
                yield Promise(group, half, metric.id, where, Change(by), abs(level), over)
                band = Maintain(*((level, None) if metric.better is Better.HIGHER else (None, level)), 0.6 + aim)
                yield Promise(f"{group}, share", half, metric.id, where, band, 1.0)
            case _ if single:
                by = Share(aim if metric.better is Better.HIGHER else -4 * abs(aim))
                yield Promise(group, half, metric.id, where, Change(by), abs(level))


# Generated series

BEFORE, SPAN = 2 * 364, 91
LONG = 3 * 366 + SPAN
GENERATED = Cycle("2013-Q2", date(2013, 4, 1), date(2013, 6, 30))
WEEKDAY = np.array([0.1, 0.15, 0.1, 0.05, 0.1, -0.2, -0.3])


def generated(count: int, half: str, makers: "Mapping[str, Maker] | None" = None) -> pd.DataFrame:
    """Families of series that are known, from seeds of their own for each half."""
    metrics, frames, promises = {}, [], list[Promise]()
    for name, make in (makers or FAMILIES_MADE).items():
        place = list(FAMILIES_MADE).index(name)
        made = make(np.random.default_rng([20130401, place, (TUNING, HELD_OUT).index(half)]), count)
        metrics[name] = metric_of(name, made)
        frames.extend(frame_of(name, made))
        promises.extend(
            Promise(name, half, name, {"member": str(member)}, measure, made.scale, made.over)
            for member in range(count)
            for measure in made.measures
        )
    configuration, facts = promised(metrics, promises, GENERATED, Calendar())
    return replayed(configuration, pd.concat(frames, ignore_index=True), facts, GENERATED)


def metric_of(name: str, made: "Made") -> Metric:
    return Metric(
        name, "", Grain.DAY, "count", Better.HIGHER, made.rollup, source="s", across=Across.NONE,
        dimensions=("member",),
    )  # fmt: skip


def frame_of(name: str, made: "Made") -> Iterator[pd.DataFrame]:
    days = np.shape(made.values)[1]
    starts = pd.date_range(GENERATED.starts - timedelta(days=days - SPAN), periods=days, tz="UTC", unit="us")
    for member, values in enumerate(made.values):
        weights = np.nan if made.weights is None else made.weights[member][made.since :]
        yield pd.DataFrame(
            {"metric": name, "dimensions": f'{{"member":"{member}"}}', "period_start": starts[made.since :],
             "value": values[made.since :], "weight": weights}
        )  # fmt: skip


@dataclass(frozen=True)
class Made:
    """Series of a family, a row each; `since` is the first day that is observed."""

    values: np.ndarray
    rollup: Rollup
    measures: tuple[Measure, ...]
    scale: float
    over: Over = Over()
    weights: np.ndarray | None = None
    since: int = BEFORE - 182


Maker: TypeAlias = Callable[[np.random.Generator, int], Made]


def persistent(
    dice: np.random.Generator, count: int, share: float, size: float, days: int = BEFORE + SPAN
) -> np.ndarray:
    noise = np.empty((count, days))
    noise[:, 0] = dice.normal(0, size, count)
    steps = dice.normal(0, size * np.sqrt(1 - share**2), noise.shape)
    for day in range(1, noise.shape[1]):
        noise[:, day] = share * noise[:, day - 1] + steps[:, day]
    return noise


def walk(dice: np.random.Generator, count: int, size: float, days: int = BEFORE + SPAN) -> np.ndarray:
    return np.cumsum(dice.normal(0, size, (count, days)), axis=1)


def of_days(count: int, days: int = BEFORE + SPAN) -> np.ndarray:
    return np.tile(1 + WEEKDAY[np.arange(days) % 7], (count, 1))


def stock(dice: np.random.Generator, count: int) -> Made:
    drift = dice.normal(0, 1, (count, 1)) * np.arange(BEFORE + SPAN)
    values = 1000 + walk(dice, count, 5) + drift
    return Made(values, Rollup.LAST, tuple(Change(Points(it)) for it in (-60, 20, 80)), 50)


def flow(dice: np.random.Generator, count: int) -> Made:
    values = 100 * np.exp(walk(dice, count, 0.006)) * of_days(count) * (1 + persistent(dice, count, 0.3, 0.15))
    return Made(np.maximum(values, 0), Rollup.SUM, relative(-0.05, 0.02, 0.1), 9100)


def yearly(dice: np.random.Generator, count: int, days: int = BEFORE + SPAN) -> Made:
    turn = np.sin(2 * np.pi * (np.arange(days) / 364 + dice.uniform(0, 1, (count, 1))))
    values = 100 * (1 + 0.3 * turn) * of_days(count, days) * (1 + dice.normal(0, 0.1, (count, days)))
    return Made(np.maximum(values, 0), Rollup.SUM, relative(-0.1, 0.0, 0.15), 9100, since=0)


def first_year(dice: np.random.Generator, count: int) -> Made:
    made = yearly(dice, count)
    return Made(made.values, made.rollup, made.measures, made.scale)


def years(dice: np.random.Generator, count: int) -> Made:
    """A season that wanders a little and a level that grows, known for three years."""
    days = np.arange(LONG)
    turns = [np.sin(2 * np.pi * (rounds * days / 365.25 + dice.uniform(0, 1, (count, 1)))) for rounds in (1, 2)]
    season = 0.25 * turns[0] + 0.1 * turns[1]
    level = 100 * np.exp(walk(dice, count, 0.003, LONG) + dice.normal(0.0002, 0.0002, (count, 1)) * days)
    noise = 1 + persistent(dice, count, 0.3, 0.15, LONG)
    values = np.maximum(level * (1 + season) * of_days(count, LONG) * noise, 0)
    return Made(values, Rollup.SUM, relative(-0.1, 0.0, 0.15), 9100, since=0)


def short_years(dice: np.random.Generator, count: int) -> Made:
    return replace(years(dice, count), since=LONG - SPAN - 546)


def wandering(dice: np.random.Generator, count: int) -> Made:
    values = 100 * np.exp(walk(dice, count, 0.006, LONG)) * of_days(count, LONG)
    values *= 1 + persistent(dice, count, 0.3, 0.15, LONG)
    return Made(np.maximum(values, 0), Rollup.SUM, relative(-0.05, 0.02, 0.1), 9100, since=0)


def short_wandering(dice: np.random.Generator, count: int) -> Made:
    return replace(wandering(dice, count), since=LONG - SPAN - 546)


def ratio(dice: np.random.Generator, count: int) -> Made:
    events = dice.poisson(60 * of_days(count)) + 1
    share = 1 / (1 + np.exp(-(1.2 + walk(dice, count, 0.03) + persistent(dice, count, 0.5, 0.3))))
    measures = tuple(Change(Points(it)) for it in (-0.03, 0.02, 0.06))
    return Made(dice.binomial(events, share) / events, Rollup.WEIGHTED_MEAN, measures, 0.05, FOUR_WEEKS, events * 1.0)


def periods(dice: np.random.Generator, count: int) -> Made:
    values = dice.normal(1, 1, (count, 1)) + walk(dice, count, 0.04) + dice.logistic(0, 1, (count, BEFORE + SPAN))
    return Made(values, Rollup.MEAN, tuple(Maintain(0, None, it) for it in (0.5, 0.7, 0.85)), 0.1)


def shift(dice: np.random.Generator, count: int) -> Made:
    begins = dice.integers(BEFORE - 120, BEFORE + SPAN, (count, 1))
    moved = (np.arange(BEFORE + SPAN) >= begins) * dice.normal(0, 15, (count, 1))
    values = 100 + moved + persistent(dice, count, 0.3, 10)
    return Made(values, Rollup.MEAN, tuple(Change(Points(it)) for it in (-6, 3, 10)), 10, FOUR_WEEKS)


def spikes(dice: np.random.Generator, count: int) -> Made:
    rare = (dice.random((count, BEFORE + SPAN)) < 0.03) * dice.exponential(400, (count, BEFORE + SPAN))
    return Made(
        np.maximum(100 + persistent(dice, count, 0.3, 10) + rare, 0), Rollup.SUM, relative(-0.05, 0, 0.05), 9100
    )


def heavy(dice: np.random.Generator, count: int) -> Made:
    tails = 8 * np.clip(dice.standard_t(2.2, (count, BEFORE + SPAN)), -60, 60)
    values = 100 + tails + walk(dice, count, 0.5)
    return Made(values, Rollup.MEAN, tuple(Change(Points(it)) for it in (-6, 3, 10)), 10, FOUR_WEEKS)


def sparse(dice: np.random.Generator, count: int) -> Made:
    values = dice.poisson(0.15 * np.exp(persistent(dice, count, 0.97, 0.4))).astype(float)
    return Made(values, Rollup.SUM, tuple(Budget(it) for it in (10, 14, 19)), 14)


def relative(*shares: float) -> tuple[Measure, ...]:
    return tuple(Accumulate(RelativeTarget(share, "previous_cycle")) for share in shares)


FAMILIES_MADE = {
    "stock that wanders and drifts": stock,
    "flow with weekdays": flow,
    "flow with a year seen before": yearly,
    "flow in its first year": first_year,
    "ratio with weights": ratio,
    "share of periods": periods,
    "level that shifts": shift,
    "flow with spikes": spikes,
    "mean with heavy tails": heavy,
    "sparse counts": sparse,
    "flow with a yearly season": years,
    "flow without a season": wandering,
}
UNSEEN: Mapping[str, Maker] = {"flow with a yearly season": short_years, "flow without a season": short_wandering}
"""The same series, of which too little is known for a yearly season."""


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
