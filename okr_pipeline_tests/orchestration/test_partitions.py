"""Partitions of days when the clocks change: Dagster's windows beside the days of the calendar."""

from datetime import UTC, date, timedelta

import pytest

from okr_pipeline.application.workspace import Workspace
from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.configuration import Configuration, Project
from okr_pipeline.orchestration.scope import _window, daily_partitions, newest_day
from okr_pipeline.store import open_store
from okr_pipeline_tests.model.clocks import ODD_ZONES

DAY = timedelta(days=1)
CHANGES = [
    ("Europe/Berlin", date(2024, 3, 31)),
    ("Europe/Berlin", date(2024, 10, 27)),
    ("America/Santiago", date(2024, 9, 8)),
    ("America/Havana", date(2024, 11, 3)),
    ("Australia/Lord_Howe", date(2024, 10, 6)),
    ("Antarctica/Troll", date(2024, 3, 31)),
    ("Africa/Casablanca", date(2024, 3, 10)),
    ("America/St_Johns", date(2010, 11, 7)),
]


@pytest.fixture
def settled(tmp_path):
    """Makes a project in a zone, with nothing in it; its store is not touched."""

    def settle(zone: str, as_of: date | None, history_starts: date) -> Workspace:
        project = Project("Somewhere", Calendar(zone), as_of=as_of, history_starts=history_starts)
        store = open_store(f"sqlite:///{tmp_path / 'okr.db'}")
        return Workspace(tmp_path / "config", tmp_path, Configuration(project), store)

    return settle


@pytest.mark.parametrize(("zone", "day"), CHANGES, ids=[f"{zone} {day}" for zone, day in CHANGES])
def test_a_partition_is_the_day_that_its_key_names(settled, zone, day):
    workspace = settled(zone, day + 2 * DAY, day - DAY)
    partitions = daily_partitions(workspace)
    keys = partitions.get_partition_keys()
    assert keys == [(day + number * DAY).isoformat() for number in range(-1, 3)]
    for key in keys:
        ours = _window(workspace, (date.fromisoformat(key),))
        window = partitions.time_window_for_partition_key(key)
        assert (window.start.astimezone(UTC), window.end.astimezone(UTC)) == (ours.start, ours.end)
    assert newest_day(workspace) == keys[-1]


@pytest.mark.parametrize(("zone", "day"), CHANGES, ids=[f"{zone} {day}" for zone, day in CHANGES])
def test_all_through_a_day_its_partition_is_the_newest(settled, zone, day):
    live = settled(zone, None, day - DAY)
    start, end = Calendar(zone).start_of_day(day), Calendar(zone).end_of_day(day)
    moments = [start + timedelta(microseconds=1), start + (end - start) / 2, end]
    assert [newest_day(live, now) for now in moments] == [day.isoformat()] * 3
    assert newest_day(live, end + timedelta(microseconds=1)) == (day + DAY).isoformat()


def test_the_partition_of_a_skipped_date_has_nothing_to_read(settled):
    workspace = settled("Pacific/Apia", date(2012, 1, 1), date(2011, 12, 1))
    windows = {day: _window(workspace, (date(2011, 12, day),)) for day in (29, 30, 31)}
    assert windows[30].start == windows[30].end == windows[29].end == windows[31].start
    assert _window(workspace, (date(2011, 12, 29), date(2011, 12, 31))).end == windows[31].end


@pytest.mark.parametrize("zone", ODD_ZONES)
def test_the_ends_of_a_year_of_partitions_are_each_at_an_instant_of_its_own(zone):
    calendar = Calendar(zone)
    ends = [calendar.end_of_day(date(2024, 1, 1) + number * DAY) for number in range(366)]
    assert len(set(ends)) == 366
    assert [calendar.last_date_before(end) for end in ends] == [
        date(2024, 1, 1) + number * DAY for number in range(366)
    ]
