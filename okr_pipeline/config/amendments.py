"""Amendments: from their YAML to the model, each laid over what held before it.

Belongs here: what an amendment may say, and the key result that it makes. Does not: rules of key results (okrs,
measures), which judge every key result that an amendment makes as if it had been written so.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from okr_pipeline.config.document import KeyPath
from okr_pipeline.config.measures import FROM_START, PACED
from okr_pipeline.config.okr_keys import AmendmentKeys, KeyResultKeys, MeasureKeys
from okr_pipeline.config.subject import Subject
from okr_pipeline.config.wording import names
from okr_pipeline.config.writing import SHORT_KEYS
from okr_pipeline.model.amending import AMENDABLE, amended
from okr_pipeline.model.okr import Amendment, KeyResult

Written = Mapping[str, Any]
"""The keys of a key result as a file has them."""

_ABOUT: Final = ("on", "reason", "author")


@dataclass(frozen=True, slots=True)
class AmendedSubject(Subject):
    """A key result as an amendment makes it. What is wrong with it is told where the amendment says it."""

    moved: Mapping[KeyPath, KeyPath]
    amendment: KeyPath

    def refuse(self, keys: KeyPath, what: str, why: str, fix: str, *, of_key: bool | None = None) -> None:
        """Adds a problem at the amendment's own key where it has one for it, else at the amendment."""
        place = next((to + keys[len(of) :] for of, to in self.moved.items() if keys[: len(of)] == of), self.amendment)
        told = self.amendment if place == self.amendment else place
        Subject.refuse(self, told, what, why, fix, of_key=False if told == self.amendment else of_key)


def build_amendments(
    subject: Subject,
    keys: KeyResultKeys,
    written: Written,
    original: KeyResult,
    build: Callable[[Subject, Written], KeyResult | None],
) -> tuple[Amendment, ...] | None:
    """The amendments of a key result in their order, or None and the problems of the first that is not in order."""
    before, laid = original, {name: value for name, value in written.items() if name != "amendments"}
    made: list[Amendment] = []
    for index, given in enumerate(keys.amendments):
        at: KeyPath = ("amendments", index)
        found = len(subject.problems)
        changes = {name: value for name, value in written["amendments"][index].items() if name not in _ABOUT}
        _check_order(subject, (*at, "on"), given.on, made)
        _check_content(subject, at, changes, laid)
        if len(subject.problems) > found:
            return None
        laid = _laid_over(laid, changes, given.reason)
        after = build(_amended_subject(subject, at, changes, laid), laid)
        if after is None:
            return None
        amendment = _amendment(given, before, after)
        _check_effect(subject, at, amendment, before, after)
        if len(subject.problems) > found:
            return None
        made.append(amendment)
        before = after
    return tuple(made)


def _check_order(subject: Subject, at: KeyPath, on: date, made: list[Amendment]) -> None:
    if not made or on > made[-1].on:
        return
    if on == made[-1].on:
        subject.refuse(
            at,
            f"there is another amendment of {on}",
            "On one day one definition holds",
            "Put both into one amendment, or choose another day",
        )
        return
    subject.refuse(
        at,
        f"{on} is before the amendment above it, {made[-1].on}",
        "Amendments are added at the end, and none comes before one that was made",
        "Sort them by date",
    )


def _check_content(subject: Subject, at: KeyPath, changes: Mapping[str, Any], laid: Written) -> None:
    if not changes:
        subject.refuse(
            at,
            "changes nothing",
            "An amendment says what holds from its day on",
            f"Add one of {', '.join(SHORT_KEYS[:2])}, weight, starts, ends, metric, where, over, pace, measure, state",
            of_key=False,
        )
        return
    short = [name for name in changes if name in SHORT_KEYS]
    if short and "measure" in changes:
        subject.refuse(
            (*at, short[0]),
            "is given beside measure",
            "The measure says it already",
            "Keep one of them",
            of_key=True,
        )
        return
    kind, body = _measure(laid)
    known = _numbers_of(kind)
    for name in short:
        if name not in known or not isinstance(body, dict):
            subject.refuse(
                (*at, name),
                f"is no part of {kind}, by which this key result is measured",
                "An amendment changes what is there",
                f"Write one of {', '.join(known)}" if known else "Write the whole measure, as in 'measure: {…}'",
                of_key=True,
            )


def _check_effect(subject: Subject, at: KeyPath, amendment: Amendment, before: KeyResult, after: KeyResult) -> None:
    if all(getattr(amendment, name) is None for name in AMENDABLE) and amended(before, amendment) == before:
        subject.refuse(
            at,
            "changes nothing",
            "What it says holds already",
            "Correct it, or remove it",
            of_key=False,
        )
    first, last = min(before.starts, after.starts), max(before.ends, after.ends)
    if not first <= amendment.on <= last:
        subject.refuse(
            (*at, "on"),
            f"{amendment.on} is outside the key result's days, {first} to {last}",
            "Before its first day it can simply be written otherwise, and after its last it is over",
            "Choose a day between them",
        )


def _amendment(keys: AmendmentKeys, before: KeyResult, after: KeyResult) -> Amendment:
    """What differs; a metric that milestones no longer read is not told."""
    changed = {
        name: value
        for name in AMENDABLE
        if (value := getattr(after, name)) != getattr(before, name) and value is not None
    }
    return Amendment(keys.on, keys.reason, keys.author, **changed)


def _laid_over(laid: Written, changes: Mapping[str, Any], reason: str) -> dict[str, Any]:
    """The keys with an amendment's laid over them; what its measure has no use for is dropped.

    Why it is paused or cancelled is the amendment's reason, unless it gives another.
    """
    kind, body = _measure(laid)
    short = {name: value for name, value in changes.items() if name in SHORT_KEYS}
    whole = {name: value for name, value in changes.items() if name not in SHORT_KEYS}
    after = {**laid, **whole} | ({"measure": {kind: {**body, **short}}} if short else {})
    kind, _ = _measure(after)
    useless = _useless(kind) if "measure" in changes else set()
    if "state" in changes and "state_reason" not in changes:
        after["state_reason"] = reason
        useless |= {"state_reason"} if changes["state"] == "active" else set()
    return {name: value for name, value in after.items() if name in changes or name not in useless}


def _useless(kind: str) -> set[str]:
    """Keys that a measure of a kind does not read."""
    if kind in ("milestones", "manual"):
        return {"metric", "where", "over", "pace"}
    return ({"over"} if kind in FROM_START else set()) | (set() if kind in PACED else {"pace"})


def _amended_subject(subject: Subject, at: KeyPath, changes: Mapping[str, Any], laid: Written) -> AmendedSubject:
    kind, _ = _measure(laid)
    moved: dict[KeyPath, KeyPath] = {
        (("measure", kind, name) if name in SHORT_KEYS else (name,)): (*at, name) for name in changes
    }
    return AmendedSubject(subject.label, subject.document, subject.path, subject.problems, moved, at)


def _measure(written: Written) -> tuple[str, Any]:
    """The name and the keys of the measure, which is known to be one."""
    measure = written.get("measure")
    if not isinstance(measure, dict) or not measure:
        return "nothing", None
    return next((name, body) for name, body in measure.items())


def _numbers_of(kind: str) -> list[str]:
    """The short keys that a measure of a kind has."""
    field = MeasureKeys.model_fields.get(kind)
    models = [it for it in getattr(field.annotation, "__args__", ()) if hasattr(it, "model_fields")] if field else []
    return [name for model in models for name in names(model) if name in SHORT_KEYS]
