"""Holidays, and which dates are business days, from one library for every machine.

Belongs here: business days of dates, the regions there are, and the edition of what is known of them. Does not: clocks
and periods (calendar), the plan that counts business days (scoring).

Governments move holidays, so they come from the package `holidays`, whose version is locked with the program's. It
knows each country's weekend, too, and the Sundays that are worked for a holiday.
"""

import importlib
import importlib.metadata
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from types import ModuleType
from typing import Any, Final

_WEEKEND: Final = (5, 6)
_COUNTRIES: Final = "holidays.countries"


@dataclass(frozen=True, slots=True)
class Holidays:
    """When nobody works: the holidays and weekends of regions (`US`, `US-NY`), and dates of one's own.

    Without a region the weekend is Saturday and Sunday. Of several regions, a day off in one is a day off.
    """

    regions: tuple[str, ...] = ()
    dates: tuple[date, ...] = ()


def business_days(holidays: Holidays, first: date, count: int) -> list[bool]:
    """Whether each of so many dates from one on is a business day.

    >>> business_days(Holidays(("US",)), date(2013, 7, 3), 4)
    [True, False, True, False]
    """
    regions = [_region(name) for name in holidays.regions]
    own = frozenset(holidays.dates)
    days = [first + timedelta(days=number) for number in range(count)]
    if not regions:
        return [day.weekday() not in _WEEKEND and day not in own for day in days]
    return [day not in own and all(region.is_working_day(day) for region in regions) for day in days]


def edition() -> str:
    """The version of what is known of holidays."""
    return importlib.metadata.version("holidays")


@cache
def countries() -> Mapping[str, tuple[str, ...]]:
    """The two letters of each country, with its other names: `US` is `UnitedStates` and `USA`."""
    registry = importlib.import_module("holidays.registry").COUNTRIES
    return {two: (name, *others) for name, two, *others in registry.values()}


@cache
def subdivisions(country: str) -> tuple[str, ...]:
    """The regions of a country that have holidays of their own, as they are written after its two letters."""
    return tuple(_country(country).subdivisions)


@cache
def _region(name: str) -> Any:
    country, _, subdivision = name.partition("-")
    return _country(country)(subdiv=subdivision or None)


@cache
def _country(two: str) -> Any:
    """The class of one country.

    Their package imports all 250 as soon as one is asked for, which takes most of a second. For the time of this
    import an empty package stands in for it.
    """
    registry = importlib.import_module("holidays.registry").COUNTRIES
    name = next(module for module, (_, code, *_) in registry.items() if code == two)
    if _COUNTRIES in sys.modules:
        return getattr(importlib.import_module(f"{_COUNTRIES}.{name}"), two)
    package = importlib.import_module("holidays")
    standing_in = ModuleType(_COUNTRIES)
    standing_in.__path__ = [f"{path}/countries" for path in package.__path__]
    sys.modules[_COUNTRIES] = standing_in
    try:
        return getattr(importlib.import_module(f"{_COUNTRIES}.{name}"), two)
    finally:
        del sys.modules[_COUNTRIES]
