"""Backtesting forecasts on what the store has, and recording how well they were calibrated.

Belongs here: fetching history, recording and telling the measured calibration. Does not: the replay (scoring).
"""

from datetime import datetime, timedelta

import pandas as pd

from okr_pipeline.application.gathering import gather
from okr_pipeline.application.telling import Record, plain_rows
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.frames import CALIBRATION
from okr_pipeline.scoring import calibration, replays

_LOOKED_BACK = timedelta(days=5 * 365)


def backtest(workspace: Workspace, as_of: datetime, known_at: datetime | None = None) -> pd.DataFrame:
    """Replay forecasts up to an instant and record their calibration: a `CALIBRATION` frame, empty without history.

    With `known_at` they are replayed on what was known by then, and nothing is recorded: it would take the place of
    what is measured on more.
    """
    evidence = gather(workspace, as_of, known_at=known_at, since=as_of - _LOOKED_BACK)
    replayed = replays(workspace.configuration, evidence.observations, as_of)
    if not len(replayed):
        return pd.DataFrame(columns=list(CALIBRATION))
    days = [
        workspace.project.calendar.last_date_before(it) for it in (replayed["as_of"].min(), replayed["as_of"].max())
    ]
    made = calibration(replayed).assign(
        first_day=days[0].isoformat(), last_day=days[1].isoformat(), config_version=workspace.configuration.version
    )
    if known_at is not None:
        return made
    workspace.store.write(lambda batch: batch.record_calibration(made))
    return workspace.store.calibration()


def measured(workspace: Workspace, known_at: datetime | None = None) -> list[Record]:
    """The newest measured calibration, a record for each family of series."""
    return plain_rows(workspace.store.calibration(known_at))


def calibration_sentence(workspace: Workspace, known_at: datetime | None = None) -> str:
    """How far forecasts of this project can be trusted, in one sentence."""
    rows = measured(workspace, known_at)
    if not rows:
        return "How good these forecasts are was not measured on this project yet; `okr forecast backtest` does."
    told = ", ".join(f"{it['family']} {it['coverage']:.0%} of {it['forecasts']:,}" for it in rows)
    return f"Replayed on this project's history to {rows[0]['last_day']}, 80 % intervals held the end: {told}."
