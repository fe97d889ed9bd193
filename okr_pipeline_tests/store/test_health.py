from datetime import UTC, date, datetime

import pandas as pd
from sqlalchemy import text

from okr_pipeline.model.frames import METRIC_HEALTH

AS_OF = datetime(2013, 5, 18, 4, tzinfo=UTC)
STAMP = {"as_of": AS_OF, "as_of_date": date(2013, 5, 17), "known_at": AS_OF, "run_id": "r", "config_version": "v"}


def health(*values):
    row = dict.fromkeys(METRIC_HEALTH) | {
        "dimensions": "{}", "state": "breach", "provisional": False, "noise": False, "periods_in_row": 1,
        "period_start": pd.Timestamp(AS_OF), "high": 15.0,
    }  # fmt: skip
    return pd.DataFrame([row | {"metric": f"m{n}", "value": value} for n, value in enumerate(values)])


def event(kind, metric="m", review="one", since=AS_OF):
    row = {
        "review": review, "metric": metric, "dimensions": "{}", "event": kind, "since": since, "as_of": AS_OF,
        "value": 20.0, "low": None, "high": 15.0, "signal": "none", "reason": kind,
    }  # fmt: skip
    return pd.DataFrame([row]).astype({"low": "f8"})


def test_health_is_recorded_where_it_is_new_for_its_date_and_read_as_it_was_known(store):
    def record(frame):
        return store.write(lambda batch: batch.record_metric_health(frame, **STAMP))

    assert record(health(1.0, 2.0)) == 2
    assert record(health(1.0, 2.0)) == 0
    known = store.known_until()
    assert record(health(1.0, 3.0)) == 1
    assert store.metric_health()["value"].tolist() == [1.0, 3.0]
    assert store.metric_health(known_at=known)["value"].tolist() == [1.0, 2.0]
    assert store.metric_health(date(2013, 5, 16)).empty
    assert store.metric_health()["revision"].tolist() == [1, 2]


def test_when_anything_of_a_date_was_recorded_last_is_told(store):
    assert store.recorded_of(date(2013, 5, 17)) is None
    store.write(lambda batch: batch.record_metric_health(health(1.0), **STAMP))
    recorded_at = store.known_until()
    store.write(lambda batch: batch.record_metric_health(health(1.0), **STAMP))
    assert store.recorded_of(date(2013, 5, 17)) == recorded_at < store.known_until()
    assert store.recorded_of(date(2013, 5, 16)) is None


def test_a_review_is_open_until_its_newest_event_closes_it(store):
    def record(frame):
        store.write(lambda batch: batch.record_review_events(frame, run_id="r"))
        return store.open_reviews()["review"].tolist()

    assert store.open_reviews().empty
    assert record(event("opened")) == ["one"]
    assert record(event("opened", metric="other", review="two")) == ["one", "two"]
    assert record(event("closed")) == ["two"]
    assert record(event("opened")) == ["one", "two"]
    assert store.review_events()["event"].tolist() == ["opened", "opened", "closed", "opened"]


def test_the_views_show_the_newest_health_and_each_review_with_its_end(store):
    def work(batch):
        batch.record_metric_health(health(1.0), **STAMP)
        batch.record_metric_health(health(4.0), **STAMP)
        for kind in ("opened", "closed", "opened"):
            batch.record_review_events(event(kind), run_id="r")

    store.write(work)
    with store._database.reading() as connection:
        told = connection.execute(text("SELECT metric, value, high, state FROM metric_health")).all()
        reviews = connection.execute(
            text(
                "SELECT review, closed_because, closed_as_of IS NULL FROM metric_reviews ORDER BY opened_at, closed_at"
            )
        ).all()
    assert [tuple(row) for row in told] == [("m0", 4.0, 15.0, "breach")]
    assert {(because, bool(still)) for _, because, still in reviews} == {("closed", False), (None, True)}


def test_a_change_of_reviews_is_a_change_that_scorecards_are_made_of(store):
    before = store.changed_at()
    store.write(lambda batch: batch.record_review_events(event("opened"), run_id="r"))
    assert before is None
    assert store.changed_at() == store.known_until()
