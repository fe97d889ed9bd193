"""Alike: what is gone from a configuration and is there again under another id.

Belongs here: guessing renames that nobody told. Does not: what comes of a guess (application).
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields
from typing import Final, TypeVar

from okr_pipeline.model.amending import defined_last
from okr_pipeline.model.changes import promises_changed
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.okr import Cycle, KeyResult, Objective
from okr_pipeline.model.rename import Renamed
from okr_pipeline.model.renaming import Names, renamed

_SAID: Final = frozenset(
    {
        "id", "name", "why", "owner", "level", "kind", "category", "labels", "suppress", "depends_on",
        "healthy", "expect", "freshness", "closes_after", "restates", "provisional",
    }
)  # fmt: skip
"""Fields of a metric that say something about it, and not what it measures."""

T = TypeVar("T")


def alike(before: Configuration, after: Configuration) -> Iterator[tuple[Renamed, str, str]]:
    """Kind, former and new id of what may have been renamed.

    Of two metrics all that says what they measure is the same; two key results of a cycle promise the same or
    have the same title; two objectives of a cycle have the same title or key results. Two cycles have the same days,
    and an objective of one id or title; of what is in them nothing more is told.
    """
    metrics = dict(_pairs(before.metrics, after.metrics, _same_metric))
    before = renamed(before, Names(metric=metrics))
    key_results = dict(_pairs(_key_results(before), _key_results(after), _same_promise))
    before = renamed(before, Names(key_result=key_results))
    yield from (("metric", *it) for it in metrics.items())
    yield from (("cycle", *it) for it in _pairs(_cycles(before), _cycles(after), _same_cycle))
    yield from (("objective", *it) for it in _pairs(before.objectives, after.objectives, _same_aim))
    yield from (("key_result", *it) for it in key_results.items())


def _pairs(before: Mapping[str, T], after: Mapping[str, T], same: Callable[[T, T], bool]) -> Iterator[tuple[str, str]]:
    """Each that is gone with the first that is new and the same; each new one once."""
    new = [name for name in after if name not in before]
    for former in before if new else ():
        if former not in after:
            found = next((name for name in new if same(before[former], after[name])), None)
            if found is not None:
                new.remove(found)
                yield former, found


def _cycles(configuration: Configuration) -> dict[str, tuple[Cycle, set[str]]]:
    """Each cycle with the ids and titles of its objectives."""
    said = {name: set[str]() for name in configuration.cycles}
    for it in configuration.objectives.values():
        said[it.cycle] |= {it.id, it.title}
    return {name: (cycle, said[name]) for name, cycle in configuration.cycles.items()}


def _same_cycle(one: tuple[Cycle, set[str]], other: tuple[Cycle, set[str]]) -> bool:
    return (one[0].starts, one[0].ends) == (other[0].starts, other[0].ends) and bool(one[1] & other[1])


def _key_results(configuration: Configuration) -> dict[str, KeyResult]:
    return {it.full_id: it for it in configuration.key_results()}


def _same_metric(one: Metric, other: Metric) -> bool:
    measured = (each.name for each in fields(Metric) if each.name not in _SAID)
    if one.is_survey and one.name != other.name:
        return False
    return all(getattr(one, name) == getattr(other, name) for name in measured)


def _same_promise(one: KeyResult, other: KeyResult) -> bool:
    if one.cycle != other.cycle:
        return False
    return one.title == other.title or not promises_changed(defined_last(one), defined_last(other))


def _same_aim(one: Objective, other: Objective) -> bool:
    if one.cycle != other.cycle:
        return False
    return one.title == other.title or [it.id for it in one.key_results] == [it.id for it in other.key_results]
