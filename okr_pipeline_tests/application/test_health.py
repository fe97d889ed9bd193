"""KPI health through the store: what a run records, what it leaves, and what can be told again."""

import json
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from okr_pipeline.application.errors import UsageError
from okr_pipeline.application.health import history_needed, review_metrics, told_health
from okr_pipeline.application.observing import observe
from okr_pipeline.application.runs import Run
from okr_pipeline.application.workspace import Workspace
from okr_pipeline_tests.projects import METRICS, Small, january


def end_of(day: int) -> datetime:
    return datetime(2026, 1, day, 23, tzinfo=UTC)  # midnight in Berlin


def with_band(small: Small, values: dict[date, object], band: str = "{min: 8}") -> Workspace:
    """The project whose sign-ups have a healthy band, its values read."""
    small.write(values)
    small.put("metrics/signups.yaml", METRICS.format(expect=small.expect) + f"    healthy: {band}\n")
    workspace = small.open()
    observe(workspace, "sheets", run=Run("read", workspace.as_of()))
    return workspace


def events(workspace: Workspace) -> list[tuple[str, str]]:
    frame = workspace.store.review_events()
    return list(zip(frame["event"], frame["since"].dt.tz_convert("Europe/Berlin").dt.date.astype(str), strict=True))


def until(day: int, values: dict[date, object]) -> dict[date, object]:
    return {at: value for at, value in values.items() if at <= date(2026, 1, day)}


def test_a_breach_opens_a_review_and_a_week_inside_closes_it(small: Small) -> None:
    values = january(10) | {date(2026, 1, 20): 5}
    told = []
    for day in (19, 20, 21, 27, 28):
        workspace = with_band(small, until(day, values))
        reviewed = review_metrics(workspace, Run(f"day-{day}", end_of(day)))
        told.append((day, reviewed.events["event"].tolist(), len(workspace.store.open_reviews())))
    assert told == [(19, [], 0), (20, ["opened"], 1), (21, [], 1), (27, ["closed"], 0), (28, [], 0)]
    assert events(small.open()) == [("opened", "2026-01-20"), ("closed", "2026-01-20")]
    reasons = small.open().store.review_events()["reason"].tolist()
    assert reasons == [
        "below its healthy band for 1 period in a row",
        "inside its healthy band for 7 periods in a row",
    ]


def test_a_review_began_when_it_is_recorded_to_have_however_long_ago(small: Small) -> None:
    """Of days half a year is looked back over, and a review of more than that goes on."""
    values = {date(2026, 1, 1) + timedelta(days=day): 5 for day in range(250)}
    small.as_of = date(2026, 9, 7)
    workspace = with_band(small, values)
    review_metrics(workspace, Run("one", end_of(31)))
    first, last = end_of(31), end_of(31) + timedelta(days=215)

    def since(as_of: datetime) -> str:
        [row] = told_health(workspace, as_of=as_of)["metrics"]
        return str(row["review"]["since"])

    assert since(first) == since(last) == "2025-12-31T23:00:00.000000Z"
    review_metrics(workspace, Run("two", last))
    assert events(workspace) == [("opened", "2026-01-01")]


def test_a_run_again_records_nothing(small: Small) -> None:
    workspace = with_band(small, january(5))
    review_metrics(workspace, Run("one", end_of(31)))
    before = workspace.store.dump()
    again = review_metrics(small.open(), Run("two", end_of(31)))
    assert again.events.empty
    assert small.open().store.dump() == before


def test_a_restated_breach_closes_its_review_and_says_so(small: Small) -> None:
    workspace = with_band(small, january(10) | {date(2026, 1, 31): 5})
    review_metrics(workspace, Run("one", end_of(31)))
    workspace = with_band(small, january(10))
    review_metrics(workspace, Run("two", end_of(31)))
    assert [event for event, _ in events(workspace)] == ["opened", "closed"]
    assert workspace.store.review_events()["reason"].iloc[-1].startswith("restated: ")


@pytest.mark.parametrize(("last", "state"), [(29, "breach"), (30, "healthy")])
def test_a_review_that_ended_before_a_breach_that_is_noise_was_not_restated(
    small: Small, last: int, state: str
) -> None:
    values = january(10) | {date(2026, 1, day): 13 for day in range(2, 32, 2)}
    values |= {date(2026, 1, 20): 0, date(2026, 1, 29): 7.9}
    review_metrics(with_band(small, until(21, values)), Run("one", end_of(21)))
    workspace = with_band(small, until(last, values))
    reviewed = review_metrics(workspace, Run("two", end_of(last)))
    assert reviewed.health["state"].tolist() == [state]
    assert reviewed.events["reason"].tolist() == [
        "was inside its healthy band for long enough; what came after that asks for no review"
    ]


def test_a_run_of_an_earlier_day_opens_and_closes_no_review(small: Small) -> None:
    """It would be open again, or closed, until the next run of today."""
    values = january(10) | {date(2026, 1, 15): 5, date(2026, 1, 30): 5}
    workspace = with_band(small, values)
    review_metrics(workspace, Run("today", end_of(31)))
    for day in (16, 29):
        review_metrics(workspace, Run(f"day-{day}", end_of(day)))
        assert workspace.store.metric_health(date(2026, 1, day))["review_since"].notna().tolist() == [day == 16]
    assert events(workspace) == [("opened", "2026-01-30")]


def test_a_band_that_is_taken_away_closes_the_review(small: Small) -> None:
    review_metrics(with_band(small, january(5)), Run("one", end_of(31)))
    small.write(january(5))
    review_metrics(small.open(), Run("two", end_of(31)))
    frame = small.open().store.review_events()
    assert frame["event"].tolist() == ["opened", "closed"]
    assert frame["reason"].iloc[-1].startswith("no longer judged")


@pytest.mark.parametrize("band", ["{min: 4}", "{max: 9}"])
def test_a_band_that_is_moved_closes_the_review_that_it_opens_no_more(small: Small, band: str) -> None:
    review_metrics(with_band(small, january(5), "{min: 8}"), Run("one", end_of(31)))
    reviewed = review_metrics(with_band(small, january(5), band), Run("two", end_of(31)))
    assert reviewed.events["event"].tolist() == ["closed"]
    assert reviewed.events["reason"].item().startswith("its healthy band is another one now")


def test_health_is_told_again_bit_for_bit_from_what_was_known(small: Small) -> None:
    workspace = with_band(small, january(10) | {date(2026, 1, 31): 5})
    known = workspace.store.known_until()
    before = told_health(workspace, as_of=end_of(31), known_at=known)
    review_metrics(workspace, Run("one", end_of(31)))
    workspace = with_band(small, january(10))
    assert json.dumps(told_health(workspace, as_of=end_of(31), known_at=known)) == json.dumps(before)
    assert before["metrics"][0]["state"] == "breach"
    assert told_health(workspace, as_of=end_of(31))["metrics"][0]["state"] == "healthy"


def test_the_recorded_health_is_what_was_told(small: Small) -> None:
    workspace = with_band(small, january(5))
    reviewed = review_metrics(workspace, Run("one", end_of(31)))
    recorded = workspace.store.metric_health(date(2026, 1, 31))
    columns = list(reviewed.health.columns)
    pd.testing.assert_frame_equal(recorded[columns], reviewed.health, check_dtype=False)


def test_metrics_are_chosen_by_id_and_owner_and_others_are_refused(small: Small) -> None:
    workspace = with_band(small, january(10))
    chosen = told_health(workspace, as_of=end_of(31), metric="signups", owner="growth@small.example")["metrics"]
    assert [it["metric"] for it in chosen] == ["signups"]
    with pytest.raises(UsageError, match="no metric 'nope'"):
        told_health(workspace, as_of=end_of(31), metric="nope")
    with pytest.raises(UsageError, match="owners are: growth@small"):
        told_health(workspace, as_of=end_of(31), owner="nobody")


def test_a_metric_that_no_key_result_reads_is_read_for_its_band(small: Small) -> None:
    workspace = with_band(small, january(10))
    needed = history_needed(workspace.configuration, end_of(31))
    assert needed == {"signups": datetime(2025, 12, 31, 23, tzinfo=UTC)}  # where the history starts
    later = end_of(31) + timedelta(days=365)
    assert later - history_needed(workspace.configuration, later)["signups"] >= timedelta(days=182)
