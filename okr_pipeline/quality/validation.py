"""Judging a delivery.

Belongs here: the order of the steps. Does not: the steps, or what comes of their findings.
"""

from collections.abc import Collection, Mapping
from datetime import datetime

import numpy as np
import pandas as pd

from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.metric import Extra, Metric
from okr_pipeline.quality.absences import add_absences
from okr_pipeline.quality.comparing import add_neighbours, add_totals
from okr_pipeline.quality.completeness import Windows, observed_columns
from okr_pipeline.quality.contents import add_contents
from okr_pipeline.quality.delivery import Delivery, add_bounds, lay_out, row_frame
from okr_pipeline.quality.engine import Engine, Outcome
from okr_pipeline.quality.findings import Findings
from okr_pipeline.quality.repeats import add_repeats
from okr_pipeline.quality.restatement import restatement_columns
from okr_pipeline.quality.rules import (
    LATER_RULES,
    METRIC_RULES,
    NEIGHBOUR_RULES,
    ROW_RULES,
    Mask,
    Rule,
    failing_rows,
)
from okr_pipeline.quality.verdict import QualityError, Verdict

_UTC = Calendar()


def validate(
    points: pd.DataFrame,
    metrics: Mapping[str, Metric],
    history: pd.DataFrame,
    *,
    now: datetime,
    read_windows: Mapping[str, tuple[datetime, datetime]],
    calendar: Calendar = _UTC,
    whole: Collection[str] = (),
    redefined: Collection[str] = (),
) -> Verdict:
    """Judge delivered POINTS against what is expected of their metrics and against OBSERVATIONS known before.

    `read_windows` are the stretches `[start, end)` that were read, by metric; a metric that was read and delivered
    nothing is judged, too. `calendar` is the project's: it counts the periods that `complete` expects, and words the
    reasons. `whole` names metrics that were read whole, so that what lies before their window was asked for as well;
    `redefined` those whose values mean something else than those stored, so that the two are not compared.

    A blocking rule over rows refuses the rows that break it; of several, the first in the order of `ROW_RULES` is
    named. `unique` refuses every row of a key that came twice, equal values included. A null value is no observation
    and breaks nothing but `complete`. A blocking rule over a whole delivery (`complete`, a custom expectation that
    judges an aggregate) refuses all of the metric's points; so does a blocking rule that errored, for an unproven value
    is not a valid one. Rules that compare a delivery with what is stored (`DOUBT_RULES`) refuse what is new in it, and
    leave what is stored as it is: what is missing may not be taken for withdrawn, nor may changed values or nulls
    replace it. Custom expectations see the rows that the other rules accept, in the order
    of dimensions and period, in the columns of POINTS; those that judge rows refuse the rows that break them.

    The verdict does not depend on the order of the rows. Safe to call from several threads.

    Raises:
        QualityError: Great Expectations and the masks disagree about how many rows break a rule.
    """
    delivery = lay_out(points, metrics, history, read_windows)
    findings = Findings(delivery, metrics, calendar)
    if len(delivery.thresholds.ids):
        engine = Engine()
        _judge_rows(engine, delivery, row_frame(delivery, now), findings, calendar)
        windows = Windows.of(delivery, read_windows)
        restated = restatement_columns(delivery, windows, whole=whole, redefined=redefined)
        observed = observed_columns(delivery, metrics, windows, calendar)
        _judge_deliveries(engine, delivery, restated.join(observed), findings)
        _judge_extras(engine, delivery, metrics, findings)
    return findings.verdict()


def _judge_rows(
    engine: Engine, delivery: Delivery, frame: pd.DataFrame, findings: Findings, calendar: Calendar
) -> None:
    rules = [rule for rule in ROW_RULES if delivery.thresholds.in_force(rule.setting).any()]
    frame = add_bounds(add_contents(frame, delivery), delivery, rules)
    masks = {rule.name: failing_rows(rule, frame) for rule in rules if rule.name not in LATER_RULES}
    if any(delivery.thresholds.in_force(setting).any() for setting in NEIGHBOUR_RULES):
        frame = add_neighbours(frame, delivery, _refused(delivery, rules, masks), calendar)
        frame = add_bounds(frame, delivery, rules)
        masks |= {rule.name: failing_rows(rule, frame) for rule in rules if rule.setting in NEIGHBOUR_RULES}
        frame = add_absences(frame, delivery, _refused(delivery, rules, masks), calendar)
        masks |= {rule.name: failing_rows(rule, frame) for rule in rules if rule.column == "absence_z"}
        frame = add_totals(frame, delivery, _refused(delivery, rules, masks), calendar)
    frame = add_bounds(add_repeats(frame, delivery), delivery, rules)
    masks |= {rule.name: failing_rows(rule, frame) for rule in rules if rule.name in LATER_RULES}
    outcomes = _agreed(engine, frame, rules, masks)
    for rule in rules:
        findings.add_row_rule(rule, frame, masks[rule.name], outcomes[rule.name].error)


def _judge_deliveries(engine: Engine, delivery: Delivery, frame: pd.DataFrame, findings: Findings) -> None:
    rules = [rule for rule in METRIC_RULES if delivery.thresholds.in_force(rule.setting).any()]
    frame = _with_bounds(frame, delivery)
    masks = {rule.name: failing_rows(rule, frame) for rule in rules}
    outcomes = _agreed(engine, frame, rules, masks)
    for rule in rules:
        findings.add_delivery_rule(rule, frame, masks[rule.name], outcomes[rule.name].error)


def _with_bounds(frame: pd.DataFrame, delivery: Delivery) -> pd.DataFrame:
    """The frame with each metric's thresholds; twice as many members as are known may always be new."""
    limits = delivery.thresholds.limits[[rule.bound for rule in METRIC_RULES]]
    allowed = limits["new_members"].clip(lower=2 * frame["known_series"])
    return frame.join(limits.assign(new_members=allowed))


def _judge_extras(engine: Engine, delivery: Delivery, metrics: Mapping[str, Metric], findings: Findings) -> None:
    for metric_number in range(delivery.thresholds.known):
        also = metrics[delivery.thresholds.ids[metric_number]].expect.also
        if not also:
            continue
        extras = _named(also)
        rows = findings.fit_rows(metric_number)
        frame = delivery.points.iloc[rows].reset_index(drop=True)
        outcomes = engine.judge_extras(frame, extras) if len(rows) else {}
        for name, extra in extras.items():
            findings.add_extra(metric_number, name, extra, rows, outcomes.get(name))


def _refused(delivery: Delivery, rules: list[Rule], masks: Mapping[str, Mask]) -> Mask:
    """The rows that some blocking rule refuses."""
    refused = np.zeros(len(delivery.points), dtype=bool)
    for rule in rules:
        if rule.name in masks and masks[rule.name].any():
            refused |= masks[rule.name] & delivery.per_row(delivery.thresholds.blocking(rule.setting))
    return refused


def _agreed(engine: Engine, frame: pd.DataFrame, rules: list[Rule], masks: Mapping[str, Mask]) -> Mapping[str, Outcome]:
    """What Great Expectations says, which must be what the masks say. Rules with nothing to judge are met."""
    met = {rule.name: Outcome(success=True, failed_count=0) for rule in rules}
    judged = [rule for rule in rules if rule.column in frame] if len(frame) else []
    if not judged:
        return met
    outcomes = met | engine.judge_rules(frame, judged)
    for name, outcome in outcomes.items():
        counted = int(masks[name].sum())
        if outcome.error is None and outcome.failed_count != counted:
            raise QualityError(
                f"rule {name}: Great Expectations counts {outcome.failed_count} failing rows, its mask {counted}; "
                "none of this validation's results can be trusted: please report it with the versions of pandas and "
                "great_expectations"
            )
    return outcomes


def _named(also: tuple[Extra, ...]) -> dict[str, Extra]:
    """Custom expectations by class name, with a count from the second of a class on."""
    named: dict[str, Extra] = {}
    for extra in also:
        same = sum(other.type == extra.type for other in named.values())
        named[f"{extra.type} {same + 1}" if same else extra.type] = extra
    return named
