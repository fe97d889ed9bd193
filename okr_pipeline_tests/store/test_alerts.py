from datetime import UTC, datetime

import pandas as pd

AS_OF = pd.Timestamp(datetime(2013, 5, 18, 4, tzinfo=UTC))


def states(*streaks):
    row = {
        "rule": "behind", "state": "firing", "last_evaluated_as_of": AS_OF, "last_period_end": pd.NaT, "since": AS_OF,
        "episode": "e",
    }  # fmt: skip
    return pd.DataFrame([row | {"key_result": f"c/{n}", "streak": streak} for n, streak in enumerate(streaks)])


def test_states_are_kept_per_key_result_and_rule_and_written_where_they_differ(store):
    def save(frame):
        return store.write(lambda batch: batch.save_alert_states(frame))

    assert [save(states(1, 2)), save(states(1, 2)), save(states(1, 3))] == [2, 0, 1]
    frame = store.alert_states()
    assert frame["streak"].tolist() == [1, 3]
    assert frame["since"].tolist() == [AS_OF, AS_OF]
    assert frame["last_period_end"].isna().all()


def test_transitions_are_appended_in_order(store):
    row = {"episode": "e", "key_result": "c/a", "rule": "behind", "as_of": AS_OF, "reason": None}
    steps = [("ok", "pending"), ("pending", "firing")]
    frame = pd.DataFrame([row | {"from_state": before, "to_state": after} for before, after in steps])
    known = store.known_until()
    store.write(lambda batch: batch.append_alert_transitions(frame, run_id="r"))
    assert store.alert_transitions()["to_state"].tolist() == ["pending", "firing"]
    assert store.alert_transitions(known_at=known).empty
