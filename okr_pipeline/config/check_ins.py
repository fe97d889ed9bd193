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
    today: date
    _seen: dict[tuple[str, date, str], Subject] = field(default_factory=dict)


def build_check_in(subject: Subject, keys: object, known: Subjects) -> CheckIn | None:
    """A check-in, or None and its problems."""
    written = subject.mapping(keys, "a check-in")
    read = subject.accept(CheckInKeys, written) if written is not None else None
    if read is None:
        return None
    about = _about(subject, read, known)
    if about is None:
        return None
    author = read.author or about.owner
    check_in = CheckIn(about.full_id, read.on, author, read.value, read.confidence, read.note, read.finding)
    faults = list(check_in_faults(check_in, about, known.today))
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


def _about(subject: Subject, keys: CheckInKeys, known: Subjects) -> KeyResult | None:
    if keys.key_result not in known.written and known.complete:
        subject.refuse(
            ("key_result",),
            f"there is no key result {shown(keys.key_result)}",
            "A check-in is about one that is defined, by its full id",
            subject.suggestion(keys.key_result, known.written, "key results"),
        )
    return known.key_results.get(keys.key_result)


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
