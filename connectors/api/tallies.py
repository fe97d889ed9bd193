"""Records added up by period: what an API lists and does not add up itself.

Belongs here: which period a record is of, and exact sums by period and members. Does not: what a record is worth.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from connectors.contract import MetricRequest
from connectors.points import table
from connectors.zones import zone

if TYPE_CHECKING:
    import pandas as pd

NOTHING: Final = Fraction(0)


@dataclass(frozen=True, slots=True)
class Entry:
    """A record that counts: when, how much, and its members in the order of the metric's dimensions.

    `at` is an instant, or a day, which is one of the metric's zone. `amount` is None where the record does not tell.
    """

    at: datetime | date
    amount: Fraction | None
    members: tuple[object, ...] = ()


def added_up(entries: Iterable[Entry], request: MetricRequest) -> "pd.DataFrame":
    """The sum of each period and combination of members, rounded once, at its end.

    A metric without dimensions has a row for each period, 0 for one without records. One with dimensions has rows for
    what there is. Where no record of a row tells its amount, the value is null. Records outside of all periods do not
    count.
    """
    return table(sums(entries, request))


def sums(entries: Iterable[Entry], request: MetricRequest) -> dict[str, list[Any]]:
    """The columns of `added_up`."""
    found: dict[tuple[int, tuple[object, ...]], list[Fraction | None]] = defaultdict(list)
    starts = list(request.boundaries)
    for entry in entries:
        place = bisect_right(starts, _instant(entry.at, request)) - 1
        if 0 <= place < len(starts) - 1:
            found[place, entry.members].append(entry.amount)
    if not request.dimensions:
        for place, _ in enumerate(pairwise(starts)):
            found.setdefault((place, ()), [NOTHING])
    keys = sorted(found, key=lambda key: (key[0], [str(member) for member in key[1]]))
    columns = {name: [members[index] for _, members in keys] for index, name in enumerate(request.dimensions)}
    periods = [starts[place] for place, _ in keys]
    return {"period": periods, "value": [_sum(found[key]) for key in keys], **columns}


def _instant(at: datetime | date, request: MetricRequest) -> datetime:
    return at if isinstance(at, datetime) else datetime.combine(at, time(), zone(request.timezone))


def _sum(amounts: list[Fraction | None]) -> float | None:
    told = [amount for amount in amounts if amount is not None]
    return float(sum(told, NOTHING)) if told else None
