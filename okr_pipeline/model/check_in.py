"""Check-ins: what a person says of a key result, or answers to a survey, on a day.

Belongs here: one check-in and how often they are due. Does not: where they are kept (store), what they do to a score
(scoring).
"""

from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, TypeAlias

Rhythm: TypeAlias = Literal["daily", "weekly", "biweekly", "monthly"]
"""How often people check in."""

_DAYS: Final[dict[Rhythm, int]] = {"daily": 1, "weekly": 7, "biweekly": 14, "monthly": 31}


def rhythm_days(rhythm: Rhythm) -> int:
    """The days from one check-in to the next."""
    return _DAYS[rhythm]


def fresh_days(rhythm: Rhythm) -> int:
    """For how many days after its own a check-in's value counts: two turns, so that one may be missed.

    >>> fresh_days("weekly")
    14
    """
    return 2 * _DAYS[rhythm]


@dataclass(frozen=True, slots=True)
class CheckIn:
    """What one author says on one day. `subject` is the full id of a key result, or the id of a survey.

    `value` is on the scale of its `manual` measure, or is the answer; `confidence` is 0 to 1, that the key result
    will be reached; `finding` is what was learnt. At least one of the four is there.
    """

    subject: str
    on: date
    author: str
    value: float | None = None
    confidence: float | None = None
    note: str | None = None
    finding: str | None = None


@dataclass(frozen=True, slots=True)
class CheckInRow:
    """What one person last said of a key result, on a day."""

    on: date
    author: str
    value: float | None
    confidence: float | None
    note: str | None
    finding: str | None


@dataclass(frozen=True, slots=True)
class CheckInRate:
    """How many key results were checked in as their rhythm asks, of those where a check-in is due."""

    made: int
    due: int
