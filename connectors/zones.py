"""Time zones, from one database for every machine.

Belongs here: a zone by its IANA name. Does not: reading civil times in it (points).

The database of an operating system is as old as its last update. Zones are therefore those of the package `tzdata`,
so that a row is of the same period on every machine.
"""

from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name, `America/New_York`.

    Raises:
        FileNotFoundError: there is none of that name.
    """
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
        return ZoneInfo.from_file(rules, key=name)
