"""Time zones, from one database for every machine.

Belongs here: a zone by its IANA name, and which edition of the database it is from. Does not: what days and periods are
in it (calendar).

Governments change their clocks at short notice, and the database of an operating system is as old as its last update.
Zones are therefore those of the package `tzdata`, whose version is locked with the program's, so that a project has
the same periods on every machine. `connectors.zones` does the same for those that read.
"""

import importlib
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name, `America/New_York`.

    Raises:
        zoneinfo.ZoneInfoNotFoundError: there is none of that name.
    """
    if not all(part.replace("-", "").replace("+", "").replace("_", "").isalnum() for part in name.split("/")):
        raise ZoneInfoNotFoundError(f"'{name}' is not the name of a time zone")
    try:
        with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as rules:
            return ZoneInfo.from_file(rules, key=name)
    except (OSError, ValueError):
        raise ZoneInfoNotFoundError(f"there is no time zone '{name}' in tzdata {edition()}") from None


@cache
def edition() -> str:
    """The edition of the database, `2026f`."""
    return str(importlib.import_module("tzdata").IANA_VERSION)


@cache
def zone_names() -> frozenset[str]:
    """Every name that `zone` knows."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split())
