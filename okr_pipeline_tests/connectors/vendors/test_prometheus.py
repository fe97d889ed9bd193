"""Prometheus, judged by Prometheus itself."""

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from connectors.contract import Context, DataPointBatch, MetricRequest, ReadFailure, Window
from connectors.errors import ConfigError, ContractError, TransientError
from connectors.prometheus import CONNECTOR, PrometheusRequest, PrometheusSettings
from okr_pipeline_tests.connectors.conformance import FACTS, MARCH, SECRET, ZONE, Conformance, days, midnight, within
from okr_pipeline_tests.connectors.http.forwarding import Break, Breaking, forwarded
from okr_pipeline_tests.connectors.http.server import Seen, Server, json_reply
from okr_pipeline_tests.connectors.http.survival import FastClock, Survival
from okr_pipeline_tests.connectors.vendors.vendor import TOKEN, Vendor
from okr_pipeline_tests.prometheus import PASSWORD, USER, Prometheus, Sample

NOON = timedelta(hours=12)
MEASURED = [fact for fact in FACTS if fact.amount is not None]
"""Prometheus has no nulls."""


def labels(team: str | None) -> dict[str, str]:
    return {} if team is None else {"team": team}


def matrix(*series: tuple[Mapping[str, str], list], **more):
    result = [{"metric": names, "values": values} for names, values in series]
    return {"status": "success", "data": {"resultType": "matrix", "result": result}, **more}


class FakePrometheus(Vendor):
    """A server of our own, for faults: what the real one says is tested below."""

    connector = CONNECTOR
    facts = MEASURED
    settings = {"auth": {"bearer": "{secret}"}}
    metric = {"query": "last_over_time(ask{number}ed[{period}])"}
    broken = {"query": "sum("}
    dimensions = ("team",)
    method = "GET"
    good = json.dumps(
        matrix(({"team": "a"}, [[1362891599.999, "5"]]), ({"team": "b"}, [[1362891599.999, "0.5"]]))
    ).encode()
    values = (0.5, 5.0)

    def write(self, facts):
        self.there = facts

    def knows(self, seen):
        return seen.headers.get("authorization") == f"Bearer {TOKEN}"

    def answer(self, seen):
        if seen.path == "/api/v1/query":
            return json_reply({"status": "success", "data": {"resultType": "scalar", "result": [0, "1"]}})
        asked = re.fullmatch(r"last_over_time\(ask\d+ed\[(\d+)s\]\)", seen.params["query"])
        if asked is None:
            return json_reply({"status": "error", "errorType": "bad_data", "error": "1:5: parse error"}, 400)
        return json_reply(matrix(*self._evaluated(seen, int(asked[1]))))

    def _evaluated(self, seen: Seen, length: int):
        instant, last, step = (float(seen.params[name]) for name in ("start", "end", "step"))
        found: dict[str | None, list] = {}
        while instant <= last:
            for fact in self.there:
                if instant - length < (midnight(fact.day) + NOON).timestamp() <= instant:
                    found.setdefault(fact.team, []).append([instant, str(fact.amount)])
            instant += step
        return [(labels(team), values) for team, values in found.items()]


class RealPrometheus:
    connector = CONNECTOR
    facts = MEASURED

    def __init__(self, request):
        self.directory = request.getfixturevalue("tmp_path")
        self.server = None
        request.addfinalizer(self.stop)

    def stop(self):
        if self.server is not None:
            self.server.__exit__()

    def write(self, facts):
        self.stop()
        samples = [Sample("facts", midnight(it.day) + NOON, it.amount, labels(it.team)) for it in facts]
        self.server = Prometheus(samples, guarded=True).__enter__()

    def open(self):
        return opened(self.server.url, self.directory, auth={"basic": {"username": USER, "password": PASSWORD}})

    def open_badly(self):
        return opened(self.server.url, self.directory, auth={"basic": {"username": USER, "password": SECRET}})

    def request(self, metric):
        return asked("last_over_time(facts[{period}])", "team", metric=metric)

    def broken_request(self, metric):
        return asked("last_over_time(facts)", metric=metric)


class TestFake(Conformance):
    subject = FakePrometheus


class TestSurvival(Survival):
    subject = FakePrometheus


@pytest.mark.prometheus
class TestReal(Conformance):
    subject = RealPrometheus


def opened(url, directory, **settings):
    given = PrometheusSettings(base_url=url, allow_private_hosts=True, **settings)
    return CONNECTOR.open(given, Context(directory, directory), FastClock().clock())


def asked(query, *dimensions, metric="amount", grain="day", boundaries=()):
    return MetricRequest(metric, grain, ZONE, dimensions, PrometheusRequest(query=query), boundaries)


def outcome(url, directory, request, window=MARCH, **settings):
    source = opened(url, directory, **settings)
    try:
        [found] = source.read([request if request.boundaries else within(window, request)], window)
    finally:
        source.close()
    return found


def values(batch) -> dict[datetime, float]:
    assert isinstance(batch, DataPointBatch), batch
    points = batch.points
    return {start.to_pydatetime(): value for start, value in zip(points["period_start"], points["value"], strict=True)}


def march(day, **more):
    """An instant of March 2013 in ZONE."""
    return midnight(datetime(2013, 3, day, tzinfo=UTC).date()) + timedelta(**more)


SHORT_DAYS = days(march(9).date(), march(12).date())
"""Of 24, 23 and 24 hours."""


@pytest.fixture(scope="module")
def real():
    """A server that holds what the tests below ask for."""
    minutes = [march(8) + timedelta(minutes=minute) for minute in range(5 * 24 * 60)]
    samples = [
        *(Sample("orders_total", at, number, {"shop": "a"}) for number, at in enumerate(minutes)),
        *(Sample("orders_total", at, 2 * number, {"shop": "b"}) for number, at in enumerate(minutes)),
        *(Sample("hourly", march(9, hours=hour), hour) for hour in range(48)),
        Sample("arrived", march(10), 1),
        Sample("arrived", march(10) - timedelta(milliseconds=2), 10),
        Sample("arrived", march(9), 100),
        Sample("odd", march(9, hours=1), "NaN"),
        Sample("odd", march(10, hours=1), "+Inf"),
        Sample("odd", march(11, hours=1), "-Inf"),
        Sample("large", march(9, hours=1), "1.7976931348623157e+308"),
        Sample("large", march(10, hours=1), "5e-324"),
        Sample("large", march(11, hours=1), "0.1"),
    ]
    with Prometheus(samples) as server:
        yield server


@pytest.mark.prometheus
class TestPromQl:
    def test_an_increase_over_the_period_counts_all_of_it_also_when_the_clocks_change(self, real, tmp_path):
        request = asked("sum(increase(orders_total[{period}]))")
        counted = values(outcome(real.url, tmp_path, request, SHORT_DAYS))
        minutes = {march(9): 24 * 60, march(10): 23 * 60, march(11): 24 * 60}
        assert counted == pytest.approx({day: 3 * count for day, count in minutes.items()}, rel=1e-5)

    def test_what_was_measured_at_midnight_is_of_the_day_that_begins(self, real, tmp_path):
        request = asked("sum_over_time(arrived[{period}])")
        assert values(outcome(real.url, tmp_path, request, SHORT_DAYS)) == {march(9): 110, march(10): 1}

    def test_a_gauge_measured_each_hour_is_found_where_the_query_looks_back(self, real, tmp_path):
        window = days(march(9).date(), march(11).date())
        assert values(outcome(real.url, tmp_path, asked("hourly"), window)) == {}
        found = outcome(real.url, tmp_path, asked("last_over_time(hourly[{period}])"), window)
        assert values(found) == {march(9): 23, march(10): 46}

    def test_the_evidence_says_how_far_a_query_sees(self, real, tmp_path):
        evidence = outcome(real.url, tmp_path, asked("hourly"), SHORT_DAYS).evidence["amount"]
        assert "five minutes before, unless it looks back further, as last_over_time(…[{period}])" in evidence.request
        assert "and 2 more, for other periods" in evidence.request
        assert evidence.api_version == "v1"

    def test_what_is_no_number_is_no_value_and_says_what_it_is(self, real, tmp_path):
        points = outcome(real.url, tmp_path, asked("last_over_time(odd[{period}])"), SHORT_DAYS).points
        assert points["raw_value"].tolist() == ["NaN", "+Inf", "-Inf"]
        assert points["value"].isna().all()

    def test_numbers_are_those_that_prometheus_has(self, real, tmp_path):
        found = values(outcome(real.url, tmp_path, asked("last_over_time(large[{period}])"), SHORT_DAYS))
        assert list(found.values()) == [1.7976931348623157e308, 5e-324, 0.1]

    def test_labels_are_dimensions(self, real, tmp_path):
        request = asked("sum by (shop) (increase(orders_total[{period}]))", "shop")
        points = outcome(real.url, tmp_path, request, days(march(9).date(), march(10).date())).points
        assert dict(zip(points["dimensions"], points["value"].round(), strict=True)) == {
            '{"shop":"a"}': 1440, '{"shop":"b"}': 2880,
        }  # fmt: skip

    @pytest.mark.parametrize(
        ("query", "dimensions", "error", "said"),
        [
            ("increase(orders_total[{period}])", (), ContractError, "gives 2 series for one period, which differ in shop"),
            ("increase(orders_total[{period}])", ("shpo",), ContractError, "has the label shpo; they have shop"),
            ("sum(orders_total", (), ConfigError, "unclosed left parenthesis). Correct query."),
            ("orders_total[{period}]", (), ConfigError, "invalid expression type"),
            ("orders_total * on () orders_total", (), ConfigError, "found duplicate series for the match group"),
        ],
    )  # fmt: skip
    def test_queries_that_cannot_be_meant_say_why(self, real, tmp_path, query, dimensions, error, said):
        failed = outcome(real.url, tmp_path, asked(query, *dimensions), SHORT_DAYS)
        assert isinstance(failed, ReadFailure), failed
        assert type(failed.error) is error
        assert said in str(failed.error)

    def test_more_periods_than_one_answer_may_hold_are_asked_for_in_several(self, real, tmp_path):
        """Two years of hours are more than the 11,000 steps that Prometheus allows."""
        hours = tuple(march(11) - timedelta(hours=17_520) + timedelta(hours=hour) for hour in range(17_521))
        with Server(lambda seen: forwarded(real.url, seen)) as between:
            request = asked("last_over_time(hourly[{period}])", grain="hour", boundaries=hours)
            found = outcome(between.url, tmp_path, request, Window(hours[0], hours[-1]))
            assert len(between.seen) == 18
        assert list(values(found).values()) == list(range(47))


YEAR = days(datetime(2013, 1, 1, tzinfo=UTC).date(), datetime(2014, 1, 1, tzinfo=UTC).date())
LENGTHS_OF_THE_YEAR = ["86400", "82800", "86400", "90000", "86400"]


@pytest.fixture(scope="module")
def year():
    """A server that holds a year of orders, counted each hour."""
    hours = int((YEAR.end - YEAR.start) / timedelta(hours=1))
    at = [YEAR.start + timedelta(hours=hour) for hour in range(hours)]
    with Prometheus([Sample("orders", time, n % 97, {"shop": "ab"[n % 2]}) for n, time in enumerate(at)]) as server:
        yield server


BY_SHOP = asked("sum_over_time(orders[{period}])", "shop")


@pytest.fixture(scope="module")
def whole(year, tmp_path_factory):
    """The year, read by nobody who was interrupted."""
    found = outcome(year.url, tmp_path_factory.mktemp("whole"), BY_SHOP, YEAR)
    assert len(found.points) == 2 * 365
    assert found.points["value"].sum() == sum(n % 97 for n in range(365 * 24))
    return found


@pytest.mark.prometheus
@pytest.mark.parametrize("how", Break)
@pytest.mark.parametrize("at", range(1, len(LENGTHS_OF_THE_YEAR) + 1))
def test_a_year_of_days_broken_at_any_request_gives_nothing_and_then_all(year, whole, tmp_path, at, how):
    with Server(Breaking(year.url, at, how)) as between:
        broken = outcome(between.url, tmp_path, BY_SHOP, YEAR, attempts=2)
        asked_of = len(between.seen)
    assert isinstance(broken, ReadFailure), broken
    assert (type(broken.error), asked_of) == (TransientError, at + 1)
    again = outcome(year.url, tmp_path, BY_SHOP, YEAR)
    pd.testing.assert_frame_equal(again.points, whole.points)
    assert again.evidence["amount"].response_hash == whole.evidence["amount"].response_hash


def test_periods_of_one_length_are_asked_for_at_once(tmp_path):
    with Server(lambda _: json_reply(matrix())) as server:
        assert values(outcome(server.url, tmp_path, asked("up[{period}]"), YEAR)) == {}
        seen = [(it.params["query"], it.params["step"]) for it in server.seen]
    assert seen == [(f"up[{length}s]", length) for length in LENGTHS_OF_THE_YEAR]


def test_metrics_of_one_query_are_read_by_one_request(tmp_path):
    with Server(lambda _: json_reply(matrix())) as server:
        source = opened(server.url, tmp_path)
        outcomes = list(source.read([within(SHORT_DAYS, asked("up", metric=name)) for name in "abc"], SHORT_DAYS))
        source.close()
        assert len(server.seen) == 3  # of a day, a short day, and a day
    assert sorted(metric for batch in outcomes for metric in batch.evidence) == ["a", "b", "c"]


AT_NINTH = 1362891599.999
ONE_DAY = days(march(9).date(), march(10).date())


@pytest.mark.parametrize(
    ("more", "flags"),
    [({}, set()), ({"warnings": ["No store for a part of the data."]}, {"incomplete"}), ({"infos": ["no counter"]}, set())],
)  # fmt: skip
def test_a_warning_means_that_data_may_be_missing(tmp_path, more, flags):
    with Server(lambda _: json_reply(matrix(({}, [[AT_NINTH, "1"]]), **more))) as server:
        assert outcome(server.url, tmp_path, asked("up"), ONE_DAY).flags.get("amount", set()) == flags


@pytest.mark.parametrize(
    ("document", "error", "said"),
    [
        ({"status": "error", "errorType": "timeout", "error": "query timed out"}, TransientError, "query timed out"),
        ({"status": "error", "errorType": "unavailable", "error": "starting"}, TransientError, "starting"),
        ({"status": "error", "errorType": "bad_data", "error": "parse error"}, ConfigError, "parse error. Correct query"),
        ({"status": "error"}, ConfigError, "Correct query"),
        ({"status": "success", "data": {"resultType": "matrix"}}, ContractError, "none of Prometheus's"),
        (matrix(({}, [[AT_NINTH, 1]])), ContractError, "none of Prometheus's"),
        (matrix(({}, [[AT_NINTH, "1_0"]])), ContractError, "'1_0', which is no number"),
        (matrix(({}, [[True, "1"]])), ContractError, "none of Prometheus's"),
        (matrix(({"team": 5}, [[AT_NINTH, "1"]])), ContractError, "none of Prometheus's"),
        (matrix(({}, [[1362888000, "1"]])), ContractError, "evaluated at 1362888000.000, which was not asked for"),
        ({"status": "success", "data": {"result": [{"metric": {}, "histograms": [[AT_NINTH, {}]]}]}}, ContractError, "histogram_quantile"),
    ],
)  # fmt: skip
def test_answers_that_are_no_values_are_errors(tmp_path, document, error, said):
    with Server(lambda _: json_reply(document)) as server:
        failed = outcome(server.url, tmp_path, asked("up"), ONE_DAY)
    assert isinstance(failed, ReadFailure), failed
    assert type(failed.error) is error
    assert said in str(failed.error)


def test_a_query_that_says_nothing_is_refused():
    with pytest.raises(ValueError, match="is empty"):
        PrometheusRequest(query=" ")
