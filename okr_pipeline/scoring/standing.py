"""Standing: where every key result stands at an instant, as columns.

Belongs here: value, baseline, target, progress, plan and status put together. Does not: frames (scores).
"""

from dataclasses import dataclass, fields, replace
from functools import partial
from typing import Any

import numpy as np

from okr_pipeline.model.score import Reason, Status
from okr_pipeline.scoring.arrays import HOUR, NO_INSTANT, ROUNDING, Booleans, Floats, Integers
from okr_pipeline.scoring.contributions import add_up, any_of_parts
from okr_pipeline.scoring.definitions import (
    NO_REASON,
    REASON,
    STATUS,
    Aim,
    Base,
    Checkpoints,
    Definitions,
    KeyResults,
    Kind,
)
from okr_pipeline.scoring.measures import goes_between, progress_of, targets
from okr_pipeline.scoring.pace import applied_shapes, elapsed_shares, expected_progress, is_level
from okr_pipeline.scoring.rules import RULES
from okr_pipeline.scoring.statuses import Judged, judge, pace_ratios
from okr_pipeline.scoring.told import confidences, is_learnt
from okr_pipeline.scoring.tracks import Tracks
from okr_pipeline.scoring.values import Bases, Values, measure_values


@dataclass(frozen=True, slots=True)
class Standing:
    """Columns, one row per key result; names and units as in the frame of scores. `status`, `reason` are codes."""

    value: Floats
    baseline: Floats
    target: Floats
    progress: Floats
    expected_progress: Floats
    expected_progress_now: Floats
    pace_ratio: Floats
    status: Integers
    reason: Integers
    provisional: Booleans
    judged: Judged
    measured: Values
    base: Floats
    confidence: Floats
    settled: Booleans
    shape: Integers


def stand(
    definitions: Definitions,
    tracks: Tracks,
    bases: Bases,
    as_of: int,
    failed: Booleans,
    *,
    opened: int | None = None,
) -> Standing:
    """The standing of all key results as of an instant. `failed` is per metric.

    With an earlier instant `opened` the clock stands still there: key results have started, windows let go of what is
    old and data is stale as of then, while everything observed up to `as_of` counts.
    """
    of = definitions.key_results
    moments = np.full(len(of.start), as_of, dtype=np.int64)
    opening = moments if opened is None else np.full(len(of.start), opened, dtype=np.int64)
    values = add_up(definitions, measure_values(definitions, tracks, moments, failed, opening), moments)
    base = _base_values(of, bases, opening)
    target = targets(of, base)
    reason = _reasons(of, values.reason, base, target, opening)
    shown = (reason == NO_REASON) | (reason == REASON[Reason.UNDEFINED_BASELINE])
    value = np.where(shown, values.value, np.nan)
    progress = progress_of(of, np.where(reason == NO_REASON, value, np.nan), base, target)
    reason = np.where((reason == NO_REASON) & np.isnan(progress), REASON[Reason.UNDEFINED_BASELINE], reason)
    period_end = np.where(shown, values.period_end, NO_INSTANT)
    shape = applied_shapes(definitions, bases.seasons, base, target)
    plan = partial(
        expected_progress, definitions, any_ended=values.any_ended, base=base, target=target, seasons=bases.seasons,
        shapes=shape,
    )  # fmt: skip
    expected = plan(period_end)
    elapsed = elapsed_shares(definitions, moments)
    judged = Judged(
        aim=of.aim,
        state=of.state,
        started=opening > of.start,
        over=moments >= of.end,
        in_grace=elapsed <= of.grace,
        lasting=(of.kind == Kind.ACCUMULATE) | (of.kind == Kind.MILESTONES) | (of.kind == Kind.BASELINE),
        hopeless=_is_hopeless(of, values, progress),
        threshold=is_level(of),
        progress=progress,
        expected=expected,
        learnt=(of.aim == Aim.LEARNING) & is_learnt(definitions, tracks.told, moments),
    )
    status = judge(judged, RULES[definitions.status_rule])
    told = judged.hopeless & (status == STATUS[Status.BEHIND])
    return Standing(
        value=value,
        baseline=np.where(of.kind == Kind.BASELINE, np.where(shown, values.finding, np.nan), _shown_base(of, base)),
        target=target,
        progress=progress,
        expected_progress=expected,
        expected_progress_now=plan(moments),
        pace_ratio=pace_ratios(progress, expected),
        status=status,
        reason=np.where(told, REASON[Reason.OUT_OF_REACH], reason),
        provisional=any_of_parts(
            definitions, shown & (period_end != NO_INSTANT) & (period_end + of.closes > as_of) & (of.view >= 0)
        ),
        judged=judged,
        measured=values,
        base=base,
        confidence=confidences(definitions, tracks.told, moments),
        settled=bases.settled & judged.started & (opening >= of.start + of.closes) & ~np.isnan(base),
        shape=shape,
    )


def last_good(definitions: Definitions, tracks: Tracks, standing: Standing, as_of: int) -> tuple[Floats, Floats]:
    """Where the value is unknown, the value as it stood when the newest observed period ended, and its age in hours."""
    of, age = definitions.key_results, standing.measured.age
    value, hours = np.full(len(age), np.nan), np.full(len(age), np.nan)
    ended = as_of - age - np.maximum(as_of - of.end, 0)
    unknown = np.isnan(standing.value) & standing.judged.started & (age >= 0)
    told = unknown & (of.kind == Kind.MANUAL)
    value[told], hours[told] = standing.measured.value[told], age[told] / HOUR
    rows = np.flatnonzero(unknown & ~told & (ended > of.start))
    if not len(rows):
        return value, hours
    none_failed = np.zeros(len(definitions.metrics), dtype=np.bool_)
    then = measure_values(_chosen(definitions, rows), tracks, ended[rows], none_failed)
    good = np.flatnonzero(then.reason == NO_REASON)
    value[rows[good]] = then.value[good]
    hours[rows[good]] = (as_of - then.period_end[good]) / HOUR
    return value, hours


def chosen_key_results(of: KeyResults, rows: Integers) -> KeyResults:
    """Some rows of the columns."""
    chosen: dict[str, Any] = {each.name: getattr(of, each.name)[rows] for each in fields(KeyResults)}
    return KeyResults(**chosen)


def _base_values(of: KeyResults, bases: Bases, as_of: Integers) -> Floats:
    """The number each is measured from: written, or measured before the start as far as it is known by now."""
    waiting = as_of < of.start + np.where(of.waits, of.closes, 0)
    measured = np.where(waiting | (of.base == Base.NONE), np.nan, bases.value)
    return np.where(np.isnan(of.from_), measured, of.from_)


def _shown_base(of: KeyResults, base: Floats) -> Floats:
    """Where progress is 0: for a sum 0, whatever an earlier sum makes of its target."""
    return np.where(of.kind == Kind.ACCUMULATE, 0.0, base)


def _reasons(of: KeyResults, reason: Integers, base: Floats, target: Floats, as_of: Integers) -> Integers:
    undefined = REASON[Reason.UNDEFINED_BASELINE]
    later = (reason == NO_REASON) | (reason > undefined)
    nowhere = np.isnan(target) | (goes_between(of) & np.isnan(base))
    reason = np.where(later & nowhere, undefined, reason)
    return np.where(as_of <= of.start, REASON[Reason.NOT_STARTED], reason)


def _is_hopeless(of: KeyResults, values: Values, progress: Floats) -> Booleans:
    """A commitment that even the best end would break: a share out of reach, or a budget overrun."""
    with np.errstate(invalid="ignore"):
        lost = np.where(of.kind == Kind.LIMIT, progress < 1, values.best < of.share - ROUNDING)
    return np.asarray(lost & (of.aim == Aim.COMMITTED) & ~np.isnan(progress), dtype=np.bool_)


def _chosen(definitions: Definitions, rows: Integers) -> Definitions:
    """The definitions of some key results that have a metric."""
    items: dict[str, Any] = {
        each.name: getattr(definitions.milestones, each.name)[:0] for each in fields(definitions.milestones)
    }
    none = np.zeros(0, dtype=np.int64)
    return replace(
        definitions,
        key_results=chosen_key_results(definitions.key_results, rows),
        milestones=replace(definitions.milestones, **items),
        checkpoints=Checkpoints(none, none, none, np.zeros(0), np.zeros(0)),
        earlier=(),
    )
