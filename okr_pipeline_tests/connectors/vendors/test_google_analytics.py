"""Google Analytics 4, judged by Google's protocol buffers and its discovery document."""

# ruff: noqa: DTZ001 - visits are logged by the property's clocks

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.contract import DataPointBatch, MetricRequest, ReadFailure, Window
from connectors.errors import AuthError, ConfigError, ContractError, QuotaExhausted
from connectors.google_analytics import CONNECTOR
from okr_pipeline_tests.connectors.conformance import ZONE, Conformance, Fact, midnight
from okr_pipeline_tests.connectors.http.server import json_reply
from okr_pipeline_tests.connectors.http.survival import FastClock, Survival
from okr_pipeline_tests.connectors.vendors.discovery import discovered
from okr_pipeline_tests.connectors.vendors.vendor import TOKEN, Vendor

VISITED = [
    Fact(date(2013, 3, 9) + timedelta(days=day), team, amount)
    for day, team, amount in [
        (0, "north", 1.5), (1, "north", 2.0), (2, "north", 0.0), (3, "north", 7.25),
        (0, "south", 4.0), (1, "south", 1e9), (3, 'a "b", ü', 8.25),
    ]
]  # fmt: skip


class Analytics(Vendor):
    connector = CONNECTOR
    facts = VISITED
    settings = {"token": "{secret}", "property": 1}
    metric = {"property": "1000{number}", "metric": "eventCount", "columns": {"team": "customEvent:team"}}
    broken = {**metric, "property": "10000", "metric": "eventCuont"}
    dimensions = ("team",)
    method = "POST"
    values = (5.0,)
    good = json.dumps(
        {"kind": "analyticsData#batchRunReports", "reports": [
            {"dimensionHeaders": [{"name": "date"}, {"name": "customEvent:team"}],
             "metricHeaders": [{"name": "eventCount", "type": "TYPE_INTEGER"}],
             "rows": [{"dimensionValues": [{"value": "20130309"}, {"value": "north"}],
                       "metricValues": [{"value": "5"}]}],
             "rowCount": 1, "metadata": {"timeZone": ZONE}, "kind": "analyticsData#runReport"}]}
    ).encode()  # fmt: skip

    def __init__(self, request):
        from okr_pipeline_tests.connectors.vendors.analytics import Property

        super().__init__(request)
        self.property = Property()

    def write(self, facts):
        from okr_pipeline_tests.connectors.vendors.analytics import days

        self.property.visits = days(*((fact.day, fact.amount, fact.team) for fact in facts))

    def judge(self, seen):
        return discovered("analyticsdata.v1beta").faults(seen)

    def knows(self, seen):
        return seen.headers.get("authorization") == f"Bearer {TOKEN}"

    def answer(self, seen):
        from okr_pipeline_tests.connectors.vendors.analytics import RefusedError

        if seen.path == "/v1beta/properties/1/metadata":
            return self.told(seen, {"name": "properties/1/metadata"})
        try:
            return self.told(seen, self.property.answer(seen.body))
        except RefusedError as refused:
            error = {"code": 400, "message": str(refused), "status": "INVALID_ARGUMENT"}
            return json_reply({"error": error}, 400)

    def told(self, seen, document):
        assert discovered("analyticsdata.v1beta").faults_of_answer(seen, document) == []
        return json_reply(document)

    def number(self, seen):
        return int(seen.path.removeprefix("/v1beta/properties/1000").partition(":")[0])


class TestConformance(Conformance):
    subject = Analytics


class TestSurvival(Survival):
    subject = Analytics


@pytest.fixture
def place(request):
    made = Analytics(request)
    made.write(VISITED)
    return made


def starts(*dates):
    return tuple(midnight(day) for day in dates)


def mondays(first, count):
    return starts(*(first + timedelta(weeks=week) for week in range(count + 1)))


NINTH = starts(date(2013, 3, 9), date(2013, 3, 10))


def request(name, /, grain="day", boundaries=NINTH, **keys):
    """A metric of some visits: keys as YAML has them, of the metric and of its connector."""
    given = {"dimensions": (), "additivity": "additive", "timezone": ZONE}
    own = {name: keys.pop(name, default) for name, default in given.items()}
    options = CONNECTOR.description.request(**{"metric": "eventCount", **keys})
    return MetricRequest(name, grain, options=options, boundaries=boundaries, **own)


def outcomes(place, *requests):
    source = place.open()
    window = Window(min(it.boundaries[0] for it in requests), max(it.boundaries[-1] for it in requests))
    try:
        return list(source.read(requests, window))
    finally:
        source.close()


def values(place, asked):
    """By local start, or by start and members, what is read of one metric."""
    [batch] = outcomes(place, asked)
    if isinstance(batch, ReadFailure):
        raise batch.error
    local = batch.points["period_start"].dt.tz_convert(asked.timezone).dt.strftime("%Y-%m-%d %H:%M")
    keys = [start.removesuffix(" 00:00") for start in local]
    if asked.dimensions:
        keys = list(zip(keys, batch.points["dimensions"], strict=True))
    return dict(zip(keys, batch.points["value"], strict=True))


def bodies(place):
    """The reports of every batch that was asked for."""
    return [json.loads(seen.body)["requests"] for seen in place.server.seen if seen.body]


def every_day(*given):
    from okr_pipeline_tests.connectors.vendors.analytics import every_day

    return every_day(*given)


def visit(*given, **more):
    from okr_pipeline_tests.connectors.vendors.analytics import Visit

    return Visit(*given, **more)


def test_ten_metrics_that_are_asked_for_alike_are_one_report(place):
    wanted = [request(f"m{number}", metric=f"customEvent:m{number}") for number in range(10)]
    found = outcomes(place, *wanted, request("again", metric="customEvent:m3"))
    assert {metric for batch in found for metric in batch.evidence} == {
        *(f"m{number}" for number in range(10)),
        "again",
    }
    [[report]] = bodies(place)
    assert len(report["metrics"]) == 10


def test_five_reports_are_one_batch(place):
    place.property.visits = [visit(datetime(2013, 3, 9, 12), 3, country="FR")]
    found = outcomes(
        place,
        request("all"), request("hours", "hour"), request("german", filter={"country": "DE"}),
        request("french", filter={"country": ["FR", "IT"]}), request("euros", currency="EUR"),
    )  # fmt: skip
    [batch] = bodies(place)
    assert len(batch) == 5
    totals = {metric: batch.points.loc[batch.points["metric"] == metric, "value"].sum()
              for batch in found for metric in batch.evidence}  # fmt: skip
    assert totals == {"all": 3, "hours": 3, "german": 0, "french": 3, "euros": 3}


def test_more_than_a_batch_holds_is_asked_for_in_more_and_each_metric_gets_its_own(place):
    wanted = [request(f"m{number}", metric=f"customEvent:m{number % 20}", filter={"country": ["DE", f"X{number // 20}"]})
              for number in range(80)]  # fmt: skip
    place.property.visits = [visit(datetime(2013, 3, 9, 12))]
    found = outcomes(place, *wanted)
    by_metric = {metric: batch.points.loc[batch.points["metric"] == metric, "value"].tolist()
                 for batch in found for metric in batch.evidence}  # fmt: skip
    assert by_metric == {f"m{number}": [number % 20] for number in range(80)}
    assert sorted(len(batch) for batch in bodies(place)) == [3, 5]


def test_a_metric_that_is_not_there_fails_alone_though_many_are_asked_for_at_once(place):
    wanted = [request(f"m{number}", metric=f"customEvent:m{number}") for number in range(16)]
    found = outcomes(place, *wanted, request("bad", metric="actveUsers", additivity="distinct"))
    [failed] = [it for it in found if isinstance(it, ReadFailure)]
    assert (failed.metric, type(failed.error)) == ("bad", ConfigError)
    assert "actveUsers is not a valid metric" in str(failed.error)
    good = {metric for batch in found if isinstance(batch, DataPointBatch) for metric in batch.evidence}
    assert good == {f"m{number}" for number in range(16)}


@pytest.mark.parametrize(
    ("grain", "boundaries", "dimension", "expected"),
    [
        ("day", starts(*(date(2013, 3, day) for day in (9, 10, 11))), "date", {"2013-03-09": 2, "2013-03-10": 2}),
        ("week", mondays(date(2013, 3, 4), 2), "isoYearIsoWeek", {"2013-03-04": 4, "2013-03-11": 14}),
        ("month", starts(date(2013, 3, 1), date(2013, 4, 1)), "yearMonth", {"2013-03-01": 46}),
    ],
)  # fmt: skip
def test_what_adds_up_has_the_dimension_of_its_grain(place, grain, boundaries, dimension, expected):
    place.property.visits = every_day(date(2013, 3, 9), 40, "ab")
    assert values(place, request("m", grain, boundaries)) == expected
    [[report]] = bodies(place)
    assert report["dimensions"] == [{"name": dimension}]
    assert len(report["dateRanges"]) == 1


@pytest.mark.parametrize(
    ("grain", "boundaries"),
    [
        ("week", mondays(date(2013, 3, 4), 2)),
        ("month", starts(date(2013, 3, 1), date(2013, 4, 1), date(2013, 5, 1))),
        ("quarter", starts(date(2013, 1, 1), date(2013, 4, 1))),
        ("month", starts(date(2013, 2, 24), date(2013, 3, 31), date(2013, 4, 28))),
    ],
    ids=["week", "month", "quarter", "fiscal month"],
)
def test_people_are_counted_once_in_a_period_and_never_added_up(place, grain, boundaries):
    place.property.visits = every_day(date(2013, 3, 9), 40, "ab")
    found = values(place, request("m", grain, boundaries, metric="activeUsers", additivity="distinct"))
    assert set(found.values()) == {2.0}
    assert len(found) == len(boundaries) - 1
    [[report]] = bodies(place)
    assert "dimensions" not in report
    assert [it["name"] for it in report["dateRanges"]] == [
        f"p{start.astimezone(ZoneInfo(ZONE)):%Y%m%d}" for start in boundaries[:-1]
    ]


def test_fiscal_months_of_what_adds_up_are_asked_for_as_ranges(place):
    place.property.visits = every_day(date(2013, 2, 1), 100, "a")
    fiscal = starts(date(2013, 2, 24), date(2013, 3, 31), date(2013, 4, 28))
    assert values(place, request("m", "month", fiscal)) == {"2013-02-24": 35, "2013-03-31": 28}


def test_a_year_of_weeks_of_people_is_three_batches(place):
    place.property.visits = every_day(date(2012, 12, 1), 500, "abc")
    found = values(
        place, request("m", "week", mondays(date(2013, 1, 7), 52), metric="activeUsers", additivity="distinct")
    )
    assert list(found.values()) == [3.0] * 52
    assert [len(batch) for batch in bodies(place)] == [5, 5, 3]


def test_a_year_of_days_is_one_report(place):
    place.property.visits = every_day(date(2013, 1, 1), 365, "ab")
    year = starts(*(date(2013, 1, 1) + timedelta(days=day) for day in range(366)))
    assert set(values(place, request("m", boundaries=year, metric="activeUsers", additivity="distinct")).values()) == {
        2
    }
    assert [len(batch) for batch in bodies(place)] == [1]


def test_people_by_member_and_period_are_told_apart(place):
    place.property.visits = [
        visit(datetime(2013, 3, 5, 1), user="a", country="DE"), visit(datetime(2013, 3, 6, 1), user="a", country="FR"),
        visit(datetime(2013, 3, 12, 1), user="b", country="DE"), visit(datetime(2013, 3, 13, 1), user="a", country="DE"),
    ]  # fmt: skip
    asked = request("m", "week", mondays(date(2013, 3, 4), 2), metric="activeUsers", additivity="distinct",
                    dimensions=("country",))  # fmt: skip
    assert values(place, asked) == {
        ("2013-03-04", '{"country":"DE"}'): 1,
        ("2013-03-04", '{"country":"FR"}'): 1,
        ("2013-03-11", '{"country":"DE"}'): 2,
    }


@pytest.mark.parametrize("metric", ["activeUsers", "totalUsers"])
def test_people_that_are_said_to_add_up_are_refused(place, metric):
    [failed] = outcomes(place, request("m", metric=metric))
    assert isinstance(failed.error, ConfigError)
    assert "additivity: distinct" in str(failed.error)
    assert place.server.seen == []


def test_a_weight_comes_with_its_value(place):
    place.property.visits = every_day(date(2013, 3, 9), 1, "abc")
    [batch] = outcomes(place, request("m", metric="activeUsers", weight="sessions", additivity="ratio"))
    assert batch.points[["value", "weight"]].values.tolist() == [[3.0, 3.0]]
    [[report]] = bodies(place)
    assert report["metrics"] == [{"name": "activeUsers"}, {"name": "sessions"}]


def test_a_filter_as_google_writes_it_is_sent_as_it_is(place):
    place.property.visits = [visit(datetime(2013, 3, 9, 1), 2), visit(datetime(2013, 3, 9, 1), 3, country="FR")]
    written = {"notExpression": {"filter": {"fieldName": "country", "stringFilter": {"value": "DE"}}}}
    assert values(place, request("m", filter=written)) == {"2013-03-09": 3}
    assert bodies(place)[0][0]["dimensionFilter"] == written


def test_several_dimensions_of_a_filter_all_count(place):
    place.property.visits = [visit(datetime(2013, 3, 9, 1), 2), visit(datetime(2013, 3, 9, 1), 3, country="FR")]
    assert values(place, request("m", filter={"country": ["DE", "FR"], "customEvent:team": "FR"})) == {"2013-03-09": 3}


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"country": []}, "text or texts"), ({"country": 5}, "text or texts"), ({"country": {"value": "DE"}}, "text or texts"),
        ({"filter": {}, "andGroup": {}}, "more than andGroup"), ({"filter": {}, "country": "DE"}, "more than filter"),
    ],
)  # fmt: skip
def test_a_filter_that_says_nothing_is_refused(written, words):
    with pytest.raises(ValueError, match=words):
        CONNECTOR.description.request(metric="sessions", filter=written)


def test_columns_name_dimensions_alone():
    with pytest.raises(ValueError, match="names a column for value"):
        CONNECTOR.description.request(metric="sessions", columns={"value": "sessions"})


def test_a_day_that_counted_nothing_is_zero_and_one_without_visits_is_missing(place):
    place.property.visits = [visit(datetime(2013, 3, 9, 1), 0)]
    days = starts(*(date(2013, 3, day) for day in (9, 10, 11)))
    assert values(place, request("m", boundaries=days)) == {"2013-03-09": 0}


@pytest.mark.parametrize("page", [1, 2, 3, 7, 100])
def test_pages_are_read_to_the_number_of_rows_that_is_announced(place, page):
    place.property.page = page
    place.property.visits = [visit(datetime(2013, 3, 9, 1), number, country=f"C{number}") for number in range(7)]
    days = starts(date(2013, 3, 9), date(2013, 3, 10))
    found = outcomes(
        place, request("by_country", boundaries=days, dimensions=("country",)), request("all", boundaries=days)
    )
    sums = {metric: batch.points["value"].sum() for batch in found for metric in batch.evidence}
    assert sums == {"by_country": 21, "all": 21}
    assert [len(batch) for batch in bodies(place)] == [2, *[1] * (-(-7 // page) - 1)]


@pytest.mark.parametrize(
    "change", [{"rowCount": 3}, {"rowCount": 1}, {"rowCount": None}, {"rowCount": True}, {"rowCount": "2"}]
)
def test_another_number_of_rows_than_announced_is_an_error(place, change):
    place.property.visits = [visit(datetime(2013, 3, 9, hour), 1) for hour in (1, 2)]
    good = place.property.answer

    def answer(body):
        document = good(body)
        document["reports"][0].update(change)
        if change["rowCount"] is None:
            del document["reports"][0]["rowCount"]
        return document

    place.property.answer, place.told = answer, lambda seen, document: json_reply(document)
    [failed] = outcomes(place, request("m", "hour"))
    assert isinstance(failed.error, ContractError)


def test_a_report_of_more_rows_than_the_source_takes_is_an_error_at_once(place):
    place.property.page = 10
    place.property.visits = [visit(datetime(2013, 3, 9, 1), country=f"C{number}") for number in range(50)]
    source = place.open(max_rows=49)
    asked = request("m", dimensions=("country",))
    [failed] = source.read([asked], Window(*asked.boundaries))
    assert "more than 49 rows" in str(failed.error)
    assert len(place.server.seen) == 1


@pytest.mark.parametrize(
    ("metadata", "flags"),
    [
        ({}, set()),
        ({"samplingMetadatas": [{"samplesReadCount": "5", "samplingSpaceSize": "50"}]}, {"sampled"}),
        ({"subjectToThresholding": True}, {"thresholded"}),
        ({"dataLossFromOtherRow": True}, {"incomplete"}),
        ({"dataTruncationReasons": [{"dataTruncationDate": "2012-01-01"}]}, {"truncated"}),
        ({"subjectToThresholding": True, "dataLossFromOtherRow": True}, {"thresholded", "incomplete"}),
    ],
)
def test_what_the_metadata_say_of_quality_is_told(place, metadata, flags):
    place.property.metadata = metadata
    place.property.visits = [visit(datetime(2013, 3, 9, 1))]
    [batch] = outcomes(place, request("m"))
    assert batch.flags.get("m", frozenset()) == flags


def test_flags_are_of_the_metric_whose_report_has_them(place):
    good = place.property.report

    def report(it):
        place.property.metadata = {"subjectToThresholding": True} if it.HasField("dimension_filter") else {}
        return good(it)

    place.property.report = report
    found = outcomes(place, request("all"), request("german", filter={"country": "DE"}))
    assert {metric: flags for batch in found for metric, flags in batch.flags.items()} == {"german": {"thresholded"}}


def test_days_of_another_zone_than_the_metrics_are_refused_and_both_are_named(place):
    place.property.timezone = "Europe/Berlin"
    [failed] = outcomes(place, request("m"))
    assert isinstance(failed.error, ConfigError)
    assert "Europe/Berlin" in str(failed.error)
    assert ZONE in str(failed.error)


@pytest.mark.parametrize(
    ("theirs", "ours", "same"),
    [
        ("Asia/Calcutta", "Asia/Kolkata", True), ("US/Eastern", "America/New_York", True),
        ("Europe/London", "UTC", False), ("Nowhere/Land", "UTC", False), ("", "UTC", False),
    ],
)  # fmt: skip
def test_zones_of_two_names_are_one_where_their_clocks_agree_all_year(place, theirs, ours, same):
    place.property.timezone = theirs
    place.told = lambda seen, document: json_reply(document)
    days = (datetime(2013, 1, 9, tzinfo=UTC), datetime(2013, 1, 10, tzinfo=UTC))
    [outcome] = outcomes(place, request("m", boundaries=days, timezone=ours))
    assert isinstance(outcome, DataPointBatch) is same


def test_what_the_login_must_not_see_is_no_zero(place):
    place.property.metadata = {
        "schemaRestrictionResponse": {"activeMetricRestrictions": [
            {"metricName": "eventCount", "restrictedMetricTypes": ["REVENUE_DATA"]}]}
    }  # fmt: skip
    found = outcomes(place, request("m"), request("other", metric="sessions"))
    [failed] = [it for it in found if isinstance(it, ReadFailure)]
    assert (failed.metric, type(failed.error)) == ("m", AuthError)


def test_hours_are_read_by_hour_and_the_one_that_comes_twice_is_left_out(place):
    place.property.visits = [visit(datetime(2013, 11, 3, hour), hour + 1) for hour in (0, 1, 2)]
    first = midnight(date(2013, 11, 3))
    hours = tuple(first + timedelta(hours=hour) for hour in range(26))
    asked = request("m", "hour", hours)
    assert values(place, asked) == {"2013-11-03": 1, "2013-11-03 02:00": 3}
    [batch] = outcomes(place, asked)
    assert batch.flags == {"m": {"incomplete"}}


def test_what_is_left_of_the_quota_is_noted(place):
    source = place.open()
    asked = request("m")
    list(source.read([asked], Window(*asked.boundaries)))
    assert source.traffic().remaining == {"tokens per day": 199_000, "tokens per hour": 0}


NOW = datetime(2026, 7, 1, 20, 15, 30, tzinfo=UTC)
PACIFIC_MIDNIGHT = datetime(2026, 7, 2, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("message", "until"),
    [
        ("Exhausted property tokens for a project per hour. These quota tokens will return in under one hour.",
         datetime(2026, 7, 1, 21, tzinfo=UTC)),
        ("Exhausted property tokens per day. These quota tokens will return in under 24 hours.", PACIFIC_MIDNIGHT),
    ],
)  # fmt: skip
def test_a_quota_that_is_used_up_is_asked_again_when_it_is_filled(place, message, until):
    error = {"error": {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED"}}
    place.answer = lambda seen: json_reply(error, 429)
    source = place._opened(place.server.url, TOKEN, replace(FastClock().clock(), now=lambda: NOW), {})
    asked = request("m")
    [failed] = source.read([asked], Window(*asked.boundaries))
    assert isinstance(failed.error, QuotaExhausted)
    assert failed.error.until == until
    assert len(place.server.seen) == 1


def test_too_many_at_once_are_tried_again_soon(place):
    good = place.answer
    error = {"error": {"code": 429, "message": "Exhausted concurrent requests quota.", "status": "RESOURCE_EXHAUSTED"}}
    place.answer = lambda seen: json_reply(error, 429) if len(place.server.seen) == 1 else good(seen)
    assert values(place, request("m")) == {"2013-03-09": 5.5}


def test_a_property_is_a_number():
    with pytest.raises(ValueError, match="property"):
        CONNECTOR.description.settings(token="t", property="G-ABC123")


def test_a_service_account_asks_for_the_right_to_read_analytics_alone():
    auth = CONNECTOR.description.settings(property=1, key_file="key.json").login()
    assert auth.google_service_account.scopes == ("https://www.googleapis.com/auth/analytics.readonly",)


def test_evidence_of_a_metric_does_not_depend_on_others(place):
    [alone] = outcomes(place, request("m"))
    together = outcomes(place, request("m"), request("o", metric="sessions"), request("p", filter={"country": "DE"}))
    [other] = [batch for batch in together if "m" in batch.evidence]
    assert alone.evidence["m"].fingerprint == other.evidence["m"].fingerprint
    assert alone.evidence["m"].request == other.evidence["m"].request
