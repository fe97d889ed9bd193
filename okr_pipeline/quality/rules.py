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
LEAST_KEPT_SHARE: Final = 0.5
"""A read that keeps at most this share of the stored values of its window has lost too much to be believed."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule over a column of a frame.

    `present`: not null. `absent`: null. `distinct`: no value twice. `within`: between `low` and `high`, inclusive.
    `above`: greater than `low`. `at_least`, `at_most`: beside the threshold in the column `bound`.
    All but `present` pass nulls, in the column and in the threshold. A rule with a `setting` is in force only for the
    metrics that have a threshold of that name; the others always are.
    """

    name: str
    family: Family
    test: Literal["present", "absent", "distinct", "within", "above", "at_least", "at_most"]
    column: str
    bound: str = ""
    low: float | None = None
    high: float | None = None

    @property
    def setting(self) -> str | None:
        return self.bound or None


ROW_RULES: Final = (
    Rule("required", "values", "present", "series_number"),
    Rule("known_metric", "values", "present", "metric_number"),
    Rule("period", "values", "present", "period_end"),
    Rule("type", "values", "absent", "raw_value"),
    Rule("finite", "values", "within", "value", low=-_LARGEST, high=_LARGEST),
    Rule("unique", "values", "distinct", "key_number"),
    Rule("not_future", "values", "within", "starts_after_now_us", high=0.0),
    Rule("minimum", "range", "at_least", "value", bound="minimum"),
    Rule("maximum", "range", "at_most", "value", bound="maximum"),
    Rule("max_change", "change", "at_most", "change", bound="max_change"),
    Rule("monotonic", "change", "at_least", "increase", bound="monotonic"),
    Rule("flat", "change", "at_most", "run_length", bound="flat"),
    Rule("anomaly", "change", "at_most", "robust_z", bound="anomaly"),
)
"""Rules over delivered values, most telling first: the first that blocks gives the reason."""

NEIGHBOUR_RULES: Final = frozenset({"max_change", "monotonic", "flat", "anomaly"})
"""Rules that look at the earlier values of a series."""

METRIC_RULES: Final = (
    Rule("volume", "completeness", "above", "kept_share", low=LEAST_KEPT_SHARE),
    Rule("complete", "completeness", "at_least", "observed_share", bound="complete"),
)
"""Rules over whole deliveries, one row per metric."""


def judged_rows(rule: Rule, frame: pd.DataFrame) -> Mask:
    """The rows that a rule has something to say about."""
    if rule.test in ("present", "absent", "distinct"):
        return np.ones(len(frame), dtype=bool)
    judged = frame[rule.column].notna().to_numpy()
    return judged & frame[rule.bound].notna().to_numpy() if rule.bound else judged


def failing_rows(rule: Rule, frame: pd.DataFrame) -> Mask:
    """The rows that break a rule."""
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
        case "above":
            failing = column <= _or(rule.low, -np.inf)
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
