"""Alerts through the store: what a run tells of key results that have fallen behind."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

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


@pytest.mark.parametrize("left", [True, False], ids=["others are left", "none is left"])
def test_an_alert_of_what_was_taken_out_is_closed_once_and_for_every_reader(small: Small, *, left: bool) -> None:
    other = "      other:\n        title: Other\n        owner: ceo@small.example\n" + STEPS
    small.put("okrs/q1.yaml", OKRS + other)
    first = datetime(2026, 1, 29, 6, tzinfo=UTC)

    def told(day: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
        raised = raise_alerts(small.open(), Run(f"run-{day}", first + timedelta(days=day)))
        return raised.opened, raised.closed

    observe(small.open(), "sheets", run=Run("read", small.open().as_of()))
    assert [told(day) for day in range(3)] == [((), ()), ((), ()), (("2026-Q1/other",), ())]
    if left:
        small.put("okrs/q1.yaml", OKRS)
    else:
        (small.directory / "config/okrs/q1.yaml").unlink()
    assert [told(day) for day in (2, 3, 4)] == [((), ()), ((), ("2026-Q1/other",)), ((), ())]
    with sa.create_engine(small.store_url).connect() as connection:
        assert connection.execute(sa.text("SELECT key_result FROM open_alerts")).all() == []
    assert small.open().store.alert_transitions()["to_state"].tolist() == ["pending", "firing", "ok"]
