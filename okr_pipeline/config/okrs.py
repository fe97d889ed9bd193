"""Cycles, objectives and key results: from their YAML to the model.

Belongs here: building them, and rules among them: ids, spans, parents.
Does not: whether a measure suits its metric (measures).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from okr_pipeline.config.amendments import build_amendments
from okr_pipeline.config.keys import former_ids
from okr_pipeline.config.measures import KnownMetrics, build_measure, check_reading
from okr_pipeline.config.okr_keys import CycleKeys, KeyResultKeys, NamedPaceKeys, ObjectiveKeys, PaceKeys
from okr_pipeline.config.problem import Refusal, shown
from okr_pipeline.config.renames import Claim, claim_of
from okr_pipeline.config.scalars import identifier
from okr_pipeline.config.subject import Subject
from okr_pipeline.model.okr import (
    Accumulate,
    Checkpoint,
    Cycle,
    Intent,
    KeyResult,
    Level,
    Objective,
    Over,
    Pace,
    RelativeTarget,
)
from okr_pipeline.model.rename import Renamed

_LONGEST_DAYS = 36_525
_LONGEST_YEAR_DAYS = 371


@dataclass(slots=True)
class Okrs:
    """What files of OKRs define. `subjects` has every objective that is written, also invalid ones, by full id.

    `claims` are what is written of former ids, `former_cycles` those of a cycle that says them. `whole` are the cycles
    whose objectives are all known; `complete` is False where a file or its cycle is unclear.
    """

    cycles: dict[str, Cycle] = field(default_factory=dict)
    objectives: dict[str, Objective] = field(default_factory=dict)
    subjects: dict[str, Subject] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    claims: list[Claim] = field(default_factory=list)
    complete: bool = True
    former_cycles: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _names: dict[str, Subject] = field(default_factory=dict)

    def subject_of(self, full_id: str) -> Subject | None:
        """What is written under a full id, be it in order or not; None where nothing is."""
        return self._names.get(full_id)

    def key_results_written(self) -> set[str]:
        """Full ids of all key results that are written, be they in order or not."""
        return {name for name, subject in self._names.items() if subject.label.startswith("key result")}

    def claim(
        self, kind: Renamed, full_id: str, former: tuple[str, ...], written: Mapping[str, Any], subject: Subject
    ) -> None:
        """Keep what is written of a thing's former ids."""
        self.claims.extend(claim_of(kind, full_id, former, written, subject, self.former_cycles))


def add_okrs(okrs: Okrs, subject: Subject, keys: Mapping[str, Any], metrics: KnownMetrics) -> None:
    """Adds the cycle of one file with its objectives. `subject` is the file."""
    cycle = _cycle(okrs, subject, keys)
    objectives = keys.get("objectives")
    if cycle is not None and not subject.document.unclear:
        okrs.whole.add(cycle.id)
    if objectives is None:
        return
    written = subject.mapping(objectives, "objectives, each under its id", "objectives")
    for name, objective in (written or {}).items():
        label = f"{cycle.id}/{name}" if cycle else name
        inner = subject.inner(f"objective {shown(label)}", "objectives", name)
        _check_id(inner, name)
        if cycle is not None:
            _claim(okrs, inner, f"{cycle.id}/{name}")
            okrs.subjects[f"{cycle.id}/{name}"] = inner
        built = _objective(okrs, inner, name, objective, cycle, metrics)
        if built is not None:
            okrs.objectives[built.full_id] = built


def link_objectives(okrs: Okrs) -> dict[str, Objective]:
    """Objectives with their parents as full ids; unknown parents and circles are refused."""
    linked = {name: _with_parent(okrs, objective) for name, objective in okrs.objectives.items()}
    for name in _in_circles(linked):
        okrs.subjects[name].refuse(
            ("parent",),
            f"{shown(linked[name].parent)} leads back to this objective",
            "An objective cannot be above itself",
            "Name a parent outside the circle, or null",
        )
    return linked


def _cycle(okrs: Okrs, subject: Subject, keys: Mapping[str, Any]) -> Cycle | None:
    cycle = _build_cycle(subject, keys)
    if cycle is None:
        okrs.complete = False
        return None
    if cycle.id in okrs.cycles:
        subject.refuse(
            ("cycle", "id"),
            f"cycle '{cycle.id}' is defined in another file, too",
            "The ids of its objectives would meet",
            "Give it another id, or put the objectives into one file",
        )
        okrs.complete = False
        return None
    okrs.cycles[cycle.id] = cycle
    _claim_cycle(okrs, subject.inner(f"cycle {shown(cycle.id)}", "cycle"), cycle.id, keys["cycle"])
    return cycle


def _claim_cycle(okrs: Okrs, subject: Subject, name: str, written: Mapping[str, Any]) -> None:
    former = former_ids(written.get("renamed_from"))
    okrs.claim("cycle", name, former, written, subject)
    if "renamed_from" in written:
        okrs.former_cycles[name] = former


def _build_cycle(subject: Subject, keys: Mapping[str, Any]) -> Cycle | None:
    if "cycle" not in keys:
        subject.refuse(
            (),
            "has no 'cycle'",
            "Objectives are set for a stretch of days",
            "Add 'cycle: {id: 2013-Q2, starts: 2013-04-01, ends: 2013-06-30}'",
        )
        return None
    inner = subject.inner("cycle", "cycle")
    written = inner.mapping(keys["cycle"], "a cycle")
    read = inner.accept(CycleKeys, written) if written is not None else None
    if read is None:
        return None
    if (read.ends - read.starts).days > _LONGEST_DAYS:
        inner.refuse(
            ("ends",),
            f"{read.ends} is more than a hundred years after starts, {read.starts}",
            "No promise lasts so long, and an hourly metric would have millions of periods",
            "Check the years",
        )
        return None
    if read.ends < read.starts:
        inner.refuse(
            ("ends",),
            f"{read.ends} is before starts, {read.starts}",
            "A cycle has at least one day",
            "Exchange the two",
        )
        return None
    return Cycle(read.id, read.starts, read.ends, read.check_in)


def _objective(
    okrs: Okrs, subject: Subject, name: str, keys: object, cycle: Cycle | None, metrics: KnownMetrics
) -> Objective | None:
    written = subject.mapping(keys, "an objective")
    if written is None:
        return None
    before = len(subject.problems)
    has_results = isinstance(written.get("key_results"), dict)
    read = subject.accept(ObjectiveKeys, {**written, "key_results": {}} if has_results else written)
    results = list(_key_results(okrs, subject, name, written, cycle, metrics))
    if read is None or cycle is None:
        return None
    okrs.claim("objective", f"{cycle.id}/{name}", read.renamed_from, written, subject)
    subject.check_suppressed(read.suppress)
    if read.contributes is not None and read.parent is None:
        subject.refuse(
            ("contributes",),
            "is given without a parent",
            "A score can only be added to that of a parent",
            "Add 'parent: …', or remove contributes",
            of_key=True,
        )
    if len(subject.problems) > before:
        return None
    return Objective(
        id=name,
        cycle=cycle.id,
        title=read.title,
        owner=read.owner,
        level=Level(read.level),
        intent=Intent(read.intent),
        key_results=tuple(result for result in results if result is not None),
        why=read.why,
        horizon=read.horizon,
        parent=read.parent,
        contributes_weight=read.contributes.weight if read.contributes else None,
        coverage_floor=read.coverage_floor,
        supports=read.supports,
        suppress=read.suppress,
    )


def _key_results(
    okrs: Okrs, subject: Subject, objective: str, keys: Mapping[str, Any], cycle: Cycle | None, metrics: KnownMetrics
) -> Iterator[KeyResult | None]:
    written = keys.get("key_results")
    if not isinstance(written, dict):
        return
    if not written:
        subject.refuse(
            ("key_results",), "is empty", "An objective is known by its key results", "Add two to five", of_key=True
        )
    for name, result in written.items():
        label = f"{cycle.id}/{name}" if cycle else name
        inner = subject.inner(f"key result {shown(label)}", "key_results", name)
        _check_id(inner, name)
        if cycle is not None:
            _claim(okrs, inner, f"{cycle.id}/{name}")
        yield _key_result(okrs, inner, name, objective, result, cycle, metrics)


def _key_result(
    okrs: Okrs, subject: Subject, name: str, objective: str, keys: object, cycle: Cycle | None, metrics: KnownMetrics
) -> KeyResult | None:
    written = subject.mapping(keys, "a key result")
    read = subject.accept(KeyResultKeys, written) if written is not None else None
    if read is None or written is None:
        return None
    if cycle is not None:
        okrs.claim("key_result", f"{cycle.id}/{name}", read.renamed_from, written, subject)

    def build(inner: Subject, laid: Mapping[str, Any]) -> KeyResult | None:
        again = inner.accept(KeyResultKeys, laid)
        return None if again is None else _defined(inner, name, objective, again, cycle, metrics)

    result = _defined(subject, name, objective, read, cycle, metrics)
    if result is None or not read.amendments:
        return result
    amendments = build_amendments(subject, read, written, result, build)
    return None if amendments is None else replace(result, amendments=amendments)


def _defined(
    subject: Subject, name: str, objective: str, read: KeyResultKeys, cycle: Cycle | None, metrics: KnownMetrics
) -> KeyResult | None:
    """A key result by its own keys, without amendments."""
    before = len(subject.problems)
    metric = check_reading(subject, read, metrics)
    measure = build_measure(subject, read, metric, metrics)
    subject.check_suppressed(read.suppress)
    if read.state != "active" and read.state_reason is None:
        subject.refuse(
            ("state",),
            f"{read.state} has no reason",
            "Whoever reads the scorecard will ask",
            "Add 'state_reason: …'",
        )
    if cycle is None or measure is None:
        return None
    result = KeyResult(
        id=name,
        objective=f"{cycle.id}/{objective}",
        cycle=cycle.id,
        title=read.title,
        owner=read.owner,
        measure=measure,
        starts=read.starts or cycle.starts,
        ends=read.ends or cycle.ends,
        metric=read.metric,
        where=read.where,
        over=read.over or Over(),
        pace=_pace(read.pace),
        weight=read.weight,
        min_coverage=read.min_coverage,
        grace=read.grace,
        state=read.state,
        state_reason=read.state_reason,
        initiatives=read.initiatives,
        suppress=read.suppress,
        why=read.why,
        contributes_to=read.contributes_to,
        check_in=read.check_in or cycle.check_in,
    )
    _check_span(subject, result, cycle, read)
    return result if len(subject.problems) == before else None


def _pace(keys: PaceKeys | None) -> Pace:
    match keys:
        case None:
            return Pace()
        case NamedPaceKeys():
            return Pace(keys.kind)
        case PaceKeys(checkpoints=()):
            return Pace()
        case _:
            return Pace("checkpoints", tuple(Checkpoint(point.on, point.value) for point in keys.checkpoints))


def _check_span(subject: Subject, result: KeyResult, cycle: Cycle, keys: KeyResultKeys) -> None:
    if result.ends < result.starts:
        subject.refuse(
            ("ends" if keys.ends else "starts",),
            f"it ends on {result.ends}, before it starts on {result.starts}",
            "A key result has at least one day",
            "Correct starts or ends",
        )
        return
    for key, day in (("starts", keys.starts), ("ends", keys.ends)):
        if day is not None and not cycle.starts <= day <= cycle.ends:
            subject.refuse(
                (key,),
                f"{day} is outside cycle '{cycle.id}', {cycle.starts} to {cycle.ends}",
                "A key result is scored within its cycle",
                "Choose a day of the cycle, or move it to another",
            )
    _check_year_ago(subject, result)
    _check_checkpoints(subject, result)
    _check_due(subject, result)


def _check_year_ago(subject: Subject, result: KeyResult) -> None:
    days = (result.ends - result.starts).days + 1
    match result.measure:
        case Accumulate(RelativeTarget(of="year_ago")) if days > _LONGEST_YEAR_DAYS:
            subject.refuse(
                ("measure", "accumulate", "to"),
                f"year_ago is given with a span of {days} days",
                "The same days a year earlier would still run when it starts, and its target would not be known",
                "Write previous_cycle, or a number",
            )


def _check_checkpoints(subject: Subject, result: KeyResult) -> None:
    previous = None
    for index, point in enumerate(result.pace.checkpoints):
        place = ("pace", "checkpoints", index, "on")
        if not result.starts <= point.on <= result.ends:
            subject.refuse(
                place,
                f"{point.on} is outside {result.starts} to {result.ends}",
                "Checkpoints plan the days of the key result",
                "Choose a day between them",
            )
        if previous is not None and point.on <= previous:
            subject.refuse(
                place,
                f"{point.on} is not after the checkpoint before it, {previous}",
                "The plan runs through the checkpoints in order",
                "Sort them by date, each date once",
            )
        previous = point.on


def _check_due(subject: Subject, result: KeyResult) -> None:
    if result.measure.kind != "milestones":
        return
    for index, milestone in enumerate(result.measure.items):
        if milestone.due is not None and not result.starts <= milestone.due <= result.ends:
            subject.refuse(
                ("measure", "milestones", index, "due"),
                f"{milestone.due} is outside {result.starts} to {result.ends}",
                "A step is planned for a day of the key result",
                "Choose a day between them",
            )


def _check_id(subject: Subject, name: str) -> None:
    try:
        identifier(name)
    except Refusal as refusal:
        subject.refuse((), refusal.what, refusal.why, refusal.fix)


def _claim(okrs: Okrs, subject: Subject, full_id: str) -> None:
    """Ids of objectives and key results are unique in their cycle."""
    first = okrs._names.setdefault(full_id, subject)  # noqa: SLF001 - this module's own
    if first is not subject:
        line, _ = first.document.position(first.path, of_key=True)
        kind = first.label.partition(" '")[0]
        subject.refuse(
            (),
            f"id {shown(full_id)} is already that of the {kind} in line {line}",
            "Ids are unique in their cycle, so that one line of a report means one thing",
            "Rename one of them",
        )


def _with_parent(okrs: Okrs, objective: Objective) -> Objective:
    parent = objective.parent
    if parent is None:
        return objective
    full_id = parent if "/" in parent else f"{objective.cycle}/{parent}"
    cycle = full_id.partition("/")[0]
    subject = okrs.subjects[objective.full_id]
    if full_id not in okrs.subjects and (okrs.complete or cycle in okrs.whole):
        _unknown_parent(okrs, subject, objective, parent)
    return replace(objective, parent=full_id)


def _unknown_parent(okrs: Okrs, subject: Subject, objective: Objective, parent: str) -> None:
    subject.refuse(
        ("parent",),
        f"there is no objective {shown(parent)}" + ("" if "/" in parent else f" in cycle '{objective.cycle}'"),
        "An objective aligns to one that is defined",
        _parent_fix(okrs, subject, objective, parent),
    )


def _parent_fix(okrs: Okrs, subject: Subject, objective: Objective, parent: str) -> str:
    elsewhere = [name for cycle in okrs.cycles if (name := f"{cycle}/{parent}") in okrs.subjects]
    if elsewhere:
        return f"Write '{elsewhere[0]}'"
    beginning = "" if "/" in parent else f"{objective.cycle}/"
    others = (name for name in okrs.subjects if name.startswith(beginning) and name != objective.full_id)
    return subject.suggestion(parent, (name.removeprefix(beginning) for name in others), "objectives")


def _in_circles(objectives: Mapping[str, Objective]) -> Iterator[str]:
    """Full ids of objectives whose line of parents leads back to them."""
    safe: set[str] = set()
    for name in objectives:
        line: list[str] = []
        above: str | None = name
        while above is not None and above in objectives and above not in safe and above not in line:
            line.append(above)
            above = objectives[above].parent
        if above is not None and above in line:
            yield from line[line.index(above) :]
        safe.update(line)
