"""Causes: what made each part of a change, by name.

Belongs here: which rows, amendments and edges of windows a part is made of. Does not: the parts (comparing), words.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import numpy as np
import pandas as pd

from okr_pipeline.model.amending import configuration_on
from okr_pipeline.model.changes import Aspect, DefinitionChange, pursuit_changed
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.okr import Amendment, KeyResult
from okr_pipeline.scoring.arrays import Integers, microseconds
from okr_pipeline.scoring.comparing import Comparison, DataChanges, End, Part
from okr_pipeline.scoring.compiling import compile_definitions
from okr_pipeline.scoring.definitions import Definitions
from okr_pipeline.scoring.views import rows_behind

PART_OF = {
    Aspect.TARGET: Part.TARGET_AMENDMENT,
    Aspect.DATES: Part.DATE_AND_MAPPING_AMENDMENT,
    Aspect.MAPPING: Part.DATE_AND_MAPPING_AMENDMENT,
    Aspect.WEIGHT: Part.WEIGHT_AMENDMENT,
    Aspect.STATE: Part.WEIGHT_AMENDMENT,
}
"""The part that an aspect of a key result belongs to."""


@dataclass(frozen=True, slots=True)
class DataCause:
    """Rows behind a data part: those at some places of a frame that is sorted by period, metric and members."""

    part: Part
    frame: pd.DataFrame
    places: Integers


@dataclass(frozen=True, slots=True)
class AmendmentCause:
    """What was defined otherwise, and an amendment that says so; None where it was edited in place."""

    part: Part
    changes: tuple[DefinitionChange, ...]
    amendment: Amendment | None


@dataclass(frozen=True, slots=True)
class Causes:
    """What bears on one key result between two ends, whether or not it moved its score."""

    data: tuple[DataCause, ...]
    amendments: tuple[AmendmentCause, ...]


def causes_of(before: End, after: End, comparison: Comparison, key_results: Collection[str]) -> dict[str, Causes]:
    """The causes of some key results that both ends have, by full id."""
    then, now = (configuration_on(it.configuration, _day(it)) for it in (before, after))
    earlier = {it.full_id: it for it in then.key_results()}
    made = _made_since(before, after)
    defined = {it.full_id: it for it in now.key_results()}
    asked = [name for name in key_results if name in earlier and name in defined]
    data = _data_causes(then, after.as_of, comparison.data, asked)
    return {
        name: Causes(data.get(name, ()), tuple(_amendments(earlier[name], defined[name], made[name]))) for name in asked
    }


def _data_causes(
    configuration: Configuration, as_of: datetime, data: DataChanges, asked: Collection[str]
) -> dict[str, tuple[DataCause, ...]]:
    """The rows of each key result's metric and members that it can see, by the part that they belong to.

    The configuration is the earlier one, by which these parts are worked out.
    """
    definitions = compile_definitions(configuration, until=as_of, key_results=asked)
    found: dict[str, list[DataCause]] = {}
    frames = {Part.RESTATED_DATA: data.restated, Part.LATE_DATA: data.late, Part.NEW_DATA: data.new}
    for part, frame in frames.items():
        ended = frame[(frame["period_end"] <= as_of).to_numpy()]
        ended = ended.sort_values(["period_start", "metric", "dimensions"], ignore_index=True)
        for name, places in _seen(definitions, ended, as_of):
            found.setdefault(name, []).append(DataCause(part, ended, places))
    return {name: tuple(causes) for name, causes in found.items()}


def _seen(definitions: Definitions, frame: pd.DataFrame, as_of: datetime) -> Iterator[tuple[str, Integers]]:
    """For each key result and each of its milestones that sees any of the rows, the places of these."""
    if frame.empty:
        return
    of, names = definitions.key_results, definitions.labels["key_result"]
    starts = frame["period_start"].astype("datetime64[us, UTC]").astype("int64").to_numpy()
    owners = [(int(view), row, int(of.sees_from[row])) for row, view in enumerate(of.view) if view >= 0]
    items = definitions.milestones
    owners += [
        (int(items.view[at]), int(items.owner[at]), int(items.sees_from[at])) for at in np.flatnonzero(items.view >= 0)
    ]
    # A row that has no value any more is found by what it had before.
    behind = rows_behind(definitions, frame.assign(value=frame["value"].fillna(frame["before"])))
    rows_of = {view: behind.of(view) for view in {view for view, _, _ in owners}}
    for view, row, sees_from in owners:
        places = rows_of[view]
        until = min(int(of.end[row]), microseconds(as_of))
        places = places[(starts[places] >= sees_from) & (starts[places] < until)]
        if len(places):
            yield names[row], places


def _amendments(earlier: KeyResult, defined: KeyResult, made: Sequence[Amendment]) -> Iterator[AmendmentCause]:
    """By part, what differs and each amendment that says so, oldest first; last what none of them says."""
    changes = pursuit_changed(earlier, defined)
    for part in dict.fromkeys(PART_OF.values()):
        mine = tuple(change for change in changes if _part(change) is part)
        said = [(each, tuple(it for it in mine if getattr(each, str(it.field), None) is not None)) for each in made]
        yield from (AmendmentCause(part, told, each) for each, told in said if told)
        unsaid = tuple(it for it in mine if not any(it in told for _, told in said))
        if unsaid:
            yield AmendmentCause(part, unsaid, None)


def _made_since(before: End, after: End) -> dict[str, list[Amendment]]:
    """By full id of a key result, the amendments that hold at the later end and did not at the earlier."""
    first, last = _day(before), _day(after)
    held = {
        it.full_id: [made for made in it.amendments if made.on <= first] for it in before.configuration.key_results()
    }
    return {
        it.full_id: [made for made in it.amendments if made.on <= last and made not in held.get(it.full_id, ())]
        for it in after.configuration.key_results()
    }


def _part(change: DefinitionChange) -> Part:
    """A measure of another kind comes with the mapping, another objective with the weight, as in the comparison."""
    if change.aspect is Aspect.TARGET and type(change.before) is not type(change.after):
        return Part.DATE_AND_MAPPING_AMENDMENT
    return Part.WEIGHT_AMENDMENT if change.field == "objective" else PART_OF[change.aspect]


def _day(end: End) -> date:
    return end.configuration.project.calendar.last_date_before(end.as_of)
