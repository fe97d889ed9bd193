"""The review of a cycle from what is stored, and the files made of it.

Belongs here: gathering what a review is a function of, and writing files that are not there yet. Does not: the review
itself (reviewing), its Markdown (rendering), its layout on a terminal (cli).
"""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
from rapidfuzz import process

from okr_pipeline.application.errors import UsageError
from okr_pipeline.application.gathering import Evidence, evaluate, gather
from okr_pipeline.application.telling import stamp
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.amending import configuration_on
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.okr import Cycle, Milestones
from okr_pipeline.model.review import Review
from okr_pipeline.rendering.review_page import review_markdown
from okr_pipeline.reviewing import Findings, draft, kpi_questions, review
from okr_pipeline.scoring import Known, milestones_done, score, trajectory


def review_cycle(
    workspace: Workspace, name: str | None, *, as_of: datetime, known_at: datetime | None = None
) -> tuple[Cycle, Review]:
    """The review of a cycle by id, or of the one that ended last, as of an instant and as known at another.

    Raises:
        UsageError: there is no such cycle, or none has ended yet.
    """
    cycle = _cycle(workspace, name, as_of)
    return cycle, review(_defined(workspace, as_of), cycle, _findings(workspace, cycle, as_of, known_at))


def review_record(it: Review) -> dict[str, Any]:
    """The review as JSON: instants and dates as ISO text, unknown null."""
    record = asdict(it)
    record |= {"as_of": stamp(it.as_of), "starts": it.starts.isoformat(), "ends": it.ends.isoformat()}
    record["reflections"] = [
        {**each, "on": each["on"].isoformat() if each["on"] else None} for each in record["reflections"]
    ]
    return record


def people_names(configuration: Configuration) -> Mapping[str, str]:
    """The names of the people that have one, by id."""
    return {it.id: it.name for it in configuration.people.values() if it.name}


def write_review(workspace: Workspace, it: Review, path: Path) -> None:
    """Write the review as Markdown into a new file.

    Raises:
        UsageError: there is a file already.
    """
    _write_new(path, review_markdown(it, people_names(workspace.configuration)))


def write_draft(workspace: Workspace, cycle: Cycle, it: Review, path: Path) -> None:
    """Write the draft of the next cycle into a new file.

    Raises:
        UsageError: there is a file already, or the cycle has not ended.
    """
    if not it.ended:
        raise UsageError(f"Cycle {it.cycle} runs until {it.ends}: what goes on is known when it has ended.")
    _write_new(path, draft(_defined(workspace, it.as_of), cycle, it))


def _defined(workspace: Workspace, as_of: datetime) -> Configuration:
    """The configuration with every key result as it is defined on the day that an instant speaks about."""
    return configuration_on(workspace.configuration, workspace.project.calendar.last_date_before(as_of))


def _write_new(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise UsageError(f"{path} is there already and is not written over. Name another file.") from None


def _cycle(workspace: Workspace, name: str | None, as_of: datetime) -> Cycle:
    cycles, calendar = workspace.configuration.cycles, workspace.project.calendar
    if name is None:
        ended = [it for it in cycles.values() if calendar.end_of_day(it.ends) <= as_of]
        if not ended:
            raise UsageError(f"No cycle has ended yet. Name one that runs: {', '.join(cycles)}.")
        return max(ended, key=lambda it: (it.ends, it.starts, it.id))
    if name in cycles:
        return cycles[name]
    near = [match for match, _, _ in process.extract(name, cycles.keys(), limit=3, score_cutoff=50)]
    known = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(cycles)}."
    raise UsageError(f"There is no cycle '{name}'. {known}")


def _findings(workspace: Workspace, cycle: Cycle, as_of: datetime, known_at: datetime | None) -> Findings:
    """Scores of all cycles as of one instant, of each at its half time, and what KPIs answer."""
    configuration, calendar = workspace.configuration, workspace.project.calendar
    begun = [it for it in configuration.cycles.values() if calendar.start_of_day(it.starts) < as_of]
    since = min([calendar.end_of_day(it.starts) for it in begun] + [as_of])
    evidence = gather(workspace, as_of, known_at=known_at, since=since, every_metric=True)
    asked = kpi_questions(configuration, cycle, calendar.last_date_before(as_of))
    scores = evaluate(configuration, evidence, as_of)
    answers = score(
        asked,
        evidence.observations,
        as_of=as_of,
        quarantine=evidence.quarantine,
        failed_sources=evidence.failed_metrics,
    )
    halves = [half for it in begun if (half := _half_time(workspace, it)) <= as_of]
    track = trajectory(
        configuration,
        evidence.observations,
        sorted(set(halves)),
        quarantine=evidence.quarantine,
        baselines=evidence.baselines,
        check_ins=evidence.check_ins,
    )
    return Findings(
        as_of=as_of,
        key_results=scores.key_results,
        objectives=scores.objectives,
        half_time=_at_half_time(workspace, track),
        kpis=answers.key_results,
        check_ins=evidence.check_ins,
        amendments={it.full_id: it.amendments for it in configuration.key_results() if it.amendments},
        steps_done=_steps_done(workspace, cycle, evidence, as_of),
    )


def _steps_done(
    workspace: Workspace, cycle: Cycle, evidence: Evidence, as_of: datetime
) -> Mapping[str, tuple[str, ...]]:
    """The titles of the milestones that are done, of each key result of a cycle that has any."""
    known = Known(
        evidence.observations, evidence.quarantine, evidence.baselines, evidence.failed_metrics, evidence.check_ins
    )
    defined = _defined(workspace, as_of).key_results()
    asked = {it.full_id for it in defined if it.cycle == cycle.id and isinstance(it.measure, Milestones)}
    return milestones_done(workspace.configuration, known, as_of, asked) if asked else {}


def _half_time(workspace: Workspace, cycle: Cycle) -> datetime:
    """The end of the day in the middle of a cycle."""
    return workspace.project.calendar.end_of_day(cycle.starts + (cycle.ends - cycle.starts) // 2)


def _at_half_time(workspace: Workspace, track: pd.DataFrame) -> pd.DataFrame:
    """`key_result`, `progress`: each at the half time of its own cycle."""
    cycles = workspace.configuration.cycles
    halves = {it.full_id: _half_time(workspace, cycles[it.cycle]) for it in workspace.configuration.key_results()}
    mine = track["as_of"] == pd.to_datetime(track["key_result"].map(halves), utc=True)
    return track.loc[mine, ["key_result", "progress"]].reset_index(drop=True)
