"""What is read for the first time is compared with nothing; whatever is read beside something known is."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest

from okr_pipeline.application.observing import observe
from okr_pipeline.application.runs import Run
from okr_pipeline.application.workspace import open_for_writing
from okr_pipeline.model.calendar import Calendar, Period
from okr_pipeline.quality import DOUBT_RULES
from okr_pipeline_tests.connectors.http.server import Server, json_reply
from okr_pipeline_tests.shops import Shop, write_shop

BERLIN = Calendar("Europe/Berlin")
FIRST = date(2025, 1, 1)
METRIC = """\
metrics:
  orders:
    source: shop
    path: /orders
    params: {from: "{start:date}", until: "{end:date}"}
    rows: "days[].{period: day, value: orders, till: till}"
    dimensions: [till]
    grain: day
    unit: count
    better: higher
    rollup: sum
    restates: RESTATES
"""
FEW, MANY = 2, 30
"""Tills, which are others from some day on; more than twenty new ones are doubted beside ones that are known."""


@dataclass
class Tills(Shop):
    """Two tills until a day, from which on there are thirty others; each has sold ten, or `sold`, on every day."""

    replaced: date = date(2100, 1, 1)
    sold: int = 10

    def page(self, seen):
        days = [self.first + timedelta(days=day) for day in range((self.last - self.first).days + 1)]
        rows = [
            {"day": str(day), "till": till, "orders": self.sold}
            for day in days
            if seen.params["from"] <= str(day) < seen.params["until"]
            for till in (range(FEW) if day < self.replaced else range(100, 100 + MANY))
        ]
        return json_reply({"days": rows, "total": len(rows)})


@dataclass
class Project:
    """A project over the tills: what one read of it refused, by rule, and how many values it recorded."""

    directory: Path
    url: str
    store_url: str
    tills: Tills

    def read(self, as_of, *, restates="7d", window=None, full_refresh=False):
        write_shop(self.directory, self.url, as_of=as_of, first=FIRST, size=10_000)
        (self.directory / "config/metrics/shop.yaml").write_text(METRIC.replace("RESTATES", restates))
        workspace = open_for_writing(self.directory / "config", store_url=self.store_url)
        run = Run(f"{as_of} {window}", workspace.as_of(), "backfill" if window else "run")
        observed = observe(workspace, "shop", run=run, window=window, full_refresh=full_refresh)
        workspace.store.close()
        assert not observed.failures
        return {it.rule for it in observed.refused}, observed.recorded


@pytest.fixture
def tills():
    with Server(Tills(date(2024, 1, 1), date(2025, 12, 31))) as server:
        yield server


@pytest.fixture
def project(tmp_path, tills):
    return Project(tmp_path, tills.url, f"sqlite:///{tmp_path}/okr.db", tills.answer)


@pytest.fixture
def project_on_each(tmp_path, tills, store_url):
    return Project(tmp_path, tills.url, store_url, tills.answer)


def days(first, last):
    return Period(BERLIN.start_of_day(date.fromisoformat(first)), BERLIN.end_of_day(date.fromisoformat(last)))


@pytest.mark.parametrize("restates", ["7d", "0d"])
def test_later_legs_of_a_first_read_may_bring_other_members(project, restates):
    project.tills.replaced = date(2025, 4, 1)
    assert project.read(date(2025, 6, 30), restates=restates) == (set(), 90 * FEW + 91 * MANY)


@pytest.mark.parametrize("restates", ["7d", "0d"])
def test_a_first_read_that_was_interrupted_goes_on_as_if_it_had_not_been(project_on_each, restates):
    project = project_on_each
    project.tills.replaced = date(2025, 4, 1)
    project.tills.fault = lambda number, seen: json_reply({}, 401) if number > 1 else None
    with pytest.raises(AssertionError):
        project.read(date(2025, 6, 30), restates=restates)
    project.tills.fault = lambda number, seen: None
    assert project.read(date(2025, 6, 30), restates=restates) == (set(), 91 * MANY)
    asked = [seen.params["from"] for seen in project.tills.asked]
    assert asked == ["2025-01-01", "2025-04-01", *(["2025-03-25"] if restates == "7d" else []), "2025-04-01"]


@pytest.mark.parametrize("restates", ["7d", "0d"])
def test_the_next_read_of_a_few_days_is_compared_with_what_is_known(project, restates):
    project.read(date(2025, 6, 20), restates=restates)
    project.tills.replaced = date(2025, 6, 21)
    assert project.read(date(2025, 6, 30), restates=restates) == ({"new_members"}, 0)


def test_a_window_before_all_that_was_read_may_bring_other_members(project):
    project.read(date(2025, 2, 28))
    project.tills.replaced = date(2024, 1, 1)
    assert project.read(date(2025, 2, 28), window=days("2024-11-01", "2024-12-31")) == (set(), 61 * MANY)


def test_a_window_after_all_that_was_read_may_bring_other_members(project):
    project.read(date(2025, 2, 28), window=days("2025-01-01", "2025-01-31"))
    project.tills.replaced = date(2025, 2, 10)
    assert project.read(date(2025, 2, 28), window=days("2025-02-10", "2025-02-28")) == (set(), 19 * MANY)


@pytest.mark.parametrize(
    ("first", "last"), [("2024-12-01", "2025-01-01"), ("2025-02-28", "2025-03-31"), ("2025-01-15", "2025-02-15")]
)
def test_a_window_that_reaches_a_day_into_what_was_read_is_compared_with_it(project, first, last):
    project.read(date(2025, 3, 31), window=days("2025-01-01", "2025-02-28"))
    project.tills.replaced = date(2024, 1, 1)
    refused, recorded = project.read(date(2025, 3, 31), window=days(first, last))
    assert (bool(refused), refused <= DOUBT_RULES, recorded) == (True, True, 0)


def test_legs_that_are_read_again_are_compared_with_what_they_were(project):
    project.read(date(2025, 6, 30))
    project.tills.sold = 1_000
    assert project.read(date(2025, 6, 30), full_refresh=True)[1] == 0
    assert project.read(date(2025, 6, 30), window=days("2025-01-01", "2025-06-30"))[1] == 0
