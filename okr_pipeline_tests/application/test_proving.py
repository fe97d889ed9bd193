"""A proof file verifies by both programs, whatever is measured, and nothing can be changed in it unseen."""

import json
import subprocess
import sys
from datetime import date
from pathlib import Path
from typing import get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from okr_pipeline import recheck
from okr_pipeline.application.proving import FORMAT, SCHEMA_VERSION, ProofRefused, laid_out, sealed, verify
from okr_pipeline.model.calendar import Duration
from okr_pipeline.model.frames import KEY_RESULT_SCORES, OBJECTIVE_SCORES
from okr_pipeline.model.okr import Accumulate, Checkpoint, Measure, Over, Pace, PaceKind, Reach
from okr_pipeline.scoring.rules import RULES
from okr_pipeline_tests.application.proofs import evidence_of, leaves, proof, tampered
from okr_pipeline_tests.scoring.worlds import World, as_of_day, configuration, key_result, metric, observed, worlds
from okr_pipeline_tests.spec.sections import SECTIONS
from okr_pipeline_tests.spec.tables import Case, Table, world_of

RECHECK = Path(recheck.__file__)
EVERY = 16
"""Each of so many cases is verified in every run of the tests, and all of them in a soak."""
CASES = [(table, case) for section in SECTIONS for table in section.tables for case in table.cases]


@pytest.mark.parametrize(
    ("table", "case"),
    [
        pytest.param(table, case, id=f"{table.title}: {case.says}", marks=[] if n % EVERY == 0 else pytest.mark.soak)
        for n, (table, case) in enumerate(CASES)
    ],
)
def test_every_case_of_the_manual_verifies_by_both_programs(table: Table, case: Case) -> None:
    world = world_of(table, case)
    configuration = world.configuration
    failed = frozenset(it.id for it in configuration.metrics.values() if {it.id, it.source} & {*world.failed_sources})
    evidence = evidence_of(world.observations, world.quarantine, world.baselines, failed, world.check_ins)
    for subject in (*configuration.key_results(), *configuration.objectives.values()):
        document = proof(configuration, subject, evidence, world.instant(case.as_of))
        assert verify(json.dumps(document)).differences == ()
        assert recheck.recheck(document) == []


@settings(max_examples=15, deadline=None)
@given(worlds(tame=True))
def test_any_world_verifies_by_both_programs(world: World) -> None:
    for subject in (*world.configuration.key_results(), *world.configuration.objectives.values()):
        document = proof(world.configuration, subject, evidence_of(world.observations, world.quarantine), world.as_of)
        assert verify(json.dumps(document)).differences == ()
        assert recheck.recheck(document) == []


SMALL = configuration(
    [metric(closes_after=Duration(1, "days"))],
    [
        key_result(Reach("at_start", 300), "reach", over=Over("trailing", Duration(4, "days")), weight=2.0),
        key_result(Accumulate(900), "sum", pace=Pace("checkpoints", (Checkpoint(date(2013, 4, 8), 300),))),
    ],
)
VALUES = [float(number) for number in range(1, 30)]


@pytest.fixture(scope="module")
def small() -> dict:
    """The proof of an objective of two key results, one measured from its start and one with planned values."""
    objective = SMALL.objectives["C/o"]
    return proof(SMALL, objective, evidence_of(observed(VALUES, first=date(2013, 3, 20))), as_of_day(date(2013, 4, 12)))


def test_the_small_proof_has_scores(small: dict) -> None:
    assert [row["score"] is not None for row in small["stated"]["key_results"]] == [True, True]
    assert small["stated"]["objectives"][0]["score"] is not None


def test_what_had_not_begun_fills_no_zero_in_either_program() -> None:
    """Of a day that begins with the instant nothing is known yet, and so not that the one before it was empty."""
    asked = configuration([metric(empty="zero")], [key_result(Reach(0, 10), over=Over("latest"))])
    evidence = evidence_of(observed([5.0, None, 7.0], first=date(2013, 4, 9)))
    document = proof(asked, asked.objectives["C/o"], evidence, as_of_day(date(2013, 4, 10)))
    assert document["stated"]["key_results"][0]["value"] == 5.0
    assert verify(json.dumps(document)).differences == ()
    assert recheck.recheck(document) == []


def test_no_number_can_be_changed_unseen(small: dict) -> None:
    numbers = [(path, value) for path, value in leaves(small) if isinstance(value, int | float) and len(path) > 1]
    changed = [(path, not value if isinstance(value, bool) else value + 1) for path, value in numbers]
    assert len(changed) > 100
    for path, value in changed[::4]:
        document = tampered(small, path, value)
        assert found_by_both(document), path


def test_a_stated_number_that_is_sealed_anew_is_still_found_out_by_the_arithmetic(small: dict) -> None:
    for part, columns in (("key_results", recheck.CHECKED), ("objectives", recheck.CHECKED_OF_OBJECTIVES)):
        for number, row in enumerate(small["stated"][part]):
            for column in [it for it in columns if isinstance(row[it], float)]:
                document = sealed(tampered(small, ("stated", part, number, column), row[column] + 0.001))
                assert found_by_both(document), (row["id"], column)


def test_a_forecast_that_is_sealed_anew_is_found_out_by_the_functions_of_a_run(small: dict) -> None:
    """The plain program does not make forecasts, and says so."""
    forecast = small["stated"]["key_results"][0]["forecast"]
    for name in [it for it, value in forecast.items() if isinstance(value, float)]:
        place = ("stated", "key_results", 0, "forecast", name)
        document = sealed(tampered(small, place, forecast[name] + 0.001))
        row = small["stated"]["key_results"][0]["id"]
        assert [it.where for it in verify(json.dumps(document)).differences] == [f"{row}.forecast.{name}"]
        assert recheck.recheck(document) == []


@settings(max_examples=15, deadline=None)
@given(st.data())
def test_an_observation_that_is_sealed_anew_no_longer_gives_what_is_stated(data: st.DataObject) -> None:
    evidence = evidence_of(observed(VALUES, first=date(2013, 3, 20)))
    document = proof(SMALL, SMALL.objectives["C/o"], evidence, as_of_day(date(2013, 4, 12)))
    table = document["observations"]
    row = data.draw(
        st.sampled_from([it for it, cells in enumerate(table["rows"]) if "2013-04-09" <= cells[2] < "2013-04-13"])
    )
    moved = data.draw(st.floats(0.01, 1000))
    place = ("observations", "rows", row, table["columns"].index("value"))
    assert found_by_both(sealed(tampered(document, place, table["rows"][row][place[-1]] + moved)))


def found_by_both(document: dict) -> bool:
    """Whether both programs say that something is not as stated."""
    return bool(verify(json.dumps(document)).differences) and not holds(document)


def holds(document: dict) -> bool:
    """What the plain program says; a document that does not hang together does not hold."""
    try:
        return recheck.recheck(document) == []
    except (KeyError, ValueError, StopIteration, IndexError):
        return False


def test_a_proof_of_another_schema_version_is_refused_by_both(small: dict, tmp_path: Path) -> None:
    newer = laid_out(small | {"schema_version": SCHEMA_VERSION + 1})
    with pytest.raises(ProofRefused, match=f"schema version {SCHEMA_VERSION + 1}.*reads version {SCHEMA_VERSION}"):
        verify(newer)
    (tmp_path / "proof.json").write_text(newer)
    assert recheck.main([str(tmp_path / "proof.json")]) == 2


@pytest.mark.parametrize("text", ["", "[]", "{}", "null", "no JSON", '{"format": "something else"}'])
def test_what_is_no_proof_is_refused_by_both(text: str, tmp_path: Path) -> None:
    with pytest.raises(ProofRefused, match="not a proof file"):
        verify(text)
    (tmp_path / "proof.json").write_text(text)
    assert recheck.main([str(tmp_path / "proof.json")]) == 2


def test_a_proof_with_a_part_torn_out_is_damaged(small: dict) -> None:
    for part in ("stated", "definition", "observations", "calendar", "baselines"):
        torn = {name: value for name, value in small.items() if name != part}
        if part != "calendar":  # the one part that only the plain program needs
            with pytest.raises(ProofRefused, match="damaged"):
                verify(json.dumps(torn))
        assert not holds(torn), part


def test_the_plain_program_needs_nothing_but_the_standard_library(small: dict, tmp_path: Path) -> None:
    (tmp_path / "proof.json").write_text(laid_out(small))
    command = [sys.executable, "-I", "-S", str(RECHECK), str(tmp_path / "proof.json")]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=tmp_path)
    left_out = "2 forecasts are not worked out here; `okr verify` does that."
    assert (done.returncode, done.stdout) == (0, f"C/o: every number holds. {left_out}\n")


def test_both_programs_know_the_same_format() -> None:
    assert (recheck.FORMAT, recheck.SCHEMA_VERSION) == (FORMAT, SCHEMA_VERSION)


def test_the_plain_program_knows_every_measure_pace_and_status_rule() -> None:
    kinds = [get_args(get_type_hints(measure)["kind"])[0] for measure in get_args(Measure)]
    assert sorted(recheck.MEASURES) == sorted(kinds)
    assert sorted(recheck.PACES) == sorted(get_args(PaceKind))
    assert sorted(recheck.STATUS_RULES) == sorted(RULES)


def test_the_plain_program_checks_every_column_that_is_worked_out() -> None:
    told = {"key_result", "objective", "cycle", "title", "owner", "metric", "measure", "unit", "weight", "status_rule"}
    by_windows = {
        "value_period_start", "window_start", "window_end", "observed_share", "straddling_periods", "last_good_value",
        "last_good_age_hours",
    }  # fmt: skip
    verified = {"pace"} | {it for it in KEY_RESULT_SCORES if it.startswith("forecast_")}
    assert set(KEY_RESULT_SCORES) - told - by_windows - verified == set(recheck.CHECKED)
    told_of_objectives = {"objective", "cycle", "parent", "title", "level", "intent", "owner", "status_rule"}
    assert set(OBJECTIVE_SCORES) - told_of_objectives - {"worst_key_result"} == set(recheck.CHECKED_OF_OBJECTIVES)
