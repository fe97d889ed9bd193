import math
import threading
from datetime import timedelta

import pandas as pd
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from okr_pipeline.model import frames
from okr_pipeline.model.frames import OBSERVATIONS
from okr_pipeline.store import open_store
from okr_pipeline.store.runs import Run


def record(store, points, **options):
    return store.write(lambda batch: (batch.record_observations(points, run_id="r"), batch.recorded_at), **options)


def values(frame):
    return {(row.metric, row.dimensions, row.period_start.day): row.value for row in frame.itertuples()}


def test_what_is_recorded_is_read_back_in_the_columns_of_the_contract(store, points):
    record(store, points({0: 1.5, 1: 0.1 + 0.2}, weight=3, flags="sampled"))
    frame = store.observations()
    assert tuple(frame.columns) == OBSERVATIONS
    assert frame["value"].tolist() == [1.5, 0.1 + 0.2]
    assert frame["weight"].tolist() == [3.0, 3.0]
    assert frame["flags"].tolist() == ["sampled", "sampled"]
    assert frame["revision"].tolist() == [1, 1]
    assert {str(frame[name].dtype) for name in ("period_start", "period_end", "recorded_at")} == {"datetime64[us, UTC]"}
    assert str(frame["value"].dtype) == "float64"


def test_values_are_observations_without_who_recorded_them_now_and_then(store, points):
    _, known = record(store, points({0: 1.5, 1: 2}, weight=3, flags="sampled"))
    record(store, points({0: 1.7, 1: None}))
    for known_at in (None, known):
        frame = store.observed_values(known_at=known_at)
        assert tuple(frame.columns) == frames.VALUES
        pd.testing.assert_frame_equal(frame, store.observations(known_at=known_at)[list(frames.VALUES)])


def test_each_revision_is_one_row_of_one_table(store, points):
    for value in (1, 2, 2, 3):
        record(store, points({0: value, 1: 9}, weight=5))
    assert count_rows(store) == {"observations": 2, "past_observations": 2, "stamps": 3}
    assert store.revisions()["revision"].tolist() == [1, 2, 3, 1]
    assert store.revisions()["weight"].tolist() == [5, 5, 5, 5]


def count_rows(store):
    with store._database.reading() as connection:
        return {
            name: connection.exec_driver_sql(f"SELECT count(*) FROM {name}").scalar_one()
            for name in ("observations", "past_observations", "stamps")
        }


def test_each_revision_tells_its_instant_and_its_run(store, points):
    """Also where one batch writes for two runs."""
    store.write(lambda batch: batch.start_run(Run("s", "run")))

    def both(batch):
        batch.record_observations(points({0: 2}), run_id="s")
        batch.record_observations(points({1: 2}), run_id="r")
        return batch.recorded_at

    first = record(store, points({0: 1, 1: 1}))[1]
    second = store.write(both)
    told = [(row.period_start.day, row.recorded_at, row.run_id) for row in store.revisions().itertuples()]
    assert told == [(1, first, "r"), (1, second, "s"), (2, first, "r"), (2, second, "r")]
    assert store.observations()["run_id"].tolist() == ["s", "r"]


def test_new_and_known_series_changed_and_unchanged_rows_may_come_together(store, points):
    record(store, pd.concat([points({0: 1, 1: 1}, metric="b")]))
    mixed = [
        points({0: 7, 2: math.nan}, metric="new"),
        points({0: 1, 1: 2, 2: 3}, metric="b"),
        points({0: 5}, metric="a"),
    ]
    assert record(store, pd.concat(mixed))[0] == 4
    assert values(store.observations()) == {
        ("a", "{}", 1): 5, ("b", "{}", 1): 1, ("b", "{}", 2): 2, ("b", "{}", 3): 3, ("new", "{}", 1): 7,
    }  # fmt: skip


@pytest.mark.postgres
def test_an_unchanged_read_leaves_less_than_a_kilobyte_in_the_log(postgres_url, points):
    """In a process that wrote nothing before, too: there is no table to be made first."""
    rows = points({day: float(day) for day in range(2_000)})

    def write():
        store = open_store(postgres_url)
        store.write(lambda batch: batch.record_observations(rows, run_id="r"))
        store.close()

    open_store(postgres_url).upgrade()
    write()
    before = logged(postgres_url)
    write()
    assert logged(postgres_url) - before < 1_000


def logged(url):
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        return int(connection.exec_driver_sql("SELECT pg_current_wal_insert_lsn() - '0/0'").scalar_one())


@pytest.mark.postgres
def test_a_change_that_a_writer_out_of_turn_makes_meanwhile_is_not_written_over(postgres_url, points):
    """Somebody else's program, that knows of no turns; the write is done again on what that left."""
    store = open_store(postgres_url, sleep=lambda seconds: None)
    store.upgrade()
    record(store, points({0: 1}))
    writer = threading.Thread(target=record, args=(store, points({0: 3})))
    engine = sa.create_engine(postgres_url, poolclass=sa.NullPool)
    with engine.connect() as intruder, intruder.begin():
        intruder.exec_driver_sql("UPDATE observations SET value = 7, revision = 2")
        writer.start()
        while writer.is_alive() and not waits_for_a_lock(engine):
            pass
    writer.join()
    assert store.revisions()[["value", "revision"]].to_numpy().tolist() == [[7, 2], [3, 3]]
    store.close()


def waits_for_a_lock(engine):
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with engine.connect() as connection:
        return connection.exec_driver_sql(waiting).scalar_one() > 0


def test_rows_come_sorted_by_metric_dimensions_and_period_whatever_the_order_of_writing(store, points):
    record(store, points({1: 1, 0: 2}, metric="z"))
    record(store, points({0: 3}, metric="a", dimensions='{"x":"é"}'))
    record(store, points({0: 4}, metric="a", dimensions='{"x":"B"}'))
    frame = store.observations()
    assert frame[["metric", "dimensions"]].agg("".join, axis=1).tolist() == ['a{"x":"B"}', 'a{"x":"é"}', "z{}", "z{}"]
    assert frame["value"].tolist() == [4, 3, 2, 1]


def test_an_unchanged_read_writes_nothing(store, points):
    record(store, points({0: 1, 1: 2}, weight=1))
    before = store.dump()
    assert record(store, points({1: 2, 0: 1}, weight=1))[0] == 0
    assert store.dump() == before


@pytest.mark.parametrize(
    "again",
    [
        pytest.param({"values": {0: 1.0000000000000002}}, id="one bit of the value"),
        pytest.param({"values": {0: 1}, "weight": 2}, id="the weight"),
        pytest.param({"values": {0: 1}, "flags": "sampled"}, id="the flags"),
        pytest.param({"values": {0: math.nan}}, id="no value any more"),
    ],
)
def test_a_difference_is_a_new_revision_and_the_old_one_stays(store, points, again):
    record(store, points({0: 1}, weight=1))
    again = {"weight": 1, **again}
    assert record(store, points(again.pop("values"), **again))[0] == 1
    assert store.observations()["revision"].tolist() == [2]
    assert store.revisions()["revision"].tolist() == [1, 2]
    assert store.revisions()["value"].tolist()[0] == 1


def test_no_value_where_there_was_none_is_nothing(store, points):
    assert record(store, points({0: math.nan}))[0] == 0
    assert store.observations().empty


def test_a_withdrawn_observation_stays_with_no_value_and_is_withdrawn_once(store, points):
    record(store, points({0: 1, 1: 2}, weight=5))
    keys = points({0: 0, 7: 0})[["metric", "dimensions", "period_start"]]
    assert store.write(lambda batch: batch.withdraw(keys, run_id="r")) == 1
    assert store.write(lambda batch: batch.withdraw(keys, run_id="r")) == 0
    frame = store.observations()
    assert frame["value"].isna().tolist() == [True, False]
    assert frame["weight"].isna().tolist() == [True, False]


def test_the_same_key_may_change_twice_in_one_batch(store, points):
    def work(batch):
        return [batch.record_observations(points({0: value}), run_id="r") for value in (1, 2, 2)]

    assert store.write(work) == [1, 1, 0]
    assert store.observations()["value"].tolist() == [2]
    assert store.revisions()["value"].tolist() == [1, 2]


def test_reads_are_limited_by_metric_and_by_period_start_half_open(store, points):
    record(store, pd.concat([points({0: 1, 1: 2, 2: 3}, metric=metric) for metric in ("a", "b")]))
    start = points({1: 0})["period_start"][0].to_pydatetime()
    frame = store.observations(metrics=["b", "unknown"], start=start, end=start + timedelta(days=1))
    assert values(frame) == {("b", "{}", 2): 2.0}
    assert store.observations(metrics=[]).empty
    assert tuple(store.observations(metrics=[]).columns) == OBSERVATIONS


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(lambda frame: pd.concat([frame, frame]), "two rows", id="one key twice"),
        pytest.param(lambda frame: frame.assign(period_start=pd.NaT), "period_start", id="no period"),
        pytest.param(
            lambda frame: frame.assign(period_start=frame["period_start"].dt.tz_localize(None)), "time zone", id="naive"
        ),
        pytest.param(lambda frame: frame.assign(dimensions=None), "dimensions", id="no dimensions"),
    ],
)
def test_rows_that_are_no_observations_are_refused(store, points, spoil, says):
    with pytest.raises(ValueError, match=says):
        record(store, spoil(points({0: 1})))
    assert store.observations().empty


def test_coverage_counts_distinct_periods_with_values(store, points):
    record(store, pd.concat([points({0: 1, 3: 1}, dimensions='{"x":"a"}'), points({3: 1}, dimensions='{"x":"b"}')]))
    record(store, points({0: math.nan}, dimensions='{"x":"a"}'))
    covered = store.observed_coverage()
    assert covered[["metric", "periods"]].to_dict("records") == [{"metric": "m", "periods": 1}]
    assert covered["first_period_start"][0].day == 4
    assert covered["newest_period_end"][0].day == 5


def test_the_reach_of_metrics_is_that_of_their_observations(store, points):
    """At any instant, in any stretch, of members that differ, of what was withdrawn since, and of what never had rows."""
    eu, us = '{"place":"eu"}', '{"place":"us"}'
    writes = [
        pd.concat([points({0: 1, 2: 3}, dimensions=eu), points({1: 2}, dimensions=us), points({5: 9}, metric="other")]),
        points({3: 4}, dimensions=us),
        points({3: math.nan}, dimensions=us),
        points({5: math.nan}, metric="other"),
        points({0: 7}, dimensions=eu),
    ]
    instants = [None, *(record(store, it)[1] for it in writes)]
    two, four, nine = points(dict.fromkeys([2, 4, 9], 0))["period_start"].tolist()
    noon = two + timedelta(hours=12)  # within a period, which has not ended by then
    stretches = [(None, None), (two, None), (None, two), (None, noon), (two, four), (four, None), (nine, None)]
    asked = [([], None, None), *((names, *stretch) for names in (None, ["m"]) for stretch in stretches)]
    for instant in instants:
        rows = list(store.observations(known_at=instant).itertuples())
        for names, start, end in asked:
            selected = [
                row
                for row in rows
                if (names is None or row.metric in names)
                and (start is None or row.period_start >= start)
                and (end is None or row.period_end <= end)
            ]
            assert reached(store.observed_reach(names, start, end, instant)) == farthest(selected)


def farthest(rows):
    return {
        metric: (
            max(row.period_end for row in rows if row.metric == metric),
            max((row.period_end for row in rows if row.metric == metric and not math.isnan(row.value)), default=pd.NaT),
            max(row.recorded_at for row in rows if row.metric == metric),
        )
        for metric in {row.metric for row in rows}
    }


def reached(frame):
    """By metric; what is missing is the one NaT, which is equal to itself in a tuple."""
    columns = [frame[name].tolist() for name in ("newest_period_end", "newest_value_end", "recorded_at")]
    return dict(zip(frame["metric"], zip(*columns, strict=True), strict=True))


KEYS = st.tuples(st.sampled_from(["{}", '{"x":"a"}', '{"x":"b"}']), st.integers(0, 3))
VALUES = st.one_of(
    st.sampled_from([0.0, 1.0, 2.0]), st.just(math.nan), st.floats(allow_nan=False, allow_infinity=False)
)
EDITS = st.dictionaries(KEYS, VALUES, max_size=12)
HISTORIES = st.lists(st.tuples(EDITS, st.booleans()), min_size=1, max_size=6)


# Each example commits to a disk, so there are few, each read at all of its instants, and none is shrunk.
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(history=HISTORIES)
def test_any_history_is_known_at_any_instant_as_a_naive_model_knows_it(store, points, history):
    """Late, restated and withdrawn values, replayed; each example has a metric of its own."""
    metric = f"m{len(store.metric_states())}-{store.known_until()}"
    model, snapshots = {}, [(store.known_until(), {})]
    for drawn, withdraws in history:
        edits = dict.fromkeys(drawn, math.nan) if withdraws else drawn
        instant = apply(store, points, metric, edits, withdraws)
        model.update({key: value for key, value in edits.items() if key in model or not math.isnan(value)})
        snapshots.append((instant, dict(model)))
    for (at, expected), (after, _) in zip(snapshots, [*snapshots[1:], (None, None)], strict=True):
        for instant in (at, *([after - timedelta(microseconds=1)] if after else [])):
            assert same(known(store, metric, instant), expected)
    assert same(known(store, metric, None), model)


def apply(store, points, metric, edits, withdraws):
    parts = [points({day: value}, metric=metric, dimensions=dimensions) for (dimensions, day), value in edits.items()]
    frame = pd.concat(parts) if parts else points({})

    def work(batch):
        if withdraws:
            batch.withdraw(frame[["metric", "dimensions", "period_start"]], run_id="r")
        else:
            batch.record_observations(frame, run_id="r")
        return batch.recorded_at

    return store.write(work)


def known(store, metric, instant):
    frame = store.observations(metrics=[metric], known_at=instant)
    return {(row.dimensions, row.period_start.day - 1): row.value for row in frame.itertuples()}


def same(one, other):
    return one.keys() == other.keys() and all(
        one[key] == other[key] or (math.isnan(one[key]) and math.isnan(other[key])) for key in one
    )
