"""Alerts as episodes: when a key result's being behind is worth telling, and when it is over.

Belongs here: the life cycle of an episode, as pure functions of statuses. Does not: statuses (scoring), keeping states
(store), which instants are evaluated (application).
"""

from okr_pipeline.alerting.episodes import STATES, TRANSITIONS, Advance, State, advance

__all__ = ["STATES", "TRANSITIONS", "Advance", "State", "advance"]
