"""What one evaluation of a key result says to the rule `behind`.

Belongs here: status and pace read as a signal, and how many signals in a row it takes. Does not: states (episodes).
"""

from enum import IntEnum
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from okr_pipeline.model.okr import Intent
from okr_pipeline.model.score import Status

Signals: TypeAlias = npt.NDArray[np.int8]
Counts: TypeAlias = npt.NDArray[np.int64]


class Signal(IntEnum):
    """`HOLD` changes nothing; `BETWEEN` is no longer behind, but not by the margin; `CLOSE` ends an episode at once."""

    HOLD = 0
    BEHIND = 1
    BETWEEN = 2
    CLEAR = 3
    CLOSE = 4


_MOST_IN_A_ROW: Final = 3
_SPAN_SHARE: Final = 0.05
_MARGIN: Final = 0.1
_BEHIND_BELOW: Final = {Intent.COMMITTED: 0.7, Intent.LEARNING: 0.7, Intent.ASPIRATIONAL: 0.5}
_CLOSING: Final = (
    Status.NOT_STARTED,
    Status.PAUSED,
    Status.CANCELLED,
    Status.ACHIEVED,
    Status.PARTIAL,
    Status.MISSED,
)


def read_signals(statuses: pd.DataFrame) -> Signals:
    """The signal of each evaluation, whatever was seen before.

    What is unknown holds. *At risk* is clear from a tenth above the ratio below which it would be behind.
    """
    status = statuses["status"].astype("str").to_numpy()
    clear = (status == Status.ON_TRACK) | (statuses["pace_ratio"].to_numpy(dtype=float) >= leaving_ratios(statuses))
    known = np.isin(status, [Status.ON_TRACK, Status.AT_RISK])
    conditions = [np.isin(status, _CLOSING), status == Status.BEHIND, known & clear, known]
    signals = np.select(conditions, [Signal.CLOSE, Signal.BEHIND, Signal.CLEAR, Signal.BETWEEN], Signal.HOLD)
    return np.asarray(signals, dtype=np.int8)


def leaving_ratios(statuses: pd.DataFrame) -> npt.NDArray[np.float64]:
    """The least pace ratio that counts as recovered: 0.77 for committed and learning, 0.55 for aspirational."""
    thresholds = {str(intent): round(ratio * (1 + _MARGIN), 6) for intent, ratio in _BEHIND_BELOW.items()}
    strictest = max(thresholds.values())
    return np.asarray(statuses["intent"].astype("str").map(thresholds).fillna(strictest), dtype=float)


def streaks_to_enter(span_observations: "pd.Series[float]") -> Counts:
    """Observations in a row that open an episode: 3 or, in a short span, a twentieth of it; at least 1."""
    share = np.floor(span_observations.fillna(0).to_numpy(dtype=float) * _SPAN_SHARE + 1e-9)
    return np.asarray(np.clip(share, 1, _MOST_IN_A_ROW), dtype=np.int64)


def streaks_to_leave(enter: Counts) -> Counts:
    """Observations in a row that close an episode: one more than it took to open."""
    return enter + 1
