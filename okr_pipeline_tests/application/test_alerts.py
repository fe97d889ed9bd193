"""Alerts through the store: what a run tells of key results that have fallen behind."""

from datetime import UTC, datetime, timedelta

from okr_pipeline.application.alerts import raise_alerts
from okr_pipeline.application.observing import observe
from okr_pipeline.application.runs import Run
from okr_pipeline_tests.projects import OKRS, Small

MEASURED = "        metric: signups\n        measure: {accumulate: {to: 900}}\n"
STEPS = "        measure: {milestones: [{title: One, due: 2026-01-28}, {title: Two}]}\n"


def test_what_has_no_metric_is_new_once_a_day_however_often_it_is_looked_at(small: Small) -> None:
    small.put("okrs/q1.yaml", OKRS.replace(MEASURED, STEPS))
    workspace = small.open()
    observe(workspace, "sheets", run=Run("read", workspace.as_of()))
    morning = datetime(2026, 1, 29, 6, tzinfo=UTC)
    hours = [*range(5), 24, 30, 48, 54]
    opened = [raise_alerts(workspace, Run(f"run-{hour}", morning + timedelta(hours=hour))).opened for hour in hours]
    assert [hour for hour, told in zip(hours, opened, strict=True) if told] == [48]
    transitions = workspace.store.alert_transitions()
    assert transitions["to_state"].tolist() == ["pending", "firing"]
