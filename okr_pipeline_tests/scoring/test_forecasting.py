"""Laws that every forecast keeps."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from okr_pipeline.model.calendar import Calendar, Duration, Grain
from okr_pipeline.model.fiscal import WeekYear
from okr_pipeline.model.formula import parse_formula
from okr_pipeline.model.metric import Better, Rollup
from okr_pipeline.model.okr import Accumulate, Baseline, Budget, Cadence, Maintain, Measure, Over, Reach
from okr_pipeline.scoring import score
from okr_pipeline.scoring.outliers import total, weighed
from okr_pipeline_tests.scoring.worlds import World, as_of_day, configuration, key_result, metric, observed, worlds
from okr_pipeline_tests.spec.world import observation_frame

TODAY = as_of_day(date(2013, 4, 10))
NUMBERS = (
    "forecast_value",
    "forecast_value_low",
    "forecast_value_high",
    "forecast_progress",
    "forecast_progress_low",
    "forecast_progress_high",
    "forecast_probability",
)
MEASURES = [
    (Reach(0, 50), Rollup.LAST, Over()),
    (Reach(0, 50), Rollup.MEAN, Over("trailing", Duration(7, "days"))),
    (Reach(50, 0), Rollup.MAX, Over("cycle")),
    (Reach(50, 0), Rollup.MIN, Over("cycle")),
    (Accumulate(900), Rollup.SUM, Over()),
    (Budget(900), Rollup.SUM, Over()),
    (Maintain(40, 60, 0.7), Rollup.MEAN, Over()),
    (Cadence(90, Grain.DAY, 0.5), Rollup.SUM, Over()),
]
values = st.lists(st.integers(0, 100), min_size=41, max_size=41)
law = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")


def forecast(
    numbers: Sequence[float], measure: Measure, rollup: Rollup = Rollup.MEAN, over: Over = Over(), **facts: object
) -> pd.Series:
    config = configuration([metric(rollup=rollup, **facts)], [key_result(measure, over=over)])
    return score(config, observed(numbers), as_of=TODAY).key_results.iloc[0]


@law
@given(worlds())
def test_a_forecast_is_whole_and_finite_or_refused_for_a_reason(world: World) -> None:
    frame = score(world.configuration, world.observations, as_of=world.as_of, quarantine=world.quarantine).key_results
    told = frame[frame["forecast_refusal"].isna()]
    assert np.isfinite(told[list(NUMBERS)].to_numpy(dtype=float)).all()
    assert told["forecast_probability"].between(0, 1).all()
    assert told["forecast_method"].notna().all()
    for name in ("value", "progress"):
        assert (told[f"forecast_{name}_low"] <= told[f"forecast_{name}_high"]).all()
    refused = frame[frame["forecast_refusal"].notna()]
    assert refused[[*NUMBERS, "forecast_required_rate", "forecast_buffer_days"]].isna().all(axis=None)


@law
@given(worlds())
def test_what_is_unknown_has_no_forecast(world: World) -> None:
    frame = score(world.configuration, world.observations, as_of=world.as_of, quarantine=world.quarantine).key_results
    unknown = frame[frame["progress"].isna() & (frame["status"] == "unknown")]
    assert unknown["forecast_refusal"].notna().all()


@law
@given(numbers=values, factor=st.sampled_from([0.01, 60.0, 1024.0]))
@pytest.mark.parametrize(("measure", "rollup", "over"), MEASURES[:6])
def test_the_unit_changes_no_progress_and_no_chance(
    numbers: list[float], factor: float, measure: Measure, rollup: Rollup, over: Over
) -> None:
    match measure:
        case Reach(start, to):
            scaled: Measure = Reach(float(start) * factor, to * factor)
        case Accumulate(to):
            scaled = Accumulate(float(to) * factor)
        case Budget(to):
            scaled = Budget(to * factor)
    one, other = (
        forecast(numbers, measure, rollup, over),
        forecast([it * factor for it in numbers], scaled, rollup, over),
    )
    for name in ("forecast_progress", "forecast_progress_low", "forecast_progress_high", "forecast_probability"):
        assert one[name] == pytest.approx(other[name], rel=1e-4, abs=1e-4), name


@law
@given(numbers=values, step=st.integers(1, 40))
@pytest.mark.parametrize(("measure", "rollup", "over"), MEASURES[:6])
def test_a_harder_target_is_never_likelier(
    numbers: list[float], step: int, measure: Measure, rollup: Rollup, over: Over
) -> None:
    match measure:
        case Reach(start, to):
            harder: Measure = Reach(start, to + step if to > float(start) else to - step)
        case Accumulate(to):
            harder = Accumulate(float(to) + step)
        case Budget(to):
            harder = Budget(to - step)
    chances = [forecast(numbers, it, rollup, over)["forecast_probability"] for it in (measure, harder)]
    assert chances[1] <= chances[0] + 1e-12


@law
@given(values, st.integers(1, 100))
def test_a_day_that_brought_more_never_forecasts_a_smaller_sum_of_a_steady_series(
    numbers: list[float], step: int
) -> None:
    level = [float(numbers[0])] * 40
    less, more = (forecast([*level, numbers[0] + it], Accumulate(900), Rollup.SUM) for it in (0, step))
    assert more["forecast_value"] >= less["forecast_value"] - 1e-9


@law
@given(numbers=values)
@pytest.mark.parametrize("over", [Over(), Over("trailing", Duration(7, "days"))])
def test_down_is_up_in_a_mirror(numbers: list[float], over: Over) -> None:
    up = forecast(numbers, Reach(0, 50), over=over)
    down = forecast([-it for it in numbers], Reach(0, -50), over=over, better=Better.LOWER)
    assert up["forecast_value"] == pytest.approx(-down["forecast_value"])
    assert up["forecast_progress_low"] == pytest.approx(down["forecast_progress_low"])
    assert up["forecast_probability"] == pytest.approx(down["forecast_probability"])


@pytest.mark.parametrize("day", range(20, 40))
@pytest.mark.parametrize("spike", [500.0, 5_000.0, -100_000.0])
def test_one_spike_hardly_moves_the_level(day: int, spike: float) -> None:
    quiet = list(np.random.default_rng(day).normal(50, 4, 41))
    spiked = [*quiet[:day], spike, *quiet[day + 1 :]]
    before, after = (forecast(it, Reach(0, 50), Rollup.LAST) for it in (quiet, spiked))
    assert after["forecast_value"] == pytest.approx(before["forecast_value"], abs=16)


def test_a_weekday_season_is_found_and_carried_on() -> None:
    week = [10.0, 10, 10, 10, 10, 2, 2]
    made = forecast([week[(day + 4) % 7] for day in range(41)], Accumulate(200), Rollup.SUM)
    assert made["forecast_method"] == "flow with season"
    assert made["forecast_value"] == pytest.approx(sum(week[(31 + day + 4) % 7] for day in range(20)), rel=1e-6)


def of_years(days: int, seed: int) -> list[float]:
    """Daily values up to April 10th that are highest at the end of March, by two fifths of their mean."""
    number = np.arange(-days, 0)
    noise = np.random.default_rng(seed).normal(1, 0.1, days)
    return list(100 * (1 + 0.4 * np.sin(2 * np.pi * (number / 365.25 + 0.28))) * noise)


def foreseen(numbers: list[float], measure: Measure, rollup: Rollup, **facts: object) -> pd.Series:
    config = configuration([metric(rollup=rollup)], [key_result(measure, **facts)])
    rows = observed(numbers, first=date(2013, 4, 11) - timedelta(days=len(numbers)))
    return score(config, rows, as_of=TODAY).key_results.iloc[0]


@pytest.mark.parametrize("seed", range(5))
def test_a_season_of_the_year_is_foreseen_where_three_years_are_known(seed: int) -> None:
    to_come = 100 * (1 + 0.4 * np.sin(2 * np.pi * (np.arange(81) / 365.25 + 0.28)))
    numbers = of_years(1110, seed)
    value = sum(numbers[-10:]) + to_come.sum()
    seen, unseen = (
        foreseen(it, Accumulate(9_000), Rollup.SUM, ends=date(2013, 6, 30)) for it in (numbers, numbers[-500:])
    )
    assert abs(seen["forecast_value"] - value) < 0.8 * abs(unseen["forecast_value"] - value)
    assert seen["forecast_value_high"] - seen["forecast_value_low"] < (
        unseen["forecast_value_high"] - unseen["forecast_value_low"]
    )


def test_weeks_that_brought_double_in_every_year_will() -> None:
    numbers = np.random.default_rng(2).normal(100, 5, 1110)
    for year in (1, 2, 3):
        numbers[1110 - 364 * year : 1110 - 364 * year + 28] *= 2
    made = foreseen(list(numbers), Accumulate(5_000), Rollup.SUM)
    assert made["forecast_method"] == "flow with season"
    assert made["forecast_value"] == pytest.approx(10 * 100 + 10 * 200, rel=0.05)


def test_with_less_than_two_years_only_the_newest_half_is_learnt_from() -> None:
    numbers = of_years(700, 1)
    one, other = (foreseen(it, Accumulate(9_000), Rollup.SUM) for it in (numbers, numbers[-182:]))
    assert [one[name] for name in NUMBERS] == [other[name] for name in NUMBERS]


def test_growth_of_years_is_no_season_and_is_counted_once() -> None:
    made = foreseen([float(day) for day in range(1110)], Reach(1099, 1130), Rollup.LAST)
    assert made["forecast_method"] == "stock with trend"
    assert made["forecast_value"] == pytest.approx(1119, abs=0.5)


def test_what_happened_in_one_year_alone_is_no_season() -> None:
    numbers = [*np.random.default_rng(2).normal(100, 5, 1110)]
    once = [it + 60 * (745 <= day < 766) for day, it in enumerate(numbers)]  # the same three weeks, one year ago
    plain, after = (foreseen(it, Accumulate(2_000), Rollup.SUM) for it in (numbers, once))
    assert after["forecast_value"] == pytest.approx(plain["forecast_value"], rel=0.01)


def test_a_drifting_stock_goes_on() -> None:
    made = forecast([float(day) for day in range(41)], Reach(31, 60), Rollup.LAST)
    assert made["forecast_method"] == "stock with trend"
    assert made["forecast_value"] == pytest.approx(50, abs=0.5)


def test_hours_of_a_baseline_are_counted_to_the_end() -> None:
    hours = pd.date_range("2013-03-20", "2013-04-11", freq="h", tz="UTC", unit="us", inclusive="left")
    frame = pd.DataFrame(
        {"metric": "kpi", "dimensions": "{}", "period_start": hours, "period_end": hours + pd.Timedelta(hours=1),
         "value": 1.0, "weight": np.nan}
    )  # fmt: skip
    config = configuration([metric(grain=Grain.HOUR)], [key_result(Baseline(480))])
    made = score(config, frame, as_of=TODAY).key_results.iloc[0]
    assert made["forecast_value"] == pytest.approx(480, rel=0.02)
    assert made["forecast_value_high"] == pytest.approx(480)


@pytest.mark.parametrize(("measure", "rollup", "over"), MEASURES)
def test_every_measure_has_a_forecast(measure: Measure, rollup: Rollup, over: Over) -> None:
    dice = np.random.default_rng(1)
    made = forecast(list(dice.normal(50, 10, 41)), measure, rollup, over)
    assert made["forecast_refusal"] is None
    assert made["forecast_value_low"] <= made["forecast_value"] <= made["forecast_value_high"]


def test_a_forecast_depends_on_no_other_key_result() -> None:
    """A proof of one key result has what was published beside all others, of longer and of shorter history.

    One has gaps and one has weights, so that no two are laid out alike.
    """
    rng = np.random.default_rng(11)
    lengths = {"long": 160, "middle": 75, "short": 41, "broken": 90, "weighted": 80, "old": 1000}
    series = [
        observed(
            [None if name == "broken" and rng.random() < 0.1 else it for it in rng.integers(30, 70, days).tolist()],
            weights=rng.integers(1, 9, days).tolist() if name == "weighted" else None,
            name=name,
            first=date(2013, 4, 11) - timedelta(days=days),
        )
        for name, days in lengths.items()
    ]
    rows = pd.concat(series, ignore_index=True)
    shapes = [(name, number) for name in lengths for number in range(len(MEASURES))]
    rollups = {"weighted": Rollup.WEIGHTED_MEAN}
    metrics = [metric(f"{name}", rollup=rollups.get(name, Rollup.MEAN)) for name in lengths]
    asked = [
        key_result(MEASURES[number][0], f"{name}-{number}", metric=name, over=MEASURES[number][2])
        for name, number in shapes
    ]
    config = configuration(metrics, asked)
    together = score(config, rows, as_of=TODAY).key_results.set_index("key_result")[list(NUMBERS)]
    assert together.notna().all(axis=1).sum() > len(asked) / 2
    for name in together.index:
        alone = score(config, rows, as_of=TODAY, key_results=[name]).key_results.set_index("key_result")
        pd.testing.assert_frame_equal(alone[list(NUMBERS)], together.loc[[name]], check_exact=True)


def test_a_quotient_is_foreseen_as_the_mean_weighted_by_what_divides() -> None:
    """Also where there is far more history than is learnt from: what is observed weighs as what is to come."""
    rng = np.random.default_rng(5)
    first, days = date(2012, 6, 1), 314
    whole = rng.integers(20, 60, days).astype(float)
    part = np.round(
        whole * np.where(np.arange(days) < days - 10, 0.2, 0.8)
    )  # the ten days of the span are not as before
    quotient = metric("share", rollup=None, source=None, unit="ratio", formula=parse_formula("part / whole"))
    mean = metric("mean", rollup=Rollup.WEIGHTED_MEAN, unit="ratio")
    asked = [key_result(Reach(0.3, 0.5), name, metric=name, over=Over("cycle")) for name in ("share", "mean")]
    config = configuration([metric("part"), metric("whole"), quotient, mean], asked)
    rows = [
        observed(part.tolist(), name="part", first=first),
        observed(whole.tolist(), name="whole", first=first),
        observed((part / whole).tolist(), weights=whole.tolist(), name="mean", first=first),
    ]
    made = score(config, pd.concat(rows, ignore_index=True), as_of=TODAY).key_results.set_index("metric")
    assert made["forecast_refusal"].isna().all()
    for name in ("forecast_value", "forecast_value_low", "forecast_value_high"):
        assert made.loc["share", name] == pytest.approx(made.loc["mean", name], abs=0.01), name


@law
@given(rows=st.lists(st.lists(st.integers(-99, 99), min_size=5, max_size=5), min_size=2, max_size=40), size=values)
def test_sums_of_columns_do_not_depend_on_those_beside_them(rows: list[list[int]], size: list[int]) -> None:
    matrix, weights = np.array(rows) / 7, np.array(size)[None, : len(rows)] / 3
    plain = np.zeros(5)
    for row in matrix:
        plain += row
    for columns in ([0], [3], [1, 4], [4, 0, 2], [0, 1, 2, 3, 4]):
        part = np.ascontiguousarray(matrix[:, columns])
        assert (total(part) == plain[columns]).all()
        assert (weighed(weights, part) == weighed(weights, matrix)[:, columns]).all()


RETAIL = Calendar(week_year=WeekYear("4-4-5", weekday=5, month=1, rule="nearest"), week_starts=6)


MAY = datetime(2023, 5, 1, tzinfo=UTC)


def of_a_retailer(months: int, each_week: Sequence[float], calendar: Calendar, last: date) -> pd.DataFrame:
    """A sum for each fiscal month up to the end of a day."""
    end_of_last = calendar.end_of_day(last)
    bounds = calendar.boundaries(end_of_last - timedelta(weeks=5 * months), end_of_last, Grain.MONTH)[-months - 1 :]
    rows = [
        {
            "metric": "kpi",
            "dimensions": "{}",
            "period_start": start,
            "period_end": end,
            "value": amount * round((end - start) / timedelta(weeks=1)),
            "revision": 1,
            "recorded_at": end,
            "run_id": "r",
        }
        for (start, end), amount in zip(pairwise(bounds), each_week, strict=True)
    ]
    return observation_frame(rows)


@pytest.mark.parametrize("months", [12, 35])
@pytest.mark.parametrize("measure", [Accumulate(13_500), Budget(13_500)])
def test_a_fiscal_month_of_six_weeks_brings_six_weeks(months: int, measure: Measure) -> None:
    each_week = 1000 + np.random.default_rng(1).normal(0, 20, months)
    promised = key_result(measure, starts=date(2023, 10, 29), ends=date(2024, 2, 3))
    config = configuration([metric(rollup=Rollup.SUM, grain=Grain.MONTH, freshness=Duration(90, "days"))], [promised])
    config = replace(config, project=replace(config.project, calendar=RETAIL))
    rows = of_a_retailer(months, each_week, RETAIL, date(2023, 12, 23))  # a month of six weeks comes
    made = score(config, rows, as_of=RETAIL.end_of_day(date(2024, 1, 27))).key_results.iloc[0]
    assert made["forecast_value"] == pytest.approx(made["value"] + 6_000, rel=0.01)
    assert made["forecast_value_low"] <= made["value"] + 6_000 <= made["forecast_value_high"]
    assert made["forecast_probability"] == (
        pytest.approx(1, abs=0.1) if isinstance(measure, Accumulate) else pytest.approx(0, abs=0.1)
    )


def test_a_season_comes_back_after_thirteen_months_where_a_year_has_so_many() -> None:
    calendar = Calendar(week_year=WeekYear("13x4", weekday=6, month=8, rule="nearest"), week_starts=0)
    last = calendar.date_of(calendar.boundaries(MAY, MAY + timedelta(days=1), Grain.MONTH)[0]) - timedelta(days=1)
    each_week = np.random.default_rng(1).normal(1000, 20, 44)
    each_week[[-13, -26, -39]] *= 2  # the month that comes next
    promised = key_result(Accumulate(9_000), starts=last - timedelta(days=27), ends=last + timedelta(days=28))
    config = configuration(
        [metric(rollup=Rollup.SUM, grain=Grain.MONTH, freshness=Duration(90, "days"))], [promised], calendar=calendar
    )
    rows = of_a_retailer(44, each_week, calendar, last)
    made = score(config, rows, as_of=calendar.end_of_day(last + timedelta(days=5))).key_results.iloc[0]
    assert made["forecast_method"] == "flow with season"
    assert made["forecast_value"] - made["value"] == pytest.approx(8_000, rel=0.1)
