"""Check-ins: from their YAML to the model.

Belongs here: whether a check-in is about something there is, on a day it can speak about, and says what it may.
Does not: check-ins by command (application), which are judged by the same `check_in_faults` and `answer_faults`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

from okr_pipeline.config.measures import KnownMetrics
from okr_pipeline.config.people_keys import CheckInKeys
from okr_pipeline.config.problem import shown
from okr_pipeline.config.subject import Subject
from okr_pipeline.model.amending import definitions_of
from okr_pipeline.model.check_in import CheckIn
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.okr import KeyResult


class Fault(NamedTuple):
    """What is wrong with a check-in: the key it is at, and the sentence in its three parts."""

    key: str
    what: str
    why: str
    fix: str


@dataclass(slots=True)
class Subjects:
    """What check-ins may be about. `written` names also those that are invalid; `complete` is False where a file could
    not be read, so that what is not found may be there.
    """  # noqa: D205 - one sentence

    key_results: Mapping[str, KeyResult]
    written: frozenset[str]
    complete: bool
    metrics: KnownMetrics
    today: date
    _seen: dict[tuple[str, date, str], Subject] = field(default_factory=dict)


def build_check_in(subject: Subject, keys: object, known: Subjects) -> CheckIn | None:
    """A check-in, or None and its problems."""
    written = subject.mapping(keys, "a check-in")
    read = subject.accept(CheckInKeys, written) if written is not None else None
    if read is None:
        return None
    told = _told(subject, read, known) if _is_about_one(subject, read) else None
    if told is None:
        return None
    check_in, faults = told
    for fault in faults:
        subject.refuse((fault.key,) if fault.key else (), fault.what, fault.why, fault.fix)
    return check_in if not faults and _is_first(subject, check_in, known) else None


def check_in_faults(check_in: CheckIn, about: KeyResult, today: date) -> Iterator[Fault]:
    """What is wrong with a check-in of a key result. `today` is in the project's zone.

    A key result takes what any of its definitions takes, before or after an amendment.
    """
    if check_in.on > today:
        yield Fault("on", f"{check_in.on} is in the future", "Nobody can say yet how it was", "Correct the date")
    defined = list(definitions_of(about))
    starts, ends = min(it.starts for it in defined), max(it.ends for it in defined)
    if not starts <= check_in.on <= ends:
        yield Fault(
            "on",
            f"{check_in.on} is outside {starts} to {ends}",
            f"Key result '{about.full_id}' lasts so long in cycle '{about.cycle}'",
            "Choose a day between them, or the key result of another cycle",
        )
    if check_in.value is not None and all(it.measure.kind != "manual" for it in defined):
        reads = f"reads metric '{about.metric}'" if about.metric else f"is measured by {about.measure.kind}"
        yield Fault(
            "value",
            f"key result '{about.full_id}' {reads}",
            "Only a manual key result takes its value from check-ins",
            "Remove value, and say it in the note",
        )
    if (check_in.value, check_in.confidence, check_in.note, check_in.finding) == (None,) * 4:
        yield Fault("", "says nothing", "It has a value, a confidence, a note or a finding", "Add one of them")


def answer_faults(check_in: CheckIn, about: Metric, today: date) -> Iterator[Fault]:
    """What is wrong with an answer to a survey. `today` is in the project's zone."""
    if not about.is_survey:
        yield Fault(
            "metric",
            f"'{about.id}' is no survey",
            f"Its values come from {f'source {about.source}' if about.source else 'its formula'}",
            "Name a metric with 'survey: true'",
        )
    if check_in.on > today:
        yield Fault("on", f"{check_in.on} is in the future", "Nobody can say yet how it was", "Correct the date")
    if check_in.value is None:
        yield Fault("", "has no value", "An answer to a survey is a number; a note may explain it", "Give a value")
    for key in ("confidence", "finding"):
        if getattr(check_in, key) is not None:
            yield Fault(
                key, "is not asked by a survey", "It is said of a key result", f"Remove {key}, and say it in the note"
            )


def _is_about_one(subject: Subject, keys: CheckInKeys) -> bool:
    """Whether it is about a key result or a survey, and not about both or neither."""
    if keys.key_result is not None and keys.metric is not None:
        subject.refuse(
            ("metric",),
            "is given with key_result",
            "A check-in is about a key result, or an answer to a survey",
            "Remove one of them, or write two check-ins",
            of_key=True,
        )
    elif keys.key_result is None and keys.metric is None:
        subject.refuse(
            (),
            "has neither key_result nor metric",
            "It is about a key result, or an answer to a survey",
            "Add 'key_result: 2013-Q2/departure-delay' or 'metric: team_mood'",
        )
    return (keys.key_result is None) != (keys.metric is None)


def _told(subject: Subject, read: CheckInKeys, known: Subjects) -> tuple[CheckIn, list[Fault]] | None:
    """The check-in and its faults; None, and a problem, where what it is about is not there."""
    said = (read.value, read.confidence, read.note, read.finding)
    if read.metric is None:
        about = _about(subject, read.key_result or "", known)
        if about is None:
            return None
        check_in = CheckIn(about.full_id, read.on, read.author or about.owner, *said)
        return check_in, list(check_in_faults(check_in, about, known.today))
    survey = _survey(subject, read.metric, known.metrics)
    if survey is None:
        return None
    check_in = CheckIn(survey.id, read.on, read.author or "", *said)
    unsigned = Fault("", "has no author", "Of several answers of one author the newest counts", "Add 'author: …'")
    faults = [*answer_faults(check_in, survey, known.today), *([] if read.author else [unsigned])]
    return check_in, faults


def _survey(subject: Subject, metric: str, known: KnownMetrics) -> Metric | None:
    if metric not in known.written and known.complete:
        subject.refuse(
            ("metric",),
            f"there is no metric {shown(metric)}",
            "An answer is to a survey that is defined, by its id",
            subject.suggestion(metric, known.written, "metrics"),
        )
    return known.valid.get(metric)


def _about(subject: Subject, full_id: str, known: Subjects) -> KeyResult | None:
    if full_id not in known.written and known.complete:
        subject.refuse(
            ("key_result",),
            f"there is no key result {shown(full_id)}",
            "A check-in is about one that is defined, by its full id",
            subject.suggestion(full_id, known.written, "key results"),
        )
    return known.key_results.get(full_id)


def _is_first(subject: Subject, check_in: CheckIn, known: Subjects) -> bool:
    """Whether nobody said it of the same thing and day before."""
    first = known._seen.setdefault((check_in.subject, check_in.on, check_in.author), subject)  # noqa: SLF001 - this module's own
    if first is subject:
        return True
    line, column = first.document.position(first.path, of_key=False)
    subject.refuse(
        (),
        f"{check_in.author} has checked in on {check_in.on} already, in {first.document.file}:{line}:{column}",
        "One author says one thing of one day",
        "Remove one of them",
        of_key=False,
    )
    return False


def listed(subject: Subject, written: Mapping[str, Any]) -> list[Any]:
    """The items of `check_ins:` of a file; a problem where they are no list."""
    items = written.get("check_ins")
    if items is None:
        return []
    if isinstance(items, list):
        return items
    subject.refuse(
        ("check_ins",), "is not a list", "It lists what people said", "Write '- {key_result: …, on: …}' lines under it"
    )
    return []
