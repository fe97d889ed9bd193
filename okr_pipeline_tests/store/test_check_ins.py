"""Check-ins as they are kept: each thing said is one row, for ever."""

import pandas as pd
import pytest

from okr_pipeline.model.frames import CHECK_INS


def said(*rows):
    """CHECK_INS up to `finding`, and whether it is taken back: (author, value, and what else)."""
    usual = {
        "subject": "Q/kr",
        "on_date": "2026-01-09",
        "confidence": None,
        "note": None,
        "finding": None,
        "withdrawn": False,
    }
    made = [{**usual, "author": author, "value": value, **more} for author, value, more in rows]
    return pd.DataFrame(made).astype({"value": "f8", "confidence": "f8"})


def record(store, frame, origin="command"):
    return store.write(lambda batch: batch.record_check_ins(frame, origin=origin))


def values(frame):
    return dict(zip(frame["author"], frame["value"], strict=True))


def test_what_is_said_again_writes_nothing_and_what_is_corrected_appends(store):
    assert record(store, said(("a", 4.0, {"note": "four"}), ("b", 5.0, {}))) == 2
    assert record(store, said(("a", 4.0, {"note": "four"}), ("b", 5.0, {}))) == 0
    assert record(store, said(("a", 4.0, {"note": "four, really"}))) == 1
    assert store.check_ins()[["author", "revision", "note"]].to_numpy().tolist() == [
        ["a", 2, "four, really"],
        ["b", 1, None],
    ]
    assert store.check_in_revisions()["note"].tolist() == ["four", "four, really", None]
    assert list(store.check_ins().columns) == list(CHECK_INS)


def test_what_was_known_stays_known(store):
    record(store, said(("a", 4.0, {})))
    known = store.known_until()
    record(store, said(("a", 7.0, {}), ("b", 5.0, {})))
    assert values(store.check_ins()) == {"a": 7.0, "b": 5.0}
    assert values(store.check_ins(known_at=known)) == {"a": 4.0}


def test_what_is_taken_back_is_no_longer_said_and_can_be_said_anew(store):
    record(store, said(("a", 4.0, {"finding": "wind"})))
    assert record(store, said(("a", 4.0, {"withdrawn": True}))) == 1
    assert store.check_ins().empty
    assert record(store, said(("a", 4.0, {"withdrawn": True}))) == 0
    assert record(store, said(("a", 4.0, {}))) == 1
    revisions = store.check_in_revisions()
    assert revisions["withdrawn"].tolist() == [False, True, False]
    assert revisions["value"].isna().tolist() == [False, True, False]


def test_taking_back_what_nobody_said_writes_nothing(store):
    assert record(store, said(("a", 4.0, {"withdrawn": True}))) == 0
    assert store.check_in_revisions().empty


def test_a_correction_by_command_stays_until_its_file_changes(store):
    record(store, said(("a", 4.0, {})), "files")
    record(store, said(("a", 5.0, {})))
    assert record(store, said(("a", 4.0, {})), "files") == 0
    assert values(store.check_ins()) == {"a": 5.0}
    assert values(store.check_ins_of_files()) == {"a": 4.0}
    assert record(store, said(("a", 6.0, {})), "files") == 1
    assert values(store.check_ins()) == {"a": 6.0}
    assert store.check_in_revisions()["revision"].tolist() == [1, 2, 3]


def test_two_rows_for_one_key_are_an_error(store):
    with pytest.raises(ValueError, match="a has two check-ins for Q/kr on 2026-01-09"):
        record(store, said(("a", 4.0, {}), ("a", 5.0, {})))


def test_a_check_in_is_news_to_scores(store):
    before = store.changed_at()
    record(store, said(("a", 4.0, {})))
    assert store.changed_at() == store.known_until() != before


def test_bi_tools_see_the_newest_of_what_is_said(store):
    record(store, said(("a", 4.0, {}), ("b", 5.0, {})))
    record(store, said(("a", 6.0, {}), ("b", 5.0, {"withdrawn": True})))
    with store._database.reading() as connection:
        rows = connection.exec_driver_sql("SELECT author, value, revision, origin FROM check_ins").all()
    assert [tuple(row) for row in rows] == [("a", 6.0, 2, "command")]


def test_a_doctor_finds_nothing_wrong_with_check_ins(store):
    record(store, said(("a", 4.0, {})))
    assert {finding.status for finding in store.doctor()} == {"ok"}
