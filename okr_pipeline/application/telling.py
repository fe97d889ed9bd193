"""Telling the status: every score as of one instant and as known at another, in the form others rely on.

Belongs here: the records of `okr status --json`. Does not: their computation (scoring), tables and colours (cli).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import pandas as pd

from okr_pipeline.application.contributing import contributions
from okr_pipeline.application.errors import UsageError
from okr_pipeline.application.failures import failure_record, failures
from okr_pipeline.application.gathering import Evidence, evaluate, gather
from okr_pipeline.application.said import check_in_rate, is_asked, is_checked_in, newest_check_ins
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.amending import configuration_on
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.model.okr import Level, Objective, PaceKind

Record = dict[str, Any]
"""One object of the JSON output; values are JSON values with instants as ISO text in UTC with microseconds."""
_FORECAST = "forecast_"


WITHOUT: Mapping[PaceKind, str] = {
    "seasonal": "too little of the same days of earlier years is known",
    "business_days": "its span has no business day",
    "checkpoints": "there is no way from its baseline to its target",
}
"""Why a plan is linear where another shape is asked for."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Narrows a status to a cycle, a level or an owner; None is any."""

    cycle: str | None = None
    level: str | None = None
    owner: str | None = None

    @classmethod
    def of(
        cls,
        configuration: Configuration,
        *,
        cycle: str | None = None,
        level: str | None = None,
        owner: str | None = None,
    ) -> "Filter":
        """A filter by names that there are, so that a slip of the pen does not look like good news.

        Raises:
            UsageError: there is no such cycle or level, or nobody of that name owns an objective or key result.
        """
        owners = {it.owner for it in configuration.objectives.values()} | {
            it.owner for it in configuration.key_results()
        }
        _require("cycle", cycle, list(configuration.cycles))
        _require("level", level, [it.value for it in Level])
        _require("owner", owner, sorted(owners))
        return cls(cycle, level, owner)

    def admits(self, objective: Objective) -> bool:
        """Whether an objective passes by cycle and level."""
        return self.cycle in (None, objective.cycle) and self.level in (None, objective.level.value)


def _require(kind: str, name: str | None, known: Sequence[str]) -> None:
    if name is None or name in known:
        return
    from rapidfuzz import process

    near = [match for match, _, _ in process.extract(name, known, limit=3, score_cutoff=50)]
    hint = f"Did you mean {' or '.join(near)}?" if near else f"There are: {', '.join(known) or 'none'}."
    raise UsageError(f"There is no {kind} '{name}'. {hint}")


def status(
    workspace: Workspace, *, as_of: datetime, known_at: datetime | None = None, only: Filter | None = None
) -> Record:
    """The object that `okr status --json` prints, from stored observations and the workspace's configuration."""
    evidence = gather(workspace, as_of, known_at=known_at)
    scores = evaluate(workspace.configuration, evidence, as_of)
    admitted = {it.full_id for it in workspace.configuration.objectives.values() if (only or Filter()).admits(it)}
    objectives = [it for it in objective_records(scores.objectives) if it["id"] in admitted]
    everything = key_result_records(scores.key_results)
    day = workspace.project.calendar.last_date_before(as_of)
    defined = configuration_on(workspace.configuration, day)
    failed = failures(replace(workspace, configuration=defined), evidence.known_at, evidence.failed_metrics)
    everything = [{**it, "failure": failure_record(failed.behind(it["id"], it["reason"]))} for it in everything]
    everything = _with_check_ins(everything, evidence, defined, day)
    key_results = [it for it in everything if it["objective"] in admitted]
    if only is not None and only.owner is not None:
        key_results = [it for it in key_results if it["owner"] == only.owner]
        named = {it["objective"] for it in key_results}
        objectives = [it for it in objectives if it["owner"] == only.owner or it["id"] in named]
    return {
        "project": workspace.project.name,
        "as_of": stamp(as_of),
        "known_at": stamp(known_at or datetime.now(UTC)),
        "status_rule": workspace.project.status_rule,
        "config_version": workspace.configuration.version,
        "objectives": objectives,
        "key_results": key_results,
        "contributions": [
            it for it in contributions(defined, everything) if it["key_result"] in {row["id"] for row in key_results}
        ],
        "paced_otherwise": _paced_otherwise(defined, key_results),
        "check_ins": _check_in_rate(key_results),
        "open_alerts": _open_alerts(workspace, {it["id"] for it in key_results}, as_of, known_at),
    }


def _paced_otherwise(configuration: Configuration, records: Sequence[Record]) -> list[Record]:
    """The key results whose plan has not the shape that is asked for, with both shapes and the reason."""
    asked = {it.full_id: it.pace.kind for it in configuration.key_results()}
    return [
        {"key_result": it["id"], "asked": asked[it["id"]], "applied": it["pace"], "reason": WITHOUT[asked[it["id"]]]}
        for it in records
        if it["pace"] not in (None, asked[it["id"]]) and it["progress"] is not None
    ]


def _with_check_ins(records: list[Record], evidence: Evidence, configuration: Configuration, day: date) -> list[Record]:
    """Records with `last_check_in`, and `checked_in`: whether it is as new as its rhythm asks."""
    said, defined = newest_check_ins(evidence.check_ins, day), {it.full_id: it for it in configuration.key_results()}
    told = []
    for it in records:
        newest = said.get(it["id"])
        record = None if newest is None else {**asdict(newest), "on": newest.on.isoformat()}
        checked_in = is_checked_in(defined[it["id"]], newest, day)
        told.append({**it, "last_check_in": record, "checked_in": checked_in})
    return told


def _check_in_rate(records: Sequence[Record]) -> Record | None:
    asked = any(is_asked(it["measure"], it["last_check_in"]) for it in records)
    rate = check_in_rate((it["checked_in"] for it in records), asked=asked)
    return None if rate is None else asdict(rate)


def key_result_records(frame: pd.DataFrame) -> list[Record]:
    """KEY_RESULT_SCORES as records: unknown is None, `last_good` and `forecast` nested.

    `forecast` is None where there is none, and `forecast_refusal` says why.
    """
    records = []
    for row in plain_rows(frame):
        value, age = row.pop("last_good_value"), row.pop("last_good_age_hours")
        last_good = None if value is None else {"value": value, "age_hours": age}
        told = {name: row.pop(name) for name in [name for name in row if name.startswith(_FORECAST)]}
        forecast = {name.removeprefix(_FORECAST): fact for name, fact in told.items()}
        refusal = forecast.pop("refusal")
        told = {"forecast": None if forecast["value"] is None else forecast, "forecast_refusal": refusal}
        records.append({"id": row.pop("key_result"), **row, "last_good": last_good, **told})
    return records


def objective_records(frame: pd.DataFrame) -> list[Record]:
    """OBJECTIVE_SCORES as records."""
    return [{"id": row.pop("objective"), **row} for row in plain_rows(frame)]


def plain_rows(frame: pd.DataFrame) -> list[Record]:
    """Rows with JSON values: NaN and NaT are None, instants ISO text, numpy scalars Python's."""
    names = [str(name) for name in frame]
    columns = [plain_values(frame.iloc[:, position]) for position in range(len(names))]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def plain_values(column: "pd.Series[Any]") -> Iterable[Any]:
    """The JSON values of a column, each as `plain` has it; by the column where its type allows."""
    if column.dtype.kind == "f" and isinstance(column.dtype, np.dtype):
        return column.astype(object).where(column.notna(), None).tolist()
    if column.dtype.kind in "ib" and isinstance(column.dtype, np.dtype):
        return column.tolist()
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        words = {instant: plain(instant) for instant in column.unique()}
        return [words[instant] for instant in column]
    return map(plain, column)


def plain(value: Any) -> Any:
    """One JSON value."""
    if isinstance(value, Mapping | list | tuple):
        return value
    if (
        value is None
        or value is pd.NaT
        or (isinstance(value, float | np.floating) and np.isnan(value))
        or value is pd.NA
    ):
        return None
    if isinstance(value, datetime):
        return stamp(value)
    return value.item() if isinstance(value, np.generic) else value


def moment(value: Any) -> datetime | None:
    """A pandas or datetime instant as datetime; None where there is none."""
    return None if pd.isna(value) else pd.Timestamp(value).to_pydatetime()


def stamp(instant: datetime) -> str:
    """An instant in UTC with microseconds: `2013-05-20T04:00:00.000000Z`."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _open_alerts(
    workspace: Workspace, key_results: set[str], as_of: datetime, known_at: datetime | None
) -> list[Record]:
    rows = plain_rows(workspace.store.open_alerts(as_of, known_at))
    return [row for row in rows if row["key_result"] in key_results]
