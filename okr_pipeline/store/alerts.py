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

_KEY: Final = ["key_result", "rule"]
_STATE_COLUMNS: Final = [column.name for column in alert_states.columns]
_TRANSITION_COLUMNS: Final = ["episode", "key_result", "rule", "from_state", "to_state", "as_of", "reason"]


def record(
    connection: sa.Connection, states: pd.DataFrame, transitions: pd.DataFrame, *, run_id: str, recorded_at: datetime
) -> int:
    """Set states and append the transitions that led to them, for what was not evaluated that far already.

    Two runs may have advanced from the same states at once. They come to the same transitions, so what the first has
    recorded is left out of the second. Returns how many transitions were appended.
    """
    evaluated = _evaluated(connection)
    appended = _append(connection, transitions[_is_newer(transitions, "as_of", evaluated)], run_id, recorded_at)
    newer = states[_is_newer(states, "last_evaluated_as_of", evaluated)]
    bulk.upsert(connection, alert_states, newer[[name for name in _STATE_COLUMNS if name in newer]])
    return appended


def read_states(connection: sa.Connection) -> pd.DataFrame:
    """One row per key result and rule, sorted."""
    return bulk.fetch(connection, sa.select(alert_states).order_by(*alert_states.primary_key.columns))


def read_transitions(connection: sa.Connection, known_at: datetime | None) -> pd.DataFrame:
    """Every transition recorded by an instant, in order."""
    statement = sa.select(alert_transitions).order_by(alert_transitions.c.transition_id)
    if known_at is not None:
        statement = statement.where(alert_transitions.c.recorded_at <= known_at)
    return bulk.fetch(connection, statement)


def read_open(connection: sa.Connection, as_of: datetime, known_at: datetime | None) -> pd.DataFrame:
    """What was open as of an instant, as recorded by another: `key_result`, `rule`, `state`, `since`, sorted.

    `since` is when the episode began to fire, however often it seemed to recover.
    """
    made, opening = alert_transitions.c, alert_transitions.alias("opening").c
    fired = [opening.key_result == made.key_result, opening.episode == made.episode, opening.to_state == "firing"]
    since = sa.select(sa.func.min(opening.as_of)).where(*fired).scalar_subquery()
    by_then = [made.as_of <= as_of] + ([] if known_at is None else [made.recorded_at <= known_at])
    newest = sa.select(sa.func.max(made.transition_id)).where(*by_then).group_by(made.key_result, made.rule)
    statement = (
        sa.select(made.key_result, made.rule, made.to_state.label("state"), since.label("since"))
        .where(made.transition_id.in_(newest), made.to_state.in_(["firing", "recovering"]))
        .order_by(made.key_result, made.rule)
    )
    return bulk.fetch(connection, statement)


def _evaluated(connection: sa.Connection) -> "pd.Series[pd.Timestamp]":
    """When each (key result, rule) was last evaluated."""
    columns = [alert_states.c[name] for name in (*_KEY, "last_evaluated_as_of")]
    return bulk.fetch(connection, sa.select(*columns)).set_index(_KEY)["last_evaluated_as_of"]


def _is_newer(rows: pd.DataFrame, instant: str, evaluated: "pd.Series[pd.Timestamp]") -> "pd.Series[bool]":
    before = evaluated.reindex(pd.MultiIndex.from_frame(rows[_KEY])).to_numpy()
    return pd.Series(pd.isna(before) | (rows[instant].to_numpy() > before), index=rows.index)


def _append(connection: sa.Connection, transitions: pd.DataFrame, run_id: str, recorded_at: datetime) -> int:
    if transitions.empty:
        return 0
    first = bulk.next_number(connection, alert_transitions.c.transition_id)
    rows = transitions[_TRANSITION_COLUMNS].assign(
        run_id=run_id,
        recorded_at=pd.Timestamp(recorded_at),
        transition_id=np.arange(first, first + len(transitions)),
    )
    return bulk.insert(connection, alert_transitions, rows)
