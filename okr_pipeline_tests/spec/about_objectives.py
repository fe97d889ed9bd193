"""The manual's chapter on objectives: the roll-up."""

from okr_pipeline_tests.spec.tables import Case, Section, Table

_METRICS = "{a: {rollup: last}, b: {rollup: last}, c: {rollup: last}, d: {rollup: last}}"
_EACH = "{measure: {reach: {from: 0, to: 1}}}"


def _three(intent: str, weights: tuple[int, int, int], floor: str = "0.5") -> str:
    rows = ", ".join(
        f"{name}: {{metric: {name}, weight: {weight}}}" for name, weight in zip("abc", weights, strict=True)
    )
    return f"{{o: {{intent: {intent}, coverage_floor: {floor}, each: {_EACH}, key_results: {{{rows}}}}}}}"


SECTION = Section(
    title="Objectives",
    prose="""
The score of an objective is Σ weight·score / Σ weight over its known key results and those child objectives that
contribute. Coverage is the share of weight that is known; the bounds count what is unknown as 0 and as 1. What is not
started, paused or cancelled is in none of them. Its status follows from score against expectation by the same rule.
""",
    tables=(
        Table(
            title="Weights",
            prose="Three key results from 0 to 1, halfway through ten days; the lines are their values on the 5th.",
            metrics=_METRICS,
            objectives=_three("committed", (2, 1, 1)),
            cases=(
                Case(
                    "(2·0.6 + 0.2 + 0.4) / 4",
                    "2013-04-05",
                    {
                        "score": "9/20",
                        "expected_progress": "1/2",
                        "coverage": "1",
                        "score_low": "9/20",
                        "score_high": "9/20",
                        "status": "on_track",
                        "worst_key_result": "C/b",
                    },
                    ("a 2013-04-05 0.6", "b 2013-04-05 0.2", "c 2013-04-05 0.4"),
                    of="C/o",
                ),
                Case(
                    "Scores are clamped before they are averaged: (2·1 + 0 + 0.4) / 4",
                    "2013-04-05",
                    {
                        "score": "3/5",
                        "expected_progress": "1/2",
                        "coverage": "1",
                        "score_low": "3/5",
                        "score_high": "3/5",
                        "status": "on_track",
                        "worst_key_result": "C/b",
                    },
                    ("a 2013-04-05 3", "b 2013-04-05 -2", "c 2013-04-05 0.4"),
                    of="C/o",
                ),
                Case(
                    "One unknown of weight 1: (2·0.5 + 0.2) / 3 is known",
                    "2013-04-05",
                    {
                        "score": "2/5",
                        "expected_progress": "1/2",
                        "coverage": "3/4",
                        "score_low": "3/10",
                        "score_high": "11/20",
                        "status": "at_risk",
                        "worst_key_result": "C/b",
                    },
                    ("a 2013-04-05 0.5", "b 2013-04-05 0.2"),
                    of="C/o",
                ),
                Case(
                    "Half of the weight is enough",
                    "2013-04-05",
                    {
                        "score": "2/5",
                        "expected_progress": "1/2",
                        "coverage": "1/2",
                        "score_low": "1/5",
                        "score_high": "7/10",
                        "status": "at_risk",
                        "worst_key_result": "C/a",
                    },
                    ("a 2013-04-05 0.4",),
                    of="C/o",
                ),
                Case(
                    "Of two that lack as much, the first is named",
                    "2013-04-05",
                    {"score": "7/20", "worst_key_result": "C/b"},
                    ("a 2013-04-05 0.5", "b 2013-04-05 0.2", "c 2013-04-05 0.2"),
                    of="C/o",
                ),
                Case(
                    "A quarter is not; the bounds are still told",
                    "2013-04-05",
                    {
                        "score": "unknown",
                        "expected_progress": "unknown",
                        "coverage": "1/4",
                        "score_low": "1/10",
                        "score_high": "17/20",
                        "status": "unknown",
                        "reason": "no_observation",
                        "worst_key_result": "C/b",
                    },
                    ("b 2013-04-05 0.4",),
                    of="C/o",
                ),
                Case(
                    "The reason behind most of the unknown weight: a is stale, c was never observed",
                    "2013-04-05",
                    {"score": "unknown", "status": "unknown", "reason": "stale", "coverage": "1/4"},
                    ("a 2013-04-01 0.4", "b 2013-04-05 0.4"),
                    of="C/o",
                ),
                Case(
                    "Before the start",
                    "2013-03-31",
                    {"score": "unknown", "status": "not_started", "coverage": "0", "score_low": "–", "score_high": "–"},
                    of="C/o",
                ),
            ),
        ),
        Table(
            title="Intent and end",
            prose="The same scores, judged by intent; the plan is 1/2, and 1 on the 10th.",
            metrics=_METRICS,
            objectives=_three("aspirational", (1, 1, 2)),
            cases=(
                Case(
                    "Aspirational, at 0.8 of the plan: (0.6 + 0.2 + 2·0.4) / 4",
                    "2013-04-05",
                    {"score": "2/5", "status": "on_track"},
                    ("a 2013-04-05 0.6", "b 2013-04-05 0.2", "c 2013-04-05 0.4"),
                    of="C/o",
                ),
                Case(
                    "At the end 0.7 is achieved: (1 + 0.6 + 2·0.6) / 4",
                    "2013-04-10",
                    {"score": "7/10", "status": "achieved"},
                    ("a 2013-04-10 1", "b 2013-04-10 0.6", "c 2013-04-10 0.6"),
                    of="C/o",
                ),
                Case(
                    "And 0.5 is partial",
                    "2013-04-10",
                    {"score": "1/2", "status": "partial"},
                    ("a 2013-04-10 0.5", "b 2013-04-10 0.5", "c 2013-04-10 0.5"),
                    of="C/o",
                ),
                Case(
                    "On the first day it is too early to judge",
                    "2013-04-01",
                    {"score": "0", "status": "on_track"},
                    ("a 2013-04-01 0", "b 2013-04-01 0", "c 2013-04-01 0"),
                    of="C/o",
                ),
            ),
        ),
        Table(
            title="What does not count",
            prose="`a` is cancelled, `b` is paused, `c` starts on the 6th; only `d` is at work, until then.",
            metrics=_METRICS,
            objectives="""{o: {each: {measure: {reach: {from: 0, to: 1}}}, key_results: {
                a: {metric: a, weight: 5, state: cancelled}, b: {metric: b, weight: 5, state: paused},
                c: {metric: c, weight: 1, starts: 2013-04-06}, d: {metric: d, weight: 1}}},
              none: {each: {measure: {reach: {from: 0, to: 1}}}, key_results: {
                e: {metric: a, state: cancelled}, f: {metric: b, state: paused}}}}""",
            observed=("a 2013-04-05 0 0 0", "b 2013-04-05 0 0 0", "d 2013-04-05 0.5 0.5 0.5"),
            cases=(
                Case(
                    "Only d counts",
                    "2013-04-05",
                    {"score": "1/2", "coverage": "1", "score_low": "1/2", "score_high": "1/2", "status": "on_track"},
                    of="C/o",
                ),
                Case(
                    "c has started, and is unknown",
                    "2013-04-07",
                    {"score": "1/2", "coverage": "1/2", "score_low": "1/4", "score_high": "3/4", "status": "at_risk"},
                    of="C/o",
                ),
                Case(
                    "All paused or cancelled",
                    "2013-04-05",
                    {"score": "unknown", "coverage": "0", "score_low": "–", "score_high": "–", "status": "paused"},
                    of="C/none",
                ),
            ),
        ),
        Table(
            title="Objectives that contribute",
            prose="""
`team` contributes to `company` with weight 2; `other` only aligns with it. `company` has one key result of its own, `a`, of
weight 1; `team` has `b` and `c`, `other` has `d`.
""",
            metrics=_METRICS,
            objectives="""{company: {each: {measure: {reach: {from: 0, to: 1}}}, key_results: {a: {metric: a}}},
              team: {parent: C/company, contributes: {weight: 2}, each: {measure: {reach: {from: 0, to: 1}}},
                key_results: {b: {metric: b}, c: {metric: c}}},
              other: {parent: C/company, each: {measure: {reach: {from: 0, to: 1}}}, key_results: {d: {metric: d}}}}""",
            cases=(
                Case(
                    "(0.3 + 2·0.6) / 3",
                    "2013-04-05",
                    {"score": "1/2", "expected_progress": "1/2", "coverage": "1", "status": "on_track"},
                    ("a 2013-04-05 0.3", "b 2013-04-05 0.5", "c 2013-04-05 0.7", "d 2013-04-05 0"),
                    of="C/company",
                ),
                Case(
                    "A team that is known in half: its score counts whole, its doubt stays in the bounds",
                    "2013-04-05",
                    {"score": "1/2", "coverage": "1", "score_low": "1/3", "score_high": "2/3", "status": "on_track"},
                    ("a 2013-04-05 0.5", "b 2013-04-05 0.5"),
                    of="C/company",
                ),
                Case(
                    "The worst key result is named across them: c lacks 0.4 · 2/2, a lacks 0.1",
                    "2013-04-05",
                    {"score": "13/30", "worst_key_result": "C/c"},
                    ("a 2013-04-05 0.4", "b 2013-04-05 0.8", "c 2013-04-05 0.1", "d 2013-04-05 0"),
                    of="C/company",
                ),
                Case(
                    "A team that is unknown",
                    "2013-04-05",
                    {
                        "score": "unknown",
                        "coverage": "1/3",
                        "score_low": "1/6",
                        "score_high": "5/6",
                        "status": "unknown",
                        "reason": "no_observation",
                    },
                    ("a 2013-04-05 0.5",),
                    of="C/company",
                ),
            ),
        ),
    ),
)
