"""Contribution by value: key results that add up to one of a longer cycle, and rows that would be counted twice.

Belongs here: what a key result counts, whether two count the same, and who adds to whom. Does not: messages (config),
values (scoring).

What a key result counts is a set of claims: rows of a metric with these members, from a first to a last day. One that
reads no metric claims what those that contribute to it claim.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from okr_pipeline.model.amending import definitions_of
from okr_pipeline.model.formula import references
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.okr import KeyResult, Milestone, Milestones

CONTRIBUTED: Final = ("accumulate", "limit", "milestones")
"""Measures whose values add up."""
SUMMED: Final = ("accumulate", "limit")
"""Measures that may go without a metric: their value is then the sum of what contributes."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Rows that a key result counts: of a metric with a source, with these members, first and last day included.

    `by` is the key result that reads them, `via` the one that hands them on to the parent in question.
    """

    by: str
    via: str
    metric: str
    where: tuple[tuple[str, str], ...]
    starts: date
    ends: date


Contributors = Mapping[str, Sequence[KeyResult]]
"""Those that contribute to each key result, by its full id."""


def contributors_of(key_results: Iterable[KeyResult]) -> Contributors:
    """Who contributes to whom, by value."""
    found: dict[str, list[KeyResult]] = defaultdict(list)
    for each in key_results:
        if each.contributes_to is not None:
            found[each.contributes_to].append(each)
    return found


def is_summed(key_result: KeyResult) -> bool:
    """Whether its value is the sum of what contributes to it."""
    return key_result.metric is None and key_result.measure.kind in SUMMED


def counting(key_result: KeyResult, contributors: Contributors) -> Iterator[KeyResult]:
    """The key results whose own metric makes its value: itself, or those below one that is summed."""
    pending = [key_result]
    while pending:
        each = pending.pop()
        if is_summed(each):
            pending += contributors.get(each.full_id, ())
        else:
            yield each


def steps_of(key_result: KeyResult, contributors: Contributors) -> Iterator[tuple[KeyResult, Milestone]]:
    """Its milestones and those of all that contribute to it, each with the key result that it is a step of."""
    if isinstance(key_result.measure, Milestones):
        yield from ((key_result, item) for item in key_result.measure.items)
        for child in contributors.get(key_result.full_id, ()):
            yield from steps_of(child, contributors)


def claims_of(key_result: KeyResult, contributors: Contributors, metrics: Mapping[str, Metric]) -> Iterator[Claim]:
    """What it counts by any of its definitions, amended ones among them, down to metrics with a source."""
    for each in (one for it in counting(key_result, contributors) for one in definitions_of(it)):
        if each.metric is not None and each.metric in metrics:
            for part in dict.fromkeys(_sourced(metrics[each.metric], metrics)):
                where = tuple(sorted(each.where.items()))
                yield Claim(each.full_id, key_result.full_id, part, where, each.starts, each.ends)


def counted_twice(claims: Iterable[Claim]) -> tuple[Claim, Claim] | None:
    """Two claims through different contributors that share a row; None where no row is counted twice.

    Two share rows of a metric when their spans meet and no dimension is pinned to different members.
    """
    shapes: dict[tuple[str, tuple[str, ...]], list[Claim]] = defaultdict(list)
    for claim in claims:
        shapes[claim.metric, tuple(name for name, _ in claim.where)].append(claim)
    for number, (one, mine) in enumerate(shapes.items()):
        for other, others in list(shapes.items())[number:]:
            common = [name for name in one[1] if name in other[1]]
            if one[0] == other[0] and (found := _meeting(mine, others, common, same=one == other)):
                return found
    return None


def same_step(parents: Sequence[KeyResult]) -> tuple[str, str, str] | None:
    """Two key results that both have a milestone of one title, and that title; None where each step is counted once."""
    seen: dict[str, str] = {}
    for each in parents:
        if isinstance(each.measure, Milestones):
            for item in each.measure.items:
                if seen.setdefault(item.title, each.full_id) != each.full_id:
                    return seen[item.title], each.full_id, item.title
    return None


def _sourced(metric: Metric, metrics: Mapping[str, Metric]) -> Iterator[str]:
    if metric.formula is None:
        yield metric.id
        return
    for part in references(metric.formula):
        if part in metrics:
            yield from _sourced(metrics[part], metrics)


def _meeting(
    mine: Sequence[Claim], others: Sequence[Claim], common: Sequence[str], *, same: bool
) -> tuple[Claim, Claim] | None:
    """A claim of one shape and one of another (or the same) with equal members of what both pin, and a common day."""
    groups: dict[tuple[str, ...], list[tuple[date, int, Claim]]] = defaultdict(list)
    for side, claims in enumerate([mine] if same else [mine, others]):
        for claim in claims:
            where = dict(claim.where)
            groups[tuple(where[name] for name in common)].append((claim.starts, side, claim))
    for group in groups.values():
        if found := _first_meeting(sorted(group, key=lambda it: it[:2]), same=same):
            return found
    return None


def _first_meeting(group: Sequence[tuple[date, int, Claim]], *, same: bool) -> tuple[Claim, Claim] | None:
    """In order of starts, each claim against the one of the other side that lasts longest so far."""
    longest: dict[int, Claim] = {}
    for _, side, claim in group:
        against = longest.get(side if same else 1 - side)
        if against is not None and claim.starts <= against.ends and claim.via != against.via:
            return against, claim
        if side not in longest or claim.ends > longest[side].ends:
            longest[side] = claim
    return None
