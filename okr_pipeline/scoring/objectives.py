"""Objectives: the roll-up of key results and of objectives that contribute.

Belongs here: weighted scores with coverage and bounds, and the status of an objective. Does not: key results.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from okr_pipeline.model.score import Reason, Status
from okr_pipeline.scoring.arrays import Booleans, Floats, Integers
from okr_pipeline.scoring.definitions import NO_REASON, REASON, STATUS, Aim, Definitions, Objectives, State
from okr_pipeline.scoring.rules import RULES
from okr_pipeline.scoring.standing import Standing
from okr_pipeline.scoring.statuses import Judged, Rule, judge

_OUTSIDE = (Status.NOT_STARTED, Status.PAUSED, Status.CANCELLED)


@dataclass(frozen=True, slots=True)
class ObjectiveStanding:
    """Columns, one row per objective; names as in the frame of scores. `worst` is a row of key results or -1.

    The last four are what a status rule looks at beside the score; names as in `Judged`.
    """

    score: Floats
    expected_progress: Floats
    status: Integers
    reason: Integers
    coverage: Floats
    score_low: Floats
    score_high: Floats
    worst: Integers
    over: Booleans
    in_grace: Booleans
    lasting: Booleans
    learnt: Booleans


@dataclass(slots=True)
class _Sums:
    """Sums over what counts in each objective, filled in from below. `known` and `unknown` are weights."""

    known: Floats
    unknown: Floats
    score: Floats
    expected: Floats
    low: Floats
    high: Floats
    in_grace: Booleans
    all_achieved: Booleans
    outside: Integers
    doubt: Floats


def roll_up_objectives(definitions: Definitions, standing: Standing, as_of: int) -> ObjectiveStanding:
    """Every objective as of an instant, contributors before those they contribute to."""
    of = definitions.objectives
    sums = _of_key_results(definitions, standing)
    made = _empty(len(of.end))
    for height in range(int(of.height.max(initial=0)) + 1):
        rows = np.flatnonzero(of.height == height)
        _settle(of, sums, made, rows, as_of, RULES[definitions.status_rule])
        _pass_up(of, sums, made, rows)
    made.worst[:] = _worst(definitions, standing, made, sums)
    return made


def _of_key_results(definitions: Definitions, standing: Standing) -> _Sums:
    keys, objectives = definitions.key_results, definitions.objectives
    count, of = len(objectives.end), objectives.of
    inside = (of >= 0) & ~np.isin(standing.status, [STATUS[each] for each in _OUTSIDE])
    known = inside & ~np.isnan(standing.progress)

    def total(mask: Booleans, amount: Floats) -> Floats:
        return np.bincount(of[mask], weights=amount[mask], minlength=count).astype(np.float64)

    score = np.clip(standing.progress, 0.0, 1.0)
    outside = (of >= 0) & ~inside
    doubt = np.zeros((count, len(REASON)))
    unknown = inside & ~known
    np.add.at(doubt, (of[unknown], standing.reason[unknown]), keys.weight[unknown])
    known_score = total(known, keys.weight * score)
    return _Sums(
        known=total(known, keys.weight),
        unknown=total(unknown, keys.weight),
        score=known_score,
        expected=total(known, keys.weight * np.clip(standing.expected_progress, 0.0, 1.0)),
        low=known_score.copy(),
        high=known_score + total(unknown, keys.weight),
        in_grace=total(known & ~standing.judged.in_grace, np.ones(len(of))) == 0,
        all_achieved=total(inside & (standing.status != STATUS[Status.ACHIEVED]), np.ones(len(of))) == 0,
        outside=_first_status(standing.status[outside], of[outside], count),
        doubt=doubt,
    )


def _first_status(status: Integers, owner: Integers, count: int) -> Integers:
    """Of the statuses that do not count, the one that an objective with nothing else has."""
    order = np.array([_OUTSIDE.index(each) if each in _OUTSIDE else len(_OUTSIDE) for each in STATUS])
    first = np.full(count, len(_OUTSIDE), dtype=np.int64)
    np.minimum.at(first, owner, order[status])
    return first


def _settle(of: Objectives, sums: _Sums, made: ObjectiveStanding, rows: Integers, as_of: int, rule: Rule) -> None:
    """Score, bounds and status of objectives whose contributors are all summed."""
    known, whole = sums.known[rows], sums.known[rows] + sums.unknown[rows]
    with np.errstate(all="ignore"):
        coverage = np.where(whole > 0, known / whole, 0.0)
        enough = (known > 0) & (coverage >= of.floor[rows])
        score = np.where(enough, np.minimum(sums.score[rows] / known, 1.0), np.nan)
        expected = np.where(enough, sums.expected[rows] / known, np.nan)
        made.score_low[rows] = np.where(whole > 0, np.minimum(sums.low[rows] / whole, 1.0), np.nan)
        made.score_high[rows] = np.where(whole > 0, np.minimum(sums.high[rows] / whole, 1.0), np.nan)
    made.coverage[rows], made.score[rows], made.expected_progress[rows] = coverage, score, expected
    counts = (whole > 0) | (sums.outside[rows] == len(_OUTSIDE))
    judged = _judged(of, sums, rows, score, expected, as_of)
    made.over[rows], made.in_grace[rows] = judged.over, judged.in_grace
    made.lasting[rows], made.learnt[rows] = judged.lasting, judged.learnt
    status = judge(judged, rule)
    made.status[rows] = np.where(counts, status, _outside_codes(sums, rows))
    made.reason[rows] = np.where(counts & ~enough, _dominating(sums, rows), NO_REASON)


def _judged(of: Objectives, sums: _Sums, rows: Integers, score: Floats, expected: Floats, as_of: int) -> Judged:
    yes = np.ones(len(rows), dtype=np.bool_)
    return Judged(
        aim=of.aim[rows],
        state=np.full(len(rows), State.ACTIVE, dtype=np.int64),
        started=yes,
        over=as_of >= of.end[rows],
        in_grace=sums.in_grace[rows],
        lasting=sums.all_achieved[rows],
        hopeless=~yes,
        threshold=~yes,
        progress=score,
        expected=expected,
        learnt=(of.aim[rows] == Aim.LEARNING) & sums.all_achieved[rows] & (sums.known + sums.unknown > 0)[rows],
    )


def _outside_codes(sums: _Sums, rows: Integers) -> Integers:
    codes = np.array([*(STATUS[each] for each in _OUTSIDE), STATUS[Status.UNKNOWN]], dtype=np.int64)
    return codes[sums.outside[rows]]


def _dominating(sums: _Sums, rows: Integers) -> Integers:
    """The reason behind most of the unknown weight; of equals the more telling."""
    doubt = sums.doubt[rows]
    return np.where(doubt.max(axis=1, initial=0) > 0, doubt.argmax(axis=1), REASON[Reason.BELOW_COVERAGE])


def _pass_up(of: Objectives, sums: _Sums, made: ObjectiveStanding, rows: Integers) -> None:
    """Add settled objectives to those they contribute to, with their weight."""
    rows = rows[of.parent[rows] >= 0]
    parent, weight = of.parent[rows], of.weight[rows]
    outside = np.isin(made.status[rows], [STATUS[each] for each in _OUTSIDE])
    np.minimum.at(sums.outside, parent[outside], sums.outside[rows[outside]])
    rows, parent, weight = rows[~outside], parent[~outside], weight[~outside]
    known = ~np.isnan(made.score[rows])
    np.add.at(sums.known, parent[known], weight[known])
    np.add.at(sums.unknown, parent[~known], weight[~known])
    np.add.at(sums.score, parent[known], (weight * made.score[rows])[known])
    np.add.at(sums.expected, parent[known], (weight * made.expected_progress[rows])[known])
    np.add.at(sums.low, parent, weight * np.nan_to_num(made.score_low[rows], nan=0.0))
    np.add.at(sums.high, parent, weight * np.nan_to_num(made.score_high[rows], nan=1.0))
    np.add.at(sums.doubt, (parent[~known], made.reason[rows][~known]), weight[~known])
    np.logical_and.at(sums.in_grace, parent[known], sums.in_grace[rows][known])
    np.logical_and.at(sums.all_achieved, parent, made.status[rows] == STATUS[Status.ACHIEVED])


def _worst(definitions: Definitions, standing: Standing, made: ObjectiveStanding, sums: _Sums) -> Integers:
    """The key result that each objective lacks most by: the largest weight · −gap; the first of equals.

    Those of a contributing objective count with their share of its weight in the parent's score.
    """
    of, own = definitions.objectives, _own_worst(definitions, standing)
    outside = np.isin(made.status, [STATUS[each] for each in _OUTSIDE])
    with np.errstate(all="ignore"):
        share = np.where((of.parent >= 0) & ~outside & (sums.known > 0), of.weight / sums.known, 0.0)
        for height in range(int(of.height.max(initial=0))):
            rows = np.flatnonzero((of.height == height) & (share > 0) & (own.row >= 0))
            order = rows[np.lexsort((rows, -(share * own.lack)[rows], of.parent[rows]))]
            parents, first = np.unique(of.parent[order], return_index=True)
            heaviest = order[first]
            lack = share[heaviest] * own.lack[heaviest]
            worse = (own.row[parents] < 0) | (lack > own.lack[parents])
            own.row[parents[worse]], own.lack[parents[worse]] = own.row[heaviest[worse]], lack[worse]
    return own.row


class _Lacks(NamedTuple):
    """For each objective a row of key results, or -1, and by how much weighted progress it is short."""

    row: Integers
    lack: Floats


def _own_worst(definitions: Definitions, standing: Standing) -> _Lacks:
    objectives, weight = definitions.objectives, definitions.key_results.weight
    with np.errstate(over="ignore"):
        lack = weight * (standing.expected_progress - standing.progress)
    outside = np.isin(standing.status, [STATUS[each] for each in _OUTSIDE])
    rows = np.flatnonzero((objectives.of >= 0) & ~outside & ~np.isnan(lack))
    owner, lack = objectives.of[rows], lack[rows]
    short = np.full(len(objectives.end), -np.inf)
    np.maximum.at(short, owner, lack)
    worst = np.full(len(objectives.end), -1, dtype=np.int64)
    most = np.flatnonzero(lack == short[owner])[::-1]
    worst[owner[most]] = rows[most]  # of equals the first row stays, because it is put last
    return _Lacks(worst, short)


def _empty(count: int) -> ObjectiveStanding:
    def none() -> Floats:
        return np.full(count, np.nan)

    def codes() -> Integers:
        return np.full(count, NO_REASON, dtype=np.int64)

    flags = (np.zeros(count, dtype=np.bool_) for _ in range(4))
    return ObjectiveStanding(none(), none(), codes(), codes(), none(), none(), none(), codes(), *flags)
