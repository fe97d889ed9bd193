"""Explanations: everything behind one number, before it has a form.

Belongs here: what an explanation says. Does not: gathering it (application), its layout (rendering).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Written: TypeAlias = tuple[str | float, ...]
"""Texts and numbers as they are written one after another; form is given to numbers where they are shown."""

Row: TypeAlias = Mapping[str, Any]
"""One row of a table: JSON values with instants as ISO text in UTC with microseconds."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step on the way to a number or a verdict: what is worked out, how, and the same with numbers.

    `numbers` is arithmetic that comes to `result`, or, without one, a comparison that holds. `remark` says what follows
    or what is special; a step without numbers is its remark.
    """

    what: str
    how: str
    numbers: Written = ()
    result: float | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Level:
    """One objective on the way up: what its score is made of.

    A row of `members` has id, title, kind, status, weight, score, and `counts`: whether it is in the score. `share` is
    how much of this score the explained key result or objective makes, None where it makes none, and `through` the
    member that is it or has it below, None where this is the objective that is explained. `rises` says whether this
    score counts in the next one.
    """

    objective: str
    title: str
    status: str
    members: tuple[Row, ...]
    steps: tuple[Step, ...]
    share: float | None
    through: str | None
    rises: str


@dataclass(frozen=True, slots=True)
class Explanation:
    """The proof of one key result or objective.

    `definition` and each of `metrics` are facts by name, as configuration says them. `steps` lead from rows to the
    status and the forecast, `levels` from there up to the highest objective whose score it is in. `periods` are those
    of the window, members combined, with `mark` missing or refused where there is no value; `observations` are the
    rows inside, with `mark` late, restated or withdrawn and `was`, their values before. `quarantined` are those that a
    rule refused, `queries` the newest reads, `checks` the newest outcomes and `runs` those behind the rows, of the
    metrics behind it. `check_ins` is what people said of it by then; `amendments` all there are, and whether they
    hold as of that instant.
    """

    id: str
    kind: str
    title: str
    timezone: str
    as_of: str
    known_at: str | None
    config_version: str
    status_rule: str
    record: Row
    definition: Mapping[str, str]
    steps: tuple[Step, ...]
    levels: tuple[Level, ...] = ()
    metrics: tuple[Mapping[str, str], ...] = ()
    amendments: tuple[Row, ...] = ()
    periods: tuple[Row, ...] = ()
    observations: tuple[Row, ...] = ()
    quarantined: tuple[Row, ...] = ()
    queries: tuple[Row, ...] = ()
    checks: tuple[Row, ...] = ()
    runs: tuple[Row, ...] = ()
    check_ins: tuple[Row, ...] = ()
