"""A rule that could not be judged proves nothing."""

from datetime import UTC, datetime

import pandas as pd
import pytest

from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.metric import Limit
from okr_pipeline.quality.delivery import add_bounds, lay_out, row_frame
from okr_pipeline.quality.engine import Engine
from okr_pipeline.quality.findings import Findings
from okr_pipeline.quality.rules import ROW_RULES, Rule, failing_rows

NOW = datetime(2013, 6, 1, tzinfo=UTC)


def rule(name):
    return next(rule for rule in ROW_RULES if rule.name == name)


def findings_of(bench, points):
    delivery = lay_out(points, bench.metrics, bench.history([]), {})
    frame = add_bounds(row_frame(delivery, NOW), delivery, ROW_RULES)
    return Findings(delivery, bench.metrics, Calendar()), frame


@pytest.mark.parametrize(("severity", "accepted"), [("block", False), ("warn", True)])
def test_an_errored_rule_is_not_failed_and_refuses_where_it_blocks(bench, severity, accepted):
    bench.metric("flights", minimum=Limit(0, severity))
    bench.metric("seats")
    points = pd.concat([bench.points([1, -2]), bench.points([3], metric="seats")], ignore_index=True)
    findings, frame = findings_of(bench, points)
    findings.add_row_rule(rule("minimum"), frame, failing_rows(rule("minimum"), frame), "it broke")
    verdict = findings.verdict()
    assert verdict.accepted.tolist() == [accepted, accepted, True]
    told = verdict.results.set_index("rule").loc["minimum"]
    assert (told["metric"], told["status"], told["rows_checked"], told["rows_failed"]) == ("flights", "errored", 0, 0)
    assert told["detail"] == "rule minimum errored and proves nothing: it broke; correct the rule"
    assert set(verdict.refused["rule"]) == (set() if accepted else {"minimum"})


def test_a_rule_that_raises_in_great_expectations_is_errored_and_the_others_are_not():
    broken = Rule("broken", "values", "within", "text", low=0.0)
    frame = pd.DataFrame({"text": ["a", "b"], "value": [1.0, -1.0], "minimum": 0.0})
    outcomes = Engine().judge_rules(frame, [broken, rule("minimum")])
    assert outcomes["broken"].error
    assert outcomes["broken"].failed_count is None
    assert (outcomes["minimum"].error, outcomes["minimum"].failed_count) == (None, 1)


@pytest.mark.parametrize("name", [rule.name for rule in ROW_RULES])
def test_each_rule_has_words(bench, name):
    bench.metric(
        minimum=Limit(0),
        maximum=Limit(1),
        max_change_ratio=Limit(1),
        monotonic="block",
        flat=Limit(1),
        anomaly=Limit(1),
        members={"carrier": ("AA",)},
    )
    findings, frame = findings_of(bench, bench.points([1, 2]))
    frame = frame.assign(absent=[('{"carrier":"AA"}',), None])
    extra = (
        "change",
        "reference",
        "increase",
        "previous",
        "run_length",
        "robust_z",
        "usual",
        "absence_z",
        "usual_absent",
        "total",
        "total_z",
        "usual_total",
        "anomaly",
        "flat",
        "max_change",
        "repeated",
        "repeated_share",
        "members",
        "unlisted",
        "monotonic",
    )
    frame = frame.assign(**{column: 1.0 for column in extra if column not in frame})
    findings.add_row_rule(rule(name), frame, pd.Series([True, False]).to_numpy(), None)
    assert len(findings.verdict().results["detail"].iloc[0]) > 40
