"""Scoring 100,000 key results of 90 daily observations each: ours beside the physical limit and its peers.

Run as `python benchmarks/scoring.py [key results]`. CPU seconds, the least of five; ratios are to the numpy matrix,
which has no periods to find, no gaps, no reasons and no rules but the one status. Ours are paced in six ways, peers by
a straight line. Peers compute the same value, progress and roll-up, and are checked to agree with ours.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial

import numpy as np
import pandas as pd

from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.configuration import Configuration, Project
from okr_pipeline.model.metric import Across, Better, Metric, Rollup
from okr_pipeline.model.okr import (
    Checkpoint,
    Cycle,
    Intent,
    KeyResult,
    Level,
    Objective,
    Over,
    Pace,
    PaceKind,
    Reach,
)
from okr_pipeline.scoring.arrays import microseconds
from okr_pipeline.scoring.forecasting import Forecasts, forecast
from okr_pipeline.scoring.objectives import roll_up_objectives
from okr_pipeline.scoring.scores import evaluate, prepare
from okr_pipeline.scoring.standing import stand

DAYS = 90
MEMBERS = 100
PER_OBJECTIVE = 10
NAMED: tuple[PaceKind, ...] = ("linear", "business_days", "seasonal", "front_loaded", "back_loaded")
START = date(2013, 4, 1)
AS_OF = datetime(2013, 6, 30, tzinfo=UTC)
ON_TRACK, AT_RISK, BEHIND = 0, 1, 2


def main(count: int) -> None:
    values = np.random.default_rng(20130519).normal(100, 10, (count, DAYS))
    configuration, observations = definitions(count), frame(values)
    base, target, elapsed = np.full(count, 80.0), np.full(count, 120.0), DAYS / 91
    print(f"{count:,} key results × {DAYS} observations, CPU seconds, least of five")
    prepared, prepare_seconds = once(lambda: prepare(configuration, observations, until=AS_OF))
    moment = microseconds(AS_OF)

    def core() -> np.ndarray:
        standing = stand(prepared.definitions, prepared.tracks, prepared.bases, moment, prepared.failed)
        return roll_up_objectives(prepared.definitions, standing, moment).score

    def beside() -> Forecasts:
        standing = stand(prepared.definitions, prepared.tracks, prepared.bases, moment, prepared.failed)
        roll_up_objectives(prepared.definitions, standing, moment)
        return forecast(prepared.definitions, prepared.tracks, standing, moment)

    def frames() -> np.ndarray:
        return evaluate(prepared, moment).objectives["score"].to_numpy()

    limit, expected = timed(partial(matrix, values, base, target, elapsed))
    rows = [("numpy on a matrix (the limit)", limit)]
    for name, contestant in (
        ("ours, in memory: values to objective scores", core),
        ("ours, in memory, as frames", frames),
        ("pandas, vectorised", partial(vectorised, observations, base, target, elapsed)),
    ):
        seconds, scores = timed(contestant)
        np.testing.assert_allclose(scores, expected, rtol=1e-9)
        rows.append((name, seconds))
    seconds, _ = timed(beside)
    rows.append(("ours, the same and forecasts with intervals", seconds))
    sample = min(count, 2000)
    seconds, _ = timed(partial(naive, values[:sample], base, target, elapsed))
    rows.append((f"naive Python loop, from {sample:,}", seconds * count / sample))
    rows.append(("ours, compiling and sorting once before", prepare_seconds))
    for name, seconds in rows:
        print(f"{name:<48} {seconds:8.3f} s  {seconds / limit:8.1f} ×")


def definitions(count: int) -> Configuration:
    cycle = Cycle("2013-Q2", START, date(2013, 6, 30))
    metrics = {
        f"m{number}": Metric(
            f"m{number}", "", Grain.DAY, "count", Better.HIGHER, Rollup.MEAN, source="s", across=Across.NONE,
            dimensions=("member",),
        )
        for number in range(-(-count // MEMBERS))
    }  # fmt: skip
    paces = (Pace("checkpoints", (Checkpoint(date(2013, 5, 15), 90.0),)), *(Pace(kind) for kind in NAMED))
    objectives = {}
    for first in range(0, count, PER_OBJECTIVE):
        rows = range(first, min(first + PER_OBJECTIVE, count))
        key_results = tuple(
            KeyResult(
                id=f"k{row}", objective=f"o{first}", cycle=cycle.id, title="", owner="", measure=Reach(80, 120),
                pace=paces[row % len(paces)],
                starts=cycle.starts, ends=cycle.ends, metric=f"m{row // MEMBERS}",
                where={"member": f"{row % MEMBERS:03}"}, over=Over("cycle"),
            )
            for row in rows
        )  # fmt: skip
        made = Objective(f"o{first}", cycle.id, "", "", Level.TEAM, Intent.COMMITTED, key_results)
        objectives[made.full_id] = made
    return Configuration(Project("benchmark"), {}, metrics, {cycle.id: cycle}, objectives)


def frame(values: np.ndarray) -> pd.DataFrame:
    count = len(values)
    starts = pd.date_range(START, periods=DAYS, tz="UTC", unit="us")
    names = np.array([f"m{number}" for number in range(-(-count // MEMBERS))], dtype=object)
    texts = np.array([json.dumps({"member": f"{m:03}"}, separators=(",", ":")) for m in range(MEMBERS)], dtype=object)
    row = np.repeat(np.arange(count), DAYS)
    columns = {
        "metric": pd.Categorical.from_codes(row // MEMBERS, names),
        "dimensions": pd.Categorical.from_codes(row % MEMBERS, texts),
        "period_start": starts[np.tile(np.arange(DAYS), count)],
        "value": values.ravel(),
        "weight": np.full(values.size, np.nan),
    }
    return pd.DataFrame(columns)


def matrix(values: np.ndarray, base: np.ndarray, target: np.ndarray, elapsed: float) -> np.ndarray:
    progress = (values.mean(axis=1) - base) / (target - base)
    judged(progress, elapsed)
    owner = np.arange(len(values)) // PER_OBJECTIVE
    return np.bincount(owner, weights=np.clip(progress, 0, 1)) / np.bincount(owner)


def judged(progress: np.ndarray, elapsed: float) -> np.ndarray:
    ratio = progress / elapsed
    return np.where(ratio >= 0.9, ON_TRACK, np.where(ratio >= 0.7, AT_RISK, BEHIND))


def vectorised(observations: pd.DataFrame, base: np.ndarray, target: np.ndarray, elapsed: float) -> np.ndarray:
    inside = observations[
        (observations["period_start"] >= pd.Timestamp(START, tz="UTC")) & (observations["period_start"] < AS_OF)
    ]
    means = inside.groupby(["metric", "dimensions"], sort=True, observed=True)["value"].mean()
    progress = (means.to_numpy() - base) / (target - base)
    judged(progress, elapsed)
    score = pd.Series(np.clip(progress, 0, 1))
    return score.groupby(np.arange(len(score)) // PER_OBJECTIVE).mean().to_numpy()


def naive(values: np.ndarray, base: np.ndarray, target: np.ndarray, elapsed: float) -> list[float]:
    scores = []
    for row, points in enumerate(values.tolist()):
        total, days = 0.0, 0
        for day, point in enumerate(points):
            if datetime(2013, 4, 1, tzinfo=UTC) + timedelta(days=day + 1) <= AS_OF:
                total, days = total + point, days + 1
        progress = (total / days - base[row]) / (target[row] - base[row])
        ratio = progress / elapsed
        scores.append(
            (min(max(progress, 0), 1), "on_track" if ratio >= 0.9 else "at_risk" if ratio >= 0.7 else "behind")
        )
    return [
        sum(s for s, _ in scores[i : i + PER_OBJECTIVE]) / PER_OBJECTIVE for i in range(0, len(scores), PER_OBJECTIVE)
    ]


def timed(work: Callable[[], object]) -> tuple[float, object]:
    runs = [once(work) for _ in range(5)]
    return min(seconds for _, seconds in runs), runs[-1][0]


def once(work: Callable[[], object]) -> tuple[object, float]:
    before = time.process_time()
    made = work()
    return made, time.process_time() - before


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
