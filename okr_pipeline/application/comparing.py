"""Comparing two instants: gathering what was known at each, and telling why scores moved.

Belongs here: both ends of a comparison, and the records of `okr compare --json`. Does not: the decomposition (scoring).
"""

from collections import defaultdict
from collections.abc import Collection, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
import pandas as pd

from okr_pipeline.application.applied import applied_configuration
from okr_pipeline.application.errors import UsageError
from okr_pipeline.application.finding import find
from okr_pipeline.application.gathering import earliest_scored
from okr_pipeline.application.scoping import scored_metrics
from okr_pipeline.application.telling import Record, plain, plain_rows, stamp
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.config.writing import amendment_line
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.okr import KeyResult
from okr_pipeline.scoring.arrays import Integers
from okr_pipeline.scoring.causes import AmendmentCause, Causes, DataCause, causes_of
from okr_pipeline.scoring.comparing import PARTS, Comparison, End, Part, compare
from okr_pipeline.scoring.scores import Known

_ROWS_TOLD = 50
_TOLD = ("metric", "dimensions", "period_start", "before", "value", "recorded_at")


@dataclass(frozen=True, slots=True)
class Asked:
    """What is compared: two instants, and what was known at each; None is what was published, and what is known now."""

    first: datetime
    last: datetime
    known_first: datetime | None = None
    known_last: datetime | None = None


def comparison(workspace: Workspace, asked: Asked, *, identifier: str | None = None) -> Record:
    """The object that `okr compare --json` prints.

    Raises:
        UsageError: the instants are not in order, or nothing has the id.
    """
    if asked.last < asked.first:
        raise UsageError(f"{stamp(asked.first)} is after {stamp(asked.last)}. Put the earlier instant into --from.")
    known_last = asked.known_last or workspace.store.known_until() or asked.last
    known_first = asked.known_first or _published(workspace, asked.first) or known_last
    if known_last < known_first:
        raise UsageError(f"{stamp(known_first)} is after {stamp(known_last)}. Put the earlier one into --known-from.")
    ends = _ends(workspace, (asked.first, asked.last), (known_first, known_last))
    found = compare(*ends)
    names = _asked(workspace, identifier, ends, found)
    causes = causes_of(*ends, found, names)
    return {
        "project": workspace.project.name,
        "from": _end(ends[0], known_first),
        "to": _end(ends[1], known_last),
        "parts": [part.value for part in PARTS],
        "objectives": _objectives(found.objectives, ends[1].configuration, names, whole=identifier is None),
        "key_results": _key_results(found.key_results, ends, causes, names),
    }


def _ends(workspace: Workspace, as_ofs: tuple[datetime, datetime], known: tuple[datetime, datetime]) -> tuple[End, End]:
    configurations = _configurations(workspace, known)
    metrics = {metric for it in configurations for metric in scored_metrics(it)}
    start = min(earliest_scored(it, at) for it in configurations for at in as_ofs)
    first, last = (
        End(at, configuration, _known(workspace, metrics, start, at, known_at))
        for at, configuration, known_at in zip(as_ofs, configurations, known, strict=True)
    )
    return first, last


def _configurations(workspace: Workspace, known: tuple[datetime, datetime]) -> list[Configuration]:
    """Those that were applied by two instants."""
    return [_applied(workspace, at) for at in known]


def _applied(workspace: Workspace, known_at: datetime) -> Configuration:
    """The definitions that were applied last by an instant."""
    applied = applied_configuration(workspace.store, known_at)
    if applied is None:
        raise UsageError(f"{workspace.store.place} holds no scores known by {stamp(known_at)}. Ask for a later one.")
    return applied


def _known(
    workspace: Workspace, metrics: Collection[str], start: datetime, as_of: datetime, known_at: datetime
) -> Known:
    store = workspace.store
    return Known(
        observations=store.observations(metrics, start, as_of, known_at),
        quarantine=store.quarantine(known_at=known_at),
        baselines=store.baselines(known_at=known_at),
        failed_sources=store.failing_metrics(known_at),
        check_ins=store.check_ins(known_at=known_at),
    )


def _published(workspace: Workspace, as_of: datetime) -> datetime | None:
    """What was known when the scores of a date were published last; None where none were."""
    day = workspace.project.calendar.last_date_before(as_of)
    recorded = workspace.store.key_result_scores(day)
    return recorded["known_at"].max().to_pydatetime() if len(recorded) else None


def _asked(workspace: Workspace, identifier: str | None, ends: tuple[End, End], found: Comparison) -> list[str]:
    """The key results that are told of: all, or the one of an id, or those of an objective."""
    everything = list(found.key_results["key_result"])
    if identifier is None:
        return everything
    named = find(replace(workspace, configuration=ends[1].configuration), identifier)
    if isinstance(named, KeyResult):
        return [named.full_id]
    return [it.full_id for it in named.key_results]


def _end(end: End, known_at: datetime) -> Record:
    return {"as_of": stamp(end.as_of), "known_at": stamp(known_at), "config_version": end.configuration.version}


def _objectives(frame: pd.DataFrame, configuration: Configuration, names: list[str], *, whole: bool) -> list[Record]:
    owners = {it.full_id: owner.full_id for owner in configuration.objectives.values() for it in owner.key_results}
    shown = {owners.get(name) for name in names}
    rows = frame.to_dict("records")
    return [
        {
            "id": row["objective"],
            "title": _title(configuration, row["objective"]),
            "score": _moved("score", row),
            "turned": row["turned"],
        }
        for row in rows
        if whole or row["objective"] in shown
    ]


def _title(configuration: Configuration, full_id: str) -> str | None:
    found = configuration.objectives.get(full_id)
    return found.title if found else None


def _key_results(
    frame: pd.DataFrame, ends: tuple[End, End], causes: dict[str, Causes], names: list[str]
) -> list[Record]:
    owners = {
        it.full_id: (owner.full_id, it)
        for end in ends
        for owner in end.configuration.objectives.values()
        for it in owner.key_results
    }
    wanted, told = set(names), list[Record]()
    records = _Records({it.full_id: it for it in ends[0].configuration.key_results()}, _rows_told(causes))
    for row in frame.to_dict("records"):
        if row["key_result"] not in wanted:
            continue
        objective, key_result = owners[row["key_result"]]
        told.append(
            {
                "id": row["key_result"],
                "objective": objective,
                "title": key_result.title,
                "progress": _moved("progress", row),
                "score": _moved("score", row),
                "turned": row["turned"],
                "causes": list(records.of(causes[row["key_result"]])) if row["key_result"] in causes else [],
            }
        )
    return told


def _moved(name: str, row: Mapping[Hashable, object]) -> Record:
    """What a number was and is, and by what it changed: parts add up to the change exactly."""
    ends = {side: plain(row[f"{name}_{side}"]) for side in ("from", "to", "change")}
    return {**ends, "parts": {part.value: plain(row[f"{name}_{part.value}"]) for part in PARTS}}


@dataclass(frozen=True, slots=True)
class _Records:
    """Causes as records: with the key results as they were at the earlier end, and by part the rows that are told."""

    earlier: Mapping[str, KeyResult]
    rows: Mapping[Part, Mapping[int, Record]]

    def of(self, causes: Causes) -> Iterator[Record]:
        """What bears on one key result."""
        yield from map(self._data, causes.data)
        yield from map(self._amendment, causes.amendments)

    def _data(self, cause: DataCause) -> Record:
        starts, places = cause.frame["period_start"], cause.places
        return {
            "part": cause.part.value,
            "rows": len(places),
            "first_period_start": stamp(starts.iloc[places[0]].to_pydatetime()),
            "last_period_start": stamp(starts.iloc[places[-1]].to_pydatetime()),
            "newest_rows": [self.rows[cause.part][place] for place in places[-_ROWS_TOLD:].tolist()],
        }

    def _amendment(self, cause: AmendmentCause) -> Record:
        fields = [str(change.field) for change in cause.changes]
        made = cause.amendment
        told = {"part": cause.part.value, "fields": fields}
        if made is None:
            return {**told, "amendment": None}
        before = self.earlier[cause.changes[0].id].measure
        about = {"on": made.on.isoformat(), "reason": made.reason, "author": made.author}
        return {**told, "amendment": {**about, "written": amendment_line(made, before)}}


def _rows_told(causes: Mapping[str, Causes]) -> dict[Part, dict[int, Record]]:
    """By part the records of all rows that any key result is told of, by place: many are told of the same."""
    frames, places = dict[Part, pd.DataFrame](), defaultdict[Part, list[Integers]](list)
    for cause in (each for it in causes.values() for each in it.data):
        frames[cause.part] = cause.frame
        places[cause.part].append(cause.places[-_ROWS_TOLD:])
    told = {}
    for part, frame in frames.items():
        every = np.unique(np.concatenate(places[part]))
        told[part] = dict(zip(every.tolist(), plain_rows(frame.iloc[every][list(_TOLD)]), strict=True))
    return told
