"""What may be said of former ids within one configuration."""

import pytest

from okr_pipeline.application.workspace import check_configuration
from okr_pipeline.config.problem import ConfigurationError
from okr_pipeline.model.rename import Rename
from okr_pipeline_tests.application.test_renaming import (
    ALL_RENAMED,
    DERIVED,
    METRIC_RENAMED,
    OKRS,
    SIGNUPS,
    edited,
    put,
)
from okr_pipeline_tests.projects import Small, january


@pytest.fixture
def small(tmp_path):
    return Small(tmp_path, f"sqlite:///{tmp_path}/okr.db").write(january())


def test_renames_are_read_with_full_ids_and_no_part_of_the_version(small):
    put(small, "2026-01-31", ALL_RENAMED(METRIC_RENAMED[0](OKRS)), METRIC_RENAMED[1](SIGNUPS + DERIVED))
    made = check_configuration(small.directory / "config")
    assert set(made.renames) == {
        Rename("metric", "registrations", ("signups",)),
        Rename("objective", "Q1/known", ("Q1/grow",)),
        Rename("key_result", "Q1/deals", ("Q1/won",)),
        Rename("key_result", "Q1/spirits", ("Q1/mood",)),
        Rename("key_result", "Q1/fifth", ("Q1/never", "Q1/weekly")),
    }
    put(small, "2026-01-31", edited(("      won:\n", "      won:\n        renamed_from: null\n"))(OKRS))
    assert check_configuration(small.directory / "config").renames == (Rename("key_result", "Q1/won", ()),)


CASES = {
    "its own id": (
        [("      won:\n", "      won:\n        renamed_from: won\n")],
        "okrs/q1.yaml:43:23: key result 'Q1/won': renamed_from: 'won' is its own id. A thing is renamed from another id. Remove renamed_from.",
    ),
    "still defined": (
        [("      won:\n", "      won:\n        renamed_from: rich\n")],
        "okrs/q1.yaml:43:23: key result 'Q1/won': renamed_from: key result 'rich' is still defined. Its history is its own for as long as it is there. Remove that key result, or renamed_from.",
    ),
    "claimed twice": (
        [("      won:\n", "      won:\n        renamed_from: old\n"), ("      rich:\n", "      rich:\n        renamed_from: old\n")],
        "okrs/q1.yaml:44:23: key result 'Q1/won': renamed_from: key result 'Q1/rich' is renamed from 'old', too. A history goes on under one id. Remove renamed_from from one of the two.",
    ),
    "no id": (
        [("      won:\n", "      won:\n        renamed_from: a b\n")],
        "okrs/q1.yaml:43:23: key result 'Q1/won': renamed_from: 'a b' is not an id. Ids become names of assets, columns and links: letters, digits, '_', '.' and '-', at most 100. ",
    ),
    "an objective still defined": (
        [("  sell:\n", "  sell:\n    renamed_from: grow\n")],
        "okrs/q1.yaml:35:19: objective 'Q1/sell': renamed_from: objective 'grow' is still defined.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("edits", "message"), CASES.values(), ids=list(CASES))
def test_what_cannot_be_is_told_with_its_place(small, edits, message):
    put(small, "2026-01-31", edited(*edits)(OKRS))
    with pytest.raises(ConfigurationError) as told:
        check_configuration(small.directory / "config")
    assert [message in str(it) for it in told.value.problems] == [True], told.value.problems


def test_what_is_in_a_renamed_cycle_goes_on_from_there(small):
    put(small, "2026-01-31", ALL_RENAMED(OKRS).replace("{id: Q1, ", "{id: 2026-Q1, renamed_from: [Q1, old], "))
    made = {(it.kind, it.id): it for it in check_configuration(small.directory / "config").renames}
    assert made["cycle", "2026-Q1"].former == ("Q1", "old")
    assert made["objective", "2026-Q1/sell"].former == ("Q1/sell", "old/sell")
    assert made["objective", "2026-Q1/known"].former == ("2026-Q1/grow", "Q1/grow", "old/grow")
    assert [it.implied for it in made.values() if it.id in ("2026-Q1/sell", "2026-Q1/known")] == [False, True]
    assert len(made) == 1 + 2 + 6


def test_a_cycle_that_is_still_defined_is_not_renamed(small):
    put(small, "2026-01-31", OKRS.replace("{id: Q1, ", "{id: 2026-Q1, renamed_from: Q1, "))
    small.put("okrs/old.yaml", OKRS)
    with pytest.raises(ConfigurationError) as told:
        check_configuration(small.directory / "config")
    (problem,) = told.value.problems
    assert str(problem).endswith(
        "q1.yaml:1:36: cycle '2026-Q1': renamed_from: cycle 'Q1' is still defined. "
        "Its history is its own for as long as it is there. Remove that cycle, or renamed_from."
    )


def test_a_metric_that_is_still_defined_is_not_renamed(small):
    put(small, "2026-01-31", OKRS, SIGNUPS + DERIVED + "    renamed_from: signups\n")
    with pytest.raises(ConfigurationError, match="renamed_from: metric 'signups' is still defined"):
        check_configuration(small.directory / "config")
