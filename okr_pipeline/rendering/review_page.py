"""A review as Markdown, fit for a document or a pull request.

Belongs here: its words and tables. Does not: anything computed (reviewing).
"""

from collections.abc import Iterator, Mapping

from okr_pipeline.model.review import Calibration, Grade, ObjectiveGrade, Review
from okr_pipeline.model.score import Status
from okr_pipeline.rendering import numbers, words
from okr_pipeline.rendering.markdown import cell, table

VERDICTS: Mapping[str, str] = {
    "too_few": "too few to judge",
    "fitting": "fitting",
    "sandbagged": "sandbagged: reached by half time or far exceeded more often than not",
    "over_stretched": "over-stretched: short of 0.3 more often than not",
}


def review_markdown(review: Review, names: Mapping[str, str]) -> str:
    """The page. `names` are those of people by id; others are shown by their id."""
    parts = [
        *_opening(review),
        *_grades(review, names),
        *_reflections(review, names),
        *_calibration(review, names),
        *_next(review),
    ]
    return "\n".join(parts) + "\n"


def counted(review: Review) -> str:
    """Key results by status, in words."""
    told = [f"{count} {Status(status).word}" for status, count in review.counts.items()]
    return ", ".join(told) or "no key results"


def first_promise(it: Grade) -> str:
    """What was promised first and how much of it was reached, where either was another; empty where neither was."""
    unit = numbers.shown_unit(it.measure, it.unit, target=it.target, baseline=it.baseline)
    amended = it.original_target not in (None, it.target)
    if not amended and it.original_progress in (None, it.progress):
        return ""
    target = f"{numbers.quantity(it.original_target, unit)} was promised first" if amended else "as promised first"
    return f"{target}, {numbers.percent(it.original_progress)} of the way"


def target_cell(it: Grade, *, first: bool = True) -> str:
    """The target, and the original one where it was amended and is asked for."""
    unit = numbers.shown_unit(it.measure, it.unit, target=it.target, baseline=it.baseline)
    target = numbers.quantity(it.target, unit)
    if not first or it.original_target in (None, it.target):
        return target
    return f"{target} (was {numbers.quantity(it.original_target, unit)})"


def progress_cell(it: Grade) -> str:
    """Progress, and that against the original target where it differs."""
    progress = numbers.percent(it.progress)
    if it.original_progress is None or it.original_progress == it.progress:
        return progress
    return f"{progress} (of the original {numbers.percent(it.original_progress)})"


def value_cell(it: Grade) -> str:
    """The value in its unit."""
    unit = numbers.shown_unit(it.measure, it.unit, target=it.target, baseline=it.baseline)
    return numbers.quantity(it.value, unit)


def status_cell(it: Grade | ObjectiveGrade, *, ended: bool) -> str:
    """The status with its shape; of a cycle that ended also whether it may still change. Until then all may."""
    status = Status(it.status)
    return f"{status.glyph} {status.word}" + (" (provisional)" if it.provisional and ended else "")


def calibration_cells(it: Calibration, names: Mapping[str, str]) -> tuple[str, ...]:
    """Who, the counts, and the verdict in words."""
    who = "everybody" if it.owner is None else names.get(it.owner, it.owner)
    mean = "–" if it.mean_score is None else f"{it.mean_score:.2f}"
    return who, str(it.graded), mean, str(it.early), str(it.exceeded), str(it.short), VERDICTS[it.verdict]


def _opening(it: Review) -> Iterator[str]:
    yield f"# Review of {it.cycle}"
    yield ""
    state = "" if it.ended else " **The cycle still runs: these are no final grades.**"
    when = f"{words.days(it.starts, it.ends)} · as of {it.as_of:%Y-%m-%d %H:%M} UTC"
    yield f"{cell(it.project)} · {when} · rule {it.status_rule}"
    yield ""
    yield f"{counted(it)}.{state}"
    yield ""


def _grades(review: Review, names: Mapping[str, str]) -> Iterator[str]:
    yield "## Grades"
    yield ""
    graded = review.by_objective()
    for objective in review.objectives:
        score = "unknown" if objective.score is None else f"{objective.score:.2f}"
        yield f"### {cell(objective.title)}"
        yield ""
        owner = names.get(objective.owner, objective.owner)
        grade = status_cell(objective, ended=review.ended)
        yield f"`{objective.id}` · {objective.intent} · {owner} · {grade} · score {score}"
        yield ""
        headings = ("key result", "grade", "value", "target", "progress", "confidence", "why")
        yield from table(headings, (_row(it, ended=review.ended) for it in graded[objective.id]))


def _row(it: Grade, *, ended: bool) -> tuple[str, ...]:
    confidence = "–" if it.confidence is None else numbers.percent(it.confidence)
    cells = status_cell(it, ended=ended), value_cell(it), target_cell(it), progress_cell(it), confidence, it.explanation
    return (f"{it.title} `{it.id}`", *cells)


def _reflections(review: Review, names: Mapping[str, str]) -> Iterator[str]:
    yield "## Reflections"
    yield ""
    if not review.reflections:
        yield "Nobody left a note."
    for it in review.reflections:
        day = f"{it.on}: " if it.on else ""
        yield f"- {day}{it.kind} on `{it.key_result}` by {names.get(it.author, it.author)}: {cell(it.text)}"
    yield ""


def _calibration(review: Review, names: Mapping[str, str]) -> Iterator[str]:
    yield "## Calibration of targets"
    yield ""
    yield "Over all cycles that ended; key results with a way from a value to another, or a sum to gather."
    yield ""
    headings = ("owner", "graded", "mean score", "reached by half time", "a third beyond", "below 0.3", "verdict")
    yield from table(headings, (calibration_cells(it, names) for it in review.calibration))


def _next(review: Review) -> Iterator[str]:
    yield "## For the next cycle"
    yield ""
    if not review.carry_over:
        yield "Nothing carries over." if review.ended else "What carries over is told when the cycle has ended."
    for it in review.carry_over:
        yield f"- `{it.key_result}` carries over: {cell(it.why)}"
    for suggestion in review.suggestions:
        yield f"- KPI `{suggestion.metric}`: {cell(suggestion.text)}"
