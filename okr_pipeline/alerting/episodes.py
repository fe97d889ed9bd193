"""The life cycle of an episode: ok → pending → firing → recovering → ok.

Belongs here: states, what moves them, and the transitions that are told. Does not: what a status means (signals).

Only a new observation moves a streak, one whose period ended later than any seen before, so that evaluating often does
not alert sooner. What is unknown, stale or quarantined holds everything as it is.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

import numpy as np
import numpy.typing as npt
import pandas as pd

from okr_pipeline.alerting import wording
from okr_pipeline.alerting.signals import Counts, Signal, Signals, read_signals, streaks_to_enter, streaks_to_leave

RULE: Final = "behind"
STATES: Final = ("key_result", "rule", "state", "streak", "last_evaluated_as_of", "last_period_end", "since", "episode")
"""One row: where one rule stands for one key result; `streak` counts the observations that speak for leaving the state,
`since` is when it was entered, `episode` is None unless one is open."""
TRANSITIONS: Final = ("episode", "key_result", "rule", "from_state", "to_state", "as_of", "reason")
"""One row: a state left for another at an instant. `episode` is None where none was open before or after."""

_INSTANT: Final = "datetime64[us, UTC]"


class State(StrEnum):
    """Where an episode stands. Pending has not been told to anybody; recovering is still open."""

    OK = "ok"
    PENDING = "pending"
    FIRING = "firing"
    RECOVERING = "recovering"


@dataclass(frozen=True, slots=True)
class Advance:
    """The states after the last evaluation, and what changed on the way, oldest first."""

    states: pd.DataFrame
    transitions: pd.DataFrame


def advance(
    states: pd.DataFrame, statuses: pd.DataFrame, spans: pd.DataFrame, *, first: datetime | None = None
) -> Advance:
    """Carry the rule `behind` through evaluations of key results.

    `states` has the columns of STATES. `statuses` has one row per key result and evaluation instant: `key_result`,
    `as_of`, `status`, `pace_ratio`, `progress`, `value_period_end`, `intent`, `reason`. `spans` tells of each defined
    key result `span_observations`, the periods of its metric's grain in its span, and `closes`, the instant from which
    nothing of it is awaited any more. `first` is the first instant looked at, which nothing tells where none is left.

    An evaluation not later than the last one of its key result is ignored: evaluating again changes nothing, and
    a sequence may be handed over in pieces. An open episode of a key result that `spans` no longer knows is closed.
    Paused, cancelled, achieved and ended key results close at once, and one whose end was never known when `closes`
    comes. States of other rules pass unchanged.

    Raises:
        ValueError: a key result is evaluated that `spans` does not know.
    """
    strangers = sorted({*statuses["key_result"]} - {*spans["key_result"]})
    if strangers:
        raise ValueError(f"{', '.join(strangers)}: evaluated without a span; give the span of every defined key result")
    ours = states["rule"].astype("str") == RULE
    board = _Board(states[ours], statuses, spans)
    since = statuses["as_of"].min() if first is None else pd.Timestamp(first)
    told = [board.drop_undefined(since)] if pd.notna(since) else [_no_transitions()]
    told += [board.evaluate(at) for _, at in statuses.groupby("as_of", sort=True)]
    transitions = pd.concat(told, ignore_index=True)
    after = pd.concat([states[~ours], board.states()]).sort_values(["key_result", "rule"], ignore_index=True)
    return Advance(_typed(after, STATES), _typed(transitions, TRANSITIONS))


def episode_id(key_result: str, rule: str, opened_as_of: pd.Timestamp) -> str:
    """The id of the episode that opens at an instant: the same in every run that finds it."""
    instant = opened_as_of.tz_convert("UTC").isoformat(timespec="microseconds")
    return hashlib.sha256(f"{key_result}\n{rule}\n{instant}".encode()).hexdigest()[:16]


class _Board:
    """The states of all key results side by side, by position in `ids`."""

    def __init__(self, states: pd.DataFrame, statuses: pd.DataFrame, spans: pd.DataFrame) -> None:
        self.ids = pd.Index(sorted({*states["key_result"], *statuses["key_result"]}), dtype=object)
        known = states.set_index("key_result").reindex(self.ids)
        self._state = known["state"].astype(object).fillna(State.OK.value).to_numpy(dtype=object, copy=True)
        self._streak = np.array(known["streak"].astype(float).fillna(0), dtype=np.int64)
        self._evaluated = _instants(known["last_evaluated_as_of"])
        self._period_end = _instants(known["last_period_end"])
        self._since = _instants(known["since"])
        self._episode = known["episode"].where(known["episode"].notna(), None).to_numpy(dtype=object, copy=True)
        by_id = spans.drop_duplicates("key_result").set_index("key_result").reindex(self.ids)
        self._enter = streaks_to_enter(by_id["span_observations"])
        self._leave = streaks_to_leave(self._enter)
        self._closes = _instants(by_id["closes"])
        self._defined = self.ids.isin(spans["key_result"])

    def states(self) -> pd.DataFrame:
        """The columns of STATES."""
        return pd.DataFrame(
            {
                "key_result": self.ids,
                "rule": RULE,
                "state": self._state,
                "streak": self._streak,
                "last_evaluated_as_of": self._evaluated,
                "last_period_end": self._period_end,
                "since": self._since,
                "episode": self._episode,
            }
        )

    def evaluate(self, statuses: pd.DataFrame) -> pd.DataFrame:
        """Evaluations of one instant; the transitions they make."""
        statuses = statuses.drop_duplicates("key_result", keep="last").sort_values("key_result")
        as_of = np.datetime64(statuses["as_of"].iloc[0].tz_convert(None), "us")
        at = self.ids.get_indexer(statuses["key_result"])
        fresh = ~(self._evaluated[at] >= as_of)
        at, statuses = at[fresh], statuses[fresh]
        self._evaluated[at] = as_of
        signals = self._heard(at, statuses, as_of)
        targets, streaks = self._targets(at, signals)
        moved = targets != self._state[at]
        transitions = self._move(at[moved], targets[moved], as_of, statuses[moved], streaks[moved])
        self._streak[at] = streaks
        return transitions

    def drop_undefined(self, first: pd.Timestamp) -> pd.DataFrame:
        """Close what is open of key results that no longer exist, at the first instant that is looked at."""
        as_of = np.datetime64(first.tz_convert(None), "us")
        gone = np.flatnonzero(~self._defined & (self._state != State.OK) & ~(self._evaluated >= as_of))
        if not len(gone):
            return _no_transitions()
        columns = {"key_result": self.ids[gone], "as_of": first, "status": None, "pace_ratio": np.nan, "reason": None}
        targets = np.full(len(gone), State.OK.value, dtype=object)
        self._evaluated[gone], self._streak[gone] = as_of, 0
        return self._move(gone, targets, as_of, pd.DataFrame(columns), self._streak[gone])

    def _heard(self, at: Counts, statuses: pd.DataFrame, as_of: np.datetime64) -> Signals:
        """The signals, held where there is no new observation to give one and one may still come."""
        signals = read_signals(statuses)
        signals[self._closes[at] <= as_of] = Signal.CLOSE
        ends = _instants(statuses["value_period_end"])
        new = ~np.isnat(ends) & ~(ends <= self._period_end[at])
        signals[~new & (signals != Signal.CLOSE)] = Signal.HOLD
        counted = (signals != Signal.HOLD) & new
        self._period_end[at[counted]] = ends[counted]
        return signals

    def _targets(self, at: Counts, signals: Signals) -> "tuple[npt.NDArray[np.object_], Counts]":
        """The state and streak after the signals."""
        state, longer = self._state[at], self._streak[at] + 1
        is_open = (state == State.FIRING) | (state == State.RECOVERING)
        behind, clear = signals == Signal.BEHIND, signals == Signal.CLEAR
        fires, recovered = (
            ~is_open & behind & (longer >= self._enter[at]),
            is_open & clear & (longer >= self._leave[at]),
        )
        held, closed = signals == Signal.HOLD, signals == Signal.CLOSE
        rules = [
            (held, state, self._streak[at]),
            (closed | recovered, State.OK.value, 0),
            (fires, State.FIRING.value, 0),
            (~is_open & behind, State.PENDING.value, longer),
            (~is_open, State.OK.value, 0),
            (clear, State.RECOVERING.value, longer),
        ]
        target = np.full(len(at), State.FIRING.value, dtype=object)
        streak = np.zeros(len(at), dtype=np.int64)
        for applies, to, count in reversed(rules):
            target, streak = np.where(applies, to, target), np.where(applies, count, streak)
        return target, streak

    def _move(
        self,
        at: Counts,
        targets: "npt.NDArray[np.object_]",
        as_of: np.datetime64,
        statuses: pd.DataFrame,
        streaks: Counts,
    ) -> pd.DataFrame:
        """Enter the targets; what is told about it."""
        before, episodes = self._state[at], self._episode[at]
        instant = pd.Timestamp(as_of, tz="UTC")
        for position in np.flatnonzero((targets == State.FIRING) & (before != State.RECOVERING)):
            episodes[position] = episode_id(self.ids[at[position]], RULE, instant)
        self._state[at], self._since[at] = targets, as_of
        self._episode[at] = episodes
        self._episode[at[targets == State.OK]] = None
        moves = zip(before, targets, streaks, self._enter[at], self._leave[at], strict=True)
        reasons = [
            wording.reason(State(old), State(new), row, streak=int(streak), enter=int(enter), leave=int(leave))
            for (old, new, streak, enter, leave), row in zip(moves, wording.rows(statuses), strict=True)
        ]
        return pd.DataFrame(
            {
                "episode": episodes,
                "key_result": self.ids[at],
                "rule": RULE,
                "from_state": before,
                "to_state": targets,
                "as_of": instant,
                "reason": reasons,
            }
        )


def _instants(column: "pd.Series[pd.Timestamp]") -> "npt.NDArray[np.datetime64]":
    return np.array(pd.to_datetime(column, utc=True).to_numpy(dtype="datetime64[us]"), copy=True)


def _no_transitions() -> pd.DataFrame:
    return pd.DataFrame({column: [] for column in TRANSITIONS})


def _typed(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.DataFrame:
    """The columns in order, instants in UTC and text as objects, also where there is no row."""
    instants = {"last_evaluated_as_of", "last_period_end", "since", "as_of"}
    return pd.DataFrame({column: _column(frame[column], instant=column in instants) for column in columns})


def _column(column: pd.Series, *, instant: bool) -> pd.Series:
    if instant:
        return pd.to_datetime(column, utc=True).astype(_INSTANT)
    if column.name == "streak":
        return column.astype("int64")
    return column.astype(object).where(column.notna(), None)
