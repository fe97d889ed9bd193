"""Paces side by side: how often a plan calls a key result behind that is fine, and how often one that is not.

Run as `python benchmarks/pacing.py`; for the flights, after `make example`. Every series is a daily sum with three
years of history. What is true is known from how it was made: one whose trajectory without its noise reaches at least
90 % of its target at the end is fine, one that reaches less than 70 % is behind; both are asked for every week of the
cycle, by the rule `pace` and a committed intent. Seeds are those of this file and of no other: nothing was fitted.

Of the flights there is one year, and so no season: what `seasonal` then is shows what a plan without history costs.
"""

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd

from okr_pipeline.model.calendar import Calendar, Duration, Grain
from okr_pipeline.model.configuration import Configuration, Project
from okr_pipeline.model.holidays import Holidays, business_days
from okr_pipeline.model.metric import Across, Better, Metric, Rollup
from okr_pipeline.model.okr import Accumulate, Cycle, Intent, KeyResult, Level, Objective, Pace, PaceKind
from okr_pipeline.scoring import trajectory

PACES: tuple[PaceKind, ...] = ("linear", "business_days", "seasonal")
FIRST, YEAR = date(2021, 1, 1), 2024
SERIES, SEED = 24, 20_270_000
FINE, BEHIND = 0.9, 0.7
UNITED_STATES = Holidays(("US",))
CALENDAR = Calendar("UTC")
WAREHOUSE = Path(".okr/flights.duckdb")


@dataclass(frozen=True)
class Member:
    """One series: its values by day, and the share of its target that it reaches but for its noise."""

    name: str
    daily: np.ndarray
    reaches: float


@dataclass(frozen=True)
class Counted:
    """Weeks that were called behind, of those that were asked: of series that are fine, and of those that are not.

    `missed` and `gained` are the true ones that the linear plan sees and this one does not, and the other way round.
    """

    false_: int = 0
    fine: int = 0
    true_: int = 0
    behind: int = 0
    missed: int = 0
    gained: int = 0

    def __add__(self, other: "Counted") -> "Counted":
        return Counted(*(one + more for one, more in zip(astuple(self), astuple(other), strict=True)))


NOTHING = Counted()


def main() -> None:
    print(f"{'series':<34}{'pace':<15}{'false behind':>22}{'true behind':>22}{'missed':>9}{'gained':>8}")
    totals = dict.fromkeys(PACES, NOTHING)
    for name, shape in FAMILIES.items():
        counted = of_family(name, shape)
        told(name, counted)
        if name not in CONTROLS:
            totals = {pace: totals[pace] + counted[pace] for pace in PACES}
    told("all with a yearly season", totals)
    linear, seasonal = totals["linear"], totals["seasonal"]
    print(f"\nfalse weeks of seasonal / of linear: {seasonal.false_ / max(linear.false_, 1):.3f}, "
          f"true weeks: {seasonal.true_ / max(linear.true_, 1):.3f}\n")  # fmt: skip
    if WAREHOUSE.exists():
        told("flights of 2013, one year", of_flights())


def of_family(name: str, shape: Callable[[np.ndarray, np.random.Generator], np.ndarray]) -> dict[PaceKind, Counted]:
    """The counts of one family over a year, its second and its last quarter."""
    random = np.random.default_rng([SEED, *name.encode()])
    days = np.arange((date(YEAR, 12, 31) - FIRST).days + 1)
    totals = dict.fromkeys(PACES, NOTHING)
    for cycle in (
        Cycle("year", date(YEAR, 1, 1), date(YEAR, 12, 31)),
        Cycle("q2", date(YEAR, 4, 1), date(YEAR, 6, 30)),
        Cycle("q4", date(YEAR, 10, 1), date(YEAR, 12, 31)),
    ):
        inside = slice((cycle.starts - FIRST).days, (cycle.ends - FIRST).days + 1)
        members, targets = [], []
        for number in range(SERIES):
            mean = shape(days, random)
            reaches = random.uniform(0.92, 1.15) if number % 2 else random.uniform(0.35, 0.65)
            values = mean * random.gamma(8.0, 1 / 8.0, len(days))
            members.append(Member(f"{number:02}", values, reaches))
            targets.append(float(mean[inside].sum() / reaches))
        found = counts(members, targets, cycle, FIRST)
        totals = {pace: totals[pace] + found[pace] for pace in PACES}
    return totals


def of_flights() -> dict[PaceKind, Counted]:
    """Flights of each airport and of ten carriers, by quarter and year; each reaches 1.0 or 0.6 of its target."""
    import duckdb

    query = (
        "SELECT make_date(year, month, day) AS day, {0} AS name, count(dep_time) AS value FROM flights GROUP BY 1, 2"
    )
    with duckdb.connect(str(WAREHOUSE), read_only=True) as warehouse:
        frames = [warehouse.execute(query.format(column)).df() for column in ("origin", "carrier")]
    wide = pd.concat(frames).pivot_table(index="day", columns="name", values="value").fillna(0.0)
    wide = wide[wide.sum().nlargest(13).index]
    totals = dict.fromkeys(PACES, NOTHING)
    quarters = [
        (date(2013, month, 1), date(2013, month + 2, 31 if month in (1, 10) else 30)) for month in (1, 4, 7, 10)
    ]
    for starts, ends in (*quarters, (date(2013, 1, 1), date(2013, 12, 31))):
        inside = wide[(wide.index >= str(starts)) & (wide.index <= str(ends))]
        members, targets = [], []
        for name in wide.columns:
            for reaches in (1.0, 0.6):
                members.append(Member(f"{name}{reaches}", wide[name].to_numpy(), reaches))
                targets.append(float(inside[name].sum()) / reaches)
        found = counts(members, targets, Cycle("flights", starts, ends), date(2013, 1, 1))
        totals = {pace: totals[pace] + found[pace] for pace in PACES}
    return totals


def counts(members: Sequence[Member], targets: Sequence[float], cycle: Cycle, first: date) -> dict[PaceKind, Counted]:
    """What each pace says of every member at the end of every Sunday of a cycle."""
    frame = trajectory(configuration(members, targets, cycle), observations(members, first), list(sundays(cycle)))
    frame["pace"], frame["member"] = zip(*frame["key_result"].str.split("/").str[1].str.split(":"), strict=True)
    reaches = frame["member"].map({it.name: it.reaches for it in members})
    frame = frame.assign(behind=frame["status"] == "behind", fine=reaches >= FINE, bad=reaches < BEHIND)
    weeks = {pace: frame[frame["pace"] == pace].reset_index(drop=True) for pace in PACES}
    line = weeks["linear"]["behind"]
    return {pace: _counted(it, line) for pace, it in weeks.items()}


def _counted(weeks: pd.DataFrame, line: "pd.Series[bool]") -> Counted:
    behind, fine, bad = weeks["behind"], weeks["fine"], weeks["bad"]
    masks = (fine & behind, fine, bad & behind, bad, bad & line & ~behind, bad & ~line & behind)
    return Counted(*(int(it.sum()) for it in masks))


def sundays(cycle: Cycle) -> Iterator[object]:
    day = cycle.starts + timedelta(days=6 - cycle.starts.weekday())
    while day <= cycle.ends:
        yield CALENDAR.end_of_day(day)
        day += timedelta(days=7)


def configuration(members: Sequence[Member], targets: Sequence[float], cycle: Cycle) -> Configuration:
    kpi = Metric(
        "kpi", "", Grain.DAY, "count", Better.HIGHER, Rollup.SUM, source="s", across=Across.SUM, dimensions=("member",),
        freshness=Duration(90, "days"),
    )  # fmt: skip
    key_results = tuple(
        KeyResult(
            id=f"{pace}:{it.name}", objective="o", cycle=cycle.id, title="", owner="", measure=Accumulate(target),
            starts=cycle.starts, ends=cycle.ends, metric="kpi", where={"member": it.name}, pace=Pace(pace),
        )
        for pace in PACES
        for it, target in zip(members, targets, strict=True)
    )  # fmt: skip
    objective = Objective("o", cycle.id, "", "", Level.TEAM, Intent.COMMITTED, key_results)
    project = Project("benchmark", CALENDAR, holidays=UNITED_STATES)
    return Configuration(project, {}, {"kpi": kpi}, {cycle.id: cycle}, {objective.full_id: objective})


def observations(members: Sequence[Member], first: date) -> pd.DataFrame:
    days = len(members[0].daily)
    starts = pd.date_range(first, periods=days, tz="UTC", unit="us")
    texts = [json.dumps({"member": it.name}, separators=(",", ":")) for it in members]
    frame = pd.DataFrame(
        {
            "metric": "kpi",
            "dimensions": np.repeat(np.array(texts, dtype=object), days),
            "period_start": np.tile(starts, len(members)),
            "value": np.concatenate([it.daily for it in members]),
            "weight": np.nan,
        }
    )
    return frame.dropna(subset="value")


def told(name: str, counted: Mapping[PaceKind, Counted]) -> None:
    for pace, it in counted.items():
        print(f"{name:<34}{pace:<15}{_of(it.false_, it.fine)}{_of(it.true_, it.behind)}{it.missed:>9}{it.gained:>8}")
        name = ""


def _of(part: int, whole: int) -> str:
    return f"{part:>7} of {whole:>5} {part / max(whole, 1):>6.1%}"


def retail(days: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A peak before Christmas, busy weekends, some growth."""
    peak = random.uniform(1, 3) * np.exp(
        -(((_day_of_year(days) - random.uniform(335, 350)) / random.uniform(12, 25)) ** 2)
    )
    return (1 + peak) * _weekly(days, [1, 0.9, 0.9, 1, 1.2, 1.6, 1.3]) * _growth(days, random)


def summer(days: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """One wave a year."""
    phase = random.uniform(0, 365)
    return (1 + random.uniform(0.4, 0.9) * np.cos(2 * np.pi * (_day_of_year(days) - phase) / 365.25)) * _growth(
        days, random
    )


def school(days: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Terms with long holidays between them, in which little happens."""
    day, shift = _day_of_year(days), random.uniform(-10, 10)
    holidays = ((day > 180 + shift) & (day < 245 + shift)) | (day > 352) | (day < 8) | ((day > 95) & (day < 108))
    return np.where(holidays, random.uniform(0.05, 0.4), 1.0) * _weekly(days, [1, 1, 1, 1, 0.9, 0.2, 0.2])


def launches(days: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Little all year, and a fifth to a half of it in two campaigns that come every year within days of a date."""
    day, base = _day_of_year(days), np.ones(len(days))
    for centre in random.uniform([20, 200], [160, 340]):
        base = base + random.uniform(3, 8) * (np.abs(day - centre) < random.uniform(5, 12))
    return base


def wandering(days: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """One wave a year, whose height and time are another every year."""
    every = pd.date_range(FIRST, periods=len(days)).year.to_numpy() - FIRST.year
    phase = random.uniform(0, 365) + random.normal(0, 15, every[-1] + 1)
    height = np.clip(random.uniform(0.4, 0.8) * random.normal(1, 0.3, every[-1] + 1), 0, 0.95)
    return 1 + height[every] * np.cos(2 * np.pi * (_day_of_year(days) - phase[every]) / 365.25)


def newcomer(days: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """One wave a year, of which there is a single year before."""
    begins = (date(YEAR - 1, 1, 1) - FIRST).days
    return np.where(days < begins, np.nan, summer(days, random))


def gone(days: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """One wave a year until the last, which has none."""
    begins = (date(YEAR, 1, 1) - FIRST).days
    return np.where(days < begins, summer(days, random), 1.0)


def office(days: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Business days of the United States, and no season."""
    worked = business_days(UNITED_STATES, FIRST, len(days))
    return np.where(worked, 1.0, 0.02) * _growth(days, random)


def even(days: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """The same every day, but for growth."""
    return _growth(days, random)


FAMILIES: Mapping[str, Callable[[np.ndarray, np.random.Generator], np.ndarray]] = {
    "retail": retail,
    "summer": summer,
    "school": school,
    "launches": launches,
    "wandering": wandering,
    "newcomer": newcomer,
    "a season that is gone (control)": gone,
    "office (control)": office,
    "even (control)": even,
}
CONTROLS = ("a season that is gone (control)", "office (control)", "even (control)")


def _day_of_year(days: np.ndarray) -> np.ndarray:
    dates = pd.date_range(FIRST, periods=len(days))
    return dates.day_of_year.to_numpy(dtype=float)


def _weekly(days: np.ndarray, weights: Sequence[float]) -> np.ndarray:
    return np.array(weights)[(days + FIRST.weekday()) % 7]


def _growth(days: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return (1 + random.uniform(-0.1, 0.4)) ** (days / 365.25)


if __name__ == "__main__":
    sys.exit(main())
