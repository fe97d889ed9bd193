"""Legs: the parts of a long window that are read and kept one by one, so that a read that was interrupted goes on.

Belongs here: where windows are cut, and how far a backfill got that did not end. Does not: reading and keeping them
(observing).

A run that goes on begins where its metrics' reads ended. A backfill reads again what was read before, so how far it got
is kept in the summary of its run, leg by leg, in the transaction that keeps what the leg brought.
"""

import json
from collections.abc import Mapping
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
_GOES_ON_WITHIN: Final = timedelta(days=1)
_RUNS_LOOKED_AT: Final = 100


def cut(window: Period, grain: Grain, calendar: Calendar) -> list[Period]:
    """The legs of a window of whole periods, in order, the window itself if it is empty or short.

    Cuts are where civil months, quarters or years begin, so that they stay where they are when the window moves; none
    is nearer than half a leg to an end of the window.
    """
    months = _MONTHS.get(grain)
    if months is None:
        return [window]
    half = months * _HALF_A_MONTH
    cuts = [
        instant
        for first in _firsts(calendar.date_of(window.start), calendar.date_of(window.end), months)
        if window.start + half <= (instant := _floor(calendar, first, grain)) <= window.end - half
    ]
    return [Period(start, end) for start, end in pairwise([window.start, *cuts, window.end])]


def _firsts(first: date, last: date, months: int) -> list[date]:
    days = [date(first.year, 1, 1)]
    while days[-1] <= last:
        days.append(add_months(days[-1], months))
    return days


def _floor(calendar: Calendar, day: date, grain: Grain) -> datetime:
    return calendar.period_containing(calendar.start_of_day(day), grain).start


def cut_all(workspace: Workspace, windows: Mapping[str, Period]) -> list[dict[str, Period]]:
    """The legs of many metrics' windows: the first of each, the second of each, and so on; at least one, if empty."""
    metrics = workspace.configuration.metrics
    legs = {
        metric: cut(window, metrics[metric].grain, workspace.configuration.calendar_of(metrics[metric]))
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

    That one was by the same configuration, within a day: what it read is not asked for again.
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
