"""Faults planted in a generated company: what a rule covers is refused, what is clean is not."""

from collections.abc import Callable
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest

from okr_pipeline.model.calendar import Grain
from okr_pipeline.model.metric import Better, Expectations, Extra, Limit, Metric, Rollup
from okr_pipeline.quality import Verdict, validate

NOW = datetime(2013, 6, 1, tzinfo=UTC)
DELIVERY_STARTS = pd.Timestamp("2013-05-02", tz="UTC")
STORED_UNTIL = pd.Timestamp("2013-05-16", tz="UTC")
CARRIERS = ("AA", "B6", "DL", "UA", "WN")


def _metric(name: str, grain: Grain = Grain.DAY, **expect: object) -> Metric:
    unit = "ratio" if name == "on_time" else "count"
    return Metric(name, name, grain, unit, Better.HIGHER, Rollup.SUM, expect=Expectations(**expect))


METRICS = {
    metric.id: metric
    for metric in (
        _metric("flights", minimum=Limit(20), maximum=Limit(2_000), max_change_ratio=Limit(2), complete=Limit(0.95)),
        _metric("revenue", minimum=Limit(500), max_change_ratio=Limit(4), complete=Limit(0.9), flat=Limit(1, "block")),
        _metric("on_time", minimum=Limit(0), maximum=Limit(1), anomaly=Limit(12, "block")),
        _metric("seats", minimum=Limit(0), anomaly=Limit(8, "block"), flat=Limit(5)),
        _metric("signups", minimum=Limit(0), monotonic="block", max_change_ratio=Limit(0.5)),
        _metric("temperature", Grain.HOUR, minimum=Limit(-40), maximum=Limit(50)),
        _metric("visitors", Grain.WEEK, minimum=Limit(1), max_change_ratio=Limit(1)),
        _metric(
            "delay",
            minimum=Limit(-60),
            maximum=Limit(300),
            also=(Extra("ExpectColumnMedianToBeBetween", {"min_value": 0, "max_value": 60}),),
        ),
    )
}


def company() -> pd.DataFrame:
    """Two years of points: seasons, weekends, growth, noise, and now and then a day without a carrier."""
    random = np.random.default_rng(20130531)
    days = pd.date_range("2011-06-01", "2013-05-31", tz="UTC").as_unit("us")
    weekend = np.where(days.day_of_week >= 5, 0.75, 1.0)
    season = 1 + 0.2 * np.sin(2 * np.pi * days.day_of_year / 365)
    growth = np.linspace(1, 1.4, len(days))
    level = weekend * season * growth

    def noise(share: float) -> np.ndarray:
        return random.lognormal(0, share, len(days))

    parts = [_series("flights", days, np.round(150 * level * noise(0.1)), carrier=carrier) for carrier in CARRIERS]
    parts = [part[random.random(len(part)) > 0.02] for part in parts]
    parts += [
        _series("revenue", days, np.round(9_000 * level * noise(0.2), 2)),
        _series("on_time", days, np.clip(random.normal(0.8, 0.03, len(days)), 0, 1), weight=150.0),
        _series("seats", days, 20_000 * season * noise(0.03)),
        _series("signups", days, 1_000 + np.cumsum(random.poisson(20, len(days)))),
        _series("delay", days, random.normal(12, 8, len(days))),
    ]
    hours = pd.date_range(days[0], days[-1], freq="h", tz="UTC").as_unit("us")
    parts.append(
        _series("temperature", hours, 12 + 10 * np.sin(np.arange(len(hours)) / 1_400) + random.normal(0, 3, len(hours)))
    )
    weeks = pd.date_range("2011-06-06", "2013-05-20", freq="7D", tz="UTC").as_unit("us")
    parts.append(_series("visitors", weeks, random.normal(5_000, 400, len(weeks))))
    return pd.concat(parts, ignore_index=True)


def _series(
    metric: str, starts: pd.DatetimeIndex, values: np.ndarray, weight: float = np.nan, **member: str
) -> pd.DataFrame:
    dimensions = "{" + ",".join(f'"{name}":"{value}"' for name, value in member.items()) + "}"
    length = {Grain.HOUR: "1h", Grain.DAY: "1D", Grain.WEEK: "7D"}[METRICS[metric].grain]
    return pd.DataFrame(
        {
            "metric": metric,
            "dimensions": dimensions,
            "period_start": starts,
            "period_end": starts + pd.Timedelta(length),
            "value": np.asarray(values, dtype=float),
            "weight": weight,
            "raw_value": None,
            "flags": "",
        }
    )


CLEAN = company()


def judge(points: pd.DataFrame, history: pd.DataFrame, start: pd.Timestamp, until: datetime = NOW) -> Verdict:
    recorded = history.assign(revision=1, recorded_at=pd.Timestamp("2011-06-01", tz="UTC"), run_id="r")
    windows = {name: (start.to_pydatetime(), until) for name in METRICS}
    return validate(points, METRICS, recorded, now=until, read_windows=windows)


def delivery() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The last thirty days, half of which are stored already, and what is stored."""
    new = CLEAN["period_start"] >= DELIVERY_STARTS
    return CLEAN[new].reset_index(drop=True), CLEAN[CLEAN["period_start"] < STORED_UNTIL].reset_index(drop=True)


class TestCleanHistory:
    def test_is_accepted_when_it_comes_all_at_once(self):
        verdict = judge(CLEAN, CLEAN.head(0), pd.Timestamp("2011-06-01", tz="UTC"))
        assert (~verdict.accepted).mean() <= 0.005
        assert verdict.keep_missing == frozenset()

    def test_is_accepted_week_by_week(self):
        refused, seen = 0, 0
        for until in pd.date_range("2013-03-04", "2013-05-27", freq="7D", tz="UTC"):
            start = until - pd.Timedelta(days=14)
            stored = CLEAN[CLEAN["period_end"] <= until - pd.Timedelta(days=7)]
            points = CLEAN[(CLEAN["period_start"] >= start) & (CLEAN["period_end"] <= until)]
            verdict = judge(points, stored, start, until.to_pydatetime())
            refused, seen = refused + int((~verdict.accepted).sum()), seen + len(points)
        assert refused / seen <= 0.005


Spoil = Callable[[pd.DataFrame], pd.DataFrame]


def _days(points: pd.DataFrame, first: str, last: str = "2013-05-31") -> pd.Series:
    return points["period_start"].between(pd.Timestamp(first, tz="UTC"), pd.Timestamp(last, tz="UTC"))


def changed(
    metric: str, change: Callable[[pd.Series], object], first: str = "2013-05-20", last: str = "2013-05-31"
) -> Spoil:
    """Values of some days replaced."""

    def spoil(points: pd.DataFrame) -> pd.DataFrame:
        rows = (points["metric"] == metric) & _days(points, first, last)
        values = points["value"].mask(rows, change(points["value"]))
        return points.assign(value=values, faulty=rows)

    return spoil


def shifted(metric: str, by: str, *, aligned: bool = False) -> Spoil:
    """Period starts moved."""

    def spoil(points: pd.DataFrame) -> pd.DataFrame:
        rows = (points["metric"] == metric) & _days(points, "2013-05-20")
        starts = points["period_start"].mask(rows, points["period_start"] + pd.Timedelta(by))
        moved = points["period_end"] + pd.Timedelta(by)
        ends = points["period_end"].mask(rows, moved if aligned else pd.NaT)
        return points.assign(period_start=starts, period_end=ends, faulty=rows)

    return spoil


def texted(metric: str, text: str) -> Spoil:
    def spoil(points: pd.DataFrame) -> pd.DataFrame:
        rows = (points["metric"] == metric) & _days(points, "2013-05-20", "2013-05-22")
        raw = pd.Series(None, points.index, dtype=object).mask(rows, text)
        return points.assign(value=points["value"].mask(rows), raw_value=raw, faulty=rows)

    return spoil


def repeated(metric: str, change: float = 0) -> Spoil:
    def spoil(points: pd.DataFrame) -> pd.DataFrame:
        rows = (points["metric"] == metric) & _days(points, "2013-05-20", "2013-05-22")
        again = points[rows].assign(value=points.loc[rows, "value"] + change)
        return pd.concat([points.assign(faulty=rows), again.assign(faulty=True)], ignore_index=True)

    return spoil


def thinned(metric: str) -> Spoil:
    def spoil(points: pd.DataFrame) -> pd.DataFrame:
        rows = (points["metric"] == metric) & (points["period_start"].dt.day % 2 == 0)
        return points[~rows].assign(faulty=points["metric"] == metric)

    return spoil


def renamed(metric: str, name: str | None) -> Spoil:
    def spoil(points: pd.DataFrame) -> pd.DataFrame:
        rows = points["metric"] == metric
        return points.assign(metric=points["metric"].mask(rows, name), faulty=rows)

    return spoil


def undimensioned(points: pd.DataFrame) -> pd.DataFrame:
    rows = (points["metric"] == "flights") & _days(points, "2013-05-20", "2013-05-22")
    return points.assign(dimensions=points["dimensions"].mask(rows), faulty=rows)


def yesterday(values: pd.Series) -> float:
    return float(
        values[(CLEAN_DELIVERY["metric"] == "revenue") & _days(CLEAN_DELIVERY, "2013-05-19", "2013-05-19")].iloc[0]
    )


CLEAN_DELIVERY = delivery()[0]

FAULTS: dict[str, tuple[Spoil, set[str]]] = {
    "the unit switches by a thousand": (changed("flights", lambda v: v * 1_000), {"maximum"}),
    "the unit switches by a thousand where no maximum is known": (
        changed("revenue", lambda v: v * 1_000),
        {"max_change"},
    ),
    "the unit switches to thousands": (changed("revenue", lambda v: v / 1_000), {"minimum"}),
    "the currency switches": (changed("revenue", lambda v: v * 101), {"max_change"}),
    "percent instead of a share": (changed("on_time", lambda v: v * 100), {"maximum"}),
    "the sign flips": (changed("flights", lambda v: -v), {"minimum"}),
    "negative counts": (changed("signups", lambda v: -5, last="2013-05-20"), {"minimum"}),
    "a spike": (changed("revenue", lambda v: v * 10, last="2013-05-20"), {"max_change"}),
    "a spike within the bounds": (changed("seats", lambda v: v * 2, last="2013-05-20"), {"anomaly"}),
    "a slump within the bounds": (changed("on_time", lambda v: v * 0.2, last="2013-05-20"), {"anomaly"}),
    "a day half loaded": (changed("seats", lambda v: v * 0.3, first="2013-05-31"), {"anomaly"}),
    "a truncated load": (changed("flights", lambda v: 0), {"minimum"}),
    "a sentinel for missing": (changed("delay", lambda v: 9_999, last="2013-05-21"), {"maximum"}),
    "a negative sentinel": (changed("temperature", lambda v: -99), {"minimum"}),
    "running totals instead of days": (changed("revenue", lambda v: v.cumsum() + 1e6), {"max_change"}),
    "a counter is reset": (changed("signups", lambda v: v - 900), {"monotonic"}),
    "yesterday repeated": (changed("revenue", yesterday), {"flat"}),
    "a division by zero": (changed("delay", lambda v: np.inf, last="2013-05-20"), {"finite"}),
    "a zone shifted by an hour": (shifted("flights", "1h"), {"period"}),
    "weeks that start on Sunday": (shifted("visitors", "-1D"), {"period"}),
    "half an hour off": (shifted("temperature", "30min"), {"period"}),
    "dates in the future": (shifted("revenue", "365D", aligned=True), {"not_future"}),
    "text in numbers": (texted("flights", "n/a"), {"type"}),
    "a decimal comma": (texted("revenue", "9.123,45"), {"type"}),
    "duplicated rows": (repeated("flights"), {"unique"}),
    "several rows where one is expected": (repeated("revenue", 100), {"unique"}),
    "half the rows missing": (thinned("revenue"), {"volume"}),
    "a metric that nobody defined": (renamed("delay", "delays"), {"known_metric"}),
    "a metric without a name": (renamed("delay", None), {"required"}),
    "a member without a name": (undimensioned, {"required"}),
    "a level that shifts throughout": (
        changed("delay", lambda v: v + 120, first="2013-05-02"),
        {"rewritten"},
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_refused_and_nothing_else_is(fault):
    spoil, rules = FAULTS[fault]
    clean, stored = delivery()
    points = spoil(clean).reset_index(drop=True)
    verdict = judge(points.drop(columns="faulty"), stored, DELIVERY_STARTS)
    assert points["faulty"].any()
    assert not verdict.accepted[points["faulty"]].any()
    assert set(verdict.refused["rule"]) == rules
    assert verdict.accepted[~points["faulty"]].all()
    assert all(len(reason) > 40 and ";" in reason for reason in verdict.refused["reason"])


LOSSES: dict[str, Callable[[pd.DataFrame], pd.DataFrame]] = {
    "nothing comes": lambda points: points[points["metric"] != "flights"],
    "one carrier comes": lambda points: points[
        (points["metric"] != "flights") | points["dimensions"].str.contains("UA")
    ],
    "the column turns null": lambda points: points.assign(value=points["value"].mask(points["metric"] == "flights")),
    "the newest half comes": lambda points: points[
        (points["metric"] != "flights") | (points["period_start"] >= STORED_UNTIL - pd.Timedelta(days=3))
    ],
}


@pytest.mark.parametrize("loss", LOSSES)
def test_what_a_failing_source_no_longer_has_is_not_taken_for_withdrawn(loss):
    clean, stored = delivery()
    points = LOSSES[loss](clean)
    verdict = judge(points, stored, DELIVERY_STARTS)
    assert verdict.keep_missing == {"flights"}
    erasing = (points["metric"] == "flights") & points["value"].isna()
    assert not verdict.accepted[erasing].any()


def test_every_fault_is_told_with_its_metric_and_period():
    clean, stored = delivery()
    parts = [spoil(clean)[lambda points: points["faulty"]] for spoil, _ in FAULTS.values()]
    points = pd.concat(parts, ignore_index=True).drop(columns="faulty")
    refused = judge(points, stored, DELIVERY_STARTS).refused
    assert refused["reason"].str.len().min() > 40
    assert not refused.duplicated(["metric", "dimensions", "period_start"]).any()
