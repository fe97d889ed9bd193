"""What a rest source asks for, what it makes of the answer, and what it says of it."""

import json
import re
from datetime import date

import pytest

from connectors.api.expressions import found
from connectors.contract import Context, DataPointBatch, MetricRequest
from connectors.errors import AuthError, ConfigError, ContractError, DataError
from connectors.rest import RestRequest, RestSettings
from connectors.rest.source import open_source
from okr_pipeline_tests.connectors.conformance import MARCH, ZONE, midnight
from okr_pipeline_tests.connectors.http.server import Server, json_reply
from okr_pipeline_tests.connectors.http.survival import FastClock
from okr_pipeline_tests.docs.documents import ROOT

DAY = {"period": "2013-03-09", "value": 1.5}


@pytest.fixture
def server():
    with Server(lambda seen: json_reply([DAY])) as running:
        yield running


@pytest.fixture
def read(tmp_path, server):
    """One or more metrics, each by its own keys, of a source with some settings."""

    def reading(*metrics, grain="day", dimensions=(), boundaries=(), **settings):
        given = {"base_url": server.url, "allow_private_hosts": True, **settings}
        source = open_source(RestSettings(**given), Context(tmp_path, tmp_path), FastClock().clock())
        requests = [
            MetricRequest(f"m{number}", grain, ZONE, dimensions, RestRequest(**{"path": "/x", **keys}), boundaries)
            for number, keys in enumerate(metrics or [{}])
        ]
        outcomes = list(source.read(requests, MARCH))
        source.close()
        return outcomes[0] if len(requests) == 1 else outcomes

    return reading


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{start:date} {last:date} {end:date}", "2013-03-01 2013-03-31 2013-04-01"),
        ("{start:iso}|{end:iso}", "2013-03-01T00:00:00-05:00|2013-04-01T00:00:00-04:00"),
        ("{last:iso}", "2013-03-31T23:59:59-04:00"),
        ("{start:utc}", "2013-03-01T05:00:00Z"),
        ("{start:epoch},{end:epoch_ms}", "1362114000,1364788800000"),
        ("{start:%d/%m/%Y}", "01/03/2013"),
        ("{start:%Y%m%d}-{last:%Y%m%d}", "20130301-20130331"),
        ("{ start } {start} {x: 1}", "{ start } {start} {x: 1}"),
        ("sum:hits{env:prod} {start:date}", "sum:hits{env:prod} 2013-03-01"),
    ],
)
def test_the_window_is_told_in_the_zone_of_the_metric(read, server, text, written):
    read({"params": {"t": text}})
    read({"path": f"/p/{text}"})
    read({"method": "POST", "body": {"deep": [{"t": text}]}})
    in_params, in_path, in_body = server.seen
    assert in_params.params == {"t": written}
    assert in_path.path == f"/p/{written}"
    assert json.loads(in_body.body) == {"deep": [{"t": written}]}


def test_an_epoch_alone_in_a_body_is_a_number(read, server):
    body = {
        "from": "{start:epoch}",
        "to": "{end:epoch_ms}",
        "text": "at {start:epoch}",
        "alone": "{start:epoch_ms_text}",
        "more": [1, None, True],
    }
    read({"method": "POST", "body": body})
    assert json.loads(server.seen[0].body) == {
        "from": 1362114000, "to": 1364788800000, "text": "at 1362114000", "alone": "1362114000000", "more": [1, None, True],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("auth", "sent"),
    [
        ({"bearer": "s3cret"}, ("authorization", "Bearer s3cret")),
        ({"basic": {"username": "u", "password": "s3cret"}}, ("authorization", "Basic dTpzM2NyZXQ=")),
        ({"api_key": {"key": "s3cret", "header": "X-Key"}}, ("x-key", "s3cret")),
        ({"api_key": {"key": "s3cret", "header": "Authorization", "prefix": "Token "}}, ("authorization", "Token s3cret")),
        ({"api_key": {"key": "s3cret", "query": "key"}}, ("key", "s3cret")),
    ],
)  # fmt: skip
def test_every_kind_of_login_is_sent_and_never_shown(read, server, auth, sent):
    batch = read({"params": {"a": "1"}}, auth=auth)
    name, value = sent
    assert (server.seen[0].headers | server.seen[0].params)[name] == value
    assert batch.evidence["m0"].request == f"GET {server.url}/x?a=1\n-- rows: @"
    server.answer = lambda seen: json_reply({"you sent": dict(seen.headers) | seen.params}, 400)
    error = read({"params": {"a": "1"}}, auth=auth).error
    assert "you sent" in str(error)
    assert "s3cret" not in str(error)
    assert "dTpzM2NyZXQ=" not in str(error)


def test_headers_and_the_version_are_sent_and_the_version_is_evidence(read, server):
    batch = read(
        headers={"Shop-Version": "{api_version}", "Accept": "application/vnd.shop+json"}, api_version="2026-01-01"
    )
    headers = server.seen[0].headers
    assert (headers["shop-version"], headers["accept"]) == ("2026-01-01", "application/vnd.shop+json")
    assert batch.evidence["m0"].api_version == "2026-01-01"


class Tokens:
    """An OAuth server and the API behind it; `good` are the tokens that count."""

    def __init__(self, life=3600):
        self.given, self.refused, self.life = 0, set(), life

    def __call__(self, seen):
        if seen.path == "/token":
            assert seen.headers["authorization"] == "Basic aWQ6czNjcmV0"
            assert seen.body == b"grant_type=client_credentials&scope=read"
            self.given += 1
            return json_reply({"access_token": f"t{self.given}", "expires_in": self.life})
        token = seen.headers.get("authorization", "").removeprefix("Bearer ")
        if token in self.refused or not token:
            return json_reply({"error": token}, 401)
        return json_reply([DAY])


def login(server):
    return {
        "client_credentials": {
            "token_url": f"{server.url}/token",
            "client_id": "id",
            "client_secret": "s3cret",
            "scope": "read",
        }
    }


def test_one_token_serves_many_requests(read, server):
    server.answer = Tokens()
    outcomes = read(*({"path": f"/{number}"} for number in range(20)), auth=login(server))
    assert sum(len(it.evidence) for it in outcomes if isinstance(it, DataPointBatch)) == 20
    assert server.answer.given == 1


def test_a_refused_token_is_renewed_once_for_all(read, server):
    server.answer = Tokens()
    server.answer.refused = {"t1"}
    outcomes = read(*({"path": f"/{number}"} for number in range(20)), auth=login(server))
    assert sum(len(it.evidence) for it in outcomes if isinstance(it, DataPointBatch)) == 20
    assert server.answer.given == 2


def test_a_login_that_stays_refused_is_told_after_one_renewal(read, server):
    server.answer = Tokens()
    server.answer.refused = {f"t{number}" for number in range(100)}
    outcome = read(auth=login(server))
    assert type(outcome.error) is AuthError
    assert server.answer.given == 2
    assert "t2" not in str(outcome.error)


def test_an_answer_without_a_token_is_told(read, server):
    server.answer = lambda seen: json_reply({"token": "x"})
    outcome = read(auth=login(server))
    assert type(outcome.error) is ContractError
    assert "holds no access_token" in str(outcome.error)


@pytest.mark.parametrize(
    ("document", "options", "value"),
    [
        ([DAY], {}, 1.5),
        (DAY, {}, 1.5),
        ({"d": {"2013-03-09": 3}}, {"rows": "items(d)[*].{period: [0], value: [1]}"}, 3),
        ({"d": [{"id": 5, "x": [{"at": "2013-03-09"}]}]}, {"rows": "pairs(d, 'x')[*].{period: [1].at, value: [0].id}"}, 5),
        ({"d": [{"id": 5, "x": [{"at": "2013-03-09"}]}, {}]}, {"rows": "pairs(d[?x], 'x')[*].{period: [1].at, value: [0].id}"}, 5),
        ({"d": ["2013-03-09"], "n": [4]}, {"rows": "zip(d, n)[*].{period: [0], value: [1]}"}, 4),
        ([{"day": "2013-03-09", "n": 5}], {"columns": {"period": "day", "value": "n"}}, 5),
        ([{"period": 1362805200, "value": 6}], {"period_format": "epoch"}, 6),
        ([{"period": "1362805200000", "value": 7}], {"period_format": "epoch_ms"}, 7),
        ([{"period": "09.03.2013", "value": 8}], {"period_format": "%d.%m.%Y"}, 8),
        ([{"period": "2013-03-09T00:00-0500", "value": 9}], {"period_format": "%Y-%m-%dT%H:%M%z"}, 9),
        ([{"period": "2013-03-09", "value": 1999}], {"divide_by": 100}, 19.99),
        ([{"period": "2013-03-09", "value": "12.5"}], {"rows": "[].{period: period, value: to_number(value)}"}, 12.5),
    ],
)  # fmt: skip
def test_rows_of_many_shapes_become_points(read, server, document, options, value):
    server.answer = lambda seen: json_reply(document)
    points = read(options).points
    assert points["value"].tolist() == [value]
    assert [str(start) for start in points["period_start"]] == ["2013-03-09 05:00:00+00:00"]


RECORDS = [
    {"id": 1, "at": "2013-03-04T04:59:59Z", "team": "a", "worth": "9"},
    {"id": 2, "at": "2013-03-04T05:00:00Z", "team": "a", "worth": "0.10"},
    {"id": 3, "at": "2013-03-09", "team": "a", "worth": "0.20"},
    {"id": 4, "at": "2013-03-09T23:00:00", "team": "b", "worth": "3"},
    {"id": 3, "at": "2013-03-09", "team": "a", "worth": "0.20"},
    {"id": 5, "at": "2013-03-18T04:00:00Z", "team": "b", "worth": None},
]
WORTH = "[].{id: id, period: at, team: team, value: to_number(worth)}"


@pytest.mark.parametrize(
    ("options", "dimensions", "values"),
    [
        ({"rows": WORTH}, (), [3.3, 0]),
        ({"rows": WORTH, "divide_by": 10}, (), [0.33, 0]),
        ({"rows": WORTH}, ("team",), [0.3, 3]),
        ({"rows": "[].{id: id, period: at, value: `1`}"}, (), [3, 0]),
        ({"rows": "[].{period: at, value: `1`}"}, (), [4, 0]),
        ({"rows": "[?id == `0`].{period: at, value: `1`}"}, (), [0, 0]),
    ],
)
def test_records_are_added_up_in_the_periods_of_the_metric(read, server, options, dimensions, values):
    server.answer = lambda seen: json_reply(RECORDS)
    batch = read({**options, "add_up": True}, grain="week", dimensions=dimensions, boundaries=WEEKS)
    assert batch.points["value"].tolist() == values
    assert batch.flags.get("m0", frozenset()) == frozenset()
    assert batch.evidence["m0"].request.endswith(", added up")


def test_a_record_without_a_value_makes_what_is_added_up_incomplete(read, server):
    told = [{"at": "2013-03-05", "worth": 2}, {"at": "2013-03-06", "worth": None}, {"at": "2013-03-12", "worth": None}]
    server.answer = lambda seen: json_reply(told)
    batch = read({"rows": "[].{period: at, value: worth}", "add_up": True}, grain="week", boundaries=WEEKS)
    assert batch.points["value"].fillna(-1).tolist() == [2, -1]
    assert batch.flags["m0"] == {"incomplete"}


def test_records_that_are_asked_for_by_period_need_say_none(read, server):
    server.answer = lambda seen: json_reply([{"worth": 1}, {"worth": 2}])
    keys = {"params": {"on": "{start:date}"}, "each": "period", "rows": "[].{value: worth}", "add_up": True}
    assert read(keys, grain="week", boundaries=WEEKS).points["value"].tolist() == [3, 3]


@pytest.mark.parametrize(
    ("rows", "error", "message"),
    [
        (
            "[].{period: at, value: worth}",
            DataError,
            r"'0\.10', which is no number to add up\. Correct rows: to_number",
        ),
        ("[].{period: team, value: `1`}", DataError, "period"),
        ("[].{period: at, value: `1`, weight: id}", ContractError, "have no weight"),
        ("[].{period: at, value: `1`, team: [id]}", ContractError, r"team is \[2\], which is no member"),
    ],
)
def test_records_that_cannot_be_added_up_are_refused(read, server, rows, error, message):
    server.answer = lambda seen: json_reply(RECORDS[1:])
    outcome = read(
        {"rows": rows, "add_up": True}, grain="week", dimensions=("team",) if "[id]" in rows else (), boundaries=WEEKS
    )
    assert isinstance(outcome.error, error)
    assert re.search(message, str(outcome.error))


WEEKS = tuple(midnight(date(2013, 3, day)) for day in (4, 11, 18))


def test_each_period_is_asked_for_by_itself_where_one_number_is_given_for_all(read, server):
    server.answer = lambda seen: json_reply({"total": len(server.seen), "period": "not this one"})
    keys = {"params": {"from": "{start:date}", "to": "{last:date}"}, "each": "period", "columns": {"value": "total"}}
    batch = read(keys, grain="week", boundaries=WEEKS)
    assert [seen.params for seen in server.seen] == [
        {"from": "2013-03-04", "to": "2013-03-10"}, {"from": "2013-03-11", "to": "2013-03-17"},
    ]  # fmt: skip
    assert batch.points["value"].tolist() == [1, 2]
    assert [start.to_pydatetime() for start in batch.points["period_start"]] == list(WEEKS[:2])
    assert "2013-03-04&to=2013-03-10\n-- and 1 more, for other periods\n" in batch.evidence["m0"].request


def test_a_period_that_fails_fails_its_metric(read, server):
    server.answer = lambda seen: json_reply({"value": 1} if "04" in seen.params["from"] else {"error": "no"})
    outcome = read({"params": {"from": "{start:date}"}, "each": "period"}, grain="week", boundaries=WEEKS)
    assert type(outcome.error) is ContractError


def test_a_request_of_each_period_that_never_says_which_is_refused():
    with pytest.raises(ValueError, match="All periods would get the same number"):
        RestRequest(path="/x", params={"a": "b"}, each="period")


@pytest.mark.parametrize("document", [[], {"data": []}])
def test_no_rows_are_no_points_and_no_error(read, server, document):
    server.answer = lambda seen: json_reply(document)
    batch = read({"rows": "@" if document == [] else "data"}, dimensions=("team",))
    assert (len(batch.points), batch.evidence["m0"].row_count, batch.evidence["m0"].whole) == (0, 0, False)


def test_a_text_is_no_number_and_a_null_is_missing(read, server):
    server.answer = lambda seen: json_reply([{**DAY, "value": "12.5"}, {"period": "2013-03-10", "value": None}])
    points = read({"divide_by": 100}).points
    assert points["raw_value"].tolist() == ["12.5", None]
    assert points["value"].isna().all()


@pytest.mark.parametrize(
    ("document", "options", "kind", "message"),
    [
        ({"dta": [DAY]}, {"rows": "data"}, ContractError, "rows: data finds nothing in the answer; its keys are dta. Correct rows"),
        ([1, 2], {}, ContractError, "does not give mappings"),
        ({"d": 5}, {"rows": "items(d)"}, ContractError, "does not fit the expression items(d)"),
        ({"d": [{"x": []}, {"x": None}]}, {"rows": "pairs(d, 'x')[*].{period: [1].at, value: [0].id}"}, ContractError, "without a list x"),
        ({"a": [1], "b": [1, 2]}, {"rows": "zip(a, b)[*].{period: [0], value: [1]}"}, ContractError, "lists of 1 and 2 values"),
        ([{"day": "2013-03-09", "value": 1}], {}, ContractError, "has no column period; it has day, value"),
        ([{"period": "2013-03-09"}], {}, ContractError, "has no column value"),
        ([DAY, {"error": "no"}], {}, ContractError, "Row 2 of the answer has no period; it has error."),
        ([{"period": None, "value": 1}], {}, DataError, "no period"),
        ([{"period": "soon", "value": 1}], {"period_format": "%d.%m.%Y"}, DataError, "The period soon is not written as %d.%m.%Y"),
        ([{"period": 1e300, "value": 1}], {"period_format": "epoch"}, DataError, "is not written as epoch"),
        ([{"period": 20130309, "value": 1}], {}, DataError, "the period '20130309', which cannot be read"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told_with_what_is_there(read, server, document, options, kind, message):
    server.answer = lambda seen: json_reply(document)
    error = read(options).error
    assert type(error) is kind
    assert message in str(error)
    assert str(error).startswith("Metric m0: ")


def test_what_metrics_ask_alike_is_asked_once(read, server):
    server.answer = lambda seen: json_reply([{**DAY, "n": 7}])
    outcomes = read({}, {"columns": {"value": "n"}}, {"params": {"other": 1}}, {"rows": "[0]"})
    values = {
        metric: batch.points.loc[batch.points["metric"] == metric, "value"].tolist()
        for batch in outcomes for metric in batch.evidence
    }  # fmt: skip
    assert values == {"m0": [1.5], "m1": [7], "m2": [1.5], "m3": [1.5]}
    assert len(server.seen) == 3
    fingerprints = {proof.fingerprint for batch in outcomes for proof in batch.evidence.values()}
    assert len(fingerprints) == 4


def test_a_check_takes_any_answer_that_knows_the_login_unless_told_where_to_ask(server, tmp_path):
    def checked(**settings):
        given = {"base_url": server.url, "allow_private_hosts": True, "attempts": 1, **settings}
        source = open_source(RestSettings(**given), Context(tmp_path, tmp_path), FastClock().clock())
        cautions = source.check()
        source.close()
        return [it.message for it in cautions]

    server.answer = lambda seen: json_reply({}, {"/": 404, "/me": 403}.get(seen.path, 400))
    assert checked() == []
    with pytest.raises(AuthError):
        checked(check_path="/me")
    with pytest.raises(ConfigError):
        checked(check_path="/nothing")
    server.answer = lambda seen: json_reply({}, 401)
    with pytest.raises(AuthError):
        checked()


def test_a_check_does_not_call_an_answer_what_was_never_sent(server, tmp_path):
    settings = RestSettings(base_url=f"https://localhost:{server.port}", attempts=1)
    source = open_source(settings, Context(tmp_path, tmp_path))
    with pytest.raises(ConfigError, match="an address inside the network"):
        source.check()
    source.close()
    assert server.seen == []


def test_a_login_that_everybody_can_read_is_warned_of(server, tmp_path):
    settings = RestSettings(base_url=server.url, allow_private_hosts=True, auth={"bearer": "x"})
    source = open_source(settings, Context(tmp_path, tmp_path))
    assert [it.message for it in source.check()] == [
        "The login is sent without encryption. Let the server speak https."
    ]
    source.close()


def test_the_expressions_of_the_page_find_what_it_says():
    page = (ROOT / "docs/rest.md").read_text()
    rows = re.findall(r'^\| `(\{".*\})` \| `(.*)` \|$', page, re.MULTILINE)
    assert [found(expression, json.loads(answer)) for answer, expression in rows] == [
        [{"period": "2026-01-01", "value": 41}],
        [{"period": "2026-01-01", "value": 41}],
        [{"team": 7, "period": "2026-01-01", "value": 41}],
        [{"period": "2026-01-01", "value": 41.5}],
    ]
