"""The rows behind a value, marked: which came late, were restated or withdrawn, and which are missing.

Belongs here: revisions and gaps of the rows in a window. Does not: which rows are in it (scoring), layout (rendering).
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd

from okr_pipeline.application.telling import Record, plain_rows, stamp
from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.frames import SERIES_KEY
from okr_pipeline.model.okr import KeyResult
from okr_pipeline.scoring import Workings

_KEY = list(SERIES_KEY)


def marked_rows(workspace: Workspace, key_result: KeyResult, rows: pd.DataFrame, known_at: datetime) -> list[Record]:
    """Rows of OBSERVATIONS with `first_recorded_at`, `was` (values before, the first one first) and `mark`.

    `mark` is withdrawn, restated, late (recorded only after a score that speaks of a later instant) or empty.
    """
    if rows.empty:
        return []
    span = rows["period_start"].min().to_pydatetime(), rows["period_end"].max().to_pydatetime()
    history = workspace.store.revisions(set(rows["metric"]), *span, known_at)
    published = plain_rows(workspace.store.first_published(key_result.full_id, known_at))
    before = _by_key(history)
    return [_marked(row, before[_key_of(row)], published) for row in plain_rows(rows)]


def withdrawn_in(
    observations: pd.DataFrame, metrics: Sequence[str], where: Mapping[str, str], window: Sequence[Any]
) -> pd.DataFrame:
    """The rows without a value that would be in a window: the source had them once and no longer has."""
    if window[0] is None or window[1] is None:
        return observations[:0]
    inside = observations["value"].isna() & observations["metric"].isin(metrics)
    inside &= (observations["period_start"] >= window[0]) & (observations["period_end"] <= window[1])
    withdrawn: pd.DataFrame = observations.loc[inside]
    pinned = [where.items() <= json.loads(it).items() for it in withdrawn["dimensions"]]
    return withdrawn[np.array(pinned, dtype=np.bool_)]


def period_rows(made: Workings) -> list[Record]:
    """The periods of a value, or of a cadence, with what is missing or was refused marked."""
    if made.cadence:
        return [
            {
                "period_start": stamp(it.start),
                "period_end": stamp(it.end),
                "value": it.total,
                "weight": None,
                "mark": "met" if it.met else "not met" if it.counted else "not counted: has gaps",
            }
            for it in made.cadence
        ]
    return [
        {
            "period_start": stamp(it.start),
            "period_end": stamp(it.end),
            "value": it.value,
            "weight": it.weight,
            "mark": "" if it.value is not None else "refused" if it.refused else "missing",
        }
        for it in made.periods
    ]


def _by_key(history: pd.DataFrame) -> dict[tuple[str, ...], list[Record]]:
    found: dict[tuple[str, ...], list[Record]] = {}
    for row in plain_rows(history):
        found.setdefault(_key_of(row), []).append(row)
    return found


def _key_of(row: Record) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in _KEY)


def _marked(row: Record, revisions: list[Record], published: list[Record]) -> Record:
    first, was = revisions[0]["recorded_at"], [it["value"] for it in revisions[:-1]]
    late = any(it["as_of"] >= row["period_end"] and it["recorded_at"] < first for it in published)
    mark = "withdrawn" if row["value"] is None else "restated" if was else "late" if late else ""
    return {**row, "first_recorded_at": first, "was": was, "late": late, "mark": mark}
