"""A read is doubted where it contradicts what is stored, and believed where it corrects a little."""

import numpy as np
import pandas as pd
import pytest

from okr_pipeline.model.calendar import Duration
from okr_pipeline.model.metric import Limit

STORED = np.arange(100.0, 120.0)


def read(bench, values, *, start="2013-05-01", **options):
    """The twenty days stored from 1 May on, read again as other values; the read window ends on 1 June."""
    return bench.judge(bench.points(values, start=start), bench.history(STORED, start="2013-05-01"), **options)


def rule_of(verdict, name):
    rows = verdict.results.query("rule == @name")
    return rows["status"].iloc[0] if len(rows) else "passed"


@pytest.mark.parametrize(("lost", "status"), [(2, "passed"), (4, "passed"), (5, "failed"), (15, "failed")])
def test_a_read_may_lose_a_fifth_of_what_is_stored(bench, lost, status):
    bench.metric(restated=None)
    points = pd.concat([bench.points(STORED[lost:], start=str(pd.Timestamp("2013-05-01") + pd.Timedelta(days=lost)))])
    verdict = bench.judge(points, bench.history(STORED, start="2013-05-01"))
    assert rule_of(verdict, "volume") == status
    assert verdict.keep_missing == ({"flights"} if status == "failed" else set())


def test_of_a_doubted_read_nothing_new_is_taken_and_what_is_stored_stays(bench):
    bench.metric()
    verdict = read(bench, [*STORED[10:] + 1, 500.0], start="2013-05-11")
    assert not verdict.accepted.any()
    assert verdict.refused["period_start"].dt.day.tolist() == [21]
    assert verdict.refused["rule"].tolist() == ["volume"]
    assert "brings only 10 of the 20 values" in verdict.refused["reason"].iloc[0]


def test_a_stored_value_stays_where_the_doubted_one_is_refused_by_itself(bench):
    bench.metric(minimum=Limit(0))
    verdict = read(bench, [*-STORED, -1.0])
    assert verdict.refused["period_start"].dt.day.tolist() == [21]
    assert not verdict.accepted.any()


def test_a_read_that_ends_before_what_is_stored_is_an_old_copy(bench):
    bench.metric(restated=None)
    verdict = read(bench, STORED[:18])
    assert rule_of(verdict, "volume") == "failed"
    assert "from 2013-05-19 on, did not come" in verdict.results.set_index("rule").loc["volume", "detail"]


@pytest.mark.parametrize("factor", [1.08, 1.01, 0.5, 100, -1])
def test_values_that_were_all_multiplied_by_one_number_mean_something_else(bench, factor):
    bench.metric(restated=None)
    verdict = read(bench, STORED * factor)
    assert rule_of(verdict, "rewritten") == "failed"
    assert not verdict.accepted.any()
    assert verdict.refused.empty


def test_values_that_grow_while_they_are_open_are_believed(bench):
    bench.metric(restated=None)
    grown = STORED.copy()
    grown[-3:] *= [1.1, 1.4, 2.5]
    assert read(bench, grown).accepted.all()


@pytest.mark.parametrize(("changed", "limit", "status"), [
    (3, 0.1, "passed"), (4, 0.1, "failed"), (4, 0.5, "passed"), (1, 0.0, "failed"), (0, 0.0, "passed"),
])  # fmt: skip
def test_of_settled_values_a_share_may_change(bench, changed, limit, status):
    metric = bench.metric(restated=Limit(limit))
    assert metric.settled_after == Duration(7, "days")
    values = STORED.copy()
    values[:changed] += np.arange(1, changed + 1)
    assert rule_of(read(bench, values), "restated") == status


def test_a_settled_value_that_is_gone_has_changed(bench):
    bench.metric(restated=Limit(0.0), volume=None)
    assert rule_of(read(bench, STORED[1:], start="2013-05-02"), "restated") == "failed"


def test_what_is_not_settled_may_change(bench):
    bench.metric(restated=Limit(0.0))
    values = STORED.copy()
    values[-7:] += 1.5
    assert rule_of(read(bench, values), "restated") == "passed"


def test_a_metric_that_was_redefined_is_not_compared(bench):
    bench.metric()
    assert read(bench, STORED * 100, redefined={"flights"}).accepted.all()


def test_a_file_read_whole_is_compared_from_its_first_row_on(bench):
    bench.metric(restated=None)
    early = bench.points([100.0], start="2013-04-11")
    history = bench.history(STORED, start="2013-04-11")
    points = pd.concat([early, bench.points(STORED[-1:], start="2013-04-30")], ignore_index=True)
    assert rule_of(bench.judge(points, history), "volume") == "skipped"
    assert rule_of(bench.judge(points, history, whole={"flights"}), "volume") == "failed"


@pytest.mark.parametrize(("count", "status"), [(20, "passed"), (21, "failed")])
def test_members_never_seen_are_counted(bench, count, status):
    bench.metric()
    history = bench.history([5.0], start="2013-05-01", dimensions='{"carrier":"AA"}')
    known = bench.points([5.0], dimensions='{"carrier":"AA"}')
    new = [bench.points([1.0], dimensions=f'{{"carrier":"X{number}"}}') for number in range(count)]
    assert rule_of(bench.judge(pd.concat([known, *new], ignore_index=True), history), "new_members") == status
