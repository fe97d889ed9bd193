"""Pages of every kind: read to their end, and refused where that is not their end."""

import json

import pytest

from connectors.contract import Context, DataPointBatch, MetricRequest
from connectors.errors import ConfigError, ContractError, DataError
from connectors.rest import RestRequest, RestSettings
from connectors.rest.source import open_source
from okr_pipeline_tests.connectors.conformance import MARCH, ZONE
from okr_pipeline_tests.connectors.http.server import Server, json_reply, reply
from okr_pipeline_tests.connectors.http.survival import FastClock

ROWS = [{"period": f"2013-03-{day:02}", "value": day} for day in range(1, 8)]
VALUES = [row["value"] for row in ROWS]
SIZE = 3


def pages(rows=ROWS, size=SIZE):
    return [rows[start : start + size] for start in range(0, len(rows), size)]


def by_offset(seen):
    skip = int(seen.params["offset"])
    return json_reply({"data": ROWS[skip : skip + SIZE], "total": len(ROWS), "more": skip + SIZE < len(ROWS)})


def by_number(seen):
    number = int(seen.params["page"])
    data = pages()[number - 1] if number <= len(pages()) else []
    return json_reply({"data": data, "total": str(len(ROWS)), "more": number < len(pages())})


def by_token(seen):
    token = seen.params.get("cursor") or json.loads(seen.body or b"{}").get("after")
    number = int(token.removeprefix("t/ü")) if token else 0
    last = number == len(pages()) - 1
    return json_reply(
        {"data": pages()[number], "meta": {"next": None if last else f"t/ü{number + 1}"}, "more": not last}
    )


def by_last_id(seen):
    """As Stripe does: the token is the last row's own, also on the last page."""
    rows = [{**row, "id": f"id_{row['value']}"} for row in ROWS]
    after = seen.params.get("starting_after")
    start = 1 + next(place for place, row in enumerate(rows) if row["id"] == after) if after else 0
    return json_reply({"data": rows[start : start + SIZE], "has_more": start + SIZE < len(rows)})


def by_url(seen):
    number = int(seen.params.get("p", 0))
    following = f"/pages?p={number + 1}&x=a%2Fb" if number < len(pages()) - 1 else None
    return json_reply({"data": pages()[number], "links": {"next": following}})


def by_link(seen):
    number = int(seen.params.get("p", 0))
    following = f'</pages?p=0>; rel="first", <?p={number + 1}>; title="a, b"; rel="next last"'
    return json_reply({"data": pages()[number]}, headers={"Link": following} if number < len(pages()) - 1 else {})


@pytest.mark.parametrize(
    ("answer", "paging", "asked"),
    [
        (by_offset, {"offset": {}}, 4),
        (by_offset, {"offset": {"total": "total"}}, 3),
        (by_offset, {"offset": {"more": "more"}}, 3),
        (by_number, {"page": {}}, 4),
        (by_number, {"page": {"total": "total"}}, 3),
        (by_number, {"page": {"more": "more"}}, 3),
        (by_token, {"cursor": {"next": "meta.next"}}, 3),
        (by_token, {"cursor": {"next": "meta.next", "more": "more"}}, 3),
        (by_last_id, {"cursor": {"next": "data[-1].id", "param": "starting_after", "more": "has_more"}}, 3),
        (by_token, {"body_token": {"next": "meta.next"}}, 3),
        (by_url, {"next_url": {"next": "links.next"}}, 3),
        (by_link, {"link_header": {}}, 3),
    ],
)
def test_every_kind_of_paging_is_read_to_its_end_and_not_further(tmp_path, answer, paging, asked):
    outcome, seen = read(tmp_path, answer, paging)
    assert isinstance(outcome, DataPointBatch), outcome
    assert sorted(outcome.points["value"]) == VALUES
    assert len(seen) == asked
    assert all(one.headers["authorization"] == "Bearer secret" for one in seen)


def test_the_other_parameters_stay_and_the_size_is_asked_for(tmp_path):
    _, seen = read(
        tmp_path,
        by_number,
        {"page": {"size_param": "per_page", "size": SIZE, "total": "total"}},
        params={"q": "a b&c", "x": True},
    )
    assert [one.params for one in seen] == [
        {"q": "a b&c", "x": "true", "per_page": "3", "page": str(number)} for number in (1, 2, 3)
    ]


def test_a_body_stays_but_for_its_token(tmp_path):
    _, seen = read(tmp_path, by_token, {"body_token": {"next": "meta.next"}}, body={"filter": {"a": [1]}})
    assert [json.loads(one.body) for one in seen] == [
        {"filter": {"a": [1]}}, {"filter": {"a": [1]}, "after": "t/ü1"}, {"filter": {"a": [1]}, "after": "t/ü2"},
    ]  # fmt: skip


@pytest.mark.parametrize(("kind", "param", "numbers"), [("page", "page", [1, 2, 3]), ("offset", "offset", [0, 3, 6])])
def test_a_number_may_stand_in_the_body(tmp_path, kind, param, numbers):
    def answer(seen):
        body = json.loads(seen.body)
        skip = body["offset"] if kind == "offset" else (body["page"] - 1) * body["size"]
        return json_reply({"data": ROWS[skip : skip + body["size"]], "total": len(ROWS)})

    paging = {kind: {"in_body": True, "size_param": "size", "size": SIZE, "total": "total"}}
    outcome, seen = read(tmp_path, answer, paging, body={"filter": "a"}, method="POST", params={"v": 1})
    assert outcome.points["value"].tolist() == VALUES
    assert [json.loads(one.body) for one in seen] == [{"filter": "a", "size": SIZE, param: it} for it in numbers]
    assert {tuple(one.params.items()) for one in seen} == {(("v", "1"),)}


@pytest.mark.parametrize("paging", [{"page": {"in_body": True}}, {"offset": {"in_body": True}}])
def test_a_get_has_no_body_to_page_in(tmp_path, paging):
    outcome, seen = read(tmp_path, by_number, paging)
    assert "Add 'method: POST'" in str(outcome.error)
    assert seen == []


def test_shuffled_rows_and_pages_of_another_size_have_the_same_hash(tmp_path):
    def answer(rows, size):
        return lambda seen: json_reply({"data": rows[(skip := int(seen.params["offset"])) : skip + size]})

    first, _ = read(tmp_path, answer(ROWS, 3), {"offset": {}})
    second, _ = read(tmp_path, answer(ROWS[::-1], 2), {"offset": {}})
    assert first.evidence["m"].response_hash == second.evidence["m"].response_hash


@pytest.mark.parametrize("lost", range(3))
def test_a_page_that_is_lost_on_the_way_is_asked_for_again_alone(tmp_path, lost):
    failed = []

    def answer(seen):
        if seen.params["page"] == str(lost + 1) and not failed:
            failed.append(seen)
            return reply(503)
        return by_number(seen)

    outcome, seen = read(tmp_path, answer, {"page": {"total": "total"}})
    assert sorted(outcome.points["value"]) == VALUES
    assert len(seen) == 4


def always(document, **headers):
    return lambda seen: json_reply(document, headers=headers)


def turning(*documents):
    turn = iter([*documents] * 50)
    return lambda seen: json_reply(next(turn))


A, B, EMPTY = [ROWS[0]], [ROWS[1]], []


@pytest.mark.parametrize(
    ("answer", "paging", "kind", "message"),
    [
        (always({"data": A}), {"offset": {}}, ContractError, "Two pages are the same"),
        (always({"data": A}), {"page": {}}, ContractError, "Two pages are the same"),
        (turning({"data": A}, {"data": B}), {"page": {}}, DataError, "more than 10 pages"),
        (turning({"data": A, "total": 3}, {"data": EMPTY, "total": 3}), {"offset": {"total": "total"}}, ContractError, "announces 3 rows and gives 1"),
        (always({"data": A, "total": 0}), {"page": {"total": "total"}}, ContractError, "announces 0 rows and gives 1"),
        (always({"data": A}), {"page": {"total": "total"}}, ContractError, "total gives None, which is no number of rows"),
        (always({"data": A, "total": -1}), {"page": {"total": "total"}}, ContractError, "total gives -1"),
        (always({"data": A, "more": "yes"}), {"page": {"more": "more"}}, ContractError, "more gives 'yes', which is neither"),
        (always({"data": EMPTY, "more": True}), {"page": {"more": "more"}}, ContractError, "announces more, and its page is empty"),
        (turning({"data": A, "next": "t"}, {"data": B, "next": "t"}), {"cursor": {"next": "next"}}, ContractError, "leads back to a page"),
        (turning({"data": A, "next": "t"}, {"data": B, "next": "t"}), {"body_token": {"next": "next"}}, ContractError, "leads back to a page"),
        (always({"data": EMPTY, "next": "t"}), {"cursor": {"next": "next"}}, ContractError, "its page is empty"),
        (always({"data": A, "next": {"a": 1}}), {"cursor": {"next": "next"}}, ContractError, "gives no token"),
        (always({"data": A, "more": True}), {"cursor": {"next": "next", "more": "more"}}, ContractError, "gives no token"),
        (turning({"data": A, "next": "?a=1"}, {"data": B, "next": "?a=1"}), {"next_url": {"next": "next"}}, ContractError, "leads back"),
        (always({"data": EMPTY, "next": "?a=1"}), {"next_url": {"next": "next"}}, ContractError, "its page is empty"),
        (always({"data": A, "next": 7}), {"next_url": {"next": "next"}}, ContractError, "is 7, which is none"),
        (always({"data": A, "next": "http://evil.example/x"}), {"next_url": {"next": "next"}}, ContractError, "leads on to http://evil.example, and a login is not carried"),
        (always({"data": A, "next": "//evil.example/x"}), {"next_url": {"next": "next"}}, ContractError, "a login is not carried"),
        (always({"data": A, "next": "http://127.0.0.1:1/x"}), {"next_url": {"next": "next"}}, ContractError, "a login is not carried"),
        (always({"data": A}, Link="<https://evil.example/?p=2>; rel=next"), {"link_header": {}}, ContractError, "a login is not carried"),
        (always({"data": [ROWS[0]] * 101}), {"page": {"more": "`false`"}}, DataError, "more than 100 rows"),
    ],
)  # fmt: skip
def test_pages_that_do_not_end_as_they_say_are_errors(tmp_path, answer, paging, kind, message):
    outcome, seen = read(tmp_path, answer, paging, settings={"max_pages": 10, "max_rows": 100})
    assert type(outcome.error) is kind, outcome
    assert message in str(outcome.error)
    assert len(seen) <= 10


def test_the_answer_to_a_page_past_the_end_is_no_end(tmp_path):
    """A 404 there would be taken for one, and for a path that is gone as well: `total` or `more` tell it."""
    outcome, _ = read(
        tmp_path, lambda seen: by_number(seen) if int(seen.params["page"]) <= 3 else reply(404), {"page": {}}
    )
    assert type(outcome.error) is ConfigError


def read(directory, answer, paging, settings=None, **options):
    keys = {"path": "/pages", "rows": "data", "paging": paging, **options}
    if "body_token" in paging:
        keys["method"] = "POST"
    with Server(answer) as server:
        given = {"base_url": server.url, "auth": {"bearer": "secret"}, "allow_private_hosts": True, **(settings or {})}
        source = open_source(RestSettings(**given), Context(directory, directory), FastClock().clock())
        [outcome] = source.read([MetricRequest("m", "day", ZONE, (), RestRequest(**keys))], MARCH)
        source.close()
        return outcome, list(server.seen)
