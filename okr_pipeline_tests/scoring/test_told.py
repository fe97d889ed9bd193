"""Laws of check-ins: the order they come in does not matter, the latest wins, and what comes later changes no past."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
from hypothesis import example, given, settings
from hypothesis import strategies as st

from okr_pipeline.scoring import score, trajectory
from okr_pipeline_tests.spec.world import Given, build, check_in_frame, observation_frame

FIRST = date(2013, 4, 1)
WORLD = build(
    Given(
        cycles=[{"id": "C", "starts": FIRST, "ends": date(2013, 6, 30)}],
        objectives={
            "o": {
                "intent": "aspirational",
                "key_results": {
                    "a": {"measure": {"manual": {"from": 0, "to": 10}}},
                    "b": {"measure": {"manual": {"from": 5, "to": -5}}, "check_in": "daily"},
                    "c": {"measure": {"milestones": [{"title": "step"}]}},
                },
            }
        },
    )
)
NOTHING = observation_frame([])

check_ins = st.lists(
    st.fixed_dictionaries(
        {
            "subject": st.sampled_from(["C/a", "C/b", "C/c", "C/gone"]),
            "on_date": st.integers(-3, 95).map(lambda day: (FIRST + timedelta(days=day)).isoformat()),
            "author": st.sampled_from("xyz"),
        },
        optional={
            "value": st.floats(-100, 100),
            "confidence": st.floats(0, 1),
            "finding": st.just("found"),
        },
    ),
    max_size=25,
    unique_by=lambda it: (it["subject"], it["on_date"], it["author"]),
)
days = st.integers(0, 100).map(lambda day: FIRST + timedelta(days=day))


def scored(rows, day):
    return score(
        WORLD.configuration, NOTHING, as_of=WORLD.instant(day), check_ins=check_in_frame(rows)
    ).key_results.set_index("key_result")


@settings(max_examples=30, deadline=None)
@given(check_ins, days, st.randoms(use_true_random=False))
def test_the_order_of_check_ins_does_not_matter(rows, day, random):
    shuffled = random.sample(rows, len(rows))
    pd.testing.assert_frame_equal(scored(rows, day), scored(shuffled, day))


@settings(max_examples=30, deadline=None)
@given(check_ins, days)
def test_what_is_said_of_later_days_changes_nothing(rows, day):
    until = [row for row in rows if row["on_date"] <= day.isoformat()]
    pd.testing.assert_frame_equal(scored(rows, day), scored(until, day))


@settings(max_examples=30, deadline=None)
@given(check_ins, days)
def test_value_and_confidence_are_those_of_the_latest_check_in_that_has_one(rows, day):
    found = scored(rows, day)
    for name in ("a", "b"):
        mine = [
            row
            for row in rows
            if row["subject"] == f"C/{name}"
            and FIRST.isoformat() <= row["on_date"] <= min(day, date(2013, 6, 30)).isoformat()
        ]
        for column, shown in (("value", "last_good_value"), ("confidence", None)):
            told = sorted((row["on_date"], row["author"], row[column]) for row in mine if column in row)
            number = found.loc[f"C/{name}", column]
            if shown and np.isnan(number):
                number = found.loc[f"C/{name}", shown]
            assert (np.isnan(number) and not told) or number == told[-1][2]


@settings(max_examples=40, deadline=None)
@example(rows=[], several=[FIRST, FIRST])
@given(check_ins, st.lists(days, min_size=1, max_size=4))
def test_a_trajectory_stands_where_scores_of_its_instants_do(rows, several):
    track = trajectory(
        WORLD.configuration, NOTHING, [WORLD.instant(day) for day in several], check_ins=check_in_frame(rows)
    )
    for number, day in enumerate(several):
        part, whole = track.iloc[3 * number : 3 * number + 3].set_index("key_result"), scored(rows, day)
        pd.testing.assert_series_equal(part["progress"], whole["progress"])
        assert part["status"].tolist() == whole["status"].tolist()


@settings(max_examples=30, deadline=None)
@given(check_ins, days)
def test_nothing_is_infinite_and_unknown_says_why(rows, day):
    found = scored(rows, day)
    assert not np.isinf(found.select_dtypes("float64").to_numpy()).any()
    unknown = found["progress"].isna()
    assert found.loc[unknown, "reason"].notna().all()
    assert (found.loc[unknown & (found["last_good_value"].notna()), "reason"] == "stale").all()
