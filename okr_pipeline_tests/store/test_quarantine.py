import math

import pytest

from okr_pipeline.model.frames import QUARANTINE


def refuse(store, points, values, rule="max", raw_value=None, metric="m"):
    refused = points(values, metric=metric).assign(rule=rule, reason="too big", raw_value=raw_value)
    return store.write(lambda batch: (batch.quarantine(refused, run_id="r"), batch.recorded_at))


def test_a_refused_value_is_read_back_in_the_columns_of_the_contract(store, points):
    refuse(store, points, {0: 99, 1: math.nan}, raw_value="n/a")
    frame = store.quarantine()
    assert tuple(frame.columns) == QUARANTINE
    assert frame["rule"].tolist() == ["max", "max"]
    assert frame["raw_value"].tolist() == ["n/a", "n/a"]
    assert frame["value"].isna().tolist() == [False, True]


def test_the_same_value_refused_again_writes_nothing(store, points):
    refuse(store, points, {0: 99, 1: math.nan})
    before = store.dump()
    assert refuse(store, points, {0: 99, 1: math.nan})[0] == 0
    assert store.dump() == before


@pytest.mark.parametrize("again", [{"values": {0: 98}}, {"values": {0: 99}, "rule": "spike"}])
def test_another_value_or_rule_closes_the_row_and_opens_the_next(store, points, again):
    _, first = refuse(store, points, {0: 99})
    written, _ = refuse(store, points, **again)
    assert written == 1
    assert len(store.quarantine()) == 1
    assert store.quarantine()["value"].tolist() == [again["values"][0]]
    assert store.quarantine(known_at=first)[["value", "rule"]].to_dict("records") == [{"value": 99, "rule": "max"}]


def test_a_release_is_known_from_its_instant_on(store, points):
    before = store.known_until()
    _, refused = refuse(store, points, {0: 99, 1: 98})
    keys = points({0: 0, 5: 0})[["metric", "dimensions", "period_start"]]
    released, at = store.write(
        lambda batch: (batch.release(keys, resolution="replaced", run_id="r"), batch.recorded_at)
    )
    assert released == 1
    assert [len(store.quarantine(known_at=instant)) for instant in (before, refused, at)] == [0, 2, 1]
    assert store.quarantine()["value"].tolist() == [98]


def test_what_is_refused_of_some_metrics_and_not_replaced_is_counted(store, points):
    refuse(store, points, {0: 99, 1: 98})
    refuse(store, points, {0: 99}, metric="other")
    keys = points({0: 0})[["metric", "dimensions", "period_start"]]
    store.write(lambda batch: batch.release(keys, resolution="replaced", run_id="r"))
    counts = [store.open_quarantine(metrics) for metrics in (["m"], ["m", "other"], ["unknown"], [])]
    assert counts == [1, 2, 0, 0]


def test_a_released_value_can_be_refused_again(store, points):
    refuse(store, points, {0: 99})
    keys = points({0: 0})[["metric", "dimensions", "period_start"]]
    store.write(lambda batch: batch.release(keys, resolution="replaced", run_id="r"))
    assert refuse(store, points, {0: 99})[0] == 1
    assert len(store.quarantine()) == 1


def test_releasing_what_nobody_refused_is_nothing(store, points):
    keys = points({0: 0}, metric="unknown")[["metric", "dimensions", "period_start"]]
    assert store.write(lambda batch: batch.release(keys, resolution="replaced", run_id="r")) == 0
