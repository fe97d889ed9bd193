"""Check-ins: from their YAML to the model.

Belongs here: whether a check-in is about something there is, on a day it can speak about, and says what it may.
Does not: check-ins by command (application), which are judged by the same `check_in_faults`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, NamedTuple

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
    written_key_results: frozenset[str]
    metrics: Mapping[str, Metric]
    written_metrics: frozenset[str]
    complete: bool
    today: date
    _seen: dict[tuple[str, date, str], Subject] = field(default_factory=dict)


def build_check_in(subject: Subject, keys: object, known: Subjects) -> CheckIn | None:
    """A check-in, or None and its problems."""
    written = subject.mapping(keys, "a check-in")
    read = subject.accept(CheckInKeys, written) if written is not None else None
    if read is None or not _names_one(subject, read):
        return None
    about = _about(subject, read, known)
    if about is None:
        return None
    author = read.author or (about.owner if isinstance(about, KeyResult) else None)
    if author is None:
        subject.refuse((), "has no 'author'", "Each person's answer counts once", "Add 'author: …'", of_key=True)
        return None
    name = about.full_id if isinstance(about, KeyResult) else about.id
    check_in = CheckIn(name, read.on, author, read.value, read.confidence, read.note, read.finding)
    faults = list(check_in_faults(check_in, about, known.today))
    for fault in faults:
        subject.refuse((fault.key,) if fault.key else (), fault.what, fault.why, fault.fix)
    return check_in if not faults and _is_first(subject, check_in, known) else None


def check_in_faults(check_in: CheckIn, about: KeyResult | Metric, today: date) -> Iterator[Fault]:
    """What is wrong with a check-in about something. `today` is in the project's zone.

    A key result takes what any of its definitions takes, before or after an amendment.
    """
    if check_in.on > today:
        yield Fault("on", f"{check_in.on} is in the future", "Nobody can say yet how it was", "Correct the date")
    if isinstance(about, Metric):
        yield from _answer_faults(check_in)
        return
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


def _answer_faults(check_in: CheckIn) -> Iterator[Fault]:
    if check_in.value is None:
        yield Fault("", "has no 'value'", "A survey counts answers", "Add 'value: …'")
    for key in ("confidence", "finding"):
        if getattr(check_in, key) is not None:
            yield Fault(key, "is given with an answer to a survey", "It is said of a key result", f"Remove {key}")


def _names_one(subject: Subject, keys: CheckInKeys) -> bool:
    if (keys.key_result is None) == (keys.metric is None):
        both = keys.metric is not None
        subject.refuse(
            (),
            "names a key result and a metric" if both else "names nothing it is about",
            "It is about a key result, or answers a survey",
            "Remove one of them" if both else "Add 'key_result: <cycle>/<id>'",
            of_key=True,
        )
        return False
    return True


def _about(subject: Subject, keys: CheckInKeys, known: Subjects) -> KeyResult | Metric | None:
    if keys.key_result is not None:
        if keys.key_result not in known.written_key_results and known.complete:
            subject.refuse(
                ("key_result",),
                f"there is no key result {shown(keys.key_result)}",
                "A check-in is about one that is defined, by its full id",
                subject.suggestion(keys.key_result, known.written_key_results, "key results"),
            )
        return known.key_results.get(keys.key_result)
    name = str(keys.metric)
    if name not in known.written_metrics and known.complete:
        surveys = [it.id for it in known.metrics.values() if it.survey]
        fix = subject.suggestion(name, surveys, "surveys")
        subject.refuse(("metric",), f"there is no metric {shown(name)}", "An answer is to a survey", fix)
    metric = known.metrics.get(name)
    if metric is not None and not metric.survey:
        subject.refuse(
            ("metric",),
            f"metric '{name}' is no survey",
            "Its values are read from its source",
            "Add 'survey: true' to the metric and remove its source, or remove the check-in",
        )
        return None
    return metric


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
