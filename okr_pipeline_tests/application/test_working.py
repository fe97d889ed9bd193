"""Whatever is scored, each step that explains it is arithmetic that comes to the number of the score."""

import pytest
from hypothesis import given, settings

from okr_pipeline.application.climbing import Scored, climb, value_contributions, value_whole
from okr_pipeline.application.gathering import Evidence, evaluate
from okr_pipeline.application.telling import key_result_records, objective_records
from okr_pipeline.application.working import Worked, steps_to_status
from okr_pipeline.model.amending import defined_on
from okr_pipeline.model.configuration import Configuration
from okr_pipeline.scoring import Known, workings
from okr_pipeline_tests.application.proofs import evidence_of
from okr_pipeline_tests.arithmetic import OF_RECORD, check_step, near
from okr_pipeline_tests.scoring.worlds import World, worlds
from okr_pipeline_tests.spec.sections import SECTIONS
from okr_pipeline_tests.spec.tables import Case, Table, world_of

EVERY = 16
"""Each of so many cases is explained in every run of the tests, and all of them in a soak."""
CASES = [(table, case) for section in SECTIONS for table in section.tables for case in table.cases]


@pytest.mark.parametrize(
    ("table", "case"),
    [
        pytest.param(table, case, id=f"{table.title}: {case.says}", marks=[] if n % EVERY == 1 else pytest.mark.soak)
        for n, (table, case) in enumerate(CASES)
    ],
)
def test_every_case_of_the_manual_is_explained_by_arithmetic_that_comes_to_it(table: Table, case: Case) -> None:
    world = world_of(table, case)
    failed = frozenset(
        it.id for it in world.configuration.metrics.values() if {it.id, it.source} & {*world.failed_sources}
    )
    evidence = evidence_of(world.observations, world.quarantine, world.baselines, failed, world.check_ins)
    check(world.configuration, evidence, world.instant(case.as_of))


@settings(max_examples=25, deadline=None)
@given(worlds(tame=True))
def test_any_world_is_explained_by_arithmetic_that_comes_to_its_scores(world: World) -> None:
    check(world.configuration, evidence_of(world.observations, world.quarantine), world.as_of)


def check(configuration: Configuration, evidence: Evidence, as_of) -> None:
    """Every step of every key result and objective."""
    scores = evaluate(configuration, evidence, as_of)
    key_results, objectives = key_result_records(scores.key_results), objective_records(scores.objectives)
    scored = Scored(configuration, {it["id"]: it for it in key_results}, {it["id"]: it for it in objectives})
    known = Known(
        evidence.observations,
        evidence.quarantine,
        evidence.baselines,
        evidence.failed_metrics,
        evidence.check_ins,
    )
    day = configuration.project.calendar.last_date_before(as_of)
    for history in configuration.key_results():
        key_result, record = defined_on(history, day), scored.key_results[history.full_id]
        worked = Worked(configuration, key_result, record, workings(configuration, key_result, known, as_of))
        steps = list(steps_to_status(worked))
        assert steps[-1].remark.split(" (")[0].replace(" ", "_") == record["status"], steps[-1]
        assert record["value"] is None or any(
            it.what == "value" for it in (*steps, *value_contributions(scored, history))
        )
        for step in (*value_contributions(scored, history), *steps, *value_whole(scored, history)):
            check_step(step, history.full_id)
            if step.what in OF_RECORD and step.result is not None:
                assert near(step.result, record[OF_RECORD[step.what]]), step
    for objective in configuration.objectives.values():
        for level in climb(scored, objective):
            for step in level.steps:
                check_step(step, level.objective)
