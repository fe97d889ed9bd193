"""Milestones: which steps are done at an instant, and how much of them was due.

Belongs here: steps done on a date or when a metric gets there. Does not: any other measure.
"""

from dataclasses import dataclass

import numpy as np

from okr_pipeline.model.score import Reason
from okr_pipeline.scoring.arrays import Booleans, Floats, Integers
from okr_pipeline.scoring.definitions import NO_REASON, REASON, Definitions
from okr_pipeline.scoring.grids import bounds_at, ended_periods
from okr_pipeline.scoring.tracks import Tracks, newest_blocked, periods_of, rows_before, track_of


@dataclass(frozen=True, slots=True)
class Steps:
    """Columns, one row per key result: the share of the weight that is done, or the reason why that is unknown."""

    done: Floats
    reason: Integers


def steps_done(
    definitions: Definitions, tracks: Tracks, as_of: Integers, failed: Booleans, opened: Integers | None = None
) -> Steps:
    """The share of each key result's milestones that is done, as of an instant for each. `failed` is per metric.

    A step with a condition reads its metric's newest value by then, which may be older than the key result, and must
    not be stale as of `opened`.
    """
    of, items = definitions.key_results, definitions.milestones
    done, unknown = each_step(definitions, tracks, as_of, failed, opened)
    reason = np.full(len(of.start), len(REASON), dtype=np.int64)
    np.minimum.at(reason, items.owner, np.where(unknown == NO_REASON, len(REASON), unknown))
    return Steps(
        done=_share(definitions, done),
        reason=np.where(reason == len(REASON), NO_REASON, reason),
    )


def each_step(
    definitions: Definitions, tracks: Tracks, as_of: Integers, failed: Booleans, opened: Integers | None = None
) -> tuple[Booleans, Integers]:
    """Which milestones are done, and of the others why that is not known, or `NO_REASON`. Arguments as before."""
    items = definitions.milestones
    until = np.minimum(as_of[items.owner], items.until)
    reached, unknown = _conditions(definitions, tracks, as_of, failed, as_of if opened is None else opened)
    done = (items.done < until) | reached
    return done, np.where(done, NO_REASON, unknown)


def share_due(definitions: Definitions, moments: Integers) -> Floats:
    """The share of each key result's milestones that is due at an instant for each."""
    return _share(definitions, definitions.milestones.due <= moments[definitions.milestones.owner])


def _share(definitions: Definitions, chosen: Booleans) -> Floats:
    items, count = definitions.milestones, len(definitions.key_results.start)
    with np.errstate(invalid="ignore", divide="ignore"):
        chosen_weight = np.bincount(items.owner, weights=items.weight * chosen, minlength=count)
        return chosen_weight / np.bincount(items.owner, weights=items.weight, minlength=count)


def condition_rows(definitions: Definitions, tracks: Tracks, as_of: Integers) -> Integers:
    """The row that each milestone's condition reads as of its key result's instant: the newest by then, or -1."""
    track = track_of(tracks, definitions.milestones.view)
    row = rows_before(tracks, track, _ended(definitions, as_of)) - 1
    return np.where(row >= rows_before(tracks, track, _first_seen(definitions)), row, -1)


def condition_ages(definitions: Definitions, tracks: Tracks, as_of: Integers, opened: Integers) -> Integers:
    """How old the newest value that each milestone's condition reads is, as of `opened`; of no meaning without one."""
    items, row = definitions.milestones, condition_rows(definitions, tracks, as_of)
    ended = bounds_at(definitions.grids, items.grid, _periods_at(tracks, row) + 1)
    return np.minimum(opened[items.owner], items.until) - ended


def _periods_at(tracks: Tracks, row: Integers) -> Integers:
    """The period of each row, -1 where there is none."""
    periods = periods_of(tracks, np.maximum(row, 0)) if len(tracks.key) else row
    return np.where(row >= 0, periods, -1)


def _first_seen(definitions: Definitions) -> Integers:
    items = definitions.milestones
    return ended_periods(definitions.grids, items.grid, items.sees_from)


def _ended(definitions: Definitions, as_of: Integers) -> Integers:
    """The number of the period that is running for each condition, or that the end of its key result falls in."""
    items = definitions.milestones
    moment = as_of[items.owner]
    until = np.minimum(moment, items.until)
    return ended_periods(
        definitions.grids, items.grid, np.where(items.waits, np.minimum(until, moment - items.closes), until)
    )


def _conditions(
    definitions: Definitions, tracks: Tracks, as_of: Integers, failed: Booleans, opened: Integers
) -> tuple[Booleans, Integers]:
    """Which conditions hold, and why it is not known where it is not."""
    items, ends = definitions.milestones, definitions.milestones.until
    row, moment = condition_rows(definitions, tracks, as_of), as_of[items.owner]
    newest, high = _periods_at(tracks, row), _ended(definitions, as_of)
    found = [
        (np.append(failed, False)[items.metric] & (moment < ends + items.closes), Reason.SOURCE_FAILED),
        (newest_blocked(tracks, items.view, _first_seen(definitions), high) > newest, Reason.QUARANTINED),
        (row < 0, Reason.NO_OBSERVATION),
        (condition_ages(definitions, tracks, as_of, opened) > items.fresh, Reason.STALE),
    ]
    unknown = np.select([mask for mask, _ in found], [REASON[reason] for _, reason in found], NO_REASON)
    conditional = items.view >= 0
    reached = conditional & (unknown == NO_REASON) & (tracks.value[np.maximum(row, 0)] >= items.at_least)
    return reached, np.where(conditional, unknown, NO_REASON)
