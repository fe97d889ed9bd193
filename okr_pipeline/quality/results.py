"""Check results: the outcome of one rule on one metric, told in a row.

Belongs here: statuses, counts and their frame. Does not: refusals (findings), sentences (wording).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from okr_pipeline.model.frames import CHECK_RESULTS
from okr_pipeline.model.metric import Severity
from okr_pipeline.quality.neighbours import Ints
from okr_pipeline.quality.rules import METRIC_RULES, ROW_RULES, Family, Mask, Rule
from okr_pipeline.quality.thresholds import Thresholds

Texts: TypeAlias = npt.NDArray[np.object_]
Status: TypeAlias = Literal["passed", "failed", "errored", "skipped"]

ExtraResult: TypeAlias = tuple[str, str, Family, Status, Severity, int, int, str]
"""The cells of a row of CHECK_RESULTS."""

RuleResults: TypeAlias = Sequence[Texts]
"""The columns of CHECK_RESULTS; a frame of so few rows takes longer to make than to judge."""

_COUNTS: Final = frozenset({"rows_checked", "rows_failed"})
_DTYPES: Final = {column: "int64" if column in _COUNTS else "str" for column in CHECK_RESULTS}
_RANKS: Final = {rule.name: rank for rank, rule in enumerate((*ROW_RULES, *METRIC_RULES))}


@dataclass(frozen=True, slots=True)
class Counts:
    """By metric: how many things a rule judged and how many of them fail, with a detail for those that do."""

    checked: Ints
    failed: Ints
    details: Texts


def rule_results(rule: Rule, thresholds: Thresholds, counts: Counts, idle: str, error: str | None) -> RuleResults:
    """One row per metric that a rule is in force for, and a quiet one not met.

    `idle` is the detail where there was nothing to judge.
    """
    loud = (counts.failed > 0) | (error is not None) | (not rule.quiet)
    told = np.flatnonzero(_told(rule, thresholds) & loud)
    checked, failed = counts.checked[told], counts.failed[told]
    status = np.where(checked == 0, "skipped", np.where(failed > 0, "failed", "passed" if error is None else "errored"))
    details = np.where(status == "skipped", idle, counts.details[told] if error is None else error)
    severity = np.where(thresholds.blocking(rule.setting)[told], "block", "warn")
    judged = np.where(status == "errored", 0, checked)
    columns = (thresholds.ids[told], rule.name, rule.family, status, severity, judged, failed, details)
    return [np.broadcast_to(np.asarray(column, dtype=object), len(told)) for column in columns]


def extra_result(
    metric: str, rule: str, severity: Severity, status: Status, checked: int, failed: int, detail: str
) -> ExtraResult:
    """The outcome of a custom expectation."""
    return (metric, rule, "custom", status, severity, checked, failed, detail)


def gathered(results: Sequence[RuleResults], extras: Sequence[ExtraResult]) -> pd.DataFrame:
    """All results by metric, in the order of the rules."""
    custom = zip(*extras, strict=True) if extras else [()] * len(CHECK_RESULTS)
    parts = zip(*results, [np.array(column, dtype=object) for column in custom], strict=True)
    columns = zip(CHECK_RESULTS, (np.concatenate(column) for column in parts), strict=True)
    together = pd.DataFrame(dict(columns)).astype(_DTYPES)
    ranks = np.array([_RANKS.get(rule, len(_RANKS)) for rule in together["rule"]])
    metrics, _ = pd.factorize(together["metric"], sort=True)
    return together.iloc[np.lexsort((ranks, metrics))].reset_index(drop=True)


def _told(rule: Rule, thresholds: Thresholds) -> Mask:
    """Where a result is worth a row: not for the deliveries of metrics that nobody defined."""
    told = thresholds.in_force(rule.setting).copy()
    if rule in METRIC_RULES:
        told[thresholds.known :] = False
    return told
