"""Mixpanel, judged by its own description."""

import json
from dataclasses import replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from connectors.contract import DataPointBatch, MetricRequest, ReadFailure
from connectors.errors import ConfigError, ContractError, DataError
from connectors.mixpanel import CONNECTOR
from okr_pipeline_tests.connectors.conformance import MARCH, ZONE, Conformance, midnight
from okr_pipeline_tests.connectors.http.server import json_reply
from okr_pipeline_tests.connectors.http.survival import Survival
from okr_pipeline_tests.connectors.vendors.vendor import TOKEN, Vendor, basic

NAME = "Signed up ask0ed"


def segmented(values):
    """As Mixpanel answers; its days are in no order."""
    every = sorted({day for counts in values.values() for day in counts}, reverse=True)
    return {"data": {"series": every, "values": values}, "legend_size": len(values)}


class Mixpanel(Vendor):
    connector = CONNECTOR
    settings = {
        "username": "okr.mp-service-account", "secret": "{secret}", "project_id": 7, "timezone": ZONE, "rate_limit": None,
    }  # fmt: skip
    metric = {"event": "Signed up ask{number}ed"}
    broken = {"event": NAME, "where": "nowhere"}
    method = "GET"
    good = json.dumps(segmented({NAME: {"2013-03-09": 5}})).encode()
    values = (5.0,)
    described = "mixpanel-query.json"
    undescribed = ("/events/names",)

    def knows(self, seen):
        return seen.headers.get("authorization") == basic("okr.mp-service-account", TOKEN)

    def answer(self, seen):
        params = seen.params
        if seen.path == "/events/names":
            return json_reply(["Signed up"])
        if params.get("where") == "nowhere":
            return json_reply({"error": "cannot parse expression"}, 400)
        first, last = (date.fromisoformat(params[name]) for name in ("from_date", "to_date"))
        asked = [first + timedelta(days=n) for n in range((last - first).days + 1)]
        return json_reply(segmented({params["event"]: {str(day): self.amounts.get(day, 0) for day in asked}}))


class TestConformance(Conformance):
    subject = Mixpanel


class TestSurvival(Survival):
    subject = Mixpanel


@pytest.fixture
def place(request):
    return Mixpanel(request)


def starts(*days):
    return tuple(midnight(date.fromisoformat(day)) for day in days)


def asked(place, answer, boundaries, grain="day", dimensions=(), zone=ZONE, **keys):
    """The outcome of a metric, and the parameters of what was asked for it. `answer` is one document, or one for each."""
    given = {"event": NAME} if not {"event", "bookmark_id"} & keys.keys() else {}
    request = MetricRequest("m", grain, zone, dimensions, CONNECTOR.description.request(**given, **keys), boundaries)
    answers = iter(answer) if isinstance(answer, list) else None
    place.answer = lambda seen: json_reply(next(answers) if answers else answer)
    source = place.open(concurrency=1)
    [outcome] = source.read([request], replace(MARCH, start=boundaries[0], end=boundaries[-1]))
    source.close()
    return outcome, [seen.params for seen in place.server.seen]


def values(outcome):
    assert isinstance(outcome, DataPointBatch), outcome
    return outcome.points["value"].tolist()


WEEKS = starts("2013-03-04", "2013-03-11", "2013-03-18")
FORTNIGHT = {f"2013-03-{day:02}": day for day in range(4, 18)}


def test_events_of_a_week_are_those_of_its_days(place):
    outcome, [params] = asked(place, segmented({NAME: FORTNIGHT}), WEEKS, "week")
    assert values(outcome) == [sum(range(4, 11)), sum(range(11, 18))]
    assert (params["unit"], params["type"], params["from_date"], params["to_date"]) == (
        "day", "general", "2013-03-04", "2013-03-17",
    )  # fmt: skip


def test_people_of_a_week_are_asked_for_as_a_whole_and_never_added_up(place):
    answers = [segmented({NAME: {"2013-03-04": 31}}), segmented({NAME: {"2013-03-11": 32}})]
    outcome, params = asked(place, answers, WEEKS, "week", type="unique")
    assert values(outcome) == [31, 32]
    assert [(it["from_date"], it["to_date"], it["interval"], it["type"], it.get("unit")) for it in params] == [
        ("2013-03-04", "2013-03-10", "7", "unique", None), ("2013-03-11", "2013-03-17", "7", "unique", None),
    ]  # fmt: skip


def test_people_of_civil_months_are_asked_for_at_once(place):
    months = starts("2013-01-01", "2013-02-01", "2013-03-01")
    answer = segmented({NAME: {"2013-01-01": 310, "2013-02-01": 280}})
    outcome, [params] = asked(place, answer, months, "month", type="unique")
    assert values(outcome) == [310, 280]
    assert (params["unit"], params["from_date"], params["to_date"]) == ("month", "2013-01-01", "2013-02-28")


def test_people_of_fiscal_months_are_asked_for_one_by_one(place):
    months = starts("2013-02-03", "2013-03-03", "2013-04-07")
    answers = [segmented({NAME: {"2013-02-03": 5}}), segmented({NAME: {"2013-03-03": 6}})]
    outcome, params = asked(place, answers, months, "month", type="unique")
    assert values(outcome) == [5, 6]
    assert [it["interval"] for it in params] == ["28", "35"]


def test_an_event_is_split_by_an_expression(place):
    answer = segmented({"DE": {"2013-03-09": 5, "2013-03-10": 0}, "US": {"2013-03-09": 7}})
    outcome, [params] = asked(
        place, answer, starts("2013-03-09", "2013-03-10", "2013-03-11"), dimensions=("country",), on='properties["c"]'
    )
    assert list(zip(outcome.points["dimensions"], outcome.points["value"], strict=True)) == [
        ('{"country":"DE"}', 5), ('{"country":"US"}', 7), ('{"country":"DE"}', 0), ('{"country":"US"}', 0),
    ]  # fmt: skip
    assert (params["on"], params["limit"]) == ('properties["c"]', "10000")


def test_ten_thousand_members_may_be_cut_off(place):
    answer = segmented({str(number): {"2013-03-09": 1} for number in range(10_000)})
    outcome, _ = asked(place, answer, starts("2013-03-09", "2013-03-10"), dimensions=("user",), on='properties["u"]')
    assert outcome.flags == {"m": frozenset({"truncated"})}


def test_an_event_that_mixpanel_does_not_know_is_missing_not_zero(place):
    outcome, _ = asked(
        place, {"data": {"series": [], "values": {}}, "legend_size": 0}, starts("2013-03-09", "2013-03-10")
    )
    assert values(outcome) == []


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"zone": "Europe/Berlin"},
            "Mixpanel's days begin in America/New_York, and those of the metric in Europe/Berlin",
        ),
        ({"grain": "hour"}, "Write grain: day"),
        ({"dimensions": ("country",)}, "has 1 dimensions without it"),
        ({"on": "x"}, "has 0 dimensions with it"),
        ({"bookmark_id": 5, "dimensions": ("country",)}, "A report is read one series at a time"),
    ],
)
def test_what_mixpanel_cannot_tell_is_refused_before_it_is_asked(place, keys, said):
    outcome, params = asked(place, {}, starts("2013-03-09", "2013-03-10"), **keys)
    assert isinstance(outcome.error, ConfigError)
    assert said in str(outcome.error)
    assert params == []


@pytest.mark.parametrize(
    "answer",
    [
        {"data": {"series": ["2013-03-09"], "values": {NAME: {"2013-03-09": "5"}}}},
        {"data": {"series": ["2013-03-09"], "values": {NAME: {"2013-03-09": True}}}},
        {"data": {"series": ["2013-03-09"], "values": {NAME: [5]}}},
        {"data": {"series": None, "values": {}}},
        {"data": {"series": ["2013-03-09"], "values": {NAME: {"2013-03-09": 5}, "B": {"2013-03-09": 5}}}},
        {"data": {"series": ["2013-03"], "values": {NAME: {"2013-03": 5}}}},
    ],
)
def test_an_answer_of_another_shape_is_refused(place, answer):
    outcome, _ = asked(place, answer, starts("2013-03-09", "2013-03-10"))
    assert isinstance(outcome.error, ContractError)


def at(day):
    return datetime.combine(date.fromisoformat(day), datetime.min.time(), ZoneInfo(ZONE)).isoformat()


def report(first, last, **series):
    span = {"from_date": at(first), "to_date": f"{at(last)[:11]}23:59:59.999{at(last)[19:]}"}
    lines = {name: {at(day): value for day, value in line.items()} for name, line in series.items()}
    return {
        "computed_at": "2013-03-12T16:35:41.252314+00:00",
        "date_range": span,
        "headers": ["$event"],
        "series": lines,
    }


LINE = {"2013-03-09": 5, "2013-03-10": 6.5, "2013-03-11": 7, "2013-03-12": 1}
DAYS = starts("2013-03-07", "2013-03-08", "2013-03-09", "2013-03-10", "2013-03-11", "2013-03-12")


def test_a_report_tells_of_the_periods_of_its_range_and_of_none_before(place):
    """The clocks go forward on the tenth; today, which has not ended, is left out."""
    outcome, [params] = asked(place, report("2013-03-09", "2013-03-12", A=LINE), DAYS, bookmark_id=98)
    assert dict(zip(outcome.points["period_start"], outcome.points["value"], strict=True)) == dict(
        zip(DAYS[2:5], [5, 6.5, 7], strict=True)
    )
    assert outcome.evidence["m"].since == midnight(date(2013, 3, 9))
    assert params == {"project_id": "7", "bookmark_id": "98"}


def test_a_period_that_a_report_has_in_part_is_not_told(place):
    weekly = {"2013-03-04": 3, "2013-03-11": 9}
    weeks = starts("2013-03-04", "2013-03-11", "2013-03-18")
    outcome, _ = asked(place, report("2013-03-06", "2013-03-18", A=weekly), weeks, "week", bookmark_id=98)
    assert values(outcome) == [9]


def test_one_series_of_a_report_is_taken_by_name(place):
    both = report("2013-03-09", "2013-03-12", A=LINE, B=dict.fromkeys(LINE, 1))
    assert values(asked(place, both, DAYS, bookmark_id=98, series="B")[0]) == [1, 1, 1]


@pytest.mark.parametrize(
    ("answer", "keys", "error", "said"),
    [
        (report("2013-03-09", "2013-03-12", A=LINE, B=LINE), {}, ConfigError, "has the series A, B. Name one"),
        (report("2013-03-09", "2013-03-12", A=LINE), {"series": "C"}, ConfigError, "has no series C; it has A"),
        (report("2013-03-09", "2013-03-10", A=LINE), {}, DataError, "before what is to be read"),
        (report("2013-03-08", "2013-03-12", A=LINE), {}, DataError, "periods are not those of the metric"),
        (report("2013-03-09", "2013-03-12", A={"2013-03-09": 5}), {}, DataError, "it has 1 from 2013-03-09 on, not 3"),
        ({**report("2013-03-09", "2013-03-12"), "series": {"A": {"DE": {"x": 1}}}}, {}, ContractError, "broken down"),
        ({**report("2013-03-09", "2013-03-12"), "series": {"A": {"2013-03-09": 1}}}, {}, ContractError, "no instant"),
        ({"series": {}}, {}, ContractError, "Correct bookmark_id"),
    ],
)
def test_a_report_that_is_not_the_metrics_is_refused(place, answer, keys, error, said):
    outcome, _ = asked(place, answer, DAYS, bookmark_id=98, **keys)
    assert isinstance(outcome, ReadFailure)
    assert (type(outcome.error), said in str(outcome.error)) == (error, True), outcome.error


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ({}, "not exactly one of event and bookmark_id"),
        ({"event": "a", "bookmark_id": 5}, "not exactly one of event and bookmark_id"),
        ({"bookmark_id": 5, "type": "unique"}, "has type, which is of the other kind"),
        ({"event": "a", "series": "b"}, "has series, which is of the other kind"),
    ],
)
def test_a_metric_is_an_event_or_a_report(keys, said):
    with pytest.raises(ValueError, match=said):
        CONNECTOR.description.request(**keys)


def test_sixty_queries_an_hour_and_five_at_a_time_are_what_mixpanel_allows():
    given = {"username": "u", "secret": "s", "project_id": 1, "timezone": "UTC"}
    settings = CONNECTOR.description.settings(**given)
    assert settings.rate_limit.model_dump(mode="json") == {"requests": 60, "per": "1h"}
    assert settings.concurrency == 5
    with pytest.raises(ValueError, match="is no time zone"):
        CONNECTOR.description.settings(**{**given, "timezone": "New York"})
