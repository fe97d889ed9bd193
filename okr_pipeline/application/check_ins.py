"""Check-ins into the store: those that files of the configuration tell, and those that people make by command.

Belongs here: what is recorded and when it is refused. Does not: their effect on scores (scoring), how they are asked
for (cli).
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from math import isfinite

import numpy as np
import pandas as pd
from rapidfuzz import process

from okr_pipeline.application.errors import UsageError
from okr_pipeline.application.renaming import renamed_since
from okr_pipeline.application.runs import Run, note
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.config.check_ins import Fault, answer_faults, check_in_faults
from okr_pipeline.model.check_in import CheckIn
from okr_pipeline.model.frames import CHECK_INS
from okr_pipeline.model.metric import Metric
from okr_pipeline.model.okr import KeyResult
from okr_pipeline.store.batch import Batch

_SAID = CHECK_INS[:7]
_KEY = ["subject", "on_date", "author"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a check-in: whether it is news, and its newest revision."""

    check_in: CheckIn
    written: bool
    revision: int
    recorded_at: datetime


def take_from_files(workspace: Workspace, run: Run) -> int:
    """Record what files of the configuration tell that they did not tell before, and take back what they leave out.

    Writes nothing, no batch either, where they tell nothing new. How many revisions were appended.
    """
    if not len(_news(workspace)):
        return 0

    def record(batch: Batch) -> int:
        note(batch, workspace, run)
        return batch.record_check_ins(_news(workspace), origin="files", run_id=run.id)

    return workspace.store.write(record)


def record_by_command(workspace: Workspace, check_in: CheckIn, *, withdraw: bool = False) -> Recorded:
    """Record a check-in, or take one back; what was said before of the day by that author stays as a revision.

    What it leaves out of that day stays said.

    Raises:
        UsageError: it may not be said, or there is nothing to take back.
    """
    if not withdraw:
        _require_faultless(workspace, check_in)

    def record(batch: Batch) -> int:
        _require_name(workspace, check_in.subject)
        row = check_in_frame([check_in]).assign(withdrawn=withdraw)
        before = _of_key(workspace.store.check_ins(), check_in)
        for name in _SAID[3:] if len(before) else ():
            row[name] = row[name].fillna(before[name].iloc[0]) if pd.notna(before[name].iloc[0]) else row[name]
        return batch.record_check_ins(row, origin="command")

    written = workspace.store.write(record)
    mine = _of_key(workspace.store.check_in_revisions(), check_in)
    if not len(mine):
        raise UsageError(
            f"{check_in.author} has no check-in for {check_in.subject} on {check_in.on} to take back."
            " Name its day with --on and its author with --author."
        )
    newest = mine.iloc[-1]
    return Recorded(check_in, written > 0, int(newest["revision"]), newest["recorded_at"].to_pydatetime())


def subject_of(workspace: Workspace, identifier: str) -> KeyResult:
    """The key result that an id names: a full id, or the id alone where one cycle has it.

    Raises:
        UsageError: there is none, or more than one.
    """
    subjects = {it.full_id: it for it in workspace.configuration.key_results()}
    if identifier in subjects:
        return subjects[identifier]
    found = sorted(name for name in subjects if name.partition("/")[2] == identifier)
    if len(found) == 1:
        return subjects[found[0]]
    if found:
        raise UsageError(f"'{identifier}' is in more than one cycle. Write one of: {', '.join(found)}.")
    near = [match for match, _, _ in process.extract(identifier, subjects.keys(), limit=3, score_cutoff=50)]
    hint = f"Did you mean {' or '.join(near)}?" if near else "`okr status` lists them."
    raise UsageError(f"There is no key result '{identifier}'. {hint}")


def survey_of(workspace: Workspace, metric: str) -> Metric:
    """The survey of an id.

    Raises:
        UsageError: there is no such metric, or it is no survey.
    """
    metrics = workspace.configuration.metrics
    surveys = sorted(it.id for it in metrics.values() if it.is_survey)
    if metric in surveys:
        return metrics[metric]
    near = [match for match, _, _ in process.extract(metric, surveys, limit=3, score_cutoff=50)]
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Surveys are: {', '.join(surveys) or 'none yet'}."
    what = f"Metric '{metric}' is no survey." if metric in metrics else f"There is no metric '{metric}'."
    raise UsageError(f"{what} {hint}")


def today(workspace: Workspace) -> date:
    """The day that a check-in speaks about unless told: today in the project's zone, or the project's fixed date."""
    return workspace.project.calendar.last_date_before(workspace.as_of())


def require_day(workspace: Workspace, about: KeyResult | Metric, day: date) -> None:
    """Nothing, where something may be said of a key result or survey on a day.

    Raises:
        UsageError: it may not.
    """
    subject = about.full_id if isinstance(about, KeyResult) else about.id
    _require_none(fault for fault in _faults(workspace, CheckIn(subject, day, "")) if fault.key == "on")


def check_in_frame(check_ins: Iterable[CheckIn]) -> pd.DataFrame:
    """Check-ins as CHECK_INS up to `finding`."""
    rows = [
        (it.subject, it.on.isoformat(), it.author, it.value, it.confidence, it.note, it.finding) for it in check_ins
    ]
    frame = pd.DataFrame(rows, columns=list(_SAID), dtype=object)
    return frame.astype({"value": "float64", "confidence": "float64"})


def _of_key(frame: pd.DataFrame, it: CheckIn) -> pd.DataFrame:
    """What is said by the same author of the same thing and day."""
    return frame[(frame[_KEY] == [it.subject, it.on.isoformat(), it.author]).all(axis=1)]


def _news(workspace: Workspace) -> pd.DataFrame:
    """What files tell anew, and what they no longer tell, `withdrawn`."""
    told = check_in_frame(workspace.configuration.check_ins).assign(withdrawn=False)
    before = workspace.store.check_ins_of_files()[list(_SAID)].assign(withdrawn=True)
    rows, rows_before = _said(told), _said(before)
    new = np.array([rows_before.get(key) != said for key, said in rows.items()], dtype=bool)
    gone = np.array([key not in rows for key in rows_before], dtype=bool)
    if not new.any() and not gone.any():
        return told.iloc[:0]
    return pd.concat([told[new], before[gone].astype(told.dtypes)], ignore_index=True)


def _said(check_ins: pd.DataFrame) -> dict[tuple[object, ...], tuple[object, ...]]:
    """By subject, day and author, each of which is there once, what was said; None for what was not."""
    columns = [check_ins[name].astype(object).where(check_ins[name].notna(), None) for name in _SAID]
    return {row[:3]: row[3:] for row in zip(*columns, strict=True)}


def _require_name(workspace: Workspace, subject: str) -> None:
    """Nothing, where a subject was not renamed since the project was opened.

    Raises:
        UsageError: it was; its new id is named.
    """
    new = renamed_since(workspace, subject)
    if new is not None:
        raise UsageError(f"'{subject}' goes on as '{new}' in {workspace.store.place}. Say it of '{new}'.")


def _require_faultless(workspace: Workspace, check_in: CheckIn) -> None:
    if check_in.confidence is not None and not 0 <= check_in.confidence <= 1:
        raise UsageError(f"--confidence {check_in.confidence:g} is not between 0 and 1. Write 0.6 for 60 %.")
    if check_in.value is not None and not isfinite(check_in.value):
        raise UsageError(f"--value {check_in.value} is not a number that can be scored. Write one with digits.")
    _require_none(_faults(workspace, check_in))


def _require_none(faults: Iterable[Fault]) -> None:
    if told := [_told(fault) for fault in faults]:
        raise UsageError("\n".join(told))


def _faults(workspace: Workspace, check_in: CheckIn) -> Iterator[Fault]:
    """Those of an answer where the subject is a metric, which no full id of a key result is."""
    now = workspace.project.calendar.last_date_before(datetime.now(UTC))
    survey = workspace.configuration.metrics.get(check_in.subject)
    if survey is not None:
        return answer_faults(check_in, survey, now)
    return check_in_faults(check_in, subject_of(workspace, check_in.subject), now)


def _told(fault: Fault) -> str:
    place = f"--{fault.key}" if fault.key else "The check-in"
    joint = " " if fault.what.startswith(("is ", "has ", "says ")) else ": "
    return f"{place}{joint}{fault.what}. {fault.why}. {fault.fix}."
