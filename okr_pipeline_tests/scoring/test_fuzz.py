"""A million values of every kind that a float can be, through every measure: nothing infinite, nothing raised."""

from collections.abc import Callable
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest

from okr_pipeline.model.calendar import Duration, Grain
from okr_pipeline.model.configuration import Configuration, Project
from okr_pipeline.model.frames import OBSERVATIONS
from okr_pipeline.model.metric import Better, Metric, Rollup
from okr_pipeline.model.okr import (
    Accumulate,
    Baseline,
    Budget,
    Cadence,
    Change,
    Intent,
    KeyResult,
    Level,
    Maintain,
    Measure,
    Objective,
    Over,
    Points,
    Reach,
    RelativeTarget,
    Share,
)
from okr_pipeline.model.status_rule import STATUS_RULES
from okr_pipeline.scoring import Scores, score, verdicts
from okr_pipeline_tests.scoring.worlds import CYCLE, FIRST, as_of_day, key_result, metric

SERIES, DAYS = 20_000, 50
TODAY = as_of_day(date(2013, 4, 19))
ENDED = as_of_day(date(2013, 4, 25))
STRANGE = np.array(
    [np.nan, np.inf, -np.inf, 1e308, -1e308, np.finfo(float).max, np.finfo(float).min, 5e-324, -5e-324, 2.2e-308, 1e-300,
     0.0, -0.0, 1e16, 2.0**53 + 2, 1.0, -1.0, 0.1, 1 / 3, 1 - 1e-16, 1 + 1e-12]
)  # fmt: skip
UNJUDGED = ["unknown", "not_started"]

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def numbers(random: np.random.Generator, count: int) -> np.ndarray:
    """Tame ones, ones of every size, and the strange ones."""
    sized = random.choice([-1, 1], count) * 10.0 ** random.uniform(-307, 308, count)
    kinds = [random.integers(-50, 50, count) / 4, sized, random.choice(STRANGE, count)]
    return np.choose(random.integers(0, 3, count), kinds)


def finite(random: np.random.Generator) -> float:
    number = np.nan
    while not np.isfinite(number):
        number = float(numbers(random, 1)[0])
    return number


def share(random: np.random.Generator) -> float:
    return float(random.choice([1e-300, 0.1, 0.5, 1 / 3, 0.999, 1.0]))


MEASURES: list[Callable[[np.random.Generator], Measure]] = [
    lambda random: Reach(finite(random), finite(random)),
    lambda random: Reach("at_start", finite(random)),
    lambda random: Change(Share(finite(random))),
    lambda random: Change(Points(finite(random)), finite(random)),
    lambda random: Accumulate(finite(random)),
    lambda random: Accumulate(RelativeTarget(finite(random), "previous_cycle")),
    lambda random: Budget(finite(random)),
    lambda random: Maintain(finite(random), None, share(random)),
    lambda random: Maintain(None, finite(random), share(random)),
    lambda random: Maintain(None, 1.0, share(random), "events"),
    lambda random: Cadence(abs(finite(random)), Grain.WEEK, share(random)),
    lambda random: Baseline(int(random.integers(1, 30))),
]
OVERS = [Over(), Over("cycle"), Over("trailing", Duration(7, "days"))]


def company(seed: int, count: int = SERIES) -> Configuration:
    """As many key results as series, each with a metric of its own, in objectives of four."""
    random = np.random.default_rng(seed)
    metrics, results = [], []
    for number in range(count):
        metrics.append(_metric(random, number))
        results.append(_key_result(random, number))
    objectives = [
        Objective(
            f"o{start}", "C", "", "", Level.TEAM, Intent(random.choice(list(Intent))), tuple(results[start : start + 4])
        )
        for start in range(0, count, 4)
    ]
    return Configuration(
        Project("p"), {}, {it.id: it for it in metrics}, {"C": CYCLE}, {it.full_id: it for it in objectives}
    )


def _metric(random: np.random.Generator, number: int) -> Metric:
    return metric(
        f"m{number}",
        rollup=Rollup(random.choice(list(Rollup))),
        better=Better(random.choice(list(Better))),
        unit=str(random.choice(["count", "percent", "ratio"])),
        empty=str(random.choice(["missing", "zero"])),
    )


def _key_result(random: np.random.Generator, number: int) -> KeyResult:
    return key_result(
        MEASURES[number % len(MEASURES)](random),
        f"k{number}",
        metric=f"m{number}",
        over=OVERS[int(random.integers(len(OVERS)))],
        weight=float(random.choice([1e-300, 0.5, 1.0, 3.0, 1e300])),
        min_coverage=float(random.choice([0.0, 0.5, 1.0])),
        grace=float(random.choice([0.0, 0.1, 1.0])),
    )


def fuzzed(seed: int, count: int = SERIES) -> pd.DataFrame:
    """A value a day for every metric, with weights as strange."""
    random = np.random.default_rng(seed)
    starts = pd.to_datetime([pd.Timestamp(FIRST + timedelta(days=day), tz="UTC") for day in range(DAYS)]).as_unit("us")
    size = count * DAYS
    frame = pd.DataFrame(
        {
            "metric": np.repeat([f"m{number}" for number in range(count)], DAYS),
            "dimensions": "{}",
            "period_start": np.tile(starts, count),
            "period_end": np.tile(starts + pd.Timedelta(days=1), count),
            "value": numbers(random, size),
            "weight": np.where(random.random(size) < 0.5, np.nan, numbers(random, size)),
            "revision": 1,
            "recorded_at": pd.Timestamp("2013-06-01", tz="UTC"),
            "run_id": "run",
            "flags": None,
        }
    )
    return frame[list(OBSERVATIONS)]


def test_a_million_values_give_no_infinity_and_no_number_that_is_none() -> None:
    configuration, observations = company(1), fuzzed(2)
    assert len(observations) == 1_000_000
    for as_of in (TODAY, ENDED):
        assert_sound(score(configuration, observations, as_of=as_of))


def test_no_rule_contradicts_a_score_on_fuzzed_values() -> None:
    told = verdicts(company(3, 2_000), fuzzed(4, 2_000), as_of=TODAY).dropna(subset="progress")
    assert len(told) > 1_000
    for rule in STATUS_RULES:
        bad = told[told[rule].isin(["behind", "at_risk"])]
        assert (bad["progress"] < bad["expected_progress"]).all(), rule
        assert (told.loc[told[rule] == "achieved", "progress"] >= 1).all(), rule
        assert told[rule].isin(["behind", "at_risk", "on_track", "achieved"]).all(), rule


def assert_sound(scores: Scores) -> None:
    """No infinity in any column; what has a status other than unknown has numbers, what has none a reason."""
    for frame in (scores.key_results, scores.objectives, scores.baselines):
        assert not np.isinf(frame.select_dtypes("float64").to_numpy()).any()
    rows = scores.key_results
    judged = rows[~rows["status"].isin(UNJUDGED)]
    assert len(judged) > len(rows) / 10
    assert judged[["value", "target", "progress", "score", "expected_progress", "gap"]].notna().all(axis=None)
    assert judged["score"].between(0, 1).all()
    assert rows.loc[rows["status"].isin(UNJUDGED), "reason"].notna().all()
    assert rows.loc[rows["status"].isin(UNJUDGED), "progress"].isna().all()
    objectives = scores.objectives
    known = objectives["status"] != "unknown"
    assert objectives.loc[known, "score"].between(0, 1).all()
    assert objectives.loc[~known, "reason"].notna().all()
    assert objectives[["score_low", "score_high", "coverage"]].notna().all(axis=None)
