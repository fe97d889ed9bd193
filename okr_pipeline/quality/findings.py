"""What the rules found, gathered into a verdict.

Belongs here: which rows and which whole deliveries are refused, and why.
Does not: judging (validation, engine), rows of check results (results), words (wording).
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import pandas as pd

from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.frames import SERIES_KEY
from okr_pipeline.model.metric import Extra, Metric
from okr_pipeline.quality import wording
from okr_pipeline.quality.completeness import delivered_values
from okr_pipeline.quality.delivery import Delivery
from okr_pipeline.quality.engine import Outcome
from okr_pipeline.quality.neighbours import Ints
from okr_pipeline.quality.results import (
    Counts,
    ExtraResult,
    RuleResults,
    Texts,
    extra_result,
    gathered,
    rule_results,
)
from okr_pipeline.quality.rules import DOUBT_RULES, Mask, Rule, judged_rows
from okr_pipeline.quality.verdict import REFUSED, Verdict

_NO_ROWS: Final = "no value was delivered that it could judge"
_COUNTED: Final = {
    "volume": ("stored_values", "kept_values"),
    "complete": ("expected_periods", "observed_periods"),
    "rewritten": ("closed_values", "rewritten_values"),
    "restated": ("settled_values", "restated_values"),
    "new_members": ("known_series", "new_series"),
}
"""By rule over deliveries, the columns of what is judged, and of what is there (volume, complete) or wrong."""
_IDLE: Final = {
    "volume": "nothing is stored for the stretch that was read",
    "complete": "no value was delivered for the stretch that was read",
}


class Findings:
    """Everything found so far, while the rules are judged one by one, most telling first.

    The first rule that refuses a row names the reason. A delivery that is refused as a whole keeps the reasons of the
    rows that were refused before.
    """

    def __init__(self, delivery: Delivery, metrics: Mapping[str, Metric], calendar: Calendar) -> None:
        self._delivery = delivery
        self._metrics = metrics
        self._calendar = calendar
        rows = len(delivery.points)
        self._refused = np.zeros(rows, dtype=bool)
        self._rank = np.zeros(rows, dtype=np.int64)
        self._rule = np.full(rows, "", dtype=object)
        self._reason = np.full(rows, "", dtype=object)
        self._whole: dict[int, tuple[str, str]] = {}
        self._doubted: dict[int, tuple[str, str]] = {}
        self._results: list[RuleResults] = []
        self._extras: list[ExtraResult] = []

    def add_row_rule(self, rule: Rule, frame: pd.DataFrame, failing: Mask, error: str | None) -> None:
        """A rule over rows: the failing ones are refused where it blocks."""
        checked = self._delivery.counted(judged_rows(rule, frame))
        failed = self._delivery.counted(failing) if error is None else np.zeros_like(checked)
        details = np.full(len(checked), "", dtype=object)
        if error is None and failing.any():
            blocks = self._delivery.per_row(self._delivery.thresholds.blocking(rule.setting))
            rows = np.flatnonzero(failing & blocks & ~self._refused)
            self._refuse_rows(rule.name, rows, self._row_reasons(rule, frame, rows))
            self._tell_first(rule, frame, np.flatnonzero(failing), details, Counts(checked, failed, details))
        self._add_results(rule, Counts(checked, failed, details), error)

    def add_delivery_rule(self, rule: Rule, frame: pd.DataFrame, failing: Mask, error: str | None) -> None:
        """A rule over whole deliveries: `DOUBT_RULES` protect what is stored, the others refuse all points."""
        checked, counted = (frame[column].to_numpy(dtype=np.int64) for column in _COUNTED[rule.name])
        wrong = checked - counted if rule.name in ("volume", "complete") else counted
        failed = np.where(failing, np.maximum(wrong, 1), 0) if error is None else np.zeros_like(checked)
        details = np.full(len(checked), "", dtype=object)
        metrics = np.flatnonzero(failed)
        rows = frame.iloc[metrics].to_dict("records") if len(metrics) else []
        for metric, row in zip(metrics, rows, strict=True):
            details[metric] = wording.delivery_reason(
                rule.name, row, self._delivery.definitions[metric], self._calendar
            )
        self._add_results(rule, Counts(checked, failed, details), error)
        if error is None:
            self._hold(rule, metrics, details)

    def add_extra(self, metric: int, name: str, extra: Extra, rows: Ints, outcome: Outcome | None) -> None:
        """A custom expectation on the fit `rows` of one metric; no outcome where there were none."""
        told, severity = str(self._delivery.thresholds.ids[metric]), extra.severity
        if outcome is None:
            self._extras.append(extra_result(told, name, severity, "skipped", 0, 0, _NO_ROWS))
        elif outcome.success:
            self._extras.append(extra_result(told, name, severity, "passed", len(rows), 0, ""))
        elif outcome.failed_positions:
            failing = rows[np.array(outcome.failed_positions)]
            reasons = wording.extra_row_reasons(name, failing, self._delivery, self._metrics, self._calendar)
            detail = wording.first_of(reasons[0], len(failing), len(rows))
            self._extras.append(extra_result(told, name, severity, "failed", len(rows), len(failing), detail))
            if severity == "block":
                self._refuse_rows(name, failing, reasons)
        else:
            self._add_whole_extra(metric, name, extra, rows, outcome)

    def fit_rows(self, metric: int) -> Ints:
        """The rows of a metric that no rule over rows refuses, in the order of dimensions and period."""
        rows = np.flatnonzero((self._delivery.metric == metric) & ~self._refused)
        members, _ = pd.factorize(self._delivery.points["dimensions"].iloc[rows], sort=True)
        return rows[np.lexsort((self._delivery.period[rows], members))]

    def verdict(self) -> Verdict:
        """The sum of it."""
        held, doubted = self._metrics_among(self._whole), self._metrics_among(self._doubted)
        held_rows, doubted_rows = self._delivery.per_row(held), self._delivery.per_row(doubted)
        told, known = delivered_values(self._delivery), self._delivery.known
        self._refused &= ~(doubted_rows & known)
        self._refuse_deliveries(self._doubted, np.flatnonzero(doubted_rows & told & ~known & ~self._refused))
        open_rows = held_rows & told & ~self._refused & ~self._unchanged(held) & ~(doubted_rows & known)
        self._refuse_deliveries(self._whole, np.flatnonzero(open_rows))
        return Verdict(
            results=gathered(self._results, self._extras),
            refused=self._refused_frame(),
            accepted=pd.Series(~self._refused & ~held_rows & ~doubted_rows, index=self._delivery.points.index),
            keep_missing=frozenset(str(name) for name in self._delivery.thresholds.ids[held | doubted]),
        )

    def _metrics_among(self, causes: Mapping[int, tuple[str, str]]) -> Mask:
        chosen = np.zeros(len(self._delivery.thresholds.ids), dtype=bool)
        chosen[list(causes)] = True
        return chosen

    def _add_results(self, rule: Rule, counts: Counts, error: str | None) -> None:
        thresholds = self._delivery.thresholds
        told = None if error is None else wording.errored_reason(rule.name, error)
        self._results.append(rule_results(rule, thresholds, counts, _IDLE.get(rule.name, _NO_ROWS), told))
        if told is not None:
            metrics = np.flatnonzero(counts.checked > 0)
            self._hold(rule, metrics, np.full(len(counts.checked), told, dtype=object))

    def _hold(self, rule: Rule, metrics: Ints, reasons: Texts) -> None:
        """Refuse whole deliveries where a rule blocks."""
        metrics = metrics[self._delivery.thresholds.blocking(rule.setting)[metrics]]
        causes = self._doubted if rule.name in DOUBT_RULES else self._whole
        for metric in metrics:
            causes.setdefault(int(metric), (rule.name, reasons[metric]))

    def _add_whole_extra(self, metric: int, name: str, extra: Extra, rows: Ints, outcome: Outcome) -> None:
        told, count = str(self._delivery.thresholds.ids[metric]), len(rows)
        if outcome.error is not None:
            reason = wording.errored_reason(name, outcome.error)
            self._extras.append(extra_result(told, name, extra.severity, "errored", 0, 0, reason))
        else:
            reason = wording.extra_reason(name, outcome.observed)
            self._extras.append(extra_result(told, name, extra.severity, "failed", count, count, reason))
        if extra.severity == "block":
            self._whole.setdefault(metric, (name, reason))

    def _tell_first(self, rule: Rule, frame: pd.DataFrame, rows: Ints, details: Texts, counts: Counts) -> None:
        """Fill in the details of the metrics that fail with the sentence on their first failing row."""
        rows = rows[self._order(rows)]
        rows = rows[np.argsort(self._delivery.period[rows], kind="stable")]
        metrics, firsts = np.unique(self._delivery.metric[rows], return_index=True)
        for metric, reason in zip(metrics, self._row_reasons(rule, frame, rows[firsts]), strict=True):
            details[metric] = wording.first_of(reason, int(counts.failed[metric]), int(counts.checked[metric]))

    def _row_reasons(self, rule: Rule, frame: pd.DataFrame, rows: Ints) -> list[str]:
        return wording.row_reasons(rule, frame, rows, self._delivery, self._metrics, self._calendar)

    def _refuse_rows(self, rule: str, rows: Ints, reasons: list[str]) -> None:
        self._refused[rows] = True
        self._rank[rows] = len(self._results) + len(self._extras)
        self._rule[rows] = rule
        self._reason[rows] = reasons

    def _refuse_deliveries(self, causes: Mapping[int, tuple[str, str]], rows: Ints) -> None:
        if len(rows):
            told = [causes[metric] for metric in self._delivery.metric[rows]]
            self._refuse_rows("", rows, [reason for _, reason in told])
            self._rule[rows] = [rule for rule, _ in told]

    def _unchanged(self, held: Mask) -> Mask:
        """The points of some metrics that the store already has just so."""
        same = np.zeros(len(self._delivery.points), dtype=bool)
        rows = np.flatnonzero(held[self._delivery.metric])
        if len(rows):
            stored = self._delivery.history[["value", "weight"]].set_axis(self._delivery.stored_key)
            before = (
                stored[~stored.index.duplicated(keep="last")].reindex(self._delivery.key[rows]).to_numpy(dtype=float)
            )
            now = self._delivery.points[["value", "weight"]].iloc[rows].to_numpy(dtype=float)
            same[rows] = ((before == now) | (np.isnan(before) & np.isnan(now))).all(axis=1) & self._delivery.keyed[rows]
        return same

    def _order(self, rows: Ints) -> Ints:
        """The order of some rows by dimensions, period, value and text: the same however they were delivered."""
        return np.asarray(
            self._delivery.points[["dimensions", "period_start", "value", "raw_value"]]
            .iloc[rows]
            .reset_index(drop=True)
            .astype({"raw_value": "str"})
            .sort_values(["dimensions", "period_start", "value", "raw_value"], kind="stable")
            .index.to_numpy()
        )

    def _refused_frame(self) -> pd.DataFrame:
        rows = np.flatnonzero(self._refused)
        points = self._delivery.points.iloc[rows]
        frame = points[[column for column in REFUSED if column in points]].reset_index(drop=True)
        frame = frame.assign(rule=self._rule[rows], reason=self._reason[rows], rank=self._rank[rows])
        if len(frame) > 1:
            frame["text"] = frame["raw_value"].astype("str")
            frame = frame.sort_values([*SERIES_KEY, "rank", "value", "text"], kind="stable")
            frame = frame.drop_duplicates(list(SERIES_KEY))
        return frame[list(REFUSED)].reset_index(drop=True)
