import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from pydantic import BaseModel

from connectors.contract import DataPointBatch, MetricRequest, ReadFailure, Window
from connectors.errors import ConfigError, ConnectorError, DataError, QuotaExhausted
from connectors.points import PlainRows, SharedRows, table
from connectors.reading import Asked, failure, read_concurrently

WINDOW = Window(datetime(2013, 3, 9, tzinfo=UTC), datetime(2013, 3, 11, tzinfo=UTC))
ROWS = pd.DataFrame({"period": ["2013-03-08", "2013-03-09", "2013-03-10"], "value": [1, 2, 3]})


class NoOptions(BaseModel):
    pass


def request(metric):
    return MetricRequest(metric, "day", "UTC", (), NoOptions())


@dataclass
class FakeFetch:
    metrics: str
    answer: pd.DataFrame | PlainRows | SharedRows | ConnectorError = field(default_factory=lambda: ROWS)
    whole: bool = False
    before: object = None

    @property
    def requests(self):
        return [request(metric) for metric in self.metrics]

    def fetch(self):
        if self.before:
            self.before()
        if isinstance(self.answer, ConnectorError):
            raise self.answer
        return self.answer

    def rows(self, answer, request):
        if request.metric.isupper():
            raise ConfigError("It has no rows. Write them.")
        return answer

    def flags(self, answer, request):
        return frozenset({"cached"} if self.whole else ())

    def asked(self, request):
        return Asked("rows", "print", whole=self.whole)


def read(*fetches, concurrency=2):
    outcomes = list(read_concurrently(fetches, WINDOW, concurrency))
    points = {
        metric: batch.points.loc[batch.points["metric"] == metric, "value"].tolist()
        for batch in outcomes
        if isinstance(batch, DataPointBatch)
        for metric in batch.evidence
    }
    return points, {found.metric: str(found.error) for found in outcomes if isinstance(found, ReadFailure)}


def test_a_failed_fetch_fails_its_metrics_and_no_other():
    points, failures = read(FakeFetch("ab", DataError("It is broken. Mend it.")), FakeFetch("c"))
    assert points == {"c": [2, 3]}
    assert failures == {"a": "Metric a: It is broken. Mend it.", "b": "Metric b: It is broken. Mend it."}


def test_a_failed_metric_fails_no_other_of_its_fetch():
    points, failures = read(FakeFetch("aBc"))
    assert points == {"a": [2, 3], "c": [2, 3]}
    assert failures == {"B": "Metric B: It has no rows. Write them."}


def test_rows_that_are_no_points_fail_their_metric():
    _, failures = read(FakeFetch("a", ROWS.drop(columns="value")))
    assert "no column value" in failures["a"]


def test_a_whole_answer_keeps_what_is_outside_the_window():
    points, _ = read(FakeFetch("a", whole=True))
    assert points == {"a": [1, 2, 3]}


def test_what_is_no_error_of_connectors_is_not_hidden():
    with pytest.raises(ZeroDivisionError):
        read(FakeFetch("a", before=lambda: 1 / 0))


def test_nothing_to_read_is_nothing_read():
    assert read() == ({}, {})


def test_at_most_so_many_fetches_run_at_a_time():
    running, most, lock = [], [], threading.Lock()
    pair = threading.Barrier(2, timeout=30)

    def together():
        with lock:
            running.append(1)
            most.append(len(running))
        pair.wait()
        with lock:
            running.pop()

    points, _ = read(*(FakeFetch(metric, before=together) for metric in "abcdefgh"), concurrency=2)
    assert (len(points), max(most)) == (8, 2)


def test_fetches_are_made_as_they_are_needed():
    """Ten thousand answers never wait in memory for one slow consumer."""
    made, many = [], pd.concat([ROWS] * 40_000)
    reading = read_concurrently((made.append(n) or FakeFetch("a", many) for n in range(100)), WINDOW, 2)
    next(reading)
    reading.close()
    assert len(made) <= 8


@pytest.mark.parametrize("shape", ["alike", "apart"])
def test_metrics_read_together_have_the_points_and_evidence_they_have_alone(shape):
    other = ROWS if shape == "alike" else ROWS.assign(value=["x", None, 2.5], weight=1)
    fetches = [FakeFetch("a"), FakeFetch("b", other[1:]), FakeFetch("c", ROWS[:0]), FakeFetch("d", ROWS, whole=True)]
    alone = {name: found for fetch in fetches for name, found in told([fetch]).items()}
    assert told(fetches) == alone
    assert set(alone) == set("abcd")


def test_plain_rows_are_the_points_that_a_frame_of_them_would_be():
    """Also beside each other, and beside a metric of none."""
    plain = PlainRows({"period": ["2013-03-09", "2013-03-10"], "value": [2**60, "n/a"], "weight": [None, 1.5]})
    without = PlainRows({"period": [], "value": [], "weight": []})
    answers = {"a": plain, "b": without, "c": plain}
    framed = {metric: table(rows.columns) for metric, rows in answers.items()}
    kinds = ([FakeFetch(metric, rows) for metric, rows in of.items()] for of in (answers, framed))
    of_plain, of_frames = map(told, kinds)
    assert of_plain == of_frames
    assert [count for _, count, _ in of_plain.values()] == [2, 0, 2]


def test_rows_of_a_shared_frame_are_the_points_that_a_frame_of_them_would_be():
    """Also of two shared frames, whose rows do not mix, and of a metric of none."""
    other = ROWS.assign(value=["x", None, 2.5])
    shared = {
        "a": SharedRows(ROWS, np.array([2, 1])),
        "b": SharedRows(other, np.array([1, 0, 2])),
        "c": SharedRows(ROWS, np.array([], dtype=np.intp)),
        "d": SharedRows(ROWS, np.array([0, 1, 2])),
    }
    framed = {metric: rows.frame.iloc[rows.places] for metric, rows in shared.items()}
    kinds = ([FakeFetch(metric, rows, whole=True) for metric, rows in of.items()] for of in (shared, framed))
    of_shared, of_frames = map(told, kinds)
    assert of_shared == of_frames
    assert {metric: count for metric, (_, count, _) in of_shared.items()} == {"a": 2, "b": 3, "c": 0, "d": 3}


def test_what_only_the_maker_of_rows_knows_of_their_quality_goes_with_them():
    rows = PlainRows({"period": ["2013-03-09"], "value": [1]}, frozenset({"incomplete"}))
    [batch] = read_concurrently([FakeFetch("a", rows, whole=True)], WINDOW, 1)
    assert batch.flags == {"a": {"cached", "incomplete"}}


def test_one_metric_whose_rows_are_no_points_takes_no_other_with_it():
    broken = ROWS.assign(period=["2013-03-08", "soon", "2013-03-10"])
    points, failures = read(FakeFetch("a"), FakeFetch("b", broken), FakeFetch("c"))
    assert points == {"a": [2, 3], "c": [2, 3]}
    assert failures["b"].startswith("Metric b: Row 2 has the period 'soon'")


def told(fetches):
    """By metric, its points as text, how many rows it had and their hash."""
    return {
        metric: (
            batch.points[batch.points["metric"] == metric].to_csv(index=False),
            proof.row_count,
            proof.response_hash,
        )
        for batch in read_concurrently(fetches, WINDOW, 2)
        for metric, proof in batch.evidence.items()
    }


def test_a_reader_who_leaves_cancels_what_still_runs():
    """Before it is waited for: a query that nobody wants could take until its timeout."""
    started, cancelled = threading.Event(), threading.Event()

    def endless():
        started.set()
        if not cancelled.wait(30):
            pytest.fail("it was waited for")

    fetches = [FakeFetch("a", DataError("It is broken. Mend it.")), FakeFetch("b", before=endless)]
    reading = read_concurrently(fetches, WINDOW, 2, cancelled.set)
    next(reading)
    assert started.wait(30)
    reading.close()
    assert cancelled.is_set()


def test_nothing_is_cancelled_where_all_has_arrived():
    cancelled = []
    assert len(list(read_concurrently([FakeFetch("a")], WINDOW, 2, lambda: cancelled.append(1)))) == 1
    assert cancelled == []


def test_what_a_source_says_of_quality_goes_with_the_values():
    batches = list(read_concurrently([FakeFetch("a", whole=True), FakeFetch("b")], WINDOW, 2))
    flags = {metric: flag for batch in batches for metric, flag in batch.flags.items()}
    assert flags == {"a": frozenset({"cached"})}


def test_a_named_failure_keeps_its_kind_and_what_it_knows():
    until = datetime(2013, 3, 10, tzinfo=UTC)
    error = QuotaExhausted("The source is full. Wait.", until)
    named = failure(request("a"), error).error
    assert (type(named), named.until, str(named)) == (QuotaExhausted, until, "Metric a: The source is full. Wait.")
    assert str(error) == "The source is full. Wait."
