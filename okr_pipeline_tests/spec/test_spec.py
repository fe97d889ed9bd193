"""Every case of the manual holds."""

import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from okr_pipeline.scoring import Scores, score
from okr_pipeline_tests.spec import about_edges, generate
from okr_pipeline_tests.spec.about_cases import ROWS, ROWS_ELSEWHERE
from okr_pipeline_tests.spec.sections import SECTIONS
from okr_pipeline_tests.spec.tables import Case, Table, number, world_of

CASES = [(table, case) for section in SECTIONS for table in section.tables for case in table.cases]
UNKNOWN = "unknown"


@pytest.mark.parametrize(("table", "case"), CASES, ids=[f"{table.title}: {case.says}" for table, case in CASES])
def test_score_is_what_the_manual_says(table: Table, case: Case) -> None:
    world = world_of(table, case)
    scores = score(
        world.configuration,
        world.observations,
        as_of=world.instant(case.as_of),
        quarantine=world.quarantine,
        baselines=world.baselines,
        failed_sources=world.failed_sources,
        check_ins=world.check_ins,
    )
    found = row_of(scores, case.of)
    wrong = [
        f"{name}: {found[name]!r}, not {wanted}" for name, wanted in case.expect.items() if differs(found[name], wanted)
    ]
    assert not wrong, f"{case.says}: {'; '.join(wrong)}"
    assert_finite(scores)


def test_the_manual_has_enough_cases() -> None:
    assert len(CASES) >= 400


@pytest.mark.parametrize(("number_", "says"), ROWS.items())
def test_each_goal_that_must_be_expressed_is_a_case(number_: int, says: str) -> None:
    assert [case.says for _, case in CASES if case.says.startswith(says)], number_


@pytest.mark.parametrize(("file", "name"), ROWS_ELSEWHERE.values(), ids=map(str, ROWS_ELSEWHERE))
def test_what_is_no_score_is_tested_where_it_lives(file: str, name: str) -> None:
    assert name in (Path(__file__).parents[1] / file).read_text(encoding="utf-8")


def test_each_defect_of_another_product_is_told_with_its_source() -> None:
    told = [case.says for table in about_edges.SECTION.tables for case in table.cases if "(" in case.says]
    assert len(told) >= 22
    sources = r"\.js|\.ts|\.java|\.ex|\.go|\.php|\.py|\.md|help\.|support\.|amoeboids|mooncamp|rework|Planview|page|automatic-"
    assert [says for says in told if not re.search(sources, says)] == []


def test_every_case_expects_something() -> None:
    assert [case.says for _, case in CASES if not case.expect] == []


def test_the_printed_manual_is_current() -> None:
    assert generate.PAGE.read_text(encoding="utf-8") == generate.page(), (
        "run python -m okr_pipeline_tests.spec.generate"
    )


def row_of(scores: Scores, full_id: str) -> dict[str, object]:
    for frame, column in ((scores.key_results, "key_result"), (scores.objectives, "objective")):
        rows = frame[frame[column] == full_id].to_dict("records")
        if rows:
            fixed = scores.baselines.drop_duplicates("key_result").set_index("key_result")["value"]
            return {**rows[0], "fixed_baseline": fixed.get(full_id, float("nan"))}
    raise AssertionError(f"no row of {full_id}")


def differs(found: object, wanted: str) -> bool:
    expected = number(wanted)
    if wanted == UNKNOWN:
        return not (found == UNKNOWN or pd.isna(found))
    if wanted == "–":
        return not pd.isna(found)
    if wanted in ("yes", "no"):
        return found is not (wanted == "yes")
    if isinstance(found, pd.Timestamp):
        return found != pd.Timestamp(wanted, tz="UTC") if "+" not in wanted else found != pd.Timestamp(wanted)
    if expected is None:
        return str(found) != wanted
    return pd.isna(found) or not math.isclose(float(found), expected, rel_tol=1e-12, abs_tol=1e-12)


def assert_finite(scores: Scores) -> None:
    for frame in (scores.key_results, scores.objectives, scores.baselines):
        assert not np.isinf(frame.select_dtypes("float64").to_numpy()).any()
