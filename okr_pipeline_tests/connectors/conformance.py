"""What every connector must do, whatever it reads: one line in `test_conformance.py` per connector.

Belongs here: the contract of `connectors.contract` as tests, and what a connector's test must offer for them
(`Subject`). Does not: anything that one connector alone does.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import ClassVar, Protocol
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from connectors.api.source import ApiSource
from connectors.contract import POINT_COLUMNS, Connector, DataPointBatch, MetricRequest, ReadFailure, Source, Window
from connectors.errors import ConfigError, ConnectorError

ZONE = "America/New_York"
SECRET = "hunter2-not-to-be-shown"


@dataclass(frozen=True)
class Fact:
    """A row to be read: a local day, its member, its value."""

    day: date
    team: str | None
    amount: float | None


class Subject(Protocol):
    """A connector over a place that a test can write to."""

    connector: Connector
    facts: Sequence[Fact]
    """What is there to be read: FACTS, or COUNTS where it counts what happened, and a day without is a zero."""

    def write(self, facts: Sequence[Fact]) -> None:
        """Replace what the place holds."""

    def open(self) -> Source:
        """The connector over the place."""

    def open_badly(self) -> Source:
        """The connector with a login or a place that cannot work; any secret in it is SECRET."""

    def request(self, metric: str) -> MetricRequest:
        """Amount by team, one row per day of ZONE."""

    def broken_request(self, metric: str) -> MetricRequest:
        """A request that must fail alone."""


def midnight(day: date) -> datetime:
    """The instant at which a day starts in ZONE."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(ZONE)).astimezone(UTC)


def days(first: date, after_last: date) -> Window:
    """The window of whole days."""
    return Window(midnight(first), midnight(after_last))


MARCH = days(date(2013, 3, 1), date(2013, 4, 1))
"""The clocks of ZONE go forward on the tenth."""

FACTS = [
    Fact(date(2013, 3, 9) + timedelta(days=day), team, amount)
    for day, team, amount in [
        (0, "north", 1.5), (1, "north", 2.0), (2, "north", 0.0), (3, "north", None),
        (0, "south", -4.0), (1, "south", 1e9), (3, None, 7.0), (3, 'a "b", ü', 8.25),
    ]
]  # fmt: skip


COUNTS = [Fact(date(2013, 3, 9) + timedelta(days=day), None, amount) for day, amount in enumerate([2.0, 3.0, 0.0, 4.0])]


class Conformance:
    """The tests. A subclass names a `subject` factory, which gets pytest's request."""

    subject: ClassVar[type]

    @pytest.fixture
    def place(self, request: pytest.FixtureRequest) -> Subject:
        made = self.subject(request)
        made.write(made.facts)
        return made

    def test_points_have_the_columns_and_types_of_the_contract(self, place):
        points = read(place).points
        assert tuple(points.columns) == POINT_COLUMNS
        assert {name: str(kind) for name, kind in points.dtypes.items()} == {
            "metric": "str", "dimensions": "str", "period_start": "datetime64[us, UTC]",
            "value": "float64", "weight": "float64", "raw_value": "object",
        }  # fmt: skip

    def test_values_members_and_days_are_those_written(self, place):
        read_values = by_key(read(place).points)
        assert read_values == pytest.approx(expected(place, MARCH), nan_ok=True)

    def test_what_an_api_tells_without_a_past_must_be_said_and_only_that(self, place):
        source = place.open()
        if isinstance(source, ApiSource):
            other = replace(source.described, history=not source.described.history, is_snapshot=None)
            [told] = replace(source, described=other).read([within(MARCH, place.request("amount"))], MARCH)
            said = "does not say so" if other.history else "says that this has no past"
            assert isinstance(told.error, ConfigError)
            assert f"Connector {other.name} " in str(told.error)
            assert said in str(told.error)
        source.close()

    def test_days_start_at_local_midnight_also_when_the_clocks_change(self, place):
        there = {midnight(fact.day) for fact in place.facts}
        starts = sorted({start for _, start in by_key(read(place).points)} & there)
        assert [(later - earlier) / timedelta(hours=1) for earlier, later in pairwise(starts)] == [24, 23, 24]

    def test_the_same_window_twice_gives_the_same_points(self, place):
        first, second = read(place), read(place)
        pd.testing.assert_frame_equal(in_order(first.points), in_order(second.points))
        assert evidence(first).response_hash == evidence(second).response_hash
        assert evidence(first).fingerprint == evidence(second).fingerprint

    def test_shuffled_rows_have_the_same_hash(self, place):
        first = read(place)
        place.write(place.facts[::-1])
        second = read(place)
        pd.testing.assert_frame_equal(in_order(first.points), in_order(second.points))
        assert evidence(first).response_hash == evidence(second).response_hash

    def test_a_late_change_is_seen_and_changes_the_hash(self, place):
        before = evidence(read(place)).response_hash
        first = replace(place.facts[0], amount=7.0)
        place.write([first, *place.facts[1:]])
        after = read(place)
        assert by_key(after.points)[first.team, midnight(first.day)] == 7
        assert evidence(after).response_hash != before

    @pytest.mark.parametrize(
        "window",
        [
            pytest.param(days(date(2012, 1, 1), date(2012, 2, 1)), id="nothing there"),
            pytest.param(days(date(2999, 1, 1), date(2999, 2, 1)), id="future"),
            pytest.param(Window(MARCH.start, MARCH.start), id="no length"),
        ],
    )
    def test_a_window_without_rows_gives_no_points_and_no_error(self, place, window):
        batch = read(place, window)
        wanted = MARCH if evidence(batch).whole else window
        assert len(batch.points) == len(expected(place, wanted))
        assert evidence(batch).row_count == len(batch.points)

    def test_points_outside_the_window_come_only_with_a_whole_read(self, place):
        window = days(date(2013, 3, 10), date(2013, 3, 12))
        batch = read(place, window)
        inside = batch.points["period_start"].between(window.start, window.end, inclusive="left")
        assert evidence(batch).whole or inside.all()
        assert inside.sum() == len(expected(place, window))

    def test_a_place_without_rows_gives_no_points(self, place):
        place.write([])
        assert set(read(place).points["value"]) == ({0} if place.facts is COUNTS else set())

    def test_every_request_is_answered_once_and_one_failure_loses_no_other(self, place):
        asked = [place.request("a"), place.broken_request("b"), place.request("c"), place.broken_request("d")]
        requests = [within(MARCH, request) for request in asked]
        source = place.open()
        outcomes = list(source.read(requests, MARCH))
        source.close()
        failed = [outcome.metric for outcome in outcomes if isinstance(outcome, ReadFailure)]
        answered = [
            metric for outcome in outcomes if isinstance(outcome, DataPointBatch) for metric in outcome.evidence
        ]
        assert (sorted(failed), sorted(answered)) == (["b", "d"], ["a", "c"])
        assert all(outcome.metric in str(outcome.error) for outcome in outcomes if isinstance(outcome, ReadFailure))

    def test_no_request_is_no_work(self, place):
        assert list(place.open().read([], MARCH)) == []

    def test_a_read_can_be_left_half_way(self, place):
        source = place.open()
        reading = source.read([within(MARCH, place.request(str(number))) for number in range(20)], MARCH)
        next(reading)
        reading.close()
        source.close()

    def test_evidence_tells_when_and_how_much(self, place):
        found = evidence(read(place))
        assert found.row_count == len(expected(place, MARCH))
        assert found.elapsed_seconds >= 0
        assert found.fetched_at.utcoffset() == timedelta(0)
        assert found.request

    def test_check_answers(self, place):
        source = place.open()
        source.check()
        source.close()

    def test_a_bad_login_or_place_is_a_typed_error_without_the_secret(self, place):
        with pytest.raises(ConnectorError) as caught:
            place.open_badly().check()
        assert SECRET not in f"{caught.value} {caught.value!r} {caught.value.__cause__}"

    def test_a_bad_login_or_place_fails_every_metric_by_name(self, place):
        try:
            requests = [within(MARCH, place.request(metric)) for metric in "ab"]
            outcomes = list(place.open_badly().read(requests, MARCH))
        except ConnectorError as error:
            pytest.fail(f"it was raised: {error}")
        assert sorted(outcome.metric for outcome in outcomes if isinstance(outcome, ReadFailure)) == ["a", "b"]
        assert SECRET not in repr(outcomes)

    def test_settings_and_request_keys_are_closed_and_described(self, place):
        description = place.connector.describe()
        for model in (description.settings, description.request):
            assert model.model_config.get("frozen")
            assert model.model_config.get("extra") == "forbid"
            assert all(field.get("description") for field in model.model_json_schema()["properties"].values())


def within(window: Window, request: MetricRequest) -> MetricRequest:
    """The request, told the days of the window."""
    first = window.start.astimezone(ZoneInfo(ZONE)).date()
    starts = [midnight(first + timedelta(days=day)) for day in range((window.end - window.start).days + 2)]
    days = tuple(start for start in starts if start <= window.end)
    return replace(request, boundaries=days if len(days) > 1 else ())


def expected(place: Subject, window: Window) -> dict[tuple[str | None, datetime], float | None]:
    """What is to be read in a window, by team and instant."""
    there = {(fact.team, midnight(fact.day)): fact.amount for fact in place.facts}
    if place.facts is COUNTS:
        days = within(window, place.request("amount")).boundaries[:-1]
        there = {(None, day): there.get((None, day), 0.0) for day in days}
    return {key: amount for key, amount in there.items() if window.start <= key[1] < window.end}


def read(place: Subject, window: Window = MARCH) -> DataPointBatch:
    """The one metric of the place."""
    source = place.open()
    try:
        [outcome] = source.read([within(window, place.request("amount"))], window)
    finally:
        source.close()
    assert isinstance(outcome, DataPointBatch), outcome
    return outcome


def evidence(batch: DataPointBatch):
    """Of its one metric."""
    [found] = batch.evidence.values()
    return found


def by_key(points: pd.DataFrame) -> dict[tuple[str | None, datetime], float]:
    """Values by team and instant; fails on a key that is there twice."""
    keys = [
        (json.loads(dimensions).get("team"), start.to_pydatetime())
        for dimensions, start in zip(points["dimensions"], points["period_start"], strict=True)
    ]
    assert len(set(keys)) == len(keys)
    return dict(zip(keys, [None if pd.isna(value) else value for value in points["value"]], strict=True))


def in_order(points: pd.DataFrame) -> pd.DataFrame:
    """Sorted by key."""
    return points.sort_values(["period_start", "dimensions"]).reset_index(drop=True)
