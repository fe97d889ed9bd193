"""Contribution by value: `contributes_to` resolved, and what would break conservation refused.

Belongs here: unknown targets, circles, measures and units that do not add up, rows counted twice, with their places.
Does not: which rows those are (model.contribution).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from okr_pipeline.config.measures import KnownMetrics
from okr_pipeline.config.okrs import Okrs
from okr_pipeline.config.problem import shown
from okr_pipeline.config.subject import Subject
from okr_pipeline.model.contribution import (
    CONTRIBUTED,
    Contributors,
    claims_of,
    contributors_of,
    counted_twice,
    counting,
    is_summed,
    same_step,
)
from okr_pipeline.model.metric import Additivity, Metric
from okr_pipeline.model.okr import KeyResult, Objective

NOT_ADDITIVE = ("ratio", "percent", "points", "score")
"""Units whose values are not added."""
_AT = ("contributes_to",)


def link_contributions(okrs: Okrs, objectives: Mapping[str, Objective], metrics: KnownMetrics) -> dict[str, Objective]:
    """Objectives whose key results name what they contribute to by full id."""
    known = {it.full_id: it for each in objectives.values() for it in each.key_results}
    return _Linking(okrs, known, metrics).linked(objectives)


@dataclass(slots=True)
class _Linking:
    """One pass over everything that contributes. `known` are the valid key results by full id."""

    okrs: Okrs
    known: dict[str, KeyResult]
    metrics: KnownMetrics
    _told: set[tuple[str, str]] = field(default_factory=set)

    def linked(self, objectives: Mapping[str, Objective]) -> dict[str, Objective]:
        self.known = {name: self._resolved(it) for name, it in self.known.items()}
        circular = set(_in_circles(self.known))
        for name in circular:
            self._refuse(name, f"{shown(self.known[name].contributes_to)} leads back to this key result", *_CIRCLE)
        if not circular:
            self._check_pairs(contributors_of(self.known.values()))
        return {
            name: replace(each, key_results=tuple(self.known[it.full_id] for it in each.key_results))
            for name, each in objectives.items()
        }

    def _resolved(self, key_result: KeyResult) -> KeyResult:
        written = key_result.contributes_to
        if written is None:
            return key_result
        found = [written] if "/" in written else self._named(written, key_result)
        if len(found) != 1:
            self._refuse_target(key_result, written, found)
            return replace(key_result, contributes_to=None)
        if found[0] not in self.known:
            if not self._is_written(found[0]):
                self._refuse_target(key_result, written, [])
            return replace(key_result, contributes_to=None)
        return replace(key_result, contributes_to=found[0])

    def _named(self, name: str, key_result: KeyResult) -> list[str]:
        """What a bare id may mean: that of its own cycle, else those of all others."""
        own, written = f"{key_result.cycle}/{name}", self.okrs.key_results_written()
        if own in written and own != key_result.full_id:
            return [own]
        others = (f"{cycle}/{name}" for cycle in self.okrs.cycles)
        return [full_id for full_id in others if full_id in written and full_id != own]

    def _is_written(self, full_id: str) -> bool:
        """Whether a key result of that id is written or may be, though it is not in order."""
        subject = self.okrs.subject_of(full_id)
        if subject is not None:
            return subject.label.startswith("key result")
        return not self.okrs.complete and full_id.partition("/")[0] not in self.okrs.whole

    def _refuse_target(self, key_result: KeyResult, written: str, found: list[str]) -> None:
        if not found and "/" not in written and not self.okrs.complete:
            return
        subject = self._subject(key_result.full_id)
        named = [name for name in self.known if name != key_result.full_id]
        if found:
            what, fix = f"{shown(written)} is in more than one cycle", f"Write one of {', '.join(sorted(found))}"
        else:
            what = f"there is no key result {shown(written)}"
            fix = subject.suggestion(written, named, "key results")
        subject.refuse(_AT, what, "Its value is a part of that of one that is defined", fix)

    def _check_pairs(self, contributors: Contributors) -> None:
        for name, key_result in self.known.items():
            children = contributors.get(name, ())
            fitting = [child for child in children if self._fits(child, key_result)]
            if is_summed(key_result) and not children and not self._may_have_others():
                self._subject(name).refuse((), *_nothing_to_read(name), of_key=True)
            if children and len(fitting) == len(children):
                self._check_units(key_result, children, contributors)
                self._check_twice(key_result, contributors)

    def _may_have_others(self) -> bool:
        """Whether something that was not understood might contribute."""
        return not self.okrs.complete or not self.okrs.key_results_written() <= self.known.keys()

    def _fits(self, child: KeyResult, parent: KeyResult) -> bool:
        target, kinds = child.contributes_to, (child.measure.kind, parent.measure.kind)
        if kinds[0] != kinds[1] or kinds[0] not in CONTRIBUTED:
            what = f"{kinds[0]} is no part of '{target}', which is measured by {kinds[1]}"
            self._refuse(child.full_id, what, *_ADDITIVE)
            return False
        if not parent.starts <= child.starts <= child.ends <= parent.ends:
            what = f"{child.starts} to {child.ends} is not inside '{target}', {parent.starts} to {parent.ends}"
            self._refuse(child.full_id, what, *_SPAN)
            return False
        return True

    def _check_units(self, parent: KeyResult, children: Sequence[KeyResult], contributors: Contributors) -> None:
        """Parts add up in one unit, and are parts of the parent's own metric where it has one."""
        below = [it for child in children for it in counting(child, contributors)]
        read = [it for it in ([parent] if parent.metric else []) + below if it.metric in self.metrics.valid]
        for each in read:
            self._check_part(each, read[0], parent)

    def _check_part(self, part: KeyResult, first: KeyResult, parent: KeyResult) -> None:
        metric, other = self._metric(part), self._metric(first)
        if metric.unit in NOT_ADDITIVE or metric.additivity is not Additivity.ADDITIVE:
            how = f"counted in {metric.unit}" if metric.unit in NOT_ADDITIVE else f"{metric.additivity}"
            self._refuse(part.full_id, f"metric '{metric.id}' is {how}, which does not add up", *_ADDITIVE)
        elif metric.unit != other.unit:
            what = f"'{part.full_id}' is in {metric.unit}, '{first.full_id}' in {other.unit}"
            self._refuse(part.full_id, what, *_UNITS)
        elif parent.metric is not None and not _is_inside(part, parent):
            what = f"it counts {_rows(part)}, which is no part of {_rows(parent)} of '{parent.full_id}'"
            self._refuse(part.full_id, what, *_PART)

    def _check_twice(self, parent: KeyResult, contributors: Contributors) -> None:
        children = contributors.get(parent.full_id, ())
        step = same_step([parent, *_below(parent, contributors)])
        if step is not None:
            first, second, title = step
            what = f"step {shown(title)} is counted in '{first}' already, and both are in '{self._whole(second)}'"
            self._refuse(second, what, *_STEP)
        claims = [claim for child in children for claim in claims_of(child, contributors, self.metrics.valid)]
        pair = counted_twice(claims)
        if pair is not None:
            first_claim, second_claim = pair
            day = max(first_claim.starts, second_claim.starts)
            what = (
                f"rows of metric '{second_claim.metric}' from {day} on are counted in '{first_claim.by}' already, "
                f"and both add up to '{parent.full_id}'"
            )
            self._refuse(second_claim.by, what, *_TWICE)

    def _whole(self, full_id: str) -> str:
        return self.known[full_id].contributes_to or full_id

    def _metric(self, key_result: KeyResult) -> Metric:
        return self.metrics.valid[key_result.metric or ""]

    def _subject(self, full_id: str) -> Subject:
        subject = self.okrs.subject_of(full_id)
        if subject is None:
            raise KeyError(full_id)
        return subject

    def _refuse(self, full_id: str, what: str, why: str, fix: str) -> None:
        """Once, at what it contributes to, or at the key result where it does not say so itself."""
        if (full_id, what) not in self._told:
            self._told.add((full_id, what))
            written = self.known[full_id].contributes_to is not None
            self._subject(full_id).refuse(_AT if written else (), what, why, fix)


_CIRCLE = ("A part cannot contain the whole", "Name a key result outside the circle, or remove contributes_to")
_ADDITIVE = (
    "Values add up where both are accumulate or limit on additive metrics, or both milestones",
    "Measure both alike, or align the objectives with 'parent' instead",
)
_SPAN = (
    "A part lies within the days of the whole",
    "Choose a key result of a longer cycle, or correct starts and ends",
)
_UNITS = ("Only equal units add up", "Choose metrics of one unit")
_PART = (
    "The whole has a metric of its own, and what is not in it would be added from outside",
    "Read the same metric with the same or more members pinned, or remove the metric of the whole to add its parts up",
)
_STEP = ("A step that is counted twice is done twice", "Name one of the two otherwise, or keep it in one place")
_TWICE = (
    "A row that is counted twice makes a sum of more than there is",
    "Pin different members with 'where', let one end before the other starts, or let one contribute to the other",
)


def _nothing_to_read(full_id: str) -> tuple[str, str, str]:
    return (
        "has no 'metric', and nothing contributes to it",
        "A sum is of a metric's values, or of other key results",
        f"Add 'metric: …', or 'contributes_to: {full_id}' to the key results that it is the sum of",
    )


def _below(parent: KeyResult, contributors: Contributors) -> Iterator[KeyResult]:
    for child in contributors.get(parent.full_id, ()):
        yield child
        yield from _below(child, contributors)


def _is_inside(part: KeyResult, whole: KeyResult) -> bool:
    return part.metric == whole.metric and all(part.where.get(name) == member for name, member in whole.where.items())


def _rows(key_result: KeyResult) -> str:
    pinned = ", ".join(f"{name}: {member}" for name, member in key_result.where.items())
    return f"'{key_result.metric}'" + (f" where {pinned}" if pinned else "")


def _in_circles(key_results: Mapping[str, KeyResult]) -> Iterator[str]:
    """Full ids of key results whose line of contributions leads back to them."""
    safe: set[str] = set()
    for name in key_results:
        line: dict[str, None] = {}
        above: str | None = name
        while above is not None and above in key_results and above not in safe and above not in line:
            line[above] = None
            above = key_results[above].contributes_to
        if above is not None and above in line:
            names = list(line)
            yield from names[names.index(above) :]
        safe.update(line)
