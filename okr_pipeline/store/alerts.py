"""Alert states and their transitions.

Belongs here: keeping them. Does not: deciding them (alerting).
"""

from datetime import datetime
from typing import Final

import numpy as np
import pandas as pd
import sqlalchemy as sa

from okr_pipeline.store import bulk
from okr_pipeline.store.schema import alert_states, alert_transitions

_STATE_COLUMNS: Final = [column.name for column in alert_states.columns]
_TRANSITION_COLUMNS: Final = ["episode", "key_result", "rule", "from_state", "to_state", "as_of", "reason"]


def save_states(connection: sa.Connection, states: pd.DataFrame) -> int:
    """Set the state of each (key result, rule) given; how many differ from before."""
    return bulk.upsert(connection, alert_states, states[[name for name in _STATE_COLUMNS if name in states]])


def read_states(connection: sa.Connection) -> pd.DataFrame:
    """One row per key result and rule, sorted."""
    return bulk.fetch(connection, sa.select(alert_states).order_by(*alert_states.primary_key.columns))


def append_transitions(
    connection: sa.Connection, transitions: pd.DataFrame, *, run_id: str, recorded_at: datetime
) -> int:
    """Append `episode`, `key_result`, `rule`, `from_state`, `to_state`, `as_of`, `reason`."""
    if transitions.empty:
        return 0
    first = bulk.next_number(connection, alert_transitions.c.transition_id)
    rows = transitions[_TRANSITION_COLUMNS].assign(
        run_id=run_id,
        recorded_at=pd.Timestamp(recorded_at),
        transition_id=np.arange(first, first + len(transitions)),
    )
    return bulk.insert(connection, alert_transitions, rows)


def read_transitions(connection: sa.Connection, known_at: datetime | None) -> pd.DataFrame:
    """Every transition recorded by an instant, in order."""
    statement = sa.select(alert_transitions).order_by(alert_transitions.c.transition_id)
    if known_at is not None:
        statement = statement.where(alert_transitions.c.recorded_at <= known_at)
    return bulk.fetch(connection, statement)
