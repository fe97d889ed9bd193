"""A period that waits for a member counts when the member comes, when it has ended, or when it is released."""

from datetime import date, timedelta

import pytest

from okr_pipeline_tests.projects import SOURCES, Small

_METRIC = """\
metrics:
  signups:
    name: Sign-ups
    owner: growth@small.example
    source: sheets
    file: signups.csv
    columns: {{period: day, channel: channel, value: signups}}
    dimensions: [channel]
    grain: day
    unit: count
    better: higher
    rollup: sum
    expect: {{anomaly: {{value: {limit}, severity: block}}}}
"""


class Channels:
    """Sign-ups by mail every day, by phone but on some days, too few for the sum to show; what is stored, what waits."""

    def __init__(self, small: Small) -> None:
        self._small = small

    def read(self, until: int, silent: tuple[int, ...] = (), limit: int = 5) -> None:
        rows = [(day, channel) for day in range(1, until + 1) for channel in ("mail", "phone")]
        lines = [
            f"2026-01-{day:02},{channel},{9_000 if channel == 'mail' else 400}"
            for day, channel in rows
            if channel == "mail" or day not in silent
        ]
        self._small.as_of = date(2026, 1, until)
        self._small.write({})
        self._small.put("data/signups.csv", "\n".join(["day,channel,signups", *lines]) + "\n")
        self._small.put("sources/sheets.yaml", SOURCES)
        self._small.put("metrics/signups.yaml", _METRIC.format(limit=limit))
        self._small.observe(f"{until}-{len(silent)}-{limit}")

    def waiting(self) -> list[int]:
        held = self._small.open().store.quarantine()
        assert set(held["rule"]) <= {"missing_members"}
        return _days(held["period_start"])

    def counted(self) -> list[int]:
        return _days(self._small.open().store.observations()["period_start"])


def _days(starts) -> list[int]:
    return [(start + timedelta(hours=1)).day for start in starts.sort_values()]


@pytest.fixture
def channels(small) -> Channels:
    channels = Channels(small)
    channels.read(29)
    assert (channels.waiting(), channels.counted()) == ([], [day for day in range(1, 30) for _ in "mp"])
    return channels


def test_a_member_that_arrives_later_brings_its_period_with_it(channels):
    channels.read(30, silent=(30,))
    assert channels.waiting() == [30]
    assert 30 not in channels.counted()
    channels.read(30)
    assert channels.waiting() == []
    assert channels.counted().count(30) == 2


def test_the_next_day_counts_while_the_day_before_waits(channels):
    channels.read(30, silent=(30,))
    channels.read(31, silent=(30,))
    assert channels.waiting() == [30]
    assert channels.counted().count(31) == 2


def test_a_period_that_is_released_stays_so_when_the_limit_is_lowered_again(channels):
    channels.read(30, silent=(30,))
    channels.read(30, silent=(30,), limit=50)
    assert (channels.waiting(), channels.counted().count(30)) == ([], 1)
    channels.read(30, silent=(30,))
    assert (channels.waiting(), channels.counted().count(30)) == ([], 1)


def test_a_member_that_has_ended_holds_nothing_back_after_seven_days(small):
    channels = Channels(small)
    channels.read(20)
    for last in range(21, 27):
        channels.read(last, silent=tuple(range(21, last + 1)))
        assert channels.waiting() == list(range(21, last + 1))
    for last in (27, 28):
        channels.read(last, silent=tuple(range(21, last + 1)))
        assert channels.waiting() == []
        assert channels.counted()[-last + 20 :] == list(range(21, last + 1))
