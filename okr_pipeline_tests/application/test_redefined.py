"""A metric that means something else than when it was read is read anew, so that no value is made of both."""

import sqlite3
from datetime import date, timedelta

import pytest

from okr_pipeline.application.gathering import evaluate, gather
from okr_pipeline.application.observing import observe
from okr_pipeline.application.planning import last_applied, plan
from okr_pipeline.application.runs import Run
from okr_pipeline.application.scoring import score_and_record
from okr_pipeline.model.calendar import Period
from okr_pipeline_tests.projects import PROJECT

METRIC = """\
metrics:
  signups:
    name: Sign-ups
    source: shop
    query: >-
      SELECT day AS period, count(*) AS value FROM orders
      WHERE {where} day >= date(:window_start, '+3 hours') AND day < date(:window_end, '+3 hours') GROUP BY day
    grain: day
    unit: count
    better: higher
    rollup: sum
"""


@pytest.fixture
def shop(small):
    """Seven sign-ups a day, four of them of a kind, that a query is asked for by the window."""
    january = [date(2026, 1, 1) + timedelta(days=day) for day in range(31)]
    rows = [(str(day), kind) for day in january for kind in "aaaabbb"]
    with sqlite3.connect(small.directory / "shop.db") as database:
        database.execute("CREATE TABLE orders (day TEXT, kind TEXT)")
        database.executemany("INSERT INTO orders VALUES (?, ?)", rows)
    small.put("sources/sheets.yaml", "sources: {shop: {connector: sql, url: 'sqlite:///shop.db'}}\n")
    defined(small)
    run(small, "first")
    assert value(small) == 31 * 7
    return small


def defined(small, where=""):
    small.put("metrics/signups.yaml", METRIC.format(where=where))


def run(small, run_id, window=None):
    workspace = small.open()
    it = Run(run_id, workspace.as_of())
    seen = observe(workspace, "shop", run=it, window=window)
    score_and_record(workspace, it)
    return seen


def value(small):
    workspace = small.open()
    scores = evaluate(workspace.configuration, gather(workspace, workspace.as_of()), workspace.as_of())
    return scores.key_results["value"].iloc[0]


def planned(small):
    workspace = small.open()
    return plan(workspace, last_applied(workspace), against="what was applied", as_of=workspace.as_of()).reads


def test_another_query_is_asked_for_all_that_was_read(shop):
    defined(shop, where="kind = 'a' AND")
    [read] = planned(shop)
    assert (read["why"], read["from"]) == ("request changed", "2025-12-31T23:00:00.000000Z")
    assert run(shop, "second").restated == 31
    assert value(shop) == 31 * 4
    assert planned(shop) == []


def test_a_backfill_of_some_days_leaves_the_others_to_be_read_anew(shop):
    defined(shop, where="kind = 'a' AND")
    calendar = shop.open().project.calendar
    run(shop, "backfill", Period(*map(calendar.start_of_day, (date(2026, 1, 1), date(2026, 1, 11)))))
    [read] = planned(shop)
    assert read["from"] == "2025-12-31T23:00:00.000000Z"
    run(shop, "second")
    assert value(shop) == 31 * 4


def test_days_of_another_zone_take_the_place_of_those_before(shop):
    shop.put("project.yaml", PROJECT.format(as_of="2026-01-31").replace("Europe/Berlin", "America/New_York"))
    [read] = planned(shop)
    assert (read["why"], read["from"]) == ("the project's timezone changed", "2025-12-31T05:00:00.000000Z")
    seen = run(shop, "second")
    assert (seen.recorded, seen.withdrawn, seen.refused) == (31, 31, ())
    assert value(shop) == 31 * 7


def test_a_source_that_did_not_answer_is_asked_for_all_of_it_when_it_does(shop):
    database = shop.directory / "shop.db"
    defined(shop, where="kind = 'a' AND")
    database.rename(shop.directory / "gone.db")
    run(shop, "failed")
    (shop.directory / "gone.db").rename(database)
    [read] = planned(shop)
    assert read["why"] == "it was defined otherwise when it was read"
    run(shop, "second")
    assert value(shop) == 31 * 4


def test_what_says_nothing_of_its_values_is_no_reason_to_read_anew(shop):
    text = METRIC.format(where="").replace("name: Sign-ups", "name: Registrations")
    shop.put("metrics/signups.yaml", text)
    assert planned(shop) == []
    assert run(shop, "second").rows_read < 31
