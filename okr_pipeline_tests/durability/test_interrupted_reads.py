"""Daily values of an API, interrupted at every page: what goes on ends with the store of a read that was not.

Half a year has all that a year has: legs, and pages within them. Whole years are read of real servers
(test_interrupted_prometheus, test_interrupted_postgres).
"""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from okr_pipeline.application.workspace import open_for_writing
from okr_pipeline.model.calendar import Calendar, Period
from okr_pipeline.store import open_store
from okr_pipeline.store.schema import runs
from okr_pipeline_tests.connectors.http.server import Server
from okr_pipeline_tests.durability import tasks, truths
from okr_pipeline_tests.durability.interrupting import Gate, Interruption, interrupted_everywhere, read_history
from okr_pipeline_tests.durability.processes import start, start_doomed
from okr_pipeline_tests.shops import Shop, orders_on, write_shop

FIRST, LAST, AS_OF = date(2025, 1, 15), date(2025, 6, 14), date(2025, 6, 30)
WINDOW = Period(Calendar("Europe/Berlin").start_of_day(FIRST), Calendar("Europe/Berlin").end_of_day(LAST))
SIZE = 60
DAYS = (LAST - FIRST).days + 1
PAGES = [2, 2]
"""Of each leg: to the end of March, and to the middle of June."""


@pytest.fixture(scope="module")
def shop():
    with Server(Shop(FIRST, AS_OF)) as server:
        yield server


@pytest.fixture
def gate(shop):
    return Gate(shop.url)


@pytest.fixture
def make_project(gate):
    with Server(gate) as server:
        yield lambda directory: write_shop(directory, server.url, as_of=AS_OF, first=FIRST, size=SIZE)


@pytest.mark.slow
def test_a_backfill_that_is_interrupted_at_any_page_goes_on_to_the_same_store(make_project, gate, tmp_path):
    """An interruption costs the pages of its leg again, and no other."""
    found = interrupted_everywhere(make_project, gate, tmp_path, WINDOW)
    whole_legs = [sum(PAGES[:legs]) for legs in range(len(PAGES) + 1)]
    kept = {number: max(pages for pages in whole_legs if pages <= number) for number in range(sum(PAGES))}
    assert found == [Interruption(number, sum(PAGES) - kept[number]) for number in range(sum(PAGES))]


@pytest.mark.slow
def test_a_run_that_is_interrupted_at_any_page_goes_on_to_the_same_values(make_project, gate, tmp_path):
    """It goes on from what may be restated of what it has, so that it asks for other stretches than a run that was not."""
    found = interrupted_everywhere(make_project, gate, tmp_path, without=("metric_reads",))
    assert [it.more for it in found] == sorted((it.more for it in found), reverse=True)
    assert found[0].more > found[-1].more


@pytest.mark.slow
@pytest.mark.parametrize(
    ("backend", "number"),
    [("sqlite", 2), ("sqlite", 4), pytest.param("postgres", 3, marks=pytest.mark.postgres)],
)
def test_a_backfill_that_is_killed_while_a_page_comes_goes_on_to_the_same_store(
    request, make_project, gate, tmp_path, backend, number
):
    new = request.getfixturevalue("new_postgres_url") if backend == "postgres" else None
    urls = {name: new() if new else url(tmp_path / name) for name in ("whole", "killed")}
    for name in urls:
        make_project(tmp_path / name)
    start(tasks.read_window, tmp_path / "whole", urls["whole"], WINDOW.start, WINDOW.end).end()

    def watch(kill):
        gate.passed, gate.on_pass = 0, lambda passed: kill() if passed == number else None

    doomed = start_doomed(watch, tasks.read_window, tmp_path / "killed", urls["killed"], WINDOW.start, WINDOW.end)
    doomed.process.join()
    assert doomed.process.exitcode == -9
    gate.passed = 0
    start(tasks.read_window, tmp_path / "killed", urls["killed"], WINDOW.start, WINDOW.end).end()
    # The page that was on its way when it was killed was the last of its leg, which was not kept.
    assert gate.passed == sum(PAGES) - 2 * ((number - 1) // 2)
    whole, killed = map(open_store, urls.values())
    assert truths.content_of(killed) == truths.content_of(whole)
    assert not truths.duplicated(killed)
    assert killed.observations()["value"].sum() == sum(orders_on(FIRST + timedelta(days=day)) for day in range(DAYS))
    whole.close()
    killed.close()


def test_a_backfill_that_ended_is_read_again_from_its_beginning(make_project, gate, tmp_path):
    workspace = opened(make_project, tmp_path)
    for run_id in ("first", "again"):
        gate.passed = 0
        assert not read_history(workspace, run_id, WINDOW).failures
        assert gate.passed == sum(PAGES)


@pytest.mark.parametrize(("hours", "pages"), [(47, sum(PAGES) - 2), (49, sum(PAGES))])
def test_a_backfill_goes_on_within_two_days(make_project, gate, tmp_path, hours, pages):
    """Longer than the quota of a day takes that it used up."""
    workspace = opened(make_project, tmp_path)
    gate.opens_for, gate.passed = 2, 0
    assert read_history(workspace, "broken", WINDOW).failures
    began = workspace.store.runs()["started_at"][0] - timedelta(hours=hours)
    engine = sa.create_engine(url(tmp_path))
    with engine.begin() as connection:
        connection.execute(sa.update(runs).values(started_at=began.to_pydatetime()))
    engine.dispose()
    gate.opens_for, gate.passed = None, 0
    assert not read_history(workspace, "resumed", WINDOW).failures
    assert gate.passed == pages


@pytest.mark.parametrize(
    ("window", "owner"),
    [(replace(WINDOW, end=WINDOW.end - timedelta(days=1)), "s@shop.example"), (WINDOW, "o@shop.example")],
)
def test_only_a_backfill_of_the_same_days_by_the_same_configuration_goes_on(
    make_project, gate, tmp_path, window, owner
):
    workspace = opened(make_project, tmp_path)
    gate.opens_for, gate.passed = 2, 0
    assert read_history(workspace, "broken", WINDOW).failures
    gate.opens_for, gate.passed = None, 0
    path = tmp_path / "config/okrs/year.yaml"
    path.write_text(path.read_text().replace("s@shop.example", owner))
    other = open_for_writing(tmp_path / "config", store_url=url(tmp_path))
    assert not read_history(other, "other", window).failures
    assert gate.passed == sum(PAGES)


def opened(make_project, directory):
    make_project(directory)
    return open_for_writing(directory / "config", store_url=url(directory))


def url(directory):
    return f"sqlite:///{directory}/okr.db"
