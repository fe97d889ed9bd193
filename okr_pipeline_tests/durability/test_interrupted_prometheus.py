"""A year of daily values of a real Prometheus, interrupted at every request: what goes on ends with the same store."""

from datetime import date, timedelta
from itertools import count

import pytest

from okr_pipeline.application.workspace import open_for_writing
from okr_pipeline.model.calendar import Calendar, Period
from okr_pipeline_tests.connectors.http.server import Server
from okr_pipeline_tests.durability.interrupting import Gate, Interruption, interrupted_everywhere, read_history
from okr_pipeline_tests.prometheus import Prometheus, Sample
from okr_pipeline_tests.shops import OKRS

NEW_YORK = Calendar("America/New_York")
FIRST, LAST = date(2024, 6, 15), date(2025, 6, 14)
YEAR = Period(NEW_YORK.start_of_day(FIRST), NEW_YORK.end_of_day(LAST))
REQUESTS = [1, 3, 3, 1]
"""Of each leg: to the end of September, of the year, of March, and to the middle of June; clocks change in two."""
FILES = {
    "project.yaml": "name: Shop\ntimezone: America/New_York\nas_of: 2025-06-30\nhistory_starts: 2024-06-15\n",
    "sources/monitoring.yaml": """\
sources:
  monitoring: {connector: prometheus, base_url: URL, allow_private_hosts: true, attempts: 1}
""",
    "metrics/orders.yaml": """\
metrics:
  orders:
    source: monitoring
    query: sum_over_time(orders[{period}])
    dimensions: [shop]
    grain: day
    unit: count
    better: higher
    rollup: sum
""",
    "okrs/year.yaml": OKRS.format(year=2025),
}
HOURS = int((YEAR.end - YEAR.start) / timedelta(hours=1))


def sold(hour: int) -> int:
    return hour % 97


@pytest.fixture(scope="module")
def prometheus():
    """It holds what was sold in each hour, in two shops by turns."""
    numbers = range(HOURS)
    samples = [Sample("orders", YEAR.start + timedelta(hours=n), sold(n), {"shop": "ab"[n % 2]}) for n in numbers]
    with Prometheus(samples) as server:
        yield server


@pytest.fixture
def gate(prometheus):
    return Gate(prometheus.url)


@pytest.fixture
def make_project(gate):
    def made(directory):
        for name, text in FILES.items():
            (directory / "config" / name).parent.mkdir(parents=True, exist_ok=True)
            (directory / "config" / name).write_text(text.replace("URL", server.url))

    with Server(gate) as server:
        yield made


@pytest.mark.slow
@pytest.mark.prometheus
def test_a_backfill_of_a_year_that_is_interrupted_at_any_request_goes_on_to_the_same_store(
    make_project, gate, tmp_path
):
    """An interruption costs the requests of its leg again, and no other."""
    found = interrupted_everywhere(make_project, gate, tmp_path, YEAR)
    ends = [sum(REQUESTS[:legs]) for legs in range(len(REQUESTS) + 1)]
    kept = [max(end for end in ends if end <= number) for number in range(sum(REQUESTS))]
    assert found == [Interruption(number, sum(REQUESTS) - of) for number, of in zip(count(), kept)]


@pytest.mark.slow
@pytest.mark.prometheus
def test_a_backfill_holds_each_day_of_the_year_once(make_project, gate, tmp_path):
    make_project(tmp_path)
    workspace = open_for_writing(tmp_path / "config", store_url=f"sqlite:///{tmp_path}/okr.db")
    assert not read_history(workspace, "whole", YEAR).failures
    stored = workspace.store.observations(["orders"])
    workspace.store.close()
    assert (len(stored), gate.passed) == (2 * 365, sum(REQUESTS))
    assert stored["value"].sum() == sum(map(sold, range(HOURS)))
