"""What Cube is asked: metrics that one query serves, and the query.

Belongs here: queries in Cube's words. Does not: sending them, and what answers mean (`trips`).
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, cast

from connectors.civil import are_civil
from connectors.contract import MetricRequest, Window
from connectors.errors import ConfigError
from connectors.points import nearest_name
from connectors.zones import zone

if TYPE_CHECKING:
    from connectors.cube import CubeRequest

MOST_ROWS: Final = 10_000
"""Of one answer; what Cube gives where it is not asked for more, so that every server gives as many."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What metrics must have in common to be asked for at once: measures of one cube, cut alike.

    `granularity` is empty where Cube does not know the metric's periods: each is asked for by itself.
    """

    cube: str
    time: str
    granularity: str
    timezone: str
    members: tuple[str, ...]
    filters: str
    segments: tuple[str, ...]
    stretches: tuple[tuple[datetime, datetime], ...]

    @property
    def period(self) -> str:
        """The column of an answer that says the period."""
        return f"{self.time}.{self.granularity}"

    def query(self, measures: Iterable[str], start: datetime, end: datetime) -> dict[str, Any]:
        """A query for a stretch of time. Its order is whole, so that pages fit together."""
        time: dict[str, Any] = {"dimension": self.time, "dateRange": [self._local(start), self._local(end, last=True)]}
        if self.granularity:
            time["granularity"] = self.granularity
        order = [*([self.time] if self.granularity else []), *self.members]
        return {
            "measures": sorted(set(measures)),
            "timeDimensions": [time],
            "dimensions": list(self.members),
            "filters": json.loads(self.filters),
            "segments": list(self.segments),
            "order": [[member, "asc"] for member in order],
            "timezone": self.timezone,
            "limit": MOST_ROWS,
        }

    def _local(self, instant: datetime, *, last: bool = False) -> str:
        """In the zone of the query. Both ends of a range are of it, and a millisecond is the least that Cube knows."""
        # Across a change of clocks only arithmetic in UTC is right.
        before = instant.astimezone(UTC) - timedelta(milliseconds=1 if last else 0)
        return before.astimezone(zone(self.timezone)).replace(tzinfo=None).isoformat(timespec="milliseconds")


def shape_of(request: MetricRequest, window: Window) -> Shape:
    """What a metric is asked for with.

    Raises:
        ConfigError: it names dimensions that it has not.
    """
    options, civil = options_of(request), are_civil(request)
    return Shape(
        cube=options.measure.partition(".")[0],
        time=options.time,
        granularity=request.grain if civil else "",
        timezone=_timezone(request),
        members=tuple(sorted(members_of(request).values())),
        filters=json.dumps(options.filters, sort_keys=True),
        segments=tuple(options.segments),
        stretches=((window.start, window.end),) if civil else tuple(pairwise(request.boundaries)),
    )


def members_of(request: MetricRequest) -> dict[str, str]:
    """Cube's member for each dimension of a metric.

    Raises:
        ConfigError: `members` names what is no dimension of it.
    """
    options = options_of(request)
    for name in options.members:
        if name not in request.dimensions:
            known = nearest_name(name, request.dimensions)
            raise ConfigError(f"members names {name}, which is no dimension of the metric. {known}")
    cube = options.measure.partition(".")[0]
    return {name: options.members.get(name, f"{cube}.{name}") for name in request.dimensions}


def measures_of(requests: Sequence[MetricRequest]) -> set[str]:
    """All measures that metrics are made of."""
    named = {name for request in requests for name in (options_of(request).measure, options_of(request).weight)}
    return {name for name in named if name is not None}


def options_of(request: MetricRequest) -> "CubeRequest":
    """The metric's own keys."""
    return cast("CubeRequest", request.options)


def _timezone(request: MetricRequest) -> str:
    """Cube tells periods in local time, which names an hour twice as clocks go back; hours are asked for in UTC."""
    in_utc = request.grain == "hour" and not any(start.astimezone(UTC).minute for start in request.boundaries)
    return "UTC" if in_utc else request.timezone
