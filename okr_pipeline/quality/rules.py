"""The fixed rules: what each compares, and on which rows it fails.

Belongs here: the rules as data, and their masks in plain numpy. Does not: thresholds (thresholds), derived columns
(neighbours, completeness), Great Expectations (engine), sentences (wording).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

Mask: TypeAlias = npt.NDArray[np.bool_]
Family: TypeAlias = Literal["values", "range", "change", "completeness", "custom"]

_LARGEST: Final = float(np.finfo(np.float64).max)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule over a column of a frame.

    `present`: not null. `absent`: null. `distinct`: no value twice. `within`: between `low` and `high`, inclusive.
    `at_least`, `at_most`: beside the threshold in the column `bound`.
    All but `present` pass nulls, in the column and in the threshold. A rule with a `setting` is in force only for the
    metrics that have a threshold of that name; the others always are.
    A `quiet` rule is told of only where it is not met: it is in force for every metric and hardly ever fails.
    """

    name: str
    family: Family
    test: Literal["present", "absent", "distinct", "within", "at_least", "at_most"]
    column: str
    bound: str = ""
    low: float | None = None
    high: float | None = None
    quiet: bool = False

    @property
    def setting(self) -> str | None:
        return self.bound or None


ROW_RULES: Final = (
    Rule("required", "values", "present", "series_number"),
    Rule("known_metric", "values", "present", "metric_number"),
    Rule("members", "values", "at_most", "unlisted", bound="members"),
    Rule("period", "values", "present", "period_end"),
    Rule("grain", "values", "absent", "finer_rows", quiet=True),
    Rule("type", "values", "absent", "raw_value"),
    Rule("finite", "values", "within", "value", low=-_LARGEST, high=_LARGEST),
    Rule("unique", "values", "distinct", "key_number"),
    Rule("weight", "values", "absent", "weight_fault", quiet=True),
    Rule("not_future", "values", "within", "starts_after_now_us", high=0.0),
    Rule("minimum", "range", "at_least", "value", bound="minimum"),
    Rule("maximum", "range", "at_most", "value", bound="maximum"),
    Rule("max_change", "change", "at_most", "change", bound="max_change"),
    Rule("monotonic", "change", "at_least", "increase", bound="monotonic"),
    Rule("flat", "change", "at_most", "run_length", bound="flat"),
    Rule("anomaly", "change", "at_most", "robust_z", bound="anomaly"),
    Rule("missing_members", "completeness", "at_most", "absence_z", bound="anomaly", quiet=True),
    Rule("total", "change", "at_most", "total_z", bound="anomaly"),
    Rule("repeated", "change", "at_most", "repeated_share", bound="repeated", quiet=True),
)
"""Rules over delivered values, most telling first: the first that blocks gives the reason."""

NEIGHBOUR_RULES: Final = frozenset({"max_change", "monotonic", "flat", "anomaly"})
"""Settings that look at the earlier values of a series."""

LATER_RULES: Final = frozenset({"max_change", "monotonic", "flat", "anomaly", "missing_members", "total", "repeated"})
"""Rules that are judged among the values that the others accept."""

METRIC_RULES: Final = (
    Rule("volume", "completeness", "at_least", "kept_share", bound="volume"),
    Rule("rewritten", "change", "at_most", "rewritten_share", bound="rewritten", quiet=True),
    Rule("restated", "change", "at_most", "restated_share", bound="restated", quiet=True),
    Rule("new_members", "completeness", "at_most", "new_series", bound="new_members", quiet=True),
    Rule("complete", "completeness", "at_least", "observed_share", bound="complete"),
)
"""Rules over whole deliveries, one row per metric."""

DOUBT_RULES: Final = frozenset({"volume", "rewritten", "restated", "new_members"})
"""Rules that compare a delivery with what is stored: where one refuses it, what is stored stays as it is."""


def judged_rows(rule: Rule, frame: pd.DataFrame) -> Mask:
    """The rows that a rule has something to say about."""
    if rule.column not in frame:
        return np.full(len(frame), rule.test == "absent")
    if rule.test in ("present", "absent", "distinct"):
        return np.ones(len(frame), dtype=bool)
    judged = frame[rule.column].notna().to_numpy()
    return judged & frame[rule.bound].notna().to_numpy() if rule.bound else judged


def failing_rows(rule: Rule, frame: pd.DataFrame) -> Mask:
    """The rows that break a rule; none where nothing was found to judge."""
    if rule.column not in frame:
        return np.zeros(len(frame), dtype=bool)
    column = frame[rule.column]
    match rule.test:
        case "present":
            failing = column.isna()
        case "absent":
            failing = column.notna()
        case "distinct":
            failing = column.duplicated(keep=False) & column.notna()
        case "within":
            failing = (column < _or(rule.low, -np.inf)) | (column > _or(rule.high, np.inf))
        case "at_least":
            failing = column < frame[rule.bound]
        case "at_most":
            failing = column > frame[rule.bound]
    return failing.to_numpy(dtype=bool)


def columns_of(rules: Iterable[Rule]) -> list[str]:
    """The columns that some rules read, each once."""
    return list(dict.fromkeys(column for rule in rules for column in (rule.column, rule.bound) if column))


def _or(limit: float | None, unlimited: float) -> float:
    return unlimited if limit is None else limit
