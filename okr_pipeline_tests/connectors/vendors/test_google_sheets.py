"""Google Sheets, judged by Google's own discovery document."""

import json
from datetime import date
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.contract import DataPointBatch, MetricRequest, ReadFailure
from connectors.errors import AuthError, ConfigError, ContractError, DataError
from connectors.google_sheets import CONNECTOR
from connectors.google_sheets.cells import columns_of, table_of
from okr_pipeline_tests.connectors.conformance import FACTS, MARCH, ZONE, Conformance, read
from okr_pipeline_tests.connectors.http.server import json_reply
from okr_pipeline_tests.connectors.http.survival import FastClock, Survival
from okr_pipeline_tests.connectors.vendors.discovery import discovered
from okr_pipeline_tests.connectors.vendors.vendor import TOKEN, Vendor

DAY_ZERO = date(1899, 12, 30)


def serial(day):
    return (day - DAY_ZERO).days


def grid(facts):
    """A table as Sheets gives it: what is empty at the end of a row is left out."""
    rows = [["day", "amount", "team"]]
    for fact in facts:
        row = [serial(fact.day), "" if fact.amount is None else fact.amount, fact.team or ""]
        while row[-1] == "":
            row.pop()
        rows.append(row)
    return rows


class Sheets(Vendor):
    connector = CONNECTOR
    facts = FACTS
    settings = {"token": "{secret}", "spreadsheet": "1mHIWnDv-gkhU"}
    metric = {
        "spreadsheet": "ask{number}ed",
        "range": "Facts!A1:C",
        "columns": {"period": "day", "value": "amount"},
    }
    broken = {**metric, "range": "Nowhere!A1:C"}
    dimensions = ("team",)
    method = "GET"
    good = json.dumps(
        {"spreadsheetId": "s", "valueRanges": [
            {"range": "Facts!A1:C3", "majorDimension": "ROWS",
             "values": [["day", "amount", "team"], [serial(date(2013, 3, 9)), 5, "north"]]}]}
    ).encode()  # fmt: skip
    values = (5.0,)

    def __init__(self, request):
        super().__init__(request)
        self.ranges = {}

    def write(self, facts):
        self.ranges = {"Facts!A1:C": grid(facts)}

    def judge(self, seen):
        return discovered("sheets.v4").faults(seen)

    def knows(self, seen):
        return seen.headers.get("authorization") == f"Bearer {TOKEN}"

    def answer(self, seen):
        if not seen.path.endswith(":batchGet"):
            return self.told(seen, {"spreadsheetId": "1mHIWnDv-gkhU"})
        asked = [value for name, value in parse_qsl(urlsplit(seen.target).query) if name == "ranges"]
        lost = next((name for name in asked if name not in self.ranges), None)
        if lost is not None:
            error = {"code": 400, "message": f"Unable to parse range: {lost}", "status": "INVALID_ARGUMENT"}
            return json_reply({"error": error}, 400)
        found = [self.range(name) for name in asked]
        return self.told(seen, {"spreadsheetId": "s", "valueRanges": found})

    def range(self, name):
        values = self.ranges[name]
        return {"range": f"{name}1000", "majorDimension": "ROWS", **({"values": values} if values else {})}

    def told(self, seen, document):
        assert discovered("sheets.v4").faults_of_answer(seen, document) == []
        return json_reply(document)


class TestConformance(Conformance):
    subject = Sheets


class TestSurvival(Survival):
    subject = Sheets


@pytest.fixture
def place(request):
    made = Sheets(request)
    made.write(FACTS)
    return made


def request(metric, name="Facts!A1:C", **keys):
    options = CONNECTOR.description.request(range=name, **keys)
    return MetricRequest(metric, "day", ZONE, (), options)


def outcomes(place, *requests):
    source = place.open()
    try:
        return list(source.read(requests, MARCH))
    finally:
        source.close()


def points(place, *rows):
    """Days and values, or what came in place of a value, of a table with these rows."""
    place.ranges = {"Facts!A1:C": [list(row) for row in rows]}
    [batch] = outcomes(place, request("amount"))
    if isinstance(batch, ReadFailure):
        raise batch.error
    found = batch.points
    raw = found["raw_value"].where(found["raw_value"].notna(), found["value"].astype(object))
    return dict(zip(found["period_start"].dt.tz_convert(ZONE).dt.strftime("%Y-%m-%d %H:%M"), raw, strict=True))


def asked(place):
    return [dict(seen.params) for seen in place.server.seen]


def test_metrics_of_one_spreadsheet_are_read_at_once(place):
    place.ranges |= {"Targets": [["period", "value"], ["2013-03-09", 1]], "more": [["period", "value"]]}
    columns = {"period": "day", "value": "amount"}
    found = outcomes(
        place,
        request("a", columns=columns), request("b", columns=columns), request("c", "Targets"), request("d", "more"),
    )  # fmt: skip
    assert sorted(metric for batch in found for metric in batch.evidence) == ["a", "b", "c", "d"]
    [seen] = place.server.seen
    assert [value for name, value in parse_qsl(urlsplit(seen.target).query) if name == "ranges"] == [
        "Facts!A1:C", "Targets", "more",
    ]  # fmt: skip


def test_a_range_that_is_not_there_fails_alone_though_many_are_read_at_once(place):
    place.ranges |= {f"good{number}": [["period", "value"], ["2013-03-09", number]] for number in range(15)}
    found = outcomes(
        place, *(request(f"good{number}", f"good{number}") for number in range(15)), request("bad", "lost")
    )
    [failed] = [it for it in found if isinstance(it, ReadFailure)]
    assert failed.metric == "bad"
    assert "Unable to parse range: lost" in str(failed.error)
    good = {metric for batch in found if isinstance(batch, DataPointBatch) for metric in batch.evidence}
    assert good == {f"good{number}" for number in range(15)}
    assert len(place.server.seen) == 1 + 2 * 4


def test_a_spreadsheet_that_is_not_there_is_asked_for_once(place):
    gone = {"error": {"code": 404, "message": "Requested entity was not found.", "status": "NOT_FOUND"}}
    place.answer = lambda seen: json_reply(gone, 404)
    found = outcomes(place, *(request(str(number), f"range{number}") for number in range(9)))
    assert [type(it.error) for it in found] == [ConfigError] * 9
    assert len(place.server.seen) == 1


def test_evidence_of_a_metric_does_not_depend_on_others(place):
    place.ranges |= {"Targets": [["period", "value"]]}
    columns = {"period": "day", "value": "amount"}
    [alone] = outcomes(place, request("a", columns=columns))
    together = outcomes(place, request("a", columns=columns), request("c", "Targets"))
    [other] = [batch for batch in together if "a" in batch.evidence]
    assert alone.evidence["a"].fingerprint == other.evidence["a"].fingerprint
    assert alone.evidence["a"].whole


@pytest.mark.parametrize(
    ("cell", "instant"),
    [
        (41342, "2013-03-09 00:00"),
        (41342.0, "2013-03-09 00:00"),
        (41342.5, "2013-03-09 12:00"),
        (41342 + 1 / 3, "2013-03-09 08:00"),
        ("2013-03-09", "2013-03-09 00:00"),
    ],
)
def test_a_period_is_a_date_or_time_as_sheets_counts_them_or_a_text(place, cell, instant):
    assert points(place, ["period", "value"], [cell, 3]) == {instant: 3.0}


@pytest.mark.parametrize("cell", [2013, 201303, 20130309, -1, True, "#REF!", "9.3.2013", "Total"])
def test_what_is_hardly_a_date_is_no_period(place, cell):
    with pytest.raises(DataError, match="period"):
        points(place, ["period", "value"], [cell, 3])


@pytest.mark.parametrize("cell", ["#N/A", "#DIV/0!", "12.5", "n/a", " "])
def test_what_is_no_number_is_told_as_it_stands(place, cell):
    assert points(place, ["period", "value"], ["2013-03-09", cell]) == {"2013-03-09 00:00": cell}


def test_a_truth_is_no_number(place):
    assert points(place, ["period", "value"], ["2013-03-09", True]) == {"2013-03-09 00:00": "true"}


def test_a_short_row_lacks_its_end_and_nothing_moves(place):
    rows = [["value", "period", "weight"], [2, "2013-03-09", 7], [3, "2013-03-10"], ["", "2013-03-11"]]
    found = points(place, *rows)
    assert found["2013-03-09 00:00"] == 2
    assert found["2013-03-10 00:00"] == 3
    assert found["2013-03-11 00:00"] != found["2013-03-11 00:00"]


@given(st.lists(st.lists(st.sampled_from(["", 45000, 45000.5, "a", True]), min_size=3, max_size=3), max_size=6))
def test_a_row_means_the_same_with_and_without_what_is_empty_at_its_end(rows):
    cut = [row[: max((place + 1 for place, cell in enumerate(row) if cell != ""), default=0)] for row in rows]
    places = {"value": 0, "team": 1, "weight": 2}
    header = ["value", "team", "weight"]
    whole, short = (columns_of(table_of([header, *given])[1], {"period": 1, **places}) for given in (rows, cut))
    assert whole == short


def test_empty_rows_and_columns_without_a_name_are_left_out(place):
    rows = [[], ["", "period", "value"], ["note"], ["", "2013-03-09", 2], [], ["", "", ""]]
    with pytest.raises(DataError, match="Row 1 has no period"):
        points(place, *rows)
    assert points(place, *rows[:2], *rows[3:]) == {"2013-03-09 00:00": 2}


def test_an_empty_range_is_an_error_and_a_header_alone_is_no_points(place):
    with pytest.raises(DataError, match="range is empty"):
        points(place)
    assert points(place, ["period", "value"]) == {}


def test_a_column_that_is_not_there_is_named_with_its_nearest(place):
    with pytest.raises(ContractError, match=r"no column value.*Did you mean values\?"):
        points(place, ["period", "values"], ["2013-03-09", 2])


def test_a_range_of_more_rows_than_the_source_takes_is_an_error(place):
    source = place.open(max_rows=3)
    [failed] = source.read([place.request("amount")], MARCH)
    assert "more than 3 rows" in str(failed.error)


def test_numbers_come_unformatted_and_dates_as_numbers(place):
    read(place)
    assert {it: asked(place)[0][it] for it in ("majorDimension", "valueRenderOption", "dateTimeRenderOption")} == {
        "majorDimension": "ROWS",
        "valueRenderOption": "UNFORMATTED_VALUE",
        "dateTimeRenderOption": "SERIAL_NUMBER",
    }


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute per user'", 60),
        ("Quota exceeded for quota metric 'Read requests' and limit 'Read requests per minute'", 60),
    ],
)
def test_a_minutes_quota_that_is_used_up_is_waited_for(request, message, seconds):
    place = Sheets(request)
    place.write(FACTS)
    good, clock = place.answer, FastClock()
    error = {"error": {"code": 429, "message": message, "status": "RESOURCE_EXHAUSTED"}}
    place.answer = lambda seen: json_reply(error, 429) if len(place.server.seen) == 1 else good(seen)
    source = place._opened(place.server.url, TOKEN, clock.clock(), {})
    [batch] = source.read([place.request("amount")], MARCH)
    assert isinstance(batch, DataPointBatch)
    assert sum(clock.slept) == seconds


@pytest.mark.parametrize(
    "written",
    ["1mHIWnDv-gkhU", "https://docs.google.com/spreadsheets/d/1mHIWnDv-gkhU/edit?gid=0#gid=0",
     "https://docs.google.com/spreadsheets/u/1/d/1mHIWnDv-gkhU"],
)  # fmt: skip
def test_a_spreadsheet_is_named_by_its_id_or_address(written):
    assert CONNECTOR.description.settings(token="t", spreadsheet=written).spreadsheet == "1mHIWnDv-gkhU"


@pytest.mark.parametrize("written", ["", "https://example.org/d/1", "Targets 2026", "a/b"])
def test_what_is_no_spreadsheet_is_refused(written):
    with pytest.raises(ValueError, match="is no spreadsheet"):
        CONNECTOR.description.settings(token="t", spreadsheet=written)


@pytest.mark.parametrize("login", [{}, {"token": "t", "key": "{}"}, {"key": "{}", "key_file": "key.json"}])
def test_a_source_logs_in_one_way(login):
    with pytest.raises(ValueError, match="logs in one way"):
        CONNECTOR.description.settings(spreadsheet="s", **login)


def test_a_service_account_asks_for_the_right_to_read_sheets_alone():
    auth = CONNECTOR.description.settings(spreadsheet="s", key_file="key.json").login()
    assert auth.google_service_account.scopes == ("https://www.googleapis.com/auth/spreadsheets.readonly",)


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        (400, ConfigError, "Unable to parse range: lost. Correct the keys of the metric."),
        (403, AuthError, "The caller does not have permission. Share it with the address of the service account"),
        (404, ConfigError, "Requested entity was not found. Correct the property or the spreadsheet"),
    ],
)
def test_what_google_refuses_is_told_in_its_words_with_what_to_do(place, status, error, words):
    said = words.split(". ")[0] + "."
    place.answer = lambda seen: json_reply({"error": {"code": status, "message": said}}, status)
    [failed] = outcomes(place, request("a"))
    assert type(failed.error) is error
    assert words in str(failed.error)
    assert f"status {status}" in str(failed.error)


@pytest.mark.parametrize("document", [{}, {"error": "no"}, {"error": {"message": 5}}, [], "no"])
def test_a_refusal_without_googles_words_is_told_as_any_other(place, document):
    place.answer = lambda seen: json_reply(document, 404)
    [failed] = outcomes(place, request("a"))
    assert "The server refuses the request (status 404" in str(failed.error)
