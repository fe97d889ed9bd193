"""What people told: check-ins as columns, and the newest of each key result at an instant.

Belongs here: which check-in counts, and the value of `manual` key results. Does not: progress (measures).

A check-in counts from the start of its day on, and from the start of its key result to its end.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.score import Reason
from okr_pipeline.scoring.arrays import HOUR, NO_INSTANT, Booleans, Floats, Integers
from okr_pipeline.scoring.definitions import NO_REASON, REASON, Definitions, Kind
from okr_pipeline.scoring.grids import local_days
from okr_pipeline.scoring.series import numbers_of
from okr_pipeline.scoring.spans import Spans


@dataclass(frozen=True, slots=True)
class Told:
    """Check-ins of key results, one row each, the later of two below the earlier; `owner` is the key result's row.

    `start`, `end`: instants that bound its day. `confidence` and `value` are NaN where it does not tell them.
    """

    owner: Integers
    start: Integers
    end: Integers
    value: Floats
    confidence: Floats
    learnt: Booleans


class ToldValues(NamedTuple):
    """Columns, one row per asked key result: the newest value told, the day it is of, its age, why it is not one."""

    value: Floats
    start: Integers
    end: Integers
    age: Integers
    reason: Integers


_NO_ROWS = np.zeros(0, dtype=np.int64)
NOTHING_TOLD = Told(_NO_ROWS, _NO_ROWS, _NO_ROWS, np.zeros(0), np.zeros(0), np.zeros(0, dtype=np.bool_))


def told_columns(configuration: Configuration, definitions: Definitions, check_ins: pd.DataFrame | None) -> Told:
    """The check-ins of a `CHECK_INS` frame, in any order, that are about compiled key results.

    Of several on one day the one recorded last is the later; of those recorded at once, that of the later author.
    """
    if check_ins is None or not len(check_ins):
        return NOTHING_TOLD
    names = {name: row for row, name in enumerate(definitions.labels["key_result"])}
    codes, subjects = pd.factorize(check_ins["subject"])
    owner = np.array([names.get(subject, -1) for subject in subjects], dtype=np.int64)[codes]
    frame = check_ins.assign(_owner=owner)[owner >= 0]
    frame = frame.sort_values(["_owner", "on_date", "recorded_at", "author"], kind="stable")
    starts, ends = _days(configuration, frame["on_date"])
    return Told(
        owner=frame["_owner"].to_numpy(dtype=np.int64),
        start=starts,
        end=ends,
        value=numbers_of(frame, "value"),
        confidence=numbers_of(frame, "confidence"),
        learnt=frame["finding"].notna().to_numpy(dtype=np.bool_),
    )


def newest_told(definitions: Definitions, told: Told, chosen: Booleans, as_of: Integers) -> Integers:
    """For each key result the row of its newest check-in among some, as of an instant for each; -1 where none is."""
    of = definitions.key_results
    until = np.minimum(as_of, of.end)[told.owner]
    rows = np.flatnonzero(chosen & (told.start < until) & (told.start >= of.start[told.owner]))
    newest = np.full(len(of.start), -1, dtype=np.int64)
    newest[told.owner[rows]] = rows  # of equal owners the last row stays
    return newest


def confidences(definitions: Definitions, told: Told, as_of: Integers) -> Floats:
    """For each key result the newest confidence that was told, NaN where none was."""
    newest = newest_told(definitions, told, ~np.isnan(told.confidence), as_of)
    return np.where(newest >= 0, np.append(told.confidence, np.nan)[newest], np.nan)


def is_learnt(definitions: Definitions, told: Told, as_of: Integers) -> Booleans:
    """For each key result whether a check-in carries a finding."""
    return newest_told(definitions, told, told.learnt, as_of) >= 0


def told_values(
    definitions: Definitions, told: Told, rows: Integers, as_of: Integers, opened: Integers | None = None
) -> ToldValues:
    """The values of some `manual` key results. A value does not count beyond its freshness, in local days.

    What is finished does not go stale, as with observations. Values age as of `opened`.
    """
    of = definitions.key_results
    newest = newest_told(definitions, told, ~np.isnan(told.value), as_of)[rows]
    seen = newest >= 0
    until = np.minimum(as_of, of.end)[rows]
    start = np.where(seen, np.append(told.start, NO_INSTANT)[newest], until)
    end = np.where(seen, np.minimum(np.append(told.end, NO_INSTANT)[newest], until), until)
    aged = np.maximum(np.minimum(as_of if opened is None else opened, of.end)[rows], end)
    days = days_between(definitions, end, aged)
    stale = days > days_fresh(definitions)[rows]
    return ToldValues(
        value=np.where(seen, np.append(told.value, np.nan)[newest], np.nan),
        start=np.where(seen, start, NO_INSTANT),
        end=np.where(seen, end, NO_INSTANT),
        age=np.where(seen, aged - end, -1),
        reason=np.select([~seen, stale], [REASON[Reason.NO_OBSERVATION], REASON[Reason.STALE]], NO_REASON),
    )


def days_between(definitions: Definitions, earlier: Integers, later: Integers) -> Floats:
    """Local days from one instant to another, each."""
    first = np.zeros(len(earlier), dtype=np.int64)
    return local_days(definitions.days, first, later) - local_days(definitions.days, first, earlier)


def days_fresh(definitions: Definitions) -> Floats:
    """For each key result, the most local days that a value which is told may be old."""
    return definitions.key_results.fresh / (24 * HOUR)


def manual_rows(definitions: Definitions) -> Integers:
    """The rows of the key results whose value is told."""
    return np.flatnonzero(definitions.key_results.kind == Kind.MANUAL)


def _days(configuration: Configuration, dates: "pd.Series[str]") -> tuple[Integers, Integers]:
    """The instants that bound each date, each date worked out once."""
    spans = Spans(configuration)
    codes, names = pd.factorize(dates)
    days = [pd.Timestamp(name).date() for name in names]
    starts = np.array([spans.start_of_day(day) for day in days], dtype=np.int64)
    ends = np.array([spans.end_of_day(day) for day in days], dtype=np.int64)
    return starts[codes], ends[codes]
