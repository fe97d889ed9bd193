"""The project whose runs are killed: three files that change from version to version, and what they say.

Belongs here: files and the truth about them. Does not: runs.

A version of a file restates the newest days, leaves some out and now and then holds a value that a rule refuses. All of
it is within what every run reads again, so that a run brings the store to what the files say, whatever went before.
"""

import hashlib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final

from okr_pipeline.application.workspace import Workspace, open_for_writing

SOURCES: Final = ("left", "right", "shared")
FIRST_DAY: Final = date(2025, 1, 1)
_VERSIONS_A_DAY: Final = 8
_LOOSE_DAYS: Final = 5
"""So many of the newest days differ from version to version; a run reads ten days again."""
_REFUSED: Final = 5_000.0
PROJECT: Final = """\
name: Killed
timezone: UTC
history_starts: 2025-01-01
"""
SOURCE: Final = "sources:\n  {source}: {{connector: files, path: data/}}\n"
METRIC: Final = """\
metrics:
  {source}_orders:
    name: Orders of {source}
    owner: {source}@killed.example
    source: {source}
    file: {source}.csv
    columns: {{period: day, value: orders}}
    dimensions: [country]
    grain: day
    unit: count
    better: higher
    rollup: sum
    restates: 10d
    freshness: 3d
    expect: {{min: 0, max: 1000}}
    healthy: {{min: 900}}
"""
OKRS: Final = """\
cycle: {id: "2025", starts: 2025-01-01, ends: 2025-12-31}
objectives:
  grow:
    title: Sell in two countries
    owner: ceo@killed.example
    level: company
    intent: committed
    key_results:
      left: {title: Left sells, owner: l@killed.example, metric: left_orders, measure: {accumulate: {to: 20000}}}
      right:
        title: Right sells
        owner: r@killed.example
        metric: right_orders
        measure: {accumulate: {to: 90000}}
        amendments: [{on: 2025-01-05, to: 95000, reason: A third country, author: ceo@killed.example}]
      shared:
        title: Both sell more
        owner: s@killed.example
        metric: shared_orders
        where: {country: de}
        measure: {reach: {from: 100, to: 700}}
        over: trailing 7 days
"""
RENAMED: Final = ("      shared:\n", "      both:\n        renamed_from: shared\n")
CHECK_INS: Final = """\
check_ins:
  - {key_result: 2025/left, on: 2025-01-06, confidence: 0.6, note: A good start, author: l@killed.example}
"""

Content = dict[tuple[date, str], float]


def content(source: str, version: int) -> Content:
    """By day and country, what a version of a file holds."""
    newest = newest_day(version)
    rows: Content = {}
    for day in (FIRST_DAY + timedelta(days=step) for step in range((newest - FIRST_DAY).days + 1)):
        loose = (newest - day).days < _LOOSE_DAYS
        for country in ("de", "fr"):
            chance = _chance(source, day, country, version if loose else None)
            if loose and chance % 7 == 0:
                continue
            rows[day, country] = float(chance % 1000)
    if version % 5 == 4:
        rows[newest, "de"] = _REFUSED
    return rows


def accepted(source: str, version: int) -> Content:
    """What of a version no rule refuses."""
    return {key: value for key, value in content(source, version).items() if value != _REFUSED}


def is_all_accepted(version: int) -> bool:
    """Whether no file of a version holds a value that is refused."""
    return version % 5 != 4


def newest_day(version: int) -> date:
    """The newest day of a version's files."""
    return FIRST_DAY + timedelta(days=20 + min(version // _VERSIONS_A_DAY, 330))


def as_of(version: int) -> datetime:
    """The instant that runs on a version speak about."""
    after = newest_day(version) + timedelta(days=1)
    return datetime(after.year, after.month, after.day, tzinfo=UTC)


def write_project(directory: Path, version: int) -> None:
    """The configuration, and a version of every file."""
    _put(directory / "config/project.yaml", PROJECT)
    for source in SOURCES:
        _put(directory / f"config/sources/{source}.yaml", SOURCE.format(source=source))
        _put(directory / f"config/metrics/{source}.yaml", METRIC.format(source=source))
        write_file(directory, source, version)
    _put(directory / "config/okrs/2025.yaml", OKRS)
    _put(directory / "config/check_ins/2025.yaml", CHECK_INS)


def say_more(directory: Path) -> None:
    """One more check-in and one more amendment than `write_project` writes, and a key result under another id."""
    said = "  - {key_result: 2025/right, on: 2025-01-07, confidence: 0.4, note: Slow, author: r@killed.example}\n"
    _put(directory / "config/check_ins/2025.yaml", CHECK_INS + said)
    more = "author: ceo@killed.example}, {on: 2025-01-09, to: 96000, reason: A fair, author: ceo@killed.example}]"
    _put(directory / "config/okrs/2025.yaml", OKRS.replace("author: ceo@killed.example}]", more).replace(*RENAMED))


def write_file(directory: Path, source: str, version: int) -> None:
    """A version of one source's file."""
    lines = [f"{day},{country},{value}" for (day, country), value in sorted(content(source, version).items())]
    _put(directory / f"config/data/{source}.csv", "\n".join(["day,country,orders", *lines]) + "\n")


def fix_date(directory: Path, version: int) -> None:
    """Let whole commands speak about a version's instant, too."""
    _put(directory / "config/project.yaml", f"{PROJECT}as_of: {newest_day(version)}\n")


def open_project(directory: Path, store_url: str) -> Workspace:
    """The project, its store ready."""
    return open_for_writing(directory / "config", store_url=store_url)


def _chance(*parts: object) -> int:
    return int.from_bytes(hashlib.blake2b(repr(parts).encode(), digest_size=4).digest(), "big")


def _put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
