"""Every comparison of the manual holds, and its parts come to its change."""

import math
from fractions import Fraction

import pytest

from okr_pipeline.scoring.comparing import PARTS, End, compare
from okr_pipeline.scoring.scores import Known
from okr_pipeline_tests.spec.sections import SECTIONS
from okr_pipeline_tests.spec.tables import Compared, Side, Table, number, worlds_of
from okr_pipeline_tests.spec.world import World

ROWS = [(table, row) for section in SECTIONS for table in section.tables for row in table.compared]


@pytest.mark.parametrize(("table", "row"), ROWS, ids=[f"{table.title}: {row.says}" for table, row in ROWS])
def test_a_score_changed_by_what_the_manual_says(table: Table, row: Compared) -> None:
    ends = [_end(world, side) for world, side in zip(worlds_of(table, row), (row.then, row.now), strict=True)]
    comparison = compare(*ends)
    for frame, column in ((comparison.key_results, "key_result"), (comparison.objectives, "objective")):
        for found in frame[frame[column] == row.of].to_dict("records"):
            _check(found, row)
            return
    pytest.fail(f"no row of {row.of}")


def _end(world: World, side: Side) -> End:
    known = Known(world.observations, world.quarantine, world.baselines, world.failed_sources, world.check_ins)
    return End(world.instant(side.as_of), world.configuration, known)


def _check(found: dict[str, object], row: Compared) -> None:
    told = {name: found[f"{row.number}_{name}"] for name in ("from", *PARTS, "to")}
    unknown = "unknown" in (row.expect["from"], row.expect["to"])
    missing = "unknown" if unknown else "0"
    wrong = {
        name: (value, row.expect.get(name, missing))
        for name, value in told.items()
        if not _is(value, row.expect.get(name, missing))
    }
    assert not wrong, row.says
    assert found["turned"] == row.expect.get("turned"), row.says
    if not unknown:
        assert sum(told[part] for part in PARTS) == found[f"{row.number}_change"], row.says


def _is(found: object, wanted: str) -> bool:
    expected = number(wanted)
    assert isinstance(found, float)
    if expected is None:
        return math.isnan(found)
    # A part that is nothing is 0 to the last bit, not nearly.
    return found == 0 if expected == 0 else math.isclose(found, expected, rel_tol=1e-12, abs_tol=1e-12)


@pytest.mark.parametrize(("table", "row"), ROWS, ids=[f"{table.title}: {row.says}" for table, row in ROWS])
def test_the_parts_that_the_manual_writes_come_to_the_change(table: Table, row: Compared) -> None:
    first, last = row.expect["from"], row.expect["to"]
    parts = [Fraction(row.expect[part]) for part in PARTS if part in row.expect]
    if "unknown" in (first, last):
        assert not parts, f"{table.title}: {row.says}"
        assert row.expect["turned"] in PARTS
    else:
        assert Fraction(first) + sum(parts) == Fraction(last), f"{table.title}: {row.says}"


def test_every_part_is_told_of_somewhere() -> None:
    assert {name for _, row in ROWS for name in row.expect if name in PARTS} == set(PARTS)
