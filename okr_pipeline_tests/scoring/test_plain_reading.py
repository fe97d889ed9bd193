"""The columns agree with the rules read plainly, one key result and one day at a time, in exact fractions."""

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_pipeline.model.calendar import Duration
from okr_pipeline.model.metric import Rollup
from okr_pipeline.model.okr import Accumulate, Budget, Maintain, Measure, Over, Reach
from okr_pipeline.scoring import score
from okr_pipeline_tests.scoring.worlds import (
    ENDS,
    FIRST,
    STARTS,
    as_of_day,
    configuration,
    key_result,
    metric,
    observed,
    series,
)

Days = dict[date, Fraction]
OVERS = [Over(), Over("cycle"), Over("trailing", Duration(4, "days")), Over("trailing", Duration(2, "weeks"))]
MEASURES: list[Measure] = [
    Reach(10, 250), Reach(250, 10), Reach("at_start", 300), Accumulate(700), Budget(90), Maintain(-50, 400, 0.75),
]  # fmt: skip


@dataclass(frozen=True)
class Read:
    """A key result's value and progress, or the reason why there is none."""

    value: Fraction | None
    progress: Fraction | None
    expected: Fraction | None
    reason: str | None


@settings(max_examples=200, deadline=None)
@given(
    values=series(wild=False, length=51),
    gaps=st.integers(0, 2**32 - 1),
    measure=st.sampled_from(MEASURES),
    over=st.sampled_from(OVERS),
    rollup=st.sampled_from([Rollup.SUM, Rollup.MEAN, Rollup.LAST, Rollup.MIN, Rollup.MAX]),
    today=st.dates(date(2013, 3, 28), date(2013, 4, 23)),
)
def test_columns_agree_with_a_plain_reading(
    values: list[float], gaps: int, measure: Measure, over: Over, rollup: Rollup, today: date
) -> None:
    random = np.random.default_rng(gaps)
    missing = random.random(len(values)) < random.choice([0, 0.1, 0.3])
    rows = [None if gap else value for gap, value in zip(missing, values, strict=True)]
    if isinstance(measure, Reach) and measure.from_ == "at_start" and over.kind == "cycle":
        return
    config = configuration([metric(rollup=rollup)], [key_result(measure, over=over)])
    row = score(config, observed(rows), as_of=as_of_day(today)).key_results.iloc[0]
    read = plainly(days_of(rows), measure, over, rollup, today)
    assert row["reason"] == read.reason or (row["reason"] == "out_of_reach" and read.reason is None)
    for name, wanted in (("value", read.value), ("progress", read.progress), ("expected_progress", read.expected)):
        assert row[name] == (pytest.approx(float(wanted)) if wanted is not None else pytest.approx(np.nan, nan_ok=True))


def days_of(rows: list[float | None]) -> Days:
    return {FIRST + timedelta(days=day): Fraction(value) for day, value in enumerate(rows) if value is not None}


def plainly(seen: Days, measure: Measure, over: Over, rollup: Rollup, today: date) -> Read:
    """Page by page: window, roll-up, reasons, progress, plan."""
    if today < STARTS:
        return Read(None, None, None, "not_started")
    last = min(today, ENDS)
    window = [day for day in window_of(measure, over, last) if day in seen]
    known = [day for day in seen if day <= today]
    if not window:
        return Read(None, None, None, "no_observation")
    if (last - max(known)).days > 3:
        return Read(None, None, None, "stale")
    base = base_of(seen, measure, over, rollup)
    latest = over.kind == "latest" and isinstance(measure, Reach)
    expected_days = (max(window) - window_of(measure, over, last)[0]).days + 1
    thin = not latest and Fraction(len(window), expected_days) < Fraction(4, 5)
    value = value_of([seen[day] for day in window], measure, rollup, latest=latest)
    level = isinstance(measure, Budget | Maintain)
    plan = Fraction(1) if level else Fraction((max(window) - STARTS).days + 1, (ENDS - STARTS).days + 1)
    if isinstance(measure, Reach) and base is None:
        return Read(value, None, plan, "undefined_baseline")
    if thin:
        return Read(None, None, None, "below_coverage")
    return Read(value, progress_of(measure, value, base), plan, None)


def window_of(measure: Measure, over: Over, last: date) -> list[date]:
    first = STARTS
    if isinstance(measure, Reach) and over.length is not None:
        days = over.length.count * (7 if over.length.unit == "weeks" else 1)
        first = max(STARTS, last - timedelta(days=days - 1))
    return [first + timedelta(days=day) for day in range((last - first).days + 1)]


def base_of(seen: Days, measure: Measure, over: Over, rollup: Rollup) -> Fraction | None:
    if not isinstance(measure, Reach):
        return None
    if measure.from_ != "at_start":
        return Fraction(measure.from_)
    if over.length is None:
        fresh = [day for day in seen if STARTS - timedelta(days=4) <= day < STARTS]
        return seen[max(fresh)] if fresh else None
    length = over.length.count * (7 if over.length.unit == "weeks" else 1)
    days = [day for day in seen if STARTS - timedelta(days=length) <= day < STARTS]
    enough = Fraction(len(days), length) >= Fraction(4, 5)
    return value_of([seen[day] for day in days], measure, rollup, latest=False) if enough else None


def value_of(values: list[Fraction], measure: Measure, rollup: Rollup, *, latest: bool) -> Fraction:
    if isinstance(measure, Accumulate | Budget):
        return sum(values, Fraction(0))
    if isinstance(measure, Maintain):
        return Fraction(sum(-50 <= value <= 400 for value in values), len(values))
    if latest:
        return values[-1]
    total = sum(values, Fraction(0))
    return {
        Rollup.SUM: total,
        Rollup.MEAN: total / len(values),
        Rollup.LAST: values[-1],
        Rollup.MIN: min(values),
        Rollup.MAX: max(values),
    }[rollup]


def progress_of(measure: Measure, value: Fraction, base: Fraction | None) -> Fraction:
    match measure:
        case Accumulate(to):
            return value / Fraction(to)
        case Budget(to):
            return Fraction(1) if value <= to else 1 - (value - Fraction(to)) / Fraction(to)
        case Maintain():
            return value / Fraction(3, 4)
        case Reach(_, to) if base is not None:
            if measure.from_ == "at_start" and base >= to:
                return Fraction(int(value >= to))
            return (value - base) / (Fraction(to) - base)
    raise AssertionError(measure)
