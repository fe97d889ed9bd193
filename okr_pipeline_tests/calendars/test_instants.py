"""Instants as people write and read them, and those that a pipeline looks at by itself, when the clocks change."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from okr_pipeline.application.alerts import evaluation_instants
from okr_pipeline.application.errors import UsageError
from okr_pipeline.application.snapshotting import _instants
from okr_pipeline.application.workspace import parse_instant
from okr_pipeline.cli.tables import as_of_words
from okr_pipeline.model.calendar import Calendar
from okr_pipeline.model.configuration import Project
from okr_pipeline.model.zones import zone
from okr_pipeline.rendering import words


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def project(timezone: str) -> Project:
    return Project("Somewhere", Calendar(timezone))


@pytest.mark.parametrize(
    ("timezone", "written", "instant"),
    [
        ("America/Santiago", "2024-09-07", "2024-09-08T04:00"),
        ("America/Santiago", "2024-09-08", "2024-09-09T03:00"),
        ("America/Havana", "2024-11-02", "2024-11-03T04:00"),
        ("America/Havana", "2024-11-03", "2024-11-04T05:00"),
        ("Pacific/Apia", "2011-12-29", "2011-12-30T10:00"),
        ("Pacific/Apia", "2011-12-30", "2011-12-30T10:00"),
        ("Pacific/Apia", "2011-12-31", "2011-12-31T10:00"),
        ("Europe/Dublin", "2024-10-27", "2024-10-28T00:00"),
        ("Europe/Berlin", "2024-10-27T03:00", "2024-10-27T02:00"),
        ("Europe/Berlin", "2024-10-27T02:30+02:00", "2024-10-27T00:30"),
        ("Europe/Berlin", "2024-10-27T02:30+01:00", "2024-10-27T01:30"),
    ],
)
def test_a_date_means_its_end_and_a_time_that_of_the_projects_clocks(timezone, written, instant):
    assert parse_instant(written, project(timezone)) == at(instant)


@pytest.mark.parametrize(
    ("timezone", "written", "why"),
    [
        ("Europe/Berlin", "2024-10-27T02:30", "2024-10-27 02:30 happens twice in Europe/Berlin, as clocks change"),
        ("Europe/Berlin", "2024-03-31T02:30", "2024-03-31 02:30 never happens in Europe/Berlin, as clocks change"),
        ("Pacific/Apia", "2011-12-30T12:00", "2011-12-30 12:00 never happens in Pacific/Apia, as clocks change"),
    ],
)
def test_a_time_that_happens_twice_or_never_needs_its_offset(timezone, written, why):
    with pytest.raises(UsageError) as refused:
        parse_instant(written, project(timezone))
    assert str(refused.value) == f"{why}. Write it with its offset, as in 2013-05-19T12:00:00-04:00."


ENDS = [
    ("America/Santiago", "2024-09-08T04:00", "Saturday 7 Sep 2024", date(2024, 9, 7), "2024-09-07"),
    ("America/Havana", "2024-11-03T04:00", "Saturday 2 Nov 2024", date(2024, 11, 2), "2024-11-02"),
    ("Pacific/Apia", "2011-12-30T10:00", "Thursday 29 Dec 2011", date(2011, 12, 29), "2011-12-29"),
    ("Europe/Berlin", "2024-10-27T23:00", "Sunday 27 Oct 2024", date(2024, 10, 27), "2024-10-27"),
]


@pytest.mark.parametrize(("timezone", "instant", "said", "ended", "printed"), ENDS)
def test_the_end_of_a_day_is_told_as_such_wherever_clocks_stand(timezone, instant, said, ended, printed):
    assert words.moment(at(instant), zone(timezone)) == f"the end of {said}"
    assert words.last_day(at(instant), zone(timezone)) == ended
    assert words.start(at(instant), zone(timezone)) == words.day(Calendar(timezone).date_of(at(instant)))
    assert as_of_words(at(instant).isoformat(), timezone) == f"the end of {printed}"


def test_the_second_midnight_of_a_day_ends_nothing():
    second = at("2024-11-03T05:00")
    assert words.moment(second, zone("America/Havana")) == "Sunday 3 Nov 2024, 00:00"
    assert as_of_words(second.isoformat(), "America/Havana") == "2024-11-03 00:00 CST"


@pytest.mark.parametrize(
    ("timezone", "last", "as_of", "instants"),
    [
        ("Pacific/Apia", "2011-12-28T10:00", "2012-01-01T10:00", ["29T10:00", "30T10:00", "31T10:00"]),
        ("America/Santiago", "2024-09-07T04:00", "2024-09-10T12:00", ["08T04:00", "09T03:00", "10T03:00"]),
        ("America/Havana", "2024-11-02T12:00", "2024-11-04T12:00", ["03T04:00", "04T05:00"]),
    ],
)
def test_alerts_look_once_at_the_end_of_each_day_that_there_was(timezone, last, as_of, instants):
    states = pd.DataFrame({"last_evaluated_as_of": [pd.Timestamp(last, tz="UTC")]})
    found = evaluation_instants(Calendar(timezone), states, at(as_of))
    assert [f"{it:%dT%H:%M}" for it in found[:-1]] == instants
    assert found[-1] == at(as_of)


def test_a_track_has_one_point_for_each_day_that_there_was():
    apia = Calendar("Pacific/Apia")
    as_of = apia.end_of_day(date(2012, 1, 4))
    found = _instants(apia, apia.start_of_day(date(2011, 12, 26)), as_of)
    assert found == [apia.end_of_day(date(2011, 12, 26) + timedelta(days=it)) for it in range(10) if it != 4]
