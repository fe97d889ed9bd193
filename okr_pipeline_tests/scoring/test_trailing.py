"""The last weeks of a KPI, on the scale of its periods."""

from datetime import date, timedelta

import pandas as pd

from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.formula import parse_formula
from okr_pipeline.model.frames import QUARANTINE
from okr_pipeline.model.metric import Across, Band, Better, Metric, Rollup
from okr_pipeline.scoring.trailing import TRAILING, trailing_weeks
from okr_pipeline_tests.scoring.test_health import project
from okr_pipeline_tests.scoring.worlds import as_of_day, metric, observed

MONDAY = date(2013, 4, 1)
NOTHING = pd.DataFrame(columns=list(QUARANTINE))


def weeks(rows, *metrics, days, ask="kpi"):
    at = as_of_day(MONDAY + timedelta(days=days - 1))
    made = trailing_weeks(project(*metrics), rows, as_of=at, quarantine=NOTHING, metrics=[ask])
    assert list(made.columns) == list(TRAILING)
    return made


def test_a_sum_is_shown_as_its_mean_period_with_how_many_lay_outside():
    values = [*[10.0] * 7, *[20.0] * 7, 5.0, 5.0, 35.0]
    made = weeks(observed(values, first=MONDAY), metric(healthy=Band(max=15.0)), days=17)
    assert made["start"].dt.date.tolist() == [MONDAY + timedelta(days=7 * week) for week in range(-3, 3)]
    assert made["value"].tolist()[3:] == [10.0, 20.0, 15.0]
    assert made["value"].isna().tolist() == [True, True, True, False, False, False]
    assert made[["periods", "outside"]].to_numpy().tolist()[3:] == [[7, 0], [7, 7], [3, 1]]


def test_a_weighted_mean_is_weighted_and_a_ratio_made_of_its_sums():
    weighted = metric(rollup=Rollup.WEIGHTED_MEAN, across=Across.WEIGHTED_MEAN, healthy=Band(max=15.0))
    made = weeks(observed([10.0, 40.0], weights=[9.0, 1.0], first=MONDAY), weighted, days=2)
    assert made["value"].iloc[-1] == 13.0
    spend, orders = metric("spend"), metric("orders")
    cost = Metric(
        "cost", "", Grain.DAY, "count", Better.LOWER, None, formula=parse_formula("spend / orders"),
        formula_text="spend / orders", healthy=Band(max=3.0),
    )  # fmt: skip
    rows = pd.concat(
        [observed([1.0, 30.0], name="spend", first=MONDAY), observed([1.0, 9.0], name="orders", first=MONDAY)]
    )
    made = weeks(rows, spend, orders, cost, days=2, ask="cost")
    assert made["value"].iloc[-1] == 3.1
    assert made["outside"].iloc[-1] == 1


def test_a_monthly_metric_has_its_own_periods():
    starts = [date(2013, month, 1) for month in range(1, 4)]
    rows = pd.concat([observed([float(start.month)], first=start) for start in starts])
    ends = pd.to_datetime([date(2013, month, 1) for month in range(2, 5)], utc=True).as_unit("us")
    monthly = metric(grain=Grain.MONTH, healthy=Band(max=2.0))
    made = weeks(rows.assign(period_end=ends), monthly, days=10)
    assert made["start"].dt.date.tolist()[3:] == starts
    assert made["value"].tolist()[3:] == [1.0, 2.0, 3.0]
    assert made["outside"].tolist() == [0, 0, 0, 0, 0, 1]
