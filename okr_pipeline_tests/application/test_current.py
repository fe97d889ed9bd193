"""What a run scores: all that is open, what that counts, and what closed lately; the past costs it nothing."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from okr_pipeline.application import naming, runs
from okr_pipeline.application.alerts import raise_alerts
from okr_pipeline.application.gathering import evaluate, gather
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scoping import current
from okr_pipeline.application.scoring import score_and_record, score_history
from okr_pipeline.application.snapshotting import take_snapshot
from okr_pipeline.application.telling import status
from okr_pipeline.store.store import Store
from okr_pipeline_tests.projects import METRICS, OKRS, january

BERLIN = ZoneInfo("Europe/Berlin")
SPRINT = """\
cycle: {id: 2026-S1, starts: 2026-01-01, ends: 2026-01-14}
objectives:
  sprint:
    title: Begin well
    owner: ceo@small.example
    level: team
    intent: committed
    key_results:
      first:
        title: Win 500 sign-ups in two weeks
        owner: growth@small.example
        metric: signups
        measure: {accumulate: {to: 500}}
"""
CLOSED = date(2026, 2, 18)
"""The day that ends 35 days after the sprint: its metric closes at once."""


def after(day):
    """The instant at which a day has ended."""
    return datetime.combine(day + timedelta(days=1), datetime.min.time(), tzinfo=BERLIN)


@pytest.fixture
def quarter(small, done_once):
    """Ninety days of values and a sprint at their beginning."""
    return done_once(small, read_of_a_quarter)


def read_of_a_quarter(small):
    small.as_of = date(2026, 3, 31)
    small.write(january(last=90))
    small.put("okrs/s1.yaml", SPRINT)
    small.observe()


def recorded(workspace):
    scores = workspace.store.key_result_scores()
    return {(row["key_result"], str(row["as_of_date"])[:10]) for row in scores.to_dict("records")}


@pytest.mark.parametrize(
    ("day", "is_scored"),
    [(date(2026, 1, 10), True), (CLOSED - timedelta(days=1), True), (CLOSED, False), (date(2026, 3, 31), False)],
)
def test_a_run_scores_a_cycle_until_five_weeks_after_it_has_closed(quarter, day, is_scored):
    workspace = quarter.open()
    score_and_record(workspace, Run("run", after(day)))
    expected = {"2026-Q1/signups", *(["2026-S1/first"] if is_scored else [])}
    assert recorded(workspace) == {(it, str(day)) for it in expected}
    objectives = workspace.store.objective_scores(day)
    assert set(objectives["objective"]) == {"2026-Q1/grow", *(["2026-S1/sprint"] if is_scored else [])}


@pytest.mark.parametrize(("day", "is_scored"), [(date(2026, 3, 14), False), (date(2026, 3, 15), True)])
def test_a_run_scores_a_cycle_from_five_weeks_before_it_starts(quarter, day, is_scored):
    """Those five weeks begin an hour early, for the clocks are put forward in them."""
    quarter.put("okrs/s1.yaml", SPRINT.replace("S1", "S2").replace("01-01", "04-20").replace("01-14", "05-03"))
    workspace = quarter.open()
    score_and_record(workspace, Run("run", after(day)))
    assert recorded(workspace) == {
        (it, str(day)) for it in ("2026-Q1/signups", *(["2026-S2/first"] if is_scored else []))
    }


def test_history_is_rebuilt_with_what_begins_in_it(quarter):
    quarter.put("okrs/s1.yaml", SPRINT.replace("S1", "S2").replace("01-01", "03-20").replace("01-14", "03-27"))
    workspace = quarter.open()
    days = [date(2026, 1, 20), date(2026, 3, 25)]
    score_history(workspace, Run("back", after(days[-1]), "backfill"), [after(it) for it in days])
    assert recorded(workspace) == {
        ("2026-Q1/signups", "2026-01-20"),
        ("2026-Q1/signups", "2026-03-25"),
        ("2026-S2/first", "2026-03-25"),
    }


def test_what_is_closed_is_still_told_and_history_has_what_runs_had(quarter):
    workspace = quarter.open()
    told = {it["id"]: it for it in status(workspace, as_of=after(date(2026, 3, 31)))["key_results"]}
    assert (told["2026-S1/first"]["status"], told["2026-S1/first"]["value"]) == ("missed", 140.0)
    days = [CLOSED - timedelta(days=1), CLOSED]
    score_history(workspace, Run("back", after(days[-1]), "backfill"), [after(it) for it in days])
    assert ("2026-S1/first", str(days[0])) in recorded(workspace)
    assert ("2026-S1/first", str(days[1])) not in recorded(workspace)


@pytest.mark.parametrize(
    ("okrs", "sprint"),
    [
        (OKRS, SPRINT.replace("    intent:", "    parent: 2026-Q1/grow\n    contributes: {weight: 1}\n    intent:")),
        (
            OKRS.replace("metric: signups\n        measure", "measure"),
            SPRINT.replace("        measure", "        contributes_to: 2026-Q1/signups\n        measure"),
        ),
    ],
    ids=["its score counts in an open objective", "its value counts in an open key result"],
)
def test_what_an_open_score_counts_is_scored_however_long_it_is_closed(quarter, okrs, sprint):
    quarter.put("okrs/q1.yaml", okrs)
    quarter.put("okrs/s1.yaml", sprint)
    workspace, as_of = quarter.open(), after(date(2026, 3, 30))
    assert {it.full_id for it in current(workspace, as_of).configuration.key_results()} == {
        "2026-Q1/signups",
        "2026-S1/first",
    }


def test_scores_are_the_same_whether_what_is_closed_is_there_or_not(quarter):
    workspace, as_of = quarter.open(), after(date(2026, 3, 20))
    now = current(workspace, as_of)
    narrow = evaluate(now.configuration, gather(now, as_of), as_of)
    whole = evaluate(workspace.configuration, gather(workspace, as_of), as_of)
    for some, everything, own in (
        (narrow.key_results, whole.key_results, "key_result"),
        (narrow.objectives, whole.objectives, "objective"),
    ):
        assert 0 < len(some) < len(everything)
        same = everything[everything[own].isin(some[own])].reset_index(drop=True)
        pd.testing.assert_frame_equal(some.reset_index(drop=True), same, check_exact=True, check_dtype=False)


def test_a_run_reads_no_further_back_than_what_is_open_looks(quarter):
    quarter.put("okrs/q1.yaml", OKRS.replace("2026-01-01, ends", "2026-03-01, ends"))
    workspace, as_of = quarter.open(), after(date(2026, 3, 31))
    whole = gather(workspace, as_of).observations["period_start"].min()
    narrow = gather(current(workspace, as_of), as_of).observations["period_start"].min()
    assert whole < pd.Timestamp("2026-01-02", tz=BERLIN) <= narrow


VISITS = METRICS.format(expect="{min: 0}").replace("signups:", "visits:").replace("grain: day", "grain: hour")
HOURS = [datetime(2026, 1, 1, tzinfo=BERLIN) + timedelta(hours=hour) for hour in range(24 * 90 - 1)]
AND_VISITS = """\
      visits:
        title: Have 300 visits an hour
        owner: growth@small.example
        metric: visits
        measure: {accumulate: {to: 1000}}
"""


def test_of_each_metric_a_run_reads_as_much_history_as_forecasts_look_at_in_its_grain(quarter):
    quarter.put("metrics/visits.yaml", VISITS.replace("signups.csv", "visits.csv"))
    rows = (f"{it:%Y-%m-%dT%H:%M},{it.hour}" for it in HOURS if not (it.month == 3 and it.day == 29 and it.hour == 2))
    quarter.put("data/visits.csv", "\n".join(["day,signups", *rows]))
    quarter.put("okrs/q1.yaml", OKRS.replace("2026-01-01, ends", "2026-03-15, ends") + AND_VISITS)
    quarter.put("okrs/s1.yaml", SPRINT.replace("2026-01-14", "2026-01-02"))
    assert not quarter.observe().failures
    workspace, as_of = quarter.open(), after(date(2026, 3, 30))
    now = current(workspace, as_of)
    evidence = gather(now, as_of)
    everything = replace(evidence, observations=workspace.store.observations(None, None, as_of, evidence.known_at))
    first = evidence.observations.groupby("metric")["period_start"].min()
    assert first.dt.tz_convert(BERLIN).dt.date.to_dict() == {"signups": date(2026, 1, 1), "visits": date(2026, 2, 14)}
    pd.testing.assert_frame_equal(
        evaluate(now.configuration, evidence, as_of).key_results,
        evaluate(now.configuration, everything, as_of).key_results,
    )


def test_an_episode_is_closed_however_long_nobody_ran_after_its_key_result_was_over(quarter):
    workspace = quarter.open()
    for day in range(4, 13):
        raise_alerts(workspace, Run(f"run-{day}", after(date(2026, 1, day))))
    assert raise_alerts(workspace, Run("last", after(date(2026, 1, 13)))).open_key_results == ("2026-S1/first",)
    late = raise_alerts(workspace, Run("late", after(date(2026, 3, 31))))
    assert late.closed == ("2026-S1/first",)
    assert "2026-S1/first" not in late.open_key_results


def test_a_source_that_fell_silent_long_ago_is_stale_and_its_newest_period_is_told(quarter):
    quarter.put(
        "okrs/q1.yaml", OKRS.replace("starts: 2026-01-01, ends: 2026-03-31", "starts: 2027-01-01, ends: 2027-03-31")
    )
    workspace = quarter.open()
    snapshot = take_snapshot(replace(workspace), after(date(2027, 3, 1)))
    (source,) = snapshot.sources
    assert (source.state, source.detail) == ("stale", "signups")
    assert source.newest_period_end == after(date(2026, 3, 31))


@pytest.mark.parametrize("step", ["noting a configuration", "renaming"])
def test_a_run_reads_nothing_beside_its_own_transaction_once_it_has_written(quarter, monkeypatch, step):
    """SQLite would wait for itself as soon as what is written has outgrown its memory."""
    run, written = Run("run", after(date(2026, 1, 20))), []
    score_and_record(quarter.open(), run)
    quarter.put("okrs/s1.yaml", SPRINT.replace("first:", "early:\n        renamed_from: first"))
    workspace, noted, read = quarter.open(), runs.note_run, Store._retrying

    def reading(store, question):
        assert not written
        return read(store, question)

    for room in (runs, naming):
        monkeypatch.setattr(room, "note_run", lambda *arguments: written.append(1) or noted(*arguments))
    monkeypatch.setattr(Store, "_retrying", reading)
    if step == "renaming":
        naming.take_names(workspace, run)
    else:
        workspace.store.write(lambda batch: runs.note(batch, workspace, run))
    assert written
