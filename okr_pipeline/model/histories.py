"""Histories: whether what is written of a key result continues what was applied, and what the two are together.

A key result's history is its own fields, which were promised first, and its amendments. What is written continues a
history where it repeats it, whatever it adds at the end. An amendment that `okr run --amend` recorded stands in the
store alone: there, what is written may also have the key result as it was last defined, without that amendment.

Belongs here: comparing two definitions of one key result. Does not: whether scores were published (application), order
and days of the amendments that are written (config).
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from okr_pipeline.model.amending import defined_last, originally
from okr_pipeline.model.changes import ASPECTS, PROMISED, DefinitionChange, promises_changed, without_done
from okr_pipeline.model.okr import Amendment, KeyResult, Measure, Milestones

_PROMISED_FIELDS = tuple(name for name, aspect in ASPECTS.items() if aspect in PROMISED)


def joined(applied: KeyResult, written: KeyResult) -> KeyResult | None:
    """What is written with every amendment that was applied and those that are new; None where it continues no history.

    That a milestone is done is news: it is taken from what is written.
    """
    kept, given = applied.amendments, written.amendments
    for count in range(len(given), -1, -1):
        new = given[count:]
        if kept and new and new[0].on <= kept[-1].on:
            continue
        if count == len(kept) and _repeats(applied, written, count):
            return written
        if _stands_for(applied, written, count):
            return with_news(applied, written, new)
    return None


def changes_of_promise(applied: KeyResult, written: KeyResult) -> tuple[DefinitionChange, ...]:
    """What differs between the definitions that both end with."""
    return promises_changed(defined_last(applied), defined_last(written))


def amendment_of(
    changes: tuple[DefinitionChange, ...], *, on: date, reason: str, author: str, recorded: bool = False
) -> Amendment:
    """The amendment that makes some changes."""
    what: dict[str, Any] = {str(change.field): change.after for change in changes if change.after is not None}
    return Amendment(on, reason, author, recorded=recorded, **what)


def with_amendment(applied: KeyResult, amendment: Amendment) -> KeyResult:
    """The history with one more amendment at its end."""
    return replace(applied, amendments=(*applied.amendments, amendment))


def day_of_amendment(applied: KeyResult, written: KeyResult, today: date) -> date | None:
    """The day nearest to today on which the history can be amended; None where there is none left."""
    before, after = defined_last(applied), defined_last(written)
    first, last = min(before.starts, after.starts), max(before.ends, after.ends)
    if applied.amendments:
        first = max(first, date.fromordinal(applied.amendments[-1].on.toordinal() + 1))
    return min(max(today, first), last) if first <= last else None


def _repeats(applied: KeyResult, written: KeyResult, count: int) -> bool:
    """Whether the first is promised alike, and so many amendments are the same."""
    same = map(_same, applied.amendments, written.amendments[:count])
    return not promises_changed(originally(applied), originally(written)) and all(same)


def _stands_for(applied: KeyResult, written: KeyResult, count: int) -> bool:
    """Whether what is written ends as the history does, and lacks none of it but what was recorded alone."""
    repeated = written.amendments[:count]
    shorter = replace(written, amendments=repeated)
    if changes_of_promise(applied, shorter):
        return False
    lacking = [it for it in applied.amendments if not any(_same(it, other) for other in repeated)]
    known = all(any(_same(it, other) for other in applied.amendments) for it in repeated)
    return known and bool(lacking) and all(it.recorded for it in lacking)


def with_news(applied: KeyResult, written: KeyResult, new: tuple[Amendment, ...] = ()) -> KeyResult:
    """The history with all that is no promise, and with new amendments, as they are written."""
    done = _done_days(written)
    promised = {name: getattr(applied, name) for name in _PROMISED_FIELDS}
    promised["measure"] = _marked(applied.measure, done)
    kept = (it if it.measure is None else replace(it, measure=_marked(it.measure, done)) for it in applied.amendments)
    return replace(written, **promised, amendments=(*kept, *new))


def _same(one: Amendment, other: Amendment) -> bool:
    return _bare(one) == _bare(other)


def _bare(amendment: Amendment) -> Amendment:
    measure = None if amendment.measure is None else without_done(amendment.measure)
    return replace(amendment, measure=measure, recorded=False)


def _done_days(key_result: KeyResult) -> Mapping[str, date | None]:
    """When milestones were done, by title, as they are written."""
    measure = defined_last(key_result).measure
    return {item.title: item.done_on for item in measure.items} if isinstance(measure, Milestones) else {}


def _marked(measure: Measure, done: Mapping[str, date | None]) -> Measure:
    if not isinstance(measure, Milestones):
        return measure
    return Milestones(tuple(replace(it, done_on=done.get(it.title, it.done_on)) for it in measure.items))
