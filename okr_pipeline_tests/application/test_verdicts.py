"""The verdict that is explained is the one that the rule gives, and the comparison it gives for it holds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from okr_pipeline.application.verdicts import verdict_of
from okr_pipeline.model.okr import Intent
from okr_pipeline.scoring import Facts
from okr_pipeline.scoring.definitions import STATUSES, State
from okr_pipeline.scoring.hierarchy import AIMS
from okr_pipeline.scoring.rules import RULES
from okr_pipeline.scoring.statuses import Judged, judge
from okr_pipeline_tests.arithmetic import holds

SHARES = st.one_of(
    st.sampled_from([0.0, 0.3, 0.35, 0.45, 0.5, 0.63, 0.7, 0.75, 0.9, 0.95, 1.0, 1.5, -0.2]), st.floats(-2, 3)
)
FACTS = st.builds(
    Facts,
    intent=st.sampled_from(list(Intent)),
    state=st.sampled_from(["active", "active", "active", "paused", "cancelled"]),
    started=st.sampled_from([True, True, True, False]),
    over=st.booleans(),
    in_grace=st.booleans(),
    lasting=st.booleans(),
    hopeless=st.sampled_from([False, False, True]),
    threshold=st.booleans(),
    learnt=st.sampled_from([False, False, True]),
    progress=st.one_of(SHARES, st.none()),
    expected=st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(-0.5, 1.5)),
)


def judged(facts: Facts) -> Judged:
    """The one row that a rule reads."""

    def number(value: float | None) -> np.ndarray:
        return np.array([np.nan if value is None else value])

    flags = ("started", "over", "in_grace", "lasting", "hopeless", "threshold", "learnt")
    return Judged(
        aim=np.array([AIMS[facts.intent]]),
        state=np.array([State[facts.state.upper()]]),
        progress=number(facts.progress),
        expected=number(facts.expected),
        **{name: np.array([getattr(facts, name)]) for name in flags},
    )


@pytest.mark.parametrize("rule", RULES)
@given(facts=FACTS)
def test_the_verdict_is_the_rules_and_its_comparison_holds(rule: str, facts: Facts) -> None:
    verdict = verdict_of(rule, facts)
    assert verdict.status is STATUSES[judge(judged(facts), RULES[rule])[0]]
    assert holds(verdict.numbers)
