"""The review of one cycle, put together.

Belongs here: grades, reflections, what carries over. Does not: calibration, suggestions (modules of their own).
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

import pandas as pd

from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.okr import Amendment, Cycle, KeyResult, Objective
from okr_pipeline.model.review import CarryOver, Grade, ObjectiveGrade, Reflection, Review
from okr_pipeline.model.score import Status
from okr_pipeline.reviewing.calibrating import calibrate
from okr_pipeline.reviewing.suggesting import GOES_ON, suggest

_SENTENCES: Mapping[str, str] = {
    Status.ACHIEVED: "the target is met",
    Status.PARTIAL: "part of a stretch",
    Status.MISSED: "short of the target",
    Status.PAUSED: "paused",
    Status.CANCELLED: "cancelled",
    Status.NOT_STARTED: "not started",
}
_Kind = Literal["amendment", "paused", "cancelled"]
_GIVEN_UP: Mapping[str, _Kind] = {"paused": "paused", "cancelled": "cancelled"}


@dataclass(frozen=True, slots=True)
class Findings:
    """All that a review is a function of, beside the configuration: frames as of one instant.

    `key_results` and `objectives` are scores of all cycles; `half_time` has `key_result` and `progress` of each at the
    middle of its cycle; `kpis` are scores of `kpi_questions`; `check_ins` is CHECK_INS; `amendments` are those of each
    key result that has any, and `steps_done` the titles of the milestones that are done of each, by full id.
    """

    as_of: datetime
    key_results: pd.DataFrame
    objectives: pd.DataFrame
    half_time: pd.DataFrame
    kpis: pd.DataFrame
    check_ins: pd.DataFrame
    amendments: Mapping[str, Sequence[Amendment]] = field(default_factory=dict)
    steps_done: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def review(configuration: Configuration, cycle: Cycle, findings: Findings) -> Review:
    """What became of a cycle, and what it says for the next. Deterministic: a function of its arguments."""
    calendar = configuration.project.calendar
    objectives = {it.full_id: it for it in configuration.objectives.values() if it.cycle == cycle.id}
    grades = tuple(_grades(objectives, findings))
    ended = calendar.end_of_day(cycle.ends) <= findings.as_of
    until = calendar.last_date_before(findings.as_of)
    return Review(
        project=configuration.project.name,
        cycle=cycle.id,
        starts=cycle.starts,
        ends=cycle.ends,
        as_of=findings.as_of,
        config_version=configuration.version,
        status_rule=configuration.project.status_rule,
        ended=ended,
        counts=_counts(grades),
        objectives=tuple(_objective_grades(objectives, grades, findings)),
        key_results=grades,
        reflections=_reflections(objectives, findings, until),
        calibration=calibrate(configuration, findings.key_results, findings.half_time, findings.as_of),
        carry_over=tuple(CarryOver(it.id, it.title, it.explanation) for it in grades if it.status in GOES_ON)
        if ended
        else (),
        suggestions=suggest(configuration, cycle, grades, findings.kpis, ended=ended),
    )


def _grades(objectives: Mapping[str, Objective], findings: Findings) -> Iterator[Grade]:
    rows = {row["key_result"]: row for row in findings.key_results.to_dict("records")}
    for objective in objectives.values():
        for key_result in objective.key_results:
            row = {str(name): _plain(value) for name, value in rows[key_result.full_id].items()}
            taken = ("measure", "unit", "status", "reason", "provisional", "value", "baseline", "target")
            more = ("progress", "score", "original_target", "original_progress", "confidence")
            yield Grade(
                id=key_result.full_id,
                objective=objective.full_id,
                title=key_result.title,
                owner=key_result.owner,
                intent=objective.intent.value,
                explanation=_explained(row, key_result, objective, findings.check_ins),
                steps_done=findings.steps_done.get(key_result.full_id, ()),
                **{name: row[name] for name in (*taken, *more)},
            )


def _explained(row: Mapping[str, Any], key_result: KeyResult, objective: Objective, check_ins: pd.DataFrame) -> str:
    status, progress = Status(row["status"]), row["progress"]
    if status is Status.UNKNOWN:
        return f"unknown: {str(row['reason']).replace('_', ' ')}"
    if status in (Status.PAUSED, Status.CANCELLED):
        return f"{status.value}: {key_result.state_reason or 'no reason was given'}"
    if objective.intent == "learning" and status is Status.ACHIEVED and (progress is None or progress < 1):
        found = check_ins[(check_ins["subject"] == key_result.full_id) & check_ins["finding"].notna()]
        return f"a finding was told, on {found['on_date'].max()}"
    short = status is Status.ACHIEVED and progress is not None and progress < 1
    if status not in _SENTENCES:
        return "it still runs"
    sentence = "most of a stretch" if short else _SENTENCES[status]
    return sentence + ("" if progress is None else f", {part_of_the_way(progress)} of the way")


def part_of_the_way(progress: float) -> str:
    """Progress in whole percent; in tenths where it is all of the way but for less than half a percent."""
    whole = f"{progress * 100:.0f}"
    text = f"{math.floor(progress * 1000) / 10:.1f}" if whole == "100" and progress < 1 else whole
    return f"{text} %".replace("-", "−")


def _objective_grades(
    objectives: Mapping[str, Objective], grades: tuple[Grade, ...], findings: Findings
) -> Iterator[ObjectiveGrade]:
    rows = {row["objective"]: row for row in findings.objectives.to_dict("records")}
    provisional = {grade.objective for grade in grades if grade.provisional}
    for full_id, it in objectives.items():
        row = {str(name): _plain(value) for name, value in rows[full_id].items()}
        yield ObjectiveGrade(
            id=full_id,
            title=it.title,
            owner=it.owner,
            level=it.level.value,
            intent=it.intent.value,
            status=row["status"],
            reason=row["reason"],
            score=row["score"],
            coverage=row["coverage"],
            provisional=full_id in provisional,
        )


def _reflections(objectives: Mapping[str, Objective], findings: Findings, until: date) -> tuple[Reflection, ...]:
    """Notes and findings, amendments and reasons of states, by day; those without a day come last."""
    key_results = {it.full_id: it for objective in objectives.values() for it in objective.key_results}
    told = findings.check_ins[findings.check_ins["subject"].isin(key_results)]
    found = [*_told(told, until), *_amended(key_results, findings.amendments, until)]
    return tuple(sorted(found, key=lambda it: (it.on or date.max, it.key_result, it.kind, it.author)))


def _told(check_ins: pd.DataFrame, until: date) -> Iterator[Reflection]:
    for row in check_ins.to_dict("records"):
        on = date.fromisoformat(row["on_date"])
        for kind in ("note", "finding"):
            if on <= until and isinstance(row[kind], str):
                yield Reflection(on, row["subject"], kind, row["author"], row[kind])


def _amended(
    key_results: Mapping[str, KeyResult], amendments: Mapping[str, Sequence[Amendment]], until: date
) -> Iterator[Reflection]:
    """Why each was amended by a day, and why it is not pursued where no amendment says so."""
    for full_id, it in key_results.items():
        made = [amendment for amendment in amendments.get(full_id, ()) if amendment.on <= until]
        for each in made:
            kind: _Kind = _GIVEN_UP.get(str(each.state), "amendment")
            yield Reflection(each.on, full_id, kind, each.author, each.reason)
        if it.state in _GIVEN_UP and not any(each.state for each in made):
            yield Reflection(None, full_id, _GIVEN_UP[it.state], it.owner, it.state_reason or "no reason was given")


def _counts(grades: tuple[Grade, ...]) -> dict[str, int]:
    """Key results by status, in the order of the statuses; those that none has are left out."""
    numbers = {status.value: sum(grade.status == status for grade in grades) for status in Status}
    return {status: number for status, number in numbers.items() if number}


def _plain(value: Any) -> Any:
    """NaN and NaT as None, numbers of NumPy as Python's."""
    if value is None or value is pd.NaT or (isinstance(value, float) and value != value):  # noqa: PLR0124 - NaN
        return None
    return value.item() if hasattr(value, "item") else value
