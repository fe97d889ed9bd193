"""What the pipeline says of the example is what the package's CSV files say when asked again by other code."""

import json
import math
from collections.abc import Mapping

import pytest

from okr_pipeline_tests.end_to_end.example_recomputed import EXPECTED, SPRINT, YEAR, flown

WITHOUT_A_NUMBER = {
    "2013-Q2/jfk-june": "not_started",
    "2013-Q2/lga-delay": "paused",
    "2013-Q2/ev-seats": "cancelled",
}

StatusRows = Mapping[str, Mapping[str, object]]


@pytest.mark.parametrize("key_result", EXPECTED)
def test_a_number_of_the_example_is_the_one_recomputed_from_csv(key_result: str, example_status: StatusRows) -> None:
    row, wanted = example_status[key_result], EXPECTED[key_result]()
    assert row["status"] == wanted.status, row["reason"]
    for field in ("value", "progress", "expected_progress"):
        assert math.isclose(row[field], getattr(wanted, field), rel_tol=1e-9, abs_tol=1e-9), field


@pytest.mark.parametrize(("key_result", "status"), WITHOUT_A_NUMBER.items())
def test_what_does_not_run_is_named_and_not_scored(key_result: str, status: str, example_status: StatusRows) -> None:
    assert example_status[key_result]["status"] == status


def test_every_key_result_of_the_example_is_compared(example_status: StatusRows) -> None:
    assert set(example_status) == set(EXPECTED) | set(WITHOUT_A_NUMBER)


def test_no_running_key_result_of_the_example_is_unknown(example_status: StatusRows) -> None:
    assert [name for name, row in example_status.items() if row["status"] == "unknown"] == []


def test_what_contributes_to_the_year_and_what_is_beside_it_are_all_of_its_flights(example_run) -> None:
    (told,) = json.loads(example_run.okr("status", "--json").stdout)["contributions"]
    assert told["key_result"] == "2013/flights-flown"
    assert {part["id"]: part["value"] for part in told["parts"]} == {
        "2013-05-sprint/more-flights": flown(SPRINT, origin="JFK"),
        "2013-Q2/jfk-june": None,
    }
    assert told["value"] == flown(YEAR)
    assert told["contributed"] + told["remainder"] == flown(YEAR)


def test_the_share_of_mixed_verdicts_that_the_example_is_told_with_is_that_of_its_statuses(example_run) -> None:
    told = json.loads(example_run.okr("status", "--compare-rules", "--json").stdout)
    good = [{status in ("on_track", "achieved") for status in it["statuses"].values()} for it in told["key_results"]]
    assert (told["judged"], told["mixed"]) == (30, sum(len(verdicts) > 1 for verdicts in good)) == (30, 11)
