"""A generated company: two years of forty metrics of every nature, as true tables.

Belongs here: what is true, day by day. Does not: how it is stored and configured (project), what goes wrong (catalogue).

Everything follows from a seed. The years 2024 and 2025 have a leap day and four changes of the clocks; three holidays a
year on which little is sold; members that open and close; zeros that are true; values that arrive late.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

ZONE = "Europe/Berlin"
FIRST, LAST = pd.Timestamp("2024-01-01"), pd.Timestamp("2025-12-31")
HOLIDAYS = ("01-01", "12-25", "12-26")
Storage = Literal["csv", "parquet", "sqlite", "duckdb"]
Table = pd.DataFrame
"""Columns `period` (civil time, naive), the dimensions, `value`, and `weight` where there is one."""


@dataclass(frozen=True)
class Kpi:
    """One metric: where it is kept, how it comes about, what is said of it in YAML, and its key result's measure."""

    id: str
    storage: Storage
    make: Callable[["Chance"], Table]
    keys: str
    measure: str
    grain: str = "day"
    dimensions: tuple[str, ...] = ()
    over: str | None = None
    late_share: float = 0.0
    """How much of the newest day's value, and half as much of the day before's, is not there yet."""

    @property
    def columns(self) -> list[str]:
        return ["period", *self.dimensions, "value"]


@dataclass
class Chance:
    """Numbers from a seed, and the shapes that businesses have."""

    random: np.random.Generator
    days: pd.DatetimeIndex = field(default_factory=lambda: pd.date_range(FIRST, LAST))

    def level(
        self, base: float, *, noise: float = 0.05, weekend: float = 0.6, season: float = 0.2, growth: float = 0.3,
        holiday: float = 1.0,
    ) -> np.ndarray:  # fmt: skip
        """A daily level: weekday and yearly season, growth over the two years, holidays, noise by share."""
        share = np.arange(len(self.days)) / len(self.days)
        week = np.where(self.days.day_of_week >= 5, weekend, 1 + 0.04 * (2 - self.days.day_of_week))
        year = 1 + season * np.sin(2 * np.pi * (self.days.day_of_year - 80) / 365.25)
        quiet = np.where(self.days.strftime("%m-%d").isin(HOLIDAYS), holiday, 1.0)
        return base * week * year * (1 + growth * share) * quiet * self.random.lognormal(0, noise, len(self.days))

    def table(self, values: Any, weight: Any = None, **members: str) -> Table:
        columns = {"period": self.days, **members, "value": values}
        return pd.DataFrame(columns if weight is None else columns | {"weight": weight})

    def count(self, base: float, **shape: float) -> Table:
        return self.table(self.random.poisson(self.level(base, **shape)))

    def money(self, base: float, **shape: float) -> Table:
        return self.table(np.round(self.level(base, **shape), 2))

    def mean(self, middle: float, spread: float, weight: float, digits: int = 4, **members: str) -> Table:
        """A daily mean of so many things, which vary about the middle."""
        weights = np.maximum(self.random.poisson(self.level(weight)), 1)
        values = self.random.normal(middle, spread / np.sqrt(weights)) * self.random.normal(1, 0.02, len(weights))
        return self.table(np.round(values, digits), weights, **members)

    def share(self, middle: float, weight: float, **members: str) -> Table:
        weights = np.maximum(self.random.poisson(self.level(weight)), 1)
        wobble = np.clip(middle * self.random.lognormal(0, 0.03, len(weights)), 0, 1)
        return self.table(self.random.binomial(weights, wobble) / weights, weights, **members)

    def walk(self, start: float, step: float, digits: int = 0) -> Table:
        return self.table(np.round(start * np.exp(np.cumsum(self.random.normal(0, step, len(self.days)))), digits))

    def members(self, make: Callable[..., Table], name: str, bases: Mapping[str, float]) -> Table:
        parts = [make(base).assign(**{name: member}) for member, base in bases.items()]
        table = pd.concat(parts, ignore_index=True)
        return table[["period", name, *(column for column in table if column not in ("period", name))]]

    def hours(self, base: float, noise: float) -> Table:
        hours = pd.date_range(FIRST, LAST + pd.Timedelta("23h"), freq="h", tz="UTC").tz_convert(ZONE)
        day = 1 + 0.5 * np.sin(2 * np.pi * (hours.hour - 9) / 24)
        week = np.where(hours.day_of_week >= 5, 0.7, 1.0)
        values = self.random.poisson(base * day * week * self.random.lognormal(0, noise, len(hours)))
        return pd.DataFrame({"period": hours.tz_convert("UTC").tz_localize(None), "value": values})

    def weeks(self, values: Callable[[int], np.ndarray]) -> Table:
        starts = pd.date_range("2024-01-01", LAST, freq="7D")
        return pd.DataFrame({"period": starts, "value": values(len(starts))})

    def months(self, values: Callable[[int], np.ndarray]) -> Table:
        starts = pd.date_range(FIRST, LAST, freq="MS")
        return pd.DataFrame({"period": starts, "value": values(len(starts))})


def _teams(chance: Chance) -> Table:
    """Calls by team: one team closes in the second spring, another opens in its autumn."""
    table = chance.members(chance.count, "team", dict.fromkeys("abcdef", 120.0) | {"g": 90.0})
    closed = (table["team"] == "b") & (table["period"] >= "2025-04-14")
    unborn = (table["team"] == "g") & (table["period"] < "2025-09-01")
    return table[~(closed | unborn)].reset_index(drop=True)


def _sales(chance: Chance) -> Table:
    """Single orders, with the instant in UTC."""
    counts = chance.random.poisson(chance.level(110, noise=0.04, holiday=0.8))
    days = np.repeat(chance.days.to_numpy(), counts)
    # Between 06:00 and 22:00 of the local day.
    moments = pd.DatetimeIndex(days) + pd.to_timedelta(chance.random.integers(6 * 3600, 22 * 3600, len(days)), unit="s")
    utc = moments.tz_localize(ZONE).tz_convert("UTC").tz_localize(None)
    country = chance.random.choice(["DE", "FR", "NL", "AT"], len(days), p=[0.5, 0.25, 0.15, 0.1])
    amount = np.round(chance.random.lognormal(3.6, 0.4, len(days)), 2)
    return pd.DataFrame({"sold_at": utc, "country": country, "amount": amount})


BLOCK = "anomaly: {value: 5, severity: block}"
COUNT = f"unit: count, better: higher, rollup: sum, expect: {{min: 0, restated: 0, {BLOCK}}}"
MONEY = (
    "unit: 'currency:EUR', better: higher, rollup: sum, "
    f"expect: {{min: 0, restated: 0, flat: {{value: 1, severity: block}}, {BLOCK}}}"
)
SHARE = f"unit: ratio, better: higher, rollup: weighted_mean, additivity: ratio, expect: {{between: [0, 1], {BLOCK}}}"
COUNTRIES = {"DE": 300.0, "FR": 150.0, "NL": 90.0, "AT": 60.0, "CH": 50.0}
CHANNELS = {"mail": 140.0, "phone": 90.0, "chat": 60.0}

KPIS: tuple[Kpi, ...] = (
    Kpi("signups", "csv", lambda c: c.count(400, noise=0.06), COUNT, "accumulate: {to: 250000}"),
    Kpi("visits", "csv", lambda c: c.count(20_000, holiday=0.9), COUNT, "accumulate: {to: 9000000}", late_share=0.04),
    Kpi("leads", "csv", lambda c: c.count(60), COUNT, "accumulate: {to: 30000}"),
    Kpi("revenue", "csv", lambda c: c.money(52_000), MONEY, "accumulate: {to: 26000000}"),
    Kpi("refunds", "csv", lambda c: c.money(1_900, noise=0.1), MONEY, "limit: {to: 900000}"),
    Kpi("conversion", "csv", lambda c: c.share(0.04, 20_000), SHARE, "reach: {from: 0.03, to: 0.05}", over="latest"),
    Kpi(
        "uptime", "csv", lambda c: c.table(np.round(100 - c.random.gamma(0.5, 0.2, len(c.days)), 3)),
        "unit: percent, better: higher, rollup: mean, expect: {between: [90, 100]}",
        "reach: {from: 99, to: 99.95}", over="latest",
    ),
    Kpi(
        "wait_minutes", "csv", lambda c: c.mean(14, 9, 700, 2),
        f"unit: minutes, better: lower, rollup: weighted_mean, expect: {{between: [0, 240], {BLOCK}}}",
        "reach: {from: 18, to: 12}", over="latest",
    ),
    Kpi(
        "stock_units", "csv", lambda c: c.walk(40_000, 0.01),
        "unit: count, better: higher, rollup: last, additivity: snapshot, expect: {min: 1, max_change: 0.5}",
        "reach: {from: 30000, to: 60000}", over="latest",
    ),
    Kpi(
        "installs_total", "csv", lambda c: c.table(1_000 + np.cumsum(c.random.poisson(c.level(35)))),
        "unit: count, better: higher, rollup: last, additivity: snapshot, expect: {monotonic: true, max_change: 0.3}",
        "reach: {from: 10000, to: 40000}", over="latest",
    ),
    Kpi(
        "incidents", "csv", lambda c: c.table(c.random.poisson(0.3, len(c.days))),
        "unit: count, better: lower, rollup: sum, expect: {between: [0, 12]}", "limit: {to: 200}",
    ),
    Kpi(
        "nps", "csv", lambda c: c.weeks(lambda n: np.round(c.random.normal(35, 4, n), 1)),
        "unit: score, better: higher, rollup: mean, expect: {between: [-100, 100], max_change: 2}",
        "reach: {from: 30, to: 45}", grain="week", over="latest",
    ),
    Kpi(
        "mrr", "csv", lambda c: c.months(lambda n: np.round(210_000 * 1.02 ** np.arange(n) * c.random.normal(1, 0.01, n))),
        "unit: 'currency:EUR', better: higher, rollup: last, expect: {min: 1000, max_change: 0.4}",
        "reach: {from: 270000, to: 340000}", grain="month", over="latest",
    ),
    Kpi(
        "churn", "csv", lambda c: c.months(lambda n: np.round(c.random.normal(0.021, 0.002, n), 4)),
        "unit: ratio, better: lower, rollup: mean, expect: {between: [0, 1], max_change: 2}",
        "reach: {from: 0.03, to: 0.015}", grain="month", over="latest",
    ),
    Kpi(
        "energy_kwh", "csv", lambda c: c.money(3_400, season=-0.3, weekend=0.5, growth=0),
        f"unit: kWh, better: lower, rollup: sum, expect: {{min: 100, {BLOCK}}}", "limit: {to: 1300000}",
    ),
    Kpi(
        "tickets", "parquet", lambda c: c.members(c.count, "channel", CHANNELS),
        f"unit: count, better: lower, rollup: sum, expect: {{min: 0, {BLOCK}}}",
        "limit: {to: 150000}", dimensions=("channel",),
    ),
    Kpi(
        "csat", "parquet", lambda c: c.members(lambda base: c.mean(4.2, 0.9, base, 3), "channel", CHANNELS),
        f"unit: points, better: higher, rollup: weighted_mean, expect: {{between: [1, 5], {BLOCK}}}",
        "reach: {from: 4, to: 4.5}", dimensions=("channel",), over="latest",
    ),
    Kpi(
        "parcels", "parquet", lambda c: c.members(c.count, "country", COUNTRIES),
        f"unit: count, better: higher, rollup: sum, expect: {{min: 0, members: {{country: [DE, FR, NL, AT, CH]}}, {BLOCK}}}",
        "accumulate: {to: 330000}", dimensions=("country",),
    ),
    Kpi("returns", "parquet", lambda c: c.count(45, weekend=0.3), COUNT, "limit: {to: 20000}"),
    Kpi(
        "temperature", "parquet",
        lambda c: c.table(np.round(10 + 9 * np.sin(2 * np.pi * (c.days.day_of_year - 110) / 365) + c.random.normal(0, 2.5, len(c.days)), 1)),
        "unit: celsius, better: in_band, rollup: mean, expect: {between: [-30, 45], anomaly: {value: 6, severity: block}}",
        "maintain: {min: -5, max: 28, share: 0.9}",
    ),
    Kpi(
        "margin", "parquet", lambda c: c.table(np.round(c.random.normal(18, 4, len(c.days)), 2)),
        f"unit: percent, better: higher, rollup: mean, expect: {{between: [-50, 80], {BLOCK}}}",
        "reach: {from: 15, to: 22}", over="latest",
    ),
    Kpi("pages", "parquet", lambda c: c.count(64_000), COUNT, "accumulate: {to: 26000000}", late_share=0.03),
    Kpi("deals", "sqlite", lambda c: c.count(12, weekend=0.1), COUNT, "accumulate: {to: 4000}"),
    Kpi("bookings", "sqlite", lambda c: c.money(21_000, noise=0.08), MONEY, "accumulate: {to: 9000000}"),
    Kpi("calls", "sqlite", _teams, COUNT, "accumulate: {to: 280000}", dimensions=("team",)),
    Kpi(
        "handle_seconds", "sqlite", lambda c: c.mean(310, 120, 650, 1),
        f"unit: seconds, better: lower, rollup: weighted_mean, expect: {{between: [10, 3600], {BLOCK}}}",
        "reach: {from: 330, to: 280}", over="latest",
    ),
    Kpi(
        "headcount", "sqlite", lambda c: c.table(180 + np.cumsum(c.random.random(len(c.days)) < 0.06)),
        "unit: people, better: higher, rollup: last, additivity: snapshot, expect: {min: 1, max_change: 0.2}",
        "reach: {from: 180, to: 240}", over="latest",
    ),
    Kpi(
        "cash", "sqlite", lambda c: c.walk(3_100_000, 0.012, 2),
        "unit: 'currency:EUR', better: higher, rollup: last, additivity: snapshot, expect: {min: 1, max_change: 0.3, flat: {value: 1, severity: block}}",
        "reach: {from: 2000000, to: 4000000}", over="latest",
    ),
    Kpi("invoices", "sqlite", lambda c: c.count(230, weekend=0.2), COUNT, "accumulate: {to: 80000}", late_share=0.05),
    Kpi("overdue", "sqlite", lambda c: c.share(0.11, 900), SHARE.replace("higher", "lower"), "reach: {from: 0.2, to: 0.05}", over="latest"),
    Kpi("cost", "sqlite", lambda c: c.money(33_000, weekend=0.9), f"unit: 'currency:EUR', better: lower, rollup: sum, expect: {{min: 0, {BLOCK}}}", "limit: {to: 15000000}"),
    Kpi(
        "requests", "duckdb", lambda c: c.hours(5_000, 0.05),
        f"unit: count, better: higher, rollup: sum, restates: 2d, expect: {{min: 0, {BLOCK}}}",
        "accumulate: {to: 40000000}", grain="hour",
    ),
    Kpi(
        "jobs_failed", "duckdb", lambda c: c.table(c.random.poisson(0.8, len(c.days))),
        "unit: count, better: lower, rollup: sum, expect: {between: [0, 20]}", "limit: {to: 500}",
    ),
    Kpi(
        "members_total", "duckdb", lambda c: c.table(50_000 + np.cumsum(c.random.poisson(60, len(c.days)))),
        "unit: count, better: higher, rollup: last, additivity: snapshot, expect: {monotonic: true, max_change: 0.1}",
        "reach: {from: 60000, to: 100000}", over="latest",
    ),
    Kpi(
        "shipments", "duckdb", lambda c: c.weeks(lambda n: c.random.poisson(2_100, n)),
        "unit: count, better: higher, rollup: sum, expect: {min: 1, max_change: 0.5}",
        "accumulate: {to: 110000}", grain="week",
    ),
    Kpi("downloads", "duckdb", lambda c: c.count(900), COUNT, "accumulate: {to: 400000}"),
    Kpi("active_users", "duckdb", lambda c: c.count(7_400, weekend=0.4), f"unit: users, better: higher, rollup: last, additivity: distinct, expect: {{min: 0, {BLOCK}}}", "reach: {from: 6000, to: 10000}", over="latest"),
)  # fmt: skip
"""Those with a table of their own. Three more are read from single sales: `orders`, `sales`, `order_value`."""


@dataclass(frozen=True)
class Company:
    """The true tables by metric, and the single sales."""

    tables: Mapping[str, Table]
    sales: Table


def found(seed: int) -> Company:
    """The company of a seed."""
    chance = Chance(np.random.default_rng(seed))
    return Company({kpi.id: kpi.make(chance) for kpi in KPIS}, _sales(chance))
