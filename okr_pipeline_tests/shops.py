"""A small project on an API of daily values, and the API as a server of ours.

Belongs here: the API, and the files that read it. Does not: what is asked of them (the tests).
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from okr_pipeline_tests.connectors.http.server import Reply, Seen, json_reply

PROJECT: Final = """\
name: Shop
timezone: Europe/Berlin
as_of: {as_of}
history_starts: {first}
"""
SOURCE: Final = """\
sources:
  shop:
    connector: rest
    base_url: {url}
    allow_private_hosts: true
    attempts: 1
    paging: {{offset: {{total: total, size_param: limit, size: {size}}}}}
"""
METRIC: Final = """\
metrics:
  orders:
    source: shop
    path: /orders
    params: {from: "{start:date}", until: "{end:date}"}
    rows: "days[].{period: day, value: orders}"
    grain: day
    unit: count
    better: higher
    rollup: sum
"""
OKRS: Final = """\
cycle: {{id: "{year}", starts: {year}-01-01, ends: {year}-12-31}}
objectives:
  sell:
    title: Sell everywhere
    owner: ceo@shop.example
    level: company
    intent: committed
    key_results:
      orders: {{title: Take orders, owner: s@shop.example, metric: orders, measure: {{accumulate: {{to: 90000}}}}}}
"""


def orders_on(day: date) -> int:
    """What was sold on a day: never the same on two days of a week."""
    return 100 + day.toordinal() % 37


@dataclass
class Shop:
    """Days from the first to the last, in pages. `fault` answers in its place where it does not return None."""

    first: date
    last: date
    fault: Callable[[int, Seen], Reply | None] = lambda number, seen: None
    headers: dict[str, str] = field(default_factory=dict)
    asked: list[Seen] = field(default_factory=list)

    def __call__(self, seen: Seen) -> Reply:
        self.asked.append(seen)
        return self.fault(len(self.asked), seen) or self.page(seen)

    def page(self, seen: Seen) -> Reply:
        """The page that was asked for."""
        days = [self.first + timedelta(days=day) for day in range((self.last - self.first).days + 1)]
        rows = [
            {"day": str(day), "orders": orders_on(day)}
            for day in days
            if seen.params["from"] <= str(day) < seen.params["until"]
        ]
        skip, size = int(seen.params["offset"]), int(seen.params["limit"])
        return json_reply({"days": rows[skip : skip + size], "total": len(rows)}, headers=self.headers)


def write_shop(directory: Path, url: str, *, as_of: date, first: date, size: int = 50) -> Path:
    """The files of a project that reads the shop; the directory."""
    files = {
        "project.yaml": PROJECT.format(as_of=as_of, first=first),
        "sources/shop.yaml": SOURCE.format(url=url, size=size),
        "metrics/shop.yaml": METRIC,
        "okrs/year.yaml": OKRS.format(year=as_of.year),
    }
    for name, text in files.items():
        path = directory / "config" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return directory
