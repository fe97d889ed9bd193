"""Cube, over a server of our own that answers as its documentation says."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from connectors.contract import DataPointBatch, MetricRequest, ReadFailure, Window
from connectors.cube import CONNECTOR, CubeRequest
from connectors.errors import ConfigError, ContractError, TransientError
from okr_pipeline_tests.connectors.conformance import FACTS, MARCH, ZONE, Conformance, days, midnight, within
from okr_pipeline_tests.connectors.http.server import Server, json_reply
from okr_pipeline_tests.connectors.http.survival import FastClock, Survival
from okr_pipeline_tests.connectors.vendors.vendor import TOKEN, Vendor

LATER = "2014-01-01T00:00:00.000Z"
KNOWN = {"orders.amount", "orders.weight", "orders.count"}


def told(*rows: Mapping[str, object], refreshed: str | None = LATER):
    return {"query": {}, "data": list(rows), "annotation": {}, "lastRefreshTime": refreshed}


def row(day, team, amount, **more):
    at = f"{day}T00:00:00.000"
    return {"orders.created_at.day": at, "orders.created_at": at, "orders.team": team, "orders.amount": amount, **more}


class Cube(Vendor):
    connector = CONNECTOR
    facts = FACTS
    settings = {"token": "{secret}"}
    metric = {"measure": "orders.amount", "time": "orders.created_at", "segments": ["orders.ask{number}ed"]}
    broken = {**metric, "measure": "orders.nowhere"}
    dimensions = ("team",)
    method = "POST"
    good = json.dumps(told(row("2013-03-09", "a", "5"), row("2013-03-09", "b", "0.5"))).encode()
    values = (0.5, 5.0)

    def write(self, facts):
        self.there = facts

    def knows(self, seen):
        return seen.headers.get("authorization") == TOKEN

    def answer(self, seen):
        if seen.path == "/v1/meta":
            return json_reply({"cubes": []})
        assert (seen.method, seen.path) == ("POST", "/v1/load")
        query = json.loads(seen.body)["query"]
        for measure in query["measures"]:
            if measure not in KNOWN:
                return json_reply({"type": "User Error", "error": f"'{measure}' not found for path"}, 400)
        [time] = query["timeDimensions"]
        first, last = time["dateRange"]
        rows = [
            {
                **row(fact.day, fact.team, None),
                **dict.fromkeys(query["measures"], None if fact.amount is None else f"{fact.amount!r}"),
            }
            for fact in sorted(self.there, key=lambda fact: (fact.day, fact.team or ""))
            if first <= f"{fact.day}T00:00:00.000" <= last
        ]
        offset = query.get("offset", 0)
        return json_reply(told(*rows[offset : offset + query["limit"]]))


class TestConformance(Conformance):
    subject = Cube


class TestSurvival(Survival):
    subject = Cube


@pytest.fixture
def cube(request):
    made = Cube(request)
    made.write(FACTS)
    return made


def asked(metric="amount", grain="day", dimensions=(), boundaries=(), zone=ZONE, **keys):
    options = CubeRequest(**{"measure": "orders.amount", "time": "orders.created_at", **keys})
    return MetricRequest(metric, grain, zone, dimensions, options, boundaries)


def outcomes(cube, url, *requests, window=MARCH, clock=None, **settings):
    source = cube.over(url, (clock or FastClock()).clock(), **settings)
    try:
        return list(source.read(requests, window))
    finally:
        source.close()


def queries(server):
    return [json.loads(seen.body)["query"] for seen in server.seen]


def test_metrics_cut_alike_are_one_query_in_the_metrics_zone(cube):
    with Server(lambda _: json_reply(told())) as server:
        filters = [{"member": "orders.status", "operator": "equals", "values": ["paid"]}]
        requests = [
            asked("a", dimensions=("team",)), asked("b", dimensions=("team",), measure="orders.count", weight="orders.weight"),
            asked("c", dimensions=("team",), members={"team": "teams.name"}, filters=filters),
        ]  # fmt: skip
        outcomes(cube, server.url, *(within(MARCH, request) for request in requests), concurrency=1)
        one, other = queries(server)
    assert one == {
        "measures": ["orders.amount", "orders.count", "orders.weight"],
        "timeDimensions": [
            {"dimension": "orders.created_at", "dateRange": ["2013-03-01T00:00:00.000", "2013-03-31T23:59:59.999"], "granularity": "day"}
        ],
        "dimensions": ["orders.team"], "filters": [], "segments": [],
        "order": [["orders.created_at", "asc"], ["orders.team", "asc"]],
        "timezone": ZONE, "limit": 10_000,
    }  # fmt: skip
    assert (other["dimensions"], other["filters"]) == (["teams.name"], filters)


def test_evidence_is_of_one_metric_alone(cube):
    with Server(lambda _: json_reply(told())) as server:
        [batch] = outcomes(cube, server.url, asked("a"), asked("b", measure="orders.count"))
    assert '"measures":["orders.amount"]' in batch.evidence["a"].request
    assert '"measures":["orders.count"]' in batch.evidence["b"].request


def test_an_answer_that_takes_long_is_asked_for_until_it_is_there(cube):
    """More often than a source tries again what failed."""
    clock = FastClock()

    def answer(seen):
        working = {"error": "Continue wait"}
        return json_reply(working if len(server.seen) <= 20 else told(row("2013-03-09", "a", "5")))

    with Server(answer) as server:
        [batch] = outcomes(cube, server.url, asked(), clock=clock, attempts=2)
        assert len(server.seen) == 21
    assert isinstance(batch, DataPointBatch), batch
    assert batch.points["value"].tolist() == [5]
    assert sum(clock.slept) == 20


def test_patience_ends_though_cube_still_works(cube):
    with Server(lambda _: json_reply({"error": "Continue wait"})) as server:
        [failed] = outcomes(cube, server.url, asked(), patience="30s")
        assert 20 < len(server.seen) <= 31
    assert type(failed.error) is TransientError
    assert "Cube still works on the answer. Run again later, or raise patience" in str(failed.error)


def test_a_full_page_is_not_taken_for_all(cube):
    year = [row(date(2013, 3, 9), f"t{number:05}", "1") for number in range(10_001)]

    def answer(seen):
        offset = json.loads(seen.body)["query"].get("offset", 0)
        return json_reply(told(*year[offset : offset + 10_000]))

    with Server(answer) as server:
        [batch] = outcomes(cube, server.url, asked(dimensions=("team",)))
        assert [query.get("offset") for query in queries(server)] == [None, 10_000]
    assert len(batch.points) == 10_001


SUNDAYS = tuple(midnight(date(2013, 3, 3)) + timedelta(days=7 * week) - timedelta(hours=week > 1) for week in range(3))


def test_weeks_from_sunday_are_each_asked_for_without_granularity(cube):
    with Server(lambda seen: json_reply(told({"orders.amount": f"{len(server.seen)}.5"}))) as server:
        [batch] = outcomes(
            cube,
            server.url,
            asked(grain="week", boundaries=SUNDAYS),
            window=Window(SUNDAYS[0], SUNDAYS[-1]),
            concurrency=1,
        )
        ranges = [query["timeDimensions"] for query in queries(server)]
    assert ranges == [
        [{"dimension": "orders.created_at", "dateRange": [f"2013-03-{first}T00:00:00.000", f"2013-03-{last}T23:59:59.999"]}]
        for first, last in (("03", "09"), ("10", "16"))
    ]  # fmt: skip
    points = batch.points
    assert dict(zip(points["period_start"].dt.to_pydatetime(), points["value"], strict=True)) == {
        SUNDAYS[0]: 1.5,
        SUNDAYS[1]: 2.5,
    }


@pytest.mark.parametrize(
    ("grain", "first", "after"),
    [("week", date(2013, 3, 4), date(2013, 3, 11)), ("month", date(2013, 3, 1), date(2013, 4, 1)), ("quarter", date(2013, 1, 1), date(2013, 4, 1))],
)  # fmt: skip
def test_periods_that_cube_knows_are_asked_for_at_once(cube, grain, first, after):
    window = days(first, after)
    with Server(lambda _: json_reply(told())) as server:
        outcomes(cube, server.url, asked(grain=grain, boundaries=(window.start, window.end)), window=window)
        [query] = queries(server)
    assert query["timeDimensions"][0]["granularity"] == grain


def test_hours_are_asked_for_in_utc_where_a_local_time_may_be_two(cube):
    hours = tuple(datetime(2013, 11, 3, 5, tzinfo=UTC) + timedelta(hours=hour) for hour in range(3))
    rows = [{"orders.created_at.hour": f"{hour:%Y-%m-%dT%H:%M:%S}.000", "orders.amount": "1"} for hour in hours[:2]]
    with Server(lambda _: json_reply(told(*rows))) as server:
        [batch] = outcomes(cube, server.url, asked(grain="hour", boundaries=hours), window=Window(hours[0], hours[-1]))
        assert queries(server)[0]["timezone"] == "UTC"
    assert list(batch.points["period_start"]) == list(hours[:2])


@pytest.mark.parametrize(
    ("value", "number", "raw"),
    [("12.50", 12.5, None), ("123456789012345678", 123456789012345678.0, None), (7, 7.0, None), (None, None, None), ("n/a", None, "n/a"), (True, None, "true")],
)  # fmt: skip
def test_numbers_come_as_texts_and_other_texts_are_no_values(cube, value, number, raw):
    with Server(lambda _: json_reply(told(row("2013-03-09", None, value)))) as server:
        [batch] = outcomes(cube, server.url, asked())
    [point] = batch.points.to_dict("records")
    assert (None if point["value"] != point["value"] else point["value"], point["raw_value"]) == (number, raw)


@pytest.mark.parametrize(
    ("refreshed", "flags"),
    [(LATER, set()), ("2013-03-20T00:00:00.000Z", {"cached"}), (None, set()), ("2013-04-01T03:59:59.999Z", {"cached"})],
)
def test_what_was_computed_before_the_window_was_over_is_cached(cube, refreshed, flags):
    with Server(lambda _: json_reply(told(row("2013-03-09", None, "5"), refreshed=refreshed))) as server:
        [batch] = outcomes(cube, server.url, asked())
    assert batch.flags.get("amount", set()) == flags


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"error": "no such thing"}, "it says: no such thing"),
        ({"data": [1]}, "holds no rows"),
        ({"results": [told(), told()]}, "holds no rows"),
        (told(refreshed="yesterday"), "lastRefreshTime is 'yesterday'"),
        (told({"orders.created_at.day": "2013-03-09"}), "no column orders.amount"),
        (told({"orders.amount": "5"}), "no column orders.created_at.day"),
    ],
)
def test_answers_that_are_no_rows_are_errors(cube, document, said):
    with Server(lambda _: json_reply(document)) as server:
        [failed] = outcomes(cube, server.url, asked())
    assert isinstance(failed, ReadFailure), failed
    assert type(failed.error) is ContractError
    assert said in str(failed.error)


def test_an_answer_in_a_list_of_results_is_the_same(cube):
    with Server(lambda _: json_reply({"results": [told(row("2013-03-09", None, "5"))]})) as server:
        [batch] = outcomes(cube, server.url, asked())
    assert batch.points["value"].tolist() == [5]


def test_members_that_are_no_dimensions_are_refused(cube):
    [failed] = outcomes(cube, "http://127.0.0.1:1", asked(dimensions=("team",), members={"taem": "teams.name"}))
    assert type(failed.error) is ConfigError
    assert "members names taem, which is no dimension of the metric. Did you mean team?" in str(failed.error)


def test_weights_are_measures(cube):
    with Server(lambda _: json_reply(told(row("2013-03-09", None, "0.5", **{"orders.weight": "20"})))) as server:
        [batch] = outcomes(cube, server.url, replace(asked(weight="orders.weight"), boundaries=()))
    assert batch.points[["value", "weight"]].to_numpy().tolist() == [[0.5, 20]]
