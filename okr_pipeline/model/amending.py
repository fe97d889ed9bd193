"""Amendments applied: what a key result was defined as on a day.

Belongs here: definitions on a day, and what an amendment can change. Does not: what changed between two configurations
(changes), whether an amendment is in order (config), scores (scoring).

An amendment holds from the start of its day. A score as of the end of the day before, which is the same instant, still
speaks of that day before, and so of what was promised then.
"""

from collections.abc import Collection, Iterator
from dataclasses import fields, replace
from datetime import date
from typing import Any, Final

from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.okr import Amendment, KeyResult, Manual, Milestones, Objective

ABOUT: Final = frozenset({"on", "reason", "author", "recorded"})
"""Fields of an amendment that say when, why and by whom; all others are fields of the key result."""

AMENDABLE: Final = tuple(each.name for each in fields(Amendment) if each.name not in ABOUT)
"""Fields of a key result that an amendment can change."""


def amended(key_result: KeyResult, amendment: Amendment) -> KeyResult:
    """The key result as it is from an amendment on, its list of amendments as it was.

    One that is measured by milestones or check-ins reads no metric.
    """
    changed: dict[str, Any] = {name: value for name in AMENDABLE if (value := getattr(amendment, name)) is not None}
    if isinstance(amendment.measure, Milestones | Manual):
        changed |= {"metric": None, "where": {}}
    if amendment.state == "active":
        changed["state_reason"] = amendment.state_reason
    return replace(key_result, **changed)


def defined_on(key_result: KeyResult, day: date) -> KeyResult:
    """The key result as it is defined on a day, every amendment from before or from that day applied."""
    held = [amendment for amendment in key_result.amendments if amendment.on <= day]
    return _folded(key_result, held)


def defined_last(key_result: KeyResult) -> KeyResult:
    """The key result with every amendment applied, also those of days to come."""
    return _folded(key_result, key_result.amendments)


def definitions_of(key_result: KeyResult) -> Iterator[KeyResult]:
    """Every definition that a key result has or had or will have, the first one first."""
    made = originally(key_result)
    yield made
    for amendment in key_result.amendments:
        made = amended(made, amendment)
        yield made


def originally(key_result: KeyResult) -> KeyResult:
    """The key result as it was promised first."""
    return replace(key_result, amendments=()) if key_result.amendments else key_result


def configuration_on(configuration: Configuration, day: date) -> Configuration:
    """The configuration with every key result as it is defined on a day; itself where nothing was ever amended."""
    if not any(it.amendments for it in configuration.key_results()):
        return configuration
    objectives = {name: _objective_on(objective, day) for name, objective in configuration.objectives.items()}
    return replace(configuration, objectives=objectives)


def as_promised(configuration: Configuration) -> Configuration:
    """The configuration with every key result as it was promised first."""
    return configuration_on(configuration, date.min)


def amended_by(
    configuration: Configuration, now: Configuration, key_results: Collection[str] | None = None
) -> tuple[str, ...]:
    """Full ids of the key results that are defined otherwise in `now` than they were promised first.

    And of those that such a one contributes to, however far above: a whole was promised with its parts as they were.
    """
    if configuration is now:
        return ()
    defined = {it.full_id: it for it in now.key_results()}
    changed = {
        it.full_id for it in configuration.key_results() if it.amendments and defined[it.full_id] != originally(it)
    }
    pending = list(changed)
    while pending:
        whole = defined[pending.pop()].contributes_to
        if whole in defined and whole not in changed:
            changed.add(whole)
            pending.append(whole)
    return tuple(
        it.full_id
        for it in configuration.key_results()
        if it.full_id in changed and (key_results is None or it.full_id in key_results)
    )


def _objective_on(objective: Objective, day: date) -> Objective:
    if not any(it.amendments for it in objective.key_results):
        return objective
    return replace(objective, key_results=tuple(defined_on(it, day) for it in objective.key_results))


def _folded(key_result: KeyResult, amendments: "list[Amendment] | tuple[Amendment, ...]") -> KeyResult:
    if not key_result.amendments:
        return key_result
    made = replace(key_result, amendments=())
    for amendment in amendments:
        made = amended(made, amendment)
    return made
