from datetime import UTC, datetime

import pandas as pd

AS_OF = pd.Timestamp(datetime(2013, 5, 18, 4, tzinfo=UTC))


NO_TRANSITIONS = pd.DataFrame(columns=["episode", "key_result", "rule", "from_state", "to_state", "as_of", "reason"])


def states(*streaks, as_of=AS_OF):
    row = {
        "rule": "behind", "state": "firing", "last_evaluated_as_of": as_of, "last_period_end": pd.NaT, "since": AS_OF,
        "episode": "e",
    }  # fmt: skip
    return pd.DataFrame([row | {"key_result": f"c/{n}", "streak": streak} for n, streak in enumerate(streaks)])


def steps(as_of=AS_OF):
    row = {"episode": "e", "key_result": "c/0", "rule": "behind", "as_of": as_of, "reason": None}
    changes = [("ok", "pending"), ("pending", "firing")]
    return pd.DataFrame([row | {"from_state": before, "to_state": after} for before, after in changes])


def test_states_are_kept_per_key_result_and_rule_and_moved_by_later_evaluations_only(store):
    def save(frame):
        store.write(lambda batch: batch.record_alerts(frame, NO_TRANSITIONS, run_id="r"))
        return store.alert_states()["streak"].tolist()

    later = AS_OF + pd.Timedelta(days=1)
    assert save(states(1, 2)) == [1, 2]
    assert save(states(1, 3)) == [1, 2]
    assert save(states(1, 3, as_of=later)) == [1, 3]
    assert save(states(9, 9)) == [1, 3]
    frame = store.alert_states()
    assert frame["since"].tolist() == [AS_OF, AS_OF]
    assert frame["last_period_end"].isna().all()


def test_transitions_are_appended_in_order(store):
    known = store.known_until()
    store.write(lambda batch: batch.record_alerts(states(1), steps(), run_id="r"))
    assert store.alert_transitions()["to_state"].tolist() == ["pending", "firing"]
    assert store.alert_transitions(known_at=known).empty


def test_two_runs_that_advanced_from_the_same_states_record_their_transitions_once(store):
    def record(frame, transitions):
        return store.write(lambda batch: batch.record_alerts(frame, transitions, run_id="r"))

    later = AS_OF + pd.Timedelta(days=1)
    both = pd.concat([steps(), steps(later)], ignore_index=True)
    assert record(states(1), steps()) == 2
    assert record(states(1), steps()) == 0
    assert record(states(2, as_of=later), both) == 2
    assert len(store.alert_transitions()) == 4


def test_what_was_open_is_told_as_of_any_instant_and_as_known_at_another(store):
    def step(before, after, days):
        at = AS_OF + pd.Timedelta(days=days)
        row = {"episode": "e", "key_result": "c/0", "rule": "behind", "as_of": at, "reason": None}
        transitions = pd.DataFrame([row | {"from_state": before, "to_state": after}])
        store.write(lambda batch: batch.record_alerts(states(1, as_of=at), transitions, run_id="r"))

    def told(days, known_at=None):
        found = store.open_alerts(AS_OF + pd.Timedelta(days=days), known_at)
        return [(row["state"], (row["since"] - AS_OF).days) for row in found.to_dict("records")]

    step("ok", "pending", 0)
    step("pending", "firing", 1)
    known = store.known_until()
    step("firing", "recovering", 5)
    step("recovering", "ok", 7)
    assert [told(days) for days in (-1, 0, 1, 4, 5, 6, 7, 99)] == [
        [], [], [("firing", 1)], [("firing", 1)], [("recovering", 1)], [("recovering", 1)], [], [],
    ]  # fmt: skip
    assert told(99, known) == [("firing", 1)]


def test_an_episode_is_open_since_it_began_to_fire_however_often_it_seemed_to_recover(store):
    def step(before, after, days, episode):
        at = AS_OF + pd.Timedelta(days=days)
        row = {"episode": episode, "key_result": "c/0", "rule": "behind", "as_of": at, "reason": None}
        transitions = pd.DataFrame([row | {"from_state": before, "to_state": after}])
        store.write(lambda batch: batch.record_alerts(states(1, as_of=at), transitions, run_id="r"))

    def since(days):
        return (store.open_alerts(AS_OF + pd.Timedelta(days=days))["since"].item() - AS_OF).days

    step("ok", "firing", 1, "first")
    step("firing", "recovering", 3, "first")
    step("recovering", "firing", 4, "first")
    assert [since(days) for days in (1, 3, 4, 5)] == [1, 1, 1, 1]
    step("firing", "ok", 6, "first")
    step("ok", "firing", 8, "second")
    step("firing", "recovering", 9, "second")
    assert [since(days) for days in (8, 9)] == [8, 8]
