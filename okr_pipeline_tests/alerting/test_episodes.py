"""When an episode opens, holds and closes."""

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from okr_pipeline.alerting import STATES, TRANSITIONS, advance

FIRST = pd.Timestamp("2013-04-02T04:00", tz="UTC")
BEHIND, BETWEEN, CLEAR = ("behind", 0.6), ("at_risk", 0.75), ("at_risk", 0.78)
ON_TRACK, UNKNOWN = ("on_track", 0.95), ("unknown", None)


def statuses(seen, key_result="q/a", intent="committed", ends=None):
    """Evaluations at successive day ends; `ends` gives the day whose end each value is of, else each its own."""
    days = [FIRST + pd.Timedelta(days=day) for day in range(len(seen))]
    ends = days if ends is None else [pd.NaT if end is None else FIRST + pd.Timedelta(days=end) for end in ends]
    return pd.DataFrame(
        {
            "key_result": key_result,
            "as_of": pd.DatetimeIndex(days).as_unit("us"),
            "status": [status for status, _ in seen],
            "pace_ratio": np.array([ratio for _, ratio in seen], dtype=float),
            "progress": 0.3,
            "value_period_end": pd.DatetimeIndex(ends, tz="UTC").as_unit("us"),
            "intent": intent,
            "reason": None,
        }
    )


def spans(observations=91, *key_results, closes=None):
    names = key_results or ("q/a",)
    closing = pd.DatetimeIndex([closes] * len(names)).as_unit("us")
    return pd.DataFrame({"key_result": names, "span_observations": observations, "closes": closing})


def no_states():
    return pd.DataFrame({column: [] for column in STATES})


def path(seen, observations=91, **given):
    """The states that are entered, in order."""
    return advance(no_states(), statuses(seen, **given), spans(observations)).transitions["to_state"].tolist()


# a span of 91 periods takes 3 observations in a row to open and 4 to close
CASES = [
    ("three in a row open", [BEHIND] * 3, ["pending", "firing"]),
    ("two do not", [BEHIND] * 2, ["pending"]),
    ("two and a better one do not", [BEHIND, BEHIND, BETWEEN, BEHIND, BEHIND], ["pending", "ok", "pending"]),
    ("four clear ones close", [BEHIND] * 3 + [CLEAR] * 4, ["pending", "firing", "recovering", "ok"]),
    ("three do not", [BEHIND] * 3 + [CLEAR] * 3, ["pending", "firing", "recovering"]),
    ("within the margin is not clear", [BEHIND] * 3 + [BETWEEN] * 9, ["pending", "firing"]),
    (
        "a relapse begins again",
        [BEHIND] * 3 + [CLEAR] * 3 + [BETWEEN] + [CLEAR] * 4,
        ["pending", "firing", "recovering", "firing", "recovering", "ok"],
    ),
    ("what is unknown holds a streak", [BEHIND, UNKNOWN, BEHIND, UNKNOWN, BEHIND], ["pending", "firing"]),
    ("and an open episode", [BEHIND] * 3 + [UNKNOWN] * 30, ["pending", "firing"]),
    ("and a recovery", [BEHIND] * 3 + [CLEAR, UNKNOWN, CLEAR, CLEAR, CLEAR], ["pending", "firing", "recovering", "ok"]),
    ("paused closes", [BEHIND] * 3 + [("paused", None)], ["pending", "firing", "ok"]),
    ("cancelled closes", [BEHIND] * 3 + [("cancelled", None)], ["pending", "firing", "ok"]),
    ("achieved closes", [BEHIND] * 3 + [("achieved", 1.1)], ["pending", "firing", "ok"]),
    ("the end closes", [BEHIND] * 3 + [("missed", 0.6)], ["pending", "firing", "ok"]),
    ("the end opens nothing", [("missed", 0.1)] * 5, []),
    ("what has not started is ok", [("not_started", None)] * 5, []),
    (
        "on track closes without a ratio",
        [BEHIND] * 3 + [("on_track", None)] * 4,
        ["pending", "firing", "recovering", "ok"],
    ),
    ("it may open again", ([BEHIND] * 3 + [ON_TRACK] * 4) * 2, ["pending", "firing", "recovering", "ok"] * 2),
]


@pytest.mark.parametrize(("fact", "seen", "states"), CASES, ids=[case[0] for case in CASES])
def test_an_episode_goes_through_its_states(fact, seen, states):
    assert path(seen) == states


def test_what_closes_unknown_closes_its_episode_when_nothing_is_awaited_any_more():
    seen = statuses([BEHIND] * 3 + [UNKNOWN] * 4)
    told = advance(no_states(), seen, spans(closes=FIRST + pd.Timedelta(days=5))).transitions
    assert told["to_state"].tolist() == ["pending", "firing", "ok"]
    assert told.iloc[-1][["as_of", "reason"]].tolist() == [FIRST + pd.Timedelta(days=5), "closed: ended, unknown"]


@pytest.mark.parametrize(
    ("observations", "enter"), [(1, 1), (13, 1), (14, 1), (39, 1), (40, 2), (59, 2), (60, 3), (91, 3), (2184, 3)]
)
def test_the_streak_is_three_observations_or_a_twentieth_of_the_span(observations, enter):
    behind_for = {count: path([BEHIND] * count, observations)[-1] for count in (1, 2, 3)}
    assert [count for count, state in behind_for.items() if state == "firing"] == list(range(enter, 4))
    closing = path([BEHIND] * enter + [CLEAR] * (enter + 1), observations)
    assert closing[-1] == "ok"
    assert path([BEHIND] * enter + [CLEAR] * enter, observations)[-1] == "recovering"


def test_one_observation_opens_in_a_short_span_without_a_pending_state():
    assert path([BEHIND], observations=13) == ["firing"]


@pytest.mark.parametrize(
    ("intent", "ratio", "closes"),
    [
        ("committed", 0.77, True),
        ("committed", 0.769, False),
        ("learning", 0.77, True),
        ("learning", 0.769, False),
        ("aspirational", 0.55, True),
        ("aspirational", 0.549, False),
    ],
)
def test_the_margin_is_a_tenth_above_the_ratio_that_is_behind(intent, ratio, closes):
    left = path([("behind", 0.4)] * 3 + [("at_risk", ratio)] * 4, intent=intent)
    assert (left[-1] == "ok") is closes


class TestNewObservations:
    def test_evaluating_often_does_not_open_sooner(self):
        assert path([BEHIND] * 9, ends=[0] * 9) == ["pending"]

    def test_nor_close_sooner(self):
        assert path([BEHIND] * 3 + [CLEAR] * 9, ends=[0, 1, 2] + [3] * 9) == ["pending", "firing", "recovering"]

    def test_a_value_that_moves_back_is_not_new(self):
        assert path([BEHIND] * 4, ends=[5, 4, 3, 2]) == ["pending"]

    def test_a_value_without_a_period_is_not_new(self):
        assert path([BEHIND] * 4, ends=[None] * 4) == []

    def test_a_value_that_was_unknown_is_new_when_it_is_known(self):
        assert path([BEHIND, BEHIND, UNKNOWN, BEHIND], ends=[0, 1, 2, 2]) == ["pending", "firing"]

    def test_closing_needs_none(self):
        assert path([BEHIND] * 3 + [("paused", None)], ends=[0, 1, 2, None]) == ["pending", "firing", "ok"]


class TestRepetition:
    def test_the_same_evaluations_change_nothing_the_second_time(self):
        seen = statuses([BEHIND] * 3 + [CLEAR] * 2)
        once = advance(no_states(), seen, spans())
        again = advance(once.states, seen, spans())
        assert again.transitions.empty
        pd.testing.assert_frame_equal(again.states, once.states)

    def test_an_episode_has_the_same_id_in_every_run(self):
        seen = statuses([BEHIND] * 3)
        ids = {advance(no_states(), seen, spans()).transitions["episode"].iloc[-1] for _ in range(2)}
        assert len(ids) == 1

    def test_two_episodes_have_two_ids(self):
        told = advance(no_states(), statuses(([BEHIND] * 3 + [ON_TRACK] * 4) * 2), spans()).transitions
        assert told.loc[told["to_state"] == "firing", "episode"].nunique() == 2

    def test_states_are_plain_text(self):
        advanced = advance(no_states(), statuses([BEHIND] * 3), spans())
        told = [*advanced.states["state"], *advanced.transitions["from_state"], *advanced.transitions["to_state"]]
        assert {type(state) for state in told} == {str}

    def test_nothing_evaluated_changes_nothing(self):
        advanced = advance(no_states(), statuses([]), spans())
        assert advanced.states.empty
        assert advanced.transitions.empty
        assert tuple(advanced.states.columns) == STATES
        assert tuple(advanced.transitions.columns) == TRANSITIONS


class TestOthers:
    def test_key_results_are_on_their_own(self):
        both = pd.concat([statuses([BEHIND] * 4), statuses([ON_TRACK, BEHIND, BEHIND, BEHIND], key_result="q/b")])
        told = advance(no_states(), both, spans(91, "q/a", "q/b")).transitions
        assert told[["key_result", "to_state"]].to_numpy().tolist() == [
            ["q/a", "pending"],
            ["q/b", "pending"],
            ["q/a", "firing"],
            ["q/b", "firing"],
        ]

    def test_the_order_of_rows_is_of_no_account(self):
        both = pd.concat([statuses([BEHIND] * 4), statuses([BEHIND] * 4, key_result="q/b")])
        first = advance(no_states(), both, spans(91, "q/a", "q/b"))
        again = advance(no_states(), both.sample(frac=1, random_state=1), spans(91, "q/b", "q/a"))
        pd.testing.assert_frame_equal(again.transitions, first.transitions)
        pd.testing.assert_frame_equal(again.states, first.states)

    def test_an_open_episode_of_a_key_result_that_is_gone_is_closed(self):
        opened = advance(no_states(), statuses([BEHIND] * 3), spans()).states
        after = advance(opened, statuses([ON_TRACK] * 5, key_result="q/b").iloc[3:], spans(91, "q/b"))
        assert after.transitions[["key_result", "to_state", "reason"]].to_numpy().tolist() == [
            ["q/a", "ok", "closed: no longer defined"]
        ]
        assert after.transitions["episode"].notna().all()

    def test_one_that_is_not_evaluated_keeps_its_state(self):
        opened = advance(no_states(), statuses([BEHIND] * 3), spans()).states
        after = advance(opened, statuses([ON_TRACK] * 5, key_result="q/b"), spans(91, "q/a", "q/b"))
        assert after.states.set_index("key_result")["state"].to_dict() == {"q/a": "firing", "q/b": "ok"}

    def test_states_of_other_rules_pass_unchanged(self):
        other = advance(no_states(), statuses([BEHIND] * 3), spans()).states.assign(rule="probability")
        after = advance(other, statuses([BEHIND] * 3), spans()).states
        unchanged = after[after["rule"] == "probability"].reset_index(drop=True)
        pd.testing.assert_frame_equal(unchanged, other, check_dtype=False)
        assert sorted(after["rule"]) == ["behind", "probability"]

    def test_a_key_result_without_a_span_is_an_error(self):
        with pytest.raises(ValueError, match="q/a: evaluated without a span"):
            advance(no_states(), statuses([BEHIND]), spans(91, "q/b"))


REASONS = [
    ([BEHIND], "behind (pace ratio 0.60): 1 of the 3 observations in a row that raise an alert"),
    ([BEHIND] * 3, "behind (pace ratio 0.60) in 3 new observations in a row"),
    ([BEHIND, BETWEEN], "at risk (pace ratio 0.75) before an alert was raised"),
    ([BEHIND] * 3 + [CLEAR], "at risk (pace ratio 0.78): 1 of the 4 observations in a row that close the alert"),
    ([BEHIND] * 3 + [CLEAR, BETWEEN], "at risk (pace ratio 0.75): not recovered after all"),
    ([BEHIND] * 3 + [CLEAR] * 4, "recovered: at risk (pace ratio 0.78) in 4 new observations in a row"),
    ([BEHIND] * 3 + [("paused", None)], "closed: paused"),
    ([BEHIND] * 3 + [("missed", 0.5)], "closed: ended, missed"),
    ([BEHIND] * 3 + [("achieved", 1.2)], "closed: achieved"),
]


@pytest.mark.parametrize(("seen", "reason"), REASONS)
def test_a_transition_tells_why(seen, reason):
    assert advance(no_states(), statuses(seen), spans()).transitions["reason"].iloc[-1] == reason


def test_out_of_reach_is_behind_whatever_the_ratio():
    seen = statuses([("behind", 0.98)] * 3).assign(reason="out_of_reach")
    told = advance(no_states(), seen, spans()).transitions
    assert told["reason"].iloc[-1] == "behind (out of reach) in 3 new observations in a row"


SIGNALS = [BEHIND, BETWEEN, CLEAR, ON_TRACK, UNKNOWN, ("paused", None), ("achieved", 1.0), ("missed", 0.2)]
SEQUENCES = st.lists(st.tuples(st.sampled_from(SIGNALS), st.integers(0, 2)), min_size=1, max_size=30)
OBSERVATIONS = st.sampled_from([5, 45, 91])


def sequence(steps):
    """Evaluations whose values stand still, or move on by a period or two."""
    return statuses([signal for signal, _ in steps], ends=np.cumsum([step for _, step in steps]).tolist())


@settings(max_examples=30, deadline=None)
@given(SEQUENCES, OBSERVATIONS, st.lists(st.integers(0, 30), max_size=4))
def test_a_sequence_may_be_handed_over_in_pieces(steps, observations, cuts):
    seen = sequence(steps)
    whole = advance(no_states(), seen, spans(observations))
    states, told = no_states(), []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(seen)], strict=True):
        advanced = advance(states, seen.iloc[start:end], spans(observations))
        states = advanced.states
        told.append(advanced.transitions)
    pd.testing.assert_frame_equal(states, whole.states)
    pd.testing.assert_frame_equal(pd.concat(told, ignore_index=True), whole.transitions, check_dtype=False)


@settings(max_examples=30, deadline=None)
@given(SEQUENCES, OBSERVATIONS, st.data())
def test_what_is_unknown_neither_opens_nor_closes_anywhere(steps, observations, data):
    seen = sequence(steps)
    unknown = data.draw(st.lists(st.booleans(), min_size=len(seen), max_size=len(seen)))
    gone = seen.assign(status=seen["status"].where(~np.array(unknown), "unknown"))
    without = seen[~np.array(unknown)]
    entered = advance(no_states(), gone, spans(observations)).transitions
    pd.testing.assert_frame_equal(entered, advance(no_states(), without, spans(observations)).transitions)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(0.65, 0.7699), min_size=3, max_size=60), OBSERVATIONS)
def test_around_the_threshold_an_episode_opens_once_at_most(ratios, observations):
    seen = [("behind" if ratio < 0.7 else "at_risk", ratio) for ratio in ratios]
    assert path(seen, observations).count("firing") <= 1


@settings(max_examples=30, deadline=None)
@given(SEQUENCES, OBSERVATIONS)
def test_every_transition_goes_on_from_the_last_and_every_closed_episode_was_opened(steps, observations):
    told = advance(no_states(), sequence(steps), spans(observations)).transitions
    assert told["from_state"].tolist() == ["ok", *told["to_state"].tolist()][: len(told)]
    opened = told.loc[(told["to_state"] == "firing") & (told["from_state"] != "recovering"), "episode"]
    closed = told.loc[(told["to_state"] == "ok") & (told["from_state"] != "pending"), "episode"]
    assert opened.is_unique
    assert closed.is_unique
    assert opened.tolist()[: len(closed)] == closed.tolist()
    assert len(opened) - len(closed) in (0, 1)
    assert (
        told["episode"].isna() == told["to_state"].isin(["pending", "ok"]) & told["from_state"].isin(["ok", "pending"])
    ).all()
