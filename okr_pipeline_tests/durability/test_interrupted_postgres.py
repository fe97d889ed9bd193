"""A year of daily values of a real PostgreSQL, its connection cut at every page of rows: what follows ends with the same store.

A query is one question whatever the window, so that nothing of one that was cut is kept: it is asked again, whole.
"""

from datetime import date

import pytest
import sqlalchemy as sa

from okr_pipeline.application.workspace import open_for_writing
from okr_pipeline.model.calendar import Calendar, Period
from okr_pipeline.store import open_store
from okr_pipeline_tests.durability import tasks, truths
from okr_pipeline_tests.durability.interrupting import Interruption, interrupted_everywhere, read_history
from okr_pipeline_tests.durability.processes import start, start_doomed
from okr_pipeline_tests.durability.row_gate import RowGate
from okr_pipeline_tests.shops import OKRS

pytestmark = [pytest.mark.slow, pytest.mark.postgres]
BERLIN = Calendar("Europe/Berlin")
FIRST, LAST = date(2024, 6, 15), date(2025, 6, 14)
YEAR = Period(BERLIN.start_of_day(FIRST), BERLIN.end_of_day(LAST))
PAGES = 4
"""Of 365 days of orders, or of returns."""
METRIC = """\
  {name}:
    source: warehouse
    query: >-
      SELECT day AS period, {name} AS value FROM sales
      WHERE day >= (:window_start AT TIME ZONE 'Europe/Berlin')::date
      AND day < (:window_end AT TIME ZONE 'Europe/Berlin')::date ORDER BY day
    grain: day
    unit: count
    better: higher
    rollup: sum
"""
FILES = {
    "project.yaml": "name: Shop\ntimezone: Europe/Berlin\nas_of: 2025-06-30\nhistory_starts: 2024-06-15\n",
    "sources/warehouse.yaml": "sources:\n  warehouse: {connector: sql, concurrency: 1, url: 'URL'}\n",
    "metrics/orders.yaml": f"metrics:\n{METRIC.format(name='orders')}",
    "okrs/year.yaml": OKRS.format(year=2025),
}
TWO = FILES | {"metrics/returned.yaml": f"metrics:\n{METRIC.format(name='returned')}"}
"""The same with a second query, which is asked after the first."""


@pytest.fixture
def warehouse(postgres_url):
    """A row for each day from a year before the first to the end of the year of the last."""
    url = sa.make_url(postgres_url)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "CREATE TABLE sales AS SELECT day::date AS day, 100 + row_number() OVER () AS orders, 3 AS returned"
            " FROM generate_series(date '2023-06-15', date '2025-12-31', interval '1 day') AS day"
        )
    return url


@pytest.fixture
def gate(warehouse):
    with RowGate((str(warehouse.host), int(warehouse.port or 5432))) as gate:
        yield gate


@pytest.fixture
def make_project(warehouse, gate):
    url = warehouse.set(drivername="postgresql", host="127.0.0.1", port=gate.port)
    url = url.update_query_dict({"sslmode": "disable", "gssencmode": "disable"})

    def made(directory, files=FILES):
        for name, text in files.items():
            (directory / "config" / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / "config" / name).write_text(text.replace("URL", url.render_as_string(hide_password=False)))

    return made


def test_a_backfill_of_a_year_that_is_cut_at_any_page_is_followed_by_one_that_ends_with_the_same_store(
    make_project, gate, tmp_path
):
    found = interrupted_everywhere(make_project, gate, tmp_path, YEAR)
    assert found == [Interruption(number, PAGES) for number in range(PAGES)]


def test_of_a_query_that_was_cut_nothing_is_kept_and_of_others_all(make_project, gate, tmp_path):
    make_project(tmp_path, TWO)
    workspace = open_for_writing(tmp_path / "config", store_url=url(tmp_path))
    gate.opens_for = 6
    broken = read_history(workspace, "broken", YEAR)
    assert list(broken.failures) == ["returned"]
    assert broken.retryable
    stored = workspace.store.observations().groupby("metric")["value"]
    assert stored.count().to_dict() == {"orders": 365}
    gate.opens_for = None
    assert not read_history(workspace, "whole", YEAR).failures
    begin = 101 + (FIRST - date(2023, 6, 15)).days
    true = {"orders": sum(range(begin, begin + 365)), "returned": 3 * 365}
    assert workspace.store.observations().groupby("metric")["value"].sum().to_dict() == true
    workspace.store.close()


def test_a_backfill_that_is_killed_while_a_page_comes_leaves_nothing_half(make_project, gate, tmp_path):
    """Not even the first query's year, which has come whole."""
    for name in ("whole", "killed"):
        make_project(tmp_path / name, TWO)
    start(tasks.read_window, tmp_path / "whole", url(tmp_path / "whole"), YEAR.start, YEAR.end).end()

    def watch(kill):
        gate.passed, gate.on_page = 0, lambda begun: kill() if begun == 7 else None

    place = tmp_path / "killed"
    doomed = start_doomed(watch, tasks.read_window, place, url(place), YEAR.start, YEAR.end)
    doomed.process.join()
    assert doomed.process.exitcode == -9
    whole, killed = (open_store(url(tmp_path / name)) for name in ("whole", "killed"))
    assert killed.observations().empty
    gate.passed = 0
    start(tasks.read_window, place, url(place), YEAR.start, YEAR.end).end()
    assert gate.passed == 2 * PAGES
    assert truths.content_of(killed) == truths.content_of(whole)
    assert not truths.duplicated(killed)
    for store in (whole, killed):
        store.close()


def url(directory):
    return f"sqlite:///{directory}/okr.db"
