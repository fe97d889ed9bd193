"""Calibration: how good forecasts were when replayed, each time that was measured.

Belongs here: appending and reading measurements. Does not: measuring (scoring).
"""

from datetime import datetime

import pandas as pd
import sqlalchemy as sa

from okr_pipeline.model.frames import CALIBRATION
from okr_pipeline.store import bulk
from okr_pipeline.store.schema import forecast_calibration


def record(connection: sa.Connection, measured: pd.DataFrame, recorded_at: datetime) -> int:
    """Append a measurement (CALIBRATION up to `config_version`); how many rows."""
    rows = measured.assign(recorded_at=pd.Timestamp(recorded_at))[list(CALIBRATION)]
    return bulk.insert(connection, forecast_calibration, rows)


def read(connection: sa.Connection, known_at: datetime | None) -> pd.DataFrame:
    """CALIBRATION of the newest measurement known at an instant, or now, sorted by family."""
    table = forecast_calibration
    newest = sa.select(sa.func.max(table.c.recorded_at))
    if known_at is not None:
        newest = newest.where(table.c.recorded_at <= known_at)
    statement = sa.select(table).where(table.c.recorded_at == newest.scalar_subquery()).order_by(table.c.family)
    return bulk.fetch(connection, statement)[list(CALIBRATION)]
