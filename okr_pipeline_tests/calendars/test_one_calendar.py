"""What computes with periods elsewhere computes the same ones: reading, period ends, grids of scores."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel

from connectors.contract import MetricRequest
from connectors.points import to_points
from okr_pipeline.application.reading import period_ends
from okr_pipeline.model.calendar import Calendar, Grain
from okr_pipeline.model.configuration import Configuration, Project
from okr_pipeline.model.fiscal import WeekYear
from okr_pipeline.model.metric import Better, Metric, Rollup
from okr_pipeline.model.okr import Change, KeyResult, Share
from okr_pipeline.quality import completeness
from okr_pipeline.scoring.arrays import instant_of, microseconds
from okr_pipeline.scoring.baselines import baseline_definition
from okr_pipeline.scoring.grids import build_grid, ended_periods, first_periods, join_grids, local_days
from okr_pipeline_tests.model.clocks import ODD_ZONES

RETAIL = WeekYear("4-5-4", weekday=5, month=1, rule="nearest")
ZONES = (*ODD_ZONES, "America/St_Johns", "Asia/Beirut", "Atlantic/Azores", "Africa/Cairo", "America/Asuncion")
YEARS = {
    "Pacific/Apia": 2011,
    "America/Sao_Paulo": 2018,
    "America/St_Johns": 2010,
    "America/Asuncion": 2023,
    "Africa/El_Aaiun": 2023,
}


class NoOptions(BaseModel):
    pass


def days(zone: str) -> list[date]:
    """A year in which the clocks of a zone change."""
    first = date(YEARS.get(zone, 2024), 1, 1)
    return [first + timedelta(days=number) for number in range(366)]


def request(zone: str, grain: str = "day") -> MetricRequest:
    return MetricRequest("kpi", grain, zone, (), NoOptions())


def around(zone: str, grain: Grain = Grain.DAY) -> list[datetime]:
    """The ends of that year, or for hours of its March and April."""
    first, after = (60, 121) if grain is Grain.HOUR else (0, 365)
    return [Calendar(zone).start_of_day(days(zone)[number]) for number in (first, after)]


@pytest.mark.parametrize("zone", ZONES)
def test_a_date_is_read_as_the_start_of_its_day(zone):
    calendar = Calendar(zone)
    existing = [day for day in days(zone) if calendar.start_of_day(day) < calendar.end_of_day(day)]
    read = to_points(pd.DataFrame({"period": existing, "value": 1.0}), request(zone))["period_start"]
    assert read.tolist() == [calendar.start_of_day(day) for day in existing]
    assert read.tolist() == calendar.boundaries(*around(zone), Grain.DAY)[: len(existing)]


@pytest.mark.parametrize("zone", ZONES)
def test_an_hour_that_has_a_name_of_its_own_is_read_as_the_start_of_that_hour(zone):
    calendar = Calendar(zone)
    hours = calendar.boundaries(*around(zone, Grain.HOUR), Grain.HOUR)
    local = [it.astimezone(calendar.zone).replace(tzinfo=None) for it in hours]
    named = [(name, start) for name, start in zip(local, hours, strict=True) if _is_name(calendar, name)]
    read = to_points(pd.DataFrame({"period": [name for name, _ in named], "value": 1.0}), request(zone, "hour"))
    assert read["period_start"].tolist() == [start for _, start in named]


@pytest.mark.parametrize("grain", list(Grain))
@pytest.mark.parametrize("zone", ZONES)
def test_period_ends_are_found_for_starts_and_for_nothing_else(zone, grain):
    calendar = Calendar(zone, RETAIL.week_starts, week_year=RETAIL)
    bounds = calendar.boundaries(*around(zone, grain), grain)
    ends = period_ends(pd.Series(pd.DatetimeIndex(bounds[:-1])), calendar, grain)
    assert ends.tolist() == bounds[1:]
    between = [start + (end - start) / 3 for start, end in pairwise(bounds)]
    assert period_ends(pd.Series(pd.DatetimeIndex(between)), calendar, grain).isna().all()


@pytest.mark.parametrize("grain", list(Grain))
@pytest.mark.parametrize("zone", ["Pacific/Apia", "America/Santiago", "Australia/Lord_Howe", "America/St_Johns"])
def test_the_periods_of_many_instants_are_those_of_each(zone, grain):
    calendar = Calendar(zone, RETAIL.week_starts, week_year=RETAIL)
    start, end = (microseconds(it) for it in around(zone, grain))
    grids = join_grids([build_grid(calendar, grain, start, end)])
    bounds = grids.each[0].bounds
    moments = np.random.default_rng(1).integers(start, end, 300)
    moments = np.concatenate([moments, bounds[1:-1][:50], bounds[1:-1][:50] - 1])
    numbers = ended_periods(grids, np.zeros(len(moments), dtype=np.int64), moments)
    periods = [calendar.period_containing(instant_of(int(moment)), grain) for moment in moments]
    assert bounds[numbers].tolist() == [microseconds(it.start) for it in periods]
    assert bounds[numbers + 1].tolist() == [microseconds(it.end) for it in periods]
    starts = first_periods(grids, np.zeros(len(moments), dtype=np.int64), moments)
    assert ((bounds[starts] >= moments) & (bounds[starts - 1] < moments)).all()


@pytest.mark.parametrize("zone", ZONES)
def test_local_days_are_counted_as_the_calendar_counts_them(zone):
    calendar, every = Calendar(zone), days(zone)
    start, end = (microseconds(it) for it in around(zone))
    grid = build_grid(calendar, Grain.DAY, start, end)
    since = np.searchsorted(grid.bounds, start)
    moments = [microseconds(calendar.start_of_day(day)) for day in every]
    counted = local_days(grid, np.full(len(every), since), np.array(moments))
    assert counted.tolist() == [len(set(moments[: number + 1])) - 1 for number in range(len(every))]


@pytest.mark.parametrize(
    ("timezone", "year", "grain", "first", "last", "periods"),
    [
        ("Pacific/Apia", "fiscal", Grain.DAY, "2011-12-26T10:00", "2012-01-03T10:00", 9),
        ("Europe/Berlin", "fiscal", Grain.HOUR, "2024-10-26T22:00", "2024-10-27T22:00", 25),
        ("Australia/Lord_Howe", "fiscal", Grain.HOUR, "2024-04-06T13:00", "2024-04-07T12:30", 25),
        ("UTC", "fiscal", Grain.MONTH, "2023-10-29T00:00", "2023-12-31T00:00", 3),
        ("UTC", "civil", Grain.MONTH, "2023-10-01T00:00", "2023-12-01T00:00", 3),
    ],
)
def test_completeness_expects_the_periods_of_the_metrics_own_calendar(timezone, year, grain, first, last, periods):
    metric = Metric("kpi", "", grain, "count", Better.HIGHER, Rollup.SUM, timezone=timezone, year=year)
    calendar = metric.calendar_in(Calendar("Asia/Tokyo", RETAIL.week_starts, week_year=RETAIL))
    bounds = [microseconds(datetime.fromisoformat(text).replace(tzinfo=UTC)) for text in (first, last)]
    assert completeness._periods(calendar, grain, *bounds) == periods


def test_a_baseline_is_taken_anew_where_the_fiscal_year_changes():
    months = Metric("kpi", "", Grain.MONTH, "count", Better.HIGHER, Rollup.SUM)
    found = KeyResult("kr", "C/o", "C", "", "", Change(Share(0.1)), date(2024, 2, 4), date(2024, 5, 4), "kpi")

    def definition(calendar: Calendar, metric: Metric) -> str:
        return baseline_definition(Configuration(Project("", calendar), metrics={"kpi": metric}), found)

    civil, fiscal = definition(Calendar(), months), definition(Calendar(week_year=RETAIL), months)
    assert civil != fiscal
    assert definition(Calendar(week_year=replace(RETAIL, pattern="4-4-5")), months) != fiscal
    assert definition(Calendar(week_year=RETAIL), replace(months, year="civil")) == civil


def _is_name(calendar: Calendar, local: datetime) -> bool:
    try:
        calendar.instant_at(local)
    except ValueError:
        return False
    return True
