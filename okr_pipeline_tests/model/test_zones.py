"""Zones are those of one database, whatever the machine has."""

from datetime import UTC, datetime, timedelta
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, reset_tzpath

import pytest

from connectors import zones as read_in
from okr_pipeline.model.zones import edition, zone, zone_names


@pytest.fixture
def wrong_zones(tmp_path):
    """A machine whose Berlin keeps the time of Tokyo."""
    (tmp_path / "Europe").mkdir()
    (tmp_path / "Europe" / "Berlin").write_bytes(files("tzdata").joinpath("zoneinfo", "Asia", "Tokyo").read_bytes())
    reset_tzpath(to=[tmp_path])
    ZoneInfo.clear_cache()
    yield
    reset_tzpath()
    ZoneInfo.clear_cache()


@pytest.mark.parametrize("found", [zone, read_in.zone])
def test_what_the_machine_says_of_a_zone_does_not_count(wrong_zones, found):
    found.cache_clear()
    noon = datetime(2024, 7, 1, 12, tzinfo=UTC)
    assert noon.astimezone(ZoneInfo("Europe/Berlin")).hour == 21
    assert noon.astimezone(found("Europe/Berlin")).hour == 14


def test_every_zone_has_rules():
    assert len(zone_names()) > 500
    assert [name for name in zone_names() if str(zone(name)) != name] == []


def test_rows_are_read_in_the_zones_that_periods_are_computed_in():
    moments = [datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=91 * number) for number in range(500)]
    for name in sorted(zone_names())[::20]:
        offsets = [[it.astimezone(found(name)).utcoffset() for it in moments] for found in (zone, read_in.zone)]
        assert offsets[0] == offsets[1]


@pytest.mark.parametrize("name", ["Europe/Nowhere", "europe", "", "..", "../zones", "localtime", "/etc/localtime"])
def test_what_is_no_zone_is_not_found(name):
    with pytest.raises(ZoneInfoNotFoundError, match="time zone"):
        zone(name)


def test_the_edition_names_a_year_and_a_letter():
    assert edition()[:2] == "20"
    assert edition()[4:].isalpha()
