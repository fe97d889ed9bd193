"""Legs: the parts of a long window that are read and kept one by one, so that a read that was interrupted goes on.

Belongs here: where windows are cut, and how far a backfill got that did not end. Does not: reading and keeping them
(observing).

A run that goes on begins where its metrics' reads ended. A backfill reads again what was read before, so how far it got
is kept in the summary of its run, leg by leg, in the transaction that keeps what the leg brought.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final

import pandas as pd

from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.calendar import Calendar, Grain, Period, add_months

_MONTHS: Final[Mapping[Grain, int]] = {Grain.HOUR: 1, Grain.DAY: 3, Grain.WEEK: 12}
"""Civil months of a leg; longer periods are few enough to be read at once."""
_HALF_A_MONTH: Final = timedelta(days=15)
_GOES_ON_WITHIN: Final = timedelta(days=2)
"""A quota of a day that a backfill used up is there again by then."""
_RUNS_LOOKED_AT: Final = 100


def cut(window: Period, grain: Grain, calendar: Calendar, read_until: datetime | None = None) -> list[Period]:
    """The legs of a window of whole periods, in order, the window itself if it is empty or short.

    Cuts are where civil months, quarters or years begin, so that they stay where they are when the window moves; none
    is nearer than half a leg to an end of the window. What was read until an instant is cut off from the rest, if that
    is as long: so the rest has the legs that it would have had, had the read before gone on.
    """
    half = _shortest(grain)
    if half is None:
        return [window]
    if read_until is not None and window.start < read_until <= window.end - half:
        parts = (Period(window.start, read_until), Period(read_until, window.end))
        return [leg for part in parts for leg in cut(part, grain, calendar)]
    cuts = [
        instant
        for first in _firsts(calendar.date_of(window.start), calendar.date_of(window.end), _MONTHS[grain])
        if window.start + half <= (instant := _floor(calendar, first, grain)) <= window.end - half
    ]
    return [Period(start, end) for start, end in pairwise([window.start, *cuts, window.end])]


def is_long(window: Period, grain: Grain) -> bool:
    """Whether a window is as long as legs are, at least."""
    shortest = _shortest(grain)
    return shortest is not None and window.end - window.start >= shortest


def _shortest(grain: Grain) -> timedelta | None:
    """Half a leg, None for periods that are too long to be read in legs."""
    return _MONTHS[grain] * _HALF_A_MONTH if grain in _MONTHS else None


def _firsts(first: date, last: date, months: int) -> list[date]:
    days = [date(first.year, 1, 1)]
    while days[-1] <= last:
        days.append(add_months(days[-1], months))
    return days


def _floor(calendar: Calendar, day: date, grain: Grain) -> datetime:
    return calendar.period_containing(calendar.start_of_day(day), grain).start


def cut_all(
    workspace: Workspace,
    windows: Mapping[str, Period],
    read_until: Mapping[str, datetime],
    at_once: Collection[str] = (),
) -> list[dict[str, Period]]:
    """The legs of many metrics' windows: the first of each, the second of each, and so on; at least one, if empty.

    `read_until` tells how far metrics were read that go on from there. The windows of metrics in `at_once` are legs as
    they are.
    """
    metrics = workspace.configuration.metrics
    legs = {
        metric: [window]
        if metric in at_once
        else cut(
            window,
            metrics[metric].grain,
            workspace.configuration.calendar_of(metrics[metric]),
            read_until.get(metric),
        )
        for metric, window in windows.items()
    }
    most = max(map(len, legs.values()), default=1)
    return [
        {metric: of_one[number] for metric, of_one in legs.items() if number < len(of_one)} for number in range(most)
    ]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the backfill of a window got: `until` when each metric was read, of those that `ends` says."""

    window: Period
    ends: Mapping[str, datetime]
    until: Mapping[str, datetime]

    @property
    def is_done(self) -> bool:
        """Whether every metric was read to its end."""
        return all(self.until.get(metric) == end for metric, end in self.ends.items())

    def lacks(self, metric: str, leg: Period) -> bool:
        """Whether a leg of a metric is still to be read."""
        return metric not in self.until or self.until[metric] < leg.end

    def after(self, read: Mapping[str, Period]) -> "Progress":
        """The same when these legs were read, too."""
        return Progress(self.window, self.ends, {**self.until, **{metric: leg.end for metric, leg in read.items()}})

    def facts(self) -> dict[str, object]:
        """As the summary of a run keeps it."""
        until = {metric: instant.isoformat() for metric, instant in self.until.items()}
        return {**_window_facts(self.window), "until": until, "is_done": self.is_done}


def step_of(source_id: str) -> str:
    """What the summary of a run calls the progress of a source."""
    return f"legs/{source_id}"


def begun(workspace: Workspace, source_id: str, window: Period, windows: Mapping[str, Period]) -> Progress:
    """The progress of a backfill of a window: none, or as far as one of the same days got that did not end.

    That one was by the same configuration, within two days: what it read is not asked for again.
    """
    ends = {metric: of_one.end for metric, of_one in windows.items()}
    told = _last_told(workspace, source_id)
    same = told is not None and not told["is_done"] and told.items() >= _window_facts(window).items()
    until = {metric: datetime.fromisoformat(text) for metric, text in told["until"].items()} if told and same else {}
    return Progress(window, ends, {metric: instant for metric, instant in until.items() if metric in ends})


def _last_told(workspace: Workspace, source_id: str) -> dict[str, Any] | None:
    runs = workspace.store.runs(_RUNS_LOOKED_AT)
    recent = runs["started_at"] >= pd.Timestamp(datetime.now(UTC) - _GOES_ON_WITHIN)
    same = runs["config_version"] == workspace.configuration.version
    for summary in runs.loc[recent & same & (runs["kind"] == "backfill"), "summary"].dropna():
        told: dict[str, Any] | None = json.loads(summary).get(step_of(source_id))
        if told is not None:
            return told
    return None


def _window_facts(window: Period) -> dict[str, object]:
    return {"from": window.start.isoformat(), "to": window.end.isoformat()}
