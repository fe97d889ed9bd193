"""Linting a project: what is written in its files, and what its store knows of it.

Belongs here: the facts that rules look at, places, and the records of `okr lint --json`. Does not: the rules (linting).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import takewhile
from math import ceil
from pathlib import Path

from okr_pipeline.application.first_forecasts import first_days, first_forecasts
from okr_pipeline.application.gathering import evaluate, gather
from okr_pipeline.application.telling import Record, plain_rows, stamp
from okr_pipeline.application.workspace import Workspace, open_workspace, parse_instant
from okr_pipeline.config.places import Places, read_places
from okr_pipeline.linting import Facts, Finding, lint
from okr_pipeline.model.amending import defined_last
from okr_pipeline.model.calendar import GRAIN_HOURS, Grain
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.lint import LINT_RULES
from okr_pipeline.model.metric import Rollup
from okr_pipeline.model.okr import AT_START, Change, KeyResult, Reach
from okr_pipeline.model.score import Reason
from okr_pipeline.store import StoreError

_EARLIER = 8
_SHIFTED = "~"
"""No id has it, so that a copy of a key result has an id of its own."""

_UNREAD = (Reason.STALE, Reason.NO_OBSERVATION, Reason.SOURCE_FAILED)


def lint_project(
    config_dir: Path, *, store_url: str | None = None, as_of: str | None = None, known_at: str | None = None
) -> Record:
    """The object that `okr lint --json` prints: what the files say now, beside what was stored by an instant.

    Without a store the rules that need one are silent; `without_data` says why.

    Raises:
        okr_pipeline.config.ConfigurationError: with every problem of every file.
        UsageError: `as_of` or `known_at` is neither a date nor an instant.
    """
    workspace = open_workspace(config_dir, store_url=store_url)
    moment, known = workspace.as_of(as_of), parse_instant(known_at, workspace.project) if known_at else None
    facts, why_not = _facts(workspace, moment, known)
    found = lint(workspace.configuration, facts)
    places = read_places(config_dir)
    records = sorted((_record(it, places) for it in found.findings), key=_order)
    suppressed = sorted(({**_record(it, places), "reason": why} for it, why in found.suppressed), key=_order)
    return {
        "project": workspace.project.name,
        "config_version": workspace.configuration.version,
        "as_of": None if facts is None else stamp(moment),
        "known_at": None if facts is None or known is None else stamp(known),
        "without_data": why_not,
        "warnings": sum(it["severity"] == "warning" for it in records),
        "advice": sum(it["severity"] == "advice" for it in records),
        "findings": records,
        "suppressed": suppressed,
    }


def _facts(workspace: Workspace, as_of: datetime, known_at: datetime | None) -> tuple[Facts | None, str | None]:
    try:
        workspace.store.require_current()
    except StoreError as error:
        return None, str(error)
    return facts_of(workspace, as_of, known_at), None


def facts_of(workspace: Workspace, as_of: datetime, known_at: datetime | None = None) -> Facts:
    """What was known (default: is known) of the key results that are open at an instant.

    Where each stood before its start is asked of the same key results, measured from there.
    """
    configuration = _from_the_start(workspace, as_of)
    open_ones = [it for it in workspace.configuration.key_results() if _is_open(workspace, it, as_of)]
    asked = first_days(workspace.configuration, open_ones, as_of)
    # Both configurations read the same metrics, and the one from the start the more of them.
    there = replace(workspace, configuration=configuration)
    evidence = gather(there, as_of, known_at=known_at, since=min([as_of, *asked]))
    rows = {row["key_result"]: row for row in plain_rows(evaluate(configuration, evidence, as_of).key_results)}
    stood = {it.full_id: _known(rows, _shifted_ids(it)) for it in open_ones if _stood(workspace, it)}
    return Facts(
        at_start={name: values[0] for name, values in stood.items() if values},
        earlier={name: values[1:] for name, values in stood.items()},
        forecasts=first_forecasts(workspace.configuration, asked, evidence),
        unread={it.full_id: why for it in open_ones if (why := rows[it.full_id]["reason"]) in _UNREAD},
    )


def _known(rows: Mapping[str, Record], names: Iterable[str]) -> tuple[float, ...]:
    """The baselines of some key results, up to the first that is not known."""
    return tuple(takewhile(lambda value: value is not None, (rows[name]["baseline"] for name in names)))


def _shifted_ids(it: KeyResult) -> list[str]:
    return [it.full_id, *(f"{it.full_id}{_SHIFTED}{number}" for number in range(1, _EARLIER + 1))]


def _from_the_start(workspace: Workspace, as_of: datetime) -> Configuration:
    """The configuration whose key results start from where their metric stood, where that can be told.

    Beside each that is open stand copies that start earlier, by as many windows.
    """
    objectives = {
        name: replace(it, key_results=tuple(_with_earlier(workspace, it.key_results, as_of)))
        for name, it in workspace.configuration.objectives.items()
    }
    return replace(workspace.configuration, objectives=objectives)


def _with_earlier(workspace: Workspace, key_results: Iterable[KeyResult], as_of: datetime) -> Iterator[KeyResult]:
    for written in key_results:
        it = _measured_from_start(written)
        yield it
        if _is_open(workspace, it, as_of) and _stood(workspace, it):
            days = _window_days(workspace, it)
            for number in range(1, _EARLIER + 1):
                back = timedelta(days=number * days)
                yield replace(it, id=f"{it.id}{_SHIFTED}{number}", starts=it.starts - back)


def _window_days(workspace: Workspace, it: KeyResult) -> int:
    """The days between the starts of two windows that do not overlap: whole weeks, so that weekdays are alike."""
    metric = workspace.configuration.metrics[it.metric or ""]
    hours = it.over.length.hours if it.over.length else GRAIN_HOURS[metric.grain]
    return 7 * max(1, ceil(hours / 24 / 7))


def _measured_from_start(it: KeyResult) -> KeyResult:
    it = replace(defined_last(it), amendments=())
    if isinstance(it.measure, Reach | Change) and it.over.kind != "cycle":
        return replace(it, measure=replace(it.measure, from_=AT_START))
    return it


def _stood(workspace: Workspace, it: KeyResult) -> bool:
    """Whether the value before the start says where a metric stood: not where it is that of one odd hour or day."""
    metric = workspace.configuration.metrics.get(it.metric or "")
    if metric is None or not isinstance(it.measure, Reach | Change) or it.over.kind == "cycle":
        return False
    return it.over.kind == "trailing" or metric.rollup is Rollup.LAST or metric.grain not in {Grain.HOUR, Grain.DAY}


def _is_open(workspace: Workspace, it: KeyResult, as_of: datetime) -> bool:
    calendar = workspace.project.calendar
    return it.state == "active" and calendar.start_of_day(it.starts) < as_of <= calendar.end_of_day(it.ends)


def _record(finding: Finding, places: Places) -> Record:
    file, line, column = places.of(finding.about, finding.id, finding.keys)
    return {
        "rule": finding.rule,
        "severity": finding.severity,
        "about": finding.about,
        "id": finding.id,
        "file": file,
        "line": line,
        "column": column,
        "what": finding.what,
        "why": LINT_RULES[finding.rule].why,
        "rewrite": finding.rewrite,
    }


def _order(record: Record) -> tuple[object, ...]:
    return record["file"], record["line"], record["column"], record["rule"], record["what"]
